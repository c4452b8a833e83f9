"""Claims: drafted and lapsed as periods are assessed, moved by the parties, one audit line each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import orjson
from sqlalchemy.orm import Session

from orchestrator.actions.context import Context, Done, Request, mutate
from orchestrator.engine.claimed import (
    ClaimKey,
    drafted,
    drafting,
    lapse_all,
    lost,
    move_claim,
    touched,
)
from orchestrator.engine.scorecard import due_in
from orchestrator.errors import refuse
from orchestrator.model.claims import Claim, ClaimEvent
from orchestrator.model.estate import Estate
from orchestrator.model.records import Credit, Verdict
from orchestrator.model.values import AskedPeriod, Instant, Money, Span, format_instant
from orchestrator.store.claims import load_claims, save_claims
from orchestrator.store.codec import digest, dumps, loads
from orchestrator.store.read import Key


@dataclass(frozen=True)
class Following:
    """Claims on record at an instant, and what the assessment of a period makes of them."""

    held: tuple[Claim, ...]
    now: Instant

    @cached_property
    def standing(self) -> tuple[Claim, ...]:
        """The same with those lapsed whose deadline has passed."""
        return lapse_all(self.held, self.now)

    def lost(self, credits: Mapping[ClaimKey, Credit]) -> Mapping[ClaimKey, Money]:
        """How much of which credit does not come back."""
        return lost(self.standing, credits)

    def claims(
        self, estate: Estate, verdict: Verdict, asked: AskedPeriod
    ) -> tuple[tuple[tuple[Claim, ...], tuple[Claim, ...]], Verdict]:
        """The claims before and after, and the verdict with what there is to say about them."""
        work = drafting(estate, verdict.credits, verdict.breaches)
        about, others = touched(estate, self.standing, work.credits, asked)
        after, notes = drafted(work, about, self.now)
        noted = replace(verdict, findings=(*verdict.findings, *notes))
        return (self.held, (*others, *after)), noted

    @property
    def lapsed(self) -> list[list[str | int]]:
        """What names the claims that lapse now, for the audit line."""
        pairs = zip(self.held, self.standing, strict=True)
        return [list(key_of(after)) for before, after in pairs if before.state != after.state]


def lost_by(
    session: Session, tenant: str, verdict: Verdict, at: Instant, as_of: Instant | None = None
) -> Mapping[ClaimKey, Money]:
    """How much of the credits of a verdict does not come back, by the claims on record now or at a
    recorded instant, of which those have lapsed that were not made by `at` though they had to."""
    credits = due_in(verdict)
    if not credits:
        return {}
    periods = [period for _, period in credits]
    within = Span(min(one.start for one in periods), max(one.end for one in periods))
    held = load_claims(session, tenant, as_of, within=within)
    return Following(held, at).lost(credits)


def key_of(claim: Claim) -> tuple[str | int, ...]:
    """What names a claim, by the columns of `store.tables.TERM_RESULT`."""
    key = claim.key
    return key.agreement, key.version, key.term, key.service, claim.period.start


def tag_of(claim: Claim) -> str:
    """A short text that changes whenever anything about a claim does."""
    return digest(dumps(claim, Claim))[:16]


@dataclass(frozen=True, slots=True)
class AskedMove:
    """A move as it is asked for: of the claim of that key (`store.tables.TERM_RESULT`), by which
    party, at which instant that is past (None: now), and `expected`, the tag of the claim as the
    asker saw it (None: no matter which)."""

    claim: Key
    event: str
    by: str = ""
    at: Instant | None = None
    reason: str = ""
    accepted: Money | None = None
    expected: str | None = None
    dry_run: bool = False
    key: str | None = None


def make_move(ctx: Context, asked: AskedMove) -> Claim:
    """Make a move of the table (`model.claims.CLAIM_MOVES`), in one transaction with its audit
    line. Refused, it changes nothing.

    Raises UNKNOWN_REFERENCE, STALE_VERSION, CHANGED_HISTORY where it lies in the future, and what
    `engine.claimed.move_claim` raises.
    """

    def do(session: Session, now: Instant) -> Done[Claim]:
        before = _held(session, ctx.tenant, asked)
        instant = now if asked.at is None else asked.at
        if instant > now:
            raise refuse(
                "CHANGED_HISTORY",
                f"{format_instant(instant)} has not come yet",
                "record a move when it is made",
            )
        move = ClaimEvent(asked.event, instant, asked.by, asked.reason, asked.accepted)
        after = move_claim(before, move)
        save_claims(session, ctx.tenant, (before,), (after,), now)
        told = {
            "claim": list(asked.claim),
            "event": asked.event,
            "by": asked.by,
            "at": instant,
            "source": before.state,
            "after": dumps(after, Claim),
        }
        return Done(after, told, True)

    def again(_: Session, summary: str) -> Claim:
        found: Claim = loads(orjson.loads(summary)["after"], Claim)
        return found

    granted = "" if asked.accepted is None else dumps(asked.accepted, Money)
    given = (asked.event, asked.by, str(asked.at), asked.reason, granted, asked.expected or "")
    request = Request(
        "move_claim", digest(*map(str, asked.claim), *given), asked.dry_run, asked.key
    )
    return mutate(ctx, request, do, again)


def _held(session: Session, tenant: str, asked: AskedMove) -> Claim:
    found = load_claims(session, tenant, key=asked.claim)
    if not found:
        raise refuse("UNKNOWN_REFERENCE", "there is no such claim", "use an id that `claims` gave")
    (claim,) = found
    if asked.expected is not None and asked.expected != tag_of(claim):
        raise refuse(
            "STALE_VERSION",
            f"the claim has changed: it is {claim.state}, tag {tag_of(claim)}",
            "read it again, and decide anew",
        )
    return claim
