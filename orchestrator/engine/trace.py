"""From a breach to the parties that contributed, and to those that answer for it (rules 7, 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from orchestrator.engine.intervals import Intervals, clip, intersect, subtract, total
from orchestrator.engine.measure import Measured, Measurements
from orchestrator.engine.promises import policies_of
from orchestrator.engine.slices import Scene, Stretch
from orchestrator.engine.structure import Commitment, Leaf, Structure
from orchestrator.engine.subjects import periods_ending, subject_of
from orchestrator.model.agreements import underpins
from orchestrator.model.records import Bearer, Breach, Responsibility
from orchestrator.model.values import SECOND, AskedPeriod, Instant, Span, zone

BREACHED_COMMITMENT: Final = "BREACHED_COMMITMENT"
STRUCTURAL_GAP: Final = "STRUCTURAL_GAP"
OWN_PART: Final = "OWN_PART"
NOT_COMMITTED: Final = "UNCOMMITTED"
EXCUSED: Final = "EXCUSED"

ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Cause:
    """What one leaf contributed on one basis: microseconds, shared and weighed.

    `answers` is the measurement of the agreement beneath that answers for it, if one does. What is
    not `timed` is a bare weight, and no time.
    """

    party: str
    leaf: str
    basis: str
    agreement: str
    duration: Fraction
    evidence: tuple[str, ...]
    answers: Measured | None
    internal: bool
    timed: bool = True

    @property
    def liable(self) -> bool:
        return self.basis == BREACHED_COMMITMENT


@dataclass(frozen=True, slots=True)
class Answer:
    """The commitment that answers for a leaf in a span, measured over its own period; None where
    nobody has committed."""

    span: Span
    commitment: Commitment | None = None
    measured: Measured | None = None


class Upstream:
    """What leaves were promised, measured; guards that each is found once.

    Of several commitments on a leaf the first that was breached answers.
    """

    def __init__(self, measurements: Measurements, asked: AskedPeriod) -> None:
        self.measurements = measurements
        self._asked = asked
        self._known: dict[tuple[int, int], list[Answer]] = {}

    def at(self, structure: Structure, number: int, instant: Instant) -> Answer:
        """What answers for a leaf at an instant, and for how long from there on."""
        known = self._known.setdefault((id(structure), number), [])
        for answer in known:
            if instant in answer.span:
                return answer
        return self._answer(structure.leaves[number], instant, known)

    def of(self, commitments: Iterable[Commitment], instant: Instant) -> Answer:
        """What answers for something at an instant, of the commitments that may."""
        found = [
            (commitment, self._measured(commitment, instant)[0])
            for commitment in commitments
            if _answers(commitment)
        ]
        if not found:
            return Answer(Span())
        return Answer(Span(), *next((pair for pair in found if pair[1].breached), found[0]))

    def _answer(self, leaf: Leaf, instant: Instant, known: list[Answer]) -> Answer:
        span, found, lasting = Span(), [], True
        for commitment in leaf.commitments:
            if _answers(commitment):
                measured, holds = self._measured(commitment, instant)
                lasting = lasting and holds.start < instant
                span = Span(max(span.start, holds.start), min(span.end, holds.end))
                found.append((commitment, measured))
        answer = Answer(span)
        if found:
            answer = Answer(span, *next((pair for pair in found if pair[1].breached), found[0]))
        if lasting:
            known.append(answer)
        return answer

    def _measured(self, commitment: Commitment, instant: Instant) -> tuple[Measured, Span]:
        """A commitment measured over its period that holds an instant, and the span this is the
        answer for. Of a rolling period it is the window that was assessed; outside that, the worst
        window that holds the instant, which answers for what follows alone."""
        subject = subject_of(commitment)
        version, period = subject.version, subject.term.period
        assert period is not None
        if not period.rolling:
            whole = period.containing(instant, zone(version.timezone)) & version.effective
            assert whole is not None
            return self.measurements.of(subject, whole), whole
        until = version.effective.end
        for hull in periods_ending(subject, self._asked):
            assessed = self.measurements.of(subject, hull)
            window = assessed.assessment.period
            if instant in window:
                return assessed, window
            if instant < window.start:
                until = window.start
        about = Span(instant - period.rolling + 1, instant + period.rolling) & version.effective
        assert about is not None
        measured = self.measurements.of(subject, about)
        return measured, Span(instant, min(measured.assessment.period.end, until))


def _answers(commitment: Commitment) -> bool:
    """Whether somebody answers for a commitment: it underpins, or money stands behind it. A goal
    never brings liability."""
    version, term = commitment.version, commitment.term
    paid = version.binds and bool(term.credits) and term.strength != "goal"
    return paid or underpins(version, term)


# --- causes --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """What a leaf contributed: a share of some time. `before` is the instant just before which
    things stood as they are answered for, where that is not the time itself, and `by` the leaf
    whose recovery it is."""

    scene: Scene
    leaf: int
    share: Fraction
    intervals: Intervals
    before: Instant | None = None
    by: int = -1


@dataclass
class _Sum:
    duration: Fraction = ZERO
    evidence: set[str] = field(default_factory=set)
    answers: Measured | None = None


def causes(measured: Measured, upstream: Upstream) -> tuple[Cause, ...]:
    """Who contributed to a term's counted downtime, and why they answer for it or not.

    Sorted by party, service, agreement and basis.
    """
    sums: dict[tuple[str, str, str, str, bool], _Sum] = {}
    for part in _parts(measured.stretches):
        snapshot, leaf = part.scene.structure.snapshot, part.scene.leaf(part.leaf)
        provider = snapshot.entity(measured.subject.version.provider)
        internal = snapshot.entity(leaf.party) == provider
        for basis, answer, intervals in _bases(part, internal, upstream):
            made = answer.commitment
            party = made.version.provider if made else leaf.party
            agreement = made.key.agreement if made else ""
            entry = sums.setdefault((party, leaf.id, agreement, basis, internal), _Sum())
            entry.duration += part.share * total(intervals)
            entry.evidence |= _evidence(part, intervals)
            entry.answers = answer.measured
    return tuple(
        Cause(
            party,
            leaf,
            basis,
            agreement,
            entry.duration,
            tuple(sorted(entry.evidence)),
            entry.answers,
            internal,
        )
        for (party, leaf, agreement, basis, internal), entry in sorted(
            sums.items(), key=lambda item: item[0]
        )
    )


def _parts(stretches: Sequence[Stretch]) -> Iterator[_Part]:
    """The contributions of all leaves, stretches alike in what they come to taken together."""
    alike: dict[tuple[int, int, Fraction, tuple[int, ...]], list[Stretch]] = {}
    for stretch in stretches:
        moved = tuple(map(id, stretch.transfers))
        key = (id(stretch.scene), id(stretch.verdict), stretch.weight, moved)
        alike.setdefault(key, []).append(stretch)
    for together in alike.values():
        one = together[0]
        intervals = [(stretch.start, stretch.end) for stretch in together]
        transfers = {transfer.leaf: transfer for transfer in one.transfers}
        for leaf, share in one.verdict.shares.items():
            if not share:
                continue
            transfer = transfers.get(leaf)
            if transfer is None:
                yield _Part(one.scene, leaf, share * one.counted, intervals)
                continue
            for other, theirs in transfer.shares.items():
                moved_share = share * theirs * one.counted
                yield _Part(one.scene, other, moved_share, intervals, transfer.start, leaf)


def _bases(
    part: _Part, internal: bool, upstream: Upstream
) -> Iterator[tuple[str, Answer, Intervals]]:
    """A contribution by what follows from it, with the time it is for."""
    structure = part.scene.structure
    if part.before is not None:
        answer = upstream.at(structure, part.leaf, part.before - 1)
        before = [(part.before - 1, part.before)]
        basis = next((one for one, _ in _counting(part, internal, answer, before)), "")
        yield basis, answer, part.intervals
        return
    left = part.intervals
    while left:
        answer = upstream.at(structure, part.leaf, left[0][0])
        here = clip(left, answer.span.start, answer.span.end)
        left = subtract(left, here)
        for basis, intervals in _counting(part, internal, answer, here):
            yield basis, answer, intervals


def _counting(
    part: _Part, internal: bool, answer: Answer, here: Intervals
) -> Iterator[tuple[str, Intervals]]:
    """Some time of a contribution by what follows from it: what the agreement beneath counts and
    missed, counts and kept, or does not count."""
    measured = answer.measured
    if measured is None:
        own = part.scene.leaf(part.leaf).part == "own"
        yield (OWN_PART if internal and own else NOT_COMMITTED), here
        return
    counts = BREACHED_COMMITMENT if measured.breached else STRUCTURAL_GAP
    for basis, intervals in (
        (counts, intersect(here, measured.counted)),
        (STRUCTURAL_GAP, intersect(here, measured.kept)),
        (EXCUSED, subtract(subtract(here, measured.counted), measured.kept)),
    ):
        if intervals:
            yield basis, intervals


def _evidence(part: _Part, intervals: Intervals) -> set[str]:
    if part.before is None:
        return part.scene.evidence(part.leaf, intervals)
    brought_down = part.scene.evidence(part.leaf, [(part.before - 1, part.before)])
    return brought_down | part.scene.evidence(part.by, intervals)


def breach(measured: Measured, found: Sequence[Cause]) -> Breach:
    """The breach with responsibility (contribution) and where it ends (liability)."""
    # Of what is measured by cases each part is borne once, whatever the policy.
    cases = sum((cause.duration for cause in found), ZERO)
    counted = measured.downtime if measured.tally is None else cases
    responsibility = (
        Responsibility(
            cause.party,
            cause.leaf,
            cause.duration / SECOND if cause.timed else ZERO,
            cause.duration / counted,
            cause.liable,
            cause.basis,
            cause.agreement,
            cause.evidence,
        )
        for cause in found
    )
    borne: dict[tuple[str, str], Fraction] = {}
    provider = measured.subject.version.provider
    for cause in found:
        bearer = (cause.party, "") if cause.liable else (provider, cause.basis)
        borne[bearer] = borne.get(bearer, ZERO) + cause.duration / counted
    return Breach(
        measured.assessment.key,
        measured.assessment.period,
        policies_of(measured.subject.term).shares,
        tuple(sorted(responsibility, key=lambda r: (-r.share, r.party, r.service, r.basis))),
        tuple(
            Bearer(party, share, basis)
            for (party, basis), share in sorted(
                borne.items(), key=lambda item: (item[0][1] != "", -item[1], item[0])
            )
        ),
    )
