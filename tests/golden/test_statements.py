"""Statements of account of cases worked by hand, with and without a record of claims."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main
from orchestrator.engine.booking import bookings
from orchestrator.engine.ledger import balances, reconcile, totals
from orchestrator.engine.settle import settle
from orchestrator.engine.statement import Books, asked_of_verdict, entries_of, statements
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.model.values import AskedPeriod
from tests.golden.test_scorecards import EARNED, GRANTED_IN_PART, LAPSED, R6, SETTLED, asked_of

CARRIED = R6.parent / "what-credits-exceed-an-invoice-by-is-carried-forward"
FIGURES = ("fee", "setOff", "payable", "pending", "lost")


def stated(capsys: pytest.CaptureFixture[str], folder: Path, *more: str) -> Any:
    files = [str(folder / "estate.yaml"), str(folder / "facts.yaml")]
    assert main(["statement", *files, "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_credit_is_deducted_from_the_fee_of_its_month(capsys: pytest.CaptureFixture[str]) -> None:
    """Case R6: 10 % of 100,000.00 to the customer, 10 % of 20,000.00 from the host."""
    found = stated(capsys, R6, "--period", "2026-04")
    assert [
        (one["agreement"], *(one[name] for name in FIGURES)) for one in found["statements"]
    ] == [
        ("sla", "100000.00", "10000.00", "90000.00", "0.00", "0.00"),
        ("uc-hosting", "20000.00", "2000.00", "18000.00", "0.00", "0.00"),
    ]


@pytest.mark.parametrize(
    ("folder", "at", "figures", "state"),
    [
        # Claimed on 16 May, disputed, 1,500.00 of 2,000.00 granted on 1 June.
        (GRANTED_IN_PART, "2026-05-01", ("0.00", "20000.00", "2000.00", "0.00"), "drafted"),
        (GRANTED_IN_PART, "2026-05-30", ("0.00", "20000.00", "2000.00", "0.00"), "disputed"),
        (GRANTED_IN_PART, "2026-06-02", ("1500.00", "18500.00", "0.00", "500.00"), "accepted"),
        (LAPSED, "2026-12-01", ("0.00", "20000.00", "0.00", "2000.00"), "lapsed"),
    ],
)
def test_what_a_supplier_has_not_accepted_is_not_deducted(
    folder: Path,
    at: str,
    figures: tuple[str, ...],
    state: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--claims", str(folder / "claims.yaml"), "--at", at, "--period", "2026-04"]
    found = stated(capsys, folder, *words, "--agreement", "uc-hosting")
    (one,) = found["statements"]
    assert tuple(one[name] for name in FIGURES[1:]) == figures
    assert one["lines"][0]["items"][0]["claim"] == state


def test_what_is_earned_is_added_where_it_came_to_be_owed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """100.00 for January; half of it earned back in May; 2 % in February, April, May and June."""
    found = stated(capsys, EARNED, "--period", "2026-01-01/2026-07-01")
    (one,) = found["statements"]
    assert [line["payable"] for line in one["lines"]] == [
        "900.00",
        "1020.00",
        "1000.00",
        "1020.00",
        "1070.00",
        "1020.00",
    ]
    assert one["amounts"] == {"credit": "100.00", "bonus": "80.00", "earn_back": "50.00"}


@pytest.mark.parametrize(
    ("moves", "january", "may"),
    [
        # Of 100.00 that nobody claimed yet nothing was deducted, and nothing is earned back of it.
        ("", ("1000.00", "100.00", "0.00"), ("1000.00", "-50.00", "0.00")),
        (
            "{do: submit, at: 2026-02-01, by: us}, {do: reject, at: 2026-02-02, by: host,"
            " reason: no}",
            ("1000.00", "0.00", "100.00"),
            ("1000.00", "0.00", "-50.00"),
        ),
        # 30.00 were granted: of the 50.00 that are earned back, 20.00 are of what was lost.
        (
            "{do: submit, at: 2026-02-01, by: us}, {do: accept, at: 2026-02-02, by: host,"
            ' accepted: {amount: "30.00", currency: USD}}',
            ("970.00", "0.00", "70.00"),
            ("1030.00", "0.00", "-20.00"),
        ),
    ],
)
def test_a_supplier_earns_back_no_more_than_was_deducted(
    moves: str,
    january: tuple[str, ...],
    may: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """100.00 for January, half of which May earns back; here the service is bought."""
    text = (EARNED / "estate.yaml").read_text("utf-8")
    bought = text.replace("provider: us, customer: shop", "provider: host, customer: us")
    bought = bought.replace("kind: SLA", "kind: UC").replace("id: shop", "id: host")
    bought = bought.replace("owner: us", "owner: host")
    bought = bought.replace('bonus: [{above: "99.99%", percent: 2}], ', "")
    (tmp_path / "estate.yaml").write_text(bought, "utf-8")
    (tmp_path / "facts.yaml").write_bytes((EARNED / "facts.yaml").read_bytes())
    record = (
        "apiVersion: orchestrator/v1\nkind: Claims\nclaims:\n"
        "  - {agreement: sla, term: availability, service: web, period: 2026-01,"
        f" moves: [{moves}]}}\n"
    )
    (tmp_path / "claims.yaml").write_text(record.replace(", by", "T00:00:00Z, by"), "utf-8")
    words = ["--period", "2026-01-01/2026-07-01", "--claims", str(tmp_path / "claims.yaml")]
    (one,) = stated(capsys, tmp_path, *words)["statements"]
    names = ("payable", "pending", "lost")
    lines = [tuple(line[name] for name in names) for line in one["lines"]]
    assert (lines[0], lines[4]) == (january, may)


def test_a_period_that_began_before_the_span_is_stated_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The credit of the first quarter in the statement of its last month; what May brings on is not
    known from files that are asked about May alone."""
    (march,) = stated(capsys, CARRIED, "--period", "2026-03")["statements"]
    assert (march["payable"], march["carriedForward"]) == ("0.00", "2000.00")
    (may,) = stated(capsys, CARRIED, "--period", "2026-05")["statements"]
    assert (may["broughtForward"], may["payable"]) == ("0.00", "1000.00")


