"""Assessing again: what was found out before is kept, and the verdict is that of all facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.actions.assess import assess_period
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts, withdraw_facts
from orchestrator.actions.settling import found_out
from orchestrator.engine.settle import reach_of, settle
from orchestrator.engine.settling import Settling
from orchestrator.model.estate import Estate
from orchestrator.model.records import Facts, Outage, Verdict
from orchestrator.model.services import Expression
from orchestrator.model.values import HOUR, MINUTE, AskedPeriod, Span
from orchestrator.store.database import connect
from orchestrator.store.read import latest_run, load_estate, load_facts, load_verdict
from tests.laws.build import (
    APRIL,
    START,
    TOP,
    Promise,
    all_of,
    any_of,
    contract,
    estate,
    facts,
    internal,
    outage,
    percent,
    sla,
)
from tests.laws.test_settle import Deal, deals
from tests.store.conftest import NOW

_number = count(1)
_time = count(NOW + 1)


def now(ctx: Context) -> Context:
    return replace(ctx, now=next(_time))


def deal(other: Expression | None = None) -> Estate:
    """Two services that share nothing, each sold; one has a team and two suppliers beneath."""
    structure = {TOP: any_of("a", "b"), "other": other or any_of("c", "d")}
    promise = Promise(percent("99.9"))
    agreements = [
        sla(promise),
        sla(promise, ["other"], "sla-other"),
        internal(TOP, promise),
        *(contract(one, promise) for one in "abcd"),
    ]
    return estate(structure, agreements, owned=[TOP])


def of_all(ctx: Context, subject: Estate, asked: AskedPeriod = APRIL) -> Verdict:
    """The verdict from all that is recorded, from the beginning."""
    with ctx.database.read() as session:
        return settle(subject, load_facts(session, ctx.tenant, reach_of(subject, asked)), asked)


def booked(ctx: Context, asked: AskedPeriod = APRIL) -> Verdict:
    with ctx.database.read() as session:
        run = latest_run(session, ctx.tenant, asked)
        assert run is not None
        return load_verdict(session, run)


def known(ctx: Context, asked: AskedPeriod = APRIL) -> Settling:
    """What the next assessment begins with."""
    with ctx.database.write() as session, found_out(session, ctx.tenant, 1, asked) as found:
        return found


def alike(one: Verdict, other: Verdict) -> bool:
    """Whether two verdicts say the same; findings are booked in an order of their own."""
    return all(
        sorted(map(repr, getattr(one, part))) == sorted(map(repr, getattr(other, part)))
        for part in Verdict.__slots__
    )


def test_what_a_late_fact_does_not_touch_is_kept(ctx: Context) -> None:
    subject = deal()
    import_estate(ctx, subject)
    record_facts(now(ctx), facts([outage(leaf, 0, 9000) for leaf in "abcd"]))
    assess_period(now(ctx), APRIL)
    before = known(ctx)
    measured = {id(one) for one in before.measurements.known}
    assert len(measured) == 7
    record_facts(now(ctx), Facts(outages=(Outage("late", "c", Span(START, START + 9 * HOUR)),)))
    found = known(ctx)
    kept = {id(one) for one in found.measurements.known}
    assert kept < measured
    assert len(kept) == 5
    again = assess_period(now(ctx), APRIL)
    assert again.verdict == of_all(ctx, subject)
    assert alike(booked(ctx), again.verdict)


def test_nothing_is_found_out_again_where_nothing_was_recorded(ctx: Context) -> None:
    import_estate(ctx, deal())
    record_facts(now(ctx), facts([outage("a", 0, 9000)]))
    assess_period(now(ctx), APRIL)
    before = known(ctx)
    # Of another time, and a repetition.
    record_facts(now(ctx), Facts(outages=(Outage("o-9", "a", Span(1, 2)),)))
    record_facts(now(ctx), facts([outage("a", 0, 9000)]))
    assert known(ctx) is before
    assert not assess_period(now(ctx), APRIL).changed


def test_a_fact_that_is_moved_out_of_the_span_is_gone_and_comes_back(ctx: Context) -> None:
    subject = deal()
    import_estate(ctx, subject)
    inside = Outage("o-1", "c", Span(START, START + 9 * HOUR))
    outside = replace(inside, span=Span(MINUTE, HOUR))
    for fact in (inside, outside, inside):
        record_facts(now(ctx), Facts(outages=(fact,)))
        verdict = assess_period(now(ctx), APRIL).verdict
        assert verdict == of_all(ctx, subject)
        assert bool(known(ctx).measurements.seen.facts.outages) == (fact is inside)


def test_a_fact_that_is_withdrawn_is_gone_and_comes_back(ctx: Context) -> None:
    subject = deal()
    import_estate(ctx, subject)
    record_facts(now(ctx), facts([outage(leaf, 0, 9000) for leaf in "abcd"]))
    false = Outage("false", "c", Span(START, START + 9 * HOUR))
    record_facts(now(ctx), Facts(outages=(false,)))
    assess_period(now(ctx), APRIL)
    measured = {id(one) for one in known(ctx).measurements.known}
    withdraw_facts(now(ctx), "outages", ["false"], "a false alarm")
    without = known(ctx)
    assert false not in without.measurements.seen.facts.outages
    # What it does not touch is kept.
    assert len(measured & {id(one) for one in without.measurements.known}) == 5
    assert assess_period(now(ctx), APRIL).verdict == of_all(ctx, subject)
    record_facts(now(ctx), Facts(outages=(false,)), revive=True)
    assert false in known(ctx).measurements.seen.facts.outages
    assert assess_period(now(ctx), APRIL).verdict == of_all(ctx, subject)


def test_what_another_process_records_is_seen(ctx: Context, url: str) -> None:
    subject = deal()
    import_estate(ctx, subject)
    assess_period(now(ctx), APRIL)
    with connect(url) as elsewhere:
        other = replace(ctx, database=elsewhere)
        record_facts(now(other), Facts(outages=(Outage("o-1", "c", Span(START, START + HOUR)),)))
        assert assess_period(now(other), APRIL).changed
    # A clock that is behind, as that of another machine may be.
    late = assess_period(replace(ctx, now=NOW), APRIL)
    assert not late.changed
    assert late.verdict == of_all(ctx, subject)


def test_another_estate_is_another_matter(ctx: Context) -> None:
    import_estate(ctx, deal())
    record_facts(now(ctx), facts([outage("c", 0, 9000)]))
    assess_period(now(ctx), APRIL)
    import_estate(now(ctx), deal(all_of("c", "d")), since=START)
    with ctx.database.read() as session:
        changed = load_estate(session, ctx.tenant)
    verdict = assess_period(now(ctx), APRIL).verdict
    assert verdict == of_all(ctx, changed)
    assert [one.key.agreement for one in verdict.breaches] == ["sla-other", "uc-c"]


def test_a_dry_run_and_a_failure_leave_what_is_known_sound(ctx: Context) -> None:
    subject = deal()
    import_estate(ctx, subject)
    record_facts(now(ctx), facts([outage("a", 0, 9000)]))
    assert assess_period(now(ctx), APRIL, dry_run=True).verdict == of_all(ctx, subject)
    record_facts(now(ctx), Facts(outages=(Outage("o-2", "b", Span(START, START + HOUR)),)))

    def fails(done: int, _: int) -> None:
        if done > 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        assess_period(now(ctx), APRIL, progress=fails)
    record_facts(now(ctx), Facts(outages=(Outage("o-3", "c", Span(START, START + HOUR)),)))
    assert assess_period(now(ctx), APRIL).verdict == of_all(ctx, subject)


def test_what_rests_on_too_many_facts_is_not_kept(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.actions.settling.MOST_FACTS", 5)
    subject = deal()
    import_estate(ctx, subject)
    generations = []
    for number in range(6):
        late = Outage(f"o-{number}", "c", Span(START, START + (number + 1) * HOUR))
        record_facts(now(ctx), Facts(outages=(late,)))
        assert assess_period(now(ctx), APRIL).verdict == of_all(ctx, subject)
        generations.append(known(ctx).generation)
    assert generations == [0, 1, 0, 0, 0, 0]


def agrees(ctx: Context, subject: Estate) -> None:
    """The verdict that an assessment comes to is that on all that is recorded, and booked."""
    verdict = assess_period(now(ctx), APRIL).verdict
    assert verdict == of_all(ctx, subject)
    assert alike(booked(ctx), verdict)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sold=deals(), more=st.lists(deals(), min_size=1, max_size=2), one_in=st.integers(1, 3))
def test_any_facts_in_any_batches_end_in_the_verdict_on_all(
    ctx: Context, sold: Deal, more: Sequence[Deal], one_in: int
) -> None:
    ctx = replace(ctx, tenant=f"tenant-{next(_number)}")
    import_estate(ctx, sold.estate)
    services = sorted(sold.estate.services)
    for batch in (sold, *more):
        # The facts of another deal, some with ids that are known: corrections.
        moved = [
            replace(one, service=services[number % len(services)])
            for number, one in enumerate(batch.facts.outages)
        ]
        record_facts(now(ctx), Facts(outages=tuple(moved)), revive=True)
        agrees(ctx, sold.estate)
        # Some of them, and with the next batch they stand again.
        false = [one.id for one in moved[::one_in]]
        withdraw_facts(now(ctx), "outages", false, "a false alarm")
        agrees(ctx, sold.estate)
        left = known(ctx).measurements.seen.facts.outages
        assert not {one.id for one in left} & set(false)
