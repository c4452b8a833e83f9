"""Evidence packs verified: whatever is changed in one is found, and named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.actions.packs import Question, Wanted, make_pack, seal
from orchestrator.actions.verification import read_pack, verify_pack, verify_page
from orchestrator.cli import main
from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.formats.pack_page import LAYOUT, pack_page
from orchestrator.formats.text import canonical_json, dump_json
from orchestrator.model.values import parse_instant
from tests.unit.packs import ESTATE, FACTS, forged, late, leaves, reread, small

SECTIONS = sorted(small())


def test_whatever_is_changed_the_hash_no_longer_fits() -> None:
    pack = small()
    for path in leaves(pack):
        changed = forged(pack, path)
        assert changed["hash"] != pack["hash"] or path == ("hash",)


@pytest.mark.parametrize("section", [one for one in SECTIONS if one != "hash"])
def test_every_value_that_is_changed_and_sealed_again_is_found(section: str) -> None:
    pack = small()
    for path in [path for path in leaves(pack) if path[0] == section]:
        assert verify_pack(forged(pack, path)), path


def without_a_part(pack: dict[str, Any], section: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The pack with each object of a section in turn without one of its keys, and each list without
    one of its entries, sealed again."""

    def holders(value: Any, path: str) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict | list) and value:
            yield path, value
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            for key, child in inner:
                yield from holders(child, f"{path}.{key}")

    copy = json.loads(canonical_json(pack))
    for path, holder in list(holders(copy[section], section)):
        if isinstance(holder, list):
            gone = holder.pop()
            yield path, copy | {"hash": seal(copy)}
            holder.append(gone)
        else:
            for key in list(holder):
                gone = holder.pop(key)
                yield f"{path}.{key}", copy | {"hash": seal(copy)}
                holder[key] = gone


@pytest.mark.parametrize("section", [one for one in SECTIONS if one != "hash"])
def test_every_part_that_is_taken_out_is_found_though_it_is_sealed_again(section: str) -> None:
    pack = small()
    for path, changed in without_a_part(pack, section):
        assert verify_pack(changed), path
    bare = {key: value for key, value in pack.items() if key != section}
    assert verify_pack(bare | {"hash": seal(bare)}), section


@pytest.mark.parametrize("section", [one for one in SECTIONS if one != "hash"])
def test_a_section_of_another_shape_is_found_and_nothing_fails(section: str) -> None:
    right = small()[section]
    for value in (None, [], {}, 0, "1/0", [None], {"a": None}):
        pack = small() | {section: value}
        pack["hash"] = seal(pack)
        assert (right == value) is not bool(verify_pack(pack)), value
        assert verify_page("<html>", pack)


def test_a_section_that_is_added_is_found() -> None:
    pack = small() | {"addendum": "the parties agree that nothing is owed"}
    pack["hash"] = seal(pack)
    (found,) = verify_pack(reread(pack))
    assert found.path == "addendum"


def test_the_clock_of_a_late_ticket_is_verified_as_well() -> None:
    pack = late()
    clock = [path for path in leaves(pack) if path[:3] == ("cases", 0, "clock")]
    assert len(clock) > 10
    for path in clock:
        assert verify_pack(forged(pack, path)), path


def test_the_order_of_keys_says_nothing() -> None:
    def backwards(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: backwards(value[key]) for key in reversed(value)}
        return [backwards(one) for one in value] if isinstance(value, list) else value

    assert verify_pack(read_pack(json.dumps(backwards(json.loads(dump_json(small())))))) == []


def test_a_number_that_is_written_in_another_way_is_found() -> None:
    text = dump_json(small()).replace('"percent": 10,', '"percent": 10.0,')
    pack = read_pack(text)
    pack["hash"] = seal(pack)
    (found,) = verify_pack(pack)
    assert "another way" in found.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # A reader who looks at the first of two sees another figure than one that takes the last.
        (dump_json(small()).replace('"hash":', '"credit": null, "hash":'), "DUPLICATE_KEY"),
        (
            dump_json(small()).replace('"owed": "100.00"', '"owed": "0.00", "owed": "100.00"'),
            "DUPLICATE_KEY",
        ),
        (dump_json(small()).replace('"percent": 10', '"percent": NaN'), "BAD_SYNTAX"),
        ("[" * 100_000, "BAD_SYNTAX"),
        ('{"kind": "EvidencePack", "about": 1' + 30 * "0" + "}", "BAD_SYNTAX"),
        ('{"kind": "EvidencePack", "about": "\\ud800"}', "BAD_SYNTAX"),
        (dump_json(small()).replace("orchestrator/v1", "orchestrator/v0", 1), "BAD_VERSION"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: str, code: str) -> None:
    with pytest.raises(OrchestratorError) as caught:
        read_pack(text, "pack.json")
    assert (caught.value.problems[0].code, caught.value.problems[0].file) == (code, "pack.json")


