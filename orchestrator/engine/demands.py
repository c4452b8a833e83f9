"""Promises as demands on budgets: a linear bound that never claims more than the floor does.

Whatever its hours, periods and reliefs, a part can be down for no longer than some share of a
promise's window, and the composite for no longer than the bound of Hailperin (1965) with these
shares. Parts in series add up; of each redundant module the bound is the least of y*u over all
covers y, weights that give every cut of the module at least one: the dual of the programme in
`engine.bounds`. Where all lies in one window and period the bound is the floor itself (`sharp`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.derive import Figures
from orchestrator.engine.diagram import Diagram, Hard
from orchestrator.engine.intervals import Intervals, intersect, subtract, total, union
from orchestrator.engine.problem import Part, Problem
from orchestrator.engine.promises import Promise, budgets
from orchestrator.engine.reliefs import choices, reliefs
from orchestrator.model.records import TermKey
from orchestrator.model.values import Span

ZERO: Final = Fraction(0)
ONE: Final = Fraction(1)

Option = tuple[int, int]
"""A menu and one of its options, by number."""


@dataclass(frozen=True, slots=True)
class Member:
    """Parts alike, `size` of them: the share of the window that one of them may be down by what
    cannot change (`fixed`), and the menus that may bound it further."""

    size: int
    fixed: Fraction
    menus: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Module:
    """A redundant module: its diagram, and which member each of its leaves stands for. Without a
    diagram (it would be too large) the module is taken to fail with any one of its members."""

    diagram: Diagram | None
    members: tuple[Member, ...]
    member_of: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Demand:
    """What a promise asks for in one of its periods, in shares of its window.

    Its parts in series and in modules may together be down for `allowed`, or, where a menu is for
    the promise itself, as the option picked of that menu says (`own`). `bounds` has the share that
    one part may be down under each option of each menu that occurs.
    """

    key: TermKey
    period: Span
    allowed: Fraction
    series: tuple[Member, ...]
    modules: tuple[Module, ...]
    bounds: Mapping[Option, Fraction]
    sharp: bool
    own: tuple[int, tuple[Fraction, ...]] | None = None

    @property
    def menus(self) -> frozenset[int]:
        """The menus that matter to it."""
        own = {self.own[0]} if self.own else set()
        return frozenset(own | {menu for menu, _ in self.bounds})

    def allowance(self, picks: Sequence[int]) -> Fraction:
        """What it allows if these options are picked."""
        return self.own[1][picks[self.own[0]]] if self.own else self.allowed

    def share(self, member: Member, picks: Sequence[int]) -> Fraction:
        """How long the parts of a member may be down if these options are picked."""
        best = min((self.bounds[menu, picks[menu]] for menu in member.menus), default=ONE)
        return member.size * min(best, member.fixed)


Options = Sequence[Sequence[Promise | None]]
"""By menu, what each of its options promises; None for nothing."""


Known = dict[Hashable, tuple[Fraction, bool]]
"""What has been found out about promises in windows: `_longest`, `_is_aligned`."""


def demand(
    key: TermKey,
    figures: Figures,
    menu_of: Callable[[Promise], int | None],
    options: Options,
    known: Known,
) -> Demand:
    """The demand of a promise with its figures; `menu_of` knows the promises that menus replace,
    by number. What is `known` is shared by the demands of one estate."""
    data = figures.data
    own, window = data.own, Fraction(total(data.window))
    series: list[Member] = []
    modules: list[Module] = []
    bounds: dict[Option, Fraction] = {}
    used: list[Promise] = []
    sharp = len(data.parts) == 1 and not any(
        isinstance(module, Hard) for module in data.parts[0].modules
    )
    for index, part in enumerate(data.parts):
        here = intersect(data.window, part.intervals)
        place = (data.period, tuple(here), own.minimum, own.whole_minutes, own.hours, own.shrinks)

        def bound(
            promise: Promise | None, here: Intervals = here, place: Hashable = place
        ) -> Fraction:
            nonlocal sharp
            if promise is None or not window:
                return ONE
            if (promise, place) not in known:
                known[promise, place] = _longest(data, promise, here), _is_aligned(data, promise)
            longest, aligned = known[promise, place]
            sharp = sharp and aligned
            return longest / window

        members = {}
        for group in part.groups:
            promises = [data.promises[number] for number in data.groups[group].promises[index]]
            menus = {menu_of(promise) for promise in promises}
            chosen = tuple(sorted(menu for menu in menus if menu is not None))
            rest = [promise for promise in promises if menu_of(promise) is None]
            fixed = min(map(bound, rest), default=ONE)
            members[group] = Member(data.groups[group].size, fixed, chosen)
            used += rest
            for menu in chosen:
                for number, promise in enumerate(options[menu]):
                    most = max(bound(promise), bounds.get((menu, number), ZERO))
                    bounds[menu, number] = most
                    used += [promise] if promise else []
        for group in part.series:
            # The best of several menus counts: a module that fails with its only part.
            if len(members[group].menus) > 1:
                modules.append(Module(None, (members[group],), {}))
            else:
                series.append(members[group])
        modules += [_module(module, part, members) for module in part.modules]
    scale = 1 - _lost(data, used) / window if window else ONE
    mine = menu_of(own)
    return Demand(
        key,
        data.period,
        own.budget * scale if window else ONE,
        tuple(series),
        tuple(modules),
        bounds,
        sharp,
        None
        if mine is None
        else (mine, tuple(one.budget * scale if one else ONE for one in options[mine])),
    )


def _module(module: Diagram | Hard, part: Part, members: Mapping[int, Member]) -> Module:
    groups = sorted({part.group_of[leaf] for leaf in module.leaves})
    return Module(
        module if isinstance(module, Diagram) else None,
        tuple(members[group] for group in groups),
        {leaf: groups.index(part.group_of[leaf]) for leaf in module.leaves},
    )


def _longest(data: Problem, promise: Promise, window: Intervals) -> Fraction:
    """The most that one part may be down in a window under a promise, reliefs and the hours in
    which nothing is promised included; nothing is taken off for what the composite excuses."""
    whole = Fraction(total(window))
    if not promise.counts or not promise.counts_all_of(data.own):
        return whole
    found = ZERO
    covered: list[tuple[int, int]] = []
    for budget in budgets(promise, data.period, data.hours):
        held = data.hours.open(promise.hours, budget.span)
        covered += held
        inside = Fraction(total(intersect(held, window)))
        more = [relief.most for relief in reliefs(promise, budget, data.hours, {})]
        limited = [most for most in more if most is not None]
        if len(limited) < len(more):
            found += inside
        else:
            found += min(budget.length + sum(limited, ZERO), inside)
    return min(found + total(subtract(window, union(covered))), whole)


def _lost(data: Problem, used: Iterable[Promise]) -> Fraction:
    """What the composite's hours may shrink by, where its excused time leaves the period."""
    if not data.own.shrinks:
        return ZERO
    ways = choices(data.own, used, data.period, data.hours)
    return max((way.lost for way in ways), default=ZERO)


def _is_aligned(data: Problem, promise: Promise) -> bool:
    """Whether a promise is made for the composite's own hours and period, with no relief."""
    if not promise.counts or not promise.counts_all_of(data.own):
        return True
    found = budgets(promise, data.period, data.hours)
    return (
        not promise.period.rolling
        and not data.own.shrinks
        and promise.hours == data.own.hours
        and [budget.span for budget in found] == [data.period]
        and not any(reliefs(promise, budget, data.hours, {}) for budget in found)
    )
