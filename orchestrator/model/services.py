"""Services and what they require."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from orchestrator.errors import refuse
from orchestrator.model.flows import Flow
from orchestrator.model.values import Kept


@dataclass(frozen=True, slots=True)
class Needs:
    """One service is needed. `visits` is how often a request of the dependent uses it."""

    service: str
    visits: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part is needed."""

    parts: tuple[Expression, ...]
    visits: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        if not self.parts:
            raise refuse("EMPTY_GROUP", "`all` has no parts", "name at least one part")


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least `k` of the parts are needed; `any` is k = 1.

    `beta` is the declared common-cause share of a redundant group, between 0 and 1.
    """

    k: int
    parts: tuple[Expression, ...]
    beta: Fraction | None = None
    visits: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        if not self.parts:
            raise refuse("EMPTY_GROUP", "the group has no parts", "name at least one part")
        if not 1 <= self.k <= len(self.parts):
            raise refuse(
                "K_OUT_OF_RANGE",
                f"at least {self.k} of {len(self.parts)} parts cannot be required",
                f"use a whole number from 1 to {len(self.parts)}",
            )
        if self.beta is not None and not 0 <= self.beta <= 1:
            raise refuse("BETA_OUT_OF_RANGE", f"beta {self.beta} is not a share", "use 0 to 1")


Expression = Needs | AllOf | AtLeast


def mentioned(expression: Expression | None) -> Iterator[str]:
    """The services an expression names, in the order written, repeated as written."""
    stack = [expression] if expression is not None else []
    while stack:
        part = stack.pop()
        if isinstance(part, Needs):
            yield part.service
        else:
            stack.extend(reversed(part.parts))


@dataclass(frozen=True, slots=True)
class Service:
    """An IT service or a component of one.

    A service with an owner has a part of its own, the owner's work in it, unless `own` is false.
    `recover_after` names what has to be back before it can be restored (None: what it requires),
    `crews` how many may be restored at once beneath it (0: as many as there are).
    """

    id: str
    name: str = ""
    owner: str = ""
    own: bool = True
    requires: Expression | None = None
    flows: tuple[Flow, ...] = ()
    recover_after: tuple[str, ...] | None = None
    crews: int = 0
    kept: Kept = ()

    @property
    def has_own_part(self) -> bool:
        return bool(self.owner) and self.own
