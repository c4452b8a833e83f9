"""The games of few players within one of many, found at the cost of what comes down with them.

A structure is asked about one set of failed parts after another, most of them small. What cannot
come down with a set plays no part in its game, however the set is taken apart: so the gates that
come down with all of it, from the players upwards, are the whole of its game.
"""

from __future__ import annotations

from collections.abc import Iterable

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
        self._gates = [
            (k, [places[part] if part < many else part for part in parts]) for k, parts in gates
        ]
        self._whole = many + len(gates) - 1
        self._needed = [1] * many + [k for k, _ in gates]
        self._above: list[list[int]] = [[] for _ in range(self._whole + 1)]
        for gate, (_, parts) in enumerate(self._gates, many):
            for part in parts:
                # A part may be there twice, and counts twice then.
                self._above[part].append(gate)

    def places(self, leaves: Iterable[int]) -> Bits:
        """The places of those leaves that are players."""
        place = self._place
        return bits_from([place[leaf] for leaf in leaves if leaf in place])

    def leaves(self, places: Bits) -> list[int]:
        """The leaves at some places."""
        return [self.players[place] for place in bits_of(places)]

    def lost(self, failed: Bits) -> bool:
        """Whether the whole is down when just those players have failed, by their places."""
        return self._whole in self._down(failed, self._whole)

    def concerned(self, failed: Bits) -> list[int]:
        """Those of some players, by their places, that can have a part in any loss while no others
        fail; none where there is none."""
        down, found = self._down(failed), set[int]()
        stack = [self._whole] if self._whole in down else []
        while stack:
            part = stack.pop()
            if part not in found:
                found.add(part)
                if part >= len(self.players):
                    parts = self._gates[part - len(self.players)][1]
                    stack.extend(one for one in parts if one in down)
        return sorted(part for part in found if part < len(self.players))

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
        for part in sorted(down):
            if part in before:
                values[part] = True
            elif part < len(self.players):
                values[part] = part
            else:
                k, parts = self._gates[part - len(self.players)]
                values[part] = at_least_down(k, [values[one] for one in parts if one in values])
        return game_of(values[self._whole])

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
