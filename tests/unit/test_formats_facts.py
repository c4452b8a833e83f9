"""The facts document: what is read, what is one fact, and what the estate must have."""

from __future__ import annotations

from fractions import Fraction

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import dump_json, dump_yaml, read_estate
from orchestrator.formats.facts import (
    check_facts,
    read_facts,
    read_facts_document,
    write_facts,
)
from orchestrator.model.records import (
    Excuse,
    Facts,
    Maintenance,
    Outage,
    Sample,
    Ticket,
    TicketEvent,
    TicketOwner,
    Unknown,
)
from orchestrator.model.values import FOREVER, Instant, Span, parse_instant

HEADER = "apiVersion: orchestrator/v1\nkind: Facts\n"

DOCUMENT = (
    HEADER
    + """\
outages:
  - id: o-2
    service: notifications
    part: own
    from: 2026-04-03T12:00:00.000001+02:00
    excuse: {category: customer, party: shop, evidence: mail-17, noticed: 2026-04-03T11:00:00Z}
  - {id: o-1, service: hosting, from: 2026-04-03T10:00:00Z, to: 2026-04-03T11:00:00Z,
     source: probe, point: edge, reported: 2026-04-04T00:00:00Z, affectedShare: 40%, x-n: 1.50}
maintenance:
  - {id: m-1, service: hosting, from: 2026-04-03T10:00:00Z, to: 2026-04-03T11:00:00Z,
     announced: 2026-03-30T09:00:00Z}
unknown:
  - {id: g-1, service: hosting, from: 2026-04-03T10:00:00Z, to: 2026-04-03T11:00:00Z}
samples:
  - {id: s-1, service: api, metric: error_rate, at: 2026-04-03T10:00:00Z, value: "0.002",
     weight: 120000}
tickets:
  - id: t-1
    service: notifications
    priority: P1
    opened: 2026-04-03T10:00:00Z
    events:
      - {at: 2026-04-03T10:05:00Z, do: respond}
      - {at: 2026-04-03T10:10:00Z, do: pause, reason: waiting_customer}
      - {at: 2026-04-03T10:20:00Z, do: prioritise, priority: P2}
    owners: [{from: 2026-04-03T10:00:00Z, party: beta-ops}]
"""
)


def april(time: str) -> Instant:
    return parse_instant(f"2026-04-03T{time}Z")


HOUR = Span(april("10:00:00"), april("11:00:00"))


def test_the_published_example_is_read_as_it_is_meant() -> None:
    assert read_facts(DOCUMENT) == Facts(
        outages=(
            Outage(
                "o-1", "hosting", HOUR, source="probe", point="edge",
                reported=parse_instant("2026-04-04T00:00:00Z"), affected_share=Fraction(2, 5),
                kept=(("x-n", "1.50"),),
            ),
            Outage(
                "o-2", "notifications", Span(april("10:00:00.000001"), FOREVER), "own",
                Excuse("customer", "shop", "mail-17", april("11:00:00")),
            ),
        ),
        maintenance=(
            Maintenance("m-1", "hosting", HOUR, parse_instant("2026-03-30T09:00:00Z")),
        ),
        unknown=(Unknown("g-1", "hosting", HOUR),),
        samples=(
            Sample("s-1", "api", "error_rate", HOUR.start, Fraction(1, 500), Fraction(120_000)),
        ),
        tickets=(
            Ticket(
                "t-1", "notifications", HOUR.start, "P1",
                (
                    TicketEvent(april("10:05:00"), "respond"),
                    TicketEvent(april("10:10:00"), "pause", "waiting_customer"),
                    TicketEvent(april("10:20:00"), "prioritise", priority="P2"),
                ),
                (TicketOwner("beta-ops", Span(HOUR.start, FOREVER)),),
            ),
        ),
    )  # fmt: skip


