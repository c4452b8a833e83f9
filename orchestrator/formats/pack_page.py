"""An evidence pack as one page: to be read, printed and sent, with the pack itself inside.

The page is made of the pack and of nothing else, so that whoever has the pack can make the same
page again. It loads nothing and runs nothing; its policy forbids both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from html import escape
from typing import Any, Final

from orchestrator.errors import refuse
from orchestrator.formats import pack_money
from orchestrator.formats import pack_sections as sections
from orchestrator.formats.markup import (
    Markup,
    code,
    duration,
    goal,
    joined,
    money,
    number,
    pairs,
    paragraph,
    section,
    share,
    table,
    text,
)
from orchestrator.formats.pack_pictures import rests_on, timeline
from orchestrator.formats.text import dump_json

Plain = Mapping[str, Any]

LAYOUT: Final = 2
"""Counts up whenever a pack gives another page, so that a page is held against its own layout."""

_STYLE: Final = """
:root{--ink:#1b2733;--line:#c9d2da;--soft:#f4f6f8}
body{font:15px/1.5 system-ui,"DejaVu Sans",Arial,sans-serif;color:var(--ink);background:#fff;
max-width:1000px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .4rem}
h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1rem 0 .3rem}h1,h2,h3{break-after:avoid}
.wide{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}
th{background:var(--soft);font-weight:600}.n{text-align:right}td.n,.at{white-space:nowrap}
.pairs th{width:12rem}tr{break-inside:avoid}thead{display:table-header-group}
pre{background:var(--soft);padding:.7rem;font-size:.8rem;white-space:pre-wrap;
overflow-wrap:anywhere}
dl{font-size:.85rem;margin:.5rem 0}dt{float:left;clear:left;margin-right:.6rem}dd{margin:0 0 .2rem}
.status{display:inline-block;padding:.1rem .6rem;border-radius:1rem;color:#fff;background:#5b6b7a}
.BREACHED{background:#b3261e}.MET{background:#2e7d32}.AT_RISK,.DISPUTED{background:#a15c00}
.hash{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.75rem;
overflow-wrap:anywhere}
svg{width:100%;height:auto;min-width:760px;margin:.3rem 0;break-inside:avoid}
.drawn{overflow-x:auto}
.key{font-size:.85rem;margin:.3rem 0}.key span{display:inline-block;margin-right:1rem}
.key i{display:inline-block;width:.8rem;height:.8rem;margin-right:.3rem}
@page{size:A4;margin:16mm 14mm 18mm;
@bottom-right{content:counter(page) " of " counter(pages);font:8px "DejaVu Sans",sans-serif}
@bottom-left{content:"SHA-256 HASH";font:8px "DejaVu Sans Mono",monospace}}
@media print{html{font-size:11px}body{margin:0;padding:0;max-width:none;font-size:11px}
table,pre,dl{font-size:9px}h1{font-size:18px}h2{font-size:13px}h3{font-size:11px}.hash{font-size:7.5px}
.wide,.drawn{overflow:visible}svg{min-width:0}}
"""

_HELD: Final = re.compile(r'<script type="application/json" id="pack">(.*?)</script>', re.DOTALL)
_LAID_OUT: Final = re.compile(r'<meta name="layout" content="([0-9]+)">')


def pack_page(pack: Plain) -> str:
    """The page of a pack, in HTML."""
    about = pack["about"]
    title = f"Evidence: {about['agreement']}/{about['term']} on {about['service']}"
    status = text(pack["assessment"]["status"])
    period = joined(" to ", (about["period"]["from"], about["period"]["to"]))
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p>{period} <span class="status {status}">{status}</span></p>',
        section("In short", _short(pack)),
        section("Target and attained", _summary(pack)),
        section("Timeline", timeline(pack)),
        section("What the service rests on", rests_on(pack)),
        section("Who contributed, and where it ends", sections.responsibility(pack)),
        section("Slices and shares", sections.slices(pack)),
        section("Credit and exposure", pack_money.credit_and_exposure(pack)),
        section("What the agreements beneath came to, and claims", pack_money.upstream(pack)),
        section("Findings", sections.findings(pack)),
        section("Facts", sections.facts(pack)),
        section("Clauses and terms", sections.clauses(pack)),
        section("How to check it", _checking(pack)),
    ]
    held = dump_json(dict(pack)).replace("<", "\\u003c")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="layout" content="{LAYOUT}">'
        f"<title>{escape(title)}</title><style>{_style(pack)}</style></head><body><main>\n"
        + "\n".join(part for part in parts if part)
        + f'\n</main><script type="application/json" id="pack">{held}</script>\n</body></html>\n'
    )


def _style(pack: Plain) -> str:
    # Into a style goes nothing but what cannot end it.
    sealed = pack["hash"] if re.fullmatch("[0-9a-f]{64}", str(pack["hash"])) else "unknown"
    return _STYLE.replace("HASH", sealed)


def held_in(page: str, file: str = "") -> str:
    """The text of the pack inside a page; BAD_KIND where there is none."""
    found = _HELD.search(page)
    if found is None:
        raise refuse("BAD_KIND", "this page holds no evidence pack").at(file=file)
    return found.group(1)


def layout_of(page: str) -> int:
    """By which layout a page was made; 1 where it does not say."""
    found = _LAID_OUT.search(page)
    return 1 if found is None else int(found.group(1))


def page_of(page: str) -> str:
    """The page that belongs to the pack in a page."""
    return pack_page(json.loads(held_in(page), parse_float=Decimal))


# --- the beginning and the end -------------------------------------------------------------------


def _made(pack: Plain) -> Plain:
    """The version that it is about."""
    wanted = pack["about"]["agreement"], pack["about"]["version"]
    return next(one for one in pack["commitments"] if (one["agreement"], one["version"]) == wanted)


def _party(pack: Plain, id: str) -> Markup:
    """A party by its name, with its id."""
    names = {one["id"]: one.get("name") for one in pack["estate"].get("parties", ())}
    name = names.get(id)
    return text(f"{name} ({id})" if name and name != id else id)


def _short(pack: Plain) -> str:
    about, found, made = pack["about"], pack["assessment"], _made(pack)
    metric = found["metric"]
    said: list[Markup] = [
        joined(
            "",
            (
                _party(pack, made["provider"]),
                " promised ",
                _party(pack, made["customer"]),
                f" {metric.replace('_', ' ')} of {goal(metric, found['target'])} for ",
                code(about["service"]),
                f". Attained: {goal(metric, found['attained']) or 'not enough data'}.",
            ),
        )
    ]
    breach, exposure, credit = pack["breach"], pack["exposure"], pack["credit"]
    if breach is not None:
        ends: dict[str, Fraction] = {}
        for one in breach["borneBy"]:
            ends[one["party"]] = ends.get(one["party"], Fraction(0)) + number(one["share"])
        borne = (joined(" ", (_party(pack, id), share(part))) for id, part in ends.items())
        said.append(joined("", ("It is borne by ", joined("; ", borne), ".")))
    if credit is not None:
        owed = money(credit["amount"], credit["currency"])
        said.append(
            joined(
                "",
                (
                    _party(pack, credit["debtor"]),
                    " owes ",
                    _party(pack, credit["creditor"]),
                    f" {owed}.",
                ),
            )
        )
    if exposure is not None and number(exposure["owed"]):
        back = money(exposure["recovered"], exposure["currency"])
        net = money(exposure["net"], exposure["currency"])
        said.append(text(f"Of what it owes, {back} come back from beneath; {net} stay with it."))
    return f"<ul>{''.join(f'<li>{one}</li>' for one in said)}</ul>"


_COUNTS: Final = {
    "cases": "Cases",
    "missed": "Of them missed",
    "missesAllowed": "Misses allowed",
}


def _summary(pack: Plain) -> str:
    about, found, made = pack["about"], pack["assessment"], _made(pack)
    metric = found["metric"]
    rows: list[tuple[str, object]] = [
        ("Provider", _party(pack, made["provider"])),
        ("Customer", _party(pack, made["customer"])),
        ("Agreement", f"{about['agreement']} version {about['version']} ({made['kind']})"),
        ("SHA-256 of its content", made["hash"]),
        ("Term, metric", f"{about['term']}, {metric}"),
        ("Target", goal(metric, found["target"])),
        ("Attained", f"{goal(metric, found['attained']) or 'not enough data'}{_how(found)}"),
    ]
    if "cases" in found:
        rows += [(name, found[key]) for key, name in _COUNTS.items() if found[key] is not None]
    else:
        rows += [
            ("Service hours", duration(found["hoursSeconds"])),
            ("Down, counted", duration(found["countedSeconds"])),
            ("Down, excused", duration(found["excusedSeconds"])),
            ("Unknown", duration(found["unknownSeconds"])),
        ]
    if number(found["unknownSeconds"] or 0) and found["attainedIfGapsDown"] is not None:
        low = goal(metric, found["attainedIfGapsDown"])
        high = goal(metric, found["attainedIfGapsUp"])
        rows.append(("If all gaps were down, up", f"{low}, {high}"))
    rows.append(("Zone of its periods", f"{_zone(pack)}; all instants here are in UTC"))
    if about["asOf"]:
        rows.append(("As known at", about["asOf"]))
    rows += [
        (f"As {one['source']} says", goal(metric, one["attained"]))
        for one in found.get("values", ())
    ]
    return pairs(rows) + _windows(found)


def _windows(found: Plain) -> str:
    metric = found["metric"]
    return table(
        ("window", "target", "attained", "counted", "of hours", "status"),
        (
            (
                one["hours"],
                goal(metric, one["target"]),
                goal(metric, one["attained"]),
                duration(one["countedSeconds"]),
                duration(one["hoursSeconds"]),
                code(one["status"]),
            )
            for one in found.get("windows", ())
        ),
        (1, 2, 3, 4),
    )


def _how(found: Plain) -> str:
    """The division that gives what was attained, where it is a plain one."""
    if found["attained"] is None or isinstance(found["attained"], dict | list):
        return ""
    attained = number(found["attained"])
    if "cases" in found:
        if found["missed"] is None:
            return ""
        kept, judged = number(found["cases"]) - number(found["missed"]), number(found["cases"])
        return f" = {kept} of {judged} cases" if judged and attained == kept / judged else ""
    if any(found[name] is None for name in ("hoursSeconds", "countedSeconds", "excusedSeconds")):
        return ""
    hours, counted = number(found["hoursSeconds"]), number(found["countedSeconds"])
    excused = number(found["excusedSeconds"])
    if hours and attained == 1 - counted / hours:
        return f" = 1 - {duration(counted)} / {duration(hours)} = {attained}"
    if hours > excused and attained == 1 - counted / (hours - excused):
        left = f"({duration(hours)} - {duration(excused)})"
        return f" = 1 - {duration(counted)} / {left} = {attained}"
    return ""


def _zone(pack: Plain) -> str:
    about, estate = pack["about"], pack["estate"]
    for one in estate.get("agreements", ()):
        if one["id"] == about["agreement"]:
            versions = one.get("versions", [])[about["version"] - 1 : about["version"]]
            for holder in (*versions, one):
                if "timezone" in holder:
                    return str(holder["timezone"])
    return str(estate["metadata"].get("timezone", "UTC"))


def _checking(pack: Plain) -> str:
    return (
        paragraph(
            "This page holds, as JSON, all that it follows from: the estate and the facts, as far "
            "as they bear on it. ",
            code("orchestrator verify FILE"),
            " concludes everything again from them, makes this page again, and names whatever "
            "does not agree.",
        )
        + paragraph(
            "That it agrees says that the figures follow. Whether the facts are true and the "
            "clauses are those that were agreed, compare with your own records: facts by their "
            "ids, agreements by the hashes above (",
            code("orchestrator hashes ESTATE"),
            " prints those of your own). With the hash that you were told by another way, ",
            code("orchestrator verify FILE --hash SHA256"),
            " says that this is that pack, to the last character.",
        )
        + pairs(
            [
                ("SHA-256 of the pack", pack["hash"]),
                ("Of the facts in it", pack["sources"]["facts"]),
                ("Of the estate in it", pack["sources"]["estate"]),
                ("Of the claims in it", pack["sources"]["claims"]),
                (
                    "Each is taken of",
                    "the JSON, of the pack without its hash: keys sorted, no blanks, UTF-8",
                ),
                ("Made by", _command(pack)),
            ]
        )
    )


def _command(pack: Plain) -> Markup:
    about = pack["about"]
    words = f"orchestrator pack ESTATE FACTS --period {about['asked']}"
    words += f" --agreement {about['agreement']} --term {about['term']}"
    words += f" --service {about['service']}"
    return code(words + (f" --as-of {about['asOf']}" if about["asOf"] else ""))
