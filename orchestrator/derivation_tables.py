"""What can be promised, and what a change does to it, as tables and sentences on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from rich.console import Console
from rich.table import Table

from orchestrator.formats import figures
from orchestrator.formats.figures import headroom, marked, percent
from orchestrator.model.derivations import (
    NOT_COMPARABLE,
    UNDERPINNED,
    Derivation,
    Effect,
    Explanation,
    Outcome,
)
from orchestrator.model.metrics import METRICS, target_text
from orchestrator.model.records import TermKey
from orchestrator.model.values import format_duration, format_instant
from orchestrator.terminal import SHOWN, name_of, show_findings, styled, table_of

_TALKS = 10
"""So many contracts to talk about are named."""


def _stacked(text: str) -> str:
    """A figure of several parts, one below the other: a table has but so many columns."""
    return text.replace(", ", ",\n").replace(" within ", "\nin ")


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
    table = table_of(
        "What can be promised", "agreement", "service", *figures, "status", right=figures
    )
    for one in found[:SHOWN]:
        table.add_row(
            name_of(one.key),
            one.key.service,
            _stacked(target_text(METRICS[one.metric], one.promised)),
            *(_found(one.metric, one, name) for name in ("floor", "independent", "beta")),
            headroom(one),
            styled(one.status),
        )
        for window in one.windows:
            figures_of = window.outcome
            table.add_row(
                f"  {window.hours}",
                "",
                _stacked(target_text(METRICS[one.metric], figures_of.promised)),
                *(
                    _found(one.metric, figures_of, name)
                    for name in ("floor", "independent", "beta")
                ),
                "",
                styled(figures_of.status),
            )
    out.print(table)
    _tell_marks(out, table)
    if len(found) > SHOWN:
        out.print(f"... {len(found) - SHOWN:,} more: --json has them all", style="dim")
    for one in found[:SHOWN] if notes else ():
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
    table = table_of(f"{name_of(key)} on {key.service} rests on", "part", "agreement", "promised")
    for one in found.basis:
        promised = "-" if one.target is None else target_text(METRICS[metric], one.target)
        table.add_row(one.leaf, f"{one.agreement}/{one.term} v{one.version}", promised)
    out.print(table)


def _show_budgets(out: Console, key: TermKey, found: Explanation) -> None:
    """How long each leaf may be down, and what it costs."""
    table = table_of(
        f"{name_of(key)} on {key.service} rests on",
        *("leaf", "agreement", "may be down", "shadow price", "criticality"),
        *("achievement", "reduction"),
    )
    prices = {price.leaf: price for price in found.shadow_prices}
    weights = {one.leaf: one for one in found.importance}
    basis: dict[str, list[str]] = {leaf: [] for leaf in prices}
    down: dict[str, list[str]] = {leaf: [] for leaf in prices}
    for one in found.basis:
        hours = f" {one.hours}" if one.hours else ""
        basis[one.leaf].append(f"{one.agreement}/{one.term} v{one.version}{hours}")
        down[one.leaf].append(percent(one.unavailability, 4))
    for leaf, price in prices.items():
        span = f"{float(price.low):.3g}"
        if price.low != price.high:
            span += f" to {float(price.high):.3g}"
        weight = weights.get(leaf)
        table.add_row(
            leaf,
            ", ".join(basis[leaf]) or "nobody",
            ", ".join(dict.fromkeys(down[leaf])) or "-",
            span,
            f"{float(weight.criticality):.4f}" if weight else "-",
            _worth(weight.achievement if weight else None),
            _worth(weight.reduction if weight else None),
        )
    out.print(table)


def show_effects(
    out: Console,
    effects: Sequence[tuple[tuple[str, str, str], Derivation | None, Derivation | None]],
) -> None:
    """What a change does to every promise."""
    table = table_of(
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
    table = table_of(
        "What it would do to every promise above",
        *("agreement", "service", "floor before", "after", "independent before", "after"),
        "status",
    )
    for one in effects[:SHOWN]:
        table.add_row(
            name_of(one.key),
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
    if len(effects) > SHOWN:
        out.print(f"... {len(effects) - SHOWN:,} more: --json has them all", style="dim")
