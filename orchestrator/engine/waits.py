"""Waits of missed tickets that stopped no clock, and what relief the customer's lateness may earn.

A request stops a clock only within what is agreed: for a reason that the term names, with the
evidence it asks for, before the target has passed. Where a duty of the customer says `relief`,
its lateness is no pause: relief is proposed, and the parties decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.conduct import late_pauses
from orchestrator.engine.findings import place
from orchestrator.engine.intervals import clip, intersect, union
from orchestrator.engine.lapses import due_after
from orchestrator.engine.measure import Measured
from orchestrator.engine.observations import Observations
from orchestrator.engine.refusals import NAMED, named, seconds
from orchestrator.engine.ticket_history import history_of
from orchestrator.engine.ticketed import ELSEWHERE, Timed
from orchestrator.engine.tickets import COUNTS
from orchestrator.model.clocking import NEVER_PAUSES, WATCHES
from orchestrator.model.duties import EFFECTS, Obligation
from orchestrator.model.records import Finding
from orchestrator.model.values import FOREVER, Duration

_WITHOUT_EFFECT: Final = {
    "not_agreed": ("REQUEST_NOT_AGREED", "is of no category that is agreed to stop the clock"),
    "no_evidence": ("NO_EVIDENCE", "is without the evidence that is agreed"),
}


@dataclass(frozen=True, slots=True)
class _Late:
    """One missed ticket that the customer kept waiting: the service time past what its duty allows,
    and whether the ticket would be in time without it."""

    ticket: str
    time: Duration
    in_time: bool


def waits_without_effect(one: Measured) -> Iterator[Finding]:
    """The waits of the tickets that a term misses which stopped no clock, by reason."""
    key = one.assessment.key
    together: dict[tuple[str, str], set[str]] = {}
    for timed in _missed(one):
        reading, rules = timed.reading, timed.rules
        for wait in reading.ignored:
            own = wait.reason in {ELSEWHERE, NEVER_PAUSES}
            # What is done about the customer's own reasons is agreed, be it nothing.
            agreed = wait.why == "not_agreed" and wait.reason in rules.customer_reasons
            if own or agreed or wait.start >= reading.at or wait.end <= reading.begun:
                continue
            if wait.why in _WITHOUT_EFFECT:
                together.setdefault((wait.why, wait.reason), set()).add(reading.ticket)
        yield from late_pauses(one.subject.version, key.term, reading.ticket, reading.ignored)
    for (why, reason), tickets in sorted(together.items()):
        code, text = _WITHOUT_EFFECT[why]
        ids = sorted(tickets)
        yield Finding(
            code,
            "info",
            f"{key.agreement}/{key.term} on {key.service} in {one.assessment.period}: the wait for "
            f"{reason or 'no reason'} of {named(ids)} {text}: it has no effect",
            (key.agreement, key.term, key.service, *ids[:NAMED]),
            place(key),
        )


def relief_for_lateness(one: Measured, seen: Observations) -> Iterator[Finding]:
    """Proposals of relief for missed tickets, from each duty of the customer that provides it."""
    key, version = one.assessment.key, one.subject.version
    for duty in version.provisions.obligations:
        if not EFFECTS[duty.effect].proposes or version.customer not in duty.by:
            continue
        late = [found for timed in _missed(one) if (found := _late(timed, duty, seen)).time]
        if not late:
            continue
        ids = sorted({found.ticket for found in late})
        time = sum(found.time for found in late)
        saved = sum(found.in_time for found in late)
        yield Finding(
            "RELIEF_PROPOSED",
            "warning",
            f"{key.agreement}/{key.term} on {key.service} in {one.assessment.period}: "
            f"{version.customer} kept {named(ids)} waiting {seconds(time)} s past its duty "
            f"{duty.id}; with relief {saved} of {len(one.missed)} missed would be in time. "
            "It counts until the parties agree",
            (key.agreement, key.term, key.service, *ids[:NAMED]),
            place(key),
        )


def _missed(one: Measured) -> Sequence[Timed]:
    return [case.clock for case in one.missed if case.clock]


def _late(timed: Timed, duty: Obligation, seen: Observations) -> _Late:
    """How much of a clock ran while the customer was late with a duty."""
    ticket, reading, rules = timed.ticket, timed.reading, timed.rules
    if duty.category not in rules.customer_reasons or not WATCHES[rules.watch].resumes:
        return _Late(ticket.id, 0, False)
    calendars = seen.estate.at(ticket.opened).calendars
    spans = []
    for wait in history_of(ticket, rules, reading.at).waits:
        if wait.reason == duty.category and (wait.evidenced or not duty.evidence):
            due = due_after(duty.within, wait.start, calendars, duty.hours, rules.timezone)
            spans += [(due, wait.end)] if due < wait.end else []
    late = clip(union(spans), reading.begun, min(reading.at, FOREVER))
    time = sum(
        timed.clocks[leg.hours].elapsed(start, end)
        for leg in reading.legs
        if leg.state == COUNTS
        for start, end in intersect(late, [(leg.start, leg.end)])
    )
    return _Late(ticket.id, time, reading.consumed - time <= reading.target)
