"""iCalendar out and in: the same instants, and the same text for the same arguments."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import icalendar
import pytest

from orchestrator.engine.deadlines import deadlines
from orchestrator.engine.hours import open_segments
from orchestrator.formats.icalendar import (
    LIMIT_BYTES,
    Exceptions,
    feed,
    read_exceptions,
    write_exceptions,
)
from orchestrator.model.calendars import Holidays
from orchestrator.model.lapses import Lapse
from orchestrator.model.schedule import Deadline, Notice, Review
from orchestrator.model.values import ALWAYS, HOUR, SECOND, Instant, Span, instant_of
from tests.contracts import OFFICE, at, contract, refused_with, span

STAMP = at("2026-02-10T08:00")
YEAR = span("2026-01-01", "2027-01-01")
HELD = contract(
    reviews=(Review("slm", "FREQ=MONTHLY;BYDAY=1TU", at("2026-01-06T09:00")),),
    notice=Notice(Lapse(months=3)),
    version={"effective": span("2026-01-01", "2026-12-01"), "name": "Shop; gold, \N{EURO SIGN}"},
)
DUE = deadlines(HELD, YEAR, {})
WORK = Deadline(
    at("2026-05-10T22:00"), "c1", "maintenance", "m-1", "works", at("2026-05-11T01:00"), ("us",)
)


def events(text: str) -> list[icalendar.Event]:
    parsed = icalendar.Calendar.from_ical(text)
    return list(parsed.walk("VEVENT"))  # type: ignore[union-attr]


def instant(event: icalendar.Event, name: str) -> Instant:
    return instant_of(event[name].dt)


def test_the_feed_parses_back_with_the_same_instants() -> None:
    assert len(DUE) == 11 + 2
    found = events(feed((*DUE, WORK), "deadlines", STAMP))
    told = [(instant(one, "DTSTART"), str(one["CATEGORIES"].cats[0])) for one in found]
    assert told == sorted([(one.at, one.kind) for one in (*DUE, WORK)])
    (work,) = (one for one in found if one.get("DTEND") is not None)
    assert instant(work, "DTEND") == WORK.end
    assert {instant(one, "DTSTAMP") for one in found} == {STAMP}
    assert str(found[0]["SUMMARY"]) == "Shop; gold, \N{EURO SIGN}: review slm"
    assert all(one["DTSTART"].dt.utcoffset().total_seconds() == 0 for one in found)


def test_the_feed_depends_on_its_arguments_alone() -> None:
    once, again = (feed(one, "deadlines", STAMP) for one in (DUE, tuple(reversed(DUE))))
    assert once == again
    later = feed(DUE, "deadlines", STAMP + HOUR)
    ids = [[str(one["UID"]) for one in events(text)] for text in (once, later)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(DUE)
    assert max(len(line.encode()) for line in once.split("\r\n")) <= 75


EXCEPTIONS = replace(
    OFFICE,
    holidays=Holidays(dates=(date(2026, 5, 4), date(2026, 12, 24))),
    closures=(span("2026-06-01", "2026-06-03"), span("2026-07-01T10:00", "2026-07-01T11:30")),
    openings=(span("2026-08-01T08:00", "2026-08-01T12:00"),),
)


def test_a_calendars_exceptions_come_back_as_they_went() -> None:
    text = write_exceptions(EXCEPTIONS, STAMP)
    read = read_exceptions(text.encode(), OFFICE.timezone, YEAR)
    assert read.onto(OFFICE) == EXCEPTIONS
    assert read.onto(EXCEPTIONS) == EXCEPTIONS
    assert open_segments(read.onto(OFFICE), YEAR) == open_segments(EXCEPTIONS, YEAR)


def test_a_closure_without_end_is_written_to_the_end_of_the_calendar() -> None:
    shut = replace(OFFICE, closures=(ALWAYS,))
    (event,) = events(write_exceptions(shut, STAMP))
    assert (event["DTSTART"].dt.year, event["DTEND"].dt.year) == (1, 9999)


def test_what_is_finer_than_a_second_is_closed_to_the_end_of_it() -> None:
    start = at("2026-06-01")
    fine = replace(OFFICE, closures=(Span(start, start + 1),))
    read = read_exceptions(write_exceptions(fine, STAMP).encode(), "UTC", YEAR)
    assert read.closures == (Span(start, start + SECOND),)


def calendar(*lines: str) -> bytes:
    body = "\r\n".join(("BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"))
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    return f"{head}{body}\r\nEND:VCALENDAR\r\n".encode()


def read(*lines: str, timezone: str = "Europe/Berlin") -> Exceptions:
    return read_exceptions(calendar(*lines), timezone, YEAR)


def test_a_whole_day_is_a_holiday_and_a_time_a_closure_unless_said() -> None:
    day = ("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227")
    dates = tuple(date(2026, 12, number) for number in (24, 25, 26))
    assert read(*day) == Exceptions(dates=dates)
    assert read(*day[:1]) == Exceptions(dates=dates[:1])
    shut = Span(at("2026-12-23T23:00"), at("2026-12-26T23:00"))
    assert read(*day, "CATEGORIES:Works,Closure") == Exceptions(closures=(shut,))
    assert read(*day, "CATEGORIES:OPENING") == Exceptions(openings=(shut,))
    hour = ("DTSTART:20260601T100000Z", "DURATION:PT1H")
    assert read(*hour) == Exceptions(closures=(span("2026-06-01T10:00", "2026-06-01T11:00"),))
    assert read(*hour, "CATEGORIES:HOLIDAY") == Exceptions(dates=(date(2026, 6, 1),))
    assert read(*hour, "STATUS:CANCELLED") == Exceptions()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("DTSTART:20260701T100000Z", "2026-07-01T10:00"),
        ("DTSTART:20260701T100000", "2026-07-01T08:00"),
        ("DTSTART;TZID=Australia/Lord_Howe:20260701T100000", "2026-06-30T23:30"),
        # 02:30 does not exist in Berlin on 29 March and is taken by the offset before
        ("DTSTART;TZID=Europe/Berlin:20260329T023000", "2026-03-29T01:30"),
        # shown twice on 25 October: the first time
        ("DTSTART;TZID=Europe/Berlin:20261025T023000", "2026-10-25T00:30"),
    ],
)
def test_times_are_read_in_their_zone_or_in_the_calendars(start: str, expected: str) -> None:
    (closure,) = read(start, "DURATION:PT1H").closures
    assert closure == Span(at(expected), at(expected) + HOUR)


def test_what_comes_round_is_taken_as_far_as_asked_without_its_exceptions() -> None:
    found = read(
        "DTSTART;TZID=Europe/Berlin:20260131T220000",
        "DURATION:PT2H",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1",
        "EXDATE;TZID=Europe/Berlin:20260430T220000",
    )
    assert len(found.closures) == 11
    assert found.closures[0].start == at("2026-01-31T21:00")
    assert found.closures[5].start == at("2026-07-31T20:00")
    assert at("2026-04-30T20:00") not in [one.start for one in found.closures]
    yearly = read("DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=YEARLY")
    assert yearly == Exceptions(dates=(date(2026, 1, 1),))


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("DTSTART:tomorrow",), "BAD_ICALENDAR"),
        ((), "BAD_ICALENDAR"),
        (("DTSTART:20260601T100000Z",), "BAD_ICALENDAR"),
        (("DTSTART:20260601T100000Z", "DTEND:20260601T100000Z"), "BAD_ICALENDAR"),
        (("DTSTART:20260601T100000Z", "DTEND;VALUE=DATE:20260602"), "BAD_ICALENDAR"),
        (("DTSTART;VALUE=DATE:20260601", "DURATION:P9999D"), "BAD_ICALENDAR"),
        (("DTSTART;VALUE=DATE:99991231",), "BAD_ICALENDAR"),
        (("DTSTART;TZID=Nowhere:20260601T100000", "DURATION:PT1H"), "BAD_ZONE"),
        (("DTSTART:20260601T100000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY"), "BAD_RULE"),
        (("DTSTART:20260601T100000Z", "DURATION:PT1H", "RDATE:20260602T100000Z"), "NOT_SUPPORTED"),
        (
            ("DTSTART:20260601T100000Z", "DURATION:PT1H", "RECURRENCE-ID:20260602T100000Z"),
            "NOT_SUPPORTED",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_and_never_guessed(
    lines: tuple[str, ...], code: str
) -> None:
    with refused_with(code):
        read(*lines)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe", b"BEGIN:VEVENT\r\nEND:VEVENT\r\n"])
def test_what_is_no_calendar_is_refused(content: bytes) -> None:
    with refused_with("BAD_ICALENDAR"):
        read_exceptions(content, "UTC", YEAR)


def test_a_calendar_has_its_limits() -> None:
    with refused_with("TOO_LARGE"):
        read_exceptions(b" " * (LIMIT_BYTES + 1), "UTC", YEAR)
