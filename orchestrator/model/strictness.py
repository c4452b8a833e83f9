"""Which of two targets is the stricter one."""

from __future__ import annotations

from fractions import Fraction

from orchestrator.errors import refuse
from orchestrator.model.metrics import METRICS, Labels, Lasting, Metric, Points, Target, Within


def at_least_as_strict(metric: Metric, one: Target, other: Target) -> bool:
    """Whether keeping `one` keeps `other` as well, whatever happens.

    A ratio, a number or a length of time by the metric's direction; a share within a time by a
    share as large within a time as short; several points where each of the other's is kept by
    one of them; names that must hold by holding them all, names that are allowed by allowing no
    others. False also where the two cannot be compared, as hours with business days.
    """
    match one, other:
        case (Fraction(), Fraction()):
            return one >= other if metric.higher_is_better else one <= other
        case (Lasting(), Lasting()):
            longer = one.duration >= other.duration
            return longer if metric.higher_is_better else one.duration <= other.duration
        case (Labels(), Labels()):
            mine, theirs = set(one.names), set(other.names)
            return mine >= theirs if metric.higher_is_better else mine <= theirs
        case (Within() | Points(), Within() | Points()):
            kept = _points(one)
            return all(any(_keeps(own, point) for own in kept) for point in _points(other))
        case _:
            return False


def stricter(metric: Metric, one: Target, other: Target) -> bool:
    """Whether `one` asks for more than `other`, and for nothing less."""
    return at_least_as_strict(metric, one, other) and not at_least_as_strict(metric, other, one)


def _points(target: Within | Points) -> tuple[Within, ...]:
    return target.points if isinstance(target, Points) else (target,)


def _keeps(one: Within, other: Within) -> bool:
    in_time = one.duration <= other.duration and one.business_days <= other.business_days
    return in_time and one.share >= other.share


def check_internal_target(metric: str, target: Target, internal: Target | None) -> None:
    """Refuse an internal target that is looser than what is published, or not comparable."""
    if internal is not None and not at_least_as_strict(METRICS[metric], internal, target):
        raise refuse(
            "INTERNAL_TARGET_LOOSER",
            "the internal target may be kept while the published one is missed",
            "make it at least as strict, in the same unit of time",
        )
