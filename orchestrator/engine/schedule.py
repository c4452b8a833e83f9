"""Calendars laid out in time: the stretches in which each is open, and its service days.

A calendar is open at an instant exactly if the wall clock of its zone then lies in a window. So
wall-clock windows are laid out first, holidays are taken from them, and the rest is carried over
to UTC one stretch of constant offset at a time (`zones`). Special openings are added and closures
taken away last, because they are spans of instants. Calendars are compiled by years of UTC and
kept.

All times are integer microseconds and exact. The clock of the machine is never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from typing import Final

from orchestrator.engine.intervals import Intervals, clip, intersect, subtract, union
from orchestrator.engine.zones import (
    EARLIEST,
    LATEST,
    TO_ORDINAL,
    civil_year,
    instants_of,
    year_span,
    years_of,
)
from orchestrator.errors import refuse
from orchestrator.model.calendars import ROUND_THE_CLOCK, AgreedHolidays, Calendar, Holidays
from orchestrator.model.scopes import part_named
from orchestrator.model.values import DAY, FOREVER, Duration, Instant, Span, civil_date, zone

Segments = tuple[tuple[Instant, Instant], ...]
"""Sorted, disjoint, half-open stretches of open time; abutting ones are joined."""

Wall = int
"""Microseconds since 1970-01-01T00:00 as a wall clock shows them, in whatever zone it hangs."""

YEAR: Final[Duration] = 366 * DAY
CENTURIES: Final[Duration] = 200 * YEAR
"""Hours so sparse that it would take longer count as never, so that every search has an end."""

_THURSDAY: Final = 3
"""The weekday of 1970-01-01, Monday being 0."""


def open_segments(calendar: Calendar, span: Span) -> Segments:
    """The stretches of a finite span in which the calendar is open."""
    assert span.start >= EARLIEST, "before the year 1"
    assert span.end <= LATEST, "after the year 9999"
    parts = [clip(_open_in_year(calendar, year), span.start, span.end) for year in years_of(span)]
    # What is open over the turn of the year was cut there and is joined again.
    return tuple(parts[0] if len(parts) == 1 else union(one for part in parts for one in part))


def segments(calendars: Mapping[str, Calendar], hours: str, span: Span) -> Segments:
    """The open stretches of a span under `hours`: the id of a calendar, `24x7`, or the text of a
    part of such hours."""
    part = part_named(hours)
    if part is None:
        return segments_of(calendar_of(calendars, hours), span)
    left: Intervals = segments(calendars, part.hours, span)
    for other in part.outside:
        left = subtract(left, segments(calendars, other, span))
    return tuple(intersect(left, segments(calendars, part.within or ROUND_THE_CLOCK, span)))


def segments_of(calendar: Calendar | None, span: Span) -> Segments:
    """The open stretches of a span; None stands for round the clock."""
    return ((span.start, span.end),) if calendar is None else open_segments(calendar, span)


def calendar_of(calendars: Mapping[str, Calendar], hours: str) -> Calendar | None:
    """The calendar that `hours` names; None stands for round the clock."""
    if hours == ROUND_THE_CLOCK:
        return None
    if hours not in calendars:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"there is no calendar {hours!r}",
            f"declare it under `calendars`, or use {ROUND_THE_CLOCK}",
        )
    return calendars[hours]


def last_close(calendar: Calendar | None) -> Instant:
    """An instant from which on it never opens again; LATEST where no such instant is in sight."""
    if calendar is None:
        return LATEST
    last = LATEST if any(calendar.weekly) else max(span.end for span in calendar.openings)
    for start, end in _joined(calendar.closures):
        if end >= last:
            last = min(last, start)
    return min(last, LATEST)


# The wall clock


@lru_cache(maxsize=512)
def _open_in_year(calendar: Calendar, year: int) -> Segments:
    """The stretches of one year of UTC in which the calendar is open."""
    span = year_span(year)
    # No zone is a day or more from UTC, and a window of an earlier day may reach into the year.
    days = range(span.start // DAY - 1 - _reach(calendar), span.end // DAY + 1)
    opened = instants_of(calendar.timezone, _wall_windows(calendar, days), range(year, year + 1))
    opened = union([*opened, *clip(_joined(calendar.openings), span.start, span.end)])
    return tuple(subtract(opened, _joined(calendar.closures)))


def _wall_windows(calendar: Calendar, days: range) -> list[tuple[Wall, Wall]]:
    """Wall-clock windows that start on these days (counted from 1970-01-01), less the holidays.

    A window past 24:00 belongs to the day it starts on. By default a holiday nevertheless takes
    its own whole civil day and no more: a night shift is cut at midnight, before the holiday and
    after it. Where shifts are `removed`, it takes the windows that start on it, whole, instead.
    """
    last = days.stop + _reach(calendar)
    free = _free_days(calendar.holidays, days.start, last) if any(calendar.weekly) else set()
    removed = free if calendar.holidays.shifts == "removed" else set()
    windows = union(
        (day * DAY + start, day * DAY + end)
        for day in days
        if day not in removed
        for start, end in calendar.weekly[(day + _THURSDAY) % 7]
    )
    return subtract(windows, union((day * DAY, (day + 1) * DAY) for day in free - removed))


def _reach(calendar: Calendar) -> int:
    """How many days past its own a window may reach."""
    return max((end for windows in calendar.weekly for _, end in windows), default=0) // DAY


# Holidays


def _free_days(holidays: Holidays, first: int, last: int) -> set[int]:
    """The holidays from day to day, as days counted from 1970-01-01."""
    years = range(civil_year(first), civil_year(last) + 1)
    return {day.toordinal() - TO_ORDINAL for year in years for day in holiday_dates(holidays, year)}


@lru_cache(maxsize=4096)
def holiday_dates(holidays: Holidays, year: int) -> frozenset[date]:
    """The holidays of one civil year: as agreed or else from the `holidays` library, and as listed.

    The library knows no holidays outside the years it was written for (mostly up to 2100).
    """
    listed = frozenset(day for day in holidays.dates if day.year == year)
    agreed = holidays.agreed
    if agreed is not None and agreed.first <= year <= agreed.last:
        return listed | frozenset(day for day in agreed.dates if day.year == year)
    if not holidays.country:
        return listed
    # Imported here: a command that needs no public holidays should not wait for them.
    from holidays import country_holidays  # noqa: PLC0415

    try:
        # The library would take the name of any class it has for a country.
        if not re.fullmatch(r"[A-Z]{2,3}", holidays.country):
            raise NotImplementedError
        found = country_holidays(
            holidays.country, subdiv=holidays.subdivision or None, years=year, expand=False
        )
    except NotImplementedError as error:
        place = " ".join(part for part in (holidays.country, holidays.subdivision) if part)
        raise refuse(
            "UNKNOWN_HOLIDAYS",
            f"no public holidays are known for {place!r}",
            "use ISO 3166 codes as the `holidays` library does, such as GB and ENG, or list dates",
        ) from error
    return listed | frozenset(found)


@lru_cache(maxsize=1)
def _library() -> str:
    return f"holidays {version('holidays')}"


def holiday_source(calendar: Calendar | None, span: Span) -> str:
    """Where the public holidays of a span come from, as `holidays 0.109`; empty if it has none.

    Agreed dates name the release they were agreed from; where a span reaches beyond their years,
    both are named.
    """
    if calendar is None or not (calendar.holidays.country or calendar.holidays.agreed):
        return ""
    agreed = calendar.holidays.agreed
    if agreed is None:
        return _library()
    beyond = any(not agreed.first <= year <= agreed.last for year in years_of(span))
    library = [_library()] if beyond and calendar.holidays.country else []
    return ", ".join(dict.fromkeys([agreed.source, *library]))


def agree_holidays(calendar: Calendar, first: int, last: int) -> Calendar:
    """The calendar with its public holidays of the civil years `first` to `last` fixed as they are.

    A later release of the library then moves none of them. Years agreed before keep their dates;
    beyond all agreed years the library goes on to be asked. Public holidays alone are fixed: a
    calendar without a country is returned as it is.
    """
    holidays = calendar.holidays
    if not holidays.country:
        return calendar
    before = holidays.agreed
    if before is not None:
        first, last = min(first, before.first), max(last, before.last)
    public = replace(holidays, dates=())
    dates = {day for year in range(first, last + 1) for day in holiday_dates(public, year)}
    named = [_library()] if before is None else [before.source, _library()]
    source = ", ".join(dict.fromkeys(named))
    agreed = AgreedHolidays(source, first, last, tuple(sorted(dates)))
    return replace(calendar, holidays=replace(holidays, agreed=agreed))


def _joined(spans: Iterable[Span]) -> list[tuple[Instant, Instant]]:
    return union((span.start, span.end) for span in spans)


# Business days


def close_of_day(calendar: Calendar, received: Instant, days: int) -> Instant:
    """The close of the nth service day after the day of receipt; FOREVER if there is none in sight.

    The unit of "3 business days". A service day is a civil day of the calendar's zone that holds
    service hours: its own windows (a night shift is the day's on which it starts) or the part of
    a special opening that lies in it.
    """
    assert days > 0, "service days are counted from one"
    received_on = civil_date(received, zone(calendar.timezone)).toordinal() - TO_ORDINAL
    # Local days run up to a day ahead of UTC.
    last = min(last_close(calendar), received + CENTURIES) // DAY + 1
    for day in range(received_on + 1, last + 1):
        if days > last + 1 - day:
            break
        if shift := _shift(calendar, day):
            days -= 1
            if days == 0:
                return shift[-1][1]
    return FOREVER


def _shift(calendar: Calendar, day: int) -> list[tuple[Instant, Instant]]:
    """The open stretches that belong to one civil day (counted from 1970-01-01)."""
    where = calendar.timezone
    years = range(civil_year(day - 1), civil_year(day + _reach(calendar) + 1) + 1)
    windows = instants_of(where, _wall_windows(calendar, range(day, day + 1)), years)
    whole = instants_of(where, [(day * DAY, (day + 1) * DAY)], years)
    opened = union([*windows, *intersect(whole, _joined(calendar.openings))])
    return subtract(opened, _joined(calendar.closures))
