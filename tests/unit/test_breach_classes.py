"""How grave a breach is, what repetition brings, bonus, and what is earned back."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from orchestrator.engine.classes import (
    Past,
    addition,
    bonus_due,
    class_of,
    completed,
    termination_rights,
    with_repetition,
)
from orchestrator.engine.earnback import EarnedBack, Performed, earned_back
from orchestrator.engine.schemes import Reckoned
from orchestrator.errors import OrchestratorError
from orchestrator.model.breaches import (
    Bonus,
    Chronic,
    ClassBound,
    Classes,
    EarnBack,
    Repeated,
    RepeatRule,
)
from orchestrator.model.lapses import Lapse
from orchestrator.model.schemes import Row, Worth
from orchestrator.model.values import DAY, FOREVER, MONTH, Money, Span, parse_instant, zone
from tests.laws.build import percent

UTC = zone("UTC")
YEAR = list(
    MONTH.over(
        Span(parse_instant("2026-01-01T00:00:00Z"), parse_instant("2027-01-01T00:00:00Z")), UTC
    )
)
LETTERS = {"-": "", "m": "minor", "M": "major", "S": "severe", "C": "critical"}


def history(letters: str, points: str = "") -> list[Past]:
    """A year's months by the class of their breach, or by the points of each."""
    scored = points or "0" * len(letters)
    return [
        Past(month, LETTERS[letter], Fraction(score))
        for month, letter, score in zip(YEAR, letters, scored, strict=False)
    ]


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def refused(make: Any) -> str:
    with pytest.raises(OrchestratorError) as caught:
        make()
    return caught.value.problems[0].code


# ------------------------------------------------------------------------------------------ classes

CLASSES = Classes(
    (
        ClassBound("major", percent("99.5")),
        ClassBound("severe", percent("99")),
        ClassBound("critical", percent("95")),
    )
)


@pytest.mark.parametrize(
    ("attained", "breach_class"),
    [
        ("99.9", ""),
        ("99.89", "minor"),
        ("99.5", "minor"),
        ("99.49", "major"),
        ("99", "major"),
        ("98.99", "severe"),
        ("95", "severe"),
        ("94.99", "critical"),
        ("0", "critical"),
    ],
)
def test_a_class_begins_below_its_bound(attained: str, breach_class: str) -> None:
    assert class_of(CLASSES, percent(attained), percent("99.9")) == breach_class


def test_of_less_is_better_a_class_begins_above_its_bound() -> None:
    classes = Classes((ClassBound("critical", percent("5")),), higher_is_better=False)
    assert class_of(classes, percent("0.1"), percent("0.1")) == ""
    assert class_of(classes, percent("5"), percent("0.1")) == "minor"
    assert class_of(classes, percent("5.1"), percent("0.1")) == "critical"


def test_classes_that_are_out_of_order_are_refused() -> None:
    mild = ClassBound("major", percent("99"))
    assert refused(lambda: Classes((mild, ClassBound("severe", percent("99"))))) == (
        "CLASSES_NOT_ORDERED"
    )
    assert refused(lambda: Classes((mild, mild))) == "CLASSES_NOT_ORDERED"
    assert refused(lambda: Classes((ClassBound("awful", percent("99")),))) == "BAD_CHOICE"


# --------------------------------------------------------------------------------------- repetition


@pytest.mark.parametrize(
    ("letters", "places"),
    [
        ("mm", [(0, 1)]),
        # the third in a row has only itself left
        ("mmm", [(0, 1)]),
        ("mmmm", [(0, 1), (2, 3)]),
        ("m-m-m", []),
        ("-mm-mm", [(1, 2), (4, 5)]),
        ("", []),
    ],
)
def test_two_breaches_in_a_row_count_exactly_once(
    letters: str, places: list[tuple[int, ...]]
) -> None:
    assert completed(Repeated(Fraction(2), 2), history(letters)) == places


def test_three_breaches_within_six_months_may_lie_apart() -> None:
    when = Repeated(Fraction(3), 6)
    assert completed(when, history("m--m-m------")) == [(0, 3, 5)]
    assert completed(when, history("m--m--m-----")) == []
    assert completed(when, history("m--m--m-m---")) == [(3, 6, 8)]


def test_milder_breaches_do_not_count() -> None:
    when = Repeated(Fraction(2), 3, "severe")
    assert completed(when, history("SmS")) == [(0, 2)]
    assert completed(when, history("MmC")) == []


def test_points_add_up_within_the_window() -> None:
    when = Repeated(Fraction(12), 3, points=True)
    assert completed(when, history("------", "550270")) == []
    assert completed(when, history("------", "055205")) == [(1, 2, 3)]
    assert completed(when, history("------", "570000")) == [(0, 1)]
    assert completed(when, history("------", "500700")) == []


def test_a_history_has_no_holes() -> None:
    past = [Past(YEAR[0], "minor"), Past(YEAR[2], "minor")]
    assert refused(lambda: completed(Repeated(Fraction(2), 2), past)) == "BROKEN_HISTORY"


