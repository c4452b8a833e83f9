"""Indemnities: what third parties' claims cost, passed from contract to contract (rule 12).

Apart from credits: neither a cap on credits nor a sole remedy lessens them.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from orchestrator.errors import refuse
from orchestrator.model.agreements import Version
from orchestrator.model.breaches import Indemnity, IndemnityClaim, Passed
from orchestrator.model.clauses import Clause
from orchestrator.model.estate import Snapshot
from orchestrator.model.records import Finding
from orchestrator.model.values import Money


@dataclass(frozen=True, slots=True)
class Link:
    """One contract of a chain: who indemnifies whom under it; None where it says nothing."""

    agreement: str
    provider: str
    customer: str
    indemnity: Indemnity | None = None


def indemnity_of(clauses: Iterable[Clause]) -> Indemnity | None:
    """The indemnity in a clause register: its amount is the cap, and a clause of pass-through lets
    it be passed on; None where the register holds none."""
    held = tuple(clauses)
    found = next((one for one in held if one.kind == "indemnity"), None)
    if found is None:
        return None
    return Indemnity(found.amount, any(one.kind == "pass_through" for one in held))


def chain_of(
    snapshot: Snapshot, agreement: str, cause: str = "", through: Collection[str] = ()
) -> tuple[Link, ...]:
    """The contracts in force from an agreement outwards, each bought by the provider of the one
    before for what leads to the service that the loss comes from.

    Without a `cause` all that lies beneath is looked at. Where several contracts would do at one
    place, `through` names the one that is meant. Raises UNKNOWN_REFERENCE, AMBIGUOUS_CHAIN.
    """
    version = snapshot.versions.get(agreement)
    if version is None:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"no agreement {agreement!r} is in force then",
            "use an id of the estate, and an instant at which the agreement is in force",
        )
    if cause and cause not in snapshot.services:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"there is no service {cause!r} then",
            "use an id of the estate, and an instant at which there is the service",
        )
    if cause and not _leads(snapshot, version, cause):
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"nothing that {agreement!r} covers requires {cause!r}",
            "name a service that it rests on",
        )
    chain = [version]
    while following := _beneath(snapshot, chain, cause):
        meant = [one for one in following if one.agreement in through] or following
        if len(meant) > 1:
            raise refuse(
                "AMBIGUOUS_CHAIN",
                f"beneath {chain[-1].agreement!r} the loss may go on by "
                f"{' or '.join(one.agreement for one in meant)}",
                "name the service it comes from, or the contract it goes through",
            )
        chain += meant
    if strange := sorted(set(through) - {one.agreement for one in chain}):
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"the loss does not go on by {strange[0]!r}",
            "name contracts beneath the agreement that lead to where the loss comes from",
        )
    return tuple(_link(snapshot, one) for one in chain)


def _link(snapshot: Snapshot, version: Version) -> Link:
    return Link(
        version.agreement,
        snapshot.entity(version.provider),
        snapshot.entity(version.customer),
        indemnity_of(version.provisions.clauses),
    )


def _leads(snapshot: Snapshot, version: Version, cause: str) -> bool:
    bit = 1 << snapshot.numbers[cause]
    return any(snapshot.reach[cover.service] & bit for cover in version.covers)


def _beneath(snapshot: Snapshot, chain: Sequence[Version], cause: str) -> list[Version]:
    """The contracts, of other legal entities, that the last provider has for what the last
    contract rests on; none where what failed is its own."""
    last, provider = chain[-1], snapshot.entity(chain[-1].provider)
    known = snapshot.services.get(cause)
    if known is not None and known.owner and snapshot.entity(known.owner) == provider:
        return []
    reach = 0
    for cover in last.covers:
        reach |= snapshot.reach[cover.service]
    return [
        one
        for _, one in sorted(snapshot.versions.items())
        if one not in chain
        and snapshot.entity(one.customer) == provider != snapshot.entity(one.provider)
        and any(reach & 1 << snapshot.numbers[cover.service] for cover in one.covers)
        and (not cause or _leads(snapshot, one, cause))
    ]


def passed_on(loss: Money, chain: Sequence[Link]) -> IndemnityClaim:
    """A loss passed from the customer of the first contract to the outermost provider.

    The first contract needs an indemnity, each further one an indemnity with pass-through. What a
    cap leaves over stays with the customer of that contract. Raises BROKEN_CHAIN where a contract
    is not bought by the provider of the one before, MIXED_CURRENCIES where a cap is in another
    currency than the loss, OUT_OF_RANGE of a negative loss.
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
    if loss.amount < 0:
        raise refuse("OUT_OF_RANGE", "a loss is not negative", "give what was lost")
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
