"""Assessment by tickets, samples and incidents: worked examples, each with the reason for its
figure."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from orchestrator.engine.settle import reach_of, settle
from orchestrator.errors import OrchestratorError
from orchestrator.formats.results import verdict_json
from orchestrator.model.agreements import Measurement, Policies, Term, Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.duties import Obligation
from orchestrator.model.estate import Estate, always
from orchestrator.model.flows import Branch, Flow, InSequence, OneOfBranches, Stage
from orchestrator.model.lapses import Lapse
from orchestrator.model.measuring import Measuring
from orchestrator.model.metrics import Lasting, Points, Within
from orchestrator.model.provisions import Provisions
from orchestrator.model.records import Facts, Outage, Sample, Ticket
from orchestrator.model.scopes import TargetWindow
from orchestrator.model.services import Needs, Service
from orchestrator.model.values import DAY, HOUR, MINUTE, AskedPeriod, Money, Period, Span
from tests.laws.assessing import (
    APRIL,
    agreement,
    assessed,
    at,
    estate,
    held,
    promised,
    sample,
    term,
    ticket,
)

FOUR_HOURS = Within(Fraction(9, 10), 4 * HOUR)
ALL_IN_FOUR = Within(Fraction(1), 4 * HOUR)
HALF_IN_FOUR = Within(Fraction(1, 2), 4 * HOUR)


def tickets(*told: Ticket) -> Facts:
    return Facts(tickets=told)


def samples(*told: Sample) -> Facts:
    return Facts(samples=told)


def outages(*spans: tuple[str, str]) -> Facts:
    return Facts(
        tuple(
            Outage(f"o-{i}", "service", Span(at(start), at(end)))
            for i, (start, end) in enumerate(spans)
        )
    )


# --- which period, which tickets -----------------------------------------------------------------


def test_a_ticket_belongs_to_the_period_in_which_it_is_due_or_in_which_it_is_closed() -> None:
    told = tickets(
        ticket("due-in-april", "30 10:00", "05-02 10:00 resolve"),
        ticket("due-in-may", "30 22:00", "30 23:00 resolve"),
    )
    subject = promised(term("resolution_time", HALF_IN_FOUR))
    asked = AskedPeriod.parse("2026-04-01/2026-06-01")

    def counted(membership: str) -> list[tuple[int, int | None]]:
        verdict = settle(subject, told, asked, measuring=lambda _: Measuring(membership))
        return [(one.deciding.cases, one.deciding.missed) for one in verdict.tallies]

    assert counted("due") == [(1, 1), (1, 0)]
    assert counted("close") == [(1, 0), (1, 1)]


def test_facts_are_read_from_as_far_back_as_a_closed_ticket_may_still_be_due() -> None:
    """A hundred hours of the office are twelve and a half of its days: more than a fortnight."""
    subject = promised(term("resolution_time", Within(Fraction(1), 100 * HOUR), hours="office"))
    told = ticket("t", "20 08:00", "20 09:00 resolve")
    asked = AskedPeriod.parse("2026-05")
    (tally,) = settle(subject, tickets(told), asked).tallies
    assert tally.deciding.cases == 1
    assert reach_of(subject, asked).start <= told.opened
    assert reach_of(subject, asked).start >= at("03-15 00:00")
    days = promised(term("resolution_time", Within(Fraction(1), business_days=10), hours="office"))
    assert reach_of(days, asked).start <= at("04-16 00:00")


def test_no_ticket_at_all_is_neither_kept_nor_missed() -> None:
    found = assessed(promised(term("resolution_time", FOUR_HOURS)), Facts())
    assert found.counts == ("INSUFFICIENT_DATA", 0, 0, 0)
    assert found.assessment.attained is None


def test_what_is_due_at_fridays_close_and_resolved_on_saturday_is_met() -> None:
    """Four hours of the office in Berlin from Friday at one; the month ends before Monday comes."""
    office = term("resolution_time", ALL_IN_FOUR, hours="office")
    opened = ticket("t", "24 11:00", "25 10:00 resolve")
    assert assessed(promised(office), tickets(opened)).counts == ("MET", 1, 0, 0)
    still_open = replace(opened, events=())
    assert assessed(promised(office), tickets(still_open)).counts == ("BREACHED", 1, 1, 0)
    as_of_sunday = assessed(promised(office), tickets(still_open), as_of="26 10:00")
    assert (as_of_sunday.assessment.status, as_of_sunday.tally.carried) == ("AT_RISK", 1)


def test_the_term_without_a_priority_is_for_those_that_have_none_of_their_own() -> None:
    subject = promised(
        term("resolution_time", Within(Fraction(1), HOUR), id="p1", priority="P1"),
        term("resolution_time", ALL_IN_FOUR, id="rest"),
    )
    told = tickets(
        ticket("a", "10 10:00", "10 12:00 resolve", priority="P1"),
        ticket("b", "10 10:00", "10 12:00 resolve", priority="P3"),
    )
    verdict = settle(subject, told, AskedPeriod.parse("2026-04"))
    assert [(one.key.term, one.status) for one in verdict.assessments] == [
        ("p1", "BREACHED"),
        ("rest", "MET"),
    ]


def test_a_ticket_that_changes_its_priority_is_counted_under_its_last() -> None:
    """Three hours at P2 carried over into a P1 of one hour: breached at the change."""
    subject = promised(
        term("resolution_time", Within(Fraction(1), HOUR), id="p1", priority="P1"),
        term("resolution_time", ALL_IN_FOUR, id="p2", priority="P2"),
    )
    told = ticket("t", "10 10:00", "10 13:00 prioritise P1", "10 13:01 resolve", priority="P2")
    verdict = settle(subject, tickets(told), AskedPeriod.parse("2026-04"))
    assert [one.status for one in verdict.assessments] == ["BREACHED", "INSUFFICIENT_DATA"]


def test_a_ticket_is_timed_from_when_it_has_a_priority_that_a_time_is_agreed_for() -> None:
    subject = promised(term("resolution_time", ALL_IN_FOUR, priority="P1"))
    told = ticket("t", "08 10:00", "10 10:00 prioritise P1", "10 13:00 resolve", priority="P9")
    assert assessed(subject, tickets(told)).counts == ("MET", 1, 0, 0)
    never = ticket("t", "08 10:00", "10 13:00 resolve", priority="P9")
    assert assessed(subject, tickets(never)).counts == ("INSUFFICIENT_DATA", 0, 0, 0)


def test_tickets_of_another_measuring_point_are_left_out() -> None:
    subject = promised(term("resolution_time", FOUR_HOURS))
    told = ticket("t", "10 10:00", "10 11:00 resolve", point="portal")
    assert assessed(subject, tickets(told)).counts[:2] == ("INSUFFICIENT_DATA", 0)


def test_every_point_of_a_target_is_checked_and_the_one_that_is_missed_decides() -> None:
    points = Points((Within(Fraction(1, 2), HOUR), Within(Fraction(1), 4 * HOUR)))
    told = [ticket(f"t-{i}", "10 10:00", f"10 1{i + 1}:00 resolve") for i in range(3)]
    found = assessed(promised(term("resolution_time", points)), tickets(*told))
    assert found.counts == ("BREACHED", 3, 2, 1)
    assert [(one.attained, one.missed) for one in found.tally.points] == [
        (Fraction(1, 3), 2),
        (1, 0),
    ]
    assert (found.assessment.target, found.assessment.attained) == (Fraction(1, 2), Fraction(1, 3))
    printed = verdict_json(found.verdict)["assessments"][0]
    assert [one["attained"] for one in printed["points"]] == [pytest.approx(1 / 3), 1.0]


def test_the_response_clock_stops_at_the_first_answer_and_is_not_paused() -> None:
    told = ticket("t", "10 10:00", "10 10:10 pause waiting_customer mail", "10 11:30 respond")
    policies = Policies(customer_late="pause_all")
    subject = promised(term("response_time", Within(Fraction(1), HOUR)), policies=policies)
    assert assessed(subject, tickets(told)).counts == ("BREACHED", 1, 1, 0)
    paused = assessed(subject, tickets(told), measuring=Measuring(pauses=("parts",)))
    assert paused.counts == ("BREACHED", 1, 1, 0)


@pytest.mark.parametrize(
    ("policy", "hours"),
    [("none", Fraction(5)), ("lateness_only", Fraction(7, 2)), ("pause_all", 3)],
)
def test_a_customer_who_is_late_stops_the_clock_as_agreed(policy: str, hours: Fraction) -> None:
    """R8: opened 9:00, asked 9:30, due 10:00, answered 11:30, resolved 14:00."""
    told = ticket(
        "t",
        "10 09:00",
        "10 09:30 pause waiting_customer mail-1",
        "10 11:30 resume waiting_customer",
        "10 14:00 resolve",
    )
    duty = Obligation(
        "d", ("customer",), ("us",), category="waiting_customer", within=Lapse(30 * MINUTE)
    )

    def status(target: Fraction) -> str:
        subject = promised(
            term("resolution_time", Within(Fraction(1), int(target * HOUR))),
            policies=Policies(customer_late=policy),
            provisions=Provisions(obligations=(duty,)),
        )
        return assessed(subject, tickets(told)).assessment.status

    assert status(Fraction(hours)) == "MET"
    assert status(Fraction(hours) - Fraction(1, 3600)) == "BREACHED"


def test_a_ticket_reopened_within_the_window_is_the_same_case() -> None:
    told = ticket("t", "10 10:00", "10 12:00 resolve", "10 15:00 reopen", "10 17:30 resolve")
    subject = promised(term("resolution_time", HALF_IN_FOUR))
    assert assessed(subject, tickets(told)).counts == ("MET", 2, 0, 1)
    same = assessed(subject, tickets(told), measuring=Measuring(reopening=4 * HOUR))
    assert same.counts == ("BREACHED", 1, 1, 0)


# --- before a period is over ---------------------------------------------------------------------


def many(late: int, of: int) -> list[Ticket]:
    return [
        ticket(f"t-{i:02}", f"{1 + i:02} 00:00", f"{1 + i:02} 0{5 if i < late else 4}:00 resolve")
        for i in range(of)
    ]


def test_a_period_is_at_risk_once_more_than_four_fifths_of_its_misses_are_used() -> None:
    subject = promised(term("resolution_time", Within(Fraction(3, 4), 4 * HOUR)))
    # Of 20 five may be late: four are four fifths of them, and not more.
    told = tickets(*many(4, 20))
    assert assessed(subject, told, as_of="20 12:00").counts == ("MET", 20, 4, 5)
    told = tickets(*many(5, 20))
    assert assessed(subject, told, as_of="20 12:00").counts == ("AT_RISK", 20, 5, 5)
    assert assessed(subject, told).counts == ("MET", 20, 5, 5)
    strict = assessed(subject, told, as_of="20 12:00", measuring=Measuring(at_risk=Fraction(1)))
    assert strict.counts == ("MET", 20, 5, 5)


def test_more_misses_than_are_allowed_so_far_can_still_be_made_good() -> None:
    subject = promised(term("resolution_time", Within(Fraction(3, 4), 4 * HOUR)))
    told = tickets(*many(2, 4))
    assert assessed(subject, told, as_of="05 00:00").counts == ("AT_RISK", 4, 2, 1)
    none = promised(term("resolution_time", ALL_IN_FOUR))
    assert assessed(none, told, as_of="05 00:00").counts == ("BREACHED", 4, 2, 0)


def test_what_waits_is_due_at_no_instant_and_forecasts_no_miss() -> None:
    subject = promised(term("resolution_time", FOUR_HOURS))
    waits = ticket("w", "10 10:00", "10 13:45 pause parts")
    said = Measuring(pauses=("parts",))
    told = tickets(*many(0, 3), waits)
    assert assessed(subject, told, as_of="10 15:00", measuring=said).counts == ("MET", 3, 0, 0)
    runs = assessed(subject, told, as_of="10 13:30", measuring=said)
    assert runs.counts == ("AT_RISK", 3, 0, 0)


def test_downtime_is_at_risk_by_the_share_of_the_budget_that_is_used() -> None:
    """One per cent of April is 7.2 hours."""
    subject = promised(term("availability", Fraction(99, 100)))
    six = outages(("02 00:00", "02 06:00"))

    def status(facts: Facts, as_of: str = "") -> str:
        moment = at(as_of) if as_of else None
        return (
            settle(subject, facts, AskedPeriod.parse("2026-04"), as_of=moment).assessments[0].status
        )

    assert [status(six), status(six, "10 00:00"), status(six, "05-01 00:00")] == [
        "MET",
        "AT_RISK",
        "MET",
    ]
    assert status(outages(("02 00:00", "02 05:45")), "10 00:00") == "MET"
    assert status(outages(("02 00:00", "02 08:00")), "10 00:00") == "BREACHED"


def test_an_outage_that_goes_on_counts_up_to_the_moment_of_asking() -> None:
    """One per cent of April is 7.2 hours; four fifths of that are 5 h 45 min 36 s."""
    tier = CreditTier(Fraction(99, 100), Fraction(1, 10), nested=True)
    subject = promised(
        term("availability", Fraction(99, 100), credits=(tier,), strength="credit_backed"),
        fee=Fee(Money(100_000, "EUR")),
    )
    going = Facts((Outage("o", "service", Span(at("02 00:00"))),))
    april = AskedPeriod.parse("2026-04")
    for as_of, status, hours, credits in (
        ("01 12:00", "MET", 0, 0),
        ("02 05:00", "MET", 5, 0),
        ("02 06:00", "AT_RISK", 6, 0),
        ("02 08:00", "BREACHED", 8, 1),
    ):
        verdict = settle(subject, going, april, as_of=at(as_of))
        (found,) = verdict.assessments
        assert (found.status, found.counted_seconds) == (status, hours * 3600)
        assert len(verdict.credits) == credits
    ended = replace(going, outages=(Outage("o", "service", Span(at("02 00:00"), at("02 09:00"))),))
    told = settle(subject, ended, april, as_of=at("02 05:00"))
    assert told.assessments[0].counted_seconds == 5 * 3600


def test_no_credit_is_due_for_a_period_that_can_still_be_kept() -> None:
    tier = CreditTier(Fraction(3, 4), Fraction(1, 10), nested=True)
    subject = promised(
        term(
            "resolution_time",
            Within(Fraction(3, 4), 4 * HOUR),
            credits=(tier,),
            strength="credit_backed",
        ),
        fee=Fee(Money(100_000, "EUR")),
    )
    told = tickets(*many(2, 4))
    assert assessed(subject, told, as_of="05 00:00").verdict.credits == ()
    (credit,) = assessed(subject, told).verdict.credits
    assert credit.money == Money(10_000, "EUR")


# --- sources -------------------------------------------------------------------------------------


def errors(**more: Any) -> Term:
    return term("error_rate", Fraction(5, 1000), measurement=Measurement(**more))


BOTH = samples(
    sample("a", "error_rate", "10 00:00", "0.001", 100, source="one"),
    sample("b", "error_rate", "10 00:00", "0.002", 100, source="two"),
)


def test_a_difference_within_the_tolerance_is_no_dispute() -> None:
    subject = promised(errors(source="one"))
    assert assessed(subject, BOTH).assessment.status == "DISPUTED"
    close = assessed(subject, BOTH, measuring=Measuring(tolerance=Fraction(1, 1000)))
    assert (close.assessment.status, close.assessment.attained) == ("MET", Fraction(1, 1000))
    assert [one.attained for one in close.tally.values] == [Fraction(1, 1000), Fraction(2, 1000)]


def test_where_no_source_is_agreed_on_nobody_decides_a_dispute() -> None:
    subject = promised(errors())
    found = assessed(subject, BOTH)
    assert (found.assessment.status, found.assessment.attained) == ("DISPUTED", None)
    assert (found.tally.decided, found.verdict.breaches) == ("", ())
    trusted = assessed(subject, BOTH, measuring=Measuring(trust=("two",)))
    assert (trusted.assessment.attained, trusted.tally.decided) == (Fraction(2, 1000), "MET")


def test_a_contractual_source_that_is_silent_leaves_too_little() -> None:
    found = assessed(promised(errors(source="three")), BOTH)
    assert (found.assessment.status, found.assessment.attained) == ("INSUFFICIENT_DATA", None)
    assert next((one.source, one.attained) for one in found.tally.values) == ("three", None)


def test_tickets_of_several_desks_add_up_where_no_source_is_agreed_on() -> None:
    told = tickets(
        ticket("a", "10 10:00", "10 11:00 resolve", source="desk"),
        ticket("b", "10 10:00", "10 19:00 resolve", source="portal"),
    )
    subject = promised(term("resolution_time", HALF_IN_FOUR))
    assert assessed(subject, told).counts == ("MET", 2, 1, 1)
    named = promised(term("resolution_time", HALF_IN_FOUR, measurement=Measurement(source="desk")))
    found = assessed(named, told)
    assert (found.assessment.status, found.assessment.attained) == ("DISPUTED", Fraction(1))


# --- incidents -----------------------------------------------------------------------------------


def test_every_outage_has_to_be_over_within_the_recovery_time() -> None:
    subject = promised(term("recovery_time", Lasting(2 * HOUR)))
    told = outages(("02 00:00", "02 02:00"), ("03 00:00", "03 01:00"))
    assert assessed(subject, told).counts == ("MET", 2, 0, 0)
    told = outages(("02 00:00", "02 01:30"), ("02 01:00", "02 02:30"), ("03 00:00", "03 01:00"))
    found = assessed(subject, told)
    assert found.counts == ("BREACHED", 2, 1, 0)
    assert found.assessment.attained == 9000
    assert assessed(subject, Facts()).counts[0] == "INSUFFICIENT_DATA"


def test_an_outage_that_goes_on_is_missed_when_it_outlasts_the_recovery_time() -> None:
    subject = promised(term("recovery_time", Lasting(2 * HOUR)))
    going = Facts((Outage("o", "service", Span(at("29 23:00"))),))
    found = assessed(subject, going)
    assert found.counts == ("BREACHED", 1, 1, 0)
    late = Facts((Outage("o", "service", Span(at("30 23:00"))),))
    assert assessed(subject, late).counts[:2] == ("INSUFFICIENT_DATA", 0)
    assert assessed(subject, going, as_of="30 00:30").counts[:2] == ("INSUFFICIENT_DATA", 0)
    assert assessed(subject, going, as_of="30 01:30").counts[:2] == ("BREACHED", 1)


def test_how_long_an_outage_goes_on_is_said_as_of_the_end_of_the_period_that_it_misses() -> None:
    """From the 29th at 23:00 to the end of April are 25 hours, whatever is asked besides, and
    whatever happens elsewhere a year later."""
    going = Outage("o", "service", Span(at("29 23:00")))
    elsewhere = Outage(
        "p", "other", Span(at("05-29 00:00") + 365 * DAY, at("05-29 02:00") + 365 * DAY)
    )
    other = Service("other", owner="us")
    service = Service("service", owner="us")
    promise = term("recovery_time", Lasting(2 * HOUR))
    sla = agreement("sla", ("us", "customer"), ["service"], promise)
    subject = estate(sla, services=(service, other))
    for asked in ("2026-04-01/2026-05-01", "2026-04-01/2026-07-01"):
        for told in (going,), (going, elsewhere):
            verdict = settle(subject, Facts(told), AskedPeriod.parse(asked))
            assert verdict.assessments[0].attained == 25 * 3600
    assert assessed(subject, Facts((going,)), as_of="30 03:00").assessment.attained == 4 * 3600
    on_time = assessed(subject, Facts((going,)), as_of="30 01:00")
    assert on_time.counts[:2] == ("INSUFFICIENT_DATA", 0)


def test_the_mean_time_to_restore_is_that_of_incidents_unless_it_is_sampled() -> None:
    subject = promised(term("time_to_restore", Lasting(HOUR)))
    told = outages(("02 00:00", "02 02:00"), ("03 00:00", "03 01:00"))
    found = assessed(subject, told)
    assert (found.counts, found.assessment.attained) == (
        ("BREACHED", 2, None, None),
        Fraction(5400),
    )
    sampled = replace(told, samples=(sample("s", "time_to_restore", "05 00:00", 600),))
    assert assessed(subject, sampled).assessment.attained == 600


def test_the_mean_time_between_failures_is_service_time_by_failures() -> None:
    """April has 720 hours."""
    subject = promised(term("time_between_failures", Lasting(240 * HOUR)))
    three = [(f"0{day} 00:00", f"0{day} 01:00") for day in (2, 3, 4)]
    found = assessed(subject, outages(*three))
    assert (found.assessment.status, found.assessment.attained) == ("MET", Fraction(240 * 3600))
    found = assessed(subject, outages(*three, ("30 23:30", "05-01 00:30")))
    assert (found.assessment.status, found.assessment.attained) == (
        "BREACHED",
        Fraction(180 * 3600),
    )
    none = assessed(subject, Facts())
    assert (none.assessment.status, none.assessment.attained) == ("MET", None)


def test_a_rolling_time_between_failures_is_that_of_the_window_with_most_of_them() -> None:
    """Ten days round the clock are 240 hours; no ten of April hold more than two of the three."""
    subject = promised(
        term("time_between_failures", Lasting(24 * HOUR)),
        period=Period("rolling", rolling=10 * 24 * HOUR),
        effective=Span(at("01 00:00"), at("05-01 00:00")),
    )
    told = outages(("04 09:00", "04 10:00"), ("11 09:00", "11 10:00"), ("25 09:00", "25 10:00"))
    found = assessed(subject, told)
    assert found.assessment.attained == Fraction(10 * 24 * 3600, 2)


def test_an_incident_is_answered_for_by_whose_part_brought_it_about() -> None:
    subject = estate(
        agreement("sla", ("us", "customer"), ["service"], term("recovery_time", Lasting(2 * HOUR))),
        agreement(
            "uc", ("supplier", "us"), ["gateway"], term("recovery_time", Lasting(HOUR)), kind="UC"
        ),
    )
    down = Outage("o-1", "gateway", Span(at("02 00:00"), at("02 03:00")))
    found = assessed(subject, Facts((down,)))
    (breach,) = (one for one in found.verdict.breaches if one.key.agreement == "sla")
    (part,) = breach.responsibility
    assert (part.party, part.basis, part.agreement) == ("supplier", "BREACHED_COMMITMENT", "uc")
    assert (part.seconds, part.share, part.evidence) == (Fraction(3 * 3600), Fraction(1), ("o-1",))


# --- who answers ---------------------------------------------------------------------------------


def owned(*agreements: Version) -> Estate:
    return estate(
        agreement("sla", ("us", "customer"), ["service"], term("resolution_time", ALL_IN_FOUR)),
        *agreements,
    )


SHARED = ticket(
    "t",
    "10 10:00",
    "10 16:00 resolve",
    owners=(held("desk", "10 10:00", "10 11:00"), held("ops", "10 11:00", "10 14:00")),
)
"""An hour at the desk, three at Operations, and two that nobody is recorded to have held."""


def test_a_ticket_that_is_handed_on_after_everything_that_was_done_to_it_is_timed() -> None:
    """Operations has it for four hours on the 10th, and hands it on months later."""
    mine = term("resolution_time", ALL_IN_FOUR)
    ola = agreement("ola", ("ops", "us"), ["service"], mine, kind="OLA", scope="own")
    told = tickets(ticket("t", "10 10:00", owners=(held("ops", "10 10:00", "06-15 00:00"),)))
    assert assessed(estate(ola), told, agreement="ola").counts == ("BREACHED", 1, 1, 0)


def test_an_agreement_that_ended_before_a_ticket_it_holds_for_was_late_answers_by_its_end() -> None:
    """Opened on the last day of the contract, in March, and due in April: it counts in the last
    period of the contract, in which the supplier missed four hours from the opening."""
    uc = agreement(
        "uc",
        ("supplier", "us"),
        ["gateway"],
        term("resolution_time", ALL_IN_FOUR),
        kind="UC",
        effective=Span(end=at("03-31 23:00")),
    )
    sold = term("resolution_time", Within(Fraction(1), 40 * HOUR))
    subject = estate(agreement("sla", ("us", "customer"), ["service"], sold), uc)
    passed_on = (held("supplier", "03-31 22:00", "05 00:00"),)
    told = tickets(ticket("t", "03-31 22:00", "05 00:00 resolve", owners=passed_on))
    (breach,) = settle(subject, told, APRIL).breaches
    (part,) = breach.responsibility
    assert (part.party, part.basis, part.agreement) == ("supplier", "BREACHED_COMMITMENT", "uc")


def test_a_contract_that_ends_within_the_period_of_a_score_answers_by_its_last_period() -> None:
    flow = Flow("satisfaction", OneOfBranches((Branch(Fraction(1), Stage("uc", "score")),)))
    score = term("satisfaction", Fraction(4), id="score")
    quarterly = agreement("sla", ("us", "customer"), ["service"], score, period=Period("quarter"))
    uc = agreement(
        "uc", ("supplier", "us"), ["gateway"], score, kind="UC", effective=Span(end=at("02 00:00"))
    )
    services = (
        Service("gateway", owner="supplier"),
        Service("service", owner="desk", requires=Needs("gateway"), flows=(flow,)),
    )
    told = samples(
        sample("s", "satisfaction", "05-20 00:00", 1),
        sample("t", "satisfaction", "01 12:00", 1, service="gateway"),
    )
    verdict = settle(estate(quarterly, uc, services=services), told, AskedPeriod.parse("2026-Q2"))
    (part,) = next(one for one in verdict.breaches if one.key.agreement == "sla").responsibility
    assert (part.party, part.basis, part.agreement) == ("supplier", "BREACHED_COMMITMENT", "uc")


def test_hours_that_open_only_years_later_give_a_case_no_window_whatever_else_is_measured() -> None:
    """Open for the first day of April, and again sixteen months later in the window alone."""
    day, later = Span(at("01 00:00"), at("02 00:00")), Span(at("01 00:00") + 500 * DAY)
    again = replace(later, end=later.start + DAY)
    seldom = Calendar("seldom", "UTC", ((),) * 7, openings=(day, again))
    window = Calendar("window", "UTC", ((),) * 7, openings=(again,))
    quality = term(
        "quality",
        Fraction(99, 100),
        hours="seldom",
        windows=(TargetWindow("window", Fraction(1, 2)),),
    )
    subject = promised(quality)
    subject = replace(subject, calendars={**subject.calendars, **always(seldom, window)})
    one = sample("s", "quality", "05 00:00", 0)
    far = replace(sample("t", "quality", "05 00:00", 0, service="gateway"), at=again.end)
    alone, besides = (settle(subject, samples(*told), APRIL) for told in ((one,), (one, far)))
    assert alone == besides
    assert alone.assessments[0].target == Fraction(99, 100)


def test_the_shares_of_a_late_ticket_are_the_hours_that_each_held_it() -> None:
    found = assessed(owned(), tickets(SHARED))
    (breach,) = found.verdict.breaches
    assert [(one.party, one.seconds, one.share, one.basis) for one in breach.responsibility] == [
        ("ops", Fraction(10_800), Fraction(1, 2), "OWN_PART"),
        ("us", Fraction(7200), Fraction(1, 3), "OWN_PART"),
        ("desk", Fraction(3600), Fraction(1, 6), "OWN_PART"),
    ]
    assert [(one.party, one.share) for one in breach.borne_by] == [("us", Fraction(1))]


def test_a_team_answers_for_its_part_by_its_own_time_on_its_own_calendar() -> None:
    """From eleven to two in UTC the office in Berlin has three hours; the day before, at night,
    none."""
    mine = term("resolution_time", Within(Fraction(1), 2 * HOUR), hours="office")
    ola = agreement("ola", ("ops", "us"), ["service"], mine, kind="OLA", scope="own")
    found = assessed(owned(ola), tickets(SHARED))
    basis = {one.party: one.basis for one in found.verdict.breaches[-1].responsibility}
    assert basis["ops"] == "BREACHED_COMMITMENT"
    lax = replace(ola, terms=(replace(mine, target=Within(Fraction(1), 3 * HOUR)),))
    found = assessed(owned(lax), tickets(SHARED))
    (breach,) = found.verdict.breaches
    assert {one.party: one.basis for one in breach.responsibility}["ops"] == "STRUCTURAL_GAP"


def test_a_partys_own_clock_stands_still_while_others_hold_the_ticket() -> None:
    """Operations: an hour, then, after three at the desk, another; a reply that resumes everything
    does not hand the ticket back."""
    told = ticket(
        "t",
        "10 10:00",
        "10 11:30 pause parts",
        "10 12:00 resume",
        "10 16:00 resolve",
        owners=(
            held("ops", "10 10:00", "10 11:00"),
            held("desk", "10 11:00", "10 14:00"),
            held("ops", "10 14:00", "10 15:00"),
            held("desk", "10 15:00", "10 20:00"),
        ),
    )

    def status(hours: Fraction) -> str:
        mine = term("resolution_time", Within(Fraction(1), int(hours * HOUR)))
        ola = agreement("ola", ("ops", "us"), ["service"], mine, kind="OLA", scope="own")
        return assessed(owned(ola), tickets(told), agreement="ola").assessment.status

    assert status(Fraction(2)) == "MET"
    assert status(2 - Fraction(1, 3600)) == "BREACHED"


def test_a_ticket_that_is_passed_on_counts_below_and_not_for_another_customer() -> None:
    """On the portal, which rests on the service, which rests on the gateway; the supplier's team
    has it for three hours, the desk for one."""
    services = [
        Service("gateway", owner="supplier"),
        Service("service", "", "desk", requires=Needs("gateway")),
        Service("portal", "", "ops", requires=Needs("service")),
    ]
    limit = term("resolution_time", Within(Fraction(1), 2 * HOUR))
    subject = estate(
        agreement("sla", ("us", "customer"), ["service"], limit),
        agreement("uc", ("supplier", "us"), ["gateway"], limit, kind="UC"),
        agreement("ola", ("desk", "us"), ["service"], limit, kind="OLA", scope="own"),
        services=services,
    )
    told = ticket(
        "t",
        "10 10:00",
        "10 14:00 resolve",
        service="portal",
        owners=(held("desk", "10 10:00", "10 11:00"), held("supplier", "10 11:00", "10 14:00")),
    )
    assert assessed(subject, tickets(told), agreement="uc").counts == ("BREACHED", 1, 1, 0)
    assert assessed(subject, tickets(told), agreement="ola").counts == ("MET", 1, 0, 0)
    assert assessed(subject, tickets(told)).counts == ("INSUFFICIENT_DATA", 0, 0, 0)


def test_a_hand_off_is_timed_while_the_party_holds_the_ticket() -> None:
    half_an_hour = term("handoff_time", Within(Fraction(1, 2), 30 * MINUTE))
    ola = agreement("ola", ("desk", "us"), ["service"], half_an_hour, kind="OLA", scope="own")
    told = replace(
        SHARED,
        owners=(
            held("desk", "10 10:00", "10 10:30"),
            held("ops", "10 10:30", "10 12:00"),
            held("desk", "10 12:00", "10 12:31"),
        ),
    )
    assert assessed(owned(ola), tickets(told), agreement="ola").counts == ("MET", 2, 1, 1)


def test_failures_are_shared_by_their_number_however_long_they_lasted() -> None:
    between = term("time_between_failures", Lasting(700 * HOUR))
    subject = estate(agreement("sla", ("us", "customer"), ["service"], between))
    told = (
        Outage("o-1", "gateway", Span(at("02 00:00"), at("02 03:00"))),
        Outage("o-2", "service", Span(at("03 00:00"), at("03 00:10")), part="own"),
    )
    (breach,) = assessed(subject, Facts(told)).verdict.breaches
    assert [(one.party, one.share, one.evidence) for one in breach.responsibility] == [
        ("desk", Fraction(1, 2), ("o-2",)),
        ("supplier", Fraction(1, 2), ("o-1",)),
    ]


def test_a_customer_that_holds_a_ticket_whose_clock_runs_leaves_it_with_the_provider() -> None:
    told = replace(SHARED, owners=(held("customer", "10 10:00", "10 16:00"),))
    (breach,) = assessed(owned(), tickets(told)).verdict.breaches
    assert [(one.party, one.basis) for one in breach.responsibility] == [
        ("customer", "UNCOMMITTED")
    ]
    assert [(one.party, one.basis) for one in breach.borne_by] == [("us", "UNCOMMITTED")]


def test_a_score_is_split_by_the_declared_contribution_and_by_nothing_else() -> None:
    """Two thirds of it are the supplier's, whose own score is missed, a third our own."""
    split = OneOfBranches(
        (
            Branch(Fraction(2, 3), Stage("uc", "satisfaction")),
            Branch(Fraction(1, 3), InSequence(())),
        )
    )
    score = term("satisfaction", Fraction(4))
    services = [
        Service("gateway", owner="supplier"),
        Service(
            "service", "", "desk", requires=Needs("gateway"), flows=(Flow("satisfaction", split),)
        ),
    ]
    made = (
        agreement("sla", ("us", "customer"), ["service"], score),
        agreement("uc", ("supplier", "us"), ["gateway"], score, kind="UC"),
    )
    told = samples(
        sample("a", "satisfaction", "10 00:00", 3),
        sample("b", "satisfaction", "10 00:00", 2, service="gateway"),
    )
    found = assessed(estate(*made, services=services), told)
    (breach, _) = found.verdict.breaches
    assert [(one.party, one.share, one.seconds, one.basis) for one in breach.responsibility] == [
        ("supplier", Fraction(2, 3), Fraction(0), "BREACHED_COMMITMENT"),
        ("us", Fraction(1, 3), Fraction(0), "OWN_PART"),
    ]
    # That of the supplier's own score nobody declared.
    about = [one.subjects for one in found.verdict.findings if one.code == "UNATTRIBUTABLE"]
    assert about == [("uc", "satisfaction", "gateway")]
    without = assessed(estate(*made), told)
    about = [one.subjects for one in without.verdict.findings if one.code == "UNATTRIBUTABLE"]
    assert about == [("sla", "satisfaction", "service"), ("uc", "satisfaction", "gateway")]


def test_a_choice_of_measuring_that_is_none_is_refused() -> None:
    with pytest.raises(OrchestratorError, match="BAD_CHOICE"):
        Measuring("opened")
    with pytest.raises(OrchestratorError, match="waiting_supplier"):
        Measuring(pauses=("waiting_supplier",))
    with pytest.raises(OrchestratorError, match="OUT_OF_RANGE"):
        Measuring(at_risk=Fraction(2))
