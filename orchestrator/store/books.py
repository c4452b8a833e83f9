"""The books in SQL: entries and their lines, closings, leave to restate, and what waits for it.

Nothing here is ever changed but what waits for leave, which is superseded by what then waits. The
caller holds the tenant's audit head, as with all writing (`store.write`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from orchestrator.errors import refuse
from orchestrator.model.ledger import Account, Approval, Booking, Entry, EntryKey, Line, Restatement
from orchestrator.model.records import TermKey
from orchestrator.model.values import DAWN, FOREVER, Instant, Money, Span
from orchestrator.store.codec import dumps, loads
from orchestrator.store.read import Key, Page, among, known, limited
from orchestrator.store.seal import SEALED, note
from orchestrator.store.tables import (
    ENTRY,
    ApprovalRow,
    ClosingRow,
    EntryRow,
    LineRow,
    RestatementRow,
    table_of,
)
from orchestrator.store.write import Kind, Values, append, exchange

MOVABLE: Final = ("earn_back",)
"""What may come to be owed at another time than it was booked for."""

_ENTRY: Final = table_of(EntryRow)
_LINE: Final = table_of(LineRow)
_APPROVAL: Final = table_of(ApprovalRow)
_CLOSING: Final = table_of(ClosingRow)
_RESTATEMENT: Final = table_of(RestatementRow)

_ORDER: Final = (*ENTRY, "revision")
_ACCOUNT: Final = ("party", "agreement", "account", "currency")
_ALL_KEYS: Final[Any] = tuple[EntryKey, ...]


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry, and when it was recorded."""

    entry: Entry
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class Balance:
    """What one account holds, above zero where it is owed to the party."""

    account: Account
    money: Money


def key_parts(key: EntryKey) -> tuple[Any, ...]:
    """What is booked, as the contents of `ENTRY`."""
    term, period = key.term, key.period
    return (
        term.agreement,
        term.version,
        term.term,
        term.service,
        period.start,
        period.end,
        key.kind,
    )


# ---- writing ----


def post(
    session: Session, tenant: str, entries: Sequence[Entry], now: Instant, approval: int = 0
) -> None:
    """Append entries with their lines; those of closed books name the leave they have."""
    booked = [
        (
            *key_parts(one.key),
            one.revision,
            one.reverses,
            one.booking.due,
            approval if one.approval else 0,
            dumps(one.booking, Booking),
        )
        for one in entries
    ]
    lines = [
        (
            *key_parts(one.key),
            one.revision,
            position,
            line.account.party,
            line.account.kind,
            line.money.amount,
            line.money.currency,
        )
        for one in entries
        for position, line in enumerate(one.lines)
    ]
    _append(session, _ENTRY, booked, tenant, now)
    _append(session, _LINE, lines, tenant, now)


def _append(
    session: Session, table: Table, rows: Sequence[Values], tenant: str, now: Instant
) -> None:
    """Append rows of the books, sealed."""
    note(session, table, rows)
    columns = (*SEALED[table], "tenant_id", "recorded_at")
    append(session, table, columns, ((*row, tenant, now) for row in rows))


def close(session: Session, tenant: str, until: Instant, by: str, now: Instant) -> None:
    """Close the books up to an instant."""
    _append(session, _CLOSING, [(until, by)], tenant, now)


def approve(session: Session, tenant: str, approval: Approval, now: Instant) -> int:
    """Record leave to restate; its number."""
    last = session.execute(
        select(func.max(_APPROVAL.c.number)).where(_APPROVAL.c.tenant_id == tenant)
    ).scalar()
    number = (last or 0) + 1
    keys = tuple(sorted(approval.keys, key=key_parts))
    granted = dumps(keys, _ALL_KEYS)
    _append(session, _APPROVAL, [(number, approval.by, approval.reason, granted)], tenant, now)
    return number


def wait(
    session: Session,
    tenant: str,
    before: Iterable[Restatement],
    after: Iterable[Restatement],
    now: Instant,
) -> bool:
    """Let restatements wait for leave, in place of those that did; whether anything differs."""
    kind = Kind(_RESTATEMENT, (*ENTRY, "due", "booked", "wanted"), ENTRY, {"tenant_id": tenant})
    return exchange(session, kind, map(_waiting, before), map(_waiting, after), now)


def _waiting(one: Restatement) -> tuple[Any, ...]:
    return (*key_parts(one.key), one.due, _text(one.booked), _text(one.wanted))


def _text(booking: Booking | None) -> str | None:
    return None if booking is None else dumps(booking, Booking)


# ---- reading ----


def closed_until(session: Session, tenant: str) -> Instant:
    """Up to when the books are closed; DAWN where they never were."""
    found = session.execute(
        select(_CLOSING.c.until)
        .where(_CLOSING.c.tenant_id == tenant)
        .order_by(_CLOSING.c.recorded_at.desc())
        .limit(1)
    ).scalar()
    return DAWN if found is None else int(found)


