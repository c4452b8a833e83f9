"""Findings of analysis tools, in SARIF 2.1.0 (OASIS), as samples of defect density.

A density is findings per thousand lines. What a tool or its user withdrew is no finding: a result
that is suppressed (unless that was refused or is under review), absent from the newer of two runs,
or of a kind other than a failure (sections 3.27.9, 3.27.23 and 3.27.24 of the standard).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from orchestrator.errors import refuse
from orchestrator.formats.nodes import plain
from orchestrator.formats.source import read_source
from orchestrator.model.records import Sample
from orchestrator.model.values import Instant

LEVELS: Final = ("error", "warning", "note", "none")
"""The severities of SARIF, the gravest first."""

METRIC: Final = "defect_density"
THOUSAND: Final = 1000
_VERSION: Final = "2.1"
_NOT_WITHDRAWN: Final = frozenset({"rejected", "underReview"})


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was analysed: so many `lines` of a service at an instant, by a tool (`source`)."""

    service: str
    lines: int
    at: Instant
    source: str = ""

    def __post_init__(self) -> None:
        if self.lines <= 0:
            raise refuse(
                "OUT_OF_RANGE",
                f"{self.lines} lines have no density of defects",
                "give the size of what was analysed, in lines",
            )


def read_sarif(text: str | bytes, file: str = "") -> dict[str, int]:
    """How many findings a log has of each level, over all its runs."""
    log = plain(read_source(text, file).root)
    if not isinstance(log, dict) or not str(log.get("version", "")).startswith(_VERSION):
        raise refuse(
            "BAD_VERSION", f"{file or 'the file'} is no SARIF 2.1 log", "export it as SARIF 2.1.0"
        )
    found = dict.fromkeys(LEVELS, 0)
    for run in _objects(log, "runs"):
        rules = list(_objects(_object(_object(run, "tool"), "driver"), "rules"))
        for result in _objects(run, "results"):
            if _stands(result):
                level = _level(result, rules)
                if level not in found:
                    raise refuse("BAD_CHOICE", f"{level!r} is no level", f"use {', '.join(LEVELS)}")
                found[level] += 1
    return found


def density_samples(id: str, findings: Mapping[str, int], analysis: Analysis) -> tuple[Sample, ...]:
    """Samples of defect density: of all findings at the point `service`, and of each level at the
    point of its name. They weigh by their size in thousands of lines, so that the mean of several
    is that of all of them together."""
    size = Fraction(analysis.lines, THOUSAND)
    counts = {"service": sum(findings.values()), **findings}
    return tuple(
        Sample(
            id if point == "service" else f"{id}-{point}",
            analysis.service,
            METRIC,
            analysis.at,
            Fraction(count) / size,
            size,
            source=analysis.source,
            point=point,
        )
        for point, count in counts.items()
    )


def _stands(result: Mapping[str, Any]) -> bool:
    """Whether a result is a finding that nobody withdrew."""
    if result.get("kind", "fail") != "fail" or result.get("baselineState") == "absent":
        return False
    suppressions = list(_objects(result, "suppressions"))
    statuses = [one.get("status", "accepted") for one in suppressions]
    return not statuses or any(status in _NOT_WITHDRAWN for status in statuses)


def _level(result: Mapping[str, Any], rules: list[dict[str, Any]]) -> str:
    """Its own level, or that of its rule, or else a warning (3.27.10)."""
    if "level" in result:
        return str(result["level"])
    index = result.get("ruleIndex", _object(result, "rule").get("index", -1))
    rule: Mapping[str, Any] = {}
    if isinstance(index, int) and 0 <= index < len(rules):
        rule = rules[index]
    else:
        id = result.get("ruleId", _object(result, "rule").get("id"))
        rule = next((one for one in rules if one.get("id") == id), {})
    return str(_object(rule, "defaultConfiguration").get("level", "warning"))


def _object(parent: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = parent.get(key, {})
    return found if isinstance(found, dict) else {}


def _objects(parent: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
    found = parent.get(key)
    if not isinstance(found, list):
        return
    yield from (one for one in found if isinstance(one, dict))
