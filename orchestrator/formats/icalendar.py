"""iCalendar (RFC 5545): a feed of deadlines, and the exceptional days of a calendar out and in.

What is written depends on its arguments alone: even the stamp is one. Times go out in UTC, to the
second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import icalendar

from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.calendars import Calendar
from orchestrator.model.recurrence import instant_at, occurrences, wall_of
from orchestrator.model.schedule import Deadline
from orchestrator.model.values import (
    FIRST,
    LAST,
    SECOND,
    Instant,
    Span,
    instant_of,
    midnight,
    moment_of,
    zone,
)

PRODUCT: Final = "-//orchestrator//service level agreements//EN"
LIMIT_BYTES: Final = 4_000_000
LIMIT_EVENTS: Final = 20_000

_LONGEST_HOLIDAY: Final = timedelta(days=366)

HOLIDAY: Final = "HOLIDAY"
CLOSURE: Final = "CLOSURE"
OPENING: Final = "OPENING"
"""The categories that tell what an event does to service hours."""


# Writing


def feed(deadlines: Iterable[Deadline], name: str, stamp: Instant) -> str:
    """Deadlines as a calendar to subscribe to. `stamp` is when it was made; the identifier of
    each event follows from what it is, so that a later feed replaces the earlier one."""
    events = []
    for deadline in sorted(deadlines):
        event = _event(
            _uid(deadline.kind, deadline.agreement, deadline.subject, str(deadline.at)), stamp
        )
        event.add("summary", deadline.summary)
        event.add("dtstart", _utc(deadline.at))
        if deadline.end > deadline.at:
            event.add("dtend", _utc(deadline.end))
        event.add("categories", [deadline.kind])
        event.add("transp", "TRANSPARENT")
        if deadline.parties:
            event.add("description", ", ".join(deadline.parties))
        events.append(event)
    return _text(name, events)


def write_exceptions(calendar: Calendar, stamp: Instant) -> str:
    """The listed holidays, the closures and the openings of a calendar; not its weekly windows,
    and not the public holidays, which every program has."""
    events = []
    for day in calendar.holidays.dates:
        event = _event(_uid(HOLIDAY, calendar.id, day.isoformat()), stamp)
        event.add("summary", f"{calendar.name or calendar.id}: holiday")
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("categories", [HOLIDAY])
        events.append(event)
    for kind, spans in ((CLOSURE, calendar.closures), (OPENING, calendar.openings)):
        for span in spans:
            event = _event(_uid(kind, calendar.id, str(span.start), str(span.end)), stamp)
            event.add("summary", f"{calendar.name or calendar.id}: {kind.lower()}")
            event.add("dtstart", _utc(max(span.start, FIRST)))
            event.add("dtend", _utc(min(span.end + SECOND - 1, LAST)))
            event.add("categories", [kind])
            events.append(event)
    return _text(calendar.name or calendar.id, events)


def _event(uid: str, stamp: Instant) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", uid)
    event.add("dtstamp", _utc(stamp))
    return event


def _uid(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32] + "@orchestrator"


def _utc(instant: Instant) -> datetime:
    return moment_of(instant - instant % SECOND)


def _text(name: str, events: Sequence[icalendar.Event]) -> str:
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for event in events:
        calendar.add_component(event)
    text: str = calendar.to_ical().decode()
    return text


# Reading


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What a calendar of events says of service hours, each sorted."""

    dates: tuple[date, ...] = ()
    closures: tuple[Span, ...] = ()
    openings: tuple[Span, ...] = ()

    def onto(self, calendar: Calendar) -> Calendar:
        """A calendar with these besides its own."""
        dates = tuple(sorted({*calendar.holidays.dates, *self.dates}))
        return replace(
            calendar,
            holidays=replace(calendar.holidays, dates=dates),
            closures=tuple(sorted({*calendar.closures, *self.closures})),
            openings=tuple(sorted({*calendar.openings, *self.openings})),
        )


def read_exceptions(content: bytes, timezone: str, span: Span) -> Exceptions:
    """The holidays, closures and openings that a calendar of events holds.

    The category HOLIDAY, CLOSURE or OPENING tells which; without one, whole days are holidays and
    other events closures. A time without a zone is of `timezone`. Events that come round are
    taken as far as they begin in `span`; cancelled ones not at all. Raises BAD_ICALENDAR,
    TOO_LARGE, TOO_LONG, BAD_ZONE, BAD_RULE, and NOT_SUPPORTED for single changes of a series.
    """
    dates: set[date] = set()
    spans: dict[str, set[Span]] = {CLOSURE: set(), OPENING: set()}
    for event in _events(content):
        kind = _kind(event)
        try:
            for first, last in _times(event, timezone, span):
                if kind == HOLIDAY:
                    dates.update(_days(first, last, timezone))
                else:
                    spans[kind].add(Span(_instant(first, timezone), _instant(last, timezone)))
        except OverflowError as error:
            raise _bad("an event beyond the year 9999") from error
    return Exceptions(
        tuple(sorted(dates)), tuple(sorted(spans[CLOSURE])), tuple(sorted(spans[OPENING]))
    )


