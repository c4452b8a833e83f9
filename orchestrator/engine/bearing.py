"""Whether what happened by an instant can bear on the verdict on a later span, by what is booked.

Facts reach as far as `settle.reach_of` says; but repetition, which may look back at all there ever
was, begins anew after as many periods that count for nothing as a rule looks at, less one. Which
those are stands in the books of the spans between, so that nothing is measured to know it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestrator.engine.settle import reach_of
from orchestrator.model.agreements import Version
from orchestrator.model.estate import Estate
from orchestrator.model.values import AskedPeriod, Instant, zone

TermName = tuple[str, str, str]
"""Agreement, term and service."""

History = Mapping[Instant, tuple[Instant, bool]]
"""The booked periods of a term by their ends: the beginning of each, and whether it is quiet: met,
and without a credit."""


class Bearing:
    """What bears on what, under the agreements of an estate and the histories of their terms."""

    def __init__(self, estate: Estate, histories: Mapping[TermName, History]) -> None:
        self._enough = {
            (id, term): periods
            for id, versions in estate.agreements.items()
            for term, periods in _quiet_enough(versions).items()
        }
        repeating = {id for id, _ in self._enough}
        self._plain = replace(
            estate,
            agreements={
                id: tuple(map(_without_repetition, versions)) if id in repeating else versions
                for id, versions in estate.agreements.items()
            },
        )
        self._histories = histories
        self._reaches: dict[AskedPeriod, Instant] = {}

    def bears(self, until: Instant, later: AskedPeriod) -> bool:
        """Whether facts of before an instant may change the verdict on a span."""
        return self._reach(later) < until or any(
            self._recalls(name, until, later)
            for name in self._histories
            if (name[0], name[1]) in self._enough
        )

    def _reach(self, asked: AskedPeriod) -> Instant:
        """From when on facts are looked at, but for repetition."""
        if asked not in self._reaches:
            self._reaches[asked] = reach_of(self._plain, asked).start
        return self._reaches[asked]

    def _recalls(self, name: TermName, until: Instant, later: AskedPeriod) -> bool:
        """Whether repetition looks back from a span to what happened before an instant."""
        history, enough = self._histories[name], self._enough[name[0], name[1]]
        span = later.span(zone(self._plain.agreements[name[0]][0].timezone))
        begins = [start for end, (start, _) in history.items() if span.start < end <= span.end]
        at, quiet = min(begins, default=span.start), 0
        while quiet < enough:
            if at not in history:
                return True  # nothing is booked that says it is not so
            end, (at, is_quiet) = at, history[at]
            if self._reach(AskedPeriod(at, end)) < until:
                return True
            quiet = quiet + 1 if is_quiet else 0
        return False


def _quiet_enough(versions: Sequence[Version]) -> dict[str, int]:
    """After how many quiet periods the repetition of each term begins anew; nothing of agreements
    whose other rules look back too."""
    terms = [term for one in versions if one.binds for term in one.terms]
    other = any(one.annual_caps for one in versions if one.binds)
    if other or any(term.consequences.earn_back for term in terms):
        return {}
    found: dict[str, int] = {}
    for term in terms:
        for when in term.consequences.repetitions:
            found[term.id] = max(found.get(term.id, 0), when.periods - 1)
    return found


def _without_repetition(version: Version) -> Version:
    terms = (
        replace(term, consequences=replace(term.consequences, repeats=(), chronic=None))
        for term in version.terms
    )
    return replace(version, terms=tuple(terms))
