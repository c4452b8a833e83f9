"""Cells: the composite's hours, cut where any promise beneath begins or stops to hold.

Stretches in which the same promises are in their hours, in the same of their periods, are one
cell (docs/semantics.md): only how long it is matters for a bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.engine.intervals import Intervals, intersect, subtract, total, union
from orchestrator.engine.promises import Hours, Promise, periods
from orchestrator.model.values import Duration, Instant, Span

Label = tuple[int, bool]
"""Which of its periods a promise is in, and whether its relief may be taken there."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A cell: where it lies, and by number the label of each promise that holds there."""

    intervals: Intervals
    labels: Mapping[int, Label]

    @property
    def length(self) -> Duration:
        return total(self.intervals)


def cells(
    window: Intervals,
    promises: Mapping[int, Promise],
    hull: Span,
    hours: Hours,
    relief_windows: Mapping[int, Intervals],
) -> list[Stretch]:
    """The cells of a window, in the order in which they first occur.

    `relief_windows` holds, by promise, the time its relief may be taken in; a promise that is
    absent has none, or may take it at any time.
    """
    marks: list[tuple[Instant, int, Label | None]] = []
    for number, promise in promises.items():
        windows = relief_windows.get(number)
        for (start, end), label in _labelled(promise, window, hull, hours, windows):
            marks.append((start, number, label))
            marks.append((end, number, None))
    # An end sorts before a start at the same instant of the same promise.
    marks.sort(key=lambda mark: (mark[0], mark[1], mark[2] is not None))
    current: dict[int, Label] = {}
    found: dict[frozenset[tuple[int, Label]], list[tuple[Instant, Instant]]] = {}
    position = 0
    for start, end in window:
        here = start
        while here < end:
            position = _pass(marks, position, here, current)
            until = min(marks[position][0], end) if position < len(marks) else end
            found.setdefault(frozenset(current.items()), []).append((here, until))
            here = until
    return [Stretch(union(intervals), dict(sorted(key))) for key, intervals in found.items()]


def _pass(
    marks: Sequence[tuple[Instant, int, Label | None]],
    position: int,
    until: Instant,
    current: dict[int, Label],
) -> int:
    """Take up the marks up to an instant; the position of the first one after it."""
    while position < len(marks) and marks[position][0] <= until:
        _, number, label = marks[position]
        if label is None:
            current.pop(number, None)
        else:
            current[number] = label
        position += 1
    return position


def _labelled(
    promise: Promise,
    window: Intervals,
    hull: Span,
    hours: Hours,
    relief_windows: Intervals | None,
) -> list[tuple[tuple[Instant, Instant], Label]]:
    found: list[tuple[tuple[Instant, Instant], Label]] = []
    for index, span in enumerate(periods(promise, hull)):
        held = intersect(hours.open(promise.hours, span), window)
        inside = held if relief_windows is None else intersect(held, relief_windows)
        found += [(interval, (index, True)) for interval in inside]
        found += [(interval, (index, False)) for interval in subtract(held, inside)]
    return sorted(found)
