"""Flows: how work passes through the parties, which the dependency graph does not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from orchestrator.errors import refuse

BAD_FLOW = "BAD_FLOW"


@dataclass(frozen=True, slots=True)
class Stage:
    """One party's commitment: a term of an agreement. With no term named it is the agreement's
    only one of the flow's metric and priority."""

    agreement: str
    term: str = ""

    def __str__(self) -> str:
        return f"{self.agreement}/{self.term}" if self.term else self.agreement


@dataclass(frozen=True, slots=True)
class InSequence:
    """One step after another."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class InParallel:
    """All steps at once; done when the last is."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        _check_some(self.steps, "parallel")


@dataclass(frozen=True, slots=True)
class FirstOf:
    """All steps at once; done when the first is."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        _check_some(self.steps, "first")


@dataclass(frozen=True, slots=True)
class Branch:
    """The share of the cases that takes a step."""

    share: Fraction
    step: Step

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise refuse(
                BAD_FLOW,
                f"a branch cannot be taken by {float(self.share):.10g} of the cases",
                "use a share above 0 and at most 1, and leave out a branch that nothing takes",
            )


@dataclass(frozen=True, slots=True)
class OneOfBranches:
    """Each case takes one of the branches; their shares make up 1."""

    branches: tuple[Branch, ...]

    def __post_init__(self) -> None:
        _check_some(self.branches, "choice")
        total = sum((branch.share for branch in self.branches), Fraction(0))
        if total != 1:
            raise refuse(
                BAD_FLOW,
                f"the shares of the branches make up {float(total):.10g}",
                "make them up to 1; an empty sequence is a branch without work",
            )


@dataclass(frozen=True, slots=True)
class Repeated:
    """A step that is gone through at most so many times."""

    times: int
    step: Step

    def __post_init__(self) -> None:
        if self.times < 1:
            raise refuse(BAD_FLOW, f"a loop of {self.times} times", "use 1 or more")


def _check_some(steps: Sequence[object], word: str) -> None:
    if not steps:
        raise refuse("EMPTY_GROUP", f"`{word}` has no steps", "name at least one step")


Step = Stage | InSequence | InParallel | FirstOf | OneOfBranches | Repeated


@dataclass(frozen=True, slots=True)
class Flow:
    """How the cases of one metric are worked on; of one priority alone, if it names one."""

    metric: str
    step: Step
    priority: str = ""


def steps_of(step: Step) -> tuple[Step, ...]:
    """The steps a step is made of."""
    match step:
        case Stage():
            return ()
        case Repeated():
            return (step.step,)
        case OneOfBranches():
            return tuple(branch.step for branch in step.branches)
        case InSequence() | InParallel() | FirstOf():
            return step.steps


def stages(step: Step) -> Iterator[Stage]:
    """The stages of a flow in the order written, repeated as written."""
    stack = [step]
    while stack:
        current = stack.pop()
        if isinstance(current, Stage):
            yield current
        else:
            stack.extend(reversed(steps_of(current)))


def with_stages(step: Step, change: Callable[[Stage], Stage]) -> Step:
    """A flow with each of its stages changed."""
    match step:
        case Stage():
            return change(step)
        case Repeated():
            return replace(step, step=with_stages(step.step, change))
        case OneOfBranches():
            return OneOfBranches(
                tuple(
                    replace(branch, step=with_stages(branch.step, change))
                    for branch in step.branches
                )
            )
        case InSequence() | InParallel() | FirstOf():
            return replace(step, steps=tuple(with_stages(one, change) for one in step.steps))
