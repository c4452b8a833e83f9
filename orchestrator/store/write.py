"""Writing: only what differs, in bulk, and never over what is there.

The caller holds the tenant's audit head (`audit.take`) and records at the instant it gave, so what
was read in the transaction still stands when it writes. A row that no longer holds is superseded
and another appended.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from psycopg import sql
from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    exists,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from orchestrator.model.agreements import Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.estate import TIMELINES, Estate, Metadata
from orchestrator.model.parties import Party
from orchestrator.model.records import FACT_KINDS, Facts, Verdict, Withdrawal
from orchestrator.model.services import Service
from orchestrator.model.values import FOREVER, AskedPeriod, Instant
from orchestrator.store.mapper import (
    FACT_COLUMNS,
    TABLES,
    fact_row,
    mapping,
    withdrawn,
    withdrawn_row,
)
from orchestrator.store.read import RESULTS, Run, latest_run, order_of, period_key, revision
from orchestrator.store.seal import note_recorded
from orchestrator.store.tables import ID, FactRow, RunRow, table_of

CHUNK: Final = 10_000
"""The most rows that one statement takes."""

Values = tuple[Any, ...]

_FACT: Final = table_of(FactRow)
_RUN: Final = table_of(RunRow)


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows of one table that change together: `columns` are what they differ in, `key` tells one
    from another, and `fixed` is what they all have."""

    table: Table
    columns: tuple[str, ...]
    key: tuple[str, ...]
    fixed: Mapping[str, Any]

    def keyed(self, rows: Iterable[Values]) -> dict[Hashable, Values]:
        """Rows by their keys, which no two may share."""
        places = [self.columns.index(name) for name in self.key]
        listed = list(rows)
        found: dict[Hashable, Values] = {
            tuple(row[place] for place in places): row for row in listed
        }
        assert len(found) == len(listed), f"two rows of {self.table.name} have one key"
        return found


def exchange(
    session: Session,
    kind: Kind,
    before: Iterable[Values],
    after: Iterable[Values],
    now: Instant,
    **added: object,
) -> bool:
    """Make `after` of what is `before`, from now on; whether anything had to be written. What is
    `added` is written with new rows only."""
    old, new = kind.keyed(before), kind.keyed(after)
    gone = [key for key, row in old.items() if new.get(key) != row]
    come = [row for key, row in new.items() if old.get(key) != row]
    supersede = (
        update(kind.table)
        .where(
            *(kind.table.c[name] == value for name, value in kind.fixed.items()),
            *(kind.table.c[name] == bindparam(f"key_{name}") for name in kind.key),
            kind.table.c.superseded_at == FOREVER,
        )
        .values(superseded_at=now)
    )
    names = [f"key_{name}" for name in kind.key]
    for chunk in chunks(gone):
        keys = [dict(zip(names, key, strict=True)) for key in chunk]
        count = session.connection().execute(supersede, keys).rowcount
        assert count == len(chunk), "somebody wrote without the audit head"
    fixed = {**kind.fixed, **added, "recorded_at": now, "superseded_at": FOREVER}
    columns, rest = (*kind.columns, *fixed), tuple(fixed.values())
    append(session, kind.table, columns, (row + rest for row in come))
    return bool(gone or come)


