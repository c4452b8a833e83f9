"""The audit trail: a chain in which any change shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from orchestrator.actions.context import Context, Done, Request, mutate
from orchestrator.model.records import Finding
from orchestrator.model.values import FOREVER
from orchestrator.store import audit
from orchestrator.store.database import Database
from orchestrator.store.read import audit_lines
from tests.store.conftest import NOW

LINES = 5


@pytest.fixture
def ctx(ctx: Context) -> Context:
    """After some mutations."""
    for number in range(LINES):
        act(replace(ctx, now=NOW + number), number)
    return ctx


def act(ctx: Context, number: int) -> int:
    return mutate(
        ctx,
        Request("count", f"digest {number}", key=f"key {number}"),
        lambda _session, _now: Done(number, {"number": number}, True),
        lambda _session, summary: -int(summary.removeprefix('{"number":').removesuffix("}")),
    )


def verified(database: Database, tenant: str = "tenant") -> tuple[Finding, ...]:
    with database.read() as session:
        return audit.verify(session, tenant)


def tamper(database: Database, statement: str) -> None:
    with database.write() as session:
        session.execute(text(statement))


def test_each_line_follows_from_the_one_before(ctx: Context) -> None:
    assert verified(ctx.database) == ()
    with ctx.database.read() as session:
        lines = audit_lines(session, "tenant")
        assert audit_lines(session, "tenant", after=1, first=2) == lines[1:3]
    assert [line.seq for line in lines] == [1, 2, 3, 4, 5]
    assert [line.at for line in lines] == [NOW + number for number in range(LINES)]
    assert lines[0].previous == audit.BEGINNING
    assert [line.previous for line in lines[1:]] == [line.hash for line in lines[:-1]]
    assert (lines[2].actor, lines[2].action) == ("tester", "count")
    assert lines[2].summary == '{"number":2}'


def test_an_empty_trail_is_whole(database: Database) -> None:
    assert verified(database) == ()


@pytest.mark.parametrize(
    "change",
    [
        "summary = '{}'",
        "actor = 'somebody else'",
        "action = 'nothing'",
        "at = at + 1",
        "digest = 'other'",
        "idempotency_key = NULL",
        "hash = previous",
        "previous = hash",
        "seq = 33",
    ],
)
def test_a_changed_line_is_named(ctx: Context, change: str) -> None:
    tamper(ctx.database, f"UPDATE audit SET {change} WHERE seq = 3")
    (finding,) = verified(ctx.database)
    assert (finding.code, finding.severity) == ("AUDIT_BROKEN", "error")
    assert finding.subjects == ("4",) if change == "seq = 33" else ("3",)


def test_a_line_taken_out_is_named(ctx: Context) -> None:
    tamper(ctx.database, "DELETE FROM audit WHERE seq = 2")
    (finding,) = verified(ctx.database)
    assert finding.subjects == ("3",)


def test_a_trail_cut_short_is_noticed(ctx: Context) -> None:
    tamper(ctx.database, "DELETE FROM audit WHERE seq >= 4")
    (finding,) = verified(ctx.database)
    assert finding.subjects == ("4",)


def test_a_line_sealed_anew_breaks_the_next(ctx: Context) -> None:
    with ctx.database.write() as session:
        line = replace(audit.lines(session, "tenant")[2], summary="{}")
        session.execute(
            text("UPDATE audit SET summary = '{}', hash = :hash WHERE seq = 3"),
            {"hash": line.seal("tenant")},
        )
    (finding,) = verified(ctx.database)
    assert finding.subjects == ("4",)


def test_a_line_of_another_tenant_does_not_fit(ctx: Context) -> None:
    act(replace(ctx, tenant="other"), 1)
    tamper(ctx.database, "DELETE FROM audit WHERE tenant_id = 'tenant'")
    tamper(ctx.database, "UPDATE audit SET tenant_id = 'tenant' WHERE tenant_id = 'other'")
    (finding,) = verified(ctx.database)
    assert finding.subjects == ("1",)


def test_a_longer_trail_is_verified_page_by_page(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_PAGE", 2)
    assert verified(ctx.database) == ()
    tamper(ctx.database, "UPDATE audit SET summary = '' WHERE seq = 5")
    assert [finding.subjects for finding in verified(ctx.database)] == [("5",)]


def test_rows_that_no_line_stands_for_are_found(ctx: Context) -> None:
    tamper(
        ctx.database,
        f"INSERT INTO fact VALUES ('tenant', 5, {FOREVER}, 1, 2, 'outages', 'o', 'a', '{{}}')",
    )
    (finding,) = verified(ctx.database)
    assert (finding.code, finding.subjects) == ("UNAUDITED", ("fact",))


def test_a_repeated_key_is_answered_from_its_line(ctx: Context) -> None:
    assert act(ctx, 3) == -3
    assert act(ctx, 9) == 9
    with ctx.database.read() as session:
        assert len(audit_lines(session, "tenant")) == LINES + 1


def test_a_key_is_of_one_tenant(ctx: Context) -> None:
    assert act(replace(ctx, tenant="other"), 3) == 3


def test_what_fails_leaves_no_line(ctx: Context) -> None:
    def fail(_session: object, _now: int) -> Done[None]:
        raise KeyError

    with pytest.raises(KeyError):
        mutate(ctx, Request("fail", "digest"), fail, lambda _session, _summary: None)
    with ctx.database.read() as session:
        assert len(audit_lines(session, "tenant")) == LINES
    assert act(ctx, 7) == 7
    assert verified(ctx.database) == ()
