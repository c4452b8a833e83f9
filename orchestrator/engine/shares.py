"""How a slice of downtime is shared among the parts that are down in it (rules 4, 5 and 7).

Each policy is a row of `POLICIES`. Players are leaves; shares are exact fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.components import Bits, Components, Node
from orchestrator.engine.diagram import Diagram
from orchestrator.errors import refuse
from orchestrator.model.agreements import Policies
from orchestrator.model.values import Instant

Shares = Mapping[int, Fraction]
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


def judge(
    components: Components,
    node: Node,
    excused: Bits,
    unexcused: Bits,
    policies: Policies,
    onset: Onset,
) -> Slice:
    """A slice in which some leaves are down, excused or not (rule 5).

    Counted if what is not excused would have sufficed; excused if only what is excused would; a
    mixed cut counts and falls to those not excused, as if the excused were already down.
    """

    def shares(players: Bits, down: Bits = 0) -> Shares:
        return share_out(components, node, players, down, policies.shares, onset)

    by_unexcused = components.fails(node, unexcused)
    by_excused = components.fails(node, excused)
    if not by_unexcused and not by_excused:
        if not excused or not components.fails(node, excused | unexcused):
            return IDLE
        return Slice(ONE, shares(unexcused, excused), redundancy_lost=True)
    if by_excused and (policies.excuses == "excuse_wins" or not by_unexcused):
        return IDLE
    if by_excused and policies.excuses == "apportion":
        everyone = shares(excused | unexcused)
        part = {leaf: share for leaf, share in everyone.items() if unexcused >> leaf & 1}
        counted = min(sum(part.values(), Fraction(0)), ONE)
        if not counted:
            return IDLE
        return Slice(counted, {leaf: share / counted for leaf, share in part.items()})
    return Slice(ONE, shares(unexcused))


def share_out(
    components: Components, node: Node, players: Bits, down: Bits, policy: str, onset: Onset
) -> Shares:
    """Each player's share where the players together bring a node down, others being `down`
    already, or up."""
    failed = components.failed(players | down)
    # No gate that holds has a part in it.
    concerned = Node(node.leaves & players, node.gates & failed)
    game = diagram.build(components.formula(concerned, players, down))
    return POLICIES[policy](game, onset)


# --- policies ------------------------------------------------------------------------------------


def shapley(game: Diagram, _: Onset) -> Shares:
    """Shapley's value of the game "these have failed" (Shapley 1953).

    By Owen's multilinear extension (1972): the integral over p from 0 to 1 of Birnbaum's
    importance where every player fails with probability p. All polynomials have integer
    coefficients, so the value is exact, and its cost is that of the diagram, not of all subsets.
    """
    down: list[list[int]] = [[0], [1]]
    for _variable, if_down, if_up in game.nodes:
        down.append(_add(down[if_up], _shift(_subtract(down[if_down], down[if_up]))))
    reach: list[list[int]] = [[0]] * len(down)
    reach[game.root] = [1]
    importance: dict[int, list[int]] = {}
    for number in range(len(game.nodes) + 1, 1, -1):
        variable, if_down, if_up = game.nodes[number - 2]
        here = reach[number]
        moved = _shift(here)
        reach[if_down] = _add(reach[if_down], moved)
        reach[if_up] = _add(reach[if_up], _subtract(here, moved))
        gain = _multiply(here, _subtract(down[if_down], down[if_up]))
        importance[variable] = _add(importance.get(variable, [0]), gain)
    return {
        game.leaves[variable]: _integral(polynomial)
        for variable, polynomial in sorted(importance.items())
    }


def equal_per_cut(game: Diagram, _: Onset) -> Shares:
    """Every active cut weighs the same, and its members share it evenly."""
    cuts, complete = diagram.minimal_cuts(game, len(game.leaves), CUTS)
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


def first_cause(game: Diagram, onset: Onset) -> Shares:
    """All to the necessary part that failed first; evenly where several did."""
    players = sorted(game.relevant)
    first = min(map(onset, players))
    return _evenly([leaf for leaf in players if onset(leaf) == first])


def last_straw(game: Diagram, onset: Onset) -> Shares:
    """All to the part whose failure, in the order of failing, brought the whole down; of several
    that failed at that instant, to those without which it had not, or evenly to those with a part
    in it."""
    players = sorted(game.relevant)
    down: set[int] = set()
    for instant in sorted({onset(leaf) for leaf in players}):
        arriving = {leaf for leaf in players if onset(leaf) == instant}
        down |= arriving
        if diagram.is_down(game, down):
            needed = [leaf for leaf in arriving if not diagram.is_down(game, down - {leaf})]
            return _evenly(sorted(needed or arriving & _involved(game, down)))
    raise AssertionError("a slice that is not down has no last straw")


def _involved(game: Diagram, down: set[int]) -> set[int]:
    """The leaves in some minimal cut among those that are down."""
    half = diagram.birnbaum(game, lambda leaf: Fraction(leaf in down, 2), Fraction(0))
    return {leaf for leaf, importance in half.items() if importance}


def joint_and_several(game: Diagram, _: Onset) -> Shares:
    """Everyone necessary answers for all of it; recovery is capped at the loss elsewhere."""
    return dict.fromkeys(sorted(game.relevant), ONE)


POLICIES: Final[Mapping[str, Callable[[Diagram, Onset], Shares]]] = {
    "shapley": shapley,
    "equal_per_cut": equal_per_cut,
    "first_cause": first_cause,
    "last_straw": last_straw,
    "joint_and_several": joint_and_several,
}


def _evenly(leaves: Sequence[int]) -> Shares:
    return dict.fromkeys(leaves, Fraction(1, len(leaves)))


# --- polynomials in p, lowest power first --------------------------------------------------------


def _add(left: list[int], right: list[int]) -> list[int]:
    if len(left) < len(right):
        left, right = right, left
    return [a + b for a, b in zip(left, right + [0] * (len(left) - len(right)), strict=True)]


def _subtract(left: list[int], right: list[int]) -> list[int]:
    return _add(left, [-value for value in right])


def _shift(polynomial: list[int]) -> list[int]:
    return [0, *polynomial]


def _multiply(left: list[int], right: list[int]) -> list[int]:
    product = [0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        if a:
            for j, b in enumerate(right):
                product[i + j] += a * b
    return product


def _integral(polynomial: list[int]) -> Fraction:
    """The integral from 0 to 1."""
    return sum((Fraction(value, power + 1) for power, value in enumerate(polynomial)), Fraction(0))
