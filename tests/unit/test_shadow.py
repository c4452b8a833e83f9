"""A draft replayed over recorded facts says what the live agreement would have said."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from orchestrator.engine.publishing import check_gate
from orchestrator.engine.settle import settle
from orchestrator.engine.shadow import replayed
from orchestrator.model.agreements import Version
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.estate import Estate
from orchestrator.model.meetings import PublishGate
from orchestrator.model.services import AllOf, Needs
from orchestrator.model.values import AskedPeriod, Money
from tests.contracts import refused_with
from tests.laws.build import Promise, contract, estate, facts, outage, sla

SPRING = AskedPeriod.parse("2026-Q2")
HOUR = 3600
# two hours down in April, a quarter of an hour in June
REPORTED = facts([outage("a", 0, 2 * HOUR), outage("a", 70 * 24 * HOUR, 70 * 24 * HOUR + 900)])


def draft(target: str, state: str) -> Version:
    promise = Promise(
        Fraction(target),
        term={"credits": (CreditTier(Fraction(target), Fraction(1, 10), nested=True),)},
        version={"state": state, "fee": Fee(Money(100_000, "EUR"))},
    )
    return sla(promise)


def subject(version: Version) -> Estate:
    return estate(
        {"top": AllOf((Needs("a"),))}, [version, contract("a", Promise(Fraction("0.999")))]
    )


def test_the_replay_of_a_draft_is_the_verdict_on_it_in_force() -> None:
    # 99.9 % of April's 720 h allows 43.2 min, 99.99 % of June's allows 4.32
    for target, breaches in (("0.999", [1, 0, 0]), ("0.9999", [1, 0, 1]), ("0.99", [0, 0, 0])):
        shadow = replayed(subject(draft(target, "shadow")), REPORTED, "sla", 1, SPRING)
        live = settle(subject(draft(target, "in_force")), REPORTED, SPRING)
        assert [one.breaches for one in shadow] == breaches
        assert [one.period for one in shadow] == [
            one.period for one in live.assessments if one.key.agreement == "sla"
        ]
        assert [credit for one in shadow for credit in one.credits] == [
            one for one in live.credits if one.key.agreement == "sla"
        ]
        assert sum(len(one.credits) for one in shadow) == sum(breaches)


def test_a_draft_owes_nothing_until_it_is_in_force() -> None:
    verdict = settle(subject(draft("0.9999", "shadow")), REPORTED, SPRING)
    assert [one for one in verdict.assessments if one.key.agreement == "sla"] == []
    assert [one for one in verdict.credits if one.key.agreement == "sla"] == []


def test_the_replay_feeds_the_publish_gate() -> None:
    shadow = replayed(subject(draft("0.999", "shadow")), REPORTED, "sla", 1, SPRING)
    counts = [one.breaches for one in shadow]
    check_gate(PublishGate(2), counts)
    with refused_with("GATE_NOT_PASSED"):
        check_gate(PublishGate(3), counts)


def test_a_draft_is_replayed_in_the_place_of_what_is_in_force() -> None:
    live, next_one = draft("0.99", "in_force"), replace(draft("0.9999", "draft"), number=2)
    both = subject(live)
    both = replace(both, agreements={**both.agreements, "sla": (live, next_one)})
    assert [one.breaches for one in replayed(both, REPORTED, "sla", 2, SPRING)] == [1, 0, 1]
    assert [one.breaches for one in replayed(both, REPORTED, "sla", 1, SPRING)] == [0, 0, 0]
    with refused_with("UNKNOWN_REFERENCE"):
        replayed(both, REPORTED, "sla", 3, SPRING)
