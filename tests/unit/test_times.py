"""Times along flows of work: worked examples, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from orchestrator.engine.kinds.lines import Line, due_line, then, worst_start
from orchestrator.model.calendars import Calendar
from orchestrator.model.derivations import (
    NOT_COMPARABLE,
    SHORTFALL,
    UNCOMMITTED,
    UNDERPINNED,
    Derivation,
    WorstCase,
)
from orchestrator.model.flows import (
    Branch,
    FirstOf,
    Flow,
    InParallel,
    OneOfBranches,
    Repeated,
    Stage,
)
from orchestrator.model.metrics import Points, Within
from orchestrator.model.values import (
    DAY,
    FOREVER,
    HOUR,
    MINUTE,
    SECOND,
    AskedPeriod,
    Duration,
    Span,
    parse_instant,
)
from tests.laws.build import APRIL, TOP, percent
from tests.laws.kinds import (
    LONDON,
    Said,
    agreement,
    chain,
    derived,
    in_turn,
    points,
    promise,
    within,
    world,
)

DESK = Said(within("100", 30 * MINUTE))
VENDOR = Said(within("100", 4 * HOUR), hours="london")


def desk_then_vendor(promised: Said, asked: str) -> Derivation:
    """A desk round the clock, then a vendor in London's office hours."""
    estate = chain(
        in_turn("desk", "vendor"), {"desk": DESK, "vendor": VENDOR}, promised, calendars=[LONDON]
    )
    return derived(estate, AskedPeriod.parse(asked), explain=True)


def wall(found: Derivation) -> WorstCase:
    assert found.explanation is not None
    (case,) = (one for one in found.explanation.worst_cases if one.hours == "24x7")
    return case


@pytest.mark.parametrize(
    ("asked", "opened", "due", "elapsed"),
    [
        # a normal week: half past twelve on Friday and a second, due on Monday
        ("2026-02-09/2026-02-16", "2026-02-13T12:30:01Z", "2026-02-16T09:00:01Z", 68.5),
        # over Good Friday and Easter Monday
        ("2026-04-01/2026-04-06", "2026-04-02T11:30:01Z", "2026-04-07T08:00:01Z", 116.5),
        # a weekend an hour short, and one an hour long
        ("2026-03-23/2026-03-30", "2026-03-27T12:30:01Z", "2026-03-30T08:00:01Z", 67.5),
        ("2026-10-19/2026-10-26", "2026-10-23T11:30:01Z", "2026-10-26T09:00:01Z", 69.5),
    ],
)
def test_the_longest_wait_begins_a_second_after_what_is_left_no_longer_fits_before_the_weekend(
    asked: str, opened: str, due: str, elapsed: float
) -> None:
    found = desk_then_vendor(Said(within("100", int(elapsed * HOUR))), asked)
    case = wall(found)
    assert (case.start, case.due) == (parse_instant(opened), parse_instant(due))
    assert case.elapsed == elapsed * HOUR
    assert [(stage.stage, stage.due - stage.start) for stage in case.stages] == [
        ("desk", 30 * MINUTE),
        ("vendor", case.elapsed - 30 * MINUTE),
    ]
    assert found.status == UNDERPINNED
    assert found.floor == within("100", int(elapsed * HOUR))
    short = desk_then_vendor(Said(within("100", int(elapsed * HOUR) - 1)), asked)
    assert short.status == SHORTFALL


