"""The audit trail: a line for each mutation, sealed by a hash over itself and the line before it.

A writer takes the tenant's audit head before it reads anything, so writers of one tenant queue, and
recorded time goes up from line to line whatever the clock does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import orjson
from sqlalchemy import exists, func, insert, select, text, update
from sqlalchemy.orm import Session

from orchestrator.errors import refuse
from orchestrator.model.records import Finding
from orchestrator.model.values import DAWN, FOREVER, Instant, format_instant
from orchestrator.store.codec import dumps
from orchestrator.store.codec import text as text_of
from orchestrator.store.mapper import columns_of, mapping
from orchestrator.store.seal import seals
from orchestrator.store.tables import AuditHeadRow, AuditRow, FactRow, Row, table_of

_SEALED: Final = "sealed"
BEGINNING: Final = "0" * 64
"""What the first line of a tenant follows."""

_PAGE: Final = 1000
_AUDIT: Final = table_of(AuditRow)
_HEAD: Final = table_of(AuditHeadRow)
_FACT: Final = table_of(FactRow)


@dataclass(frozen=True, slots=True)
class Head:
    """The last line of a tenant, held by the transaction that took it. `at` is the instant at
    which that transaction records: now, or just after the last line where that is later."""

    tenant: str
    seq: int
    hash: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Line:
    """One mutation: who did what, when, what was asked (`digest`) and what came of it."""

    seq: int
    at: Instant
    actor: str
    action: str
    idempotency_key: str | None
    digest: str
    summary: str
    previous: str
    hash: str = ""

    def seal(self, tenant: str) -> str:
        """The hash this line ought to have."""
        body = dumps(replace(self, hash=""), Line)
        return hashlib.sha256(f"{self.previous}{tenant}\n{body}".encode()).hexdigest()


def sealed(summary: str, seal: str) -> str:
    """A summary with the seal over what its mutation wrote; "" where that is nothing."""
    return text_of({**orjson.loads(summary), _SEALED: seal}) if seal else summary


def unsealed(summary: str) -> str:
    """A summary as it was before it was `sealed`."""
    held = orjson.loads(summary)
    held.pop(_SEALED, None)
    return text_of(held)


def take(session: Session, tenant: str, now: Instant) -> Head:
    """Take the audit head of a tenant, after whoever holds it now."""
    held = (
        select(_HEAD.c.seq, _HEAD.c.hash, _HEAD.c.at)
        .where(_HEAD.c.tenant_id == tenant)
        .with_for_update()
    )
    row = session.execute(held).one_or_none()
    if row is None:
        session.execute(
            text(
                "INSERT INTO audit_head (tenant_id, seq, at, hash)"
                " VALUES (:tenant, 0, :at, :hash) ON CONFLICT DO NOTHING"
            ),
            {"tenant": tenant, "at": DAWN, "hash": BEGINNING},
        )
        row = session.execute(held).one()
    return Head(tenant, row.seq, row.hash, max(now, row.at + 1))


def known(session: Session, tenant: str, key: str | None, digest: str) -> str | None:
    """The summary of the request that came with this key before, if any did.

    A key stands for one request: another one under it is refused.
    """
    if key is None:
        return None
    row = session.execute(
        select(_AUDIT.c.digest, _AUDIT.c.summary).where(
            _AUDIT.c.tenant_id == tenant, _AUDIT.c.idempotency_key == key
        )
    ).one_or_none()
    if row is None:
        return None
    if row.digest != digest:
        raise refuse(
            "IDEMPOTENCY_CONFLICT",
            f"another request has come with the idempotency key {key!r}",
            "use a new key for a new request, and the old one only to repeat it unchanged",
        )
    summary: str = row.summary
    return summary


def append(
    session: Session,
    head: Head,
    actor: str,
    action: str,
    digest: str,
    summary: str,
    key: str | None,
) -> Line:
    """Add the line of the transaction that took the head."""
    line = Line(head.seq + 1, head.at, actor, action, key, digest, summary, head.hash)
    line = replace(line, hash=line.seal(head.tenant))
    stored = dict(zip(mapping(Line).columns, mapping(Line).parts(line), strict=True))
    session.execute(insert(_AUDIT).values(tenant_id=head.tenant, **stored))
    session.execute(
        update(_HEAD)
        .where(_HEAD.c.tenant_id == head.tenant)
        .values(seq=line.seq, at=line.at, hash=line.hash)
    )
    return line


def lines(session: Session, tenant: str, after: int = 0, first: int = _PAGE) -> tuple[Line, ...]:
    """The lines after a number, in their order."""
    found = session.execute(
        select(*columns_of(Line, _AUDIT))
        .where(_AUDIT.c.tenant_id == tenant, _AUDIT.c.seq > after)
        .order_by(_AUDIT.c.seq)
        .limit(first)
    )
    return tuple(mapping(Line).build(row) for row in found)


def verify(session: Session, tenant: str) -> tuple[Finding, ...]:
    """Recompute the chain: the first line that does not fit, a chain that ends too early, data that
    no line stands for, and facts and books that are not what their line sealed. Nothing found means
    the trail is whole."""
    return (
        *_chain(session, tenant),
        *_unaudited(session, tenant),
        *_unlike_their_seals(session, tenant),
        *_out_of_turn(session, tenant),
    )


def _chain(session: Session, tenant: str) -> Iterator[Finding]:
    last = Line(0, DAWN, "", "", None, "", "", "", BEGINNING)
    while page := lines(session, tenant, last.seq, _PAGE):
        for line in page:
            why = _misfit(line, last, tenant)
            if why:
                yield _broken(line.seq, why)
                return
            last = line
    head = session.execute(
        select(_HEAD.c.seq, _HEAD.c.at, _HEAD.c.hash).where(_HEAD.c.tenant_id == tenant)
    ).one_or_none()
    if tuple(head or (0, DAWN, BEGINNING)) != (last.seq, last.at, last.hash):
        yield _broken(last.seq + 1, "the head of the trail knows a line that is not there")


def _misfit(line: Line, last: Line, tenant: str) -> str:
    """Why a line does not follow another; empty where it does."""
    if line.seq != last.seq + 1:
        return f"the line before it has the number {last.seq}"
    if line.previous != last.hash:
        return "it does not follow from the line before it"
    if line.hash != line.seal(tenant):
        return "its content is not what was sealed"
    return "" if line.at > last.at else "it was recorded before the line before it"


def _broken(seq: int, why: str) -> Finding:
    return Finding("AUDIT_BROKEN", "error", f"audit line {seq} does not fit: {why}", (str(seq),))


def _unlike_their_seals(session: Session, tenant: str) -> Iterator[Finding]:
    found = seals(session, tenant)
    after = 0
    while page := lines(session, tenant, after, _PAGE):
        for line in page:
            after = line.seq
            told = _told(line.summary)
            if told and told != found.get(line.at):
                yield Finding(
                    "SEAL_BROKEN",
                    "error",
                    f"the facts or books that audit line {line.seq} ({line.action}) recorded at "
                    f"{format_instant(line.at)} are not what it sealed",
                    (str(line.seq),),
                )


def _out_of_turn(session: Session, tenant: str) -> Iterator[Finding]:
    """Facts hidden or revived: one holds until the next of its id is recorded, and never less."""
    later = _FACT.alias("later")
    following = (
        select(func.min(later.c.recorded_at))
        .where(
            later.c.tenant_id == tenant,
            later.c.kind == _FACT.c.kind,
            later.c.id == _FACT.c.id,
            later.c.recorded_at > _FACT.c.recorded_at,
        )
        .scalar_subquery()
    )
    count, first = session.execute(
        select(func.count(), func.min(_FACT.c.id)).where(
            _FACT.c.tenant_id == tenant,
            func.coalesce(following, FOREVER) != _FACT.c.superseded_at,
        )
    ).one()
    if count:
        yield Finding(
            "SEAL_BROKEN",
            "error",
            f"{count} facts hold longer or less long than until they were corrected or "
            f"withdrawn, {first!r} among them",
            (_FACT.name,),
        )


def _told(summary: str) -> str:
    """The seal in a summary; "" where it has none, or is no summary: the chain is told of that."""
    try:
        held = orjson.loads(summary)
    except orjson.JSONDecodeError:
        return ""
    return str(held.get(_SEALED, "")) if isinstance(held, dict) else ""


def _unaudited(session: Session, tenant: str) -> Iterator[Finding]:
    for table in Row.metadata.sorted_tables:
        if "recorded_at" not in table.c:
            continue
        line = exists().where(_AUDIT.c.tenant_id == tenant, _AUDIT.c.at == table.c.recorded_at)
        count, first = session.execute(
            select(func.count(), func.min(table.c.recorded_at)).where(
                table.c.tenant_id == tenant, ~line
            )
        ).one()
        if count:
            yield Finding(
                "UNAUDITED",
                "error",
                f"{count} rows of {table.name} belong to no audit line,"
                f" the first recorded at {format_instant(first)}",
                (table.name,),
            )