@pytest.mark.parametrize(
    ("more", "agreements"),
    [
        (("--party", "cloud-x"), ["uc-hosting"]),
        (("--party", "dba"), ["sla", "uc-hosting"]),
        (("--party", "customer"), ["sla"]),
        (("--agreement", "sla"), ["sla"]),
        (("--agreement", "ola-db"), []),
    ],
)
def test_of_a_party_or_an_agreement_alone(
    more: tuple[str, ...], agreements: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = stated(capsys, R6, "--period", "2026-04", *more)["statements"]
    assert [one["agreement"] for one in found] == agreements


@pytest.mark.parametrize("more", [("--party", "nobody"), ("--agreement", "none")])
def test_what_there_is_not_is_refused(
    more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(R6 / "estate.yaml"), str(R6 / "facts.yaml")]
    assert main(["statement", *files, "--period", "2026-04", "--json", *more]) == 2
    errors = json.loads(capsys.readouterr().out)["errors"]
    assert [one["code"] for one in errors] == ["UNKNOWN_REFERENCE"]


def test_a_statement_for_people_says_what_is_deducted(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(CARRIED / "estate.yaml"), str(CARRIED / "facts.yaml")]
    assert main(["statement", *files, "--period", "2026-Q1", "--items"]) == 0
    shown = capsys.readouterr().out
    (march,) = (line for line in shown.splitlines() if "2026-03-01 to" in line)
    assert march.split()[-4:] == ["1,000.00", "-3,000.00", "2,000.00", "EUR"]
    assert "carried forward: " in shown
    assert "sla availability" in shown
    assert main(["statement", *files, "--period", "2026-Q1", "--by", "parties"]) == 0
    assert "us bills shop" in capsys.readouterr().out


@pytest.mark.parametrize("folder", SETTLED, ids=lambda folder: folder.name)
def test_the_sums_are_those_of_the_ledger(folder: Path) -> None:
    """What accounts hold by the entries that the same verdict books."""
    estate = read_estate((folder / "estate.yaml").read_bytes()).estate
    facts = read_facts((folder / "facts.yaml").read_bytes())
    asked = AskedPeriod.parse(asked_of(folder))
    verdict = settle(estate, facts, asked)
    due = totals(balances(reconcile((), bookings(verdict)).entries), "party")
    whole = settle(estate, facts, asked_of_verdict(estate, asked))
    found: Counter[tuple[str, str]] = Counter()
    for one in statements(estate, asked, Books(entries_of(estate, asked, whole))):
        figures = one.figures
        net = figures.fee + figures.carried - figures.payable - figures.brought
        found[one.customer, one.currency] += net
        found[one.provider, one.currency] -= net
    assert {key: amount for key, amount in found.items() if amount} == due
