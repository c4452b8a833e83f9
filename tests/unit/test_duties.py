"""Duties of either side: who answers for a joint one, and what is no duty."""

from __future__ import annotations

from orchestrator.engine.duties import answerable
from orchestrator.model.duties import EFFECTS, Obligation
from orchestrator.model.values import Money
from tests.contracts import refused_with


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
