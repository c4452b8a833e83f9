"""What falls due: reviews, notice, renewals, claims, maintenance, as one sorted list."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from orchestrator.engine.claimed import deadline_of
from orchestrator.engine.content import as_agreed
from orchestrator.engine.lapses import due_after, latest_before, shifted
from orchestrator.model.calendars import ROUND_THE_CLOCK, Calendar
from orchestrator.model.contracts import Contract
from orchestrator.model.records import Finding, Maintenance
from orchestrator.model.recurrence import occurrences
from orchestrator.model.schedule import Deadline, EscalationLevel, Renewal, Review
from orchestrator.model.values import (
    DAWN,
    DAY,
    FOREVER,
    Instant,
    Span,
    format_instant,
    zone,
)

Calendars = Mapping[str, Calendar]
_LONGEST_MONTH: Final = 31 * DAY
_AHEAD: Final = 400 * DAY
"""How far ahead the next review is looked for; yearly ones come within it."""


# Reviews


@dataclass(frozen=True, slots=True)
class ReviewStatus:
    """How a review stands at an instant: when it is next due (FOREVER: not within some thirteen
    months), and the occurrences that nothing was held for although their time is over."""

    review: Review
    next_due: Instant
    overdue: tuple[Instant, ...]


def review_status(review: Review, at: Instant, timezone: str, calendars: Calendars) -> ReviewStatus:
    """How a review stands. What is held counts for one occurrence: the last whose time, less the
    lead, it is not before. An occurrence is overdue from the first instant after its time."""
    horizon = Span(review.start, max(at, review.start) + _AHEAD)
    times = occurrences(review.rule, review.start, timezone, horizon)
    opens = [latest_before(review.lead, one, calendars, ROUND_THE_CLOCK, timezone) for one in times]
    held: set[int] = set()
    for instant in review.held:
        held.add(sum(opened <= instant for opened in opens) - 1)
    overdue, upcoming = [], FOREVER
    for place, one in enumerate(times):
        limit = due_after(review.within, one, calendars, ROUND_THE_CLOCK, timezone)
        if place in held:
            continue
        if limit < at:
            overdue.append(one)
        elif upcoming == FOREVER:
            upcoming = one
    return ReviewStatus(review, upcoming, tuple(overdue))


def overdue_reviews(contract: Contract, at: Instant, calendars: Calendars) -> Iterator[Finding]:
    """The reviews that should have taken place by an instant and did not."""
    version = contract.version
    for review in contract.provisions.reviews:
        status = review_status(review, at, version.timezone, calendars)
        if status.overdue:
            yield Finding(
                "OVERDUE_REVIEW",
                "warning",
                f"{version.agreement}: the review {review.id} of "
                f"{format_instant(status.overdue[-1])} was not held"
                + (f", nor {len(status.overdue) - 1} before it" if status.overdue[1:] else ""),
                (version.agreement, review.id),
                f"agreements[{version.agreement}].reviews",
            )


# Renewal, expiry and notice


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a term of an agreement ends: it renews itself there, or it expires."""

    at: Instant
    renews: bool


def turns(contract: Contract, since: Instant) -> Iterator[Turn]:
    """The ends of an agreement's terms from an instant on, in order, the last one its expiry.

    Without a renewal there is only its effective end. Terms are counted from its beginning, so
    that one that began on the 31st comes back to the 31st.
    """
    version, renewal = contract.version, contract.provisions.renewal
    start, end = as_agreed(contract).start, version.effective.end
    if renewal is not None and start > DAWN:
        where = zone(version.timezone)
        last = renewal.times if renewal.automatic else 0
        for count in itertools.count(_passed(renewal, start, since, where)):
            at = _end_of_term(renewal, start, count, where)
            final = count == last if last or not renewal.automatic else False
            if at >= end:
                break
            if at >= since:
                yield Turn(at, renews=not final)
            if final:
                return
    if since <= end < FOREVER:
        yield Turn(end, renews=False)


def _end_of_term(renewal: Renewal, start: Instant, count: int, where: tzinfo) -> Instant:
    """Where the first term and `count` further ones end."""
    first, further = renewal.initial, renewal.period
    days = (first.duration + count * further.duration) // DAY
    return shifted(start, where, months=first.months + count * further.months, days=days)


