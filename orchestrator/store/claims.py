"""Claims in the database: each as it stands, and as it stood; pages sorted by deadline."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, select, tuple_
from sqlalchemy.orm import Session

from orchestrator.model.claims import Claim
from orchestrator.model.values import FOREVER, Instant, Span
from orchestrator.store.mapper import TABLES, columns_of, mapping
from orchestrator.store.read import Key, Page, among, known, limited
from orchestrator.store.tables import TERM_RESULT, table_of
from orchestrator.store.write import Kind, exchange

_CLAIM: Final = table_of(TABLES[Claim])
_ORDER: Final = ("deadline", *TERM_RESULT)
SHAPE: Final = (int, str, int, str, str, int)
"""The types of a page's key."""


def load_claims(
    session: Session,
    tenant: str,
    as_of: Instant | None = None,
    key: Key | None = None,
    *,
    within: Span | None = None,
    agreements: Collection[str] | None = None,
) -> tuple[Claim, ...]:
    """The claims of a tenant as they stand now or stood at a recorded instant; with the values of
    `TERM_RESULT` the one they name; of periods that share an instant with a span, and under some
    agreements."""
    query = _rows(tenant, as_of).order_by(*(_CLAIM.c[name] for name in TERM_RESULT))
    if within is not None:
        query = query.where(_CLAIM.c.period_start < within.end, _CLAIM.c.period_end > within.start)
    if agreements is not None:
        query = query.where(among(session, _CLAIM.c.agreement, agreements))
    if key is not None:
        query = query.where(
            *(_CLAIM.c[n] == part for n, part in zip(TERM_RESULT, key, strict=True))
        )
    return tuple(map(mapping(Claim).build, session.execute(query)))


def page_of_claims(
    session: Session,
    tenant: str,
    at: Instant,
    states: Collection[str] | None = None,
    after: Key | None = None,
    first: int = 100,
    agreements: Collection[str] | None = None,
) -> Page[Claim]:
    """A page of claims by deadline, of these states at an instant and under these agreements, or of
    all."""
    keys = [_CLAIM.c[name] for name in _ORDER]
    query = _rows(tenant, at, states).add_columns(*keys).order_by(*keys).limit(limited(first) + 1)
    if agreements is not None:
        query = query.where(among(session, _CLAIM.c.agreement, agreements))
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*after))
    rows = session.execute(query).all()
    shown = rows[:first]
    return Page(
        tuple(mapping(Claim).build(row) for row in shown),
        tuple(tuple(row[-len(_ORDER) :]) for row in shown),
        len(rows) > first,
    )


def count_claims(
    session: Session,
    tenant: str,
    at: Instant,
    states: Collection[str] | None = None,
    agreements: Collection[str] | None = None,
) -> int:
    """How many claims there are in these states at an instant and under these agreements, or in
    all."""
    query = _rows(tenant, at, states)
    if agreements is not None:
        query = query.where(among(session, _CLAIM.c.agreement, agreements))
    return session.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _rows(tenant: str, at: Instant | None, states: Collection[str] | None = None) -> Select[Any]:
    seen = FOREVER - 1 if at is None else at
    query = select(*columns_of(Claim, _CLAIM)).where(*known(_CLAIM, tenant, seen))
    return query if states is None else query.where(_state_at(seen).in_(sorted(states)))


def _state_at(at: Instant) -> ColumnElement[str]:
    """What `engine.claimed.lapse_all` makes of a state at an instant."""
    claim = _CLAIM.c
    late = (claim.state == "drafted") & (claim.drafted <= claim.deadline) & (claim.deadline < at)
    return case((late, "lapsed"), else_=claim.state)


def save_claims(
    session: Session, tenant: str, before: Iterable[Claim], after: Iterable[Claim], now: Instant
) -> bool:
    """Make `after` of the claims that are `before`; whether anything had to be written."""
    parts = mapping(Claim).parts
    kind = Kind(_CLAIM, mapping(Claim).columns, TERM_RESULT, {"tenant_id": tenant})
    return exchange(session, kind, map(parts, before), map(parts, after), now)
