"""The estate document: agreements as code, in YAML or JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from orchestrator.errors import Problem, refuse
from orchestrator.formats.clauses import FLAG
from orchestrator.formats.context import Context, Overwhelmed, Refused, attempt
from orchestrator.formats.contracts import TEMPLATE
from orchestrator.formats.document import (
    API_VERSION,
    Places,
    begin,
    header,
    name_of,
    refuse_all,
)
from orchestrator.formats.history import Agreements, History
from orchestrator.formats.hours import CALENDAR
from orchestrator.formats.nodes import Json, Node
from orchestrator.formats.provisions import MEETING
from orchestrator.formats.quantities import CURRENCY, LABEL, SLUG_ID, ZONE
from orchestrator.formats.record import Key, Record
from orchestrator.formats.remedies import RATE
from orchestrator.formats.services import PARTY, SERVICE
from orchestrator.formats.shapes import ListOf
from orchestrator.formats.source import Source, read_source
from orchestrator.formats.text import dump_json, dump_yaml
from orchestrator.model.agreements import Version
from orchestrator.model.calendars import WEEKDAYS, Calendar
from orchestrator.model.estate import (
    OBJECTS,
    TIMELINES,
    Dated,
    Estate,
    Metadata,
    always,
)
from orchestrator.model.handovers import leads
from orchestrator.model.meetings import Meeting
from orchestrator.model.parties import Party
from orchestrator.model.services import Service
from orchestrator.model.validity import problems_of
from orchestrator.model.values import DAY, Instant

__all__ = [
    "Document",
    "calendar_json",
    "dump_json",
    "dump_yaml",
    "place",
    "read_agreement",
    "read_estate",
    "read_meeting",
    "write_estate",
]

METADATA: Final = Record(
    Metadata,
    Key("name", LABEL),
    Key("home", ListOf(SLUG_ID), about="The organisations whose estate this is."),
    Key("currency", CURRENCY, about="Of every amount that names none."),
    Key("timezone", ZONE, sets="zone", about="Of everything that names none."),
    Key("strictDemarcation", FLAG, about="Every edge between two owners needs a line drawn."),
    Key("rates", ListOf(RATE), about="Exchange rates as they were stated."),
    keeps=True,
)

HISTORIES: Final[dict[str, History[Any]]] = {
    "calendars": History("calendars", CALENDAR),
    "parties": History("parties", PARTY),
    "services": History("services", SERVICE),
}
AGREEMENTS: Final = Agreements()
LISTS: Final[dict[str, ListOf[Any]]] = {
    **{table: ListOf(history, unique="id") for table, history in HISTORIES.items()},
    "agreements": ListOf(AGREEMENTS, unique="id"),
}
TEMPLATES: Final = ListOf(TEMPLATE, unique="id")
HEADER: Final = header("Estate")
DOCUMENT: Final = Record(
    Estate,
    *HEADER,
    Key("metadata", METADATA),
    Key("templates", TEMPLATES, default=(), about="What agreements are made from."),
    *(Key(table, shape) for table, shape in LISTS.items()),
    keeps=True,
)
"""The document as a whole; `read_estate` reads its keys one by one."""


@dataclass(frozen=True)
class Document:
    """An estate, and where its parts stand in the text it was read from."""

    estate: Estate
    source: Source
    places: Places


def read_estate(text: str | bytes, file: str = "") -> Document:
    """Read and validate an estate document; all that is wrong with it is raised at once."""
    source, ctx = read_source(text, file), Context()
    given = begin(source, HEADER, ctx)
    try:
        estate = _read_estate(given, ctx)
    except Overwhelmed:
        refuse_all(source, ctx)
        raise
    places = Places(source.root, _names_of_versions(estate, ctx.entries))
    invalid = [_placed(problem, places, file) for problem in problems_of(estate)]
    refuse_all(source, ctx, invalid)
    return Document(estate, source, places)


def read_agreement(text: str | bytes, metadata: Metadata) -> Version:
    """One version of an agreement, written as an item of an estate's `agreements`."""
    versions = _read_part(AGREEMENTS, text, metadata)
    if len(versions) != 1:
        raise refuse("TOO_LONG", "several versions at once", "write one, without `versions`")
    version: Version = versions[0]
    return version


def read_meeting(text: str | bytes, metadata: Metadata) -> Meeting:
    """A meeting with its minutes, written as an item of an agreement's `meetings`."""
    meeting: Meeting = _read_part(MEETING, text, metadata)
    return meeting


def _read_part(shape: Any, text: str | bytes, metadata: Metadata) -> Any:
    """A part of a document by itself, in the zone and currency of its estate."""
    source = read_source(text)
    ctx = Context(zone=metadata.timezone, currency=metadata.currency)
    found = attempt(shape.read, source.root, ctx)
    refuse_all(source, ctx)
    return found


