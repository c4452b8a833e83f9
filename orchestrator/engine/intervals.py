"""Algebra of time: sorted, disjoint, half-open intervals of integer microseconds."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence

from orchestrator.model.values import Duration, Instant, union

Intervals = Sequence[tuple[Instant, Instant]]
"""Sorted and disjoint; abutting intervals are joined."""

__all__ = ["Intervals", "at_least", "clip", "intersect", "sharing", "subtract", "total", "union"]


def total(intervals: Intervals) -> Duration:
    """The time they hold, in microseconds."""
    return sum(end - start for start, end in intervals)


def intersect(left: Intervals, right: Intervals) -> list[tuple[Instant, Instant]]:
    """The instants in both."""
    if not left or not right:
        return []
    right = sharing(right, left[0][0], left[-1][1])
    found = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            found.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return found


def clip(intervals: Intervals, start: Instant, end: Instant) -> list[tuple[Instant, Instant]]:
    """The instants of a stretch; costs what it returns, however long the list."""
    found = list(sharing(intervals, start, end))
    if found:
        found[0] = (max(found[0][0], start), found[0][1])
        found[-1] = (found[-1][0], min(found[-1][1], end))
    return found


def sharing(intervals: Intervals, start: Instant, end: Instant) -> Intervals:
    """The intervals that share an instant with a stretch, each whole."""
    if start >= end:
        return ()
    first = bisect.bisect_left(intervals, (start + 1,))
    if first and intervals[first - 1][1] > start:
        first -= 1
    return intervals[first : bisect.bisect_left(intervals, (end,), first)]


def subtract(left: Intervals, right: Intervals) -> list[tuple[Instant, Instant]]:
    """The instants in the left one alone."""
    if not left or not right:
        return list(left)
    right = sharing(right, left[0][0], left[-1][1])
    found = []
    j = 0
    for start, end in left:
        while j < len(right) and right[j][1] <= start:
            j += 1
        since, k = start, j
        while k < len(right) and right[k][0] < end:
            if since < right[k][0]:
                found.append((since, right[k][0]))
            since = max(since, right[k][1])
            k += 1
        if since < end:
            found.append((since, end))
    return found


def at_least(k: int, lists: Iterable[Intervals]) -> list[tuple[Instant, Instant]]:
    """The instants in at least `k` of the lists, `k` being one or more."""
    assert k > 0, "at least none of them is all of time"
    if k == 1:
        return union(interval for intervals in lists for interval in intervals)
    marks = sorted(
        mark for intervals in lists for start, end in intervals for mark in ((start, 1), (end, -1))
    )
    found: list[tuple[Instant, Instant]] = []
    depth, since, i = 0, 0, 0
    while i < len(marks):
        instant, before = marks[i][0], depth
        while i < len(marks) and marks[i][0] == instant:
            depth += marks[i][1]
            i += 1
        if before < k <= depth:
            since = instant
        elif depth < k <= before:
            found.append((since, instant))
    return found