def approvals(session: Session, tenant: str) -> dict[int, Approval]:
    """Every leave that was given, by its number."""
    table = _APPROVAL
    rows = session.execute(
        select(table.c.number, table.c.by, table.c.recorded_at, table.c.reason, table.c.granted)
        .where(table.c.tenant_id == tenant)
        .order_by(table.c.number)
    )
    return {
        number: Approval(by, at, reason, frozenset(loads(keys, _ALL_KEYS)))
        for number, by, at, reason, keys in rows
    }


def waiting(
    session: Session, tenant: str, due: Span | None = None, as_of: Instant = FOREVER - 1
) -> tuple[Restatement, ...]:
    """The restatements that wait for leave, or waited at a recorded instant, of what came to be
    owed within a span or of all."""
    table = _RESTATEMENT
    conditions = list(known(table, tenant, as_of))
    if due is not None:
        conditions += [table.c.due > due.start, table.c.due <= due.end]
    columns = [table.c[name] for name in (*ENTRY, "booked", "wanted")]
    rows = session.execute(select(*columns).where(*conditions).order_by(*columns[: len(ENTRY)]))
    return tuple(
        Restatement(_key(row), *(None if one is None else loads(one, Booking) for one in row[-2:]))
        for row in rows
    )


def _key(row: Sequence[Any]) -> EntryKey:
    agreement, version, term, service, start, end, kind = row[: len(ENTRY)]
    return EntryKey(TermKey(agreement, version, term, service), Span(start, end), kind)


def entries_due(
    session: Session, tenant: str, due: Span, agreements: Collection[str]
) -> tuple[Entry, ...]:
    """All entries of what came to be owed within a span; and, under some agreements, of what may
    have been booked for another time."""
    within = (_ENTRY.c.due > due.start) & (_ENTRY.c.due <= due.end)
    movable = _ENTRY.c.kind.in_(MOVABLE) & among(session, _ENTRY.c.agreement, agreements)
    condition = or_(within, movable)
    return tuple(one.entry for one in _posted(session, tenant, (condition,)))


def entries_recorded(session: Session, tenant: str, at: Instant) -> tuple[Entry, ...]:
    """The entries that one change of the database appended."""
    return tuple(one.entry for one in _posted(session, tenant, (_ENTRY.c.recorded_at == at,)))


def entries_under(session: Session, tenant: str, agreements: Collection[str]) -> tuple[Entry, ...]:
    """All entries under some agreements."""
    condition = among(session, _ENTRY.c.agreement, agreements)
    return tuple(one.entry for one in _posted(session, tenant, (condition,)))


def entries_known(
    session: Session, tenant: str, at: Instant, agreements: Collection[str] | None = None
) -> tuple[Entry, ...]:
    """All entries that had been recorded by an instant, under some agreements or all."""
    conditions = [_ENTRY.c.recorded_at <= at]
    if agreements is not None:
        conditions.append(among(session, _ENTRY.c.agreement, agreements))
    return tuple(one.entry for one in _posted(session, tenant, conditions))


def agreements_booked(session: Session, tenant: str) -> tuple[str, ...]:
    """The agreements that anything is booked under."""
    names = session.execute(
        select(_ENTRY.c.agreement)
        .distinct()
        .where(_ENTRY.c.tenant_id == tenant)
        .order_by(_ENTRY.c.agreement)
    ).scalars()
    return tuple(names)


def entry_page(
    session: Session,
    tenant: str,
    after: Key | None = None,
    first: int = 100,
    agreements: Collection[str] | None = None,
) -> Page[Posted]:
    """A page of the journal: by agreement, version, term, service, period, kind and revision."""
    keys = [_ENTRY.c[name] for name in _ORDER]
    conditions: list[ColumnElement[bool]] = []
    if after is not None:
        if len(after) != len(keys):
            raise refuse("BAD_CURSOR", "this is no place in that list", "use one a page gave")
        conditions.append(tuple_(*keys) > tuple_(*after))
    if agreements is not None:
        conditions.append(among(session, _ENTRY.c.agreement, agreements))
    found = _posted(session, tenant, conditions, limited(first) + 1)
    shown = found[:first]
    return Page(
        tuple(shown),
        tuple((*key_parts(one.entry.key), one.entry.revision) for one in shown),
        len(found) > first,
    )


def count_entries(session: Session, tenant: str, agreements: Collection[str] | None = None) -> int:
    """How many entries there are, under some agreements or all."""
    query = select(func.count()).select_from(_ENTRY).where(_ENTRY.c.tenant_id == tenant)
    if agreements is not None:
        query = query.where(among(session, _ENTRY.c.agreement, agreements))
    return session.execute(query).scalar_one()


