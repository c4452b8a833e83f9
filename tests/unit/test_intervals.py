"""The algebra of intervals, by example and against sets of whole numbers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.intervals import (
    Intervals,
    at_least,
    clip,
    intersect,
    subtract,
    total,
    union,
)
from orchestrator.model.values import DAWN, FOREVER

_POINTS = st.integers(0, 24)
_PAIRS = st.lists(st.tuples(_POINTS, _POINTS), max_size=8)
"""Any pairs, empty and backward ones among them."""
_INTERVALS = _PAIRS.map(union)


def _points(intervals: Intervals) -> set[int]:
    return {point for start, end in intervals for point in range(start, end)}


def _normal(intervals: Intervals) -> bool:
    """Whether they are sorted, disjoint, joined and none is empty."""
    ends = [end for pair in intervals for end in pair]
    return all(earlier < later for earlier, later in pairwise(ends))


@given(_PAIRS)
def test_union_holds_every_point_once(pairs: Intervals) -> None:
    joined = union(pairs)
    assert _points(joined) == _points(pairs)
    assert _normal(joined)
    assert union(joined) == joined
    assert total(joined) == len(_points(pairs))


@given(_INTERVALS, _INTERVALS)
def test_intersection_and_difference_are_those_of_sets(left: Intervals, right: Intervals) -> None:
    both, rest = intersect(left, right), subtract(left, right)
    assert _points(both) == _points(left) & _points(right)
    assert _points(rest) == _points(left) - _points(right)
    assert _normal(both)
    assert _normal(rest)
    assert both == intersect(right, left)
    assert total(both) + total(rest) == total(left)


@given(_INTERVALS, _POINTS, _POINTS)
def test_clip_is_the_intersection_with_one_stretch(
    intervals: Intervals, start: int, end: int
) -> None:
    assert clip(intervals, start, end) == intersect(intervals, union([(start, end)]))
    assert clip(tuple(intervals), start, end) == clip(intervals, start, end)


@given(st.lists(_INTERVALS, max_size=5), st.integers(1, 6))
def test_at_least_counts_the_lists_that_hold_a_point(lists: list[Intervals], k: int) -> None:
    found = at_least(k, lists)
    sets = [_points(intervals) for intervals in lists]
    assert _points(found) == {p for p in range(25) if sum(p in points for points in sets) >= k}
    assert _normal(found)
    assert at_least(k, iter(lists)) == found


@given(_INTERVALS, _INTERVALS)
def test_at_least_one_is_the_union_and_at_least_all_the_intersection(
    left: Intervals, right: Intervals
) -> None:
    assert at_least(1, [left, right]) == union([*left, *right])
    assert at_least(2, [left, right]) == intersect(left, right)


def test_abutting_intervals_are_joined() -> None:
    assert union([(3, 5), (0, 3)]) == [(0, 5)]
    assert at_least(2, [[(0, 5)], [(0, 3)], [(3, 5)]]) == [(0, 5)]


def test_half_open_intervals_that_touch_share_nothing() -> None:
    assert intersect([(0, 3)], [(3, 5)]) == []
    assert subtract([(0, 3)], [(3, 5)]) == [(0, 3)]
    assert clip([(0, 3)], 3, 5) == []


def test_one_interval_may_be_cut_often_and_one_cut_may_reach_far() -> None:
    assert subtract([(0, 10)], [(1, 2), (4, 5), (9, 12)]) == [(0, 1), (2, 4), (5, 9)]
    assert subtract([(0, 2), (3, 5), (7, 9)], [(1, 8)]) == [(0, 1), (8, 9)]


def test_a_stretch_that_runs_backwards_holds_nothing() -> None:
    assert clip([(0, 10)], 5, 5) == []
    assert clip([(0, 10)], 5, 3) == []


def test_ends_may_be_infinite() -> None:
    always = [(DAWN, FOREVER)]
    assert subtract(always, [(0, 1)]) == [(DAWN, 0), (1, FOREVER)]
    assert intersect(always, [(0, FOREVER)]) == [(0, FOREVER)]
    assert clip(always, 3, FOREVER) == [(3, FOREVER)]
    assert at_least(2, [always, [(5, FOREVER)], [(DAWN, 7)]]) == always


def test_intervals_given_in_are_never_changed() -> None:
    intervals = [(0, 4), (6, 9)]
    assert clip(intervals, 1, 8) == [(1, 4), (6, 8)]
    assert intervals == [(0, 4), (6, 9)]


def test_at_least_none_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        at_least(0, [[(0, 1)]])
