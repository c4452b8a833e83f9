"""What leaves were promised, measured: who answers for a failure at an instant (rule 8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.measure import Measured, Measurements
from orchestrator.engine.structure import Commitment, Leaf, Structure
from orchestrator.engine.subjects import periods_ending, subject_of
from orchestrator.model.agreements import underpins
from orchestrator.model.values import AskedPeriod, Instant, Span, zone

BREACHED_COMMITMENT: Final = "BREACHED_COMMITMENT"
STRUCTURAL_GAP: Final = "STRUCTURAL_GAP"
OWN_PART: Final = "OWN_PART"
NOT_COMMITTED: Final = "UNCOMMITTED"
EXCUSED: Final = "EXCUSED"


@dataclass(frozen=True, slots=True)
class Answer:
    """The commitment that answers for a leaf in a span, measured over its own period; None where
    nobody has committed. `considered` is all that was measured to find it."""

    span: Span
    commitment: Commitment | None = None
    measured: Measured | None = None
    considered: tuple[Measured, ...] = ()


class Upstream:
    """What leaves were promised, measured; guards that each is found once.

    Of several commitments on a leaf the first that was breached answers. What is considered for an
    answer is noted each time it is given, for whoever has to know what a trace rests on.
    """

    def __init__(self, measurements: Measurements, asked: AskedPeriod) -> None:
        self.measurements = measurements
        self._asked = asked
        self._known: dict[tuple[int, int], list[Answer]] = {}
        self._noted: dict[int, Measured] = {}

    def noted(self) -> tuple[Measured, ...]:
        """All that answers have considered since this was last asked."""
        found = tuple(self._noted.values())
        self._noted.clear()
        return found

    def at(self, structure: Structure, number: int, instant: Instant) -> Answer:
        """What answers for a leaf at an instant, and for how long from there on."""
        known = self._known.setdefault((id(structure), number), [])
        for answer in known:
            if instant in answer.span:
                return self._noting(answer)
        return self._noting(self._answer(structure.leaves[number], instant, known))

    def of(self, commitments: Iterable[Commitment], instant: Instant) -> Answer:
        """What answers for something at an instant, of the commitments that may."""
        considered: list[Measured] = []
        found = [
            (commitment, self._measured(commitment, instant, considered)[0])
            for commitment in commitments
            if _answers(commitment)
        ]
        return self._noting(_chosen(Span(), found, considered))

    def _noting(self, answer: Answer) -> Answer:
        self._noted.update((id(measured), measured) for measured in answer.considered)
        return answer

    def _answer(self, leaf: Leaf, instant: Instant, known: list[Answer]) -> Answer:
        span, found, lasting = Span(), [], True
        considered: list[Measured] = []
        for commitment in leaf.commitments:
            if _answers(commitment):
                measured, holds = self._measured(commitment, instant, considered)
                lasting = lasting and holds.start < instant
                span = Span(max(span.start, holds.start), min(span.end, holds.end))
                found.append((commitment, measured))
        answer = _chosen(span, found, considered)
        if lasting:
            known.append(answer)
        return answer

    def _measured(
        self, commitment: Commitment, instant: Instant, considered: list[Measured]
    ) -> tuple[Measured, Span]:
        """A commitment measured over its period that holds an instant, and the span this is the
        answer for. Of a rolling period it is the window that was assessed; outside that, the worst
        window that holds the instant, which answers for what follows alone."""
        subject = subject_of(commitment)
        version, period = subject.version, subject.term.period
        assert period is not None
        # What was begun under a version and misses after its end counts in its last period.
        instant = min(instant, version.effective.end - 1)
        if not period.rolling:
            whole = period.containing(instant, zone(version.timezone)) & version.effective
            assert whole is not None
            considered.append(self.measurements.of(subject, whole))
            return considered[-1], whole
        since, until = version.effective.start, version.effective.end
        for hull in periods_ending(subject, self._asked):
            assessed = self.measurements.of(subject, hull)
            considered.append(assessed)
            window = assessed.assessment.period
            if instant in window:
                # Where windows of two months overlap the earlier one answers.
                return assessed, Span(max(since, window.start), window.end)
            if instant < window.start:
                until = min(until, window.start)
            else:
                since = max(since, window.end)
        about = Span(instant - period.rolling + 1, instant + period.rolling) & version.effective
        assert about is not None
        measured = self.measurements.of(subject, about)
        considered.append(measured)
        return measured, Span(instant, min(measured.assessment.period.end, until))


def _chosen(
    span: Span, found: Sequence[tuple[Commitment, Measured]], considered: Sequence[Measured]
) -> Answer:
    if not found:
        return Answer(span)
    chosen = next((pair for pair in found if pair[1].breached), found[0])
    return Answer(span, *chosen, tuple(considered))


def _answers(commitment: Commitment) -> bool:
    """Whether somebody answers for a commitment: it underpins, or money stands behind it. A goal
    never brings liability."""
    version, term = commitment.version, commitment.term
    paid = version.binds and bool(term.credits) and term.strength != "goal"
    return paid or underpins(version, term)
