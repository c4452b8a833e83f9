"""The stages of a flow: which commitment each names, and how often a case comes by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from orchestrator.engine.kinds.algebras import Reading
from orchestrator.engine.kinds.values import Value
from orchestrator.engine.prime import at_any_time
from orchestrator.engine.structure import Commitment
from orchestrator.model.agreements import Term, Version
from orchestrator.model.estate import Snapshot
from orchestrator.model.flows import (
    FirstOf,
    Flow,
    InParallel,
    InSequence,
    OneOfBranches,
    Repeated,
    Stage,
    Step,
)
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import TermKey


def flow_of(snapshot: Snapshot, services: Sequence[str], metric: str, priority: str) -> Flow | None:
    """The flow that cases of a metric and priority take: one of that priority first, then one of
    the metric."""
    flows = [flow for id in services for flow in snapshot.services[id].flows]
    for wanted in dict.fromkeys((priority, "")):
        for flow in flows:
            if (flow.metric, flow.priority) == (metric, wanted):
                return flow
    return None


def commitment_of(
    snapshot: Snapshot, stage: Stage, metric: str, priority: str, leave_out: str
) -> Commitment | None:
    """The term in force that a stage names; None where there is none, or it is of an agreement that
    would rest on itself."""
    version = snapshot.versions.get(stage.agreement)
    if version is None or version.agreement == leave_out:
        return None
    algebra = METRICS[metric].algebra
    terms = [
        term
        for term in version.terms
        if METRICS[term.metric].algebra == algebra
        and (term.id == stage.term if stage.term else term.metric == metric)
    ]
    if not stage.term:
        terms = of_priority(terms, priority)
    if len(terms) != 1:
        return None
    (term,) = terms
    # A stage stands for the agreement's work, whatever service that is for.
    service = "+".join(sorted(cover.service for cover in version.covers))
    key = TermKey(version.agreement, version.number, term.id, service)
    kept = at_any_time(version.resolved(term))
    return Commitment(version, kept, key) if kept else None


def of_priority(terms: Sequence[Term], priority: str) -> list[Term]:
    """The terms that hold for a priority: those that name it, otherwise those that name none."""
    named = [term for term in terms if term.priority == priority]
    return named or [term for term in terms if not term.priority]


def terms_of(version: Version, metric: str, priority: str) -> list[Term]:
    return of_priority([term for term in version.terms if term.metric == metric], priority)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage stands in a flow: how often a case comes by there at most, on average over the
    cases, and whether one case may do so more than once."""

    stage: Stage
    visits: Fraction = Fraction(1)
    again: bool = False


def places(step: Step, at: Place | None = None) -> Iterator[Place]:
    """Every place of a stage, in the order written."""
    at = at or Place(Stage(""))
    match step:
        case Stage():
            yield replace(at, stage=step)
        case Repeated():
            again = at.again or step.times > 1
            yield from places(step.step, replace(at, visits=at.visits * step.times, again=again))
        case OneOfBranches():
            for branch in step.branches:
                yield from places(branch.step, replace(at, visits=at.visits * branch.share))
        case InSequence() | InParallel() | FirstOf():
            for one in step.steps:
                yield from places(one, at)


def visits_of(step: Step) -> dict[Stage, Fraction]:
    """How often a case comes by each stage, over all places where it stands."""
    found: dict[Stage, Fraction] = {}
    for place in places(step):
        found[place.stage] = found.get(place.stage, Fraction(0)) + place.visits
    return found


# --- values along a flow -------------------------------------------------------------------------


def folded(step: Step, known: Mapping[Stage, Value], reading: Reading) -> Value | None:
    """Step by step; None where the algebra says nothing about such a step."""
    value: Value | None = _folded(step, known, reading)
    return value


def _folded(step: Step, known: Mapping[Stage, Value], reading: Reading) -> Any:
    match step:
        case Stage():
            return known.get(step)
        case OneOfBranches():
            taken = [(one.share, _folded(one.step, known, reading)) for one in step.branches]
            if reading.choice is None or any(value is None for _, value in taken):
                return None
            return reading.choice(taken)
        case Repeated():
            value = _folded(step.step, known, reading)
            return _in_turn([value] * step.times, reading)
        case InSequence():
            return _in_turn([_folded(one, known, reading) for one in step.steps], reading)
        case InParallel() | FirstOf():
            values = [_folded(one, known, reading) for one in step.steps]
            if reading.at_least is None or any(value is None for value in values):
                return None
            return reading.at_least(len(values) if isinstance(step, InParallel) else 1, values)


def _in_turn(values: Sequence[Any], reading: Reading) -> Any:
    if reading.sequence is None or any(value is None for value in values):
        return None
    return reading.sequence(values)


def visited(step: Step, known: Mapping[Stage, Value], reading: Reading) -> Value | None:
    """All stages, by how often a case comes by each."""
    assert reading.sequence is not None
    visits = visits_of(step)
    if any(stage not in known for stage in visits):
        return None
    value: Value = reading.sequence(
        [reading.visited(known[stage], calls) for stage, calls in visits.items()]
    )
    return value


ALONG: Final = {"folded": folded, "visited": visited}
"""Ways along a flow, save `timed`, which needs calendars."""
