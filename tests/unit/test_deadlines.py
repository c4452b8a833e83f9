"""Reviews, notice, renewal, claims and works in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.engine.deadlines import (
    Turn,
    deadlines,
    escalations,
    overdue_reviews,
    review_status,
    turns,
)
from orchestrator.engine.lapses import due_after, latest_before, shifted
from orchestrator.model.agreements import Allowance, Claims
from orchestrator.model.contracts import Contract
from orchestrator.model.lapses import Lapse
from orchestrator.model.records import Maintenance
from orchestrator.model.recurrence import check_rule, occurrences
from orchestrator.model.schedule import EscalationLevel, Notice, Renewal, Review
from orchestrator.model.values import DAY, FOREVER, HOUR, Instant, Span, instant_of, zone
from tests.contracts import CALENDARS, at, contract, refused_with, span

BERLIN = "Europe/Berlin"
YEAR = span("2026-01-01", "2027-01-01")


def berlin(text: str) -> Instant:
    moment = datetime.fromisoformat(text).replace(tzinfo=zone(BERLIN))
    return instant_of(moment.astimezone(UTC))


# Recurrence


def test_a_monthly_review_keeps_its_time_of_day_through_summer_time() -> None:
    found = occurrences("FREQ=MONTHLY;BYDAY=1TU", berlin("2026-01-06 10:00"), BERLIN, YEAR)
    # the first Tuesdays of 2026, from a wall calendar
    days = "01-06 02-03 03-03 04-07 05-05 06-02 07-07 08-04 09-01 10-06 11-03 12-01".split()
    assert list(found) == [berlin(f"2026-{day} 10:00") for day in days]


def test_a_time_that_the_clock_skips_is_taken_by_the_offset_before() -> None:
    found = occurrences("FREQ=DAILY;COUNT=3", berlin("2026-03-28 02:30"), BERLIN, YEAR)
    # RFC 5545, 3.3.5: 02:30 does not exist on the 29th and is read as 03:30 summer time
    assert found == (at("2026-03-28T01:30"), at("2026-03-29T01:30"), at("2026-03-30T00:30"))


@pytest.mark.parametrize(
    ("until", "count"),
    [
        ("20260103", 3),
        ("20260103T100000", 3),
        ("20260103T095959", 2),
        ("20260103T090000Z", 3),
        ("20260103T085959Z", 2),
    ],
)
def test_until_is_included_in_whatever_form_it_is_written(until: str, count: int) -> None:
    found = occurrences(f"FREQ=DAILY;UNTIL={until}", berlin("2026-01-01 10:00"), BERLIN, YEAR)
    assert len(found) == count


def test_a_rule_that_never_comes_round_ends_in_nothing() -> None:
    rule = "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"
    assert occurrences(rule, at("2026-01-01"), "UTC", YEAR) == ()


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "MONTHLY",
        "FREQ=HOURLY",
        "FREQ=MONTHLY;FREQ=DAILY",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=MONTHLY;BYHOUR=9",
        "RRULE:FREQ=DAILY",
        "FREQ=DAILY\nFREQ=DAILY",
    ],
)
def test_what_is_no_rule_of_days_weeks_months_or_years_is_refused(rule: str) -> None:
    with refused_with("BAD_RULE"):
        check_rule(rule)


@pytest.mark.parametrize(
    "part",
    [
        "BYDAY=XX",
        "INTERVAL=A",
        "INTERVAL=0",
        "COUNT=0",
        "UNTIL=20261399",
        "BYMONTHDAY=99",
        "BYMONTH=13",
        "BYSETPOS=0",
        "WKST=1",
        "BYMONTHDAY=1,",
        "BYMONTHDAY=\u0661",
    ],
)
def test_a_part_without_sense_is_refused(part: str) -> None:
    with refused_with("BAD_RULE"):
        check_rule(f"FREQ=MONTHLY;{part}")


# Reviews

REVIEW = Review(
    "service-review",
    "FREQ=MONTHLY;BYMONTHDAY=1",
    at("2026-01-01T10:00"),
    within=Lapse(5 * DAY),
    lead=Lapse(3 * DAY),
    held=(at("2026-01-04T10:00"), at("2026-03-30T09:00")),
)


@pytest.mark.parametrize(
    ("now", "overdue", "next_due"),
    [
        ("2026-01-01T10:00", [], "2026-02-01T10:00"),
        ("2026-02-06T10:00", [], "2026-02-01T10:00"),
        ("2026-02-06T10:01", ["2026-02-01T10:00"], "2026-03-01T10:00"),
        # what was held on 30 March counts for April: March was never held
        ("2026-04-20T00:00", ["2026-02-01T10:00", "2026-03-01T10:00"], "2026-05-01T10:00"),
    ],
)
def test_the_overdue_reviews_at_a_frozen_clock(now: str, overdue: list[str], next_due: str) -> None:
    status = review_status(REVIEW, at(now), "UTC", {})
    assert list(status.overdue) == [at(one) for one in overdue]
    assert status.next_due == at(next_due)


@pytest.mark.parametrize(("early", "overdue"), [(3 * DAY, 0), (3 * DAY + 1, 1)])
def test_a_review_may_be_held_as_early_as_agreed_and_no_earlier(early: int, overdue: int) -> None:
    due = at("2026-02-01T10:00")
    once = replace(REVIEW, start=due, held=(due - early,))
    assert len(review_status(once, at("2026-02-20"), "UTC", {}).overdue) == overdue


def test_an_overdue_review_is_a_finding() -> None:
    held = contract(reviews=(REVIEW,))
    assert not list(overdue_reviews(held, at("2026-02-06T10:00"), {}))
    (found,) = overdue_reviews(held, at("2026-04-20T00:00"), {})
    assert found.code == "OVERDUE_REVIEW"
    assert "2026-03-01T10:00:00Z" in found.message
    assert "nor 1 before it" in found.message


def test_a_review_needs_a_rule_and_a_beginning() -> None:
    with refused_with("BAD_RULE"):
        replace(REVIEW, rule="monthly")
    with refused_with("BAD_RULE"):
        replace(REVIEW, start=at("1899-12-31"))


# Lapses


@pytest.mark.parametrize(
    ("lapse", "end", "latest"),
    [
        # ninety civil days, though summer time begins between
        (Lapse(90 * DAY), "2026-06-01 00:00", "2026-03-03 00:00"),
        (Lapse(months=3), "2026-05-31 00:00", "2026-02-28 00:00"),
        (Lapse(months=3), "2026-12-31 12:00", "2026-09-30 12:00"),
        (Lapse(36 * HOUR), "2026-03-30 00:00", "2026-03-28 11:00"),
        (Lapse(), "2026-03-30 00:00", "2026-03-30 00:00"),
    ],
)
def test_notice_is_counted_in_civil_days_and_months(lapse: Lapse, end: str, latest: str) -> None:
    assert latest_before(lapse, berlin(end), {}, "24x7", BERLIN) == berlin(latest)


def test_notice_in_business_days_is_counted_on_the_right_calendar() -> None:
    # London's office closes at 17:00 on Friday 3 April; three service days are Wed, Thu, Fri
    end = at("2026-04-04")
    days = Lapse(business_days=3)
    assert latest_before(days, end, CALENDARS, "office", "UTC") == at("2026-03-31T23:00")
    # every day is one round the clock: 1, 2 and 3 April
    assert latest_before(days, end, {}, "24x7", "UTC") == at("2026-04-01")


def test_a_calendar_without_service_days_leaves_no_time_for_notice() -> None:
    never = replace(
        CALENDARS["office"],
        weekly=((),) * 7,
        openings=(span("2026-05-01T09:00", "2026-05-01T17:00"),),
    )
    with refused_with("NEVER_OPENS"):
        latest_before(Lapse(business_days=2), at("2026-06-01"), {"office": never}, "office", "UTC")


def test_a_month_is_a_civil_one() -> None:
    start = berlin("2026-01-31 09:00")
    assert due_after(Lapse(months=1), start, {}, "24x7", BERLIN) == berlin("2026-02-28 09:00")
    assert due_after(Lapse(months=2), start, {}, "24x7", BERLIN) == berlin("2026-03-31 09:00")
    assert shifted(start, zone(BERLIN), months=-2, days=1) == berlin("2025-12-01 09:00")
    assert shifted(start, zone("UTC"), months=120_000) == FOREVER


def test_a_lapse_has_one_unit() -> None:
    with refused_with("BAD_DURATION"):
        Lapse(HOUR, 1)
    with refused_with("BAD_DURATION"):
        Lapse(-1)
    assert not Lapse()
    assert Lapse(months=1)


# Renewal and notice


def renewing(**more: object) -> Contract:
    renewal = Renewal(Lapse(months=12), Lapse(months=6))
    return contract(
        renewal=replace(renewal, **more),  # type: ignore[arg-type]
        notice=Notice(Lapse(months=3), form="in writing"),
        version={"effective": Span(at("2026-01-31"), FOREVER)},
    )


def first_turns(held: Contract, since: str, count: int) -> list[Turn]:
    found = turns(held, at(since))
    return [turn for turn, _ in zip(found, range(count), strict=False)]


def test_terms_are_counted_from_the_beginning() -> None:
    assert first_turns(renewing(), "2026-02-01", 3) == [
        Turn(at("2027-01-31"), True),
        Turn(at("2027-07-31"), True),
        Turn(at("2028-01-31"), True),
    ]
    # an old agreement is not walked through from its beginning
    assert first_turns(renewing(), "2500-01-01", 1) == [Turn(at("2500-01-31"), True)]


def test_it_renews_itself_as_often_as_agreed_and_then_expires() -> None:
    assert first_turns(renewing(times=1), "2026-02-01", 9) == [
        Turn(at("2027-01-31"), True),
        Turn(at("2027-07-31"), False),
    ]
    assert first_turns(renewing(automatic=False), "2026-02-01", 9) == [
        Turn(at("2027-01-31"), False)
    ]
    assert first_turns(renewing(automatic=False), "2027-02-01", 9) == []


def test_an_end_that_was_agreed_comes_before_a_renewal_at_the_same_instant() -> None:
    for end in ("2027-01-31", "2027-01-15"):
        held = renewing()
        ended = replace(held.version, effective=span("2026-01-31", end))
        assert first_turns(replace(held, version=ended), "2026-02-01", 9) == [Turn(at(end), False)]


def test_without_a_renewal_it_ends_when_it_ends() -> None:
    held = contract(version={"effective": YEAR})
    assert first_turns(held, "2026-02-01", 9) == [Turn(YEAR.end, False)]
    assert first_turns(contract(), "2026-02-01", 9) == []


def test_a_renewal_is_by_days_or_months() -> None:
    for lapse in (Lapse(), Lapse(business_days=5), Lapse(HOUR)):
        with refused_with("BAD_RENEWAL"):
            Renewal(lapse, Lapse(months=1))


# Escalation


def test_levels_are_called_one_after_another_on_their_calendars() -> None:
    levels = [
        EscalationLevel("desk"),
        EscalationLevel("ops", Lapse(2 * HOUR), "office"),
        EscalationLevel("boss", Lapse(1 * HOUR)),
    ]
    opened = at("2026-02-06T16:00")
    found = escalations(levels, opened, "UTC", CALENDARS)
    assert [(one.party, instant) for instant, one in found] == [
        ("desk", opened),
        ("ops", at("2026-02-09T10:00")),
        ("boss", at("2026-02-09T10:00")),
    ]


# All deadlines

SPRING = span("2026-03-01", "2026-06-01")


def test_everything_that_falls_due_is_one_sorted_list() -> None:
    held = contract(
        reviews=(replace(REVIEW, rule="FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1"),),
        notice=Notice(Lapse(months=3)),
        version={
            "effective": span("2026-01-01", "2026-07-01"),
            "claims": Claims(30 * DAY),
            "allowances": (Allowance("maintenance", 4 * HOUR, notice=2 * DAY),),
        },
    )
    works = [
        Maintenance("m-1", "web", span("2026-05-10T22:00", "2026-05-11T01:00")),
        Maintenance("m-2", "web", span("2026-05-17", "2026-05-18"), announced=at("2026-05-01")),
        Maintenance("m-3", "elsewhere", span("2026-05-17", "2026-05-18")),
    ]
    found = deadlines(
        held,
        SPRING,
        {},
        breaches=[("availability", span("2026-03-01", "2026-04-01"))],
        maintenance=works,
    )
    assert [(one.kind, one.at) for one in found] == [
        ("review", at("2026-03-01T10:00")),
        ("notice", at("2026-04-01")),
        ("claim", at("2026-05-01")),
        ("review", at("2026-05-01T10:00")),
        ("announcement", at("2026-05-08T22:00")),
        ("maintenance", at("2026-05-10T22:00")),
        ("maintenance", at("2026-05-17")),
    ]
    assert found[-1].end == at("2026-05-18")
    assert list(found) == sorted(found)


def test_what_does_not_bind_has_no_deadlines() -> None:
    draft = contract(reviews=(REVIEW,), version={"state": "draft"})
    assert deadlines(draft, SPRING, {}) == ()


def test_a_notice_before_an_end_far_ahead_is_found() -> None:
    held = contract(
        notice=Notice(Lapse(months=24)), version={"effective": span("2026-01-01", "2028-05-01")}
    )
    (notice,) = deadlines(held, SPRING, {})
    assert (notice.kind, notice.at) == ("notice", at("2026-05-01"))
    assert timedelta(microseconds=notice.end - notice.at) == timedelta()
