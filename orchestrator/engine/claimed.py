"""Claims for credits: drafted by themselves, moved by one table, lapsed by time.

Nothing here reads a clock: when it is, is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.engine.booking import widest
from orchestrator.engine.lapses import due_after
from orchestrator.engine.subjects import first_start
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.agreements import Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.claims import (
    CLAIM_MOVES,
    CLAIMANT,
    LOST,
    NOBODY,
    RESPONDENT,
    Claim,
    ClaimEvent,
    ClaimMove,
    RecordedClaim,
    claim_moves_from,
    overdue,
)
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.records import Breach, Credit, Finding, TermKey
from orchestrator.model.values import (
    FOREVER,
    AskedPeriod,
    Instant,
    Money,
    Span,
    format_instant,
    zone,
)

ClaimKey = tuple[TermKey, Span]


def deadline_of(version: Version, period: Span, calendars: Mapping[str, Calendar]) -> Instant:
    """The last instant at which a credit of a period can be claimed, on the agreement's calendar;
    FOREVER where the agreement sets no time.

    A claim at that instant is in time.
    """
    rule = version.claims
    if rule is None:
        return FOREVER
    return due_after(rule.lapse, period.end, calendars, rule.hours, version.timezone)


# ------------------------------------------------------------------------------------------- moves


def move_claim(claim: Claim, move: ClaimEvent) -> Claim:
    """The claim after a move; refused, with nothing changed, where the move is not legal.

    Raises UNKNOWN_MOVE, ILLEGAL_MOVE, NOT_ENTITLED, CHANGED_HISTORY or what a guard refuses with.
    """
    step = _legal(claim, move)
    since = claim.history[-1].at if claim.history else claim.period.end
    if move.at < since:
        raise refuse(
            "CHANGED_HISTORY",
            f"the claim stands as it does since {format_instant(since)}",
            "make the move after what came before it",
        )
    for guard in step.guards:
        GUARDS[guard](claim, move)
    accepted = (move.accepted or claim.money) if step.grants else claim.accepted
    return replace(claim, state=step.target, accepted=accepted, history=(*claim.history, move))


def _legal(claim: Claim, move: ClaimEvent) -> ClaimMove:
    event, by = move.event, move.by
    step = CLAIM_MOVES.get(event)
    if step is None:
        raise refuse(
            "UNKNOWN_MOVE", f"{event!r} is no move of a claim", f"use {', '.join(CLAIM_MOVES)}"
        )
    if claim.state not in step.sources:
        known = ", ".join(one.event for one in claim_moves_from(claim.state)) or "none"
        raise refuse(
            "ILLEGAL_MOVE",
            f"a claim that is {claim.state} cannot {event}",
            f"moves open to it: {known}",
        )
    entitled = {CLAIMANT: claim.claimant, RESPONDENT: claim.respondent, NOBODY: ""}[step.by]
    if by != entitled:
        raise refuse(
            "NOT_ENTITLED",
            f"{by or 'nobody'} cannot {event} this claim",
            f"{entitled} can" if entitled else "it happens when its time has come",
        )
    return step


def _in_time(claim: Claim, move: ClaimEvent) -> None:
    if move.at > claim.deadline:
        raise refuse(
            "CLAIM_TOO_LATE",
            f"the claim had to be made by {format_instant(claim.deadline)}",
            "what was not claimed in time has lapsed",
        )


def _too_late(claim: Claim, move: ClaimEvent) -> None:
    if move.at <= claim.deadline:
        raise refuse(
            "NOT_ENDED",
            f"the claim can still be made, until {format_instant(claim.deadline)}",
            "submit it",
        )


def _within_claim(claim: Claim, move: ClaimEvent) -> None:
    granted = move.accepted or claim.money
    same = granted.currency == claim.money.currency
    if not (same and 0 < granted.amount <= claim.money.amount):
        raise refuse(
            "OUT_OF_RANGE",
            f"{granted} {granted.currency} is not a part of the {claim.money} "
            f"{claim.money.currency} claimed",
            "accept what is claimed or a part of it, or reject it",
        )


def _reasoned(_: Claim, move: ClaimEvent) -> None:
    if not move.reason.strip():
        raise refuse(
            "NO_REASON", "a claim is not turned down, nor contested, without one", "say why"
        )


GUARDS: Final[dict[str, Callable[[Claim, ClaimEvent], None]]] = {
    "in_time": _in_time,
    "too_late": _too_late,
    "within_claim": _within_claim,
    "reasoned": _reasoned,
}
"""What a move may ask for, by name; each refuses where it is not so."""


# ---------------------------------------------------------------------------------------- drafting


@dataclass(frozen=True, slots=True)
class Drafting:
    """What claims are drafted by: the credits that somebody outside owes, until when each can be
    claimed, and the facts behind each."""

    credits: Sequence[Credit]
    deadlines: Mapping[ClaimKey, Instant]
    evidence: Mapping[ClaimKey, tuple[str, ...]]


def claimable(snapshot: Snapshot, version: Version) -> bool:
    """Whether a credit under a version is owed to a home organisation by somebody outside; where no
    home is stated, by the kind of the agreement."""
    provider, customer = snapshot.entity(version.provider), snapshot.entity(version.customer)
    if not snapshot.home:
        return provider != customer and version.kind != "SLA"
    return customer in snapshot.home and provider not in snapshot.home


def drafting(
    estate: Estate, credits: Iterable[Credit], breaches: Iterable[Breach] = ()
) -> Drafting:
    """What there is to claim of the credits that are due; the facts are those that the breaches
    were traced to."""
    numbered = {
        (id, one.number): one for id, versions in estate.agreements.items() for one in versions
    }
    owed, deadlines = [], {}
    for credit in credits:
        version = numbered[credit.key.agreement, credit.key.version]
        snapshot = estate.at(credit.period.start)
        if claimable(snapshot, version):
            owed.append(credit)
            deadline = deadline_of(version, credit.period, snapshot.calendars)
            deadlines[credit.key, credit.period] = deadline
    evidence = {
        (one.key, one.period): tuple(
            sorted({id for part in one.responsibility for id in part.evidence})
        )
        for one in breaches
    }
    return Drafting(owed, deadlines, evidence)


def drafted(
    work: Drafting, existing: Iterable[Claim], at: Instant | None = None
) -> tuple[tuple[Claim, ...], tuple[Finding, ...]]:
    """All claims after an assessment: one for each credit that can be claimed, drafted at an
    instant, or without one as its period ended; sorted by agreement, term, service and period.

    A draft follows its credit: it is corrected, and withdrawn where nothing is due any more. What
    has been submitted is no longer ours to change; where it differs, a finding says so. To draft
    again changes nothing.
    """
    held = {_place(one): one for one in existing}
    due = {_place(one): one for one in work.credits}
    found: list[Claim] = []
    notes: list[Finding] = []
    for where in sorted({*held, *due}, key=_order):
        claim, credit = held.get(where), due.get(where)
        if claim is None or claim.state == "drafted":
            claim = _draft(work, credit, at if claim is None else claim.drafted)
        elif claim.state != "lapsed" and (credit is None or credit.money != claim.money):
            notes.append(_outdated(claim, credit))
        if claim is not None:
            found.append(claim)
    return tuple(found), tuple(notes)


def _draft(work: Drafting, credit: Credit | None, since: Instant | None) -> Claim | None:
    if credit is None or credit.money.amount <= 0:
        return None
    where = credit.key, credit.period
    return Claim(
        *where,
        credit.creditor,
        credit.debtor,
        credit.money,
        credit.period.end if since is None else since,
        work.deadlines[where],
        evidence=work.evidence.get(where, ()),
    )


def _place(one: Claim | Credit) -> tuple[TermKey, Instant]:
    """What tells one claim from another: a period may be cut short later, and begins where it
    did."""
    return one.key, one.period.start


def _order(where: tuple[TermKey, Instant]) -> tuple[object, ...]:
    key, start = where
    return (key.agreement, key.term, key.service, start, key.version)


def _outdated(claim: Claim, credit: Credit | None) -> Finding:
    now = f"{credit.money} {credit.money.currency}" if credit else "nothing"
    key = claim.key
    return Finding(
        "CLAIM_OUTDATED",
        "warning",
        f"{key.agreement}/{key.term} in {claim.period}: {claim.money} {claim.money.currency} is "
        f"{claim.state}, and {now} is due by what is known now",
        (key.agreement, key.term),
        f"agreements[{key.agreement}].terms[{key.term}]",
    )


# ------------------------------------------------------------------------------------ lapse, losses


def lapse_all(claims: Iterable[Claim], at: Instant) -> tuple[Claim, ...]:
    """Claims with those lapsed that were not made by their deadline.

    A claim that was drafted after its deadline is from before the record of claims began, which
    does not say that it was not made: it stays as it is until somebody says how it was.
    """
    return tuple(
        move_claim(one, ClaimEvent("lapse", at))
        if overdue(one, at) and one.drafted <= one.deadline
        else one
        for one in claims
    )


def lost(claims: Iterable[Claim], credits: Mapping[ClaimKey, Credit]) -> dict[ClaimKey, Money]:
    """How much of which credit does not come back: it lapsed, was rejected, or was not granted in
    full. The waterfall shows it as CLAIM_LAPSED (rule 10)."""
    found = {}
    for one in claims:
        credit = credits.get((one.key, one.period))
        if credit is None or credit.money.currency != one.money.currency:
            continue
        refused = one.money - (one.accepted or one.money)
        amount = credit.money.amount if one.state in LOST else refused.amount
        if amount:
            least = min(amount, credit.money.amount)
            found[one.key, one.period] = Money(least, credit.money.currency)
    return found


# --------------------------------------------------------------------------------- claims on record


def recorded(
    estate: Estate, drafts: Iterable[Claim], record: Sequence[RecordedClaim], until: Instant
) -> tuple[Claim, ...]:
    """Claims after the moves that are on record up to an instant; those that were not made by their
    deadline have then lapsed.

    Raises UNKNOWN_REFERENCE where the record is of a claim there is none of, and what `move_claim`
    raises, with the place in the record.
    """
    claims = list(drafts)
    for place, one in enumerate(record):
        path = f"claims[{place}]"
        at = _meant(estate, claims, one, path)
        order = sorted(enumerate(one.moves), key=lambda pair: pair[1].at)
        for number, move in order:
            if move.at > until:
                break
            try:
                claims[at] = move_claim(claims[at], move)
            except OrchestratorError as error:
                raise error.at(path=f"{path}.moves[{number}]") from error
    return lapse_all(claims, until)


def _meant(estate: Estate, claims: Sequence[Claim], one: RecordedClaim, path: str) -> int:
    """The place of the claim that a record is of."""
    found = [
        place
        for place, claim in enumerate(claims)
        if (claim.key.agreement, claim.key.term, claim.key.service)
        == (one.agreement, one.term, one.service)
        and concerns(estate, claim, one.period)
    ]
    if len(found) != 1:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"{len(found) or 'no'} credits of {one.agreement}/{one.term} on {one.service} are due "
            "for that period",
            "name a term, a service and a period of the agreement for which a credit is due",
            path,
        )
    return found[0]


def touchable(estate: Estate, asked: AskedPeriod) -> Span:
    """A span that shares an instant with the period of every claim that an assessment of another
    can touch."""
    return Span(first_start(estate, asked), widest(estate, asked).end)


def touched(
    estate: Estate, claims: Iterable[Claim], credits: Iterable[Credit], asked: AskedPeriod
) -> tuple[list[Claim], list[Claim]]:
    """The claims that an assessment of a span decides about, and the others."""
    due = {_place(one) for one in credits}
    found: tuple[list[Claim], list[Claim]] = ([], [])
    for one in claims:
        about = _place(one) in due or concerns(estate, one, asked)
        found[0 if about else 1].append(one)
    return found


def concerns(estate: Estate, claim: Claim, asked: AskedPeriod) -> bool:
    """Whether a claim is for a period that ends inside the span asked for, in the zone of its
    agreement."""
    versions = estate.agreements.get(claim.key.agreement, ())
    known = (one.timezone for one in versions if one.number == claim.key.version)
    span = asked.span(zone(next(known, estate.metadata.timezone)))
    return span.start < claim.period.end <= span.end
