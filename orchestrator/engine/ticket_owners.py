"""Who held a ticket when: every instant has exactly one holder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.model.records import Ticket
from orchestrator.model.values import FOREVER, Instant

Holding = tuple[Instant, Instant, str]
"""From, to, and the party that held the ticket."""


def holdings(
    ticket: Ticket,
    holders: Sequence[tuple[str, str]],
    waits: Iterable[tuple[Instant, Instant, str]],
    otherwise: str,
) -> tuple[Holding, ...]:
    """Who held the ticket from its opening on, in stretches without a gap up to FOREVER.

    Recorded owners may overlap or leave gaps. Where several are recorded, whoever took it last
    holds it; of those who took it at one instant, the last by name. A wait for a reason that
    `holders` gives to a party counts as taken by that party. What nobody holds is `otherwise`'s.
    """
    by_reason = dict(holders)
    taken = [(owner.span.start, owner.party, owner.span.end) for owner in ticket.owners]
    taken += [
        (start, by_reason[reason], end)
        for start, end, reason in waits
        if reason in by_reason and start < end
    ]
    taken.sort()
    inner = {mark for start, _, end in taken for mark in (start, end)}
    marks = sorted({mark for mark in inner if ticket.opened < mark < FOREVER})
    found: list[Holding] = []
    for start, end in zip([ticket.opened, *marks], [*marks, FOREVER], strict=True):
        party = next(
            (name for since, name, until in reversed(taken) if since <= start < until), otherwise
        )
        if found and found[-1][2] == party:
            found[-1] = (found[-1][0], end, party)
        else:
            found.append((start, end, party))
    return tuple(found)
