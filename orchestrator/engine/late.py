"""Late, corrected or withdrawn facts (rule 16): only what they can touch is found out again.

A fact on a service touches what covers that service or anything above it, at whatever time one
requires the other; a ticket is also counted for agreements on what lies beneath. Everything else
keeps its measurement, and a trace that rests on nothing else is kept too. The verdict is that of
settling all of it anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.engine.observations import Observations
from orchestrator.engine.settling import Settling
from orchestrator.engine.subjects import Subject
from orchestrator.model.estate import Estate
from orchestrator.model.records import FACT_KINDS, Fact, Facts, Ticket
from orchestrator.model.services import mentioned


def changed(before: Facts, after: Facts) -> list[Fact]:
    """The facts in which two sets differ: all that were added, withdrawn, or are another now."""
    found: list[Fact] = []
    for kind in FACT_KINDS:
        old = {fact.id: fact for fact in getattr(before, kind)}
        new = {fact.id: fact for fact in getattr(after, kind)}
        for id in sorted(old.keys() | new.keys()):
            was, became = old.get(id), new.get(id)
            if was is not became and was != became:
                found += (fact for fact in (was, became) if fact is not None)
    return found


def with_late(before: Settling, facts: Facts) -> Settling:
    """What a verdict of other facts on the same estate is reached by, with all that is known and
    stays as it is."""
    seen = before.measurements.seen
    touched = touching(seen.estate, changed(seen.facts, facts))

    def keeps(subject: Subject) -> bool:
        return touched.isdisjoint(subject.services)

    return before.kept(before.measurements.kept(Observations(seen.underpinning, facts), keeps))


def touching(estate: Estate, facts: Iterable[Fact]) -> set[str]:
    """The services of which something may be measured otherwise because of some facts."""
    above: dict[str, set[str]] = {}
    beneath: dict[str, set[str]] = {}
    for id, timeline in estate.services.items():
        for dated in timeline:
            for needed in mentioned(dated.value.requires):
                above.setdefault(needed, set()).add(id)
                beneath.setdefault(id, set()).add(needed)
    facts = list(facts)
    tickets = (fact.service for fact in facts if isinstance(fact, Ticket))
    return _closure(above, (fact.service for fact in facts)) | _closure(beneath, tickets)


def _closure(edges: dict[str, set[str]], start: Iterable[str]) -> set[str]:
    found: set[str] = set()
    stack = list(start)
    while stack:
        id = stack.pop()
        if id not in found:
            found.add(id)
            stack += edges.get(id, ())
    return found
