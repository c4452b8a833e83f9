"""What comes round and what runs out: reviews, notice, renewal, escalation, deadlines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.lapses import AT_ONCE, Lapse
from orchestrator.model.recurrence import check_rule
from orchestrator.model.values import DAY, Instant, parse_instant

_EARLIEST: Final[Instant] = parse_instant("1900-01-01T00:00:00Z")


@dataclass(frozen=True, slots=True)
class Review:
    """A review that comes round by a recurrence rule of RFC 5545, from `start` on.

    The rule runs on the wall clock of the agreement's zone. An occurrence is overdue when `within`
    has passed since and nothing was held for it; it may be held up to `lead` before its time.
    `held` is what took place.
    """

    id: str
    rule: str
    start: Instant
    subject: str = ""
    within: Lapse = AT_ONCE
    lead: Lapse = AT_ONCE
    parties: tuple[str, ...] = ()
    held: tuple[Instant, ...] = ()

    def __post_init__(self) -> None:
        check_rule(self.rule)
        if self.start < _EARLIEST:
            raise refuse(
                "BAD_RULE",
                f"the review {self.id!r} has no beginning",
                "say under `from` when it is first held",
            )


@dataclass(frozen=True, slots=True)
class Notice:
    """How long before the end, or before it renews itself, notice has to be given.

    Whole days and months are civil days and months of the agreement's zone; business days are
    service days of the calendar `hours`.
    """

    period: Lapse
    hours: str = ROUND_THE_CLOCK
    form: str = ""


@dataclass(frozen=True, slots=True)
class Renewal:
    """How an agreement goes on: a first term of `initial` from its beginning, then terms of
    `period` each, at most `times` of them (0: without end).

    `automatic`: it renews itself where nobody gives notice in time; otherwise it has to be agreed.
    """

    initial: Lapse
    period: Lapse
    automatic: bool = True
    times: int = 0

    def __post_init__(self) -> None:
        for lapse in (self.initial, self.period):
            if not lapse or lapse.business_days or lapse.duration % DAY:
                raise refuse(
                    "BAD_RENEWAL",
                    "a term of an agreement lasts whole days or months",
                    "write it as 12 months or 90d",
                )
        if self.times < 0:
            raise refuse("BAD_RENEWAL", "it cannot renew less than never", "use 0 or more")


@dataclass(frozen=True, slots=True)
class EscalationLevel:
    """Who is called when a matter has been open for `after` on the calendar `hours`."""

    party: str
    after: Lapse = AT_ONCE
    hours: str = ROUND_THE_CLOCK
    contact: str = ""
    role: str = ""


DEADLINE_KINDS: Final = (
    "review",
    "notice",
    "renewal",
    "expiry",
    "claim",
    "announcement",
    "maintenance",
)


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """Something that falls due at an instant. Sorted by time.

    `end` is when a thing that lasts is over, as maintenance does; otherwise `at` again.
    `subject` tells deadlines of one kind and agreement apart.
    """

    at: Instant
    agreement: str
    kind: str
    subject: str
    summary: str
    end: Instant
    parties: tuple[str, ...] = ()
