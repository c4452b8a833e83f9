"""What belongs to one assessment: the part of an estate and its facts that it follows from, and how
it came about, slice by slice.

A dossier is for another party's eyes, so it holds no more than it needs. What that is follows the
graph: what the service rests on, what was promised on it to the provider and to ourselves; then, if
money that comes back is divided with others, those others too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Final, TypeVar

from orchestrator.engine import diagram, games
from orchestrator.engine.cases import Case
from orchestrator.engine.components import bits_from
from orchestrator.engine.intervals import Intervals, subtract
from orchestrator.engine.measure import Measured
from orchestrator.engine.observations import Observations, sources
from orchestrator.engine.promises import policies_of
from orchestrator.engine.slices import Stretch, cut, slices
from orchestrator.engine.ticket_explanation import Segment, explain_due
from orchestrator.engine.ticket_ledger import Entry, ledger_of
from orchestrator.engine.ticketed import Timed
from orchestrator.engine.verdicts import Moment
from orchestrator.model.agreements import Version
from orchestrator.model.estate import Dated, Estate, Snapshot
from orchestrator.model.flows import stages
from orchestrator.model.parties import Party
from orchestrator.model.records import (
    Breach,
    Credit,
    Exposure,
    Fact,
    Facts,
    Maintenance,
    Outage,
    Sample,
    TermKey,
    Ticket,
    Unknown,
    Verdict,
)
from orchestrator.model.references import references
from orchestrator.model.services import mentioned
from orchestrator.model.values import Instant, Span

T = TypeVar("T", Breach, Credit, Exposure)

CUTS: Final = 50
"""So many sets that each sufficed are listed of one slice."""

Key = tuple[TermKey, Span]


# --- the part that is needed ---------------------------------------------------------------------


def parts(
    estate: Estate, facts: Facts, span: Span, about: Version, period: Span
) -> Iterator[tuple[Estate, Facts]]:
    """Ever larger parts of an estate with their facts, the last the whole: the first of them from
    which a verdict on one `period` of an agreement follows unchanged is all that is needed. `span`
    is that of the facts that the verdict may depend on; of most, those of the period will do."""
    # Each list in the order of ids, whatever order it was told in.
    facts = Facts(
        *(
            tuple(sorted(getattr(facts, kind.name), key=lambda one: one.id))
            for kind in fields(facts)
        )
    )
    services = _beneath(estate, span, (cover.service for cover in about.covers))
    ours = _buyers(estate, span, about)
    small = _agreements(estate, span, services, ours) | {about.agreement}
    for times in (period, span):
        yield _part(estate, facts, span, times, services, small)
    # Whoever else draws on what was promised to us.
    sharing = {
        version.agreement
        for version in _versions(estate)
        if any(_beneath(estate, span, [cover.service]) & services for cover in version.covers)
    }
    wider = services | {
        service
        for version in _versions(estate)
        if version.agreement in sharing
        for service in _beneath(estate, span, (cover.service for cover in version.covers))
    }
    for times in (period, span):
        yield _part(estate, facts, span, times, wider, sharing | small)
    yield estate, facts


def _versions(estate: Estate) -> Iterator[Version]:
    for versions in estate.agreements.values():
        yield from versions


def _beneath(estate: Estate, span: Span, services: Iterable[str]) -> set[str]:
    """Services with all they require at any time in a span."""
    found: set[str] = set()
    stack = list(services)
    while stack:
        id = stack.pop()
        if id in found or id not in estate.services:
            continue
        found.add(id)
        for dated in estate.services[id]:
            if dated.span & span:
                stack += mentioned(dated.value.requires)
    return found


def _buyers(estate: Estate, span: Span, about: Version) -> set[str]:
    """The legal entities whose contracts beneath matter: the provider's and the home ones."""
    found: set[str] = set()
    for _, snapshot in estate.during(span):
        found |= {snapshot.entity(about.provider), *snapshot.home}
    return found


