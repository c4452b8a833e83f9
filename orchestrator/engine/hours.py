"""Service hours in time: which instants a calendar is open, and clocks that count them.

What others need of `schedule` (calendars laid out in time) and of `clock` (compiled clocks).
"""

from __future__ import annotations

from orchestrator.engine.clock import Clock, clock
from orchestrator.engine.schedule import (
    Segments,
    agree_holidays,
    calendar_of,
    close_of_day,
    holiday_dates,
    last_close,
    open_segments,
    segments,
    segments_of,
)
from orchestrator.engine.zones import EARLIEST, LATEST

__all__ = [
    "EARLIEST",
    "LATEST",
    "Clock",
    "Segments",
    "agree_holidays",
    "calendar_of",
    "clock",
    "close_of_day",
    "holiday_dates",
    "last_close",
    "open_segments",
    "segments",
    "segments_of",
]
