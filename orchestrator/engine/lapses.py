"""Lapses of time on calendars: when they are over, and by when notice has to be given.

A duration counts open time of the calendar. A month is a civil month of the agreement's zone, cut
to a shorter month's last day. `n` business days end at the close of the nth service day after the
day of receipt; round the clock every civil day is a service day.
"""

from __future__ import annotations

import calendar as civil
from collections.abc import Mapping
from datetime import timedelta, tzinfo
from typing import Final

from orchestrator.engine.hours import LATEST, calendar_of, clock, close_of_day
from orchestrator.errors import refuse
from orchestrator.model.calendars import Calendar
from orchestrator.model.lapses import Lapse
from orchestrator.model.recurrence import instant_at, wall_of
from orchestrator.model.values import (
    DAWN,
    DAY,
    FOREVER,
    Instant,
    Span,
    civil_date,
    midnight,
    zone,
)

_YEARS: Final = 100
"""No service day that far back is looked for."""


def shifted(instant: Instant, where: tzinfo, *, months: int = 0, days: int = 0) -> Instant:
    """An instant some civil months and days later, or earlier, at the same time of day; FOREVER or
    DAWN beyond the years that have dates."""
    wall = wall_of(instant, where)
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    try:
        last = civil.monthrange(year, month + 1)[1]
        moved = wall.replace(year=year, month=month + 1, day=min(wall.day, last))
        return instant_at(moved + timedelta(days=days), where)
    except (ValueError, OverflowError):
        return FOREVER if months + days > 0 else DAWN


def due_after(
    lapse: Lapse, start: Instant, calendars: Mapping[str, Calendar], hours: str, timezone: str
) -> Instant:
    """When a lapse is over that starts at an instant; FOREVER if the calendar never opens so long.

    `timezone` is the agreement's: it is what months, and business days round the clock, are of.
    """
    if lapse.months:
        return shifted(start, zone(timezone), months=lapse.months)
    if lapse.business_days:
        calendar = calendar_of(calendars, hours)
        if calendar is not None:
            return close_of_day(calendar, start, lapse.business_days)
        where = zone(timezone)
        return midnight(civil_date(start, where) + timedelta(days=lapse.business_days + 1), where)
    horizon = Span(start, min(start + DAY, LATEST))
    return clock(calendars, hours, horizon).due(start, lapse.duration)


def latest_before(
    lapse: Lapse, end: Instant, calendars: Mapping[str, Calendar], hours: str, timezone: str
) -> Instant:
    """The last instant at which a notice of this length before an end is still in time.

    Months and whole days are civil ones of the agreement's zone, so that notice of thirty days
    to midnight is due at midnight, daylight saving or not; shorter durations are time as it
    passes. Of business days: the end of the last civil day from which that many service days
    close by the end, so that it is the counterpart of `due_after`.
    """
    where = zone(timezone)
    if lapse.business_days:
        return _before_service_days(lapse.business_days, end, calendar_of(calendars, hours), where)
    if lapse.months or lapse.duration % DAY == 0:
        return shifted(end, where, months=-lapse.months, days=-(lapse.duration // DAY))
    return end - lapse.duration


def _before_service_days(
    days: int, end: Instant, calendar: Calendar | None, where: tzinfo
) -> Instant:
    if calendar is None:
        # The last day must be over by the end.
        return midnight(civil_date(end, where) - timedelta(days=days), where)
    where = zone(calendar.timezone)
    last = civil_date(end, where)

    def in_time(back: int) -> bool:
        received = midnight(last - timedelta(days=back), where)
        return close_of_day(calendar, received, days) <= end

    late, early = 0, 1
    while not in_time(early):
        late, early = early, early * 2
        if early > _YEARS * 366:
            raise refuse(
                "NEVER_OPENS",
                f"calendar {calendar.id!r} has no {days} service days before the end",
                "name the calendar on which the notice counts",
            )
    while early - late > 1:
        between = (early + late) // 2
        late, early = (late, between) if in_time(between) else (between, early)
    return midnight(last - timedelta(days=early - 1), where)
