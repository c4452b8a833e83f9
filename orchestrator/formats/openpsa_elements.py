"""What a fault tree of the Open-PSA Model Exchange Format is made of.

Which element may stand where, and what it comes to, is a row of a table.

Format: Open-PSA Model Exchange Format 2.0, sections "Fault Tree Layer" and "Stochastic Layer".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: its line, and the elements it stands in."""

    line: int
    path: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An event named in a formula; `kind` is empty where the format leaves it open."""

    kind: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Combination:
    """At least `k` of some parts are down; a constant has none, and k is 0 (down) or 1 (up)."""

    k: int
    parts: tuple[Operand, ...]


Operand = Reference | Combination


@dataclass(frozen=True, slots=True)
class Declaration:
    """A gate, basic event or house event, and what it is; None where that is left for later."""

    kind: str
    name: str
    container: tuple[str, ...]
    public: bool
    value: Operand | Fraction | None
    place: Place

    @property
    def full_name(self) -> str:
        """The name with the fault tree and the components it is declared in."""
        return ".".join((*self.container, self.name))


@dataclass(slots=True)
class Open:
    """An element whose end is yet to come; `made` is what the elements inside it came to."""

    tag: str
    attributes: Mapping[str, str]
    place: Place
    public: bool
    made: list[Operand | Fraction] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.attributes["name"]


@dataclass(frozen=True, slots=True)
class Element:
    """A row of what may stand where: in which elements, with which attributes, holding at most
    how many values, and what it comes to."""

    inside: frozenset[str]
    needed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    least: int = 0
    most: int | None = 0
    value: Callable[[Open], Operand | Fraction] | None = None


class WrongValueError(Exception):
    """What is wrong with a value, before its place is known."""

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.code, self.message, self.advice = code, message, advice


# --- values --------------------------------------------------------------------------------------

# Exponents are bounded: as an exact fraction, 1e-999999999 would have a billion digits.
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}


def _probability(found: Open) -> Fraction:
    text = found.attributes["value"].strip()
    if not _DECIMAL.fullmatch(text):
        raise WrongValueError(
            "BAD_NUMBER", f"{text[:40]!r} is not a number", "write it like 0.001 or 1e-3"
        )
    number = Fraction(text)
    if not 0 <= number <= 1:
        raise WrongValueError(
            "OUT_OF_RANGE", f"a probability of {text[:40]} is none", "give one from 0 to 1"
        )
    return number


def _flag(found: Open) -> bool:
    text = found.attributes["value"].strip()
    if text not in _FLAGS:
        raise WrongValueError(
            "BAD_CHOICE", f"{text[:40]!r} is neither true nor false", "write true"
        )
    return _FLAGS[text]


def _constant(found: Open) -> Combination:
    return Combination(0 if _flag(found) else 1, ())


def _certain(found: Open) -> Fraction:
    return Fraction(_flag(found))


def _reference(found: Open) -> Reference:
    kind = found.attributes.get("type", "") if found.tag == "event" else found.tag
    return Reference(kind, found.name, found.place)


def _operands(found: Open) -> tuple[Operand, ...]:
    return tuple(one for one in found.made if not isinstance(one, Fraction))


def _every(found: Open) -> Combination:
    return Combination(len(found.made), _operands(found))


def _any(found: Open) -> Combination:
    return Combination(1, _operands(found))


def _at_least(found: Open) -> Combination:
    text = found.attributes["min"].strip()
    if not re.fullmatch(r"\+?[0-9]{1,9}", text):
        raise WrongValueError(
            "BAD_NUMBER", f"{text[:40]!r} is not a whole number", "write it like 2"
        )
    if not 1 <= int(text) <= len(found.made):
        raise WrongValueError(
            "K_OUT_OF_RANGE",
            f"at least {int(text)} of {len(found.made)} is not possible, or always true",
            "min counts parts that are down",
        )
    return Combination(int(text), _operands(found))


# --- what may stand where ------------------------------------------------------------------------

CONTAINERS: Final = frozenset({"define-fault-tree", "define-component"})
_EVENTS: Final = CONTAINERS | {"model-data"}
_FORMULAS: Final = frozenset({"define-gate", "and", "or", "atleast", "vote"})
_ROLE: Final = ("role",)
_NAME: Final = ("name",)
_VALUE: Final = ("value",)

ELEMENTS: Final[Mapping[str, Element]] = {
    "opsa-mef": Element(frozenset({""}), (), _NAME),
    "model-data": Element(frozenset({"opsa-mef"})),
    "define-fault-tree": Element(frozenset({"opsa-mef"}), _NAME),
    "define-component": Element(CONTAINERS, _NAME, _ROLE),
    "define-gate": Element(CONTAINERS, _NAME, _ROLE, 1, 1),
    "define-basic-event": Element(_EVENTS, _NAME, _ROLE, 0, 1),
    "define-house-event": Element(_EVENTS, _NAME, _ROLE, 0, 1),
    "and": Element(_FORMULAS, (), (), 1, None, _every),
    "or": Element(_FORMULAS, (), (), 1, None, _any),
    "atleast": Element(_FORMULAS, ("min",), (), 1, None, _at_least),
    "vote": Element(_FORMULAS, ("min",), (), 1, None, _at_least),
    "event": Element(_FORMULAS, _NAME, ("type",), value=_reference),
    "gate": Element(_FORMULAS, _NAME, value=_reference),
    "basic-event": Element(_FORMULAS, _NAME, value=_reference),
    "house-event": Element(_FORMULAS, _NAME, value=_reference),
    "constant": Element(_FORMULAS | {"define-house-event"}, _VALUE, value=_constant),
    "float": Element(frozenset({"define-basic-event"}), _VALUE, value=_probability),
    "int": Element(frozenset({"define-basic-event"}), _VALUE, value=_probability),
    "bool": Element(frozenset({"define-basic-event"}), _VALUE, value=_certain),
}
DECLARES: Final = {
    "define-gate": "gate",
    "define-basic-event": "basic-event",
    "define-house-event": "house-event",
}
REMARKS: Final = frozenset({"label", "attributes"})
NEGATIVE: Final = frozenset("not xor nand nor iff imply cardinality".split())
CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "role": ("public", "private"),
    "type": ("gate", "basic-event", "house-event"),
}
