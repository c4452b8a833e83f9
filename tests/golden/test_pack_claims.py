"""Claims in evidence packs: the waterfall of a pack is that of the books, and says why.

Case R6 with claims: 10,000.00 owed, 2,000.00 of hosting's credit to be had, if it is claimed within
15 days of the period's end, and granted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.actions.packs import seal
from orchestrator.actions.verification import read_pack, verify_pack
from orchestrator.cli import main
from orchestrator.formats.pack_page import pack_page
from tests.unit.packs import forged, leaves

DOCUMENTS = Path(__file__).parent / "documents"
IN_PART = DOCUMENTS / "a-claim-that-is-granted-in-part-brings-that-part"
LAPSED = DOCUMENTS / "a-credit-that-was-not-claimed-in-time-is-not-recovered"


def pack_of(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    files = [str(folder / "estate.yaml"), str(folder / "facts.yaml")]
    words = ["pack", *files, "--period", "2026-04", "--agreement", "sla", *more]
    assert main(words) == 0
    return read_pack(capsys.readouterr().out)


def steps(pack: Any) -> dict[str, str]:
    return {one["step"]: one["amount"] for one in pack["exposure"]["waterfall"]}


@pytest.mark.parametrize(
    ("folder", "lapsed", "recovered", "state", "moves"),
    [
        (IN_PART, "500.00", "1500.00", "accepted", ["submit", "dispute", "accept"]),
        (LAPSED, "2000.00", "0.00", "lapsed", ["lapse"]),
    ],
)
def test_the_waterfall_of_a_pack_is_that_of_the_verdict_and_its_claims(
    folder: Path,
    lapsed: str,
    recovered: str,
    state: str,
    moves: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    pack = pack_of(folder, capsys, "--claims", str(folder / "claims.yaml"))
    (exposure,) = json.loads((folder / "expected.json").read_text("utf-8"))["exposures"]
    assert {one["step"]: one["amount"] for one in exposure["waterfall"]} == steps(pack)
    assert (steps(pack)["CLAIM_LAPSED"], pack["exposure"]["recovered"]) == (lapsed, recovered)
    (claim,) = pack["claims"]
    assert (claim["agreement"], claim["state"]) == ("uc-hosting", state)
    assert [one["do"] for one in claim["history"]] == moves
    assert claim["deadline"] == "2026-05-16T00:00:00Z"
    assert verify_pack(pack) == []
    assert f"<code>{state}</code>" in pack_page(pack)


def test_without_a_record_a_pack_says_until_when_there_is_to_claim(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pack = pack_of(LAPSED, capsys)
    assert (steps(pack)["CLAIM_LAPSED"], steps(pack)["RECOVERED"]) == ("0.00", "2000.00")
    (claim,) = pack["claims"]
    assert (claim["state"], claim["amount"], claim["history"]) == ("drafted", "2000.00", [])
    assert claim["deadline"] == "2026-05-16T00:00:00Z"


def test_whatever_is_changed_in_a_claim_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    pack = pack_of(IN_PART, capsys, "--claims", str(IN_PART / "claims.yaml"))
    paths = [path for path in leaves(pack) if path[0] == "claims"]
    assert len(paths) > 20
    for path in paths:
        assert verify_pack(forged(pack, path)), path


def test_a_claim_that_moved_as_none_can_is_found_by_its_move(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pack = pack_of(IN_PART, capsys, "--claims", str(IN_PART / "claims.yaml"))
    # A second late for the deadline.
    late = forged(pack, ("claims", 0, "history", 0, "at"), "2026-05-16T00:00:01Z")
    assert any("2026-05-16" in one.message for one in verify_pack(late))
    # A claim that there is no credit for.
    other = forged(pack, ("claims", 0, "term"), "other")
    assert any(one.path == "claims[0]" for one in verify_pack(other))
    # And none at all: then all would come back.
    pack["claims"] = []
    pack["hash"] = seal(pack)
    assert any("waterfall" in one.path for one in verify_pack(pack))


def test_a_pack_of_what_the_supplier_owes_holds_the_claim_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [str(IN_PART / name) for name in ("estate.yaml", "facts.yaml", "claims.yaml")]
    words = ["pack", *files[:2], "--claims", files[2], "--period", "2026-04"]
    assert main([*words, "--agreement", "uc-hosting"]) == 0
    pack = read_pack(capsys.readouterr().out)
    assert [one["state"] for one in pack["claims"]] == ["accepted"]
    assert verify_pack(pack) == []


def test_the_database_has_claims_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["pack", "--period", "2026-04", "--agreement", "sla", "--claims", "claims.yaml"]
    assert main([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "USAGE"