def append(
    session: Session, table: Table, columns: tuple[str, ...], rows: Iterable[Values]
) -> None:
    """Add rows: by COPY on PostgreSQL, by executemany on SQLite."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        for chunk in chunks(rows):
            values = [dict(zip(columns, row, strict=True)) for row in chunk]
            connection.execute(insert(table), values)
        return
    copy_in = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    driver: Any = connection.connection.driver_connection
    for chunk in chunks(rows):
        with driver.cursor() as cursor, cursor.copy(copy_in) as copy:
            for row in chunk:
                copy.write_row(row)


def chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Rows in lists that one statement can take."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


# ---- the estate ----

_CLASSES: Final[dict[str, type]] = {"calendars": Calendar, "parties": Party, "services": Service}


def save_estate(session: Session, tenant: str, old: Estate, new: Estate, now: Instant) -> int:
    """Record what differs between the estate a tenant has and the one it is to have, in canonical
    form both; the number of its revision, a new one if anything differs."""
    number = revision(session, tenant)
    changed = old.metadata != new.metadata or number == 0
    for table in TIMELINES:
        kind = _kind(tenant, _CLASSES[table], ("id", "valid_from"), "valid_from", "valid_to")
        before, after = getattr(old, table), getattr(new, table)
        differ = [id for id in {**before, **after} if before.get(id) != after.get(id)]
        changed |= exchange(
            session, kind, _timeline_rows(before, differ), _timeline_rows(after, differ), now
        )
    differ = [
        id
        for id in {**old.agreements, **new.agreements}
        if old.agreements.get(id) != new.agreements.get(id)
    ]
    changed |= exchange(
        session,
        _kind(tenant, Version, ("agreement", "number")),
        _version_rows(old, differ),
        _version_rows(new, differ),
        now,
    )
    if not changed:
        return number
    metadata = _kind(tenant, Metadata, ("revision",), "revision")
    exchange(
        session,
        metadata,
        [(*mapping(Metadata).parts(old.metadata), number)] if number else [],
        [(*mapping(Metadata).parts(new.metadata), number + 1)],
        now,
    )
    return number + 1


def _kind(tenant: str, cls: type, key: tuple[str, ...], *more: str) -> Kind:
    columns = (*mapping(cls).columns, *more)
    return Kind(table_of(TABLES[cls]), columns, key, {"tenant_id": tenant})


def _timeline_rows(timelines: Mapping[str, Any], ids: Iterable[str]) -> Iterator[Values]:
    for id in ids:
        for dated in timelines.get(id, ()):
            parts = mapping(type(dated.value)).parts(dated.value)
            yield (*parts, dated.span.start, dated.span.end)


def _version_rows(estate: Estate, ids: Iterable[str]) -> Iterator[Values]:
    for id in ids:
        yield from map(mapping(Version).parts, estate.agreements.get(id, ()))


# ---- facts ----


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of facts: new ones, ones known already, and ones that correct what was known,
    `revived` of which had been withdrawn."""

    accepted: int = 0
    repeated: int = 0
    corrected: int = 0
    revived: int = 0


_BATCH: Final = Table(
    "fact_batch",
    MetaData(),
    *(
        Column(
            name, {"valid_from": BigInteger, "valid_to": BigInteger, "content": Text}.get(name, ID)
        )
        for name in FACT_COLUMNS
    ),
    prefixes=["TEMPORARY"],
)


def save_facts(
    session: Session, tenant: str, facts: Facts, now: Instant, *, revive: bool = False
) -> Counts:
    """Record facts. One that is known already is repeated, one that was withdrawn just as it is
    now too, unless it is to `revive`; one with an id that is known and other content is a
    correction, which supersedes what was known.

    The database itself compares them, so the number of statements does not depend on theirs.
    """
    rows = [fact_row(fact) for kind in FACT_KINDS for fact in getattr(facts, kind)]
    return _save_facts(session, tenant, rows, now, revive=revive)


def save_withdrawals(
    session: Session,
    tenant: str,
    kind: str,
    services: Mapping[str, str],
    withdrawal: Withdrawal,
    now: Instant,
) -> None:
    """Withdraw facts of a kind that stand, given the service of each by its id."""
    rows = [withdrawn_row(kind, id, service, withdrawal) for id, service in services.items()]
    _save_facts(session, tenant, rows, now)


