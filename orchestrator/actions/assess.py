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
from orchestrator.actions.later import overtaken
from orchestrator.actions.settling import found_out
from orchestrator.engine.booking import Said
from orchestrator.engine.claimed import touchable
from orchestrator.engine.settle import settled
from orchestrator.errors import refuse
from orchestrator.model.estate import Estate
from orchestrator.model.records import Verdict
from orchestrator.model.values import AskedPeriod, Instant
from orchestrator.store.claims import load_claims, save_claims
from orchestrator.store.codec import digest
from orchestrator.store.read import (
    Run,
    latest_run,
    load_revision,
    load_verdict,
    period_key,
    revision,
)
from orchestrator.store.write import save_verdict

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LaterPeriod:
    """Another span, as `period_key` has it, that differs by what is known of the one asked about:
    the revision it now has, how many entries it appended and how many restatements wait for it."""

    period: str
    revision: int
    posted: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class AssessResult:
    """The verdict on a period, the revision it is booked as, and whether it, or the books, differ
    from before. `posted` entries were appended to the ledger, and `waiting` restatements wait for
    leave; `posting` has them. `later` are the spans assessed before that differ with it."""

    revision: int
    changed: bool
    verdict: Verdict
    posted: int = 0
    waiting: int = 0
    posting: Posting = field(default_factory=Posting)
    later: tuple[LaterPeriod, ...] = ()


@dataclass(frozen=True, slots=True)
class _Settled:
    """What came of settling one span: the verdict that now stands, the last booking of the span
    before and now, whether any claim is another, and what names the claims that lapsed."""

    asked: AskedPeriod
    verdict: Verdict
    before: Run | None
    run: Run
    moved: bool
    lapsed: list[list[str | int]]

    @property
    def changed(self) -> bool:
        return self.run != self.before


def assess_period(
    ctx: Context,
    asked: AskedPeriod,
    *,
    dry_run: bool = False,
    idempotency_key: str | None = None,
    progress: Progress | None = None,
) -> AssessResult:
    """Settle every agreement period that ends inside the span, from all facts known now.

    Only what differs from what is booked for the span is written, as a further revision, so
    assessing again is harmless; so it is with the ledger, to which the difference between what is
    booked and what is due is appended in the same transaction. A claim is drafted for each credit
    that somebody outside owes, and what was drafted and not claimed in time lapses. Spans that
    were assessed before what is known now, and that share time with it or depend on it, are settled
    again with it. Without an estate there is nothing to assess (NO_ESTATE).
    """

    def do(session: Session, now: Instant) -> Done[AssessResult]:
        number = revision(session, ctx.tenant)
        if not number:
            raise refuse("NO_ESTATE", "there is no estate to assess", "import one first")
        estate = load_revision(session, ctx.tenant, number)

        def settled_now(span: AskedPeriod) -> _Settled:
            return _settle_one(session, ctx.tenant, estate, number, span, now, progress)

        first = settled_now(asked)
        spans = overtaken(session, ctx.tenant, estate, asked, first.before, first.run)
        every = [first, *map(settled_now, spans)]
        said = [Said.by(estate, one.asked, one.verdict) for one in every]
        postings = book(session, ctx.tenant, said, now)
        posting = postings[0]
        later = tuple(
            LaterPeriod(
                period_key(one.asked), one.run.revision, len(theirs.entries), len(theirs.pending)
            )
            for one, theirs in zip(every[1:], postings[1:], strict=True)
            if one.changed or theirs.changed
        )
        changed = first.changed or posting.changed
        numbers = {"posted": len(posting.entries), "waiting": len(posting.pending)}
        summary: dict[str, Any] = {"revision": first.run.revision, "at": first.run.recorded_at}
        summary |= {"changed": changed, "booked_at": now} | numbers
        lapsed = [claim for one in every for claim in one.lapsed]
        if lapsed:
            summary["lapsed"] = lapsed
        if later:
            summary["later"] = [
                [one.period, one.revision, one.posted, one.waiting] for one in later
            ]
        done = AssessResult(
            first.run.revision, changed, first.verdict, **numbers, posting=posting, later=later
        )
        moved = any(one.moved for one in every)
        return Done(done, summary, changed or moved or bool(later))

    def again(session: Session, summary: str) -> AssessResult:
        earlier = orjson.loads(summary)
        run = latest_run(session, ctx.tenant, asked, as_of=earlier["at"])
        verdict = load_verdict(session, run) if run else Verdict()
        numbers = {name: earlier.get(name, 0) for name in ("posted", "waiting")}
        posting = Posting()
        if run is not None:
            estate = load_revision(session, ctx.tenant, run.estate_revision)
            then = earlier.get("booked_at", run.recorded_at)
            posting = booked_at(session, ctx.tenant, Said.by(estate, asked, verdict), then)
        later = tuple(LaterPeriod(*one) for one in earlier.get("later", ()))
        return AssessResult(
            earlier["revision"],
            earlier["changed"],
            verdict,
            **numbers,
            posting=posting,
            later=later,
        )

    request = Request("assess_period", digest(period_key(asked)), dry_run, idempotency_key)
    return mutate(ctx, request, do, again)


def _settle_one(
    session: Session,
    tenant: str,
    estate: Estate,
    number: int,
    asked: AskedPeriod,
    now: Instant,
    progress: Progress | None,
) -> _Settled:
    """Settle one span and write what differs, all but the books."""
    following = Following(load_claims(session, tenant, within=touchable(estate, asked)), now)
    with found_out(session, tenant, number, asked) as settling:
        verdict = settled(settling, progress, following.lost)
    claims, verdict = following.claims(estate, verdict, asked)
    before = latest_run(session, tenant, asked)
    run = save_verdict(session, tenant, asked, verdict, now, estate_revision=number, known_at=now)
    moved = save_claims(session, tenant, *claims, now)
    return _Settled(asked, verdict, before, run, moved, following.lapsed)
