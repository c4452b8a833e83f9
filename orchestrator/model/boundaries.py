"""Where one party's work ends and another's begins: demarcation, assumptions, hand-offs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.lapses import AT_ONCE, Lapse
from orchestrator.model.values import ALWAYS, Span

SIDES: Final = ("near", "point", "far")
"""Where an event lies: on the side of the service that requires, on the point itself, beyond."""


@dataclass(frozen=True, slots=True)
class Demarcation:
    """The line on an edge from a service to what it requires.

    `near` answers on the side of `service`, `far` on that of `requires`; an event exactly at the
    `point` is the `owner`'s, one of the two.
    """

    service: str
    requires: str
    point: str
    near: str
    far: str
    owner: str

    def __post_init__(self) -> None:
        if self.owner not in (self.near, self.far):
            raise refuse(
                "BAD_DEMARCATION",
                f"{self.owner!r} stands on neither side of {self.point!r}",
                f"the point belongs to {self.near} or to {self.far}",
            )

    def answers(self, side: str) -> str:
        """The party that answers for an event on a side (`SIDES`)."""
        return {"near": self.near, "point": self.owner, "far": self.far}[side]


ASSUMPTION_EFFECTS: Final = ("relief", "none")


@dataclass(frozen=True, slots=True)
class Assumption:
    """What the promise takes for granted, while it is `valid`.

    Where `party` lets it be violated, the effect `relief` proposes relief for the time; nothing
    is ever excused by itself.
    """

    id: str
    statement: str
    party: str
    valid: Span = ALWAYS
    effect: str = "relief"

    def __post_init__(self) -> None:
        if self.effect not in ASSUMPTION_EFFECTS:
            raise refuse(
                "BAD_CHOICE",
                f"{self.effect!r} is not an effect of a violated assumption",
                f"use one of {', '.join(ASSUMPTION_EFFECTS)}",
            )


@dataclass(frozen=True, slots=True)
class Handoff:
    """How one party passes work to another: within what time, by which channel, with what data.

    The limit counts on the calendar `hours` from when the giver gets the work until the taker
    has it.
    """

    id: str
    giver: str
    taker: str
    within: Lapse = AT_ONCE
    hours: str = ROUND_THE_CLOCK
    data: tuple[str, ...] = ()
    channel: str = ""

    def __post_init__(self) -> None:
        if self.giver == self.taker:
            raise refuse(
                "SAME_PARTY",
                f"{self.giver!r} cannot hand {self.id!r} over to itself",
                "name another party as the taker",
            )
