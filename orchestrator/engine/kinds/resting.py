"""What a commitment of any kind but availability rests on: the parts that its value follows from,
and how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeVar

from orchestrator.engine.hours import calendar_of
from orchestrator.engine.kinds import timed
from orchestrator.engine.kinds.algebras import ALGEBRAS
from orchestrator.engine.kinds.points import points_of
from orchestrator.engine.kinds.requirement import Requirements
from orchestrator.engine.kinds.restoring import needed
from orchestrator.engine.kinds.stages import ALONG, commitment_of, flow_of, places, terms_of
from orchestrator.engine.kinds.timed import Found, Work
from orchestrator.engine.kinds.values import (
    UNBOUNDED,
    Value,
    better,
    perfect,
    value_of,
    worst,
)
from orchestrator.engine.kinds.walks import WALKS, Memory
from orchestrator.engine.prime import at_any_time
from orchestrator.engine.structure import Commitment
from orchestrator.engine.subjects import Subject
from orchestrator.engine.underpinning import Underpinning
from orchestrator.model.agreements import Version, underpins
from orchestrator.model.calendars import Calendar
from orchestrator.model.estate import Snapshot
from orchestrator.model.flows import Stage, Step
from orchestrator.model.metrics import METRICS, Metric, Within
from orchestrator.model.records import TermKey
from orchestrator.model.values import Span

Answer = Value | Found | None
"""A figure; None where nothing can be said."""

Figure = Callable[[bool, frozenset[str]], tuple[Answer, bool]]
"""The floor, or else the estimate, if besides some parts were perfect; and whether it was sought to
the end, so that it is known to be reached where `Resting.exact` says so too."""


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf, or a stage of a flow, with all that is promised of it."""

    name: str
    commitments: tuple[Commitment, ...]

    @property
    def committed(self) -> bool:
        """Whether anything is promised that counts towards a floor."""
        return any(underpins(c.version, c.term) for c in self.commitments)

    @property
    def in_windows(self) -> bool:
        """Whether more may be promised of it in some windows than what is taken to be kept."""
        return any(c.term.windows for c in self.commitments)


@dataclass(frozen=True, slots=True)
class Resting:
    """What a subject rests on in one epoch. `exact` tells that nothing in how its parts are put
    together keeps the floor from being reached.

    Of a graph, `redundant` finds what can do without some of its parts, by the leaves of each
    (None: nothing can), `shared` tells that a part is called from several places, `hidden` that
    something behind a contract is also reached by another path.
    """

    span: Span
    snapshot: Snapshot
    parts: tuple[Part, ...]
    figure: Figure
    exact: bool
    redundant: Callable[[], list[frozenset[str]]] | None = None
    shared: bool = False
    hidden: bool = False


NO_PARTS: Final[frozenset[str]] = frozenset()


def resting(underpinning: Underpinning, subject: Subject, period: Span) -> list[Resting | None]:
    """What a subject rests on, epoch by epoch; None where neither a flow nor the dependency graph
    says."""
    metric = METRICS[subject.term.metric]
    return [
        _resting(underpinning, subject, metric, span, snapshot)
        for span, snapshot in underpinning.estate.during(period)
    ]


def _resting(
    underpinning: Underpinning, subject: Subject, metric: Metric, span: Span, snapshot: Snapshot
) -> Resting | None:
    algebra = ALGEBRAS[metric.algebra]
    if algebra.along:
        flow = flow_of(snapshot, subject.services, metric.id, subject.term.priority)
        if flow is not None:
            along = _timed if algebra.along == "timed" else _along
            return along(subject, metric, span, snapshot, flow.step)
    return _beneath(underpinning, subject, metric, span, snapshot) if algebra.walk else None


# --- over what a service requires ----------------------------------------------------------------


def _beneath(
    underpinning: Underpinning, subject: Subject, metric: Metric, span: Span, snapshot: Snapshot
) -> Resting:
    algebra = ALGEBRAS[metric.algebra]
    walk = WALKS[algebra.walk]
    graph = underpinning.requirements(snapshot, subject.version.provider)
    top = graph.top(subject.version, subject.covers)
    # a superset of what the graph requires where services wait for others to be restored
    beneath = needed(graph, top, {}) if algebra.walk == "restored" else graph.beneath(top)
    ledger = _ledger(graph, metric, subject.term.priority, beneath)
    parts = {number: ledger.parts[number] for number, _ in graph.leaves(beneath)}

    def figure(floor: bool, made_perfect: frozenset[str]) -> tuple[Answer, bool]:
        reading = algebra.floor if floor else algebra.estimate
        known, memory = ledger.known[floor], ledger.memory[floor]
        if made_perfect:
            known, memory = _values(parts, metric, floor, made_perfect), {}
        return walk(graph, top, known, reading, memory)

    def groups() -> list[frozenset[str]]:
        return [
            frozenset(parts[leaf].name for leaf, _ in graph.leaves(graph.beneath(number)))
            for number in beneath
            if graph.is_redundant(number)
        ]

    redundant = any(map(graph.is_redundant, beneath))
    called = [part for number in beneath for part in graph.parts(number)]
    shared = len(called) > len(set(called))
    return Resting(
        span,
        snapshot,
        tuple(parts.values()),
        figure,
        not (redundant and shared and algebra.adds_up),
        groups if redundant else None,
        shared,
        graph.structure.hides_sharing(graph.structure.below(subject.version, subject.covers)),
    )


