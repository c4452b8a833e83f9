"""Service level meetings, their minutes, and the goals that services are for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from orchestrator.errors import refuse
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.metrics import METRICS, Target, check_target
from orchestrator.model.values import Instant


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody at a meeting, for a party and in a role there, such as `account-manager`."""

    role: str
    party: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class TermDraft:
    """A term as a meeting proposes it; its strength is by the kind of agreement unless said."""

    id: str
    metric: str
    target: Target
    priority: str = ""
    hours: str = ROUND_THE_CLOCK
    strength: str = ""

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise refuse("UNKNOWN_METRIC", f"{self.metric!r} is not a metric", "use a known one")
        check_target(METRICS[self.metric], self.target)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a meeting resolved; with a `draft` it proposes a term."""

    id: str
    text: str = ""
    draft: TermDraft | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting and its minutes. Without an attendee in each role of the `quorum` it resolves
    nothing."""

    id: str
    at: Instant
    quorum: tuple[str, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    agenda: tuple[str, ...] = ()
    resolutions: tuple[Resolution, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The roles of the quorum for which nobody came."""
        present = {attendee.role for attendee in self.attendees}
        return tuple(role for role in self.quorum if role not in present)


@dataclass(frozen=True, slots=True)
class Goal:
    """What the users' own figure should come to, whatever the terms say: their satisfaction."""

    metric: str
    target: Fraction

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise refuse("UNKNOWN_METRIC", f"{self.metric!r} is not a metric", "use a known one")
        check_target(METRICS[self.metric], self.target)

    def reached(self, value: Fraction) -> bool:
        """Whether a measured value reaches the goal; exactly at it does."""
        if METRICS[self.metric].higher_is_better:
            return value >= self.target
        return value <= self.target


@dataclass(frozen=True, slots=True)
class PublishGate:
    """How many shadow periods, with how many breaches at most, before a draft may be agreed."""

    periods: int
    breaches: int = 0

    def __post_init__(self) -> None:
        if self.periods < 1 or self.breaches < 0:
            raise refuse(
                "BAD_GATE",
                "a gate asks for one period or more, and for no fewer breaches than none",
                "write {periods: 3, breaches: 0}",
            )


@dataclass(frozen=True, slots=True)
class Override:
    """The recorded decision to sign a term above what lies beneath guarantees."""

    term: str
    by: str
    at: Instant
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise refuse("NO_REASON", "an override without a reason", "say why it is taken")


@dataclass(frozen=True, slots=True)
class Argument:
    """The value an instance gives to a parameter of its template, as written."""

    parameter: str
    value: str


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """From which template, in which version, and with what values an agreement was made."""

    template: str
    number: int
    arguments: tuple[Argument, ...] = ()
