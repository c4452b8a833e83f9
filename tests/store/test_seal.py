"""Facts and books are what their audit lines sealed; whatever is done to a row shows."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from orchestrator.actions.books import approve_restatements, close_books
from orchestrator.actions.context import Context
from orchestrator.actions.facts import record_facts, withdraw_facts
from orchestrator.model.records import Facts
from orchestrator.model.values import DAWN, DAY, FOREVER, HOUR
from orchestrator.store.audit import verify
from tests.store.test_books import JANUARY, assessed, opened, outage, told

__all__ = ["opened"]

CHANGES = [
    "UPDATE ledger_line SET amount = amount * 2",
    "UPDATE ledger_line SET party = 'host' WHERE party = 'shop'",
    "DELETE FROM ledger_line WHERE revision = 1",
    "UPDATE ledger_entry SET content = REPLACE(content, '18000', '28000')",
    f"UPDATE ledger_entry SET due = due + {DAY} WHERE revision = 3",
    "UPDATE ledger_entry SET approval = 0",
    "DELETE FROM ledger_entry WHERE revision = 3",
    "UPDATE ledger_approval SET reason = 'none'",
    "DELETE FROM ledger_approval",
    "UPDATE ledger_closing SET until = 0",
    "DELETE FROM ledger_closing",
    "UPDATE fact SET content = REPLACE(content, 'hosting', 'web')",
    "UPDATE fact SET service = 'web' WHERE service = 'hosting'",
    f"UPDATE fact SET valid_from = valid_from - {HOUR} WHERE id = 'o-1'",
    "UPDATE fact SET id = 'o-2' WHERE id = 'o-1'",
    "DELETE FROM fact WHERE id = 'o-1'",
    f"UPDATE fact SET superseded_at = {FOREVER} WHERE id = 'o-0'",
    f"UPDATE fact SET superseded_at = {FOREVER} WHERE id = 'o-3'",
    f"DELETE FROM fact WHERE id = 'o-3' AND valid_to = {DAWN}",
    f"UPDATE fact SET valid_to = {FOREVER} WHERE valid_to = {DAWN}",
    "UPDATE fact SET content = REPLACE(content, 'probe', 'world')",
    "UPDATE fact SET superseded_at = recorded_at + 1 WHERE id = 'o-1'",
]


@pytest.fixture
def ctx(opened: Context) -> Context:
    """After a fact, its correction, an assessment, a late fact restated by leave, and one that was
    withdrawn."""
    told(opened, outage(0, 0, 2, "hosting"))
    told(opened, outage(0, 0, 3, "hosting"))
    assessed(opened)
    close_books(opened, JANUARY + 60 * DAY)
    told(opened, outage(1, 1, 1))
    assessed(opened)
    approve_restatements(opened, "the monitor was late")
    told(opened, outage(3, 3, 1))
    withdraw_facts(opened, "outages", ["o-3"], "the probe was down")
    return opened


def codes(ctx: Context) -> list[str]:
    with ctx.database.read() as session:
        return [one.code for one in verify(session, ctx.tenant)]


def test_what_nobody_touched_is_whole(ctx: Context) -> None:
    assert codes(ctx) == []
    with ctx.database.read() as session:
        assert verify(session, "nobody") == ()


def test_a_row_that_somebody_changed_breaks_a_seal(ctx: Context) -> None:
    unseen = []
    with ctx.database.write() as session:
        for statement in CHANGES:
            tried = session.begin_nested()
            assert session.connection().execute(text(statement)).rowcount, statement
            found = [one.code for one in verify(session, ctx.tenant)]
            unseen += [] if "SEAL_BROKEN" in found else [statement]
            tried.rollback()
        assert verify(session, ctx.tenant) == ()
    assert unseen == []


def test_a_repeated_request_is_answered_from_a_sealed_line(ctx: Context) -> None:
    late = Facts((outage(2, 2, 1),))
    first = record_facts(ctx, late, idempotency_key="k")
    assert first.accepted == 1
    assert record_facts(ctx, late, idempotency_key="k") == first
    until = JANUARY + 90 * DAY
    assert close_books(ctx, until, idempotency_key="c") == until
    assert close_books(ctx, until, idempotency_key="c") == until


def test_what_was_only_tried_is_in_no_seal(ctx: Context) -> None:
    record_facts(ctx, Facts((outage(2, 2, 1),)), dry_run=True)
    record_facts(ctx, Facts((outage(3, 3, 1),)))
    assert codes(ctx) == []
