"""Credits, classes, repetition and earn-back against plain loops, and the laws they keep."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.classes import Past, completed
from orchestrator.engine.earnback import Performed, earned_back
from orchestrator.engine.limits import STAGES, Due, Year, cut, due_of, owed, owed_in_turn
from orchestrator.engine.schemelint import Promise, row_defects
from orchestrator.engine.schemes import Outcome, Reckoned, reckon, worth_of
from orchestrator.model.breaches import EarnBack, Repeated
from orchestrator.model.credits import Cap
from orchestrator.model.schemes import (
    SINGLE_EVENT,
    Limits,
    Linear,
    Multiple,
    PerTime,
    Pool,
    Row,
    Scheme,
    Slope,
    Tiers,
    Worth,
)
from orchestrator.model.values import DAY, MINUTE, Money, Span
from tests.laws.build import law, long_law

# --------------------------------------------------------------------------------------------- rows

GRID = 40
"""Attained values and the ends of rows are multiples of 1/40; between two lies a half step."""


@st.composite
def rows(draw: st.DrawFn) -> Row:
    low, high = sorted((draw(st.integers(0, GRID)), draw(st.integers(0, GRID))))
    both = (True, True) if low == high else (draw(st.booleans()), draw(st.booleans()))
    worth = Fraction(draw(st.integers(0, 10)), 10)
    return Row(Fraction(high, GRID), worth, Fraction(low, GRID), *both, draw(st.booleans()))


ROWS = st.lists(rows(), max_size=5).map(tuple)


def half_steps(row: Row) -> set[int]:
    """The half steps that a row holds, counted off one by one from its lower end."""
    first, last = int(row.low * 2 * GRID), int(row.high * 2 * GRID)
    held = set(range(first, last + 1))
    if not row.low_included:
        held.discard(first)
    if not row.high_included:
        held.discard(last)
    return held


@law
@given(ROWS, st.integers(0, 2 * GRID))
def test_a_value_is_worth_the_highest_row_that_holds_it(table: tuple[Row, ...], at: int) -> None:
    worth = max((row.worth for row in table if at in half_steps(row)), default=Fraction(0))
    assert worth_of(table, Fraction(at, 2 * GRID)) == worth


@law
@given(ROWS, st.integers(1, GRID))
def test_a_table_has_the_defects_that_a_walk_over_all_values_finds(
    table: tuple[Row, ...], target: int
) -> None:
    said = {one.code for one in row_defects(table, Promise(Fraction(target, GRID)), None)}
    codes = set()
    for at in range(2 * GRID + 1):
        held = [row for row in table if at in half_steps(row)]
        met = at >= 2 * target
        if not met and not held:
            codes.add("TIER_GAP")
        if sum(not row.nested for row in held) > 1:
            codes.add("TIER_OVERLAP")
        if met and any(row.worth for row in held):
            codes.add("CREDIT_WITHOUT_BREACH")
    for row in table:
        beside = [
            max(one.worth for one in table if at in half_steps(one)) for at in half_steps(row)
        ]
        if all(best > row.worth for best in beside):
            codes.add("TIER_WITHOUT_EFFECT")
    assert said - {"REWARDS_FAILURE"} == codes
    worths = [
        max(row.worth for row in table if at in half_steps(row))
        for at in range(2 * target)
        if any(at in half_steps(row) for row in table)
    ]
    assert ("REWARDS_FAILURE" in said) == (worths != sorted(worths, reverse=True))


# ------------------------------------------------------------------------------------------- limits

EVENTS = st.frozensets(st.sampled_from(["o1", "o2", "o3"]), max_size=3)
DUES = st.lists(
    st.builds(
        Due,
        st.sampled_from("abc"),
        st.sampled_from(["web", "mail"]),
        st.builds(Reckoned, st.fractions(0, 300, max_denominator=8), st.just("EUR")),
        st.one_of(st.none(), st.builds(Money, st.integers(0, 400), st.just("EUR"))),
        st.sampled_from(["", "web"]),
        EVENTS,
        st.one_of(st.none(), st.builds(Money, st.integers(0, 50), st.just("EUR"))),
    ),
    max_size=6,
)
CAPS = st.lists(
    st.one_of(
        st.builds(lambda ratio: Cap(percent=ratio), st.fractions(0, 1, max_denominator=10)),
        st.builds(lambda sum_: Cap(amount=Money(sum_, "EUR")), st.integers(0, 500)),
    ),
    max_size=2,
).map(tuple)
LIMITS = st.builds(
    Limits,
    st.sampled_from(SINGLE_EVENT),
    CAPS,
    CAPS,
    st.one_of(st.none(), st.builds(Money, st.integers(0, 50), st.just("EUR"))),
)


def fees(dues: Sequence[Due]) -> int | None:
    """All fees, each base once at its greatest; None where one is not stated."""
    if any(one.fee is None for one in dues):
        return None
    bases = {one.paid_for for one in dues}
    return sum(
        max(one.fee.amount for one in dues if one.paid_for == base and one.fee) for base in bases
    )


def most(caps: Sequence[Cap], fee: int | None) -> Fraction | None:
    found = [Fraction(cap.amount.amount) for cap in caps if cap.amount is not None]
    if fee is not None:
        found += [cap.percent * fee for cap in caps if cap.percent is not None]
    return min(found, default=None)


@law
@given(DUES, LIMITS, st.integers(0, 300), st.one_of(st.none(), st.integers(0, 2000)))
def test_what_is_owed_keeps_every_limit(
    dues: list[Due], limits: Limits, used: int, fee: int | None
) -> None:
    found = owed(dues, limits, {"EUR": Year(used, fee)})
    paid = [one.money.amount for one in found]
    assert [one.due for one in found] == dues
    for one in found:
        steps = [one.gross, *(amount for _, amount in one.stages)]
        assert steps == sorted(steps, reverse=True)
        assert steps[-1] >= 0
        assert abs(one.gross - one.due.reckoned.amount) <= Fraction(1, 2)
        assert [name for name, _ in one.stages] == list(STAGES)
    total = sum(paid)
    base = fees(dues)
    if base is not None:
        assert total <= base
    for bound, before in ((most(limits.caps, base), 0), (most(limits.annual, fee), used)):
        if bound is not None:
            assert total <= max(bound - before, 0)
    if limits.minimum is not None:
        assert total == 0 or total > limits.minimum.amount
    for one, amount in zip(dues, paid, strict=True):
        if one.minimum is not None:
            assert amount == 0 or amount > one.minimum.amount


@law
@given(DUES, st.sampled_from(SINGLE_EVENT))
def test_no_event_is_paid_for_twice_and_nothing_falls_away_without_a_reason(
    dues: list[Due], single_event: str
) -> None:
    found = owed(dues, Limits(single_event))
    kept = [dict(one.stages)["single_event"] for one in found]

    def clash(one: Due, other: Due) -> bool:
        together = bool(one.events & other.events)
        return {
            "sum": False,
            "highest_only": together,
            "per_service": together and one.service == other.service,
        }[single_event]

    for i, one in enumerate(dues):
        assert kept[i] in (0, found[i].gross)
        rivals = [j for j in range(len(dues)) if j != i and kept[j] and clash(one, dues[j])]
        if kept[i]:
            assert not rivals
        elif found[i].gross:
            assert any(found[j].gross >= found[i].gross for j in rivals)


@law
@given(st.lists(st.integers(0, 1000), max_size=6), st.integers(-50, 2000))
def test_what_is_cut_down_adds_up_and_stays_in_proportion(amounts: list[int], limit: int) -> None:
    left = cut(amounts, limit)
    assert sum(left) == min(sum(amounts), max(limit, 0))
    assert all(0 <= one <= amount for one, amount in zip(left, amounts, strict=True))
    for one, amount in zip(left, amounts, strict=True):
        if sum(amounts) > max(limit, 0):
            assert abs(one - Fraction(amount * max(limit, 0), sum(amounts))) < 1


@law
@given(st.lists(DUES, max_size=4), LIMITS, st.integers(0, 1000))
def test_a_year_never_brings_more_than_its_cap(
    months: list[list[Due]], limits: Limits, fee: int
) -> None:
    found = owed_in_turn(months, limits, {"EUR": fee})
    total = sum(one.money.amount for month in found for one in month)
    bound = most(limits.annual, fee)
    if bound is not None:
        assert total <= bound


# -------------------------------------------------------------------------------------------- forms

SHARE = st.fractions(0, 1, max_denominator=50)
SCHEMES = st.one_of(
    st.builds(
        lambda highs: Tiers(
            tuple(
                Row(high, Fraction(place + 1, 10), nested=True)
                for place, high in enumerate(sorted(highs, reverse=True))
            )
        ),
        st.sets(SHARE.filter(bool), min_size=1, max_size=4),
    ),
    st.builds(
        lambda below, percent: Linear((Slope(below, percent, Fraction(1, 100)),)), SHARE, SHARE
    ),
    st.builds(lambda percent: PerTime(Worth(percent=percent)), SHARE),
    st.builds(Multiple, st.fractions(0, 100, max_denominator=10)),
    st.builds(
        lambda risk, part: Pool(risk, part, (Row(Fraction(9, 10), Fraction(1), nested=True),)),
        SHARE,
        SHARE,
    ),
)


@law
@given(SCHEMES, st.integers(0, 100), st.integers(0, 100), st.integers(0, 10**6))
def test_more_downtime_never_costs_less_and_never_more_than_the_fee(
    form: object, one: int, other: int, fee: int
) -> None:
    less, more = sorted((one, other))

    def outcome(minutes: int) -> Outcome:
        return Outcome(
            1 - Fraction(minutes, 100),
            Fraction(95, 100),
            Money(fee, "EUR"),
            Fraction(minutes * MINUTE),
            Fraction(100 * MINUTE),
        )

    scheme = Scheme(form)  # type: ignore[arg-type]
    assert reckon(scheme, outcome(less)).amount <= reckon(scheme, outcome(more)).amount
    (paid,) = owed([due_of(scheme, outcome(more), term="a", service="s")], Limits())
    assert paid.money.amount <= fee


# --------------------------------------------------------------------------------------- repetition

PERIODS = [Span(month * DAY, (month + 1) * DAY) for month in range(14)]
CLASSES = ("", "minor", "major", "severe", "critical")


def plainly_completed(
    count: Fraction, periods: int, weights: Sequence[Fraction]
) -> list[tuple[int, ...]]:
    """Look at every window that ends at a breach, earliest end first; what a completed one used is
    struck off, and the search begins anew."""
    weights, found = list(weights), []
    while True:
        for end in range(len(weights)):
            window = [i for i in range(max(0, end - periods + 1), end + 1) if weights[i]]
            if weights[end] and sum(weights[i] for i in window) >= count:
                found.append(tuple(window))
                for i in range(end + 1):
                    weights[i] = Fraction(0)
                break
        else:
            return found


def repetition_agrees(letters: list[str], count: int, periods: int, at_least: str) -> None:
    history = [Past(PERIODS[i], letter) for i, letter in enumerate(letters)]
    when = Repeated(Fraction(min(count, periods)), periods, at_least)
    grave = CLASSES.index(at_least)
    weights = [Fraction(CLASSES.index(letter) >= grave) for letter in letters]
    found = completed(when, history)
    assert found == plainly_completed(when.count, periods, weights)
    used = [place for places in found for place in places]
    assert len(used) == len(set(used))


@law
@given(
    st.lists(st.sampled_from(CLASSES), max_size=14),
    st.integers(1, 5),
    st.integers(1, 6),
    st.sampled_from(CLASSES[1:]),
)
def test_repetition_is_found_as_a_plain_search_finds_it(
    letters: list[str], count: int, periods: int, at_least: str
) -> None:
    repetition_agrees(letters, count, periods, at_least)


@pytest.mark.long
@long_law
@given(
    st.lists(st.sampled_from(CLASSES), max_size=14),
    st.integers(1, 5),
    st.integers(1, 6),
    st.sampled_from(CLASSES[1:]),
)
def test_repetition_is_found_as_a_plain_search_finds_it_at_length(
    letters: list[str], count: int, periods: int, at_least: str
) -> None:
    repetition_agrees(letters, count, periods, at_least)


@law
@given(st.lists(st.integers(0, 5), max_size=14), st.integers(1, 15), st.integers(1, 6))
def test_points_come_together_as_a_plain_search_finds_it(
    points: list[int], count: int, periods: int
) -> None:
    history = [Past(PERIODS[i], "", Fraction(one)) for i, one in enumerate(points)]
    found = completed(Repeated(Fraction(count), periods, points=True), history)
    assert found == plainly_completed(Fraction(count), periods, list(map(Fraction, points)))


# ---------------------------------------------------------------------------------------- earn-back

TARGET = Fraction(9, 10)
ATTAINED = st.one_of(st.none(), st.integers(80, 100).map(lambda one: Fraction(one, 100)))


@law
@given(
    st.lists(st.tuples(ATTAINED, st.integers(0, 500)), max_size=10),
    st.integers(1, 3),
    st.integers(0, 3),
    st.fractions(Fraction(1, 10), 1, max_denominator=10),
    st.sampled_from([None, TARGET, Fraction(95, 100)]),
)
def test_what_is_earned_back_is_found_window_by_window(
    months: list[tuple[Fraction | None, int]],
    periods: int,
    longer: int,
    share: Fraction,
    level: Fraction | None,
) -> None:
    rule = EarnBack(periods, periods + longer, share, level)
    history = [Performed(attained, Money(credit, "EUR")) for attained, credit in months]
    found = {one.credited: one for one in earned_back(rule, history, TARGET)}
    asked = TARGET if level is None else level
    for place, (_, credit) in enumerate(months):
        windows = [
            range(start, start + periods)
            for start in range(place + 1, len(months))
            if start + periods - 1 <= min(place + rule.expires, len(months) - 1)
        ]
        good = [
            window[-1]
            for window in windows
            if all(months[i][0] is not None and months[i][0] >= asked for i in window)  # type: ignore[operator]
        ]
        if credit and good:
            one = found.pop(place)
            assert one.earned == min(good)
            assert 0 <= share * credit - one.money.amount < 1
            assert one.money.amount <= credit
    assert not found
