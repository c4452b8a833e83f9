"""Claims in the database: what assessing drafts, corrects, withdraws and lets lapse."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from orchestrator.actions.assess import AssessResult, assess_period
from orchestrator.actions.claims import AskedMove, key_of, lost_by, make_move
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.formats.estate import read_estate
from orchestrator.model.claims import Claim
from orchestrator.model.records import Facts, Outage, Verdict
from orchestrator.model.values import (
    DAY,
    FOREVER,
    HOUR,
    AskedPeriod,
    Instant,
    Money,
    Span,
    format_instant,
)
from orchestrator.store.audit import verify
from orchestrator.store.claims import count_claims, load_claims, page_of_claims
from orchestrator.store.read import audit_lines
from tests.contracts import at, refused_with

ESTATE = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: small, home: [us], currency: EUR, timezone: UTC}
parties: [{id: us}, {id: vendor}, {id: other}, {id: shop}]
services: [{id: db, owner: vendor}, {id: net, owner: other}, {id: web, requires: {all: [db, net]}}]
agreements:
  - {id: sla, kind: SLA, provider: us, customer: shop, covers: [web], FEE, TERMS}
  - {id: uc, kind: UC, provider: vendor, customer: us, covers: [db], CLAIM, FEE, TERMS}
  - {id: nc, kind: UC, provider: other, customer: us, covers: [net], FEE, TERMS}
"""
TERMS = """terms: [{id: availability, metric: availability, target: "99.9%",
      credits: [{below: "99.9%", percent: "10"}, {below: "99%", percent: "20"}]}]"""
FEE = 'fee: {amount: "1000.00", currency: EUR, per: month}'
APRIL, LAST = AskedPeriod.parse("2026-04"), at("2026-05-31")


def when(ctx: Context, now: Instant) -> Context:
    return Context(ctx.database, ctx.tenant, now, ctx.actor)


def reported(ctx: Context, now: Instant, hours: int, service: str = "db") -> None:
    """An outage of so many hours in April; none of them, and it was in March."""
    begin = at("2026-04-03") if hours else at("2026-03-03")
    fact = Outage(f"o-{service}", service, Span(begin, begin + (hours or 1) * HOUR))
    record_facts(when(ctx, now), Facts(outages=(fact,)))


def assess(ctx: Context, now: Instant, asked: AskedPeriod = APRIL) -> AssessResult:
    return assess_period(when(ctx, now), asked)


def held(ctx: Context, as_of: Instant | None = None) -> dict[str, Claim]:
    with ctx.database.read() as session:
        return {one.key.agreement: one for one in load_claims(session, ctx.tenant, as_of)}


def steps(result: AssessResult) -> dict[str, int]:
    (exposure,) = result.verdict.exposures
    return {one.step: one.amount for one in exposure.waterfall if one.amount}


@pytest.fixture
def small(ctx: Context) -> Context:
    text = (
        ESTATE.replace("TERMS", TERMS).replace("FEE", FEE).replace("CLAIM", "claims: {within: 30d}")
    )
    import_estate(when(ctx, at("2026-04-01")), read_estate(text).estate)
    reported(ctx, at("2026-05-01"), 3)
    reported(ctx, at("2026-05-01"), 3, "net")
    return ctx


def test_a_draft_follows_its_credit_and_is_withdrawn_with_it(small: Context) -> None:
    soon = at("2026-05-02")
    assess(small, soon)
    first = held(small)
    assert {id: (one.money, one.deadline) for id, one in first.items()} == {
        "uc": (Money(10000, "EUR"), LAST),
        "nc": (Money(10000, "EUR"), FOREVER),
    }
    reported(small, soon + DAY, 12)
    assess(small, soon + DAY)
    assert held(small)["uc"].money == Money(20000, "EUR")
    assert held(small)["uc"].drafted == first["uc"].drafted
    assert held(small, soon + DAY - 1) == first
    reported(small, soon + 2 * DAY, 0)
    assess(small, soon + 2 * DAY)
    assert set(held(small)) == {"nc"}
    with small.database.read() as session:
        assert verify(session, small.tenant) == ()


