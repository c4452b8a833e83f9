"""Claims: drafted for every recoverable credit, moved by one table, lapsed by time."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from orchestrator.engine.claimed import (
    GUARDS,
    ClaimCircumstances,
    Drafting,
    deadline_of,
    drafted,
    lapse_all,
    lost,
    move_claim,
)
from orchestrator.errors import OrchestratorError
from orchestrator.model.calendars import Calendar
from orchestrator.model.claims import CLAIM_MOVES, CLAIM_STATES, Claim, ClaimRule
from orchestrator.model.lapses import Lapse
from orchestrator.model.records import Credit, TermKey
from orchestrator.model.values import DAY, HOUR, SECOND, Money, Span, parse_instant

KEY = TermKey("u1", 1, "availability", "hosting")
APRIL = Span(parse_instant("2026-04-01T00:00:00Z"), parse_instant("2026-05-01T00:00:00Z"))
RULE = ClaimRule(Lapse(duration=15 * DAY))
LAST = parse_instant("2026-05-16T00:00:00Z")


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def claim(state: str = "drafted", **more: Any) -> Claim:
    return Claim(KEY, APRIL, "us", "cloud", eur("2000.00"), APRIL.end, LAST, state, **more)


def at(by: str = "us", when: int = LAST, **more: Any) -> ClaimCircumstances:
    return ClaimCircumstances(when, by, **more)


def refused(make: Any) -> str:
    with pytest.raises(OrchestratorError) as caught:
        make()
    return caught.value.problems[0].code


# -------------------------------------------------------------------------------------------- moves

LEGAL = {
    ("drafted", "submit"): "submitted",
    ("drafted", "lapse"): "lapsed",
    ("submitted", "accept"): "accepted",
    ("submitted", "dispute"): "disputed",
    ("submitted", "reject"): "rejected",
    ("disputed", "accept"): "accepted",
    ("disputed", "reject"): "rejected",
    ("rejected", "contest"): "disputed",
    ("accepted", "settle"): "settled",
}
BY = {"submit": "us", "contest": "us", "settle": "us", "lapse": ""}


@pytest.mark.parametrize(
    ("state", "event"), list(itertools.product(CLAIM_STATES, [*CLAIM_MOVES, "forget"]))
)
def test_only_the_moves_of_the_table_are_made(state: str, event: str) -> None:
    before = claim(state)
    circumstances = at(
        BY.get(event, "cloud"), LAST + SECOND if event == "lapse" else LAST, reason="because"
    )
    if (state, event) in LEGAL:
        after = move_claim(before, event, circumstances)
        assert after.state == LEGAL[state, event]
        assert [one.event for one in after.history] == [event]
        assert before == claim(state)
    else:
        code = "UNKNOWN_MOVE" if event == "forget" else "ILLEGAL_MOVE"
        assert refused(lambda: move_claim(before, event, circumstances)) == code


@pytest.mark.parametrize(
    ("state", "event", "by"),
    [
        ("drafted", "submit", "cloud"),
        ("drafted", "lapse", "cloud"),
        ("submitted", "accept", "us"),
        ("submitted", "reject", "us"),
        ("rejected", "contest", "cloud"),
    ],
)
def test_a_move_is_made_by_who_may_make_it(state: str, event: str, by: str) -> None:
    late = at(by, LAST + SECOND, reason="because")
    assert refused(lambda: move_claim(claim(state), event, late)) == "NOT_ENTITLED"


def test_a_claim_at_its_deadline_is_in_time_and_a_microsecond_later_is_not() -> None:
    assert move_claim(claim(), "submit", at("us", LAST)).state == "submitted"
    assert refused(lambda: move_claim(claim(), "submit", at("us", LAST + 1))) == "CLAIM_TOO_LATE"
    assert refused(lambda: move_claim(claim(), "lapse", at("", LAST))) == "NOT_ENDED"
    assert move_claim(claim(), "lapse", at("", LAST + 1)).state == "lapsed"


def test_a_claim_may_be_granted_in_part_and_never_beyond() -> None:
    whole = move_claim(claim("submitted"), "accept", at("cloud"))
    assert whole.accepted == eur("2000.00")
    part = move_claim(claim("submitted"), "accept", at("cloud", accepted=eur("500.00")))
    assert part.accepted == eur("500.00")
    for money in (eur("2000.01"), eur("0.00"), Money(100, "USD")):
        granted = at("cloud", accepted=money)
        assert refused(lambda given=granted: move_claim(claim("submitted"), "accept", given)) == (
            "OUT_OF_RANGE"
        )


@pytest.mark.parametrize(
    ("state", "event", "by"),
    [
        ("submitted", "dispute", "cloud"),
        ("submitted", "reject", "cloud"),
        ("rejected", "contest", "us"),
    ],
)
def test_nobody_turns_a_claim_down_without_a_reason(state: str, event: str, by: str) -> None:
    assert refused(lambda: move_claim(claim(state), event, at(by, reason=" "))) == "NO_REASON"


def test_every_guard_of_the_table_is_known() -> None:
    assert {guard for move in CLAIM_MOVES.values() for guard in move.guards} == set(GUARDS)


# ---------------------------------------------------------------------------------------- deadlines

WORKING = ((9 * HOUR, 17 * HOUR),)
OFFICE = Calendar("office", "Europe/Berlin", (WORKING,) * 5 + ((), ()))


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        (ClaimRule(Lapse(duration=30 * DAY)), "2026-05-31T00:00:00Z"),
        (ClaimRule(Lapse(months=2)), "2026-07-01T00:00:00Z"),
        (ClaimRule(Lapse(months=2), timezone="Europe/Berlin"), "2026-07-01T00:00:00Z"),
        # five service days after the Friday of the end: the next Friday's close
        (ClaimRule(Lapse(business_days=5), "office"), "2026-05-08T15:00:00Z"),
        (ClaimRule(Lapse(duration=8 * HOUR), "office"), "2026-05-01T15:00:00Z"),
    ],
)
def test_a_deadline_counts_on_the_agreements_calendar(rule: ClaimRule, last: str) -> None:
    assert deadline_of(rule, APRIL, {"office": OFFICE}) == parse_instant(last)


# ----------------------------------------------------------------------------------------- drafting


def credit(amount: str, agreement: str = "u1") -> Credit:
    key = TermKey(agreement, 1, "availability", "hosting")
    money = eur(amount)
    return Credit(key, APRIL, "cloud", "us", money, Fraction(10), money)


def drafting(*credits: Credit) -> Drafting:
    return Drafting(credits, {("u1", 1): RULE}, {}, {(KEY, APRIL): ("o-1",)})


def test_a_claim_is_drafted_for_each_recoverable_credit() -> None:
    (one,), notes = drafted(drafting(credit("2000.00")), (), APRIL.end)
    assert one == claim(evidence=("o-1",))
    assert notes == ()


def test_nothing_is_drafted_where_no_claim_is_needed_or_nothing_is_due() -> None:
    credits = (credit("2000.00", "u2"), credit("0.00"))
    assert drafted(drafting(*credits), (), APRIL.end) == ((), ())


def test_to_draft_again_changes_nothing() -> None:
    work = drafting(credit("2000.00"))
    first, _ = drafted(work, (), APRIL.end)
    assert drafted(work, first, APRIL.end + DAY) == (first, ())


def test_a_draft_follows_its_credit() -> None:
    first, _ = drafted(drafting(credit("2000.00")), (), APRIL.end)
    (less,), notes = drafted(drafting(credit("500.00")), first, APRIL.end + DAY)
    assert (less.money, less.drafted, notes) == (eur("500.00"), APRIL.end, ())
    assert drafted(drafting(), first, APRIL.end + DAY) == ((), ())


def test_what_was_submitted_stays_and_a_difference_is_noted() -> None:
    sent = claim("submitted", evidence=("o-1",))
    kept, notes = drafted(drafting(credit("500.00")), [sent], APRIL.end + DAY)
    assert kept == (sent,)
    assert [one.code for one in notes] == ["CLAIM_OUTDATED"]
    _, withdrawn = drafted(drafting(), [sent], APRIL.end + DAY)
    assert [one.code for one in withdrawn] == ["CLAIM_OUTDATED"]
    assert drafted(drafting(credit("2000.00")), [sent], APRIL.end) == ((sent,), ())


def test_a_draft_lapses_after_its_deadline_and_stays_lapsed() -> None:
    work = drafting(credit("2000.00"))
    (late,), _ = drafted(work, (), LAST + 1)
    assert late.state == "lapsed"
    assert late.history[-1].event == "lapse"
    assert drafted(work, [late], LAST + DAY) == ((late,), ())
    assert lapse_all([claim()], LAST) == (claim(),)


def test_what_does_not_come_back_is_what_lapsed_or_was_not_granted() -> None:
    places = [replace(KEY, term=term) for term in "abcde"]
    held = [
        replace(claim("lapsed"), key=places[0]),
        replace(claim("rejected"), key=places[1]),
        replace(claim("accepted", accepted=eur("1500.00")), key=places[2]),
        replace(claim("settled", accepted=eur("2000.00")), key=places[3]),
        replace(claim("disputed"), key=places[4]),
    ]
    assert lost(held) == {
        (places[0], APRIL): eur("2000.00"),
        (places[1], APRIL): eur("2000.00"),
        (places[2], APRIL): eur("500.00"),
    }


def test_a_claim_is_between_two_parties() -> None:
    assert refused(lambda: replace(claim(), respondent="us")) == "SAME_PARTY"
    assert refused(lambda: claim("forgotten")) == "BAD_CHOICE"
