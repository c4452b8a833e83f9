"""Duties of either side: what lateness does to a clock, and who answers for a joint one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.engine.duties import answerable, waiting
from orchestrator.model.contracts import Contract
from orchestrator.model.duties import EFFECTS, Obligation, Request
from orchestrator.model.lapses import Lapse
from orchestrator.model.values import HOUR, MINUTE, Money, Span
from tests.contracts import CALENDARS, at, contract, refused_with

DAY = "2026-03-04"
TICKET = Span(at(f"{DAY}T09:00"), at(f"{DAY}T14:00"))
ASKED = Request(
    "r-1", "logs", "us", "shop", at(f"{DAY}T09:30"), at(f"{DAY}T11:30"), evidence="mail-17"
)


def with_effect(effect: str, **more: Any) -> Contract:
    duty = Obligation(
        "send-logs",
        ("shop",),
        ("us",),
        category="logs",
        within=Lapse(30 * MINUTE),
        effect=effect,
        **more,
    )
    return contract(obligations=(duty,))


@pytest.mark.parametrize(
    ("effect", "hours"), [("none", 5), ("pause_all", 3), ("lateness_only", 3.5)]
)
def test_late_information_stops_the_clock_as_agreed(effect: str, hours: float) -> None:
    # R8 of the worked examples: asked 09:30, due 10:00, answered 11:30, open from 09:00 to 14:00
    pauses = waiting(with_effect(effect), [ASKED], TICKET, CALENDARS).pauses
    assert TICKET.length - sum(end - start for start, end in pauses) == hours * HOUR


def test_relief_is_proposed_and_never_taken() -> None:
    found = waiting(with_effect("relief"), [ASKED], TICKET, CALENDARS)
    (proposal,) = found.proposals
    assert (found.pauses, proposal.party, proposal.because_of) == ((), "us", "shop")
    assert proposal.span == Span(at(f"{DAY}T10:00"), at(f"{DAY}T11:30"))


def test_a_request_outside_the_agreed_categories_does_not_pause() -> None:
    found = waiting(
        with_effect("pause_all"), [replace(ASKED, category="passwords")], TICKET, CALENDARS
    )
    assert found.pauses == ()
    assert [one.code for one in found.findings] == ["REQUEST_NOT_AGREED"]


def test_a_request_in_the_other_direction_calls_on_no_duty() -> None:
    found = waiting(
        with_effect("pause_all"), [replace(ASKED, by="shop", of="us")], TICKET, CALENDARS
    )
    assert [one.code for one in found.findings] == ["REQUEST_NOT_AGREED"]


def test_a_duty_to_another_party_gives_this_one_no_pause() -> None:
    found = waiting(with_effect("pause_all"), [replace(ASKED, by="desk")], TICKET, CALENDARS)
    assert (found.pauses, [one.code for one in found.findings]) == ((), ["REQUEST_NOT_AGREED"])


@pytest.mark.parametrize(("evidence", "paused"), [(True, 0), (False, 2 * HOUR)])
def test_without_evidence_there_is_no_pause_where_evidence_is_agreed(
    evidence: bool, paused: int
) -> None:
    found = waiting(
        with_effect("pause_all", evidence=evidence),
        [replace(ASKED, evidence="")],
        TICKET,
        CALENDARS,
    )
    assert sum(end - start for start, end in found.pauses) == paused


def test_an_answer_in_time_is_no_lateness_and_one_that_never_came_lasts() -> None:
    prompt = replace(ASKED, answered=at(f"{DAY}T10:00"))
    silent = replace(ASKED, answered=None)
    for effect in ("lateness_only", "relief"):
        found = waiting(with_effect(effect), [prompt], TICKET, CALENDARS)
        assert (found.pauses, found.proposals) == ((), ())
    pauses = waiting(with_effect("lateness_only"), [silent], TICKET, CALENDARS).pauses
    assert pauses == ((at(f"{DAY}T10:00"), TICKET.end),)


def test_two_requests_at_once_stop_the_clock_once() -> None:
    other = replace(ASKED, id="r-2", asked=at(f"{DAY}T11:00"), answered=at(f"{DAY}T12:00"))
    pauses = waiting(with_effect("pause_all"), [other, ASKED], TICKET, CALENDARS).pauses
    assert pauses == ((at(f"{DAY}T09:30"), at(f"{DAY}T12:00")),)


def test_a_duty_is_due_on_its_own_calendar() -> None:
    duty = with_effect("lateness_only", hours="office")
    friday = Span(at("2026-03-06T16:45"), at("2026-03-09T10:00"))
    late = replace(ASKED, asked=friday.start, answered=friday.end)
    # a quarter of an hour on Friday, another on Monday from nine
    assert waiting(duty, [late], friday, CALENDARS).pauses == (
        (at("2026-03-09T09:15"), friday.end),
    )


def joint(joint_and_several: bool) -> Obligation:
    return Obligation(
        "build", ("maker", "host", "desk"), ("shop",), joint_and_several=joint_and_several
    )


def test_each_of_joint_and_several_debtors_answers_for_all_of_it() -> None:
    loss = Money(10_000, "EUR")
    assert answerable(joint(True), loss) == dict.fromkeys(("maker", "host", "desk"), loss)


def test_several_debtors_answer_for_their_parts_to_the_cent() -> None:
    parts = answerable(joint(False), Money(10_000, "EUR"))
    assert {party: part.amount for party, part in parts.items()} == {
        "maker": 3334,
        "host": 3333,
        "desk": 3333,
    }


def test_a_duty_that_nobody_owes_or_that_is_owed_to_oneself_is_refused() -> None:
    with refused_with("EMPTY_LIST"):
        Obligation("x", (), ("us",))
    with refused_with("SAME_PARTY"):
        Obligation("x", ("us", "shop"), ("us",))
    with refused_with("NOT_JOINT"):
        Obligation("x", ("us",), ("shop",), joint_and_several=True)
    with refused_with("BAD_CHOICE"):
        Obligation("x", ("us",), ("shop",), effect="pause")


def test_no_effect_both_pauses_and_proposes() -> None:
    assert not [row for row in EFFECTS.values() if row.pauses_from and row.proposes]
