"""Duties: who stands in an agreement, what each owes the other, and what follows from lateness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.lapses import AT_ONCE, Lapse


@dataclass(frozen=True, slots=True)
class RoleKind:
    """A role in an agreement. Who `bound` has to accept a version before it binds."""

    id: str
    bound: bool


ROLES: Final[dict[str, RoleKind]] = {
    row.id: row
    for row in (
        RoleKind("provider", True),
        RoleKind("customer", True),
        RoleKind("subprovider", True),
        RoleKind("guarantor", True),
        RoleKind("auditor", False),
        RoleKind("third_party", False),
        RoleKind("beneficiary", False),
    )
}


@dataclass(frozen=True, slots=True)
class Effect:
    """What lateness with a duty does to the other side's clock.

    The clock pauses from the instant `pauses_from` names (`asked` or `due`, "" for not at all)
    until the answer; with `proposes`, relief for the time past due is proposed, never taken.
    """

    id: str
    pauses_from: str = ""
    proposes: bool = False


EFFECTS: Final[dict[str, Effect]] = {
    row.id: row
    for row in (
        Effect("none"),
        Effect("pause_all", pauses_from="asked"),
        Effect("lateness_only", pauses_from="due"),
        Effect("relief", proposes=True),
    )
}


@dataclass(frozen=True, slots=True)
class Obligation:
    """What one side owes the other, with its own clock: reciprocal agreements hold both ways.

    `category` is the kind of request it answers: a request outside the agreed categories has no
    effect. `within` counts on the calendar `hours` from the request. With `joint_and_several`
    each of the parties in `by` answers for all of it, otherwise each for its part.
    """

    id: str
    by: tuple[str, ...]
    to: tuple[str, ...]
    duty: str = ""
    category: str = ""
    within: Lapse = AT_ONCE
    hours: str = ROUND_THE_CLOCK
    effect: str = "none"
    evidence: bool = True
    joint_and_several: bool = False

    def __post_init__(self) -> None:
        if not self.by or not self.to:
            raise refuse(
                "EMPTY_LIST",
                f"the obligation {self.id!r} names nobody on one side",
                "name who owes it under `by` and to whom under `to`",
            )
        both = sorted(set(self.by) & set(self.to))
        if both:
            raise refuse(
                "SAME_PARTY",
                f"{both[0]!r} cannot owe {self.id!r} to itself",
                "name other parties under `to`",
            )
        if self.joint_and_several and len(set(self.by)) < 2:
            raise refuse(
                "NOT_JOINT",
                f"only {self.by[0]!r} owes {self.id!r}, so it is not joint",
                "name the other debtors under `by`, or leave `jointAndSeveral` out",
            )
        if self.effect not in EFFECTS:
            raise refuse(
                "BAD_CHOICE",
                f"{self.effect!r} is not an effect",
                f"use one of {', '.join(EFFECTS)}",
            )
