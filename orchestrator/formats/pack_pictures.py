"""What a pack holds, drawn: downtime with the facts beneath it, tickets on their clocks, and what
the service rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from orchestrator.formats.drawings import (
    CLUSTERS,
    DOWN,
    UNCOUNTED,
    Bar,
    Drawn,
    clock_drawing,
    clusters,
    colours,
    enlarged,
    graph,
    legend,
    overview,
)
from orchestrator.formats.markup import duration, number, paragraph, table, text
from orchestrator.formats.nodes import Json
from orchestrator.formats.text import dump_yaml
from orchestrator.model.values import FOREVER, Instant, Span, parse_instant

Plain = Mapping[str, Any]

ROWS: Final = 200
"""So many rows of anything are listed on the page; the pack inside it has all of them."""

REPORTED: Final = {
    "outages": ("#f1cdc6", "reported down"),
    "maintenance": ("#c8d9f0", "maintenance announced"),
    "unknown": ("#ddd6ea", "nobody measured"),
}
"""How facts that last are drawn, by their list in a document."""

STATES: Final = {
    "counts": ("#8fb79a", "counts"),
    "closed": ("#e6e9ec", "outside of service hours"),
    "paused": ("#cdd6f0", "paused"),
    "resolved": ("#e6e9ec", "resolved, before it was reopened"),
    "overdue": (DOWN, "after it was due"),
}
"""How a ticket's time is drawn, by what its clock did."""


def hues(pack: Plain) -> Mapping[str, str]:
    """A colour for each party that has a part in it."""
    breach = pack["breach"]
    parties = [one["party"] for one in breach["responsibility"]] if breach else []
    parties += [part["party"] for one in pack["slices"] for part in one["parts"]]
    parties += [
        holder["party"] for one in _late(pack) for holder in one["clock"].get("holders", ())
    ]
    return colours(parties)


def _late(pack: Plain) -> list[Plain]:
    return [one for one in pack["cases"] if "clock" in one]


# --- time ----------------------------------------------------------------------------------------


def timeline(pack: Plain) -> str:
    """When the service was down or a ticket late, and by whom."""
    of_party = hues(pack)
    return _downtime(pack, of_party) + _tickets(pack, of_party)


def _downtime(pack: Plain, of_party: Mapping[str, str]) -> str:
    judged = list(_judged(pack, of_party))
    if not judged:
        of_time = "cases" not in pack["assessment"]
        return paragraph("No downtime in the hours of the period.") if of_time else ""
    period = pack["about"]["period"]
    span = Span(parse_instant(period["from"]), parse_instant(period["to"]))
    reported = list(_reported(pack))
    counting = [bar for bar in judged if bar.row == COUNTED]
    many = clusters(judged) - CLUSTERS
    note = paragraph(f"{many} more stretches are in the table of slices.") if many > 0 else ""
    shown = {bar.colour for bar in (*judged, *reported)}
    named = [
        (DOWN, "counts"),
        (UNCOUNTED, "down, does not count"),
        *((hue, f"share of {party}") for party, hue in of_party.items()),
        *REPORTED.values(),
    ]
    key = [(hue, name) for hue, name in named if hue in shown]
    return overview(span, counting) + legend(key) + "".join(enlarged(judged, reported)) + note


COUNTED: Final = "what counts"


def _judged(pack: Plain, of_party: Mapping[str, str]) -> Iterator[Bar]:
    for one in pack["slices"]:
        start, end = parse_instant(one["from"]), parse_instant(one["to"])
        counted = number(one["counted"])
        said = f"{one['from']} to {one['to']}, counted {counted}"
        yield Bar(COUNTED, start, end, DOWN if counted else UNCOUNTED, said)
        for part in one["parts"]:
            said = f"{part['service']} ({part['party']}): {part['share']}"
            yield Bar(part["service"], start, end, of_party[part["party"]], said)


def _reported(pack: Plain) -> Iterator[Bar]:
    """The facts on what the service rests on, each in the row of its component."""
    known = {one["id"]: bool(one["requires"]) for one in pack["graph"]["services"]}
    for kind, (colour, name) in REPORTED.items():
        for fact in pack["facts"].get(kind, ()):
            if fact["service"] not in known:
                continue
            own = fact.get("part") == "own" and known[fact["service"]]
            row = fact["service"] + (":own" if own else "")
            start, end = _at(fact["from"]), _at(fact.get("to"))
            low = kind != "outages"
            yield Bar(row, start, end, colour, f"{fact['id']}: {name}", low)


