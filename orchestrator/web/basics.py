"""Small types that others are made of: spans, money, periods, findings."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import graphene
import orjson

from orchestrator.model.metrics import Target, Within
from orchestrator.model.values import (
    SECOND,
    Duration,
    Kept,
    format_duration,
    format_exact,
    format_percent,
)
from orchestrator.model.values import (
    Money as MoneyModel,
)
from orchestrator.web.enums import Severity
from orchestrator.web.fields import given, many, maybe
from orchestrator.web.scalars import JSON, DateTime, instant_or_none


def seconds(duration: Duration) -> float:
    """A duration in seconds."""
    return duration / SECOND


def share_of(target: Target) -> Fraction:
    """The ratio a target asks for."""
    return target.share if isinstance(target, Within) else target


def target_text(target: Target) -> str:
    """`99.85%`, or `90% within 4h`."""
    text = format_percent(share_of(target))
    if not isinstance(target, Within):
        return text
    if target.business_days:
        return f"{text} within {target.business_days} business days"
    return f"{text} within {format_duration(target.duration)}"


def within_seconds(target: Target) -> float | None:
    """The time of a target in time and share, where it is a duration."""
    return seconds(target.duration) if isinstance(target, Within) and target.duration else None


def within_days(target: Target) -> int | None:
    """The time of a target in time and share, where it is business days."""
    return (target.business_days or None) if isinstance(target, Within) else None


def exact_text(value: Fraction | float | None) -> str | None:
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
