"""Templates: agreements with places left open, and what may stand there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.agreements import KINDS, Term
from orchestrator.model.metrics import Lasting, Within
from orchestrator.model.values import Duration, parse_duration, parse_ratio

Value = Fraction | Duration | str

PARAMETER_KINDS: Final[dict[str, Callable[[str], Value]]] = {
    "ratio": parse_ratio,
    "duration": parse_duration,
    "word": str,
}
"""How the text of a value is read, by the kind of parameter."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A place left open, with what may stand there.

    `low` and `high` are included, both as written ("" for no limit); a word is one of `words`
    where any are given. Without a `default` each instance has to give a value.
    """

    name: str
    kind: str = "ratio"
    low: str = ""
    high: str = ""
    words: tuple[str, ...] = ()
    default: str = ""

    def __post_init__(self) -> None:
        if self.kind not in PARAMETER_KINDS:
            raise refuse(
                "BAD_CHOICE",
                f"{self.kind!r} is not a kind of parameter",
                f"use one of {', '.join(PARAMETER_KINDS)}",
            )
        for text in (self.low, self.high):
            if text:
                PARAMETER_KINDS[self.kind](text)
        if self.default:
            self.value(self.default)

    def value(self, text: str) -> Value:
        """What a text stands for here, or a refusal where it is outside the range."""
        read = PARAMETER_KINDS[self.kind]
        value = read(text)
        outside = bool(self.words) and value not in self.words
        if not isinstance(value, str):
            low, high = read(self.low or text), read(self.high or text)
            assert not isinstance(low, str)
            assert not isinstance(high, str)
            outside = not low <= value <= high
        if outside:
            allowed = ", ".join(self.words) or f"from {self.low or '...'} to {self.high or '...'}"
            raise refuse(
                "PARAMETER_OUT_OF_RANGE",
                f"{text!r} is outside the range of {self.name!r}",
                f"use {allowed}",
            )
        return value


def _share(term: Term, value: Value) -> Term:
    assert isinstance(value, Fraction)
    if isinstance(term.target, Within):
        return replace(term, target=replace(term.target, share=value))
    return replace(term, target=value)


def _within(term: Term, value: Value) -> Term:
    assert isinstance(value, int)
    if isinstance(term.target, Within):
        return replace(term, target=replace(term.target, duration=value, business_days=0))
    return replace(term, target=Lasting(value))


def _hours(term: Term, value: Value) -> Term:
    assert isinstance(value, str)
    return replace(term, hours=value)


@dataclass(frozen=True, slots=True)
class Filling:
    """What a value may fill: the kind of parameter it takes, and how it is put in."""

    kind: str
    put: Callable[[Term, Value], Term]


FILLINGS: Final[dict[str, Filling]] = {
    "target": Filling("ratio", _share),
    "within": Filling("duration", _within),
    "hours": Filling("word", _hours),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the value of a parameter goes: into what of which term."""

    term: str
    fills: str
    parameter: str


SECTIONS: Final[dict[str, str]] = {
    "services": "the services",
    "parties": "roles beyond the two parties",
    "levels": "service levels",
    "hours": "service hours",
    "measurement": "measurement",
    "remedies": "remedies",
    "fees": "fees",
    "exclusions": "exclusions",
    "maintenance": "maintenance",
    "duties": "duties of the customer",
    "priorities": "priorities",
    "demarcation": "demarcation",
    "assumptions": "assumptions",
    "escalation": "escalation",
    "reviews": "reviews",
    "documents": "documents",
    "glossary": "the glossary",
    "termination": "termination with notice",
    "survival": "what survives its end",
    "liability": "liability",
}
"""What an agreement may be asked to have, and how it is called; whether it has it is told by
`engine.completeness`."""


@dataclass(frozen=True, slots=True)
class Template:
    """An agreement with places left open. Each instance has to have the `sections`."""

    id: str
    number: int
    kind: str
    terms: tuple[Term, ...]
    parameters: tuple[Parameter, ...] = ()
    slots: tuple[Slot, ...] = ()
    sections: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise refuse(
                "BAD_CHOICE", f"{self.kind!r} is no kind of agreement", f"use {', '.join(KINDS)}"
            )
        for section in self.sections:
            if section not in SECTIONS:
                raise refuse(
                    "BAD_CHOICE",
                    f"{section!r} is no section of an agreement",
                    f"use {', '.join(SECTIONS)}",
                )
        kinds = {parameter.name: parameter.kind for parameter in self.parameters}
        terms = {term.id for term in self.terms}
        for slot in self.slots:
            if slot.term not in terms:
                raise self._dangling("term", slot.term)
            if slot.parameter not in kinds:
                raise self._dangling("parameter", slot.parameter)
            if slot.fills not in FILLINGS or FILLINGS[slot.fills].kind != kinds[slot.parameter]:
                raise refuse(
                    "BAD_SLOT",
                    f"{slot.parameter!r} cannot fill the {slot.fills} of {slot.term!r}",
                    "fill a target with a ratio, a `within` with a duration, hours with a word",
                )

    def _dangling(self, what: str, name: str) -> OrchestratorError:
        return refuse(
            "UNKNOWN_REFERENCE",
            f"the template {self.id!r} has no {what} {name!r}",
            f"declare the {what}, or correct the slot",
        )
