"""What is stored comes back equal, for every class that is stored and every type it is made of."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from orchestrator.model.agreements import Term, Version
from orchestrator.model.metrics import Points, Within
from orchestrator.model.records import (
    FACT_KINDS,
    Outage,
    Sample,
    Ticket,
    TicketEvent,
    Verdict,
)
from orchestrator.model.services import AllOf, AtLeast, Needs, Service
from orchestrator.model.values import FOREVER, AskedPeriod, Span
from orchestrator.store.audit import Line
from orchestrator.store.codec import digest, dumps, hints_of, loads
from orchestrator.store.database import Database
from orchestrator.store.mapper import (
    FACT_COLUMNS,
    TABLES,
    columns_of,
    fact_row,
    mapping,
    read_fact,
    valid_time,
)
from orchestrator.store.read import RESULTS
from orchestrator.store.tables import AuditRow, FactRow, Row, table_of
from orchestrator.store.write import append
from tests.store.values import value_of

STORAGE = {
    "tenant_id": "tenant",
    "recorded_at": 0,
    "superseded_at": FOREVER,
    "valid_from": 0,
    "valid_to": 1,
    "asked": "2026",
    "revision": 0,
    "position": 0,
}
"""The columns that are not of the domain, with something to put in them."""

NUMBERED = ("revision", "position", "recorded_at")
"""Those that keep the rows of a test apart."""


@pytest.mark.parametrize("cls", [*TABLES, *FACT_KINDS.values(), AskedPeriod, Line])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_stored_class_comes_back_equal_from_its_text(cls: type, data: st.DataObject) -> None:
    value = data.draw(value_of(cls))
    stored = dumps(value, cls)
    assert loads(stored, cls) == value
    assert dumps(loads(stored, cls), cls) == stored


@pytest.mark.parametrize("cls", TABLES)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_stored_class_comes_back_equal_from_its_table(
    cls: type, database: Database, data: st.DataObject
) -> None:
    values = data.draw(st.lists(value_of(cls), max_size=3))
    table = table_of(TABLES[cls])
    domain = mapping(cls).columns
    storage = [name for name in STORAGE if name in table.c and name not in domain]
    rows = []
    for number, value in enumerate(values):
        filled = STORAGE | dict.fromkeys(NUMBERED, number)
        more = tuple(filled[name] for name in storage)
        rows.append((*mapping(cls).parts(value), *more))
    with database.write() as session:
        append(session, table, (*domain, *storage), rows)
        found = session.execute(select(*columns_of(cls, table)).order_by(table.c.recorded_at))
        assert [mapping(cls).build(row) for row in found] == values
        session.rollback()


@pytest.mark.parametrize("cls", FACT_KINDS.values())
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_fact_comes_back_equal_from_its_table(
    cls: type, database: Database, data: st.DataObject
) -> None:
    fact = data.draw(value_of(cls).filter(_has_valid_time))
    table = table_of(FactRow)
    storage = ("tenant_id", "recorded_at", "superseded_at")
    with database.write() as session:
        row = (*fact_row(fact), *(STORAGE[name] for name in storage))
        append(session, table, (*FACT_COLUMNS, *storage), [row])
        kind, content = session.execute(select(table.c.kind, table.c.content)).one()
        assert read_fact(kind, content) == fact
        session.rollback()


def _has_valid_time(fact: Any) -> bool:
    """Within the ends of time, as every document is."""
    at = getattr(fact, "at", getattr(fact, "opened", 0))
    last = max((event.at for event in getattr(fact, "events", ())), default=0)
    return abs(at) < FOREVER and abs(last) < FOREVER


@pytest.mark.parametrize("cls", TABLES)
def test_a_table_has_a_column_for_each_field_and_no_others(cls: type) -> None:
    columns = set(table_of(TABLES[cls]).c.keys())
    assert columns - set(STORAGE) == set(mapping(cls).columns) - set(STORAGE)


def test_the_tenant_leads_every_key() -> None:
    for table in Row.metadata.sorted_tables:
        assert next(iter(table.primary_key.columns)).name == "tenant_id", table.name
        for index in table.indexes:
            assert next(iter(index.columns)).name == "tenant_id", index.name


def test_every_part_of_a_verdict_has_a_table() -> None:
    assert list(RESULTS) == list(hints_of(Verdict))
    assert set(RESULTS.values()) <= set(TABLES)


def test_audit_lines_have_a_column_for_each_field() -> None:
    assert set(table_of(AuditRow).c.keys()) == {"tenant_id", *mapping(Line).columns}


def test_fields_at_their_default_are_left_out() -> None:
    assert dumps(Service("a"), Service) == '{"id":"a"}'
    assert dumps(Outage("o", "a", Span(1, 2)), Outage) == (
        '{"id":"o","service":"a","span":{"end":2,"start":1}}'
    )


def test_the_members_of_a_union_name_their_class_only_where_they_must() -> None:
    group = AtLeast(1, (Needs("a"), AllOf((Needs("b"),))), Fraction(1, 20))
    assert dumps(Service("s", requires=group), Service) == (
        '{"id":"s","requires":{"beta":"1/20","is":"AtLeast","k":1,"parts":'
        '[{"is":"Needs","service":"a"},{"is":"AllOf","parts":[{"is":"Needs","service":"b"}]}]}}'
    )
    term = Term("t", "availability", Fraction(1, 2), "goal", internal_target=Within(Fraction(1)))
    assert loads(dumps(term, Term), Term) == term
    assert '"internal_target":{"share":"1/1"}' in dumps(term, Term)
    assert '"target":"1/2"' in dumps(term, Term)


def test_a_target_of_a_kind_that_came_later_changes_no_text_already_stored() -> None:
    """Times within a share stood alone beside ratios, and still say no name."""
    stored = '{"id":"t","metric":"latency","strength":"goal","target":{"duration":5,"share":"1/2"}}'
    term = Term("t", "latency", Within(Fraction(1, 2), 5), "goal")
    assert loads(stored, Term) == term
    assert dumps(term, Term) == stored
    several = replace(term, target=Points((Within(Fraction(1, 2), 5), Within(Fraction(1), 6))))
    assert '"target":{"is":"Points","points":[{"duration":5' in dumps(several, Term)
    assert loads(dumps(several, Term), Term) == several


def test_a_fraction_and_a_whole_number_that_are_equal_have_one_text() -> None:
    one = Sample("s", "a", "m", 0, Fraction(2))
    other = Sample("s", "a", "m", 0, 2)  # type: ignore[arg-type]
    assert dumps(one, Sample) == dumps(other, Sample)


def test_a_digest_keeps_its_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")


def test_a_versions_effective_span_is_the_valid_time_of_its_row() -> None:
    assert {"valid_from", "valid_to"} <= set(mapping(Version).columns)
    assert "effective" not in mapping(Version).columns


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((), FOREVER),
        ((TicketEvent(20, "respond"),), FOREVER),
        ((TicketEvent(20, "respond"), TicketEvent(30, "resolve")), 31),
        ((TicketEvent(30, "resolve"), TicketEvent(20, "respond")), 31),
        ((TicketEvent(30, "resolve"), TicketEvent(40, "reopen")), FOREVER),
    ],
)
def test_a_ticket_lasts_until_it_is_resolved(events: tuple[TicketEvent, ...], end: int) -> None:
    assert valid_time(Ticket("t", "a", 10, events=events)) == Span(10, end)


def test_a_sample_lasts_an_instant() -> None:
    assert valid_time(Sample("s", "a", "m", 5, Fraction(1))) == Span(5, 6)