def _at(instant: str | None) -> Instant:
    return FOREVER if instant is None else parse_instant(instant)


def _tickets(pack: Plain, of_party: Mapping[str, str]) -> str:
    late = _late(pack)
    pictures = "".join(_ticket(one, of_party) for one in late[:CLUSTERS])
    note = (
        paragraph(f"{len(late) - CLUSTERS} more late tickets are in the table of cases.")
        if len(late) > CLUSTERS
        else ""
    )
    used = {segment["state"] for one in late for segment in one["clock"]["segments"]}
    key = [(hue, name) for state, (hue, name) in STATES.items() if state in used]
    key += [(hue, f"held by {party}") for party, hue in of_party.items()]
    return legend(key) + pictures + note if late else ""


def _ticket(one: Plain, of_party: Mapping[str, str]) -> str:
    clock = one["clock"]
    bars = []
    for segment in clock["segments"]:
        hue, name = STATES[segment["state"]]
        reasons = f" ({', '.join(segment['reasons'])})" if segment["reasons"] else ""
        said = f"{segment['from']} to {segment['to']}: {name}{reasons}"
        bars.append(Bar("clock", _at(segment["from"]), _at(segment["to"]), hue, said))
    for holder in clock["holders"]:
        said = f"held by {holder['party']}, {duration(holder['countedSeconds'])} of it counted"
        bars.append(
            Bar(
                holder["party"],
                _at(holder["from"]),
                _at(holder["to"]),
                of_party[holder["party"]],
                said,
            )
        )
    marks = [(parse_instant(clock["due"]), "due")] if clock["due"] else []
    return clock_drawing(f"Ticket {one['id']}", bars, marks)


# --- the graph -----------------------------------------------------------------------------------


def rests_on(pack: Plain) -> str:
    """What the service rests on: drawn, as a table, and as it is declared."""
    of_party, breach = hues(pack), pack["breach"]
    shares: dict[str, tuple[str, Fraction]] = {}
    for one in breach["responsibility"] if breach else ():
        service = one["service"].removesuffix(":own")
        before = shares.get(service, ("", Fraction(0)))[1]
        shares[service] = one["party"], before + number(one["share"])
    declared = {
        one["id"]: one["requires"]
        for one in pack["estate"].get("services", ())
        if "requires" in one
    }
    drawn = []
    for one in pack["graph"]["services"]:
        party, share = shares.get(one["id"], ("", Fraction(0)))
        caption = one["owner"] or "a grouping"
        drawn.append(
            Drawn(
                one["id"],
                tuple(one["requires"]),
                of_party[party] if party else "",
                f"{party}, {float(share * 100):.4g} %" if share else caption,
                frozenset(_spared(declared.get(one["id"], []))),
            )
        )
    picture, left_out = graph(drawn)
    note = f"; {left_out} services without a part in it are left out" if left_out else ""
    rows = [
        (one["id"], one["owner"] or "", ", ".join(one["requires"]), ", ".join(one["agreements"]))
        for one in pack["graph"]["services"][:ROWS]
    ]
    known = {one.id for one in drawn}
    composed: list[Json] = [
        {"id": id, "requires": requires} for id, requires in declared.items() if id in known
    ]
    dashed = any(one.spared & known for one in drawn)
    return (
        picture
        + paragraph(
            "Each service stands above what it requires, as it was at ",
            pack["graph"]["at"],
            ". A dashed line leads to one of several of which not all are needed" if dashed else "",
            f"{note}.",
        )
        + table(("service", "owner", "requires", "covered by"), rows)
        + (f"<pre>{text(dump_yaml(composed))}</pre>" if composed else "")
    )


def _spared(requires: Any, redundant: bool = False) -> Iterator[str]:
    """The services that a requirement can do without, as long as others of them are up."""
    match requires:
        case str():
            if redundant:
                yield requires
        case list():
            for one in requires:
                yield from _spared(one, redundant)
        case {"expression": inner}:
            yield from _spared(inner, redundant)
        case {"any": list(parts)}:
            yield from _spared(parts, redundant or len(parts) > 1)
        case {"atLeast": needed, "of": list(parts)}:
            yield from _spared(parts, redundant or needed != len(parts))
        case {"all": inner} | {"service": inner}:
            yield from _spared(inner, redundant)
