"""The same migrations on both databases, in step with the tables."""

from __future__ import annotations

import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

import orchestrator
from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import Term
from orchestrator.model.estate import Metadata
from orchestrator.model.metrics import Within
from orchestrator.model.provisions import Provisions
from orchestrator.model.services import Needs, Service
from orchestrator.model.values import DAWN, FOREVER
from orchestrator.store import database as module
from orchestrator.store.database import (
    alembic_config,
    check,
    connect,
    current_revision,
    head_revision,
    is_current,
    upgrade,
)
from orchestrator.store.read import load_estate
from orchestrator.store.tables import Row


def codes(error: pytest.ExceptionInfo[OrchestratorError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def test_upgrading_makes_every_table_and_nothing_is_left_to_do(empty_url: str) -> None:
    assert upgrade(empty_url) == head_revision()
    with connect(empty_url) as database:
        check(database)
        assert is_current(database)
        with database.engine.connect() as connection:
            tables = set(inspect(connection).get_table_names())
            assert tables == {*Row.metadata.tables, "alembic_version"}
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, Row.metadata) == []
        with database.writer.begin() as connection:
            command.check(alembic_config(connection))


def test_upgrading_again_changes_nothing(url: str) -> None:
    assert upgrade(url) == head_revision()


def test_downgrading_removes_every_table_and_upgrading_brings_them_back(url: str) -> None:
    with connect(url) as database:
        with database.writer.begin() as connection:
            command.downgrade(alembic_config(connection), "base")
        with database.engine.connect() as connection:
            assert inspect(connection).get_table_names() == ["alembic_version"]
        assert current_revision(database) is None
    upgrade(url)
    with connect(url) as database:
        check(database)


def test_the_sql_of_the_migrations_can_be_printed_for_an_administrator(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", url)
    command.upgrade(alembic_config(), "head", sql=True)
    assert "CREATE TABLE fact" in capsys.readouterr().out


def test_a_database_without_tables_says_how_to_make_them(empty_url: str, tmp_path: Path) -> None:
    with connect(empty_url) as database:
        assert current_revision(database) is None
        with pytest.raises(OrchestratorError) as error:
            check(database)
        assert codes(error) == ["DATABASE_NOT_MIGRATED"]
        assert "orchestrator migrate" in error.value.problems[0].advice
        with pytest.raises(OrchestratorError) as error, database.read() as session:
            session.execute(text("SELECT * FROM audit"))
        assert codes(error) == ["DATABASE_NOT_MIGRATED"]


def test_looking_for_a_sqlite_database_does_not_make_one(tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path / 'none.db'}") as database:
        assert not is_current(database)
    assert not list(tmp_path.iterdir())


def test_a_database_of_a_newer_release_is_left_alone(url: str) -> None:
    with connect(url) as database:
        with database.write() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(OrchestratorError) as error:
            check(database)
        assert codes(error) == ["DATABASE_NEWER"]
    with pytest.raises(OrchestratorError) as error:
        upgrade(url)
    assert codes(error) == ["DATABASE_NEWER"]


def test_a_database_of_an_earlier_release_is_to_be_migrated(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "head_revision", lambda: "9998")
    with connect(url) as database, pytest.raises(OrchestratorError) as error:
        check(database)
    assert codes(error) == ["DATABASE_NOT_MIGRATED"]


def test_a_new_migration_needs_no_import_of_sqlmodel(empty_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(module.migrations(), folder)
    shutil.rmtree(folder / "versions")
    (folder / "versions").mkdir()
    with connect(empty_url) as database, database.writer.begin() as connection:
        config = alembic_config(connection)
        config.set_main_option("script_location", str(folder))
        command.revision(config, "everything", autogenerate=True, rev_id="test")
    (script,) = (folder / "versions").glob("*.py")
    written = script.read_text()
    assert "sqlmodel" not in written
    assert "sa.Column('action', sa.String(), nullable=False)" in written
    compile(written, script, "exec")


def test_developers_can_use_alembic_itself(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ini = module.migrations() / "alembic.ini"
    monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", empty_url)
    for arguments in (["upgrade", "head"], ["check"], ["downgrade", "base"]):
        done = subprocess.run(
            [sys.executable, "-m", "alembic", "-c", str(ini), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_what_an_older_release_recorded_is_read_as_it_was(empty_url: str) -> None:
    """A service and a term as the first release wrote them."""
    with connect(empty_url) as database, database.writer.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
        known = {"tenant_id": "t", "recorded_at": 1, "superseded_at": FOREVER}
        lasting = known | {"valid_from": DAWN, "valid_to": FOREVER}
        rows = {
            "estate_revision": known
            | {"revision": 1, "name": "", "home": "[]", "currency": "EUR", "timezone": "UTC"},
            "service": lasting
            | {"id": "s", "name": "S", "owner": "", "own": True,
               "requires": '{"is":"Needs","service":"r"}'},
            "agreement_version": lasting
            | {"agreement": "c", "number": 1, "kind": "UC", "provider": "a", "customer": "b",
               "covers": '[{"scope":"whole","service":"s"}]', "terms": FIRST_TERMS, "name": "",
               "roles": "[]", "jointly": False, "period": "{}", "timezone": "UTC", "fee": None,
               "negotiability": "fixed", "state": "in_force", "acceptances": "[]",
               "allowances": "[]", "exclusions": "[]", "policies": "{}", "claims": None,
               "caps": "[]"},
        }  # fmt: skip
        for table, row in rows.items():
            values = row | {"kept": "[]"}
            names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)
    upgrade(empty_url)
    with connect(empty_url) as database, database.read() as session:
        estate = load_estate(session, "t")
    assert estate.services["s"][0].value == Service("s", "S", requires=Needs("r"))
    assert estate.agreements["c"][0].terms == (
        Term("a", "availability", Fraction(99, 100), "credit_backed"),
        Term("r", "response_time", Within(Fraction(9, 10), 5), "goal"),
    )
    assert estate.agreements["c"][0].provisions == Provisions()
    assert estate.metadata == Metadata()


FIRST_TERMS = (
    '[{"id":"a","metric":"availability","strength":"credit_backed","target":"99/100"},'
    '{"id":"r","metric":"response_time","strength":"goal",'
    '"target":{"duration":5,"share":"9/10"}}]'
)


def test_the_migrations_are_found_beside_the_package() -> None:
    assert module.migrations() == Path(orchestrator.__file__).parents[1] / "migrations"


def test_two_may_migrate_at_once(empty_url: str) -> None:
    migrate = "import sys; from orchestrator.store.database import upgrade; upgrade(sys.argv[1])"
    both = [
        subprocess.Popen([sys.executable, "-c", migrate, empty_url], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [one.communicate(timeout=60)[1].decode() for one in both]
    assert [one.returncode for one in both] == [0, 0], said
