"""Results for people: tables, sentences and progress on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from orchestrator.errors import Problem
from orchestrator.formats import figures
from orchestrator.formats.figures import figure
from orchestrator.model.changes import Change
from orchestrator.model.ledger import ENTRY_KINDS
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import (
    SEVERITIES,
    Assessment,
    Breach,
    Credit,
    Exposure,
    Finding,
    Reward,
    TermKey,
    Verdict,
    WindowValue,
)
from orchestrator.model.values import Money, Span, format_instant, format_percent

percent = figures.percent

WIDTH = 120
"""Columns where the output is no terminal, so that piped output does not depend on one."""

_STYLE = {
    "UNDERPINNED": "green",
    "MET": "green",
    "SHORTFALL": "red",
    "UNCOMMITTED": "red",
    "BREACHED": "red",
    "error": "red",
    "warning": "yellow",
    "info": "dim",
}
_ALIKE = 2
SHOWN = 40
"""So many rows of a long list are shown; what is left out is said, and `--json` has it all."""


def console(stderr: bool = False) -> Console:
    """A console that keeps a fixed width where nobody watches."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not made.is_terminal:
        made.width = WIDTH
    return made


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, on a terminal alone, gone when the work is done."""
    with Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console(stderr=True),
        transient=True,
        disable=not console(stderr=True).is_terminal,
    ) as bar:
        task = bar.add_task(what, total=None)

        def heard(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield heard


def minutes(seconds: Fraction) -> str:
    return f"{float(seconds) / 60:,.1f} min"


def period_text(span: Span) -> str:
    """A period as `2026-04-01 to 2026-05-01`, with times only where they matter."""
    return " to ".join(
        format_instant(end).removesuffix("T00:00:00Z") for end in (span.start, span.end)
    )


def styled(word: str) -> Text:
    return Text(word, style=_STYLE.get(word, ""))


def name_of(key: TermKey) -> str:
    """The agreement, and its term unless that is named as what most agreements have one of."""
    return key.agreement if key.term == "availability" else f"{key.agreement} {key.term}"


def table_of(title: str, *columns: str, right: Collection[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in columns:
        table.add_column(
            name,
            justify="right" if name in right else "left",
            overflow="fold",
            no_wrap=name in right or name == "status",
        )
    return table


def show_findings(
    out: Console,
    found: Iterable[Finding],
    locate: Callable[[str], tuple[int, str]] | None = None,
    file: str = "",
) -> None:
    """Findings as sentences, with file and line where they are known, the gravest first; of many
    alike that only inform, the first and their number."""
    found = sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
    alike = Counter(finding.code for finding in found if finding.severity == "info")
    for finding in found:
        if finding.severity == "info" and alike[finding.code] > _ALIKE:
            alike[finding.code], left = 0, alike[finding.code] - 1
        elif finding.severity == "info" and not alike[finding.code]:
            continue
        else:
            left = 0
        line = locate(finding.path)[0] if locate and finding.path else 0
        place = f"{file}:{line}: " if line else ""
        text = Text("  ")
        text.append(place, style="dim")
        text.append(finding.code, style=_STYLE.get(finding.severity, ""))
        text.append(f" {finding.message}")
        text.append(f" (and {left:,} more like it: see --json)" if left else "", style="dim")
        out.print(text)


def show_intact(out: Console, found: Sequence[Finding]) -> None:
    """Whether the audit trail and the books fit together, and what does not."""
    show_findings(out, found)
    whole = "The audit trail and the ledger are intact."
    out.print("The audit trail or the ledger is broken." if found else whole)


def show_problems(out: Console, problems: Iterable[Problem]) -> None:
    for problem in problems:
        place = ":".join(str(part) for part in (problem.file, problem.line) if part)
        text = Text()
        text.append(f"{place}: " if place else "", style="dim")
        text.append(problem.code, style="red")
        text.append(
            f" {problem.path}: {problem.message}" if problem.path else f" {problem.message}"
        )
        out.print(text)
        if problem.advice:
            out.print(f"    {problem.advice}", style="dim")


def show_verdict(out: Console, verdict: Verdict) -> None:
    """Who kept what, who answers for what was missed, and what it costs."""
    figures = ("target", "attained", "counted")
    table = table_of(
        "Assessed", "agreement", "service", "period", *figures, "status", right=figures
    )
    ordered = sorted(verdict.assessments, key=lambda one: one.status != "BREACHED")
    for one in ordered[:SHOWN]:
        table.add_row(
            name_of(one.key),
            one.key.service,
            period_text(one.period),
            *_held_against(one.metric, one),
            minutes(one.counted_seconds),
            styled(one.status),
        )
        for window in one.windows:
            table.add_row(
                f"  {window.hours}",
                "",
                "",
                *_held_against(one.metric, window),
                minutes(window.counted_seconds),
                styled(window.status),
            )
    out.print(table)
    if len(ordered) > SHOWN:
        out.print(f"... {len(ordered) - SHOWN:,} more: --json has them all", style="dim")
    owed = {(one.key, one.period): one for one in verdict.exposures}
    for breach in verdict.breaches[:SHOWN]:
        show_breach(out, breach, owed.get((breach.key, breach.period)))
    if len(verdict.breaches) > SHOWN:
        out.print(f"... {len(verdict.breaches) - SHOWN:,} more breaches in --json", style="dim")
    show_credits(out, verdict.credits)
    show_rewards(out, verdict.rewards)
    show_totals(out, verdict.exposures)
    show_findings(out, verdict.findings)


_LIMITS = {
    "single_event": "a higher credit for the same event",
    "pool": "the pool",
    "period_cap": "what the period may bring",
    "annual_cap": "what the year may bring",
    "minimum": "what is too little to be paid",
}
"""What each limit of rule 11 is called where it leaves less of a credit."""


def show_credits(out: Console, credits: Sequence[Credit]) -> None:
    """Who owes whom what, a line each, with what added to it and what was cut off."""
    for one in credits[:SHOWN]:
        of_fee = f" of {format_percent(one.percent / 100)}" if one.percent else ""
        out.print(
            f"{name_of(one.key)} on {one.key.service}, {period_text(one.period)}: credit{of_fee}, "
            f"{one.debtor} owes {one.creditor} {one.money} {one.money.currency}{_why(one)}"
        )
    if len(credits) > SHOWN:
        out.print(f"... {len(credits) - SHOWN:,} more credits in --json", style="dim")


def _why(one: Credit) -> str:
    """How a credit comes to another sum than its scheme alone, in brackets; else nothing."""
    if one.percent and not one.uncapped.amount:
        return " (no fee is stated)"
    said, unit = [], one.money.currency
    if one.repeated:
        said.append(f"{Money(one.repeated, unit)} of it for repetition")
    left = one.uncapped.amount
    for stage in one.stages:
        if stage.amount < left:
            own_cap = stage.stage == "single_event" and stage.amount
            what = "the cap of the term" if own_cap else _LIMITS[stage.stage]
            said.append(f"{what} leaves {Money(stage.amount, unit)}")
            left = stage.amount
    return f" (of {one.uncapped}: {', '.join(said)})" if said else ""


def show_rewards(out: Console, rewards: Sequence[Reward]) -> None:
    """What good performance brings, a line each."""
    for one in rewards[:SHOWN]:
        what = ENTRY_KINDS[one.kind].name
        by = "" if one.earned == one.period else f" by {period_text(one.earned)}"
        out.print(
            f"{name_of(one.key)} on {one.key.service}, {period_text(one.period)}: {what}{by}, "
            f"{one.debtor} owes {one.creditor} {one.money} {one.money.currency}"
        )
    if len(rewards) > SHOWN:
        out.print(f"... {len(rewards) - SHOWN:,} more rewards in --json", style="dim")


def _held_against(metric: str, one: Assessment | WindowValue) -> tuple[str, str]:
    """The target, and what was attained of it: of times as the shares that kept them."""
    if METRICS[metric].carrier in {"ratio", "fault", "within"}:
        return format_percent(one.target), percent(one.attained)
    return figure(metric, one.target), figure(metric, one.attained)


def show_breach(out: Console, breach: Breach, exposure: Exposure | None) -> None:
    """One breach, traced: contribution, where it ends, and the money."""
    title = f"Breach of {name_of(breach.key)} on {breach.key.service}, {period_text(breach.period)}"
    table = table_of(
        title,
        *("party", "component", "caused", "share", "answers", "evidence"),
        right=("caused", "share"),
    )
    for part in breach.responsibility:
        answers = part.basis + (f" ({part.agreement})" if part.agreement else "")
        table.add_row(
            part.party,
            part.service,
            minutes(part.seconds),
            f"{float(part.share):.2%}",
            Text(answers, style="red" if part.liable else ""),
            ", ".join(part.evidence[:5]) + (" ..." if len(part.evidence) > 5 else ""),
        )
    out.print(table)
    borne = ", ".join(
        f"{bearer.party} {float(bearer.share):.2%}" + (f" ({bearer.basis})" if bearer.basis else "")
        for bearer in breach.borne_by
    )
    out.print(f"  borne by {borne}")
    if exposure is not None:
        money = {
            step.step: str(Money(step.amount, exposure.currency)) for step in exposure.waterfall
        }
        steps = ", ".join(f"{step} {amount}" for step, amount in money.items() if float(amount))
        out.print(
            f"  owed {Money(exposure.owed, exposure.currency)} {exposure.currency}, recoverable "
            f"{Money(exposure.recovered, exposure.currency)}, net "
            f"{Money(exposure.net, exposure.currency)}" + (f": {steps}" if steps else "")
        )


def show_totals(out: Console, exposures: Sequence[Exposure]) -> None:
    """The sums by currency."""
    for currency in sorted({one.currency for one in exposures}):
        ours = [one for one in exposures if one.currency == currency]
        owed, back = sum(one.owed for one in ours), sum(one.recovered for one in ours)
        out.print(
            f"Owed {Money(owed, currency)} {currency}, recoverable {Money(back, currency)}, "
            f"net exposure {Money(owed - back, currency)}",
            style="bold",
        )


def show_changes(out: Console, changes: Sequence[Change]) -> None:
    if not changes:
        out.print("Nothing differs.")
    for change in changes:
        out.print(f"  {change.what} {change.table} {change.id}".rstrip())


def show_record(out: Console, report: Mapping[str, Any]) -> None:
    """What became of facts, and of the rows they came from."""
    if table := report.get("table"):
        out.print(f"{table['rows']:,} rows, {table['facts']:,} facts, {table['merged']:,} merged.")
        for word in ("ignored", "quarantined"):
            for reason, lines in table[word].items():
                where = ", ".join(map(str, lines[:8])) + (", ..." if len(lines) > 8 else "")
                out.print(f"  {word} {len(lines):,}: {reason} (lines {where})")
    if "written" in report:
        out.print(f"Written to {report['written']}.")
        return
    would = "would be " if report["dryRun"] else ""
    revived = f" ({report['revived']:,} withdrawn before)" if report["revived"] else ""
    out.print(
        f"{report['accepted']:,} {would}accepted, {report['repeated']:,} repeated, "
        f"{report['corrected']:,} corrected{revived}, {len(report['quarantined']):,} left out."
    )
    for problem in report["quarantined"]:
        out.print(f"  {problem['code']} {problem['path']}: {problem['message']}")


def show_bench(out: Console, results: Sequence[Mapping[str, Any]]) -> None:
    """Measurements, a table for each."""
    for result in results:
        table = table_of(result["title"], *result["columns"])
        for row in result["rows"]:
            table.add_row(*map(str, row))
        out.print(table)