@dataclass(slots=True)
class Ledger:
    """What the leaves of a graph are worth by one kind and priority, and whatever was found above
    them; by whether it is for a floor. All subjects of one graph share it."""

    parts: dict[int, Part] = field(default_factory=dict)
    known: dict[bool, dict[int, Value]] = field(default_factory=lambda: {True: {}, False: {}})
    memory: dict[bool, Memory] = field(default_factory=lambda: {True: {}, False: {}})


def _ledger(graph: Requirements, metric: Metric, priority: str, beneath: Sequence[int]) -> Ledger:
    ledger: Ledger = graph.ledgers.setdefault((metric.id, priority), Ledger())
    fresh = {
        number: Part(
            leaf.id,
            tuple(
                c for version in leaf.versions for c in _of(version, leaf.service, metric, priority)
            ),
        )
        for number, leaf in graph.leaves(beneath)
        if number not in ledger.parts
    }
    ledger.parts.update(fresh)
    for floor, known in ledger.known.items():
        known.update(_values(fresh, metric, floor, NO_PARTS))
    return ledger


def _of(version: Version, service: str, metric: Metric, priority: str) -> Iterable[Commitment]:
    for term in terms_of(version, metric.id, priority):
        key = TermKey(version.agreement, version.number, term.id, service)
        kept = at_any_time(version.resolved(term))
        if kept:
            yield Commitment(version, kept, key)


Key = TypeVar("Key", int, Stage)


def _values(
    parts: Mapping[Key, Part], metric: Metric, floor: bool, made_perfect: frozenset[str]
) -> dict[Key, Value]:
    """What parts are worth: of a floor the worst where nobody has committed, of an estimate nothing
    where nobody has said anything."""
    found: dict[Key, Value] = {}
    joined = ALGEBRAS[metric.algebra].joined
    for key, part in parts.items():
        best: Value | None = joined(worst(metric), None) if floor else None
        for commitment in part.commitments:
            if not floor or underpins(commitment.version, commitment.term):
                value = _value(metric, commitment)
                best = value if best is None else better(metric, value, best)
        if part.name in made_perfect:
            best = joined(perfect(metric), UNBOUNDED)
        if best is not None:
            found[key] = best
    return found


def _value(metric: Metric, commitment: Commitment) -> Value:
    algebra = ALGEBRAS[metric.algebra]
    others = terms_of(commitment.version, algebra.beside, commitment.term.priority)
    beside = value_of(others[0].target) if others else None
    value: Value = algebra.joined(value_of(commitment.term.target), beside)
    return value


# --- along a flow --------------------------------------------------------------------------------


def _stages(subject: Subject, metric: Metric, snapshot: Snapshot, step: Step) -> dict[Stage, Part]:
    found: dict[Stage, Part] = {}
    for place in places(step):
        commitment = commitment_of(
            snapshot, place.stage, metric.id, subject.term.priority, subject.version.agreement
        )
        found[place.stage] = Part(str(place.stage), () if commitment is None else (commitment,))
    return found


def _along(subject: Subject, metric: Metric, span: Span, snapshot: Snapshot, step: Step) -> Resting:
    algebra = ALGEBRAS[metric.algebra]
    parts = _stages(subject, metric, snapshot, step)

    def figure(floor: bool, made_perfect: frozenset[str]) -> tuple[Answer, bool]:
        reading = algebra.floor if floor else algebra.estimate
        values = _values(parts, metric, floor, made_perfect)
        return ALONG[algebra.along](step, values, reading), True

    return Resting(span, snapshot, tuple(parts.values()), figure, True)


def _timed(subject: Subject, metric: Metric, span: Span, snapshot: Snapshot, step: Step) -> Resting:
    algebra = ALGEBRAS[metric.algebra]
    calendars = snapshot.calendars if algebra.calendars else None
    parts = _stages(subject, metric, snapshot, step)

    def figure(floor: bool, made_perfect: frozenset[str]) -> tuple[Answer, bool]:
        works = {
            stage: AT_ONCE if part.name in made_perfect else _work(part, calendars, floor)
            for stage, part in parts.items()
        }
        counting = (algebra.floor if floor else algebra.estimate).cases
        assert counting is not None
        found = timed.options(step, works, counting, span.start, span.end)
        return found, found.whole

    single = all(
        len(points_of(c.term.target)) == 1 for part in parts.values() for c in part.commitments
    )
    return Resting(span, snapshot, tuple(parts.values()), figure, single)


AT_ONCE: Final = Work("", (Within(Fraction(1)),))


def _work(part: Part, calendars: Mapping[str, Calendar] | None, floor: bool) -> Work:
    """What a stage promises; with no calendars all clocks run all the time, and business days have
    no meaning."""
    for commitment in part.commitments:
        version, term = commitment.version, commitment.term
        if not floor or underpins(version, term):
            points = points_of(term.target)
            name = f"{version.agreement}/{term.id}"
            if calendars is None:
                return Work(name, tuple(point for point in points if not point.business_days))
            calendar = calendar_of(calendars, term.hours)
            return Work(name, points, calendar, version.timezone)
    return Work(part.name, ())