def _read_estate(given: Mapping[str, Node], ctx: Context) -> Estate:
    """The estate; what is refused in it is reported, and stood in for."""
    DOCUMENT.reports_unknown(given, ctx)
    metadata = _metadata(given, ctx)
    inner = replace(ctx, zone=metadata.timezone, currency=metadata.currency)
    tables: dict[str, dict[str, Any]] = {table: {} for table in OBJECTS}
    if "templates" in given:
        templates = attempt(TEMPLATES.read, given["templates"], inner) or ()
        metadata = replace(metadata, templates=tuple(sorted(templates, key=lambda one: one.id)))
    for table in OBJECTS:
        if table in given:
            with suppress(Refused):
                _read_list(table, given[table], tables[table], inner)
    return Estate(metadata, **tables).normalised()


def _metadata(given: Mapping[str, Node], ctx: Context) -> Metadata:
    """The metadata, with what the document keeps of its own at the top."""
    node = given.get("metadata")
    inner = replace(ctx, zone=Metadata().timezone)
    metadata = attempt(METADATA.read, node, inner) if node else Metadata()
    if metadata is None:
        return Metadata()
    kept, above = dict(metadata.kept), dict(DOCUMENT.kept(given))
    for name in kept.keys() & above.keys():
        ctx.refuse(
            given[name],
            "DUPLICATE_KEY",
            f"{name} is given here and in the metadata",
            "both are kept there: keep one of the two",
        )
    return replace(metadata, kept=tuple(sorted((kept | above).items())))


def _read_list(table: str, node: Node, into: dict[str, Any], ctx: Context) -> None:
    """The objects of a list by id, a stand-in for one that is refused: what refers to it is not
    at fault."""
    for item, value in LISTS[table].read_each(node, ctx):
        if value is not None:
            into[_id_of(value[0])] = value
        elif table in _STAND_IN and (name := name_of(item)):
            into.setdefault(name, always(_STAND_IN[table](name))[name])


_STAND_IN: Final[dict[str, Callable[[str], Any]]] = {
    "calendars": lambda id: Calendar(id, "UTC", (((0, DAY),),) * len(WEEKDAYS)),
    "parties": Party,
    "services": Service,
}


def _id_of(first: Dated[Any] | Version) -> str:
    id: str = first.agreement if isinstance(first, Version) else first.value.id
    return id


def _names_of_versions(
    estate: Estate, entries: Mapping[tuple[str, str], Mapping[int, Node]]
) -> dict[tuple[str, str], dict[str, Node]]:
    """Where versions stand, by the names that `orchestrator.model.validity` gives them."""
    named: dict[tuple[str, str], dict[str, Node]] = {}
    for (table, id), places in entries.items():
        if table in TIMELINES:
            starts = [dated.span.start for dated in getattr(estate, table)[id]]
            named[table, id] = {
                str(number): places[start] for number, start in enumerate(starts, 1)
            }
        else:
            named[table, id] = {str(number): node for number, node in places.items()}
    return named


def _placed(problem: Problem, places: Places, file: str) -> Problem:
    line, path = places.find(problem.path)
    return replace(problem, file=file, line=line, path=path)


def place(document: Document, path: str) -> tuple[int, str]:
    """The line and the index path of what an id path names, as in a finding:
    `agreements[c1].terms[availability]` is `agreements[0].terms[2]`.

    Where the document has no such place, that of the longest prefix which it has."""
    return document.places.find(path)


# ----------------------------------------------------------------------------------------- writing


def write_estate(estate: Estate, at: Instant | None = None) -> dict[str, Json]:
    """The document of an estate, over all of valid time or as it is in force at one instant.

    Reading it back gives an equal estate, in its canonical form (`Estate.normalised`).
    """
    estate = (estate if at is None else _in_force(estate, at)).normalised()
    metadata = estate.metadata
    ctx = Context(zone=metadata.timezone, currency=metadata.currency)
    document: dict[str, Json] = {"apiVersion": API_VERSION, "kind": "Estate"}
    lists: dict[str, list[Json]] = {
        table: [
            HISTORIES[table].write(timeline, ctx) for timeline in getattr(estate, table).values()
        ]
        for table in TIMELINES
    }
    lists["agreements"] = [
        AGREEMENTS.write(versions, ctx) for versions in estate.agreements.values()
    ]
    if described := METADATA.write(metadata, Context(zone=metadata.timezone)):
        document["metadata"] = described
    if metadata.templates:
        document["templates"] = TEMPLATES.write(metadata.templates, ctx)
    document.update((table, written) for table, written in lists.items() if written)
    return document


def calendar_json(calendar: Calendar) -> dict[str, Json]:
    """A calendar as an item of a document's `calendars`, its zone spelt out."""
    return CALENDAR.write(calendar, Context())


def _in_force(estate: Estate, at: Instant) -> Estate:
    """What is in force at an instant, as if it always had been; agreements keep their spans.

    Flows through agreements that are not in force then lead nowhere, and are left out.
    """
    snapshot = estate.at(at)
    agreements = {id: (version,) for id, version in snapshot.versions.items()}
    agreed = Estate(agreements=agreements)
    services = (
        replace(service, flows=tuple(flow for flow in service.flows if leads(agreed, flow)))
        for service in snapshot.services.values()
    )
    return Estate(
        estate.metadata,
        always(*snapshot.calendars.values()),
        always(*snapshot.parties.values()),
        always(*services),
        agreements,
    )
