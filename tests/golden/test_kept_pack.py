"""The evidence pack kept in `docs/packs` verifies, can be made again, and is what is told of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.actions.packs import Question, Wanted, make_pack
from orchestrator.actions.verification import read_pack
from orchestrator.cli import main
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.formats.pack_page import held_in, pack_page
from orchestrator.formats.text import canonical_json, dump_json

ROOT = Path(__file__).parent.parent.parent
KEPT = ROOT / "docs" / "packs"
RENEW = "docs/packs/README.md says how to make it again"


@pytest.mark.parametrize("end", ["html", "json"])
def test_the_kept_pack_is_verified_by_the_hash_in_the_document(end: str) -> None:
    told = (ROOT / "docs" / "cloud-outages.md").read_text("utf-8")
    pack = read_pack((KEPT / "tidewater.json").read_text("utf-8"))
    assert f"SHA-256 {pack['hash']}" in told, RENEW
    words = ["verify", str(KEPT / f"tidewater.{end}"), "--hash", pack["hash"]]
    assert main(words) == 0, RENEW


def test_the_kept_pack_is_made_again_from_the_example_and_the_facts_in_it() -> None:
    text = (KEPT / "tidewater.json").read_text("utf-8")
    estate = read_estate((ROOT / "examples" / "cloud" / "estate.yaml").read_bytes()).estate
    facts = read_facts(canonical_json(json.loads(text)["facts"]))
    pack = make_pack(estate, facts, Question("2018-11"), Wanted("sla-tidewater"))
    assert dump_json(pack) == text, RENEW
    page = (KEPT / "tidewater.html").read_text("utf-8")
    assert pack_page(pack) == page, RENEW
    assert held_in(page).replace("\\u003c", "<") == text


def test_the_kept_pack_holds_no_more_of_the_archive_than_the_month_it_is_about() -> None:
    pack = json.loads((KEPT / "tidewater.json").read_text("utf-8"))
    told = (KEPT / "README.md").read_text("utf-8")
    ids = [one["id"] for one in pack["facts"]["outages"]]
    assert 0 < len(ids) < 10
    assert set(pack["facts"]) == {"apiVersion", "kind", "outages"}
    assert all(f"`{id}`" in told for id in ids)
    assert all(path.stat().st_size < 150_000 for path in KEPT.iterdir())
