"""What an allocation comes to: targets beneath, by what is promised above."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from orchestrator.model.derivations import WitnessOutage
from orchestrator.model.records import Finding, TermKey


@dataclass(frozen=True, slots=True)
class Allotment:
    """What a term beneath has to promise: `after`, stated to some digits, is never below `exact`.

    `factor` is what its budget is multiplied with, `because` the promise that asks most of it.
    """

    agreement: str
    term: str
    before: Fraction
    after: Fraction
    exact: Fraction
    factor: Fraction
    because: TermKey


@dataclass(frozen=True, slots=True)
class Reached:
    """A promise with its target and its floor before and after; `factor` is what it needs the
    negotiable budgets beneath to be multiplied with, None where nothing would do, and `blocking`
    then the sets of parts that alone fail too long, longest first, with their share of time."""

    key: TermKey
    target: Fraction
    before: Fraction
    after: Fraction
    kept: bool
    factor: Fraction | None
    blocking: tuple[WitnessOutage, ...] = ()


@dataclass(frozen=True, slots=True)
class Allocation:
    """An allocation: terms by place, promises by key, and what stands in the way."""

    allotments: tuple[Allotment, ...]
    goals: tuple[Reached, ...]
    findings: tuple[Finding, ...]

    @property
    def feasible(self) -> bool:
        """Whether every promise is met, re-checked with the targets as stated."""
        return all(goal.kept for goal in self.goals)
