"""Flows, the order of restoring and crews in documents."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from orchestrator.engine.kinds.algebras import ALGEBRAS
from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import read_estate, write_estate
from orchestrator.model.changes import merge, succeed
from orchestrator.model.estate import Estate
from orchestrator.model.flows import (
    Branch,
    FirstOf,
    Flow,
    InParallel,
    InSequence,
    OneOfBranches,
    Repeated,
    Stage,
    Step,
    stages,
)
from orchestrator.model.metrics import CARRIERS, METRICS, Metric
from orchestrator.model.services import Service
from orchestrator.model.validity import problems_of
from orchestrator.model.values import parse_instant
from tests.reading import ESTATE, exports, read

AGREEMENTS = """\
parties: [{id: a}, {id: b}]
agreements:
  - {id: desk, kind: OLA, provider: a, customer: b, covers: [s], terms: [
      {id: triage, metric: resolution_time, priority: P1, target: {share: 90%, within: 1h}},
      {id: any, metric: resolution_time, target: {share: 90%, within: 8h}},
      {id: answer, metric: response_time, target: {share: 90%, within: 1h}}]}
  - {id: ops, kind: OLA, provider: a, customer: b, covers: [s], terms: [
      {id: fix, metric: resolution_time, priority: P1, target: {share: 90%, within: 4h}}]}