def test_the_hash_that_one_was_told_says_whether_this_is_that_pack() -> None:
    pack, other = small(), forged(small(), ("estate", "metadata", "name"), "other")
    assert verify_pack(pack, pack["hash"].upper()) == []
    assert verify_pack(other, pack["hash"])[0].path == "hash"


def test_the_number_of_a_version_is_a_number() -> None:
    (found,) = verify_pack(forged(small(), ("about", "version"), True))
    assert found.path == "about.version"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda p: forged(p, ("facts", "outages", 0, "to"), "2026-04-03T12:00:00Z"), "slices"),
        (lambda p: forged(p, ("estate", "agreements", 1, "fee", "amount"), "9000.00"), "credit"),
        (
            lambda p: forged(p, ("estate", "agreements", 1, "terms", 0, "target"), "99.98%"),
            "commitments",
        ),
        (lambda p: forged(p, ("estate", "agreements", 0, "provider"), "idle"), "commitments"),
        (lambda p: forged(p, ("facts", "outages", 0, "id"), "o-9"), "slices"),
        (lambda p: forged(p, ("about", "term"), "other"), "about"),
        (lambda p: forged(p, ("estate", "agreements", 1, "provider"), "nobody"), "agreements"),
    ],
)
def test_a_changed_fact_or_clause_is_found_by_what_no_longer_follows(
    change: Callable[[dict[str, Any]], dict[str, Any]], where: str
) -> None:
    found = verify_pack(change(small()))
    assert any(where in one.path for one in found), found


def test_a_pack_of_another_kind_is_refused() -> None:
    for text in ("{}", "[1]", "not json", '{"kind": "Estate"}'):
        with pytest.raises(OrchestratorError):
            read_pack(text)


def test_a_pack_without_what_it_is_about_says_so_and_does_not_fail() -> None:
    pack = small()
    del pack["about"]
    assert "about" in [one.path for one in verify_pack(reread(pack))]
    assert verify_page("<html>", reread(pack))


# --- the page ---


def test_a_page_that_is_edited_is_found_though_the_pack_in_it_is_intact() -> None:
    pack = small()
    page = pack_page(pack)
    visible, held = page.split("<script", 1)
    places = range(0, len(visible), max(len(visible) // 60, 1))
    for place in places:
        letter = "x" if visible[place] != "x" else "y"
        edited = f"{visible[:place]}{letter}{visible[place + 1 :]}<script{held}"
        assert [one.path for one in verify_page(edited, pack)] == ["page"], place
    (found,) = verify_page(page + "<p>Nothing is owed.</p>\n", pack)
    assert found.path == "page"
    (found,) = verify_page(page.replace("\n", "\r\n"), pack)
    assert "ends of lines" in found.message


def test_a_page_of_another_layout_is_said_to_be_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = pack_page(small()).replace(f'content="{LAYOUT}"', 'content="1"')
    (tmp_path / "old.html").write_text(page, "utf-8")
    new = tmp_path / "new.html"
    assert main(["verify", str(tmp_path / "old.html"), "--page", str(new)]) == 1
    assert "layout 1" in capsys.readouterr().out
    assert new.read_text("utf-8") == pack_page(small())


@pytest.mark.parametrize(
    ("words", "code", "exits"),
    [
        (["--hash", "0" * 64], "", 1),
        (["--page", "page.html"], "NOT_VERIFIED", 2),
    ],
)
def test_what_does_not_agree_gets_no_page(
    words: list[str],
    code: str,
    exits: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    pack = small() if code == "" else forged(small(), ("credit", "amount"), "1.00")
    Path("pack.json").write_text(dump_json(pack), "utf-8")
    assert main(["verify", "pack.json", *words, "--json"]) == exits
    found = json.loads(capsys.readouterr().out)
    assert found["errors"][0]["code"] == code if code else found["intact"] is False
    assert not Path("page.html").exists()


def test_a_pdf_cannot_be_verified_and_says_what_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pack.pdf").write_bytes(b"%PDF-1.7\n")
    assert main(["verify", str(tmp_path / "pack.pdf"), "--json"]) == 2
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert error["code"] == "BAD_KIND"
    assert "pack.json" in error["advice"]


def test_the_hash_and_the_page_are_of_a_pack(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--hash", "0" * 64, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "USAGE"


def test_what_was_known_at_an_instant_is_verified_as_known_then() -> None:
    facts = FACTS.replace("{id: o-1,", "{id: o-1, reported: 2026-05-20T00:00:00Z,")
    estate, told = read_estate(ESTATE).estate, read_facts(facts)
    packs = {}
    for day in ("2026-05-19", "2026-05-21"):
        at = parse_instant(f"{day}T00:00:00Z")
        question = Question("2026-04", at)
        packs[day] = make_pack(estate, told.known_at(at), question, Wanted("first"))
        assert verify_pack(reread(packs[day])) == []
    assert packs["2026-05-19"]["assessment"]["status"] == "MET"
    assert packs["2026-05-21"]["assessment"]["status"] == "BREACHED"
    moved = forged(packs["2026-05-21"], ("about", "asOf"), "2026-04-02T00:00:00Z")
    assert verify_pack(moved)
