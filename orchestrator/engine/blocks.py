"""Redundant modules as demands see them: one for all demands alike, so that covers are shared."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from orchestrator.engine.covers import Covers
from orchestrator.engine.demands import Demand, Member, Module


@dataclass(frozen=True, slots=True)
class Block:
    """A module as demands see it: the shares of its members under each option."""

    covers: Covers
    values: tuple[Mapping[int | None, tuple[Fraction, ...]], ...]
    """By member: its shares option by option for each menu, or one under None without a menu."""


class Blocks:
    """Modules by what matters of them, so that demands alike in one share its variables."""

    def __init__(self) -> None:
        self._covers: dict[tuple[int, tuple[int, ...]], Covers] = {}
        self._known: dict[Hashable, Block] = {}

    def block(self, demand: Demand, module: Module, options: Sequence[int]) -> Block:
        """The block of a module in a demand; `options` counts the options of each menu."""
        values = tuple(_values(demand, member, options) for member in module.members)
        shape = (id(module.diagram), tuple(module.member_of.values()))
        if shape not in self._covers:
            self._covers[shape] = Covers(module)
        key = (shape, tuple(tuple(sorted(one.items(), key=_first)) for one in values))
        return self._known.setdefault(key, Block(self._covers[shape], values))


def _first(item: tuple[int | None, tuple[Fraction, ...]]) -> int:
    return -1 if item[0] is None else item[0]


def _values(
    demand: Demand, member: Member, options: Sequence[int]
) -> Mapping[int | None, tuple[Fraction, ...]]:
    if not member.menus:
        return {None: (member.size * member.fixed,)}
    return {
        menu: tuple(
            member.size * min(demand.bounds[menu, option], member.fixed)
            for option in range(options[menu])
        )
        for menu in member.menus
    }


def downtime(demand: Demand, blocks: Sequence[Block], picks: Sequence[int]) -> Fraction:
    """How long a promise may be unmet under some picks, by the covers that are known."""
    found = sum((demand.share(member, picks) for member in demand.series), Fraction(0))
    for block in blocks:
        found += block.covers.least(shares(block, picks))
    return found


def shares(block: Block, picks: Sequence[int]) -> list[Fraction]:
    """How long each member of a block may be down under some picks."""
    return [
        min(values[0 if menu is None else picks[menu]] for menu, values in member.items())
        for member in block.values
    ]
