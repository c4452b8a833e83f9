"""What an agreement says of a ticket's clock: what it times, what stops it, by when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.values import Duration

ENDS: Final = frozenset({"resolve", "close"})
"""What, done to a ticket, ends it until it is reopened."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A row of the table of clocks: what is timed.

    The first of `stops` that is done to the ticket stops it. With `resumes`, a ticket reopened
    within the window sets it going again. With `holding`, it runs only while the party of the
    rules holds the ticket, each time anew.
    """

    id: str
    metric: str
    stops: frozenset[str]
    resumes: bool
    holding: bool = False


WATCHES: Final[dict[str, Watch]] = {
    row.id: row
    for row in (
        # What resolves a ticket answers it, if nothing has before.
        Watch("response", "response_time", ENDS | {"respond"}, resumes=False),
        Watch("resolution", "resolution_time", ENDS, resumes=True),
        Watch("handoff", "handoff_time", ENDS, resumes=True, holding=True),
    )
}

REPRIORITISED: Final = ("carry_over", "proportional", "reset")
"""At a change of priority consumed time is carried over; or the share consumed of the old target
is carried to the new one, cut down to whole microseconds; or the clock starts anew."""

CUSTOMER_LATE: Final = ("none", "pause_all", "lateness_only")
"""Waiting for the customer stops no clock; or from request to receipt; or from the end of the time
the customer is allowed to receipt."""

NEVER_PAUSES: Final = "waiting_supplier"
"""Waiting for a supplier moves ownership of a ticket, never the customer's clock."""


@dataclass(frozen=True, slots=True)
class Goal:
    """The time within which a ticket of a priority is due, and the hours in which it counts.

    Either a `duration` of service time or a number of `business_days`: the close of the nth
    service day after the day of receipt. Priority "" stands for every priority not named.
    """

    duration: Duration = 0
    business_days: int = 0
    hours: str = ROUND_THE_CLOCK
    priority: str = ""

    def __post_init__(self) -> None:
        if min(self.duration, self.business_days) < 0 or (self.duration and self.business_days):
            raise refuse(
                "BAD_TARGET",
                "a time to be done within is a duration or a number of business days",
                "give one of the two, not below zero",
            )


@dataclass(frozen=True, slots=True)
class ClockRules:
    """How one term times tickets; the defaults pause nothing and reopen nothing.

    `pauses` are the reasons that stop the clock. `customer_reasons` are those for which the
    customer is waited for: `customer_late` says what of such a wait stops it, and with `evidence`
    only if something supports the request or the receipt. The customer may take `allowance` of
    `allowance_hours` to answer. `reopening` is how long after its resolution (by the wall clock) a
    ticket may be reopened and still be the same case. `holders` names who holds a ticket while it
    waits for a reason. `party` is whose holding a hand-off clock times. `timezone` is that of the
    business days of hours round the clock.
    """

    goals: tuple[Goal, ...]
    watch: str = "resolution"
    pauses: tuple[str, ...] = ()
    customer_reasons: tuple[str, ...] = ()
    customer_late: str = "none"
    allowance: Duration = 0
    allowance_hours: str = ROUND_THE_CLOCK
    evidence: bool = True
    reopening: Duration = 0
    reprioritised: str = "carry_over"
    holders: tuple[tuple[str, str], ...] = ()
    party: str = ""
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        choices = (
            (self.watch, tuple(WATCHES)),
            (self.customer_late, CUSTOMER_LATE),
            (self.reprioritised, REPRIORITISED),
        )
        for chosen, words in choices:
            if chosen not in words:
                raise refuse("BAD_CHOICE", f"{chosen!r} is no choice", f"use {', '.join(words)}")
        if NEVER_PAUSES in self.pauses + self.customer_reasons:
            raise refuse(
                "BAD_CHOICE",
                f"{NEVER_PAUSES} stops no clock",
                "record the supplier as the ticket's owner instead",
            )
        if len({goal.priority for goal in self.goals}) < len(self.goals):
            raise refuse("DUPLICATE_ID", "two goals have one priority", "keep one of them")

    def goal(self, priority: str) -> Goal:
        """The goal of a priority; one that no goal is for is refused, never given a default."""
        by_priority = {goal.priority: goal for goal in self.goals}
        found = by_priority.get(priority, by_priority.get(""))
        if found is None:
            raise refuse(
                "UNKNOWN_REFERENCE",
                f"no goal is agreed for the priority {priority!r}",
                "map the priority to one of the agreement's, or agree a goal for it",
            )
        return found

    @property
    def hours(self) -> tuple[str, ...]:
        """Every calendar that the clock may run on."""
        named = dict.fromkeys(goal.hours for goal in self.goals)
        return (*named, *({self.allowance_hours} - named.keys()))
