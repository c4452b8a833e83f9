"""Calendars in documents: weekly windows, holidays, closures and openings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date
from functools import lru_cache
from typing import Final

import holidays

from orchestrator.errors import refuse
from orchestrator.formats.context import Context, Refused, mapping_of, shown
from orchestrator.formats.nodes import Json, Node
from orchestrator.formats.quantities import (
    CALENDAR_ID,
    INSTANT,
    LABEL,
    ZONE,
    span_of,
    whole,
)
from orchestrator.formats.record import REQUIRED, InContext, Key, Record
from orchestrator.formats.shapes import Converted, ListOf, OneOf, Scalar, Schema, choice
from orchestrator.model.calendars import (
    SHIFTS,
    WEEKDAYS,
    AgreedHolidays,
    Calendar,
    Holidays,
    Window,
)
from orchestrator.model.values import DAY, HOUR, MINUTE, SECOND, Duration, parse_date, union

Weekly = tuple[tuple[Window, ...], ...]
NO_HOURS: Final[Weekly] = ((),) * len(WEEKDAYS)

# ---------------------------------------------------------------------------------- weekly windows

_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_WINDOW: Final = re.compile(rf"({_CLOCK})\s*-\s*({_CLOCK}|24:00)")


def _window(text: str, _: Context) -> Window:
    """`22:00-06:00`: a window that does not end after it starts ends the next day."""
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise refuse(
            "BAD_WINDOW",
            f"{shown(text)} is not a window of a day",
            'write it as "09:00-17:00"; "22:00-06:00" ends the next day',
        )
    start, end = (_clock(part) for part in match.groups())
    return start, end if end > start else end + DAY


def _clock(text: str) -> Duration:
    units = (HOUR, MINUTE, SECOND)
    return sum(int(part) * unit for part, unit in zip(text.split(":"), units, strict=False))


def _show_window(window: Window, _: Context) -> Json:
    start, end = window
    return f"{_show_clock(start)}-{_show_clock(end if end <= DAY else end - DAY)}"


def _show_clock(since_midnight: Duration) -> str:
    minutes, seconds = divmod(since_midnight // SECOND, 60)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{seconds:02d}" if seconds else text


WINDOW: Final = Scalar("a window", _window, _show_window, _WINDOW.pattern)
_WINDOWS: Final = ListOf(WINDOW)

_DAY_NAMES: Final = "|".join(WEEKDAYS)
_DAYS_PART: Final = rf"(?:{_DAY_NAMES})(?:-(?:{_DAY_NAMES}))?"
_DAYS: Final = re.compile(rf"{_DAYS_PART}(?:\s*,\s*{_DAYS_PART})*")


@dataclass(frozen=True, eq=False)
class WeeklyHours:
    """`{mon-fri: ["09:00-17:00"], "sat,sun": [...]}`; windows that overlap are united."""

    def read(self, node: Node, ctx: Context) -> Weekly:
        week: list[list[Window]] = [[] for _ in WEEKDAYS]
        refused = False
        for days, windows in mapping_of(node, ctx, "days with their windows").items():
            try:
                if not _DAYS.fullmatch(days):
                    raise _bad_days(days, windows, ctx)
                for window in _WINDOWS.read(windows, ctx):
                    for day in _days(days):
                        week[day].append(window)
            except Refused:
                refused = True
        if refused:
            raise Refused()
        return tuple(tuple(union(windows)) for windows in week)

    def write(self, value: Weekly, ctx: Context) -> Json:
        """Days with equal windows under one key, in runs."""
        alike: dict[tuple[Window, ...], list[int]] = {}
        for day, windows in enumerate(value):
            if windows:
                alike.setdefault(windows, []).append(day)
        return {
            ",".join(_runs(days)): _WINDOWS.write(
                [part for window in windows for part in _within_a_day(window)], ctx
            )
            for windows, days in alike.items()
        }

    def schema(self) -> Schema:
        return {
            "type": "object",
            "patternProperties": {f"^(?:{_DAYS.pattern})$": _WINDOWS.schema()},
            "additionalProperties": False,
        }


def _bad_days(days: str, node: Node, ctx: Context) -> Refused:
    return ctx.refuse(
        node,
        "BAD_DAYS",
        f"{shown(days)} names no days",
        'use mon tue wed thu fri sat sun, as "mon-fri", "sat" or "mon,wed"',
    )


def _days(text: str) -> Iterator[int]:
    """The days of `mon-fri` or `mon,wed`; a range may pass the end of the week."""
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        start = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last or first) - start) % len(WEEKDAYS) + 1
        yield from ((start + step) % len(WEEKDAYS) for step in range(length))


def _runs(days: Sequence[int]) -> Iterator[str]:
    """Ascending days as names, three or more in a row as a range."""
    start = 0
    for index, day in enumerate(days):
        if index + 1 < len(days) and days[index + 1] == day + 1:
            continue
        run = [WEEKDAYS[one] for one in days[start : index + 1]]
        yield from [f"{run[0]}-{run[-1]}"] if len(run) > 2 else run
        start = index + 1


def _within_a_day(window: Window) -> Iterator[Window]:
    """A united window may be longer than a day, which one text cannot say."""
    start, end = window
    yield start, min(end, start + DAY)
    if end > start + DAY:
        yield end - DAY, end


# ---------------------------------------------------------------------------------------- holidays


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    """The countries of the `holidays` library, with their subdivisions."""
    return holidays.list_supported_countries()


def _country(text: str, _: Context) -> str:
    if text not in _countries():
        raise refuse(
            "BAD_HOLIDAYS",
            f"the public holidays of {shown(text)} are not known",
            "use an ISO 3166 code, as GB, or list the dates",
        )
    return text


def _agreed(source: str, first: int, last: int, dates: Sequence[date] = ()) -> AgreedHolidays:
    if last < first:
        raise refuse(
            "OUT_OF_RANGE",
            f"the last year {last} is before the first, {first}",
            "name the first and the last year that was agreed",
        )
    if stray := [day for day in dates if not first <= day.year <= last]:
        raise refuse(
            "OUT_OF_RANGE",
            f"{stray[0]} lies outside of the agreed years {first} to {last}",
            "list it with the `dates` besides",
        )
    return AgreedHolidays(source, first, last, tuple(sorted(set(dates))))


def _holidays(
    country: str = "",
    subdivision: str = "",
    dates: Sequence[date] = (),
    shifts: str = "cut",
    agreed: AgreedHolidays | None = None,
) -> Holidays:
    if subdivision and not country:
        raise refuse("BAD_HOLIDAYS", "a subdivision needs its country", "name the country")
    if subdivision and not _is_subdivision(country, subdivision):
        raise refuse(
            "BAD_HOLIDAYS",
            f"{country} has no holidays for the subdivision {shown(subdivision)}",
            f"known: {', '.join(_countries()[country]) or 'none'}",
        )
    return Holidays(country, subdivision, tuple(sorted(set(dates))), shifts, agreed)


def _is_subdivision(country: str, subdivision: str) -> bool:
    try:
        holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError:
        return False
    return True


COUNTRY: Final = Scalar("a country", _country, lambda text, _: text, "[A-Z]{2,3}")
_DATE: Final = Scalar(
    "a date",
    lambda text, _: parse_date(text),
    lambda day, _: day.isoformat(),
    "[0-9]{4}-[0-9]{2}-[0-9]{2}",
)
_YEAR: Final = whole(MINYEAR, MAXYEAR, says="a year")
_AGREED: Final = Record(
    _agreed,
    Key("source", LABEL, about="What the dates were taken from, as `holidays 0.109`."),
    Key("first", _YEAR, about="The first year they stand for."),
    Key("last", _YEAR, about="The last year they stand for."),
    Key("dates", ListOf(_DATE), about="The public holidays of these years, as agreed."),
)
_IN_FULL: Final = Record(
    _holidays,
    Key("country", COUNTRY, about="An ISO 3166 code known to the `holidays` library, as GB."),
    Key("subdivision", LABEL, about="A part of the country with holidays of its own, as ENG."),
    Key("dates", ListOf(_DATE), about="Holidays besides."),
    Key(
        "shifts",
        choice(SHIFTS, says="effect of a holiday"),
        about="Shifts over midnight are cut there, or removed if they start on a holiday.",
    ),
    Key("agreed", _AGREED, about="Public holidays as agreed, whatever the library says later."),
    blame={"BAD_HOLIDAYS": "subdivision"},
)
_BY_DATES: Final = Converted(
    ListOf(_DATE),
    lambda dates, _: _holidays(dates=dates),
    lambda value, _: value.dates,
)
HOLIDAYS: Final = OneOf[Holidays](
    "{country, subdivision, dates, shifts, agreed} or a list of dates",
    lambda value, _: _BY_DATES if value == Holidays(dates=value.dates) else _IN_FULL,
    mapping=_IN_FULL,
    items=_BY_DATES,
)

# ---------------------------------------------------------------------------------------- calendars

_SPANS: Final = ListOf(span_of(INSTANT, start=REQUIRED, end=REQUIRED))

CALENDAR: Final = Record(
    Calendar,
    Key("id", CALENDAR_ID),
    Key("name", LABEL),
    Key("timezone", ZONE, default=InContext(lambda ctx: ctx.zone), sets="zone"),
    Key("weekly", WeeklyHours(), default=NO_HOURS, about='Days and windows: "09:00-17:00".'),
    Key("holidays", HOLIDAYS, about="Closed on them, unless an opening says otherwise."),
    Key("closures", _SPANS, about="Closed, whatever else is said."),
    Key("openings", _SPANS, about="Open, unless there is a closure."),
    blame={"NEVER_OPENS": "weekly"},
    keeps=True,
)
