"""Allocation: from what is promised to what has to be promised beneath it.

A target is split into budgets (Kotsokalis and Winkler 2010) by the plainest rule that needs no
prices: the budgets of all negotiable terms beneath a promise shrink in one proportion, until its
floor meets its target. The floor is convex and piecewise linear in that proportion (the optimum
of a linear programme in its right-hand side), so the proportion is found exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from orchestrator.engine.derive import Depth, derive, worst_figures
from orchestrator.engine.findings import place as path_of
from orchestrator.engine.promises import least_kept
from orchestrator.engine.revisions import (
    Place,
    Revision,
    beneath,
    goals,
    revised,
    subject_in,
)
from orchestrator.engine.subjects import Subject
from orchestrator.engine.underpinning import Underpinning
from orchestrator.errors import refuse
from orchestrator.model.allocations import Allocation, Allotment, Reached
from orchestrator.model.derivations import WitnessOutage
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS, check_target
from orchestrator.model.records import Finding, TermKey
from orchestrator.model.values import AskedPeriod, format_percent

ZERO: Final = Fraction(0)
ONE: Final = Fraction(1)

LOOSEST: Final = Fraction(1, 2)
"""Where headroom may be spent, no term is loosened to promise less than this."""

STEPS: Final = 100
"""A new budget is stated in steps of its leading digit's hundredth part, three digits in all."""

_NARROW: Final = Fraction(1, 2**40)
_ROUNDS: Final = 200
_LONG: Final = 10**24

Excess = Callable[[Fraction], Fraction]
"""By how much the floor lies above what is wanted, if budgets are scaled by a factor."""


