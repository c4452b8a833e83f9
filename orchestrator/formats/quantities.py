"""The scalars of the documents: ids, texts, ratios, amounts, durations, instants.

Each is a row: what it is called, how its text is parsed and shown, and its grammar. Numbers are
read from their source text, so `99.85` is exactly 9985/100 and never a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Final

from orchestrator.errors import OrchestratorError, refuse
from orchestrator.formats.context import Context, shown
from orchestrator.formats.nodes import Json
from orchestrator.formats.record import InContext, Key, Record
from orchestrator.formats.shapes import Scalar
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.values import (
    DAWN,
    DAY,
    FOREVER,
    SLUG,
    Duration,
    Instant,
    Money,
    Span,
    civil_date,
    format_duration,
    format_exact,
    format_instant,
    format_percent,
    is_slug,
    midnight,
    parse_date,
    parse_duration,
    parse_instant,
    parse_number,
    parse_percent,
    parse_ratio,
    zone,
)

LONGEST: Final[Duration] = 36_525 * DAY
"""A century: what is longer is a slip of the pen."""


def _as_is(text: str, _: Context) -> str:
    return text


# ------------------------------------------------------------------------------- ids and texts


TEXT: Final = Scalar("a text", _as_is, _as_is, limit=10_000)
LABEL: Final = Scalar("a text", _as_is, _as_is, limit=200)


def _whole_name(text: str, _: Context) -> str:
    """A name that is written as a whole number: `id: 7`."""
    if not text.isdigit():
        raise refuse("BAD_ID", f"the number {text} is not a name", f'write it in quotes, "{text}"')
    return text


PRIORITY: Final = Scalar(
    "a priority", _as_is, _as_is, number=_whole_name, number_type="integer", limit=200
)


def _slug(text: str, _: Context) -> str:
    if not is_slug(text):
        raise refuse(
            "BAD_ID",
            f"{shown(text)} is not an id",
            "use lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
        )
    return text


def _free_slug(text: str, ctx: Context) -> str:
    if text == ROUND_THE_CLOCK:
        raise refuse(
            "RESERVED_ID",
            f"{ROUND_THE_CLOCK} is always there and cannot be declared",
            "give the calendar another id",
        )
    return _slug(text, ctx)


def _id(parse: Callable[[str, Context], str], **extra: object) -> Scalar[str]:
    return Scalar(
        "an id",
        parse,
        _as_is,
        SLUG.pattern,
        number=_whole_name,
        number_type="integer",
        extra=extra,
    )


SLUG_ID: Final = _id(_slug)
CALENDAR_ID: Final = _id(_free_slug, **{"not": {"const": ROUND_THE_CLOCK}})


def _zone_name(text: str, _: Context) -> str:
    zone(text)
    return text


ZONE: Final = Scalar("a time zone", _zone_name, _as_is, r"[A-Za-z0-9_+/\-]+")


def _currency(text: str, _: Context) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise refuse(
            "BAD_CURRENCY", f"{shown(text)} is not a currency", "use an ISO 4217 code, as EUR"
        )
    return text


CURRENCY: Final = Scalar("a currency", _currency, _as_is, r"[A-Z]{3}")


# ---------------------------------------------------------------------------- exact quantities

_DECIMAL: Final = r"\s*[0-9]{1,40}(?:\.[0-9]{1,40})?(?:/[1-9][0-9]{0,39})?\s*"


def _number(text: str, _: Context) -> Fraction:
    """A number of a document as it was written; an exponent is spelt out."""
    if "e" in text or "E" in text:
        written = Decimal(text)
        if abs(written.adjusted()) > 30:  # spelling it out must not fill the memory
            raise refuse("BAD_NUMBER", f"{shown(text)} is out of all proportion", "write it out")
        text = format(written, "f")
    return parse_ratio(text)


def quantity(
    says: str,
    *,
    low: int | None = 0,
    high: int | None = None,
    above_low: bool = False,
    percent: bool = True,
    code: str = "OUT_OF_RANGE",
) -> Scalar[Fraction]:
    """An exact number from `low` to `high`, written as a text, as `99.9%`, or as a number."""
    lower = {"exclusiveMinimum" if above_low else "minimum": low}
    bounds = {word: end for word, end in (lower | {"maximum": high}).items() if end is not None}

    def ranged(value: Fraction, written: str) -> Fraction:
        too_low = low is not None and (value < low or (above_low and value == low))
        if too_low or (high is not None and value > high):
            within = f"above {low}" if above_low else f"at least {low}"
            within += "" if high is None else f" and at most {high}"
            missing = percent and high == 1 and "%" not in written
            advice = 'percentages need their sign: "99.9%" is 0.999' if missing else f"use {within}"
            raise refuse(code, f"{shown(written)} is not {within}", advice)
        return value

    def show(value: Fraction, _: Context) -> Json:
        if value.denominator == 1 and not percent:
            return value.numerator
        return format_percent(value) if percent else format_exact(value)

    return Scalar(
        says,
        lambda text, _: ranged(
            (parse_ratio if percent or "%" in text else parse_number)(text), text
        ),
        show,
        ("-?" if low is None else "") + _DECIMAL + "%?",
        number=lambda text, ctx: ranged(_number(text, ctx), text),
        extra=bounds,
    )


RATIO: Final = quantity("a ratio", high=1)
TARGET: Final = Scalar(
    "a ratio",
    lambda text, _: parse_ratio(text),
    lambda value, _: format_percent(value),
    "-?" + _DECIMAL + "%?",
    number=_number,
    extra={"exclusiveMinimum": 0, "maximum": 1},
)
"""As `RATIO`, its range left to the model, which knows the metric."""
FAULT: Final = replace(TARGET, extra={"minimum": 0, "exclusiveMaximum": 1})
"""As `TARGET`, of what is better the less there is of it."""


def _no_percentage(text: str, _: Context) -> Fraction:
    if text.endswith("%"):
        raise refuse(
            "BAD_TARGET", f"{shown(text)} is a percentage", 'a number is needed, such as "450"'
        )
    return parse_number(text)


FIGURE: Final = Scalar(
    "a number",
    _no_percentage,
    lambda value, _: format_exact(value),
    "-?" + _DECIMAL,
    number=_number,
    extra={"minimum": 0},
)
"""A target that is a number in its metric's own unit; its range is left to the model."""
EXACT: Final = quantity("a number", low=None, percent=False)
POSITIVE: Final = quantity("a number", above_low=True, percent=False)
BETA: Final = quantity("a share", high=1, percent=False, code="BETA_OUT_OF_RANGE")


