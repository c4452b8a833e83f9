"""Laws of intervals of many owners: the same as a set of seconds for each, and as `portion` where
that is installed; composite downtime as a grid of seconds, traced as every second is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine import segments as module
from orchestrator.engine.components import Components, Node
from orchestrator.engine.composite import composite, graph_of
from orchestrator.engine.contributions import contributions
from orchestrator.engine.hours import clock
from orchestrator.engine.segments import segments
from orchestrator.engine.steps import Int64s
from orchestrator.engine.timelines import (
    Timelines,
    at_least,
    attainment,
    clipped,
    depths,
    intersected,
    regrouped,
    subtracted,
    timelines,
    totals,
    united,
)
from orchestrator.model.agreements import EXCUSE_POLICIES, Policies
from orchestrator.model.calendars import Calendar
from orchestrator.model.values import DAWN, DAY, FOREVER, HOUR, SECOND, Span
from tests.laws import oracles
from tests.laws.build import WEEKDAYS_9_TO_17, law, law_of

OWNERS, END = 4, 30

Row = tuple[int, int, int]
Points = set[tuple[int, int]]

ROWS = st.lists(
    st.tuples(st.integers(0, OWNERS - 1), st.integers(0, END), st.integers(0, END)), max_size=24
)
"""Owner, start and end; empty and backward ones among them."""

SCALES = st.sampled_from([(1, 0), (SECOND, 10**15), (2**57, -(2**61))])
"""What an instant becomes, as a factor and a summand: near one another, far from the epoch, and so
far apart that owner and instant together take more than 64 bits."""


def columns(rows: Iterable[Row]) -> tuple[Int64s, Int64s, Int64s]:
    one, two, three = np.array(list(rows), np.int64).reshape(-1, 3).T.copy()
    return one, two, three


def points(rows: Iterable[Row]) -> Points:
    return {(owner, at) for owner, start, end in rows for at in range(start, end)}


def scaled(rows: Sequence[Row], scale: tuple[int, int]) -> Timelines:
    return timelines(*columns((o, a * scale[0] + scale[1], b * scale[0] + scale[1])
                              for o, a, b in rows))  # fmt: skip


def points_of(lines: Timelines, scale: tuple[int, int] = (1, 0)) -> Points:
    """What timelines hold, which is asserted to be sorted, disjoint, joined and never empty."""
    rows = list(zip(lines.owner.tolist(), lines.start.tolist(), lines.end.tolist(), strict=True))
    assert all(start < end for _, start, end in rows)
    assert all(a[0] < b[0] or (a[0] == b[0] and a[2] < b[1]) for a, b in pairwise(rows))
    return points((o, (a - scale[1]) // scale[0], (b - scale[1]) // scale[0]) for o, a, b in rows)


@law_of(150)
@given(ROWS, SCALES)
def test_a_union_holds_every_second_of_an_owner_once(
    rows: list[Row], scale: tuple[int, int]
) -> None:
    found = scaled(rows, scale)
    assert points_of(found, scale) == points(rows)
    assert points_of(united(found, found), scale) == points(rows)
    for owner in range(OWNERS):
        one = {(owner, at) for a, b in found.of(owner) for at in range(*(
            (end - scale[1]) // scale[0] for end in (a, b)))}  # fmt: skip
        assert one == {point for point in points(rows) if point[0] == owner}


def check_algebra(left: list[Row], right: list[Row], scale: tuple[int, int]) -> None:
    one, two = scaled(left, scale), scaled(right, scale)
    mine, theirs = points(left), points(right)
    assert points_of(united(one, two), scale) == mine | theirs
    assert points_of(intersected(one, two), scale) == mine & theirs
    assert points_of(subtracted(one, two), scale) == mine - theirs


@law_of(150)
@given(ROWS, ROWS, SCALES)
def test_union_intersection_and_difference_are_those_of_sets(
    left: list[Row], right: list[Row], scale: tuple[int, int]
) -> None:
    check_algebra(left, right, scale)


@pytest.mark.long
@law_of(4000)
@given(ROWS, ROWS, SCALES)
def test_union_intersection_and_difference_are_those_of_sets_at_length(
    left: list[Row], right: list[Row], scale: tuple[int, int]
) -> None:
    check_algebra(left, right, scale)


@law_of(100)
@given(ROWS, ROWS)
def test_portion_says_the_same(left: list[Row], right: list[Row]) -> None:
    portion: Any = import_module("portion")

    def of(rows: list[Row], owner: int) -> Any:
        mine = (portion.closedopen(a, b) for o, a, b in rows if o == owner)
        return portion.Interval(*mine)

    def listed(interval: Any) -> list[tuple[int, int]]:
        return [(one.lower, one.upper) for one in interval if not one.empty]

    one, two = timelines(*columns(left)), timelines(*columns(right))
    for owner in range(OWNERS):
        mine, theirs = of(left, owner), of(right, owner)
        assert united(one, two).of(owner) == listed(mine | theirs)
        assert intersected(one, two).of(owner) == listed(mine & theirs)
        assert subtracted(one, two).of(owner) == listed(mine - theirs)


@law
@given(st.lists(ROWS, min_size=1, max_size=4), st.integers(1, 5))
def test_at_least_k_of_some_sets_is_a_count(sets: list[list[Row]], k: int) -> None:
    found = at_least(k, [timelines(*columns(rows)) for rows in sets])
    count = Counter(point for rows in sets for point in points(rows))
    assert points_of(found) == {point for point, many in count.items() if many >= k}


@law
@given(
    ROWS,
    st.lists(st.integers(-1, 2), min_size=OWNERS, max_size=OWNERS),
    st.lists(st.integers(1, 3), min_size=3, max_size=3),
)
def test_a_group_is_down_while_enough_of_its_owners_are(
    rows: list[Row], group: list[int], cut: list[int]
) -> None:
    found = regrouped(timelines(*columns(rows)), np.array(group), np.array(cut))
    count = Counter((group[owner], at) for owner, at in points(rows))
    assert points_of(found) == {p for p, many in count.items() if p[0] >= 0 and many >= cut[p[0]]}


@law
@given(ROWS, SCALES)
def test_depth_is_how_many_hold_at_once(rows: list[Row], scale: tuple[int, int]) -> None:
    far = [(o, a * scale[0] + scale[1], b * scale[0] + scale[1]) for o, a, b in rows]
    lines, depth = depths(*columns(far))
    expected = Counter((o, at) for o, a, b in rows for at in range(a, b))
    found: Counter[tuple[int, int]] = Counter()
    for i, many in enumerate(depth.tolist()):
        start, end = ((int(side[i]) - scale[1]) // scale[0] for side in (lines.start, lines.end))
        found.update({(int(lines.owner[i]), at): many for at in range(start, end)})
    assert found == expected


@law
@given(ROWS, st.integers(0, END), st.integers(0, END), st.booleans())
def test_a_clip_is_what_lies_in_the_stretch(
    rows: list[Row], since: int, until: int, each: bool
) -> None:
    ends = [np.full(OWNERS, side) if each else side for side in (since, until)]
    found = clipped(timelines(*columns(rows)), *ends)
    assert points_of(found) == {p for p in points(rows) if since <= p[1] < until}


BORDERS = st.lists(st.integers(0, END), min_size=2, max_size=6, unique=True).map(sorted)


@law
@given(ROWS, BORDERS)
def test_totals_count_the_seconds_of_each_owner_and_period(
    rows: list[Row], borders: list[int]
) -> None:
    found = totals(timelines(*columns(rows)), OWNERS, np.array(borders))
    expected = [
        [sum((owner, at) in points(rows) for at in range(*period)) for period in pairwise(borders)]
        for owner in range(OWNERS)
    ]
    assert found.tolist() == expected


def check_attainment(rows: list[Row], free: list[Row], borders: list[list[int]]) -> None:
    found = attainment(columns(rows), columns(free), OWNERS, np.array(borders))
    for owner, mine in enumerate(borders):
        for period, (start, end) in enumerate(pairwise(mine)):
            inside = {(owner, at) for at in range(start, end)}
            assert found.hours[owner, period] == end - start
            assert found.down[owner, period] == len(points(rows) & inside)
            assert found.counted[owner, period] == len((points(rows) - points(free)) & inside)


EACH = st.lists(
    st.lists(st.integers(0, END), min_size=4, max_size=4, unique=True).map(sorted),
    min_size=OWNERS,
    max_size=OWNERS,
)


@law_of(150)
@given(ROWS, ROWS, EACH)
def test_attainment_counts_every_second_down_that_is_not_excluded_once(
    rows: list[Row], free: list[Row], borders: list[list[int]]
) -> None:
    check_attainment(rows, free, borders)


@pytest.mark.long
@law_of(4000)
@given(ROWS, ROWS, EACH)
def test_attainment_counts_every_second_down_that_is_not_excluded_once_at_length(
    rows: list[Row], free: list[Row], borders: list[list[int]]
) -> None:
    check_attainment(rows, free, borders)


@law
@given(ROWS, ROWS)
def test_attainment_in_service_hours_is_that_of_the_open_time_alone(
    rows: list[Row], free: list[Row]
) -> None:
    """Hours stand for seconds: what is down in a closed hour does not count."""
    days = Span(0, 4 * DAY)
    office = clock({"office": Calendar("office", "UTC", WEEKDAYS_9_TO_17)}, "office", days)
    ours = [[(o, a * 3 * HOUR, b * 3 * HOUR) for o, a, b in some] for some in (rows, free)]
    borders = np.array([0, DAY, 4 * DAY])
    found = attainment(*map(columns, ours), OWNERS, borders, office.open_before_many)
    left = subtracted(*(timelines(*columns(some)) for some in ours))
    for owner in range(OWNERS):
        for period, (start, end) in enumerate(pairwise(borders.tolist())):
            open_hours = [at for at in range(start, end, HOUR) if office.elapsed(at, at + HOUR)]
            assert found.hours[owner, period] == HOUR * len(open_hours)
            down = [at for at in open_hours if any(a <= at < b for a, b in left.of(owner))]
            assert found.counted[owner, period] == HOUR * len(down)


def test_intervals_may_reach_to_the_ends_of_time() -> None:
    always = timelines(*columns([(0, DAWN, FOREVER), (1, DAWN, 5), (1, 7, FOREVER)]))
    some = timelines(*columns([(0, 0, 1), (1, 4, 8)]))
    assert subtracted(always, some).of(0) == [(DAWN, 0), (1, FOREVER)]
    assert intersected(always, some).of(1) == [(4, 5), (7, 8)]
    assert united(always, some).of(1) == [(DAWN, FOREVER)]
    assert totals(always, 2, np.array([-3, 0, 10])).tolist() == [[3, 10], [3, 8]]


def test_nothing_at_all_is_a_set_of_intervals_too() -> None:
    none = timelines(*columns([]))
    some = timelines(*columns([(1, 2, 4)]))
    assert len(united(none, none)) == len(intersected(some, none)) == len(at_least(2, [])) == 0
    assert subtracted(some, none).of(1) == [(2, 4)]
    assert totals(none, 2, np.array([0, 5])).tolist() == [[0], [0]]
    assert attainment(columns([]), columns([]), 1, np.array([0, 5])).counted.tolist() == [[0]]
    assert [len(part) for part in depths(*columns([]))] == [0, 0]


# --- composites ----------------------------------------------------------------------------------

LEAVES = 4


@st.composite
def gates(draw: st.DrawFn) -> list[tuple[int, list[int]]]:
    found = []
    for number in range(draw(st.integers(0, 6))):
        parts = st.lists(st.integers(0, LEAVES + number - 1), min_size=1, max_size=4)
        inside = draw(parts)
        found.append((draw(st.integers(1, len(inside))), inside))
    return found


def check_composite(rows: list[Row], made: list[tuple[int, list[int]]], chunk: int) -> None:
    nodes = LEAVES + len(made)
    found = composite(
        graph_of(LEAVES, made), timelines(*columns(rows)), np.arange(nodes), chunk=chunk
    )
    few = composite(graph_of(LEAVES, made), timelines(*columns(rows)), np.array([nodes - 1]), chunk)
    grid = points(rows)
    for at in range(END):
        for number, (cut, parts) in enumerate(made):
            if sum((part, at) in grid for part in parts) >= cut:
                grid.add((LEAVES + number, at))
    assert points_of(found.down) == grid
    assert points_of(few.down) == {point for point in grid if point[0] == nodes - 1}
    lengths = Counter(node for node, _ in grid)
    expected = [lengths[LEAVES + number] for number in range(len(made))]
    assert found.time.tolist() == few.time.tolist() == expected


@law_of(150)
@given(ROWS, gates(), st.sampled_from([1, 5, 1 << 18]))
def test_composite_downtime_is_that_of_a_grid_of_seconds(
    rows: list[Row], made: list[tuple[int, list[int]]], chunk: int
) -> None:
    check_composite(rows, made, chunk)


@pytest.mark.long
@law_of(4000)
@given(ROWS, gates(), st.sampled_from([1, 5, 1 << 18]))
def test_composite_downtime_is_that_of_a_grid_of_seconds_at_length(
    rows: list[Row], made: list[tuple[int, list[int]]], chunk: int
) -> None:
    check_composite(rows, made, chunk)


def test_composites_whose_instants_need_all_64_bits_are_exact() -> None:
    down = timelines(*columns([(0, DAWN, 5), (1, 3, FOREVER)]))
    found = composite(graph_of(2, [(2, [0, 1]), (1, [0, 1])]), down, np.array([2, 3]))
    assert found.down.of(2) == [(3, 5)]
    assert found.down.of(3) == [(DAWN, FOREVER)]
    assert found.time[0] == 2


# --- segments ------------------------------------------------------------------------------------


@law
@given(ROWS, st.lists(st.integers(0, END), max_size=3), st.integers(1, 40), st.none() | ROWS)
def test_segments_say_what_is_down_in_every_second(
    rows: list[Row], cuts: list[int], events: int, within: list[Row] | None
) -> None:
    watched = [[0, 1, 2, 3], [2], [], [3, 0]]
    owner = np.repeat(np.arange(len(watched)), len(cuts))
    marks = owner, np.tile(np.array(cuts, np.int64), len(watched))
    inside = None if within is None else timelines(*columns(within))
    found = segments(watched, timelines(*columns(rows)), marks, inside, events)
    seen = []
    for i in range(len(found)):
        start, end, one = int(found.start[i]), int(found.end[i]), int(found.owner[i])
        assert not any(start < cut < end for cut in cuts)
        down = found.down(int(found.state[i]))
        assert found.owners[int(found.state[i])] == one
        seen += [(one, at, down) for at in range(start, end)]
    allowed = None if within is None else points(within)
    expected, grid = [], points(rows)
    for one, tracks in enumerate(watched):
        for at in range(END):
            down = sum(1 << track for track in tracks if (track, at) in grid)
            if down and (allowed is None or (one, at) in allowed):
                expected.append((one, at, down))
    assert seen == expected
    assert len(set(zip(found.owners, found.sets, strict=True))) == len(found.sets)


@law_of(25)
@given(st.integers(0, 10**9), st.integers(1, 900), st.sampled_from([1, 20, 1 << 21]))
def test_segments_of_an_owner_with_many_tracks_are_exact(
    seed: int, events: int, words: int
) -> None:
    """Two hundred tracks, each down at some time: their sets take four words."""
    drawn = np.random.default_rng(seed).integers(0, END, (300, 2)).tolist()
    rows = [(number % 200, min(pair), max(pair) + 1) for number, pair in enumerate(drawn)]
    watched = [list(range(200)), [7, 190]]
    nothing = np.zeros(0, np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "WORDS", words)
        found = segments(watched, timelines(*columns(rows)), (nothing, nothing), None, events)
    seen = {
        (int(found.owner[i]), at): found.down(int(found.state[i]))
        for i in range(len(found))
        for at in range(int(found.start[i]), int(found.end[i]))
    }
    expected, grid = {}, points(rows)
    for one, tracks in enumerate(watched):
        for at in range(END):
            down = sum(1 << track for track in tracks if (track, at) in grid)
            if down:
                expected[one, at] = down
    assert seen == expected


# --- contributions -------------------------------------------------------------------------------


@st.composite
def portfolios(draw: st.DrawFn) -> tuple[Components, list[Node]]:
    """Structures over the same leaves, sharing gates."""
    components = Components()
    nodes = [Node(leaves=1 << components.leaf((f"leaf-{i}", ""))) for i in range(LEAVES)]
    for _ in range(draw(st.integers(0, 5))):
        parts = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=4))
        nodes.append(components.group(draw(st.integers(1, len(parts))), parts, None))
        if draw(st.booleans()):
            nodes.append(nodes[-1] | draw(st.sampled_from(nodes)))
    return components, draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3))


def check_contributions(
    case: tuple[Components, list[Node]],
    rows: list[Row],
    free: list[Row],
    borders: list[int],
    policies: Policies,
) -> None:
    components, nodes = case
    down = timelines(*columns(rows))
    unexcused = subtracted(down, timelines(*columns(free)))
    found = contributions(components, nodes, down, np.array(borders), policies, unexcused)
    if not free:
        plain = contributions(components, nodes, down, np.array(borders), policies)
        assert {key: (one.counted, one.parts) for key, one in plain.items()} == {
            key: (one.counted, one.parts) for key, one in found.items()
        }
    for number, node in enumerate(nodes):
        for period, (start, end) in enumerate(pairwise(borders)):
            counted, parts = Fraction(0), Counter[int]()
            for at in range(start, end):
                failed = {leaf for leaf in range(LEAVES) if (leaf, at) in points(rows)}
                excused = {leaf for leaf in failed if (leaf, at) in points(free)}
                share, split = second(components, node, failed, excused, policies)
                counted += share
                parts.update(split)
            one = found.get((number, period))
            if not counted:
                assert one is None
            else:
                assert one is not None
                assert one.counted == counted
                assert one.parts == {leaf: part for leaf, part in sorted(parts.items()) if part}


def second(
    components: Components, node: Node, failed: set[int], excused: set[int], policies: Policies
) -> tuple[Fraction, dict[int, Fraction]]:
    """One second by rules 4, 5 and 7, over every order and every cut."""

    def fails(down: Iterable[Any]) -> bool:
        return components.fails(node, sum(1 << int(leaf) for leaf in down))

    def of(players: set[int], beside: set[int]) -> dict[int, Fraction]:
        names = [str(leaf) for leaf in sorted(players)]
        shares = oracles.shares(
            policies.shares, names, lambda state: fails({*map(int, state), *beside}), {}
        )
        return {int(leaf): share for leaf, share in shares.items()}

    guilty = failed - excused
    if not fails(failed) or (fails(excused) and not fails(guilty)):
        return Fraction(0), {}
    if not fails(excused) and not fails(guilty):
        return Fraction(1), of(guilty, excused)
    if not fails(excused) or policies.excuses == "provider_bears":
        return Fraction(1), of(guilty, set())
    if policies.excuses == "excuse_wins":
        return Fraction(0), {}
    theirs = {leaf: share for leaf, share in of(failed, set()).items() if leaf in guilty}
    return sum(theirs.values(), Fraction(0)), theirs


POLICIES = st.builds(
    Policies,
    shares=st.sampled_from(("shapley", "equal_per_cut")),
    excuses=st.sampled_from(EXCUSE_POLICIES),
)
EXCUSED = st.just([]) | ROWS


@law_of(80)
@given(portfolios(), ROWS, EXCUSED, BORDERS, POLICIES)
def test_what_each_leaf_contributes_is_what_every_second_says(
    case: tuple[Components, list[Node]],
    rows: list[Row],
    free: list[Row],
    borders: list[int],
    policies: Policies,
) -> None:
    check_contributions(case, rows, free, borders, policies)


@pytest.mark.long
@law_of(3000)
@given(portfolios(), ROWS, EXCUSED, BORDERS, POLICIES)
def test_what_each_leaf_contributes_is_what_every_second_says_at_length(
    case: tuple[Components, list[Node]],
    rows: list[Row],
    free: list[Row],
    borders: list[int],
    policies: Policies,
) -> None:
    check_contributions(case, rows, free, borders, policies)
