"""The example of an estate whose figures are in order and whose paperwork is not; and the commands
about agreements as texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import icalendar
import pytest

import orchestrator
from orchestrator.cli import main
from orchestrator.engine.content import accept, content_hash
from orchestrator.formats.estate import read_estate, write_estate
from orchestrator.formats.text import dump_yaml
from orchestrator.model.agreements import STATES
from orchestrator.model.contracts import Contract
from orchestrator.model.values import parse_instant

EXAMPLES = Path(orchestrator.__file__).parents[1] / "examples"
PAPERWORK = str(EXAMPLES / "paperwork" / "estate.yaml")
FACTS_OF_IT = str(EXAMPLES / "paperwork" / "facts.yaml")


def run(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    """What a command prints, as JSON."""
    assert main([*arguments, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[tuple[str, ...]]:
    printed = run(capsys, "check", PAPERWORK, *arguments)
    assert {one["status"] for one in printed["derivations"]} == {"UNDERPINNED"}
    return {(one["code"], one["severity"], *one["subjects"]) for one in printed["findings"]}


def test_check_names_what_is_wrong_with_the_paperwork(capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys) == {
        ("MISLABELLED_SLA", "warning", "servers-contract"),
        ("NOT_ACCEPTED", "info", "operations", "north-ops", "north"),
        ("NOT_ACCEPTED", "info", "orders-sla", "north", "bakery"),
        ("NOT_ACCEPTED", "info", "servers-contract", "host", "north"),
        ("UNMAPPED_SEVERITY", "error", "orders-sla", "servers-contract"),
        ("HOURS_NOT_CONTAINED", "warning", "orders-sla", "servers-contract"),
        ("MISSING_INDEMNITY", "warning", "servers-contract"),
        ("OVERDUE_REVIEW", "warning", "orders-sla", "service-level"),
    }


def test_every_finding_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    printed = run(capsys, "check", PAPERWORK)
    text = Path(PAPERWORK).read_text("utf-8").splitlines()
    lines = {one["code"]: text[one["line"] - 1] for one in printed["findings"]}
    assert "hosts-desk" in lines["HOURS_NOT_CONTAINED"]
    assert lines["MISLABELLED_SLA"].strip() == "kind: SLA"
    assert "severities" in lines["UNMAPPED_SEVERITY"]


def test_a_review_is_overdue_only_after_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert "OVERDUE_REVIEW" not in {code for code, *_ in found(capsys, "--at", "2026-01-13")}
    assert "OVERDUE_REVIEW" in {code for code, *_ in found(capsys, "--at", "2026-01-14")}


def test_what_is_accepted_by_its_hash_is_found_no_more(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    estate = read_estate(Path(PAPERWORK).read_bytes()).estate
    hashes = {}
    for id, (version,) in estate.agreements.items():
        contract = Contract.of(version)
        hashes[id] = content_hash(contract)
        for party in contract.bound:
            contract = accept(contract, party, parse_instant("2025-12-01T00:00:00Z"))
        estate.agreements[id] = (contract.held,)  # type: ignore[index]
    told = run(capsys, "hashes", PAPERWORK)["versions"]
    assert {one["agreement"]: one["content"] for one in told} == hashes
    signed = tmp_path / "estate.yaml"
    signed.write_text(dump_yaml(write_estate(estate)), "utf-8")
    assert all(not one["notAcceptedBy"] for one in run(capsys, "hashes", str(signed))["versions"])
    codes = {one["code"] for one in run(capsys, "check", str(signed))["findings"]}
    assert "NOT_ACCEPTED" not in codes
    cheaper = signed.read_text("utf-8").replace("99.9%", "99.8%")
    signed.write_text(cheaper, "utf-8")
    main(["check", str(signed), "--json"])
    again = json.loads(capsys.readouterr().out)["findings"]
    assert {one["subjects"][0] for one in again if one["code"] == "NOT_ACCEPTED"} == {
        "operations",
        "servers-contract",
    }


def test_the_first_example_is_accepted_as_it_reads(capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, "hashes", str(EXAMPLES / "beta-shop" / "estate.yaml"))["versions"]
    stale = [one for one in told if one["notAcceptedBy"]]
    assert stale == [], "run: orchestrator hashes examples/beta-shop/estate.yaml"


@pytest.mark.parametrize("state", sorted(set(STATES) - {"in_force"}))
def test_a_document_in_any_other_state_binds_nobody_and_underpins_nothing(
    state: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Neither is the SLA promised, nor does the supplier's contract carry what rests on it."""
    text = Path(PAPERWORK).read_text("utf-8")
    file, facts = tmp_path / "estate.yaml", tmp_path / "facts.yaml"
    facts.write_text(FACTS, "utf-8")
    for name, left in (
        ("name: Orders for the bakery", set()),
        ("name: Servers", {"UNCOMMITTED", "UNDERPINNED"}),
    ):
        file.write_text(text.replace(name, f"{name}\n    state: {state}"), "utf-8")
        told = run(capsys, "derive", str(file), "--period", "2026-04")["derivations"]
        assert {one["status"] for one in told} == left
        traced = run(capsys, "trace", str(file), str(facts), "--period", "2026-04")
        assessed = {one["agreement"] for one in traced["assessments"]}
        gone = "orders-sla" if not left else "servers-contract"
        assert gone not in assessed
        assert len(assessed) == 2


