"""What a version binds its parties to, as one hash; and whether they accepted just that.

The hash is the SHA-256 of canonical JSON: keys sorted, fields that have their default left out (so
a later field with a default changes no hash). It covers what binds: not the state, not who
accepted, not what a party keeps to itself, not what happened since.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

from orchestrator.model.agreements import Acceptance, Term, Version
from orchestrator.model.contracts import Contract
from orchestrator.model.provisions import Provisions
from orchestrator.model.schedule import Review
from orchestrator.model.values import FOREVER, Instant, Span

NOT_BINDING: Final[dict[type, frozenset[str]]] = {
    Version: frozenset(("state", "acceptances", "effective", "provisions")),
    Term: frozenset(("internal_target", "provenance")),
    Provisions: frozenset(
        ("meetings", "goals", "gate", "overrides", "template", "agreed", "continues")
    ),
    Review: frozenset(("held",)),
}
"""The fields that the parties do not agree upon, or that stand in the hash under another name."""


def content_hash(contract: Contract, end: Instant | None = None) -> str:
    """The SHA-256 of what a version binds to, in hexadecimal.

    The effective span is the one that was agreed; `end` puts another end to it.
    """
    span = contract.provisions.agreed or contract.version.effective
    value = {
        "version": _plain(dataclasses.replace(contract.version, number=contract.number)),
        "provisions": _plain(contract.provisions),
        "effective": [span.start, span.end if end is None else end],
    }
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A value as what JSON knows; numbers stay exact."""
    match value:
        case None | bool() | int() | str():
            return value
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(one) for one in value]
    assert dataclasses.is_dataclass(value), f"no canonical form of {value!r}"
    left_out = NOT_BINDING.get(type(value), frozenset())
    plain: dict[str, Any] = {"is": type(value).__name__}
    for field in dataclasses.fields(value):
        held = getattr(value, field.name)
        if field.name == "kept":  # what is kept with an `x-` key is a note, and no part of it
            held = tuple(pair for pair in held if not pair[0].startswith("x-"))
        if field.name not in left_out and held != _default(field):
            plain[field.name] = _plain(held)
    return plain


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def hashes(contract: Contract) -> frozenset[str]:
    """The hashes under which a version may have been accepted: with its end, or without one, since
    the next version or a termination may have brought the end forward."""
    return frozenset((content_hash(contract), content_hash(contract, FOREVER)))


def accepts(contract: Contract, acceptance: Acceptance) -> bool:
    """Whether an acceptance is one of this very version: by its hash, never by its number."""
    return acceptance.content in hashes(contract)


def accepted_by(contract: Contract) -> frozenset[str]:
    """The parties that accepted this very version."""
    if not contract.version.acceptances:
        return frozenset()
    valid = hashes(contract)
    return frozenset(one.party for one in contract.version.acceptances if one.content in valid)


def missing_acceptances(contract: Contract) -> tuple[str, ...]:
    """The bound parties whose acceptance of this very version is not recorded."""
    there = accepted_by(contract)
    return tuple(party for party in contract.bound if party not in there)


def accept(contract: Contract, party: str, at: Instant) -> Contract:
    """The contract with a party's acceptance of it; a repeated one adds nothing."""
    if party in accepted_by(contract):
        return contract
    version = contract.version
    acceptance = Acceptance(party, at, content_hash(contract))
    accepted = dataclasses.replace(version, acceptances=(*version.acceptances, acceptance))
    return dataclasses.replace(contract, version=accepted)


def binding(contract: Contract) -> bool:
    """Whether it binds by what is recorded: in force, and accepted by every bound party.

    A document's `state: in_force` is taken as agreed instead; this is the stricter question.
    """
    return contract.version.binds and not missing_acceptances(contract)


def binding_terms(contract: Contract) -> Sequence[Term]:
    """The terms that bind by what is recorded: all or none, as acceptance is of the version. The
    others may be evaluated in shadow, and bring no credits."""
    return contract.version.terms if binding(contract) else ()


def as_agreed(contract: Contract) -> Span:
    """The effective span that was agreed, before anything cut it."""
    return contract.provisions.agreed or contract.version.effective
