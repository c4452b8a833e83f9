"""All that a reader of contracts should notice before anything is measured, contract by contract
and between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from orchestrator.engine.boundaries import undemarcated
from orchestrator.engine.consistency import (
    contradictions,
    dangling_priorities,
    unknown_roles,
    unmapped,
)
from orchestrator.engine.deadlines import overdue_reviews
from orchestrator.engine.register import conflicts, missing, undefined
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Snapshot
from orchestrator.model.records import Finding
from orchestrator.model.services import mentioned
from orchestrator.model.values import Instant

CHECKS: Final[tuple[Callable[[Contract], Iterator[Finding]], ...]] = (
    conflicts,
    undefined,
    unknown_roles,
    dangling_priorities,
)
"""Every check of a contract by itself; a new one is a row here."""


def paperwork(
    snapshot: Snapshot,
    contracts: Mapping[str, Contract],
    at: Instant | None = None,
    *,
    strict: bool = False,
) -> Iterator[Finding]:
    """All findings about the contracts in force in a snapshot, by agreement id; those between
    contracts last. `at` asks for overdue reviews as well, `strict` for a line on every edge."""
    held = [one for _, one in sorted(contracts.items()) if one.version.binds]
    for contract in held:
        for check in CHECKS:
            yield from check(contract)
        yield from missing(contract, snapshot.kind_of(contract.version))
        yield from unmapped(contract, _beneath(snapshot, contract, held))
        if at is not None:
            yield from overdue_reviews(contract, at, snapshot.calendars)
    yield from contradictions(held)
    lines = [line for contract in held for line in contract.provisions.demarcation]
    yield from undemarcated(snapshot, lines, strict=strict)


def _beneath(snapshot: Snapshot, contract: Contract, held: list[Contract]) -> list[Contract]:
    """The contracts on what the covered services require, directly or not, and the provider's own
    teams' on those services themselves."""
    reached = set()
    todo = [cover.service for cover in contract.version.covers]
    while todo:
        service = todo.pop()
        if service not in reached:
            reached.add(service)
            todo += mentioned(snapshot.services[service].requires)
    return [
        other
        for other in held
        if other is not contract
        and any(cover.service in reached for cover in other.version.covers)
        and snapshot.entity(other.version.customer) == snapshot.entity(contract.version.provider)
    ]
