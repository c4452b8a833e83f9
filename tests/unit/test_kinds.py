"""Kinds of commitment that compose over what a service requires: worked examples."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest

from orchestrator.engine.kinds.algebras import ALGEBRAS
from orchestrator.errors import OrchestratorError
from orchestrator.formats import figures
from orchestrator.model.derivations import (
    NOT_COMPARABLE,
    SHORTFALL,
    UNCOMMITTED,
    UNDERPINNED,
    Derivation,
)
from orchestrator.model.flows import Branch, InSequence, OneOfBranches, Stage
from orchestrator.model.metrics import (
    METRICS,
    Labels,
    Lasting,
    Metric,
    Points,
    Target,
    Within,
    check_target,
)
from orchestrator.model.services import AllOf, AtLeast, Needs
from orchestrator.model.values import HOUR, MINUTE, SECOND
from tests.laws.build import TOP, Structure, all_of, any_of, at_least, percent
from tests.laws.kinds import (
    Said,
    bought,
    chain,
    derived,
    hours,
    in_turn,
    points,
    promise,
    within,
    within_us,
    world,
)


def over(
    structure: Structure, metric: str, targets: Mapping[str, Target], promised: Target
) -> Derivation:
    """What a promise rests on, all else bought under a contract each."""
    agreements = [bought(leaf, {metric: Said(target)}) for leaf, target in targets.items()]
    return derived(world(structure, [*agreements, promise(metric, Said(promised))]))


def minutes(number: float) -> Lasting:
    return Lasting(int(number * MINUTE))


# --- recovery ------------------------------------------------------------------------------------

ORDER: Structure = {
    "db": all_of("storage", "network"),
    "app": all_of("db"),
    "lb": all_of("network"),
    TOP: all_of("app", "lb"),
}
WORK = {"app": 20, "db": 45, "lb": 10, "network": 30, "storage": 60}


@pytest.mark.parametrize(("crews", "total"), [(0, 125), (1, 165), (2, 145)])
def test_recovery_takes_the_critical_path_the_sum_or_grahams_bound(crews: int, total: int) -> None:
    metric = "recovery_time"
    teams = [
        within_us(id, {metric: Said(minutes(WORK[id]), scope="own")}) for id in ("app", "db", "lb")
    ]
    makers = [bought(id, {metric: Said(minutes(WORK[id]))}) for id in ("network", "storage")]
    for promised, status in ((total, UNDERPINNED), (total - 1, SHORTFALL)):
        estate = world(
            ORDER,
            [*teams, *makers, promise(metric, Said(minutes(promised)))],
            owned=("app", "db", "lb"),
            services={TOP: {"crews": crews}},
        )
        found = derived(estate)
        assert (found.status, found.floor) == (status, minutes(total))
        assert found.independent == minutes(total)


def test_a_declared_order_of_restoring_comes_before_what_is_required() -> None:
    # b waits for a although it does not require it; top is back when both are.
    targets = {"a": minutes(30), "b": minutes(20)}
    agreements = [bought(id, {"recovery_time": Said(time)}) for id, time in targets.items()]
    estate = world(
        {TOP: all_of("a", "b")},
        [*agreements, promise("recovery_time", Said(minutes(50)))],
        services={"b": {"recover_after": ("a",)}},
    )
    assert derived(estate).floor == minutes(50)
    free = world(
        {TOP: all_of("a", "b")}, [*agreements, promise("recovery_time", Said(minutes(30)))]
    )
    assert derived(free).floor == minutes(30)


def test_redundant_parts_are_back_with_the_kth() -> None:
    targets = {"a": minutes(10), "b": minutes(20), "c": minutes(40)}
    for k, time in ((1, 10), (2, 20), (3, 40)):
        found = over({TOP: at_least(k, "a", "b", "c")}, "recovery_time", targets, minutes(time))
        assert (found.status, found.floor) == (UNDERPINNED, minutes(time))


def test_one_crew_restores_the_redundant_parts_that_take_it_the_least_time() -> None:
    targets = {"a": minutes(10), "b": minutes(20), "c": minutes(40)}
    agreements = [bought(id, {"recovery_time": Said(time)}) for id, time in targets.items()]
    estate = world(
        {TOP: at_least(2, "a", "b", "c")},
        [*agreements, promise("recovery_time", Said(minutes(30)))],
        services={TOP: {"crews": 1}},
    )
    assert derived(estate).floor == minutes(30)


def test_one_crew_restores_what_is_needed_anyway_before_anything_of_its_own() -> None:
    # Each of ten groups takes three hours alone, or two on top of what all the others need too.
    metric = "recovery_time"
    pairs = [(f"a{number}", f"b{number}") for number in range(10)]
    structure: Structure = {
        **{other: all_of("s") for _, other in pairs},
        TOP: all_of("s", *(any_of(*pair) for pair in pairs)),
    }
    agreements = [bought("s", {metric: Said(hours(2))})]
    for one, other in pairs:
        agreements.append(bought(one, {metric: Said(hours(3))}))
        agreements.append(within_us(other, {metric: Said(hours(2), scope="own")}))
    estate = world(
        structure,
        [*agreements, promise(metric, Said(hours(22)))],
        owned=[other for _, other in pairs],
        services={TOP: {"crews": 1}},
    )
    found = derived(estate)
    assert (found.status, found.floor, found.method) == (UNDERPINNED, hours(22), "exact")


def test_crews_that_wait_for_no_order_are_bounded_and_those_that_do_are_exact() -> None:
    metric = "recovery_time"

    def of(structure: Structure, crews: int) -> Derivation:
        agreements = [
            bought("a", {metric: Said(minutes(10))}),
            bought("b", {metric: Said(minutes(20))}),
        ]
        return derived(
            world(
                structure,
                [*agreements, promise(metric, Said(minutes(30)))],
                services={TOP: {"crews": crews}, "b": {"recover_after": ("a",)}}
                if crews == 3
                else {TOP: {"crews": crews}},
            )
        )

    both = of({TOP: all_of("a", "b")}, 2)
    assert (both.floor, both.method) == (minutes(25), "bounded")
    in_order = of({TOP: all_of("a", "b")}, 3)
    assert (in_order.floor, in_order.method) == (minutes(30), "exact")


def test_what_nothing_waits_for_is_counted_as_work_and_the_sum_not_called_exact() -> None:
    # x is restored before y that it requires, and top waits for x alone: half an hour and ten
    # minutes would do, and the twenty minutes of y are counted all the same.
    metric = "recovery_time"
    agreements = [
        bought("a", {metric: Said(minutes(30))}),
        bought("y", {metric: Said(minutes(20))}),
        within_us("x", {metric: Said(minutes(10), scope="own")}),
    ]
    estate = world(
        {"x": all_of("y"), TOP: all_of("a")},
        [*agreements, promise(metric, Said(minutes(60)))],
        owned=["x"],
        services={TOP: {"crews": 1, "recover_after": ("x",)}, "x": {"recover_after": ()}},
    )
    found = derived(estate)
    assert (found.status, found.floor, found.method) == (UNDERPINNED, minutes(60), "bounded")


# --- recovery point ------------------------------------------------------------------------------


def test_consistent_stores_lose_the_most_that_one_of_them_does() -> None:
    targets = {"a": minutes(15), "b": minutes(60)}
    found = over({TOP: all_of("a", "b")}, "recovery_point", targets, minutes(60))
    assert (found.status, found.floor) == (UNDERPINNED, minutes(60))
    found = over({TOP: any_of("a", "b")}, "recovery_point", targets, minutes(15))
    assert (found.status, found.floor) == (UNDERPINNED, minutes(15))
    assert "COPIES_RECOVER_AS_PROMISED" in found.assumptions


def test_chained_asynchronous_replication_adds_up() -> None:
    stages = {"near": Said(minutes(5)), "far": Said(minutes(15))}
    estate = chain(in_turn("near", "far"), stages, Said(minutes(20)), metric="recovery_point")
    found = derived(estate)
    assert (found.status, found.floor) == (UNDERPINNED, minutes(20))


# --- means ---------------------------------------------------------------------------------------


def test_failures_add_up_and_incidents_are_weighed_by_how_often_they_happen() -> None:
    both = {
        "a": {"time_to_restore": Said(hours(2)), "time_between_failures": Said(hours(1000))},
        "b": {"time_to_restore": Said(hours(8)), "time_between_failures": Said(hours(2000))},
    }
    agreements = [bought(id, terms) for id, terms in both.items()]

    def of(metric: str, target: Target) -> Derivation:
        return derived(world({TOP: all_of("a", "b")}, [*agreements, promise(metric, Said(target))]))

    between = of("time_between_failures", hours(666))
    assert between.status == UNDERPINNED
    assert between.floor == between.independent == Lasting(2000 * HOUR // 3)
    restore = of("time_to_restore", hours(8))
    assert (restore.status, restore.floor) == (UNDERPINNED, hours(8))
    assert restore.independent == hours(4)
    assert "OUTAGES_DO_NOT_MERGE" in restore.assumptions


def test_redundancy_fails_as_often_as_its_parts_may_and_for_as_long_as_anybody_fears() -> None:
    both = {
        id: {"time_to_restore": Said(hours(2)), "time_between_failures": Said(hours(1000))}
        for id in ("a", "b")
    }
    agreements = [bought(id, terms) for id, terms in both.items()]
    structure = {TOP: any_of("a", "b")}
    between = derived(
        world(structure, [*agreements, promise("time_between_failures", Said(hours(500)))])
    )
    assert (between.status, between.floor) == (UNDERPINNED, hours(500))
    assert between.independent is None
    restore = derived(world(structure, [*agreements, promise("time_to_restore", Said(hours(2)))]))
    assert (restore.status, restore.floor, restore.method) == (SHORTFALL, None, "none")


def test_without_a_rate_there_is_no_mean_over_incidents() -> None:
    targets = {"a": hours(2), "b": hours(8)}
    found = over({TOP: all_of("a", "b")}, "time_to_restore", targets, hours(8))
    assert (found.floor, found.independent) == (hours(8), None)


def test_a_group_of_one_part_called_twice_fails_and_is_restored_as_the_part_is() -> None:
    both = {"time_to_restore": Said(hours(2)), "time_between_failures": Said(hours(1000))}
    structure: Structure = {"left": all_of("a"), "right": all_of("a"), TOP: any_of("left", "right")}
    for metric, value in (("time_to_restore", hours(2)), ("time_between_failures", hours(1000))):
        found = derived(world(structure, [bought("a", both), promise(metric, Said(value))]))
        assert (found.status, found.floor, found.independent) == (UNDERPINNED, value, value)


# --- throughput and errors -----------------------------------------------------------------------

CALLS: Structure = {
    TOP: AllOf((Needs("a"), Needs("b", Fraction("0.3")), Needs("c", Fraction(2)))),
}


def test_throughput_is_the_least_of_capacity_by_visits() -> None:
    targets: dict[str, Target] = {"a": Fraction(1000), "b": Fraction(500), "c": Fraction(900)}
    found = over(CALLS, "throughput", targets, Fraction(450))
    assert (found.status, found.floor, found.headroom) == (UNDERPINNED, Fraction(450), 0)
    assert over(CALLS, "throughput", targets, Fraction(451)).status == SHORTFALL


def test_visits_of_a_shared_part_are_summed_over_all_paths() -> None:
    structure: Structure = {
        "x": AllOf((Needs("p", Fraction(2)),)),
        "y": AllOf((Needs("p"), Needs("q"))),
        TOP: AllOf((Needs("x", Fraction(3)), Needs("y"))),
    }
    targets: dict[str, Target] = {"p": Fraction(70), "q": Fraction(500)}
    # p is called 3 * 2 + 1 times per request.
    assert over(structure, "throughput", targets, Fraction(10)).floor == Fraction(10)


def test_redundant_capacity_is_what_the_smallest_carry_together() -> None:
    targets: dict[str, Target] = {"a": Fraction(100), "b": Fraction(200), "c": Fraction(400)}
    for k, capacity in ((1, 100), (2, 300), (3, 100)):
        structure = {TOP: at_least(k, "a", "b", "c")}
        found = over(structure, "throughput", targets, Fraction(capacity))
        assert (found.status, found.floor) == (UNDERPINNED, Fraction(capacity))


def test_what_redundant_legs_share_carries_all_that_goes_through_them() -> None:
    structure: Structure = {
        "left": AllOf((Needs("a"), Needs("p"))),
        "right": AllOf((Needs("b"), Needs("p", Fraction(2)))),
        TOP: AtLeast(2, (Needs("left"), Needs("right"), Needs("c"))),
    }
    targets: dict[str, Target] = {
        "a": Fraction(100),
        "b": Fraction(100),
        "c": Fraction(100),
        "p": Fraction(300),
    }
    found = over(structure, "throughput", targets, Fraction(150))
    assert (found.floor, found.method) == (Fraction(150), "bounded")


def test_errors_of_all_visits_add_up() -> None:
    structure: Structure = {TOP: AllOf((Needs("a"), Needs("b", Fraction(2))))}
    targets: dict[str, Target] = {"a": percent("0.1"), "b": percent("0.2")}
    found = over(structure, "error_rate", targets, percent("0.5"))
    assert (found.status, found.floor) == (UNDERPINNED, percent("0.5"))
    assert found.independent == 1 - Fraction("0.995007996")
    kept: dict[str, Target] = {"a": percent("99.9"), "b": percent("99.8")}
    found = over(structure, "quality", kept, percent("99.5"))
    assert (found.status, found.floor) == (UNDERPINNED, percent("99.5"))
    assert found.independent == Fraction("0.995007996")


def test_another_try_elsewhere_is_as_good_as_the_best_and_on_average_far_better() -> None:
    targets: dict[str, Target] = {"a": percent("1"), "b": percent("2")}
    found = over({TOP: any_of("a", "b")}, "error_rate", targets, percent("1"))
    assert (found.status, found.floor) == (UNDERPINNED, percent("1"))
    assert found.independent == percent("0.02")


# --- latency -------------------------------------------------------------------------------------


def test_concurrent_calls_last_as_long_as_the_slowest_and_alternatives_as_the_fastest() -> None:
    targets: dict[str, Target] = {"a": within("99", 1), "b": within("98", 3), "c": within("97", 9)}
    for structure, floor in (
        (all_of("a", "b", "c"), within("94", 9)),
        (any_of("a", "b", "c"), within("99", 1)),
    ):
        found = over({TOP: structure}, "latency", targets, floor)
        assert (found.status, found.floor) == (UNDERPINNED, floor)
    # Two of three: Rueger's bound over the two that are done by then.
    found = over({TOP: at_least(2, "a", "b", "c")}, "latency", targets, within("97", 3))
    assert (found.status, found.floor) == (UNDERPINNED, within("97", 3))


def test_calls_one_after_another_take_the_sum() -> None:
    stages = {"a": Said(points(("90", 2), ("99", 5))), "b": Said(within("99", 3))}
    found = derived(chain(in_turn("a", "b"), stages, Said(within("98", 8)), metric="latency"))
    assert (found.status, found.floor) == (UNDERPINNED, within("98", 8))
    found = derived(chain(in_turn("a", "b"), stages, Said(within("89", 7)), metric="latency"))
    assert (found.status, found.floor) == (UNDERPINNED, within("89", 5))


# --- scores, names and tiers ---------------------------------------------------------------------


def mixture(metric: str, step: OneOfBranches | InSequence, *targets: int) -> Derivation:
    stages = {name: Said(Fraction(target)) for name, target in zip("ab", targets, strict=True)}
    return derived(chain(step, stages, Said(Fraction(5)), metric=metric))


HALF_AND_HALF = OneOfBranches(
    (Branch(percent("75"), Stage("a")), Branch(percent("25"), Stage("b")))
)


def test_defects_are_as_dense_as_in_the_worst_part_and_on_average_as_parts_are_large() -> None:
    found = mixture("defect_density", HALF_AND_HALF, 2, 6)
    assert (found.status, found.floor, found.independent) == (SHORTFALL, Fraction(6), Fraction(3))
    targets: dict[str, Target] = {"a": Fraction(2), "b": Fraction(5)}
    found = over({TOP: all_of("a", "b")}, "defect_density", targets, Fraction(5))
    assert (found.status, found.floor, found.independent) == (UNDERPINNED, Fraction(5), None)
    assert found.headroom == 0


def test_a_score_follows_from_declared_contributions_alone() -> None:
    found = mixture("satisfaction", HALF_AND_HALF, 4, 8)
    assert (found.status, found.floor, found.independent) == (UNDERPINNED, Fraction(5), Fraction(5))
    for undeclared in (
        mixture("satisfaction", in_turn("a", "b"), 4, 8),
        over({TOP: all_of("a")}, "satisfaction", {"a": Fraction(9)}, Fraction(5)),
    ):
        assert (undeclared.status, undeclared.floor) == (NOT_COMPARABLE, None)
        assert [finding.code for finding in undeclared.findings] == ["UNATTRIBUTABLE"]


def labels(*names: str) -> Labels:
    return Labels(tuple(sorted(names)))


def test_a_whole_has_the_certificates_that_all_its_parts_have() -> None:
    targets: dict[str, Target] = {"a": labels("iso", "soc"), "b": labels("iso", "pci")}
    for structure in (all_of("a", "b"), any_of("a", "b")):
        found = over({TOP: structure}, "certificates", targets, labels("iso"))
        assert (found.status, found.floor) == (UNDERPINNED, labels("iso"))
        found = over({TOP: structure}, "certificates", targets, labels("iso", "soc"))
        assert found.status == SHORTFALL
        (finding,) = found.findings
        assert finding.subjects == ("b",)


def test_data_lie_wherever_a_part_may_keep_them() -> None:
    targets: dict[str, Target] = {"a": labels("de", "fr"), "b": labels("de")}
    found = over({TOP: any_of("a", "b")}, "data_location", targets, labels("de", "fr", "nl"))
    assert (found.status, found.floor) == (UNDERPINNED, labels("de", "fr"))
    found = over({TOP: all_of("a", "b")}, "data_location", targets, labels("de"))
    assert (found.status, found.findings[0].subjects) == (SHORTFALL, ("a",))


def test_support_is_of_the_least_tier_that_is_needed() -> None:
    targets: dict[str, Target] = {"a": Fraction(1), "b": Fraction(2), "c": Fraction(3)}
    for k, tier in ((1, 3), (2, 2), (3, 1)):
        found = over({TOP: at_least(k, "a", "b", "c")}, "support_tier", targets, Fraction(tier))
        assert (found.status, found.floor) == (UNDERPINNED, Fraction(tier))


# --- leaves --------------------------------------------------------------------------------------


def test_what_nobody_has_committed_to_is_named_and_may_be_anything() -> None:
    for metric, worst in (("error_rate", 1), ("quality", 0), ("throughput", 0)):
        found = over({TOP: all_of("a", "b")}, metric, {"a": percent("1")}, percent("99"))
        assert (found.status, found.floor, found.independent) == (UNCOMMITTED, worst, None)
        assert found.findings[0].subjects == ("b",)
        assert found.findings[0].severity == "error"
    for metric, target in (("recovery_time", hours(1)), ("data_location", labels("de"))):
        found = over({TOP: all_of("a", "b")}, metric, {"a": target}, target)
        assert (found.status, found.floor, found.method) == (UNCOMMITTED, None, "none")


def test_an_own_part_needs_a_commitment_of_its_own_and_a_grouping_needs_none() -> None:
    metric, limit = "error_rate", percent("1")
    agreements = [bought("a", {metric: Said(limit)}), promise(metric, Said(limit))]
    structure = {TOP: all_of("a")}
    assert derived(world(structure, agreements)).status == UNDERPINNED
    assert derived(world(structure, agreements, owned=(TOP,))).status == UNCOMMITTED
    team = within_us(TOP, {metric: Said(percent("0"), scope="own")}, id="team")
    found = derived(world(structure, [*agreements, team], owned=(TOP,)))
    assert (found.status, found.floor) == (UNDERPINNED, limit)


def test_two_agreements_on_one_part_are_the_better_of_the_two() -> None:
    agreements = [
        bought("a", {"recovery_time": Said(hours(4))}, id="old"),
        bought("a", {"recovery_time": Said(hours(2))}, id="new"),
        promise("recovery_time", Said(hours(3))),
    ]
    found = derived(world({TOP: all_of("a")}, agreements), explain=True)
    assert (found.status, found.floor) == (UNDERPINNED, hours(2))
    assert "DUPLICATE" in {finding.code for finding in found.findings}
    assert found.explanation is not None
    assert [(basis.agreement, basis.target) for basis in found.explanation.basis] == [
        ("new", hours(2)),
        ("old", hours(4)),
    ]


def test_a_term_of_a_priority_holds_for_that_priority() -> None:
    def asked(priority: str) -> Derivation:
        agreements = [
            bought("a", {"recovery_time": Said(hours(1), priority="p1")}, id="urgent"),
            bought("a", {"recovery_time": Said(hours(8))}, id="usual"),
            promise("recovery_time", Said(hours(8), priority=priority)),
        ]
        return derived(world({TOP: all_of("a")}, agreements))

    assert asked("p1").floor == hours(1)
    assert asked("p2").floor == hours(8)
    assert asked("").floor == hours(8)


def test_a_contract_is_not_looked_through() -> None:
    structure: Structure = {"mail": all_of("disk"), TOP: all_of("mail")}
    agreements = [
        bought("disk", {"recovery_time": Said(hours(1))}),
        bought("mail", {"recovery_time": Said(hours(5))}),
        promise("recovery_time", Said(hours(5))),
    ]
    found = derived(world(structure, agreements))
    assert (found.status, found.floor) == (UNDERPINNED, hours(5))


def test_a_latency_in_business_days_has_no_meaning_beneath() -> None:
    target = Within(percent("99"), business_days=1)
    found = over({TOP: all_of("a")}, "latency", {"a": target}, target)
    assert (found.status, found.floor) == (SHORTFALL, None)


def test_redundancy_that_nobody_promises_is_pointed_out() -> None:
    targets: dict[str, Target] = {"a": percent("1"), "b": percent("2")}
    found = over({TOP: any_of("a", "b")}, "error_rate", targets, percent("0.5"))
    assert found.status == SHORTFALL
    assert [finding.code for finding in found.findings] == ["SHORTFALL", "REDUNDANCY_NOT_PROMISED"]
    # whichever of them promises more, the group is as good as its best
    assert found.findings[0].subjects == ("a", "b")
    assert found.findings[1].subjects == ("a", "b")


def test_what_contracts_hide_makes_an_estimate_an_assumption() -> None:
    structure: Structure = {
        "mail": all_of("disk"),
        "files": all_of("disk"),
        TOP: all_of("mail", "files"),
    }
    agreements = [bought(id, {"error_rate": Said(percent("1"))}) for id in ("mail", "files")]
    found = derived(world(structure, [*agreements, promise("error_rate", Said(percent("2")))]))
    assert (found.status, found.assumptions) == (UNDERPINNED, ("HIDDEN_SHARING",))
    times = [bought(id, {"recovery_time": Said(hours(1))}) for id in ("mail", "files")]
    found = derived(world(structure, [*times, promise("recovery_time", Said(hours(1)))]))
    assert (found.status, found.assumptions) == (UNDERPINNED, ())


# --- headroom ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "given", "promised", "headroom"),
    [
        ("recovery_time", hours(2), hours(3), Fraction(3600)),
        ("recovery_time", hours(2), hours(1), Fraction(-3600)),
        ("time_between_failures", hours(2), hours(1), Fraction(3600)),
        ("time_between_failures", hours(1), hours(2), Fraction(-3600)),
        ("recovery_point", minutes(5), Lasting(5 * MINUTE + 500_000), Fraction(1, 2)),
        ("error_rate", percent("1"), percent("3"), percent("2")),
        ("support_tier", Fraction(2), Fraction(3), Fraction(-1)),
        ("certificates", Labels(("iso",)), Labels(("iso",)), None),
        ("latency", within("90", HOUR), within("90", HOUR), None),
    ],
)
def test_headroom_is_in_the_metrics_unit_and_above_nothing_where_the_promise_is_kept(
    metric: str, given: Target, promised: Target, headroom: Fraction | None
) -> None:
    found = over({TOP: all_of("a")}, metric, {"a": given}, promised)
    assert found.headroom == headroom
    assert headroom is None or (found.status == UNDERPINNED) == (headroom >= 0)


@pytest.mark.parametrize(
    ("beyond", "shown"),
    [(1, "-1us"), (HOUR, "-1h"), (90 * SECOND + 1, "-1m31s"), (-90 * SECOND - 1, "1m30s")],
)
def test_headroom_in_time_is_shown_to_the_safe_side(beyond: int, shown: str) -> None:
    found = over({TOP: all_of("a")}, "recovery_time", {"a": Lasting(HOUR + beyond)}, hours(1))
    assert figures.headroom(found) == shown


# --- targets -------------------------------------------------------------------------------------


def test_latency_knows_no_business_days() -> None:
    with pytest.raises(OrchestratorError, match="no business days") as refused:
        check_target(METRICS["latency"], Within(percent("90"), business_days=1))
    (problem,) = refused.value.problems
    assert problem.code == "BAD_TARGET"
    assert "within: 24h" in problem.advice


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.id)
def test_business_days_are_for_what_is_counted_in_service_hours(metric: Metric) -> None:
    algebra = ALGEBRAS.get(metric.algebra)
    assert metric.business_days == (algebra is not None and algebra.calendars)
    if metric.business_days:
        check_target(metric, Within(percent("90"), business_days=1))


@pytest.mark.parametrize("metric", ["latency", "response_time", "resolution_time", "handoff_time"])
def test_a_share_within_no_time_is_refused(metric: str) -> None:
    nothing = Within(percent("50"), 0)
    for target in (nothing, Points((nothing, within("90", HOUR)))):
        with pytest.raises(OrchestratorError, match="not longer than nothing") as refused:
            check_target(METRICS[metric], target)
        assert [problem.code for problem in refused.value.problems] == ["TARGET_OUT_OF_RANGE"]
    check_target(METRICS[metric], within("50", 1))
