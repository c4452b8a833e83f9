"""The table of metric kinds. A new kind is one row; document schema, command line, GraphQL and
derivation follow from it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.values import Duration, format_duration, format_exact, format_percent


@dataclass(frozen=True, slots=True)
class Within:
    """A target in time and share: at least `share` of the cases within the time.

    The time is a duration, or business days, a unit of its own; the other one is 0.
    """

    share: Fraction
    duration: Duration = 0
    business_days: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """Several targets in time and share for the same cases, all of them kept: half within an hour
    and nine in ten within four. Sorted by share."""

    points: tuple[Within, ...]


@dataclass(frozen=True, slots=True)
class Lasting:
    """A length of time: to recover within, or to run without failure for."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class Labels:
    """What holds or is allowed, by name, sorted: certificates, countries."""

    names: tuple[str, ...]


Target = Fraction | Within | Points | Lasting | Labels


@dataclass(frozen=True, slots=True)
class Metric:
    """A kind of commitment.

    `carrier` is what a target is made of (`CARRIERS`). `higher_is_better` tells which side of the
    target keeps it. `algebra` names how it composes (docs/semantics.md): over what a service
    requires, along a declared flow of work, or both. `business_days` tells whether it is counted in
    service hours, so that a time may be so many business days.
    """

    id: str
    unit: str
    carrier: str
    higher_is_better: bool
    algebra: str
    business_days: bool = False


METRICS: Final[dict[str, Metric]] = {
    row.id: row
    for row in (
        Metric("availability", "share of service hours", "ratio", True, "downtime"),
        Metric("response_time", "share within a time", "within", True, "stages", True),
        Metric("resolution_time", "share within a time", "within", True, "stages", True),
        Metric("handoff_time", "share within a time", "within", True, "stages", True),
        Metric("latency", "share within a time", "within", True, "calls"),
        Metric("recovery_time", "seconds to recover a service", "lasting", False, "recovery"),
        Metric("recovery_point", "seconds of data that may be lost", "lasting", False, "copies"),
        Metric("time_to_restore", "mean seconds per incident", "lasting", False, "incidents"),
        Metric("time_between_failures", "mean seconds", "lasting", True, "failures"),
        Metric("throughput", "requests per second", "number", True, "capacity"),
        Metric("error_rate", "share of requests", "fault", False, "errors"),
        Metric("quality", "share of results without fault", "ratio", True, "successes"),
        Metric("on_time", "share of deliveries on time", "ratio", True, "successes"),
        Metric("defect_density", "defects per thousand lines", "number", False, "mixture"),
        Metric("satisfaction", "score", "number", True, "contribution"),
        Metric("business_result", "number of its own unit", "number", True, "contribution"),
        Metric("certificates", "names that hold", "labels", True, "common"),
        Metric("data_location", "names that are allowed", "labels", False, "united"),
        Metric("support_tier", "number of the tier", "number", True, "least"),
    )
}


@dataclass(frozen=True, slots=True)
class Carrier:
    """What a target may be: of which types, in which range, and how it is written; `percent` where
    a ratio is written as a percentage rather than as a number."""

    types: tuple[type, ...]
    says: str
    example: str
    range: Callable[[Target], bool]
    range_says: str
    percent: bool = False


def _shares(target: Target) -> tuple[Fraction, ...]:
    if isinstance(target, Fraction):
        return (target,)
    return tuple(point.share for point in _points(target))


def _positive_shares(target: Target) -> bool:
    return all(0 < share <= 1 for share in _shares(target))


