"""Covers of redundant modules: exact upper bounds on how long a module may be down.

A cover gives the members of a module weights y >= 0 with which every cut weighs at least one.
By weak duality the module is down for no longer than y*u, u being how long its members may be;
the least over all covers is its part of the floor. A solver's covers are floats: here they are
made exact, and made covers, by asking the module's diagram for its lightest cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from orchestrator.engine.demands import Module
from orchestrator.engine.diagram import cheapest_cut, minimal_cuts

Cut = frozenset[int]
"""Members, by their places in the module."""

Cover = tuple[Fraction, ...]

ZERO: Final = Fraction(0)
FINEST: Final = 1000
"""Weights are taken for fractions with denominators up to this; it is finer than the corners of
any small module need, and what is lost in a larger one is added again to every member."""

SMALL: Final = 12
MANY: Final = 500
"""The cuts of modules of so many leaves are listed, up to so many of them."""

_SLACK: Final = 1e-7


class Covers:
    """The covers and cuts of one module that are known so far; guards that each is one."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.cuts: list[Cut] = []
        self.covers: list[Cover] = []
        self._begin()
        self.learn([1.0] * len(module.members))
        self.add([1.0] * len(module.members))

    def _begin(self) -> None:
        """All cuts of a small module at once; of a large one they are learnt as they are missed."""
        if self.module.diagram is None:
            self.cuts += [frozenset({member}) for member in range(len(self.module.members))]
        elif len(self.module.diagram.leaves) <= SMALL:
            every = minimal_cuts(self.module.diagram, SMALL, MANY)
            member_of = self.module.member_of
            self.cuts += [frozenset(member_of[leaf] for leaf in cut) for cut in every[0]]

    def lightest(self, weights: Sequence[int | Fraction]) -> tuple[Fraction, Cut] | None:
        """The cut of least weight, minimal as a set; None where the module cannot fail."""
        member_of = self.module.member_of
        if self.module.diagram is None:
            first = min(range(len(weights)), key=weights.__getitem__)
            return Fraction(weights[first]), frozenset({first})
        found = cheapest_cut(self.module.diagram, lambda leaf: weights[member_of[leaf]])
        if found is None:
            return None
        return Fraction(found[0]), frozenset(member_of[leaf] for leaf in found[1])

    def learn(self, weights: Sequence[float]) -> bool:
        """Take up a cut that weighs less than one, or the first; whether there was one."""
        found = self.lightest([Fraction(max(weight, 0.0)) for weight in weights])
        if found is None or found[1] in self.cuts:
            return False
        if self.cuts and found[0] > 1 - _SLACK:
            return False
        self.cuts.append(found[1])
        return True

    def add(self, weights: Sequence[float]) -> None:
        """Take up the cover nearest to some weights, made exact."""
        exact = [Fraction(max(weight, 0.0)).limit_denominator(FINEST) for weight in weights]
        found = self.lightest(exact)
        while found is not None and found[0] < 1:
            if found[0] * 2 < 1:
                for member in found[1]:
                    exact[member] += (1 - found[0]) / len(found[1])
            else:
                exact = [weight / found[0] for weight in exact]
            found = self.lightest(exact)
        if found is None:
            exact = [ZERO] * len(exact)
        cover = tuple(exact)
        if cover not in self.covers:
            self.covers.append(cover)

    def least(self, shares: Sequence[Fraction]) -> Fraction:
        """How long the module may be down at most, by the covers that are known."""
        return min(
            sum((y * u for y, u in zip(cover, shares, strict=True) if y), ZERO)
            for cover in self.covers
        )

    def sharpen(self, shares: Sequence[Fraction]) -> Fraction:
        """The same, with the best cover for these shares looked for first."""
        from scipy.optimize import linprog  # noqa: PLC0415 - slow to load, and rarely needed

        if not self.cuts:
            return self.least(shares)
        scale = max(shares) or Fraction(1)
        prices = [float(share / scale) for share in shares]
        while True:
            rows = [[-1.0 if i in cut else 0.0 for i in range(len(shares))] for cut in self.cuts]
            found: Any = linprog(prices, A_ub=rows, b_ub=[-1.0] * len(rows), method="highs")
            assert found.success, found.message
            if not self.learn(found.x):
                break
        self.add(found.x)
        return self.least(shares)
