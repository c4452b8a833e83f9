"""Claims for credits: drafted by themselves, moved by one table, lapsed by time.

Nothing here reads a clock: when it is, is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.engine.lapses import due_after
from orchestrator.errors import refuse
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
    ClaimRule,
    claim_moves_from,
)
from orchestrator.model.records import Credit, Finding, TermKey
from orchestrator.model.values import Instant, Money, Span, format_instant

ClaimKey = tuple[TermKey, Span]


@dataclass(frozen=True, slots=True)
class ClaimCircumstances:
    """What a move is judged by besides the claim: when, by which party ("" where time makes it),
    and what it says."""

    at: Instant
    by: str = ""
    reason: str = ""
    accepted: Money | None = None


def deadline_of(rule: ClaimRule, period: Span, calendars: Mapping[str, Calendar]) -> Instant:
    """The last instant at which a credit of a period can be claimed, on the agreement's calendar.

    A claim at that instant is in time.
    """
    return due_after(rule.within, period.end, calendars, rule.hours, rule.timezone)


# ------------------------------------------------------------------------------------------- moves


def move_claim(claim: Claim, event: str, circumstances: ClaimCircumstances) -> Claim:
    """The claim after a move; refused, with nothing changed, where the move is not legal.

    Raises UNKNOWN_MOVE, ILLEGAL_MOVE, NOT_ENTITLED or what a guard refuses with.
    """
    step = _legal(claim, event, circumstances.by)
    for guard in step.guards:
        GUARDS[guard](claim, circumstances)
    made = ClaimEvent(event, circumstances.at, circumstances.by, circumstances.reason)
    granted = circumstances.accepted or claim.money
    accepted = granted if step.grants else claim.accepted
    return replace(claim, state=step.target, accepted=accepted, history=(*claim.history, made))


def _legal(claim: Claim, event: str, by: str) -> ClaimMove:
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


def _in_time(claim: Claim, circumstances: ClaimCircumstances) -> None:
    if circumstances.at > claim.deadline:
        raise refuse(
            "CLAIM_TOO_LATE",
            f"the claim had to be made by {format_instant(claim.deadline)}",
            "what was not claimed in time has lapsed",
        )


def _too_late(claim: Claim, circumstances: ClaimCircumstances) -> None:
    if circumstances.at <= claim.deadline:
        raise refuse(
            "NOT_ENDED",
            f"the claim can still be made, until {format_instant(claim.deadline)}",
            "submit it",
        )


def _within_claim(claim: Claim, circumstances: ClaimCircumstances) -> None:
    granted = circumstances.accepted or claim.money
    same = granted.currency == claim.money.currency
    if not (same and 0 < granted.amount <= claim.money.amount):
        raise refuse(
            "OUT_OF_RANGE",
            f"{granted} {granted.currency} is not a part of the {claim.money} "
            f"{claim.money.currency} claimed",
            "accept what is claimed or a part of it, or reject it",
        )


def _reasoned(_: Claim, circumstances: ClaimCircumstances) -> None:
    if not circumstances.reason.strip():
        raise refuse(
            "NO_REASON", "a claim is not turned down, nor contested, without one", "say why"
        )


GUARDS: Final[dict[str, Callable[[Claim, ClaimCircumstances], None]]] = {
    "in_time": _in_time,
    "too_late": _too_late,
    "within_claim": _within_claim,
    "reasoned": _reasoned,
}
"""What a move may ask for, by name; each refuses where it is not so."""


# ---------------------------------------------------------------------------------------- drafting


@dataclass(frozen=True, slots=True)
class Drafting:
    """What claims are drafted by: the credits that can be recovered, the rule of each agreement
    version that has one (others need no claim), the calendars, and the facts behind each credit."""

    credits: Sequence[Credit]
    rules: Mapping[tuple[str, int], ClaimRule]
    calendars: Mapping[str, Calendar]
    evidence: Mapping[ClaimKey, tuple[str, ...]]


def drafted(
    drafting: Drafting, existing: Iterable[Claim], at: Instant
) -> tuple[tuple[Claim, ...], tuple[Finding, ...]]:
    """All claims after an assessment: one for each recoverable credit, those past their deadline
    lapsed; sorted by agreement, term, service and period.

    A draft follows its credit: it is corrected, and withdrawn where nothing is due any more. What
    has been submitted is no longer ours to change; where it differs, a finding says so. To draft
    again changes nothing.
    """
    held = {(one.key, one.period): one for one in existing}
    due = {(one.key, one.period): one for one in drafting.credits}
    found: dict[ClaimKey, Claim] = {}
    notes: list[Finding] = []
    for where in sorted({*held, *due}, key=_order):
        claim, credit = held.get(where), due.get(where)
        if claim is None or claim.state == "drafted":
            claim = _draft(drafting, where, claim, credit, at)
        elif credit is None or credit.money != claim.money:
            notes.append(_outdated(claim, credit))
        if claim is not None:
            found[where] = claim
    return lapse_all(found.values(), at), tuple(notes)


def _draft(
    drafting: Drafting, where: ClaimKey, claim: Claim | None, credit: Credit | None, at: Instant
) -> Claim | None:
    key, period = where
    rule = drafting.rules.get((key.agreement, key.version))
    if credit is None or rule is None or credit.money.amount <= 0:
        return None
    return Claim(
        key,
        period,
        credit.creditor,
        credit.debtor,
        credit.money,
        at if claim is None else claim.drafted,
        deadline_of(rule, period, drafting.calendars),
        evidence=drafting.evidence.get(where, ()),
    )


def _order(where: ClaimKey) -> tuple[object, ...]:
    key, period = where
    return (key.agreement, key.term, key.service, period, key.version)


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


def lapse_all(claims: Iterable[Claim], at: Instant) -> tuple[Claim, ...]:
    """Claims with those lapsed that were not made by their deadline."""
    return tuple(
        move_claim(one, "lapse", ClaimCircumstances(at))
        if one.state == "drafted" and at > one.deadline
        else one
        for one in claims
    )


def lost(claims: Iterable[Claim]) -> dict[ClaimKey, Money]:
    """What does not come back, by term and period: lapsed, rejected, or not granted in full. The
    waterfall shows it as CLAIM_LAPSED (rule 10)."""
    found = {}
    for one in claims:
        granted = one.accepted or one.money
        missing = one.money if one.state in LOST else one.money - granted
        if missing.amount:
            found[one.key, one.period] = missing
    return found
