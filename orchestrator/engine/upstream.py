"""What leaves were promised, measured: who answers for a failure at an instant (rule 8)."""

from __future__ import annotations

from collections.abc import Iterable
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
        since, until = version.effective.start, version.effective.end
        for hull in periods_ending(subject, self._asked):
            assessed = self.measurements.of(subject, hull)
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
        return measured, Span(instant, min(measured.assessment.period.end, until))


def _answers(commitment: Commitment) -> bool:
    """Whether somebody answers for a commitment: it underpins, or money stands behind it. A goal
    never brings liability."""
    version, term = commitment.version, commitment.term
    paid = version.binds and bool(term.credits) and term.strength != "goal"
    return paid or underpins(version, term)
