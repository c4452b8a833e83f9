"""An evidence pack as one page: to be read, printed and sent, with the pack itself inside.

The page is made of the pack and of nothing else, so that whoever has the pack can make the same
page again. It loads nothing and runs nothing; its policy forbids both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from html import escape
from typing import Any, Final

from orchestrator.errors import refuse
from orchestrator.formats.drawings import (
    CLUSTERS,
    DOWN,
    UNCOUNTED,
    Bar,
    Drawn,
    clusters,
    colours,
    enlarged,
    graph,
    overview,
    waterfall,
)
from orchestrator.formats.nodes import Json
from orchestrator.formats.text import canonical_json, dump_json, dump_yaml
from orchestrator.model.values import Money, Span, parse_instant

Plain = Mapping[str, Any]

ROWS: Final = 200
"""So many slices are listed on the page; the pack inside it has all of them."""

_STYLE: Final = """
:root{--ink:#1b2733;--line:#c9d2da;--soft:#f4f6f8}
body{font:15px/1.5 system-ui,"DejaVu Sans",Arial,sans-serif;color:var(--ink);max-width:1000px;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.15rem;margin:2rem 0 .5rem;
border-bottom:1px solid var(--line);break-after:avoid}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.25rem .5rem;
border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{background:var(--soft)}td.n{text-align:right;white-space:nowrap}
pre{background:var(--soft);padding:.7rem;font-size:.8rem;white-space:pre-wrap;break-inside:auto}
.status{display:inline-block;padding:.1rem .6rem;border-radius:1rem;color:#fff;background:#5b6b7a}
.BREACHED{background:#b3261e}.MET{background:#2e7d32}.AT_RISK,.DISPUTED{background:#a15c00}
.hash{font-family:ui-monospace,monospace;font-size:.8rem;overflow-wrap:anywhere}
svg{width:100%;height:auto;margin:.3rem 0;break-inside:avoid}
.key span{display:inline-block;margin-right:1rem}
.key i{display:inline-block;width:.8rem;height:.8rem;margin-right:.3rem}
@page{size:A4;margin:14mm}
@media print{body{margin:0;padding:0;max-width:none;font-size:11px}table{font-size:9px}}
"""

_HELD: Final = re.compile(r'<script type="application/json" id="pack">(.*?)</script>', re.DOTALL)


def pack_page(pack: Plain) -> str:
    """The page of a pack, in HTML."""
    about, assessment = pack["about"], pack["assessment"]
    status = escape(assessment["status"])
    title = f"{about['agreement']}/{about['term']} on {about['service']}"
    hues = _hues(pack)
    parts = [
        f"<h1>Evidence: {escape(title)}</h1>",
        f'<p>{_period(about["period"])} <span class="status {status}">{status}</span></p>',
        _summary(pack),
        _section("Timeline", _timeline(pack, hues)),
        _section("What the service rests on", _graph(pack, hues)),
        _section("Who contributed, and where it ends", _responsibility(pack)),
        _section("Slices and shares", _slices(pack)),
        _section("Credit and exposure", _money(pack)),
        _section("What the agreements beneath came to", _upstream(pack)),
        _section("Findings", _findings(pack)),
        _section("Facts", _facts(pack)),
        _section("Clauses and terms", _clauses(pack)),
        _section("How to check it", _checking(pack)),
    ]
    held = dump_json(dict(pack)).replace("<", "\\u003c")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Evidence: {escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(part for part in parts if part)
        + f'\n<script type="application/json" id="pack">{held}</script>\n</body></html>\n'
    )


def held_in(page: str, file: str = "") -> str:
    """The text of the pack inside a page; BAD_KIND where there is none."""
    found = _HELD.search(page)
    if found is None:
        raise refuse("BAD_KIND", "this page holds no evidence pack").at(file=file)
    return found.group(1)


# --- pieces --------------------------------------------------------------------------------------


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>" if body else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Iterable[int] = ()) -> str:
    right = set(numbers)
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=n' if place in right else ''}>{escape(str(cell))}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""


def _period(period: Plain) -> str:
    return f"{escape(period['from'])} to {escape(period['to'])}"


def _number(value: Any) -> Fraction:
    return Fraction(str(value))


def _percent(value: Any) -> str:
    return "" if value is None else f"{float(_number(value) * 100):.6g} %"


def _time(seconds: Any) -> str:
    """Seconds as hours, minutes and seconds, and what is left of one as a fraction."""
    whole, rest = divmod(_number(seconds), 1)
    hours, left = divmod(int(whole), 3600)
    text = f"{hours}:{left // 60:02}:{left % 60:02}"
    return f"{text} + {rest} s" if rest else text


def _figure(value: Any) -> str:
    if isinstance(value, str | int | float | Decimal):
        return _percent(value) if abs(_number(value)) <= 1 else f"{float(_number(value)):g}"
    return "" if value is None else canonical_json(value).decode()


def _hues(pack: Plain) -> Mapping[str, str]:
    breach = pack["breach"]
    parties = [one["party"] for one in breach["responsibility"]] if breach else []
    parties += [part["party"] for one in pack["slices"] for part in one["parts"]]
    return colours(parties)


def _summary(pack: Plain) -> str:
    about, found = pack["about"], pack["assessment"]
    made = next(
        one
        for one in pack["commitments"]
        if (one["agreement"], one["version"]) == (about["agreement"], about["version"])
    )
    rows = [
        ("Provider", made["provider"]),
        ("Customer", made["customer"]),
        ("Version", f"{about['version']}, content {made['hash']}"),
        ("Target", _figure(found["target"])),
        ("Attained", _figure(found["attained"]) or "not enough data"),
        ("Counted", _time(found["countedSeconds"])),
        ("Excused", _time(found["excusedSeconds"])),
        ("Unknown", _time(found["unknownSeconds"])),
        ("Service hours", _time(found["hoursSeconds"])),
    ]
    if about["asOf"]:
        rows.append(("As known at", about["asOf"]))
    rows += [
        (f"As {one['source']} says", _figure(one["attained"])) for one in found.get("values", ())
    ]
    return _table(("", ""), rows)


def _bars(pack: Plain, hues: Mapping[str, str]) -> list[Bar]:
    bars = []
    for one in pack["slices"]:
        start, end = parse_instant(one["from"]), parse_instant(one["to"])
        counted = _number(one["counted"])
        service = f"{one['from']} to {one['to']}, counted {counted}"
        bars.append(
            Bar(pack["about"]["service"], start, end, DOWN if counted else UNCOUNTED, service)
        )
        for part in one["parts"]:
            text = f"{part['service']} ({part['party']}): {part['share']}"
            bars.append(Bar(part["service"], start, end, hues[part["party"]], text))
    return bars


def _timeline(pack: Plain, hues: Mapping[str, str]) -> str:
    bars = _bars(pack, hues)
    period = pack["about"]["period"]
    span = Span(parse_instant(period["from"]), parse_instant(period["to"]))
    of_service = [bar for bar in bars if bar.colour in {DOWN, UNCOUNTED}]
    key = "".join(
        f'<span><i style="background:{hue}"></i>{escape(party)}</span>'
        for party, hue in hues.items()
    )
    more = clusters(bars) - CLUSTERS
    note = f"<p>{more} more stretches are in the table below.</p>" if more > 0 else ""
    return (
        overview(span, of_service)
        + f'<p class="key">{key}<span><i style="background:{UNCOUNTED}"></i>'
        "down, not counted</span></p>" + "".join(enlarged(bars)) + note
    )


def _graph(pack: Plain, hues: Mapping[str, str]) -> str:
    breach = pack["breach"]
    shares: dict[str, tuple[str, Fraction]] = {}
    for one in breach["responsibility"] if breach else ():
        service = one["service"].removesuffix(":own")
        before = shares.get(service, ("", Fraction(0)))[1]
        shares[service] = one["party"], before + _number(one["share"])
    drawn = []
    for one in pack["graph"]["services"]:
        party, share = shares.get(one["id"], ("", Fraction(0)))
        caption = one["owner"] or "a grouping"
        drawn.append(
            Drawn(
                one["id"],
                tuple(one["requires"]),
                hues[party] if party else "",
                f"{caption}, {float(share * 100):.4g} %" if share else caption,
            )
        )
    picture, left_out = graph(drawn)
    note = f"; {left_out} services without a part in it are left out" if left_out else ""
    rows = [
        (one["id"], one["owner"] or "", ", ".join(one["requires"]), ", ".join(one["agreements"]))
        for one in pack["graph"]["services"][:ROWS]
    ]
    drawn_ids = {one.id for one in drawn}
    composed: list[Json] = [
        {"id": one["id"], "requires": one["requires"]}
        for one in pack["estate"].get("services", ())
        if "requires" in one and one["id"] in drawn_ids
    ]
    return (
        f"{picture}<p>As it stood at {escape(pack['graph']['at'])}{note}.</p>"
        + _table(("service", "owner", "requires", "covered by"), rows)
        + (f"<pre>{escape(dump_yaml(composed))}</pre>" if composed else "")
    )


def _responsibility(pack: Plain) -> str:
    breach = pack["breach"]
    if breach is None:
        return "<p>The target was kept, or nothing can be said of it: nobody answers for it.</p>"
    parts = _table(
        ("party", "component", "time", "share", "basis", "agreement", "through", "evidence"),
        (
            (
                one["party"],
                one["service"],
                _time(one["seconds"]),
                f"{one['share']} ({_percent(one['share'])})",
                one["basis"],
                one["agreement"] or "",
                ", ".join(one.get("through", ())),
                ", ".join(one["evidence"]),
            )
            for one in breach["responsibility"]
        ),
    )
    ends = _table(
        ("borne by", "share", "why"),
        (
            (one["party"], f"{one['share']} ({_percent(one['share'])})", one.get("basis", "liable"))
            for one in breach["borneBy"]
        ),
    )
    return f"<p>Shared by the policy <code>{escape(breach['policy'])}</code>.</p>{parts}{ends}"


def _slices(pack: Plain) -> str:
    found = pack["slices"]
    rows = (
        (
            one["from"],
            one["to"],
            one["counted"],
            "; ".join(f"{part['service']} {part['share']}" for part in one["parts"]),
            " or ".join("{" + ", ".join(cut) + "}" for cut in one["cuts"])
            + ("" if one["cutsComplete"] else " and more"),
            ", ".join(sorted({id for part in one["parts"] for id in part["evidence"]})),
        )
        for one in found[:ROWS]
    )
    cases = _table(
        ("missed case", "value"), ((one["id"], one["value"]) for one in pack["cases"][:ROWS])
    )
    note = f"<p>{len(found) - ROWS} more are in the pack.</p>" if len(found) > ROWS else ""
    heads = ("from", "to", "counted", "shares", "each of these sufficed", "facts")
    return _table(heads, rows) + note + cases


def _money(pack: Plain) -> str:
    credit, exposure = pack["credit"], pack["exposure"]
    body = ""
    if credit is not None:
        body += _table(
            ("debtor", "creditor", "amount", "of the fee"),
            [
                (
                    credit["debtor"],
                    credit["creditor"],
                    f"{credit['amount']} {credit['currency']}",
                    f"{credit['percent']} %",
                )
            ],
        )
    if exposure is not None:
        currency = exposure["currency"]
        steps = [
            (one["step"], Money.parse(one["amount"], currency).amount, one["amount"])
            for one in exposure["waterfall"]
        ]
        body += (
            f"<p>Owed {escape(exposure['owed'])} {escape(currency)}, recovered "
            f"{escape(exposure['recovered'])}, net {escape(exposure['net'])}.</p>"
        )
        body += waterfall(steps)
    return body or "<p>No credit is due.</p>"


def _upstream(pack: Plain) -> str:
    rows = (
        (
            f"{one['assessment']['agreement']}/{one['assessment']['term']}",
            one["assessment"]["service"],
            f"{one['assessment']['period']['from']} to {one['assessment']['period']['to']}",
            _figure(one["assessment"]["target"]),
            _figure(one["assessment"]["attained"]),
            one["assessment"]["status"],
            f"{one['credit']['amount']} {one['credit']['currency']}" if one["credit"] else "",
        )
        for one in pack["upstream"]
    )
    heads = ("term", "service", "period", "target", "attained", "status", "credit")
    return _table(heads, rows)


def _findings(pack: Plain) -> str:
    rows = ((one["code"], one["severity"], one["message"]) for one in pack["findings"])
    return _table(("code", "severity", "what"), rows)


def _facts(pack: Plain) -> str:
    facts = pack["facts"]
    rows = (
        (
            one["id"],
            one["service"] + (" (own part)" if one.get("part") == "own" else ""),
            one["from"],
            one.get("to", ""),
            one.get("source", ""),
            one.get("excuse", {}).get("category", ""),
        )
        for one in facts.get("outages", ())
    )
    others = {k: v for k, v in facts.items() if k not in {"apiVersion", "kind", "outages"}}
    return _table(("outage", "service", "from", "to", "source", "excuse"), rows) + (
        f"<pre>{escape(dump_yaml(others))}</pre>" if others else ""
    )


def _clauses(pack: Plain) -> str:
    rows = (
        (
            f"{one['agreement']} v{one['version']} ({one['kind']})",
            one["provider"],
            one["customer"],
            one["hash"],
        )
        for one in pack["commitments"]
    )
    texts = "".join(
        f"<h3>{escape(one['id'])}</h3><pre>{escape(dump_yaml(one))}</pre>"
        for one in pack["estate"].get("agreements", ())
    )
    return _table(("agreement", "provider", "customer", "content (SHA-256)"), rows) + texts


def _checking(pack: Plain) -> str:
    return (
        "<p>This page holds the estate and the facts that it follows from, as far as it follows "
        "from them. <code>orchestrator verify FILE</code> computes all of it again and names what "
        "does not agree.</p>"
        f'<p class="hash">SHA-256 of the content: {escape(pack["hash"])}</p>'
    )


def page_of(text: str) -> str:
    """The page that belongs to the pack in a page."""
    return pack_page(json.loads(held_in(text), parse_float=Decimal))
