"""Claims: drafted for every recoverable credit, moved by one table, lapsed by time."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from orchestrator.engine.claimed import (
    GUARDS,
    Drafting,
    deadline_of,
    drafted,
    lapse_all,
    lost,
    move_claim,
    touchable,
)
from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import read_estate
from orchestrator.model.agreements import Claims
from orchestrator.model.calendars import Calendar
from orchestrator.model.claims import (
    CLAIM_MOVES,
    CLAIM_STATES,
    Claim,
    ClaimEvent,
    overdue,
)
from orchestrator.model.records import Credit, TermKey
from orchestrator.model.values import (
    DAY,
    FOREVER,
    HOUR,
    SECOND,
    AskedPeriod,
    Money,
    Span,
    parse_instant,
)
from tests.contracts import contract

KEY = TermKey("u1", 1, "availability", "hosting")
APRIL = Span(parse_instant("2026-04-01T00:00:00Z"), parse_instant("2026-05-01T00:00:00Z"))
LAST = parse_instant("2026-05-16T00:00:00Z")


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def claim(state: str = "drafted", **more: Any) -> Claim:
    return Claim(KEY, APRIL, "us", "cloud", eur("2000.00"), APRIL.end, LAST, state, **more)


def move(event: str, by: str = "us", when: int = LAST, **more: Any) -> ClaimEvent:
    return ClaimEvent(event, when, by, **more)


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
    when = LAST + SECOND if event == "lapse" else LAST
    made = move(event, BY.get(event, "cloud"), when, reason="because")
    if (state, event) in LEGAL:
        after = move_claim(before, made)
        assert after.state == LEGAL[state, event]
        assert [one.event for one in after.history] == [event]
        assert before == claim(state)
    else:
        code = "UNKNOWN_MOVE" if event == "forget" else "ILLEGAL_MOVE"
        assert refused(lambda: move_claim(before, made)) == code


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
    late = move(event, by, LAST + SECOND, reason="because")
    assert refused(lambda: move_claim(claim(state), late)) == "NOT_ENTITLED"


def test_a_claim_at_its_deadline_is_in_time_and_a_microsecond_later_is_not() -> None:
    assert move_claim(claim(), move("submit")).state == "submitted"
    assert refused(lambda: move_claim(claim(), move("submit", "us", LAST + 1))) == "CLAIM_TOO_LATE"
    assert refused(lambda: move_claim(claim(), move("lapse", ""))) == "NOT_ENDED"
    assert move_claim(claim(), move("lapse", "", LAST + 1)).state == "lapsed"


def test_a_claim_may_be_granted_in_part_and_never_beyond() -> None:
    whole = move_claim(claim("submitted"), move("accept", "cloud"))
    assert whole.accepted == eur("2000.00")
    part = move_claim(claim("submitted"), move("accept", "cloud", accepted=eur("500.00")))
    assert part.accepted == eur("500.00")
    for money in (eur("2000.01"), eur("0.00"), Money(100, "USD")):
        granted = move("accept", "cloud", accepted=money)
        assert refused(lambda given=granted: move_claim(claim("submitted"), given)) == (
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
    assert refused(lambda: move_claim(claim(state), move(event, by, reason=" "))) == "NO_REASON"


def test_every_guard_of_the_table_is_known() -> None:
    assert {guard for move in CLAIM_MOVES.values() for guard in move.guards} == set(GUARDS)


# ---------------------------------------------------------------------------------------- deadlines

WORKING = ((9 * HOUR, 17 * HOUR),)
OFFICE = Calendar("office", "Europe/Berlin", (WORKING,) * 5 + ((), ()))


@pytest.mark.parametrize(
    ("claims", "zone", "last"),
    [
        (Claims(30 * DAY), "UTC", "2026-05-31T00:00:00Z"),
        (Claims(months=2), "UTC", "2026-07-01T00:00:00Z"),
        # the first of May is a Friday, and the day of receipt: five service days on, Friday's close
        (Claims(business_days=5, hours="office"), "UTC", "2026-05-08T15:00:00Z"),
        # round the clock every civil day of the agreement's zone, the day of receipt left out
        (Claims(business_days=5), "Europe/Berlin", "2026-05-06T22:00:00Z"),
        (Claims(8 * HOUR, hours="office"), "UTC", "2026-05-01T15:00:00Z"),
    ],
)
def test_a_deadline_counts_on_the_agreements_calendar(claims: Claims, zone: str, last: str) -> None:
    version = contract(version={"claims": claims, "timezone": zone}).version
    assert deadline_of(version, APRIL, {"office": OFFICE}) == parse_instant(last)


def test_a_month_is_one_of_the_agreements_zone() -> None:
    """Berlin's February ends at 23:00 UTC and its April, in summer time, at 22:00."""
    version = contract(version={"claims": Claims(months=2), "timezone": "Europe/Berlin"}).version
    february = Span(parse_instant("2026-01-31T23:00:00Z"), parse_instant("2026-02-28T23:00:00Z"))
    assert deadline_of(version, february, {}) == parse_instant("2026-04-30T22:00:00Z")


def test_without_a_time_to_claim_in_there_is_no_end_to_it() -> None:
    assert deadline_of(contract().version, APRIL, {}) == FOREVER


# ----------------------------------------------------------------------------------------- drafting


def credit(amount: str, agreement: str = "u1") -> Credit:
    key = TermKey(agreement, 1, "availability", "hosting")
    money = eur(amount)
    return Credit(key, APRIL, "cloud", "us", money, Fraction(10), money)


def work_of(*credits: Credit) -> Drafting:
    deadlines = {(one.key, one.period): LAST for one in credits}
    return Drafting(credits, deadlines, {(KEY, APRIL): ("o-1",)})


