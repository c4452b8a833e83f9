"""Entries, their reversal, restatements, exchange and set-off: what the books say and refuse."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from orchestrator.engine.ledger import (
    Restatement,
    balances,
    converted,
    converted_parts,
    in_currency,
    rate_at,
    reconcile,
    set_off,
    standing,
    totals,
    verify,
)
from orchestrator.errors import OrchestratorError
from orchestrator.model.ledger import (
    Account,
    Approval,
    Booking,
    Entry,
    EntryKey,
    Line,
    Rate,
)
from orchestrator.model.records import TermKey
from orchestrator.model.values import DAY, Money, Span, parse_instant

APRIL = Span(parse_instant("2026-04-01T00:00:00Z"), parse_instant("2026-05-01T00:00:00Z"))
MAY = Span(APRIL.end, parse_instant("2026-06-01T00:00:00Z"))
KEY = EntryKey(TermKey("c1", 1, "availability", "web"), APRIL, "credit")
US, SHOP = Account("us", "c1", "credit"), Account("shop", "c1", "credit")


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def credit(amount: str, key: EntryKey = KEY) -> Booking:
    return Booking(key, "us", "shop", eur(amount))


def refused(make: Any) -> str:
    with pytest.raises(OrchestratorError) as caught:
        make()
    return caught.value.problems[0].code


def test_a_credit_is_lost_by_one_account_and_gained_by_another() -> None:
    (entry,) = reconcile((), [credit("100.00")]).entries
    assert (entry.revision, entry.reverses) == (1, 0)
    assert entry.lines == (Line(US, eur("-100.00")), Line(SHOP, eur("100.00")))
    assert balances([entry]) == {(SHOP, "EUR"): 10_000, (US, "EUR"): -10_000}


def test_what_is_booked_already_is_not_booked_again() -> None:
    books = reconcile((), [credit("100.00")]).entries
    assert reconcile(books, [credit("100.00"), credit("100.00")]).entries == ()


def test_a_correction_reverses_and_books_anew() -> None:
    books = reconcile((), [credit("100.00")]).entries
    reversal, anew = reconcile(books, [credit("80.00")]).entries
    assert (reversal.revision, reversal.reverses) == (2, 1)
    assert reversal.lines == (Line(US, eur("100.00")), Line(SHOP, eur("-100.00")))
    assert (anew.revision, anew.reverses, anew.booking) == (3, 0, credit("80.00"))
    assert balances((*books, reversal, anew)) == {(SHOP, "EUR"): 8000, (US, "EUR"): -8000}


def test_what_is_no_longer_wanted_is_reversed_and_may_come_back() -> None:
    books = list(reconcile((), [credit("100.00")]).entries)
    books += reconcile(books, ()).entries
    assert balances(books) == {}
    assert standing(books) == {}
    (again,) = reconcile(books, [credit("100.00")]).entries
    assert (again.revision, again.reverses) == (3, 0)


def test_a_booking_of_nothing_is_none() -> None:
    assert reconcile((), [credit("0.00")]).entries == ()


def test_two_sums_for_one_key_are_refused() -> None:
    assert refused(lambda: reconcile((), [credit("1.00"), credit("2.00")])) == "BOOKED_TWICE"


def test_an_entry_that_does_not_sum_to_zero_is_refused() -> None:
    lines = (Line(US, eur("-100.00")), Line(SHOP, Money(10_000, "USD")))
    assert refused(lambda: Entry(credit("100.00"), 1, lines)) == "UNBALANCED_ENTRY"


# ------------------------------------------------------------------------------------- restatements


def test_closed_books_change_only_with_leave() -> None:
    books = reconcile((), [credit("100.00")]).entries
    waiting = reconcile(books, [credit("80.00")], closed_until=APRIL.end)
    assert waiting.entries == ()
    assert waiting.pending == (Restatement(KEY, credit("100.00"), credit("80.00")),)
    leave = Approval("cfo", MAY.start + DAY, "the outage was measured twice", frozenset({KEY}))
    given = reconcile(books, [credit("80.00")], [leave], APRIL.end)
    assert given.pending == ()
    assert [entry.approval for entry in given.entries] == [leave, leave]


def test_open_books_need_no_leave() -> None:
    books = reconcile((), [credit("100.00")]).entries
    assert len(reconcile(books, [credit("80.00")], closed_until=APRIL.end - 1).entries) == 2


def test_leave_for_one_key_is_none_for_another() -> None:
    other = replace(KEY, kind="bonus")
    leave = Approval("cfo", MAY.start, "agreed", frozenset({other}))
    found = reconcile((), [credit("1.00")], [leave], APRIL.end)
    assert found.pending == (Restatement(KEY, None, credit("1.00")),)


def test_nobody_restates_without_a_reason() -> None:
    assert refused(lambda: Approval("cfo", 0, " ", frozenset())) == "NO_REASON"


# ------------------------------------------------------------------------------------- verification


def books_of(*amounts: str) -> list[Entry]:
    books: list[Entry] = []
    for amount in amounts:
        books += reconcile(books, [credit(amount)]).entries
    return books


def test_books_that_were_kept_verify() -> None:
    verify(books_of("100.00", "80.00", "0.00", "90.00")[::-1])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda books: [*books, books[-1]],
        lambda books: books[1:],
        lambda books: [books[0], books[2]],
        lambda books: [books[0], replace(books[2], revision=2)],
        lambda books: [replace(books[0], reverses=1)],
        lambda books: [books[0], replace(books[1], reverses=7), books[2]],
        lambda books: [books[0], replace(books[1], lines=()), books[2]],
        lambda books: [replace(books[0], lines=())],
        lambda books: [replace(books[0], booking=credit("100.01"))],
    ],
)
def test_books_that_were_tampered_with_do_not(spoil: Any) -> None:
    assert refused(lambda: verify(spoil(books_of("100.00", "80.00")))) == "LEDGER_BROKEN"


# --------------------------------------------------------------------------------------- currencies

DOLLARS = Rate("USD", "EUR", Fraction("0.92"), MAY, "the bank")


def test_a_sum_is_converted_at_the_rate_stated_for_that_time() -> None:
    rate = rate_at([DOLLARS], "USD", "EUR", MAY.start)
    assert converted(Money(10_001, "USD"), rate) == eur("92.01")
    assert refused(lambda: rate_at([DOLLARS], "USD", "EUR", MAY.end)) == "NO_RATE"


def test_no_rate_is_worked_out_from_others() -> None:
    assert refused(lambda: rate_at([DOLLARS], "EUR", "USD", MAY.start)) == "NO_RATE"


def test_two_rates_for_one_time_are_ambiguous_unless_they_agree() -> None:
    other = replace(DOLLARS, factor=Fraction("0.93"))
    assert refused(lambda: rate_at([DOLLARS, other], "USD", "EUR", MAY.start)) == "AMBIGUOUS_RATE"
    assert rate_at([DOLLARS, replace(DOLLARS, stated="x")], "USD", "EUR", MAY.start) == DOLLARS


def test_half_a_minor_unit_is_rounded_up() -> None:
    half = replace(DOLLARS, factor=Fraction(1, 2))
    assert [converted(Money(cents, "USD"), half).amount for cents in (1, 2, 3)] == [1, 1, 2]


def test_minor_units_differ_between_currencies() -> None:
    yen = Rate("EUR", "JPY", Fraction(160), MAY)
    assert converted(eur("1.25"), yen) == Money(200, "JPY")
    dinar = Rate("JPY", "KWD", Fraction("0.002"), MAY)
    assert converted(Money(100, "JPY"), dinar) == Money(200, "KWD")


def test_parts_are_converted_without_loss() -> None:
    parts = [Money(amount, "USD") for amount in (33, 33, 34)]
    assert [one.amount for one in converted_parts(parts, DOLLARS)] == [31, 30, 31]


def test_a_payment_in_another_currency_sums_to_zero_in_both() -> None:
    owed = Booking(KEY, "us", "shop", Money(10_000, "USD"))
    paid = in_currency(owed, "EUR", [DOLLARS], MAY.start)
    assert paid.paid == eur("92.00")
    (entry,) = reconcile((), [paid]).entries
    found = balances([entry])
    exchange = Account("us", "c1", "exchange")
    assert found == {
        (exchange, "EUR"): -9200,
        (exchange, "USD"): 10_000,
        (SHOP, "EUR"): 9200,
        (US, "USD"): -10_000,
    }
    verify([entry])
    assert in_currency(paid, "USD", (), MAY.start) == paid


def test_money_paid_in_another_currency_needs_its_rate() -> None:
    booked = credit("1.00")
    assert refused(lambda: replace(booked, paid=Money(1, "USD"))) == "NO_RATE"
    assert refused(lambda: replace(booked, creditor="us")) == "SAME_PARTY"
    assert refused(lambda: replace(KEY, kind="gift")) == "BAD_CHOICE"
    assert refused(lambda: replace(DOLLARS, factor=Fraction(0))) == "BAD_RATE"


# --------------------------------------------------------------------------------- totals, invoices


def test_balances_add_up_by_party_agreement_and_kind() -> None:
    bonus = Booking(replace(KEY, kind="bonus"), "shop", "us", eur("30.00"))
    found = balances(reconcile((), [credit("100.00"), bonus]).entries)
    assert totals(found, "party") == {("shop", "EUR"): 7000, ("us", "EUR"): -7000}
    assert totals(found, "kind") == {}
    assert totals(found, "agreement") == {}


def test_a_credit_is_deducted_from_invoices_and_the_rest_carried_forward() -> None:
    assert list(set_off(250, [100, 0, 120, 80, 80])) == [100, 0, 120, 30, 0]