"""

TRIAGE, FIX = Stage("desk", "triage"), Stage("ops", "fix")


def service(keys: str) -> Service:
    """A service, in an estate whose export reads the same."""
    return (
        read(f"services:\n  - {{id: s, {keys}}}\n  - {{id: t}}\n{AGREEMENTS}")
        .services["s"][0]
        .value
    )


def resolution(step: str) -> Step:
    """The flow of resolution times."""
    (flow,) = service(f"flows: {{resolution_time: {step}}}").flows
    assert (flow.metric, flow.priority) == ("resolution_time", "")
    return flow.step


@pytest.mark.parametrize(
    ("written", "step"),
    [
        ("desk/triage", TRIAGE),
        ("ops", Stage("ops")),
        ("{sequence: []}", InSequence(())),
        ("{sequence: [desk/triage, ops/fix]}", InSequence((TRIAGE, FIX))),
        ("{parallel: [desk/triage, ops/fix]}", InParallel((TRIAGE, FIX))),
        ("{first: [ops]}", FirstOf((Stage("ops"),))),
        ("{loop: {times: 3, step: ops/fix}}", Repeated(3, FIX)),
        ('{choice: [{share: "0.8", step: ops/fix}, {share: 20%, step: {sequence: []}}]}',
         OneOfBranches((Branch(Fraction(4, 5), FIX), Branch(Fraction(1, 5), InSequence(()))))),
        ("{choice: [{share: 1/3, step: ops}, {share: 2/3, step: desk/any}]}",
         OneOfBranches((Branch(Fraction(1, 3), Stage("ops")),
                        Branch(Fraction(2, 3), Stage("desk", "any"))))),
        ("{sequence: [desk/triage, {parallel: [{loop: {times: 2, step: {first: [ops/fix]}}}]}]}",
         InSequence((TRIAGE, InParallel((Repeated(2, FirstOf((FIX,))),))))),
    ],
)  # fmt: skip
def test_a_flow_is_read_as_it_is_written(written: str, step: Step) -> None:
    assert resolution(written) == step


def test_flows_are_by_metric_and_priority_the_more_specific_first() -> None:
    flows = service(
        "flows: {resolution_time: desk/any, response_time: desk, resolution_time/P2: ops,"
        " resolution_time/P1: ops/fix}"
    ).flows
    assert flows == (
        Flow("resolution_time", FIX, "P1"),
        Flow("resolution_time", Stage("ops"), "P2"),
        Flow("resolution_time", Stage("desk", "any")),
        Flow("response_time", Stage("desk")),
    )


def test_an_agreement_alone_is_meant_by_the_only_term_of_a_priority() -> None:
    """`desk` has a term for P1 and one for no priority: of P1 there is but one, and of P2 none, so
    that the one without a priority is meant."""
    for key in ("resolution_time/P1", "resolution_time/P2", "resolution_time"):
        assert len(service(f"flows: {{{key}: desk}}").flows) == 1


def test_a_stage_may_be_of_a_metric_that_composes_alike() -> None:
    """The time to answer is part of the time to resolve; it has to be named."""
    assert resolution("desk/answer") == Stage("desk", "answer")


def test_a_flow_nested_as_deeply_as_a_document_may_be_is_read_and_written() -> None:
    step = "{sequence: [" * 23 + "{loop: {times: 2, step: " * 23 + "ops/fix" + "}}" * 23 + "]}" * 23
    assert [str(stage) for stage in stages(resolution(step))] == ["ops/fix"]


def test_the_order_of_restoring_and_the_crews_are_read() -> None:
    found = service("requires: t, recoverAfter: [], crews: 2")
    assert (found.recover_after, found.crews) == ((), 2)
    assert service("recoverAfter: [t]").recover_after == ("t",)
    plain = service("requires: t")
    assert (plain.recover_after, plain.crews, plain.flows) == (None, 0, ())


def test_what_is_not_said_is_not_written() -> None:
    estate = read("services: [{id: s, crews: 3, recoverAfter: [t]}, {id: t}]\n")
    assert write_estate(estate)["services"] == [
        {"id": "s", "recoverAfter": ["t"], "crews": 3},
        {"id": "t"},
    ]


def test_an_order_of_restoring_may_turn_round_what_requires_what() -> None:
    """What a service requires says nothing about restoring where it has an order of its own."""
    estate = read(
        "services:\n  - {id: a, requires: b, recoverAfter: []}\n  - {id: b, recoverAfter: [a]}\n"
    )
    assert list(problems_of(estate)) == []


def test_a_cycle_of_restoring_that_never_is_at_one_time_is_none() -> None:
    versions = (
        "    versions:\n      - {effective: {to: 2026-01-01}, recoverAfter: [%s]}\n"
        "      - {effective: {from: 2026-01-01}, recoverAfter: [%s]}\n"
    )
    turned = "services:\n  - id: a\n" + versions % ("b", "") + "  - id: b\n" + versions % ("", "a")
    assert len(read(turned).services["a"]) == 2


def flowing(agreement: str = "effective: {from: 2026-01-01, to: 2026-07-01}") -> Estate:
    """An estate with a flow through one agreement."""
    return read(
        "parties: [{id: a}, {id: b}]\nservices:\n  - {id: s, flows: {latency: up/t}}\n"
        "agreements:\n  - {id: up, kind: OLA, provider: a, customer: b, covers: [s],\n"
        f"     {agreement},\n"
        "     terms: [{id: t, metric: latency, target: {share: 90%, within: 1s}}]}\n"
    )


def test_one_instant_is_written_without_the_flows_that_lead_nowhere_then() -> None:
    estate = flowing()
    (then,) = write_estate(estate, parse_instant("2026-03-01T00:00:00Z"))["services"]
    (later,) = write_estate(estate, parse_instant("2026-08-01T00:00:00Z"))["services"]
    assert (then, later) == ({"id": "s", "flows": {"latency": "up/t"}}, {"id": "s"})


def test_an_agreement_that_a_flow_leads_through_may_end() -> None:
    estate = flowing("effective: {from: 2026-01-01}")
    gone = replace(estate, agreements={})
    after = succeed(estate, gone, parse_instant("2026-06-01T00:00:00Z"))
    exports(after)
    assert list(problems_of(after)) == []


def test_a_merger_renames_what_flows_and_orders_name() -> None:
    estate = read(
        "parties: [{id: a}, {id: b}]\n"
        "services:\n  - {id: s, recoverAfter: [t], flows: {latency: {loop: {times: 2, step:"
        " {choice: [{share: 1, step: {parallel: [up/t, up]}}]}}}}}\n  - {id: t}\n"
        "agreements:\n  - {id: up, kind: OLA, provider: a, customer: b, covers: [s],\n"
        "     terms: [{id: t, metric: latency, target: {share: 90%, within: 1s}}]}\n"
    )
    mapping = {("agreements", "up"): "theirs", ("services", "t"): "twin"}
    merged = merge(Estate(), estate, mapping)
    assert list(problems_of(merged)) == []
    found = merged.services["s"][0].value
    assert found.recover_after == ("twin",)
    assert [str(stage) for stage in stages(found.flows[0].step)] == ["theirs/t", "theirs"]


def test_a_choice_of_the_model_makes_up_one() -> None:
    with pytest.raises(OrchestratorError, match="BAD_FLOW"):
        OneOfBranches((Branch(Fraction(1, 2), FIX),))


def test_a_document_of_many_flows_tells_of_each_stage_that_is_unknown() -> None:
    step = "{sequence: [" + ", ".join(f"x{number}/t" for number in range(5)) + "]}"
    with pytest.raises(OrchestratorError) as refused:
        read_estate(f"{ESTATE}services: [{{id: s, flows: {{latency: {step}}}}}]\n")
    assert [problem.path.rpartition(".")[2] for problem in refused.value.problems] == [
        f"sequence[{number}]" for number in range(5)
    ]


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.id)
def test_a_flow_is_refused_for_the_metrics_that_no_flow_says_anything_about(
    metric: Metric,
) -> None:
    """Those whose algebra the engine carries over what a service requires alone."""
    target = CARRIERS[metric.carrier].example
    body = (
        f"{ESTATE}services:\n  - {{id: s, flows: {{{metric.id}: up}}}}\n"
        "parties: [{id: a}, {id: b}]\nagreements:\n"
        "  - {id: up, kind: OLA, provider: a, customer: b, covers: [s],\n"
        f"     terms: [{{id: t, metric: {metric.id}, target: {target}}}]}}\n"
    )
    algebra = ALGEBRAS.get(metric.algebra)
    if algebra is not None and algebra.along:
        assert len(read_estate(body).estate.services["s"][0].value.flows) == 1
    else:
        with pytest.raises(OrchestratorError, match="BAD_FLOW"):
            read_estate(body)
