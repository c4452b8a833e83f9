"""The life of a version: what is legal, what is refused, and what acceptance is worth."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from orchestrator.engine.content import (
    accept,
    accepted_by,
    as_agreed,
    binding,
    binding_terms,
    content_hash,
    missing_acceptances,
)
from orchestrator.engine.lifecycle import GUARDS, Circumstances, move, transition
from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import STATES, Acceptance, Role
from orchestrator.model.contracts import Contract
from orchestrator.model.lapses import Lapse
from orchestrator.model.lifecycle import FINAL_STATES, MOVES, moves_from
from orchestrator.model.meetings import Override, PublishGate
from orchestrator.model.schedule import Notice
from orchestrator.model.scopes import TargetWindow
from orchestrator.model.values import DAY, FOREVER, Span
from tests.contracts import at, contract, refused_with, span, term

YEAR = span("2026-01-01", "2027-01-01")
NOW = at("2026-06-01")


def in_state(state: str, **more: Any) -> Contract:
    """A contract over 2026, accepted by both parties."""
    draft = contract(version={"effective": YEAR, "state": state}, **more)
    return accept(accept(draft, "us", at("2025-12-01")), "shop", at("2025-12-02"))


SUCCESSOR = accept(accept(contract(number=2, version={"state": "agreed"}), "us", NOW), "shop", NOW)

WHEN = {"reopen": "2025-12-15", "expire": "2027-01-01"}
"""When a move is in time, where it is not at any time of the year."""


def circumstances(event: str) -> Circumstances:
    """What lets every guard pass."""
    return Circumstances(
        at(WHEN.get(event, "2026-06-01")),
        "us",
        reason="unpaid",
        successor=SUCCESSOR,
        noticed=at("2026-01-01"),
    )


# The life as a service level manager tells it, written down apart from the table.
LEGAL = {
    ("draft", "propose"): "negotiating",
    ("draft", "shadow"): "shadow",
    ("draft", "abandon"): "terminated",
    ("negotiating", "withdraw"): "draft",
    ("negotiating", "shadow"): "shadow",
    ("negotiating", "agree"): "agreed",
    ("negotiating", "abandon"): "terminated",
    ("shadow", "withdraw"): "draft",
    ("shadow", "negotiate"): "negotiating",
    ("shadow", "agree"): "agreed",
    ("shadow", "abandon"): "terminated",
    ("agreed", "reopen"): "negotiating",
    ("agreed", "begin"): "in_force",
    ("agreed", "abandon"): "terminated",
    ("in_force", "suspend"): "suspended",
    ("in_force", "amend"): "amended",
    ("in_force", "expire"): "expired",
    ("in_force", "terminate"): "terminated",
    ("in_force", "rescind"): "terminated",
    ("suspended", "resume"): "in_force",
    ("suspended", "amend"): "amended",
    ("suspended", "expire"): "expired",
    ("suspended", "terminate"): "terminated",
    ("suspended", "rescind"): "terminated",
}


@pytest.mark.parametrize(("state", "event"), list(product(STATES, MOVES)))
def test_a_move_is_legal_in_its_states_and_refused_in_all_others(state: str, event: str) -> None:
    held = in_state(state)
    if (state, event) in LEGAL:
        done = transition(held, event, circumstances(event))
        assert done.after.version.state == done.target == LEGAL[state, event]
        assert (done.event, done.source, done.by) == (event, state, "us")
        assert done.content == content_hash(held)
    else:
        before = replace(held)
        with refused_with("ILLEGAL_MOVE"):
            move(held, event, circumstances(event))
        assert held == before


def test_some_states_are_final_and_each_state_can_be_reached() -> None:
    assert set(FINAL_STATES) == {"amended", "expired", "terminated"}
    reached, todo = {"draft"}, ["draft"]
    while todo:
        for step in moves_from(todo.pop()):
            if step.target not in reached:
                reached.add(step.target)
                todo.append(step.target)
    assert reached == set(STATES)


def test_every_guard_of_the_table_exists_and_is_used() -> None:
    assert {guard for step in MOVES.values() for guard in step.guards} == set(GUARDS)


def test_nobody_else_may_move_it() -> None:
    auditor = Role("watch", "auditor")
    held = in_state("negotiating")
    watched = replace(held, version=replace(held.version, roles=(auditor,)))
    for by in ("watch", "stranger"):
        with refused_with("NOT_ENTITLED"):
            move(watched, "withdraw", Circumstances(NOW, by))
    with refused_with("NOT_ENTITLED"):
        move(in_state("draft"), "shadow", Circumstances(NOW, "shop"))
    with refused_with("UNKNOWN_MOVE"):
        move(held, "sign", Circumstances(NOW, "us"))


# Acceptance


def test_acceptance_of_a_version_is_worth_nothing_for_the_next() -> None:
    first = in_state("negotiating")
    second = replace(first, version=replace(first.version, number=2))
    assert accepted_by(first) == {"us", "shop"}
    assert accepted_by(second) == frozenset()
    with refused_with("ACCEPTANCE_MISSING"):
        move(second, "agree", Circumstances(NOW, "us"))


@pytest.mark.parametrize("dropped", ["us", "shop"])
def test_a_term_binds_only_when_all_parties_have_accepted(dropped: str) -> None:
    held = in_state("in_force")
    assert binding(held)
    assert binding_terms(held) == held.version.terms
    others = tuple(one for one in held.version.acceptances if one.party != dropped)
    partly = replace(held, version=replace(held.version, acceptances=others))
    assert missing_acceptances(partly) == (dropped,)
    assert not binding(partly)
    assert binding_terms(partly) == ()


def test_an_acceptance_without_a_hash_or_of_another_content_counts_for_nothing() -> None:
    held = contract()
    for content in ("", "0" * 64, content_hash(contract("c2"))):
        signed = replace(held.version, acceptances=(Acceptance("us", NOW, content),))
        assert accepted_by(replace(held, version=signed)) == frozenset()


def test_guarantors_accept_and_auditors_need_not() -> None:
    roles = (Role("bank", "guarantor"), Role("watch", "auditor"), Role("friend", "escrow"))
    held = in_state("negotiating")
    wider = contract(version={"effective": YEAR, "state": "negotiating", "roles": roles})
    assert wider.bound == ("us", "shop", "bank")
    assert missing_acceptances(wider) == ("us", "shop", "bank")
    assert content_hash(wider) != content_hash(held)


def test_accepting_twice_is_accepting_once() -> None:
    once = accept(contract(), "us", NOW)
    assert accept(once, "us", NOW + DAY) == once


def test_an_end_that_was_brought_forward_undoes_no_acceptance() -> None:
    open_ended = accept(contract(version={"effective": Span(YEAR.start, FOREVER)}), "us", NOW)
    cut = replace(open_ended, version=replace(open_ended.version, effective=YEAR))
    later = replace(open_ended, version=replace(open_ended.version, effective=Span(NOW, FOREVER)))
    assert accepted_by(cut) == {"us"}
    assert accepted_by(later) == frozenset()


# Guards


def test_signing_above_the_floor_takes_a_recorded_override() -> None:
    held = in_state("negotiating")
    floor = {"availability": Fraction("0.994")}
    with refused_with("ABOVE_FLOOR"):
        move(held, "agree", Circumstances(NOW, "us", floors=floor))
    enough = {"availability": Fraction("0.999")}
    assert move(held, "agree", Circumstances(NOW, "us", floors=enough)).version.state == "agreed"
    decided = in_state(
        "negotiating", overrides=(Override("availability", "cfo", NOW, "strategic customer"),)
    )
    assert move(decided, "agree", Circumstances(NOW, "us", floors=floor)).version.state == "agreed"
    with refused_with("ABOVE_FLOOR"):
        move(decided, "agree", Circumstances(NOW - 1, "us", floors=floor))
    with refused_with("NO_REASON"):
        Override("availability", "cfo", NOW, " ")


def test_a_goal_is_signed_whatever_lies_beneath() -> None:
    goal = contract("c1", term(strength="goal"), version={"state": "negotiating"})
    signed = accept(accept(goal, "us", NOW), "shop", NOW)
    floor = {"availability": Fraction(0)}
    assert move(signed, "agree", Circumstances(NOW, "us", floors=floor)).version.state == "agreed"


def test_it_is_not_agreed_before_its_shadow_periods_are_clean() -> None:
    held = in_state("shadow", gate=PublishGate(3))
    for shadow in ((), (0, 0), (0, 1, 0), (0, 0, 0, 1)):
        with refused_with("GATE_NOT_PASSED"):
            move(held, "agree", Circumstances(NOW, "us", shadow=shadow))
    clean = Circumstances(NOW, "us", shadow=(4, 0, 0, 0))
    assert move(held, "agree", clean).version.state == "agreed"


@pytest.mark.parametrize(
    ("state", "event", "when", "code"),
    [
        ("agreed", "begin", "2025-12-31", "NOT_IN_TERM"),
        ("agreed", "begin", "2027-01-01", "NOT_IN_TERM"),
        ("agreed", "reopen", "2026-01-01", "ALREADY_BEGUN"),
        ("in_force", "expire", "2026-12-31", "NOT_ENDED"),
        ("suspended", "resume", "2027-01-01", "NOT_IN_TERM"),
    ],
)
def test_a_move_has_its_time(state: str, event: str, when: str, code: str) -> None:
    with refused_with(code):
        move(in_state(state), event, Circumstances(at(when), "us"))


def test_it_is_terminated_with_notice_or_rescinded_for_a_reason() -> None:
    held = in_state("in_force", notice=Notice(Lapse(months=3)))
    for noticed in (None, at("2026-03-01") + 1):
        with refused_with("NOTICE_TOO_SHORT"):
            move(held, "terminate", Circumstances(NOW, "us", noticed=noticed))
    in_time = Circumstances(NOW, "shop", noticed=at("2026-03-01"))
    assert move(held, "terminate", in_time).version.state == "terminated"
    with refused_with("NO_REASON"):
        move(held, "rescind", Circumstances(NOW, "us", reason=" "))


@pytest.mark.parametrize(
    "successor",
    [
        None,
        contract(number=2, version={"state": "agreed"}),
        replace(SUCCESSOR, version=replace(SUCCESSOR.version, state="draft")),
        in_state("agreed"),
    ],
    ids=["none", "not accepted", "a draft", "the same version"],
)
def test_it_is_amended_only_by_a_later_version_that_is_agreed(successor: Contract | None) -> None:
    with refused_with("NO_SUCCESSOR"):
        move(in_state("in_force"), "amend", Circumstances(NOW, "us", successor=successor))


# The past stays as it was


@pytest.mark.parametrize("event", ["suspend", "terminate", "rescind", "amend"])
def test_leaving_force_keeps_the_time_before_as_it_was(event: str) -> None:
    held = in_state("in_force")
    done = transition(held, event, circumstances(event))
    assert done.before is not None
    assert done.before.version.state == "in_force"
    assert done.before.version.effective == Span(YEAR.start, NOW)
    assert done.after.version.effective == Span(NOW, YEAR.end)
    for part in (done.before, done.after):
        assert as_agreed(part) == YEAR
        assert content_hash(part) == content_hash(held)
        assert accepted_by(part) == {"us", "shop"}


def test_after_its_end_it_is_expired_and_was_in_force_until_then() -> None:
    for when in (YEAR.end, YEAR.end + 40 * DAY):
        done = transition(in_state("in_force"), "expire", Circumstances(when, "us"))
        assert done.before is not None
        assert done.before.version.effective == YEAR
        assert done.after.version.effective == Span(YEAR.end, FOREVER)


def test_a_suspension_leaves_a_gap_and_resumes_under_the_same_acceptance() -> None:
    stopped = move(in_state("in_force"), "suspend", Circumstances(NOW, "us"))
    done = transition(stopped, "resume", Circumstances(NOW + DAY, "us"))
    assert done.before is not None
    assert done.before.version.effective == Span(NOW, NOW + DAY)
    assert done.after.version.effective == Span(NOW + DAY, YEAR.end)
    assert binding(done.after)


def test_agreeing_writes_down_the_span_that_was_agreed() -> None:
    done = move(in_state("negotiating"), "agree", Circumstances(NOW, "us"))
    assert done.provisions.agreed == YEAR
    assert content_hash(done) == content_hash(in_state("negotiating"))


def test_refusals_carry_advice() -> None:
    with pytest.raises(OrchestratorError) as caught:
        move(in_state("expired"), "begin", Circumstances(NOW, "us"))
    assert caught.value.problems[0].advice == "it has come to its end: draft another"


def test_a_window_looser_than_the_rest_is_signed_where_each_is_underpinned() -> None:
    """The floor of the worst window is not to be held against the target of the others."""
    windows = (TargetWindow("office", Fraction("0.95")),)
    one = contract("c1", term(Fraction("0.999"), windows=windows), version={"state": "negotiating"})
    held = accept(accept(one, "us", NOW), "shop", NOW)
    floor = {"availability": Fraction("0.955")}
    assert move(held, "agree", Circumstances(NOW, "us", floors=floor)).version.state == "agreed"
    with refused_with("ABOVE_FLOOR"):
        short = frozenset(("availability",))
        move(held, "agree", Circumstances(NOW, "us", floors=floor, short=short))
