"""Slices: the measured service's downtime, cut where a leaf changes state, and judged (rule 2).

What a slice comes to depends on the set of failed leaves, so it is judged once for each such set
and remembered; policies that ask who failed first are judged anew.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Final

from orchestrator.engine.components import Bits, Node, bits_from, bits_of, lowest
from orchestrator.engine.evidence import Downtimes, Ground, Times, onset, sweep
from orchestrator.engine.excuses import Refusal
from orchestrator.engine.games import game
from orchestrator.engine.intervals import Intervals, clip, sharing, subtract, union
from orchestrator.engine.observations import Observations, observed
from orchestrator.engine.promises import policies_of
from orchestrator.engine.reports import Report, Reports
from orchestrator.engine.shares import ONE, Shares, Slice, judge
from orchestrator.engine.sources import Choice, contractual
from orchestrator.engine.structure import Leaf, Structure
from orchestrator.engine.subjects import Subject
from orchestrator.model.values import Duration, Instant, Span

BY_ORDER: Final = frozenset({"first_cause", "last_straw"})
"""The share policies for which the order of failing matters."""


@dataclass(frozen=True, slots=True)
class Scene:
    """An agreement's structure in one epoch, with the reports it is measured by, and when they say
    that services were down."""

    structure: Structure
    node: Node
    reports: Reports
    downtimes: Downtimes

    def leaf(self, number: int) -> Leaf:
        return self.structure.leaves[number]

    def reports_on(self, number: int, start: Instant, end: Instant) -> list[Report]:
        """The reports that a leaf was down by and that share an instant with a stretch: of the
        service, and behind a contract of all that lies there."""
        snapshot, leaf = self.structure.snapshot, self.leaf(number)
        (service,) = leaf.services
        if leaf.part == "own" or snapshot.services[service].requires is None:
            return self.reports.on(service, start, end)
        return self.reports.beneath(snapshot, snapshot.reach[service], start, end)

    def evidence(self, number: int, intervals: Intervals) -> set[str]:
        """The facts that say a leaf was down at some time."""
        if not intervals:
            return set()
        (start, _), (_, end) = intervals[0], intervals[-1]
        found = self.reports_on(number, start, end)
        if len(intervals) > 1:
            found = [report for report in found if sharing(intervals, *report.interval)]
        return {report.id for report in found}


@dataclass(frozen=True, slots=True)
class Transfer:
    """Recovery time charged to what brought a leaf down (rule 3): what the leaf contributes from
    `start` to `end` is shared by those, as they stood an instant before."""

    leaf: int
    start: Instant
    end: Instant
    shares: Shares


@dataclass(frozen=True, slots=True)
class Stretch:
    """A judged slice; `weight` is the share of users affected where the term weighs by it."""

    start: Instant
    end: Instant
    verdict: Slice
    scene: Scene
    weight: Fraction = ONE
    transfers: tuple[Transfer, ...] = ()

    @property
    def length(self) -> Duration:
        return self.end - self.start

    @property
    def counted(self) -> Fraction:
        """How much of it counts, as a share."""
        counted = self.verdict.counted
        return counted if self.weight is ONE else counted * self.weight


def counted_in(stretches: Iterable[Stretch]) -> Fraction:
    """How long of some stretches counts, in microseconds."""
    whole, parts = 0, Fraction(0)
    for stretch in stretches:
        counted = stretch.counted
        if counted == 1:
            whole += stretch.length
        else:
            parts += stretch.length * counted
    return whole + parts


@dataclass(frozen=True, slots=True)
class Slices:
    """Every slice in which the measured service was down, in order, counted or excused; when
    something was reported down with nothing beneath to explain it; and what is not excused though
    it was claimed."""

    stretches: tuple[Stretch, ...] = ()
    unexplained: Intervals = ()
    refusals: tuple[Refusal, ...] = ()


def slices(
    seen: Observations,
    subject: Subject,
    hull: Span,
    choice: Choice | None = None,
    *,
    gaps_count: bool,
) -> Slices:
    """What a subject's downtime comes to within a span, by its contractual source or by others."""
    choice = contractual(subject) if choice is None else choice
    found = observed(seen, subject, hull, choice, gaps_count=gaps_count)
    if found is None:
        return Slices()
    downtimes, reports, refusals = found
    stretches: list[Stretch] = []
    unexplained: list[tuple[Instant, Instant]] = []
    for span, snapshot in seen.estate.during(hull):
        if all(service in snapshot.services for service in subject.services):
            structure = seen.underpinning.structure(snapshot, subject.version.provider, traced=True)
            node = structure.below(subject.version, subject.covers)
            made, odd = _in_epoch(Scene(structure, node, reports, downtimes), subject, span)
            stretches += made
            unexplained += odd
    if policies_of(subject.term).measured == "reported":
        stretches = cut(stretches, union(_statements(subject, stretches)))
    return Slices(tuple(stretches), union(unexplained), tuple(refusals))


