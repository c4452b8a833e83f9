"""Assessing a period: measure, trace and settle it, and book what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy.orm import Session

from orchestrator.actions.books import Posting, book, booked_at
from orchestrator.actions.claims import Following
from orchestrator.actions.context import Context, Done, Request, mutate
from orchestrator.actions.settling import found_out
from orchestrator.engine.settle import settled
from orchestrator.errors import refuse
from orchestrator.model.records import Verdict
from orchestrator.model.values import AskedPeriod, Instant
from orchestrator.store.claims import load_claims, save_claims
from orchestrator.store.codec import digest
from orchestrator.store.read import (
    latest_run,
    load_revision,
    load_verdict,
    period_key,
    revision,
)
from orchestrator.store.write import save_verdict


@dataclass(frozen=True, slots=True)
class AssessResult:
    """The verdict on a period, the revision it is booked as, and whether it, or the books, differ
    from before. `posted` entries were appended to the ledger, and `waiting` restatements wait for
    leave; `posting` has them."""

    revision: int
    changed: bool
    verdict: Verdict
    posted: int = 0
    waiting: int = 0
    posting: Posting = field(default_factory=Posting)


def assess_period(
    ctx: Context,
    asked: AskedPeriod,
    *,
    dry_run: bool = False,
    idempotency_key: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AssessResult:
    """Settle every agreement period that ends inside the span, from all facts known now.

    Only what differs from what is booked for the span is written, as a further revision, so
    assessing again is harmless; so it is with the ledger, to which the difference between what is
    booked and what is due is appended in the same transaction. A claim is drafted for each credit
    that somebody outside owes, and what was drafted and not claimed in time lapses. Without an
    estate there is nothing to assess (NO_ESTATE).
    """

    def do(session: Session, now: Instant) -> Done[AssessResult]:
        number = revision(session, ctx.tenant)
        if not number:
            raise refuse("NO_ESTATE", "there is no estate to assess", "import one first")
        estate = load_revision(session, ctx.tenant, number)
        following = Following(load_claims(session, ctx.tenant), now)
        with found_out(session, ctx.tenant, number, asked) as settling:
            verdict = settled(settling, progress, following.lost)
        claims, verdict = following.claims(estate, verdict, asked)
        before = latest_run(session, ctx.tenant, asked)
        run = save_verdict(
            session,
            ctx.tenant,
            asked,
            verdict,
            now,
            estate_revision=number,
            known_at=now,
        )
        posting = book(session, ctx.tenant, estate, asked, verdict, now)
        moved = save_claims(session, ctx.tenant, *claims, now)
        changed = before is None or run.revision != before.revision or posting.changed
        numbers = {"posted": len(posting.entries), "waiting": len(posting.pending)}
        summary: dict[str, Any] = {"revision": run.revision, "at": run.recorded_at}
        summary |= {"changed": changed, "booked_at": now} | numbers
        if following.lapsed:
            summary["lapsed"] = following.lapsed
        done = AssessResult(run.revision, changed, verdict, **numbers, posting=posting)
        return Done(done, summary, changed or moved)

    def again(session: Session, summary: str) -> AssessResult:
        earlier = orjson.loads(summary)
        run = latest_run(session, ctx.tenant, asked, as_of=earlier["at"])
        verdict = load_verdict(session, run) if run else Verdict()
        numbers = {name: earlier.get(name, 0) for name in ("posted", "waiting")}
        posting = Posting()
        if run is not None:
            estate = load_revision(session, ctx.tenant, run.estate_revision)
            then = earlier.get("booked_at", run.recorded_at)
            posting = booked_at(session, ctx.tenant, estate, asked, then)
        return AssessResult(
            earlier["revision"], earlier["changed"], verdict, **numbers, posting=posting
        )

    request = Request("assess_period", digest(period_key(asked)), dry_run, idempotency_key)
    return mutate(ctx, request, do, again)