def test_two_monthly_breaches_in_a_row_double_the_credit_once() -> None:
    rule = RepeatRule(Repeated(Fraction(2), 2), factor=Fraction(2))
    dues = [Reckoned(Fraction(1000), "EUR")] * 3
    found = with_repetition(rule, history("mmm"), dues, eur("100.00"))
    assert [one.amount for one in found] == [1000, 2000, 1000]


def test_repetition_may_bring_a_sum_or_a_part_of_the_fee() -> None:
    when, due = Repeated(Fraction(2), 2), Reckoned(Fraction(1000), "EUR")
    part = RepeatRule(when, extra=Worth(percent=percent("5")))
    assert addition(part, due, eur("100.00")).amount == 500
    fixed = RepeatRule(when, extra=Worth(amount=eur("7.00")))
    assert addition(fixed, due, eur("100.00")).amount == 700
    dollars = RepeatRule(when, extra=Worth(amount=Money(1, "USD")))
    assert refused(lambda: addition(dollars, due, eur("100.00"))) == "MIXED_CURRENCIES"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Repeated(Fraction(3), 2), "BAD_REPEAT"),
        (lambda: Repeated(Fraction(0), 2), "BAD_REPEAT"),
        (lambda: Repeated(Fraction(1), 2, "awful"), "BAD_CHOICE"),
        (lambda: RepeatRule(Repeated(Fraction(1), 1), Fraction(1, 2)), "BAD_NUMBER"),
        (lambda: EarnBack(3, 2), "BAD_EARN_BACK"),
        (lambda: EarnBack(1, 2, Fraction(3, 2)), "OUT_OF_RANGE"),
    ],
)
def test_a_rule_that_cannot_be_met_is_refused(make: Any, code: str) -> None:
    assert refused(make) == code


def test_chronic_failure_gives_a_right_to_terminate_that_lapses() -> None:
    chronic = Chronic(Repeated(Fraction(3), 3), Lapse(duration=30 * DAY))
    (right,) = termination_rights(chronic, history("-mmm--"), "shop", {})
    assert right.holder == "shop"
    assert right.periods == tuple(YEAR[1:4])
    assert right.span == Span(
        parse_instant("2026-05-01T00:00:00Z"), parse_instant("2026-05-31T00:00:00Z")
    )
    (endless,) = termination_rights(Chronic(chronic.when), history("mmm"), "shop", {})
    assert endless.span.end == FOREVER


# ------------------------------------------------------------------------------ bonus and earn-back


@pytest.mark.parametrize(
    ("attained", "due"), [("99.94", "0.00"), ("99.95", "1.00"), ("99.99", "3.00"), ("100", "3.00")]
)
def test_a_bonus_is_owed_for_more_than_was_promised(attained: str, due: str) -> None:
    bonus = Bonus(
        (
            Row(percent("99.99"), percent("1"), percent("99.95")),
            Row(Fraction(1), percent("3"), percent("99.99"), high_included=True),
        )
    )
    assert str(bonus_due(bonus, percent(attained), eur("100.00"))) == due


def test_a_bonus_never_exceeds_the_fee() -> None:
    bonus = Bonus((Row(Fraction(1), Fraction(2), high_included=True),))
    assert str(bonus_due(bonus, Fraction(1), eur("100.00"))) == "100.00"


TARGET = percent("99.9")


def months(*attained: str, credit: str = "10.00") -> list[Performed]:
    """Months by what they attained (`?`: nothing was measured), with a credit where they missed."""
    return [
        Performed(
            None if one == "?" else percent(one),
            eur(credit if one != "?" and percent(one) < TARGET else "0.00"),
        )
        for one in attained
    ]


@pytest.mark.parametrize(
    ("attained", "found"),
    [
        # two good months in a row, within three
        (("99", "99.9", "100"), [EarnedBack(0, 2, eur("10.00"))]),
        # both credits, by the same good months
        (
            ("99", "98", "99.9", "100"),
            [EarnedBack(0, 3, eur("10.00")), EarnedBack(1, 3, eur("10.00"))],
        ),
        (("99", "?", "100", "100"), [EarnedBack(0, 3, eur("10.00"))]),
        # expired: the second good month is the fourth after it
        (("99", "?", "?", "100", "100"), []),
        (("99", "100"), []),
        # once, however long it goes on well
        (("99", "100", "100", "100", "100", "100"), [EarnedBack(0, 2, eur("10.00"))]),
    ],
)
def test_good_months_cancel_a_credit_once_before_it_expires(
    attained: tuple[str, ...], found: list[EarnedBack]
) -> None:
    assert earned_back(EarnBack(2, 3), months(*attained), TARGET) == found


def test_a_part_of_a_credit_is_cut_down_to_the_cent() -> None:
    rule = EarnBack(1, 1, Fraction(1, 3))
    (one,) = earned_back(rule, months("99", "100", credit="0.05"), TARGET)
    assert str(one.money) == "0.01"


def test_more_than_the_target_may_be_asked_for_and_never_less() -> None:
    strict = EarnBack(1, 1, level=percent("99.99"))
    assert earned_back(strict, months("99", "99.9"), TARGET) == []
    assert len(earned_back(strict, months("99", "99.99"), TARGET)) == 1
    loose = EarnBack(1, 1, level=percent("99.8"))
    assert refused(lambda: earned_back(loose, months("99"), TARGET)) == "BAD_EARN_BACK"
