"""What the provisions of an agreement refer to, for the gate that checks that it exists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.provisions import Provisions


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
