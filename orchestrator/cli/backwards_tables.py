"""Allocations, choices and translations as tables for people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from orchestrator.model.allocations import Allocation
from orchestrator.model.offers import STAY, Checked, Choice
from orchestrator.model.records import TermKey
from orchestrator.model.translations import Translated
from orchestrator.model.values import Money, format_exact, format_percent
from orchestrator.terminal import percent


def _table(title: str, *columns: str, right: Collection[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table


def _named(agreement: str, term: str) -> str:
    return agreement if term == "availability" else f"{agreement} {term}"


def _promise(key: TermKey) -> str:
    return f"{_named(key.agreement, key.term)} on {key.service}"


def _target(value: Fraction | None) -> str:
    return "-" if value is None else format_percent(value)


def show_allocation(out: Console, found: Allocation, exact: bool) -> None:
    """What the terms beneath have to promise, and what is reached."""
    numbers = ("now", "needed", "budget times")
    table = _table("Targets beneath", "term", *numbers, "because of", right=numbers)
    for one in found.allotments:
        if one.after != one.before:
            table.add_row(
                _named(one.agreement, one.term),
                format_percent(one.before),
                format_percent(one.exact if exact else one.after),
                str(one.factor) if exact else f"{float(one.factor):.6g}",
                _promise(one.because),
            )
    if table.row_count:
        out.print(table)
    stay = sum(one.after == one.before for one in found.allotments)
    if stay:
        out.print(f"{stay} negotiable {'term' if stay == 1 else 'terms'} may stay as they are.")
    numbers = ("target", "floor now", "floor then")
    table = _table("Promises", "promise", *numbers, "kept", right=numbers)
    for goal in found.goals:
        table.add_row(
            _promise(goal.key),
            format_percent(goal.target),
            percent(goal.before, 7),
            percent(goal.after, 7),
            "yes" if goal.kept else "no",
        )
    out.print(table)


def show_choice(out: Console, found: Choice) -> None:
    """What to pick, what it costs, and what is promised upon it."""
    if found.feasible:
        numbers = ("price a year", "now", "then")
        table = _table("Picks", "term", "pick", *numbers, right=numbers)
        for one in found.picks:
            table.add_row(
                _named(one.menu.agreement, one.menu.term),
                "no agreement" if one.menu.is_new and one.option == STAY else one.option,
                _money(one.price),
                _target(one.before),
                _target(one.after),
            )
        out.print(table)
        bound = f"at most {float(found.gap):.3%} above the cheapest possible"
        if not found.gap:
            bound = "nothing cheaper will do"
        if not found.proven:
            bound = "cheaper choices are not ruled out, as hours or periods differ"
        out.print(f"{_money(found.cost)} {found.cost.currency} a year; {bound}.", style="bold")
    _show_checked(out, found.checked)


def _show_checked(out: Console, checked: Sequence[Checked]) -> None:
    numbers = ("target", "floor")
    table = _table("Promises, re-checked", "promise", *numbers, "kept", right=numbers)
    for one in checked:
        table.add_row(
            _promise(one.key),
            format_percent(one.target),
            percent(one.floor, 7),
            "yes" if one.kept else "no",
        )
    out.print(table)


def _money(money: Money) -> str:
    whole, point, cents = str(money).partition(".")
    return f"{int(whole):,}{point}{cents}"


def show_translation(out: Console, found: Translated) -> None:
    """What a term takes, and what is carried by what is committed."""
    numbers = ("needed", "committed", "missing")
    table = _table(f"{found.rule}: what it takes", "resource", *numbers, "unit", right=numbers)
    for one in found.required:
        table.add_row(
            one.id,
            ("at most " if one.at_most else "") + _number(one.needed),
            "-" if one.committed is None else _number(one.committed),
            _number(one.missing) if one.missing else "",
            one.unit,
        )
    out.print(table)
    ends = ("stated", "carried")
    table = _table(
        "What is carried, parameter by parameter", "parameter", *ends, "unit", right=ends
    )
    for held in found.held:
        end = "up to " if held.asks_more else "down to "
        table.add_row(
            held.parameter,
            _number(held.value),
            "nothing" if held.reached is None else end + _number(held.reached),
            held.unit,
        )
    out.print(table)


def _number(value: Fraction) -> str:
    text = format_exact(value)
    return text if "/" not in text and len(text) <= 14 else f"{float(value):.6g}"
