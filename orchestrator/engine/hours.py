"""Service hours in time: which instants a calendar is open, and clocks that count them.

A calendar is open at an instant exactly if the wall clock of its zone then lies in a window. So
wall-clock windows are laid out first, holidays are cut from them, and the rest is carried over to
UTC one stretch of constant offset at a time: a gap in the wall clock swallows what lies in it, a
fold plays it twice, a skipped day never comes. Special openings are added and closures taken away
last, because they are spans of instants. Calendars are compiled by years of UTC and kept.

All times are integer microseconds and exact. The clock of the machine is never read.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo
from functools import cached_property, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from orchestrator.engine.intervals import Intervals, clip, intersect, subtract, union
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.calendars import ROUND_THE_CLOCK, Calendar, Holidays
from orchestrator.model.values import (
    DAY,
    FOREVER,
    SECOND,
    Duration,
    Instant,
    Span,
    civil_date,
    format_instant,
    instant_of,
    moment_of,
    zone,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Segments = tuple[tuple[Instant, Instant], ...]
"""Sorted, disjoint, half-open stretches of open time; abutting ones are joined."""

Wall = int
"""Microseconds since 1970-01-01T00:00 as a wall clock shows them, in whatever zone it hangs."""

EARLIEST: Final[Instant] = instant_of(datetime.min.replace(tzinfo=UTC))
LATEST: Final[Instant] = instant_of(datetime.max.replace(tzinfo=UTC)) + 1
"""Calendars are known from the year 1 to the year 9999; nothing is open outside."""

_YEAR: Final[Duration] = 366 * DAY
_CENTURIES: Final[Duration] = 200 * _YEAR
_TO_ORDINAL: Final = date(1970, 1, 1).toordinal()
_THURSDAY: Final = 3
"""The weekday of 1970-01-01, Monday being 0."""


def open_segments(calendar: Calendar, span: Span) -> Segments:
    """The stretches of a finite span in which the calendar is open."""
    assert span.start >= EARLIEST, "before the year 1"
    assert span.end <= LATEST, "after the year 9999"
    parts = [clip(_open_in_year(calendar, year), span.start, span.end) for year in _years(span)]
    # What is open over the turn of the year was cut there and is joined again.
    return tuple(parts[0] if len(parts) == 1 else union(one for part in parts for one in part))


def segments(calendars: Mapping[str, Calendar], hours: str, span: Span) -> Segments:
    """The open stretches of a span under `hours`: the id of a calendar, or `24x7`."""
    return _segments(calendar_of(calendars, hours), span)


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


def _segments(calendar: Calendar | None, span: Span) -> Segments:
    return ((span.start, span.end),) if calendar is None else open_segments(calendar, span)


# The wall clock


@lru_cache(maxsize=512)
def _open_in_year(calendar: Calendar, year: int) -> Segments:
    """The stretches of one year of UTC in which the calendar is open."""
    span = _year_span(year)
    # No zone is a day or more from UTC, and a window of an earlier day may reach into the year.
    days = range(span.start // DAY - 1 - _reach(calendar), span.end // DAY + 1)
    opened = _instants(calendar.timezone, _wall_windows(calendar, days), range(year, year + 1))
    opened = union([*opened, *clip(_joined(calendar.openings), span.start, span.end)])
    return tuple(subtract(opened, _joined(calendar.closures)))


def _wall_windows(calendar: Calendar, days: range) -> list[tuple[Wall, Wall]]:
    """Wall-clock windows that start on these days (counted from 1970-01-01), less the holidays.

    A window past 24:00 belongs to the day it starts on, yet a holiday takes its own whole civil
    day: a night shift is cut at midnight, before the holiday and after it.
    """
    windows = union(
        (day * DAY + start, day * DAY + end)
        for day in days
        for start, end in calendar.weekly[(day + _THURSDAY) % 7]
    )
    last = days.stop + _reach(calendar)
    return subtract(windows, _free_days(calendar, days.start, last)) if windows else []


def _reach(calendar: Calendar) -> int:
    """How many days past its own a window may reach."""
    return max((end for windows in calendar.weekly for _, end in windows), default=0) // DAY


def _free_days(calendar: Calendar, first: int, last: int) -> list[tuple[Wall, Wall]]:
    """Holidays of a calendar as whole days of the wall clock, from day to day."""
    years = range(_civil_year(first), _civil_year(last) + 1)
    dates = {day for year in years for day in holiday_dates(calendar.holidays, year)}
    numbers = (day.toordinal() - _TO_ORDINAL for day in dates)
    return union((number * DAY, (number + 1) * DAY) for number in numbers)


@lru_cache(maxsize=4096)
def holiday_dates(holidays: Holidays, year: int) -> frozenset[date]:
    """The holidays of one civil year, from the `holidays` library and as listed by date.

    The library knows no holidays outside the years it was written for (mostly up to 2100).
    """
    listed = frozenset(day for day in holidays.dates if day.year == year)
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


# From the wall clock to UTC


def _instants(
    timezone: str, walls: Intervals, years: Iterable[int]
) -> list[tuple[Instant, Instant]]:
    """The instants of some years of UTC at which a zone's wall clock lies in the intervals."""
    return union(
        (wall_start - offset, wall_end - offset)
        for year in years
        for start, end, offset in _stretches(timezone, year)
        for wall_start, wall_end in clip(walls, start + offset, end + offset)
    )


