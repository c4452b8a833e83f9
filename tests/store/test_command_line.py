"""The command line with a database behind it: the main job from an empty one, on both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main
from orchestrator.config import Config
from orchestrator.model.values import format_instant
from orchestrator.store.database import connect
from orchestrator.store.read import audit_lines

GOLDEN = Path(__file__).parent.parent / "golden" / "documents"
EXAMPLE = GOLDEN / "what-is-owed-is-recovered-by-the-suppliers-own-fee-and-tier"
ESTATE, FACTS = str(EXAMPLE / "estate.yaml"), str(EXAMPLE / "facts.yaml")

Json = Callable[..., Any]


@pytest.fixture
def run(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Json:
    """Runs a command with `--json` and gives what it printed; it must succeed."""
    monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", empty_url)
    assert main(["migrate"]) == 0
    assert main(["migrate", "--check"]) == 0
    capsys.readouterr()

    def command(*words: str, status: int = 0) -> Any:
        assert main([*words, "--json"]) == status
        return json.loads(capsys.readouterr().out)

    return command


def test_the_main_job_from_an_empty_database_to_a_booked_credit(run: Json) -> None:
    imported = run("import", ESTATE)
    assert imported["revision"] == 1
    assert run("record", FACTS)["accepted"] == 2
    assert run("record", FACTS)["repeated"] == 2
    booked = run("assess", "--period", "2026-04")
    assert (booked["revision"], booked["changed"]) == (1, True)
    assert [credit["amount"] for credit in booked["credits"]] == ["10000.00", "2000.00"]
    again = run("assess", "--period", "2026-04")
    assert (again["revision"], again["changed"]) == (1, False)
    assert run("verify") == {"intact": True, "findings": []}


def test_the_database_gives_the_same_answers_as_the_files(run: Json) -> None:
    run("import", ESTATE)
    run("record", FACTS)
    asked = ("--period", "2026-04")
    assert run("derive", *asked, "--explain") == run("derive", ESTATE, *asked, "--explain")
    assert run("trace", *asked) == run("trace", ESTATE, FACTS, *asked)


def test_an_export_imports_again_as_nothing_changed(run: Json, tmp_path: Path) -> None:
    run("import", ESTATE)
    file = tmp_path / "exported.json"
    file.write_text(json.dumps(run("export")), encoding="utf-8")
    assert run("import", str(file)) == {"revision": 1, "dryRun": False, "changes": []}


def test_a_dry_run_of_each_writes_nothing(run: Json) -> None:
    assert run("import", ESTATE, "--dry-run")["changes"]
    assert run("import", ESTATE)["revision"] == 1
    assert run("record", FACTS, "--dry-run")["accepted"] == 2
    assert run("record", FACTS)["accepted"] == 2
    assert run("assess", "--period", "2026-04", "--dry-run")["changed"]
    assert run("assess", "--period", "2026-04")["changed"]


def test_the_same_key_does_it_once_and_answers_the_same(run: Json) -> None:
    first = run("import", ESTATE, "--key", "k1")
    assert run("import", ESTATE, "--key", "k1") == first
    recorded = run("record", FACTS, "--key", "k2")
    assert run("record", FACTS, "--key", "k2") == recorded
    booked = run("assess", "--period", "2026-04", "--key", "k3")
    assert run("assess", "--period", "2026-04", "--key", "k3") == booked


def test_a_corrected_fact_books_a_further_revision_and_the_past_stays_known(
    run: Json, tmp_path: Path
) -> None:
    run("import", ESTATE)
    run("record", FACTS)
    before = run("assess", "--period", "2026-04")
    text = Path(FACTS).read_text(encoding="utf-8")
    shorter = text.replace("2026-04-01T11:00:00Z", "2026-04-01T10:20:00Z")
    assert shorter != text
    (tmp_path / "corrected.yaml").write_text(shorter, encoding="utf-8")
    assert run("record", str(tmp_path / "corrected.yaml"))["corrected"] == 1
    after = run("assess", "--period", "2026-04")
    assert (before["revision"], after["revision"]) == (1, 2)
    attained = {one["agreement"]: one["attained"] for one in after["assessments"]}
    # 20 minutes of hosting and 20 of the database, of 43,200
    assert attained["sla"] == pytest.approx(1 - 40 / 43200)


def test_a_withdrawn_fact_is_as_if_it_had_never_been_and_the_past_stays_known(
    run: Json, empty_url: str, tmp_path: Path
) -> None:
    run("import", ESTATE)
    run("record", FACTS)
    run("assess", "--period", "2026-04")
    with connect(empty_url) as store, store.read() as session:
        before = format_instant(audit_lines(session, Config.from_env({}).tenant)[-1].at)
    was = run("trace", "--period", "2026-04")
    words = ("withdraw", "outages", "o-2", "--reason", "a false alarm", "--by", "noc")
    dry = run(*words, "--dry-run")
    assert dry == {"withdrawn": 1, "repeated": 0, "dryRun": True}
    assert run(*words) == dry | {"dryRun": False}
    assert run(*words) == {"withdrawn": 0, "repeated": 1, "dryRun": False}
    (shown,) = run("withdrawn")["withdrawn"]
    assert shown.pop("at") > before
    assert shown == {
        "kind": "outages",
        "id": "o-2",
        "service": "hosting",
        "by": "noc",
        "reason": "a false alarm",
    }
    assert run("withdrawn", "--as-of", before) == {"withdrawn": []}
    # The same document without that outage, traced from the files.
    (line,) = (one for one in Path(FACTS).read_text("utf-8").splitlines() if "{id: o-2," in one)
    fewer = tmp_path / "fewer.yaml"
    fewer.write_text(Path(FACTS).read_text("utf-8").replace(line, ""), encoding="utf-8")
    assert run("trace", "--period", "2026-04") == run(
        "trace", ESTATE, str(fewer), "--period", "2026-04"
    )
    assert run("trace", "--period", "2026-04", "--as-of", before) == was
    after = run("assess", "--period", "2026-04")
    assert after["revision"] == 2
    assert {entry["reverses"] for entry in after["booked"]} >= {1}
    assert run("record", FACTS)["corrected"] == 0
    assert run("record", FACTS, "--revive")["revived"] == 1
    assert run("withdrawn") == {"withdrawn": []}
    assert run("trace", "--period", "2026-04") == was
    assert run("verify")["intact"]


def test_what_a_change_of_the_estate_begins_and_ends_is_dated(run: Json, tmp_path: Path) -> None:
    run("import", ESTATE)
    text = Path(ESTATE).read_text(encoding="utf-8")
    better = text.replace('target: "99.9%"', 'target: "99.8%"')
    assert better != text
    (tmp_path / "better.yaml").write_text(better, encoding="utf-8")
    changed = run("import", str(tmp_path / "better.yaml"), "--from", "2026-06-01")
    assert changed["changes"] == [{"list": "agreements", "id": "sla", "what": "changed"}]
    promised = {
        month: run("derive", "--period", month)["derivations"][0]["promised"]
        for month in ("2026-05", "2026-06")
    }
    assert promised == {"2026-05": 0.999, "2026-06": 0.998}


def test_a_change_as_of_long_ago_cannot_drop_a_version_that_has_begun_since(
    run: Json, tmp_path: Path
) -> None:
    run("import", ESTATE)
    text = Path(ESTATE).read_text(encoding="utf-8")
    for target in ("99.8%", "99.7%"):
        file = tmp_path / f"{target}.yaml"
        file.write_text(text.replace('target: "99.9%"', f'target: "{target}"'), encoding="utf-8")
    run("import", str(tmp_path / "99.8%.yaml"), "--from", "2024-06-01")
    refused = run("import", str(tmp_path / "99.7%.yaml"), "--from", "2024-03-01", status=2)
    assert [error["code"] for error in refused["errors"]] == ["CHANGED_HISTORY"]
    assert len(run("export")["agreements"]) == 3
    assert run("derive", "--period", "2024-07")["derivations"][0]["promised"] == 0.998


def test_a_pack_from_the_database_is_that_from_the_files(run: Json, tmp_path: Path) -> None:
    run("import", ESTATE)
    run("record", FACTS)
    words = ("--period", "2026-04", "--agreement", "sla", "--out")
    stored, filed = str(tmp_path / "stored.json"), str(tmp_path / "filed.html")
    found = run("pack", *words, stored)
    assert found["hash"] == run("pack", ESTATE, FACTS, *words, filed)["hash"]
    # Once it is assessed, claims are drafted: those that the files give too.
    run("assess", "--period", "2026-04")
    assert found["hash"] == run("pack", *words, stored)["hash"]
    for file in (stored, filed):
        assert run("verify", file) == {"intact": True, "hash": found["hash"], "disagreements": []}


def test_a_claim_is_moved_as_over_graphql_and_each_move_is_an_audit_line(
    run: Json, empty_url: str
) -> None:
    run("import", ESTATE)
    run("record", FACTS)
    run("assess", "--period", "2026-04")
    (drafted,) = run("claims")["claims"]
    assert (drafted["agreement"], drafted["state"], drafted["amount"]) == (
        "uc-hosting",
        "drafted",
        "2000.00",
    )

    def move(*words: str, status: int = 0) -> Any:
        named = ("uc-hosting/availability", words[0], "--period", "2026-04")
        return run("move-claim", *named, *words[1:], status=status)

    submit = ("submit", "--by", "us", "--at", "2026-05-02")
    dry = move(*submit, "--tag", drafted["tag"], "--dry-run")
    assert (dry["dryRun"], dry["claim"]["state"]) == (True, "submitted")
    assert run("claims")["claims"] == [drafted]
    done = move(*submit, "--tag", drafted["tag"], "--key", "k")
    assert done == dry | {"dryRun": False} == move(*submit, "--tag", drafted["tag"], "--key", "k")
    assert run("claims")["claims"] == [done["claim"]]
    for words, code in (
        (submit, "ILLEGAL_MOVE"),
        (("forget", "--by", "cloud-x"), "UNKNOWN_MOVE"),
        (("accept", "--by", "us"), "NOT_ENTITLED"),
        (("reject", "--by", "cloud-x"), "NO_REASON"),
        (("accept", "--by", "cloud-x", "--accepted", "2000.01"), "OUT_OF_RANGE"),
        (("accept", "--by", "cloud-x", "--accepted", "0.001"), "BAD_MONEY"),
        (("accept", "--by", "cloud-x", "--tag", drafted["tag"]), "STALE_VERSION"),
        (("accept", "--by", "cloud-x", "--at", "2026-05-01"), "CHANGED_HISTORY"),
        (("accept", "--by", "cloud-x", "--service", "other"), "UNKNOWN_REFERENCE"),
    ):
        (error,) = move(*words, status=2)["errors"]
        assert error["code"] == code
    granted = move("accept", "--by", "cloud-x", "--accepted", "500.00", "--reason", "as measured")
    assert (granted["claim"]["state"], granted["claim"]["accepted"]) == ("accepted", "500.00")
    (exposure,) = run("assess", "--period", "2026-04")["exposures"]
    assert exposure["recovered"] == "500.00"
    with connect(empty_url) as store, store.read() as session:
        tenant = Config.from_env({}).tenant
        told = [line.action for line in audit_lines(session, tenant)]
    assert told[-4:] == ["assess_period", "move_claim", "move_claim", "assess_period"]


def test_what_has_passed_its_deadline_at_the_moment_asked_is_not_receivable(
    run: Json, tmp_path: Path
) -> None:
    """Whatever day it is: the claim may be made for twenty years."""
    text = Path(ESTATE).read_text(encoding="utf-8")
    limited = text.replace("{id: uc-hosting,", "{id: uc-hosting, claims: {within: 7300d},")
    assert limited != text
    (tmp_path / "limited.yaml").write_text(limited, encoding="utf-8")
    run("import", str(tmp_path / "limited.yaml"))
    run("record", FACTS)
    run("assess", "--period", "2026-04")

    def receivable(*when: str) -> list[str]:
        card = run("scorecard", "--period", "2026-04", *when)
        (found,) = (one["sums"] for one in card["scores"] if one["subject"] == "cloud-x")
        return [one["receivable"] for one in found]

    def state(*when: str) -> str:
        (claim,) = run("claims", *when)["claims"]
        return str(claim["state"])

    # 20 years of 365 days after the end of April 2026.
    last, later = ("--at", "2046-04-26T00:00:00Z"), ("--at", "2046-04-26T00:00:01Z")
    assert receivable() == receivable(*last) == ["2000.00"]
    assert receivable(*later) == []
    assert [state(), state(*last), state(*later)] == ["drafted", "drafted", "lapsed"]
    # A move that is recorded late is held against the claim on record, lapsed by now or not.
    tags = {run("claims", *when)["claims"][0]["tag"] for when in ((), last, later)}
    assert len(tags) == 1
    recovered = [
        run("trace", "--period", "2026-04", "--as-of", when)["exposures"][0]["recovered"]
        for _, when in (last, later)
    ]
    assert recovered == ["2000.00", "0.00"]


def test_what_waits_for_leave_stands_beside_the_sums_it_is_not_in(
    run: Json, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Closed books say 10,000.00 and 2,000.00; by what is known since nothing is due."""
    run("import", ESTATE)
    run("record", FACTS)
    run("assess", "--period", "2026-04")
    run("close-books", "2026-06-01")
    text = Path(FACTS).read_text(encoding="utf-8")
    corrected = text.replace("T11:00:00Z", "T10:01:00Z")
    (tmp_path / "facts.yaml").write_text(corrected, encoding="utf-8")
    assert run("record", str(tmp_path / "facts.yaml"))["corrected"] >= 1
    assert len(run("assess", "--period", "2026-04")["waiting"]) == 2

    def waits(by: str) -> list[tuple[str, str, Any]]:
        card = run("scorecard", "--period", "2026-04", "--by", by)
        assert card["totals"] == []
        return [
            (one["agreement"], one["booked"]["amount"], one["wanted"]) for one in card["waiting"]
        ]

    sla, uc = ("sla", "10000.00", None), ("uc-hosting", "2000.00", None)
    assert waits("customer") == [sla]
    assert waits("supplier") == [uc]
    assert waits("service") == [sla, uc]
    assert waits("team") == []
    assert main(["scorecard", "--period", "2026-04", "--by", "supplier"]) == 0
    shown = capsys.readouterr().out
    assert "not yet those of the ledger" in shown
    assert "2000.00 EUR is booked, nothing is due" in " ".join(shown.split())
    # The statement goes by the books, and says what they ought to be.
    found = run("statement", "--period", "2026-04")["statements"]
    assert [(one["agreement"], one["payable"], one["pending"]) for one in found] == [
        ("sla", "90000.00", "0.00"),
        ("uc-hosting", "20000.00", "2000.00"),
    ]
    for one in found:
        assert one["lines"][0]["items"][0]["waits"] == {"amount": "0.00", "currency": "EUR"}
    assert main(["statement", "--period", "2026-04", "--items"]) == 0
    assert "Waits for leave" in capsys.readouterr().out
    run("restate", "--reason", "the probe was wrong")
    assert waits("service") == []
    found = run("statement", "--period", "2026-04")["statements"]
    assert [(one["payable"], one["pending"]) for one in found] == [
        ("100000.00", "0.00"),
        ("20000.00", "0.00"),
    ]
    assert main(["statement", "--period", "2026-04"]) == 0
    assert "0.00 EUR, which was 10000.00 EUR" in " ".join(capsys.readouterr().out.split())


def test_a_statement_is_of_an_estate_and_of_a_span_at_an_instant(run: Json) -> None:
    (error,) = run("statement", "--period", "2026-04", status=2)["errors"]
    assert error["code"] == "NO_ESTATE"
    run("import", ESTATE)
    run("record", FACTS)
    run("assess", "--period", "2026-04")
    may = run("statement", "--period", "2026-05", "--agreement", "sla")["statements"]
    assert [(one["payable"], one["lines"][0]["assessed"]) for one in may] == [("100000.00", False)]
    (error,) = run("statement", "--period", "2026-04", "--at", "2020-01-01", status=2)["errors"]
    assert error["code"] == "NO_ESTATE"
    (error,) = run("statement", "--period", "2026-04", "--claims", "x", status=2)["errors"]
    assert error["code"] == "USAGE"
