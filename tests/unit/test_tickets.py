"""Tickets' clocks: worked examples, each with the reason for its figure."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from orchestrator.engine.hours import clock, segments
from orchestrator.engine.many_tickets import NO_STOPS, Batch, batches_of, read_many, unite
from orchestrator.engine.ticket_explanation import explain_due
from orchestrator.engine.ticket_forecast import forecast, tally
from orchestrator.engine.ticket_history import RANK
from orchestrator.engine.ticket_ledger import ledger_of
from orchestrator.engine.tickets import Clocks, Reading, clocks_for, read_clocks
from orchestrator.errors import OrchestratorError
from orchestrator.formats.facts import TICKET_ACTIONS, read_facts, write_facts
from orchestrator.formats.text import dump_json
from orchestrator.model.calendars import Calendar, Holidays
from orchestrator.model.clocking import WATCHES, ClockRules, Goal
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import Ticket, TicketEvent, TicketOwner
from orchestrator.model.values import (
    FOREVER,
    HOUR,
    MINUTE,
    Instant,
    Span,
    format_instant,
    parse_instant,
)

DAYTIME = ((9 * HOUR, 17 * HOUR),)
OFFICE = Calendar("office", "UTC", (*(DAYTIME,) * 5, (), ()))
LONDON = Calendar(
    "london", "Europe/London", (*(DAYTIME,) * 5, (), ()), holidays=Holidays("GB", "ENG")
)
CALENDARS = {"office": OFFICE, "london": LONDON}
SPAN = Span(parse_instant("2026-01-01T00:00Z"), parse_instant("2027-01-01T00:00Z"))
NOW = parse_instant("2026-12-31T00:00Z")
FOUR_HOURS = ClockRules((Goal(4 * HOUR),))
IN_THE_OFFICE = ClockRules((Goal(4 * HOUR, hours="office"),), pauses=("parts",))


def at(text: str) -> Instant:
    """`09:30` of Thursday 2 April 2026, or another day as `04-03 09:30`."""
    day, _, time = text.rpartition(" ")
    return parse_instant(f"2026-{day or '04-02'}T{time}Z")


def told(
    opened: str, *done: str, priority: str = "", owners: tuple[TicketOwner, ...] = ()
) -> Ticket:
    """A ticket of events such as `09:30 pause parts`: an instant, what was done, and a reason or,
    where it was given another priority, that; `+mail` is its evidence."""
    events = []
    for text in done:
        words = text.split()
        time = " ".join(words[: 2 if "-" in words[0] else 1])
        do, *rest = words[2 if "-" in words[0] else 1 :]
        evidence = next((word[1:] for word in rest if word.startswith("+")), "")
        name = next((word for word in rest if not word.startswith("+")), "")
        reason, to = ("", name) if do == "prioritise" else (name, "")
        events.append(TicketEvent(at(time), do, reason, to, evidence))
    return Ticket("t-1", "s", at(opened), priority, tuple(events), owners)


def clocks(rules: ClockRules) -> Clocks:
    return clocks_for(CALENDARS, rules, SPAN)


def readings(ticket: Ticket, rules: ClockRules, now: Instant = NOW) -> tuple[Reading, ...]:
    return read_clocks(ticket, rules, clocks(rules), now)


def read(ticket: Ticket, rules: ClockRules, now: Instant = NOW) -> Reading:
    (one,) = readings(ticket, rules, now)
    return one


def day(instant: Instant) -> str:
    return "never" if instant == FOREVER else format_instant(instant)[5:-1].replace("T", " ")


# The customer is late (worked example R8)

LATE = told("09:00", "09:30 pause info +mail", "11:30 resume info", "14:00 resolve")


@pytest.mark.parametrize(
    ("policy", "hours", "status"),
    [("none", 5, "breached"), ("pause_all", 3, "met"), ("lateness_only", Fraction(7, 2), "met")],
)
def test_information_asked_at_half_past_nine_is_due_at_ten_and_comes_at_half_past_eleven(
    policy: str, hours: Fraction, status: str
) -> None:
    rules = replace(
        FOUR_HOURS, customer_reasons=("info",), customer_late=policy, allowance=30 * MINUTE
    )
    shown = read(LATE, rules)
    assert (shown.consumed, shown.status) == (hours * HOUR, status)


@pytest.mark.parametrize("policy", ["pause_all", "lateness_only"])
def test_without_evidence_waiting_for_the_customer_stops_nothing(policy: str) -> None:
    rules = replace(FOUR_HOURS, customer_reasons=("info",), customer_late=policy)
    unproven = told("09:00", "09:30 pause info", "11:30 resume info", "14:00 resolve")
    shown = read(unproven, rules)
    assert shown.consumed == 5 * HOUR
    assert [one.why for one in shown.ignored] == ["no_evidence"]
    assert read(unproven, replace(rules, evidence=False)).consumed == 3 * HOUR


def test_the_customers_time_runs_on_the_customers_calendar() -> None:
    rules = ClockRules(
        (Goal(40 * HOUR),),
        customer_reasons=("info",),
        customer_late="lateness_only",
        allowance=HOUR,
        allowance_hours="office",
    )
    # An hour of office time from 16:30 is over at 9:30 on the next day.
    ticket = told("16:00", "16:30 pause info +m", "04-03 10:00 resume info", "04-03 12:00 resolve")
    shown = read(ticket, rules)
    assert [(day(one.start), day(one.end)) for one in shown.pauses] == [
        ("04-03 09:30:00", "04-03 10:00:00")
    ]
    assert shown.consumed == 19 * HOUR + 30 * MINUTE


# Targets and breaches


def test_what_was_full_at_fridays_close_and_is_resolved_on_saturday_is_met() -> None:
    ticket = told("04-03 13:00", "04-04 11:00 resolve")
    shown = read(ticket, IN_THE_OFFICE)
    assert (shown.status, day(shown.due)) == ("met", "04-03 17:00:00")


def test_a_breach_is_the_first_moment_past_the_target() -> None:
    ticket = told("04-03 13:00", "04-06 09:00 resolve")
    assert read(ticket, IN_THE_OFFICE).status == "met"
    later = replace(ticket, events=(TicketEvent(at("04-06 09:00") + 1, "resolve"),))
    shown = read(later, IN_THE_OFFICE)
    assert (shown.status, day(shown.breached)) == ("breached", "04-06 09:00:00.000001")


def test_no_pause_may_begin_after_the_target_instant() -> None:
    # Due at Friday's close: a pause from then on counts, one from Saturday on comes too late.
    in_time = told(
        "04-03 13:00", "04-03 17:00 pause parts", "04-07 09:00 resume", "04-07 10:00 resolve"
    )
    too_late = told(
        "04-03 13:00", "04-04 09:00 pause parts", "04-07 09:00 resume", "04-07 10:00 resolve"
    )
    assert read(in_time, IN_THE_OFFICE).consumed == 5 * HOUR
    shown = read(too_late, IN_THE_OFFICE)
    assert shown.consumed == 13 * HOUR
    assert [one.why for one in shown.ignored] == ["after_target"]


def test_at_one_instant_a_stop_comes_before_a_pause_and_a_pause_before_a_start() -> None:
    handed_on = told(
        "09:00", "10:00 pause parts", "11:00 resume", "11:00 pause parts", "13:00 resolve"
    )
    assert read(handed_on, IN_THE_OFFICE).consumed == 3 * HOUR
    at_once = told("09:00", "10:00 resolve", "10:00 reopen", "12:00 resolve")
    assert read(at_once, IN_THE_OFFICE).consumed == 3 * HOUR


def test_only_reasons_that_are_agreed_stop_a_clock_and_a_response_clock_has_none() -> None:
    ticket = told("09:00", "10:00 pause lunch", "11:00 resume", "12:00 respond", "13:00 resolve")
    assert read(ticket, IN_THE_OFFICE).consumed == 4 * HOUR
    response = ClockRules((Goal(HOUR, hours="office"),), watch="response")
    shown = read(told("09:00", "09:10 pause parts", "12:00 respond"), response)
    assert (shown.consumed, day(shown.breached)) == (3 * HOUR, "04-02 10:00:00.000001")


def test_waiting_for_a_supplier_may_not_stop_a_clock() -> None:
    with pytest.raises(OrchestratorError, match="waiting_supplier stops no clock"):
        ClockRules((Goal(HOUR),), pauses=("waiting_supplier",))


def test_what_resolves_a_ticket_answers_it() -> None:
    response = ClockRules((Goal(HOUR, hours="office"),), watch="response")
    assert read(told("09:00", "09:45 resolve"), response).status == "met"


def test_pauses_that_overlap_count_once() -> None:
    ticket = told(
        "09:00",
        "10:00 pause parts",
        "11:00 pause visit",
        "12:00 resume parts",
        "13:00 resume visit",
    )
    rules = replace(IN_THE_OFFICE, pauses=("parts", "visit"))
    assert read(ticket, rules, at("14:00")).consumed == 2 * HOUR


# Reopening


def test_a_ticket_reopened_in_time_goes_on_and_one_reopened_later_begins_anew() -> None:
    ticket = told("09:00", "10:00 resolve", "12:00 reopen", "14:00 resolve")
    (same,) = readings(ticket, replace(IN_THE_OFFICE, reopening=2 * HOUR))
    assert (same.consumed, same.status) == (3 * HOUR, "met")
    first, second = readings(ticket, replace(IN_THE_OFFICE, reopening=2 * HOUR - 1))
    assert (first.consumed, second.consumed) == (HOUR, 2 * HOUR)
    assert (second.begun, second.number) == (at("12:00"), 1)


def test_a_response_is_not_asked_for_again_within_the_window() -> None:
    ticket = told("09:00", "09:30 respond", "10:00 resolve", "12:00 reopen")
    rules = ClockRules((Goal(HOUR, hours="office"),), watch="response", reopening=2 * HOUR)
    assert [one.consumed for one in readings(ticket, rules)] == [30 * MINUTE]
    assert [one.status for one in readings(ticket, replace(rules, reopening=HOUR))] == [
        "met",
        "breached",
    ]


# Priorities


def by_priority(rule: str) -> ClockRules:
    return ClockRules(
        (
            Goal(2 * HOUR, priority="P1"),
            Goal(8 * HOUR, priority="P2", hours="office"),
        ),
        reprioritised=rule,
    )


@pytest.mark.parametrize(
    ("rule", "breached"),
    [
        ("carry_over", "04-02 12:00:00"),  # three hours are more than two, at the change
        ("proportional", "04-02 13:15:00.000001"),  # three eighths of two hours are 45 minutes
        ("reset", "04-02 14:00:00.000001"),
    ],
)
def test_a_raised_priority_shortens_what_is_left_by_rule(rule: str, breached: str) -> None:
    ticket = told("09:00", "12:00 prioritise P1", "20:00 resolve", priority="P2")
    assert day(read(ticket, by_priority(rule)).breached) == breached


def test_each_stretch_runs_under_its_own_calendar_and_a_breach_is_never_taken_back() -> None:
    # An office hour until Thursday's close, then round the clock from 20:00.
    ticket = told("16:00", "20:00 prioritise P1", "20:45 resolve", priority="P2")
    shown = read(ticket, by_priority("carry_over"))
    assert (shown.consumed, shown.status) == (105 * MINUTE, "met")
    lowered = told("09:00", "12:00 prioritise P2", "13:00 resolve", priority="P1")
    shown = read(lowered, by_priority("carry_over"))
    assert (shown.consumed, shown.target) == (4 * HOUR, 8 * HOUR)
    assert (shown.status, day(shown.breached)) == ("breached", "04-02 11:00:00.000001")


def test_a_priority_that_no_goal_is_for_is_refused() -> None:
    with pytest.raises(OrchestratorError, match=r"UNKNOWN_REFERENCE.*'P3'"):
        readings(told("09:00", priority="P3"), by_priority("reset"))


# Business days


def test_two_business_days_are_the_second_close_after_receipt() -> None:
    rules = ClockRules((Goal(business_days=2, hours="london"),), pauses=("parts",))
    # From Maundy Thursday over Easter: Tuesday and Wednesday, until 17:00 in London.
    assert day(read(told("10:00"), rules).due) == "04-08 16:00:00"
    paused = told("10:00", "04-07 10:00 pause parts", "04-07 12:00 resume")
    assert day(read(paused, rules).due) == "04-09 10:00:00"
    always = ClockRules((Goal(business_days=1),), timezone="Asia/Tokyo")
    assert day(read(told("10:00"), always).due) == "04-03 15:00:00"


@pytest.mark.parametrize(
    ("rule", "due"), [("carry_over", "04-03 17:00:00"), ("reset", "04-06 17:00:00")]
)
def test_a_business_day_is_counted_from_receipt_or_from_the_change(rule: str, due: str) -> None:
    rules = ClockRules(
        (
            Goal(business_days=1, hours="office", priority="P1"),
            Goal(business_days=2, hours="office", priority="P2"),
        ),
        reprioritised=rule,
    )
    ticket = told("10:00", "04-03 12:00 prioritise P1", priority="P2")
    assert day(read(ticket, rules, at("04-03 13:00")).due) == due


# Explanation


def test_a_due_instant_is_explained_segment_by_segment() -> None:
    ticket = told("16:00", "16:30 pause parts", "04-03 10:00 resume")
    explained = explain_due(read(ticket, IN_THE_OFFICE, at("04-03 11:00")), clocks(IN_THE_OFFICE))
    assert [
        (day(one.start), one.state, *one.reasons, one.consumed // MINUTE, one.expected)
        for one in explained
    ] == [
        ("04-02 16:00:00", "counts", 30, False),
        ("04-02 16:30:00", "paused", "parts", 30, False),
        ("04-03 10:00:00", "counts", 90, False),
        ("04-03 11:00:00", "counts", 240, True),
    ]
    assert day(explained[-1].end) == "04-03 13:30:00"


def test_a_due_instant_past_the_horizon_is_explained_too() -> None:
    shown = read(told("04-03 16:00"), IN_THE_OFFICE, at("04-03 16:30"))
    near = {"office": clock(CALENDARS, "office", Span(at("00:00"), at("04-04 00:00")))}
    assert [(one.state, day(one.end)) for one in explain_due(shown, near)][1:] == [
        ("counts", "04-03 17:00:00"),
        ("closed", "04-06 09:00:00"),
        ("counts", "04-06 12:00:00"),
    ]


# Owners


def held(party: str, start: str, end: str = "12-30 00:00") -> TicketOwner:
    return TicketOwner(party, Span(at(start), at(end)))


def test_every_second_has_one_owner_and_the_breach_has_one() -> None:
    owners = (held("ops", "10:00"), held("vendor", "11:00", "12:00"))
    ticket = told("09:00", "11:30 pause parts", "11:45 resume", "15:00 resolve", owners=owners)
    shown = read(ticket, IN_THE_OFFICE)
    ledger = ledger_of(shown, ticket, IN_THE_OFFICE, clocks(IN_THE_OFFICE), "desk")
    assert ledger.by_party == {"desk": HOUR, "ops": 4 * HOUR, "vendor": 45 * MINUTE}
    assert sum(ledger.by_party.values()) == shown.counted
    assert (day(shown.breached), ledger.at_breach) == ("04-02 13:15:00.000001", "ops")
    until_noon = replace(ticket, events=(TicketEvent(at("11:59"), "resolve"),))
    met = read(until_noon, IN_THE_OFFICE)
    assert ledger_of(met, until_noon, IN_THE_OFFICE, clocks(IN_THE_OFFICE), "desk").at_breach == ""


def test_who_takes_a_ticket_at_its_breach_has_not_broken_it() -> None:
    broken = at("13:00") + 1
    late = TicketOwner("vendor", Span(broken, FOREVER))
    ticket = told("09:00", owners=(held("ops", "09:00"), late))
    shown = read(ticket, IN_THE_OFFICE)
    ledger = ledger_of(shown, ticket, IN_THE_OFFICE, clocks(IN_THE_OFFICE), "desk")
    assert (shown.breached, ledger.at_breach) == (broken, "ops")


def test_waiting_for_a_supplier_moves_ownership() -> None:
    rules = replace(IN_THE_OFFICE, holders=(("waiting_supplier", "vendor"),))
    ticket = told("09:00", "10:00 pause waiting_supplier", "12:00 resume", "13:00 resolve")
    shown = read(ticket, rules)
    ledger = ledger_of(shown, ticket, rules, clocks(rules), "desk")
    assert ledger.by_party == {"desk": 2 * HOUR, "vendor": 2 * HOUR}


def test_a_hand_off_clock_times_each_holding() -> None:
    owners = (held("desk", "09:00", "10:00"), held("ops", "10:00", "12:00"), held("desk", "12:00"))
    ticket = told("09:00", "13:00 resolve", owners=owners)
    rules = ClockRules((Goal(90 * MINUTE, hours="office"),), watch="handoff", party="ops")
    shown = read(ticket, rules)
    assert (shown.begun, shown.stopped, shown.status) == (at("10:00"), at("12:00"), "breached")
    desk = [one.consumed for one in readings(ticket, replace(rules, party="desk"))]
    assert desk == [HOUR, HOUR]


# Forecast and tally


def test_open_tickets_are_listed_by_due_instant_and_paused_ones_apart() -> None:
    tickets = [
        replace(told("10:00"), id="later"),
        replace(told("09:00"), id="sooner"),
        replace(told("09:00", "10:00 resolve"), id="done"),
        replace(told("09:00", "10:00 pause parts"), id="paused"),
        replace(told("04-01 09:00"), id="over"),
        replace(told("12:30"), id="not-open-yet"),
    ]
    listed = forecast(tickets, IN_THE_OFFICE, clocks(IN_THE_OFFICE), at("12:00"))
    assert [(one.ticket, one.remaining // HOUR) for one in listed.running] == [
        ("over", -7),
        ("sooner", 1),
        ("later", 2),
    ]
    assert [(one.ticket, one.remaining // HOUR) for one in listed.paused] == [("paused", 3)]


def test_37_tickets_at_90_percent_may_miss_three() -> None:
    met = read(told("09:00", "10:00 resolve"), IN_THE_OFFICE)
    missed = read(told("09:00", "15:00 resolve"), IN_THE_OFFICE)
    month = Span(at("04-01 00:00"), at("05-01 00:00"))
    share = Fraction(9, 10)
    kept = tally([met] * 34 + [missed] * 3, month, share, "due")
    assert (kept.needed, kept.kept) == (34, True)
    assert not tally([met] * 33 + [missed] * 4, month, share, "due").kept


def test_an_open_ticket_past_its_target_is_a_miss_and_others_are_carried() -> None:
    month = Span(at("04-01 00:00"), at("05-01 00:00"))
    past, still = told("04-30 09:00"), told("04-30 16:00")
    shown = [read(ticket, IN_THE_OFFICE, month.end) for ticket in (past, still)]
    for membership in ("due", "close"):
        counted = tally(shown, month, Fraction(1), membership)
        assert (counted.met, counted.missed, counted.carried) == (0, 1, 1)
    with pytest.raises(OrchestratorError, match="BAD_CHOICE"):
        tally(shown, month, Fraction(1), "opening")


def test_a_period_holds_what_was_due_in_it_or_what_was_closed_in_it() -> None:
    ticket = told("04-30 16:00", "05-01 10:00 resolve")
    shown = [read(ticket, IN_THE_OFFICE)]  # due on 1 May at 12:00
    april, may = (
        Span(at(f"{a} 00:00"), at(f"{b} 00:00"))
        for a, b in (("04-01", "05-01"), ("05-01", "06-01"))
    )
    assert [tally(shown, one, Fraction(1), "due").met for one in (april, may)] == [0, 1]
    early = [read(told("04-30 16:00", "04-30 16:30 resolve"), IN_THE_OFFICE)]
    assert [tally(early, one, Fraction(1), "close").met for one in (april, may)] == [1, 0]
    assert [tally(early, one, Fraction(1), "due").met for one in (april, may)] == [0, 1]


# A hand-off chain over calendars (worked example T1)


@pytest.mark.parametrize(
    ("opened", "due", "hours"),
    [
        ("2026-02-13T12:30:01Z", "2026-02-16T09:00:01Z", 68.5),
        ("2026-03-27T12:30:01Z", "2026-03-30T08:00:01Z", 67.5),
        ("2026-04-02T11:30:01Z", "2026-04-07T08:00:01Z", 116.5),
        ("2026-10-23T11:30:01Z", "2026-10-26T09:00:01Z", 69.5),
    ],
)
def test_half_an_hour_of_triage_and_four_office_hours_over_a_weekend(
    opened: str, due: str, hours: float
) -> None:
    always, london = (clock(CALENDARS, name, SPAN) for name in ("24x7", "london"))
    start = parse_instant(opened)
    end = london.due(always.due(start, 30 * MINUTE), 4 * HOUR)
    assert (format_instant(end), (end - start) / HOUR) == (due, hours)
    # The desk has used all of its half hour when the supplier's four hours begin.
    assert segments(CALENDARS, "london", Span(start, end))[-1][1] == end


# Many at once


def test_pauses_of_tickets_far_apart_are_sorted_however_little_room_there_is() -> None:
    # The numbers of the tickets leave no room for the microseconds that tell the starts apart.
    index = np.array([2**40, 2**40, 2**40, 7])
    starts = np.array([FOREVER // 4 + 3, FOREVER // 4 + 1, FOREVER // 4, 0])
    stops = unite(index, starts, starts + 1)
    assert list(zip(stops.index, stops.starts, stops.ends, stops.firm, strict=True)) == [
        (7, 0, 1, 1),
        (2**40, FOREVER // 4, FOREVER // 4 + 2, FOREVER // 4 + 1),
        (2**40, FOREVER // 4 + 3, FOREVER // 4 + 4, FOREVER // 4 + 4),
    ]


def test_no_tickets_and_no_pauses_are_no_trouble() -> None:
    none = np.zeros(0, np.int64)
    office = clock(CALENDARS, "office", SPAN)
    shown = read_many(office, Batch(none, none, none, unite(none, none, none)))
    assert shown.consumed.tolist() == shown.due.tolist() == shown.breached.tolist() == []
    one = np.array([at("09:00")])
    batch = Batch(one, one + 5 * HOUR, np.array([4 * HOUR]), NO_STOPS)
    shown = read_many(office, batch)
    assert (shown.consumed[0], shown.due[0]) == (5 * HOUR, at("13:00"))
    assert shown.breached[0] == at("13:00") + 1


def test_tickets_whose_priority_changed_are_left_for_reading_one_by_one() -> None:
    plain, changed = told("09:00"), told("09:00", "10:00 prioritise P1")
    batches, apart = batches_of([plain, changed], IN_THE_OFFICE, clocks(IN_THE_OFFICE), NOW)
    assert ([ids for ids, _ in batches.values()], apart) == ([[("t-1", 0)]], [changed])


# Documents and tables


def test_the_evidence_of_a_request_is_read_and_written() -> None:
    text = """
        apiVersion: orchestrator/v1
        kind: Facts
        tickets:
          - id: t-1
            service: s
            opened: 2026-04-02T09:00:00Z
            events:
              - {at: 2026-04-02T09:30:00Z, do: pause, reason: info, evidence: mail-17}
    """
    facts = read_facts(text)
    assert [event.evidence for event in facts.tickets[0].events] == ["mail-17"]
    assert read_facts(dump_json(write_facts(facts))) == facts


def test_every_action_of_a_ticket_has_its_rank_and_every_clock_its_metric() -> None:
    assert set(RANK) == set(TICKET_ACTIONS)
    assert {row.metric for row in WATCHES.values()} <= set(METRICS)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Goal(HOUR, business_days=1), "BAD_TARGET"),
        (lambda: Goal(-1), "BAD_TARGET"),
        (lambda: ClockRules((Goal(), Goal(1))), "DUPLICATE_ID"),
        (lambda: ClockRules((), watch="lunch"), "BAD_CHOICE"),
        (lambda: ClockRules((), customer_late="always"), "BAD_CHOICE"),
        (lambda: ClockRules((), reprioritised="never"), "BAD_CHOICE"),
    ],
)
def test_rules_that_say_nothing_clear_are_refused(make: object, code: str) -> None:
    assert callable(make)
    with pytest.raises(OrchestratorError, match=code):
        make()
