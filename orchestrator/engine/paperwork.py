"""All that a reader of contracts should notice before anything is measured, contract by contract
and between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from orchestrator.engine.boundaries import undemarcated
from orchestrator.engine.consistency import (
    contradictions,
    dangling_priorities,
    unknown_roles,
    unmapped,
)
from orchestrator.engine.containment import uncontained
from orchestrator.engine.deadlines import overdue_reviews
from orchestrator.engine.register import conflicts, missing, undefined
from orchestrator.engine.remedies import sole_remedy
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Snapshot
from orchestrator.model.records import Finding
from orchestrator.model.values import Duration, Instant

CHECKS: Final[tuple[Callable[[Contract], Iterator[Finding]], ...]] = (
    conflicts,
    undefined,
    unknown_roles,
    dangling_priorities,
    sole_remedy,
)
"""Every check of a contract by itself; a new one is a row here."""


def paperwork(
    snapshot: Snapshot, contract: Contract, at: Instant | None = None
) -> Iterator[Finding]:
    """All findings about one contract by itself; `at` asks for overdue reviews as well."""
    for check in CHECKS:
        yield from check(contract)
    yield from missing(contract, snapshot.kind_of(contract.version))
    if at is not None:
        yield from overdue_reviews(contract, at, snapshot.calendars)


def between(snapshot: Snapshot) -> Iterator[Finding]:
    """All findings about the contracts in force in a snapshot, held against one another, by
    agreement id. Where the estate is strict, or draws any line, every edge needs one."""
    held = {id: Contract.of(version) for id, version in sorted(snapshot.versions.items())}
    bought: dict[str, list[tuple[int, Contract]]] = {}
    for contract in held.values():
        buyer = snapshot.entity(contract.version.customer)
        bought.setdefault(buyer, []).append((_covered(snapshot, contract), contract))
    known: dict[tuple[str, str], Duration] = {}
    for contract in held.values():
        under = _beneath(snapshot, contract, bought)
        yield from unmapped(contract, under)
        yield from uncontained(snapshot, contract, under, known)
    yield from contradictions(held.values())
    lines = [line for contract in held.values() for line in contract.provisions.demarcation]
    strict = snapshot.metadata.strict_demarcation
    if strict or lines:
        yield from undemarcated(snapshot, lines, strict=strict)


def _covered(snapshot: Snapshot, contract: Contract) -> int:
    """The covered services, as a bit set."""
    covered = 0
    for cover in contract.version.covers:
        covered |= 1 << snapshot.numbers[cover.service]
    return covered


def _beneath(
    snapshot: Snapshot, contract: Contract, bought: Mapping[str, Sequence[tuple[int, Contract]]]
) -> Sequence[Contract]:
    """The contracts on what the covered services require, directly or not, and the provider's own
    teams' on those services themselves; `bought` is what each legal entity is a customer of."""
    reach = 0
    for cover in contract.version.covers:
        reach |= snapshot.reach[cover.service]
    provider = snapshot.entity(contract.version.provider)
    return [
        other
        for covered, other in bought.get(provider, ())
        if covered & reach and other is not contract
    ]