def _agreements(estate: Estate, span: Span, services: set[str], buyers: set[str]) -> set[str]:
    """What was promised on services to some entities, and what their flows refer to."""
    snapshots = [snapshot for _, snapshot in estate.during(span)]
    return {
        version.agreement
        for version in _versions(estate)
        if any(cover.service in services for cover in version.covers)
        and any(snapshot.entity(version.customer) in buyers for snapshot in snapshots)
    }


def _part(
    estate: Estate,
    facts: Facts,
    span: Span,
    times: Span,
    services: set[str],
    agreements: set[str],
) -> tuple[Estate, Facts]:
    """Some services and agreements, with all they refer to in a span, and the facts on them at
    some times of it."""
    services, agreements = set(services), set(agreements)
    parties = set(estate.metadata.home)
    size = -1
    while size != len(services) + len(agreements):
        size = len(services) + len(agreements)
        for id in sorted(agreements & estate.agreements.keys()):
            for version in estate.agreements[id]:
                services |= _beneath(estate, span, (cover.service for cover in version.covers))
                parties |= {version.provider, version.customer}
                parties |= {one.party for one in version.roles}
                parties |= {one.party for one in version.acceptances}
                for named in references(version.provisions):
                    if named.table == "services":
                        services |= _beneath(estate, span, [named.id])
                    elif named.table == "parties":
                        parties.add(named.id)
        for id in sorted(services):
            for dated in estate.services[id]:
                parties.add(dated.value.owner)
                services |= set(mentioned(dated.value.requires))
                for flow in dated.value.flows:
                    agreements |= {stage.agreement for stage in stages(flow.step)}
    held = _facts(facts, times, services)
    parties |= _named_in(held)
    known = _with_parents(estate.parties, parties)
    made = Estate(
        estate.metadata,
        estate.calendars,
        {id: one for id, one in estate.parties.items() if id in known},
        {id: one for id, one in estate.services.items() if id in services},
        {id: one for id, one in estate.agreements.items() if id in agreements},
    )
    return made, held


def _with_parents(parties: Mapping[str, Sequence[Dated[Party]]], wanted: Iterable[str]) -> set[str]:
    """Parties with all that they are part of, at any time."""
    found: set[str] = set()
    stack = list(wanted)
    while stack:
        id = stack.pop()
        if id not in found and id in parties:
            found.add(id)
            stack += (dated.value.parent for dated in parties[id] if dated.value.parent)
    return found


def _facts(facts: Facts, span: Span, services: set[str]) -> Facts:
    def near(fact: Fact) -> bool:
        match fact:
            case Ticket():
                last = max([event.at for event in fact.events], default=fact.opened)
                return fact.opened < span.end and last >= span.start
            case Sample():
                return fact.at in span
            case Outage() | Maintenance() | Unknown():
                return bool(fact.span & span)
        raise AssertionError(fact)

    return Facts(
        *(
            tuple(one for one in getattr(facts, kind.name) if one.service in services and near(one))
            for kind in fields(facts)
        )
    )


def _named_in(facts: Facts) -> set[str]:
    """The parties that facts name."""
    found = {outage.excuse.party for outage in facts.outages if outage.excuse is not None}
    return found | {owner.party for ticket in facts.tickets for owner in ticket.owners}


# --- what came of it -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Conclusions:
    """What a verdict says of one agreement in one period."""

    breach: Breach | None
    credit: Credit | None
    exposure: Exposure | None


def conclusions(verdict: Verdict, key: Key) -> Conclusions:
    """What a verdict says of one term in one period."""

    def the(found: Iterable[T]) -> T | None:
        return next((one for one in found if (one.key, one.period) == key), None)

    return Conclusions(the(verdict.breaches), the(verdict.credits), the(verdict.exposures))


