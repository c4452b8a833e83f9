"""What has been recorded since something was read: the late, the new and the corrected facts.

Recorded time goes up with each of a tenant's mutations, so whoever holds the facts as they were at
one instant needs no more than what came after it. A row is never superseded without another in its
place, which may lie elsewhere in time, or nowhere: a fact that was withdrawn.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.model.records import FACT_KINDS, Facts
from orchestrator.model.values import DAWN, FOREVER, Instant, Span
from orchestrator.store.mapper import read_fact
from orchestrator.store.read import known
from orchestrator.store.tables import AuditHeadRow, FactRow, table_of

_FACT = table_of(FactRow)
_HEAD = table_of(AuditHeadRow)


def last_recorded(session: Session, tenant: str) -> Instant:
    """When a tenant's last mutation was recorded: whatever is recorded later has a later time."""
    found = session.execute(select(_HEAD.c.at).where(_HEAD.c.tenant_id == tenant)).scalar()
    return DAWN if found is None else found


def brought_up_to_date(
    session: Session, tenant: str, held: Facts, span: Span, since: Instant
) -> Facts:
    """The facts that share an instant with a span, given those that did at a recorded instant;
    the very same value where nothing was recorded about them."""
    columns = _FACT.c.kind, _FACT.c.id, _FACT.c.content, _FACT.c.valid_from, _FACT.c.valid_to
    rows = session.execute(
        select(*columns).where(*known(_FACT, tenant, FOREVER - 1), _FACT.c.recorded_at > since)
    )
    late: dict[str, dict[str, Any]] = {kind: {} for kind in FACT_KINDS}
    for kind, id, content, start, end in rows:
        inside = start < span.end and end > span.start
        late[kind][id] = read_fact(kind, content) if inside else None
    found: dict[str, tuple[Any, ...]] = {}
    changed = False
    for kind, news in late.items():
        before = {fact.id: fact for fact in getattr(held, kind)}
        after = {id: fact for id, fact in {**before, **news}.items() if fact is not None}
        changed |= before != after if news else False
        found[kind] = tuple(sorted(after.values(), key=attrgetter("id")))
    return Facts(**found) if changed else held