def _passed(renewal: Renewal, start: Instant, since: Instant, where: tzinfo) -> int:
    """How many terms have surely passed by an instant, so that old agreements are not slow."""
    longest = max(renewal.period.duration, renewal.period.months * _LONGEST_MONTH)
    over = (since - _end_of_term(renewal, start, 0, where)) // longest - 1
    most = renewal.times if renewal.times or not renewal.automatic else over
    return max(min(over, most), 0)


# Escalation


def escalations(
    levels: Iterable[EscalationLevel], opened: Instant, timezone: str, calendars: Calendars
) -> tuple[tuple[Instant, EscalationLevel], ...]:
    """When each level of a chain is called on a matter opened at an instant; a level is never
    called before the one beneath it."""
    found: list[tuple[Instant, EscalationLevel]] = []
    for level in levels:
        at = due_after(level.after, opened, calendars, level.hours, timezone)
        found.append((max(at, found[-1][0]) if found else at, level))
    return tuple(found)


# All of them


def deadlines(
    contract: Contract,
    span: Span,
    calendars: Calendars,
    *,
    breaches: Iterable[tuple[str, Span]] = (),
    maintenance: Iterable[Maintenance] = (),
) -> tuple[Deadline, ...]:
    """Everything about a contract in force that falls due in a finite span, sorted by time.

    `breaches` are the terms missed, with their periods: each may be claimed for. `maintenance` is
    what is planned or announced for its services: when it has to be announced, and the work.
    """
    if not contract.version.binds:
        return ()
    found = [
        *_reviews(contract, span),
        *_turns(contract, span, calendars),
        *_claims(contract, breaches, calendars),
        *_works(contract, maintenance),
    ]
    return tuple(sorted(one for one in found if one.at in span))


def _deadline(
    contract: Contract, kind: str, subject: str, at: Instant, says: str, end: Instant | None = None
) -> Deadline:
    version = contract.version
    return Deadline(
        at,
        version.agreement,
        kind,
        subject,
        f"{version.name or version.agreement}: {says}",
        at if end is None else end,
        (version.provider, version.customer),
    )


def _reviews(contract: Contract, span: Span) -> Iterator[Deadline]:
    held = span & contract.version.effective
    for review in contract.provisions.reviews if held else ():
        assert held is not None
        for at in occurrences(review.rule, review.start, contract.version.timezone, held):
            says = f"review {review.subject or review.id}"
            yield _deadline(contract, "review", review.id, at, says)


def _turns(contract: Contract, span: Span, calendars: Calendars) -> Iterator[Deadline]:
    version, notice = contract.version, contract.provisions.notice
    for turn in turns(contract, span.start):
        kind, says = ("renewal", "renews itself") if turn.renews else ("expiry", "expires")
        yield _deadline(contract, kind, "", turn.at, says)
        noticed = turn.at
        if notice is not None:
            noticed = latest_before(
                notice.period, turn.at, calendars, notice.hours, version.timezone
            )
            form = f", {notice.form}" if notice.form else ""
            says = f"last notice before it {says}{form}"
            subject = format_instant(turn.at)
            yield _deadline(contract, "notice", subject, noticed, says)
        if min(noticed, turn.at) >= span.end:
            break


def _claims(
    contract: Contract, breaches: Iterable[tuple[str, Span]], calendars: Calendars
) -> Iterator[Deadline]:
    version = contract.version
    for term, period in breaches if version.claims is not None else ():
        says = f"last claim for {term} of {period}"
        subject = f"{term}/{format_instant(period.end)}"
        at = deadline_of(version, period, calendars)
        yield _deadline(contract, "claim", subject, at, says)


def _works(contract: Contract, maintenance: Iterable[Maintenance]) -> Iterator[Deadline]:
    version = contract.version
    covered = {cover.service for cover in version.covers}
    allowed = (one.notice for one in version.allowances if one.category == "maintenance")
    notice = max(allowed, default=0)
    for work in maintenance:
        if work.service not in covered:
            continue
        if notice and work.announced is None:
            says = f"announce maintenance {work.id} of {work.service}"
            at = work.span.start - notice
            yield _deadline(contract, "announcement", work.id, at, says)
        says = f"maintenance {work.id} of {work.service}"
        yield _deadline(contract, "maintenance", work.id, work.span.start, says, work.span.end)