def test_the_promise_is_held_against_the_customers_own_clock() -> None:
    # On London's clock at most the desk's half hour comes on top of the vendor's four hours.
    found = desk_then_vendor(Said(within("100", 9 * HOUR // 2), hours="london"), "2026-02")
    assert found.status == UNDERPINNED
    assert found.floor == within("100", 9 * HOUR // 2)
    assert found.explanation is not None
    assert [case.hours for case in found.explanation.worst_cases] == ["london", "24x7"]
    assert wall(found).elapsed == 68 * HOUR + 30 * MINUTE


# --- percentiles ---------------------------------------------------------------------------------

T2 = {
    "L1": Said(within("90", HOUR // 2)),
    "L2": Said(within("95", 2 * HOUR)),
    "vendor": Said(within("99", 4 * HOUR)),
}


def test_percentiles_never_add_what_each_stage_misses_does() -> None:
    found = derived(chain(in_turn("L1", "L2", "vendor"), T2, Said(within("84", 13 * HOUR // 2))))
    assert found.status == UNDERPINNED
    assert found.floor == within("84", 13 * HOUR // 2)
    assert found.independent == within(Fraction("0.84645"), 13 * HOUR // 2)
    assert found.method == "exact"
    assert (
        derived(
            chain(in_turn("L1", "L2", "vendor"), T2, Said(within("84.001", 13 * HOUR // 2)))
        ).status
        == SHORTFALL
    )


def test_a_stage_that_few_cases_come_to_costs_their_share_of_its_misses() -> None:
    mix = OneOfBranches(
        (
            Branch(percent("50"), in_turn()),
            Branch(percent("30"), in_turn("L2")),
            Branch(percent("20"), in_turn("L2", "vendor")),
        )
    )
    found = derived(chain(in_turn("L1", mix), T2, Said(within("87.3", 13 * HOUR // 2))))
    assert found.floor == within("87.3", 13 * HOUR // 2)
    assert found.status == UNDERPINNED


@pytest.mark.parametrize(
    ("time", "share"), [(3, "30"), (6, "70"), (10, "85"), (14, "94"), (9, "70"), (13, "85")]
)
def test_several_points_are_split_in_the_best_way(time: int, share: str) -> None:
    stages = {
        "A": Said(points(("50", HOUR), ("90", 4 * HOUR), ("99", 8 * HOUR))),
        "B": Said(points(("80", 2 * HOUR), ("95", 6 * HOUR))),
    }
    found = derived(chain(in_turn("A", "B"), stages, Said(within("1", time * HOUR))))
    assert isinstance(found.floor, Within)
    assert found.floor.share == percent(share)
    assert found.floor.duration <= time * HOUR


def test_every_promised_point_is_checked_and_the_worst_one_shown() -> None:
    stages = {"A": Said(points(("50", HOUR), ("90", 4 * HOUR)))}
    kept = Points((within("50", HOUR), within("90", 4 * HOUR)))
    missed = Points((within("50", HOUR), within("90", 3 * HOUR)))
    assert derived(chain(in_turn("A"), stages, Said(kept))).status == UNDERPINNED
    found = derived(chain(in_turn("A"), stages, Said(missed)))
    assert found.status == SHORTFALL
    assert found.floor == within("50", HOUR)


def test_where_nothing_fits_the_promised_time_the_promised_share_is_shown_in_its_least_time() -> (
    None
):
    stages = {"A": Said(points(("50", 2 * HOUR), ("90", 4 * HOUR), ("99", 8 * HOUR)))}
    found = derived(chain(in_turn("A"), stages, Said(within("80", HOUR))))
    assert found.floor == within("90", 4 * HOUR)
    found = derived(chain(in_turn("A"), stages, Said(within("100", HOUR))))
    assert found.floor == within("99", 8 * HOUR)


# --- other steps ---------------------------------------------------------------------------------


def test_concurrent_teams_are_done_with_the_latest_and_first_responders_with_the_earliest() -> None:
    stages = {"A": Said(within("90", HOUR)), "B": Said(within("95", 3 * HOUR))}
    both = InParallel((Stage("A"), Stage("B")))
    first = FirstOf((Stage("A"), Stage("B")))
    found = derived(chain(both, stages, Said(within("85", 3 * HOUR))))
    assert (found.status, found.floor) == (UNDERPINNED, within("85", 3 * HOUR))
    assert found.independent == within("85.5", 3 * HOUR)
    found = derived(chain(first, stages, Said(within("90", HOUR))))
    assert (found.status, found.floor) == (UNDERPINNED, within("90", HOUR))
    found = derived(chain(first, stages, Said(within("95", 3 * HOUR))))
    assert (found.status, found.floor) == (UNDERPINNED, within("95", 3 * HOUR))
    assert found.independent == within("99.5", 3 * HOUR)


def test_a_loop_is_gone_through_as_often_as_it_may_be() -> None:
    stages = {"A": Said(within("99", HOUR))}
    found = derived(chain(Repeated(3, Stage("A")), stages, Said(within("97", 3 * HOUR))))
    assert (found.status, found.floor) == (UNDERPINNED, within("97", 3 * HOUR))
    assert found.independent == within(Fraction("0.970299"), 3 * HOUR)


def test_a_slow_branch_that_few_cases_take_may_be_given_up() -> None:
    stages = {"fast": Said(within("99", HOUR)), "slow": Said(within("99", 9 * HOUR))}
    step = OneOfBranches(
        (Branch(percent("95"), Stage("fast")), Branch(percent("5"), Stage("slow")))
    )
    found = derived(chain(step, stages, Said(within("94", HOUR))))
    assert (found.status, found.floor) == (UNDERPINNED, within("94.05", HOUR))
    found = derived(chain(step, stages, Said(within("99", 9 * HOUR))))
    assert (found.status, found.floor) == (UNDERPINNED, within("99", 9 * HOUR))


def test_misses_of_a_term_in_two_branches_may_all_fall_on_one() -> None:
    # Of the cases of both branches the vendor may miss a tenth, all of them in the fast one.
    stages = {"vendor": Said(within("90", HOUR)), "depot": Said(within("100", 9 * HOUR))}
    step = OneOfBranches(
        (Branch(percent("50"), Stage("vendor")), Branch(percent("50"), in_turn("vendor", "depot")))
    )
    found = derived(chain(step, stages, Said(within("45", HOUR))))
    assert found.status == SHORTFALL
    assert found.floor == within("40", HOUR)


def test_business_days_end_at_the_close_of_the_nth_service_day() -> None:
    vendor = Said(Within(percent("100"), business_days=2), hours="london")
    promised = Within(percent("100"), business_days=2)
    asked = AskedPeriod.parse("2026-02")
    for target, status in (
        (promised, UNDERPINNED),
        (replace(promised, business_days=1), SHORTFALL),
    ):
        estate = chain(
            in_turn("vendor"), {"vendor": vendor}, Said(target, hours="london"), calendars=[LONDON]
        )
        found = derived(estate, asked, explain=True)
        assert found.status == status
        assert found.floor == promised
    # Received on a Friday just after midnight: due on Tuesday at five.
    assert wall(found).elapsed == 4 * DAY + 17 * HOUR


def test_what_never_opens_again_is_never_done() -> None:
    once = replace(
        LONDON,
        id="once",
        weekly=((),) * 7,
        openings=(
            Span(parse_instant("2026-04-01T09:00:00Z"), parse_instant("2026-04-01T17:00:00Z")),
        ),
    )
    estate = chain(
        in_turn("vendor"),
        {"vendor": Said(within("100", HOUR), hours="once")},
        Said(within("90", DAY)),
        calendars=[once],
    )
    found = derived(estate)
    assert (found.status, found.floor) == (SHORTFALL, None)
    start, end = parse_instant("2026-04-01T00:00:00Z"), parse_instant("2026-04-02T00:00:00Z")
    due = due_line(once, HOUR, start, end)
    assert worst_start(due, None).start == parse_instant("2026-04-01T16:00:01Z")
    assert then(due, due_line(None, HOUR, due.lowest, end)).highest == FOREVER


# --- what is said --------------------------------------------------------------------------------


def codes(found: Derivation) -> set[str]:
    return {finding.code for finding in found.findings}


def test_without_a_flow_there_is_nothing_to_compare() -> None:
    found = derived(world({}, [promise("resolution_time", Said(within("90", HOUR)))]))
    assert (found.status, found.floor, found.method) == (NOT_COMPARABLE, None, "none")
    assert codes(found) == {"NO_FLOW"}


def test_a_goal_counts_in_the_estimate_alone_and_leaves_its_stage_uncommitted() -> None:
    stages = {
        "A": Said(within("90", HOUR), strength="goal"),
        "B": Said(within("95", HOUR)),
    }
    found = derived(chain(in_turn("A", "B"), stages, Said(within("80", 2 * HOUR))))
    assert (found.status, found.floor) == (UNCOMMITTED, None)
    assert found.independent == within("85.5", 2 * HOUR)
    (finding,) = (one for one in found.findings if one.code == "UNCOMMITTED")
    assert finding.subjects == ("A",)
    assert "goals do not count" in finding.message


def test_a_flow_rests_on_agreements_in_force_and_never_on_itself() -> None:
    for step in (in_turn("A", "gone"), in_turn("A", "sla")):
        found = derived(chain(step, {"A": T2["L1"]}, Said(within("80", 2 * HOUR))))
        assert found.status == UNCOMMITTED
        assert found.floor is None


def test_a_shortfall_names_the_stage_that_would_help() -> None:
    stages = {"A": Said(within("100", HOUR)), "B": Said(within("90", HOUR))}
    found = derived(chain(in_turn("A", "B"), stages, Said(within("95", 2 * HOUR))))
    (finding,) = (one for one in found.findings if one.code == "SHORTFALL")
    assert finding.subjects == ("B",)
    assert finding.message == (
        "sla promises 95% within 2h and what lies beneath guarantees 90% within 2h; renegotiate B"
    )


def test_the_flow_of_a_priority_comes_before_the_flow_of_the_metric() -> None:
    def of(time: Duration, priority: str) -> Said:
        return Said(within("100", time), priority=priority)

    team = agreement("team", "OLA", ("ops", "us"), TOP, {"resolution_time": of(HOUR, "p1")})
    other = agreement("other", "OLA", ("ops", "us"), TOP, {"resolution_time": of(9 * HOUR, "")})
    flows = (
        Flow("resolution_time", Stage("other")),
        Flow("resolution_time", Stage("team"), "p1"),
    )
    for priority, time in (("p1", HOUR), ("p2", 9 * HOUR)):
        estate = world(
            {},
            [team, other, promise("resolution_time", of(time, priority))],
            services={TOP: {"flows": flows}},
        )
        found = derived(estate)
        assert (found.status, found.floor) == (UNDERPINNED, within("100", time))


def test_the_worst_period_is_named() -> None:
    # The vendor's better terms come into force in March.
    version = agreement("vendor", "UC", ("maker", "us"), TOP, {"resolution_time": DESK})
    march = parse_instant("2026-03-01T00:00:00Z")
    slower = agreement(
        "vendor", "UC", ("maker", "us"), TOP, {"resolution_time": Said(within("100", 9 * HOUR))}
    )
    estate = world(
        {},
        [slower, promise("resolution_time", Said(within("100", HOUR)))],
        services={TOP: {"flows": (Flow("resolution_time", Stage("vendor")),)}},
    ).edit(march, [version])
    found = derived(estate, AskedPeriod.parse("2026-Q1"))
    assert found.status == SHORTFALL
    assert found.floor == within("100", 9 * HOUR)
    assert found.period.start == parse_instant("2026-01-01T00:00:00Z")
    assert derived(estate, APRIL).status == UNDERPINNED


def test_a_wait_that_comes_as_near_to_a_time_as_it_likes_is_shown_as_that_time() -> None:
    # A case that comes just after the close waits for just less than until the next opening.
    noon = replace(LONDON, id="noon", weekly=(((12 * HOUR, 13 * HOUR),),) * 7, timezone="UTC")
    late = replace(noon, id="late", weekly=(((13 * HOUR, 14 * HOUR),),) * 7)
    estate = chain(
        in_turn("noon", "late"),
        {"noon": Said(within("90", HOUR), "noon"), "late": Said(within("100", HOUR), "late")},
        Said(within("90", 2 * DAY)),
        calendars=[noon, late],
    )
    found = derived(estate, AskedPeriod.parse("2026-02"), explain=True)
    # Started at noon it is done by two; a moment later, by two on the next day.
    assert found.floor == within("90", 26 * HOUR)
    assert wall(found).elapsed == 26 * HOUR - 1


def test_cases_are_worked_on_by_the_terms_in_force_when_they_start() -> None:
    # The vendor takes nine hours until the tenth of April, and one hour from then on.
    slow, fast = (
        agreement("vendor", "UC", ("maker", "us"), TOP, {"resolution_time": Said(within("99", t))})
        for t in (9 * HOUR, HOUR)
    )
    estate = world(
        {},
        [slow, promise("resolution_time", Said(within("99", HOUR)))],
        services={TOP: {"flows": (Flow("resolution_time", Stage("vendor")),)}},
    ).edit(parse_instant("2026-04-10T00:00:00Z"), [fast])
    found = derived(estate, explain=True)
    assert (found.status, found.floor) == (SHORTFALL, within("99", 9 * HOUR))
    assert found.explanation is not None
    assert [(basis.version, basis.target) for basis in found.explanation.basis] == [
        (1, within("99", 9 * HOUR))
    ]
    assert found.period == Span(
        parse_instant("2026-04-01T00:00:00Z"), parse_instant("2026-05-01T00:00:00Z")
    )
    assert derived(estate, AskedPeriod.parse("2026-05")).status == UNDERPINNED


def test_a_loop_on_hours_is_as_much_open_time_as_it_is_gone_through() -> None:
    # Sixteen rounds of an hour, eight hours a day: two days from one opening to the second close,
    # and from a second after nine on a Thursday until a second after nine on Monday.
    stages = {"vendor": Said(within("100", HOUR), hours="london")}
    promised = Said(within("100", 16 * HOUR), hours="london")
    asked = AskedPeriod.parse("2026-02")
    for step in (Repeated(16, Stage("vendor")), in_turn(*["vendor"] * 16)):
        found = derived(chain(step, stages, promised, calendars=[LONDON]), asked, explain=True)
        assert (found.status, found.floor) == (UNDERPINNED, within("100", 16 * HOUR))
        assert wall(found).start == parse_instant("2026-02-05T09:00:01Z")
        assert wall(found).due == parse_instant("2026-02-09T09:00:01Z")


def test_rounds_in_business_days_are_counted_from_each_close() -> None:
    vendor = Said(Within(percent("100"), business_days=1), hours="london")
    promised = Within(percent("100"), business_days=3)
    estate = chain(
        Repeated(3, Stage("vendor")),
        {"vendor": vendor},
        Said(promised, hours="london"),
        calendars=[LONDON],
    )
    found = derived(estate, AskedPeriod.parse("2026-02"))
    assert (found.status, found.floor) == (UNDERPINNED, promised)


def test_of_a_flow_beyond_all_bounds_nothing_is_known() -> None:
    stages = {"A": Said(within("100", HOUR)), "B": Said(within("100", HOUR))}
    step = Repeated(1000, Repeated(1000, in_turn("A", "B")))
    found = derived(chain(step, stages, Said(within("90", HOUR))))
    assert (found.status, found.floor, found.method) == (SHORTFALL, None, "none")
    assert codes(found) == {"SHORTFALL", "FLOW_CUT_SHORT"}
    endless = Repeated(1000, Repeated(1000, Stage("A")))
    found = derived(chain(endless, stages, Said(within("90", HOUR))))
    assert found.floor == within("100", 10**6 * HOUR)


@pytest.mark.parametrize(("times", "share"), [(60, "99.4"), (1000, "90")])
def test_a_loop_with_more_choices_than_are_weighed_is_bounded_and_says_so(
    times: int, share: str
) -> None:
    # Three branches at one point each: kept is what all of them keep every time.
    stages = {
        id: Said(within("99.99", time * HOUR), hours="london")
        for id, time in (("A", 1), ("B", 2), ("C", 3))
    }
    step = OneOfBranches(
        tuple(
            Branch(percent(part), Stage(id)) for part, id in (("50", "A"), ("30", "B"), ("20", "C"))
        )
    )
    promised = Said(within(share, 3 * times * HOUR), hours="london")
    estate = chain(Repeated(times, step), stages, promised, calendars=[LONDON])
    found = derived(estate)
    assert (found.status, found.floor) == (UNDERPINNED, within(share, 3 * times * HOUR))
    assert (found.methods.floor, found.methods.independent) == ("bounded", "bounded")
    assert codes(found) == {"FLOW_CUT_SHORT"}
    assert "more may be kept than is shown" in found.findings[0].message


def test_a_loop_on_a_calendar_that_ends_looks_no_further_than_its_cases_come() -> None:
    # Open without a break until the middle of May; five rounds are done on the second of May.
    until = Span(parse_instant("2026-03-01T00:00:00Z"), parse_instant("2026-05-15T00:00:00Z"))
    ending = Calendar("ending", "UTC", ((),) * 7, openings=(until,))
    stages = {"A": Said(within("100", 8 * HOUR), hours="ending")}
    step = Repeated(5, in_turn("A"))
    found = derived(chain(step, stages, Said(within("90", 40 * HOUR)), calendars=[ending]))
    assert (found.status, found.floor) == (UNDERPINNED, within("100", 40 * HOUR))
    long = Repeated(50, in_turn("A"))
    found = derived(chain(long, stages, Said(within("90", 400 * HOUR)), calendars=[ending]))
    assert (found.status, found.floor) == (SHORTFALL, None)


def test_a_loop_with_few_choices_is_exact() -> None:
    stages = {id: Said(within("99", time * HOUR)) for id, time in (("A", 1), ("B", 2))}
    step = OneOfBranches((Branch(percent("50"), Stage("A")), Branch(percent("50"), Stage("B"))))
    found = derived(chain(Repeated(5, step), stages, Said(within("95", 10 * HOUR))))
    assert (found.status, found.floor, found.method) == (
        UNDERPINNED,
        within("95", 10 * HOUR),
        "exact",
    )
    assert codes(found) == set()


def test_the_estimate_of_the_first_of_two_is_the_share_of_whichever_is_the_faster() -> None:
    # By day the day team is the faster one and keeps nine in ten, by night the other one six.
    teams = [
        Calendar("day", "UTC", (((9 * HOUR, 21 * HOUR),),) * 7),
        Calendar("night", "UTC", (((21 * HOUR, 33 * HOUR),),) * 7),
    ]
    stages = {
        "A": Said(within("90", HOUR), hours="day"),
        "B": Said(within("60", HOUR), hours="night"),
    }
    step = FirstOf((Stage("A"), Stage("B")))
    found = derived(chain(step, stages, Said(within("50", 2 * HOUR)), calendars=teams))
    assert isinstance(found.independent, Within)
    assert found.independent.share == percent("60")
    assert found.floor == replace(found.independent, share=percent("50"))
    assert found.status == UNDERPINNED


def test_a_reach_is_shown_in_whole_seconds_to_the_safe_side() -> None:
    # A microsecond is left over at the close: done on the next morning, a microsecond after nine.
    stages = {"A": Said(within("90", HOUR + 1), hours="london")}
    asked = AskedPeriod.parse("2026-02")
    found = derived(
        chain(in_turn("A"), stages, Said(within("90", HOUR)), calendars=[LONDON]), asked
    )
    # A case of Friday an hour before the close waits the weekend over, a microsecond above.
    assert found.floor == within("90", 65 * HOUR + 1_000_000)
    kept = derived(
        chain(in_turn("A"), stages, Said(within("90", 65 * HOUR + 1)), calendars=[LONDON]), asked
    )
    assert (kept.status, kept.floor) == (UNDERPINNED, within("90", 65 * HOUR + 1))


def test_of_equal_waits_the_one_that_begins_at_a_whole_second_is_shown() -> None:
    # From half a second on a wait of an hour, and from a second on another that is as long.
    half = SECOND // 2
    due = Line((half, SECOND), (half + HOUR, SECOND + HOUR), (0, 1), SECOND + half)
    found = worst_start(due, None)
    assert (found.start, found.due, found.elapsed) == (SECOND, SECOND + HOUR, HOUR)