@dataclass(frozen=True, slots=True)
class PartIn:
    """What one component contributed to a slice, and the facts that say so."""

    party: str
    component: str
    share: Fraction
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A slice: how much of it counts, the sets of components that each sufficed (`complete`: all of
    them), and who shares it."""

    span: Span
    counted: Fraction
    parts: tuple[PartIn, ...]
    cuts: tuple[tuple[str, ...], ...]
    complete: bool = True


def deciding(measured: Measured) -> tuple[Case, ...]:
    """The cases that a breach comes from: those that were missed, or of a mean all of them."""
    return measured.missed or (measured.judged if measured.breached else ())


def pieces(seen: Observations, measured: Measured, moment: Moment) -> tuple[Piece, ...]:
    """Every slice in which the service was down within the hours of the period, counted or not, in
    order. Of what is measured by cases, those of the cases that decide."""
    if measured.tally is not None:
        stretches = [one for case in deciding(measured) for one in case.stretches]
        return tuple(_piece(one) for one in sorted(stretches, key=lambda one: one.start))
    subject, period = measured.subject, measured.assessment.period
    chosen = sources(seen, subject, moment.measuring(subject), period).decides
    gaps_count = policies_of(subject.term).data_gaps == "counts_as_down"
    found = slices(seen, subject, period, chosen, gaps_count=gaps_count)
    hours = seen.underpinning.hours.open(subject.term.hours, period)
    left: Intervals = subtract(hours, measured.counted)
    uncounted = [_uncounted(one) for one in cut(found.stretches, left)]
    made = [*map(_piece, measured.stretches), *uncounted]
    return tuple(sorted(made, key=lambda one: one.span))


def _uncounted(stretch: Stretch) -> Piece:
    return replace(_piece(stretch), counted=Fraction(0), parts=())


def _piece(stretch: Stretch) -> Piece:
    scene, times = stretch.scene, [(stretch.start, stretch.end)]
    down = _down(stretch)
    game = games.game(scene.structure.components, scene.node, bits_from(down))
    cuts: list[tuple[str, ...]] = []
    complete = True
    if not isinstance(game, bool):
        found, complete = diagram.minimal_cuts(games.diagram_of(game), len(down), CUTS)
        cuts = sorted(tuple(sorted(scene.leaf(leaf).id for leaf in one)) for one in found)
    return Piece(
        Span(stretch.start, stretch.end),
        stretch.counted,
        tuple(
            PartIn(
                scene.leaf(leaf).party,
                scene.leaf(leaf).id,
                share,
                tuple(sorted(scene.evidence(leaf, times))),
            )
            for leaf, share in sorted(
                stretch.verdict.shares.items(), key=lambda item: (-item[1], scene.leaf(item[0]).id)
            )
            if share
        ),
        tuple(cuts),
        complete,
    )


def _down(stretch: Stretch) -> list[int]:
    """The components that were down in a slice, excused or not."""
    scene = stretch.scene
    ground = scene.downtimes.ground(scene.structure, scene.node)
    return [*scene.downtimes.during(ground, Span(stretch.start, stretch.end))]


OVERDUE: Final = "overdue"


@dataclass(frozen=True, slots=True)
class ClockHistory:
    """How the clock of a late ticket came to its end: its time segment by segment up to the instant
    at which it was due, what came after that as one, and in whose hands it ran."""

    segments: tuple[Segment, ...]
    holders: tuple[Entry, ...]


def clock_history(timed: Timed, provider: str) -> ClockHistory:
    """The clock of a ticket explained; time that nobody is recorded to have held it falls to the
    provider."""
    reading = timed.reading
    segments = explain_due(reading, timed.clocks)
    if reading.due < reading.at:
        late = Segment(reading.due, reading.at, OVERDUE, (), reading.consumed)
        segments = (*segments, late)
    held = ledger_of(reading, timed.ticket, timed.rules, timed.clocks, provider)
    return ClockHistory(segments, held.entries)


def dependencies(snapshot: Snapshot, services: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Services with all they require, each with what it requires directly, from the top down."""
    bits = 0
    for service in services:
        bits |= snapshot.reach.get(service, 0)
    return [
        (id, tuple(dict.fromkeys(mentioned(snapshot.services[id].requires))))
        for id in reversed(snapshot.order)
        if bits >> snapshot.numbers[id] & 1
    ]


def at_the_time(measured: Measured) -> Instant:
    """The instant that a graph is drawn of: when it first went down, or the period began."""
    starts = [one.start for one in measured.stretches]
    starts += [one.begun for one in deciding(measured) if one.begun]
    return min(starts, default=measured.assessment.period.start)
