"""Calendars: hours as data. What they mean in time is computed by `engine.hours`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.values import Duration, Kept, Span

ROUND_THE_CLOCK: Final = "24x7"
"""The hours every estate knows without declaring them."""

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Window = tuple[Duration, Duration]
"""Wall-clock start and end since midnight of the day it starts on; overnight ends past 24 h."""


SHIFTS: Final = ("cut", "removed")
"""What a holiday does to a shift over midnight: it cuts it there, so that the civil day of the
holiday is free and nothing else is; or it removes the shifts that start on it, and nothing else."""


@dataclass(frozen=True, slots=True)
class AgreedHolidays:
    """The public holidays of some years as they were known when they were agreed.

    `source` names the library they were taken from, as `holidays 0.109`. They stand for the civil
    years `first` to `last`, whatever a later release of the library says of them.
    """

    source: str
    first: int
    last: int
    dates: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Holidays:
    """Public holidays by country and subdivision (the `holidays` library), and dates besides.

    In the years of `agreed` its dates stand in the place of the library's.
    """

    country: str = ""
    subdivision: str = ""
    dates: tuple[date, ...] = ()
    shifts: str = "cut"
    agreed: AgreedHolidays | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Open while the wall clock of its zone lies in a window.

    Closures come before openings, openings before holidays, holidays before weekly windows.
    `weekly` has seven entries, Monday first.
    """

    id: str
    timezone: str
    weekly: tuple[tuple[Window, ...], ...]
    name: str = ""
    holidays: Holidays = field(default_factory=Holidays)
    closures: tuple[Span, ...] = ()
    openings: tuple[Span, ...] = ()
    kept: Kept = ()

    def __post_init__(self) -> None:
        assert len(self.weekly) == len(WEEKDAYS)
        if not any(self.weekly) and not self.openings:
            raise refuse(
                "NEVER_OPENS",
                f"calendar {self.id!r} never opens",
                "give it weekly windows or openings",
                f"calendars[{self.id}].weekly",
            )