def _events(content: bytes) -> list[Any]:
    if len(content) > LIMIT_BYTES:
        raise refuse("TOO_LARGE", "a calendar of so many bytes", f"use at most {LIMIT_BYTES}")
    try:
        parsed = icalendar.Calendar.from_ical(content)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise _bad(str(error)) from error
    if not isinstance(parsed, icalendar.Calendar):
        raise _bad("it holds something else")
    events = [one for one in parsed.walk("VEVENT") if str(one.get("STATUS")) != "CANCELLED"]
    if len(events) > LIMIT_EVENTS:
        raise refuse("TOO_LONG", f"{len(events)} events", f"use at most {LIMIT_EVENTS}")
    for event in events:
        if event.errors:
            raise _bad(f"{event.errors[0][0]}: {event.errors[0][1]}")
        for name in ("RECURRENCE-ID", "RDATE"):
            if name in event:
                raise refuse(
                    "NOT_SUPPORTED",
                    f"an event with {name} is not read",
                    "write it as an event of its own",
                )
    return events


def _bad(why: str) -> OrchestratorError:
    return refuse("BAD_ICALENDAR", f"not a calendar of events: {why[:200]}", "export it again")


def _kind(event: Any) -> str:
    named = event.get("CATEGORIES")
    groups = named if isinstance(named, list) else [named] if named is not None else []
    words = {str(word).upper() for group in groups for word in group.cats}
    known = [kind for kind in (OPENING, CLOSURE, HOLIDAY) if kind in words]
    if known:
        return known[0]
    return CLOSURE if isinstance(_given(event, "DTSTART").dt, datetime) else HOLIDAY


def _given(event: Any, name: str) -> Any:
    value = event.get(name)
    if value is None or isinstance(value, list):
        raise _bad(f"an event needs one {name}")
    return value


Moment = date | Instant
"""A whole day, or an instant."""


def _times(event: Any, timezone: str, span: Span) -> Iterator[tuple[Moment, Moment]]:
    """When an event takes place: once, or as often as it comes round in a span."""
    start = _given(event, "DTSTART")
    first = _moment(start, timezone)
    length = _length(event, first, timezone)
    if event.get("RRULE") is None:
        yield first, _later(first, length)
        return
    rule = _given(event, "RRULE").to_ical().decode()
    left_out = {_moment(one, timezone) for one in _listed(event.get("EXDATE"))}
    whole_days = isinstance(first, date)
    where = "UTC" if whole_days else str(start.params.get("TZID") or "")
    if not whole_days and not where:
        where = "UTC" if start.dt.tzinfo is not None else timezone
    begun = midnight(first, zone("UTC")) if isinstance(first, date) else first
    for instant in occurrences(rule, begun, where, span):
        moment: Moment = moment_of(instant).date() if whole_days else instant
        if moment not in left_out:
            yield moment, _later(moment, length)


def _listed(value: Any) -> list[Any]:
    groups = value if isinstance(value, list) else [] if value is None else [value]
    found = []
    for group in groups:
        for one in group.dts:
            one.params.update(group.params)
            found.append(one)
    return found


def _moment(value: Any, timezone: str) -> Moment:
    """A date, or an instant: the wall clock is read by our own zone data, not the machine's."""
    held = value.dt
    if not isinstance(held, datetime):
        if not isinstance(held, date):
            raise _bad(f"{held} is neither a date nor a time")
        return held
    named = value.params.get("TZID")
    if held.tzinfo is not None and not named:
        return instant_of(held)
    return instant_at(held.replace(tzinfo=None), zone(str(named or timezone)))


def _length(event: Any, first: Moment, timezone: str) -> timedelta:
    """How long an event lasts: to its end, or for its duration, or a whole day."""
    if event.get("DTEND") is not None:
        last = _moment(_given(event, "DTEND"), timezone)
        if isinstance(first, date) and isinstance(last, date):
            length = last - first
        elif isinstance(first, int) and isinstance(last, int):
            length = timedelta(microseconds=last - first)
        else:
            raise _bad("an event begins at a time and ends at a date")
    elif event.get("DURATION") is not None:
        length = _given(event, "DURATION").dt
    else:
        length = timedelta(days=1) if isinstance(first, date) else timedelta()
    if length <= timedelta():
        raise _bad("an event that is over when it begins")
    return length


def _later(moment: Moment, length: timedelta) -> Moment:
    if isinstance(moment, date):
        return moment + timedelta(days=max(length.days, 1))
    return moment + length // timedelta(microseconds=1)


def _instant(moment: Moment, timezone: str) -> Instant:
    return midnight(moment, zone(timezone)) if isinstance(moment, date) else moment


def _days(first: Moment, last: Moment, timezone: str) -> Iterator[date]:
    """The civil days from first to last; of instants, those the time touches."""
    where = zone(timezone)
    day = first if isinstance(first, date) else wall_of(first, where).date()
    end = last if isinstance(last, date) else wall_of(last - 1, where).date() + timedelta(days=1)
    if end - day > _LONGEST_HOLIDAY:
        raise _bad("a holiday of more than a year; make it a closure")
    while day < end:
        yield day
        day += timedelta(days=1)
