"""Targets in documents: what is written means what the term's metric makes of it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import write_estate
from orchestrator.formats.figures import figure
from orchestrator.formats.results import target_json
from orchestrator.formats.targets import read_target
from orchestrator.model.agreements import Term
from orchestrator.model.metrics import (
    METRICS,
    Labels,
    Lasting,
    Points,
    Target,
    Within,
    target_text,
)
from orchestrator.model.values import DAY, HOUR, MINUTE, SECOND
from tests.reading import read

HALF, NINE = Fraction(1, 2), Fraction(9, 10)


def only_term(metric: str, target: str, more: str = "") -> Term:
    """The one term of an agreement, whose export reads the same."""
    estate = read(
        "parties: [{id: a}, {id: b}]\nservices: [{id: s}]\nagreements:\n"
        "  - {id: c, kind: SLA, provider: a, customer: b, covers: [s],\n"
        f"     terms: [{{id: t, metric: {metric}, target: {target}{more}}}]}}\n"
    )
    ((version,),) = estate.agreements.values()
    return version.terms[0]


@pytest.mark.parametrize(
    ("metric", "written", "target"),
    [
        ("quality", "99.9%", Fraction(999, 1000)),
        ("quality", "0.999", Fraction(999, 1000)),
        ("error_rate", '"0.1%"', Fraction(1, 1000)),
        ("error_rate", "0", Fraction(0)),
        ("throughput", "450", Fraction(450)),
        ("throughput", '"450"', Fraction(450)),
        ("throughput", "4.2", Fraction(42, 10)),
        ("throughput", "1.5e3", Fraction(1500)),
        ("throughput", "0", Fraction(0)),
        ("satisfaction", '"4.25"', Fraction(17, 4)),
        ("business_result", "1/3", Fraction(1, 3)),
        ("support_tier", "3", Fraction(3)),
        ("recovery_time", "4h", Lasting(4 * HOUR)),
        ("recovery_point", "15m", Lasting(15 * MINUTE)),
        ("time_between_failures", "60d", Lasting(60 * DAY)),
        ("latency", "{share: 99%, within: 300ms}", Within(Fraction(99, 100), 300_000)),
        ("latency", "[{share: 90%, within: 4h}]", Within(NINE, 4 * HOUR)),
        ("resolution_time", "[{share: 90%, within: 4h}, {share: 50%, within: 1h}]",
         Points((Within(HALF, HOUR), Within(NINE, 4 * HOUR)))),
        ("resolution_time",
         "[{share: 50%, within: 1 business day}, {share: 90%, within: 3 business days}]",
         Points((Within(HALF, business_days=1), Within(NINE, business_days=3)))),
        ("certificates", "[soc-2, iso-27001]", Labels(("iso-27001", "soc-2"))),
        ("data_location", "[de]", Labels(("de",))),
    ],
)  # fmt: skip
def test_a_target_is_what_its_metric_makes_of_what_is_written(
    metric: str, written: str, target: Target
) -> None:
    term = only_term(metric, written, f", internalTarget: {written}")
    assert (term.target, term.internal_target) == (target, target)
    assert read_target(written, metric) == target
    assert read_target(target_text(METRICS[metric], target), metric) == target


@pytest.mark.parametrize(
    ("metric", "text", "code"),
    [
        ("throughput", "abc", "BAD_NUMBER"),
        ("throughput", "99%", "BAD_TARGET"),
        ("availability", "99.9", "TARGET_OUT_OF_RANGE"),
        ("availability", "", "EMPTY_DOCUMENT"),
        ("availability", "[99%", "BAD_SYNTAX"),
        ("latency", "99%", "BAD_TARGET"),
        ("latency", "99% within soon", "BAD_DURATION"),
        ("latency", "{share: 99%, within: 4h, within: 5h}", "DUPLICATE_KEY"),
        ("latency", "99% within 2h, 90% within 4h", "BAD_TARGET"),
        ("recovery_time", "0s", "TARGET_OUT_OF_RANGE"),
        ("certificates", "iso 27001, soc-2", "BAD_ID"),
    ],
)
def test_a_text_that_is_no_target_is_refused_without_a_place(
    metric: str, text: str, code: str
) -> None:
    with pytest.raises(OrchestratorError) as refused:
        read_target(text, metric)
    (problem,) = refused.value.problems
    assert (problem.code, problem.file, problem.line, problem.path) == (code, "", 0, "")
    assert problem.advice


@pytest.mark.parametrize(
    ("metric", "target", "written"),
    [
        ("availability", "0.999", "99.9%"),
        ("error_rate", "0.001", "0.1%"),
        ("throughput", "4.20", "4.2"),
        ("throughput", "450.0", "450"),
        ("recovery_time", "90m", "1h30m"),
        ("certificates", "[b, a]", ["a", "b"]),
        ("latency", "[{share: 0.99, within: 2s}]", {"share": "99%", "within": "2s"}),
        ("latency", "[{share: 99%, within: 2s}, {share: 90%, within: 1s}]",
         [{"share": "90%", "within": "1s"}, {"share": "99%", "within": "2s"}]),
    ],
)  # fmt: skip
def test_percentages_are_written_for_ratios_and_plain_numbers_for_numbers(
    metric: str, target: str, written: object
) -> None:
    estate = read(
        "parties: [{id: a}, {id: b}]\nservices: [{id: s}]\nagreements:\n"
        "  - {id: c, kind: SLA, provider: a, customer: b, covers: [s],\n"
        f"     terms: [{{id: t, metric: {metric}, target: {target}}}]}}\n"
    )
    (agreement,) = write_estate(estate)["agreements"]
    assert agreement["terms"][0]["target"] == written


@pytest.mark.parametrize(
    ("metric", "target", "text", "json"),
    [
        ("availability", Fraction(9985, 10_000), "99.85%", 0.9985),
        ("error_rate", Fraction(1, 500), "0.2%", 0.002),
        ("throughput", Fraction(450), "450", 450),
        ("satisfaction", Fraction(42, 10), "4.2", 4.2),
        ("business_result", Fraction(1, 3), "1/3", 1 / 3),
        ("recovery_time", Lasting(4 * HOUR), "4h", 14_400),
        ("recovery_point", Lasting(SECOND // 4), "250ms", 0.25),
        ("resolution_time", Within(NINE, 4 * HOUR), "90% within 4h",
         {"share": 0.9, "withinSeconds": 14_400}),
        ("resolution_time", Within(NINE, business_days=1), "90% within 1 business day",
         {"share": 0.9, "withinBusinessDays": 1}),
        ("latency", Points((Within(HALF, SECOND), Within(NINE, 3 * SECOND))),
         "50% within 1s, 90% within 3s",
         [{"share": 0.5, "withinSeconds": 1}, {"share": 0.9, "withinSeconds": 3}]),
        ("certificates", Labels(("iso-27001", "soc-2")), "iso-27001, soc-2",
         ["iso-27001", "soc-2"]),
        ("certificates", Labels(()), "none", []),
    ],
)  # fmt: skip
def test_a_target_has_a_text_for_people_and_a_value_for_programs(
    metric: str, target: Target, text: str, json: object
) -> None:
    assert target_text(METRICS[metric], target) == text
    assert target_json(target) == json


def test_nothing_stays_null_and_fractions_are_told_exactly_when_asked() -> None:
    assert target_json(None) is None
    assert target_json(Fraction(1, 3), exact=True) == "1/3"
    assert target_json(Within(Fraction(2, 3), HOUR), exact=True) == {
        "share": "2/3",
        "withinSeconds": "3600",
    }


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("availability", None, "-"),
        ("availability", Fraction(2, 3), "66.66666%"),
        ("availability", 0.9990234375, "99.90234%"),
        ("availability", Fraction(994, 1000), "99.40%"),
        ("availability", Fraction(-45, 10_000), "-0.45%"),
        ("error_rate", Fraction(1, 3), "33.33334%"),
        ("error_rate", Fraction(1, 500), "0.20%"),
        ("throughput", Fraction(1000, 3), "333.33333"),
        ("throughput", Fraction(300), "300"),
        ("defect_density", Fraction(1, 3), "0.33334"),
        ("recovery_time", Lasting(2 * HOUR + 1), "2h1s"),
        ("recovery_time", Lasting(1_500), "1ms500us"),
        ("time_between_failures", Lasting(DAY - 1), "23h59m59s"),
        ("time_to_restore", 90.0, "1m30s"),
        ("recovery_time", Fraction(-3600), "-1h"),
        ("latency", Within(Fraction(2, 3), HOUR + 1), "66.66666% within 1h1s"),
        ("latency", Points((Within(HALF, SECOND),)), "50% within 1s"),
        ("data_location", Labels(("de", "fr")), "de, fr"),
    ],
)
def test_a_figure_is_shown_so_that_it_never_claims_more_than_is_there(
    metric: str, value: Target | float | None, text: str
) -> None:
    """Cut where more is better, raised where less is."""
    assert figure(metric, value) == text
