"""The books on both databases: they follow from facts whatever the way there, and stay whole."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from orchestrator.actions.assess import AssessResult, assess_period
from orchestrator.actions.books import approve_restatements, close_books, verify_books
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.engine.booking import bookings
from orchestrator.engine.ledger import balances, standing
from orchestrator.engine.settle import settle
from orchestrator.formats.estate import read_estate
from orchestrator.model.ledger import Booking
from orchestrator.model.records import Facts, Outage
from orchestrator.model.values import DAWN, DAY, HOUR, AskedPeriod, Span, parse_instant
from orchestrator.store import books
from orchestrator.store.audit import verify as verify_audit
from tests.contracts import refused_with

ESTATE = read_estate("""
apiVersion: orchestrator/v1
kind: Estate
metadata: {home: [us], currency: EUR}
parties: [{id: us}, {id: shop}, {id: host}]
services:
  - {id: hosting, owner: host}
  - {id: web, owner: us, requires: hosting}
agreements:
  - {id: sla, kind: SLA, provider: us, customer: shop, covers: [web], timezone: Europe/Berlin,
     fee: {amount: "1000.00"}, effective: {from: 2025-11-15}, annualCaps: [{amount: "350.00"}],
     terms: [{id: availability, metric: availability, target: "99.9%",
       credits: {perMinute: {amount: "1.00"}},
       repeats: [{breaches: 2, periods: 2, extra: {amount: "25.00"}}],
       chronic: {breaches: 3, periods: 4}, bonus: [{above: "99.99%", percent: 1}],
       earnBack: {periods: 2, expires: 3}}]}
  - {id: uc, kind: UC, provider: host, customer: us, covers: [hosting],
     fee: {amount: "500.00", currency: USD},
     terms: [{id: availability, metric: availability, target: "99.9%",
       credits: [{below: "99.9%", percent: 10}]}]}
