"""The cheapest choice from menus of offers with which every promise is underpinned.

A mixed-integer programme over a bound that never claims more than the floor does
(`engine.purchase`), then a pass that takes each cheaper offer that still suffices, and every answer
re-checked by the floor itself.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Final

from orchestrator.engine.allocate import blocking, excess_of, named, percent_below
from orchestrator.engine.blocks import Block, Blocks, downtime, shares
from orchestrator.engine.demands import Demand, Known, demand
from orchestrator.engine.derive import Figures, figures, worst_figures
from orchestrator.engine.findings import place as path_of
from orchestrator.engine.menus import Course, Option, courses, marked, picked, tokens
from orchestrator.engine.promises import Promise
from orchestrator.engine.purchase import Effort, cheapest
from orchestrator.engine.revisions import goals, subject_in
from orchestrator.engine.underpinning import Underpinning
from orchestrator.errors import refuse
from orchestrator.model.derivations import WitnessOutage
from orchestrator.model.estate import Estate
from orchestrator.model.offers import Checked, Choice, Offers, Pick
from orchestrator.model.records import Finding, TermKey
from orchestrator.model.values import AskedPeriod, Money, Span, format_percent

_ROUNDS: Final = 6
_TOLERANCE: Final = 1e-9
"""Of the solver's bound; prices are whole, so that what is above a whole number is the next."""

_TRIES: Final = 200
"""So many cheaper offers are tried on the floor itself, where the bound is not the floor."""


def choose(
    estate: Estate,
    offers: Offers,
    asked: AskedPeriod,
    agreements: Collection[str] = (),
    effort: Effort | None = None,
) -> Choice:
    """The cheapest options with which every promise of availability, or those of the agreements
    named, is underpinned. Raises what `engine.menus.courses` raises, and UNKNOWN_REFERENCE."""
    for id in agreements:
        if id not in estate.agreements:
            raise refuse(
                "UNKNOWN_REFERENCE", f"there is no agreement {id!r}", "use an id of the estate"
            )
    return Choosing(estate, offers, asked, agreements).choice(effort or Effort())


