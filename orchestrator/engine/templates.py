"""Templates at work: instances, their compliance, and what a newer template would change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from orchestrator.engine.completeness import missing_sections
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.agreements import Term
from orchestrator.model.contracts import Contract
from orchestrator.model.meetings import Argument, TemplateUse
from orchestrator.model.records import Finding
from orchestrator.model.templates import FILLINGS, Template, Value


def use_of(template: Template, given: Mapping[str, str]) -> TemplateUse:
    """What an instance records of its template: the values given, in the template's order."""
    arguments = (
        Argument(one.name, given[one.name]) for one in template.parameters if one.name in given
    )
    return TemplateUse(template.id, template.number, tuple(arguments))


def instance(template: Template, given: Mapping[str, str]) -> tuple[Term, ...]:
    """The terms of a template with its places filled.

    Raises UNKNOWN_PARAMETER, MISSING_PARAMETER, PARAMETER_OUT_OF_RANGE.
    """
    values = _values(template, given)
    terms = {term.id: term for term in template.terms}
    for slot in template.slots:
        put = FILLINGS[slot.fills].put
        terms[slot.term] = put(terms[slot.term], values[slot.parameter])
    return tuple(terms.values())


def _values(template: Template, given: Mapping[str, str]) -> dict[str, Value]:
    names = [parameter.name for parameter in template.parameters]
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise refuse(
            "UNKNOWN_PARAMETER",
            f"the template {template.id!r} has no parameter {unknown[0]!r}",
            f"it has {', '.join(names) or 'none'}",
        )
    values = {}
    for parameter in template.parameters:
        text = given.get(parameter.name, parameter.default)
        if not text:
            raise refuse(
                "MISSING_PARAMETER",
                f"the template {template.id!r} needs a value of {parameter.name!r}",
                "give one",
            )
        values[parameter.name] = parameter.value(text)
    return values


def compliance(contract: Contract, template: Template) -> Iterator[Finding]:
    """Where an agreement made from a template departs from it: its values, terms and sections."""
    use, place = contract.provisions.template, f"agreements[{contract.version.agreement}]"
    ids = (contract.version.agreement, template.id)
    try:
        agreed = instance(template, _given(use))
    except OrchestratorError as error:
        yield Finding("TEMPLATE_DEVIATION", "error", error.problems[0].message, ids, place)
        return
    held = {term.id: term for term in contract.version.terms}
    for term in agreed:
        differing = sorted(_fields(term, held[term.id])) if term.id in held else ["the whole term"]
        if differing:
            yield Finding(
                "TEMPLATE_DEVIATION",
                "warning",
                f"{contract.version.agreement}/{term.id} is not as {template.id} has it: "
                f"{', '.join(differing)}",
                ids,
                f"{place}.terms[{term.id}]",
            )
    for name in missing_sections(contract, template.sections):
        yield Finding(
            "INCOMPLETE",
            "warning",
            f"{contract.version.agreement} lacks the section on {name}",
            ids,
            place,
        )


def _given(use: TemplateUse | None) -> dict[str, str]:
    return {one.parameter: one.value for one in use.arguments} if use else {}


def _fields(one: Term, other: Term) -> Iterator[str]:
    for field in dataclasses.fields(Term):
        if getattr(one, field.name) != getattr(other, field.name):
            yield field.name


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What a newer template makes of an agreement: its new terms, the fields that change, as
    (term, field), and why it cannot be upgraded, where it cannot."""

    agreement: str
    terms: tuple[Term, ...] = ()
    deltas: tuple[tuple[str, str], ...] = ()
    refused: str = ""


def upgrades(contracts: Iterable[Contract], newer: Template) -> tuple[Upgrade, ...]:
    """The upgrade of every agreement made from an older version of a template, in their order.

    Nothing is changed by it. A term that an instance has besides those of the template stays.
    """
    found = []
    for contract in contracts:
        use = contract.provisions.template
        if use is None or use.template != newer.id or use.number >= newer.number:
            continue
        found.append(_upgrade(contract, use, newer))
    return tuple(found)


def _upgrade(contract: Contract, use: TemplateUse, newer: Template) -> Upgrade:
    names = {parameter.name for parameter in newer.parameters}
    given = {name: value for name, value in _given(use).items() if name in names}
    held = {term.id: term for term in contract.version.terms}
    try:
        made = {term.id: term for term in instance(newer, given)}
    except OrchestratorError as error:
        return Upgrade(contract.version.agreement, refused=error.problems[0].code)
    deltas = []
    for id, term in made.items():
        changed = _fields(held[id], term) if id in held else iter(("added",))
        deltas += [(id, name) for name in changed]
    return Upgrade(contract.version.agreement, tuple((held | made).values()), tuple(deltas))
