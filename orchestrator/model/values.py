"""Values everything else is made of: instants, spans, periods, money, exact ratios.

Instants are integer microseconds since 1970-01-01T00:00:00Z; spans are half-open and may reach
to `DAWN` and `FOREVER`, so that no end of time is ever `None`. Shares and percentages are
`Fraction`; money is integer minor units. Nothing here reads the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from orchestrator.errors import refuse

Instant = int
"""Microseconds since the epoch, UTC."""

Duration = int
"""Microseconds."""

SECOND: Final[Duration] = 1_000_000
MINUTE: Final[Duration] = 60 * SECOND
HOUR: Final[Duration] = 60 * MINUTE
DAY: Final[Duration] = 24 * HOUR

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAWN: Final[Instant] = -(2**62)
FOREVER: Final[Instant] = 2**62

SLUG: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
_INSTANT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d:\d\d)", re.A
)
_ZONE: Final = re.compile(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.A)
_DURATION: Final = re.compile(r"(?:\d+(?:\.\d+)?(?:us|ms|s|m|h|d))+", re.A)
_DURATION_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|d)", re.A)
_UNITS: Final[dict[str, Duration]] = {
    "d": DAY,
    "h": HOUR,
    "m": MINUTE,
    "s": SECOND,
    "ms": 1000,
    "us": 1,
}


def parse_instant(text: str) -> Instant:
    """`2026-04-03T10:00:00Z`, with up to six decimals and any offset, as an instant."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise refuse(
            "BAD_INSTANT",
            f"{text!r} is not an instant",
            "write it with its zone, as 2026-04-03T10:00:00Z or 2026-04-03T12:00:00+02:00",
        )
    year, month, day, hour, minute, second, micro, zone = match.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC
        )
    except ValueError as error:
        raise refuse(
            "BAD_INSTANT", f"{text!r} is not an instant: {error}", "correct the date or the time"
        ) from error
    offset = 0
    if zone != "Z":
        sign = -1 if zone[0] == "-" else 1
        offset = sign * (int(zone[1:3]) * HOUR + int(zone[4:6]) * MINUTE)
    instant = instant_of(moment) + int((micro or "0").ljust(6, "0")) - offset
    if abs(offset) >= DAY or not FIRST <= instant <= LAST:
        raise refuse(
            "BAD_INSTANT",
            f"{text!r} is not an instant of the years 1 to 9999 in UTC",
            "leave out an end that is never reached",
        )
    return instant


def instant_of(moment: datetime) -> Instant:
    """An aware datetime as an instant, exactly."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


FIRST: Final[Instant] = instant_of(datetime.min.replace(tzinfo=UTC))
LAST: Final[Instant] = instant_of(datetime.max.replace(tzinfo=UTC))
"""What has a date; only `DAWN` and `FOREVER` lie beyond."""


def moment_of(instant: Instant) -> datetime:
    """An instant as a datetime in UTC; the ends of time have none."""
    return EPOCH + timedelta(microseconds=instant)


def format_instant(instant: Instant) -> str:
    """The shortest form `parse_instant` reads back: `2026-04-03T10:00:00Z`."""
    moment = moment_of(instant)
    micro = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{micro}Z" if moment.year > 999 else moment.isoformat()


def parse_date(text: str) -> date:
    """`2026-04-03`."""
    if not _DATE.fullmatch(text):
        raise refuse("BAD_DATE", f"{text!r} is not a date", "write it as 2026-04-03")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refuse(
            "BAD_DATE", f"{text!r} is not a date: {error}", "correct the month or the day"
        ) from error


def parse_duration(text: str) -> Duration:
    """`30s`, `15m`, `4h`, `2d`, `1h30m`, as microseconds; a day is 24 hours. Each unit stands once,
    the larger first: `4h4h` is a slip of the pen and not eight hours."""
    if not _DURATION.fullmatch(text):
        raise refuse(
            "BAD_DURATION", f"{text!r} is not a duration", "write it as 30s, 15m, 4h, 2d or 1h30m"
        )
    parts = _DURATION_PART.findall(text)
    sizes = [_UNITS[unit] for _, unit in parts]
    if any(one <= other for one, other in pairwise(sizes)):
        raise refuse(
            "BAD_DURATION",
            f"{text!r} has a unit twice, or a smaller one first",
            "write each unit once, the largest first, as 1d4h30m",
        )
    total = sum((Fraction(number) * _UNITS[unit] for number, unit in parts), Fraction(0))
    if total.denominator != 1:
        raise refuse("BAD_DURATION", f"{text!r} is finer than a microsecond", "round it")
    return int(total)


def format_duration(duration: Duration) -> str:
    """The form `parse_duration` reads back, in the largest units that divide it."""
    if duration == 0:
        return "0s"
    parts = []
    for unit, size in _UNITS.items():
        count, duration = divmod(duration, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name, from the `tzdata` package: a verdict must not depend on the
    zone files of the machine it is reached on."""
    try:
        if not _ZONE.fullmatch(name):
            raise ValueError(name)
        with files("tzdata.zoneinfo").joinpath(name).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (ValueError, OSError) as error:
        raise refuse(
            "BAD_ZONE",
            f"{name!r} is not a time zone",
            "use a name of the IANA time zone database, such as Europe/Berlin or UTC",
        ) from error


