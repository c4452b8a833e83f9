"""What comes round and what runs out, in documents: reviews, notice, renewal, escalation."""

from __future__ import annotations

from typing import Final

from orchestrator.formats.clauses import FLAG, PERIOD_OF_TIME
from orchestrator.formats.quantities import INSTANT, LABEL, SLUG_ID, whole
from orchestrator.formats.record import Key, Record
from orchestrator.formats.shapes import ListOf
from orchestrator.model.schedule import EscalationLevel, Notice, Renewal, Review

REVIEW: Final = Record(
    Review,
    Key("id", SLUG_ID),
    Key("rule", LABEL, about="A recurrence rule of RFC 5545: FREQ=MONTHLY;BYDAY=1TU."),
    Key("from", INSTANT, "start", about="When it is first held, and its time of day."),
    Key("subject", LABEL),
    Key("within", PERIOD_OF_TIME, about="How long after its time it may be held."),
    Key("lead", PERIOD_OF_TIME, about="How long before its time it may be held."),
    Key("parties", ListOf(SLUG_ID)),
    Key("held", ListOf(INSTANT), about="When it was held."),
    blame={"BAD_RULE": "rule"},
)

NOTICE: Final = Record(
    Notice,
    Key("period", PERIOD_OF_TIME),
    Key("hours", SLUG_ID, about="The calendar of its business days."),
    Key("form", LABEL, about="As in writing."),
)

RENEWAL: Final = Record(
    Renewal,
    Key("initial", PERIOD_OF_TIME, about="The first term, from the beginning."),
    Key("period", PERIOD_OF_TIME, about="Each further term."),
    Key("automatic", FLAG, about="It renews itself where nobody gives notice."),
    Key("times", whole(0, 1000), about="How often; 0 is without end."),
    blame={"BAD_RENEWAL": "period"},
)

ESCALATION: Final = Record(
    EscalationLevel,
    Key("party", SLUG_ID),
    Key("after", PERIOD_OF_TIME, about="Open time of the hours."),
    Key("hours", SLUG_ID, about="A calendar, or 24x7."),
    Key("contact", LABEL),
    Key("role", LABEL),
)
