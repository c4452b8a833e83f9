"""Small types that others are made of: spans, money, periods, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import graphene
import orjson

from orchestrator.formats.figures import figure
from orchestrator.model.metrics import (
    METRICS,
    Labels,
    Lasting,
    Points,
    Within,
    target_text,
)
from orchestrator.model.metrics import (
    Target as TargetModel,
)
from orchestrator.model.values import SECOND, Duration, Kept, format_exact
from orchestrator.model.values import (
    Money as MoneyModel,
)
from orchestrator.web.enums import Severity
from orchestrator.web.fields import given, many, maybe
from orchestrator.web.scalars import JSON, DateTime, instant_or_none


def seconds(duration: Duration) -> float:
    """A duration in seconds."""
    return duration / SECOND


@dataclass(frozen=True, slots=True)
class Shown:
    """A target, or a figure to compare with one, and its text."""

    text: str
    value: TargetModel | float


def asked(metric: str, target: TargetModel | None) -> Shown | None:
    """A target of a metric, exactly."""
    return None if target is None else Shown(target_text(METRICS[metric], target), target)


def reached(metric: str, value: TargetModel | float | None) -> Shown | None:
    """A figure that is found, its text rounded so that it never claims more than is there."""
    return None if value is None else Shown(figure(metric, value), value)


def number_of(value: TargetModel | float | None) -> Fraction | float | None:
    """The ratio or number that a target is, or the share of one in time and share; None of what is
    no number."""
    match value:
        case Within():
            return value.share
        case int() | float() | Fraction():
            return value
        case _:
            return None


def within_seconds(target: TargetModel | float) -> float | None:
    """The time of a target, where it is a duration."""
    match target:
        case Lasting():
            return seconds(target.duration)
        case Within() if target.duration:
            return seconds(target.duration)
        case _:
            return None


def within_days(target: TargetModel | float) -> int | None:
    """The time of a target in time and share, where it is business days."""
    return (target.business_days or None) if isinstance(target, Within) else None


def points_of(target: TargetModel | float) -> tuple[Within, ...]:
    """The shares with their times that a target is made of."""
    match target:
        case Within():
            return (target,)
        case Points():
            return target.points
        case _:
            return ()


def labels_of(target: TargetModel | float) -> tuple[str, ...]:
    """The names that a target is made of."""
    return target.names if isinstance(target, Labels) else ()


def exact_text(value: TargetModel | float | None) -> str | None:
    """A ratio as a decimal or fraction that loses nothing; None where it is not known exactly."""
    return format_exact(value) if isinstance(value, Fraction) else None


def filed_json(kept: Kept) -> dict[str, Any]:
    """Keys of a document that are kept as they were written."""
    return {key: orjson.loads(text) for key, text in kept}


def filed() -> Any:
    """The field for what is filed and not computed from."""
    return given(
        JSON,
        "Keys of the document that are kept as written and not computed from.",
        lambda seen: filed_json(seen.value.kept),
    )


class TargetPoint(graphene.ObjectType):
    """At least a share of the cases within a time, which is a duration or business days."""

    share = given(graphene.Float, "The share.")
    within_seconds = maybe(graphene.Float, "The time, where it is a duration.", within_seconds)
    within_business_days = maybe(graphene.Int, "The time, in business days.", within_days)


class Target(graphene.ObjectType):
    """What is promised or guaranteed, of whatever it is made: the fields that say nothing about it
    are null or empty."""

    text = given(graphene.String, "In words: `99.85%`, `450`, `4h`, `90% within 4h`.")
    number = maybe(
        graphene.Float,
        "A ratio, or a number in the metric's unit.",
        lambda shown: None if isinstance(shown.value, Within) else number_of(shown.value),
    )
    exact = maybe(
        graphene.String,
        "That number as a decimal or a fraction, where it is known exactly.",
        lambda shown: exact_text(shown.value),
    )
    seconds = maybe(
        graphene.Float,
        "A length of time.",
        lambda shown: within_seconds(shown.value) if isinstance(shown.value, Lasting) else None,
    )
    points = many(
        TargetPoint,
        "Shares of the cases with their times, the smallest share first.",
        lambda shown: points_of(shown.value),
    )
    labels = many(graphene.String, "Names.", lambda shown: labels_of(shown.value))


class Span(graphene.ObjectType):
    """A stretch of time: `from` is included, `to` is not. Null is without an end on that side."""

    start = maybe(
        DateTime, "When it begins.", lambda span: instant_or_none(span.start), name="from"
    )
    end = maybe(DateTime, "When it ends.", lambda span: instant_or_none(span.end), name="to")


class Money(graphene.ObjectType):
    """An amount of a currency."""

    amount = given(graphene.String, "The amount with all its decimals: `5000.00`.", str)
    currency = given(graphene.String, "ISO 4217 code.")


class Fee(graphene.ObjectType):
    """What is paid, and how often."""

    amount = given(graphene.String, "The amount with all its decimals.", lambda fee: str(fee.money))
    currency = given(graphene.String, "ISO 4217 code.", lambda fee: fee.money.currency)
    per = given(graphene.String, "`month`, `quarter` or `year`.")


class PeriodRule(graphene.ObjectType):
    """What a target is measured over, in the agreement's time zone."""

    kind = given(graphene.String, "`month`, `quarter`, `year` or `rolling`.")
    start_day = given(graphene.Int, "The day of the month on which it begins.")
    rolling_seconds = maybe(
        graphene.Float,
        "The length of a rolling period; null for calendar periods.",
        lambda period: seconds(period.rolling) if period.rolling else None,
    )


class Finding(graphene.ObjectType):
    """Something a reader should know: odd or alarming, and allowed."""

    code = given(graphene.String, "What it is; the codes are published and stable.")
    severity = given(Severity, "How serious it is.")
    message = given(graphene.String, "What it is, in words.")
    subjects = many(graphene.String, "The ids of what it is about.")
    path = maybe(
        graphene.String,
        "The place by ids, such as `agreements[c1].terms[availability]`.",
        lambda finding: finding.path,
    )


def money_of(amount: int, currency: str) -> str:
    """Minor units as the text of an amount."""
    return str(MoneyModel(amount, currency))


class MoneyInput(graphene.InputObjectType):
    """An amount and its currency."""

    amount = graphene.InputField(
        graphene.String, required=True, description='With all its decimals: "1500.00".'
    )
    currency = graphene.InputField(graphene.String, required=True, description="ISO 4217 code.")


def money_given(sent: Mapping[str, str] | None) -> MoneyModel | None:
    """The money that was sent, if any was."""
    return None if sent is None else MoneyModel.parse(sent["amount"], sent["currency"])
