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


def stricter_of(metric: Metric, one: Target, other: Target) -> Target | None:
    """The stricter of two targets; None where neither is at least as strict as the other."""
    if at_least_as_strict(metric, one, other):
        return one
    return other if at_least_as_strict(metric, other, one) else None


def kept_by_both(metric: Metric, one: Target, other: Target) -> Target | None:
    """The strictest target that keeping either of two keeps; None where there is none.

    Of times and shares: for each two points the smaller share within the longer time, hours and
    business days apart.
    """
    match one, other:
        case (Within() | Points(), Within() | Points()):
            common = {
                Within(
                    min(mine.share, theirs.share),
                    max(mine.duration, theirs.duration),
                    max(mine.business_days, theirs.business_days),
                )
                for mine in _points(one)
                for theirs in _points(other)
                if bool(mine.business_days) == bool(theirs.business_days)
            }
            points = tuple(sorted(common, key=lambda point: (point.share, -point.duration)))
            return (points[0] if len(points) == 1 else Points(points)) if points else None
        case (Labels(), Labels()):
            mine, theirs = set(one.names), set(other.names)
            names = mine & theirs if metric.higher_is_better else mine | theirs
            return Labels(tuple(sorted(names))) if names else None
        case _:
            if at_least_as_strict(metric, one, other):
                return other
            return one if at_least_as_strict(metric, other, one) else None


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