def balance_page(
    session: Session,
    tenant: str,
    after: Key | None = None,
    first: int = 100,
    agreements: Collection[str] | None = None,
) -> Page[Balance]:
    """A page of what the accounts hold, those at zero left out: by party, agreement, kind and
    currency."""
    keys = [_LINE.c[name] for name in _ACCOUNT]
    query = _sums(session, tenant, agreements).order_by(*keys).limit(limited(first) + 1)
    if after is not None:
        if len(after) != len(keys):
            raise refuse("BAD_CURSOR", "this is no place in that list", "use one a page gave")
        query = query.where(tuple_(*keys) > tuple_(*after))
    rows = session.execute(query).all()
    return Page(
        tuple(
            Balance(Account(row.party, row.agreement, row.account), Money(int(row[-1]), row[3]))
            for row in rows[:first]
        ),
        tuple(tuple(row[:-1]) for row in rows[:first]),
        len(rows) > first,
    )


def count_balances(session: Session, tenant: str, agreements: Collection[str] | None = None) -> int:
    """How many accounts hold something."""
    query = _sums(session, tenant, agreements)
    return session.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _sums(session: Session, tenant: str, agreements: Collection[str] | None) -> Select[Any]:
    total = func.sum(_LINE.c.amount)
    keys = [_LINE.c[name] for name in _ACCOUNT]
    query: Select[Any] = (
        select(*keys, total.label("total"))
        .where(_LINE.c.tenant_id == tenant)
        .group_by(*keys)
        .having(total != 0)
    )
    if agreements is not None:
        query = query.where(among(session, _LINE.c.agreement, agreements))
    return query


def imbalance(session: Session, tenant: str) -> dict[str, int]:
    """What all lines sum to by currency, where that is not zero: never, in books that are whole."""
    total = func.sum(_LINE.c.amount)
    rows = session.execute(
        select(_LINE.c.currency, total)
        .where(_LINE.c.tenant_id == tenant)
        .group_by(_LINE.c.currency)
        .having(total != 0)
        .order_by(_LINE.c.currency)
    )
    return {currency: int(amount) for currency, amount in rows}


def _posted(
    session: Session,
    tenant: str,
    conditions: Sequence[ColumnElement[bool]],
    limit: int | None = None,
) -> list[Posted]:
    """Entries in their order with their lines, in two statements."""
    columns = [_ENTRY.c[name] for name in _ORDER]
    chosen = (
        select(*columns, *(_ENTRY.c[name] for name in ("reverses", "approval", "content")))
        .add_columns(_ENTRY.c.recorded_at)
        .where(_ENTRY.c.tenant_id == tenant, *conditions)
        .order_by(*columns)
        .limit(limit)
    )
    rows = session.execute(chosen).all()
    if not rows:
        return []
    lines = _lines(session, tenant, conditions, limit)
    given = approvals(session, tenant) if any(row[-3] for row in rows) else {}
    return [_entry(row, lines, given) for row in rows]


def _lines(
    session: Session,
    tenant: str,
    conditions: Sequence[ColumnElement[bool]],
    limit: int | None,
) -> Mapping[tuple[Any, ...], tuple[Line, ...]]:
    keys = [_ENTRY.c[name] for name in _ORDER]
    wanted = (
        select(*keys)
        .where(_ENTRY.c.tenant_id == tenant, *conditions)
        .order_by(*keys)
        .limit(limit)
        .subquery()
    )
    together = [_LINE.c[name] == wanted.c[name] for name in _ORDER]
    columns = [_LINE.c[name] for name in _ORDER]
    values = [_LINE.c[name] for name in ("party", "account", "amount", "currency")]
    rows = session.execute(
        select(*columns, *values)
        .select_from(_LINE)
        .join(wanted, and_(*together))
        .where(_LINE.c.tenant_id == tenant)
        .order_by(*columns, _LINE.c.position)
    )
    found: dict[tuple[Any, ...], tuple[Line, ...]] = {}
    for row in rows:
        key, (party, account, amount, currency) = tuple(row[: len(_ORDER)]), row[len(_ORDER) :]
        line = Line(Account(party, key[0], account), Money(amount, currency))
        found[key] = (*found.get(key, ()), line)
    return found


def _entry(
    row: Sequence[Any],
    lines: Mapping[tuple[Any, ...], tuple[Line, ...]],
    given: Mapping[int, Approval],
) -> Posted:
    key, revision = tuple(row[: len(_ORDER)]), row[len(_ORDER) - 1]
    reverses, approval, content, recorded_at = row[len(_ORDER) :]
    booking = replace(loads(content, Booking), key=_key(row))
    entry = Entry(booking, revision, lines.get(key, ()), reverses, given.get(approval))
    return Posted(entry, recorded_at)
