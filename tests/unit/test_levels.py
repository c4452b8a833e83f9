"""What we provide to ourselves is traced in turn, down to whoever stands outermost."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from orchestrator.model.agreements import Measurement, Policies, Term, Version
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.metrics import Lasting
from orchestrator.model.parties import Party
from orchestrator.model.records import Exposure, Verdict
from orchestrator.model.services import Service
from orchestrator.model.values import HOUR, MONTH, AskedPeriod, Money, Period
from tests.laws.build import (
    CALENDARS,
    TOP,
    Promise,
    agreement,
    all_of,
    any_of,
    breached,
    contract,
    estate,
    facts,
    internal,
    minutes,
    outage,
    percent,
    sla,
    verdict_on,
)

PLATFORM = {TOP: all_of("platform"), "platform": all_of("a", "b")}
"""What we sell rests on a platform of ours, and that on two suppliers."""


def paying(target: Fraction, fee: str, share: int, **more: Any) -> Promise:
    """A promise that pays a share of a monthly fee where it is missed."""
    tiers = (CreditTier(target, Fraction(share, 100), nested=True),)
    return Promise(
        target, term={"credits": tiers, **more}, version={"fee": Fee(Money.parse(fee, "EUR"))}
    )


def platform(*agreements: Version, structure: Any = None) -> Estate:
    return estate(
        structure or PLATFORM,
        [sla(paying(Fraction(1), "1000.00", 10)), *agreements],
        owned=["platform"],
        calendars=CALENDARS,
    )


def named(verdict: Verdict, agreement: str = "sla") -> list[tuple[str, str, str, str, int]]:
    """Who contributed: party, component, agreement, basis and seconds."""
    return sorted(
        (one.party, one.service, one.agreement, one.basis, int(one.seconds))
        for one in breached(verdict, agreement).responsibility
    )


def borne(verdict: Verdict) -> list[tuple[str, str, Fraction]]:
    return [(one.party, one.basis, one.share) for one in breached(verdict).borne_by]


def exposed(verdict: Verdict, agreement: str = "sla") -> Exposure:
    (found,) = (one for one in verdict.exposures if one.key.agreement == agreement)
    return found


def steps(exposure: Exposure) -> dict[str, int]:
    return {one.step: one.amount for one in exposure.waterfall if one.amount}


def test_a_supplier_behind_a_team_is_found_and_pays_what_its_own_contract_says() -> None:
    subject = platform(
        internal("platform", Promise(Fraction(1)), "ola"),
        contract("a", paying(Fraction(1), "300.00", 10)),
    )
    verdict = verdict_on(subject, minutes({"a": [(0, 60)]}))
    assert named(verdict) == [("maker-a", "a", "uc-a", "BREACHED_COMMITMENT", 3600)]
    assert breached(verdict).responsibility[0].through == ("ola",)
    assert borne(verdict) == [("maker-a", "", Fraction(1))]
    # 100.00 are owed and the supplier pays a tenth of its 300.00.
    assert steps(exposed(verdict)) == {"TIER_AND_FEE_SCALE": 7000, "RECOVERED": 3000}


def test_who_answers_for_all_of_it_does_so_once_by_whatever_ways_it_is_reached() -> None:
    """Joint and several: 100 % each, also of a component that a team's platform rests on too."""
    jointly = Promise(Fraction(1), term={"policies": Policies(shares="joint_and_several")})
    subject = estate(
        {TOP: all_of("a", "platform"), "platform": all_of("a", "b")},
        [
            sla(jointly),
            internal("platform", Promise(Fraction(1)), "ola"),
            contract("a", Promise(Fraction(1))),
            contract("b", Promise(Fraction(1))),
        ],
        owned=["platform"],
    )
    verdict = verdict_on(subject, minutes({"a": [(0, 60)], "b": [(30, 60)]}))
    assert named(verdict) == [
        ("maker-a", "a", "uc-a", "BREACHED_COMMITMENT", 3600),
        ("maker-b", "b", "uc-b", "BREACHED_COMMITMENT", 1800),
    ]
    assert borne(verdict) == [("maker-a", "", Fraction(1)), ("maker-b", "", Fraction(1, 2))]


