"""Statements of account by what is booked: restated, waiting for leave, claimed, as it once was."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.actions.assess import assess_period
from orchestrator.actions.books import approve_restatements, close_books
from orchestrator.actions.claims import AskedMove, key_of, make_move
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.statements import books_of
from orchestrator.engine.ledger import balances, totals
from orchestrator.engine.statement import statements
from orchestrator.formats.estate import read_estate
from orchestrator.model.statements import Statement
from orchestrator.model.values import AskedPeriod, Instant, Money, parse_instant
from orchestrator.store.claims import load_claims
from orchestrator.store.read import load_estate
from tests.store.test_books import ESTATE, MONTHS, TRUTH, every_entry, outage, told

HALF = "2026-01-01/2026-07-01"


def stated(ctx: Context, period: str, at: Instant | None = None) -> dict[str, Statement]:
    asked, moment = AskedPeriod.parse(period), ctx.now if at is None else at
    with ctx.database.read() as session:
        estate = load_estate(session, ctx.tenant, at)
        books = books_of(session, ctx.tenant, estate, asked, moment, at)
    found = statements(estate, asked, books)
    return {f"{one.agreement} {one.currency}": one for one in found}


def figures(one: Statement) -> list[tuple[int, ...]]:
    return [
        (line.fee, line.deducted, line.added, line.payable, line.carried, line.pending)
        for line in one.lines
    ]


@pytest.fixture
def opened(ctx: Context) -> Context:
    import_estate(ctx, ESTATE)
    told(ctx, *TRUTH)
    for month in MONTHS:
        assess_period(ctx, month)
    return ctx


def test_a_half_year_is_stated_month_by_month(opened: Context) -> None:
    """120.00, 205.00 and, by the cap of the year, 25.00; the credits of 50.00 are in dollars
    and not claimed yet."""
    found = stated(opened, HALF)
    assert set(found) == {"sla EUR", "uc USD"}
    sla = found["sla EUR"]
    assert [line.amounts.get("credit", 0) for line in sla.lines] == [12000, 20500, 2500, 0, 0, 0]
    assert sla.figures.fee == 600000
    assert figures(found["uc USD"])[0] == (50000, 0, 0, 50000, 0, 5000)
    assert {one.assessed for one in sla.lines} == {True}
    sums = totals(balances(every_entry(opened)), "party")
    of, host = sla.figures, found["uc USD"].figures
    assert of.fee + of.carried - of.payable == sums["shop", "EUR"]
    assert host.pending == sums["us", "USD"]


def test_a_month_that_nobody_assessed_says_so(opened: Context) -> None:
    (july,) = stated(opened, "2026-07")["sla EUR"].lines
    assert (july.payable, july.assessed) == (100000, False)


def test_what_was_restated_shows_what_it_was(opened: Context) -> None:
    told(opened, outage(0, 0, 1, "hosting"))
    assess_period(opened, MONTHS[0])
    (line,) = stated(opened, "2026-01")["sla EUR"].lines
    (item,) = line.items
    assert (item.booked, item.was, item.revision) == (6000, Money(12000, "EUR"), 3)
    assert line.payable == 100000 - 6000


def test_a_credit_taken_back_is_shown_as_such(opened: Context) -> None:
    told(opened, outage(0, 0, 2, "web"))
    assess_period(opened, MONTHS[0])
    (line,) = stated(opened, "2026-01")["uc USD"].lines
    (item,) = line.items
    assert (item.booked, item.pending, item.was) == (0, 0, Money(5000, "USD"))
    assert line.payable == 50000


def test_what_waits_for_leave_is_not_deducted_yet(opened: Context) -> None:
    close_books(opened, parse_instant("2026-02-15T00:00:00Z"))
    told(opened, outage(0, 0, 1, "hosting"))
    assess_period(opened, MONTHS[0])
    (line,) = stated(opened, "2026-01")["sla EUR"].lines
    (item,) = line.items
    assert (item.booked, item.waits, item.was) == (12000, Money(6000, "EUR"), None)
    assert line.payable == 88000
    approve_restatements(opened, "the probe was wrong")
    (line,) = stated(opened, "2026-01")["sla EUR"].lines
    assert (line.payable, line.items[0].waits) == (94000, None)


def claimed(ctx: Context, event: str, **more: Any) -> None:
    with ctx.database.read() as session:
        claim = next(iter(load_claims(session, ctx.tenant, agreements=["uc"])))
    by = "host" if event == "accept" else "us"
    make_move(ctx, AskedMove(key_of(claim), event, by, **more))


def test_what_was_accepted_is_deducted(opened: Context) -> None:
    claimed(opened, "submit")
    assert figures(stated(opened, "2026-01")["uc USD"]) == [(50000, 0, 0, 50000, 0, 5000)]
    claimed(opened, "accept", accepted=Money(3000, "USD"))
    (line,) = stated(opened, "2026-01")["uc USD"].lines
    assert (line.payable, line.pending, line.lost) == (47000, 0, 2000)
    assert line.items[0].state == "accepted"


BY_THE_QUARTER = read_estate("""
apiVersion: orchestrator/v1
kind: Estate
metadata: {home: [us], currency: EUR}
parties: [{id: us}, {id: shop}, {id: host}]
services: [{id: hosting, owner: host}, {id: web, owner: us, requires: hosting}]
agreements:
  - {id: sla, kind: SLA, provider: us, customer: shop, covers: [web], fee: {amount: "1000.00"},
     effective: {from: 2025-12-01, to: 2026-06-01},
     terms: [{id: availability, metric: availability, target: "99.9%", period: quarter,
       credits: [{below: "99.9%", percent: 100}]}]}
""").estate


def test_what_is_left_of_a_credit_is_brought_forward_whenever_it_is_asked(ctx: Context) -> None:
    """All of the first quarter's three fees is credited for its last month."""
    import_estate(ctx, BY_THE_QUARTER)
    told(ctx, outage(0, 0, 12))
    assess_period(ctx, AskedPeriod.parse("2026-Q1"))
    whole = stated(ctx, HALF)["sla EUR"]
    # fee, deducted, added, payable, carried, pending
    assert figures(whole)[1:] == [
        (100000, 0, 0, 100000, 0, 0),
        (100000, 300000, 0, 0, 200000, 0),
        (100000, 0, 0, 0, 100000, 0),
        (100000, 0, 0, 0, 0, 0),
    ]
    april = stated(ctx, "2026-04")["sla EUR"]
    assert (april.brought, april.lines) == (200000, whole.lines[3:4])


def test_what_is_left_when_a_contract_is_over_stays_on_the_statement(ctx: Context) -> None:
    import_estate(ctx, BY_THE_QUARTER)
    told(ctx, outage(0, 100, 12))
    assess_period(ctx, AskedPeriod.parse("2026-04-01/2026-07-01"))
    may = stated(ctx, "2026-05")["sla EUR"]
    assert (may.figures.payable, may.figures.carried) == (0, 100000)
    later = stated(ctx, "2026-09")["sla EUR"]
    assert (later.brought, later.lines, later.figures.carried) == (100000, (), 100000)