def _percent(text: str, _: Context) -> Fraction:
    """`10` and `10%` are both ten percent."""
    return _not_below_nothing(parse_percent(text), text)


def _percent_number(text: str, ctx: Context) -> Fraction:
    return _not_below_nothing(_number(text, ctx) / 100, text)


def _not_below_nothing(value: Fraction, written: str) -> Fraction:
    if value < 0:
        raise refuse("OUT_OF_RANGE", f"{shown(written)} is below nothing", "use 0 or more")
    return value


PERCENT: Final = Scalar(
    "a percentage",
    _percent,
    lambda value, _: format_exact(value * 100),
    _DECIMAL + "%?",
    number=_percent_number,
    extra={"minimum": 0},
)


def whole(
    low: int, high: int, *, code: str = "OUT_OF_RANGE", says: str = "a whole number"
) -> Scalar[int]:
    """A whole number from `low` to `high`."""

    def parse(text: str, _: Context) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise refuse("BAD_NUMBER", f"{shown(text)} is not a whole number", "write it as 3")
        if not low <= int(text) <= high:
            raise refuse(code, f"{text} is out of range", f"use {low} to {high}")
        return int(text)

    return Scalar(
        says,
        parse,
        lambda value, _: value,
        number=parse,
        number_type="integer",
        texts=False,
        extra={"minimum": low, "maximum": high},
    )


# ------------------------------------------------------------------------------------------ money


def _whole_amount(text: str, _: Context) -> str:
    if not text.lstrip("-").isdigit():
        raise refuse(
            "MONEY_AS_FLOAT",
            f"the amount {text} is written as a number with a point",
            f'money is exact: write it in quotes, as "{text}"',
        )
    return _amount(text, _)


