"""Evidence packs: one document that holds a breach and all it follows from, and can be checked."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from orchestrator.actions.packs import Question, Wanted, make_pack
from orchestrator.actions.verification import read_pack, verify_pack, verify_page
from orchestrator.cli import main
from orchestrator.engine.content import content_hash
from orchestrator.engine.settle import settle
from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.formats.pack_page import held_in, pack_page, page_of
from orchestrator.formats.results import exposure_json
from orchestrator.formats.text import dump_json
from orchestrator.model.contracts import Contract
from orchestrator.model.records import Facts
from orchestrator.model.values import AskedPeriod
from tests.unit.packs import APRIL, ESTATE, FACTS, SHOP, late, reread, shop, small


def ids(pack: dict[str, Any], table: str) -> list[str]:
    return [one["id"] for one in pack["estate"][table]]


# --- what it holds ---


def test_a_pack_says_what_the_verdict_says() -> None:
    estate, facts = shop()
    pack = make_pack(estate, facts, APRIL, Wanted("c1"))
    assert pack["assessment"]["status"] == "BREACHED"
    # 70 minutes of 720 hours were down; two thirds and more by hosting (F20, case R6).
    assert pack["assessment"]["countedSeconds"] == "4200"
    assert [one["share"] for one in pack["breach"]["responsibility"]] == ["11/14", "3/28", "3/28"]
    assert (pack["exposure"]["owed"], pack["exposure"]["recovered"]) == ("5000.00", "1000.00")
    steps = [Decimal(one["amount"]) for one in pack["exposure"]["waterfall"]]
    assert sum(steps) == Decimal("5000.00")
    assert [one["cuts"] for one in pack["slices"]] == [[["hosting"]], [["sms-y", "sms-z"]]]
    assert sum(Fraction(one["counted"]) for one in pack["slices"]) == 2
    assert [one["assessment"]["agreement"] for one in pack["upstream"]] == ["u1", "u2", "u3"]
    hashes = {one["agreement"]: one["hash"] for one in pack["commitments"]}
    assert hashes["c1"] == content_hash(Contract.of(estate.agreements["c1"][0]))


def test_the_same_estate_facts_and_period_give_the_same_bytes() -> None:
    estate, facts = shop()
    first, second = (dump_json(make_pack(*shop(), APRIL, Wanted("c1"))) for _ in range(2))
    assert first == second
    backwards = Facts(tuple(reversed(facts.outages)), facts.maintenance, facts.unknown,
                      tuple(reversed(facts.samples)), facts.tickets)  # fmt: skip
    assert dump_json(make_pack(estate, backwards, APRIL, Wanted("c1"))) == first


def test_a_pack_shows_one_customer_nothing_of_another_that_has_no_part_in_it() -> None:
    lonely = ESTATE.replace(',\n       credits: [{below: "99.9%", percent: "50"}]', "")
    pack = small(estate=lonely)
    assert ids(pack, "agreements") == ["db-uc", "first"]
    assert ids(pack, "services") == ["db", "web"]
    assert ids(pack, "parties") == ["cloud", "one", "ops", "us"]
    assert [one["id"] for one in pack["facts"]["outages"]] == ["o-1"]


def test_who_shares_what_comes_back_is_held_as_far_as_the_figures_follow_from_it() -> None:
    pack = small()
    assert ids(pack, "agreements") == ["db-uc", "first", "second"]
    whole = settle(read_estate(ESTATE).estate, read_facts(FACTS), AskedPeriod.parse("2026-04"))
    (exposure,) = (one for one in whole.exposures if one.key.agreement == "first")
    assert pack["exposure"] == exposure_json(exposure)
    # 400.00 come back for 100.00 and 300.00 owed: a quarter of it here.
    assert pack["exposure"]["recovered"] == "100.00"
    assert verify_pack(reread(pack)) == []


def test_what_a_supplier_owes_is_a_pack_of_its_own() -> None:
    pack = small("db-uc")
    assert pack["credit"]["amount"] == "400.00"
    assert (pack["credit"]["debtor"], pack["credit"]["creditor"]) == ("cloud", "us")
    assert pack["exposure"] is None
    assert ids(pack, "agreements") == ["db-uc"]
    assert verify_pack(reread(pack)) == []


def test_a_case_that_is_late_is_evidence_as_well() -> None:
    pack = late()
    assert pack["assessment"]["status"] == "BREACHED"
    (case,) = pack["cases"]
    assert (case["id"], case["value"]) == ("t-1", "0")
    # Opened at nine, four hours, round the clock; six hours in the provider's hands.
    assert case["clock"]["due"] == "2026-04-06T13:00:00Z"
    assert (case["clock"]["targetSeconds"], case["clock"]["countedSeconds"]) == ("14400", "21600")
    states = [(one["state"], one["to"]) for one in case["clock"]["segments"]]
    assert states == [("counts", case["clock"]["due"]), ("overdue", "2026-04-06T15:00:00Z")]
    assert [one["party"] for one in case["clock"]["holders"]] == ["us"]
    assert verify_pack(reread(pack)) == []
    assert page_of(pack_page(pack)) == pack_page(pack)


def test_facts_outside_of_the_period_are_held_only_where_something_follows_from_them() -> None:
    before = (
        "  - {id: o-0, service: db, from: 2026-03-03T10:00:00Z, to: 2026-03-03T13:00:00Z}\n"
        "  - {id: o-3, service: db, from: 2026-05-03T10:00:00Z, to: 2026-05-03T13:00:00Z}\n"
    )
    pack = small(facts=FACTS + before)
    assert [one["id"] for one in pack["facts"]["outages"]] == ["o-1"]
    # A second breach in two months costs twice as much: now March has a part in April's credit.
    repeated = ESTATE.replace(
        'percent: "10"}]}]}\n  - {id: second',
        'percent: "10"}], repeats: [{breaches: 2, periods: 2, factor: 2}]}]}\n  - {id: second',
    )
    assert repeated != ESTATE
    pack = small(estate=repeated, facts=FACTS + before)
    assert pack["credit"]["amount"] == "200.00"
    assert "o-0" in [one["id"] for one in pack["facts"]["outages"]]
    assert verify_pack(reread(pack)) == []


def test_a_pack_of_one_term_holds_no_findings_on_another() -> None:
    paperwork = SHOP.parent / "paperwork"
    estate = read_estate((paperwork / "estate.yaml").read_bytes()).estate
    facts = read_facts((paperwork / "facts.yaml").read_bytes())
    said = {
        term: [
            one["code"]
            for one in make_pack(estate, facts, APRIL, Wanted("orders-sla", term))["findings"]
        ]
        for term in ("availability", "p1-resolution")
    }
    assert "RELIEF_PROPOSED" in said["availability"]
    assert "RELIEF_PROPOSED" not in said["p1-resolution"]


@pytest.mark.parametrize(
    ("agreement", "asked", "code"),
    [
        ("nobody", "2026-04", "UNKNOWN_REFERENCE"),
        ("first", "2026-04-03/2026-04-05", "NOTHING_ASSESSED"),
        ("first", "2026-Q2", "SEVERAL_ASSESSMENTS"),
    ],
)
def test_it_has_to_be_clear_what_a_pack_is_about(agreement: str, asked: str, code: str) -> None:
    quiet = FACTS.split("outages:", maxsplit=1)[0]
    estate = read_estate(ESTATE).estate
    with pytest.raises(OrchestratorError) as caught:
        make_pack(estate, read_facts(quiet), Question(asked), Wanted(agreement))
    assert caught.value.problems[0].code == code


@pytest.mark.parametrize("agreement", ["sla-shoreline", "sla-kite", "uc-azure-vm", "ola-platform"])
def test_an_estate_with_keys_of_its_own_has_packs_that_hold(agreement: str) -> None:
    cloud = SHOP.parent / "cloud"
    estate = read_estate((cloud / "estate.yaml").read_bytes()).estate
    facts = read_facts((cloud / "facts.yaml").read_bytes())
    pack = make_pack(estate, facts, APRIL, Wanted(agreement))
    assert verify_pack(reread(pack)) == []
    assert len(ids(pack, "agreements")) < len(estate.agreements)
    page = pack_page(pack)
    assert verify_page(page, read_pack(held_in(page))) == []


# --- the commands ---


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "estate.yaml").write_text(ESTATE, "utf-8")
    (tmp_path / "facts.yaml").write_text(FACTS, "utf-8")
    return str(tmp_path / "estate.yaml"), str(tmp_path / "facts.yaml")


def asking(files: tuple[str, str], *more: str) -> list[str]:
    return ["pack", *files, "--period", "2026-04", "--agreement", "first", *more]


@pytest.mark.parametrize("end", ["json", "html"])
def test_a_pack_is_written_and_verified_by_commands(
    files: tuple[str, str], tmp_path: Path, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"pack.{end}"
    assert main(asking(files, "--out", str(out), "--json")) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["hash"] == small()["hash"]
    assert main(["verify", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["intact"] is True
    out.write_text(out.read_text("utf-8").replace("400.00", "500.00"), "utf-8")
    assert main(["verify", str(out)]) == 1
    assert "500.00" in capsys.readouterr().out


def test_a_pack_is_printed_where_no_file_is_named(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asking(files)) == 0
    assert capsys.readouterr().out == dump_json(small())


@pytest.mark.parametrize(
    ("more", "code"),
    [(["--out", "pack.txt"], "USAGE"), (["--out", "/nowhere/p.json"], "UNWRITABLE")],
)
def test_what_cannot_be_written_is_refused(
    files: tuple[str, str], more: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asking(files, *more, "--json")) == 2
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == code


def test_without_weasyprint_a_pdf_is_refused_with_what_to_do(
    files: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    out = tmp_path / "pack.pdf"
    assert main(asking(files, "--out", str(out), "--json")) == 2
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert error["code"] == "NO_PDF"
    assert "orchestrator[pdf]" in error["advice"]
    assert not out.exists()
