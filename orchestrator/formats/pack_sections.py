"""Sections of the page of an evidence pack: who answers, what is owed, and what it rests on. Each
says what its words and figures mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from orchestrator.formats.drawings import waterfall
from orchestrator.formats.markup import (
    Markup,
    code,
    duration,
    glossary,
    goal,
    joined,
    money,
    number,
    pairs,
    paragraph,
    share,
    table,
    text,
)
from orchestrator.formats.pack_pictures import ROWS
from orchestrator.formats.text import dump_yaml
from orchestrator.model.values import Money

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

STEPS: Final = {
    "OWN_SHARE": ("own share", "for the provider's own part"),
    "STRUCTURAL_GAP": ("structural gap", "for parts of those who kept what they had promised"),
    "DEFINITION_GAP": ("definition gap", "for time that the agreements beneath do not count"),
    "CLAIM_LAPSED": (
        "claim lapsed",
        "what can be had beneath no more: claimed late, rejected, or granted in part",
    ),
    "TIER_AND_FEE_SCALE": (
        "tier and fee scale",
        "as fees and tiers beneath are others; below nothing where more is paid beneath",
    ),
    "CAP": ("cap", "what the limits of the agreements beneath cut off"),
    "RECOVERED": ("recovered", "what the agreements beneath pay of it"),
}
"""The steps from what is owed to what comes back, each with what it is."""

_LIMITS: Final = {
    "single_event": "one event, many credits",
    "pool": "at-risk pool",
    "period_cap": "cap of the period",
    "annual_cap": "cap of the year",
    "minimum": "least that is paid",
}


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


# --- money ---------------------------------------------------------------------------------------


def credit_and_exposure(pack: Plain) -> str:
    """What is owed by what rule, and how much of it comes back."""
    credit, exposure = pack["credit"], pack["exposure"]
    body = "" if credit is None else _credit(credit) + _scheme(pack)
    if exposure is not None and number(exposure["owed"]):
        body += _waterfall(exposure)
    return body or paragraph("No credit is due.")


def _credit(credit: Plain) -> str:
    currency = credit["currency"]
    before = money(credit["uncapped"]["amount"], credit["uncapped"]["currency"])
    rows: list[tuple[str, object]] = [
        ("Owed by", credit["debtor"]),
        ("Owed to", credit["creditor"]),
        ("Credit", money(credit["amount"], currency)),
        ("By scheme", f"{credit['scheme']}{_arithmetic(credit)}"),
    ]
    if number(credit["points"]):
        rows.append(("Service points", credit["points"]))
    if number(credit["repeated"]["amount"]):
        rows.append(("Of it for repetition", money(credit["repeated"]["amount"], currency)))
    rows.append(("Before any limit", before))
    rows += [
        (f"Left by limit: {_LIMITS.get(one['limit'], one['limit'])}", money(one["left"], currency))
        for one in _cutting(credit)
    ]
    if not _cutting(credit):
        rows.append(("Limits", "none cuts it"))
    return pairs(rows)


def _arithmetic(credit: Plain) -> str:
    """The percentage, and of how much it is, where that follows."""
    percent = number(credit["percent"])
    if not percent:
        return ""
    shown = f"{float(percent):.10g} %"
    uncapped = credit["uncapped"]
    base = (number(uncapped["amount"]) - number(credit["repeated"]["amount"])) * 100 / percent
    places = len(uncapped["amount"].partition(".")[2])
    if credit["scheme"] != "tiers" or (base * 10**places).denominator != 1:
        return f": {shown} of the fee"
    fee = money(f"{Decimal(int(base * 10**places)).scaleb(-places):f}", uncapped["currency"])
    return f": {shown} of a fee of {fee}"


def _cutting(credit: Plain) -> list[Plain]:
    """The limits that leave less than what was there before them."""
    found, before = [], number(credit["uncapped"]["amount"])
    for one in credit["limits"]:
        if number(one["left"]) != before:
            found.append(one)
        before = number(one["left"])
    return found


def _scheme(pack: Plain) -> str:
    """What the term says of credits, as it is written."""
    about = pack["about"]
    said = [
        {key: term[key] for key in ("credits", "bonus", "fee") if key in term}
        for term in _terms(pack["estate"], about)
    ]
    written = [one for one in said if one]
    if not written:
        return ""
    return paragraph("As the term has it:") + "".join(
        f"<pre>{text(dump_yaml(one))}</pre>" for one in written
    )


def _terms(estate: Plain, about: Plain) -> Iterator[Plain]:
    for agreement in estate.get("agreements", ()):
        if agreement["id"] != about["agreement"]:
            continue
        versions = agreement.get("versions", [])
        chosen = versions[about["version"] - 1 : about["version"]] if versions else []
        for holder in (agreement, *chosen):
            for term in holder.get("terms", ()):
                if term["id"] == about["term"]:
                    yield term


def _waterfall(exposure: Plain) -> str:
    currency = exposure["currency"]
    steps = [
        (
            STEPS[one["step"]][0],
            Money.parse(one["amount"], currency).amount,
            money(one["amount"]),
        )
        for one in exposure["waterfall"]
    ]
    owed = Money.parse(exposure["owed"], currency).amount
    rows = ((*STEPS[one["step"]], money(one["amount"], currency)) for one in exposure["waterfall"])
    return (
        paragraph(
            f"Of {money(exposure['owed'], currency)} owed, "
            f"{money(exposure['recovered'], currency)} come back from beneath; "
            f"{money(exposure['net'], currency)} do not. The steps sum to what is owed:"
        )
        + waterfall(owed, money(exposure["owed"]), steps)
        + table(("step", "what it is", "amount"), rows, (2,))
    )


# --- beneath -------------------------------------------------------------------------------------


def upstream(pack: Plain) -> str:
    """What the agreements of those who contributed came to, in their own periods."""
    listed = table(
        ("term", "period", "target", "attained", "counted", "status", "credit"),
        (_beneath(one["assessment"], one["credit"]) for one in pack["upstream"]),
        (2, 3, 4, 6),
    )
    said = (
        "Whether somebody is liable goes by its own agreement, in that one's period, by its "
        "definitions; so does what it pays."
    )
    return (listed and paragraph(said) + listed) + _claims(pack)


def _claims(pack: Plain) -> str:
    """What there is to claim until when, and what was done about it."""
    found = pack["claims"]
    listed = table(
        ("claim", "period", "amount", "granted", "state", "to be made by"),
        (
            (
                f"{one['claimant']} of {one['respondent']}, by {one['agreement']}/{one['term']} on "
                f"{one['service']}",
                _stacked(one["period"]),
                money(one["amount"], one["currency"]),
                money(one["accepted"], one["currency"]) if one["accepted"] else "",
                code(one["state"]),
                one["deadline"] or "no limit",
            )
            for one in found
        ),
        (2, 3),
    )
    moves = table(
        ("claim", "at", "what", "by", "reason"),
        (
            (f"{one['agreement']}/{one['term']}", move["at"], *_move(move))
            for one in found
            for move in one["history"]
        ),
    )
    said = "What is not on record as lapsed, rejected or granted in part is taken as to be had."
    return (listed and paragraph(said) + listed) + moves


def _move(move: Plain) -> tuple[object, ...]:
    return code(move["do"]), move["by"] or "time", move["reason"]


def _beneath(found: Plain, credit: Plain | None) -> tuple[object, ...]:
    counted = duration(found["countedSeconds"])
    if "cases" in found:
        missed = found["missed"]
        counted = f"{found['cases']} cases" + ("" if missed is None else f", {missed} missed")
    return (
        f"{found['agreement']}/{found['term']} on {found['service']}",
        _stacked(found["period"]),
        goal(found["metric"], found["target"]),
        goal(found["metric"], found["attained"]),
        counted,
        code(found["status"]),
        money(credit["amount"], credit["currency"]) if credit else "",
    )


def _stacked(period: Plain) -> Markup:
    """The two ends of a period, one beneath the other."""
    return Markup(f"{text(period['from'])}<br>{text(period['to'])}")


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
