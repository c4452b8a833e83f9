"""Importing an estate: the first one whole, a later one as a change from an instant on."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import orjson
from sqlalchemy.orm import Session

from orchestrator.actions.context import Context, Done, Request, mutate
from orchestrator.actions.lifecycle import refuse_unaccepted
from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.model.changes import Change, diff, succeed
from orchestrator.model.estate import Estate
from orchestrator.model.validity import validate
from orchestrator.model.values import DAWN, Instant, format_instant
from orchestrator.store.codec import digest
from orchestrator.store.mapper import fingerprint
from orchestrator.store.read import load_revision, revision
from orchestrator.store.write import save_estate


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The revision the estate then has, and what the import changed in it."""

    revision: int
    changes: tuple[Change, ...]


def import_estate(
    ctx: Context,
    estate: Estate,
    *,
    since: Instant | None = None,
    dry_run: bool = False,
    idempotency_key: str | None = None,
) -> ImportResult:
    """Make an estate the tenant's, from an instant on; over none, for all of time.

    Over an existing one `since` may be left out only where nothing differs (FROM_REQUIRED).
    """
    content = fingerprint(estate)

    def do(session: Session, now: Instant) -> Done[ImportResult]:
        number = revision(session, ctx.tenant)
        old = load_revision(session, ctx.tenant, number)
        new = _succeeding(old, estate, since, now) if number else _first(estate, since)
        _keeps_what_has_begun(old, new, now)
        refuse_unaccepted(old, new)
        changes = diff(old, new)
        after = save_estate(session, ctx.tenant, old, validate(new), now)
        summary = {"before": number, "after": after, "changes": len(changes)}
        return Done(ImportResult(after, changes), summary, after != number)

    def again(session: Session, summary: str) -> ImportResult:
        earlier = orjson.loads(summary)
        before = load_revision(session, ctx.tenant, earlier["before"])
        after = load_revision(session, ctx.tenant, earlier["after"])
        return ImportResult(earlier["after"], diff(before, after))

    request = Request("import_estate", digest(content, str(since)), dry_run, idempotency_key)
    return mutate(ctx, request, do, again)


def _keeps_what_has_begun(old: Estate, new: Estate, now: Instant) -> None:
    """Refuse a change as of an instant long ago that would drop or rewrite an agreed version which
    has taken effect since: that version is history as well."""
    problems = []
    for id, versions in old.agreements.items():
        kept = {(v.number, v.effective.start) for v in new.agreements.get(id, ()) if v.binds}
        problems += [
            Problem(
                "CHANGED_HISTORY",
                f"version {version.number} of agreement {id!r} is history: it took effect on "
                f"{format_instant(version.effective.start)}, and the change would drop it",
                "import the change as of a later instant (--from), or write all versions",
                path=f"agreements[{id}]",
            )
            for version in versions
            if version.binds
            and DAWN < version.effective.start <= now
            and (version.number, version.effective.start) not in kept
        ]
    if problems:
        raise OrchestratorError(problems)


def _first(estate: Estate, since: Instant | None) -> Estate:
    return estate.normalised() if since is None else succeed(Estate(), estate, since)


def _succeeding(old: Estate, estate: Estate, since: Instant | None, now: Instant) -> Estate:
    if since is not None:
        return succeed(old, estate, since)
    if estate.normalised() == old:
        return old
    # The document that holds since the last change does not differ, though it tells no history.
    with suppress(OrchestratorError):
        if succeed(old, estate, old.at(now).epoch.start) == old:
            return old
    raise refuse(
        "FROM_REQUIRED",
        "there is an estate already, and this one differs from it",
        "say from when it holds (--from), as 2026-07-01T00:00:00Z",
    )
