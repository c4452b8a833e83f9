"""Recording facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from orchestrator.actions.context import Context, Done, Request, mutate
from orchestrator.errors import OrchestratorError, Problem
from orchestrator.model.estate import Estate
from orchestrator.model.records import FACT_KINDS, Facts
from orchestrator.model.values import Instant
from orchestrator.store.codec import codec, digest, dumps
from orchestrator.store.read import load_estate
from orchestrator.store.write import save_facts

_LISTED: Final = 100
"""The most problems that are listed one by one."""


@dataclass(frozen=True, slots=True)
class RecordResult:
    """How many facts were new, known already, and corrections of known ones; and why others were
    left out."""

    accepted: int = 0
    repeated: int = 0
    corrected: int = 0
    problems: tuple[Problem, ...] = ()


def record_facts(
    ctx: Context, facts: Facts, *, dry_run: bool = False, idempotency_key: str | None = None
) -> RecordResult:
    """Record facts, all in one go. Those of services that the estate does not have are left out
    and listed; two facts with one id that say different things are refused with all the rest."""
    facts = _distinct(facts)
    content = (
        dumps(fact, cls) for kind, cls in FACT_KINDS.items() for fact in getattr(facts, kind)
    )

    def do(session: Session, now: Instant) -> Done[RecordResult]:
        estate = load_estate(session, ctx.tenant)
        good = Facts(
            **{
                kind: tuple(f for f in getattr(facts, kind) if f.service in estate.services)
                for kind in FACT_KINDS
            }
        )
        counts = save_facts(session, ctx.tenant, good, now)
        result = RecordResult(
            counts.accepted, counts.repeated, counts.corrected, _listed(facts, estate)
        )
        summary = codec(RecordResult).encode(result)
        return Done(result, summary, bool(counts.accepted or counts.corrected))

    def again(_session: Session, summary: str) -> RecordResult:
        result: RecordResult = codec(RecordResult).decode(orjson.loads(summary))
        return result

    request = Request("record_facts", digest(*content), dry_run, idempotency_key)
    return mutate(ctx, request, do, again)


def _distinct(facts: Facts) -> Facts:
    """Each fact once; an error where one id stands for two."""
    found: dict[str, dict[str, Any]] = {kind: {} for kind in FACT_KINDS}
    problems = [
        _ambiguous(fact.id, kind)
        for kind in FACT_KINDS
        for fact in getattr(facts, kind)
        if found[kind].setdefault(fact.id, fact) != fact
    ]
    if problems:
        raise OrchestratorError(problems)
    return Facts(**{kind: tuple(by_id.values()) for kind, by_id in found.items()})


def _ambiguous(id: str, kind: str) -> Problem:
    return Problem(
        "DUPLICATE_ID",
        f"{id!r} stands for two different facts",
        "give each its own id; to correct a fact, record it again by itself",
        path=f"{kind}[{id}]",
    )


def _listed(facts: Facts, estate: Estate) -> tuple[Problem, ...]:
    """Why facts are left out, the first of them one by one and the number of the others."""
    problems = list(_unknown(facts, estate))
    shown, others = problems[:_LISTED], len(problems) - _LISTED
    if others > 0:
        shown.append(
            replace(
                problems[_LISTED], message=f"{others} more facts are of unknown services", path=""
            )
        )
    return tuple(shown)


def _unknown(facts: Facts, estate: Estate) -> Iterator[Problem]:
    for kind in FACT_KINDS:
        for fact in getattr(facts, kind):
            if fact.service not in estate.services:
                yield Problem(
                    "UNKNOWN_REFERENCE",
                    f"there is no service {fact.service!r}",
                    "declare it in the estate, or correct the id",
                    path=f"{kind}[{fact.id}].service",
                )
