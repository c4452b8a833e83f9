"""Where Alembic starts: `orchestrator migrate` hands over its connection; a developer's
`alembic -c migrations/alembic.ini` opens the database of the environment."""

from __future__ import annotations

import os
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, make_url
from sqlmodel.sql.sqltypes import AutoString

from orchestrator.config import Config
from orchestrator.store.database import connect
from orchestrator.store.tables import Row


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """SQLModel's own text type is a plain String; a revision need not import SQLModel for it."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    url = Config.from_env(os.environ).database_url
    if context.is_offline_mode():
        dialect = make_url(url).get_backend_name()
        context.configure(dialect_name=dialect, target_metadata=Row.metadata, literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        migrate(given)
        return
    with connect(url) as database, database.writer.begin() as connection:
        migrate(connection)


main()
