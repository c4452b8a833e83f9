"""Schemes and what goes with them, read from a document and written back."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.errors import OrchestratorError
from orchestrator.formats.context import Context, Refused
from orchestrator.formats.contracts import CLAIMS
from orchestrator.formats.nodes import plain
from orchestrator.formats.remedies import (
    BONUS,
    CHRONIC,
    CLASSES,
    EARN_BACK,
    RATE,
    REMEDIES,
    REPEAT,
)
from orchestrator.formats.schemes import (
    FORM_CASES,
    PUBLISHED,
    SCHEME,
    published_scheme,
    published_schemes,
    read_schemes,
)
from orchestrator.formats.shapes import Shape
from orchestrator.formats.source import read_source
from orchestrator.formats.text import dump_yaml
from orchestrator.model.agreements import Claims
from orchestrator.model.breaches import (
    Bonus,
    Chronic,
    ClassBound,
    Classes,
    EarnBack,
    Remedies,
    Repeated,
    RepeatRule,
)
from orchestrator.model.credits import Cap
from orchestrator.model.lapses import Lapse
from orchestrator.model.ledger import Rate
from orchestrator.model.schemes import (
    SCHEME_KINDS,
    Linear,
    Multiple,
    PerOccurrence,
    PerTime,
    Points,
    Pool,
    Row,
    Scheme,
    Slope,
    Tiers,
    Worth,
)
from orchestrator.model.values import DAY, HOUR, MINUTE, Money, Span, parse_instant
from tests.laws.build import percent


def context(metric: str = "availability") -> Context:
    return Context(zone="UTC", currency="EUR", metric=metric)


def read(shape: Shape[Any], text: str, metric: str = "availability") -> Any:
    return shape.read(read_source(text, "x.yaml").root, context(metric))


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


TENTH, WORTH = percent("10"), Worth(amount=eur("50.00"))
CASES: list[tuple[Shape[Any], str, Any]] = [
    (
        SCHEME,
        "- {below: '99.9%', percent: 10}\n- {from: 98%, to: 99%, percent: 20}",
        Scheme(
            Tiers(
                (
                    Row(percent("99.9"), TENTH, nested=True),
                    Row(percent("99"), percent("20"), percent("98")),
                )
            )
        ),
    ),
    (
        SCHEME,
        "- {above: 99%, through: '99.9%', percent: 10}\n- {to: 98%, percent: 20}",
        Scheme(
            Tiers(
                (
                    Row(percent("99.9"), TENTH, percent("99"), False, True),
                    Row(percent("98"), percent("20")),
                )
            )
        ),
    ),
    (
        SCHEME,
        "{tiers: [{below: 99%, percent: 10}], cap: {percent: 25}, onlyAbove: {amount: '1.00'}}",
        Scheme(
            Tiers((Row(percent("99"), TENTH, nested=True),)),
            Cap(percent=percent("25")),
            eur("1.00"),
        ),
    ),
    (
        SCHEME,
        "{linear: {below: '99.9%', percent: 1, per: '0.1%', steps: started}}",
        Scheme(Linear((Slope(percent("99.9"), percent("1"), percent("0.1"), "started"),))),
    ),
    (
        SCHEME,
        "{linear: [{below: 99%, percent: 1, per: 1%}, {below: 95%, percent: 2, per: 1%}]}",
        Scheme(
            Linear(
                (
                    Slope(percent("99"), percent("1"), percent("1")),
                    Slope(percent("95"), percent("2"), percent("1")),
                )
            )
        ),
    ),
    (
        SCHEME,
        "{perMinute: {amount: '50.00'}, every: 15m, free: 1h, steps: complete, always: true}",
        Scheme(PerTime(WORTH, 15 * MINUTE, HOUR, "complete", True)),
    ),
    (SCHEME, "{perMinute: {percent: 1}}", Scheme(PerTime(Worth(percent=percent("1"))))),
    (SCHEME, "{fixed: {amount: '50.00'}, free: 2}", Scheme(PerOccurrence(WORTH, 2))),
    (
        SCHEME,
        "{points: [{below: 99%, points: 5}], each: {amount: '50.00'}, free: 3}",
        Scheme(Points((Row(percent("99"), Fraction(5), nested=True),), WORTH, Fraction(3))),
    ),
    (
        SCHEME,
        "{pool: {atRisk: 10%, allocation: 50%, name: towers, rows: [{below: 99%, percent: 40}]}}",
        Scheme(
            Pool(TENTH, percent("50"), (Row(percent("99"), percent("40"), nested=True),), "towers")
        ),
    ),
    (SCHEME, "{multiple: 10, affected: true}", Scheme(Multiple(Fraction(10), True))),
    (SCHEME, "{multiple: 1}", Scheme(Multiple(Fraction(1)))),
    (
        SCHEME,
        "{published: slack}",
        Scheme(Multiple(Fraction(10)), published="slack"),
    ),
    (
        CLASSES,
        "{major: '99.5%', critical: 95%}",
        Classes((ClassBound("major", percent("99.5")), ClassBound("critical", percent("95")))),
    ),
    (
        REPEAT,
        "{breaches: 2, periods: 3, atLeast: major, factor: 2, extra: {percent: 5}}",
        RepeatRule(Repeated(Fraction(2), 3, "major"), Fraction(2), Worth(percent=percent("5"))),
    ),
    (
        CHRONIC,
        "{breaches: 3, periods: 6, within: 30d}",
        Chronic(Repeated(Fraction(3), 6), Lapse(duration=30 * DAY)),
    ),
    (
        CHRONIC,
        "{points: 12, periods: 6}",
        Chronic(Repeated(Fraction(12), 6, points=True)),
    ),
    (
        BONUS,
        "- {from: '99.95%', percent: 2}",
        Bonus((Row(Fraction(1), percent("2"), percent("99.95"), high_included=True),)),
    ),
    (
        BONUS,
        "- {from: '99.95%', to: '99.99%', percent: 2}",
        Bonus((Row(percent("99.99"), percent("2"), percent("99.95")),)),
    ),
    (
        EARN_BACK,
        "{periods: 2, expires: 3, share: 50%, level: '99.95%'}",
        EarnBack(2, 3, Fraction(1, 2), percent("99.95")),
    ),
    (
        REMEDIES,
        "{exclusivity: sole, carveOuts: [data_loss], critical: severe, setOff: false}",
        Remedies("sole", ("data_loss",), "severe", False),
    ),
    (CLAIMS, "{within: 2 months}", Claims(months=2)),
    (
        CLAIMS,
        "{within: 5 business days, hours: office}",
        Claims(business_days=5, hours="office"),
    ),
    (
        RATE,
        "{from: USD, to: EUR, rate: '0.92', effective: {from: 2026-04-30, to: 2026-05-01}, "
        "stated: the bank}",
        Rate(
            "USD",
            "EUR",
            Fraction("0.92"),
            Span(parse_instant("2026-04-30T00:00:00Z"), parse_instant("2026-05-01T00:00:00Z")),
            "the bank",
        ),
    ),
]


@pytest.mark.parametrize(("shape", "text", "value"), CASES)
def test_what_is_written_is_read_and_written_back(shape: Shape[Any], text: str, value: Any) -> None:
    assert read(shape, text) == value
    written = shape.write(value, context())
    assert read(shape, dump_yaml(written)) == value


@pytest.mark.parametrize(("shape", "text", "value"), CASES)
def test_the_schema_takes_what_the_reader_takes(shape: Shape[Any], text: str, value: Any) -> None:
    held = shape.shape() if shape is SCHEME else shape  # type: ignore[attr-defined]
    document = plain(read_source(text, "x.yaml").root)
    Draft202012Validator(held.schema()).validate(document)


def test_every_kind_of_scheme_has_a_form_in_documents() -> None:
    assert set(FORM_CASES) == set(SCHEME_KINDS)


def test_the_metric_tells_which_side_of_a_bound_is_the_worse() -> None:
    classes = read(CLASSES, "{major: 1%, critical: 5%}", "error_rate")
    assert not classes.higher_is_better
    assert read(CLASSES, "{major: 5%, critical: 1%}").higher_is_better


@pytest.mark.parametrize(
    ("shape", "text", "code"),
    [
        (SCHEME, "{published: slak}", "UNKNOWN_SCHEME"),
        (SCHEME, "- {from: 98%, above: 98%, to: 99%, percent: 20}", "BAD_SCHEME"),
        (SCHEME, "- {from: 99%, to: 98%, percent: 20}", "END_BEFORE_START"),
        (SCHEME, "- {percent: 20}", "MISSING_KEY"),
        (SCHEME, "- {from: 98%, percent: 20}", "MISSING_KEY"),
        (SCHEME, "{perHour: {percent: 20}}", "UNKNOWN_KEY"),
        (SCHEME, "{perMinute: {percent: 20}, each: 1h}", "UNKNOWN_KEY"),
        (SCHEME, "{fixed: {amount: 50.00}}", "MONEY_AS_FLOAT"),
        (SCHEME, "{linear: {below: 99%, percent: 1, per: 0}}", "BAD_SCHEME"),
        (CLASSES, "{major: 95%, critical: 99%}", "CLASSES_NOT_ORDERED"),
        (CLASSES, "{awful: 95%}", "UNKNOWN_KEY"),
        (REPEAT, "{breaches: 4, periods: 3}", "BAD_REPEAT"),
        (CHRONIC, "{periods: 3}", "BAD_REPEAT"),
        (CHRONIC, "{breaches: 1, points: 1, periods: 3}", "BAD_REPEAT"),
        (EARN_BACK, "{periods: 3, expires: 2}", "BAD_EARN_BACK"),
        (EARN_BACK, "{periods: 1, expires: 2, share: 0}", "OUT_OF_RANGE"),
        (REMEDIES, "{exclusivity: only}", "BAD_CHOICE"),
        (RATE, "{from: EUR, to: EUR, rate: 1, effective: {}}", "BAD_RATE"),
        (RATE, "{from: EUR, to: USD, rate: 0, effective: {}}", "OUT_OF_RANGE"),
    ],
)
def test_what_means_nothing_is_refused_by_name(shape: Shape[Any], text: str, code: str) -> None:
    ctx = context()
    with pytest.raises(Refused):
        shape.read(read_source(text, "x.yaml").root, ctx)
    assert [problem.code for problem, _ in ctx.found] == [code]


def test_the_nearest_published_scheme_is_named() -> None:
    with pytest.raises(OrchestratorError) as caught:
        published_scheme("slak")
    assert "'slack'" in caught.value.problems[0].advice


def test_a_published_scheme_is_taken_with_its_cap_and_minimum() -> None:
    taken = read(SCHEME, "{published: aws-ec2-region}")
    assert taken == replace(published_scheme("aws-ec2-region").scheme, published="aws-ec2-region")
    assert taken.minimum == Money(100, "USD")


def test_the_library_is_read_back_as_it_is_written() -> None:
    ctx = Context(currency="USD")
    schemes = [PUBLISHED.write(one, ctx) for one in published_schemes().values()]
    document = {"apiVersion": "orchestrator/v1", "kind": "SchemeLibrary", "schemes": schemes}
    assert read_schemes(dump_yaml(document)) == tuple(published_schemes().values())


def test_a_library_refers_to_no_other_library() -> None:
    text = """
apiVersion: orchestrator/v1
kind: SchemeLibrary
schemes: [{id: a, provider: A, name: A, targets: [99%], source: primary, credits: {published: b}}]
"""
    with pytest.raises(OrchestratorError) as caught:
        read_schemes(text, "mine.yaml")
    assert [one.code for one in caught.value.problems] == ["UNKNOWN_KEY"]
