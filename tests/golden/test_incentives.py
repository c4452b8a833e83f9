"""Measures that reward bad conduct, found by `check` in documents: published schemes and others."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from orchestrator.cli import main

LIBRARY = str(files("orchestrator.formats").joinpath("published_schemes.yaml"))
ESTATE = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: conduct, home: [us], currency: EUR, timezone: UTC}
parties: [{id: us}, {id: desk, kind: team, parent: us}, {id: shop}]
services:
  - {id: login, owner: shop}
  - {id: web, owner: us, requires: login}
  - {id: mail, owner: us}
agreements:
  - id: login-uc
    kind: UC
    provider: shop
    customer: us
    covers: [login]
    terms: [{id: availability, metric: availability, target: "99.99%"}]
  - id: own
    kind: OLA
    provider: desk
    customer: us
    covers: [{service: web, scope: own}, mail]
    terms: [{id: availability, metric: availability, target: "99.99%"}]
  - id: c1
    kind: SLA
    provider: us
    customer: shop
    covers: [web]
    fee: {amount: "1000.00", currency: EUR, per: month}
    terms:
      - {id: availability, metric: availability, target: "99.9%", credits: TABLE}
  - id: c2
    kind: SLA
    provider: us
    customer: shop
    covers: [mail]
    exclusions: [customer]
    terms:
      - id: p1
        metric: resolution_time
        target: {share: "90%", within: 4h}
        measurement: {pauses: [waiting_parts]}
"""
PUBLISHED = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: published, home: [us], currency: EUR, timezone: UTC}
parties: [{id: us}, {id: forge}, {id: health}]
services: [{id: repositories, owner: forge}, {id: records, owner: health}]
agreements:
  - id: forge-uc
    kind: UC
    provider: forge
    customer: us
    covers: [repositories]
    fee: {amount: "300.00", per: quarter}
    terms:
      - id: availability
        metric: availability
        target: "99.9%"
        period: quarter
        credits: {published: github-enterprise}
  - id: records-uc
    kind: UC
    provider: health
    customer: us
    covers: [records]
    fee: {amount: "1000.00", per: month}
    terms:
      - id: availability
        metric: availability
        target: "99.9%"
        credits: {published: zus-health}
"""
# What Zus Health published, with rows that end at the last hundredth; what is half-open here.
ZUS = """[{from: "99.0%", to: "99.89%", percent: "5"},
              {from: "95.0%", to: "98.99%", percent: "10"}, {below: "94.99%", percent: "25"}]"""
TABLES = {
    ZUS: {"TIER_GAP": 3},
    '[{below: "99.9%", percent: "10"}]': {},
    '[{from: "99%", to: "99.9%", percent: "10"}, {from: "0%", to: "99.5%", percent: "20"}]': {
        "TIER_OVERLAP": 1
    },
    '[{below: "99.95%", percent: "10"}]': {"CREDIT_WITHOUT_BREACH": 1},
    '[{below: "99.9%", percent: "5"}, {below: "99.8%", percent: "100"}]': {"CREDIT_CLIFF": 1},
    '[{from: "99%", to: "99.9%", percent: "20"}, {below: "99%", percent: "10"}]': {
        "REWARDS_FAILURE": 1
    },
}
SCHEMES = {code for codes in TABLES.values() for code in codes}


def check(capsys: pytest.CaptureFixture[str], path: str) -> list[dict[str, str]]:
    assert main(["check", path, "--json"]) == 0
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)["findings"]
    return found


def test_the_defects_of_two_published_tables_are_found_and_none_in_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = check(capsys, LIBRARY)
    assert [(one["code"], *one["subjects"]) for one in found] == [
        ("TIER_GAP", "github-enterprise"),
        ("CREDIT_WITHOUT_BREACH", "github-enterprise"),
        *[("TIER_GAP", "zus-health")] * 3,
    ]
    assert "at exactly 99% the target is missed" in found[0]["message"]
    assert "at exactly 99.9% a credit is paid although the target is met" in found[1]["message"]
    for one, gap in zip(found[2:], ("94.99% and below 95%", "98.99%", "99.89%"), strict=True):
        assert f"above {gap}" in one["message"]
    lines = Path(LIBRARY).read_text("utf-8").splitlines()
    named = {one["subjects"][0]: int(one["line"]) for one in found}
    for id, line in named.items():
        above = [text for text in lines[:line] if text.startswith("  - id: ")]
        assert above[-1] == f"  - id: {id}"


def test_an_estate_that_takes_over_a_published_scheme_is_told_its_defects_in_their_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "estate.yaml"
    file.write_text(PUBLISHED, "utf-8")
    lines = PUBLISHED.splitlines()
    found = [one for one in check(capsys, str(file)) if one["code"] in SCHEMES]
    github, zus = (f"credits: {{published: {id}}}" for id in ("github-enterprise", "zus-health"))
    assert [
        (one["code"], one["subjects"][0], lines[int(one["line"]) - 1].strip()) for one in found
    ] == [
        ("TIER_GAP", "forge-uc", github),
        ("CREDIT_WITHOUT_BREACH", "forge-uc", github),
        *[("TIER_GAP", "records-uc", zus)] * 3,
    ]
    assert {one["file"] for one in found} == {str(file)}
    assert [one["message"].partition(": ")[2].partition(" the target")[0] for one in found] == [
        "at exactly 99%",
        "at exactly 99.9% a credit is paid although",
        "above 94.99% and below 95%",
        "above 98.99% and below 99%",
        "above 99.89% and below 99.9%",
    ]
    assert main(["check", str(file)]) == 0
    assert f"{file.name}:{found[0]['line']}: TIER_GAP" in capsys.readouterr().out


@pytest.mark.parametrize("table", TABLES, ids=lambda table: "+".join(TABLES[table]) or "clean")
def test_a_table_of_an_estate_is_told_for_what_it_is(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "estate.yaml"
    file.write_text(ESTATE.replace("TABLE", table), "utf-8")
    found = check(capsys, str(file))
    codes = [one["code"] for one in found if one["code"] in SCHEMES]
    assert {code: codes.count(code) for code in codes} == TABLES[table]
    for one in found:
        if one["code"] in SCHEMES:
            assert one["path"] == "agreements[2].terms[0].credits"


def test_what_is_out_of_ones_hands_and_what_can_be_gamed_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "estate.yaml"
    file.write_text(ESTATE.replace("TABLE", '[{below: "99.9%", percent: "10"}]'), "utf-8")
    told = {one["code"]: one for one in check(capsys, str(file))}
    assert told["METRIC_OUT_OF_CONTROL"]["subjects"] == ["c1", "availability", "login"]
    assert told["CLOCK_CAN_BE_GAMED"]["subjects"] == ["c2"]
    assert "waiting_parts stops the resolution clock" in told["CLOCK_CAN_BE_GAMED"]["message"]
    for code, line in (("METRIC_OUT_OF_CONTROL", "id: availability"), ("CLOCK_CAN_BE_GAMED", "c2")):
        text = file.read_text("utf-8").splitlines()[int(told[code]["line"]) - 1]
        assert line in text