@lru_cache(1 << 12)
def midnight(day: date, where: tzinfo) -> Instant:
    """The first instant of a civil day in a zone (after a gap, the first that exists)."""
    naive = datetime(day.year, day.month, day.day, tzinfo=where)
    try:
        return instant_of(naive.astimezone(UTC))
    except OverflowError as error:
        raise refuse(
            "BAD_DATE",
            f"{day} does not begin within the years 1 to 9999",
            "leave out an end that is never reached",
        ) from error


def civil_date(instant: Instant, where: tzinfo) -> date:
    """The civil date of an instant in a zone."""
    return moment_of(instant).astimezone(where).date()


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of time, `start` included and `end` not."""

    start: Instant = DAWN
    end: Instant = FOREVER

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise refuse(
                "END_BEFORE_START",
                f"the end {_show(self.end)} is not after the start {_show(self.start)}",
                "`from` is included and `to` is not, so `to` must be later",
            )

    def __contains__(self, instant: Instant) -> bool:
        return self.start <= instant < self.end

    def __and__(self, other: Span) -> Span | None:
        """The common part, or None where there is none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None

    def meets(self, other: Span) -> bool:
        """Whether the two share an instant."""
        return self.start < other.end and other.start < self.end

    @property
    def length(self) -> Duration:
        return self.end - self.start

    def __str__(self) -> str:
        return f"{_show(self.start)}/{_show(self.end)}"


ALWAYS: Final = Span()


def _show(instant: Instant) -> str:
    if instant <= DAWN:
        return "the beginning"
    return "forever" if instant >= FOREVER else format_instant(instant)


_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_MONTHS_IN_YEAR: Final = 12
_LAST_START_DAY: Final = 28


