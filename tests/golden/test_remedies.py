"""Whether damages may be asked for besides credits, and where an indemnity ends, asked of
documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main
from orchestrator.model.breaches import CARVE_OUTS

ESTATE = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: remedies, home: [us], currency: EUR, timezone: UTC}
parties: [{id: us}, {id: ops, kind: team, parent: us}, {id: cloud}, {id: carrier}, {id: shop}]
services:
  - {id: fibre, owner: carrier}
  - {id: hosting, owner: cloud, requires: fibre}
  - {id: sms, owner: carrier}
  - {id: web, owner: ops, requires: {all: [hosting, sms]}}
agreements:
  - id: sla
    kind: SLA
    provider: ops
    customer: shop
    covers: [web]
    fee: {amount: "1000.00", currency: EUR, per: month}
    caps: [{percent: "10"}]
    remedies: {exclusivity: sole_financial, carveOuts: CARVED, critical: severe}
    terms:
      - {id: availability, metric: availability, target: "99.9%",
         credits: [{below: "99.9%", percent: "10"}, {below: "99%", percent: "25"}]}
    clauses: [{id: i, kind: indemnity, reference: "9"}]
  - id: hosting-uc
    kind: UC
    provider: cloud
    customer: us
    covers: [hosting]
    terms: [{id: availability, metric: availability, target: "99.9%"}]
    clauses:
      - {id: i, kind: indemnity, reference: "11", amount: {amount: "60000.00", currency: EUR}}
      - {id: p, kind: pass_through, reference: "12"}
  - id: fibre-uc
    kind: UC
    provider: carrier
    customer: cloud
    covers: [fibre]
    terms: [{id: availability, metric: availability, target: "99.9%"}]
    clauses: [{id: i, kind: indemnity, reference: "3"}]
  - id: sms-uc
    kind: UC
    provider: carrier
    customer: us
    covers: [sms]
    terms: [{id: availability, metric: availability, target: "99.9%"}]
"""
FACTS = """
apiVersion: orchestrator/v1
kind: Facts
outages: [{id: o-1, service: web, from: 2026-04-01T00:00:00Z, to: 2026-04-02T00:00:00Z}]
"""
CIRCUMSTANCES = {
    "critical_threshold": ["--breach-class", "severe"],
    "wilful_default": ["--wilful"],
    "data_loss": ["--data-lost"],
    "third_party_compensation": ["--third-party", "0.01"],
    "cap_exhausted": ["--cap-exhausted"],
    "termination": ["--terminated"],
}


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    status = main([*arguments, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert status == (2 if "errors" in found else 0)
    return found


def written(folder: Path, carved: str = "[]") -> str:
    file = folder / "estate.yaml"
    file.write_text(ESTATE.replace("CARVED", carved), "utf-8")
    return str(file)


def damages(
    capsys: pytest.CaptureFixture[str], file: str, *arguments: str
) -> tuple[bool, list[str], str | None]:
    asked = ("--agreement", "sla", "--amount", "5000.00")
    found = ask(capsys, "remedy", file, *asked, *arguments)
    return found["admissible"], found["carveOuts"], found["due"]


def test_every_carve_out_is_tried() -> None:
    assert set(CIRCUMSTANCES) == set(CARVE_OUTS)


@pytest.mark.parametrize("name", CIRCUMSTANCES)
def test_damages_are_open_by_each_agreed_carve_out_and_by_no_other(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = CIRCUMSTANCES[name]
    file = written(tmp_path, f"[{name}]")
    assert damages(capsys, file) == (False, [], None)
    assert damages(capsys, file, *held, "--credits", "100.00") == (True, [name], "4900.00")
    others = [one for one in CARVE_OUTS if one != name]
    file = written(tmp_path, f"[{', '.join(others)}]")
    assert damages(capsys, file, *held) == (False, [], None)


def test_what_happened_says_what_the_credits_are_and_that_they_were_capped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day of April is 96.67 %: a quarter of the fee, cut down to a tenth of it."""
    file, facts = written(tmp_path, "[cap_exhausted]"), tmp_path / "facts.yaml"
    facts.write_text(FACTS, "utf-8")
    found = damages(capsys, file, "--facts", str(facts), "--period", "2026-04")
    assert found == (True, ["cap_exhausted"], "4900.00")


@pytest.mark.parametrize(
    "limit",
    ['minimumCredit: {amount: "350.00"}', "policies: {singleEvent: highest_only}"],
    ids=["too little to be paid", "a higher one for the same event"],
)
def test_a_credit_that_another_limit_leaves_nothing_of_exhausts_no_cap(
    limit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both terms miss for the same event, 250.00 and 100.00; no cap is reached."""
    file, facts = written(tmp_path, "[cap_exhausted]"), tmp_path / "facts.yaml"
    second = "\n      - {id: other, metric: availability, target: 99.9%,"
    second += " credits: [{below: 99.9%, percent: 10}]}\n    clauses"
    text = Path(file).read_text("utf-8").replace('caps: [{percent: "10"}]', limit)
    Path(file).write_text(text.replace("\n    clauses", second, 1), "utf-8")
    facts.write_text(FACTS, "utf-8")
    found = damages(capsys, file, "--facts", str(facts), "--period", "2026-04")
    assert found == (False, [], None)


@pytest.mark.parametrize(
    ("end", "opened"),
    [("2026-04-01T14:24:00Z", []), ("2026-04-01T14:24:01Z", ["critical_threshold"])],
)
def test_what_happened_says_how_grave_the_breach_is(
    end: str, opened: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below 98 % is severe: 14 h 24 min of the 720 h of April are exactly 98 %."""
    file, facts = written(tmp_path, "[critical_threshold]"), tmp_path / "facts.yaml"
    text = Path(file).read_text("utf-8")
    classed = 'target: "99.9%", classes: {major: "99%", severe: "98%"},\n         credits'
    Path(file).write_text(text.replace('target: "99.9%",\n         credits', classed), "utf-8")
    facts.write_text(FACTS.replace("2026-04-02T00:00:00Z", end), "utf-8")
    asked = (file, "--facts", str(facts), "--period", "2026-04")
    admissible, carved, _ = damages(capsys, *asked)
    assert (admissible, carved) == (bool(opened), opened)
    # What is said of the breach stands against what was found.
    assert damages(capsys, *asked, "--breach-class", "minor")[1] == []


def test_a_remedy_that_is_no_money_is_open_where_only_money_is_excluded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("remedy", written(tmp_path), "--agreement", "sla", "--remedy", "correction")
    assert ask(capsys, *asked)["admissible"] is True


def test_a_sole_remedy_without_any_exception_is_told_by_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for carved, told in (("[]", True), ("[data_loss]", False)):
        main(["check", written(tmp_path, carved), "--json"])
        codes = {one["code"] for one in json.loads(capsys.readouterr().out)["findings"]}
        assert ("SOLE_REMEDY" in codes) == told


def claim(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> dict[str, Any]:
    asked = ("--agreement", "sla", "--amount", "100000.00")
    return ask(capsys, "indemnity", written(folder), *asked, *arguments)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--agreement", "zz", "--amount", "1"], "UNKNOWN_REFERENCE", "no agreement 'zz' is in"),
        (["--service", "zz", "--amount", "1"], "UNKNOWN_REFERENCE", "there is no service 'zz'"),
        (["--through", "zz", "--service", "fibre", "--amount", "1"],
         "UNKNOWN_REFERENCE", "does not go on by 'zz'"),
        (["--service", "fibre", "--amount", "-1"], "OUT_OF_RANGE", "a loss is not negative"),
    ],
)  # fmt: skip
def test_what_an_indemnity_cannot_be_asked_of_is_refused_by_name(
    arguments: list[str],
    code: str,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (error,) = claim(capsys, tmp_path, *arguments)["errors"]
    assert error["code"] == code
    assert message in error["message"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--agreement", "zz"], "UNKNOWN_REFERENCE", "there is no agreement 'zz'"),
        (["--amount", "-1"], "OUT_OF_RANGE", "is not negative"),
    ],
)
def test_what_no_remedy_can_be_asked_for_is_refused_by_name(
    arguments: list[str],
    code: str,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ask(capsys, "remedy", written(tmp_path), "--agreement", "sla", *arguments)
    (error,) = asked["errors"]
    assert error["code"] == code
    assert message in error["message"]


def test_an_indemnity_goes_outwards_to_the_first_contract_that_does_not_pass_it_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sole remedy and the credit cap of the first contract take nothing from it. We keep what
    the cap of the second leaves over, and cloud has nobody to turn to."""
    found = claim(capsys, tmp_path, "--service", "fibre")
    assert [(one["agreement"], one["asked"], one["taken"]) for one in found["steps"]] == [
        ("sla", "100000.00", "100000.00"),
        ("hosting-uc", "100000.00", "60000.00"),
    ]
    assert found["borneBy"] == [
        {"party": "us", "amount": "40000.00"},
        {"party": "cloud", "amount": "60000.00"},
    ]
    assert (found["exposed"], found["stoppedBy"]) == ("cloud", "fibre-uc")


def test_a_contract_without_an_indemnity_leaves_us_exposed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = claim(capsys, tmp_path, "--service", "sms")
    assert found["borneBy"] == [{"party": "us", "amount": "100000.00"}]
    assert (found["exposed"], found["stoppedBy"]) == ("us", "sms-uc")


def test_what_is_our_own_fault_goes_no_further(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = claim(capsys, tmp_path, "--service", "web")
    assert found["borneBy"] == [{"party": "us", "amount": "100000.00"}]
    assert (found["exposed"], found["stoppedBy"]) == (None, None)


def test_which_way_it_goes_has_to_be_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (problem,) = claim(capsys, tmp_path)["errors"]
    assert problem["code"] == "AMBIGUOUS_CHAIN"
    assert "hosting-uc or sms-uc" in problem["message"]
    found = claim(capsys, tmp_path, "--through", "sms-uc")
    assert found["stoppedBy"] == "sms-uc"
    (problem,) = claim(capsys, tmp_path, "--service", "nothing")["errors"]
    assert problem["code"] == "UNKNOWN_REFERENCE"