def cut(stretches: Iterable[Stretch], intervals: Intervals) -> list[Stretch]:
    """The parts of stretches that lie in intervals."""
    found = []
    for stretch in stretches:
        for start, end in sharing(intervals, stretch.start, stretch.end):
            if start <= stretch.start and stretch.end <= end:
                found.append(stretch)
            else:
                found.append(
                    replace(stretch, start=max(start, stretch.start), end=min(end, stretch.end))
                )
    return found


def _statements(subject: Subject, stretches: Sequence[Stretch]) -> Iterator[tuple[int, int]]:
    """When the measured service itself was reported down."""
    for scene in {id(stretch.scene): stretch.scene for stretch in stretches}.values():
        for cover in subject.covers:
            leaf = scene.structure.snapshot.services[cover.service].requires is None
            for report in scene.reports.of.get(cover.service, ()):
                if leaf or cover.scope == "own" or not report.own:
                    yield report.interval


def beneath(scene: Scene, structure: Structure, subject: Subject, span: Span) -> list[Stretch]:
    """The slices of what another agreement covers, by the reports and excuses of a scene."""
    node = structure.below(subject.version, subject.covers)
    lower = Scene(structure, node, scene.reports, scene.downtimes)
    return _in_epoch(lower, subject, span)[0]


def _in_epoch(scene: Scene, subject: Subject, span: Span) -> tuple[list[Stretch], Intervals]:
    """The slices of one epoch, and when something was unexplained in it."""
    structure, downtimes = scene.structure, scene.downtimes
    ground = downtimes.ground(structure, scene.node)
    times = downtimes.during(ground, span)
    if not times:
        return [], ()
    if not downtimes.unexplained:
        return _judged(scene, subject, ground, times, (), span), ()
    transfers = _transfers(scene, subject, times)
    unexplained = union(
        interval
        for number in times
        if scene.leaf(number).part == "own"
        for interval in clip(
            downtimes.unexplained.get(scene.leaf(number).services[0], ()), span.start, span.end
        )
    )
    moved = union((transfer.start, transfer.end) for transfer in transfers)
    stretches = _judged(scene, subject, ground, times, transfers, span)
    return stretches, subtract(unexplained, moved)


def _judged(
    scene: Scene,
    subject: Subject,
    ground: Ground,
    times: dict[int, Times],
    transfers: Sequence[Transfer],
    span: Span,
) -> list[Stretch]:
    """Cut time where a leaf changes state, and judge every piece in which the service is down.

    Most of what is redundant has no part in any failure of the span: with all that was down in it
    down at once, the service would be up all the same. Whether it was down, and by whom, is
    decided by the others alone.
    """
    games = ground.games
    concerned = games.concerned(games.places(times))
    players = {place: games.players[place] for place in bits_of(concerned)}
    if not players:
        return []
    judged = _Judged(ground, subject, {place: times[n][0] for place, n in players.items()})
    weighs = subject.term.measurement.weighting == "affected_share"
    cuts = [instant for transfer in transfers for instant in (transfer.start, transfer.end)]
    if weighs:
        cuts += [
            instant
            for number in times
            for report in scene.reports_on(number, span.start, span.end)
            for instant in report.interval
        ]
    excused = any(times[n][0] is not times[n][1] for n in players.values())
    layers = [
        {place: clip(times[n][which], span.start, span.end) for place, n in players.items()}
        for which in range(1 + excused)
    ]
    down = [
        (start, end, verdict)
        for start, end, states in sweep(layers, cuts)
        if (verdict := judged.at(start, states[0], states[-1])) is not None
    ]
    if not down:
        return []
    marks = _marks(times, times.keys() - set(players.values()), Span(down[0][0], down[-1][1]))
    found = []
    for begin, finish, verdict in down:
        for start, end in _pieces(begin, finish, marks):
            stretch = Stretch(start, end, verdict, scene)
            if transfers:
                stretch = replace(stretch, transfers=tuple(_holding(transfers, stretch)))
            found.append(replace(stretch, weight=_weight(stretch)) if weighs else stretch)
    return found


def _marks(times: Mapping[int, Times], leaves: Iterable[int], span: Span) -> list[Instant]:
    """The instants of a span at which some leaves change state."""
    return sorted(
        {
            instant
            for number in leaves
            for layer in times[number]
            for interval in clip(layer, span.start, span.end)
            for instant in interval
        }
    )


def _pieces(
    start: Instant, end: Instant, marks: Sequence[Instant]
) -> Iterator[tuple[Instant, Instant]]:
    """A stretch cut at those of some instants that lie inside it."""
    for place in range(bisect.bisect_right(marks, start), bisect.bisect_left(marks, end)):
        yield start, marks[place]
        start = marks[place]
    yield start, end


