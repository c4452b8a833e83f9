"""Findings of analysis tools as defect density: a small log whose figures are counted by hand."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.formats.sarif import Analysis, density_samples, read_sarif
from orchestrator.model.agreements import Measurement
from orchestrator.model.records import Facts
from tests.laws.assessing import assessed, at, promised, term


def log(*results: dict[str, Any]) -> str:
    rules = [
        {"id": "leak", "defaultConfiguration": {"level": "error"}},
        {"id": "style", "defaultConfiguration": {"level": "note"}},
    ]
    run = {"tool": {"driver": {"name": "tool", "rules": rules}}, "results": list(results)}
    return json.dumps({"version": "2.1.0", "runs": [run]})


KNOWN = log(
    {"ruleId": "leak"},
    {"ruleId": "style", "ruleIndex": 1},
    {"ruleId": "style", "level": "error"},
    {"ruleId": "unknown"},
    {"ruleId": "leak", "kind": "pass"},
    {"ruleId": "leak", "baselineState": "absent"},
    {"ruleId": "leak", "suppressions": [{"kind": "inSource"}]},
    {"ruleId": "leak", "suppressions": [{"kind": "external", "status": "rejected"}]},
)
"""Errors: a leak by its rule, a style finding by its own level, a leak whose suppression was
refused. One warning, as nothing says otherwise, and one note."""


def test_findings_are_counted_by_the_level_of_the_result_or_of_its_rule() -> None:
    assert read_sarif(KNOWN) == {"error": 3, "warning": 1, "note": 1, "none": 0}


def test_a_known_log_and_size_give_the_exact_ratio() -> None:
    found = density_samples("build-7", read_sarif(KNOWN), Analysis("service", 7500, at("10 00:00")))
    assert {one.point: (one.id, one.value, one.weight) for one in found} == {
        "service": ("build-7", Fraction(5 * 1000, 7500), Fraction(15, 2)),
        "error": ("build-7-error", Fraction(3 * 1000, 7500), Fraction(15, 2)),
        "warning": ("build-7-warning", Fraction(1000, 7500), Fraction(15, 2)),
        "note": ("build-7-note", Fraction(1000, 7500), Fraction(15, 2)),
        "none": ("build-7-none", 0, Fraction(15, 2)),
    }


def test_a_term_on_one_severity_is_measured_at_its_point() -> None:
    found = density_samples("b", read_sarif(KNOWN), Analysis("service", 7500, at("10 00:00")))
    for point, status in (("error", "MET"), ("service", "BREACHED")):
        density = term("defect_density", Fraction(1, 2), measurement=Measurement(point=point))
        assert assessed(promised(density), Facts(samples=found)).assessment.status == status


def test_the_density_of_two_programs_is_that_of_both_together() -> None:
    at_once = at("10 00:00")
    one = density_samples("a", {"error": 4}, Analysis("service", 1000, at_once))
    two = density_samples("b", {"error": 1}, Analysis("service", 4000, at_once))
    found = assessed(promised(term("defect_density", Fraction(1))), Facts(samples=one + two))
    assert (found.assessment.attained, found.assessment.status) == (1, "MET")


@pytest.mark.parametrize("lines", [0, -1])
def test_a_program_of_no_size_is_an_error(lines: int) -> None:
    with pytest.raises(OrchestratorError, match="OUT_OF_RANGE"):
        Analysis("service", lines, 0)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{}", "BAD_VERSION"),
        ('{"version": "1.0.0", "runs": []}', "BAD_VERSION"),
        ("[1]", "BAD_VERSION"),
        ("{", "BAD_SYNTAX"),
        (log({"ruleId": "x", "level": "fatal"}), "BAD_CHOICE"),
    ],
)
def test_what_is_no_log_is_refused(text: str, code: str) -> None:
    with pytest.raises(OrchestratorError, match=code):
        read_sarif(text)
