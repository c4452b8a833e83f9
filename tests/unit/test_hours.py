"""Service hours against published facts: calendars, transitions of zones, the due rules."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from orchestrator.engine.hours import (
    Clock,
    agree_holidays,
    clock,
    close_of_day,
    holiday_dates,
    open_segments,
    segments,
)
from orchestrator.engine.intervals import total
from orchestrator.errors import OrchestratorError
from orchestrator.model.calendars import (
    ROUND_THE_CLOCK,
    WEEKDAYS,
    AgreedHolidays,
    Calendar,
    Holidays,
    Window,
)
from orchestrator.model.values import (
    DAWN,
    DAY,
    FOREVER,
    HOUR,
    MINUTE,
    SECOND,
    Duration,
    Instant,
    Span,
    format_instant,
    parse_instant,
)

WORKDAYS = WEEKDAYS[:5]
UNITS = (HOUR, MINUTE, SECOND)
APRIL = ("2026-04-01T00:00Z", "2026-05-01T00:00Z")


def span(start: str, end: str) -> Span:
    return Span(parse_instant(start), parse_instant(end))


def windows(text: str) -> tuple[Window, ...]:
    """`09:00-12:00 13:00-24:00`; an end not after its start is on the next day."""
    found = []
    for window in text.split():
        start, end = (
            sum(int(part) * unit for part, unit in zip(time.split(":"), UNITS, strict=False))
            for time in window.split("-")
        )
        found.append((start, end if end > start else end + DAY))
    return tuple(found)


def calendar(
    hours: str = "00:00-24:00",
    days: tuple[str, ...] = WEEKDAYS,
    zone: str = "UTC",
    holidays: Holidays | None = None,
    closures: tuple[Span, ...] = (),
    openings: tuple[Span, ...] = (),
) -> Calendar:
    weekly = tuple(windows(hours) if day in days else () for day in WEEKDAYS)
    return Calendar(
        "c", zone, weekly, holidays=holidays or Holidays(), closures=closures, openings=openings
    )


def shown(one: Calendar, start: str, end: str) -> list[tuple[str, str]]:
    return [
        (format_instant(opened), format_instant(closed))
        for opened, closed in open_segments(one, span(start, end))
    ]


def open_time(one: Calendar, start: str, end: str) -> Duration:
    return total(open_segments(one, span(start, end)))


def compiled(one: Calendar, start: str = APRIL[0], end: str = APRIL[1]) -> Clock:
    return clock({"c": one}, "c", span(start, end))


def due(one: Calendar, start: str, target: Duration) -> str:
    found = compiled(one).due(parse_instant(start), target)
    return "never" if found == FOREVER else format_instant(found)


# Weeks


def test_april_2026_has_22_weekdays_of_ten_hours() -> None:
    assert open_time(calendar("08:00-18:00", WORKDAYS), *APRIL) == 13_200 * MINUTE


def test_april_2026_has_20_working_days_in_england() -> None:
    easter = calendar("08:00-18:00", WORKDAYS, "Europe/London", holidays=Holidays("GB", "ENG"))
    assert open_time(easter, *APRIL) == 12_000 * MINUTE
    # Good Friday and Easter Monday
    assert shown(easter, "2026-04-02T00:00Z", "2026-04-08T00:00Z") == [
        ("2026-04-02T07:00:00Z", "2026-04-02T17:00:00Z"),
        ("2026-04-07T07:00:00Z", "2026-04-07T17:00:00Z"),
    ]


def test_easter_monday_is_a_working_day_in_scotland() -> None:
    assert date(2026, 4, 6) in holiday_dates(Holidays("GB", "ENG"), 2026)
    assert date(2026, 4, 6) not in holiday_dates(Holidays("GB", "SCT"), 2026)


def test_several_windows_a_day_are_united_where_they_overlap() -> None:
    assert shown(
        calendar("13:00-15:00 08:00-12:00 14:00-16:00 16:00-17:00"),
        "2026-04-01T00:00Z",
        "2026-04-02T00:00Z",
    ) == [
        ("2026-04-01T08:00:00Z", "2026-04-01T12:00:00Z"),
        ("2026-04-01T13:00:00Z", "2026-04-01T17:00:00Z"),
    ]


def test_a_night_shift_belongs_to_the_day_it_starts_on() -> None:
    friday_night = calendar("22:00-06:00", ("fri",))
    assert shown(friday_night, "2026-04-01T00:00Z", "2026-04-08T00:00Z") == [
        ("2026-04-03T22:00:00Z", "2026-04-04T06:00:00Z")
    ]
    assert shown(friday_night, "2026-04-04T01:00Z", "2026-04-04T23:00Z") == [
        ("2026-04-04T01:00:00Z", "2026-04-04T06:00:00Z")
    ]


def test_a_window_to_24_joins_one_from_0() -> None:
    assert shown(calendar("18:00-24:00 00:00-06:00"), "2026-04-01T12:00Z", "2026-04-02T12:00Z") == [
        ("2026-04-01T18:00:00Z", "2026-04-02T06:00:00Z")
    ]


def test_the_turn_of_the_year_cuts_nothing() -> None:
    night = calendar("22:00-06:00")
    assert shown(night, "2026-12-31T12:00Z", "2027-01-01T12:00Z") == [
        ("2026-12-31T22:00:00Z", "2027-01-01T06:00:00Z")
    ]
    decade = span("2020-01-01T00:00Z", "2030-01-01T00:00Z")
    assert open_segments(calendar(), decade) == ((decade.start, decade.end),)


@pytest.mark.parametrize(
    ("zone", "offset"), [("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)]
)
@pytest.mark.parametrize("hours", ["00:00-09:00", "12:00-20:00", "18:00-16:00", "22:00-06:00"])
def test_the_turn_of_the_year_in_utc_lies_within_a_day_of_the_zone(
    zone: str, offset: int, hours: str
) -> None:
    new_year = parse_instant("2027-01-01T00:00Z")
    ((start, end),) = windows(hours)
    everyday = [
        (new_year + day * DAY + start - offset * HOUR, new_year + day * DAY + end - offset * HOUR)
        for day in range(-3, 4)
    ]
    around = Span(everyday[0][0], everyday[-1][1])
    found = open_segments(calendar(hours, zone=zone), around)
    assert list(found) == everyday


def test_round_the_clock_needs_no_calendar() -> None:
    april = span(*APRIL)
    assert segments({}, ROUND_THE_CLOCK, april) == ((april.start, april.end),)
    assert segments({}, ROUND_THE_CLOCK, Span()) == ((DAWN, FOREVER),)
    office = calendar("09:00-17:00", WORKDAYS)
    assert segments({"c": office}, "c", april) == open_segments(office, april)


def test_an_unknown_calendar_is_refused() -> None:
    with pytest.raises(OrchestratorError, match=r"UNKNOWN_REFERENCE.*'office'"):
        segments({}, "office", span(*APRIL))


# Closures, openings, holidays


def test_closure_over_opening_over_holiday_over_week() -> None:
    special = calendar(
        "09:00-17:00",
        holidays=Holidays(dates=(date(2026, 4, 2),)),
        openings=(span("2026-04-02T10:00Z", "2026-04-02T20:00Z"),),
        closures=(span("2026-04-02T12:00Z", "2026-04-02T13:00Z"),),
    )
    assert shown(special, "2026-04-01T12:00Z", "2026-04-03T12:00Z") == [
        ("2026-04-01T12:00:00Z", "2026-04-01T17:00:00Z"),
        ("2026-04-02T10:00:00Z", "2026-04-02T12:00:00Z"),
        ("2026-04-02T13:00:00Z", "2026-04-02T20:00:00Z"),
        ("2026-04-03T09:00:00Z", "2026-04-03T12:00:00Z"),
    ]


def test_a_holiday_cuts_night_shifts_at_midnight_on_both_sides() -> None:
    night = calendar("22:00-06:00", zone="Europe/Berlin", holidays=Holidays("DE"))
    assert shown(night, "2026-04-30T12:00Z", "2026-05-02T12:00Z") == [  # Labour Day
        ("2026-04-30T20:00:00Z", "2026-04-30T22:00:00Z"),
        ("2026-05-01T22:00:00Z", "2026-05-02T04:00:00Z"),
    ]


def test_a_holiday_may_remove_the_shifts_that_start_on_it_instead() -> None:
    removed = Holidays("DE", shifts="removed")
    night = calendar("22:00-06:00", zone="Europe/Berlin", holidays=removed)
    # Labour Day: the night into it is worked whole, the night that begins on it not at all.
    assert shown(night, "2026-04-30T12:00Z", "2026-05-03T12:00Z") == [
        ("2026-04-30T20:00:00Z", "2026-05-01T04:00:00Z"),
        ("2026-05-02T20:00:00Z", "2026-05-03T04:00:00Z"),
    ]
    # The service day after Thursday is Saturday, which closes on Sunday morning.
    assert closes(night, "2026-04-30T12:00Z", 1) == "2026-05-03T04:00:00Z"


def test_agreed_holidays_stay_whatever_the_library_says_later() -> None:
    english = calendar("09:00-17:00", WORKDAYS, holidays=Holidays("GB", "ENG", (date(2026, 7, 1),)))
    agreed = agree_holidays(english, 2025, 2026).holidays
    assert agreed.agreed is not None
    assert agreed.agreed.source.startswith("holidays 0.")
    assert {day.year for day in agreed.agreed.dates} == {2025, 2026}
    assert date(2026, 7, 1) not in agreed.agreed.dates
    for year in (2024, 2025, 2026, 2027):
        assert holiday_dates(agreed, year) == holiday_dates(english.holidays, year)
    # The early May holiday of 2020 was moved to the 8th a year before; whoever agreed the 4th...
    moved = replace(agreed, agreed=AgreedHolidays("holidays 0.9", 2020, 2020, (date(2020, 5, 4),)))
    assert holiday_dates(Holidays("GB", "ENG"), 2020) >= {date(2020, 5, 8)}
    assert holiday_dates(moved, 2020) == {date(2020, 5, 4)}
    assert date(2021, 5, 3) in holiday_dates(moved, 2021)


def test_a_clock_names_what_its_holidays_were_agreed_from() -> None:
    agreed = AgreedHolidays("holidays 0.9", 2026, 2026)
    english = calendar("09:00-17:00", holidays=Holidays("GB", agreed=agreed))
    assert compiled(english).source == "holidays 0.9"
    assert compiled(english, *APRIL[:1], "2027-02-01T00:00Z").source.startswith(
        "holidays 0.9, holidays 0."
    )


def test_agreeing_holidays_again_keeps_what_was_agreed() -> None:
    first = AgreedHolidays("holidays 0.9", 2020, 2020, (date(2020, 5, 4),))
    english = calendar("09:00-17:00", holidays=Holidays("GB", "ENG", agreed=first))
    again = agree_holidays(english, 2021, 2022).holidays
    assert again.agreed is not None
    assert (again.agreed.first, again.agreed.last) == (2020, 2022)
    assert again.agreed.source.startswith("holidays 0.9, holidays 0.")
    assert holiday_dates(again, 2020) == {date(2020, 5, 4)}
    assert date(2022, 6, 3) in again.agreed.dates  # the platinum jubilee
    assert agree_holidays(OFFICE, 2021, 2022) is OFFICE


def test_listed_dates_add_to_public_holidays() -> None:
    company = Holidays("GB", "ENG", (date(2026, 4, 23), date(2027, 4, 23)))
    assert date(2026, 4, 23) in holiday_dates(company, 2026)
    assert date(2026, 4, 3) in holiday_dates(company, 2026)
    assert all(day.year == 2026 for day in holiday_dates(company, 2026))


@pytest.mark.parametrize(
    ("country", "subdivision"), [("XX", ""), ("GB", "ZZZ"), ("HolidayBase", ""), ("gb", "")]
)
def test_unknown_holidays_are_refused(country: str, subdivision: str) -> None:
    unknown = calendar("09:00-17:00", holidays=Holidays(country, subdivision))
    with pytest.raises(OrchestratorError, match="UNKNOWN_HOLIDAYS"):
        open_segments(unknown, span(*APRIL))


def test_a_calendar_may_be_open_by_openings_alone() -> None:
    sale = calendar("", openings=(span("2026-04-10T08:00Z", "2026-04-12T08:00Z"),))
    assert shown(sale, *APRIL) == [("2026-04-10T08:00:00Z", "2026-04-12T08:00:00Z")]


# Zones


@pytest.mark.parametrize(
    ("zone", "start", "end", "hours"),
    [
        ("Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z", 23),
        ("Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z", 25),
        ("Europe/Berlin", "2026-04-04T22:00Z", "2026-04-05T22:00Z", 24),
        ("America/New_York", "2026-03-08T05:00Z", "2026-03-09T04:00Z", 23),
        ("America/New_York", "2026-11-01T04:00Z", "2026-11-02T05:00Z", 25),
        # half an hour of summer time
        ("Australia/Lord_Howe", "2026-04-04T13:00Z", "2026-04-05T13:30Z", 24.5),
        ("Australia/Lord_Howe", "2026-10-03T13:30Z", "2026-10-04T13:00Z", 23.5),
        # two hours of it
        ("Antarctica/Troll", "2026-03-29T00:00Z", "2026-03-29T22:00Z", 22),
        # midnight itself does not exist
        ("America/Sao_Paulo", "2018-11-04T03:00Z", "2018-11-05T02:00Z", 23),
    ],
)
def test_a_sunday_has_as_many_hours_as_its_zone_gives_it(
    zone: str, start: str, end: str, hours: float
) -> None:
    sunday = calendar(days=("sun",), zone=zone)
    noon = parse_instant(start) + DAY // 2
    assert open_segments(sunday, Span(noon - 3 * DAY, noon + 3 * DAY)) == (
        (parse_instant(start), parse_instant(end)),
    )
    assert total(open_segments(sunday, Span(noon - 3 * DAY, noon + 3 * DAY))) == hours * HOUR


def test_a_gap_swallows_a_window_and_a_fold_plays_it_twice() -> None:
    early = calendar("02:00-03:00", ("sun",), "Europe/Berlin")
    assert shown(early, "2026-03-28T00:00Z", "2026-03-31T00:00Z") == []
    assert shown(early, "2026-10-24T00:00Z", "2026-10-27T00:00Z") == [
        ("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z")
    ]
    late = calendar("02:30-03:30", ("sun",), "Europe/Berlin")
    assert shown(late, "2026-10-24T00:00Z", "2026-10-27T00:00Z") == [
        ("2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"),
        ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"),
    ]


def test_lord_howe_shifts_by_half_an_hour() -> None:
    early = calendar("01:45-02:15", ("sun",), "Australia/Lord_Howe")
    assert shown(early, "2026-04-04T00:00Z", "2026-04-06T00:00Z") == [
        ("2026-04-04T14:45:00Z", "2026-04-04T15:00:00Z"),
        ("2026-04-04T15:15:00Z", "2026-04-04T15:45:00Z"),
    ]
    assert open_time(early, "2026-10-03T00:00Z", "2026-10-05T00:00Z") == 15 * MINUTE


def test_apia_had_no_30_december_2011() -> None:
    fridays = calendar(days=("fri",), zone="Pacific/Apia")
    assert shown(fridays, "2011-12-25T00:00Z", "2012-01-08T00:00Z") == [
        ("2012-01-05T10:00:00Z", "2012-01-06T10:00:00Z")
    ]
    around = calendar(days=("thu", "sat"), zone="Pacific/Apia")
    assert shown(around, "2011-12-26T00:00Z", "2012-01-01T00:00Z") == [
        ("2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z")
    ]


def test_sao_paulo_folded_at_midnight_into_the_day_before() -> None:
    last_hour = calendar("23:00-24:00", ("sat",), "America/Sao_Paulo")
    assert shown(last_hour, "2018-02-17T12:00Z", "2018-02-19T00:00Z") == [
        ("2018-02-18T01:00:00Z", "2018-02-18T03:00:00Z")
    ]


def test_casablanca_goes_back_for_ramadan() -> None:
    office = calendar("09:00-17:00", ("mon",), "Africa/Casablanca")
    mondays = shown(office, "2025-02-17T00:00Z", "2025-04-08T00:00Z")
    assert [opened[11:16] for opened, _ in mondays] == ["08:00", *["09:00"] * 6, "08:00"]


def test_saint_johns_used_to_change_at_a_minute_past_midnight() -> None:
    sunday = calendar(days=("sun",), zone="America/St_Johns")
    assert shown(sunday, "2010-11-06T12:00Z", "2010-11-09T00:00Z") == [
        ("2010-11-07T02:30:00Z", "2010-11-07T02:31:00Z"),
        ("2010-11-07T03:30:00Z", "2010-11-08T03:30:00Z"),
    ]


def test_offsets_may_have_seconds() -> None:
    morning = calendar("09:00-10:00", ("fri",), "Africa/Monrovia")
    assert shown(morning, "1971-12-31T00:00Z", "1972-01-08T00:00Z") == [
        ("1971-12-31T09:44:30Z", "1971-12-31T10:44:30Z"),  # until then 44 min 30 s behind
        ("1972-01-07T09:00:00Z", "1972-01-07T10:00:00Z"),
    ]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_ends_of_the_calendar_are_no_trouble(zone: str) -> None:
    always = calendar(zone=zone, holidays=Holidays(dates=(date.min, date.max)))
    assert open_time(always, "0001-01-01T00:00Z", "0001-01-09T00:00Z") >= 6 * DAY
    assert open_time(always, "9999-12-24T00:00Z", "9999-12-31T23:59:59.999999Z") >= 6 * DAY


# Clocks


OFFICE = calendar("09:00-17:00", WORKDAYS)


def test_due_is_fridays_close_and_not_mondays_opening() -> None:
    assert due(OFFICE, "2026-04-03T09:00Z", 8 * HOUR) == "2026-04-03T17:00:00Z"
    assert due(OFFICE, "2026-04-03T09:00Z", 8 * HOUR + 1) == "2026-04-06T09:00:00.000001Z"
    assert due(OFFICE, "2026-04-03T16:00Z", 2 * HOUR) == "2026-04-06T10:00:00Z"


def test_a_resolution_on_saturday_of_what_was_full_on_friday_is_in_time() -> None:
    office = compiled(OFFICE)
    friday, saturday = parse_instant("2026-04-03T09:00Z"), parse_instant("2026-04-04T11:00Z")
    assert office.elapsed(friday, saturday) == 8 * HOUR


def test_nothing_is_due_at_once_even_at_night() -> None:
    assert due(OFFICE, "2026-04-04T03:00Z", 0) == "2026-04-04T03:00:00Z"
    assert due(OFFICE, "2026-04-04T03:00Z", 1) == "2026-04-06T09:00:00.000001Z"


def test_a_start_inside_a_night_shift_counts_from_there() -> None:
    night = compiled(calendar("22:00-06:00"))
    two, seven = parse_instant("2026-04-02T02:00Z"), parse_instant("2026-04-02T07:00Z")
    assert night.elapsed(two, seven) == 4 * HOUR
    assert night.due(two, 5 * HOUR) == parse_instant("2026-04-02T23:00Z")


def test_due_looks_past_the_horizon() -> None:
    assert due(OFFICE, "2026-04-30T16:00Z", 2 * HOUR) == "2026-05-01T10:00:00Z"
    # 52 weeks of 40 hours are a year less a day
    assert due(OFFICE, "2026-04-06T00:00Z", 52 * 40 * HOUR) == "2027-04-02T17:00:00Z"
    assert due(OFFICE, "2026-04-06T00:00Z", 520 * 40 * HOUR) == "2036-03-21T17:00:00Z"


def test_a_calendar_that_never_opens_again_is_never_due() -> None:
    closed = calendar("09:00-17:00", closures=(Span(parse_instant("2026-04-02T12:00Z")),))
    assert due(closed, "2026-04-02T09:00Z", 3 * HOUR) == "2026-04-02T12:00:00Z"
    assert due(closed, "2026-04-02T09:00Z", 3 * HOUR + 1) == "never"
    opening = calendar("", openings=(span("2026-06-01T00:00Z", "2026-06-02T00:00Z"),))
    assert due(opening, "2026-04-02T09:00Z", DAY) == "2026-06-02T00:00:00Z"
    assert due(opening, "2026-04-02T09:00Z", DAY + 1) == "never"
    shut = calendar(
        "",
        openings=(span("2026-06-01T00:00Z", "2026-06-02T00:00Z"),),
        closures=(
            span("2026-06-01T12:00Z", "2026-07-01T00:00Z"),
            span("2026-08-01T00:00Z", "2026-09-01T00:00Z"),
        ),
    )
    assert due(shut, "2026-04-02T09:00Z", DAY) == "never"


def test_a_target_of_ten_thousand_years_is_never_due() -> None:
    assert due(OFFICE, "2026-04-02T09:00Z", 10_000 * 366 * DAY) == "never"


def test_a_target_of_a_day_at_a_second_a_week_is_never_due() -> None:
    assert due(calendar("09:00-09:00:01", ("mon",)), "2026-04-02T09:00Z", 7 * DAY) == "never"


def test_round_the_clock_counts_every_microsecond() -> None:
    always = clock({}, ROUND_THE_CLOCK, span(*APRIL))
    start = parse_instant("2026-04-05T00:00Z")
    assert always.elapsed(start, start + 7) == 7
    assert always.due(start, 400 * DAY + 1) == start + 400 * DAY + 1
    assert always.due(start, 9_000 * 366 * DAY) == FOREVER
    assert always.source == ""


def test_a_clock_that_runs_backwards_is_refused() -> None:
    office = compiled(OFFICE)
    start, end = parse_instant("2026-04-02T09:00Z"), parse_instant("2026-04-02T08:00Z")
    with pytest.raises(OrchestratorError, match=r"END_BEFORE_START.*08:00:00Z is before"):
        office.elapsed(start, end)
    with pytest.raises(OrchestratorError, match=r"END_BEFORE_START.*08:00:00Z is before"):
        office.elapsed_many(np.array([end, start]), np.array([end, end]))


def test_an_instant_outside_the_horizon_is_a_mistake() -> None:
    office = compiled(OFFICE)
    inside, before, after = office.span.start, office.span.start - 1, office.span.end + 1
    with pytest.raises(AssertionError):
        office.open_before_many(np.array([after]))
    with pytest.raises(AssertionError):
        office.due_many(np.array([before]), np.array([1]))
    for start, end in ((before, inside), (inside, after)):
        with pytest.raises(AssertionError):
            office.elapsed(start, end)
        with pytest.raises(AssertionError):
            office.elapsed_many(np.array([start]), np.array([end]))
    assert office.elapsed(office.span.start, office.span.end) == 22 * 8 * HOUR


def test_many_at_once_may_be_none() -> None:
    none = np.array([], np.int64)
    assert compiled(OFFICE).elapsed_many(none, none).tolist() == []


def test_due_of_many_looks_past_the_horizon_and_knows_never() -> None:
    asked = [("2026-04-30T16:00Z", 2), ("2026-04-06T00:00Z", 520 * 40), ("2026-04-30T23:00Z", 0)]
    starts = np.array([parse_instant(start) for start, _ in asked])
    targets = np.array([hours * HOUR for _, hours in asked])
    found = compiled(OFFICE).due_many(starts, targets).tolist()
    assert [format_instant(one) for one in found] == [
        "2026-05-01T10:00:00Z",
        "2036-03-21T17:00:00Z",
        "2026-04-30T23:00:00Z",
    ]
    closed = calendar("09:00-17:00", closures=(Span(parse_instant("2026-04-02T12:00Z")),))
    start = np.full(2, parse_instant("2026-04-02T09:00Z"))
    ends = compiled(closed).due_many(start, np.array([3 * HOUR, 3 * HOUR + 1])).tolist()
    assert ends == [parse_instant("2026-04-02T12:00Z"), FOREVER]
    far = compiled(OFFICE).due_many(start, np.array([10_000 * 366 * DAY, FOREVER]))
    assert far.tolist() == [FOREVER, FOREVER]


def test_many_at_once_keep_their_shape() -> None:
    start = np.full((2, 3), parse_instant("2026-04-02T09:00Z"))
    office = compiled(OFFICE)
    assert office.elapsed_many(start, start + HOUR).tolist() == [[HOUR] * 3] * 2
    assert office.due_many(start.T, np.full((3, 2), HOUR)).tolist() == (start.T + HOUR).tolist()


def test_a_horizon_without_service_hours_counts_nothing() -> None:
    sale = calendar("", openings=(span("2026-06-01T00:00Z", "2026-06-02T00:00Z"),))
    april = compiled(sale)
    assert april.elapsed(april.span.start, april.span.end) == 0
    assert april.elapsed_many(np.array([april.span.start]), np.array([april.span.end])) == [0]
    opening = np.array([april.span.start, april.span.start])
    assert april.due_many(opening, np.array([0, DAY])).tolist() == [
        april.span.start,
        parse_instant("2026-06-02T00:00Z"),
    ]


def test_a_clock_is_compiled_once_and_names_its_library() -> None:
    english = calendar("09:00-17:00", holidays=Holidays("GB", "ENG"))
    assert compiled(english) is compiled(english)
    assert compiled(english).source.startswith("holidays 0.")
    assert compiled(OFFICE).source == ""


# Business days


def closes(one: Calendar, received: str, days: int) -> str:
    found: Instant = close_of_day(one, parse_instant(received), days)
    return "never" if found == FOREVER else format_instant(found)


def test_three_business_days_over_easter() -> None:
    english = calendar("09:00-17:00", WORKDAYS, "Europe/London", Holidays("GB", "ENG"))
    # from Maundy Thursday, at whatever hour: Tuesday, Wednesday, Thursday
    for hour in ("00:00", "10:00", "21:59"):
        assert closes(english, f"2026-04-02T{hour}+01:00", 3) == "2026-04-09T16:00:00Z"
    assert closes(english, "2026-03-27T23:59Z", 1) == "2026-03-30T16:00:00Z"


def test_the_day_of_receipt_is_the_calendars_and_does_not_count() -> None:
    tokyo = calendar("09:00-17:00", WORKDAYS, "Asia/Tokyo")
    assert closes(tokyo, "2026-04-01T14:59Z", 1) == "2026-04-02T08:00:00Z"
    assert closes(tokyo, "2026-04-01T15:00Z", 1) == "2026-04-03T08:00:00Z"  # Thursday in Tokyo


def test_a_night_shift_closes_its_service_day_in_the_morning() -> None:
    night = calendar("22:00-06:00", WORKDAYS)
    assert closes(night, "2026-04-02T12:00Z", 1) == "2026-04-04T06:00:00Z"  # Friday's
    assert closes(night, "2026-04-02T12:00Z", 2) == "2026-04-07T06:00:00Z"  # Monday's


def test_openings_make_service_days_and_closures_take_them() -> None:
    moved = calendar(
        "09:00-17:00",
        WORKDAYS,
        openings=(span("2026-04-04T10:00Z", "2026-04-04T14:00Z"),),
        closures=(
            span("2026-04-03T00:00Z", "2026-04-04T00:00Z"),
            span("2026-04-06T15:00Z", "2026-04-07T00:00Z"),
        ),
    )
    assert closes(moved, "2026-04-02T12:00Z", 1) == "2026-04-04T14:00:00Z"
    assert closes(moved, "2026-04-02T12:00Z", 2) == "2026-04-06T15:00:00Z"


def test_service_days_that_never_come() -> None:
    closed = calendar("09:00-17:00", closures=(Span(parse_instant("2026-04-04T00:00Z")),))
    assert closes(closed, "2026-04-02T12:00Z", 1) == "2026-04-03T17:00:00Z"
    assert closes(closed, "2026-04-02T12:00Z", 2) == "never"
    assert closes(OFFICE, "2026-04-02T12:00Z", 10_000_000) == "never"


# The command line


def test_importing_it_loads_neither_numpy_nor_holidays() -> None:
    code = (
        "import sys, orchestrator.engine.hours;"
        "sys.exit(bool({'numpy', 'holidays'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