def test_another_period_leaves_the_claims_of_this_one_alone(small: Context) -> None:
    assess(small, at("2026-05-02"))
    before = held(small)
    assess(small, at("2026-05-03"), AskedPeriod.parse("2026-05"))
    assess(small, at("2026-05-04"), AskedPeriod.parse("2026-Q2"))
    assert held(small) == before


def test_what_was_not_claimed_in_time_lapses_and_is_booked(small: Context) -> None:
    # Each supplier owes 100.00, and we owe 100.00 for both.
    assert steps(assess(small, at("2026-05-02"))) == {
        "TIER_AND_FEE_SCALE": -10000,
        "RECOVERED": 20000,
    }
    assert not assess(small, LAST).changed
    result = assess(small, LAST + 1)
    assert result.changed
    assert steps(result) == {
        "CLAIM_LAPSED": 10000,
        "TIER_AND_FEE_SCALE": -10000,
        "RECOVERED": 10000,
    }
    assert held(small)["uc"].state == "lapsed"
    with small.database.read() as session:
        last = audit_lines(session, small.tenant)[-1]
    assert orjson.loads(last.summary)["lapsed"] == [list(key_of(held(small)["uc"]))]
    assert not assess(small, LAST + DAY).changed


def test_what_was_submitted_stays_and_a_difference_is_told(small: Context) -> None:
    assess(small, at("2026-05-02"))
    key = key_of(held(small)["uc"])
    make_move(when(small, at("2026-05-05")), AskedMove(key, "submit", "us"))
    reported(small, at("2026-05-06"), 12)
    result = assess(small, at("2026-05-07"))
    assert [one.code for one in result.verdict.findings] == ["CLAIM_OUTDATED"]
    assert (held(small)["uc"].state, held(small)["uc"].money) == ("submitted", Money(10000, "EUR"))
    assess(small, LAST + DAY)
    assert held(small)["uc"].state == "submitted"
    late = AskedMove(key, "submit", "us")
    with refused_with("ILLEGAL_MOVE"):
        make_move(when(small, LAST + DAY), late)


def test_a_state_is_asked_for_as_it_stands_at_an_instant(small: Context) -> None:
    assess(small, at("2026-05-02"))
    with small.database.read() as session:
        for now, state, known in ((LAST, "drafted", 2), (LAST + 1, "lapsed", 1)):
            page = page_of_claims(session, small.tenant, now, [state])
            assert len(page.items) == count_claims(session, small.tenant, now, [state]) == known
        assert page_of_claims(session, small.tenant, at("2026-05-01")).items == ()


def test_what_was_not_claimed_in_time_is_lost_from_then_on_also_where_no_record_says_so(
    small: Context,
) -> None:
    """As a scorecard has it, whatever was assessed when."""
    verdict = assess(small, at("2026-05-02")).verdict
    with small.database.read() as session:
        for now, expected in ((LAST, {}), (LAST + 1, {"uc": Money(10000, "EUR")})):
            gone = lost_by(session, small.tenant, verdict, now)
            assert {key.agreement: money for (key, _), money in gone.items()} == expected
        assert lost_by(session, small.tenant, Verdict(), FOREVER) == {}
    assert held(small)["uc"].state == "drafted"


def test_assessing_a_period_reads_and_moves_the_claims_of_its_own_periods_alone(
    small: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    assess(small, at("2026-05-02"))
    may = AskedPeriod.parse("2026-05")
    fact = Outage("o-may", "db", Span(at("2026-05-03"), at("2026-05-03") + 3 * HOUR))
    record_facts(when(small, at("2026-06-01")), Facts(outages=(fact,)))
    read: list[list[str]] = []

    def watched(*asked: Any, **named: Any) -> tuple[Claim, ...]:
        found = load_claims(*asked, **named)
        read.append([format_instant(one.period.start)[:7] for one in found])
        return found

    monkeypatch.setattr("orchestrator.actions.assess.load_claims", watched)
    for period in (may, may, APRIL, AskedPeriod.parse("2026-Q2")):
        assess(small, at("2026-06-02"), period)
    assert read == [[], ["2026-05"], ["2026-04"] * 2, ["2026-04", "2026-04", "2026-05"]]