def test_a_supplier_that_kept_its_contract_leaves_its_share_with_the_team_that_promised_more() -> (
    None
):
    kept = contract("a", paying(percent("99"), "300.00", 10))
    missed = platform(internal("platform", Promise(Fraction(1)), "ola"), kept)
    verdict = verdict_on(missed, minutes({"a": [(0, 60)]}))
    assert named(verdict) == [("maker-a", "a", "uc-a", "STRUCTURAL_GAP", 3600)]
    assert borne(verdict) == [("ops", "STRUCTURAL_GAP", Fraction(1))]
    assert steps(exposed(verdict)) == {"STRUCTURAL_GAP": 10000}
    both_kept = platform(internal("platform", Promise(percent("99")), "ola"), kept)
    verdict = verdict_on(both_kept, minutes({"a": [(0, 60)]}))
    assert borne(verdict) == [("us", "STRUCTURAL_GAP", Fraction(1))]


def test_a_team_answers_for_its_own_part_by_what_it_promised_for_the_whole() -> None:
    subject = platform(internal("platform", Promise(Fraction(1)), "ola"))
    own = replace(outage("platform", 0, 600), part="own")
    verdict = verdict_on(subject, facts([own]))
    assert named(verdict) == [("ops", "platform:own", "ola", "BREACHED_COMMITMENT", 600)]
    assert borne(verdict) == [("ops", "", Fraction(1))]
    assert steps(exposed(verdict)) == {"OWN_SHARE": 10000}


def test_a_supplier_without_a_contract_is_borne_by_the_team_that_promised() -> None:
    subject = platform(internal("platform", Promise(Fraction(1)), "ola"))
    verdict = verdict_on(subject, minutes({"b": [(0, 60)]}))
    assert named(verdict) == [("maker-b", "b", "", "UNCOMMITTED", 3600)]
    assert borne(verdict) == [("ops", "UNCOMMITTED", Fraction(1))]


def test_time_that_a_team_does_not_count_still_reaches_the_supplier_that_does() -> None:
    office = internal("platform", Promise(Fraction(1), hours="long-office"), "ola")
    subject = platform(office, contract("a", paying(Fraction(1), "300.00", 10)))
    verdict = verdict_on(subject, minutes({"a": [(0, 60)]}))
    assert named(verdict) == [("maker-a", "a", "uc-a", "BREACHED_COMMITMENT", 3600)]
    own = verdict_on(subject, facts([replace(outage("platform", 0, 60), part="own")]))
    assert named(own) == [("ops", "platform:own", "ola", "EXCUSED", 60)]


def test_shares_of_two_levels_are_multiplied() -> None:
    # Half to c and half to the platform, whose half a and b, each enough, share.
    structure = {TOP: all_of("platform", "c"), "platform": all_of("a", "b")}
    subject = platform(internal("platform", Promise(Fraction(1)), "ola"), structure=structure)
    verdict = verdict_on(subject, minutes({one: [(0, 60)] for one in "abc"}))
    found = {one.service: one.share for one in breached(verdict).responsibility}
    assert found == {"a": Fraction(1, 4), "b": Fraction(1, 4), "c": Fraction(1, 2)}


def test_a_chain_of_teams_is_followed_to_its_end() -> None:
    structure = {TOP: all_of("m"), "m": any_of("n", "c"), "n": all_of("a")}
    found = [
        internal("m", Promise(Fraction(1)), "ola-m", "desk"),
        internal("n", Promise(Fraction(1)), "ola-n", "ops"),
        contract("a", paying(Fraction(1), "300.00", 10)),
    ]
    subject = platform(*found, structure=structure)
    verdict = verdict_on(subject, minutes({"a": [(0, 60)], "c": [(0, 60)]}))
    through = {one.party: one.through for one in breached(verdict).responsibility}
    assert through == {"maker-a": ("ola-m", "ola-n"), "maker-c": ("ola-m",)}
    assert borne(verdict) == [
        ("maker-a", "", Fraction(1, 2)),
        ("desk", "UNCOMMITTED", Fraction(1, 2)),
    ]


