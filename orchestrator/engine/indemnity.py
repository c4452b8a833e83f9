"""Indemnities: what third parties' claims cost, passed from contract to contract (rule 12).

Apart from credits: neither a cap on credits nor a sole remedy lessens them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.errors import refuse
from orchestrator.model.breaches import Indemnity
from orchestrator.model.clauses import Clause
from orchestrator.model.records import Finding
from orchestrator.model.values import Money


@dataclass(frozen=True, slots=True)
class Link:
    """One contract of a chain: who indemnifies whom under it; None where it says nothing."""

    agreement: str
    provider: str
    customer: str
    indemnity: Indemnity | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """What went on under one contract: asked of its provider, and taken over by it."""

    agreement: str
    provider: str
    asked: Money
    taken: Money


@dataclass(frozen=True, slots=True)
class IndemnityClaim:
    """Where a loss ends. `borne` sums to it, party by party in the order of the chain.

    `exposed` is the party at which the chain stops although contracts go on beneath, and `stopped`
    the contract that does not pass on; both are empty where it reaches the end of the chain.
    """

    loss: Money
    steps: tuple[Passed, ...]
    borne: tuple[tuple[str, Money], ...]
    exposed: str = ""
    stopped: str = ""


def indemnity_of(clauses: Iterable[Clause]) -> Indemnity | None:
    """The indemnity in a clause register: its amount is the cap, and a clause of pass-through lets
    it be passed on; None where the register holds none."""
    held = tuple(clauses)
    found = next((one for one in held if one.kind == "indemnity"), None)
    if found is None:
        return None
    return Indemnity(found.amount, any(one.kind == "pass_through" for one in held))


def passed_on(loss: Money, chain: Sequence[Link]) -> IndemnityClaim:
    """A loss passed from the customer of the first contract to the outermost provider.

    The first contract needs an indemnity, each further one an indemnity with pass-through. What a
    cap leaves over stays with the customer of that contract. Raises BROKEN_CHAIN where a contract
    is not bought by the provider of the one before, MIXED_CURRENCIES where a cap is in another
    currency than the loss.
    """
    _check(loss, chain)
    left, steps, borne = loss.amount, [], []
    exposed = stopped = ""
    holder = chain[0].customer if chain else ""
    for place, link in enumerate(chain):
        held = link.indemnity
        if held is None or (place and not held.passes_through):
            exposed, stopped = link.customer, link.agreement
            break
        taken = left if held.cap is None else min(left, held.cap.amount)
        steps.append(
            Passed(link.agreement, link.provider, _of(left, loss), _of(taken, loss)),
        )
        borne.append((link.customer, left - taken))
        left, holder = taken, link.provider
    borne.append((holder, left))
    kept = tuple((party, _of(amount, loss)) for party, amount in borne if amount)
    assert sum(money.amount for _, money in kept) == loss.amount
    return IndemnityClaim(loss, tuple(steps), kept, exposed if left else "", stopped)


def _of(amount: int, like: Money) -> Money:
    return Money(amount, like.currency)


def _check(loss: Money, chain: Sequence[Link]) -> None:
    if not chain:
        raise refuse("EMPTY_LIST", "an indemnity without a contract", "name the contract")
    for one, other in itertools.pairwise(chain):
        if other.customer != one.provider:
            raise refuse(
                "BROKEN_CHAIN",
                f"{other.agreement} is not bought by {one.provider}, the provider of "
                f"{one.agreement}",
                "name the contracts from the customer outwards",
            )
    for link in chain:
        cap = link.indemnity.cap if link.indemnity else None
        if cap is not None and cap.currency != loss.currency:
            raise refuse(
                "MIXED_CURRENCIES",
                f"a loss in {loss.currency}, and the cap of {link.agreement} in {cap.currency}",
                "convert the loss at a stated rate",
            )


def exposure_findings(claim: IndemnityClaim) -> tuple[Finding, ...]:
    """Who is left with a loss because a contract beneath does not pass it on."""
    if not claim.exposed:
        return ()
    left = dict(claim.borne)[claim.exposed]
    return (
        Finding(
            "INDEMNITY_STOPS",
            "warning",
            f"{claim.exposed} bears {left} {left.currency}: {claim.stopped} passes no indemnity on",
            (claim.exposed, claim.stopped),
            f"agreements[{claim.stopped}]",
        ),
    )
