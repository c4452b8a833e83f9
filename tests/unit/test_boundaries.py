"""Boundary cases of promises and money, each as the document that shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main

HEAD = """\
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: x, home: [us]}
parties: [{id: us}, {id: ops, kind: team, parent: us}, {id: customer}, {id: maker}, {id: other}]
services:
  - {id: a, owner: maker}
  - {id: b, owner: other}
  - {id: web, requires: WEB}
agreements:
"""


def run(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str, estate: str, outages: str = ""
) -> Any:
    """What a command prints for an estate and outages."""
    (folder / "estate.yaml").write_text(estate, encoding="utf-8")
    (folder / "facts.yaml").write_text(
        f"apiVersion: orchestrator/v1\nkind: Facts\noutages:\n{outages}", encoding="utf-8"
    )
    names = {"estate": str(folder / "estate.yaml"), "facts": str(folder / "facts.yaml")}
    assert main([*command.format(**names).split(), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def agreement(id: str, kind: str, parties: str, service: str, target: str, more: str = "") -> str:
    provider, customer = parties.split()
    return (
        f"  - {{id: {id}, kind: {kind}, provider: {provider}, customer: {customer},\n"
        f"     covers: [{service}], fee: {{amount: '1000.00'}}, terms: [{{id: availability,\n"
        f"     metric: availability, target: {target}{more}}}]}}\n"
    )


def outage(service: str, begin: str, end: str) -> str:
    return f"  - {{id: {service}-1, service: {service}, from: {begin}, to: {end}}}\n"


DERIVE = "derive {estate} --period 2026-04"
TRACE = "trace {estate} {facts} --period 2026-04"


def test_a_rolling_promise_over_a_monthly_one_may_meet_two_months(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    estate = HEAD.replace("WEB", "a")
    estate += agreement("c1", "SLA", "us customer", "web", "99.85%", ", period: {rolling: 30d}")
    estate += agreement("u1", "UC", "maker us", "a", "99.9%")
    (found,) = run(tmp_path, capsys, DERIVE, estate)["derivations"]
    # 44.64 minutes of March and 43.2 of April in one window of 43,200
    assert found["floor"] == pytest.approx(1 - (44.64 + 43.2) / 43200)
    assert found["status"] == "SHORTFALL"
    outages = outage("a", "2026-03-31T23:16:00Z", "2026-04-01T00:43:00Z")
    assessed = {
        one["agreement"]: one
        for one in run(tmp_path, capsys, TRACE, estate, outages)["assessments"]
    }
    assert assessed["u1"]["status"] == "MET"
    assert found["floor"] <= assessed["c1"]["attained"] < 0.9985


def test_a_rolling_promise_over_an_equal_one_is_underpinned_exactly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    estate = HEAD.replace("WEB", "a")
    rolling = ", period: {rolling: 30d}"
    estate += agreement("c1", "SLA", "us customer", "web", "99.9%", rolling)
    estate += agreement("u1", "UC", "maker us", "a", "99.9%", rolling)
    for period in ("2026-04", "2026-04-01/2026-05-16"):
        command = DERIVE.replace("2026-04", period)
        (found,) = run(tmp_path, capsys, command, estate)["derivations"]
        assert (found["floor"], found["status"]) == (0.999, "UNDERPINNED")


def test_a_credit_that_is_due_although_the_target_is_met_is_owed_and_recovered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    credits = ", credits: [{below: 99.95%, percent: 10}]"
    estate = HEAD.replace("WEB", "a")
    estate += agreement("c1", "SLA", "us customer", "web", "99.9%", credits)
    estate += agreement("u1", "UC", "maker us", "a", "99.9%", credits)
    outages = outage("a", "2026-04-03T10:00:00Z", "2026-04-03T10:30:00Z")
    found = run(tmp_path, capsys, TRACE, estate, outages)
    assert found["breaches"] == []
    assert [(one["agreement"], one["amount"]) for one in found["credits"]] == [
        ("c1", "100.00"),
        ("u1", "100.00"),
    ]
    (exposure,) = found["exposures"]
    assert (exposure["owed"], exposure["recovered"], exposure["net"]) == (
        "100.00",
        "100.00",
        "0.00",
    )


def test_best_efforts_that_pay_credits_bring_them_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    credits = ", credits: [{below: 99.9%, percent: 10}]"
    estate = HEAD.replace("WEB", "a")
    estate += agreement("c1", "SLA", "us customer", "web", "99.9%", credits)
    estate += agreement("u1", "UC", "maker us", "a", "99.9%", f", strength: best_efforts{credits}")
    outages = outage("a", "2026-04-03T10:00:00Z", "2026-04-03T12:00:00Z")
    (exposure,) = run(tmp_path, capsys, TRACE, estate, outages)["exposures"]
    assert (exposure["owed"], exposure["recovered"]) == ("100.00", "100.00")


def test_a_goal_never_pays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    credits = ", credits: [{below: 99.9%, percent: 10}]"
    estate = HEAD.replace("WEB", "a")
    estate += agreement("c1", "SLA", "us customer", "web", "99.9%", credits)
    estate += agreement("u1", "UC", "maker us", "a", "99.9%", f", strength: goal{credits}")
    outages = outage("a", "2026-04-03T10:00:00Z", "2026-04-03T12:00:00Z")
    found = run(tmp_path, capsys, TRACE, estate, outages)
    assert [one["agreement"] for one in found["credits"]] == ["c1"]
    assert found["exposures"][0]["recovered"] == "0.00"


def test_a_supplier_that_is_replaced_in_the_month_covers_all_hours_it_is_needed_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requires = "[{to: 2026-04-15, expression: a}, {from: 2026-04-15, expression: b}]"
    estate = HEAD.replace("WEB", requires)
    estate += agreement("c1", "SLA", "us customer", "web", "99%")
    estate += agreement("u1", "UC", "maker us", "a", "99.9%").replace(
        "covers:", "effective: {to: 2026-04-15}, covers:"
    )
    estate += agreement("u2", "UC", "other us", "b", "99.9%")
    (found,) = run(tmp_path, capsys, DERIVE, estate)["derivations"]
    assert found["findings"] == []


def test_agreed_recovery_time_is_not_called_unexplained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    estate = HEAD.replace("{id: web, requires: WEB}", "{id: web, owner: ops, requires: a}")
    estate += agreement("c1", "SLA", "us customer", "web", "99.9%")
    estate += agreement("u1", "UC", "maker us", "a", "99.9%")
    estate += agreement("o1", "OLA", "ops us", "web", "99.9%", ", recoveryAllowance: 10m")
    outages = outage("a", "2026-04-03T10:00:00Z", "2026-04-03T10:50:00Z")
    outages += outage("web", "2026-04-03T10:00:00Z", "2026-04-03T11:00:00Z")
    found = run(tmp_path, capsys, TRACE, estate, outages)
    seconds = {
        part["party"]: part["seconds"]
        for one in found["breaches"]
        if one["agreement"] == "c1"
        for part in one["responsibility"]
    }
    assert seconds == {"maker": 3600}
    about = {finding["subjects"][0] for finding in found["findings"]}
    assert "c1" not in about