def test_two_teams_that_promise_each_other_the_same_service_end_the_trace() -> None:
    found = [
        internal("platform", Promise(Fraction(1)), "ola-1", "ops", "desk"),
        internal("platform", Promise(Fraction(1)), "ola-2", "desk", "ops"),
    ]
    verdict = verdict_on(platform(*found), minutes({"a": [(0, 60)]}))
    assert sum(one.share for one in breached(verdict).responsibility) == 1
    assert sum(one.share for one in breached(verdict).borne_by) == 1


def test_recovery_behind_a_team_is_charged_to_what_brought_it_down() -> None:
    ola = internal(
        "platform", Promise(Fraction(1), term={"recovery_allowance": 600_000_000}), "ola"
    )
    subject = platform(ola, contract("a", paying(Fraction(1), "300.00", 10)))
    reported = [outage("a", 0, 3600), outage("platform", 3600, 4800)]
    verdict = verdict_on(subject, facts(reported))
    assert named(verdict) == [
        ("maker-a", "a", "uc-a", "BREACHED_COMMITMENT", 4200),
        ("ops", "platform:own", "ola", "BREACHED_COMMITMENT", 600),
    ]
    assert {one.party: one.evidence for one in breached(verdict).responsibility} == {
        "maker-a": ("o-a-0", "o-platform-3600"),
        "ops": ("o-platform-3600",),
    }


def sisters(*agreements: Version) -> Estate:
    """Two organisations of one house: `us` sells what `sister` makes out of what it buys."""
    made = estate(PLATFORM, [sla(paying(Fraction(1), "1000.00", 10)), *agreements])
    return Estate(
        Metadata("house", ("us", "sister")),
        made.calendars,
        {**made.parties, **always(Party("sister"))},
        {
            **made.services,
            **always(Service("platform", owner="sister", requires=PLATFORM["platform"])),
        },
        made.agreements,
    ).normalised()


def between(target: Fraction) -> Version:
    promise = paying(target, "500.00", 10)
    return agreement("between", "UC", "sister", "us", ["platform"], promise)


def bought() -> Version:
    promise = paying(Fraction(1), "300.00", 10)
    return agreement("uc-a", "UC", "maker-a", "sister", ["a"], promise)


def test_between_two_organisations_of_ours_each_recovers_by_its_own_contract() -> None:
    verdict = verdict_on(sisters(between(Fraction(1)), bought()), minutes({"a": [(0, 60)]}))
    assert named(verdict) == [("maker-a", "a", "uc-a", "BREACHED_COMMITMENT", 3600)]
    assert borne(verdict) == [("maker-a", "", Fraction(1))]
    assert steps(exposed(verdict)) == {"TIER_AND_FEE_SCALE": 5000, "RECOVERED": 5000}
    assert steps(exposed(verdict, "between")) == {"TIER_AND_FEE_SCALE": 2000, "RECOVERED": 3000}


def test_what_a_sister_kept_stays_with_us_whoever_it_was_beneath() -> None:
    verdict = verdict_on(sisters(between(percent("99")), bought()), minutes({"a": [(0, 60)]}))
    assert named(verdict) == [("maker-a", "a", "between", "STRUCTURAL_GAP", 3600)]
    assert borne(verdict) == [("us", "STRUCTURAL_GAP", Fraction(1))]
    assert steps(exposed(verdict)) == {"STRUCTURAL_GAP": 10000}


def test_what_a_sister_has_bought_from_nobody_comes_back_from_the_sister() -> None:
    verdict = verdict_on(sisters(between(Fraction(1))), minutes({"a": [(0, 60)]}))
    assert named(verdict) == [("maker-a", "a", "", "UNCOMMITTED", 3600)]
    assert borne(verdict) == [("sister", "UNCOMMITTED", Fraction(1))]
    assert steps(exposed(verdict)) == {"TIER_AND_FEE_SCALE": 5000, "RECOVERED": 5000}


