"""The books: what a verdict asks to be booked, closing them, and restating what is closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import orjson
from sqlalchemy.orm import Session

from orchestrator.actions.context import Context, Done, Request, mutate
from orchestrator.engine.booking import Said, spoken_of, widest
from orchestrator.engine.ledger import reconcile, verify
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.estate import Estate
from orchestrator.model.ledger import Approval, Booking, Entry, EntryKey, Restatement
from orchestrator.model.records import Finding, Verdict
from orchestrator.model.values import AskedPeriod, Instant, Span, format_instant
from orchestrator.store import books
from orchestrator.store.codec import digest


@dataclass(frozen=True, slots=True)
class Posting:
    """What was appended to the books, and what waits for leave."""

    entries: tuple[Entry, ...] = ()
    pending: tuple[Restatement, ...] = ()
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Restated:
    """What leave was given for: the number of the approval, and the entries it appended."""

    number: int
    entries: int


def book(session: Session, tenant: str, said: Sequence[Said], now: Instant) -> list[Posting]:
    """Append to the books what makes them say what verdicts do, all at once; what would change
    closed books waits for leave instead, in place of what waited before. For each verdict what was
    appended and what waits, the first that speaks of it having it."""
    estate = said[0].estate
    hulls = [widest(estate, one.asked) for one in said]
    hull = Span(min(one.start for one in hulls), max(one.end for one in hulls))
    wanted: dict[EntryKey, Booking] = {}
    for one in said:
        wanted = {**one.wanted, **wanted}
    waited = [
        one
        for one in books.waiting(session, tenant)
        if any(each.concerns(one.key, one.booked, one.wanted) for each in said)
    ]
    under = {key.term.agreement for key in wanted}
    entries = books.entries_due(session, tenant, hull, under | set(estate.agreements))
    spoken = {one.key for one in waited}
    for one in said:
        ours = spoken_of(estate, one.asked, entries, one.wanted.values())
        spoken |= {entry.key for entry in ours}
    found = reconcile(
        (one for one in entries if one.key in spoken),
        {**_elsewhere(said, waited), **wanted}.values(),
        closed_until=books.closed_until(session, tenant),
    )
    books.post(session, tenant, found.entries, now)
    books.wait(session, tenant, waited, found.pending, now)
    return _told_apart(said, found.entries, found.pending, waited)


def _elsewhere(said: Sequence[Said], waited: Iterable[Restatement]) -> dict[EntryKey, Booking]:
    """What waits to be owed at a time that no verdict is on: it goes on waiting."""
    return {
        one.key: one.wanted
        for one in waited
        if one.wanted and not any(each.concerns(one.key, one.wanted) for each in said)
    }


def waiting_on(
    session: Session, tenant: str, estate: Estate, asked: AskedPeriod, verdict: Verdict
) -> tuple[Restatement, ...]:
    """What of a verdict on a span waits for leave."""
    said = Said.by(estate, asked, verdict)
    return tuple(
        one
        for one in books.waiting(session, tenant)
        if said.concerns(one.key, one.booked, one.wanted)
    )


def booked_at(session: Session, tenant: str, said: Said, at: Instant) -> Posting:
    """What `book` did for the first of its verdicts at a recorded instant."""
    entries = books.entries_recorded(session, tenant, at)
    (found,) = _told_apart((said,), entries, books.waiting(session, tenant, as_of=at))
    return replace(found, changed=bool(found.entries))


def _told_apart(
    said: Sequence[Said],
    entries: Iterable[Entry],
    pending: Iterable[Restatement],
    waited: Iterable[Restatement] = (),
) -> list[Posting]:
    def first(key: EntryKey, *bookings: Booking | None) -> int | None:
        return next((n for n, one in enumerate(said) if one.concerns(key, *bookings)), None)

    posted = [(first(one.key, one.booking), one) for one in entries]
    after = [(first(one.key, one.booked, one.wanted), one) for one in pending]
    before = [(first(one.key, one.booked, one.wanted), one) for one in waited]
    found = []
    for number in range(len(said)):
        ours = tuple(one for which, one in posted if which == number)
        waits = tuple(one for which, one in after if which == number)
        moved = set(waits) != {one for which, one in before if which == number}
        found.append(Posting(ours, waits, bool(ours) or moved))
    return found


def close_books(
    ctx: Context, until: Instant, *, dry_run: bool = False, idempotency_key: str | None = None
) -> Instant:
    """Close the books up to an instant: from now on what came to be owed by then is restated by
    leave alone. Books are not opened again (BOOKS_CLOSED)."""

    def do(session: Session, now: Instant) -> Done[Instant]:
        closed = books.closed_until(session, ctx.tenant)
        if until < closed:
            raise refuse(
                "BOOKS_CLOSED",
                f"the books are closed up to {format_instant(closed)} already",
                "name a later instant: books that are closed are restated, not opened",
            )
        if until == closed:
            return Done(until, {"until": until}, changed=False)
        books.close(session, ctx.tenant, until, ctx.actor, now)
        return Done(until, {"until": until}, changed=True)

    request = Request("close_books", digest(str(until)), dry_run, idempotency_key)
    return mutate(ctx, request, do, lambda _session, summary: int(orjson.loads(summary)["until"]))


def approve_restatements(
    ctx: Context,
    reason: str,
    agreements: Iterable[str] | None = None,
    *,
    dry_run: bool = False,
    idempotency_key: str | None = None,
) -> Restated:
    """Give leave to restate closed books: all that waits, or what waits under some agreements. What
    is appended says by whom, when and why (NO_REASON, NOTHING_WAITS)."""
    named = None if agreements is None else sorted(set(agreements))

    def do(session: Session, now: Instant) -> Done[Restated]:
        waiting = [
            one
            for one in books.waiting(session, ctx.tenant)
            if named is None or one.key.term.agreement in named
        ]
        approval = Approval(ctx.actor, now, reason, frozenset(one.key for one in waiting))
        if not waiting:
            raise refuse(
                "NOTHING_WAITS",
                "no restatement of closed books waits for leave",
                "assess the period first, and name agreements under which one waits",
            )
        wanted = [one.wanted for one in waiting if one.wanted is not None]
        under = {one.key.term.agreement for one in waiting}
        booked = [
            one
            for one in books.entries_under(session, ctx.tenant, under)
            if one.key in approval.keys
        ]
        closed = books.closed_until(session, ctx.tenant)
        found = reconcile(booked, wanted, (approval,), closed)
        number = books.approve(session, ctx.tenant, approval, now)
        books.post(session, ctx.tenant, found.entries, now, number)
        books.wait(session, ctx.tenant, waiting, (), now)
        done = Restated(number, len(found.entries))
        return Done(done, {"number": number, "entries": done.entries}, changed=True)

    def again(_session: Session, summary: str) -> Restated:
        return Restated(**orjson.loads(summary))

    asked = digest(reason, *(["*"] if named is None else named))
    request = Request("approve_restatements", asked, dry_run, idempotency_key)
    return mutate(ctx, request, do, again)


def verify_books(session: Session, tenant: str) -> tuple[Finding, ...]:
    """What no sequence of bookings could have led to: lines that do not sum to zero, and revisions
    that do not follow on one another. Nothing found means the books are whole."""
    found = [
        Finding(
            "LEDGER_BROKEN",
            "error",
            f"all lines in {currency} together are {amount} minor units and not zero",
            (currency,),
        )
        for currency, amount in books.imbalance(session, tenant).items()
    ]
    for agreement in books.agreements_booked(session, tenant):
        try:
            verify(books.entries_under(session, tenant, (agreement,)))
        except OrchestratorError as error:
            found += [
                Finding("LEDGER_BROKEN", "error", f"{agreement}: {one.message}", (agreement,))
                for one in error.problems
            ]
    return tuple(found)
