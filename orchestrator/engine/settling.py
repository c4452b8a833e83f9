"""What is found out on the way to a verdict: measured, charged and traced, each of it once.

A verdict on a span is reached from all of this and from what was claimed in time. It may hold what
is known from before some late facts (`engine.late`).
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from orchestrator.engine.case_causes import attributable, case_causes
from orchestrator.engine.credit import Charge, Ended, charge, ended
from orchestrator.engine.exposure import Traced
from orchestrator.engine.histories import breach_class
from orchestrator.engine.measure import Measured, Measurements
from orchestrator.engine.subjects import Subject
from orchestrator.engine.trace import Cause, breach, causes
from orchestrator.engine.upstream import Upstream
from orchestrator.model.estate import Estate
from orchestrator.model.records import Breach
from orchestrator.model.values import AskedPeriod, Span

Work = tuple[Subject, Span]
"""What is measured, and over which of its own periods."""


class Settling:
    """Guards that what one verdict needs is found out once. `work` is what is asked about, in the
    order of the verdict; `generation` how often facts came late since all of it was measured."""

    def __init__(
        self,
        measurements: Measurements,
        asked: AskedPeriod,
        work: Sequence[Work],
        generation: int = 0,
    ) -> None:
        self.measurements = measurements
        self.asked = asked
        self.work = work
        self.generation = generation
        self.upstream = Upstream(measurements, asked)
        self._charges: dict[Ended, tuple[Measured, Charge | None]] = {}
        self._traced: dict[Ended, Traced] = {}

    @property
    def estate(self) -> Estate:
        return self.measurements.seen.estate

    def charge(self, measured: Measured) -> Charge | None:
        """What an assessment costs before the limits of its agreement."""
        key = ended(measured)
        if key not in self._charges:
            self._charges[key] = measured, charge(self.estate, measured, self.measurements)
        return self._charges[key][1]

    def trace(self, measured: Measured) -> Traced:
        """An assessment with the causes that it is traced to."""
        key = ended(measured)
        if key not in self._traced:
            self._traced[key] = self._trace(measured)
        return self._traced[key]

    def _trace(self, measured: Measured) -> Traced:
        by_cases, upstream = measured.tally is not None, self.upstream
        upstream.noted()
        found = (case_causes if by_cases else causes)(measured, upstream)
        told = not by_cases or attributable(measured, upstream)
        broken = _breach(measured, found) if measured.breached else None
        return Traced(measured, found, broken, told, upstream.noted())

    def kept(self, measurements: Measurements) -> Settling:
        """The same on other facts, with what holds still: charges and traces of what is measured
        as it was, and rests on nothing else."""
        made = Settling(measurements, self.asked, self.work, self.generation + 1)
        same = {id(one) for one in measurements.known}
        made._charges = {key: pair for key, pair in self._charges.items() if id(pair[0]) in same}
        made._traced = {key: found for key, found in self._traced.items() if _holds(found, same)}
        return made


def _holds(traced: Traced, same: Set[int]) -> bool:
    return all(id(one) in same for one in (traced.measured, *traced.rests_on))


def _breach(measured: Measured, traced_to: Sequence[Cause]) -> Breach:
    found = breach(measured, traced_to)
    classes = measured.subject.term.consequences.classes
    return replace(found, breach_class=breach_class(measured)) if classes else found