def test_every_period_of_a_supplier_that_was_missed_pays_its_part() -> None:
    quarter = replace(paying(Fraction(1), "1000.00", 10), period=Period("quarter"))
    monthly = replace(paying(Fraction(1), "300.00", 10), period=MONTH)
    subject = estate({TOP: all_of("a")}, [sla(quarter), contract("a", monthly)])
    day = 24 * 60
    reported = minutes({"a": [(0, 60), (31 * day, 31 * day + 30)]})
    verdict = verdict_on(subject, reported, AskedPeriod.parse("2026-Q2"))
    # A tenth of three months of 1,000.00 is owed; April and May pay a tenth of 300.00 each.
    assert exposed(verdict).owed == 30000
    assert exposed(verdict).recovered == 6000
    assert named(verdict) == [("maker-a", "a", "uc-a", "BREACHED_COMMITMENT", 90 * 60)]


def test_the_policy_of_the_breach_holds_at_every_level() -> None:
    structure = {TOP: all_of("platform"), "platform": any_of("a", "b")}
    promise = Promise(Fraction(1), term={"policies": Policies(shares="first_cause")})
    ola = internal("platform", Promise(Fraction(1)), "ola")
    subject = estate(structure, [sla(promise), ola], owned=["platform"])
    verdict = verdict_on(subject, minutes({"a": [(0, 60)], "b": [(10, 60)]}))
    assert named(verdict) == [("maker-a", "a", "", "UNCOMMITTED", 3000)]


@pytest.mark.parametrize(
    ("above", "beneath", "breached_minutes", "excused_minutes"),
    [("none", "affected_share", 30, 70), ("affected_share", "affected_share", 30, 0),
     ("affected_share", "none", 30, 0), ("none", "none", 100, 0)],
)  # fmt: skip
def test_what_is_weighed_beneath_and_not_above_is_a_definition_gap(
    above: str, beneath: str, breached_minutes: int, excused_minutes: int
) -> None:
    ours = paying(Fraction(1), "1000.00", 10, measurement=Measurement(weighting=above))
    theirs = paying(Fraction(1), "300.00", 10, measurement=Measurement(weighting=beneath))
    subject = estate({TOP: all_of("a")}, [sla(ours), contract("a", theirs)])
    down = replace(outage("a", 0, 6000), affected_share=Fraction(3, 10))
    verdict = verdict_on(subject, facts([down]))
    found = {one.basis: one.seconds / 60 for one in breached(verdict).responsibility}
    assert found.get("BREACHED_COMMITMENT", 0) == breached_minutes
    assert found.get("EXCUSED", 0) == excused_minutes
    assert sum(one.share for one in breached(verdict).borne_by) == 1
    # 100.00 owed; what is not recognised beneath is split off before the fee scale.
    gap = steps(exposed(verdict)).get("DEFINITION_GAP", 0)
    assert gap == 10000 * excused_minutes // (breached_minutes + excused_minutes)


def test_incidents_are_traced_through_our_own_agreements_as_downtime_is() -> None:
    def restoring(version: Version, hours: int) -> Version:
        term = Term("restore", "time_to_restore", Lasting(hours * HOUR), "credit_backed")
        return replace(version, terms=(term,))

    promise = Promise(Fraction(1))
    subject = estate(
        PLATFORM,
        [
            restoring(sla(promise), 1),
            restoring(internal("platform", promise, "ola"), 1),
            restoring(contract("a", promise), 2),
            restoring(contract("b", promise), 9),
        ],
        owned=["platform"],
    )
    reported = facts([outage("a", 0, 3 * 3600), outage("b", 9 * 3600, 12 * 3600)])
    verdict = verdict_on(subject, reported)
    found = {one.agreement: (one.basis, one.share) for one in breached(verdict).responsibility}
    # Each brought about half of it; a missed its two hours, b kept its nine.
    assert found == {
        "uc-a": ("BREACHED_COMMITMENT", Fraction(1, 2)),
        "uc-b": ("STRUCTURAL_GAP", Fraction(1, 2)),
    }
