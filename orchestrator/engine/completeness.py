"""Completeness: which sections an agreement has, from the definition of services to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.contracts import Contract
from orchestrator.model.templates import SECTIONS

Present = Callable[[Contract], bool]


def _clause(*kinds: str) -> Present:
    return lambda contract: any(one.kind in kinds for one in contract.provisions.clauses)


def _provision(name: str) -> Present:
    return lambda contract: bool(getattr(contract.provisions, name))


def _measured(contract: Contract) -> bool:
    terms = contract.version.terms
    return bool(terms) and all(term.measurement.source for term in terms)


def _owed_by_customer(contract: Contract) -> bool:
    return any(contract.version.customer in duty.by for duty in contract.provisions.obligations)


def _terminable(contract: Contract) -> bool:
    return _clause("termination")(contract) and contract.provisions.notice is not None


PRESENT: Final[dict[str, Present]] = {
    "services": lambda contract: bool(contract.version.covers),
    "parties": lambda contract: bool(contract.version.roles),
    "levels": lambda contract: bool(contract.version.terms),
    "hours": lambda contract: any(t.hours != ROUND_THE_CLOCK for t in contract.version.terms),
    "measurement": _measured,
    "remedies": lambda contract: any(term.credits for term in contract.version.terms),
    "fees": lambda contract: contract.version.fee is not None,
    "exclusions": lambda contract: bool(contract.version.exclusions),
    "maintenance": lambda contract: bool(contract.version.allowances),
    "duties": _owed_by_customer,
    "priorities": _provision("priorities"),
    "demarcation": _provision("demarcation"),
    "assumptions": _provision("assumptions"),
    "escalation": _provision("escalation"),
    "reviews": _provision("reviews"),
    "documents": _provision("documents"),
    "glossary": _provision("glossary"),
    "termination": _terminable,
    "survival": _clause("survival"),
    "liability": _clause("indemnity", "liability_cap"),
}
"""Whether a contract has a section; one for each of `SECTIONS`."""

assert PRESENT.keys() == SECTIONS.keys()


def missing_sections(contract: Contract, needed: Iterable[str]) -> tuple[str, ...]:
    """The names of the needed sections that a contract lacks, in the order they are needed."""
    return tuple(SECTIONS[id] for id in needed if not PRESENT[id](contract))
