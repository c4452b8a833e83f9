"""What the provisions of an agreement refer to: for the gate that checks that it exists, and for
mergers, in which objects take other names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from orchestrator.model.boundaries import Assumption, Demarcation, Handoff
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.duties import Obligation
from orchestrator.model.meetings import Attendee, TermDraft
from orchestrator.model.priorities import SeverityMapping
from orchestrator.model.provisions import Provisions
from orchestrator.model.schedule import EscalationLevel, Notice, Review
from orchestrator.model.scopes import TargetWindow

T = TypeVar("T")

_PARTY: Final = "parties"
_HOURS: Final = {"hours": "calendars"}

NAMED: Final[dict[type, dict[str, str]]] = {
    Obligation: {"by": _PARTY, "to": _PARTY, **_HOURS},
    SeverityMapping: {"party": _PARTY},
    Demarcation: {
        **dict.fromkeys(("service", "requires"), "services"),
        **dict.fromkeys(("near", "far", "owner"), _PARTY),
    },
    Assumption: {"party": _PARTY},
    Handoff: {"giver": _PARTY, "taker": _PARTY, **_HOURS},
    Notice: _HOURS,
    Review: {"parties": _PARTY},
    EscalationLevel: {"party": _PARTY, **_HOURS},
    Attendee: {"party": _PARTY},
    TermDraft: _HOURS,
    TargetWindow: _HOURS,
}
"""The fields that name objects of the estate, and the list each is in."""


def renamed(value: T, name: Callable[[str, str], str]) -> T:
    """A value with every object it names under another name: `name` tells it, from list and id."""
    if isinstance(value, tuple):
        return tuple(renamed(one, name) for one in value)  # type: ignore[return-value]
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    tables = NAMED.get(type(value), {})
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        held = getattr(value, field.name)
        table = tables.get(field.name)
        if table is None:
            again = renamed(held, name)
        elif isinstance(held, tuple):
            again = tuple(name(table, one) for one in held)
        else:
            again = name(table, held)
        if again != held:
            changed[field.name] = again
    return dataclasses.replace(value, **changed) if changed else value


@dataclass(frozen=True, slots=True)
class Reference:
    """A mention of an object: the estate's list it should be in, its id, and where it is named
    within the agreement, as `obligations[0].by`."""

    table: str
    id: str
    path: str


def references(provisions: Provisions) -> Iterator[Reference]:
    """Every party, service and calendar that provisions name, in the order of the document."""
    for table, id, path in _named(provisions):
        if id and not (table == "calendars" and id == ROUND_THE_CLOCK):
            yield Reference(table, id, path)


def _named(provisions: Provisions) -> Iterator[tuple[str, str, str]]:
    for i, duty in enumerate(provisions.obligations):
        for key, parties in (("by", duty.by), ("to", duty.to)):
            yield from (("parties", party, f"obligations[{i}].{key}") for party in parties)
        yield "calendars", duty.hours, f"obligations[{i}].hours"
    for i, mapping in enumerate(provisions.severities):
        yield "parties", mapping.party, f"severities[{i}].party"
    for i, line in enumerate(provisions.demarcation):
        for key in ("service", "requires"):
            yield "services", getattr(line, key), f"demarcation[{i}].{key}"
        for key in ("near", "far", "owner"):
            yield "parties", getattr(line, key), f"demarcation[{i}].{key}"
    for i, assumption in enumerate(provisions.assumptions):
        yield "parties", assumption.party, f"assumptions[{i}].party"
    for i, handoff in enumerate(provisions.handoffs):
        yield "parties", handoff.giver, f"handoffs[{i}].from"
        yield "parties", handoff.taker, f"handoffs[{i}].to"
        yield "calendars", handoff.hours, f"handoffs[{i}].hours"
    if provisions.notice is not None:
        yield "calendars", provisions.notice.hours, "notice.hours"
    for i, review in enumerate(provisions.reviews):
        yield from (("parties", party, f"reviews[{i}].parties") for party in review.parties)
    for i, level in enumerate(provisions.escalation):
        yield "parties", level.party, f"escalation[{i}].party"
        yield "calendars", level.hours, f"escalation[{i}].hours"
    for i, meeting in enumerate(provisions.meetings):
        for attendee in meeting.attendees:
            yield "parties", attendee.party, f"meetings[{i}].attendees"
        for resolution in meeting.resolutions:
            if resolution.draft is not None:
                yield "calendars", resolution.draft.hours, f"meetings[{i}].resolutions"
