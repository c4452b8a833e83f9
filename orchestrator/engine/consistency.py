"""Whether agreements fit together: several providers of one service, kinds against parties,
satisfied terms against unsatisfied users, severities that nobody mapped."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from orchestrator.engine.register import missing_clauses
from orchestrator.model.agreements import Version
from orchestrator.model.contracts import Contract
from orchestrator.model.duties import ROLES
from orchestrator.model.estate import Snapshot
from orchestrator.model.records import Finding


def contradictions(contracts: Iterable[Contract]) -> Iterator[Finding]:
    """Pairs of providers to one customer, for one service, whose terms or escalation owners
    differ. Order and result do not depend on the order given."""
    alike: dict[tuple[str, str, str], list[Contract]] = {}
    for one in contracts:
        for cover in one.version.covers if one.version.binds else ():
            alike.setdefault((one.version.customer, cover.service, cover.scope), []).append(one)
    first: dict[tuple[str, str], tuple[str, Contract, Contract]] = {}
    for (_, service, _), group in sorted(alike.items(), key=lambda pair: pair[0]):
        group.sort(key=lambda one: one.version.agreement)
        for one, other in itertools.combinations(group, 2):
            if one.version.provider != other.version.provider:
                pair = one.version.agreement, other.version.agreement
                first.setdefault(pair, (service, one, other))
    for _, (service, one, other) in sorted(first.items(), key=lambda found: found[0]):
        yield from _values_differ(one.version, other.version, service)
        yield from _owners_differ(one, other, service)


def _values_differ(a: Version, b: Version, service: str) -> Iterator[Finding]:
    for mine, theirs in itertools.product(a.terms, b.terms):
        alike = (mine.metric, mine.priority, mine.hours) == (
            theirs.metric,
            theirs.priority,
            theirs.hours,
        )
        if alike and mine.target != theirs.target:
            yield Finding(
                "CONTRADICTORY_TERMS",
                "warning",
                f"{a.agreement}/{mine.id} and {b.agreement}/{theirs.id} promise different values "
                f"of {mine.metric} for {service}",
                (a.agreement, b.agreement, service),
                f"agreements[{a.agreement}].terms[{mine.id}]",
            )


def _owners_differ(one: Contract, other: Contract, service: str) -> Iterator[Finding]:
    levels = zip(one.provisions.escalation, other.provisions.escalation, strict=False)
    for number, (mine, theirs) in enumerate(levels, 1):
        if mine.party != theirs.party:
            yield Finding(
                "ESCALATION_CONFLICT",
                "warning",
                f"at level {number} {service} escalates to {mine.party} by "
                f"{one.version.agreement} and to {theirs.party} by {other.version.agreement}",
                (one.version.agreement, other.version.agreement, service),
                f"agreements[{one.version.agreement}].escalation",
            )


def watermelon(
    contract: Contract, statuses: Sequence[str], measured: Mapping[str, Fraction]
) -> Iterator[Finding]:
    """Green outside, red inside: every assessment of a period met, while what users report (by
    metric) misses its goal. Nothing assessed, or nothing measured, says nothing."""
    if not statuses or any(status != "MET" for status in statuses):
        return
    for goal in contract.provisions.goals:
        value = measured.get(goal.metric)
        if value is not None and not goal.reached(value):
            yield Finding(
                "WATERMELON",
                "warning",
                f"{contract.version.agreement} meets every term, and {goal.metric} is "
                f"{float(value):.10g} where {float(goal.target):.10g} is the goal",
                (contract.version.agreement, goal.metric),
                f"agreements[{contract.version.agreement}].goals",
            )


@dataclass(frozen=True, slots=True)
class KindFlip:
    """An agreement whose parties make it of another kind than before, with the clauses that its
    new kind should hold and it does not."""

    agreement: str
    was: str
    becomes: str
    missing: tuple[str, ...]


def kind_flips(
    before: Snapshot, after: Snapshot, contracts: Mapping[str, Contract]
) -> tuple[KindFlip, ...]:
    """The agreements, by id, that change their kind by a change of the parties, as an OLA becomes
    a UC when its team moves to another legal entity. An agreement that its label alone tells
    apart stays what it is called."""
    found = []
    for id, version in sorted(after.versions.items()):
        was, becomes = before.kind_of(version), after.kind_of(version)
        if was != becomes:
            contract = contracts.get(id, Contract(version))
            found.append(KindFlip(id, was, becomes, missing_clauses(contract, becomes)))
    return tuple(found)


def rekinded(snapshot: Snapshot, contract: Contract) -> Contract:
    """The contract as the kind its parties make it: what accepting MISLABELLED_SLA comes to."""
    kind = snapshot.kind_of(contract.version)
    return replace(contract, version=replace(contract.version, kind=kind))


def unmapped(contract: Contract, beneath: Iterable[Contract]) -> Iterator[Finding]:
    """Priorities of agreements beneath that the contract's mapping of their provider's scheme
    leaves out: an incident of that severity would have no priority here.

    A provider for whom nothing is mapped shares the scheme.
    """
    mappings = {one.party: one for one in contract.provisions.severities}
    for other in beneath:
        mapping = mappings.get(other.version.provider)
        if mapping is None:
            continue
        known = {pair.theirs for pair in mapping.pairs}
        used = dict.fromkeys(term.priority for term in other.version.terms if term.priority)
        for priority in used:
            if priority not in known:
                yield Finding(
                    "UNMAPPED_SEVERITY",
                    "error",
                    f"{other.version.agreement} knows the severity {priority!r}, which "
                    f"{contract.version.agreement} does not map",
                    (contract.version.agreement, other.version.agreement),
                    f"agreements[{contract.version.agreement}].severities",
                )


def dangling_priorities(contract: Contract) -> Iterator[Finding]:
    """Priorities that terms or mappings name and the priority matrix does not have."""
    matrix, version = contract.provisions.priorities, contract.version
    if matrix is None:
        return
    named = [term.priority for term in version.terms if term.priority]
    named += [pair.ours for one in contract.provisions.severities for pair in one.pairs]
    for priority in dict.fromkeys(named):
        if priority not in matrix.priorities:
            yield Finding(
                "PRIORITY_NOT_IN_MATRIX",
                "warning",
                f"{version.agreement} speaks of priority {priority!r}, which its matrix never "
                "gives",
                (version.agreement,),
                f"agreements[{version.agreement}].priorities",
            )


def unknown_roles(contract: Contract) -> Iterator[Finding]:
    """Roles that the table of roles does not know: whoever has only such a role need not accept."""
    version = contract.version
    for role in version.roles:
        if role.role not in ROLES:
            yield Finding(
                "UNKNOWN_ROLE",
                "info",
                f"{version.agreement}: {role.party} is {role.role!r}, a role that binds nobody; "
                f"known are {', '.join(ROLES)}",
                (version.agreement, role.party),
                f"agreements[{version.agreement}].roles",
            )
