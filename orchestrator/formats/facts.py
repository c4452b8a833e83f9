"""The facts document: outages, maintenance, gaps, samples and tickets, as reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.errors import Problem
from orchestrator.formats.context import Context, Overwhelmed, Refused
from orchestrator.formats.document import API_VERSION, begin, header, refuse_all
from orchestrator.formats.nodes import Json, Node, text_of
from orchestrator.formats.quantities import (
    EXACT,
    LABEL,
    MOMENT,
    POSITIVE,
    PRIORITY,
    RATIO,
    SLUG_ID,
    TEXT,
    span_of,
)
from orchestrator.formats.record import REQUIRED, Inline, Key, Record
from orchestrator.formats.shapes import ListOf, choice
from orchestrator.formats.source import Source, read_source
from orchestrator.model.estate import Estate
from orchestrator.model.records import (
    FACT_KINDS,
    Excuse,
    Fact,
    Facts,
    Maintenance,
    Outage,
    Sample,
    Ticket,
    TicketEvent,
    TicketOwner,
    Unknown,
)
from orchestrator.model.values import FOREVER

TICKET_ACTIONS: Final = (
    "respond",
    "pause",
    "resume",
    "prioritise",
    "resolve",
    "reopen",
    "close",
)

# A document of facts has no zone of its own, so a bare date says nothing in it.
_CLOSED: Final = span_of(MOMENT, start=REQUIRED, end=REQUIRED)
_OPEN_ENDED: Final = span_of(MOMENT, start=REQUIRED, end=FOREVER)

_NAMED: Final = (Key("id", SLUG_ID), Key("service", SLUG_ID))
_REPORT: Final = (
    Key("source", LABEL, about="The tool that reported it."),
    Key("point", LABEL, about="Where it was measured."),
    Key("reported", MOMENT, about="When it was made known; from the beginning unless said."),
    Key("affectedShare", RATIO, about="The share of the users that felt it."),
)

_EXCUSE: Final = Record(
    Excuse,
    Key("category", SLUG_ID),
    Key("party", SLUG_ID),
    Key("evidence", TEXT),
    Key("noticed", MOMENT, about="When the other side was told."),
)
_EVENT: Final = Record(
    TicketEvent,
    Key("at", MOMENT),
    Key("do", choice(TICKET_ACTIONS, says="thing done to a ticket")),
    Key("reason", LABEL),
    Key("priority", PRIORITY),
    Key("evidence", TEXT, about="What supports it, as that of a request to the customer."),
)
_OWNER: Final = Record(TicketOwner, Key("party", SLUG_ID), Inline("span", _OPEN_ENDED))

RECORDS: Final[dict[str, Record[Any]]] = {
    "outages": Record(
        Outage,
        *_NAMED,
        Key("part", choice(("whole", "own"), says="part of a service")),
        Inline("span", _OPEN_ENDED),
        Key("excuse", _EXCUSE),
        *_REPORT,
        keeps=True,
    ),
    "maintenance": Record(
        Maintenance,
        *_NAMED,
        Inline("span", _CLOSED),
        Key("announced", MOMENT),
        *_REPORT,
        keeps=True,
    ),
    "unknown": Record(Unknown, *_NAMED, Inline("span", _CLOSED), *_REPORT, keeps=True),
    "samples": Record(
        Sample,
        *_NAMED,
        Key("metric", SLUG_ID),
        Key("at", MOMENT),
        Key("value", EXACT),
        Key("weight", POSITIVE),
        *_REPORT,
        keeps=True,
    ),
    "tickets": Record(
        Ticket,
        *_NAMED,
        Key("priority", PRIORITY),
        Key("opened", MOMENT),
        Key("events", ListOf(_EVENT)),
        Key("owners", ListOf(_OWNER)),
        *_REPORT,
        keeps=True,
    ),
}
assert set(RECORDS) == set(FACT_KINDS)

HEADER: Final = header("Facts")
LISTS: Final = {kind: ListOf(record) for kind, record in RECORDS.items()}
DOCUMENT: Final = Record(Facts, *HEADER, *(Key(kind, shape) for kind, shape in LISTS.items()))
"""The document as a whole; `read_facts_document` reads its keys one by one."""


@dataclass(frozen=True)
class FactsDocument:
    """Facts, and where each stands in the text it was read from."""

    facts: Facts
    source: Source
    places: Mapping[tuple[str, str], Node]
    """The node of each fact, by its list and id."""


def read_facts(text: str | bytes, file: str = "") -> Facts:
    """Read a facts document; all that is wrong with it is raised at once."""
    return read_facts_document(text, file).facts


def read_facts_document(text: str | bytes, file: str = "") -> FactsDocument:
    """As `read_facts`, with the places of the facts, for `check_facts`."""
    source, ctx = read_source(text, file), Context()
    given = begin(source, HEADER, ctx)
    places: dict[tuple[str, str], Node] = {}
    lists: dict[str, Any] = {}
    with suppress(Overwhelmed):
        DOCUMENT.reports_unknown(given, ctx)
        for kind in FACT_KINDS:
            with suppress(Refused):
                lists[kind] = _read_list(kind, given, places, ctx)
    refuse_all(source, ctx)
    return FactsDocument(Facts(**lists), source, places)


def _read_list(
    kind: str, given: Mapping[str, Node], places: dict[tuple[str, str], Node], ctx: Context
) -> tuple[Fact, ...]:
    """The facts of a list by id; what repeats another one word for word is the same fact."""
    found: dict[str, Fact] = {}
    if kind not in given:
        return ()
    for node, fact in LISTS[kind].read_each(given[kind], ctx):
        if fact is None:
            continue
        where = places.setdefault((kind, fact.id), node)
        if found.setdefault(fact.id, fact) != fact:
            ctx.refuse(
                node,
                "DUPLICATE_ID",
                f"{fact.id!r} is one thing in line {where.line} and another in line {node.line}",
                "a document states a fact once: keep what is right",
            )
    return tuple(found[id] for id in sorted(found))


def write_facts(facts: Facts) -> dict[str, Json]:
    """The document of facts; reading it back gives equal ones."""
    document: dict[str, Json] = {"apiVersion": API_VERSION, "kind": "Facts"}
    for kind in FACT_KINDS:
        listed = getattr(facts, kind)
        if listed:
            document[kind] = LISTS[kind].write(listed, Context())
    return document


def check_facts(document: FactsDocument, estate: Estate) -> list[Problem]:
    """What the facts refer to and the estate never has, with places."""
    ctx = Context()
    with suppress(Overwhelmed):
        for node in document.places.values():
            for table, one, named in _references(node):
                if text_of(named) not in getattr(estate, table):
                    ctx.refuse(
                        named,
                        "UNKNOWN_REFERENCE",
                        f"there is no {one} {text_of(named)!r} in the estate",
                        f"declare it under `{table}` of the estate, or correct the id",
                    )
    return ctx.problems(document.source.root, document.source.file)


def _references(fact: Node) -> Iterator[tuple[str, str, Node]]:
    """What a fact names: the list, what one of it is called, and where it is named."""
    given = _keys(fact)
    yield "services", "service", given["service"]
    owners = given["owners"].value if "owners" in given else []
    assert isinstance(owners, list)
    for holder in (*owners, *([given["excuse"]] if "excuse" in given else [])):
        if "party" in _keys(holder):
            yield "parties", "party", _keys(holder)["party"]


def _keys(node: Node) -> dict[str, Node]:
    assert isinstance(node.value, dict)
    return node.value
