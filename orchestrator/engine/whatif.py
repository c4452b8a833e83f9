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
from orchestrator.engine.estimate import scenes
from orchestrator.engine.held import Changed, Held, Maker, Name, held, independent, reached, share
from orchestrator.engine.promises import Promise, promise_of, rounded
from orchestrator.engine.subjects import Subject
from orchestrator.engine.underpinning import Underpinning
from orchestrator.errors import refuse
from orchestrator.model.derivations import (
    SHORTFALL,
    UNCOMMITTED,
    UNDERPINNED,
    Derivation,
    Effect,
    Outcome,
)
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS, Target, check_target
from orchestrator.model.records import TermKey
from orchestrator.model.values import AskedPeriod

ALGEBRA: Final = "downtime"
"""The kinds of commitment that are kept; a change of another kind is derived anew."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A subject with its figures over each of its periods, and whether what nobody has committed
    to can fail it; `held` is empty where a change has to be derived anew."""

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
        self._kept: dict[TermKey, _Kept] = {}
        self._above: dict[Name, dict[TermKey, None]] = {}
        wanted = [
            subject
            for versions in estate.agreements.values()
            for version in versions
            for subject in promises_to_check(estate, version, asked)
        ]
        found = []
        for number, subject in enumerate(wanted):
            found.append(self._keep(subject))
            if progress is not None:
                progress(number + 1, len(wanted))
        self.before = tuple(sorted(found, key=lambda one: _order(one.key)))
        """What is derived as it stands."""

    def _keep(self, subject: Subject) -> Derivation:
        key, underpinning = subject.key, self._underpinning
        self._above.setdefault((key.agreement, key.term), {})[key] = None
        if METRICS[subject.term.metric].algebra != ALGEBRA:
            made = derivation_of(underpinning, subject, self.asked)
            self._kept[key] = _Kept(subject, _outcome(made))
            return made
        figures = list(all_figures(underpinning, subject, self.asked))
        made = concluded(underpinning, subject, min(figures, key=lambda one: one.rank))
        for one in figures:
            for leaf in one.data.leaves_of(one.data.groups):
                for c in leaf.commitments:
                    self._above.setdefault((c.key.agreement, c.key.term), {})[key] = None
        known = tuple(kept for one in figures if (kept := self._held(one)) is not None)
        if len(known) < len(figures):
            known = ()
        failing = tuple(fails_uncommitted(underpinning, one.data) for one in known)
        self._kept[key] = _Kept(subject, _outcome(made), known, failing)
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
        keys = {key: None for name in targets for key in self._above.get(name, {})}
        own = dict(keys)
        if not all(metric == ALGEBRA for metric in self._algebras(targets)):
            # What terms of other kinds reach is not kept.
            keys |= {key: None for key, kept in self._kept.items() if kept.other_kind}
        changed: dict[Maker, Promise] = {}
        found = []
        for key in keys:
            after = self._after(self._kept[key], targets, changed)
            if after is not None:
                kept = self._kept[key]
                found.append(Effect(key, kept.metric, kept.before, after, anew=False))
        missing = keys.keys() - {one.key for one in found}
        if missing:
            edited = with_targets(self.estate, targets)
            underpinning = Underpinning(edited)
            for agreement in sorted({key.agreement for key in missing}):
                for one in derive(edited, self.asked, agreement, underpinning=underpinning):
                    if one.key in missing:
                        before, after = self._kept[one.key].before, _outcome(one)
                        if one.key in own or after != before:
                            found.append(Effect(one.key, one.metric, before, after, anew=True))
        return tuple(sorted(found, key=lambda one: _order(one.key)))

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
        self, kept: _Kept, targets: Mapping[Name, Target], known: dict[Maker, Promise]
    ) -> Outcome | None:
        """From what is kept; None where that does not tell."""
        if not kept.held:
            return None
        key, term = kept.subject.key, kept.subject.term
        promised = targets.get((key.agreement, key.term), term.target)
        assert isinstance(promised, Fraction)
        best: tuple[Fraction, int] | None = None
        for number, one in enumerate(kept.held):
            leaves = reached(one, targets)
            floor = share(one, leaves, _changes(one, targets, known))
            if floor is None:
                return None
            if best is None or floor < best[0]:
                best = (floor, number)
        assert best is not None
        floor, number = best
        one = kept.held[number]
        estimate = independent(one, reached(one, targets), _changes(one, targets, known))
        status = SHORTFALL
        if kept.uncommitted[number]:
            status = UNCOMMITTED
        elif rounded(term.measurement, floor) >= promised:
            status = UNDERPINNED
        return Outcome(promised, floor, estimate, None, status)


def _changes(one: Held, targets: Mapping[Name, Target], known: dict[Maker, Promise]) -> Changed:
    """What would be promised instead, by maker; remembered between composites."""
    for name, target in targets.items():
        for number, commitment in one.makers.get(name, {}).items():
            if (number, name) not in known:
                term = replace(commitment.term, target=target)
                known[number, name] = promise_of(commitment.version, term)
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


def _outcome(one: Derivation) -> Outcome:
    return Outcome(one.promised, one.floor, one.independent, one.beta, one.status)


def _order(key: TermKey) -> tuple[str, str, str, int]:
    return key.agreement, key.term, key.service, key.version
