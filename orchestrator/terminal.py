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
from orchestrator.formats.figures import figure, headroom, marked
from orchestrator.model.changes import Change
from orchestrator.model.derivations import (
    NOT_COMPARABLE,
    UNDERPINNED,
    Derivation,
    Effect,
    Explanation,
    Outcome,
)
from orchestrator.model.ledger import ENTRY_KINDS
from orchestrator.model.metrics import METRICS, target_text
from orchestrator.model.records import (
    SEVERITIES,
    Assessment,
    Breach,
    Exposure,
    Finding,
    Reward,
    TermKey,
    Verdict,
)
from orchestrator.model.values import Money, Span, format_duration, format_instant, format_percent

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
_SHOWN = 40
_TALKS = 10
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


def _styled(word: str) -> Text:
    return Text(word, style=_STYLE.get(word, ""))


def _name(key: TermKey) -> str:
    """The agreement, and its term unless that is named as what most agreements have one of."""
    return key.agreement if key.term == "availability" else f"{key.agreement} {key.term}"


def _stacked(text: str) -> str:
    """A figure of several parts, one below the other: a table has but so many columns."""
    return text.replace(", ", ",\n").replace(" within ", "\nin ")


def _table(title: str, *columns: str, right: Collection[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in columns:
        table.add_column(
            name,
            justify="right" if name in right else "left",
            overflow="fold",
            no_wrap=name in right or name == "status",
        )
    return table


def _found(metric: str, one: Derivation | Outcome, name: str) -> str:
    """A figure by its name, marked where it is not exact."""
    interval = {"independent": one.independent_interval, "beta": one.beta_interval}.get(name)
    return _stacked(marked(metric, getattr(one, name), getattr(one.methods, name), interval))


def _tell_marks(out: Console, table: Table) -> None:
    """What the marks in a table mean, those that are there."""
    cells = [str(cell) for column in table.columns for cell in column.cells]
    for mark, says in figures.LEGEND.items():
        if any(cell.startswith(mark) for cell in cells):
            out.print(f"{mark} {says}", style="dim")


def show_derivations(out: Console, found: Sequence[Derivation], *, notes: bool = True) -> None:
    """What each service can carry; with `notes`, what is wrong with what is promised, and why."""
    figures = ("promised", "floor", "independent", "beta", "headroom")
    table = _table(
        "What can be promised", "agreement", "service", *figures, "status", right=figures
    )
    for one in found[:_SHOWN]:
        table.add_row(
            _name(one.key),
            one.key.service,
            _stacked(target_text(METRICS[one.metric], one.promised)),
            *(_found(one.metric, one, name) for name in ("floor", "independent", "beta")),
            headroom(one),
            _styled(one.status),
        )
    out.print(table)
    _tell_marks(out, table)
    if len(found) > _SHOWN:
        out.print(f"... {len(found) - _SHOWN:,} more: --json has them all", style="dim")
    for one in found[:_SHOWN] if notes else ():
        show_findings(out, one.findings)
        if one.explanation is not None:
            show_explanation(out, one.key, one.explanation, one.metric)


_NOT_COMPARED = {
    "NO_FLOW": "no flow of work is declared for it",
    "UNATTRIBUTABLE": "nothing says what each part contributes",
    "NO_SERVICE_HOURS": "it has no service hours in the period",
}
"""Why a promise could not be compared with what lies beneath it, by the code of its finding."""


def show_kept(out: Console, found: Sequence[Derivation]) -> None:
    """How many promises are underpinned, and how many could not be compared, with the reasons."""
    apart = [one for one in found if one.status == NOT_COMPARABLE]
    compared = len(found) - len(apart)
    kept = sum(one.status == UNDERPINNED for one in found)
    if compared or not apart:
        out.print(f"{kept} of {compared} promises are underpinned.", style="bold")
    if not apart:
        return
    whys = Counter(finding.code for one in apart for finding in one.findings[:1])
    reasons = ", ".join(
        f"{many:,} {code}" + (f" ({_NOT_COMPARED[code]})" if code in _NOT_COMPARED else "")
        for code, many in whys.most_common()
    )
    promises = "promise" if len(apart) == 1 else "promises"
    out.print(
        f"{len(apart):,} {promises} could not be compared with what lies beneath: {reasons}.",
        style="bold",
    )


def _worth(value: Fraction | float | None) -> str:
    """A factor."""
    return "-" if value is None else f"{float(value):,.3g}"


def show_explanation(
    out: Console, key: TermKey, found: Explanation, metric: str = "availability"
) -> None:
    """Where one figure comes from."""
    if any(one.target is not None for one in found.basis):
        _show_targets(out, key, found, metric)
    else:
        _show_budgets(out, key, found)
    for outage in found.witness:
        out.print(f"  worst case: {', '.join(outage.down)} down {percent(outage.share, 4)} of time")
    for case in found.worst_cases:
        out.print(
            f"  longest wait: {format_duration(case.elapsed)} in hours {case.hours}, from "
            f"{format_instant(case.start)} to {format_instant(case.due)}"
        )
        for stage in case.stages:
            out.print(f"    {stage.stage}: until {format_instant(stage.due)}")
    if found.single_points:
        out.print(f"  single points of failure: {', '.join(found.single_points)}")
    for cut in found.minimal_cuts:
        out.print(f"  cut: {', '.join(cut)}")
    for number, one in enumerate(found.renegotiate[:_TALKS], 1):
        out.print(f"  {number}. renegotiate {one.agreement}: {one.sentence}")
    if len(found.renegotiate) > _TALKS:
        out.print(f"  ... {len(found.renegotiate) - _TALKS:,} more terms matter: see --json")


def _show_targets(out: Console, key: TermKey, found: Explanation, metric: str) -> None:
    """What is promised of each leaf or stage."""
    table = _table(f"{_name(key)} on {key.service} rests on", "part", "agreement", "promised")
    for one in found.basis:
        promised = "-" if one.target is None else target_text(METRICS[metric], one.target)
        table.add_row(one.leaf, f"{one.agreement}/{one.term} v{one.version}", promised)
    out.print(table)


def _show_budgets(out: Console, key: TermKey, found: Explanation) -> None:
    """How long each leaf may be down, and what it costs."""
    table = _table(
        f"{_name(key)} on {key.service} rests on",
        *("leaf", "agreement", "may be down", "shadow price", "criticality"),
        *("achievement", "reduction"),
    )
    prices = {price.leaf: price for price in found.shadow_prices}
    weights = {one.leaf: one for one in found.importance}
    basis: dict[str, list[str]] = {leaf: [] for leaf in prices}
    down: dict[str, str] = {}
    for one in found.basis:
        basis[one.leaf].append(f"{one.agreement}/{one.term} v{one.version}")
        down[one.leaf] = percent(one.unavailability, 4)
    for leaf, price in prices.items():
        span = f"{float(price.low):.3g}"
        if price.low != price.high:
            span += f" to {float(price.high):.3g}"
        weight = weights.get(leaf)
        table.add_row(
            leaf,
            ", ".join(basis[leaf]) or "nobody",
            down.get(leaf, "-"),
            span,
            f"{float(weight.criticality):.4f}" if weight else "-",
            _worth(weight.achievement if weight else None),
            _worth(weight.reduction if weight else None),
        )
    out.print(table)


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
    table = _table("Assessed", "agreement", "service", "period", *figures, "status", right=figures)
    ordered = sorted(verdict.assessments, key=lambda one: one.status != "BREACHED")
    for one in ordered[:_SHOWN]:
        table.add_row(
            _name(one.key),
            one.key.service,
            period_text(one.period),
            *_held_against(one),
            minutes(one.counted_seconds),
            _styled(one.status),
        )
    out.print(table)
    if len(ordered) > _SHOWN:
        out.print(f"... {len(ordered) - _SHOWN:,} more: --json has them all", style="dim")
    owed = {(one.key, one.period): one for one in verdict.exposures}
    for breach in verdict.breaches[:_SHOWN]:
        show_breach(out, breach, owed.get((breach.key, breach.period)))
    if len(verdict.breaches) > _SHOWN:
        out.print(f"... {len(verdict.breaches) - _SHOWN:,} more breaches in --json", style="dim")
    show_rewards(out, verdict.rewards)
    show_totals(out, verdict.exposures)
    show_findings(out, verdict.findings)


def show_rewards(out: Console, rewards: Sequence[Reward]) -> None:
    """What good performance brings, a line each."""
    for one in rewards[:_SHOWN]:
        what = ENTRY_KINDS[one.kind].name
        by = "" if one.earned == one.period else f" by {period_text(one.earned)}"
        out.print(
            f"{_name(one.key)} on {one.key.service}, {period_text(one.period)}: {what}{by}, "
            f"{one.debtor} owes {one.creditor} {one.money} {one.money.currency}"
        )
    if len(rewards) > _SHOWN:
        out.print(f"... {len(rewards) - _SHOWN:,} more rewards in --json", style="dim")


def _held_against(one: Assessment) -> tuple[str, str]:
    """The target, and what was attained of it: of times as the shares that kept them."""
    if METRICS[one.metric].carrier in {"ratio", "fault", "within"}:
        return format_percent(one.target), percent(one.attained)
    return figure(one.metric, one.target), figure(one.metric, one.attained)


def show_breach(out: Console, breach: Breach, exposure: Exposure | None) -> None:
    """One breach, traced: contribution, where it ends, and the money."""
    title = f"Breach of {_name(breach.key)} on {breach.key.service}, {period_text(breach.period)}"
    table = _table(
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


def show_effects(
    out: Console,
    effects: Sequence[tuple[tuple[str, str, str], Derivation | None, Derivation | None]],
) -> None:
    """What a change does to every promise."""
    table = _table(
        "What it does to every promise",
        *("agreement", "service", "floor before", "after", "independent before", "after"),
        "status",
    )
    for (agreement, term, service), before, after in effects:
        statuses = [one.status if one else "absent" for one in (before, after)]
        table.add_row(
            agreement if term == "availability" else f"{agreement} {term}",
            service,
            *(
                _found(one.metric, one, name) if one else "-"
                for name in ("floor", "independent")
                for one in (before, after)
            ),
            " -> ".join(dict.fromkeys(statuses)),
        )
    if effects:
        out.print(table)
        _tell_marks(out, table)
    else:
        out.print("No promise changes.")


def show_outcomes(out: Console, effects: Sequence[Effect]) -> None:
    """What other targets would do to every promise above them."""
    table = _table(
        "What it would do to every promise above",
        *("agreement", "service", "floor before", "after", "independent before", "after"),
        "status",
    )
    for one in effects[:_SHOWN]:
        table.add_row(
            _name(one.key),
            one.key.service,
            *(
                _found(one.metric, side, name)
                for name in ("floor", "independent")
                for side in (one.before, one.after)
            ),
            " -> ".join(dict.fromkeys((one.before.status, one.after.status))),
        )
    out.print(table if effects else "No promise stands above it.")
    _tell_marks(out, table)
    if len(effects) > _SHOWN:
        out.print(f"... {len(effects) - _SHOWN:,} more: --json has them all", style="dim")


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
    out.print(
        f"{report['accepted']:,} {would}accepted, {report['repeated']:,} repeated, "
        f"{report['corrected']:,} corrected, {len(report['quarantined']):,} left out."
    )
    for problem in report["quarantined"]:
        out.print(f"  {problem['code']} {problem['path']}: {problem['message']}")


def show_bench(out: Console, results: Sequence[Mapping[str, Any]]) -> None:
    """Measurements, a table for each."""
    for result in results:
        table = _table(result["title"], *result["columns"])
        for row in result["rows"]:
            table.add_row(*map(str, row))
        out.print(table)
