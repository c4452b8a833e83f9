"""Times along flows against a walk through time and against simulated cases.

The walk steps through time a minute, or a quarter of an hour, after another and looks, at each step
and a moment after it, when a case that starts then is done, knowing of each step only whether its
wall clock lies in a window.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.engine.hours import Clock, clock, close_of_day
from orchestrator.engine.kinds import timed as timed_flows
from orchestrator.engine.kinds.counting import EXPECTED, KNOWN, Counting
from orchestrator.engine.kinds.lines import (
    Line,
    business_days_needed,
    business_line,
    count_line,
    due_line,
    earliest,
    latest,
    never_later,
    shifted,
    then,
    worst_start,
)
from orchestrator.engine.kinds.points import Front, front
from orchestrator.engine.kinds.timed import Option, Work, options, trace
from orchestrator.model.calendars import Calendar
from orchestrator.model.flows import (
    Branch,
    FirstOf,
    InParallel,
    InSequence,
    OneOfBranches,
    Repeated,
    Stage,
    Step,
)
from orchestrator.model.metrics import Within
from orchestrator.model.values import (
    DAY,
    FOREVER,
    HOUR,
    MINUTE,
    SECOND,
    Duration,
    Instant,
    Span,
    parse_instant,
)
from tests.laws.build import law_of, long_law
from tests.laws.test_hours import owners

QUARTER: Final[Duration] = 15 * MINUTE
STARTS: Final = tuple(
    parse_instant(f"{day}T00:00:00Z") for day in ("2026-02-12", "2026-03-27", "2026-10-23")
)
DAYS: Final = 3
"""Cases start in so many days, their last instant included."""
AHEAD: Final = 40
"""So many days are looked at in all."""
ZONES: Final = ("UTC", "Europe/London", "America/New_York")


# --- calendars and the walk ----------------------------------------------------------------------


@st.composite
def calendars(draw: st.DrawFn, start: Instant, unit: Duration = QUARTER) -> Calendar:
    """Windows of whole units on some weekdays, some overnight, and some closures."""
    quarter = QUARTER // unit
    weekly = []
    for _ in range(7):
        windows = []
        if draw(st.integers(0, 3)):
            opens = draw(st.integers(0, 90 * quarter))
            closes = opens + draw(st.integers(1, 40 * quarter))
            windows.append((opens * unit, closes * unit))
        weekly.append(tuple(windows))
    if not any(weekly):
        weekly[0] = ((9 * HOUR, 17 * HOUR),)
    closures = []
    for _ in range(draw(st.integers(0, 2))):
        since = start + draw(st.integers(0, 400 * quarter)) * unit
        closures.append(Span(since, since + draw(st.integers(1, 200 * quarter)) * unit))
    zone = draw(st.sampled_from(ZONES))
    return Calendar("drawn", zone, tuple(weekly), closures=tuple(closures))


Moment = tuple[int, int]
"""A unit of time since the start, and 1 for a moment later."""


@dataclass(frozen=True)
class Walk:
    """The open units of time from a start on."""

    opens: Sequence[int]
    unit: Duration

    def due(self, at: Moment, units: int) -> Moment | None:
        """When so many open units have passed; None beyond what is looked at."""
        slot, later = at
        first = bisect.bisect_left(self.opens, slot)
        begun = bool(later) and first < len(self.opens) and self.opens[first] == slot
        # A case that comes a moment into an open unit needs a moment of the one after the last.
        index = first + units - (not begun)
        if index >= len(self.opens):
            return None
        return (self.opens[index], 1) if begun else (self.opens[index] + 1, 0)

    def counted(self, at: Moment, moment: Duration) -> Duration:
        slot, later = at
        index = bisect.bisect_left(self.opens, slot)
        partly = later and index < len(self.opens) and self.opens[index] == slot
        return index * self.unit + (moment if partly else 0)


def walk_of(calendar: Calendar | None, start: Instant, unit: Duration) -> Walk:
    slots = range(AHEAD * DAY // unit)
    if calendar is None:
        return Walk(slots, unit)
    return Walk([slot for slot in slots if owners(calendar, start + slot * unit)], unit)


@dataclass(frozen=True)
class Timed:
    """A way of composing stages, and the stages: a calendar with a number of units of time."""

    shape: str
    stages: tuple[tuple[Calendar | None, int], ...]
    start: Instant
    customer: Calendar | None
    unit: Duration = QUARTER


@st.composite
def timed(draw: st.DrawFn, unit: Duration = QUARTER) -> Timed:
    start = draw(st.sampled_from(STARTS))
    kinds = st.one_of(st.none(), calendars(start, unit))
    stages = draw(
        st.lists(
            st.tuples(kinds, st.integers(1, 60 * QUARTER // unit)), min_size=1, max_size=3
        ).map(tuple)
    )
    return Timed(
        draw(st.sampled_from(("in turn", "all", "first"))), stages, start, draw(kinds), unit
    )


def composed(case: Timed) -> Line:
    start, end = case.start, case.start + DAYS * DAY + 1
    found: Line | None = None
    for calendar, units in case.stages:
        if case.shape == "in turn" and found is not None:
            after = due_line(calendar, units * case.unit, found.lowest, found.highest + 1)
            found = then(found, after)
        else:
            line = due_line(calendar, units * case.unit, start, end)
            join = {"all": latest, "first": earliest, "in turn": latest}[case.shape]
            found = line if found is None else join(found, line)
    assert found is not None
    return found


def walked(case: Timed, moment: Duration) -> tuple[Duration, Instant] | None:
    """The longest wait on the customer's clock of cases that start at a unit of time or a moment
    after it, and the first start that has it."""
    walks = [(walk_of(calendar, case.start, case.unit), units) for calendar, units in case.stages]
    customer = walk_of(case.customer, case.start, case.unit)
    most: tuple[Duration, Instant] | None = None
    last = DAYS * DAY // case.unit
    for at in [*itertools.product(range(last), (0, 1)), (last, 0)]:
        if case.shape == "in turn":
            due: Moment | None = at
            for walk, units in walks:
                due = due and walk.due(due, units)
        else:
            found = [walk.due(at, units) for walk, units in walks]
            assume(None not in found)
            join: Callable[..., Moment] = max if case.shape == "all" else min
            due = join(found)
        assume(due is not None)
        assert due is not None
        waited = customer.counted(due, moment) - customer.counted(at, moment)
        if most is None or waited > most[0]:
            most = waited, case.start + at[0] * case.unit + at[1] * moment
    return most


def check_worst_start(case: Timed) -> None:
    exact = walked(case, 1)
    whole = walked(case, SECOND)
    assert exact is not None
    assert whole is not None
    due = composed(case)
    found = worst_start(due, case.customer)
    assert found.elapsed == exact[0]
    assert found.due == due.at(found.start)
    if whole[0] == exact[0]:
        assert found.start == whole[1]


@given(timed())
@law_of(40)
def test_the_worst_start_is_that_of_a_walk_through_time(case: Timed) -> None:
    check_worst_start(case)


@given(timed(MINUTE))
@law_of(6)
def test_the_worst_start_is_that_of_a_walk_minute_by_minute(case: Timed) -> None:
    check_worst_start(case)


@pytest.mark.long
@given(timed())
@long_law
def test_the_worst_start_is_that_of_a_long_walk_through_time(case: Timed) -> None:
    check_worst_start(case)


@given(st.data())
@law_of(40)
def test_a_line_of_a_calendar_is_its_clock_at_every_instant(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from(STARTS))
    calendar = data.draw(calendars(start))
    duration = data.draw(st.integers(0, 60)) * QUARTER + data.draw(st.integers(0, 2))
    end = start + DAYS * DAY
    due = due_line(calendar, duration, start, end)
    counted = clock({"drawn": calendar}, "drawn", Span(start, end))
    counts = count_line(calendar, start, end)
    edges = {edge + by for edge in due.starts for by in (-1, 0, 1)}
    edges |= {start + data.draw(st.integers(0, DAYS * DAY - 1)) for _ in range(5)}
    for at in sorted(edge for edge in edges if start <= edge < end):
        assert due.at(at) == counted.due(at, duration)
        assert counts.at(at) == counted.open_before(at)


@given(st.data())
@law_of(20)
def test_a_line_of_business_days_is_the_close_of_the_nth_at_every_instant(
    data: st.DataObject,
) -> None:
    start = data.draw(st.sampled_from(STARTS))
    calendar = data.draw(calendars(start))
    days = data.draw(st.integers(1, 4))
    end = start + DAYS * DAY
    due = business_line(calendar, days, "UTC", start, end)
    for at in (start, end - 1, *(start + data.draw(st.integers(0, DAYS * DAY - 1)) for _ in "abc")):
        assert due.at(at) == close_of_day(calendar, at, days)
    assert business_days_needed(due, calendar, "UTC") == days
    sooner = then(due, shifted(due.lowest, due.highest + 1, 0))
    assert never_later(sooner, due)


def test_calendars_in_turn_do_not_commute() -> None:
    start = STARTS[0]
    day = Calendar("day", "UTC", (((9 * HOUR, 17 * HOUR),),) * 7)
    evening = Calendar("evening", "UTC", (((17 * HOUR, 22 * HOUR),),) * 7)
    found = [
        worst_start(composed(Timed("in turn", ((one, 4), (other, 4)), start, None)), None).elapsed
        for one, other in ((day, evening), (evening, day))
    ]
    assert found[0] < found[1]


# --- shares --------------------------------------------------------------------------------------


@st.composite
def fronts(draw: st.DrawFn) -> Front:
    times = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True).map(sorted))
    shares = draw(
        st.lists(st.integers(1, 20), min_size=len(times), max_size=len(times), unique=True)
    )
    return front(zip(times, (Fraction(one, 20) for one in sorted(shares)), strict=True))


@given(st.lists(fronts(), min_size=1, max_size=4), st.integers(1, 30))
@law_of(100)
def test_the_best_split_is_the_best_of_all_splits(stages: list[Front], limit: int) -> None:
    splits = [
        sum((share for _, share in split), Fraction(0)) - (len(stages) - 1)
        for split in itertools.product(*stages)
        if sum(time for time, _ in split) <= limit
    ]
    works = {
        Stage(str(number)): Work(str(number), tuple(Within(share, time) for time, share in known))
        for number, known in enumerate(stages)
    }
    found = options(InSequence(tuple(works)), works, KNOWN, 0, 1)
    best = max((one.share for one in found.options if one.due.highest <= limit), default=0)
    assert best == max([*splits, Fraction(0)])


CASES: Final = 216
"""Sixths of sixths of them are whole numbers."""
TERMS: Final = ("a", "b", "c", "d")


@st.composite
def steps(draw: st.DrawFn, depth: int = 2) -> Step:
    if not depth or draw(st.integers(0, 2)) == 0:
        return Stage(draw(st.sampled_from(TERMS)))
    inner = steps(depth - 1)
    kind = draw(st.sampled_from(("sequence", "parallel", "first", "choice", "loop")))
    if kind == "choice":
        cut = draw(st.integers(1, 5))
        shares = (Fraction(cut, 6), Fraction(6 - cut, 6))
        empty = draw(st.booleans())
        parts = (draw(inner), InSequence(()) if empty else draw(inner))
        return OneOfBranches(tuple(map(Branch, shares, parts)))
    if kind == "loop":
        return Repeated(draw(st.integers(1, 3)), draw(inner))
    several = tuple(draw(st.lists(inner, min_size=1, max_size=3)))
    return {"sequence": InSequence, "parallel": InParallel, "first": FirstOf}[kind](several)


Visit = tuple[int, tuple[int, ...], str]
"""A case, the place where it is, and the term it comes to."""


def visits(step: Step, cases: Sequence[int], at: tuple[int, ...], mixed: st.DataObject) -> Taken:
    """Who comes by where; each choice is made for the shares of its cases exactly."""
    match step:
        case Stage():
            return Taken(step, at, tuple(cases), ())
        case OneOfBranches():
            shuffled = mixed.draw(st.permutations(cases)) if len(cases) < 40 else list(cases)
            inner, since = [], 0
            for number, branch in enumerate(step.branches):
                count = int(branch.share * len(cases))
                part = shuffled[since : since + count]
                inner.append(visits(branch.step, part, (*at, number), mixed))
                since += count
            return Taken(step, at, tuple(cases), tuple(inner))
        case Repeated():
            parts = [step.step] * step.times
        case _:
            parts = list(step.steps)
    inner = [visits(one, cases, (*at, number), mixed) for number, one in enumerate(parts)]
    return Taken(step, at, tuple(cases), tuple(inner))


@dataclass(frozen=True)
class Taken:
    """A step as it is gone through: by which cases."""

    step: Step
    at: tuple[int, ...]
    cases: tuple[int, ...]
    inner: tuple[Taken, ...]

    def stages(self) -> list[Taken]:
        if isinstance(self.step, Stage):
            return [self]
        return [stage for part in self.inner for stage in part.stages()]


LOST: Final[Duration] = -1
"""How long a case takes that is never done."""

Took = Mapping[tuple[int, tuple[int, ...]], Duration]


def finished(
    taken: Taken, case: int, begun: Instant, took: Took, clocks: Mapping[str, Clock]
) -> Instant:
    """When a case is done with a step that it begins at an instant."""
    match taken.step:
        case Stage():
            time = took[case, taken.at]
            return (
                FOREVER
                if LOST in {time, begun - FOREVER - 1}
                else clocks[taken.step.agreement].due(begun, time)
            )
        case InParallel():
            return max(finished(one, case, begun, took, clocks) for one in taken.inner)
        case FirstOf():
            return min(finished(one, case, begun, took, clocks) for one in taken.inner)
        case OneOfBranches():
            (way,) = (one for one in taken.inner if case in one.cases)
            return finished(way, case, begun, took, clocks)
        case _:
            for one in taken.inner:
                if begun >= FOREVER:
                    return FOREVER
                begun = finished(one, case, begun, took, clocks)
            return begun


def adversary(
    taken: Taken, works: Mapping[str, Work], order: Callable[[Taken, int], object]
) -> dict[tuple[int, tuple[int, ...]], Duration]:
    """How long each visit takes, if every term is only just kept: the visits that come first in an
    order are the slowest."""
    took = {}
    for term, work in works.items():
        there = [
            (case, stage)
            for stage in taken.stages()
            if str(stage.step) == term
            for case in stage.cases
        ]
        there.sort(key=lambda one: order(one[1], one[0]))  # type: ignore[arg-type, return-value]
        points = sorted(work.points, key=lambda point: point.share)
        left = len(there)
        kept = [-(-left * point.share.numerator // point.share.denominator) for point in points]
        for index, (case, stage) in enumerate(there):
            place = left - index
            time = next(
                (p.duration for p, many in zip(points, kept, strict=True) if place <= many), LOST
            )
            took[case, stage.at] = time
    return took


@st.composite
def works(draw: st.DrawFn, start: Instant) -> dict[str, Work]:
    found = {}
    hours = [None, draw(calendars(start))] if draw(st.booleans()) else [None]
    for term in TERMS:
        known = draw(fronts())
        points = tuple(Within(share, time * HOUR) for time, share in known)
        found[term] = Work(term, points, draw(st.sampled_from(hours)))
    return found


def check_simulation(data: st.DataObject) -> None:
    """No behaviour that keeps the terms of all stages falls below a floor."""
    start = data.draw(st.sampled_from(STARTS))
    end = start + DAY
    step = data.draw(steps())
    promised = data.draw(works(start))
    found = options(step, {Stage(t): w for t, w in promised.items()}, KNOWN, start, end).options
    assume(found)
    taken = visits(step, range(CASES), (), data)
    span = Span(start, start + 400 * DAY)
    clocks = {
        term: clock({"drawn": work.calendar} if work.calendar else {}, "drawn", span)
        if work.calendar
        else clock({}, "24x7", span)
        for term, work in promised.items()
    }
    seed = data.draw(st.integers(1, 10**6))
    starts = [start + case * seed * SECOND % DAY for case in range(CASES)]
    orders: dict[str, Callable[[Taken, int], object]] = {
        "spread": lambda stage, case: (case * 7 + len(stage.at) * 97 + sum(stage.at) * 31) % CASES,
        "one place first": lambda stage, case: (stage.at, case),
        "few cases first": lambda stage, case: (len(stage.cases), stage.at, case),
        "last place first": lambda stage, case: (tuple(-x for x in stage.at), -case),
        "drawn": lambda stage, case: hash((seed, stage.at, case)),
    }
    for order in orders.values():
        took = adversary(taken, promised, order)
        done = [finished(taken, case, starts[case], took, clocks) for case in range(CASES)]
        for option in found:
            limit = worst_start(option.due, None).elapsed
            kept = sum(one - since <= limit for one, since in zip(done, starts, strict=True))
            assert Fraction(kept, CASES) >= option.share


@given(st.data())
@law_of(60)
def test_no_behaviour_that_keeps_every_stage_falls_below_the_floor(data: st.DataObject) -> None:
    check_simulation(data)


@pytest.mark.long
@given(st.data())
@long_law
def test_no_behaviour_of_many_falls_below_the_floor(data: st.DataObject) -> None:
    check_simulation(data)


def test_misses_that_fall_apart_reach_the_floor() -> None:
    step = InSequence((Stage("a"), InParallel((Stage("b"), Stage("c")))))
    shares = {"a": Fraction(5, 6), "b": Fraction(3, 4), "c": Fraction(8, 9)}
    promised = {term: Work(term, (Within(share, HOUR),)) for term, share in shares.items()}
    start = STARTS[0]
    (option,) = options(
        step, {Stage(t): w for t, w in promised.items()}, KNOWN, start, start + DAY
    ).options
    taken = Taken(
        step,
        (),
        tuple(range(36)),
        (
            Taken(Stage("a"), (0,), tuple(range(36)), ()),
            Taken(
                step.steps[1],
                (1,),
                tuple(range(36)),
                (
                    Taken(Stage("b"), (1, 0), tuple(range(36)), ()),
                    Taken(Stage("c"), (1, 1), tuple(range(36)), ()),
                ),
            ),
        ),
    )
    # a misses cases 0 to 5, b the 9 after them, c the 4 after those
    since = {"a": 0, "b": 6, "c": 15}
    took = adversary(taken, promised, lambda stage, case: (case - since[str(stage.step)]) % 36)
    clocks = {term: clock({}, "24x7", Span(start, start + DAY)) for term in promised}
    done = [finished(taken, case, start, took, clocks) for case in range(36)]
    kept = sum(one - start <= 2 * HOUR for one in done)
    assert Fraction(kept, 36) == option.share == 1 - sum(1 - share for share in shares.values())


@given(st.data())
@law_of(60)
def test_the_estimate_of_a_flow_is_never_below_its_floor(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from(STARTS))
    step = data.draw(steps())
    promised = {Stage(term): work for term, work in data.draw(works(start)).items()}
    floor = options(step, promised, KNOWN, start, start + DAY).options
    estimate = options(step, promised, EXPECTED, start, start + DAY).options
    for option in floor:
        assert any(
            one.share >= option.share and never_later(one.due, option.due) for one in estimate
        )
        at = start + data.draw(st.integers(0, DAY - 1))
        waits = trace(option.path, at)
        assert max([at, *(due for _, _, due in waits)]) == option.due.at(at)
        assert all(begun <= due for _, begun, due in waits)


def test_first_responders_may_each_miss_the_cases_that_the_other_is_late_for() -> None:
    start = STARTS[0]
    teams = {
        "day": Calendar("day", "UTC", (((9 * HOUR, 21 * HOUR),),) * 7),
        "night": Calendar("night", "UTC", (((21 * HOUR, 33 * HOUR),),) * 7),
    }
    tenth = (Within(Fraction(9, 10), HOUR),)
    promised = {Stage(id): Work(id, tenth, calendar) for id, calendar in teams.items()}
    step = FirstOf((Stage("day"), Stage("night")))
    found = options(step, promised, KNOWN, start, start + DAY).options
    # 240 cases at noon and at midnight by turns; each team misses 24 of those in its own hours
    clocks = {id: clock(teams, id, Span(start, start + 9 * DAY)) for id in teams}
    done = 0
    for case in range(240):
        begun = start + (case % 2) * 12 * HOUR
        on_duty, other = ("day", "night") if case % 2 else ("night", "day")
        missed = case < 48
        due = min(
            FOREVER if missed else clocks[on_duty].due(begun, HOUR), clocks[other].due(begun, HOUR)
        )
        done += due - begun <= 2 * HOUR
    shares = [one.share for one in found if worst_start(one.due, None).elapsed <= 2 * HOUR]
    assert max(shares) == Fraction(done, 240) == Fraction(8, 10)


def no_less(left: Sequence[Option], right: Sequence[Option]) -> bool:
    """Whether one of the left choices is as good as any of the right ones."""
    return all(
        any(one.share >= other.share and never_later(one.due, other.due) for one in left)
        for other in right
    )


@given(st.data(), st.sampled_from((KNOWN, EXPECTED)), st.integers(2, 6))
@law_of(60)
def test_a_loop_is_its_step_written_so_often(
    data: st.DataObject, counting: Counting, times: int
) -> None:
    """For certain; where stages are independent, those of a loop rely on one point each all the
    same, and what is written out may do better."""
    start = data.draw(st.sampled_from(STARTS))
    step = data.draw(steps(1))
    promised = {Stage(term): work for term, work in data.draw(works(start)).items()}
    # a step by itself is the same step, and is not known to be
    written = InSequence(
        tuple(InSequence((step,)) if place % 2 else step for place in range(times))
    )
    loop = options(Repeated(times, step), promised, counting, start, start + DAY)
    unrolled = options(written, promised, counting, start, start + DAY)
    assume(loop.whole and unrolled.whole)
    assert no_less(unrolled.options, loop.options)
    assert counting is EXPECTED or no_less(loop.options, unrolled.options)


@given(st.data(), st.sampled_from((KNOWN, EXPECTED)), st.sampled_from((0, 100, 1000)))
@law_of(60)
def test_what_is_found_before_the_pieces_are_used_up_is_never_more_than_all_of_it(
    data: st.DataObject, counting: Counting, pieces: int
) -> None:
    start = data.draw(st.sampled_from(STARTS))
    step = data.draw(steps())
    promised = {Stage(term): work for term, work in data.draw(works(start)).items()}
    everything = options(step, promised, counting, start, start + DAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timed_flows, "PIECES", pieces)
        found = options(step, promised, counting, start, start + DAY)
    assume(everything.whole)
    assert no_less(everything.options, found.options)
    assert not found.whole or no_less(found.options, everything.options)
