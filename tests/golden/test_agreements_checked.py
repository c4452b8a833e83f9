"""What an agreement may say, held against the command line: one small change each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main

DOCUMENT = """apiVersion: orchestrator/v1
kind: Estate
metadata: {name: small, home: [us], currency: EUR, timezone: UTC}
parties:
  - {id: us}
  - {id: ops, parent: us, kind: team}
  - {id: marketing, parent: us, kind: team}
  - {id: sales, parent: us, kind: team}
  - {id: host}
  - {id: shop}
services:
  - {id: servers, owner: host}
  - {id: web, owner: ops, requires: servers}
  - {id: leads, owner: marketing}
  - {id: forecasts, owner: sales}
agreements:
  - id: sla
    kind: SLA
    provider: us
    customer: shop
    covers: [web]
    terms:
      - {id: availability, metric: availability, target: "99.8%"}
      - {id: answer, metric: response_time, target: {share: "90%", within: 6h}}
    clauses: [{id: end, kind: termination, text: "ends by [[Notice]]"}]
    glossary: [{term: Notice, meaning: a letter}]
    escalation: [{party: ops}]
  - {id: uc, kind: UC, provider: host, customer: us, covers: [servers],
     terms: [{id: availability, metric: availability, target: "99.9%"}]}
  - {id: ola, kind: OLA, provider: ops, customer: us, covers: [{service: web, scope: own}],
     terms: [{id: availability, metric: availability, target: "99.9%", strength: commitment}]}
  - {id: leads-ola, kind: OLA, provider: marketing, customer: sales,
     covers: [{service: leads, scope: own}],
     terms: [{id: qualified, metric: business_result, target: "200"}]}
  - {id: forecast-ola, kind: OLA, provider: sales, customer: marketing,
     covers: [{service: forecasts, scope: own}],
     terms: [{id: monthly, metric: on_time, target: "95%"}]}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command on the document, with some of it said otherwise; its status and JSON."""
    monkeypatch.chdir(tmp_path)

    def ask(command: str, *changes: tuple[str, str]) -> tuple[int, Any]:
        text = DOCUMENT
        for said, instead in changes:
            assert said in text
            text = text.replace(said, instead)
        Path("estate.yaml").write_text(text, "utf-8")
        name, *more = command.split()
        status = main([name, "estate.yaml", *more, "--json"])
        return status, json.loads(capsys.readouterr().out)

    return ask


def availability(printed: Any) -> Any:
    (found,) = (
        one
        for one in printed["derivations"]
        if (one["agreement"], one["term"]) == ("sla", "availability")
    )
    return found


def codes(printed: Any) -> set[str]:
    return {one["code"] for one in printed["findings"]}


def test_a_goal_counts_in_the_estimate_and_not_in_the_floor(run: Any) -> None:
    before = availability(run("derive --period 2026-04")[1])
    after = availability(
        run("derive --period 2026-04", ("strength: commitment", "strength: goal"))[1]
    )
    assert (before["floor"], after["floor"]) == (pytest.approx(0.998), 0)
    assert before["independent"] == after["independent"] == pytest.approx(0.999**2)


def test_two_parties_may_promise_each_other_and_two_services_may_not(run: Any) -> None:
    status, printed = run("check")
    assert status in {0, 1}
    assert "CYCLE" not in codes(printed)
    status, printed = run("check", ("{id: servers, owner: host}", "{id: servers, requires: web}"))
    assert status == 2
    (error,) = printed["errors"]
    assert error["code"] == "CYCLE"
    assert "servers" in error["message"]
    assert "web" in error["message"]


def test_taking_a_term_away_beneath_opens_the_gap_again(run: Any) -> None:
    assert availability(run("check")[1])["status"] == "UNDERPINNED"
    own = ', target: "99.9%", strength: commitment'
    status, printed = run("check", (f"availability{own}", 'on_time, target: "99.9%"'))
    assert status == 1
    assert availability(printed)["status"] == "UNCOMMITTED"


def test_an_internal_target_looser_than_the_published_one_is_refused(run: Any) -> None:
    published = '{share: "90%", within: 6h}'
    for internal, expected in (("4h", None), ("6h", None), ("8h", "INTERNAL_TARGET_LOOSER")):
        instead = f'{published}, internalTarget: {{share: "90%", within: {internal}}}'
        status, printed = run("check", (published, instead))
        found = [one["code"] for one in printed.get("errors", [])]
        assert (found == [expected]) if expected else status < 2


def test_a_priority_matrix_that_leaps_is_refused_in_its_place(run: Any) -> None:
    matrix = (
        "    priorities: {impacts: [many, few], urgencies: [now, later], priorities: [P1, P2], "
        "rows: [[P2, P1], [P2, P2]]}\n"
    )
    status, printed = run("check", ("    escalation:", f"{matrix}    escalation:"))
    assert status == 2
    (error,) = printed["errors"]
    assert error["path"].startswith("agreements[0].priorities")


def test_a_term_that_no_glossary_explains_is_found(run: Any) -> None:
    assert "UNDEFINED_TERM" not in codes(run("check")[1])
    printed = run("check", ("[[Notice]]", "[[Letter of Intent]]"))[1]
    assert "UNDEFINED_TERM" in codes(printed)


def test_providers_that_contradict_each_other_on_one_service_are_found(run: Any) -> None:
    second = """  - {id: second, kind: OLA, provider: marketing, customer: us,
     covers: [{service: web, scope: own}], escalation: [{party: marketing}],
     terms: [{id: availability, metric: availability, target: "99.5%"}]}
