"""The books under any history of facts: they sum to zero, verify, and end where the facts do.

What is booked is compared with a plain dictionary: the last word said of each key.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.indemnity import Link, passed_on
from orchestrator.engine.ledger import (
    balances,
    converted,
    converted_parts,
    reconcile,
    set_off,
    standing,
    verify,
)
from orchestrator.model.breaches import Indemnity
from orchestrator.model.ledger import Approval, Booking, Entry, EntryKey, Rate
from orchestrator.model.records import TermKey
from orchestrator.model.values import ALWAYS, DAY, Money, Span
from tests.laws.build import law, long_law

PERIODS = [Span(month * 30 * DAY, (month + 1) * 30 * DAY) for month in range(3)]
KEYS = st.builds(
    EntryKey,
    st.builds(TermKey, st.sampled_from(["c1", "u1"]), st.just(1), st.just("a"), st.just("web")),
    st.sampled_from(PERIODS),
    st.sampled_from(["credit", "bonus"]),
)
MONEY = st.builds(Money, st.integers(0, 500), st.sampled_from(["EUR", "USD"]))
FACTS = st.lists(st.tuples(KEYS, MONEY, st.booleans()), max_size=12)
"""What is due for a key as far as is known then, and which way it is owed; later ones correct
earlier ones."""
State = dict[EntryKey, Booking]


def booking(key: EntryKey, money: Money, turned: bool) -> Booking:
    debtor, creditor = ("shop", "us") if turned else ("us", "shop")
    return Booking(key, debtor, creditor, money)


def said(facts: Sequence[tuple[EntryKey, Money, bool]]) -> State:
    """The last word on each key."""
    return {fact[0]: booking(*fact) for fact in facts}


def kept(states: Sequence[State]) -> list[Entry]:
    """Books that followed one state of knowledge after another."""
    books: list[Entry] = []
    for state in states:
        books += reconcile(books, state.values()).entries
    return books


def plain_balances(state: State) -> Counter[tuple[str, str, str, str]]:
    """What each party has, from the state of knowledge alone."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for key, one in state.items():
        about = (key.term.agreement, key.kind, one.money.currency)
        found[one.debtor, *about] -= one.money.amount
        found[one.creditor, *about] += one.money.amount
    return Counter({key: amount for key, amount in found.items() if amount})


def flat(books: Sequence[Entry]) -> dict[tuple[str, str, str, str], int]:
    return {
        (account.party, account.agreement, account.kind, currency): amount
        for (account, currency), amount in balances(books).items()
    }


def any_order_ends_alike(facts: list[tuple[EntryKey, Money, bool]], seed: int) -> None:
    """However the truth came to be known, the balances are those of the truth."""
    truth = said(facts)
    ways = random.Random(seed)
    detours = [{key: one for key, one in truth.items() if ways.random() < 0.6} for _ in range(3)]
    wrong = [
        {key: Booking(key, "us", "shop", Money(ways.randrange(500), "EUR")) for key in state}
        for state in detours
    ]
    history = [*detours, *wrong, *detours]
    ways.shuffle(history)
    books = kept([*history, truth, truth])
    verify(books)
    assert flat(books) == plain_balances(truth)
    assert standing(books) == {key: one for key, one in truth.items() if one.money.amount}
    ways.shuffle(books)
    verify(books)
    assert flat(books) == plain_balances(truth)


@law
@given(FACTS, st.integers(0, 2**32))
def test_any_order_repetition_or_correction_ends_in_the_same_balances(
    facts: list[tuple[EntryKey, Money, bool]], seed: int
) -> None:
    any_order_ends_alike(facts, seed)


@pytest.mark.long
@long_law
@given(FACTS, st.integers(0, 2**32))
def test_any_order_ends_in_the_same_balances_at_length(
    facts: list[tuple[EntryKey, Money, bool]], seed: int
) -> None:
    any_order_ends_alike(facts, seed)


@law
@given(FACTS)
def test_the_books_sum_to_zero_in_every_currency_after_every_fact(
    facts: list[tuple[EntryKey, Money, bool]],
) -> None:
    books: list[Entry] = []
    for count in range(len(facts) + 1):
        books += reconcile(books, said(facts[:count]).values()).entries
        sums: Counter[str] = Counter()
        for entry in books:
            for line in entry.lines:
                sums[line.money.currency] += line.money.amount
        assert not any(sums.values())


