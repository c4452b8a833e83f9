"""Recording facts, and reading them by span, by service and as they were known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import RecordResult, record_facts
from orchestrator.errors import OrchestratorError
from orchestrator.model.estate import Estate, always
from orchestrator.model.records import (
    Excuse,
    Facts,
    Maintenance,
    Outage,
    Sample,
    Ticket,
    TicketEvent,
    Unknown,
)
from orchestrator.model.services import Service
from orchestrator.model.values import FOREVER, Span
from orchestrator.store.read import audit_lines, counts, load_facts
from tests.store.conftest import NOW
from tests.store.samples import statements

LATER = NOW + 1_000_000
SPAN = Span(0, 100)
ALL = Facts(
    outages=(
        Outage("o-1", "a", Span(10, 20), excuse=Excuse("customer", "shop", "mail", 5)),
        Outage("o-2", "b", Span(15, FOREVER), "own", affected_share=Fraction(1, 3)),
    ),
    maintenance=(Maintenance("m-1", "a", Span(30, 40), announced=1),),
    unknown=(Unknown("o-1", "b", Span(30, 40)),),  # ids are unique within a kind
    samples=(Sample("s-1", "a", "error_rate", 35, Fraction(1, 500), Fraction(120)),),
    tickets=(Ticket("t-1", "a", 12, "P1", (TicketEvent(18, "resolve"),)),),
)


@pytest.fixture
def ctx(ctx: Context) -> Context:
    import_estate(ctx, Estate(services=always(Service("a"), Service("b"))))
    return replace(ctx, now=NOW + 1)


def stored(
    ctx: Context,
    span: Span = SPAN,
    as_of: int | None = None,
    services: list[str] | None = None,
) -> Facts:
    with ctx.database.read() as session:
        return load_facts(session, ctx.tenant, span, as_of, services)


def outages(ctx: Context, span: Span) -> list[str]:
    return [outage.id for outage in stored(ctx, span).outages]


def test_facts_of_every_kind_come_back_equal(ctx: Context) -> None:
    assert record_facts(ctx, ALL) == RecordResult(accepted=6)
    assert stored(ctx) == ALL


def test_facts_are_read_by_id_whatever_order_they_came_in(ctx: Context) -> None:
    record_facts(ctx, Facts(outages=ALL.outages[::-1]))
    assert stored(ctx).outages == ALL.outages


def test_only_facts_that_share_an_instant_with_the_span_are_read(ctx: Context) -> None:
    record_facts(ctx, ALL)
    assert outages(ctx, Span(0, 10)) == []
    assert outages(ctx, Span(0, 11)) == ["o-1"]
    assert outages(ctx, Span(19, 20)) == ["o-1", "o-2"]
    assert outages(ctx, Span(20, 21)) == ["o-2"]
    assert stored(ctx, Span(35, 36)).samples == ALL.samples
    assert stored(ctx, Span(36, 37)).samples == ()
    assert stored(ctx, Span(18, 19)).tickets == ALL.tickets
    assert stored(ctx, Span(19, 20)).tickets == ()


def test_facts_can_be_read_for_some_services(ctx: Context) -> None:
    record_facts(ctx, ALL)
    only = stored(ctx, services=["b", "nobody"])
    assert only == Facts(outages=ALL.outages[1:], unknown=ALL.unknown)
    assert stored(ctx, services=[]) == Facts()
    many = [f"service-{number}" for number in range(100_000)]
    assert stored(ctx, services=[*many, "a", "b"]) == ALL


def test_a_repeated_fact_changes_nothing(ctx: Context) -> None:
    record_facts(ctx, ALL)
    assert record_facts(replace(ctx, now=LATER), ALL) == RecordResult(repeated=6)
    assert stored(ctx) == ALL
    with ctx.database.read() as session:
        assert counts(session, ctx.tenant)["facts"] == 6
        assert len(audit_lines(session, ctx.tenant)) == 2


def test_other_content_under_a_known_id_is_a_correction(ctx: Context) -> None:
    record_facts(ctx, ALL)
    longer = replace(ALL.outages[0], span=Span(10, 25))
    more = Outage("o-3", "a", Span(1, 2))
    result = record_facts(replace(ctx, now=LATER), Facts(outages=(longer, ALL.outages[1], more)))
    assert result == RecordResult(accepted=1, repeated=1, corrected=1)
    assert stored(ctx).outages == (longer, ALL.outages[1], more)
    assert stored(ctx, as_of=LATER - 1) == ALL
    assert stored(ctx, as_of=NOW) == Facts()
    assert stored(ctx, Span(24, 25), as_of=LATER).outages[0] == longer


def test_a_correction_may_be_taken_back(ctx: Context) -> None:
    first, other = (Facts(outages=(Outage("o", "a", Span(10, end)),)) for end in (20, 30))
    for facts in (first, other, first):
        record_facts(ctx, facts)
    assert stored(ctx) == first
    assert record_facts(ctx, first) == RecordResult(repeated=1)


def test_a_correction_may_move_a_fact_to_another_service(ctx: Context) -> None:
    record_facts(ctx, Facts(outages=(Outage("o", "a", Span(1, 2)),)))
    record_facts(ctx, Facts(outages=(Outage("o", "b", Span(1, 2)),)))
    assert stored(ctx, services=["a"]) == Facts()
    assert [fact.service for fact in stored(ctx, services=["b"]).outages] == ["b"]


def test_facts_of_unknown_services_are_left_out_and_listed(ctx: Context) -> None:
    result = record_facts(ctx, replace(ALL, unknown=(Unknown("g", "c", Span(1, 2)), *ALL.unknown)))
    assert (result.accepted, len(result.problems)) == (6, 1)
    (problem,) = result.problems
    assert (problem.code, problem.path) == ("UNKNOWN_REFERENCE", "unknown[g].service")
    assert stored(ctx) == ALL


def test_no_more_problems_are_listed_than_one_can_read(ctx: Context) -> None:
    many = Facts(unknown=tuple(Unknown(f"u-{n}", "c", Span(1, 2)) for n in range(150)))
    problems = record_facts(ctx, many).problems
    assert len(problems) == 101
    assert problems[-1].message.startswith("50 more")


def test_an_id_that_stands_for_two_facts_is_refused_with_all_the_rest(ctx: Context) -> None:
    twice = Facts(outages=(Outage("o", "a", Span(1, 2)), Outage("o", "a", Span(1, 3))))
    with pytest.raises(OrchestratorError) as error:
        record_facts(ctx, twice)
    assert [problem.code for problem in error.value.problems] == ["DUPLICATE_ID"]
    assert stored(ctx) == Facts()


def test_a_fact_that_is_there_twice_is_recorded_once(ctx: Context) -> None:
    outage = Outage("o", "a", Span(1, 2))
    assert record_facts(ctx, Facts(outages=(outage, outage))) == RecordResult(accepted=1)


def test_a_dry_run_counts_and_records_nothing(ctx: Context) -> None:
    assert record_facts(ctx, ALL, dry_run=True) == RecordResult(accepted=6)
    assert stored(ctx) == Facts()
    assert record_facts(ctx, ALL) == RecordResult(accepted=6)


def test_a_repeated_key_returns_what_came_of_the_first(ctx: Context) -> None:
    some = replace(ALL, unknown=(Unknown("g", "c", Span(1, 2)),))
    first = record_facts(ctx, some, idempotency_key="k")
    assert first.problems
    assert record_facts(ctx, some, idempotency_key="k") == first
    with pytest.raises(OrchestratorError) as error:
        record_facts(ctx, ALL, idempotency_key="k")
    assert [problem.code for problem in error.value.problems] == ["IDEMPOTENCY_CONFLICT"]


def test_nothing_to_record_is_no_mutation(ctx: Context) -> None:
    assert record_facts(ctx, Facts()) == RecordResult()
    with ctx.database.read() as session:
        assert len(audit_lines(session, ctx.tenant)) == 1


def test_tenants_know_nothing_of_each_others_facts(ctx: Context) -> None:
    other = replace(ctx, tenant="other")
    import_estate(other, Estate(services=always(Service("a"), Service("b"))))
    record_facts(ctx, ALL)
    assert stored(other) == Facts()
    assert record_facts(other, ALL) == RecordResult(accepted=6)
    record_facts(other, Facts(outages=(Outage("o-1", "b", Span(1, 2)),)))
    assert stored(ctx) == ALL


@pytest.mark.parametrize("size", [10, 5000])
def test_the_number_of_statements_does_not_depend_on_how_many(ctx: Context, size: int) -> None:
    many = Facts(outages=tuple(Outage(f"o-{n}", "ab"[n % 2], Span(n, n + 2)) for n in range(size)))
    corrected = Facts(outages=tuple(replace(fact, source="x") for fact in many.outages))
    for facts in (many, corrected):
        with statements(ctx.database) as sent:
            record_facts(ctx, facts)
        assert len(sent) <= 16, sent
    with statements(ctx.database) as sent:
        stored(ctx, services=["a"])
    assert len(sent) <= 2, sent
