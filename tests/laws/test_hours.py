"""Service hours against a walk through time that decides each moment by its wall clock alone.

The walk knows nothing of offsets, transitions or intervals: it converts one moment after another
with `zoneinfo` and asks whether that wall clock lies in a window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine.hours import Clock, clock, close_of_day, open_segments
from orchestrator.engine.intervals import clip, total
from orchestrator.engine.zones import constant_offsets
from orchestrator.model.calendars import SHIFTS, WEEKDAYS, Calendar, Holidays
from orchestrator.model.values import DAY, FOREVER, HOUR, MINUTE, Duration, Instant, Span, zone

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Days on which something happens to the wall clock.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    "Africa/Casablanca": ("2025-02-23", "2025-04-06", "2018-10-28"),
    "Africa/Monrovia": ("1972-01-07",),  # from 44 min 30 s behind to none
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "America/Nuuk": ("2023-03-25", "2024-03-30", "2024-10-26"),  # at 23:00 and 24:00
    "America/Sao_Paulo": ("2018-11-04", "2018-02-17", "2019-02-16"),  # at 0:00
    "America/St_Johns": ("2010-11-07", "2011-03-13"),  # at 0:01
    "Antarctica/Troll": ("2026-03-29", "2026-10-25"),  # by two hours
    "Asia/Kathmandu": ("1985-12-31", "2026-01-01"),  # by a quarter
    "Australia/Lord_Howe": ("2026-04-04", "2026-10-03"),  # by half an hour
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "Pacific/Apia": ("2011-12-29", "2011-12-30", "2012-04-01"),  # skipped a day
    "UTC": ("2025-12-31", "2026-02-28"),
}
# A minute of the wall clock begins with one of UTC, save where the offset has seconds.
STEPS = {"Africa/Monrovia": MINUTE // 2}


def moment(instant: Instant) -> datetime:
    return EPOCH + instant * MICROSECOND


def instant(day: date) -> Instant:
    return (day - EPOCH.date()).days * DAY


def wall_clock(calendar: Calendar, at: Instant) -> datetime:
    return moment(at).astimezone(ZoneInfo(calendar.timezone)).replace(tzinfo=None)


def owners(calendar: Calendar, at: Instant) -> set[date]:
    """The service days that an instant belongs to; none where the calendar is closed."""
    if any(closure.start <= at < closure.end for closure in calendar.closures):
        return set()
    wall = wall_clock(calendar, at)
    today = wall.date()
    found = set()
    if any(opening.start <= at < opening.end for opening in calendar.openings):
        found.add(today)
    holidays, removed = calendar.holidays.dates, calendar.holidays.shifts == "removed"
    for day in (today, today - timedelta(days=1)):
        since = (wall - datetime.combine(day, time.min)) // MICROSECOND
        free = (day if removed else today) in holidays
        if not free and any(start <= since < end for start, end in calendar.weekly[day.weekday()]):
            found.add(day)
    return found


def walk(calendar: Calendar, span: Span, step: Duration) -> list[tuple[Instant, Instant]]:
    """The open stretches, found moment by moment."""
    found: list[tuple[Instant, Instant]] = []
    for at in range(span.start, span.end, step):
        if owners(calendar, at):
            if found and found[-1][1] == at:
                found[-1] = (found[-1][0], at + step)
            else:
                found.append((at, at + step))
    return found


@dataclass(frozen=True)
class Case:
    """A calendar and a span around days on which its wall clock changes."""

    calendar: Calendar
    span: Span
    step: Duration


@st.composite
def cases(draw: st.DrawFn, days: int = 3, unit: Duration = MINUTE) -> Case:
    """Calendars whose every boundary is a whole number of units, near a transition."""
    zone = draw(st.sampled_from(sorted(TRANSITIONS)))
    around = date.fromisoformat(draw(st.sampled_from(TRANSITIONS[zone])))
    near = instant(around)

    def spans(most: int) -> st.SearchStrategy[tuple[Span, ...]]:
        start = st.integers(near - 2 * DAY, near + 2 * DAY).map(lambda at: at - at % unit)
        length = st.integers(1, 3 * DAY // unit) | st.integers(1, 3 * HOUR // unit)
        return st.lists(
            st.builds(lambda start, length: Span(start, start + length * unit), start, length),
            max_size=most,
        ).map(tuple)

    # Transitions happen at night, and so do most of these windows.
    night = st.integers(0, 3 * HOUR // unit) | st.integers(22 * HOUR // unit, DAY // unit - 1)
    window = st.builds(
        lambda start, length: (start * unit, (start + length) * unit),
        night | st.integers(0, DAY // unit - 1),
        st.integers(1, DAY // unit) | st.integers(1, 3 * HOUR // unit) | st.just(DAY // unit),
    )
    week = st.tuples(*[st.lists(window, max_size=3).map(tuple)] * len(WEEKDAYS))
    holidays = st.sets(st.integers(-3, 4).map(lambda day: around + timedelta(days=day)), max_size=2)
    weekly, openings = draw(week.filter(any)), draw(spans(2))
    calendar = Calendar(
        "c",
        zone,
        weekly,
        holidays=Holidays(
            dates=tuple(sorted(draw(holidays))), shifts=draw(st.sampled_from(SHIFTS))
        ),
        openings=openings,
        closures=draw(spans(2)),
    )
    start = near + draw(st.integers(-2 * 24 * 60, 0)) * MINUTE
    return Case(calendar, Span(start, start + days * DAY), STEPS.get(zone, MINUTE))


def clock_of(case: Case) -> Clock:
    return clock({"c": case.calendar}, "c", case.span)


def agrees_with_the_walk(case: Case) -> None:
    walked = walk(case.calendar, case.span, case.step)
    assert list(open_segments(case.calendar, case.span)) == walked


@settings(deadline=None)
@given(cases())
def test_open_segments_are_those_of_a_walk_minute_by_minute(case: Case) -> None:
    agrees_with_the_walk(case)


@pytest.mark.long
@settings(deadline=None, max_examples=10_000)
@given(cases(days=5))
def test_open_segments_are_those_of_a_longer_walk(case: Case) -> None:
    agrees_with_the_walk(case)


@settings(deadline=None)
@given(cases(days=4, unit=1), st.lists(st.integers(0, 4 * DAY - 1), max_size=20))
def test_boundaries_are_exact_to_the_microsecond(case: Case, moments: list[Duration]) -> None:
    segments = open_segments(case.calendar, case.span)
    edges = [edge for segment in segments for edge in segment]
    asked = {case.span.start + at for at in moments} | {case.span.start, case.span.end - 1}
    asked |= {edge + step for edge in edges for step in (-1, 0)}
    for at in sorted(at for at in asked if at in case.span):
        is_open = any(start <= at < end for start, end in segments)
        assert is_open == bool(owners(case.calendar, at)), moment(at)


@settings(deadline=None)
@given(cases(), st.integers(0, 900), st.integers(0, 900))
def test_a_wider_span_says_the_same(case: Case, before: int, after: int) -> None:
    wider = Span(case.span.start - before * DAY, case.span.end + after * DAY)
    segments = open_segments(case.calendar, wider)
    narrow = open_segments(case.calendar, case.span)
    assert list(narrow) == clip(segments, case.span.start, case.span.end)
    edges = [edge for segment in segments for edge in segment]
    assert edges == sorted(set(edges))


@settings(deadline=None)
@given(cases(unit=1), st.data())
def test_elapsed_is_the_open_time_between_and_additive(case: Case, data: st.DataObject) -> None:
    counted = clock_of(case)
    instants = st.integers(case.span.start, case.span.end)
    a, b, c = sorted(data.draw(st.tuples(instants, instants, instants)))
    segments = open_segments(case.calendar, case.span)
    assert counted.elapsed(a, b) == total(clip(segments, a, b))
    assert counted.elapsed(a, b) + counted.elapsed(b, c) == counted.elapsed(a, c)
    assert counted.elapsed(a, a) == 0
    assert 0 <= counted.elapsed(a, b) <= b - a


@settings(deadline=None)
@given(cases(unit=1), st.data())
def test_many_at_once_are_one_after_another(case: Case, data: st.DataObject) -> None:
    counted = clock_of(case)
    edges = [case.span.start, case.span.end, *counted.starts, *counted.ends]
    instants = st.integers(case.span.start, case.span.end) | st.sampled_from(edges)
    pairs = [sorted(pair) for pair in data.draw(st.lists(st.tuples(instants, instants)))]
    starts, ends = np.array(pairs, np.int64).reshape(-1, 2).T
    assert counted.elapsed_many(starts, ends).tolist() == [
        counted.elapsed(start, end) for start, end in pairs
    ]
    assert counted.open_before_many(starts).tolist() == [counted.open_before(s) for s in starts]
    targets = [data.draw(target_of(counted, start)) for start in starts.tolist()]
    assert counted.due_many(starts, np.array(targets, np.int64)).tolist() == [
        counted.due(start, target) for start, target in zip(starts.tolist(), targets, strict=True)
    ]


def target_of(counted: Clock, start: Instant) -> st.SearchStrategy[Duration]:
    """Targets to the microsecond about the closes, and beyond the horizon."""
    before = counted.open_before(start)
    closes = [count - before for count in counted.counts if count >= before]
    near = st.sampled_from(closes or [0]).flatmap(lambda at: st.integers(max(at - 1, 0), at + 1))
    return near | st.integers(0, 40 * DAY) | st.sampled_from((0, 1, 10_000 * DAY, FOREVER))


@settings(deadline=None)
@given(st.integers(1, 400), st.sampled_from((1, 2, 1_000, HOUR)), st.lists(st.integers(0, 4 * DAY)))
def test_ragged_hours_are_counted_as_one_by_one(holes: int, width: int, moments: list[int]) -> None:
    """Openings so close to each other that no table of bounded size keeps them apart."""
    start = instant(date(2026, 4, 1))
    openings = tuple(
        Span(start + n * 2 * width, start + n * 2 * width + width) for n in range(holes)
    )
    counted = clock(
        {"c": Calendar("c", "UTC", ((),) * 7, openings=openings)}, "c", Span(start, start + 4 * DAY)
    )
    edges = [at + step for at in counted.starts + counted.ends for step in (0, 1)]
    asked = [at for at in (*edges, *(start + one for one in moments)) if at <= counted.span.end]
    assert counted.open_before_many(np.array(asked)).tolist() == [
        counted.open_before(at) for at in asked
    ]
    targets = [count + step for count in counted.counts for step in (0, 1)]
    since = np.full(len(targets), start, np.int64)
    assert counted.due_many(since, np.array(targets)).tolist() == [
        counted.due(start, target) for target in targets
    ]


@settings(deadline=None)
@given(cases(unit=1), st.data())
def test_due_is_the_earliest_instant_by_which_the_target_has_elapsed(
    case: Case, data: st.DataObject
) -> None:
    counted = clock_of(case)
    start = data.draw(st.integers(case.span.start, case.span.end))
    target = data.draw(st.integers(0, 40 * DAY) | st.integers(0, 3 * DAY))
    due = counted.due(start, target)
    if due == FOREVER:  # a few microseconds a week do not add up in 200 years
        assert sum(end - start for windows in case.calendar.weekly for start, end in windows) < HOUR
        return
    wide = clock({"c": case.calendar}, "c", Span(case.span.start, max(case.span.end, due)))
    assert wide.elapsed(start, due) == target
    assert due == start if target == 0 else wide.elapsed(start, due - 1) == target - 1
    assert wide.due(start, target) == due


@settings(deadline=None, max_examples=30)
@given(cases(days=10), st.integers(1, 5))
def test_business_days_close_when_the_walk_says(case: Case, days: int) -> None:
    received = case.span.start
    received_on = wall_clock(case.calendar, received).date()
    close: dict[date, Instant] = {}
    for at in range(received, case.span.end, case.step):
        for day in owners(case.calendar, at):
            close[day] = at + case.step
    # A window may last until the second midnight, so the last days seen may not have closed yet.
    seen_to = wall_clock(case.calendar, case.span.end).date() - timedelta(days=2)
    service_days = sorted(day for day in close if received_on < day < seen_to)
    if len(service_days) >= days:
        assert close_of_day(case.calendar, received, days) == close[service_days[days - 1]]


def every_zone() -> Iterator[str]:
    """A name of each zone that there is; most have several."""
    known = set()
    for name in sorted(available_timezones() - {"localtime"}):
        rules = files("tzdata.zoneinfo").joinpath(*name.split("/")).read_bytes()
        if rules not in known:
            known.add(rules)
            yield name


@pytest.mark.long
def test_no_zone_changes_its_offset_between_two_samples() -> None:
    for name in every_zone():
        where = zone(name)  # of the `tzdata` package: the machine's own may be of another release
        for year in range(1999, 2041):
            for start, end, offset in constant_offsets(name, year):
                for at in (*range(start, end, 12 * HOUR), end - 1):
                    assert moment(at).astimezone(where).utcoffset() == offset * MICROSECOND, name
