"""The figures of docs/cloud-outages.md again, by a program that shares nothing with the product.

    python examples/cloud/recount.py outages.csv trace.json [scorecard.json]

It reads the CSV by the rules of `map.yaml`, counts time second by second, shares a second among
those that are down in it, and says where `trace.json`, or a scorecard by supplier, of the commands
named in the document differs; exit status 1 where it does. It knows no more than these agreements
need: parts in series, at least k of n, tiers, one cap. A second at which a promise in series is
down is shared equally, which is what Shapley's value comes to there.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import yaml

HERE = Path(__file__).parent
FIRST = datetime(2017, 12, 1, tzinfo=UTC)
SECONDS = int((datetime(2021, 2, 1, tzinfo=UTC) - FIRST).total_seconds())


def second(at: datetime) -> int:
    return int((at - FIRST).total_seconds())


def facts(file: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """By service, the seconds in which it was down, and those in which nobody knows."""
    rules = yaml.safe_load((HERE / "map.yaml").read_text())["rules"]
    down: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(SECONDS, bool))
    gaps: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(SECONDS, bool))
    for row in csv.DictReader(Path(file).read_text().splitlines()):
        rule = next((one for one in rules if fits(one["when"], row)), {})
        start, end = (second(datetime.fromisoformat(row[key])) for key in ("start", "end"))
        if "service" in rule and start < end:
            for service in listed(rule["service"]):
                kind = gaps if rule.get("facts") == "unknown" else down
                kind[service][max(start, 0) : max(end, 0)] = True
    return down, gaps


def listed(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


def fits(when: dict[str, object], row: dict[str, str]) -> bool:
    return all(
        any(fnmatch(row[key].strip().lower(), str(one).lower()) for one in listed(value))
        for key, value in when.items()
    )


def months(zone: ZoneInfo, step: int) -> list[tuple[int, int]]:
    """The months, or quarters, that end in the three years, as seconds."""
    starts = [
        datetime(year, month, 1, tzinfo=zone)
        for year in range(2017, 2022)
        for month in range(1, 13, step)
    ]
    ends = (datetime(2018, 1, 1, tzinfo=zone), datetime(2021, 1, 1, tzinfo=zone))
    return [
        (second(start), second(end)) for start, end in pairwise(starts) if ends[0] < end <= ends[1]
    ]


def clinic_hours() -> np.ndarray:
    """Opening hours of the clinics: weekdays eight to six in London, no public holidays."""
    london, found = ZoneInfo("Europe/London"), np.zeros(SECONDS, bool)
    closed = holidays.country_holidays("GB", subdiv="ENG", years=range(2017, 2022))
    day = FIRST
    while day.year < 2021:
        here = day.date()
        if here.weekday() < 5 and here not in closed:
            eight, six = (
                datetime(here.year, here.month, here.day, hour, tzinfo=london) for hour in (8, 18)
            )
            found[second(eight) : second(six)] = True
        day += timedelta(days=1)
    return found


def failing(expression: object, services: dict, state: dict[str, np.ndarray]) -> np.ndarray:
    """The seconds in which what is required is down."""
    if isinstance(expression, str):
        inner = services[expression].get("requires")
        own = state.get(expression, np.zeros(SECONDS, bool))
        return own if inner is None else own | failing(inner, services, state)
    assert isinstance(expression, dict)
    if "all" in expression:
        parts, needed = expression["all"], len(expression["all"])
    elif "any" in expression:
        parts, needed = expression["any"], 1
    else:
        parts, needed = expression["of"], expression["atLeast"]
    counts = sum(failing(one, services, state).astype(np.int8) for one in parts)
    return np.asarray(counts > len(parts) - needed)


def leaves(service: str, services: dict) -> list[str]:
    """What stands beneath a service, in series (the only breached ones are)."""
    inner = services[service].get("requires")
    if inner is None or service == "m365":
        return [service]
    parts = inner.get("all", []) if isinstance(inner, dict) else [inner]
    return [leaf for part in parts if isinstance(part, str) for leaf in leaves(part, services)]


def ratio(text: str) -> Fraction:
    return Fraction(text.rstrip("%")) / 100


def owed(credits: list[dict], attained: Fraction, fee: Fraction, caps: list[dict]) -> int:
    """Cents of the highest tier that holds the attained value, within the fee and the caps."""
    tiers = [
        Fraction(row["percent"]) / 100
        for row in credits
        if ratio(row.get("from", "0%")) <= attained < ratio(row.get("below", row.get("to", "0%")))
    ]
    most = min([Fraction(1), *(Fraction(cap["percent"]) / 100 for cap in caps)])
    return half_up(min(max(tiers, default=Fraction(0)), most) * fee * 100)


def half_up(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))


def main(outages: str, trace: str, scorecard: str = "") -> int:
    said = json.loads(Path(trace).read_text())
    document = yaml.safe_load((HERE / "estate.yaml").read_text())
    services = {one["id"]: one for one in document["services"]}
    down, gaps = facts(outages)
    maybe = {one: down[one] | gaps[one] for one in [*down, *gaps]}
    hours = {"24x7": np.ones(SECONDS, bool), "clinic-hours": clinic_hours()}
    assessed, paid, late = {}, {}, {}
    outside = [one for one in document["agreements"] if one["id"].startswith(("sla", "uc"))]
    for agreement in outside:
        for term in agreement["terms"]:
            if term["metric"] != "availability":
                continue
            open_now = hours[term.get("hours", "24x7")]
            zone = ZoneInfo(agreement.get("timezone", "UTC"))
            step = 3 if agreement.get("period") == "quarter" else 1
            for cover in agreement["covers"]:
                service = cover if isinstance(cover, str) else cover["service"]
                fee = (cover if isinstance(cover, dict) else agreement).get("fee")
                fee = fee or agreement.get("fee", {"amount": "0"})
                worst = failing(service, services, maybe) & open_now
                counted = failing(service, services, down) & open_now
                for start, end in months(zone, step):
                    whole = int(open_now[start:end].sum())
                    seconds = int(counted[start:end].sum())
                    unknown = int(worst[start:end].sum()) - seconds
                    attained = 1 - Fraction(seconds, whole)
                    key = (agreement["id"], service, start)
                    assessed[key] = (seconds, unknown, attained < ratio(term["target"]))
                    if assessed[key][2]:
                        late[key] = (end, counted)
                    credit = owed(
                        term.get("credits", []),
                        attained,
                        Fraction(fee["amount"]) * step,
                        agreement.get("caps", []),
                    )
                    if credit:
                        paid[key] = credit
    minutes, recovered = answered(document, services, down, late, paid)
    faults = compare(said, assessed, paid, minutes, recovered)
    if scorecard:
        faults += card_faults(json.loads(Path(scorecard).read_text()), document, assessed, paid)
    print(*(faults or ["no difference"]), sep="\n")
    return 1 if faults else 0


def answered(document: dict, services: dict, down: dict, late: dict, paid: dict) -> tuple:
    """Whose the counted seconds of breached promises were, and what comes back for them.

    The credit of a contract's month is divided among the promises that its outages broke, by what
    they lost by it: a month of Berlin may lie in two months of UTC.
    """
    bought = {
        cover if isinstance(cover, str) else cover["service"]: agreement
        for agreement in document["agreements"]
        if agreement["kind"] == "UC"
        for cover in agreement["covers"]
    }
    owner: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    losses: dict[tuple, dict[tuple, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for key, (end, counted) in late.items():
        if not key[0].startswith("sla"):
            continue
        start = key[2]
        parts = [one for one in leaves(key[1], services) if one in down or one == "m365"]
        states = {one: failing(one, services, down)[start:end] for one in parts}
        together = sum(state.astype(np.int64) for state in states.values())
        for one, state in states.items():
            for place in np.flatnonzero(state & counted[start:end]):
                month = month_of(start + int(place))
                contract = bought.get(one)
                part = Fraction(1, int(together[place]))
                missed = contract is not None and (contract["id"], one, month) in late
                basis = "BREACHED_COMMITMENT" if missed else "KEPT" if contract else "UNCOMMITTED"
                owner[services[one]["owner"], basis] += part
                if missed and contract is not None:
                    losses[contract["id"], one, month][key] += part * paid.get(key, 0)
    back: dict[tuple, Fraction] = defaultdict(Fraction)
    for source, shares in losses.items():
        for key, loss in shares.items():
            back[key] += paid.get(source, 0) * loss / sum(shares.values())
    return owner, back


def month_of(at: int) -> int:
    when = FIRST + timedelta(seconds=at)
    return second(datetime(when.year, when.month, 1, tzinfo=UTC))


def place(one: dict) -> tuple[str, str, int]:
    """The agreement, the service and the second at which the period begins."""
    start = datetime.fromisoformat(one["period"]["from"])
    return one["agreement"], one["service"], second(start)


def cents(money: str) -> int:
    return int(money.replace(".", ""))


def compare(said: dict, assessed: dict, paid: dict, owner: dict, back: dict) -> list[str]:
    """Print what was recounted; every difference."""
    faults = []
    left = dict(assessed)
    for one in said["assessments"]:
        theirs = (one["countedSeconds"], one["unknownSeconds"], one["status"] == "BREACHED")
        if theirs != left.pop(place(one), theirs):
            faults.append(f"{place(one)}: {theirs}, recounted {assessed[place(one)]}")
    faults += [f"{key}: not assessed" for key in left]
    total = 0
    for one in said["exposures"]:
        mine = (paid.get(place(one), 0), half_up(back.get(place(one), Fraction(0))))
        if mine != (cents(one["owed"]), cents(one["recovered"])):
            faults.append(f"{place(one)}: {one['owed']}, {one['recovered']}, recounted {mine}")
        total += mine[0]
    for (party, basis), seconds in sorted(owner.items(), key=lambda item: -item[1]):
        print(f"{party:14} {basis:20} {float(seconds) / 60:10,.0f} minutes")
    print(f"owed {total / 100:,.2f}, recoverable {float(sum(back.values())) / 100:,.2f}")
    return faults


def card_faults(card: dict, document: dict, assessed: dict, paid: dict) -> list[str]:
    """Where a scorecard by supplier differs: periods met and missed, and credits receivable."""
    supplier = {
        one["id"]: one["provider"] for one in document["agreements"] if one["id"].startswith("uc")
    }
    mine: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (agreement, service, start), (_, _, missed) in assessed.items():
        if agreement in supplier:
            row = mine[supplier[agreement]]
            row[int(missed)] += 1
            row[2] += paid.get((agreement, service, start), 0)
    theirs = {
        one["subject"]: [
            one["met"],
            one["breached"],
            sum(cents(money["receivable"]) for money in one["sums"]),
        ]
        for one in card["scores"]
    }
    receivable = sum(row[2] for row in mine.values())
    print(f"receivable from suppliers {receivable / 100:,.2f}")
    return [
        f"{one}: {theirs.get(one)}, recounted {mine.get(one)}"
        for one in sorted({*mine, *theirs})
        if theirs.get(one) != mine.get(one)
    ]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
