"""The ledger of a ticket's owners: whose hands each second of its clock ran in.

Every second has exactly one owner, a team, a supplier or the customer, so that the ledger sums to
the time the clock ran, and a team that resolves is not blamed for the one that held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.engine.ticket_history import history_of, waits_of
from orchestrator.engine.ticket_owners import Holding, holdings
from orchestrator.engine.tickets import COUNTS, Clocks, Reading
from orchestrator.model.clocking import ClockRules
from orchestrator.model.records import Ticket
from orchestrator.model.values import FOREVER, Duration, Instant


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch in which one party held a ticket whose clock ran, and what it counted."""

    party: str
    start: Instant
    end: Instant
    counted: Duration


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries in order of time; `at_breach` held the ticket in the microsecond that broke the
    promise, or when a change of priority did ("" if nothing did)."""

    entries: tuple[Entry, ...]
    at_breach: str

    @property
    def by_party(self) -> Mapping[str, Duration]:
        """The counted service time of each party, in the order they first held it."""
        found: dict[str, Duration] = {}
        for entry in self.entries:
            found[entry.party] = found.get(entry.party, 0) + entry.counted
        return found


def ledger_of(
    reading: Reading, ticket: Ticket, rules: ClockRules, clocks: Clocks, otherwise: str
) -> Ledger:
    """Who held a ticket while one of its clocks ran; what nobody is recorded to have held falls to
    `otherwise`, which is the provider.

    The counted times sum to `reading.counted`.
    """
    waits = waits_of(history_of(ticket, rules, reading.at).waits)
    held = holdings(ticket, rules.holders, waits, otherwise)
    entries = tuple(_merged(_entries(reading, held, clocks)))
    broke = max(reading.breached - 1, reading.begun)
    return Ledger(entries, _holder(held, broke) if reading.breached < FOREVER else "")


def _entries(reading: Reading, held: tuple[Holding, ...], clocks: Clocks) -> Iterable[Entry]:
    for leg in reading.legs:
        if leg.state != COUNTS:
            continue
        for since, until, party in held:
            start, end = max(since, leg.start), min(until, leg.end)
            if start < end and (counted := clocks[leg.hours].elapsed(start, end)):
                yield Entry(party, start, end, counted)


def _merged(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Entries of one party that follow each other at once, as one."""
    last: Entry | None = None
    for entry in entries:
        if last and last.party == entry.party and last.end == entry.start:
            last = Entry(last.party, last.start, entry.end, last.counted + entry.counted)
            continue
        if last:
            yield last
        last = entry
    if last:
        yield last


def _holder(held: tuple[Holding, ...], at: Instant) -> str:
    return next(party for start, end, party in held if start <= at < end)
