"""Clauses, documents, glossary."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import permutations

import pytest

from orchestrator.engine.register import (
    changed,
    conflicts,
    governing,
    missing,
    missing_clauses,
    undefined,
)
from orchestrator.model.clauses import (
    Clause,
    Definition,
    Document,
    defined_terms_in,
)
from orchestrator.model.duties import Obligation
from orchestrator.model.records import Finding
from tests.contracts import contract, refused_with

HASH = hashlib.sha256(b"general terms").hexdigest()
GENERAL = Document("general-terms", HASH, "General terms")
SCHEDULE = Document("schedule", hashlib.sha256(b"schedule").hexdigest())


def codes(findings: object) -> list[str]:
    assert hasattr(findings, "__iter__")
    return [one.code for one in findings if isinstance(one, Finding)]


FULL = tuple(
    Clause(kind, kind, text="as agreed")
    for kind in ("assignment", "termination", "indemnity", "liability_cap")
)


@pytest.mark.parametrize("kind", ["SLA", "UC"])
def test_a_missing_indemnity_is_named_apart_from_what_else_is_missing(kind: str) -> None:
    assert codes(missing(contract(), kind)) == ["MISSING_INDEMNITY", "MISSING_CLAUSES"]
    assert not list(missing(contract(clauses=FULL), kind))
    for clause in FULL:
        others = tuple(one for one in FULL if one is not clause)
        assert missing_clauses(contract(clauses=others), kind) == (clause.kind,)


def test_teams_of_one_house_need_no_clauses() -> None:
    assert not list(missing(contract(), "OLA"))


def test_what_stands_first_in_precedence_prevails_in_whatever_order_it_is_written() -> None:
    own = Clause("own", "liability_cap", text="500,000")
    general = replace(own, id="general", text="100,000", document="general-terms")
    schedule = replace(own, id="schedule", text="250,000", document="schedule")
    for order in permutations((own, general, schedule)):
        held = contract(clauses=order, documents=(SCHEDULE, GENERAL))
        (found,) = governing(held)
        assert (found.clause, found.overridden) == (own, (schedule, general))
        (finding,) = conflicts(held)
        assert finding.code == "CLAUSES_CONFLICT"
        assert "own prevails over schedule, general" in finding.message
    (found,) = governing(contract(clauses=(general, schedule), documents=(SCHEDULE, GENERAL)))
    assert found.clause == schedule


def test_saying_the_same_twice_is_no_conflict() -> None:
    own = Clause("own", "audit", text="once a year")
    again = replace(own, id="again", document="schedule")
    assert not list(conflicts(contract(clauses=(own, again), documents=(SCHEDULE,))))
    # a clause in a document that is not listed comes last, and that is said
    assert codes(conflicts(contract(clauses=(own, again)))) == ["UNLISTED_DOCUMENT"]


def test_an_undefined_term_is_found_wherever_it_is_used() -> None:
    clause = Clause("cl", "notice", text="within two [[Business Day]]s of [[Notice]]")
    duty = Obligation("logs", ("shop",), ("us",), duty="send the [[Log]]s")
    day = Definition("Business Day", "a day on which [[Banks]] are open")
    held = contract(clauses=(clause,), obligations=(duty,), glossary=(day,))
    named = [one.message.split("'")[1] for one in undefined(held)]
    assert named == ["Notice", "Log", "Banks"]
    complete = (day, *(Definition(term, "as usual") for term in named))
    assert not list(undefined(contract(clauses=(clause,), obligations=(duty,), glossary=complete)))


def test_references_are_read_in_order_each_once() -> None:
    assert defined_terms_in("[[B]], [[ A ]] and [[B]], [not] [[]]") == ("B", "A")


def test_a_document_is_known_by_its_bytes() -> None:
    held = contract(documents=(GENERAL,))
    assert not list(changed(held, GENERAL, b"general terms"))
    assert codes(changed(held, GENERAL, b"general terms ")) == ["DOCUMENT_CHANGED"]
    with refused_with("BAD_HASH"):
        replace(GENERAL, sha256=HASH.upper())


def test_a_clause_is_of_a_known_kind_and_says_something() -> None:
    with refused_with("UNKNOWN_CLAUSE"):
        Clause("x", "surprise", text="!")
    with refused_with("EMPTY_CLAUSE"):
        Clause("x", "audit")
    with refused_with("BAD_CHOICE"):
        Clause("x", "assignment", rule="terminable")
    assert Clause("x", "change_of_control", rule="terminable").text == ""
