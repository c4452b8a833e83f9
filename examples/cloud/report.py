"""The tables of docs/cloud-outages.md, from what the commands named there print as JSON.

python examples/cloud/report.py record.json trace.json
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

YEARS = ("2018", "2019", "2020")
Found = Mapping[str, Any]


def main(record: str, trace: str) -> None:
    table = json.loads(Path(record).read_text(encoding="utf-8"))["table"]
    verdict = json.loads(Path(trace).read_text(encoding="utf-8"))
    for title, lines in (
        ("Rows", rows(table)),
        ("Promises to customers", promises(verdict)),
        ("Contracts beneath", contracts(verdict)),
        ("Who answered", answered(verdict)),
        ("Owed and recoverable, by year", money(verdict["exposures"], year_of)),
        ("Owed and recoverable, by agreement", money(verdict["exposures"], agreement_of)),
    ):
        sys.stdout.write(f"\n## {title}\n\n" + "\n".join(lines) + "\n")


def rows(table: Found) -> Iterator[str]:
    yield from head("what became of them", "rows")
    yield row("facts", table["mapped"])
    yield row("merged, as repeats of another row", table["merged"])
    for word in ("ignored", "quarantined"):
        for reason, lines in table[word].items():
            yield row(f"{word}: {reason}", len(lines))
    yield row("all", table["rows"])


def promises(verdict: Found) -> Iterator[str]:
    """By SLA: how many periods were missed each year, and how many gaps could have cost."""
    yield from head("agreement", "target", "periods", *YEARS, "minutes down", "missed if gaps down")
    for (agreement, _), found in grouped(verdict["assessments"], "sla-"):
        yield row(
            agreement,
            f"{found[0]['target']:.2%}",
            len(found),
            *missed_by_year(found),
            minutes(found, "countedSeconds"),
            sum(one["attainedIfGapsDown"] < one["target"] for one in found),
        )


def contracts(verdict: Found) -> Iterator[str]:
    """By contract and service: months missed each year, and how long it was down or not known."""
    yield from head("contract", "service", "target", *YEARS, "minutes down", "minutes unknown")
    for (agreement, service), found in grouped(verdict["assessments"], "uc-"):
        yield row(
            agreement,
            service,
            f"{found[0]['target']:.3%}",
            *missed_by_year(found),
            minutes(found, "countedSeconds"),
            minutes(found, "unknownSeconds"),
        )


def answered(verdict: Found) -> Iterator[str]:
    """Of the downtime in breached SLAs: whose component it was, and why it answers or not."""
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for breach in verdict["breaches"]:
        if breach["agreement"].startswith("sla-"):
            for part in breach["responsibility"]:
                seconds[part["party"], part["basis"]] += part["seconds"]
    total = sum(seconds.values())
    yield from head("party", "basis", "minutes", "share")
    for (party, basis), part in sorted(seconds.items(), key=lambda item: -item[1]):
        yield row(party, basis, f"{part / 60:,.0f}", f"{part / total:.1%}")
    yield row("all", "", f"{total / 60:,.0f}", "100.0%")


def money(exposures: Sequence[Found], key: Any) -> Iterator[str]:
    """The waterfall, summed; steps that are always zero are left out."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for one in exposures:
        for line in (key(one), "all"):
            sums[line]["breaches"] += 1
            for step in ("owed", "recovered", "net"):
                sums[line][step] += Decimal(one[step])
            for step in one["waterfall"]:
                sums[line][step["step"]] += Decimal(step["amount"])
    steps = [step for step in sums["all"] if step.isupper() and step != "RECOVERED"]
    shown = [step for step in steps if any(line[step] for line in sums.values())]
    names = [step.lower().replace("_", " ") for step in shown]
    yield from head("", "breaches", "owed", *names, "recoverable", "net")
    for line in (*sorted(set(sums) - {"all"}), "all"):
        amounts = [sums[line][step] for step in ("owed", *shown, "recovered", "net")]
        yield row(line, sums[line]["breaches"], *(f"{amount:,.2f}" for amount in amounts))


def grouped(found: Iterable[Found], prefix: str) -> list[tuple[tuple[str, str], list[Found]]]:
    groups: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for one in found:
        if one["agreement"].startswith(prefix) and one["metric"] == "availability":
            groups[one["agreement"], one["service"]].append(one)
    return sorted(groups.items())


def missed_by_year(found: Sequence[Found]) -> list[int]:
    missed = [year_of(one) for one in found if one["status"] == "BREACHED"]
    return [missed.count(year) for year in YEARS]


def minutes(found: Iterable[Found], key: str) -> str:
    return f"{sum(one[key] for one in found) / 60:,.0f}"


def year_of(one: Found) -> str:
    """The year a period lies in; a day back, as it ends with the first instant of the next."""
    end = datetime.fromisoformat(one["period"]["to"])
    return str((end - timedelta(days=1)).year)


def agreement_of(one: Found) -> str:
    return str(one["agreement"])


def head(*names: str) -> Iterator[str]:
    yield row(*names)
    yield row(*("---" for _ in names))


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main(*sys.argv[1:])
