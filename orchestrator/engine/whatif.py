"""What if a term promised something else: every composite above it at once, from what is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.derive import (
    Figures,
    all_figures,
    concluded,
    derivation_of,
    derive,
    fails_uncommitted,
    promises_to_check,
)
from orchestrator.engine.held import (
    Changed,
    Held,
    Instead,
    Maker,
    Name,
    held,
    independent,
    reached,
    share,
)
from orchestrator.engine.promises import promise_of, rounded
from orchestrator.engine.scenes import scenes
from orchestrator.engine.subjects import Subject, parts_of
from orchestrator.engine.underpinning import Underpinning
from orchestrator.errors import refuse
from orchestrator.model.derivations import (
    SHORTFALL,
    UNCOMMITTED,
    UNDERPINNED,
    Derivation,
    Effect,
    Methods,
    Outcome,
)
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS, Target, check_target
from orchestrator.model.records import TermKey
from orchestrator.model.values import AskedPeriod

ALGEBRA: Final = "downtime"
"""The kinds of commitment that are kept; a change of another kind is derived anew."""
_EXACTLY: Final = Methods("exact", "exact")
_FLOOR_ALONE: Final = Methods("exact")
"""How figures are found that are answered from what is kept: only what is exact is kept."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A subject with its figures over each of its periods, and whether what nobody has committed
    to can fail it; `held` is empty where a change has to be derived anew."""

    key: TermKey
    subject: Subject
    before: Outcome
    held: tuple[Held, ...] = ()
    uncommitted: tuple[bool, ...] = ()

    @property
    def metric(self) -> str:
        return self.subject.term.metric

    @property
    def other_kind(self) -> bool:
        """Whether its metric is of another kind than those that are kept."""
        return METRICS[self.metric].algebra != ALGEBRA


class Portfolio:
    """Every composite of one estate over one span, ready to be asked what a change would do.

    Guards that all it keeps was derived from the same estate for the same span, and by the same
    numbers of leaves and promises.
    """

    def __init__(
        self,
        estate: Estate,
        asked: AskedPeriod,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.estate = estate
        self.asked = asked
        self._underpinning = Underpinning(estate)
        self._kept: list[_Kept] = []
        self._above: dict[Name, dict[int, None]] = {}
        wanted = [
            subject
            for versions in estate.agreements.values()
            for version in versions
            for subject in promises_to_check(estate, version, asked)
        ]
        # In the order of all answers, so that those need not be sorted.
        wanted.sort(key=lambda one: _order(one.key))
        found = []
        for number, subject in enumerate(wanted):
            found.append(self._keep(number, subject))
            if progress is not None:
                progress(number + 1, len(wanted))
        self.before = tuple(found)
        """What is derived as it stands."""

    def _keep(self, number: int, subject: Subject) -> Derivation:
        key, underpinning = subject.key, self._underpinning
        self._above.setdefault((key.agreement, key.term), {})[number] = None
        if METRICS[subject.term.metric].algebra != ALGEBRA:
            made = derivation_of(underpinning, subject, self.asked)
            self._kept.append(_Kept(key, subject, made.outcome))
            return made
        parts = parts_of(subject)
        figures = [one for part in parts for one in all_figures(underpinning, part, self.asked)]
        if len(parts) == 1:
            made = concluded(underpinning, subject, min(figures, key=lambda one: one.rank))
        else:
            made = derivation_of(underpinning, subject, self.asked)
        for one in figures:
            for leaf in one.data.leaves_of(one.data.groups):
                for c in leaf.commitments:
                    self._above.setdefault((c.key.agreement, c.key.term), {})[number] = None
        known = tuple(kept for one in figures if (kept := self._held(one)) is not None)
        if len(known) < len(figures) or len(parts) > 1:
            known = ()
        failing = tuple(fails_uncommitted(underpinning, one.data) for one in known)
        self._kept.append(_Kept(key, subject, made.outcome, known, failing))
        return made

    def _held(self, one: Figures) -> Held | None:
        if one.floor is None:
            return None
        return held(one.data, one.floor, scenes(one.data), self._underpinning.promise)

    def change(self, targets: Mapping[Name, Target]) -> tuple[Effect, ...]:
        """What every composite that some terms reach would come to, were those targets promised;
        sorted by agreement, term and service. Refuses a term that is not there, and a target that
        is none of its metric."""
        self._check(targets)
        own = {number: None for name in targets for number in self._above.get(name, {})}
        reached = dict(own)
        if not all(metric == ALGEBRA for metric in self._algebras(targets)):
            # What terms of other kinds reach is not kept.
            others = (number for number, kept in enumerate(self._kept) if kept.other_kind)
            reached |= dict.fromkeys(others)
        changed: dict[Maker, Instead] = {}
        found: dict[int, Effect] = {}
        for number in reached:
            kept = self._kept[number]
            after = self._after(kept, targets, changed)
            if after is not None:
                found[number] = Effect(kept.key, kept.metric, kept.before, after, anew=False)
        if missing := {self._kept[number].key: number for number in reached.keys() - found.keys()}:
            edited = with_targets(self.estate, targets)
            underpinning = Underpinning(edited)
            for agreement in sorted({key.agreement for key in missing}):
                for one in derive(edited, self.asked, agreement, underpinning=underpinning):
                    if (number := missing.get(one.key, -1)) >= 0:
                        before, after = self._kept[number].before, one.outcome
                        if number in own or after != before:
                            found[number] = Effect(one.key, one.metric, before, after, anew=True)
        return tuple(found[number] for number in sorted(found))

    def _algebras(self, targets: Mapping[Name, Target]) -> set[str]:
        return {
            METRICS[term.metric].algebra
            for agreement, id in targets
            for version in self.estate.agreements[agreement]
            for term in version.terms
            if term.id == id
        }

    def _check(self, targets: Mapping[Name, Target]) -> None:
        for (agreement, term), target in targets.items():
            terms = [
                one
                for version in self.estate.agreements.get(agreement, ())
                for one in version.terms
                if one.id == term
            ]
            if not terms:
                raise refuse(
                    "UNKNOWN_REFERENCE",
                    f"there is no term {agreement}/{term}",
                    "name an agreement and one of its terms, as in the estate",
                )
            for one in terms:
                check_target(METRICS[one.metric], target)

    def _after(
        self, kept: _Kept, targets: Mapping[Name, Target], known: dict[Maker, Instead]
    ) -> Outcome | None:
        """From what is kept; None where that does not tell."""
        if not kept.held:
            return None
        key, term = kept.key, kept.subject.term
        promised = targets.get((key.agreement, key.term), term.target)
        assert isinstance(promised, Fraction)
        best: tuple[Fraction, int] | None = None
        for number, one in enumerate(kept.held):
            floor = share(one, reached(one, targets), _changes(one, targets, known))
            if floor is None:
                return None
            if best is None or floor < best[0]:
                best = (floor, number)
        assert best is not None
        floor, number = best
        one = kept.held[number]
        estimate = independent(one, reached(one, targets), known)
        status = SHORTFALL
        if kept.uncommitted[number]:
            status = UNCOMMITTED
        elif rounded(term.measurement, floor) >= promised:
            status = UNDERPINNED
        methods = _FLOOR_ALONE if estimate is None else _EXACTLY
        return Outcome(promised, floor, estimate, None, status, methods)


def _changes(one: Held, targets: Mapping[Name, Target], known: dict[Maker, Instead]) -> Changed:
    """What would be promised instead, by maker; remembered between composites."""
    for name, target in targets.items():
        for number, commitment in one.makers.get(name, {}).items():
            if (number, name) not in known:
                term = replace(commitment.term, target=target)
                promise = promise_of(commitment.version, term)
                known[number, name] = Instead(promise.unavailability, promise.budget)
    return known


def with_targets(estate: Estate, targets: Mapping[Name, Target]) -> Estate:
    """The same estate with other targets, in every version of their agreements."""
    agreements = {
        id: tuple(
            replace(
                version,
                terms=tuple(
                    replace(term, target=targets.get((id, term.id), term.target))
                    for term in version.terms
                ),
            )
            for version in versions
        )
        if any(name[0] == id for name in targets)
        else versions
        for id, versions in estate.agreements.items()
    }
    return replace(estate, agreements=agreements)


def _order(key: TermKey) -> tuple[str, str, str, int]:
    return key.agreement, key.term, key.service, key.version
