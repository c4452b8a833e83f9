"""From the wall clock of a zone to UTC: years of UTC in stretches of one constant offset.

A gap in the wall clock swallows what lies in it, a fold plays it twice, a skipped day never comes.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from orchestrator.engine.intervals import Intervals, clip, union
from orchestrator.model.values import (
    DAY,
    SECOND,
    Duration,
    Instant,
    Span,
    instant_of,
    moment_of,
    zone,
)

EARLIEST: Final[Instant] = instant_of(datetime.min.replace(tzinfo=UTC))
LATEST: Final[Instant] = instant_of(datetime.max.replace(tzinfo=UTC)) + 1
"""Calendars are known from the year 1 to the year 9999; nothing is open outside."""

TO_ORDINAL: Final = date(1970, 1, 1).toordinal()
"""What turns a day counted from 1970-01-01 into the ordinal that `date` counts by."""


def instants_of(
    timezone: str, walls: Intervals, years: Iterable[int]
) -> list[tuple[Instant, Instant]]:
    """The instants of some years of UTC at which a zone's wall clock lies in the intervals."""
    return union(
        (wall_start - offset, wall_end - offset)
        for year in years
        for start, end, offset in constant_offsets(timezone, year)
        for wall_start, wall_end in clip(walls, start + offset, end + offset)
    )


@lru_cache(maxsize=4096)
def constant_offsets(timezone: str, year: int) -> tuple[tuple[Instant, Instant, Duration], ...]:
    """A year of UTC in stretches of one UTC offset: (start, end, offset).

    Offsets are sampled once a day and a change is bisected to its second. No zone has ever changed
    its offset and changed it back within a day (over all zones of release 2026f, a week less one
    hour is the least), so that no change falls between two samples.
    """
    where, span = zone(timezone), year_span(year)
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


def year_span(year: int) -> Span:
    """A year of UTC, from the year 1 to the year 9999."""
    start = instant_of(datetime(year, 1, 1, tzinfo=UTC))
    end = instant_of(datetime(year + 1, 1, 1, tzinfo=UTC)) if year < MAXYEAR else LATEST
    return Span(start, end)


def years_of(span: Span) -> range:
    """The years of UTC that a finite span touches."""
    return range(moment_of(span.start).year, moment_of(span.end - 1).year + 1)


def civil_year(day: int) -> int:
    """The year of a day counted from 1970-01-01; that of the nearest end outside of 1 to 9999."""
    ordinal = min(max(day + TO_ORDINAL, 1), date.max.toordinal())
    return date.fromordinal(ordinal).year