""").estate
MONTHS = [AskedPeriod.parse(f"2026-0{month}") for month in range(1, 7)]
JANUARY = parse_instant("2026-01-10T00:00:00Z")


def outage(number: int, day: int, hours: int, service: str = "web") -> Outage:
    start = JANUARY + day * DAY
    return Outage(f"o-{number}", service, Span(start, start + hours * HOUR))


TRUTH = (
    outage(0, 0, 2, "hosting"),
    outage(1, 31, 3),
    outage(2, 62, 1),
    outage(3, 150, 2, "hosting"),
)


def told(ctx: Context, *outages: Outage) -> None:
    record_facts(ctx, Facts(tuple(sorted(outages, key=lambda one: one.id))))


def assessed(ctx: Context, period: str = "2026-01") -> AssessResult:
    return assess_period(ctx, AskedPeriod.parse(period))


def every_entry(ctx: Context) -> tuple[Any, ...]:
    with ctx.database.read() as session:
        return tuple(
            entry
            for agreement in books.agreements_booked(session, ctx.tenant)
            for entry in books.entries_under(session, ctx.tenant, (agreement,))
        )


def intact(ctx: Context) -> bool:
    with ctx.database.read() as session:
        return not verify_books(session, ctx.tenant) and not verify_audit(session, ctx.tenant)


def owed(facts: tuple[Outage, ...]) -> dict[Any, Booking]:
    """What ought to be booked for the half-year, settled at once from the facts alone."""
    found = settle(ESTATE, Facts(facts), AskedPeriod.parse("2026-01-01/2026-07-01"))
    return {one.key: one for one in bookings(found) if one.money.amount}


@pytest.fixture
def opened(ctx: Context) -> Context:
    import_estate(ctx, ESTATE)
    return ctx


def test_what_is_due_is_booked_once(opened: Context) -> None:
    told(opened, *TRUTH)
    first = assessed(opened)
    assert [(one.key.kind, str(one.booking.money)) for one in first.posting.entries] == [
        ("credit", "120.00"),
        ("credit", "50.00"),
    ]
    assert (first.posted, first.changed) == (2, True)
    again = assessed(opened)
    assert (again.posted, again.changed) == (0, False)
    # February with the 25.00 that repetition adds; of March what the cap of the year leaves; and
    # no January again.
    quarter = assessed(opened, "2026-Q1").posting.entries
    assert [str(one.booking.money) for one in quarter] == ["205.00", "25.00"]
    assert assessed(opened, "2026-Q1").posted == 0
    assert intact(opened)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_way_the_books_end_alike(opened: Context, seed: int) -> None:
    """Facts late, repeated and corrected, months assessed in any order."""
    ways = random.Random(seed)
    for _ in range(3):
        known = [one for one in TRUTH if ways.random() < 0.6]
        wrong = [outage(one, ways.randrange(170), 1) for one in range(4) if ways.random() < 0.3]
        told(opened, *{one.id: one for one in (*known, *wrong)}.values())
        for month in ways.sample(MONTHS, 3):
            assess_period(opened, month)
    told(opened, *TRUTH)
    for month in ways.sample(MONTHS, 6):
        assess_period(opened, month)
    entries = every_entry(opened)
    assert standing(entries) == owed(TRUTH)
    assert intact(opened)
    with opened.database.read() as session:
        page = books.balance_page(session, opened.tenant, None, 100)
        counted = books.count_balances(session, opened.tenant)
    held = {(one.account, one.money.currency): one.money.amount for one in page.items}
    assert held == balances(entries)
    assert counted == len(held) > 4


def test_recorders_and_assessors_at_once_lose_nothing_and_book_nothing_twice(
    opened: Context,
) -> None:
    def work(number: int) -> None:
        ways = random.Random(number)
        for _ in range(2):
            told(opened, outage(ways.randrange(4), ways.randrange(170), 1))
            assess_period(opened, ways.choice(MONTHS))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert intact(opened)
    told(opened, *TRUTH)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda month: assess_period(opened, month), MONTHS))
    assert standing(every_entry(opened)) == owed(TRUTH)
    assert intact(opened)


def test_a_credit_is_earned_back_by_the_month_that_completes_it(opened: Context) -> None:
    told(opened, outage(0, 0, 2))
    for month in MONTHS:
        assess_period(opened, month)
    (back,) = (one for one in every_entry(opened) if one.key.kind == "earn_back")
    assert back.key.period.start == parse_instant("2025-12-31T23:00:00Z")
    assert back.booking.due == parse_instant("2026-03-31T22:00:00Z")
    assert (back.booking.debtor, back.booking.creditor) == ("shop", "us")
    # A late fact makes March a bad month: the credit is earned back by May instead, too late.
    told(opened, outage(1, 62, 1))
    for month in reversed(MONTHS):
        assess_period(opened, month)
    entries = every_entry(opened)
    assert standing(entries) == owed((outage(0, 0, 2), outage(1, 62, 1)))
    assert intact(opened)


def test_closed_books_are_restated_by_leave_alone(opened: Context) -> None:
    told(opened, *TRUTH)
    assessed(opened)
    until = parse_instant("2026-02-15T00:00:00Z")
    assert close_books(opened, until) == until
    assert close_books(opened, until) == until
    with refused_with("BOOKS_CLOSED"):
        close_books(opened, until - DAY)
    told(opened, outage(0, 0, 1, "hosting"))
    result = assessed(opened)
    assert (result.posted, result.waiting) == (0, 1)
    assert assessed(opened).changed is False
    with opened.database.read() as session:
        waiting = books.waiting(session, opened.tenant)
    assert [(str(one.booked.money), str(one.wanted.money)) for one in waiting] == [
        ("120.00", "60.00")
    ]
    with refused_with("NO_REASON"):
        approve_restatements(opened, " ")
    with refused_with("NOTHING_WAITS"):
        approve_restatements(opened, "why", ["uc"])
    given = approve_restatements(opened, "the probe was wrong", idempotency_key="k")
    assert given.entries == 2
    assert approve_restatements(opened, "the probe was wrong", idempotency_key="k") == given
    restated = [one for one in every_entry(opened) if one.approval]
    assert [one.revision for one in restated] == [2, 3]
    assert {(one.approval.by, one.approval.reason) for one in restated} == {
        ("tester", "the probe was wrong")
    }
    assert (assessed(opened).posted, assessed(opened).waiting) == (0, 0)
    assert intact(opened)


def test_a_correction_taken_back_waits_no_longer(opened: Context) -> None:
    told(opened, *TRUTH)
    assessed(opened)
    close_books(opened, parse_instant("2026-02-15T00:00:00Z"))
    told(opened, outage(0, 0, 1, "hosting"))
    assert assessed(opened).waiting
    told(opened, *TRUTH)
    assert assessed(opened).waiting == 0
    with opened.database.read() as session:
        assert books.waiting(session, opened.tenant) == ()
    assert intact(opened)


def test_a_dry_run_books_nothing(opened: Context) -> None:
    told(opened, *TRUTH)
    assert assess_period(opened, MONTHS[0], dry_run=True).posted == 2
    assert every_entry(opened) == ()
    close_books(opened, JANUARY, dry_run=True)
    with opened.database.read() as session:
        assert books.closed_until(session, opened.tenant) == DAWN


def test_pages_of_the_journal_hold_every_entry_once(opened: Context) -> None:
    told(opened, *TRUTH)
    assessed(opened, "2026-01-01/2026-07-01")
    told(opened, outage(1, 31, 2))
    assessed(opened, "2026-02")
    seen: list[Any] = []
    after = None
    with opened.database.read() as session:
        while True:
            page = books.entry_page(session, opened.tenant, after, 2)
            seen += [one.entry for one in page.items]
            if not page.more:
                break
            after = page.keys[-1]
        assert books.count_entries(session, opened.tenant) == len(seen)
        only = books.entry_page(session, opened.tenant, None, 100, ["uc"])
    assert tuple(seen) == every_entry(opened)
    assert {one.entry.key.term.agreement for one in only.items} == {"uc"}


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE ledger_line SET amount = amount + 1 WHERE party = 'us'",
        "UPDATE ledger_line SET amount = amount * 2",
        "DELETE FROM ledger_entry WHERE revision = 2",
        "UPDATE ledger_entry SET reverses = 0 WHERE revision = 2",
    ],
)
def test_books_that_were_tampered_with_do_not_verify(opened: Context, tampering: str) -> None:
    told(opened, *TRUTH)
    assessed(opened)
    told(opened, outage(0, 0, 1, "hosting"))
    assessed(opened)
    assert intact(opened)
    with opened.database.writer.begin() as connection:
        connection.execute(text(tampering))
    with opened.database.read() as session:
        found = verify_books(session, opened.tenant)
    assert {one.code for one in found} == {"LEDGER_BROKEN"}
