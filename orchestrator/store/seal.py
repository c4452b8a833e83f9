"""What a mutation wrote, sealed in its audit line: a hash over the rows that never change.

Facts and the books are appended to and never edited, so their rows can be held against the line
that recorded them for ever. What follows from them (assessments, breaches, claims) is not sealed:
it can be computed again.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from orchestrator.model.values import Instant
from orchestrator.store.mapper import FACT_COLUMNS
from orchestrator.store.tables import (
    ENTRY,
    ApprovalRow,
    ClosingRow,
    EntryRow,
    FactRow,
    LineRow,
    table_of,
)

_ENTRY: Final = (*ENTRY, "revision")
SEALED: Final[dict[Table, tuple[str, ...]]] = {
    table_of(FactRow): FACT_COLUMNS,
    table_of(EntryRow): (*_ENTRY, "reverses", "due", "approval", "content"),
    table_of(LineRow): (*_ENTRY, "position", "party", "account", "amount", "currency"),
    table_of(ApprovalRow): ("number", "by", "reason", "granted"),
    table_of(ClosingRow): ("until", "by"),
}
"""The tables whose rows are sealed, and what of them: a column that is added later is not."""

_WRITTEN: Final = "written"


def note(session: Session, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Note the rows that a mutation appends to a sealed table, by the columns of `SEALED`."""
    written = session.info.setdefault(_WRITTEN, {})
    written.setdefault(table.name, []).extend(map(_digest, rows))


def note_recorded(session: Session, table: Table, tenant: str, at: Instant) -> None:
    """As `note`, for rows that the database made itself and that were recorded at an instant."""
    note(session, table, session.execute(_rows(table, tenant).where(table.c.recorded_at == at)))


def seal(session: Session) -> str:
    """The seal over all that was noted; "" for nothing. What was noted is forgotten."""
    written: dict[str, list[bytes]] = session.info.pop(_WRITTEN, {})
    return _joined({name: _of_table(digests) for name, digests in written.items() if digests})


def seals(session: Session, tenant: str) -> dict[Instant, str]:
    """The seals over what stands in the database, by when it was recorded."""
    found: dict[Instant, dict[str, bytes]] = {}
    for table in SEALED:
        query = _rows(table, tenant).add_columns(table.c.recorded_at).order_by(table.c.recorded_at)
        rows = session.execute(query, execution_options={"yield_per": 1000})
        for at, together in itertools.groupby(rows, key=lambda row: row[-1]):
            of_table = _of_table([_digest(row[:-1]) for row in together])
            found.setdefault(at, {})[table.name] = of_table
    return {at: _joined(by_table) for at, by_table in found.items()}


def _rows(table: Table, tenant: str) -> Select[Any]:
    return select(*(table.c[name] for name in SEALED[table])).where(table.c.tenant_id == tenant)


def _digest(row: Sequence[Any]) -> bytes:
    return hashlib.sha256(orjson.dumps(list(row))).digest()


def _of_table(digests: list[bytes]) -> bytes:
    """Rows have no order of their own."""
    return hashlib.sha256(b"".join(sorted(digests))).digest()


def _joined(by_table: dict[str, bytes]) -> str:
    if not by_table:
        return ""
    parts = (name.encode() + digest for name, digest in sorted(by_table.items()))
    return hashlib.sha256(b"".join(parts)).hexdigest()
