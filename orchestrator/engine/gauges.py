"""The table of gauges: how facts become a measurement, one row for each algebra of a metric kind.

A share within a time is counted (F57): of n cases at least ceil(q n) within it, so that n - ceil(q
n) may be missed. Errors, quality, scores and densities are means weighed by what each sample stands
for. A throughput is promised at every measuring: a mean would let a fast hour pay for a slow one.
Times to restore and between failures are means over incidents (service time by failures), and times
to recover and data lost are kept by the worst.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.casebook import Casebook
from orchestrator.engine.cases import TOTALS, Case, Total
from orchestrator.engine.incidents import failure_cases, recovery_cases, restored_cases
from orchestrator.engine.sampled import call_cases, sample_cases
from orchestrator.engine.subjects import Subject
from orchestrator.engine.ticketed import ticket_cases
from orchestrator.model.metrics import METRICS, Target


@dataclass(frozen=True, slots=True)
class Gauge:
    """How one kind of commitment is measured.

    `cases` finds its cases for one target, `total` is what they come to. `shares`: each case is
    within its target or not, and is counted. `pooled`: several sources add to one another, where
    the term names none; otherwise each of them says all there is. `otherwise` takes the place
    where a period has no case of this one. `eventless`: a period without a case keeps the target.
    `modelled`: the shares of a flow's `choice` say who contributed what.
    """

    cases: Callable[[Casebook, Subject, Target], tuple[Case, ...]]
    total: Total
    shares: bool = False
    pooled: bool = False
    otherwise: Gauge | None = None
    eventless: bool = False
    modelled: bool = False


_MEAN: Final = Gauge(sample_cases, TOTALS["mean"])
_MODELLED: Final = Gauge(sample_cases, TOTALS["mean"], modelled=True)

GAUGES: Final[dict[str, Gauge]] = {
    "stages": Gauge(ticket_cases, TOTALS["mean"], shares=True, pooled=True),
    "calls": Gauge(call_cases, TOTALS["mean"], shares=True),
    "recovery": Gauge(
        sample_cases,
        TOTALS["most"],
        otherwise=Gauge(recovery_cases, TOTALS["most"], pooled=True),
    ),
    "copies": Gauge(sample_cases, TOTALS["most"]),
    "incidents": Gauge(
        sample_cases,
        TOTALS["mean"],
        otherwise=Gauge(restored_cases, TOTALS["mean"], pooled=True),
    ),
    "failures": Gauge(
        sample_cases,
        TOTALS["mean"],
        otherwise=Gauge(failure_cases, TOTALS["hours_for_each"], pooled=True, eventless=True),
    ),
    "capacity": Gauge(sample_cases, TOTALS["least"]),
    "errors": _MEAN,
    "successes": _MEAN,
    "mixture": _MODELLED,
    "contribution": _MODELLED,
}
"""By algebra; `downtime` is measured by `engine.downtime`, and what names alone tell by no fact."""


def gauge_of(metric: str) -> Gauge | None:
    """How a metric is measured from cases; None where it is not."""
    return GAUGES.get(METRICS[metric].algebra)