def test_a_claim_is_drafted_for_each_recoverable_credit() -> None:
    (one,), notes = drafted(work_of(credit("2000.00")), ())
    assert one == claim(evidence=("o-1",))
    assert notes == ()


def test_nothing_is_drafted_where_nothing_is_due() -> None:
    assert drafted(work_of(credit("0.00")), ()) == ((), ())


def test_to_draft_again_changes_nothing() -> None:
    work = work_of(credit("2000.00"))
    first, _ = drafted(work, (), APRIL.end)
    assert drafted(work, first, APRIL.end + DAY) == (first, ())


def test_a_draft_follows_its_credit() -> None:
    first, _ = drafted(work_of(credit("2000.00")), ())
    (less,), notes = drafted(work_of(credit("500.00")), first, APRIL.end + DAY)
    assert (less.money, less.drafted, notes) == (eur("500.00"), APRIL.end, ())
    assert drafted(work_of(), first, APRIL.end + DAY) == ((), ())


def test_what_was_submitted_stays_and_a_difference_is_noted() -> None:
    sent = claim("submitted", evidence=("o-1",))
    kept, notes = drafted(work_of(credit("500.00")), [sent], APRIL.end + DAY)
    assert kept == (sent,)
    assert [one.code for one in notes] == ["CLAIM_OUTDATED"]
    _, withdrawn = drafted(work_of(), [sent], APRIL.end + DAY)
    assert [one.code for one in withdrawn] == ["CLAIM_OUTDATED"]
    assert drafted(work_of(credit("2000.00")), [sent], APRIL.end) == ((sent,), ())


def test_a_draft_lapses_after_its_deadline_and_stays_lapsed() -> None:
    work = work_of(credit("2000.00"))
    assert lapse_all([claim()], LAST) == (claim(),)
    (late,) = lapse_all([claim()], LAST + 1)
    assert (late.state, late.history[-1].event) == ("lapsed", "lapse")
    assert drafted(work, [late], LAST + DAY) == ((late,), ())
    assert drafted(work_of(credit("500.00")), [late], LAST + DAY) == ((late,), ())


def test_a_claim_from_before_the_record_began_does_not_lapse_by_itself() -> None:
    (old,), _ = drafted(work_of(credit("2000.00")), (), LAST + DAY)
    assert lapse_all([old], LAST + 2 * DAY) == (old,)
    assert overdue(old, LAST + 2 * DAY)
    made = move("submit", "us", LAST)
    assert move_claim(old, made).state == "submitted"
    assert move_claim(old, move("lapse", "", LAST + 2 * DAY)).state == "lapsed"


def test_a_move_does_not_come_before_the_one_before_it() -> None:
    sent = move_claim(claim(), move("submit", "us", LAST))
    early = move("accept", "cloud", LAST - 1)
    assert refused(lambda: move_claim(sent, early)) == "CHANGED_HISTORY"
    soon = move("submit", "us", APRIL.end - 1)
    assert refused(lambda: move_claim(claim(), soon)) == "CHANGED_HISTORY"


def test_what_does_not_come_back_is_what_lapsed_or_was_not_granted() -> None:
    places = [replace(KEY, term=term) for term in "abcdef"]
    held = [
        replace(claim("lapsed"), key=places[0]),
        replace(claim("rejected"), key=places[1]),
        replace(claim("accepted", accepted=eur("1500.00")), key=places[2]),
        replace(claim("settled", accepted=eur("2000.00")), key=places[3]),
        replace(claim("disputed"), key=places[4]),
        replace(claim("lapsed"), key=places[5]),
    ]
    due = {(key, APRIL): credit("2000.00") for key in places[:5]}
    assert lost(held, due) == {
        (places[0], APRIL): eur("2000.00"),
        (places[1], APRIL): eur("2000.00"),
        (places[2], APRIL): eur("500.00"),
    }
    less = {(places[2], APRIL): credit("300.00"), (places[0], APRIL): credit("300.00")}
    assert lost(held, less) == dict.fromkeys(less, eur("300.00"))


def test_a_claim_is_between_two_parties() -> None:
    assert refused(lambda: replace(claim(), respondent="us")) == "SAME_PARTY"
    assert refused(lambda: claim("forgotten")) == "BAD_CHOICE"


@pytest.mark.parametrize(
    ("period", "timezone", "first"),
    [
        ("month", "UTC", "2026-06-01T00:00:00Z"),
        ("quarter", "UTC", "2026-04-01T00:00:00Z"),
        ("{rolling: 30d}", "UTC", "2026-05-02T00:00:00Z"),
        ("{month: {startDay: 16}}", "UTC", "2026-05-16T00:00:00Z"),
        ("month", "Europe/Berlin", "2026-05-31T22:00:00Z"),
    ],
)
def test_the_claims_that_an_assessment_can_touch_are_of_periods_that_end_in_its_span(
    period: str, timezone: str, first: str
) -> None:
    estate = read_estate(f"""
apiVersion: orchestrator/v1
kind: Estate
metadata: {{home: [us]}}
parties: [{{id: us}}, {{id: host}}]
services: [{{id: db, owner: host}}]
agreements:
  - {{id: uc, kind: UC, provider: host, customer: us, covers: [db], timezone: {timezone},
     period: {period}, effective: {{from: 2026-01-01}},
     terms: [{{id: availability, metric: availability, target: "99.9%"}}]}}
""").estate
    found = touchable(estate, AskedPeriod.parse("2026-06"))
    assert found == Span(parse_instant(first), parse_instant("2026-07-01T00:00:00Z"))