def test_what_is_written_reads_the_same_and_leaves_out_the_defaults() -> None:
    facts = read_facts(DOCUMENT)
    written = write_facts(facts)
    assert read_facts(dump_yaml(written)) == facts
    assert read_facts(dump_json(written)) == facts
    assert written["unknown"] == [
        {
            "id": "g-1",
            "service": "hosting",
            "from": "2026-04-03T10:00:00Z",
            "to": "2026-04-03T11:00:00Z",
        }
    ]
    assert write_facts(Facts()) == {"apiVersion": "orchestrator/v1", "kind": "Facts"}


def test_a_fact_said_twice_in_the_same_words_is_one_fact() -> None:
    once = "  - {id: o, service: s, from: 2026-04-03T10:00:00Z}\n"
    other_words = "  - {from: 2026-04-03T12:00:00+02:00, id: o, service: s, part: whole}\n"
    assert len(read_facts(f"{HEADER}outages:\n{once}{once}{other_words}").outages) == 1


def test_one_id_for_two_facts_names_both_lines() -> None:
    text = HEADER + (
        "outages:\n  - {id: o, service: s, from: 2026-04-03T10:00:00Z}\n"
        "  - {id: p, service: s, from: 2026-04-03T10:00:00Z}\n"
        "  - {id: o, service: t, from: 2026-04-03T10:00:00Z}\n"
    )
    with pytest.raises(OrchestratorError) as refused:
        read_facts(text, "facts.yaml")
    (problem,) = refused.value.problems
    assert (problem.code, problem.line, problem.path) == ("DUPLICATE_ID", 6, "outages[2]")
    assert "line 4" in problem.message
    assert "line 6" in problem.message


def test_ids_are_unique_within_their_list_alone() -> None:
    same = "  - {id: x, service: s, from: 2026-04-03T10:00:00Z, to: 2026-04-03T11:00:00Z}\n"
    facts = read_facts(f"{HEADER}outages:\n{same}unknown:\n{same}")
    assert (len(facts.outages), len(facts.unknown)) == (1, 1)


def test_all_problems_of_the_facts_are_reported_at_once() -> None:
    text = HEADER + (
        "outages:\n  - {id: o}\n  - {id: p, service: s, from: yesterday, part: none}\nsamples: {}\n"
    )
    with pytest.raises(OrchestratorError) as refused:
        read_facts(text)
    assert [(one.code, one.line, one.path) for one in refused.value.problems] == [
        ("MISSING_KEY", 4, "outages[0]"),
        ("MISSING_KEY", 4, "outages[0]"),
        ("BAD_CHOICE", 5, "outages[1].part"),
        ("BAD_INSTANT", 5, "outages[1].from"),
        ("BAD_TYPE", 6, "samples"),
    ]


def test_facts_must_be_about_what_the_estate_has() -> None:
    estate = read_estate(
        "apiVersion: orchestrator/v1\nkind: Estate\n"
        "parties: [{id: shop}]\nservices: [{id: hosting}, {id: api}]\n"
    ).estate
    found = check_facts(read_facts_document(DOCUMENT, "facts.yaml"), estate)
    assert [(one.code, one.line, one.path) for one in found] == [
        ("UNKNOWN_REFERENCE", 5, "outages[0].service"),
        ("UNKNOWN_REFERENCE", 21, "tickets[0].service"),
        ("UNKNOWN_REFERENCE", 28, "tickets[0].owners[0].party"),
    ]
    assert {one.file for one in found} == {"facts.yaml"}
    assert "'notifications'" in found[0].message
    assert all(one.advice for one in found)


def test_facts_about_what_was_once_there_are_not_refused() -> None:
    estate = read_estate(
        "apiVersion: orchestrator/v1\nkind: Estate\n"
        "services: [{id: s, effective: {to: 2026-01-01}}]\n"
    ).estate
    late = f"{HEADER}outages:\n  - {{id: o, service: s, from: 2026-04-03T10:00:00Z}}\n"
    assert check_facts(read_facts_document(late), estate) == []
