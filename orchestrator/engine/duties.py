"""Who answers for a duty that several owe."""

from __future__ import annotations

from fractions import Fraction

from orchestrator.model.duties import Obligation
from orchestrator.model.values import Money, split


def answerable(obligation: Obligation, loss: Money) -> dict[str, Money]:
    """The most each debtor answers for: of a joint and several duty all of it, otherwise an equal
    part, the cents by the largest remainder. Whoever is owed recovers no more than the loss."""
    debtors = tuple(dict.fromkeys(obligation.by))
    if obligation.joint_and_several:
        return dict.fromkeys(debtors, loss)
    parts = split(loss.amount, [Fraction(1)] * len(debtors))
    return {party: Money(part, loss.currency) for party, part in zip(debtors, parts, strict=True)}