def _amount(text: str, _: Context) -> str:
    if not re.fullmatch(_AMOUNT, text):
        raise refuse("BAD_MONEY", f"{shown(text)} is not an amount", 'write it as "50000.00"')
    return text


_AMOUNT: Final = r"[0-9]{1,15}(?:\.[0-9]{1,6})?"
AMOUNT: Final = Scalar(
    "an amount", _amount, _as_is, _AMOUNT, number=_whole_amount, number_type="integer"
)


MONEY: Final = Record(
    Money.parse,
    Key("amount", AMOUNT, "text", get=str, about='Exact: "50000.00", never 50000.0.'),
    Key("currency", CURRENCY, default=InContext(lambda ctx: ctx.currency)),
    blame={"BAD_MONEY": "amount", "BAD_CURRENCY": "currency"},
    says='{amount: "500.00", currency: EUR}',
)
"""An amount and its currency, the document's own unless said."""


# ------------------------------------------------------------------------------------------- time


def _duration(text: str, _: Context) -> Duration:
    duration = parse_duration(text)
    if duration > LONGEST:
        raise refuse("BAD_DURATION", f"{shown(text)} is longer than a century", "use a shorter one")
    return duration


_DURATION: Final = "(?=[0-9])" + "".join(
    rf"(?:[0-9]+(?:\.[0-9]+)?{unit})?" for unit in ("d", "h", "m", "s", "ms", "us")
)
DURATION: Final = Scalar(
    "a duration", _duration, lambda value, _: format_duration(value), _DURATION
)

_BUSINESS_DAYS: Final = re.compile(r"([1-9][0-9]{0,3}) business days?")

Lapse = tuple[Duration, int]
"""A duration, or business days, a unit of its own; the other one is 0."""


def _lapse(text: str, ctx: Context) -> Lapse:
    days = _BUSINESS_DAYS.fullmatch(text)
    return (0, int(days[1])) if days else (_duration(text, ctx), 0)


def _show_lapse(value: Lapse, _: Context) -> Json:
    duration, days = value
    if not days:
        return format_duration(duration)
    return f"{days} business day{'s' if days > 1 else ''}"


LAPSE: Final = Scalar("a duration", _lapse, _show_lapse, f"{_DURATION}|{_BUSINESS_DAYS.pattern}")

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LENGTH_OF_DATE: Final = len("2026-01-01")
_INSTANT: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}"
    r"(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+\-][0-9]{2}:[0-9]{2})"
)


def _instant(text: str, ctx: Context) -> Instant:
    if ctx.zone and len(text) <= _LENGTH_OF_DATE:
        return midnight(parse_date(text), zone(ctx.zone))
    return parse_instant(text)


def _show_instant(value: Instant, ctx: Context) -> Json:
    """The date alone where that says it."""
    if ctx.zone:
        where = zone(ctx.zone)
        day = _day_of(value, where)
        if day:
            return day
    return format_instant(value)


def _day_of(value: Instant, where: tzinfo) -> str:
    try:
        day = civil_date(value, where)
        return day.isoformat() if midnight(day, where) == value else ""
    except (OverflowError, OrchestratorError):  # the calendar's ends, in far zones
        return ""


INSTANT: Final = Scalar("an instant", _instant, _show_instant, f"{_DATE.pattern}|{_INSTANT}")
"""A bare date is midnight in the zone of the context."""
MOMENT: Final = Scalar("an instant", _instant, _show_instant, _INSTANT)
"""An instant of a document that has no zone, where a bare date means nothing."""


def span_of(instant: Scalar[Instant], *, start: object, end: object) -> Record[Span]:
    """`{from, to}` with the defaults of either, `REQUIRED` for one that has none."""
    return Record(
        Span,
        Key("from", instant, "start", default=start, about="Included."),
        Key("to", instant, "end", default=end, about="Not included."),
        says="{from, to}",
        blame={"END_BEFORE_START": "to"},
    )


EFFECTIVE: Final = span_of(INSTANT, start=DAWN, end=FOREVER)
"""When something holds; for ever in either direction unless said."""
