"""Late, corrected or withdrawn facts (rule 16): only what they can touch is measured again.

A fact on a service touches what covers that service or anything above it, at whatever time one
requires the other; a ticket is also counted for agreements on what lies beneath. Everything else
keeps its measurement, and the verdict is that of settling all of it anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.engine.measure import Measurements
from orchestrator.engine.observations import Observations
from orchestrator.engine.subjects import Subject
from orchestrator.model.estate import Estate
from orchestrator.model.records import FACT_KINDS, Fact, Facts, Ticket
from orchestrator.model.services import mentioned


def changed(before: Facts, after: Facts) -> list[Fact]:
    """The facts in which two sets differ: all that were added, withdrawn, or are another now."""
    found: list[Fact] = []
    for kind in FACT_KINDS:
        old, new = set(getattr(before, kind)), set(getattr(after, kind))
        found += sorted(old ^ new, key=lambda fact: fact.id)
    return found


def remeasured(before: Measurements, facts: Facts) -> Measurements:
    """Measurements of other facts on the same estate, with all that is known and stays as it is."""
    estate = before.seen.estate
    touched = touching(estate, changed(before.seen.facts, facts))
    seen = Observations(before.seen.underpinning, facts)

    def keeps(subject: Subject) -> bool:
        return touched.isdisjoint(subject.services)

    return before.kept(seen, keeps)


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
