"""What was found out for the last assessments, kept by the process that made them.

When a span is assessed again, the facts recorded since are read, and only what they can touch is
measured and traced again (`engine.late`). It is a memory and nothing else: another process, or this
one after a restart, finds the same verdict from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from orchestrator.engine.late import with_late
from orchestrator.engine.settle import reach_of, settling
from orchestrator.engine.settling import Settling
from orchestrator.model.estate import Estate
from orchestrator.model.records import FACT_KINDS, Facts
from orchestrator.model.values import AskedPeriod, Instant
from orchestrator.store.cache import Cache
from orchestrator.store.read import load_facts, load_revision, period_key
from orchestrator.store.recent import brought_up_to_date, last_recorded

MOST_FACTS: Final = 200_000
"""What rests on more facts than these, in all of its generations, is not kept: each generation
holds on to some of the facts that it was measured by."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """As it was when the last mutation had been recorded `since`."""

    settling: Settling
    since: Instant


@contextmanager
def found_out(
    session: Session, tenant: str, revision: int, asked: AskedPeriod
) -> Iterator[Settling]:
    """What the verdict on a span is reached by, from all facts known now and with what is known
    already of an estate's revision; kept for the next time once it has served. For a transaction
    that holds the tenant's audit head: whoever else assesses waits for it."""
    kept: Cache = session.info["settlings"]
    key = (tenant, revision, period_key(asked))
    estate = load_revision(session, tenant, revision)
    since = last_recorded(session, tenant)
    # Taken out while it is used: where the transaction fails, it is gone and nothing is wrong.
    before: _Kept | None = kept.take(key)
    found = _brought_up_to_date(session, tenant, before, estate, asked)
    yield found
    if _size(found) <= MOST_FACTS:
        kept.put(key, _Kept(found, since))


def _brought_up_to_date(
    session: Session, tenant: str, before: _Kept | None, estate: Estate, asked: AskedPeriod
) -> Settling:
    if before is None:
        reach = reach_of(estate, asked)
        return settling(estate, load_facts(session, tenant, reach), asked, reach=reach)
    held = before.settling.measurements.seen.facts
    facts = brought_up_to_date(session, tenant, held, before.settling.reach, before.since)
    return before.settling if facts is held else with_late(before.settling, facts)


def _size(found: Settling) -> int:
    return (found.generation + 1) * _count(found.measurements.seen.facts)


def _count(facts: Facts) -> int:
    return sum(len(getattr(facts, kind)) for kind in FACT_KINDS)
