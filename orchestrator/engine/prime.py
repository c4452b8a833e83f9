"""Prime time: time cut exactly where one target gives way to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.engine.hours import segments
from orchestrator.engine.intervals import Intervals, intersect, subtract
from orchestrator.model.calendars import Calendar
from orchestrator.model.metrics import Target
from orchestrator.model.scopes import TargetWindow
from orchestrator.model.values import Instant, Span


@dataclass(frozen=True, slots=True)
class Part:
    """The open time in which one target holds, sorted and disjoint. `hours` names its window,
    or the term's own hours for the rest."""

    hours: str
    target: Target
    open: tuple[tuple[Instant, Instant], ...]

    def of(self, intervals: Intervals) -> list[tuple[Instant, Instant]]:
        """The part of some time, such as an outage, that this target judges."""
        return intersect(intervals, self.open)


def parts(
    hours: str,
    target: Target,
    windows: Sequence[TargetWindow],
    calendars: Mapping[str, Calendar],
    span: Span,
) -> tuple[Part, ...]:
    """The service hours of a span, shared out among the windows in the order written, and last
    what is left to the term's own target. Together they are the service hours, once each."""
    left: Intervals = segments(calendars, hours, span)
    found = []
    for window in windows:
        open_there = segments(calendars, window.hours, span)
        found.append(Part(window.hours, window.target, tuple(intersect(left, open_there))))
        left = subtract(left, open_there)
    return (*found, Part(hours, target, tuple(left)))


def part_at(shared: Sequence[Part], instant: Instant) -> Part | None:
    """The part an instant lies in, such as the opening of a ticket; None outside the hours."""
    return next(
        (part for part in shared if any(start <= instant < end for start, end in part.open)), None
    )
