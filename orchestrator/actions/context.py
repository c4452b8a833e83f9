"""What every mutation has in common: who asks, when, and one transaction with its audit line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from orchestrator.model.values import Instant
from orchestrator.store import audit
from orchestrator.store.codec import text
from orchestrator.store.database import Database
from orchestrator.store.seal import seal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """On whose database, for which tenant, at what time and by whom."""

    database: Database
    tenant: str
    now: Instant
    actor: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. `digest` stands for all of its arguments; a dry run does everything and then
    takes it back; the same `key` again returns what came of the first."""

    action: str
    digest: str
    dry_run: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What came of it: the answer, the summary for the audit line (a JSON object, from which the
    answer can be given again), and whether anything was written."""

    answer: T
    summary: dict[str, Any]
    changed: bool


def mutate(
    ctx: Context,
    request: Request,
    do: Callable[[Session, Instant], Done[T]],
    again: Callable[[Session, str], T],
) -> T:
    """Do what is asked, in one transaction with its audit line, after the tenant's other writers.
    The line seals the facts and what of the books it wrote.

    `do` is given the instant it records at; `again` repeats the answer of a request that has
    come before. What changes nothing and has no key leaves no line.
    """
    with ctx.database.write() as session:
        head = audit.take(session, ctx.tenant, ctx.now)
        earlier = audit.known(session, ctx.tenant, request.key, request.digest)
        if earlier is not None:
            return again(session, audit.unsealed(earlier))
        done = do(session, head.at)
        if request.dry_run:
            session.rollback()
        elif done.changed or request.key is not None:
            summary = audit.sealed(text(done.summary), seal(session))
            audit.append(
                session, head, ctx.actor, request.action, request.digest, summary, request.key
            )
        return done.answer
