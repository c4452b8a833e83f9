"""Whose word downtime is taken by, where several sources report it (rule 14).

Only what was taken at the term's own measuring point is looked at; points never mix. The
contractual source decides. Where none is named, the most trusted of those that report on a service
decides there; where nothing is trusted either, all reports add up. Another source is compared by
taking its word for the services that it reports on: of the others it has said nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from orchestrator.engine.subjects import Subject
from orchestrator.model.measuring import Measuring
from orchestrator.model.records import Outage, SourceValue, Tally, Unknown

Accepted = frozenset[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """The sources whose facts are taken, by service; `otherwise` on services that are not named,
    where None takes all. What names no source is of the one that decides."""

    of: Mapping[str, Accepted] = field(default_factory=dict)
    otherwise: Accepted | None = None

    def takes(self, fact: Outage | Unknown) -> bool:
        accepted = self.of.get(fact.service, self.otherwise)
        return accepted is None or fact.source in accepted


EVERYTHING: Final = Choice()


@dataclass(frozen=True, slots=True)
class Sources:
    """The choice that decides, what it is called, and what others would have chosen, by source.
    `agreed`: the agreement says which decides. `heard` is how many facts each has reported."""

    decides: Choice = EVERYTHING
    name: str = ""
    others: Mapping[str, Choice] = field(default_factory=dict)
    agreed: bool = True
    heard: Mapping[str, int] = field(default_factory=dict)


def contractual(subject: Subject) -> Choice:
    """What decides by the term's own contractual source, if it names one."""
    source = subject.term.measurement.source
    return Choice(otherwise=frozenset(("", source))) if source else EVERYTHING


def sources_of(
    subject: Subject, measuring: Measuring, facts: Iterable[Outage | Unknown]
) -> Sources:
    """Which sources speak of a subject, by the facts on it, and which of them decides."""
    speaks: dict[str, set[str]] = {}
    heard: Counter[str] = Counter()
    for fact in facts:
        if fact.point == subject.term.measurement.point:
            heard[fact.source] += 1
            if fact.source:
                speaks.setdefault(fact.source, set()).add(fact.service)
    source = subject.term.measurement.source
    base, name, agreed = contractual(subject), source, bool(source)
    ranked = [one for one in measuring.trust if one in speaks]
    if not source and ranked:
        best: dict[str, Accepted] = {}
        for one in reversed(ranked):
            best |= dict.fromkeys(sorted(speaks[one]), frozenset(("", one)))
        base, name, agreed = Choice(best), ranked[0], True
    compared = agreed or measuring.tolerance
    others = {
        one: Choice({**base.of, **dict.fromkeys(services, frozenset((one,)))}, base.otherwise)
        for one, services in sorted(speaks.items())
        if compared and one != name
    }
    if name:
        heard[name] += heard.pop("", 0)
    return Sources(base, name, others, agreed, heard)


def differ(values: Iterable[SourceValue], tolerance: Fraction) -> bool:
    """Whether what another source says was attained differs from the first by more than agreed."""
    known = [one.attained for one in values if one.attained is not None]
    return any(abs(one - known[0]) > tolerance for one in known)


def told(tally: Tally | None) -> str:
    """What the sources of a dispute say, in words."""
    if tally is None:
        return ""
    said = ", ".join(
        f"{value.source or 'what names no source'} "
        + ("says too little" if value.attained is None else f"says {float(value.attained):.7g}")
        for value in tally.values
    )
    decides = f"{tally.values[0].source} decides" if tally.decided else "nothing says which decides"
    return f"sources differ: {said}; {decides}"
