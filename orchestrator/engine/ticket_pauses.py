"""Which of a ticket's waits stop its clock, and from when to when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.clock import Clock
from orchestrator.engine.ticket_history import Wait
from orchestrator.model.clocking import ClockRules
from orchestrator.model.values import Instant


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait that stops the clock; FOREVER ends one that goes on."""

    reason: str
    start: Instant
    end: Instant


@dataclass(frozen=True, slots=True)
class Ignored:
    """A wait, or the rest of one, that stops no clock, and why: `not_agreed`, `no_evidence`,
    `within_allowance`, or `after_target` (no pause may begin after the target instant)."""

    reason: str
    start: Instant
    end: Instant
    why: str


Clocks = Mapping[str, Clock]
"""The clock of each calendar that rules name, all over one horizon."""


@dataclass(frozen=True, slots=True)
class _Late:
    """A row of the policies for a customer who is late: whether waiting for the customer stops the
    clock at all, and whether only once the time the customer is allowed is over."""

    stops: bool
    after_allowance: bool


_CUSTOMER_LATE: Final = {
    "none": _Late(False, False),
    "pause_all": _Late(True, False),
    "lateness_only": _Late(True, True),
}


def pauses_of(
    waits: Sequence[Wait], rules: ClockRules, clocks: Clocks
) -> tuple[list[Pause], list[Ignored]]:
    """What may stop the clock of the rules, and the waits that may not.

    A reason under `customer_reasons` is judged by the policy for a customer who is late, even if
    it is listed under `pauses` too.
    """
    pauses, ignored = [], []
    for wait in waits:
        pause, why = _judged(wait, rules, clocks)
        if pause is None:
            ignored.append(Ignored(wait.reason, wait.start, wait.end, why))
        else:
            pauses.append(pause)
    return pauses, ignored


def _judged(wait: Wait, rules: ClockRules, clocks: Clocks) -> tuple[Pause | None, str]:
    whole = Pause(wait.reason, wait.start, wait.end)
    if wait.reason not in rules.customer_reasons:
        return (whole, "") if wait.reason in rules.pauses else (None, "not_agreed")
    policy = _CUSTOMER_LATE[rules.customer_late]
    if not policy.stops:
        return None, "not_agreed"
    if rules.evidence and not wait.evidenced:
        return None, "no_evidence"
    if not policy.after_allowance:
        return whole, ""
    allowed = clocks[rules.allowance_hours].due(wait.start, rules.allowance)
    late = Pause(wait.reason, allowed, wait.end)
    return (late, "") if late.start < late.end else (None, "within_allowance")
