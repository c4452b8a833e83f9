"""Scorecards of case R6 over a quarter, worked by hand.

April: 70 minutes of an SLA of 99.9 % (43.2 allowed), 60 of hosting at 99.95 % (21.6), 20 of the
database at 99.95 %; nothing in May and June. 10,000.00 owed, 2,000.00 of it recovered.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main

R6 = (
    Path(__file__).parent
    / "documents"
    / "what-is-owed-is-recovered-by-the-suppliers-own-fee-and-tier"
)
LAPSED = R6.parent / "a-credit-that-was-not-claimed-in-time-is-not-recovered"
GRANTED_IN_PART = R6.parent / "a-claim-that-is-granted-in-part-brings-that-part"
OURS = {"currency": "EUR", "owed": "10000.00", "recovered": "2000.00", "net": "8000.00"}
THEIRS = {"currency": "EUR", "owed": "0.00", "recovered": "0.00", "net": "0.00"}


def card(capsys: pytest.CaptureFixture[str], *more: str, period: str = "2026-Q2") -> Any:
    files = (str(R6 / "estate.yaml"), str(R6 / "facts.yaml"))
    assert main(["scorecard", *files, "--period", period, "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("by", "rows", "sums"),
    [
        ("supplier", {"cloud-x": (2, 1, 1 - 60 / 21.6)}, THEIRS | {"receivable": "2000.00"}),
        ("customer", {"customer": (2, 1, 1 - 70 / 43.2)}, OURS | {"receivable": "0.00"}),
        ("team", {"dba": (3, 0, 1 - 20 / 21.6)}, None),
        (
            "service",
            {
                "db": (3, 0, 1 - 20 / 21.6),
                "hosting": (2, 1, 1 - 60 / 21.6),
                "service": (2, 1, 1 - 70 / 43.2),
            },
            OURS | {"receivable": "2000.00"},
        ),
    ],
)
def test_who_kept_what_and_what_it_cost(
    by: str,
    rows: dict[str, tuple[int, int, float]],
    sums: dict[str, str] | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = card(capsys, "--by", by)
    assert [one["subject"] for one in found["scores"]] == list(rows)
    for one in found["scores"]:
        met, missed, headroom = rows[one["subject"]]
        assert (one["met"], one["breached"], one["breaches"]) == (met, missed, missed)
        assert one["attainment"] == pytest.approx(met / 3)
        assert one["headroom"] == pytest.approx(headroom)
        # What was missed in April was kept in May and June.
        assert one["trend"] == float(missed)
    assert found["totals"] == ([] if sums is None else [sums])


@pytest.mark.parametrize(
    ("folder", "recorded", "receivable"),
    [
        (LAPSED, False, "2000.00"),
        (LAPSED, True, None),
        (GRANTED_IN_PART, True, "1500.00"),
    ],
)
def test_what_was_not_claimed_in_time_or_not_granted_is_not_to_be_had(
    folder: Path, recorded: bool, receivable: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(folder / "estate.yaml"), str(folder / "facts.yaml")]
    if recorded:
        files += ["--claims", str(folder / "claims.yaml")]
    assert main(["scorecard", *files, "--period", "2026-04", "--json"]) == 0
    totals = json.loads(capsys.readouterr().out)["totals"]
    assert [one["receivable"] for one in totals] == ([receivable] if receivable else [])


def test_of_one_period_there_is_no_trend(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = card(capsys, "--by", "customer", period="2026-04")["scores"]
    assert (row["trend"], row["terms"][0]["trend"]) == (None, None)
    assert row["terms"][0]["headroom"] == pytest.approx((43.2 - 70) / 43200)
