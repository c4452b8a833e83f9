"""The life of an agreement's version: one table of states and legal moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.model.agreements import STATES

BOTH: Final = frozenset(("provider", "customer"))
_PROVIDER: Final = frozenset(("provider",))


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the table: the event, the states it may happen in, the state it leads to.

    Only a party in one of the roles `by` may make it, and only where all `guards` (named in
    `engine.lifecycle.GUARDS`) hold.
    """

    event: str
    sources: tuple[str, ...]
    target: str
    by: frozenset[str] = BOTH
    guards: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert {*self.sources, self.target} <= set(STATES)


MOVES: Final[dict[str, Move]] = {
    row.event: row
    for row in (
        Move("propose", ("draft",), "negotiating"),
        Move("withdraw", ("negotiating", "shadow"), "draft"),
        Move("shadow", ("draft", "negotiating"), "shadow", _PROVIDER),
        Move("negotiate", ("shadow",), "negotiating"),
        Move(
            "agree",
            ("negotiating", "shadow"),
            "agreed",
            guards=("accepted", "proven", "underpinned"),
        ),
        Move("reopen", ("agreed",), "negotiating", guards=("not_begun",)),
        Move("begin", ("agreed",), "in_force", guards=("accepted", "begun")),
        Move("suspend", ("in_force",), "suspended"),
        Move("resume", ("suspended",), "in_force", guards=("not_ended",)),
        Move("amend", ("in_force", "suspended"), "amended", guards=("succeeded",)),
        Move("expire", ("in_force", "suspended"), "expired", guards=("ended",)),
        Move("terminate", ("in_force", "suspended"), "terminated", guards=("noticed",)),
        Move(
            "rescind",
            ("in_force", "suspended"),
            "terminated",
            guards=("reasoned",),
        ),
        Move("abandon", ("draft", "negotiating", "shadow", "agreed"), "terminated"),
    )
}
"""Every legal move; what is not here is refused."""

UNSIGNED: Final = frozenset(("draft", "negotiating", "shadow"))
"""States in which the text may still change."""

RUNNING: Final = frozenset(("in_force", "suspended"))
"""States that last for a stretch of time: leaving one cuts the effective span there."""

FINAL_STATES: Final = tuple(
    state for state in STATES if not any(state in move.sources for move in MOVES.values())
)
"""States that no move leads out of."""


def moves_from(state: str) -> tuple[Move, ...]:
    """The moves that may be made in a state, in the order of the table."""
    return tuple(move for move in MOVES.values() if state in move.sources)
