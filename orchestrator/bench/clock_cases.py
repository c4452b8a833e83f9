"""Hours on which other libraries do not answer rightly, beside the right answer: over midnight,
round the clock, where the clocks change, and at the close.

Every question is put in a process of its own, because one of them never comes back. No answer is
stored: what is not installed is not asked.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib import import_module, metadata
from typing import Any, Final
from zoneinfo import ZoneInfo

from orchestrator.engine.hours import clock
from orchestrator.model.calendars import WEEKDAYS, Calendar
from orchestrator.model.values import DAY, HOUR, Span, format_instant, instant_of, moment_of

PATIENCE: Final = 5.0
"""Seconds to wait for an answer."""


@dataclass(frozen=True, slots=True)
class Case:
    """Hours of some days in a zone, and a question in its wall clock: the service time up to `end`,
    or when a number of hours is due."""

    name: str
    opens: int
    closes: int
    days: tuple[int, ...]
    start: datetime
    end: datetime | None = None
    hours: int = 0
    timezone: str = "UTC"

    def local(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=ZoneInfo(self.timezone))


_WORKDAYS: Final = (0, 1, 2, 3, 4)
_SUNDAY: Final = (6,)
_LONDON: Final = "Europe/London"


def _at(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour)  # noqa: DTZ001 - a wall clock; the case has its zone


CASES: Final = (
    Case("22-06, from 02:00 to 05:00", 22, 6, _WORKDAYS, _at(4, 2, 2), _at(4, 2, 5)),
    Case("22-06, from 23:00 to 05:00", 22, 6, _WORKDAYS, _at(4, 1, 23), _at(4, 2, 5)),
    Case("24x7, one day", 0, 24, tuple(range(7)), _at(4, 1, 0), _at(4, 2, 0)),
    Case(
        "00-06 in London, clocks forward", 0, 6, _SUNDAY, _at(3, 29, 0), _at(3, 29, 12), 0, _LONDON
    ),
    Case(
        "00-06 in London, clocks back", 0, 6, _SUNDAY, _at(10, 25, 0), _at(10, 25, 12), 0, _LONDON
    ),
    Case("09-17, 8 h from Friday 09:00", 9, 17, _WORKDAYS, _at(4, 3, 9), hours=8),
    Case("22-06, 5 h from 02:00", 22, 6, _WORKDAYS, _at(4, 3, 2), hours=5),
    Case("00-06 in London, 5 h, clocks forward", 0, 6, _SUNDAY, _at(3, 29, 0), None, 5, _LONDON),
    Case("00-06 in London, 5 h, clocks back", 0, 6, _SUNDAY, _at(10, 25, 0), None, 5, _LONDON),
)


def answers() -> dict[str, Any]:
    """What each library answers, a case in a row; "-" where it has no such question."""
    installed = {name: _version(PEERS[name].package) for name in PEERS}
    return {
        "title": "Hours that other libraries do not get right",
        "columns": ["hours and question", "ours", *(f"{n} {v}" for n, v in installed.items())],
        "rows": [
            [
                case.name,
                _ours(case),
                *(_asked(name, number) if installed[name] else "-" for name in PEERS),
            ]
            for number, case in enumerate(CASES)
        ],
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _asked(name: str, number: int) -> str:
    if (CASES[number].end is None) != PEERS[name].due:
        return "-"
    command = [sys.executable, "-m", "orchestrator.bench.clock_cases", name, str(number)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {PATIENCE:.0f} s"
    return done.stdout.strip() if done.returncode == 0 else "an error"


def _ours(case: Case) -> str:
    window = (case.opens * HOUR, (case.closes + 24 * (case.closes < case.opens)) * HOUR)
    weekly = tuple((window,) if day in case.days else () for day in range(len(WEEKDAYS)))
    start = instant_of(case.local(case.start))
    calendar = Calendar("c", case.timezone, weekly)
    compiled = clock({"c": calendar}, "c", Span(start - 7 * DAY, start + 7 * DAY))
    if case.end is None:
        return _shown_at(moment_of(compiled.due(start, case.hours * HOUR)))
    return _shown(compiled.elapsed(start, instant_of(case.local(case.end))) / HOUR)


def _shown(hours: float) -> str:
    return f"{hours:g} h"


def _shown_at(moment: datetime) -> str:
    return format_instant(instant_of(moment))


# The others, each as its documentation has it used


def _time(hour: int) -> time:
    return time(hour % 24)


def _business_duration(case: Case) -> str:
    pandas, peer = import_module("pandas"), import_module("business_duration")
    assert case.end is not None
    ends = (pandas.Timestamp(case.local(one)) for one in (case.start, case.end))
    closed = [day for day in range(7) if day not in case.days]
    hours = peer.businessDuration(
        *ends, _time(case.opens), _time(case.closes), weekendlist=closed, unit="hour"
    )
    return _shown(float(hours))


def _businesstimedelta(case: Case) -> str:
    peer, pytz = import_module("businesstimedelta"), import_module("pytz")
    assert case.end is not None
    rule = peer.WorkDayRule(
        start_time=_time(case.opens),
        end_time=_time(case.closes),
        working_days=list(case.days),
        tz=pytz.timezone(case.timezone),
    )
    zone = pytz.timezone(case.timezone)
    found = peer.Rules([rule]).difference(zone.localize(case.start), zone.localize(case.end))
    return _shown(found.timedelta / timedelta(hours=1))


def _custom_business_hour(case: Case) -> str:
    pandas = import_module("pandas")
    offset = pandas.offsets.CustomBusinessHour(
        start=f"{case.opens:02d}:00",
        end=f"{case.closes % 24:02d}:00",
        weekmask=[int(day in case.days) for day in range(7)],
    )
    due = pandas.Timestamp(case.start).tz_localize(case.timezone) + case.hours * offset
    return _shown_at(due.to_pydatetime())


@dataclass(frozen=True, slots=True)
class Peer:
    """A library: its package, how it is asked, and whether for when something is due."""

    package: str
    ask: Callable[[Case], str]
    due: bool


PEERS: Final = {
    "business_duration": Peer("business-duration", _business_duration, False),
    "businesstimedelta": Peer("businesstimedelta", _businesstimedelta, False),
    "pandas CustomBusinessHour": Peer("pandas", _custom_business_hour, True),
}

if __name__ == "__main__":
    print(PEERS[sys.argv[1]].ask(CASES[int(sys.argv[2])]))