@dataclass(frozen=True, slots=True)
class Period:
    """What a target is measured over: a calendar month, quarter or year, or a rolling length.

    `start_day` moves the start of the month, as billing months do. `rolling` is 0 for calendar
    periods; a rolling period is every window of that length.
    """

    kind: str = "month"
    start_day: int = 1
    rolling: Duration = 0

    def __post_init__(self) -> None:
        if self.kind != "rolling" and self.kind not in _MONTHS:
            raise refuse(
                "BAD_PERIOD",
                f"{self.kind!r} is not a period",
                "use month, quarter, year, {rolling: 30d} or {month: {startDay: 16}}",
            )
        if not 1 <= self.start_day <= _LAST_START_DAY:
            raise refuse("BAD_PERIOD", f"a month cannot start on day {self.start_day}", "use 1-28")
        if (self.kind == "rolling") != (self.rolling > 0):
            raise refuse(
                "BAD_PERIOD", "a rolling period needs a length above zero", "write {rolling: 30d}"
            )

    @property
    def months(self) -> int:
        """Calendar months in one period; 0 for a rolling one."""
        return _MONTHS.get(self.kind, 0)

    def containing(self, instant: Instant, where: tzinfo) -> Span:
        """The calendar period that holds an instant, in a zone."""
        assert self.months, "a rolling period has no calendar instances"
        day = civil_date(instant, where)
        index = day.year * 12 + day.month - 1 - (day.day < self.start_day)
        first = index - index % self.months
        return Span(self._boundary(first, where), self._boundary(first + self.months, where))

    def over(self, span: Span, where: tzinfo) -> Iterator[Span]:
        """The calendar periods that share an instant with a finite span, in order."""
        current = self.containing(span.start, where)
        while current.start < span.end:
            yield current
            current = self.containing(current.end, where)

    def _boundary(self, index: int, where: tzinfo) -> Instant:
        year, month = divmod(index, _MONTHS_IN_YEAR)
        return midnight(date(year, month + 1, self.start_day), where)


MONTH: Final = Period()


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """A span as people ask for it: civil dates mean those dates in each agreement's own zone.

    `2026-04` is April in Berlin for an agreement in Berlin, so that every agreement's April is
    assessed; `FROM/TO` with instants is the same span for all.
    """

    start: date | Instant
    end: date | Instant

    @staticmethod
    def parse(text: str) -> AskedPeriod:
        """`2026-04`, `2026-Q2`, `2026`, or `FROM/TO` with dates or instants."""
        if match := re.fullmatch(r"(\d{4})(?:-(?:Q([1-4])|(\d\d)))?", text, re.A):
            year, quarter, month = (int(part) if part else 0 for part in match.groups())
            first = month or (quarter * 3 - 2 if quarter else 1)
            length = 1 if month else 3 if quarter else 12
            if year and 1 <= first <= _MONTHS_IN_YEAR:
                carry, last = divmod(first - 1 + length, _MONTHS_IN_YEAR)
                return AskedPeriod(date(year, first, 1), date(year + carry, last + 1, 1))
        elif text.count("/") == 1:
            start, end = (_parse_end(part) for part in text.split("/"))
            asked = AskedPeriod(start, end)
            asked.span(UTC)
            return asked
        raise refuse(
            "BAD_PERIOD", f"{text!r} is not a period", "use 2026-04, 2026-Q2, 2026 or FROM/TO"
        )

    def span(self, where: tzinfo) -> Span:
        """The span in one zone."""
        return Span(
            *(
                midnight(end, where) if isinstance(end, date) else end
                for end in (self.start, self.end)
            )
        )


def _parse_end(text: str) -> date | Instant:
    return parse_date(text) if _DATE.fullmatch(text) else parse_instant(text)


# ISO 4217 minor units where they are not two.
_EXPONENTS: Final = dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0
) | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in integer minor units of an ISO 4217 currency."""

    amount: int
    currency: str

    @staticmethod
    def parse(text: str, currency: str) -> Money:
        """`50000.00` in a currency, exactly: no finer than its minor unit, never rounded."""
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise refuse(
                "BAD_CURRENCY", f"{currency!r} is not a currency", "use an ISO 4217 code, as EUR"
            )
        if not re.fullmatch(r"-?\d{1,15}(\.\d+)?", text, re.A):
            raise refuse("BAD_MONEY", f"{text!r} is not an amount", 'write it as "50000.00"')
        minor = Fraction(text) * 10 ** exponent(currency)
        if minor.denominator != 1:
            raise refuse(
                "BAD_MONEY",
                f"{text} is finer than the minor unit of {currency}",
                f"use at most {exponent(currency)} decimals",
            )
        return Money(int(minor), currency)

    def __str__(self) -> str:
        """The amount alone, with all its decimals: `5000.00`."""
        places = exponent(self.currency)
        return f"{Decimal(self.amount).scaleb(-places):.{places}f}"

    def __add__(self, other: Money) -> Money:
        assert self.currency == other.currency, "money of two currencies is never added"
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + Money(-other.amount, other.currency)

    def times(self, share: Fraction) -> Money:
        """A share of it, rounded half up to the minor unit."""
        exact = share * self.amount
        return Money(
            (2 * exact.numerator + exact.denominator) // (2 * exact.denominator), self.currency
        )


def exponent(currency: str) -> int:
    """Decimal places of a currency's minor unit."""
    return _EXPONENTS.get(currency, 2)