def allocate(
    estate: Estate,
    asked: AskedPeriod,
    targets: Mapping[Place, Fraction] | None = None,
    *,
    relax: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Allocation:
    """Targets for the negotiable terms beneath, so that every floor meets what is promised.

    `targets` are to be promised instead of what is. A term that several promises rest on takes
    the tightest factor. What suffices stays; with `relax` headroom is spent, too. Standard and
    fixed terms are never changed. Raises UNKNOWN_REFERENCE, NOTHING_BENEATH, BAD_TARGET and
    TARGET_OUT_OF_RANGE for targets that cannot be set.
    """
    wanted = _with_targets(estate, targets or {}, asked)
    search = _Search(wanted, asked, relax)
    found = {}
    for number, subject in enumerate(search.order):
        needed = search.factor(subject)
        if needed is not None:
            found[subject.key] = needed
        if progress is not None:
            progress(number + 1, len(search.order))
    return search.allocation(found)


def _with_targets(estate: Estate, targets: Mapping[Place, Fraction], asked: AskedPeriod) -> Estate:
    known = {(one.key.agreement, one.key.term) for one in goals(estate, asked)}
    for (agreement, term), target in targets.items():
        terms = [
            one
            for version in estate.agreements.get(agreement, ())
            for one in version.terms
            if one.id == term
        ]
        if not terms:
            raise refuse(
                "UNKNOWN_REFERENCE",
                f"there is no term {agreement}/{term}",
                "use the ids of an agreement of the estate and of one of its terms",
            )
        check_target(METRICS[terms[0].metric], target)
        if (agreement, term) not in known:
            raise refuse(
                "NOTHING_BENEATH",
                f"{agreement}/{term} is not compared with anything beneath it in this period",
                "set the target of an SLA's availability, or of an OLA on a whole composite",
            )
    return revised(estate, {place: Revision(target) for place, target in targets.items()}, asked)


@dataclass(frozen=True, slots=True)
class _Needed:
    """The factor that one promise needs, with its floor before and at its best."""

    before: Fraction
    factor: Fraction | None
    blocking: tuple[WitnessOutage, ...] = ()


class _Search:
    """One allocation under way; guards that a promise is only split once what rests on it is."""

    def __init__(self, estate: Estate, asked: AskedPeriod, relax: bool) -> None:
        self.estate, self.asked, self.relax = estate, asked, relax
        self.underpinning = Underpinning(estate)
        self.before: dict[Place, Fraction] = {}
        """What negotiable terms promise, by place."""
        self.factors: dict[Place, tuple[Fraction, TermKey]] = {}
        self._beneath: dict[TermKey, tuple[Place, ...]] = {}
        self.order = self._sorted([*goals(estate, asked)])

    def _sorted(self, found: Sequence[Subject]) -> list[Subject]:
        """The promises, each before those that it rests on itself."""
        by_place: dict[Place, list[Subject]] = {}
        for subject in found:
            by_place.setdefault((subject.key.agreement, subject.key.term), []).append(subject)
            self._beneath[subject.key] = tuple(self._negotiable(subject))
        order: list[Subject] = []
        seen: set[TermKey] = set()
        for first in found:
            stack = [(first, iter(self._below(first, by_place)))]
            if first.key in seen:
                continue
            seen.add(first.key)
            while stack:
                subject, rest = stack[-1]
                following = next((one for one in rest if one.key not in seen), None)
                if following is None:
                    order.append(subject)
                    stack.pop()
                else:
                    seen.add(following.key)
                    stack.append((following, iter(self._below(following, by_place))))
        return order[::-1]

    def _below(
        self, subject: Subject, by_place: Mapping[Place, Sequence[Subject]]
    ) -> Iterator[Subject]:
        for place in self._beneath[subject.key]:
            yield from by_place.get(place, ())

    def _negotiable(self, subject: Subject) -> Iterator[Place]:
        for place, commitments in sorted(
            beneath(self.underpinning, subject, self.asked).items(), key=lambda item: item[0]
        ):
            if all(one.version.negotiability == "negotiable" for one in commitments) and not any(
                one.term.windows for one in commitments
            ):
                targets = (one.term.target for one in commitments)
                self.before[place] = min(t for t in targets if isinstance(t, Fraction))
                yield place

    def factor(self, subject: Subject) -> _Needed | None:
        """What a promise needs, noted with the terms beneath; None without service hours."""
        own = (subject.key.agreement, subject.key.term)
        places = self._beneath[subject.key]
        held: dict[Place, Revision] = {}
        if own in self.factors:
            held[own] = self._scaled(own, self.stated(own))

        def changed(factor: Fraction) -> Estate:
            scaled = {p: self._scaled(p, 1 - factor * (1 - self.before[p])) for p in places}
            return revised(self.estate, scaled | held, self.asked)

        def excess(factor: Fraction) -> Fraction | None:
            if factor == 1 and not held:
                return _excess(self.underpinning, subject, self.asked)
            scaled = Underpinning(changed(factor))
            return _excess(scaled, subject_in(scaled.estate, subject.key), self.asked)

        now = excess(ONE)
        if now is None:
            return None
        least = least_floor(subject_in(changed(ONE), subject.key))
        factor = self._largest(now, places, lambda one: excess(one) or ZERO)
        if factor is None:
            return _Needed(now + least, None, blocking(changed(ZERO), subject.key, self.asked))
        for place in places:
            known = self.factors.get(place)
            if known is None or factor < known[0]:
                self.factors[place] = factor, subject.key
        return _Needed(now + least, factor)

    def _largest(self, now: Fraction, places: Sequence[Place], excess: Excess) -> Fraction | None:
        """The largest factor that keeps a promise; None where none does."""
        loosest = max((1 - self.before[place] for place in places), default=ZERO)
        if now < 0:
            if not loosest or excess(ZERO) < 0:
                return None
            return largest_kept(excess, ZERO, ONE)
        most = max((1 - LOOSEST) / loosest, ONE) if loosest else ONE
        if not self.relax or most == 1:
            return ONE
        return most if excess(most) >= 0 else largest_kept(excess, ONE, most)

    def _scaled(self, place: Place, target: Fraction) -> Revision:
        """A term that promises more in another version is not lowered by what one asks."""
        return Revision(target, at_least=target >= self.before[place])

    def exact(self, place: Place) -> Fraction:
        """The target that a term's factor comes to."""
        return 1 - self.factors[place][0] * (1 - self.before[place])

    def stated(self, place: Place) -> Fraction:
        """The same, stated to some digits and never below."""
        factor, before = self.factors[place][0], self.before[place]
        if factor == 1:
            return before
        after = 1 - stated(factor * (1 - before))
        return after if factor < 1 else min(after, before)

    def allocation(self, needed: Mapping[TermKey, _Needed]) -> Allocation:
        """Everything found, re-checked together with the targets as they are stated."""
        after = {place: self._scaled(place, self.stated(place)) for place in self.factors}
        final = Underpinning(revised(self.estate, after, self.asked))
        reached = []
        for key, one in needed.items():
            subject = subject_in(final.estate, key)
            excess = _excess(final, subject, self.asked)
            assert isinstance(subject.term.target, Fraction)
            floor = ONE if excess is None else excess + least_floor(subject)
            kept = excess is None or excess >= 0
            reached.append(
                Reached(key, subject.term.target, one.before, floor, kept, one.factor, one.blocking)
            )
        reached.sort(key=lambda one: (one.key.agreement, one.key.term, one.key.service))
        return Allocation(
            tuple(
                Allotment(
                    *place, self.before[place], self.stated(place), self.exact(place), factor, key
                )
                for place, (factor, key) in sorted(self.factors.items())
            ),
            tuple(reached),
            tuple(_infeasible(one) for one in reached if one.factor is None),
        )


def least_floor(subject: Subject) -> Fraction:
    """The least floor that keeps a promise once it is rounded as its agreement says."""
    target = subject.term.target
    assert isinstance(target, Fraction)
    return least_kept(subject.term.measurement, target)


def excess_of(subject: Subject, floor: Fraction) -> Fraction:
    """By how much a floor lies above the least that keeps the promise."""
    return floor - least_floor(subject)


def _excess(underpinning: Underpinning, subject: Subject, asked: AskedPeriod) -> Fraction | None:
    """The same for the worst period; None without service hours."""
    found = worst_figures(underpinning, subject, asked).floor
    return None if found is None else excess_of(subject, found.share)


def blocking(estate: Estate, key: TermKey, asked: AskedPeriod) -> tuple[WitnessOutage, ...]:
    """What fails even where no negotiable term allows any downtime: the witness of that floor."""
    found = derive(estate, asked, key.agreement, Depth(explain=True))
    one = next(one for one in found if one.key == key)
    assert one.explanation is not None
    return tuple(sorted(one.explanation.witness, key=lambda outage: (-outage.share, outage.down)))


def _infeasible(one: Reached) -> Finding:
    best = 1 - sum((outage.share for outage in one.blocking), ZERO)
    first = one.blocking[0]
    return Finding(
        "INFEASIBLE_ALLOCATION",
        "error",
        f"{one.key.agreement}/{one.key.term} on {one.key.service} cannot reach "
        f"{format_percent(one.target)} by what is negotiable beneath it, and the best floor is "
        f"{percent_below(best)}: by standard, fixed or missing commitments {named(first)}",
        first.down,
        path_of(one.key),
    )


def named(outage: WitnessOutage) -> str:
    """What may be down, and how long, in words."""
    together = " and ".join(outage.down) + (" together" if len(outage.down) > 1 else "")
    return f"{together} may be down {percent_above(outage.share)} of the time"


def percent_below(share: Fraction) -> str:
    """A share as a percentage of at most six places, never more than it is."""
    return format_percent(Fraction(share * 10**8 // 1, 10**8))


def percent_above(share: Fraction) -> str:
    """A share as a percentage of at most six places, never less than it is."""
    return format_percent(Fraction(-(-share * 10**8 // 1), 10**8))


def stated(budget: Fraction) -> Fraction:
    """A budget, a share of time, to three significant digits, never more than it is."""
    if not budget:
        return budget
    unit = ONE
    while budget < unit:
        unit /= 10
    step = unit / STEPS
    return step * int(budget / step)


# --- the search ----------------------------------------------------------------------------------


def largest_kept(excess: Excess, low: Fraction, high: Fraction) -> Fraction:
    """The largest argument at which a falling function is not negative, between one where it is
    not and one where it is.

    Where the function is convex and piecewise linear, the line through two points on one of its
    pieces meets zero where the function does, and the search ends with the exact root; where it
    is not (of several periods the worst counts), it ends a little below, never above.
    """
    kept = [(low, excess(low))]
    missed = [(high, excess(high))]
    for number in range(_ROUNDS):
        (at, value), (end, _) = kept[-1], missed[-1]
        if not value or end - at <= _NARROW * end:
            return at
        here = _guess(kept, missed, number)
        there = excess(here)
        (kept if there >= 0 else missed).append((here, there))
    return kept[-1][0]


_Point = tuple[Fraction, Fraction]


def _guess(kept: Sequence[_Point], missed: Sequence[_Point], number: int) -> Fraction:
    """Where to look next: along a line through two known points, and now and then in the middle."""
    low, high = kept[-1][0], missed[-1][0]
    lines = [(kept[-1], missed[-1]), *pairwise(kept[-2:]), *pairwise(missed[-2:])]
    chosen = number % (len(lines) + 1)
    if chosen < len(lines):
        (a, f), (b, g) = lines[chosen]
        if f != g:
            root = a + f * (b - a) / (f - g)
            if root.denominator > _LONG:
                root = root.limit_denominator(_LONG)
            if low < root < high:
                return root
    return (low + high) / 2
