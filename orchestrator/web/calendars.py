"""Calendars: when service hours run."""

from __future__ import annotations

import graphene

from orchestrator.model.calendars import WEEKDAYS
from orchestrator.model.values import HOUR, MINUTE, SECOND, Duration
from orchestrator.web.basics import Span, filed
from orchestrator.web.fields import given, many, maybe
from orchestrator.web.nodes import Node, identity
from orchestrator.web.paging import connection


def clock_text(wall: Duration) -> str:
    """A wall-clock time, `09:00`; past midnight it goes on counting, `30:00`."""
    text = f"{wall // HOUR:02d}:{wall // MINUTE % 60:02d}"
    return f"{text}:{wall // SECOND % 60:02d}" if wall % MINUTE else text


class Window(graphene.ObjectType):
    """Open hours that begin on one day; an end past 24:00 lies on the next."""

    start = given(graphene.String, "`09:00`", lambda window: clock_text(window[0]), name="from")
    end = given(graphene.String, "`17:00`", lambda window: clock_text(window[1]), name="to")


class Weekday(graphene.ObjectType):
    """The open hours of one day of the week."""

    day = given(graphene.String, "`mon` to `sun`.", lambda day: day[0])
    windows = many(Window, "Its open hours; none where it is closed.", lambda day: day[1])


class Holidays(graphene.ObjectType):
    """Days on which the weekly hours do not hold."""

    country = maybe(graphene.String, "Public holidays of this country.", lambda one: one.country)
    subdivision = maybe(graphene.String, "And of this part of it.", lambda one: one.subdivision)
    dates = many(
        graphene.String,
        "Single dates besides.",
        lambda one: [date.isoformat() for date in one.dates],
    )


class Calendar(graphene.ObjectType):
    """Service hours: open while the wall clock of its zone lies in a window."""

    class Meta:
        interfaces = (Node,)

    id = identity("Calendar", lambda root: (root.value.id,))
    slug = given(graphene.String, "Its id in the estate document.", lambda root: root.value.id)
    name = maybe(graphene.String, "What people call it.", lambda root: root.value.name)
    timezone = given(
        graphene.String, "The zone of its wall clock.", lambda root: root.value.timezone
    )
    weekly = many(
        Weekday,
        "The hours of each day, Monday first.",
        lambda root: list(zip(WEEKDAYS, root.value.weekly, strict=True)),
    )
    holidays = given(Holidays, "When it is closed by custom.", lambda root: root.value.holidays)
    closures = many(
        Span, "When it is closed, whatever else holds.", lambda root: root.value.closures
    )
    openings = many(Span, "When it is open on a holiday.", lambda root: root.value.openings)
    filed = filed()


CalendarConnection = connection("Calendar", Calendar)
