"""Calendars in documents: what a holiday does to shifts, and holidays as they were agreed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.formats.context import Context
from orchestrator.formats.estate import dump_yaml, read_estate, write_estate
from orchestrator.formats.hours import HOLIDAYS
from orchestrator.formats.text import dump_json
from orchestrator.model.calendars import AgreedHolidays, Holidays
from tests.reading import validator

AGREED = {
    "country": "GB",
    "shifts": "removed",
    "agreed": {
        "source": "holidays 0.109",
        "first": 2026,
        "last": 2027,
        "dates": ["2026-04-03", "2027-03-26"],
    },
}


def document(holidays: Any) -> dict[str, Any]:
    return {
        "apiVersion": "orchestrator/v1",
        "kind": "Estate",
        "metadata": {"home": []},
        "calendars": [
            {"id": "c", "timezone": "UTC", "weekly": {"mon": ["09:00-17:00"]}, "holidays": holidays}
        ],
    }


def read(holidays: Any) -> Holidays:
    estate = read_estate(dump_json(document(holidays))).estate
    assert read_estate(dump_yaml(write_estate(estate))).estate == estate
    return estate.calendars["c"][0].value.holidays


def test_agreed_holidays_and_removed_shifts_are_read_and_written() -> None:
    assert read(AGREED) == Holidays(
        "GB",
        shifts="removed",
        agreed=AgreedHolidays("holidays 0.109", 2026, 2027, (date(2026, 4, 3), date(2027, 3, 26))),
    )
    assert not list(validator("Estate").iter_errors(document(AGREED)))


@pytest.mark.parametrize(
    "holidays",
    [
        Holidays(dates=(date(2026, 1, 1),)),
        Holidays(dates=(date(2026, 1, 1),), shifts="removed"),
        Holidays("DE", "BY"),
        Holidays(agreed=AgreedHolidays("the contract", 2026, 2026)),
    ],
)
def test_holidays_are_written_as_shortly_as_they_can_be_read(holidays: Holidays) -> None:
    written = HOLIDAYS.write(holidays, Context())
    assert isinstance(written, list) == (holidays == Holidays(dates=holidays.dates))
    assert read(written) == holidays


@pytest.mark.parametrize(
    ("agreed", "code"),
    [
        ({"source": "s", "first": 2027, "last": 2026}, "OUT_OF_RANGE"),
        ({"source": "s", "first": 2026, "last": 2026, "dates": ["2027-01-01"]}, "OUT_OF_RANGE"),
        ({"source": "s", "first": 0, "last": 2026}, "OUT_OF_RANGE"),
        ({"source": "s", "first": 2026}, "MISSING_KEY"),
    ],
)
def test_agreed_holidays_outside_of_their_years_are_refused(agreed: Any, code: str) -> None:
    with pytest.raises(OrchestratorError, match=code):
        read({"country": "GB", "agreed": agreed})
    with pytest.raises(OrchestratorError, match="BAD_CHOICE"):
        read({"country": "GB", "shifts": "kept"})