@lru_cache(maxsize=4096)
def _stretches(timezone: str, year: int) -> tuple[tuple[Instant, Instant, Duration], ...]:
    """A year of UTC in stretches of one UTC offset: (start, end, offset).

    Offsets are sampled once a day and a change is bisected to its second. No zone has ever changed
    its offset and changed it back within a day (over all zones of release 2026f, a week less one
    hour is the least), so that no change falls between two samples.
    """
    where, span = zone(timezone), _year_span(year)
    found = []
    since, offset = span.start, _offset(where, span.start)
    for sample in range(span.start, span.end, DAY):
        later = min(sample + DAY, span.end - SECOND)
        if (changed := _offset(where, later)) != offset:
            seconds = range(sample // SECOND, later // SECOND)
            index = bisect.bisect_left(
                seconds, True, key=lambda second: _offset(where, second * SECOND) == changed
            )
            turn = (seconds.start + index) * SECOND
            found.append((since, turn, offset))
            since, offset = turn, changed
    return (*found, (since, span.end, offset))


def _offset(where: tzinfo, instant: Instant) -> Duration:
    """Local time minus UTC at an instant."""
    # Local dates before year 1 or after 9999 have no datetime; zones are at rest there.
    within = min(max(instant, EARLIEST + DAY), LATEST - DAY)
    offset = moment_of(within).astimezone(where).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def _year_span(year: int) -> Span:
    start = instant_of(datetime(year, 1, 1, tzinfo=UTC))
    end = instant_of(datetime(year + 1, 1, 1, tzinfo=UTC)) if year < MAXYEAR else LATEST
    return Span(start, end)


def _years(span: Span) -> range:
    return range(moment_of(span.start).year, moment_of(span.end - 1).year + 1)


def _civil_year(day: int) -> int:
    ordinal = min(max(day + _TO_ORDINAL, 1), date.max.toordinal())
    return date.fromordinal(ordinal).year


def _joined(spans: Iterable[Span]) -> list[tuple[Instant, Instant]]:
    return union((span.start, span.end) for span in spans)


# Clocks


@dataclass(frozen=True)
class Clock:
    """Open time counted over a horizon: C(t), the open microseconds from its start to t.

    Made by `clock`. Every instant asked about must lie in the horizon, its end included; a due
    instant may lie past it. The stretch at index 0 is empty, so that every instant has one that
    starts at it or before.
    """

    calendar: Calendar | None
    """None for round the clock."""
    span: Span
    starts: tuple[Instant, ...] = field(repr=False)
    ends: tuple[Instant, ...] = field(repr=False)
    counts: tuple[Duration, ...] = field(repr=False)
    """C at each end."""

    @property
    def source(self) -> str:
        """Where its public holidays come from, as `holidays 0.109`; empty if it has none."""
        return _library() if self.calendar and self.calendar.holidays.country else ""

    def open_before(self, instant: Instant) -> Duration:
        """C(t)."""
        assert self.span.start <= instant <= self.span.end, "an instant outside the horizon"
        index = bisect.bisect_right(self.starts, instant) - 1
        return self.counts[index] - max(self.ends[index] - instant, 0)

    def elapsed(self, start: Instant, end: Instant) -> Duration:
        """Open time from start to end: C(end) - C(start), and so additive."""
        count = self.open_before(end) - self.open_before(start)
        if end < start:
            raise _backwards(start, end)
        return count

    def due(self, start: Instant, target: Duration) -> Instant:
        """The earliest instant by which the target has elapsed; FOREVER if it never does.

        It is the close of a window rather than the opening of the next, where the target is
        reached at the close; a target of nothing is due at once. FOREVER stands also for an
        instant more than 200 years past the horizon.
        """
        assert target >= 0, "a target below zero"
        count = self.open_before(start) + target
        if target == 0:
            return start
        index = bisect.bisect_left(self.counts, count)
        if index < len(self.counts):
            return self.ends[index] - (self.counts[index] - count)
        return _due_after(self.calendar, self.span.end, count - self.counts[-1])

    def elapsed_many(
        self, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """`elapsed` of many pairs at once."""
        counts = self._open_before_many(ends) - self._open_before_many(starts)
        if (backwards := ends < starts).any():
            first = int(backwards.argmax())
            raise _backwards(int(starts[first]), int(ends[first]))
        return counts

    def _open_before_many(self, instants: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        # Imported here: a command that times a few tickets should not wait for numpy.
        import numpy as np  # noqa: PLC0415

        if not instants.size:
            return np.zeros(instants.shape, np.int64)
        assert self.span.start <= instants.min(), "an instant outside the horizon"
        assert instants.max() <= self.span.end, "an instant outside the horizon"
        starts, ends, counts = self._arrays
        indices = np.searchsorted(starts, instants, side="right") - 1
        left: npt.NDArray[np.int64] = np.maximum(ends[indices] - instants, 0)
        return counts[indices] - left

    @cached_property
    def _arrays(self) -> tuple[npt.NDArray[np.int64], ...]:
        import numpy as np  # noqa: PLC0415

        return tuple(np.array(column, np.int64) for column in (self.starts, self.ends, self.counts))


def clock(calendars: Mapping[str, Calendar], hours: str, span: Span) -> Clock:
    """The clock that `hours` names over a finite horizon, compiled once."""
    return _clock(calendar_of(calendars, hours), span)


@lru_cache(maxsize=128)
def _clock(calendar: Calendar | None, span: Span) -> Clock:
    starts, ends, counts = [span.start], [span.start], [0]
    for start, end in _segments(calendar, span):
        starts.append(start)
        ends.append(end)
        counts.append(counts[-1] + end - start)
    return Clock(calendar, span, tuple(starts), tuple(ends), tuple(counts))


def _due_after(calendar: Calendar | None, start: Instant, left: Duration) -> Instant:
    """Where `left`, which is above zero, has elapsed since start; FOREVER if it never does.

    Hours so sparse that it would take centuries count as never, so that the search has an end.
    """
    last = min(last_close(calendar), start + _CENTURIES)
    while start < last and left <= last - start:
        span = Span(start, min(start + _YEAR, last))
        for opened, closed in _segments(calendar, span):
            if left <= closed - opened:
                return opened + left
            left -= closed - opened
        start = span.end
    return FOREVER


def last_close(calendar: Calendar | None) -> Instant:
    """An instant from which on it never opens again; LATEST where no such instant is in sight."""
    if calendar is None:
        return LATEST
    last = LATEST if any(calendar.weekly) else max(span.end for span in calendar.openings)
    for start, end in _joined(calendar.closures):
        if end >= last:
            last = min(last, start)
    return min(last, LATEST)


# Business days


def close_of_day(calendar: Calendar, received: Instant, days: int) -> Instant:
    """The close of the nth service day after the day of receipt; FOREVER if there is none in sight.

    The unit of "3 business days". A service day is a civil day of the calendar's zone that holds
    service hours: its own windows (a night shift is the day's on which it starts) or the part of
    a special opening that lies in it.
    """
    assert days > 0, "service days are counted from one"
    received_on = civil_date(received, zone(calendar.timezone)).toordinal() - _TO_ORDINAL
    # Local days run up to a day ahead of UTC.
    last = min(last_close(calendar), received + _CENTURIES) // DAY + 1
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
    years = range(_civil_year(day - 1), _civil_year(day + _reach(calendar) + 1) + 1)
    windows = _instants(where, _wall_windows(calendar, range(day, day + 1)), years)
    whole = _instants(where, [(day * DAY, (day + 1) * DAY)], years)
    opened = union([*windows, *intersect(whole, _joined(calendar.openings))])
    return subtract(opened, _joined(calendar.closures))


def _backwards(start: Instant, end: Instant) -> OrchestratorError:
    return refuse(
        "END_BEFORE_START",
        f"{format_instant(end)} is before {format_instant(start)}",
        "a clock never runs backwards: give the earlier instant first",
    )
