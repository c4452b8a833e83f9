"""Laws of targets: which is the stricter, and which may be published."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.engine.publishing import publishable_target
from orchestrator.model.metrics import METRICS, Labels, Lasting, Points, Target, Within
from orchestrator.model.strictness import at_least_as_strict, stricter
from orchestrator.model.values import HOUR
from tests.laws.build import law

# Strictness: a target is a set of outcomes that keep it; the stricter one is the smaller set.

shares = st.sampled_from([Fraction(n, 10) for n in range(1, 11)])
points = st.builds(Within, shares, st.integers(1, 5).map(lambda hours: hours * HOUR))
timed = points | st.lists(points, min_size=1, max_size=3).map(lambda one: Points(tuple(one)))
names = st.sets(st.sampled_from("abc")).map(lambda one: Labels(tuple(sorted(one))))

OUTCOMES: dict[str, st.SearchStrategy[Any]] = {
    "ratio": shares,
    "fault": shares,
    "number": shares,
    "lasting": st.integers(1, 5),
    "labels": st.sets(st.sampled_from("abc")),
    "within": st.lists(st.integers(0, 6), min_size=1, max_size=10),
}
TARGETS: dict[str, st.SearchStrategy[Target]] = {
    "ratio": shares,
    "fault": shares,
    "number": shares,
    "lasting": st.integers(1, 5).map(Lasting),
    "labels": names,
    "within": timed,
}


def keeps(outcome: Any, target: Target, higher: bool) -> bool:
    """Whether something that happened keeps a target, by what the words of the target say."""
    match target:
        case Fraction():
            return bool(outcome >= target if higher else outcome <= target)
        case Lasting():
            return bool(outcome >= target.duration if higher else outcome <= target.duration)
        case Labels():
            asked = set(target.names)
            return bool(outcome >= asked if higher else outcome <= asked)
        case Within():
            inside = sum(hours * HOUR <= target.duration for hours in outcome)
            return inside >= target.share * len(outcome)
        case Points():
            return all(keeps(outcome, point, higher) for point in target.points)


@law
@given(st.data(), st.sampled_from(sorted(METRICS)))
def test_what_keeps_a_stricter_target_keeps_the_looser_one(data: Any, name: str) -> None:
    metric = METRICS[name]
    one, other = (data.draw(TARGETS[metric.carrier]) for _ in range(2))
    outcome = data.draw(OUTCOMES[metric.carrier])
    if at_least_as_strict(metric, one, other) and keeps(outcome, one, metric.higher_is_better):
        assert keeps(outcome, other, metric.higher_is_better)


@law
@given(st.data(), st.sampled_from(sorted(METRICS)))
def test_strictness_is_an_order(data: Any, name: str) -> None:
    metric = METRICS[name]
    one, two, three = (data.draw(TARGETS[metric.carrier]) for _ in range(3))
    assert at_least_as_strict(metric, one, one)
    assert not stricter(metric, one, one)
    if at_least_as_strict(metric, one, two) and at_least_as_strict(metric, two, three):
        assert at_least_as_strict(metric, one, three)


def test_hours_and_business_days_cannot_be_compared() -> None:
    metric = METRICS["resolution_time"]
    hours, days = Within(Fraction(1), HOUR), Within(Fraction(1), 0, 1)
    assert not at_least_as_strict(metric, hours, days)
    assert not at_least_as_strict(metric, days, hours)
    assert not at_least_as_strict(metric, Fraction(1), hours)


# Publishing


@law
@given(st.lists(shares, min_size=1, max_size=8), st.integers(1, 8), shares)
def test_a_publishable_target_was_met_in_every_one_of_the_last_periods(
    attained: list[Fraction], periods: int, margin: Fraction
) -> None:
    assume(periods <= len(attained))
    for name in ("on_time", "error_rate"):
        metric = METRICS[name]
        target = publishable_target(metric, attained, periods, margin)
        last = attained[len(attained) - periods :]
        assert all(keeps(one, target, metric.higher_is_better) for one in last)
        exact = publishable_target(metric, attained, periods, Fraction(0))
        assert exact in last
