"""Games of failure: which sets of players, once they have failed, bring the whole down.

A game holds no more of a structure than its players have a part in, and its parts are numbered by
the place where they are first met. So failures that differ in nothing but who failed are one game,
and what it comes to is found once: slices of downtime are many, games are few.

Shapley's value is exact. Of few players every set is looked at, as the bits of one integer: a gate
is then a handful of operations on whole integers, and the cost depends on the number of players
alone. Of more players it is found on a decision diagram.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import factorial, lcm
from typing import Final

from orchestrator.engine import diagram
from orchestrator.engine.components import Bits, Components, Node, bits_of
from orchestrator.engine.diagram import Diagram
from orchestrator.engine.formula import AtLeastDown, Formula, at_least_down, inside_out

Gates = tuple[tuple[int, tuple[int, ...]], ...]
"""Gates `(k, parts)`, each down while at least k of its parts are and after those it is made of.
Below the number of players a part is a player; gate j is that number plus j; the last part of all
is the whole."""

TABLED: Final = 16
"""So many players at most are decided by looking at every set of them: 65,536 bits a gate."""

_GAMES: Final = 1 << 14
_DIAGRAMS: Final = 1 << 8
"""So many are remembered: games of few players, and diagrams of any."""


@dataclass(frozen=True, slots=True)
class Game:
    """Players by leaf, and when those that have failed bring the whole down."""

    players: tuple[int, ...]
    gates: Gates


def game(components: Components, node: Node, players: Bits, down: Bits = 0) -> Game | bool:
    """The game in which players fail, the leaves in `down` having failed and all others being up.
    True where the node is down without any of them, False where it is up with all of them down."""
    return game_of(Formulas(components, players, down).of(node, players | down))


def game_of(formula: Formula | bool) -> Game | bool:
    """The game that a formula stands for."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, int):
        return Game((formula,), ())
    parts = inside_out(formula)
    leaves = [part for part in parts if isinstance(part, int)]
    gates = [part for part in parts if isinstance(part, AtLeastDown)]
    place: dict[Formula, int] = {leaf: i for i, leaf in enumerate(leaves)}
    place |= {gate: len(leaves) + j for j, gate in enumerate(gates)}
    return Game(
        tuple(leaves),
        tuple((gate.k, tuple(place[part] for part in gate.parts)) for gate in gates),
    )


class Formulas:
    """When structures are down by some players, with nothing in it of what holds whichever of them
    fail, others being down already; guards that each gate is looked at once."""

    def __init__(self, components: Components, players: Bits, down: Bits = 0) -> None:
        self.players = players
        """More may be added that no gate met so far has in it."""
        self._components = components
        self._down = down
        self._gates: dict[int, Formula | bool] = {}
        self._failing = self._fallen = 0
        self._known: dict[tuple[Formula, ...], Formula | bool] = {}

    def of(self, node: Node, concerned: Bits) -> Formula | bool:
        """When a node is down; `concerned` are those leaves beneath it, and others, that are
        players or down."""
        for number in self._components.touched(node, concerned):
            if number not in self._gates:
                gate = self._components.gates[number]
                value = at_least_down(gate.cut, [self._of(part) for part in gate.parts])
                self._gates[number] = value
                if value is True:
                    self._fallen |= 1 << number
                elif value is not False:
                    self._failing |= 1 << number
        return self._of(node)

    def _of(self, part: Node) -> Formula | bool:
        if part.leaves & self._down or part.gates & self._fallen:
            return True
        found: list[Formula] = [*bits_of(part.leaves & self.players)]
        if inner := part.gates & self._failing:
            found += map(self._gates.__getitem__, bits_of(inner))
        if len(found) < 2:
            return found[0] if found else False
        # What is shared has to stay one thing.
        key = tuple(found)
        if key not in self._known:
            self._known[key] = at_least_down(1, found)
        return self._known[key]


@lru_cache(_DIAGRAMS)
def _diagram(players: int, gates: Gates) -> Diagram:
    parts: list[Formula] = list(range(players))
    for k, inner in gates:
        parts.append(AtLeastDown(k, tuple(parts[place] for place in inner)))
    return diagram.build(parts[-1])


def diagram_of(game: Game) -> Diagram:
    """The diagram of a game, over its leaves; what is too complex is refused (TOO_COMPLEX)."""
    made = _diagram(len(game.players), game.gates)
    return replace(made, leaves=tuple(game.players[variable] for variable in made.leaves))


def forget() -> None:
    """Forget what games came to, so that it can be measured again."""
    _diagram.cache_clear()
    _tabled.cache_clear()


# --- Shapley's value -----------------------------------------------------------------------------


def shapley(game: Game) -> dict[int, Fraction]:
    """Shapley's value (1953) of every player that has one, by leaf, ascending: the share of all
    orders of failing in which the whole comes down with that player. The values add up to one."""
    few = len(game.players) <= TABLED
    values = _tabled(len(game.players), game.gates) if few else _owen(game)
    return {leaf: value for leaf, value in sorted(zip(game.players, values, strict=True)) if value}


