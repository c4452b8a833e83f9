"""A database: its connections and transactions, and the migrations that make it ready.

SQLite and PostgreSQL serve alike. A reader sees one state of the database for as long as its
session lasts; a writer sees what is committed, and writers of one tenant queue (`audit.take`). What
a writer has been told is committed survives a crash: SQLite waits for the disk at each commit
(`synchronous=FULL`), and PostgreSQL is never left with `synchronous_commit` off.
"""

from __future__ import annotations

import importlib.util
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import psycopg
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from orchestrator.config import driver_url
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.store.cache import Cache

WAIT_SECONDS: Final = 30
"""How long a writer waits for another before it gives up."""

_ESTATES_KEPT: Final = 8
_SETTLINGS_KEPT: Final = 4
_RETRY_SECONDS: Final = 0.05
_SQLITE: Final = (
    f"busy_timeout={WAIT_SECONDS * 1000}",
    "synchronous=FULL",
    "foreign_keys=ON",
)
_POSTGRESQL: Final = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'",
    f"SELECT set_config('lock_timeout', '{WAIT_SECONDS}s', false)",
)
_MIGRATING: Final = 0x0C0FFEE
"""The advisory lock of whoever migrates a PostgreSQL database."""


@dataclass(frozen=True, slots=True, eq=False)
class Database:
    """One database, the estates already read from it, and what was found out of them to assess
    (`actions.settling`). Shared between threads."""

    engine: Engine
    reader: Engine
    writer: Engine
    estates: Cache = field(default_factory=lambda: Cache(_ESTATES_KEPT))
    settlings: Cache = field(default_factory=lambda: Cache(_SETTLINGS_KEPT))

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads, all of it one state of the database."""
        with coded_errors(self.engine), self._session(self.reader) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one transaction, committed at the end unless it was rolled back."""
        with coded_errors(self.engine), self._session(self.writer) as session:
            yield session
            session.commit()

    def _session(self, engine: Engine) -> Session:
        return Session(
            engine, autoflush=False, info={"estates": self.estates, "settlings": self.settlings}
        )

    def close(self) -> None:
        """Close all connections that are not in use."""
        self.engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(url: str) -> Database:
    """The database at an address. Nothing is read yet: see `check`."""
    try:
        target = make_url(driver_url(url))
        if target.get_backend_name() not in ("sqlite", "postgresql"):
            raise NoSuchModuleError(target.drivername)
        engine = create_engine(target, pool_pre_ping=target.get_backend_name() == "postgresql")
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise refuse(
            "DATABASE_UNREACHABLE",
            "the address is not one of a SQLite or PostgreSQL database",
            "set ORCHESTRATOR_DATABASE_URL, as sqlite:///orchestrator.db "
            "or postgresql://user:password@host/name",
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return Database(engine, engine, engine.execution_options(writes=True))
    event.listen(engine, "connect", _prepare_postgresql)
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(engine, snapshot, engine.execution_options(isolation_level="READ COMMITTED"))


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing: `_begin_sqlite` does
    cursor = connection.cursor()
    for pragma in _SQLITE:
        cursor.execute(f"PRAGMA {pragma}")
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: DBAPICursor) -> None:
    """Turn the write-ahead log on. The file keeps it, so this does something only once; but while
    two processes both make the file, SQLite does not wait here, so we do."""
    for remaining in reversed(range(int(WAIT_SECONDS / _RETRY_SECONDS))):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not remaining or "locked" not in str(error):
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _prepare_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for statement in _POSTGRESQL:
        cursor.execute(statement)
    cursor.close()
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: one that reads first could no longer get it later."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def coded_errors(engine: Engine) -> Iterator[None]:
    """What a database has to say, as errors for users."""
    try:
        yield
    except PoolTimeoutError as error:
        raise _busy() from error
    except (DBAPIError, psycopg.Error) as error:
        coded = _coded(error.orig if isinstance(error, DBAPIError) else error, engine)
        if coded is None:
            raise
        raise coded from error


def _coded(error: BaseException | None, engine: Engine) -> OrchestratorError | None:
    said = str(error).strip()
    state = getattr(error, "sqlstate", None) or ""
    if state == "42P01" or "no such table" in said:
        return _not_migrated()
    if state == "55P03" or "database is locked" in said:
        return _busy()
    unreachable = ("unable to open", "not a database", "readonly database", "disk is full")
    if (
        state[:2] in ("08", "28", "3D", "53", "57")
        or (isinstance(error, psycopg.OperationalError) and not state)  # there was no answer
        or any(sign in said for sign in unreachable)
    ):
        return refuse(
            "DATABASE_UNREACHABLE",
            f"the database {engine.url.render_as_string()} cannot be used: {said}",
            "check ORCHESTRATOR_DATABASE_URL, and that the database runs",
        )
    return None


def _busy() -> OrchestratorError:
    return refuse(
        "DATABASE_BUSY",
        f"others have held the database for more than {WAIT_SECONDS} seconds",
        "try again; with many writers at once, use PostgreSQL",
    )


def _not_migrated() -> OrchestratorError:
    return refuse(
        "DATABASE_NOT_MIGRATED",
        "the database has no tables yet, or those of an earlier release",
        "run `orchestrator migrate`",
    )


# ---- migrations ----


def migrations() -> Path:
    """The folder of the migrations: inside the package once installed, else beside it."""
    try:
        spec = importlib.util.find_spec("orchestrator._migrations")
    except ModuleNotFoundError:  # pragma: no cover - `orchestrator` itself is always there
        spec = None
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(__file__).parents[2] / "migrations"


def alembic_config(connection: Connection | None = None) -> AlembicConfig:
    """Alembic's settings, made here: no file of it is needed."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(url: str) -> str:
    """Bring a database, which is made where there is none, to the newest revision; its name."""
    with (
        connect(url) as database,
        coded_errors(database.engine),
        database.writer.begin() as connection,
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
        _refuse_newer(connection)
        command.upgrade(alembic_config(connection), "head")
    return head_revision()


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def head_revision() -> str:
    """The newest revision this release knows."""
    head = _scripts().get_current_head()
    assert head, "there are no migrations"
    return head


def current_revision(database: Database) -> str | None:
    """The revision a database is at; None where it has not been migrated at all."""
    file = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and file and not Path(file).exists():
        return None  # to look would make it
    with coded_errors(database.engine), database.reader.begin() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(database: Database) -> bool:
    """Whether a database has the tables of this release."""
    return current_revision(database) == head_revision()


def check(database: Database) -> None:
    """Refuse a database that cannot be reached or is not at this release's revision."""
    current = current_revision(database)
    if current is None:
        raise _not_migrated()
    if current != head_revision():
        _refuse_unknown(current)
        raise _not_migrated()


def _refuse_newer(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None:
        _refuse_unknown(current)


def _refuse_unknown(revision: str) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision not in known:
        raise refuse(
            "DATABASE_NEWER",
            f"the database is at revision {revision}, which this release does not know",
            "run the release that migrated it, or a newer one",
        )
