"""The sections of a pack's page that are about money: the credit and the rule that it follows from,
the waterfall, what the agreements beneath pay, and the claims for that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from orchestrator.formats.drawings import waterfall
from orchestrator.formats.markup import (
    Markup,
    code,
    duration,
    goal,
    money,
    number,
    pairs,
    paragraph,
    table,
    text,
)
from orchestrator.formats.text import dump_yaml
from orchestrator.model.values import Money

Plain = Mapping[str, Any]

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
