"""What is refused leaves the database as it was, on both: documents, and commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import MetaData, select

from orchestrator.cli import main
from orchestrator.store.database import connect
from tests.unit.test_malformed_documents import ESTATES, FACTS_CASES

GOLDEN = Path(__file__).parent.parent / "golden" / "documents"
EXAMPLE = GOLDEN / "what-is-owed-is-recovered-by-the-suppliers-own-fee-and-tier"

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command against a database that holds an estate, facts and a booked period."""
    monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", url)

    def command(*words: str) -> tuple[int, str]:
        status = main([str(word) for word in words])
        return status, capsys.readouterr().out

    assert command("import", str(EXAMPLE / "estate.yaml"), "--key", "first")[0] == 0
    assert command("record", str(EXAMPLE / "facts.yaml"))[0] == 0
    assert command("assess", "--period", "2026-04")[0] == 0
    return command


def contents(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with connect(url) as database:
        tables = MetaData()
        tables.reflect(database.engine)
        with database.read() as session:
            return {
                table.name: sorted(tuple(row) for row in session.execute(select(table)))
                for table in tables.sorted_tables
            }


def test_no_malformed_document_changes_the_database(run: Run, url: str, tmp_path: Path) -> None:
    before = contents(url)
    assert len(before["audit"]) == 3
    cases = [("import", case) for case in ESTATES] + [("record", case) for case in FACTS_CASES]
    for command, case in cases:
        file = tmp_path / "document"
        text = case.text
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        status, printed = run(command, file, "--json")
        errors = json.loads(printed)["errors"]
        assert status == 2, case.name
        assert any(
            (error["code"], error["line"], error["path"]) == (case.code, case.line, case.path)
            and error["file"] == str(file)
            for error in errors
        ), (case.name, errors)
    assert contents(url) == before


@dataclass(frozen=True)
class Command:
    """A command that is refused, and the code it is refused with."""

    name: str
    words: str
    code: str


COMMANDS = [
    Command("no such command", "frobnicate", "USAGE"),
    Command("no such option", "derive --colour red --period 2026", "USAGE"),
    Command("a period left out", "derive {estate}", "USAGE"),
    Command("a period that is none", "derive {estate} --period soon", "BAD_PERIOD"),
    Command("a thirteenth month", "derive {estate} --period 2026-13", "BAD_PERIOD"),
    Command("a fifth quarter", "derive {estate} --period 2026-Q5", "BAD_PERIOD"),
    Command(
        "a period that ends before it starts",
        "derive {estate} --period 2026-05-01/2026-04-01",
        "END_BEFORE_START",
    ),
    Command(
        "an instant without zone", "trace --period 2026 --as-of 2026-04-01T10:00", "BAD_INSTANT"
    ),
    Command("a date that is none", "trace --period 2026 --as-of 2026-02-30", "BAD_DATE"),
    Command("a file that is not there", "check {folder}/nowhere.yaml", "UNREADABLE"),
    Command("a folder for a file", "check {folder}", "UNREADABLE"),
    Command("facts for an estate", "check {facts}", "BAD_KIND"),
    Command("an estate for facts", "record {estate}", "BAD_KIND"),
    Command("facts left out", "trace {estate} --period 2026-04", "USAGE"),
    Command(
        "an agreement that is not there",
        "derive {estate} --period 2026-04 --agreement c9",
        "UNKNOWN_REFERENCE",
    ),
    Command("cuts of no order", "derive {estate} --period 2026-04 --cuts 0", "USAGE"),
    Command("nothing to record", "record", "USAGE"),
    Command("a document and a table", "record {facts} --csv {facts} --map {facts}", "USAGE"),
    Command("a table without a map", "record --csv {facts}", "USAGE"),
    Command("a kind of fact that is none", "withdraw outage o-1 --reason false", "UNKNOWN_KIND"),
    Command("a fact never recorded", "withdraw outages o-9 --reason x", "UNKNOWN_REFERENCE"),
    Command("a withdrawal without a reason", "withdraw outages o-1", "USAGE"),
    Command("nothing to withdraw", "withdraw outages --reason false", "USAGE"),
    Command("a changed estate without a date", "import {other}", "FROM_REQUIRED"),
    Command("changed history", "import {changed} --from 2026-02-01", "CHANGED_HISTORY"),
    Command(
        "a key used for another request",
        "import {other} --from 2026-06-01 --key first",
        "IDEMPOTENCY_CONFLICT",
    ),
    Command(
        "facts of unknown services, traced",
        "trace {estate} {strange} --period 2026-04",
        "UNKNOWN_REFERENCE",
    ),
    Command("an address that is none", "verify --database nonsense", "DATABASE_UNREACHABLE"),
    Command("a database of nobody", "verify --database mysql://host/name", "DATABASE_UNREACHABLE"),
    Command(
        "a server that is not there",
        "verify --database postgresql://nobody@127.0.0.1:1/none",
        "DATABASE_UNREACHABLE",
    ),
    Command(
        "a database without tables",
        "verify --database sqlite:///{folder}/fresh.db",
        "DATABASE_NOT_MIGRATED",
    ),
    Command("a bench that is none", "bench nothing", "UNKNOWN_BENCH"),
    Command("a port that is none", "serve --port 0", "USAGE"),
]


def documents(folder: Path) -> dict[str, str]:
    """What the commands name: documents by name, and the folder they lie in."""
    names = {"folder": str(folder)}
    for name in ("estate", "facts"):
        names[name] = str(EXAMPLE / f"{name}.yaml")
    text = (EXAMPLE / "estate.yaml").read_text(encoding="utf-8")
    texts = {
        "other": text.replace('"99.9%", credits', '"99.8%", credits'),
        "changed": text.replace(
            "customer: customer, covers: [service],",
            "customer: customer, covers: [service],\n     versions: [{version: 1, "
            "effective: {to: 2026-03-01}, timezone: Europe/Berlin}, "
            "{version: 2, effective: {from: 2026-03-01}}],",
        ),
        "strange": "apiVersion: orchestrator/v1\nkind: Facts\noutages:\n  - {id: o, service: moon, "
        "from: 2026-04-03T10:00:00Z, to: 2026-04-03T11:00:00Z}\n",
    }
    for name, body in texts.items():
        assert body != text
        names[name] = str(folder / f"{name}.yaml")
        Path(names[name]).write_text(body, encoding="utf-8")
    return names


def test_malformed_commands_are_refused_with_a_code_and_change_nothing(
    run: Run, url: str, tmp_path: Path
) -> None:
    names = documents(tmp_path)
    before = contents(url)
    for command in COMMANDS:
        status, printed = run(*command.words.format(**names).split(), "--json")
        errors = json.loads(printed)["errors"]
        assert status == 2, command.name
        assert [error["code"] for error in errors] == [command.code], command.name
        assert errors[0]["message"], command.name
        assert errors[0]["advice"], command.name
        assert contents(url) == before, command.name