CARRIERS: Final[dict[str, Carrier]] = {
    "ratio": Carrier(
        (Fraction,), "one ratio", '"99.9%"', _positive_shares, "above 0 and at most 1", True
    ),
    "fault": Carrier(
        (Fraction,),
        "one ratio",
        '"0.1%"',
        lambda target: isinstance(target, Fraction) and 0 <= target < 1,
        "at least 0 and below 1",
        percent=True,
    ),
    "within": Carrier(
        (Within, Points),
        "a share within a time, or a list of such",
        '{share: "90%", within: 4h}',
        _positive_shares,
        "above 0 and at most 1",
    ),
    "lasting": Carrier(
        (Lasting,),
        "a length of time",
        "4h",
        lambda target: isinstance(target, Lasting) and target.duration > 0,
        "longer than nothing",
    ),
    "number": Carrier(
        (Fraction,),
        "a number",
        '"450"',
        lambda target: isinstance(target, Fraction) and target >= 0,
        "at least 0",
    ),
    "labels": Carrier(
        (Labels,), "a list of names", "[iso-27001, soc-2]", lambda _: True, "a list of names"
    ),
}
"""Every carrier; a metric names one of them."""


def check_target(metric: Metric, target: Target) -> None:
    """Refuse a target that is not of the metric's carrier or lies outside its range."""
    carrier = CARRIERS[metric.carrier]
    if not isinstance(target, carrier.types):
        raise refuse(
            "BAD_TARGET",
            f"a target of {metric.id} is {carrier.says}",
            f"write it as {carrier.example}",
        )
    if isinstance(target, Points):
        _check_points(target)
    for point in _points(target):
        _check_time(metric, point)
    if not carrier.range(target):
        outside = next((s for s in _shares(target) if not 0 < s <= 1), None)
        shown = "" if outside is None else f" {float(outside):.10g}"
        percent = carrier.percent or metric.carrier == "within"
        raise refuse(
            "TARGET_OUT_OF_RANGE",
            f"the target{shown} of {metric.id} is not {carrier.range_says}",
            'percentages need their sign: "99.9%" is 0.999' if percent else "correct it",
        )


def _points(target: Target) -> tuple[Within, ...]:
    match target:
        case Within():
            return (target,)
        case Points():
            return target.points
        case _:
            return ()


def _check_time(metric: Metric, point: Within) -> None:
    """A time is longer than nothing, and in business days only where hours are kept."""
    if point.business_days and not metric.business_days:
        raise refuse(
            "BAD_TARGET",
            f"{metric.id} runs by the wall clock, which knows no business days",
            "write the time as a duration: {share: 90%, within: 24h}",
        )
    if point.duration <= 0 and point.business_days <= 0:
        raise refuse(
            "TARGET_OUT_OF_RANGE",
            f"the time of {metric.id} is not longer than nothing",
            "write the time that the work may take",
        )


def _check_points(target: Points) -> None:
    """A larger share has a longer time, or the point of the smaller one says nothing."""
    if len({point.business_days > 0 for point in target.points}) > 1:
        raise refuse(
            "BAD_TARGET",
            "some of the points are in business days and some are not",
            "write all of them in one unit",
        )
    for one, other in itertools.pairwise(target.points):
        if one.share >= other.share or _time(one) >= _time(other):
            raise refuse(
                "BAD_TARGET",
                f"{_within_text(one)} and {_within_text(other)}: the larger share has no longer "
                "time",
                "leave out the point that says nothing more",
            )


def _time(point: Within) -> tuple[int, Duration]:
    return point.business_days, point.duration


def _within_text(point: Within) -> str:
    days = point.business_days
    if days:
        return f"{format_percent(point.share)} within {days} business day{'s' if days > 1 else ''}"
    return f"{format_percent(point.share)} within {format_duration(point.duration)}"


def target_text(metric: Metric, target: Target) -> str:
    """A target as people write it, losing nothing: `99.85%`, `450`, `4h`, `90% within 4h`,
    `iso-27001, soc-2`."""
    match target:
        case Within():
            return _within_text(target)
        case Points():
            return ", ".join(_within_text(point) for point in target.points)
        case Lasting():
            return format_duration(target.duration)
        case Labels():
            return ", ".join(target.names) or "none"
        case Fraction():
            percent = CARRIERS[metric.carrier].percent
            return format_percent(target) if percent else format_exact(target)
