"""Cases on their way along a flow: by when they are done, and how many of them are for certain.

For every choice of a point of each stage there is a line from the start of a case to its due
instant and a share of the cases that keep it. What is not known for certain may be given up: the
cases of one branch are few where it would be slow.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.kinds.chances import ONE, ZERO, chance_kept
from orchestrator.engine.kinds.counting import Counting
from orchestrator.engine.kinds.lines import (
    Line,
    business_line,
    due_line,
    earliest,
    latest,
    line,
    never_later,
    shifted,
    then,
)
from orchestrator.engine.kinds.stages import places
from orchestrator.model.calendars import Calendar
from orchestrator.model.flows import (
    FirstOf,
    InParallel,
    InSequence,
    OneOfBranches,
    Repeated,
    Stage,
    Step,
    steps_of,
)
from orchestrator.model.metrics import Within
from orchestrator.model.values import FOREVER, Instant

FRONT: Final = 128
"""So many choices are carried along; of more, those that keep the largest shares."""

LARGEST: Final = 5000
"""A flow that goes through more stages, loops unrolled, is not computed: nothing is known of it."""

ROUNDS: Final = 2000
"""So many times at most work is gone through in business days, counted anew from each close."""

SHARED: Final = 1024
"""So many choices of points for terms that stand at several places of a flow are compared."""

PIECES: Final = 2_000_000
"""So many pieces of lines are composed and compared to weigh choices; from then on only the one
that keeps the largest share is carried along."""

EACH: Final = 24
"""Two lines composed or compared cost as much as so many pieces more."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a stage promises: points on its own calendar (None: round the clock). `term` tells
    stages of one term; no points where nothing is promised."""

    term: str
    points: tuple[Within, ...]
    calendar: Calendar | None = None
    timezone: str = "UTC"

    def due(self, point: Within, start: Instant, end: Instant, times: int = 1) -> Line:
        """When work is done that is gone through so often: open time adds up; business days are
        counted anew from each close."""
        if not point.business_days:
            return due_line(self.calendar, point.duration * times, start, end)
        if times > ROUNDS:
            return line([(start, FOREVER, 0)], end)
        days, found = point.business_days, shifted(start, end)
        for _ in range(times):
            after = business_line(
                self.calendar, days, self.timezone, found.lowest, found.highest + 1
            )
            found = then(found, after)
            if found.highest >= FOREVER:
                break
        return found


Works = Mapping[Stage, Work]


@dataclass(frozen=True, slots=True)
class Leg:
    """A stage, and by when it is done."""

    stage: str
    due: Line


@dataclass(frozen=True, slots=True)
class Path:
    """Several ways of which all are gone one after another (`then`), or the slowest or the fastest
    counts."""

    kind: str
    parts: tuple[Leg | Path, ...]
    due: Line


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of points: by when cases are done, and the share of them that are."""

    due: Line
    share: Fraction
    path: Leg | Path


_JOIN: Final = {"slowest": latest, "fastest": earliest}


@dataclass(frozen=True, slots=True)
class Found:
    """The choices worth making; `whole` is false where there were too many to carry along."""

    options: tuple[Option, ...]
    whole: bool