class _Judged:
    """What slices come to; guards that each set of failed players is judged once, but by a policy
    that asks who failed first."""

    def __init__(self, ground: Ground, subject: Subject, began: Mapping[int, Intervals]) -> None:
        self._games = ground.games
        self._of_all = ground.known
        self._policies = policies_of(subject.term)
        self._began = began
        self._known: dict[tuple[Bits, Bits], Slice | None] = {}
        self._harmless: Bits = 0

    def at(self, start: Instant, down: Bits, unexcused: Bits) -> Slice | None:
        """A slice that begins at an instant, by the places of the players that are down, and of
        those that are down by what is not excused; None where the service is up."""
        key = (down, unexcused)
        if key not in self._known or self._policies.shares in BY_ORDER:
            self._known[key] = self._judge(start, down, unexcused)
        return self._known[key]

    def _judge(self, start: Instant, down: Bits, unexcused: Bits) -> Slice | None:
        # What a failure left up stays up while parts of it are repaired.
        if not down & ~self._harmless:
            return None
        concerned = self._games.concerned(down)
        if not concerned:
            self._harmless = down
            return None
        # What else is down is no matter, and the sets that matter are few.
        if self._policies.shares in BY_ORDER:
            return self._shared(start, down & concerned, unexcused & concerned)
        key = (self._policies, down & concerned, unexcused & concerned)
        if (found := self._of_all.get(key)) is None:
            found = self._of_all[key] = self._shared(start, *key[1:])
        return found

    def _shared(self, start: Instant, down: Bits, unexcused: Bits) -> Slice:
        leaves, excused = self._games.players, down & ~unexcused
        if not excused and down.bit_count() == 1:
            # Whoever brings it down alone bears it alone, by any policy.
            return Slice(ONE, {leaves[lowest(down)]: ONE})
        since = onset(self._began, start)
        found = judge(self._games.of, excused, unexcused, self._policies, since)
        shares = {leaves[place]: share for place, share in found.shares.items()}
        return Slice(found.counted, shares, found.redundancy_lost)


def _weight(stretch: Stretch) -> Fraction:
    """The largest share of users affected, by the reports on those who contributed."""
    return max(
        (
            report.fact.affected_share
            for number in stretch.verdict.shares
            for report in stretch.scene.reports_on(number, stretch.start, stretch.end)
        ),
        default=ONE,
    )


# --- recovery ------------------------------------------------------------------------------------


def _transfers(scene: Scene, subject: Subject, times: dict[int, Times]) -> list[Transfer]:
    """Rule 3: once what it requires is back, a service's agreed recovery time is charged to what
    brought it down, the rest to itself.

    If what brought it down was excused, so is the recovery; of an own part alone it does not count.
    """
    found, downtimes = [], scene.downtimes
    for number in sorted(times):
        leaf = scene.leaf(number)
        allowance = _recovery_allowance(leaf, subject)
        if leaf.part != "own" or not allowance:
            continue
        alone = any(c.scope == "own" and c.service in leaf.services for c in subject.covers)
        here = times[number][0]
        unexplained = downtimes.unexplained.get(leaf.services[0], ())
        for start, end in sharing(unexplained, here[0][0], here[-1][1]):
            if not downtimes.failed_before(leaf.services[0], start):
                continue
            recovery = [(start, min(end, start + allowance))]
            down, unexcused = times[number]
            if alone:
                times[number] = (subtract(down, recovery), subtract(unexcused, recovery))
                continue
            cause = _cause(scene, subject, leaf.services[0], start)
            if cause.counted:
                found.append(Transfer(number, *recovery[0], cause.shares))
            else:
                times[number] = (down, subtract(unexcused, recovery))
    return found


def _recovery_allowance(leaf: Leaf, subject: Subject) -> Duration:
    agreed = [commitment.term.recovery_allowance for commitment in leaf.commitments]
    if leaf.services[0] in subject.services:
        agreed.append(subject.term.recovery_allowance)
    return max(agreed, default=0)


def _cause(scene: Scene, subject: Subject, service: str, instant: Instant) -> Slice:
    """What brought down the requirements of a service, as they stood just before an instant."""
    structure, downtimes = scene.structure, scene.downtimes
    required = structure.required(service)
    times = downtimes.during(downtimes.ground(structure, required), Span(instant - 1, instant))
    down, unexcused = (
        bits_from([n for n, pair in times.items() if clip(pair[layer], instant - 1, instant)])
        for layer in (0, 1)
    )
    return judge(
        partial(game, structure.components, required),
        down & ~unexcused,
        unexcused,
        policies_of(subject.term),
        onset({number: pair[0] for number, pair in times.items()}, instant - 1),
    )


def _holding(transfers: Sequence[Transfer], stretch: Stretch) -> Iterator[Transfer]:
    for transfer in transfers:
        if transfer.start <= stretch.start < transfer.end:
            yield transfer
