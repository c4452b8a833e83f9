"""Translation rules: what an application-level term asks of the resources beneath it.

Formulas are trees of exact rationals; `formats.formulas` reads them from text, and
`engine.translate` evaluates them and shows which way they run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from orchestrator.errors import refuse
from orchestrator.model.records import Finding
from orchestrator.model.values import format_exact


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operation on parts: a row of `engine.translate.OPERATIONS`."""

    operation: str
    parts: tuple[Formula, ...]


Formula = Number | Name | Call


def names_in(formula: Formula) -> Iterator[str]:
    """The names in a formula, as often as they occur."""
    if isinstance(formula, Name):
        yield formula.id
    elif isinstance(formula, Call):
        for part in formula.parts:
            yield from names_in(part)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that the term is stated with: what it is (`value`), the range and the steps in
    which it may be, and whether more of it asks for more of the resources or for less."""

    id: str
    value: Fraction
    low: Fraction
    high: Fraction
    step: Fraction = Fraction(1)
    unit: str = ""
    asks_more: bool = True

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise refuse("OUT_OF_RANGE", f"the range of {self.id} ends before it starts", "swap it")
        self.check(self.value)

    def check(self, value: Fraction) -> None:
        """Refuse a value out of range."""
        if not self.low <= value <= self.high:
            raise refuse(
                "OUT_OF_RANGE",
                f"{self.id} is {format_exact(value)}, outside {format_exact(self.low)} to "
                f"{format_exact(self.high)}",
                "the formulas are shown to hold within the range alone: widen it, or correct it",
            )

    def check_step(self, value: Fraction) -> None:
        """Refuse a value between two steps, counted from the easy end of the range."""
        easy = self.low if self.asks_more else self.high
        if (value - easy) % self.step:
            raise refuse(
                "OUT_OF_RANGE",
                f"{self.id} is {format_exact(value)}, and goes in steps of "
                f"{format_exact(self.step)} from {format_exact(easy)}",
                "use a value that is a whole number of steps from there",
            )


@dataclass(frozen=True, slots=True)
class Committed:
    """What is committed of a resource: a term of an agreement."""

    agreement: str
    term: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """A resource, how much of it the term takes, and what is committed of it, as a number or as
    the target of a term. `at_most`: less of it is better, as of a latency."""

    id: str
    formula: Formula
    unit: str = ""
    at_most: bool = False
    committed: Fraction | Committed | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """From one application-level term to the resources that it takes."""

    id: str
    parameters: tuple[Parameter, ...]
    requires: tuple[Requirement, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """The rules of one document."""

    rules: tuple[Rule, ...]


# --- results -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Required:
    """A resource: how much the term takes, what is committed (None: nothing is said), and how much
    is missing."""

    id: str
    unit: str
    at_most: bool
    needed: Fraction
    committed: Fraction | None
    missing: Fraction


@dataclass(frozen=True, slots=True)
class Held:
    """The most that a parameter asks for within what is committed, the others as they are; None
    where not even the least of it is."""

    parameter: str
    unit: str
    value: Fraction
    reached: Fraction | None
    asks_more: bool


@dataclass(frozen=True, slots=True)
class Translated:
    """One rule forwards (what is required) and back (what holds)."""

    rule: str
    required: tuple[Required, ...]
    held: tuple[Held, ...]
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether everything that is committed suffices."""
        return not self.findings