def _save_facts(
    session: Session, tenant: str, rows: list[Values], now: Instant, *, revive: bool = True
) -> Counts:
    if not rows:
        return Counts()
    assert len({row[:2] for row in rows}) == len(rows), "one id twice among facts of a kind"
    connection = session.connection()
    _BATCH.create(connection, checkfirst=False)
    append(session, _BATCH, FACT_COLUMNS, rows)
    # The standing fact of each new one, looked up by key: a join would let SQLite, which keeps no
    # statistics of a new table, read all facts for each.
    known = _FACT.alias("known")
    standing = (
        known.c.tenant_id == tenant,
        known.c.kind == _BATCH.c.kind,
        known.c.id == _BATCH.c.id,
        known.c.superseded_at == FOREVER,
    )
    if not revive:
        gone = _FACT.alias("gone")
        as_it_was = exists().where(
            *standing,
            withdrawn(known),
            gone.c.tenant_id == tenant,
            gone.c.kind == _BATCH.c.kind,
            gone.c.id == _BATCH.c.id,
            gone.c.superseded_at == known.c.recorded_at,
            gone.c.content == _BATCH.c.content,
        )
        connection.execute(delete(_BATCH).where(as_it_was))
    differing = (
        select(known.c.recorded_at)
        .where(*standing, known.c.content != _BATCH.c.content)
        .scalar_subquery()
    )
    key = tuple_(_FACT.c.kind, _FACT.c.id, _FACT.c.recorded_at)
    corrected = connection.scalars(
        update(_FACT)
        .where(
            _FACT.c.tenant_id == tenant,
            key.in_(select(_BATCH.c.kind, _BATCH.c.id, differing)),
        )
        .values(superseded_at=now)
        .returning(withdrawn(_FACT))
    ).all()
    fresh = select(
        literal(tenant), literal(now, BigInteger), literal(FOREVER, BigInteger), *_BATCH.c
    ).where(~exists().where(*standing))
    inserted = connection.execute(
        insert(_FACT).from_select(
            ["tenant_id", "recorded_at", "superseded_at", *FACT_COLUMNS], fresh
        ),
        execution_options={"preserve_rowcount": True},
    ).rowcount
    _BATCH.drop(connection, checkfirst=False)
    if inserted:
        note_recorded(session, _FACT, tenant, now)
    new, known_already = inserted - len(corrected), len(rows) - inserted
    return Counts(new, known_already, len(corrected), sum(corrected))


# ---- results ----


def save_verdict(
    session: Session,
    tenant: str,
    asked: AskedPeriod,
    verdict: Verdict,
    now: Instant,
    *,
    estate_revision: int,
    known_at: Instant,
) -> Run:
    """Book a verdict for a period: as a further revision, of which only what differs from the one
    before is written, or not at all where nothing differs. The run that then stands."""
    latest = latest_run(session, tenant, asked)
    number = latest.revision + 1 if latest else 1
    fixed = {"tenant_id": tenant, "asked": period_key(asked)}
    changed = latest is None
    for part, cls in RESULTS.items():
        items = getattr(verdict, part)
        rows: Iterable[Values] = map(mapping(cls).parts, items)
        columns = mapping(cls).columns
        if order_of(cls) == ("position",):
            columns = ("position", *columns)
            rows = ((place, *row) for place, row in enumerate(rows))
        kind = Kind(table_of(TABLES[cls]), columns, order_of(cls), fixed)
        changed |= exchange(session, kind, _standing(session, kind), rows, now, revision=number)
    if latest and not changed:
        return latest
    run = Run(tenant, period_key(asked), number, now, estate_revision, known_at)
    session.execute(
        insert(_RUN).values(
            tenant_id=tenant,
            asked=run.asked,
            revision=number,
            recorded_at=now,
            estate_revision=estate_revision,
            known_at=known_at,
        )
    )
    return run


def _standing(session: Session, kind: Kind) -> Iterator[Values]:
    """What is booked now."""
    table = kind.table
    booked = session.execute(
        select(*(table.c[name] for name in kind.columns)).where(
            *(table.c[name] == value for name, value in kind.fixed.items()),
            table.c.superseded_at == FOREVER,
        )
    )
    return (tuple(row) for row in booked)
