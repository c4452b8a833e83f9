"""Which term holds for a case: scopes in their precedence, then the more special agreement.

Customer over service over corporate; among equals the agreement with the nearer customer, then
that which names the service, then the term that names the priority. What is left undecided is an
error that lists the candidates, never a choice by chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from orchestrator.engine.prime import at_any_time
from orchestrator.errors import refuse
from orchestrator.model.agreements import Term
from orchestrator.model.contracts import Contract
from orchestrator.model.metrics import METRICS
from orchestrator.model.parties import Party
from orchestrator.model.records import Finding
from orchestrator.model.scopes import AGREEMENT_SCOPES
from orchestrator.model.strictness import at_least_as_strict


@dataclass(frozen=True, slots=True)
class Case:
    """What a term is looked for: whose case, of which service, metric and priority."""

    customer: str
    service: str
    metric: str
    priority: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A term that holds for a case. The greater `rank` is the more special: precedence of the
    scope, nearness of the customer, whether the service is named, whether the priority is."""

    rank: tuple[int, int, int, int]
    contract: Contract
    term: Term

    @property
    def name(self) -> str:
        return f"{self.contract.version.agreement}/{self.term.id}"


@dataclass(frozen=True, slots=True)
class Effective:
    """The term in effect, what it overrides from special to general, and what to notice."""

    contract: Contract
    term: Term
    overridden: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def effective_term(
    contracts: Iterable[Contract], parties: Mapping[str, Party], case: Case
) -> Effective | None:
    """The term in effect for a case among the contracts in force; None if there is none.

    Raises AMBIGUOUS_TERM where several are equally special. A term of an agreement that may only
    be tightened stays in effect against a special one that is not at least as strict.
    """
    found = sorted(
        candidates(contracts, parties, case),
        key=lambda one: (tuple(-part for part in one.rank), one.name),
    )
    if not found:
        return None
    tied = [one for one in found if one.rank == found[0].rank]
    if len(tied) > 1:
        names = ", ".join(one.name for one in tied)
        raise refuse(
            "AMBIGUOUS_TERM",
            f"{names} hold alike for {case.metric} of {case.service} for {case.customer}",
            "name the customer, the service or the priority in one, or end the other",
        )
    current, findings = found[0], []
    for base in found[1:]:
        if base.contract.provisions.tighten_only and not _at_least(case, current, base):
            findings.append(_loosens(current, base))
            current = base
    overridden = tuple(one.name for one in found if one is not current)
    return Effective(current.contract, current.term, overridden, tuple(findings))


def candidates(
    contracts: Iterable[Contract], parties: Mapping[str, Party], case: Case
) -> Iterator[Candidate]:
    """Every term in force that holds for a case, with how special it is."""
    owners = _with_owners(parties, case.customer)
    for contract in contracts:
        version, scope = contract.version, AGREEMENT_SCOPES[contract.provisions.scope]
        covered = {cover.service for cover in version.covers}
        near = owners.get(version.customer, 0)
        if not version.binds or not (near or scope.any_customer):
            continue
        if case.service not in covered and (covered or not scope.any_service):
            continue
        for term in version.terms:
            if term.metric == case.metric and term.priority in ("", case.priority):
                named = int(bool(term.priority))
                rank = (scope.precedence, near, int(case.service in covered), named)
                yield Candidate(rank, contract, term)


def _with_owners(parties: Mapping[str, Party], party: str) -> dict[str, int]:
    """A party and those it belongs to, with a number that is the greater the nearer they are."""
    chain = [party]
    while (known := parties.get(chain[-1])) and known.parent and known.parent not in chain:
        chain.append(known.parent)
    return {id: len(chain) - place for place, id in enumerate(chain)}


def _at_least(case: Case, one: Candidate, other: Candidate) -> bool:
    """Whether keeping one keeps the other: window by window where both have the same, and else
    whatever window holds."""
    metric, mine, theirs = METRICS[case.metric], one.term, other.term
    asked = [theirs.target, *(window.target for window in theirs.windows)]
    named = [(term.hours, *(window.hours for window in term.windows)) for term in (mine, theirs)]
    if named[0] == named[1]:
        kept = [mine.target, *(window.target for window in mine.windows)]
        return all(at_least_as_strict(metric, *pair) for pair in zip(kept, asked, strict=True))
    always = at_any_time(mine)
    return always is not None and all(
        at_least_as_strict(metric, always.target, target) for target in asked
    )


def _loosens(one: Candidate, base: Candidate) -> Finding:
    version = one.contract.version
    return Finding(
        "OVERRIDE_LOOSENS",
        "warning",
        f"{one.name} overrides {base.name}, which may only be tightened, and is not at least as "
        f"strict: {base.name} stays in effect",
        (version.agreement, base.contract.version.agreement),
        f"agreements[{version.agreement}].terms[{one.term.id}].target",
    )
