"""From missed tickets, incidents and scores to the parties that answer for them (rules 7, 8, 17).

Tickets are split by the ledger of owners: by whose hands their clock ran in. Incidents are split
as downtime is. A score is split by the contribution model that the service declares, and by nothing
else. Whoever contributed is liable only if its own commitment of the same kind was missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from orchestrator.engine.gauges import gauge_of
from orchestrator.engine.intervals import total
from orchestrator.engine.levels import outermost
from orchestrator.engine.measure import Measured
from orchestrator.engine.slices import counted_in
from orchestrator.engine.structure import Commitment
from orchestrator.engine.subjects import Subject, subjects
from orchestrator.engine.ticket_ledger import ledger_of
from orchestrator.engine.ticketed import Timed, covers_priority
from orchestrator.engine.trace import Cause
from orchestrator.engine.upstream import (
    BREACHED_COMMITMENT,
    NOT_COMMITTED,
    OWN_PART,
    STRUCTURAL_GAP,
    Answer,
    Upstream,
)
from orchestrator.model.estate import Snapshot
from orchestrator.model.flows import InSequence, OneOfBranches, Stage, Step
from orchestrator.model.values import FOREVER, Instant

ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class _Part:
    """What a party did of a miss, in microseconds or as a bare weight. `began` picks the agreements
    in force, `at` their period. `chosen` are the commitments a model names; None: find them."""

    party: str
    service: str
    weight: Fraction
    evidence: frozenset[str]
    began: Instant
    at: Instant
    priority: str = ""
    chosen: tuple[Commitment, ...] | None = None


@dataclass(slots=True)
class _Sum:
    weight: Fraction = ZERO
    evidence: set[str] = field(default_factory=set)
    answer: Answer | None = None


def case_causes(measured: Measured, upstream: Upstream) -> tuple[Cause, ...]:
    """Who contributed to a miss that is measured by cases, and why they answer for it or not.

    Sorted by party, service, agreement and basis. Where nothing says whose doing it was, it is the
    provider's own (`attributable`).
    """
    timed, parts = _parts(measured, upstream)
    subject, sums = measured.subject, dict[tuple[str, str, str, str, bool], _Sum]()
    for part in parts:
        snapshot = upstream.measurements.seen.estate.at(part.began)
        internal = snapshot.entity(part.party) == snapshot.entity(subject.version.provider)
        chosen = part.chosen
        if chosen is None:
            chosen = tuple(_commitments(snapshot, subject, part))
        answer = upstream.of(chosen, part.at)
        basis = _basis(answer, internal)
        made = answer.commitment
        party = made.version.provider if made else part.party
        service = made.key.service if made else part.service
        agreement = made.key.agreement if made else ""
        entry = sums.setdefault((party, service, agreement, basis, internal), _Sum())
        entry.weight += part.weight
        entry.evidence |= part.evidence
        entry.answer = answer
    return tuple(
        Cause(
            party,
            service,
            basis,
            agreement,
            entry.weight,
            tuple(sorted(entry.evidence)),
            entry.answer.measured if entry.answer else None,
            internal,
            timed,
        )
        for (party, service, agreement, basis, internal), entry in sorted(
            sums.items(), key=lambda item: item[0]
        )
    )


def _basis(answer: Answer, internal: bool) -> str:
    if answer.measured is None:
        return OWN_PART if internal else NOT_COMMITTED
    return BREACHED_COMMITMENT if answer.measured.breached else STRUCTURAL_GAP


def _commitments(snapshot: Snapshot, subject: Subject, part: _Part) -> Iterator[Commitment]:
    """What a party has promised of the same kind to whoever provides the subject, for anything that
    the subject covers or rests on; its own promises before those of its organisation."""
    ours, bits = snapshot.entity(subject.version.provider), 0
    for service in subject.services:
        bits |= snapshot.reach.get(service, 0)
    for provider in dict.fromkeys((part.party, snapshot.entity(part.party))):
        for _, version in sorted(snapshot.versions.items()):
            if version.provider != provider or version.agreement == subject.version.agreement:
                continue
            if snapshot.entity(version.customer) != ours:
                continue
            for one in subjects(version):
                if one.term.metric != subject.term.metric or not covers_priority(
                    one, part.priority
                ):
                    continue
                numbers = [snapshot.numbers.get(service) for service in one.services]
                if any(number is not None and bits >> number & 1 for number in numbers):
                    yield Commitment(version, one.term, one.key)


# --- whose doing ---------------------------------------------------------------------------------


def attributable(measured: Measured, upstream: Upstream) -> bool:
    """Whether anything says whose doing a miss was."""
    return _split(measured, upstream) is not None


def _parts(measured: Measured, upstream: Upstream) -> tuple[bool, Iterable[_Part]]:
    found = _split(measured, upstream)
    if found is not None:
        return found
    period = measured.assessment.period
    evidence = frozenset(case.id for case in measured.missed)
    return False, [
        _Part(
            measured.subject.version.provider,
            measured.assessment.key.service,
            Fraction(1),
            evidence,
            period.start,
            period.end - 1,
            chosen=(),
        )
    ]


def _split(measured: Measured, upstream: Upstream) -> tuple[bool, list[_Part]] | None:
    """The parts, and whether they are time; None where nothing tells."""
    cases = measured.missed or measured.judged
    if any(case.clock for case in cases):
        return True, list(_by_owner(measured))
    if any(case.stretches for case in cases):
        alike = _alike(measured)
        return not alike, list(_by_leaf(measured, upstream, alike=alike))
    parts = _by_model(measured, upstream)
    return None if parts is None else (False, parts)


def _by_owner(measured: Measured) -> Iterator[_Part]:
    """The clock time of missed tickets, by who held them."""
    otherwise = measured.subject.version.provider
    for case in measured.missed:
        timed: Timed = case.clock
        reading = timed.reading
        held = ledger_of(reading, timed.ticket, timed.rules, timed.clocks, otherwise).by_party
        # A target of no time at all is broken by the first microsecond.
        at = min(reading.breached, reading.due)
        for party, duration in (held or {otherwise: 1}).items():
            if duration:
                yield _Part(
                    party,
                    timed.ticket.service,
                    Fraction(duration),
                    frozenset({case.id}),
                    timed.ticket.opened,
                    case.at if at == FOREVER else at,
                    reading.priority,
                )


def _alike(measured: Measured) -> bool:
    """Whether incidents count by their number, however long they lasted."""
    gauge = gauge_of(measured.subject.term.metric)
    assert gauge is not None
    return gauge.otherwise is not None and gauge.otherwise.eventless


def _by_leaf(measured: Measured, upstream: Upstream, *, alike: bool) -> Iterator[_Part]:
    """Downtime of incidents, by which parts brought it about; of those that are missed, where one
    can tell of each."""
    for case in measured.missed or measured.judged:
        length = counted_in(case.stretches)
        for part, evidence in outermost(measured.subject, upstream, case.stretches):
            leaf = part.scene.leaf(part.leaf)
            weight = part.share * total(part.intervals)
            yield _Part(
                leaf.party,
                leaf.id,
                weight / length if alike else weight,
                evidence,
                part.intervals[0][0],
                part.intervals[-1][1] - 1,
            )


# --- declared models -----------------------------------------------------------------------------


def _by_model(measured: Measured, upstream: Upstream) -> list[_Part] | None:
    """A miss split by the shares of the flow that the service declares for the kind (rule 17)."""
    subject, period = measured.subject, measured.assessment.period
    gauge = gauge_of(subject.term.metric)
    if gauge is None or not gauge.modelled or len(subject.services) != 1:
        return None
    snapshot = upstream.measurements.seen.estate.at(period.start)
    service = snapshot.services.get(subject.services[0])
    flows = {} if service is None else {(one.metric, one.priority): one for one in service.flows}
    metric, priority = subject.term.metric, subject.term.priority
    flow = flows.get((metric, priority), flows.get((metric, "")))
    if flow is None:
        return None
    shares: list[tuple[Stage | None, Fraction]] = []
    if not _shared(flow.step, Fraction(1), lambda stage, share: shares.append((stage, share))):
        return None
    evidence = frozenset(case.id for case in measured.missed)
    return [_modelled(measured, snapshot, stage, share, evidence) for stage, share in shares]


def _shared(step: Step, share: Fraction, found: Callable[[Stage | None, Fraction], None]) -> bool:
    """The share of every stage; False where a flow is more than a choice of stages."""
    match step:
        case Stage():
            found(step, share)
        case OneOfBranches():
            return all(_shared(one.step, share * one.share, found) for one in step.branches)
        case InSequence(steps=()):
            found(None, share)
        case InSequence(steps=(only,)):
            return _shared(only, share, found)
        case _:
            return False
    return True


def _modelled(
    measured: Measured,
    snapshot: Snapshot,
    stage: Stage | None,
    share: Fraction,
    evidence: frozenset[str],
) -> _Part:
    subject, period = measured.subject, measured.assessment.period
    version = snapshot.versions.get(stage.agreement) if stage else None
    chosen: tuple[Commitment, ...] = ()
    if version is not None and stage is not None:
        chosen = tuple(
            Commitment(version, one.term, one.key)
            for one in subjects(version)
            if one.term.id == stage.term
            or (not stage.term and one.term.metric == subject.term.metric)
        )
    party = version.provider if version else subject.version.provider
    service = measured.assessment.key.service
    return _Part(party, service, share, evidence, period.start, period.end - 1, chosen=chosen)