class Choosing:
    """One choice under way; guards that demands, blocks and menus keep their numbers."""

    def __init__(
        self, estate: Estate, offers: Offers, asked: AskedPeriod, agreements: Collection[str]
    ) -> None:
        self.estate, self.asked, self.currency = estate, asked, offers.currency
        self.courses: tuple[Course, ...] = courses(estate, offers, asked)
        self.prices = [[option.price for option in one.options] for one in self.courses]
        self._tokens = tokens(self.courses)
        self._marked = Underpinning(marked(estate, self.courses, asked))
        self._promises = [[option.promise for option in one.options] for one in self.courses]
        self._blocks = Blocks()
        self._known: Known = {}
        self.demands: list[Demand] = []
        self.blocks: list[list[Block]] = []
        self.keys: list[TermKey] = []
        for subject in goals(estate, asked):
            if not agreements or subject.key.agreement in agreements:
                there = subject_in(self._marked.estate, subject.key)
                found = worst_figures(self._marked, there, asked)
                if found.floor is not None:
                    self.keys.append(subject.key)
                    self._add(subject.key, found)
        self.strongest = tuple(
            course.strongest(self._longest(menu, len(course.options)))
            for menu, course in enumerate(self.courses)
        )

    def _longest(self, menu: int, options: int) -> list[Fraction]:
        """How long a part may be down under each option of a menu, over all demands."""
        return [
            sum((one.bounds.get((menu, i), Fraction(0)) for one in self.demands), Fraction(0))
            for i in range(options)
        ]

    def _add(self, key: TermKey, found: Figures) -> None:
        """One more demand: of a promise, in one of its periods."""
        one = demand(
            key,
            found,
            self._menu_of,
            self._promises,
            self._known,
        )
        counts = [len(course.options) for course in self.courses]
        self.demands.append(one)
        self.blocks.append([self._blocks.block(one, module, counts) for module in one.modules])

    def _menu_of(self, promise: Promise) -> int | None:
        return self._tokens.get(promise.point)

    def counted(self) -> str:
        """How large the programme is, in words."""
        modules = {id(block) for inner in self.blocks for block in inner}
        return f"{sum(map(len, self.prices)):,} options, {len(modules):,} redundant modules"

    # --- solving -----------------------------------------------------------------------------

    def choice(self, effort: Effort) -> Choice:
        """The choice, or why there is none."""
        best, failing = self.check(self.strongest)
        # What a menu has a composite promise is asked of what lies beneath it as well, and the
        # better of two periods may be the worse for another promise.
        conclusive = not any(one.own for one in self.demands) and all(
            course.is_ordered for course in self.courses
        )
        if failing and conclusive:
            return self._infeasible(failing, best)
        bound = float(sum(min(menu) for menu in self.prices))
        proven = all(one.sharp for one in self.demands)
        for _ in range(_ROUNDS):
            found = cheapest(self.prices, self.demands, self.blocks, effort)
            if found is None:
                break
            if proven:
                bound = max(bound, found.bound)
            picks = self.cheaper(found.picks)
            checked, missed = self.check(picks)
            if not missed:
                if not proven:
                    picks, checked = self.cheaper_still(picks, checked)
                return self._choice(picks, checked, bound, proven)
            known = {(one.key, one.period) for one in self.demands}
            fresh = [one for one in missed if one not in known]
            if not fresh:
                break
            for key, period in fresh:
                there = subject_in(self._marked.estate, key)
                self._add(key, figures(self._marked, there, period))
        if failing:
            return self._infeasible(failing, best)
        picks, checked = self.cheaper_still(self.strongest, best)
        return self._choice(picks, checked, bound, proven)

    def cheaper(self, start: Sequence[int]) -> tuple[int, ...]:
        """Each cheaper option taken that still meets all demands, greatest saving first, until
        none does: exact, by the bound on downtime."""
        picks = list(start)
        uses: dict[int, list[int]] = {}
        for number, one in enumerate(self.demands):
            for menu in one.menus:
                uses.setdefault(menu, []).append(number)
        changed = True
        while changed:
            changed = False
            for menu, option in self._savings(picks):
                if self.prices[menu][option] >= self.prices[menu][picks[menu]]:
                    continue
                old, picks[menu] = picks[menu], option
                if all(self._meets(number, picks, menu) for number in uses.get(menu, ())):
                    changed = True
                else:
                    picks[menu] = old
        return tuple(picks)

    def _savings(self, picks: Sequence[int]) -> list[tuple[int, int]]:
        """The cheaper options of all menus, by what they save."""
        found = [
            (price - self.prices[menu][picks[menu]], menu, option)
            for menu, prices in enumerate(self.prices)
            for option, price in enumerate(prices)
            if price < prices[picks[menu]]
        ]
        return [(menu, option) for _, menu, option in sorted(found)]

    def _meets(self, number: int, picks: Sequence[int], menu: int) -> bool:
        one, blocks = self.demands[number], self.blocks[number]
        allowed = one.allowance(picks)
        if downtime(one, blocks, picks) <= allowed:
            return True
        touched = [block for block in blocks if any(menu in member for member in block.values)]
        if not touched:
            return False
        for block in touched:
            block.covers.sharpen(shares(block, picks))
        return downtime(one, blocks, picks) <= allowed

    def cheaper_still(
        self, picks: tuple[int, ...], checked: tuple[Checked, ...]
    ) -> tuple[tuple[int, ...], tuple[Checked, ...]]:
        """The same by the floor itself, which may allow what the bound does not; of large menus
        the greatest savings alone are tried."""
        for menu, option in self._savings(picks)[:_TRIES]:
            if self.prices[menu][option] < self.prices[menu][picks[menu]]:
                trial = (*picks[:menu], option, *picks[menu + 1 :])
                found, missed = self.check(trial)
                if not missed:
                    picks, checked = trial, found
        return picks, checked

    # --- checking ----------------------------------------------------------------------------

    def check(self, picks: Sequence[int]) -> tuple[tuple[Checked, ...], list[tuple[TermKey, Span]]]:
        """Every promise against its floor in the estate with these picks, by the exact engine;
        and those that are not kept, with the period in which they fare worst."""
        underpinning = Underpinning(picked(self.estate, self.courses, picks, self.asked))
        checked, missed = [], []
        for key in self.keys:
            subject = subject_in(underpinning.estate, key)
            found = worst_figures(underpinning, subject, self.asked)
            target = subject.term.target
            assert found.floor is not None
            assert isinstance(target, Fraction)
            kept = excess_of(subject, found.floor.share) >= 0
            checked.append(Checked(key, target, found.floor.share, kept))
            if not kept:
                missed.append((key, found.data.period))
        checked.sort(key=lambda one: (one.key.agreement, one.key.term, one.key.service))
        return tuple(checked), missed

    # --- answering ---------------------------------------------------------------------------

    def _choice(
        self, picks: Sequence[int], checked: tuple[Checked, ...], bound: float, proven: bool
    ) -> Choice:
        cost = sum(prices[pick] for prices, pick in zip(self.prices, picks, strict=True))
        return Choice(
            tuple(
                self._pick(course, course.options[pick])
                for course, pick in zip(self.courses, picks, strict=True)
            ),
            Money(cost, self.currency),
            Money(min(math.ceil(bound * (1 - _TOLERANCE)), cost), self.currency),
            proven,
            checked,
        )

    def _pick(self, course: Course, option: Option) -> Pick:
        after = option.promise.target if option.promise else None
        return Pick(course.menu, option.id, Money(option.price, self.currency), course.now, after)

    def _infeasible(
        self, failing: Sequence[tuple[TermKey, Span]], best: tuple[Checked, ...]
    ) -> Choice:
        """Why no choice will do: what fails even with the strongest offers."""
        strongest = picked(self.estate, self.courses, self.strongest, self.asked)
        checked = {one.key: one for one in best}
        whole = all(course.is_ordered for course in self.courses)
        found = tuple(
            _unsuitable(checked[key], blocking(strongest, key, self.asked), whole)
            for key, _ in failing
        )
        nothing = Money(0, self.currency)
        return Choice((), nothing, nothing, True, best, found)


def _unsuitable(one: Checked, witness: Sequence[WitnessOutage], whole: bool) -> Finding:
    longest = witness[0]
    aside = "" if whole else "; not every mixture of offers of different periods was tried"
    return Finding(
        "NO_SUITABLE_OFFER",
        "error",
        f"{one.key.agreement}/{one.key.term} on {one.key.service} promises "
        f"{format_percent(one.target)}, and the best offers guarantee "
        f"{percent_below(one.floor)}: {named(longest)} even then{aside}",
        longest.down,
        path_of(one.key),
    )
