"""How a slice of downtime is shared among the parts that are down in it (rules 4, 5 and 7).

Each policy is a row of `POLICIES`. Players are leaves; shares are exact fractions. What is shared
is a game: which sets of players, once they have failed, bring the whole down (`engine.games`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine import diagram, games
from orchestrator.engine.components import Bits, Components, Node
from orchestrator.engine.games import Game
from orchestrator.errors import refuse
from orchestrator.model.agreements import Policies
from orchestrator.model.values import Instant

Shares = Mapping[int, Fraction]
Games = Callable[[Bits, Bits], Game | bool]
"""The game in which some leaves fail, others having failed already (`games.game`)."""
Onset = Callable[[int], Instant]
"""When a leaf, by number, went down for the time at hand."""

CUTS: Final = 20_000
"""A slice with more active cuts than this is refused by `equal_per_cut`, never cut short."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What a slice comes to: how much of it counts, and who caused what counts."""

    counted: Fraction
    shares: Shares
    redundancy_lost: bool = False


IDLE: Final = Slice(Fraction(0), {})
ONE: Final = Fraction(1)


def judge(game: Games, excused: Bits, unexcused: Bits, policies: Policies, onset: Onset) -> Slice:
    """A slice in which some leaves are down, excused or not (rule 5).

    Counted if what is not excused would have sufficed; excused if only what is excused would; a
    mixed cut counts and falls to those not excused, as if the excused were already down.
    """

    def shares(game: Game | bool) -> Shares:
        return {} if isinstance(game, bool) else POLICIES[policies.shares](game, onset)

    by_unexcused = game(unexcused, 0)
    by_excused = bool(excused) and bool(game(excused, 0))
    if not by_unexcused and not by_excused:
        mixed = bool(excused) and game(unexcused, excused)
        return Slice(ONE, shares(mixed), redundancy_lost=True) if mixed else IDLE
    if by_excused and (policies.excuses == "excuse_wins" or not by_unexcused):
        return IDLE
    if by_excused and policies.excuses == "apportion":
        everyone = shares(game(excused | unexcused, 0))
        part = {leaf: share for leaf, share in everyone.items() if unexcused >> leaf & 1}
        counted = min(sum(part.values(), Fraction(0)), ONE)
        if not counted:
            return IDLE
        return Slice(counted, {leaf: share / counted for leaf, share in part.items()})
    return Slice(ONE, shares(by_unexcused))


def share_out(
    components: Components, node: Node, players: Bits, down: Bits, policy: str, onset: Onset
) -> Shares:
    """Each player's share where the players together bring a node down, others being `down`
    already, or up; nobody's where it would not come down, or is down without them."""
    game = games.game(components, node, players, down)
    return {} if isinstance(game, bool) else POLICIES[policy](game, onset)


# --- policies ------------------------------------------------------------------------------------


def shapley(game: Game, _: Onset) -> Shares:
    """Shapley's value of the game "these have failed" (Shapley 1953)."""
    return games.shapley(game)


def equal_per_cut(game: Game, _: Onset) -> Shares:
    """Every active cut weighs the same, and its members share it evenly."""
    made = games.diagram_of(game)
    cuts, complete = diagram.minimal_cuts(made, len(made.leaves), CUTS)
    if not complete:
        raise refuse(
            "TOO_MANY_CUTS",
            f"more than {CUTS:,} sets of parts each suffice for one failure, too many to list",
            "choose another policy than equal_per_cut",
        )
    shares: dict[int, Fraction] = {}
    for cut in cuts:
        for leaf in cut:
            shares[leaf] = shares.get(leaf, Fraction(0)) + Fraction(1, len(cuts) * len(cut))
    return dict(sorted(shares.items()))


def first_cause(game: Game, onset: Onset) -> Shares:
    """All to the necessary part that failed first; evenly where several did."""
    players = sorted(games.diagram_of(game).relevant)
    first = min(map(onset, players))
    return _evenly([leaf for leaf in players if onset(leaf) == first])


def last_straw(game: Game, onset: Onset) -> Shares:
    """All to the part whose failure, in the order of failing, brought the whole down; of several
    that failed at that instant, to those without which it had not, or evenly to those with a part
    in it."""
    made = games.diagram_of(game)
    players = sorted(made.relevant)
    down: set[int] = set()
    for instant in sorted({onset(leaf) for leaf in players}):
        arriving = {leaf for leaf in players if onset(leaf) == instant}
        down |= arriving
        if diagram.is_down(made, down):
            needed = [leaf for leaf in arriving if not diagram.is_down(made, down - {leaf})]
            return _evenly(sorted(needed or arriving & _involved(made, down)))
    raise AssertionError("a slice that is not down has no last straw")


def _involved(game: diagram.Diagram, down: set[int]) -> set[int]:
    """The leaves in some minimal cut among those that are down."""
    half = diagram.birnbaum(game, lambda leaf: Fraction(leaf in down, 2), Fraction(0))
    return {leaf for leaf, importance in half.items() if importance}


def joint_and_several(game: Game, _: Onset) -> Shares:
    """Everyone necessary answers for all of it; recovery is capped at the loss elsewhere."""
    return dict.fromkeys(sorted(games.diagram_of(game).relevant), ONE)


POLICIES: Final[Mapping[str, Callable[[Game, Onset], Shares]]] = {
    "shapley": shapley,
    "equal_per_cut": equal_per_cut,
    "first_cause": first_cause,
    "last_straw": last_straw,
    "joint_and_several": joint_and_several,
}


def _evenly(leaves: Sequence[int]) -> Shares:
    return dict.fromkeys(leaves, Fraction(1, len(leaves)))
