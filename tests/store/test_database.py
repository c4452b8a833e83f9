"""Connections, transactions, and what users are told when a database cannot be used."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from orchestrator.config import Config
from orchestrator.errors import OrchestratorError
from orchestrator.store import database as module
from orchestrator.store.cache import Cache
from orchestrator.store.database import Database, check, connect, upgrade

COUNT = text("SELECT count(*) FROM audit_head")
ADD = text("INSERT INTO audit_head (tenant_id, seq, at, hash) VALUES (:tenant, 0, 0, '')")


def codes(error: pytest.ExceptionInfo[OrchestratorError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def test_settings_come_from_the_environment() -> None:
    assert Config.from_env({}) == Config("sqlite:///orchestrator.db", "default", "127.0.0.1", 8000)
    assert Config.from_env(
        {
            "ORCHESTRATOR_DATABASE_URL": "postgresql://me@db/x",
            "ORCHESTRATOR_TENANT": "acme",
            "ORCHESTRATOR_HOST": "::",
            "ORCHESTRATOR_PORT": "80",
            "ORCHESTRATOR_KEYS": "keys.txt",
        }
    ) == Config("postgresql+psycopg://me@db/x", "acme", "::", 80, "keys.txt")
    assert Config.from_env({"ORCHESTRATOR_TENANT": " "}).tenant == "default"


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "٣"])
def test_a_port_is_a_number(port: str) -> None:
    with pytest.raises(OrchestratorError, match="ORCHESTRATOR_PORT"):
        Config.from_env({"ORCHESTRATOR_PORT": port})


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://localhost/x",
        "sqlite:////proc/no/such/folder/x.db",
        "postgresql://nobody:secret@127.0.0.1:1/x",
    ],
)
def test_a_database_out_of_reach_is_named_without_its_password(url: str) -> None:
    with pytest.raises(OrchestratorError) as error:
        upgrade(url)
    assert codes(error) == ["DATABASE_UNREACHABLE"]
    assert "secret" not in str(error.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "text.db"
    file.write_text("not a database at all, but a text of some length" * 50)
    with connect(f"sqlite:///{file}") as database, pytest.raises(OrchestratorError) as error:
        check(database)
    assert codes(error) == ["DATABASE_UNREACHABLE"]


def test_an_acknowledged_commit_is_on_the_disk(database: Database) -> None:
    with database.write() as session:
        if database.engine.dialect.name == "sqlite":
            settings = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}
            for name, wanted in settings.items():
                assert session.execute(text(f"PRAGMA {name}")).scalar() == wanted
        else:
            assert session.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_a_server_that_would_not_wait_for_its_disk_is_made_to(postgres_url: str) -> None:
    with connect(postgres_url) as database, database.write() as session:
        name = session.execute(text("SELECT current_database()")).scalar()
        session.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    with connect(postgres_url) as database, database.write() as session:
        assert session.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_a_reader_sees_one_state_however_long_it_reads(database: Database) -> None:
    with database.read() as reader:
        assert reader.execute(COUNT).scalar() == 0
        with database.write() as writer:
            writer.execute(ADD, {"tenant": "a"})
        assert reader.execute(COUNT).scalar() == 0
    with database.read() as reader:
        assert reader.execute(COUNT).scalar() == 1


def test_a_reader_of_postgresql_cannot_write(postgres_url: str) -> None:
    with (
        connect(postgres_url) as database,
        pytest.raises(DBAPIError),
        database.read() as session,
    ):
        session.execute(ADD, {"tenant": "a"})


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.execute(ADD, {"tenant": "a"})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.read() as session:
        assert session.execute(COUNT).scalar() == 0


def test_a_writer_that_waits_too_long_is_told_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(url) as database:
        with database.write() as session:
            session.execute(ADD, {"tenant": "a"})
        monkeypatch.setattr(module, "_SQLITE", ("busy_timeout=50",))
        monkeypatch.setattr(
            module, "_POSTGRESQL", ("SELECT set_config('lock_timeout', '50ms', false)",)
        )
        taken = text("UPDATE audit_head SET seq = 1")
        with connect(url) as impatient, database.write() as session:
            session.execute(taken)
            with pytest.raises(OrchestratorError) as error, impatient.write() as other:
                other.execute(taken)
        assert codes(error) == ["DATABASE_BUSY"]


class Cursor:
    """One that is refused for a while."""

    def __init__(self, *said: str) -> None:
        self.said = list(said)

    def execute(self, _statement: str) -> None:
        if self.said:
            raise sqlite3.OperationalError(self.said.pop(0))


def test_two_who_make_a_file_at_once_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    module._write_ahead(Cursor("database is locked", "database is locked"))
    assert len(waits) == 2
    with pytest.raises(sqlite3.OperationalError, match="disk"):
        module._write_ahead(Cursor("disk I/O error"))
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        module._write_ahead(Cursor(*["database is locked"] * 10_000))
    assert sum(waits) <= module.WAIT_SECONDS + 1


def test_a_cache_is_bounded_and_forgets_what_was_used_least() -> None:
    cache, made = Cache(2), []

    def get(key: str) -> str:
        return str(cache.get(key, lambda: made.append(key) or key.upper()))

    assert [get(key) for key in "abacab"] == list("ABACAB")
    assert made == list("abcb")
    assert len(cache) == 2


def test_threads_that_ask_for_one_value_make_it_once() -> None:
    cache, made = Cache(4), []
    ready = threading.Barrier(4)

    def make() -> int:
        made.append(1)
        return 42

    def ask() -> None:
        ready.wait()
        assert cache.get("key", make) == 42

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_a_value_that_could_not_be_made_is_made_the_next_time() -> None:
    cache = Cache(1)
    with pytest.raises(ZeroDivisionError):
        cache.get("key", lambda: 1 / 0)
    assert cache.get("key", lambda: 42) == 42


def test_a_value_that_is_taken_is_kept_no_longer_until_it_is_put_back() -> None:
    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.take("a") == 1
    assert cache.take("a") is None
    cache.put("b", 3)
    cache.put("a", 1)
    cache.put("c", 4)
    assert [cache.take(key) for key in "bac"] == [None, 1, 4]