def split(amount: int, weights: Sequence[Fraction]) -> list[int]:
    """Split integer minor units in proportion to weights, losing nothing.

    Largest remainder; ties go to the earlier weight, so the caller's order is the tie rule.
    All weights zero means nothing can be split: the amount must then be zero.
    """
    total = sum(weights, Fraction(0))
    if not total:
        assert amount == 0, "an amount cannot be split over nothing"
        return [0] * len(weights)
    exact = [amount * weight / total for weight in weights]
    parts = [share.numerator // share.denominator for share in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def parse_ratio(text: str) -> Fraction:
    """`99.85%` or `0.9985`, exactly."""
    body, percent = (text[:-1], 100) if text.endswith("%") else (text, 1)
    return _number(body, text, 'write it as "99.85%" or "0.9985"') / percent


def parse_percent(text: str) -> Fraction:
    """`10` or `10%`, exactly: ten hundredths."""
    return _number(text.removesuffix("%"), text, 'write a percentage, as "10" or "10%"') / 100


def parse_number(text: str) -> Fraction:
    """`450`, `4.5` or `1/3`, exactly; a percentage is no plain number."""
    if text.endswith("%"):
        raise refuse("BAD_NUMBER", f"{text!r} is a percentage", "write a plain number, as 450")
    return _number(text, text, "write a plain number, as 450 or 4.5")


def _number(body: str, text: str, advice: str) -> Fraction:
    body = body.strip()
    if not re.fullmatch(r"-?\d{1,40}(\.\d{1,40})?(/[1-9]\d{0,39})?", body, re.A):
        raise refuse("BAD_NUMBER", f"{text!r} is not a number", advice)
    if "/" in body:
        above, below = body.split("/")
        return Fraction(above) / int(below)
    return Fraction(body)


def format_percent(ratio: Fraction) -> str:
    """`99.85%`; a ratio with no finite decimal form stays a fraction, `1/3`."""
    body = format_exact(ratio * 100)
    return f"{ratio.numerator}/{ratio.denominator}" if "/" in body else f"{body}%"


def format_exact(ratio: Fraction) -> str:
    """A decimal where one is finite, otherwise `1/3`."""
    below, twos, fives = ratio.denominator, 0, 0
    while below % 2 == 0:
        below, twos = below // 2, twos + 1
    while below % 5 == 0:
        below, fives = below // 5, fives + 1
    if below != 1:
        return f"{ratio.numerator}/{ratio.denominator}"
    places = max(twos, fives)
    digits = ratio.numerator * 10**places // ratio.denominator
    text = f"{abs(digits):0{places + 1}d}"
    sign = "-" if digits < 0 else ""
    return sign + (f"{text[:-places]}.{text[-places:]}" if places else text)


Kept = tuple[tuple[str, str], ...]
"""Keys kept as they were written: (key, JSON text) pairs, sorted by key."""


def is_slug(text: str) -> bool:
    """Whether a text may be an id: lower-case letters, digits, `.`, `_`, `-`."""
    return SLUG.fullmatch(text) is not None


def union(spans: Iterable[tuple[Instant, Instant]]) -> list[tuple[Instant, Instant]]:
    """Sorted disjoint spans with the same instants; abutting ones are joined."""
    joined: list[tuple[Instant, Instant]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        elif start < end:
            joined.append((start, end))
    return joined
