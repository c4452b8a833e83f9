"""Sections of the page of an evidence pack: who answers for what, slice by slice, and the facts and
clauses that it follows from. Each says what its words and figures mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from orchestrator.formats.markup import (
    code,
    duration,
    glossary,
    goal,
    joined,
    number,
    paragraph,
    share,
    table,
    text,
)
from orchestrator.formats.pack_pictures import ROWS
from orchestrator.formats.text import dump_yaml

Plain = Mapping[str, Any]

FACTS: Final = 20
"""So many facts are named of anything."""

BASES: Final = {
    "BREACHED_COMMITMENT": "contributed, and missed its own commitment beneath: it is liable",
    "STRUCTURAL_GAP": "contributed within its own commitment: the part stays with its customer",
    "OWN_PART": "the provider's own work",
    "UNCOMMITTED": "contributed, but promised nothing: the part stays with whoever relied on it",
    "EXCUSED": "excused beneath: the part stays with whoever relied on it",
}
"""On what basis somebody answers for a part, or does not."""


# --- who answers ---------------------------------------------------------------------------------


def responsibility(pack: Plain) -> str:
    """Who contributed, on what basis each answers for it, and where that ends."""
    breach = pack["breach"]
    if breach is None:
        return paragraph("The target was kept, or nothing can be said of it: nobody answers.")
    found, through = (
        breach["responsibility"],
        any("through" in one for one in breach["responsibility"]),
    )
    heads = ("party", "component", "time", "share", "basis", "its agreement", "facts")
    parts = table(
        (*heads, "through") if through else heads,
        (
            (
                one["party"],
                one["service"],
                duration(one["seconds"]) if number(one["seconds"]) else "",
                share(one["share"]),
                code(one["basis"]),
                one["agreement"] or "none",
                _some(one["evidence"]),
                *([", ".join(one.get("through", ()))] if through else ()),
            )
            for one in found
        ),
        (2, 3),
    )
    ends = table(
        ("borne in the end by", "share", "why"),
        (
            (
                one["party"],
                share(one["share"]),
                code(one["basis"]) if "basis" in one else "liable under its own agreement",
            )
            for one in breach["borneBy"]
        ),
        (1,),
    )
    used = [one["basis"] for one in found] + [one.get("basis", "") for one in breach["borneBy"]]
    return paragraph(*_split(pack)) + parts + ends + glossary(BASES, used)


def _some(ids: Sequence[str]) -> str:
    """The first of many ids; the pack has all of them."""
    more = len(ids) - FACTS
    return ", ".join(ids[:FACTS]) + (f" and {more} more" if more > 0 else "")


def _split(pack: Plain) -> tuple[object, ...]:
    """How it was shared, in a sentence."""
    if any("clock" in one for one in pack["cases"]):
        return (
            "Shared by whose hands the clocks of late tickets ran in: the time of a party is how "
            "long they did in its hands, its share is that time of the time of all.",
        )
    if not pack["slices"]:
        return ("Shared by the contributions that the service declares, or by nothing else.",)
    return (
        "Shared by the policy ",
        code(pack["breach"]["policy"]),
        ". The time of a party is the sum of the lengths of its slices, each times its share of "
        "the slice; its share is that time of the time of all.",
    )


def slices(pack: Plain) -> str:
    """Time cut where a component or the service changed state, and the cases that missed."""
    found = pack["slices"]
    rows = (
        (
            one["from"],
            one["to"],
            one["counted"],
            joined("; ", (f"{part['service']} {part['share']}" for part in one["parts"])),
            " or ".join("{" + ", ".join(cut) + "}" for cut in one["cuts"])
            + ("" if one["cutsComplete"] else " and more"),
            _some(sorted({id for part in one["parts"] for id in part["evidence"]})),
        )
        for one in found[:ROWS]
    )
    heads = ("from", "to", "counts", "shares", "each of these sufficed", "facts")
    listed = table(heads, rows, (2,))
    if listed:
        listed = (
            paragraph(
                "The hours of the period in which the service was down, cut wherever a component "
                "changed state. 1 in “counts” is all of the time, 0 none of it."
            )
            + listed
        )
    note = paragraph(f"{len(found) - ROWS} more are in the pack.") if len(found) > ROWS else ""
    return listed + note + _cases(pack)


def _cases(pack: Plain) -> str:
    found, metric = pack["cases"], pack["assessment"]["metric"]
    if not found:
        return ""
    timed = [one for one in found if "clock" in one]
    clocks = table(
        ("late ticket", "clock began", "due", "stopped", "time allowed", "time taken", "over by"),
        (
            (
                one["id"],
                one["clock"]["from"],
                one["clock"]["due"] or "never",
                one["clock"]["stopped"] or "runs on",
                duration(one["clock"]["targetSeconds"] or 0),
                duration(one["clock"]["countedSeconds"]),
                duration(_over(one["clock"])),
            )
            for one in timed[:ROWS]
        ),
        (4, 5, 6),
    )
    holders = table(
        ("ticket", "held by", "from", "to", "counted"),
        (
            (one["id"], held["party"], held["from"], held["to"], duration(held["countedSeconds"]))
            for one in timed[:ROWS]
            for held in one["clock"]["holders"]
        ),
        (4,),
    )
    others = table(
        ("case", "value"),
        ((one["id"], goal(metric, one["value"])) for one in found[:ROWS] if "clock" not in one),
        (1,),
    )
    said = (
        "Allowed and taken are times of the clock: while it is paused, and outside of service "
        "hours, it stands still."
    )
    note = paragraph(f"{len(found) - ROWS} more are in the pack.") if len(found) > ROWS else ""
    return (paragraph(said) if timed else "") + clocks + holders + others + note


def _over(clock: Plain) -> Fraction:
    return max(number(clock["countedSeconds"]) - number(clock["targetSeconds"] or 0), Fraction(0))


def findings(pack: Plain) -> str:
    rows = ((code(one["code"]), one["severity"], one["message"]) for one in pack["findings"])
    return table(("code", "severity", "what"), rows)


# --- facts and clauses ---------------------------------------------------------------------------

_TOLD: Final = {
    "outages": ("outage", ("source", "reported", "affectedShare")),
    "maintenance": ("maintenance", ("announced", "source")),
    "unknown": ("gap: nobody measured", ("source",)),
}


def facts(pack: Plain) -> str:
    """The facts that it follows from, as they were reported."""
    held = pack["facts"]
    body = "".join(_lasting(name, more, held.get(kind, ())) for kind, (name, more) in _TOLD.items())
    others = {k: v for k, v in held.items() if k not in {"apiVersion", "kind", *_TOLD}}
    said = (
        "All that was reported of these services and touches the period; what lies outside of it "
        "only where the conclusions depend on it."
    )
    written = f"<pre>{text(dump_yaml(others))}</pre>" if others else ""
    return paragraph(said if body or others else "None was reported.") + body + written


def _lasting(name: str, more: tuple[str, ...], found: Any) -> str:
    used = [key for key in more if any(key in one for one in found)]
    excused = any("excuse" in one for one in found)
    heads = (name, "service", "from", "to", *used, *(["excuse claimed"] if excused else ()))
    rows = (
        (
            one["id"],
            one["service"] + (" (own part)" if one.get("part") == "own" else ""),
            one["from"],
            one.get("to", "goes on"),
            *(one.get(key, "") for key in used),
            *([_excuse(one.get("excuse", {}))] if excused else ()),
        )
        for one in found[:ROWS]
    )
    note = paragraph(f"{len(found) - ROWS} more are in the pack.") if len(found) > ROWS else ""
    return table(heads, rows) + note


def _excuse(excuse: Plain) -> str:
    return ", ".join(
        str(excuse[key]) if key == "category" else f"{key} {excuse[key]}"
        for key in ("category", "party", "evidence", "noticed")
        if key in excuse
    )


def clauses(pack: Plain) -> str:
    """The agreements in force, by the hash of their content and as they are written."""
    rows = (
        (
            f"{one['agreement']} version {one['version']}",
            one["kind"],
            one["provider"],
            one["customer"],
            one["hash"],
        )
        for one in pack["commitments"]
    )
    texts = "".join(
        f"<h3>{text(one['id'])}</h3><pre>{text(dump_yaml(one))}</pre>"
        for one in pack["estate"].get("agreements", ())
    )
    heads = ("agreement", "kind", "provider", "customer", "SHA-256 of its content")
    return table(heads, rows) + texts
