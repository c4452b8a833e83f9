"""What an agreement holds besides its terms, in documents."""

from __future__ import annotations

from typing import Final

from orchestrator.formats.clauses import (
    CLAUSE,
    DEFINITION,
    DOCUMENT,
    FLAG,
    OBLIGATION,
    PERIOD_OF_TIME,
)
from orchestrator.formats.context import Context
from orchestrator.formats.nodes import Json
from orchestrator.formats.quantities import (
    EFFECTIVE,
    EXACT,
    INSTANT,
    LABEL,
    PRIORITY,
    SLUG_ID,
    TEXT,
    whole,
)
from orchestrator.formats.record import Key, Record
from orchestrator.formats.remedies import REMEDIES
from orchestrator.formats.schedule import ESCALATION, NOTICE, RENEWAL, REVIEW
from orchestrator.formats.shapes import ListOf, Shape, choice
from orchestrator.formats.targets import TARGET_FORMS
from orchestrator.model.agreements import KINDS, STRENGTHS, Term
from orchestrator.model.boundaries import ASSUMPTION_EFFECTS, Assumption, Demarcation, Handoff
from orchestrator.model.meetings import (
    Argument,
    Attendee,
    Goal,
    Meeting,
    Override,
    PublishGate,
    Resolution,
    TemplateUse,
    TermDraft,
)
from orchestrator.model.metrics import METRICS
from orchestrator.model.priorities import PriorityMatrix, SeverityMapping, SeverityPair
from orchestrator.model.provisions import Provisions
from orchestrator.model.scopes import AGREEMENT_SCOPES, TargetWindow
from orchestrator.model.templates import FILLINGS, PARAMETER_KINDS, SECTIONS, Parameter, Slot
from orchestrator.model.templates import Template as AgreementTemplate

_METRIC: Final = choice(METRICS, code="UNKNOWN_METRIC", says="metric")
_STRENGTH: Final = choice(STRENGTHS, says="strength")

# -------------------------------------------------------------------------- priorities, boundaries

PRIORITIES: Final = Record(
    PriorityMatrix,
    Key("impacts", ListOf(LABEL), about="Gravest first."),
    Key("urgencies", ListOf(LABEL), about="Most urgent first."),
    Key("priorities", ListOf(PRIORITY), about="Most pressing first."),
    Key("rows", ListOf(ListOf(PRIORITY)), about="A row for each impact, a cell for each urgency."),
    blame=dict.fromkeys(("MATRIX_INCOMPLETE", "MATRIX_NOT_MONOTONE", "UNKNOWN_DEGREE"), "rows"),
)

SEVERITIES: Final = Record(
    SeverityMapping,
    Key("party", SLUG_ID, about="Whose scheme is read."),
    Key("pairs", ListOf(Record(SeverityPair, Key("theirs", PRIORITY), Key("ours", PRIORITY)))),
    blame={"DUPLICATE_ID": "pairs"},
)

DEMARCATION: Final = Record(
    Demarcation,
    Key("service", SLUG_ID),
    Key("requires", SLUG_ID),
    Key("point", LABEL, about="Where the line runs."),
    Key("near", SLUG_ID, about="Who answers on the side of the service."),
    Key("far", SLUG_ID, about="Who answers on the side of what it requires."),
    Key("owner", SLUG_ID, about="Who answers for the point itself."),
    blame={"BAD_DEMARCATION": "owner"},
)

ASSUMPTION: Final = Record(
    Assumption,
    Key("id", SLUG_ID),
    Key("statement", TEXT),
    Key("party", SLUG_ID, about="Who sees to it that it holds."),
    Key("valid", EFFECTIVE),
    Key("effect", choice(ASSUMPTION_EFFECTS, says="effect"), about="Of a violation."),
)

HANDOFF: Final = Record(
    Handoff,
    Key("id", SLUG_ID),
    Key("from", SLUG_ID, "giver"),
    Key("to", SLUG_ID, "taker"),
    Key("within", PERIOD_OF_TIME, about="Open time of the hours."),
    Key("hours", SLUG_ID, about="A calendar, or 24x7."),
    Key("data", ListOf(LABEL), about="What has to be handed over with it."),
    Key("channel", LABEL),
    blame={"SAME_PARTY": "to"},
)

# ------------------------------------------------------------------------- meetings and publishing


DRAFT: Final = Record(
    TermDraft,
    Key("id", SLUG_ID),
    Key("metric", _METRIC, sets="metric"),
    Key("target", TARGET_FORMS),
    Key("priority", PRIORITY),
    Key("hours", SLUG_ID),
    Key("strength", _STRENGTH),
    blame={"BAD_TARGET": "target", "TARGET_OUT_OF_RANGE": "target"},
)

