"""Claims for credits: one table of states and moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.records import TermKey
from orchestrator.model.values import AskedPeriod, Instant, Money, Span

CLAIM_STATES: Final = (
    "drafted",
    "submitted",
    "accepted",
    "disputed",
    "rejected",
    "lapsed",
    "settled",
)

CLAIMANT: Final = "claimant"
RESPONDENT: Final = "respondent"
NOBODY: Final = "nobody"
"""Who makes a move; nobody makes one that time makes."""


@dataclass(frozen=True, slots=True)
class ClaimMove:
    """A row of the table: the event, the states it may happen in, where it leads, who makes it.

    `guards` are named in `engine.claimed.GUARDS`; with `grants` the move says how much is granted.
    """

    event: str
    sources: tuple[str, ...]
    target: str
    by: str
    guards: tuple[str, ...] = ()
    grants: bool = False

    def __post_init__(self) -> None:
        assert {*self.sources, self.target} <= set(CLAIM_STATES)


CLAIM_MOVES: Final[dict[str, ClaimMove]] = {
    row.event: row
    for row in (
        ClaimMove("submit", ("drafted",), "submitted", CLAIMANT, ("in_time",)),
        ClaimMove("lapse", ("drafted",), "lapsed", NOBODY, ("too_late",)),
        ClaimMove(
            "accept",
            ("submitted", "disputed"),
            "accepted",
            RESPONDENT,
            ("within_claim",),
            grants=True,
        ),
        ClaimMove("dispute", ("submitted",), "disputed", RESPONDENT, ("reasoned",)),
        ClaimMove("reject", ("submitted", "disputed"), "rejected", RESPONDENT, ("reasoned",)),
        ClaimMove("contest", ("rejected",), "disputed", CLAIMANT, ("reasoned",)),
        ClaimMove("settle", ("accepted",), "settled", CLAIMANT),
    )
}
"""Every legal move; what is not here is refused."""

LOST: Final = frozenset(("lapsed", "rejected"))
"""States in which nothing comes back."""


@dataclass(frozen=True, slots=True)
class ClaimEvent:
    """A move that was made, for the record: by which party ("" where time makes it), why, and how
    much was granted by it (None: all that is claimed, where the move grants anything)."""

    event: str
    at: Instant
    by: str = ""
    reason: str = ""
    accepted: Money | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A credit asked for: by whom, of whom, for which term and period, by when.

    `money` is what is asked for, `accepted` what was granted of it. A submission at the `deadline`
    itself is in time. `evidence` are ids of facts.
    """

    key: TermKey
    period: Span
    claimant: str
    respondent: str
    money: Money
    drafted: Instant
    deadline: Instant
    state: str = "drafted"
    accepted: Money | None = None
    evidence: tuple[str, ...] = ()
    history: tuple[ClaimEvent, ...] = ()

    def __post_init__(self) -> None:
        if self.state not in CLAIM_STATES:
            raise refuse(
                "BAD_CHOICE",
                f"{self.state!r} is not a state of a claim",
                f"use one of {', '.join(CLAIM_STATES)}",
            )
        if self.claimant == self.respondent:
            raise refuse("SAME_PARTY", "nobody claims from itself", "name two parties")


@dataclass(frozen=True, slots=True)
class RecordedClaim:
    """What is on record of one claim: the moves that were made, in any order. `period` holds the
    end of exactly one period of the agreement."""

    agreement: str
    term: str
    service: str
    period: AskedPeriod
    moves: tuple[ClaimEvent, ...]


def overdue(claim: Claim, at: Instant) -> bool:
    """Whether a claim was not made by its deadline, which has passed."""
    return claim.state == "drafted" and at > claim.deadline


def claim_moves_from(state: str) -> tuple[ClaimMove, ...]:
    """The moves that may be made in a state, in the order of the table."""
    return tuple(move for move in CLAIM_MOVES.values() if state in move.sources)
