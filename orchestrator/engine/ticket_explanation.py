"""Why a ticket is due when it is: segment by segment, with what had been consumed after each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.schedule import segments_of
from orchestrator.engine.tickets import COUNTS, Clocks, Leg, Reading
from orchestrator.model.values import FOREVER, Duration, Instant, Span

CLOSED: Final = "closed"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a ticket's time. `state` is `counts`, `closed` (outside of the service hours),
    `paused` with its reasons, or `resolved`. `consumed` is what of the target is consumed at its
    end. `expected` tells what lies ahead of the moment of asking, if nothing more happens."""

    start: Instant
    end: Instant
    state: str
    reasons: tuple[str, ...]
    consumed: Duration
    expected: bool = False


def explain_due(reading: Reading, clocks: Clocks) -> tuple[Segment, ...]:
    """The time from the beginning of a clock to its due instant, without a gap.

    Where it is due within what has happened, what came later is left out; a clock that is never
    due is explained up to when it was read. A change of priority begins a new segment.
    """
    found: list[Segment] = []
    for leg in reading.legs:
        end = min(leg.end, reading.due)
        if leg.start < end:
            found.extend(_of_leg(leg, end, clocks, expected=False))
    if reading.at < reading.due < FOREVER:
        ahead = Leg(reading.at, reading.due, COUNTS, (), reading.hours, reading.consumed)
        found.extend(_of_leg(ahead, reading.due, clocks, expected=True))
    return tuple(found)


def _of_leg(leg: Leg, end: Instant, clocks: Clocks, expected: bool) -> Iterator[Segment]:
    if leg.state != COUNTS:
        yield Segment(leg.start, end, leg.state, leg.reasons, leg.consumed, expected)
        return
    consumed, since = leg.consumed, leg.start
    # Laid out anew: a due instant may lie past the horizon of the clock.
    within = segments_of(clocks[leg.hours].calendar, Span(leg.start, end))
    for opened, closed in within:
        if since < opened:
            yield Segment(since, opened, CLOSED, (), consumed, expected)
        consumed += closed - opened
        yield Segment(opened, closed, COUNTS, (), consumed, expected)
        since = closed
    if since < end:
        yield Segment(since, end, CLOSED, (), consumed, expected)
