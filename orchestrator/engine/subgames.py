"""The games of few players within one of many, found at the cost of what comes down with them.

A structure is asked about one set of failed parts after another, most of them small. What cannot
come down with a set plays no part in its game, however the set is taken apart: so the gates that
come down with all of it, from the players upwards, are the whole of its game.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from orchestrator.engine.components import Bits, bits_from, bits_of
from orchestrator.engine.formula import Formula, at_least_down
from orchestrator.engine.games import Game, game_of


class Subgames:
    """A game, or none that can be lost; guards that its players have places in their order."""

    def __init__(self, game: Game | bool) -> None:
        assert game is not True, "a game that is lost before it begins"
        of_whole = () if isinstance(game, bool) else game.players
        self.players = sorted(of_whole)
        """The leaf at each place."""
        self._place = {leaf: place for place, leaf in enumerate(self.players)}
        many = len(self.players)
        places = [self._place[leaf] for leaf in of_whole]
        gates = () if isinstance(game, bool) else game.gates
        self._whole = many + len(gates) - 1
        self._needed = [1] * many + [k for k, _ in gates]
        above: list[list[int]] = [[] for _ in range(self._whole + 1)]
        for gate, (_, parts) in enumerate(gates, many):
            for part in parts:
                # A part may be there twice, and counts twice then.
                above[places[part] if part < many else part].append(gate)
        self._above = [*map(tuple, above)]

    def places(self, leaves: Iterable[int]) -> Bits:
        """The places of those leaves that are players."""
        place = self._place
        return bits_from([place[leaf] for leaf in leaves if leaf in place])

    def lost(self, failed: Bits) -> bool:
        """Whether the whole is down when just those players have failed, by their places."""
        return self._whole in self._down(failed, self._whole)

    def concerned(self, failed: Bits) -> Bits:
        """Those of some players, by their places, that can have a part in any loss while no others
        fail; nobody where there is none."""
        down = self._down(failed)
        if self._whole not in down:
            return 0
        inside, found = self._inside(down), set[int]()
        stack = [self._whole]
        while stack:
            part = stack.pop()
            if part not in found:
                found.add(part)
                stack += inside[part]
        return bits_from([part for part in found if part < len(self.players)])

    def of(self, players: Bits, failed: Bits = 0) -> Game | bool:
        """The game of some players by their places, others having failed, and all the rest being
        up. True where it is lost without any of them, False where it cannot be."""
        down = self._down(players | failed)
        if self._whole not in down:
            return False
        before = self._down(failed)
        if self._whole in before:
            return True
        values: dict[int, Formula | bool] = {}
        for part, parts in self._inside(down).items():
            if part in before:
                values[part] = True
            elif part < len(self.players):
                values[part] = part
            else:
                values[part] = at_least_down(self._needed[part], [values[one] for one in parts])
        return game_of(values[self._whole])

    def _inside(self, down: Set[int]) -> dict[int, list[int]]:
        """Of what is down, each with what of it is down, after all of that."""
        found: dict[int, list[int]] = {part: [] for part in sorted(down)}
        for part in found:
            for gate in self._above[part]:
                if gate in found:
                    found[gate].append(part)
        return found

    def _down(self, failed: Bits, until: int = -1) -> set[int]:
        """The players and gates that are down, gate j being the number of players plus j; no more
        of them than it takes to know of one."""
        left: dict[int, int] = {}
        stack = [*bits_of(failed)]
        down = set(stack)
        if until in down:
            return down
        while stack:
            for gate in self._above[stack.pop()]:
                more = left[gate] = (left[gate] if gate in left else self._needed[gate]) - 1
                if not more:
                    down.add(gate)
                    if gate == until:
                        return down
                    stack.append(gate)
        return down