MEETING: Final = Record(
    Meeting,
    Key("id", SLUG_ID),
    Key("at", INSTANT),
    Key("quorum", ListOf(LABEL), about="The roles without which it resolves nothing."),
    Key(
        "attendees",
        ListOf(Record(Attendee, Key("role", LABEL), Key("party", SLUG_ID), Key("person", LABEL))),
    ),
    Key("agenda", ListOf(LABEL)),
    Key(
        "resolutions",
        ListOf(
            Record(Resolution, Key("id", SLUG_ID), Key("text", TEXT), Key("draft", DRAFT)),
            unique="id",
        ),
    ),
)

GOAL: Final = Record(
    Goal,
    Key("metric", _METRIC),
    Key("target", EXACT),
    blame={"BAD_TARGET": "target", "TARGET_OUT_OF_RANGE": "target"},
)

GATE: Final = Record(PublishGate, Key("periods", whole(1, 1000)), Key("breaches", whole(0, 10**6)))

OVERRIDE: Final = Record(
    Override,
    Key("term", SLUG_ID),
    Key("by", LABEL),
    Key("at", INSTANT),
    Key("reason", TEXT),
    blame={"NO_REASON": "reason"},
)

TEMPLATE_USE: Final = Record(
    TemplateUse,
    Key("id", SLUG_ID, "template"),
    Key("version", whole(1, 10**9), "number"),
    Key("arguments", ListOf(Record(Argument, Key("parameter", SLUG_ID), Key("value", LABEL)))),
)

# -------------------------------------------------------------------------------------- all of them


WINDOWS: Final = ListOf(Record(TargetWindow, Key("hours", SLUG_ID), Key("target", TARGET_FORMS)))
"""The targets of a term by windows of time: prime time and the rest."""

PROVISIONS: Final = Record(
    Provisions,
    Key("scope", choice(AGREEMENT_SCOPES, says="scope of an agreement")),
    Key("tightenOnly", FLAG, about="What overrides it may only be stricter."),
    Key("obligations", ListOf(OBLIGATION, unique="id")),
    Key("priorities", PRIORITIES),
    Key("severities", ListOf(SEVERITIES, unique="party")),
    Key("demarcation", ListOf(DEMARCATION)),
    Key("assumptions", ListOf(ASSUMPTION, unique="id")),
    Key("handoffs", ListOf(HANDOFF, unique="id")),
    Key("clauses", ListOf(CLAUSE, unique="id")),
    Key("documents", ListOf(DOCUMENT, unique="id"), about="In their order of precedence."),
    Key("glossary", ListOf(DEFINITION, unique="term")),
    Key("notice", NOTICE),
    Key("renewal", RENEWAL),
    Key("reviews", ListOf(REVIEW, unique="id")),
    Key("escalation", ListOf(ESCALATION), about="The levels, lowest first."),
    Key("meetings", ListOf(MEETING, unique="id")),
    Key("goals", ListOf(GOAL), about="What the users' own figures should come to."),
    Key("gate", GATE, about="Shadow periods before it may be agreed."),
    Key("overrides", ListOf(OVERRIDE), about="Terms signed above what lies beneath."),
    Key("template", TEMPLATE_USE, about="What it was made from."),
    Key("agreed", EFFECTIVE, about="The effective span that was agreed, where it was cut."),
    Key("remedies", REMEDIES, about="What may be asked for besides credits."),
    Key("continues", whole(1, 10**9), about="The version it is a further stretch of."),
)
"""What an agreement holds besides its terms; its keys stand among those of the agreement."""


def provisions_json(provisions: Provisions, zone: str, kind: str) -> dict[str, Json]:
    """What an agreement of a kind, in a zone, holds besides its terms, as its document has it."""
    return PROVISIONS.write(provisions, Context(zone=zone, kind=kind))


def template_of(term: Shape[Term]) -> Record[AgreementTemplate]:
    """A template, an entry of the estate's `templates`, from the shape of a term."""
    parameter = Record(
        Parameter,
        Key("name", SLUG_ID),
        Key("kind", choice(PARAMETER_KINDS, says="kind of parameter")),
        Key("low", LABEL),
        Key("high", LABEL),
        Key("words", ListOf(LABEL)),
        Key("default", LABEL),
        blame={"PARAMETER_OUT_OF_RANGE": "default"},
    )
    slot = Record(
        Slot,
        Key("term", SLUG_ID),
        Key("fills", choice(FILLINGS, says="place to fill")),
        Key("parameter", SLUG_ID),
    )
    return Record(
        AgreementTemplate,
        Key("id", SLUG_ID),
        Key("version", whole(1, 10**9), "number"),
        Key("kind", choice(KINDS, says="kind of agreement"), sets="kind"),
        Key("terms", ListOf(term, unique="id")),
        Key("parameters", ListOf(parameter, unique="name")),
        Key("slots", ListOf(slot)),
        Key("sections", ListOf(choice(SECTIONS, says="section"))),
        blame={"UNKNOWN_REFERENCE": "slots", "BAD_SLOT": "slots"},
    )
