"""Recording facts, and withdrawing them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from orchestrator.actions.context import Context, Done, Request, mutate
from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.model.estate import Estate
from orchestrator.model.records import FACT_KINDS, Facts, Withdrawal
from orchestrator.model.values import Instant
from orchestrator.store.codec import codec, digest, dumps
from orchestrator.store.read import load_estate
from orchestrator.store.withdrawals import standing_facts
from orchestrator.store.write import save_facts, save_withdrawals

_LISTED: Final = 100
"""The most problems that are listed one by one."""


@dataclass(frozen=True, slots=True)
class RecordResult:
    """How many facts were new, known already, and corrections of known ones, `revived` of which had
    been withdrawn; and why others were left out."""

    accepted: int = 0
    repeated: int = 0
    corrected: int = 0
    problems: tuple[Problem, ...] = ()
    revived: int = 0


def record_facts(
    ctx: Context,
    facts: Facts,
    *,
    revive: bool = False,
    dry_run: bool = False,
    idempotency_key: str | None = None,
) -> RecordResult:
    """Record facts, all in one go. Those of services that the estate does not have are left out
    and listed; two facts with one id that say different things are refused with all the rest.

    A tool that sends again what was withdrawn repeats it, and it stays withdrawn, unless it is to
    `revive`; what differs from what was withdrawn is a correction, and stands.
    """
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
        counts = save_facts(session, ctx.tenant, good, now, revive=revive)
        result = RecordResult(
            counts.accepted,
            counts.repeated,
            counts.corrected,
            _listed(_unknown(facts, estate), "are of unknown services"),
            counts.revived,
        )
        summary = codec(RecordResult).encode(result)
        return Done(result, summary, bool(counts.accepted or counts.corrected))

    def again(_session: Session, summary: str) -> RecordResult:
        result: RecordResult = codec(RecordResult).decode(orjson.loads(summary))
        return result

    asked = digest(*content, *(["revive"] if revive else []))
    request = Request("record_facts", asked, dry_run, idempotency_key)
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


def _listed(found: Iterable[Problem], others_are: str) -> tuple[Problem, ...]:
    """What is wrong with facts, the first of them one by one and the number of the others."""
    problems = list(found)
    shown, others = problems[:_LISTED], len(problems) - _LISTED
    if others > 0:
        shown.append(
            replace(problems[_LISTED], message=f"{others} more facts {others_are}", path="")
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


@dataclass(frozen=True, slots=True)
class WithdrawResult:
    """How many facts were withdrawn, and how many had been before."""

    withdrawn: int = 0
    repeated: int = 0


def withdraw_facts(
    ctx: Context,
    kind: str,
    ids: Collection[str],
    reason: str,
    *,
    by: str = "",
    dry_run: bool = False,
    idempotency_key: str | None = None,
) -> WithdrawResult:
    """Withdraw facts of a kind (of `FACT_KINDS`), all in one go: from now on nothing follows from
    them, and what was known before stays known. One that was withdrawn before stays so, with the
    reason given then; it stands again if it is recorded with other content, or to be revived. `by`
    is whoever asks for it, if that is not the actor.

    Raises UNKNOWN_KIND, NO_REASON, and UNKNOWN_REFERENCE for ids that were never recorded.
    """
    if kind not in FACT_KINDS:
        raise refuse(
            "UNKNOWN_KIND",
            f"there is no kind of fact called {kind!r}",
            f"name a list of the facts document: {', '.join(FACT_KINDS)}",
        )
    if not reason.strip():
        raise refuse("NO_REASON", "nobody withdraws a fact without a reason", "say what is wrong")
    wanted, withdrawal = sorted(set(ids)), Withdrawal(by.strip() or ctx.actor, reason)

    def do(session: Session, now: Instant) -> Done[WithdrawResult]:
        held = standing_facts(session, ctx.tenant, kind, wanted)
        unknown = [_never_recorded(id, kind) for id in wanted if id not in held]
        if unknown:
            raise OrchestratorError(_listed(unknown, "were never recorded"))
        standing = {id: service for id, (service, gone) in held.items() if not gone}
        save_withdrawals(session, ctx.tenant, kind, standing, withdrawal, now)
        result = WithdrawResult(len(standing), len(wanted) - len(standing))
        told = {"kind": kind, "ids": sorted(standing)} | codec(Withdrawal).encode(withdrawal)
        return Done(result, told | codec(WithdrawResult).encode(result), bool(standing))

    def again(_session: Session, summary: str) -> WithdrawResult:
        told = orjson.loads(summary)
        return WithdrawResult(told.get("withdrawn", 0), told.get("repeated", 0))

    asked = digest(kind, reason, withdrawal.by, *wanted)
    request = Request("withdraw_facts", asked, dry_run, idempotency_key)
    return mutate(ctx, request, do, again)


def _never_recorded(id: str, kind: str) -> Problem:
    return Problem(
        "UNKNOWN_REFERENCE",
        f"no fact {id!r} was ever recorded among {kind}",
        "name it as the facts document did that it was recorded from",
        path=f"{kind}[{id}]",
    )
