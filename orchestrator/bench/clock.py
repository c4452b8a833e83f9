"""Service clocks against other libraries: how long a ticket takes on either side.

All do the same work on the same daytime calendar in UTC with public holidays, on which the others
are right too; the slow ones work on a sample, and its answers are compared one by one. What they
are given is in their own types before the time is taken. The others are optional: what is not
installed is said to be. `orchestrator.bench.clock_cases` has the cases in which they are not right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from datetime import time as wall_time
from importlib import import_module, metadata
from typing import Any, Final

import numpy as np

from orchestrator.engine.hours import Clock, clock, holiday_dates
from orchestrator.engine.many_tickets import consumed_many, unite
from orchestrator.engine.steps import Int64s
from orchestrator.model.calendars import Calendar, Holidays
from orchestrator.model.values import (
    DAY,
    HOUR,
    SECOND,
    Instant,
    Span,
    parse_instant,
    union,
)

HOURS: Final = (9, 17)
TARGET_HOURS: Final = 12
PAUSES: Final = 3
SPAN: Final = Span(parse_instant("2026-01-01T00:00Z"), parse_instant("2027-01-01T00:00Z"))
SEED: Final = 20260401
COLUMNS: Final = ("work", "by", "tickets", "time a ticket", "ours is faster", "answers alike")

Answers = Sequence[int] | Int64s
"""Service time, or instants, one for each ticket."""


@dataclass(frozen=True, slots=True)
class Work:
    """Tickets in columns, on whole seconds. The pauses of ticket i, which may overlap, are rows i
    of `paused_from` and `paused_to`."""

    name: str
    clock: Clock
    holidays: tuple[date, ...]
    starts: Int64s
    ends: Int64s
    paused_from: Int64s
    paused_to: Int64s

    def first(self, tickets: int) -> Work:
        """The work on the first tickets alone."""
        columns = (self.starts, self.ends, self.paused_from, self.paused_to)
        return Work(self.name, self.clock, self.holidays, *(one[:tickets] for one in columns))


@dataclass(frozen=True, slots=True)
class Side:
    """Who does the work: `prepare` gives what is timed. `package` is what it needs, and `sample`
    the most tickets it is given; it answers in `unit` microseconds."""

    package: str
    prepare: Callable[[Work], Callable[[], Answers]]
    sample: int
    unit: int = SECOND


def run(services: int) -> dict[str, Any]:
    """A hundred tickets for every service: how long each takes by ours and by the others."""
    rows = []
    for name, longest, ours, peers in (
        ("limit: one subtraction", 10 * DAY, _subtracted, ()),
        ("elapsed, up to 10 days", 10 * DAY, _elapsed, ELAPSED),
        ("elapsed, up to 90 days", 90 * DAY, _elapsed, ELAPSED),
        (f"due after {TARGET_HOURS} h", 10 * DAY, _due, DUE),
        (f"elapsed less {PAUSES} pauses, united", 10 * DAY, _paused, PAUSED),
    ):
        rows += _compared(_work(name, services * 100, longest), ours, peers)
    return {
        "title": "Service clocks on an office calendar in UTC, beside other libraries",
        "columns": list(COLUMNS),
        "rows": rows,
    }


def _compared(
    work: Work, ours: Callable[[Work], Callable[[], Answers]], peers: Sequence[Side]
) -> list[list[str]]:
    """Our row, and one for each of the others."""
    answers, taken = _timed(ours(work), 5)
    size = len(work.starts)
    rows = [[work.name, f"ours, numpy {np.__version__}", f"{size:,}", _shown(taken / size), "", ""]]
    for peer in peers:
        try:
            installed = f"{peer.package} {metadata.version(peer.package)}"
        except metadata.PackageNotFoundError:
            rows.append([work.name, peer.package, "", "not installed", "", ""])
            continue
        sample = work.first(peer.sample)
        count = len(sample.starts)
        found, theirs = _timed(peer.prepare(sample), 3 if count == size else 1)
        alike = sum(
            int(one) * peer.unit == int(two) for one, two in zip(found, answers, strict=False)
        )
        each = theirs / count
        rows.append(
            [
                work.name,
                installed,
                f"{count:,}",
                _shown(each),
                f"{each * size / taken:,.1f} times",
                f"{alike:,} of {count:,}",
            ]
        )
    return rows


def _timed(work: Callable[[], Answers], times: int) -> tuple[Answers, float]:
    """What it gives, and the least seconds it took."""
    least = float("inf")
    found: Answers = ()
    for _ in range(times):
        started = time.perf_counter()
        found = work()
        least = min(least, time.perf_counter() - started)
    return found, least


def _shown(seconds: float) -> str:
    return f"{seconds * 1e9:,.1f} ns" if seconds < 1e-6 else f"{seconds * 1e6:,.1f} µs"


def _work(name: str, tickets: int, longest: int) -> Work:
    """Random tickets of one year on an office calendar, of a length up to `longest`."""
    rng = np.random.default_rng(SEED)
    public = Holidays("GB", "ENG")
    window = ((HOURS[0] * HOUR, HOURS[1] * HOUR),)
    calendar = Calendar("office", "UTC", (*(window,) * 5, (), ()), holidays=public)
    seconds = (SPAN.length - 100 * DAY) // SECOND
    starts = SPAN.start + rng.integers(0, seconds, tickets) * SECOND
    lengths = rng.integers(1, longest // SECOND, tickets) * SECOND
    shape = (tickets, PAUSES)
    since = starts[:, None] + rng.integers(0, 3 * DAY // SECOND, shape) * SECOND
    until = since + rng.integers(1, DAY // SECOND, shape) * SECOND
    return Work(
        name,
        clock({"office": calendar}, "office", SPAN),
        tuple(sorted(holiday_dates(public, 2026))),
        starts,
        starts + lengths,
        since,
        until,
    )


# Ours


def _subtracted(work: Work) -> Callable[[], Answers]:
    """What any answer costs that reads two columns and writes one."""
    found = np.empty_like(work.starts)
    return lambda: np.subtract(work.ends, work.starts, out=found)


def _elapsed(work: Work) -> Callable[[], Answers]:
    return lambda: work.clock.elapsed_many(work.starts, work.ends)


def _due(work: Work) -> Callable[[], Answers]:
    targets = np.full_like(work.starts, TARGET_HOURS * HOUR)
    return lambda: work.clock.due_many(work.starts, targets)


def _paused(work: Work) -> Callable[[], Answers]:
    """The pauses in a random order, as reports come."""
    order = np.random.default_rng(SEED).permutation(work.paused_from.size)
    index = np.repeat(np.arange(len(work.starts)), PAUSES)[order]
    since, until = work.paused_from.reshape(-1)[order], work.paused_to.reshape(-1)[order]
    return lambda: consumed_many(work.clock, work.starts, work.ends, unite(index, since, until))


# Theirs


def _busday(work: Work) -> Callable[[], Answers]:
    """Whole days by `busday_count`, the two ends by arithmetic."""
    calendar = np.busdaycalendar(holidays=np.array(work.holidays, "datetime64[D]"))
    opens, length = HOURS[0] * 3600, (HOURS[1] - HOURS[0]) * 3600
    starts, ends = ((one // SECOND).astype("datetime64[s]") for one in (work.starts, work.ends))
    dawn = np.datetime64("2026-01-01", "D")

    def before(at: Any) -> Any:
        days = at.astype("datetime64[D]")
        today = (at - days).astype(np.int64) - opens
        whole = np.busday_count(dawn, days, busdaycal=calendar) * length
        return whole + np.clip(today, 0, length) * np.is_busday(days, busdaycal=calendar)

    return lambda: before(ends) - before(starts)


def _stamps(instants: Int64s) -> list[Any]:
    return list(import_module("pandas").to_datetime(instants, unit="us"))


def _duration_of(work: Work) -> Callable[[Any, Any], int]:
    """`business_duration`, in seconds."""
    count = import_module("business_duration").businessDuration
    opens, closes = (wall_time(hour) for hour in HOURS)
    free = list(work.holidays)
    return lambda start, end: int(count(start, end, opens, closes, holidaylist=free, unit="sec"))


def _difference_of(work: Work) -> Callable[[Any, Any], int]:
    """`businesstimedelta`, in seconds."""
    peer = import_module("businesstimedelta")
    opens, closes = (wall_time(hour) for hour in HOURS)
    days = peer.WorkDayRule(start_time=opens, end_time=closes, working_days=[0, 1, 2, 3, 4])
    rules = peer.Rules([days, peer.HolidayRule(dict.fromkeys(work.holidays, ""))])

    def difference(start: Any, end: Any) -> int:
        found = rules.difference(start, end)
        return int(found.hours * 3600 + found.seconds)

    return difference


def _pairs(
    count_of: Callable[[Work], Callable[[Any, Any], int]],
) -> Callable[[Work], Callable[[], Answers]]:
    """Elapsed time ticket by ticket."""

    def prepare(work: Work) -> Callable[[], Answers]:
        count = count_of(work)
        pairs = list(zip(_stamps(work.starts), _stamps(work.ends), strict=True))
        return lambda: [count(start, end) for start, end in pairs]

    return prepare


def _less_pauses(
    count_of: Callable[[Work], Callable[[Any, Any], int]],
) -> Callable[[Work], Callable[[], Answers]]:
    """Elapsed time less the pauses, which the library leaves to its user to unite."""

    def prepare(work: Work) -> Callable[[], Answers]:
        count = count_of(work)
        pairs = list(zip(_stamps(work.starts), _stamps(work.ends), strict=True))
        pauses = [
            list(zip(_stamps(since), _stamps(until), strict=True))
            for since, until in zip(work.paused_from, work.paused_to, strict=True)
        ]

        def one(start: Any, end: Any, paused: list[tuple[Any, Any]]) -> int:
            within = ((since, min(until, end)) for since, until in union(paused) if since < end)
            return count(start, end) - sum(count(since, until) for since, until in within)

        return lambda: [one(*pair, paused) for pair, paused in zip(pairs, pauses, strict=True)]

    return prepare


def _business_hours(work: Work) -> Callable[[], Answers]:
    """pandas, whose offset is a whole number of hours."""
    pandas = import_module("pandas")
    opens, closes = (f"{hour:02d}:00" for hour in HOURS)
    offset = TARGET_HOURS * pandas.offsets.CustomBusinessHour(
        start=opens, end=closes, holidays=list(work.holidays)
    )
    stamps = _stamps(work.starts)
    return lambda: [_instant(stamp + offset) for stamp in stamps]


def _instant(stamp: Any) -> Instant:
    return int(stamp.value) // 1000


ELAPSED: Final = (
    Side("business-duration", _pairs(_duration_of), 2_000),
    Side("businesstimedelta", _pairs(_difference_of), 2_000),
    Side("numpy", _busday, 10**9),
)
DUE: Final = (Side("pandas", _business_hours, 2_000, unit=1),)
PAUSED: Final = (
    Side("business-duration", _less_pauses(_duration_of), 1_000),
    Side("businesstimedelta", _less_pauses(_difference_of), 1_000),
)
