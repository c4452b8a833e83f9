"""Scorecards of case R6 over a quarter, worked by hand.

April: 70 minutes of an SLA of 99.9 % (43.2 allowed), 60 of hosting at 99.95 % (21.6), 20 of the
database at 99.95 %; nothing in May and June. 10,000.00 owed, 2,000.00 of it recovered.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main
from orchestrator.engine.booking import bookings
from orchestrator.engine.scorecard import scorecard, together
from orchestrator.engine.settle import settle
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.model.values import AskedPeriod

R6 = (
    Path(__file__).parent
    / "documents"
    / "what-is-owed-is-recovered-by-the-suppliers-own-fee-and-tier"
)
LAPSED = R6.parent / "a-credit-that-was-not-claimed-in-time-is-not-recovered"
GRANTED_IN_PART = R6.parent / "a-claim-that-is-granted-in-part-brings-that-part"
NOTHING = {"earned": "0.00", "granted": "0.00"}
OURS = {"currency": "EUR", "owed": "10000.00", "recovered": "2000.00", "net": "8000.00"} | NOTHING
THEIRS = {"currency": "EUR", "owed": "0.00", "recovered": "0.00", "net": "0.00"} | NOTHING
EARNED = R6.parent / "two-good-months-in-a-row-earn-half-of-a-credit-back"


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


def test_each_row_is_told_period_by_period(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = card(capsys, "--by", "customer")["scores"]
    assert [(one["met"], one["breached"], one["breaches"]) for one in row["periods"]] == [
        (0, 1, 1),
        (1, 0, 0),
        (1, 0, 0),
    ]
    assert [one["period"]["from"][:7] for one in row["periods"]] == [
        "2026-04",
        "2026-05",
        "2026-06",
    ]
    assert row["periods"][0]["sums"] == row["sums"]
    assert [one["sums"] for one in row["periods"][1:]] == [[], []]


def test_what_is_earned_stands_beside_what_is_owed(capsys: pytest.CaptureFixture[str]) -> None:
    """2 % of 1,000.00 for each of April, May and June; and February and March, both good, earn back
    half of the 100.00 for January."""
    files = [str(EARNED / "estate.yaml"), str(EARNED / "facts.yaml")]
    words = ["scorecard", *files, "--period", "2026-01-01/2026-07-01", "--by", "customer"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (total,) = found["totals"]
    rewards = json.loads((EARNED / "expected.json").read_text("utf-8"))["rewards"]
    assert float(total["earned"]) == sum(float(one["amount"]) for one in rewards)
    assert total["owed"] == "100.00"
    january = found["scores"][0]["periods"][0]["sums"][0]
    assert (january["owed"], january["earned"]) == ("100.00", "50.00")


def asked_of(folder: Path) -> str:
    """The period of a document's command, or nothing where it settles nothing."""
    words = (folder / "command").read_text("utf-8").split()
    settles = words[0] in {"trace", "scorecard"} and (folder / "facts.yaml").exists()
    return words[words.index("--period") + 1] if settles and "--period" in words else ""


SETTLED = [folder for folder in sorted(R6.parent.iterdir()) if asked_of(folder)]


@pytest.mark.parametrize("folder", SETTLED, ids=lambda folder: folder.name)
def test_the_totals_are_those_of_the_ledger(folder: Path) -> None:
    """What home organisations are owed and owe by the entries that the same verdict books."""
    estate = read_estate((folder / "estate.yaml").read_bytes()).estate
    facts = read_facts((folder / "facts.yaml").read_bytes())
    verdict = settle(estate, facts, AskedPeriod.parse(asked_of(folder)))
    due: Counter[tuple[str, str]] = Counter()
    for one in bookings(verdict):
        snapshot = estate.at(one.key.period.start)
        owes = snapshot.entity(one.debtor) in snapshot.home
        gets = snapshot.entity(one.creditor) in snapshot.home
        if owes != gets:
            due["ours" if gets else "theirs", one.money.currency] += one.money.amount
    found: Counter[tuple[str, str]] = Counter()
    for sums in scorecard(estate, verdict, "service").totals:
        found["ours", sums.currency] += sums.receivable + sums.earned
        found["theirs", sums.currency] += sums.owed + sums.granted
    assert found == due


def test_there_are_documents_that_settle_something() -> None:
    assert len(SETTLED) > 20
    assert {R6, EARNED} <= set(SETTLED)


def test_verdicts_put_together_keep_what_was_earned() -> None:
    estate = read_estate((EARNED / "estate.yaml").read_bytes()).estate
    facts = read_facts((EARNED / "facts.yaml").read_bytes())
    quarters = [settle(estate, facts, AskedPeriod.parse(one)) for one in ("2026-Q1", "2026-Q2")]
    half = settle(estate, facts, AskedPeriod.parse("2026-01-01/2026-07-01"))
    # A second opinion on the first quarter, which says the same.
    assert scorecard(estate, together([*quarters, quarters[0]]), "customer") == scorecard(
        estate, half, "customer"
    )


def test_a_card_for_people_shows_what_there_is_and_says_what_it_means(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = (str(R6 / "estate.yaml"), str(R6 / "facts.yaml"))
    words = ["scorecard", *files, "--period", "2026-Q2", "--by", "supplier"]
    assert main([*words, "--detail", "periods"]) == 0
    shown = capsys.readouterr().out
    # 60 minutes of 21.6 that are allowed.
    assert "2.8x" in shown
    assert "2,000.00" in shown
    assert "2026-04-01 to 2026-05-01" in shown
    assert "receivable: " in shown
    assert "owed" not in shown.split("attainment: ")[0]
    assert main([*words, "--detail", "terms"]) == 0
    assert "availability on hosting" in capsys.readouterr().out
    assert max(map(len, shown.split("attainment: ")[0].splitlines())) <= 120


def test_a_wide_card_loses_no_column(capsys: pytest.CaptureFixture[str]) -> None:
    files = (str(R6 / "estate.yaml"), str(R6 / "facts.yaml"))
    assert main(["scorecard", *files, "--period", "2026-Q2", "--by", "service"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[2].split()[-4:] == ["owed", "recovered", "net", "receivable"]
    (together,) = (line.split() for line in shown if line.strip().startswith("together"))
    assert together == ["together", "10,000.00", "2,000.00", "8,000.00", "2,000.00"]
