"""From outages to who answers for them: the published cases, and the rules at their borders.

Cases R1 to R9 are those of the worked examples, with their own inputs: minutes of a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from fractions import Fraction
from typing import Any

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import Allowance, Measurement, Policies
from orchestrator.model.parties import Party
from orchestrator.model.records import Excuse, Maintenance, Outage, Unknown, Verdict
from orchestrator.model.services import Needs, Service
from orchestrator.model.values import DAY, FOREVER, HOUR, MINUTE, AskedPeriod, Period, Span
from tests.laws.build import (
    CALENDARS,
    END,
    START,
    TOP,
    Promise,
    Structure,
    agreement,
    all_of,
    any_of,
    assessed,
    at_least,
    breached,
    contract,
    estate,
    facts,
    internal,
    minutes,
    outage,
    percent,
    seconds_by_service,
    sla,
    verdict_on,
)


def strict(**term: Any) -> Promise:
    """Every second counts."""
    return Promise(Fraction(1), term=term)


def shared_by(policy: str, structure: Structure, outages: Mapping[str, Any]) -> dict[str, float]:
    """What each part contributed under a share policy, in minutes."""
    subject = estate(structure, [sla(strict(policies=Policies(shares=policy)))])
    found = seconds_by_service(breached(verdict_on(subject, minutes(outages))))
    return {service: float(seconds / 60) for service, seconds in found.items()}


def planned(service: str, start: int, end: int, announced: int = -7 * 24 * 60) -> Maintenance:
    """Maintenance in minutes of 1 April, announced a week ahead unless said."""
    span = Span(START + start * MINUTE, START + end * MINUTE)
    return Maintenance(f"m-{service}-{start}", service, span, START + announced * MINUTE)


def caused_by_customer(service: str, start: int, end: int, **more: Any) -> Outage:
    """An outage that the customer caused, with evidence."""
    excuse = Excuse("customer", "customer", "mail-17", **more)
    return replace(outage(service, start * 60, end * 60), excuse=excuse)


def counted_minutes(verdict: Verdict, agreement: str = "sla") -> Fraction:
    return assessed(verdict, agreement).counted_seconds / 60


# --- the published cases ---


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("shapley", {"a": 15.0, "b": 15.0}),
        ("equal_per_cut", {"a": 15.0, "b": 15.0}),
        ("first_cause", {"a": 30.0}),
        ("last_straw", {"b": 30.0}),
    ],
)
def test_r1_a_redundant_pair_down_together_is_shared_by_policy(
    policy: str, expected: dict[str, float]
) -> None:
    outages = {"a": [(600, 660)], "b": [(630, 720)]}
    assert shared_by(policy, {TOP: any_of("a", "b")}, outages) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("shapley", {"db": 15.0, "hosting": 55.0}),
        ("equal_per_cut", {"db": 15.0, "hosting": 55.0}),
        ("first_cause", {"db": 10.0, "hosting": 60.0}),
    ],
)
def test_r2_two_parts_in_series_share_the_time_both_are_down(
    policy: str, expected: dict[str, float]
) -> None:
    outages = {"hosting": [(600, 660)], "db": [(650, 670)]}
    assert shared_by(policy, {TOP: all_of("hosting", "db")}, outages) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("shapley", {"a": 40.0, "b": 10.0, "c": 10.0}),
        ("equal_per_cut", {"a": 30.0, "b": 15.0, "c": 15.0}),
    ],
)
def test_r3_a_cause_that_suffices_alone_weighs_more_than_two_that_need_each_other(
    policy: str, expected: dict[str, float]
) -> None:
    structure = {TOP: all_of("a", any_of("b", "c"))}
    assert shared_by(policy, structure, dict.fromkeys("abc", ((0, 60),))) == expected


@pytest.mark.parametrize(
    ("excuses", "counted", "excused"),
    [("provider_bears", 40, 20), ("excuse_wins", 20, 40), ("apportion", 30, 30)],
)
def test_r4_time_that_customer_and_supplier_both_cause_is_counted_by_policy(
    excuses: str, counted: int, excused: int
) -> None:
    structure = {TOP: all_of("firewall", "hosting")}
    promise = strict(exclusions=("customer",), policies=Policies(excuses=excuses))
    reported = [
        caused_by_customer("firewall", 600, 640),
        outage("hosting", 620 * 60, 660 * 60),
    ]
    found = assessed(verdict_on(estate(structure, [sla(promise)]), facts(reported)))
    assert (found.counted_seconds, found.excused_seconds) == (counted * 60, excused * 60)


@pytest.mark.parametrize("part", ["whole", "own"])
@pytest.mark.parametrize(
    ("excuses", "counted"), [("provider_bears", 40), ("excuse_wins", 20), ("apportion", 30)]
)
def test_what_excuses_an_outage_is_a_cause_of_its_own_though_more_fails_beneath(
    excuses: str, counted: int, part: str
) -> None:
    """Case R4 where the service that the customer brought down is the one that requires hosting."""
    promise = strict(exclusions=("customer",), policies=Policies(excuses=excuses))
    subject = estate({TOP: all_of("hosting")}, [sla(promise)], owned=[TOP])
    caused = replace(caused_by_customer(TOP, 600, 640), part=part)
    reported = [caused, outage("hosting", 620 * 60, 660 * 60)]
    assert counted_minutes(verdict_on(subject, facts(reported))) == counted


@pytest.mark.parametrize("excuses", ["provider_bears", "excuse_wins", "apportion"])
def test_r5_the_leg_in_planned_maintenance_carries_nothing_when_the_other_fails(
    excuses: str,
) -> None:
    promise = strict(exclusions=("maintenance",), policies=Policies(excuses=excuses))
    subject = estate({TOP: any_of("a", "b")}, [sla(promise)])
    reported = minutes({"a": [(120, 240)], "b": [(150, 190)]})
    verdict = verdict_on(subject, replace(reported, maintenance=(planned("a", 120, 240),)))
    assert counted_minutes(verdict) == 40
    assert seconds_by_service(breached(verdict)) == {"b": 40 * 60}
    assert [one.code for one in verdict.findings] == ["REDUNDANCY_LOST"]


@pytest.mark.parametrize(
    ("terms", "notice_ends"),
    [
        ({"exclusions": ("maintenance",)}, 180),
        ({"allowances": (Allowance("maintenance", HOUR),)}, 240),
    ],
    ids=["by notice", "by allowance"],
)
def test_r5b_maintenance_that_overruns_counts_from_its_first_excess_second(
    terms: dict[str, Any], notice_ends: int
) -> None:
    subject = estate({TOP: any_of("a", "b")}, [sla(strict(**terms))])
    reported = minutes({"a": [(120, 240)], "b": [(150, 190)]})
    notices = (planned("a", 120, notice_ends),)
    verdict = verdict_on(subject, replace(reported, maintenance=notices))
    assert seconds_by_service(breached(verdict)) == {"a": 5 * 60, "b": 35 * 60}


def storage_and_db(promise: Promise, **ola: Any) -> Any:
    agreements = [sla(promise, ["db"])]
    if ola:
        agreements.append(internal("db", Promise(percent("99.95"), scope="own", term=ola)))
    return estate({"db": all_of("storage")}, agreements, owned=["db"])


R9 = minutes({"storage": [(600, 630)], "db": [(600, 650)]})


def test_r9_the_agreed_recovery_time_is_charged_to_what_brought_the_service_down() -> None:
    subject = storage_and_db(strict(), recovery_allowance=10 * MINUTE)
    breach = breached(verdict_on(subject, R9))
    assert seconds_by_service(breach) == {"storage": 40 * 60, "db:own": 10 * 60}
    assert [len(one.evidence) for one in breach.responsibility] == [2, 1]


def test_without_an_agreed_recovery_time_the_overhang_is_the_services_own() -> None:
    found = seconds_by_service(breached(verdict_on(storage_and_db(strict()), R9)))
    assert found == {"storage": 30 * 60, "db:own": 20 * 60}


def test_recovery_time_agreed_with_the_customer_of_the_service_itself_counts_as_well() -> None:
    subject = storage_and_db(strict(recovery_allowance=10 * MINUTE))
    found = seconds_by_service(breached(verdict_on(subject, R9)))
    assert found == {"storage": 40 * 60, "db:own": 10 * 60}


def test_recovery_within_the_allowance_does_not_count_against_the_teams_own_part() -> None:
    subject = storage_and_db(strict(), recovery_allowance=10 * MINUTE)
    assert counted_minutes(verdict_on(subject, R9), "ola-db") == 10


def test_recovery_after_an_excused_failure_is_excused_as_well() -> None:
    subject = storage_and_db(strict(exclusions=("maintenance",)), recovery_allowance=10 * MINUTE)
    verdict = verdict_on(subject, replace(R9, maintenance=(planned("storage", 600, 630),)))
    assert counted_minutes(verdict) == 10


def test_a_changed_estate_in_the_middle_of_a_recovery_changes_nothing() -> None:
    subject = storage_and_db(strict(), recovery_allowance=10 * MINUTE)
    changed = subject.edit(START + 635 * MINUTE, [Service("new", requires=Needs("storage"))])
    found = [seconds_by_service(breached(verdict_on(one, R9))) for one in (subject, changed)]
    assert found[0] == found[1]


# --- what is down ---


def test_a_mere_grouping_reported_down_is_down_though_it_has_no_part_of_its_own() -> None:
    structure = {TOP: any_of("group", "b"), "group": all_of("a")}
    verdict = verdict_on(
        estate(structure, [sla(strict())]), minutes({"group": [(0, 20)], "b": [(10, 30)]})
    )
    assert counted_minutes(verdict) == 10
    assert seconds_by_service(breached(verdict)) == {"b": 300, "group:own": 300}
    assert [one.code for one in verdict.findings] == ["UNEXPLAINED"]


def test_what_is_promised_jointly_still_fails_part_by_part() -> None:
    structure = {TOP: any_of("a", "b")}
    joint = replace(
        contract("a", Promise(percent("99.99"), version={"jointly": True})),
        covers=(*contract("a", strict()).covers, *contract("b", strict()).covers),
    )
    subject = estate(structure, [joint, sla(strict())])
    verdict = verdict_on(subject, minutes({"a": [(0, 20)], "b": [(10, 40)]}))
    assert counted_minutes(verdict) == 10
    assert counted_minutes(verdict, "uc-a") == 40
    assert seconds_by_service(breached(verdict)) == {"a": 300, "b": 300}
    assert {one.agreement for one in breached(verdict).responsibility} == {"uc-a"}


def test_an_outage_that_still_goes_on_counts_to_the_end_of_the_period() -> None:
    subject = estate({TOP: all_of("a")}, [sla(strict()), contract("a", strict())])
    ongoing = Outage("o-1", "a", Span(END - HOUR, FOREVER))
    verdict = verdict_on(subject, facts([ongoing]))
    assert counted_minutes(verdict) == counted_minutes(verdict, "uc-a") == 60
    assert breached(verdict).responsibility[0].evidence == ("o-1",)


def test_a_part_of_a_service_with_nothing_beneath_is_the_whole_of_it() -> None:
    promise = strict(policies=Policies(measured="reported"))
    subject = estate({TOP: all_of("a")}, [sla(promise, ["a"])])
    reported = facts([replace(outage("a", 0, 60), part="own")])
    assert assessed(verdict_on(subject, reported)).counted_seconds == 60


@pytest.mark.parametrize(
    ("measured", "expected"), [("either", 30), ("reported", 20), ("composed", 20)]
)
def test_a_term_may_be_measured_as_reported_or_as_composed_only(
    measured: str, expected: int
) -> None:
    subject = estate({TOP: all_of("a")}, [sla(strict(policies=Policies(measured=measured)))])
    verdict = verdict_on(subject, minutes({TOP: [(0, 20)], "a": [(10, 30)]}))
    assert counted_minutes(verdict) == expected


@pytest.mark.parametrize(("gaps", "counted"), [("counts_as_up", 10), ("counts_as_down", 25)])
def test_time_that_nobody_measured_gives_both_bounds_and_the_agreement_decides(
    gaps: str, counted: int
) -> None:
    subject = estate({TOP: any_of("a", "b")}, [sla(strict(policies=Policies(data_gaps=gaps)))])
    # The same id names an outage and a gap: ids are unique in their own lists alone.
    unknown = Unknown("o-a-0", "b", Span(START + 10 * MINUTE, START + 25 * MINUTE))
    reported = minutes({"a": [(0, 40)], "b": [(0, 10)]})
    verdict = verdict_on(subject, replace(reported, unknown=(unknown,)))
    found = assessed(verdict)
    assert found.counted_seconds == counted * 60
    assert found.unknown_seconds == 15 * 60
    assert found.attained_low == 1 - Fraction(25 * 60) / found.hours_seconds
    assert found.attained_high == 1 - Fraction(10 * 60) / found.hours_seconds
    assert "DATA_GAPS" in {one.code for one in verdict.findings}


def test_a_service_without_hours_in_the_period_has_nothing_to_assess() -> None:
    sunday = AskedPeriod(START + 4 * DAY, START + 5 * DAY)
    promise = replace(strict(), hours="office", effective=sunday.span(UTC))
    subject = estate({TOP: all_of("a")}, [sla(promise)], calendars=CALENDARS)
    verdict = verdict_on(subject, minutes({"a": [(0, 30 * 24 * 60)]}), sunday)
    found = assessed(verdict)
    assert (found.attained, found.status) == (None, "INSUFFICIENT_DATA")
    assert not verdict.breaches


# --- how it is counted ---


def test_an_outage_shorter_than_the_minimum_does_not_count_wherever_the_period_ends() -> None:
    promise = strict(measurement=Measurement(minimum_outage=5 * MINUTE))
    subject = estate({TOP: all_of("a")}, [sla(promise)])
    across = Outage("o-1", "a", Span(START - 4 * MINUTE, START + 2 * MINUTE))
    short = Outage("o-2", "a", Span(START + HOUR, START + HOUR + 4 * MINUTE))
    verdict = verdict_on(subject, facts([across, short]))
    assert counted_minutes(verdict) == 2


def test_an_outage_is_as_long_as_the_service_was_down_though_part_of_it_is_excused() -> None:
    measurement = Measurement(minimum_outage=5 * MINUTE)
    promise = strict(measurement=measurement, exclusions=("customer",))
    subject = estate({TOP: all_of("a")}, [sla(promise)])
    reported = [caused_by_customer("a", 0, 4), outage("a", 4 * 60, 7 * 60)]
    assert counted_minutes(verdict_on(subject, facts(reported))) == 3


def test_each_outage_counts_by_its_whole_minutes() -> None:
    promise = strict(measurement=Measurement(whole_minutes=True))
    subject = estate({TOP: all_of("a")}, [sla(promise)])
    reported = [outage("a", 0, 59), outage("a", 100, 219), outage("a", 300, 360)]
    assert assessed(verdict_on(subject, facts(reported))).counted_seconds == 60 + 60


@pytest.mark.parametrize(
    ("mode", "target", "status"),
    [
        ("half_up", "99.91", "MET"),
        ("half_up", "99.92", "BREACHED"),
        ("half_even", "99.91", "BREACHED"),
        ("down", "99.91", "BREACHED"),
        ("down", "99.9", "MET"),
    ],
)
def test_what_is_attained_is_rounded_as_the_agreement_says(
    mode: str, target: str, status: str
) -> None:
    measurement = Measurement(rounding_places=2, rounding_mode=mode)
    promise = Promise(percent(target), term={"measurement": measurement})
    subject = estate({TOP: all_of("a")}, [sla(promise)])
    # 99.905 % of 30 days.
    down = Outage("o-1", "a", Span(START, START + 30 * DAY * 95 // 100_000))
    found = assessed(verdict_on(subject, facts([down])))
    assert found.attained == percent("99.905")
    assert found.status == status


def test_excused_time_may_leave_the_period() -> None:
    policies = Policies(excluded_time="leaves_period")
    subject = estate({TOP: all_of("a")}, [sla(strict(exclusions=("customer",), policies=policies))])
    reported = [caused_by_customer("a", 0, 60), outage("a", 3600, 7200)]
    found = assessed(verdict_on(subject, facts(reported)))
    hours = 30 * 24 * 3600
    assert found.hours_seconds == hours - 3600
    assert found.attained == 1 - Fraction(3600, hours - 3600)


def test_downtime_is_weighed_by_the_users_affected_through_those_who_contributed() -> None:
    promise = strict(measurement=Measurement(weighting="affected_share"))
    subject = estate({TOP: all_of("a", any_of("b", "c"))}, [sla(promise)])
    tenth, half = Fraction(1, 10), Fraction(1, 2)
    reported = [
        replace(outage("a", 0, 600), affected_share=tenth),
        replace(outage("a", 300, 900), affected_share=half),
        outage("b", 0, 900),
    ]
    found = assessed(verdict_on(subject, facts(reported)))
    assert found.counted_seconds == 300 * tenth + 600 * half


def test_each_version_is_measured_over_its_own_part_of_the_month() -> None:
    change = START + 10 * DAY
    first = sla(replace(strict(), effective=Span(START, change)))
    second = replace(first, number=2, effective=Span(change, FOREVER))
    subject = estate({TOP: all_of("a")}, [first])
    subject = replace(subject, agreements={"sla": (first, second)})
    across = Outage("o-1", "a", Span(change - HOUR, change + 2 * HOUR))
    verdict = verdict_on(subject, facts([across]))
    assert [(one.key.version, one.counted_seconds) for one in verdict.assessments] == [
        (1, 3600),
        (2, 7200),
    ]
    assert [one.period for one in verdict.assessments] == [Span(START, change), Span(change, END)]


def test_the_worst_window_of_a_rolling_period_may_begin_in_the_month_before() -> None:
    promise = replace(strict(), period=Period("rolling", 1, 7 * DAY))
    subject = estate({TOP: all_of("a")}, [sla(promise)])
    reported = [
        Outage("o-1", "a", Span(START - DAY, START - DAY + HOUR)),
        Outage("o-2", "a", Span(START + DAY, START + DAY + HOUR)),
        Outage("o-3", "a", Span(START - 9 * DAY, START - 8 * DAY)),
    ]
    found = assessed(verdict_on(subject, facts(reported)))
    assert found.counted_seconds == 2 * 3600
    assert found.period.length == 7 * DAY
    assert START < found.period.end <= END


def test_a_rolling_period_longer_than_the_agreement_is_old_is_all_of_its_time() -> None:
    begun = START + 20 * DAY
    promise = replace(
        strict(), period=Period("rolling", 1, 30 * DAY), effective=Span(begun, FOREVER)
    )
    subject = estate({TOP: all_of("a")}, [sla(promise)])
    down = Outage("o-1", "a", Span(begun - HOUR, begun + HOUR))
    found = assessed(verdict_on(subject, facts([down])))
    assert (found.period, found.counted_seconds) == (Span(begun, END), 3600)


# --- who is first ---


def test_who_failed_first_is_told_by_when_it_went_down_not_by_when_the_period_began() -> None:
    promise = strict(policies=Policies(shares="first_cause"))
    subject = estate({TOP: any_of("a", "b")}, [sla(promise)])
    reported = [
        Outage("o-1", "a", Span(START - DAY, START + HOUR)),
        Outage("o-2", "b", Span(START - HOUR, START + HOUR)),
    ]
    found = seconds_by_service(breached(verdict_on(subject, facts(reported))))
    assert found == {"a": 3600}


def test_who_failed_first_is_told_across_a_change_of_the_estate() -> None:
    promise = strict(policies=Policies(shares="first_cause"))
    subject = estate({TOP: any_of("a", "b")}, [sla(promise)])
    subject = subject.edit(START + 30 * MINUTE, [Service("c"), contract("b", strict())])
    reported = minutes({"a": [(0, 60)], "b": [(20, 60)]})
    found = seconds_by_service(breached(verdict_on(subject, reported)))
    assert found == {"a": 40 * 60}


def test_the_last_straw_is_none_of_those_without_a_part_in_the_failure() -> None:
    structure = {TOP: all_of("a", "b", any_of("c", "d"))}
    outages = {"a": [(0, 10)], "b": [(0, 10)], "c": [(0, 10)], "d": [(5, 10)]}
    assert shared_by("last_straw", structure, outages) == {"a": 5.0, "b": 5.0}


# --- excuses ---


def excused_minutes(promise: Promise, *outages: Outage, **more: Any) -> Fraction:
    subject = estate({TOP: all_of("a")}, [sla(promise)])
    return assessed(verdict_on(subject, facts(outages, **more))).excused_seconds / 60


def test_an_excuse_needs_a_category_the_agreement_allows_and_evidence() -> None:
    promise = strict(exclusions=("customer",))
    claimed = caused_by_customer("a", 0, 10)
    assert claimed.excuse is not None
    assert excused_minutes(promise, claimed) == 10
    assert excused_minutes(strict(exclusions=("force_majeure",)), claimed) == 0
    without = replace(claimed, excuse=replace(claimed.excuse, evidence=""))
    assert excused_minutes(promise, without) == 0


@pytest.mark.parametrize(
    ("told", "expected"), [(-60, 10), (-59, 0), (None, 0)], ids=["in time", "late", "never"]
)
def test_an_excuse_needs_notice_in_time_where_the_agreement_asks_for_it(
    told: int | None, expected: int
) -> None:
    allowance = Allowance("customer", DAY, notice=HOUR)
    noticed = None if told is None else START + told * MINUTE
    claimed = caused_by_customer("a", 0, 10, noticed=noticed)
    assert excused_minutes(strict(allowances=(allowance,)), claimed) == expected


def test_maintenance_announced_after_it_began_excuses_nothing() -> None:
    promise = strict(exclusions=("maintenance",))
    for announced, expected in ((0, 10), (1, 0)):
        notice = planned("a", 0, 10, announced)
        assert excused_minutes(promise, outage("a", 0, 600), maintenance=(notice,)) == expected


@pytest.mark.parametrize(
    ("party", "excused"),
    [
        ("customer", True),
        ("", True),
        ("us", False),
        ("ops", False),
        ("maker-a", False),
        ("maker-deep", False),
        ("stranger", True),
    ],
)
def test_the_failure_of_somebody_upstream_is_no_excuse(party: str, excused: bool) -> None:
    structure = {TOP: all_of("a"), "a": all_of("deep")}
    subject = estate(structure, [sla(strict(exclusions=("customer",))),
                                 contract("a", strict(), maker="maker-deep")])  # fmt: skip
    subject = subject.edit(
        START - DAY, [Party("stranger"), Party("maker-a"), Service("a", "", "maker-a", True,
                                                                   Needs("deep"))]
    )  # fmt: skip
    excuse = Excuse("customer", party, "mail-1")
    reported = facts([replace(outage("deep", 0, 60), excuse=excuse)])
    assert (counted_minutes(verdict_on(subject, reported)) == 0) is excused


@pytest.mark.parametrize(
    ("customer", "party", "excused"),
    [
        ("desk", "desk", True),
        ("us", "us", True),
        ("us", "desk", True),
        ("desk", "ops", False),
        ("desk", "maker-a", False),
        ("desk", "carrier", False),
    ],
)
def test_teams_of_one_organisation_answer_to_one_another_each_for_itself(
    customer: str, party: str, excused: bool
) -> None:
    """The customer of an OLA may be its excuse as that of any agreement; what the organisation
    buys is upstream of each of its teams."""
    promise = strict(exclusions=("customer",))
    subject = estate(
        {TOP: all_of("a")},
        [
            internal(TOP, promise, customer=customer),
            agreement("line", "UC", "carrier", "us", ["a"], strict()),
        ],
        owned=[TOP],
    ).edit(START - DAY, [Party("carrier")])
    excuse = Excuse("customer", party, "mail-1")
    reported = facts([replace(outage(TOP, 0, 60, "own"), excuse=excuse)])
    found = assessed(verdict_on(subject, reported), f"ola-{TOP}")
    assert (found.counted_seconds == 0) is excused


@pytest.mark.parametrize(("party", "proposed"), [("desk", True), ("ops", False)])
def test_relief_is_proposed_for_what_the_team_that_is_the_customer_caused(
    party: str, proposed: bool
) -> None:
    subject = estate({TOP: all_of("a")}, [internal(TOP, strict(), customer="desk")], owned=[TOP])
    excuse = Excuse("customer", party, "mail-1")
    verdict = verdict_on(subject, facts([replace(outage(TOP, 0, 60, "own"), excuse=excuse)]))
    assert ("RELIEF_PROPOSED" in [one.code for one in verdict.findings]) is proposed


@pytest.mark.parametrize("answering", ["us", "maker-a", "maker-deep"])
def test_a_suppliers_supplier_by_contract_alone_is_upstream_of_all_above_it(answering: str) -> None:
    structure = {TOP: all_of("a"), "a": all_of("deep")}
    power = agreement("power", "UC", "power-co", "maker-deep", ["deep"], strict())
    subject = estate(structure, [contract("a", strict()),
                                 agreement("w", "UC", "maker-deep", "maker-a", ["deep"], strict()),
                                 agreement("sla", "SLA", answering, "customer",
                                           ["deep" if answering == "maker-deep" else TOP],
                                           strict(exclusions=("force_majeure",))),
                                 power])  # fmt: skip
    subject = subject.edit(START - DAY, [Party("power-co"), Party("maker-a")])
    excuse = Excuse("force_majeure", "power-co", "report-1")
    reported = facts([replace(outage("deep", 0, 60), excuse=excuse)])
    assert counted_minutes(verdict_on(subject, reported)) == 1


def test_an_allowance_is_one_for_its_month_whatever_changes_in_the_estate() -> None:
    promise = strict(allowances=(Allowance("maintenance", HOUR),))
    subject = estate({TOP: all_of("a")}, [sla(promise)])
    subject = subject.edit(START + 5 * HOUR, [Service("new", requires=Needs("a"))])
    reported = minutes({"a": [(0, 40), (600, 640)]})
    notices = (planned("a", 0, 40), planned("a", 600, 640))
    verdict = verdict_on(subject, replace(reported, maintenance=notices))
    assert counted_minutes(verdict) == 20


def test_two_allowances_of_one_category_are_used_up_one_after_the_other() -> None:
    hour = Allowance("maintenance", HOUR)
    longer = Allowance("maintenance", 2 * HOUR, notice=2 * DAY)
    promise = strict(allowances=(hour, longer))
    for announced, expected in ((-7 * 24 * 60, 180), (-60, 60)):
        notice = planned("a", 0, 240, announced)
        found = excused_minutes(promise, outage("a", 0, 240 * 60), maintenance=(notice,))
        assert found == expected


def test_what_was_used_of_a_yearly_allowance_in_earlier_months_is_gone() -> None:
    allowance = Allowance("maintenance", 10 * HOUR, per=Period("year"))
    february, april = START - 40 * DAY, START + DAY
    reported = [
        Outage("o-1", "a", Span(february, february + 8 * HOUR)),
        Outage("o-2", "a", Span(april, april + 8 * HOUR)),
    ]
    notices = tuple(
        Maintenance(f"m-{one.id}", "a", one.span, one.span.start - DAY) for one in reported
    )
    found = excused_minutes(strict(allowances=(allowance,)), *reported, maintenance=notices)
    assert found == 120


def test_a_rolling_allowance_comes_free_as_fast_as_old_use_leaves_the_window() -> None:
    allowance = Allowance("maintenance", HOUR, per=Period("rolling", 1, DAY))
    down = Span(START, START + 3 * DAY)
    found = excused_minutes(
        strict(allowances=(allowance,)),
        Outage("o-1", "a", down),
        maintenance=(Maintenance("m-1", "a", down, START - DAY),),
    )
    assert found == 3 * 60


def test_an_allowance_holds_within_its_windows_and_the_service_hours_alone() -> None:
    allowance = Allowance("maintenance", DAY, within="night")
    subject = estate(
        {TOP: all_of("a")}, [sla(strict(allowances=(allowance,)))], calendars=CALENDARS
    )
    reported = minutes({"a": [(7 * 60, 9 * 60)]})
    verdict = verdict_on(subject, replace(reported, maintenance=(planned("a", 0, 600),)))
    assert assessed(verdict).excused_seconds == 3600


def test_maintenance_beneath_uses_up_nothing_of_what_a_team_is_allowed_for_its_own_part() -> None:
    allowance = Allowance("maintenance", HOUR)
    promise = Promise(Fraction(1), scope="own", term={"allowances": (allowance,)})
    subject = estate({TOP: all_of("a")}, [internal(TOP, promise)], owned=[TOP])
    reported = [outage("a", 0, 3600), replace(outage(TOP, 7200, 10800), part="own")]
    notices = (planned("a", 0, 60), planned(TOP, 120, 180))
    found = assessed(verdict_on(subject, facts(reported, maintenance=notices)), f"ola-{TOP}")
    assert (found.counted_seconds, found.excused_seconds) == (0, 3600)


# --- who answers ---


def answering(verdict: Verdict, agreement: str = "sla") -> list[tuple[str, str, int]]:
    return sorted(
        (one.agreement, one.basis, int(one.seconds))
        for one in breached(verdict, agreement).responsibility
    )


def test_an_outage_across_the_suppliers_border_is_answered_for_month_by_month() -> None:
    quarter = replace(strict(), period=Period("quarter"))
    monthly = contract("a", Promise(1 - Fraction(2, 30 * 24)))
    subject = estate({TOP: all_of("a")}, [sla(quarter), monthly])
    across = Outage("o-1", "a", Span(END - HOUR, END + 4 * HOUR))
    verdict = verdict_on(subject, facts([across]), AskedPeriod.parse("2026-Q2"))
    assert answering(verdict) == [
        ("uc-a", "BREACHED_COMMITMENT", 4 * 3600),
        ("uc-a", "STRUCTURAL_GAP", 3600),
    ]


def test_a_rolling_supplier_answers_by_a_window_that_holds_the_failure() -> None:
    week = Promise(1 - Fraction(1, 7 * 24), period=Period("rolling", 1, 7 * DAY))
    subject = estate({TOP: all_of("a")}, [sla(strict()), contract("a", week)])
    reported = [
        Outage("o-1", "a", Span(START + DAY, START + DAY + 3 * HOUR)),
        Outage("o-2", "a", Span(START + 15 * DAY, START + 15 * DAY + 2 * HOUR)),
        Outage("o-3", "a", Span(START + 25 * DAY, START + 25 * DAY + HOUR)),
    ]
    verdict = verdict_on(subject, facts(reported))
    assert answering(verdict) == [
        ("uc-a", "BREACHED_COMMITMENT", 5 * 3600),
        ("uc-a", "STRUCTURAL_GAP", 3600),
    ]


def test_of_two_agreements_on_one_service_the_one_that_was_missed_answers() -> None:
    loose = contract("a", Promise(percent("90")), "uc-1")
    tight = contract("a", Promise(percent("99.99")), "uc-2")
    subject = estate({TOP: all_of("a")}, [sla(strict()), loose, tight])
    verdict = verdict_on(subject, minutes({"a": [(0, 60)]}))
    assert answering(verdict) == [("uc-2", "BREACHED_COMMITMENT", 3600)]


def test_a_goal_alone_never_makes_anybody_liable() -> None:
    goal = contract("a", Promise(Fraction(1), strength="goal"))
    subject = estate({TOP: all_of("a")}, [sla(strict()), goal])
    verdict = verdict_on(subject, minutes({"a": [(0, 60)]}))
    assert answering(verdict) == [("", "UNCOMMITTED", 3600)]
    assert [(one.party, one.basis) for one in breached(verdict).borne_by] == [("us", "UNCOMMITTED")]


def test_what_a_supplier_does_not_count_stays_with_the_provider() -> None:
    office = Promise(percent("99.9"), hours="long-office")
    subject = estate(
        {TOP: all_of("a")}, [sla(strict()), contract("a", office)], calendars=CALENDARS
    )
    verdict = verdict_on(subject, minutes({"a": [(7 * 60, 9 * 60)]}))
    assert answering(verdict) == [("uc-a", "BREACHED_COMMITMENT", 3600), ("uc-a", "EXCUSED", 3600)]


def test_a_service_resold_as_it_is_bought_is_traced_to_its_contract() -> None:
    subject = estate({TOP: all_of("a")}, [sla(strict(), ["a"]), contract("a", strict())])
    verdict = verdict_on(subject, minutes({"a": [(0, 60)]}))
    assert answering(verdict) == [("uc-a", "BREACHED_COMMITMENT", 3600)]
    assert breached(verdict).borne_by[0].party == "maker-a"


def test_a_team_that_misses_its_own_agreement_answers_by_its_own_part() -> None:
    subject = estate(
        {TOP: all_of("a")}, [internal(TOP, Promise(Fraction(1), scope="own"))], owned=[TOP]
    )
    own = replace(outage(TOP, 0, 60), part="own")
    verdict = verdict_on(subject, facts([own]))
    assert answering(verdict, f"ola-{TOP}") == [("", "OWN_PART", 60)]


def test_between_two_teams_the_one_beneath_answers_for_what_the_other_passes_on() -> None:
    passed_on = internal(TOP, Promise(percent("99.99")), "ola-2", "desk", "us")
    beneath = internal(TOP, Promise(percent("99.99")), "ola-1", "ops", "desk")
    subject = estate({TOP: all_of("a")}, [passed_on, beneath], owned=[TOP])
    verdict = verdict_on(subject, minutes({"a": [(0, 60)]}))
    (part,) = breached(verdict, "ola-2").responsibility
    assert (part.party, part.basis, part.through) == ("maker-a", "UNCOMMITTED", ("ola-1",))
    assert [one.party for one in breached(verdict, "ola-2").borne_by] == ["ops"]
    assert answering(verdict, "ola-1") == [("", "UNCOMMITTED", 3600)]


def test_unexplained_downtime_of_a_service_in_between_is_noticed() -> None:
    structure = {TOP: all_of("middle"), "middle": all_of("a")}
    subject = estate(structure, [sla(strict())], owned=["middle"])
    verdict = verdict_on(subject, minutes({"middle": [(0, 10)]}))
    assert answering(verdict) == [("", "OWN_PART", 600)]
    assert [one.code for one in verdict.findings] == ["UNEXPLAINED"]


def test_more_concurrent_cuts_than_can_be_listed_are_refused_and_never_cut_short() -> None:
    parts = [f"p-{i}" for i in range(20)]
    promise = strict(policies=Policies(shares="equal_per_cut"))
    subject = estate({TOP: at_least(11, *parts)}, [sla(promise)])
    with pytest.raises(OrchestratorError, match="TOO_MANY_CUTS"):
        verdict_on(subject, minutes(dict.fromkeys(parts, ((0, 10),))))


def test_sixteen_failures_at_once_are_shared_exactly() -> None:
    parts = [f"p-{i:02}" for i in range(16)]
    structure = {TOP: at_least(9, *parts)}
    found = shared_by("shapley", structure, dict.fromkeys(parts, ((0, 16),)))
    assert found == dict.fromkeys(parts, 1.0)
