"""Clauses, duties and documents in documents, and the lapses of time they set."""

from __future__ import annotations

import re
from typing import Any, Final

from orchestrator.errors import refuse
from orchestrator.formats.context import Context, shown
from orchestrator.formats.nodes import Json
from orchestrator.formats.quantities import LABEL, LAPSE, MONEY, SLUG_ID, TEXT
from orchestrator.formats.record import Key, Record
from orchestrator.formats.shapes import Converted, Flag, ListOf, OneOf, Scalar, Shape, choice
from orchestrator.model.agreements import NEGOTIABILITY
from orchestrator.model.clauses import CLAUSE_KINDS, Clause, Definition, Document
from orchestrator.model.duties import EFFECTS, Obligation
from orchestrator.model.lapses import Lapse

FLAG: Final = Flag()

# ------------------------------------------------------------------------------------------ lapses

_MONTHS: Final = re.compile(r"([1-9][0-9]{0,2}) (month|year)s?")


def _period(text: str, ctx: Context) -> Lapse:
    match = _MONTHS.fullmatch(text)
    if match is None:
        duration, business_days = LAPSE.parse(text, ctx)
        return Lapse(duration, business_days)
    months = int(match[1]) * (12 if match[2] == "year" else 1)
    if months > 1200:
        raise refuse("BAD_DURATION", f"{shown(text)} is longer than a century", "use a shorter one")
    return Lapse(months=months)


def _show_period(value: Lapse, ctx: Context) -> Json:
    if not value.months:
        return LAPSE.show((value.duration, value.business_days), ctx)
    unit, number = ("year", value.months // 12) if value.months % 12 == 0 else ("month", 0)
    number = number or value.months
    return f"{number} {unit}{'s' if number > 1 else ''}"


PERIOD_OF_TIME: Final = Scalar(
    "a length of time", _period, _show_period, f"{LAPSE.pattern}|{_MONTHS.pattern}"
)
"""`4h`, `30d`, `3 business days`, `3 months`, `1 year`."""

# ----------------------------------------------------------------------------------------- parties

_MANY: Final = ListOf(SLUG_ID, at_least=1)
_ONE: Final = Converted[tuple[str, ...]](
    SLUG_ID, lambda party, _: (party,), lambda parties, _: parties[0]
)


def _form_of_parties(parties: tuple[str, ...], _: Context) -> Shape[Any]:
    return _ONE if len(parties) == 1 else _MANY


PARTIES: Final = OneOf[tuple[str, ...]](
    "a party, or a list of parties", _form_of_parties, text=_ONE, items=_MANY
)
"""One party, or several."""

# ------------------------------------------------------------------------------------- obligations

OBLIGATION: Final = Record(
    Obligation,
    Key("id", SLUG_ID),
    Key("by", PARTIES, about="Who owes it."),
    Key("to", PARTIES, about="To whom it is owed."),
    Key("duty", TEXT, about="What is owed: a deliverable, information, access."),
    Key("category", LABEL, about="The kind of request it answers; others have no effect."),
    Key("within", PERIOD_OF_TIME, about="From the request, in open time of the hours."),
    Key("hours", SLUG_ID, about="A calendar, or 24x7."),
    Key("effect", choice(EFFECTS, says="effect"), about="What lateness does to a clock."),
    Key("evidence", FLAG, about="Without evidence of the request there is no effect."),
    Key("jointAndSeveral", FLAG, about="Each debtor answers for all of it."),
    blame={"SAME_PARTY": "to", "NOT_JOINT": "jointAndSeveral"},
)

# -------------------------------------------------------------------------------- clauses and texts

_RULES: Final = tuple(dict.fromkeys(rule for row in CLAUSE_KINDS.values() for rule in row.rules))

CLAUSE: Final = Record(
    Clause,
    Key("id", SLUG_ID),
    Key("kind", choice(CLAUSE_KINDS, code="UNKNOWN_CLAUSE", says="kind of clause")),
    Key("text", TEXT),
    Key("reference", LABEL, about="Where it stands, as 14.2."),
    Key("document", SLUG_ID, about="The document it stands in; the agreement unless said."),
    Key("negotiability", choice(NEGOTIABILITY, says="negotiability")),
    Key("rule", choice(_RULES, says="rule"), about="What it provides, in a word."),
    Key("within", PERIOD_OF_TIME, about="A time it sets."),
    Key("amount", MONEY, about="A sum it sets."),
    blame={"BAD_CHOICE": "rule"},
)

DOCUMENT: Final = Record(
    Document,
    Key("id", SLUG_ID),
    Key("sha256", LABEL, about="Of its bytes, in hexadecimal."),
    Key("title", LABEL),
    Key("location", LABEL),
    blame={"BAD_HASH": "sha256"},
)

DEFINITION: Final = Record(
    Definition,
    Key("term", LABEL, about="A text refers to it in double brackets, [[so]]."),
    Key("meaning", TEXT),
)