def test_deadlines_are_the_same_instants_in_the_calendar(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "deadlines.ics"
    told = run(capsys, "deadlines", PAPERWORK, "--period", "2026", "--ical", str(file))
    listed = [(one["at"], one["kind"]) for one in told["deadlines"]]
    # The first Tuesdays of 2026 at eleven in Berlin, and three months before a year is over.
    days = "01-06 02-03 03-03 04-07 05-05 06-02 07-07 08-04 09-01 10-06 11-03 12-01".split()
    assert [at for at, kind in listed if kind == "review"][1:] == [
        f"2026-{day}T{'09' if '04' <= day[:2] <= '10' else '10'}:00:00Z" for day in days
    ]
    assert [one for one in listed if one[1] != "review"] == [("2026-09-30T22:00:00Z", "notice")]
    events = icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    instants = [one["DTSTART"].dt.strftime("%Y-%m-%dT%H:%M:%SZ") for one in events]
    assert sorted(instants) == sorted(at for at, _ in listed)


def test_which_term_holds_is_told_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    case = ("--customer", "bakery", "--service", "orders", "--metric", "resolution_time")
    told = run(capsys, "which", PAPERWORK, *case, "--priority", "P1")["effective"]
    assert (told["agreement"], told["term"], told["scope"], told["overridden"]) == (
        "orders-sla",
        "p1-resolution",
        "customer_based",
        [],
    )
    assert run(capsys, "which", PAPERWORK, *case, "--priority", "P2") == {"effective": None}
    refused = run(capsys, "which", PAPERWORK, *case, "--customer", "nobody", status=2)
    assert [one["code"] for one in refused["errors"]] == ["UNKNOWN_REFERENCE"]


FACTS = """
apiVersion: orchestrator/v1
kind: Facts
outages:
  - {id: o-1, service: orders, from: 2026-04-01T08:00:00Z, to: 2026-04-01T12:00:00Z}
"""


def test_a_version_is_replayed_in_shadow(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """From ten to two by the clock of Berlin: none of the bakery's prime time, and four of the 176
    other office hours of April 2026 (22 days of eight)."""
    facts = tmp_path / "facts.yaml"
    facts.write_text(FACTS, "utf-8")
    told = run(
        capsys,
        *("shadow", PAPERWORK, str(facts), "--agreement", "orders-sla", "--version", "1"),
        *("--period", "2026-Q2", "--publish", "availability", "--margin", "0.5%"),
    )
    assert [one["breaches"] for one in told["periods"]] == [1, 0, 0]
    assert told["publishable"]["target"] == pytest.approx(172 / 176 - 0.005)


def test_prime_time_an_assumption_and_a_hand_off_decide_over_the_facts_of_the_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Half of the hour from half past nine lies in each window: of 44 hours (22 days of two) that
    is more than 0.5 %, of 176 less than 1 %."""
    told = run(capsys, "trace", PAPERWORK, FACTS_OF_IT, "--period", "2026-04")
    (sla,) = (
        one
        for one in told["assessments"]
        if (one["agreement"], one["term"]) == ("orders-sla", "availability")
    )
    assert [(one["status"], one["countedSeconds"]) for one in sla["windows"]] == [
        ("BREACHED", 1800),
        ("MET", 1800),
    ]
    assert [one["attained"] for one in sla["windows"]] == pytest.approx([43.5 / 44, 175.5 / 176])
    (relief,) = (one for one in told["findings"] if one["code"] == "RELIEF_PROPOSED")
    assert relief["subjects"] == ["orders-sla", "availability", "orders", "too-many-tills"]


def test_a_ticket_of_the_example_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Eight office hours from eight in Berlin end at four; the hand-off was due at nine."""
    told = run(capsys, "ticket", PAPERWORK, FACTS_OF_IT, "t-1")
    by_term = {one["term"]: one for one in told["clocks"]}
    assert by_term["p1-fix"]["status"] == "met"
    missed = by_term["p1-resolution"]
    assert (missed["due"], missed["heldAtBreach"]) == ("2026-04-02T14:00:00Z", "host")
    (done,) = told["handoffs"][0]["chain"]
    assert (told["handoffs"][0]["totalSeconds"], done["due"], done["late"]) == (
        3600,
        "2026-04-02T07:00:00Z",
        True,
    )
    refused = run(capsys, "ticket", PAPERWORK, FACTS_OF_IT, "t-2", status=2)
    assert [one["code"] for one in refused["errors"]] == ["UNKNOWN_REFERENCE"]
    early = ("t-1", "--at", "2026-04-01")
    refused = run(capsys, "ticket", PAPERWORK, FACTS_OF_IT, *early, status=2)
    assert [one["code"] for one in refused["errors"]] == ["OUT_OF_RANGE"]


HOLIDAYS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20260501
SUMMARY:May Day
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_takes_the_holidays_of_another_program(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "holidays.ics"
    file.write_text(HOLIDAYS.replace("\n", "\r\n"), "utf-8")
    assert main(["calendar", PAPERWORK, "office", str(file), "--period", "2026"]) == 0
    assert capsys.readouterr().out == (
        "- id: office\n"
        "  timezone: Europe/Berlin\n"
        "  weekly:\n"
        "    mon-fri:\n"
        '      - "08:00-18:00"\n'
        "  holidays:\n"
        "    - 2026-05-01\n"
    )
    assert main(["calendar", PAPERWORK, "nights", str(file), "--period", "2026"]) == 2


def test_a_newer_template_lists_what_it_would_change(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "estate.yaml"
    text = Path(PAPERWORK).read_text("utf-8")
    assert run(capsys, "upgrades", PAPERWORK) == {"upgrades": []}
    newer = text.replace("    version: 1\n    kind: SLA", "    version: 2\n    kind: SLA", 1)
    file.write_text(newer.replace('target: "99.5%", hours: office', 'target: "99.5%"'), "utf-8")
    assert run(capsys, "upgrades", str(file)) == {
        "upgrades": [
            {
                "agreement": "orders-sla",
                "changes": [{"term": "availability", "field": "hours"}],
                "refused": None,
            }
        ]
    }
    codes = {one["code"] for one in run(capsys, "check", str(file))["findings"]}
    assert "TEMPLATE_OUTDATED" in codes


def test_a_team_that_moves_to_another_company_turns_its_ola_into_a_contract(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "estate.yaml"
    text = Path(PAPERWORK).read_text("utf-8")
    moved = "{id: north-ops, name: Operations, parent: host, kind: team}"
    file.write_text(
        text.replace("{id: north-ops, name: Operations, parent: north, kind: team}", moved), "utf-8"
    )
    told = run(capsys, "diff", PAPERWORK, str(file))["kinds"]
    assert told == [
        {
            "agreement": "operations",
            "was": "OLA",
            "becomes": "UC",
            "missingClauses": ["assignment", "termination", "indemnity", "liability_cap"],
        }
    ]