"""
    printed = run(
        "check",
        ("  - {id: leads-ola", f"{second}  - {{id: leads-ola"),
        ("strength: commitment}]}", "strength: commitment}], escalation: [{party: ops}]}"),
    )[1]
    between = {"CONTRADICTORY_TERMS", "ESCALATION_CONFLICT"}
    found = {one["code"]: one["subjects"] for one in printed["findings"] if one["code"] in between}
    assert set(found) == between
    assert all({"ola", "second"} <= set(subjects) for subjects in found.values())


def test_two_agreements_that_hold_alike_are_an_error_that_names_both(run: Any) -> None:
    twin = """  - {id: twin, kind: SLA, provider: us, customer: shop, covers: [web],
     terms: [{id: availability, metric: availability, target: "99.7%"}]}
"""
    question = "which --customer shop --service web --metric availability"
    assert run(question)[1]["effective"]["agreement"] == "sla"
    status, printed = run(question, ("  - {id: leads-ola", f"{twin}  - {{id: leads-ola"))
    assert status == 2
    (error,) = printed["errors"]
    assert error["code"] == "AMBIGUOUS_TERM"
    assert "sla" in error["message"]
    assert "twin" in error["message"]


def told(printed: Any, code: str) -> list[tuple[str, list[str]]]:
    """How severe a finding is taken to be, and what it is about, wherever one is made."""
    found = [*printed["findings"], *(f for one in printed["derivations"] for f in one["findings"])]
    return [(one["severity"], one["subjects"]) for one in found if one["code"] == code]


STRICT = ("home: [us]", "home: [us], strictDemarcation: true")
DRAWN = (
    "    escalation: [{party: ops}]\n",
    "    escalation: [{party: ops}]\n"
    "    demarcation: [{service: web, requires: servers, point: the rack, near: ops, far: host,\n"
    "                   owner: host}]\n",
)


def test_in_strict_mode_no_edge_between_two_owners_may_lack_a_line(run: Any) -> None:
    assert told(run("check")[1], "NO_DEMARCATION") == []
    assert told(run("check", STRICT)[1], "NO_DEMARCATION") == [("error", ["web", "servers"])]
    assert told(run("check", STRICT, DRAWN)[1], "NO_DEMARCATION") == []


def test_an_agreement_of_a_template_lists_the_sections_it_lacks(run: Any) -> None:
    """It has a clause on termination, and neither a time of notice nor reviews."""
    template = (
        "currency: EUR, timezone: UTC}\n",
        "currency: EUR, timezone: UTC}\n"
        "templates:\n"
        "  - id: silver\n"
        "    version: 1\n"
        "    kind: SLA\n"
        '    terms: [{id: availability, metric: availability, target: "99.8%"},\n'
        '            {id: answer, metric: response_time, target: {share: "90%", within: 6h}}]\n'
        "    sections: [services, levels, reviews, termination]\n",
    )
    use = (
        "    kind: SLA\n    provider",
        "    kind: SLA\n    template: {id: silver, version: 1}\n    provider",
    )
    _, printed = run("check", template, use)
    assert "errors" not in printed, printed
    lacks = {one["message"] for one in printed["findings"] if one["code"] == "INCOMPLETE"}
    assert lacks == {
        "sla lacks the section on reviews",
        "sla lacks the section on termination with notice",
    }