def options(step: Step, works: Works, counting: Counting, start: Instant, end: Instant) -> Found:
    """What is known of cases that start in [start, end)."""
    if _size(step) > LARGEST:
        return Found((), False)
    visits: dict[str, Fraction] = {}
    shared: dict[str, Work] = {}
    for place in places(step):
        work = works[place.stage]
        if place.again or (counting.by_term and work.term in visits):
            shared[work.term] = work
        visits[work.term] = visits.get(work.term, ZERO) + place.visits
    found: list[Option] = []
    ways, whole = _choices(shared)
    search = _Search(works, counting)
    for number, chosen in enumerate(ways):
        # each is given as much, and the most demanding ones come first
        search.allow(PIECES // len(ways))
        if number and search.spent > PIECES:
            search.whole = False
            break
        missed = ZERO
        if counting.by_term:
            missed = sum(
                (visits[t] * (ONE - point.share) for t, point in chosen.items() if point), ZERO
            )
        found += [
            Option(option.due, option.share - missed, option.path)
            for option in search.of(step, start, end, chosen)
            if option.share > missed
        ]
    search.allow(PIECES)
    return Found(tuple(search.worth(found)), search.whole and whole)


def _size(step: Step) -> int:
    """How many stages are gone through; a stage in a loop of its own is one of so much work."""
    match step:
        case Stage():
            return 1
        case Repeated():
            inner, times = _unrolled(step)
            return 1 if isinstance(inner, Stage) else times * _size(inner)
        case OneOfBranches() | InSequence() | InParallel() | FirstOf():
            return sum(map(_size, steps_of(step)))


def _unrolled(loop: Repeated) -> tuple[Step, int]:
    """What a loop of loops goes through, and how often."""
    step, times = loop.step, loop.times
    while isinstance(step, Repeated):
        times *= step.times
        step = step.step
    return step, times


Chosen = Mapping[str, Within | None]
"""The point relied on of each term that stands at several places; None relies on none."""


def _choices(shared: Mapping[str, Work]) -> tuple[list[Chosen], bool]:
    """The points to rely on, of each term that stands at several places, at all of them: as its
    misses may all fall on one place, another point elsewhere gains nothing. Those with the largest
    shares come first; and whether these are all."""
    ways: list[list[tuple[str, Within | None]]] = []
    count, whole = 1, True
    for term, work in shared.items():
        points: list[Within | None] = [*sorted(work.points, key=lambda p: -p.share), None]
        if count * len(points) > SHARED:
            points, whole = points[:1], False
        count *= len(points)
        ways.append([(term, point) for point in points])
    return [dict(chosen) for chosen in itertools.product(*ways)], whole


class _Search:
    """Goes along a flow; guards that whoever asks learns if choices were left out, and that the
    work is limited: in pieces of lines, so that the same flow finds the same."""

    def __init__(self, works: Works, counting: Counting) -> None:
        self.works = works
        self.counting = counting
        self.whole = True
        self.spent = 0
        self._limit = 0
        self._lost = 0

    def allow(self, pieces: int) -> None:
        """So many pieces more may be spent on weighing choices."""
        self._limit = self.spent + pieces

    def of(self, step: Step, start: Instant, end: Instant, chosen: Chosen) -> list[Option]:
        match step:
            case Stage():
                return self.worth(self._stage(step, start, end, chosen, 1))
            case InSequence():
                return self._in_turn(step.steps, start, end, chosen)
            case Repeated():
                inner, times = _unrolled(step)
                if isinstance(inner, Stage):
                    return self.worth(self._stage(inner, start, end, chosen, times))
                return self._in_turn((inner,) * times, start, end, chosen)
            case InParallel():
                found = self.of(step.steps[0], start, end, chosen)
                for one in step.steps[1:]:
                    found = self._joined(
                        found, self.of(one, start, end, chosen), "slowest", self.counting.both
                    )
                return found
            case FirstOf():
                found = self.of(step.steps[0], start, end, chosen)
                for one in step.steps[1:]:
                    found = self._either(found, self.of(one, start, end, chosen))
                return found
            case OneOfBranches():
                return self._mixed(step, start, end, chosen)

    def _stage(
        self, stage: Stage, start: Instant, end: Instant, chosen: Chosen, times: int
    ) -> Iterator[Option]:
        work = self.works[stage]
        shared = work.term in chosen
        points = (chosen[work.term],) if shared else work.points
        for point in points:
            if point is not None:
                due = work.due(point, start, end, times)
                self.spent += EACH + len(due.starts)
                self._lost += due.highest >= FOREVER
                if due.highest < FOREVER:
                    counted = self.counting.by_term and shared
                    share = ONE if counted else chance_kept(point.share, times)
                    yield Option(due, share, Leg(str(stage), due))

    def _in_turn(
        self, steps: Sequence[Step], start: Instant, end: Instant, chosen: Chosen
    ) -> list[Option]:
        at_once = shifted(start, end)
        found = [Option(at_once, ONE, Path("then", (), at_once))]
        for step, rounds in itertools.groupby(steps):
            following: Window | None = None
            for _ in rounds:
                if not found:
                    return []
                low = min(option.due.lowest for option in found)
                high = max(option.due.highest for option in found)
                if following is None or high >= following.end:
                    following = self._ahead(step, low, high + 1, chosen, following)
                found = self.worth(self._followed(found, following.options))
        return found

    def _ahead(
        self, step: Step, low: Instant, end: Instant, chosen: Chosen, before: Window | None
    ) -> Window:
        """A step for every start in [low, end) and, in a later round, for as long again, so that
        few windows serve many rounds; no further than work is always done."""
        if before is not None:
            lost, further = self._lost, end + max(end - low, before.length)
            options = self.of(step, low, further, chosen)
            if lost == self._lost:
                return Window(options, low, further)
        return Window(self.of(step, low, end, chosen), low, end)

    def _followed(self, found: Sequence[Option], following: Sequence[Option]) -> Iterator[Option]:
        for one, after in itertools.product(found, following):
            share = self.counting.both(one.share, after.share)
            if share > 0:
                due = then(one.due, after.due)
                self.spent += EACH + len(one.due.starts) + len(due.starts)
                if due.highest < FOREVER:
                    yield Option(due, share, Path("then", (*_parts(one.path), after.path), due))

    def _joined(
        self,
        left: Sequence[Option],
        right: Sequence[Option],
        kind: str,
        share: Callable[[Fraction, Fraction], Fraction],
    ) -> list[Option]:
        found = []
        for one, other in itertools.product(left, right):
            kept = share(one.share, other.share)
            if kept > 0:
                due = _JOIN[kind](one.due, other.due)
                self.spent += EACH + len(one.due.starts) + len(other.due.starts)
                found.append(Option(due, kept, Path(kind, (one.path, other.path), due)))
        return self.worth(found)

    def _either(self, left: Sequence[Option], right: Sequence[Option]) -> list[Option]:
        """The first of two is enough: one may be relied on alone, or both together."""
        found = [*left, *right]
        for kind, share in self.counting.either:
            found += self._joined(left, right, kind, share)
        return self.worth(found)

    def _mixed(
        self, step: OneOfBranches, start: Instant, end: Instant, chosen: Chosen
    ) -> list[Option]:
        found: list[Option] = []
        for branch in step.branches:
            taken = [
                Option(option.due, branch.share * option.share, option.path)
                for option in self.of(branch.step, start, end, chosen)
            ]
            # either branch given up, or both kept
            both = self._joined(found, taken, "slowest", lambda one, other: one + other)
            found = self.worth([*found, *taken, *both])
        return found

    def worth(self, found: Iterable[Option]) -> list[Option]:
        """The choices that no other one beats in both: share, and due instant at every start."""
        kept: list[Option] = []
        for option in sorted(found, key=lambda one: (-one.share, one.due.highest)):
            if any(self._never_later(one.due, option.due) for one in kept):
                continue
            if len(kept) >= (FRONT if self.spent < self._limit else 1):
                self.whole = False
                break
            kept.append(option)
        return kept

    def _never_later(self, left: Line, right: Line) -> bool:
        if left.lowest > right.lowest or left.highest > right.highest:
            return False
        self.spent += EACH + len(left.starts) + len(right.starts)
        return never_later(left, right)


@dataclass(frozen=True, slots=True)
class Window:
    """The choices of a step for every start in [start, end)."""

    options: Sequence[Option]
    start: Instant
    end: Instant

    @property
    def length(self) -> int:
        return self.end - self.start


def _parts(path: Leg | Path) -> tuple[Leg | Path, ...]:
    return path.parts if isinstance(path, Path) and path.kind == "then" else (path,)


def trace(path: Leg | Path, start: Instant) -> list[tuple[str, Instant, Instant]]:
    """The stages that a case which starts then waits for, each with when it begins and is due."""
    if isinstance(path, Leg):
        return [(path.stage, start, path.due.at(start))]
    if path.kind == "then":
        found, at = [], start
        for part in path.parts:
            found += trace(part, at)
            at = part.due.at(at)
        return found
    sign = -1 if path.kind == "slowest" else 1
    return trace(min(path.parts, key=lambda part: sign * part.due.at(start)), start)