@law
@given(FACTS)
def test_replay_from_nothing_gives_the_same_books(
    facts: list[tuple[EntryKey, Money, bool]],
) -> None:
    states = [said(facts[:count]) for count in range(len(facts) + 1)]
    books = kept(states)
    assert kept(states) == books
    assert reconcile(books, states[-1].values()).entries == ()
    assert len({(entry.key, entry.revision) for entry in books}) == len(books)
    # what is written is never written over
    assert kept(states[:-1]) == books[: len(kept(states[:-1]))]


@law
@given(FACTS, FACTS)
def test_closed_books_stay_as_they_are_until_leave_is_given(
    before: list[tuple[EntryKey, Money, bool]], after: list[tuple[EntryKey, Money, bool]]
) -> None:
    books = list(reconcile((), said(before).values()).entries)
    end = PERIODS[0].end
    found = reconcile(books, said(after).values(), closed_until=end)
    assert all(entry.key.period.end > end for entry in found.entries)
    now = standing([*books, *found.entries])
    assert {k: b for k, b in now.items() if k.period.end <= end} == {
        k: b for k, b in standing(books).items() if k.period.end <= end
    }
    leave = Approval("cfo", end, "agreed", frozenset(one.key for one in found.pending))
    rest = reconcile([*books, *found.entries], said(after).values(), [leave], end)
    assert rest.pending == ()
    assert flat([*books, *found.entries, *rest.entries]) == plain_balances(said(after))


# ------------------------------------------------------------------------------ splits without loss


@law
@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=8),
    st.fractions(Fraction(1, 1000), 1000, max_denominator=1000),
    st.sampled_from(["JPY", "EUR", "KWD"]),
)
def test_parts_converted_add_up_to_the_whole_converted(
    amounts: list[int], factor: Fraction, target: str
) -> None:
    rate = Rate("USD", target, factor, ALWAYS)
    parts = converted_parts([Money(amount, "USD") for amount in amounts], rate)
    whole = converted(Money(sum(amounts), "USD"), rate)
    assert sum(one.amount for one in parts) == whole.amount
    for amount, part in zip(amounts, parts, strict=True):
        places = {"JPY": 0, "EUR": 2, "KWD": 3}[target]
        exact = Fraction(amount, 100) * factor * 10**places
        assert abs(part.amount - exact) < 2


@law
@given(st.integers(0, 1000), st.lists(st.integers(0, 300), max_size=6))
def test_set_off_takes_no_more_than_there_is(credit: int, invoices: list[int]) -> None:
    taken = list(set_off(credit, invoices))
    assert sum(taken) == min(credit, sum(invoices))
    assert all(0 <= one <= invoice for one, invoice in zip(taken, invoices, strict=True))


# ---------------------------------------------------------------------------------------- indemnity

CAPS = st.one_of(st.none(), st.builds(Money, st.integers(0, 1000), st.just("EUR")))
CHAINS = st.lists(
    st.one_of(st.none(), st.builds(Indemnity, CAPS, st.booleans())), min_size=1, max_size=6
)


def plainly_borne(loss: int, held: Sequence[Indemnity | None]) -> dict[str, int]:
    """Who is left with what, contract by contract: asked, paid on, and what stays."""
    stays = {"p0": loss}
    for place, one in enumerate(held):
        if one is None or (place > 0 and one.passes_through is False):
            break
        asked = stays[f"p{place}"]
        paid = asked if one.cap is None else min(asked, one.cap.amount)
        stays[f"p{place}"] -= paid
        stays[f"p{place + 1}"] = paid
    return {party: amount for party, amount in stays.items() if amount}


@law
@given(st.integers(0, 2000), CHAINS)
def test_a_loss_is_borne_to_the_cent_and_by_whom_the_contracts_say(
    loss: int, held: list[Indemnity | None]
) -> None:
    chain = [Link(f"c{i}", f"p{i + 1}", f"p{i}", one) for i, one in enumerate(held)]
    claim = passed_on(Money(loss, "EUR"), chain)
    borne = {party: money.amount for party, money in claim.borne}
    assert borne == plainly_borne(loss, held)
    assert sum(borne.values()) == loss
    stops = next(
        (i for i, one in enumerate(held) if one is None or (i and not one.passes_through)), None
    )
    left = stops is not None and borne.get(f"p{stops}", 0) > 0
    assert claim.exposed == (f"p{stops}" if left else "")
