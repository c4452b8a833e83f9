"""What makes the flows of a service ones that can be computed from: stages that exist, and that are
commitments of the flow's own metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.errors import Problem
from orchestrator.model.agreements import Term
from orchestrator.model.estate import Estate
from orchestrator.model.flows import (
    BAD_FLOW,
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
from orchestrator.model.services import Service

_BENEATH_ALONE: Final = frozenset({"downtime", "incidents", "failures", "recovery"})
"""The algebras that compose over what a service requires alone, and know no flow."""


def leads(estate: Estate, flow: Flow) -> bool:
    """Whether every stage of a flow is a commitment that an estate has."""
    return not any(
        problem
        for place, stage in _places(flow.step, "")
        for problem in _stage(estate, flow, stage, place)
    )


def problems_of_flows(estate: Estate, service: Service, path: str) -> Iterator[Problem]:
    """Every reason why the flows of a service, which stands at `path`, lead nowhere."""
    for flow in service.flows:
        key = f"{flow.metric}/{flow.priority}" if flow.priority else flow.metric
        if METRICS[flow.metric].algebra in _BENEATH_ALONE:
            yield Problem(
                BAD_FLOW,
                f"{flow.metric} follows from what a service requires, not from a flow",
                "leave this flow out",
                path=f"{path}.flows.{key}",
            )
            continue
        for place, stage in _places(flow.step, f"{path}.flows.{key}"):
            yield from _stage(estate, flow, stage, place)


def _places(step: Step, path: str) -> Iterator[tuple[str, Stage]]:
    """The stages of a flow in the order written, with where each stands in a document."""
    stack = [(path, step)]
    while stack:
        place, current = stack.pop()
        if isinstance(current, Stage):
            yield place, current
        else:
            stack.extend(reversed(_inner(place, current)))


def _inner(path: str, step: Step) -> list[tuple[str, Step]]:
    """The steps that a step is made of, with where they stand."""
    match step:
        case Stage():
            return []
        case InSequence():
            word, steps = "sequence", step.steps
        case InParallel():
            word, steps = "parallel", step.steps
        case FirstOf():
            word, steps = "first", step.steps
        case OneOfBranches():
            return [
                (f"{path}.choice[{index}].step", branch.step)
                for index, branch in enumerate(step.branches)
            ]
        case Repeated():
            return [(f"{path}.loop.step", step.step)]
    return [(f"{path}.{word}[{index}]", one) for index, one in enumerate(steps)]


def _stage(estate: Estate, flow: Flow, stage: Stage, path: str) -> Iterator[Problem]:
    """A stage names a term of the flow's metric in a version of its agreement, or leaves no doubt
    which one is meant."""
    versions = estate.agreements.get(stage.agreement, ())
    if not versions:
        yield Problem(
            "UNKNOWN_REFERENCE",
            f"there is no agreement {stage.agreement!r}",
            "declare it under `agreements`, or correct the id",
            path=path,
        )
        return
    named = [
        [term for term in version.terms if stage.term in {"", term.id}] for version in versions
    ]
    meant = [
        [term for term in terms if _composes(term.metric, flow.metric, bool(stage.term))]
        for terms in named
    ]
    if stage.term and not any(named):
        yield Problem(
            "UNKNOWN_REFERENCE",
            f"agreement {stage.agreement!r} has no term {stage.term!r}",
            "name one of its terms",
            path=path,
        )
    elif not any(meant):
        yield Problem(
            BAD_FLOW,
            f"{stage} commits to no {flow.metric}",
            f"name a term whose metric is {flow.metric}",
            path=path,
        )
    elif any(_in_doubt(flow, terms) for terms in meant):
        yield Problem(
            BAD_FLOW,
            f"several terms of {stage.agreement!r} are of {flow.metric} and one priority",
            f"name the one that is meant, as {stage.agreement}/TERM",
            path=path,
        )


def _composes(metric: str, along: str, named: bool) -> bool:
    """Whether a term of a metric goes along a flow of another: the same one, or, where the term is
    named, one that composes alike, as the time to respond does with the time to resolve."""
    return metric == along or (named and METRICS[metric].algebra == METRICS[along].algebra)


def _in_doubt(flow: Flow, terms: Sequence[Term]) -> bool:
    """Whether two terms of one version are of the priority asked for."""
    counted = Counter(term.priority for term in terms)
    if flow.priority:
        return counted[flow.priority] > 1 or (not counted[flow.priority] and counted[""] > 1)
    return max(counted.values(), default=0) > 1
