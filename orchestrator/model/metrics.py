"""The table of metric kinds. A new kind is one row; document schema, command line, GraphQL and
derivation follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.values import Duration


@dataclass(frozen=True, slots=True)
class Within:
    """A target in time and share: at least `share` of the cases within the time.

    The time is a duration, or business days, a unit of its own; the other one is 0.
    """

    share: Fraction
    duration: Duration = 0
    business_days: int = 0


Target = Fraction | Within


@dataclass(frozen=True, slots=True)
class Metric:
    """A kind of commitment.

    `carrier` is what a target is made of: `ratio` (0 to 1) or `within` (time and share).
    `higher_is_better` tells which side of the target keeps it. `algebra` names how it composes
    over dependencies, `flow` where only a declared flow tells.
    """

    id: str
    unit: str
    carrier: str
    higher_is_better: bool
    algebra: str


METRICS: Final[dict[str, Metric]] = {
    row.id: row
    for row in (
        Metric("availability", "share of service hours", "ratio", True, "downtime"),
        Metric("response_time", "share within a time", "within", True, "flow"),
        Metric("resolution_time", "share within a time", "within", True, "flow"),
    )
}


def check_target(metric: Metric, target: Target) -> None:
    """Refuse a target that is not of the metric's carrier or lies outside its range."""
    if metric.carrier == "within":
        if not isinstance(target, Within):
            raise refuse(
                "BAD_TARGET",
                f"a target of {metric.id} is a share within a time",
                'write it as {share: "90%", within: 4h}',
            )
        share = target.share
    else:
        if isinstance(target, Within):
            raise refuse(
                "BAD_TARGET", f"a target of {metric.id} is one ratio", 'write it as "99.9%"'
            )
        share = target
    if not 0 < share <= 1:
        raise refuse(
            "TARGET_OUT_OF_RANGE",
            f"the target {float(share):.10g} of {metric.id} is not above 0 and at most 1",
            'percentages need their sign: "99.9%" is 0.999',
        )