@lru_cache(_GAMES)
def _tabled(players: int, gates: Gates) -> tuple[Fraction, ...]:
    """By the definition: over all sets S without a player whom it takes to bring the whole down,
    the sum of |S|! (n - 1 - |S|)! / n!."""
    everything, absent, sizes = _sets(players)
    tables = [everything ^ without for without in absent]
    for k, parts in gates:
        tables.append(_at_least(k, [tables[part] for part in parts], everything))
    whole, orders = tables[-1], factorial(players)
    ways = [factorial(size) * factorial(players - 1 - size) for size in range(players)]
    found = []
    for player, without in enumerate(absent):
        decisive = ((whole >> (1 << player)) ^ whole) & without
        counts = ((decisive & of_size).bit_count() for of_size in sizes)
        found.append(Fraction(sum(map(int.__mul__, ways, counts)), orders))
    return tuple(found)


@lru_cache(TABLED + 1)
def _sets(players: int) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """All sets of players, set S being bit number S; those without each of them; those of each
    size, the full set left out."""
    everything = (1 << (1 << players)) - 1
    absent = tuple(everything // ((1 << (1 << player)) + 1) for player in range(players))
    sizes = [1]
    for player in range(players):
        with_it = [one << (1 << player) for one in sizes]
        sizes = [a | b for a, b in zip([*sizes, 0], [0, *with_it], strict=True)]
    return everything, absent, tuple(sizes[:-1])


def _at_least(k: int, tables: list[int], everything: int) -> int:
    """The sets in at least k of some tables."""
    reached = [everything, *[0] * k]
    for place, table in enumerate(tables):
        left = len(tables) - 1 - place
        for many in range(min(k, place + 1), max(k - left, 1) - 1, -1):
            reached[many] |= reached[many - 1] & table
    return reached[k]


def _owen(game: Game) -> tuple[Fraction, ...]:
    """By Owen's multilinear extension (1972): the integral over p from 0 to 1 of Birnbaum's
    importance where every player fails with probability p.

    A polynomial in p is held as its value at a power of two so large that its coefficients can be
    read off in the end (Kronecker 1882). An importance is the difference of two sums, over sets of
    the other players, of products of p and 1 - p, one for each; so no coefficient of it exceeds 3
    to the number of players.
    """
    many = len(game.players)
    width = (3**many).bit_length() // 8 * 8 + 8
    p = 1 << width
    gates, blocks = _blocks(many, game.gates)
    made = _diagram(many, gates)
    values = []
    for leaf in made.leaves:
        members, any_does = blocks.get(leaf, ([leaf], False))
        values.append(1 - (1 - p) ** len(members) if any_does else p ** len(members))
    values += [0, 1]
    for variable, if_down, if_up in made.triples:
        low = values[if_up]
        values.append(low + values[variable] * (values[if_down] - low))
    reach = [0] * len(values)
    reach[made.top] = 1
    for place, (variable, if_down, if_up) in reversed(list(enumerate(made.triples, made.up + 2))):
        here, chance = reach[place], values[variable]
        reach[if_down] += here * chance
        reach[if_up] += here * (1 - chance)
        reach[variable] += here * (values[if_down] - values[if_up])
    found = [Fraction(0)] * many
    for leaf, importance in zip(made.leaves, reach, strict=False):
        members, any_does = blocks.get(leaf, ([leaf], False))
        others = (1 - p if any_does else p) ** (len(members) - 1)
        value = _integral(importance * others, width, many)
        for member in members:
            found[member] = value
    return tuple(found)


Blocks = dict[int, tuple[list[int], bool]]
"""By the player that stands for them, players that are met in one gate alone, and whether any of
them does what all of them do."""


def _blocks(players: int, gates: Gates) -> tuple[Gates, Blocks]:
    """The gates with players that only one of them reads, and reads alike, as one."""
    uses = Counter(part for _, parts in gates for part in parts)
    blocks: Blocks = {}
    made = []
    for k, parts in gates:
        own = [part for part in parts if part < players and uses[part] == 1]
        if len(own) > 1 and k in {1, len(parts)}:
            blocks[own[0]] = own, k == 1
            rest = tuple(part for part in parts if part not in set(own[1:]))
            made.append((min(k, len(rest)), rest))
        else:
            made.append((k, parts))
    return tuple(made), blocks


def _integral(polynomial: int, width: int, terms: int) -> Fraction:
    """The integral from 0 to 1 of a polynomial of so many terms, held at 2**width."""
    half, size = 1 << width - 1, width // 8
    # Coefficients of either sign: moved up by a half, all of them are digits.
    moved = polynomial + half * (((1 << width * terms) - 1) // ((1 << width) - 1))
    digits = moved.to_bytes(size * terms, "little")
    unit = lcm(*range(1, terms + 1))
    total = 0
    for power in range(terms):
        digit = int.from_bytes(digits[power * size : (power + 1) * size], "little")
        total += (digit - half) * (unit // (power + 1))
    return Fraction(total, unit)
