"""Laws of storage, over whatever an estate and facts may say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import RecordResult, WithdrawResult, record_facts, withdraw_facts
from orchestrator.errors import OrchestratorError
from orchestrator.model.estate import Estate, always
from orchestrator.model.records import FACT_KINDS, Facts
from orchestrator.model.services import Service
from orchestrator.model.values import DAWN, FOREVER, Instant, Span
from orchestrator.store import audit
from orchestrator.store.read import counts, load_estate, load_facts
from tests.store.conftest import NOW
from tests.strategies import estates, facts, instants

SERVICES = ("a", "b")

examples = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_number = count(1)


def anew(ctx: Context) -> Context:
    """A tenant who has nothing yet."""
    return replace(ctx, tenant=f"tenant-{next(_number)}")


def stored(ctx: Context, as_of: int | None = None) -> Estate:
    with ctx.database.read() as session:
        assert audit.verify(session, ctx.tenant) == ()
        return load_estate(session, ctx.tenant, as_of)


@examples
@given(estate=estates())
def test_any_estate_comes_back_equal(ctx: Context, estate: Estate) -> None:
    ctx = anew(ctx)
    import_estate(ctx, estate)
    assert stored(ctx) == estate
    assert import_estate(ctx, estate).changes == ()


@settings(examples, max_examples=8)
@given(first=estates(), then=estates(), at=instants())
def test_each_import_is_known_from_when_it_was_recorded(
    ctx: Context, first: Estate, then: Estate, at: Instant
) -> None:
    ctx = anew(ctx)
    import_estate(ctx, first)
    try:
        changed = import_estate(replace(ctx, now=NOW + 1), then, since=at)
    except OrchestratorError:
        # What would change history is refused, and changes nothing.
        assert stored(ctx) == first
        return
    assert stored(ctx, NOW) == first
    after = stored(ctx)
    assert after.at(at).services == then.at(at).services
    assert after.at(at - 1).parties == first.at(at - 1).parties
    again = import_estate(replace(ctx, now=NOW + 2), then, since=at)
    assert (again.revision, again.changes) == (changed.revision, ())
    assert stored(ctx) == after


@examples
@given(first=facts(SERVICES), then=facts(SERVICES), data=st.data())
def test_any_facts_come_back_equal_and_what_was_known_stays_known(
    ctx: Context, first: Facts, then: Facts, data: st.DataObject
) -> None:
    ctx = anew(ctx)
    import_estate(ctx, Estate(services=always(*map(Service, SERVICES))))
    result = record_facts(replace(ctx, now=NOW + 1), first)
    record_facts(replace(ctx, now=NOW + 2), then)
    together = {
        kind: {fact.id: fact for facts in (first, then) for fact in getattr(facts, kind)}
        for kind in FACT_KINDS
    }
    everything = Facts(
        **{kind: tuple(found[id] for id in sorted(found)) for kind, found in together.items()}
    )
    with ctx.database.read() as session:
        for as_of, known in ((None, everything), (NOW + 1, first), (NOW, Facts())):
            assert load_facts(session, ctx.tenant, Span(DAWN, FOREVER), as_of) == known
    size = sum(len(getattr(first, kind)) for kind in FACT_KINDS)
    assert result == RecordResult(accepted=size)


STEPS = st.lists(
    st.tuples(facts(SERVICES), st.sampled_from(sorted(FACT_KINDS)), st.sets(st.integers(0, 5))),
    min_size=1,
    max_size=3,
)


@settings(examples, max_examples=8)
@given(steps=STEPS)
def test_what_is_recorded_and_not_withdrawn_since_stands(
    ctx: Context, steps: Sequence[tuple[Facts, str, set[int]]]
) -> None:
    """By a plain table of what stands, at every instant that anything was recorded."""
    ctx = anew(ctx)
    import_estate(ctx, Estate(services=always(*map(Service, SERVICES))))
    standing: dict[str, dict[str, Any]] = {kind: {} for kind in FACT_KINDS}
    taken_back: dict[tuple[str, str], Any] = {}
    history: list[tuple[Instant, dict[str, dict[str, Any]]]] = []

    def happened(at: Instant) -> None:
        history.append((at, {kind: dict(found) for kind, found in standing.items()}))

    for number, (batch, kind, places) in enumerate(steps):
        at = NOW + 10 * number + 1
        record_facts(replace(ctx, now=at), batch)
        for each in FACT_KINDS:
            for fact in getattr(batch, each):
                if taken_back.get((each, fact.id)) != fact:
                    standing[each][fact.id] = fact
                    taken_back.pop((each, fact.id), None)
        happened(at)
        ever = {id for _, then in history for id in then[kind]}
        false = [id for place, id in enumerate(sorted(ever)) if place in places]
        found = withdraw_facts(replace(ctx, now=at + 5), kind, false, "a false alarm")
        gone = [standing[kind].pop(id, None) for id in false]
        known = zip(false, gone, strict=True)
        taken_back |= {(kind, id): fact for id, fact in known if fact is not None}
        assert found == WithdrawResult(len(gone) - gone.count(None), gone.count(None))
        happened(at + 5)
    with ctx.database.read() as session:
        assert audit.verify(session, ctx.tenant) == ()
        assert counts(session, ctx.tenant)["facts"] == sum(map(len, standing.values()))
        for at, then in history:
            known = load_facts(session, ctx.tenant, Span(DAWN, FOREVER), at)
            assert known == Facts(
                **{kind: tuple(then[kind][id] for id in sorted(then[kind])) for kind in then}
            )
