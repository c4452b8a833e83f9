"""Statements of account on the command line, from files or from what the database has booked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Final

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from orchestrator import clock, terminal
from orchestrator.actions.statements import books_of
from orchestrator.cli.claims import at_option, claims_option, lost_by, on_record
from orchestrator.cli.ledger import agreement_option
from orchestrator.cli.shared import (
    config_of,
    document_of,
    facts_of,
    instant,
    json_option,
    opened,
    period_option,
    print_json,
    url_option,
)
from orchestrator.engine.settle import settle
from orchestrator.engine.statement import (
    Books,
    asked_of_verdict,
    between,
    entries_of,
    statements,
    together,
)
from orchestrator.errors import refuse
from orchestrator.formats.figures import grouped
from orchestrator.formats.statements import statement_json, together_json
from orchestrator.model.estate import Estate
from orchestrator.model.ledger import ENTRY_KINDS
from orchestrator.model.statements import Figures, Statement, StatementItem
from orchestrator.model.values import AskedPeriod, Instant, Money
from orchestrator.store.read import load_estate

ROWS: Final = ("period", "agreement", "parties")
"""What a statement has a row for."""


@click.command()
@click.argument("estate", type=click.Path(), required=False)
@click.argument("facts", type=click.Path(), required=False)
@period_option()
@click.option("--by", type=click.Choice(ROWS), default="period", help="What has a row each.")
@click.option("--items", is_flag=True, help="List what is booked as well.")
@click.option("--party", metavar="ID", help="Of those that it pays or is paid by alone.")
@agreement_option
@claims_option
@at_option
@url_option
@json_option
def statement(
    *,
    estate: str | None,
    facts: str | None,
    period: str,
    by: str,
    items: bool,
    party: str | None,
    agreements: tuple[str, ...],
    record: str | None,
    at: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """What is payable under each agreement once credits are set off: by FACTS on ESTATE, or as
    booked."""
    asked, until = AskedPeriod.parse(period), instant(at)
    if estate is None:
        if record:
            raise refuse("USAGE", "the database has its own claims", "leave --claims out")
        with opened(url) as store, store.read() as session:
            tenant = config_of(url).tenant
            held = load_estate(session, tenant, until)
            moment = clock.now() if until is None else until
            books = books_of(session, tenant, held, asked, moment, until, agreements or None)
        if not held.agreements and not books.entries:
            raise refuse("NO_ESTATE", "the database holds no estate", "import one, or name a file")
    elif facts is None:
        raise refuse("USAGE", "facts are needed with an estate", "name a facts document too")
    else:
        held = document_of(estate).estate
        books = _settled(held, facts, asked, record, until)
    _check_known(held, books, agreements, party)
    found = statements(held, asked, books, agreements or None)
    if party:
        found = between(held, asked, found, party)
    if as_json:
        print_json(
            {
                "statements": [statement_json(one) for one in found],
                "totals": [together_json(one) for one in together(found)],
            }
        )
    else:
        show_statements(terminal.console(), found, by, items=items)
    return 0


def _settled(
    held: Estate, facts: str, asked: AskedPeriod, record: str | None, until: Instant | None
) -> Books:
    """What facts on an estate would have booked, and what a record says about the claims."""
    with terminal.progress("settling") as heard:
        verdict = settle(
            held,
            facts_of(facts, held),
            asked_of_verdict(held, asked),
            heard,
            lost=lost_by(held, record, until),
        )
    claims = None if record is None else on_record(held, record, until, verdict.credits)
    return Books(entries_of(held, asked, verdict), claims)


def _check_known(held: Estate, books: Books, agreements: Sequence[str], party: str | None) -> None:
    known = {one.key.term.agreement for one in books.entries} | set(held.agreements)
    for id in agreements:
        if id not in known:
            raise refuse("UNKNOWN_REFERENCE", f"there is no agreement {id!r}", "use its id")
    if party and party not in held.parties:
        raise refuse("UNKNOWN_REFERENCE", f"there is no party {party!r}", "use its id")


# --- tables --------------------------------------------------------------------------------------

_BEFORE: Final = {"brought": "brought forward", "fee": "fee"}
_AFTER: Final = {
    "payable": "payable",
    "carried": "carried forward",
    "pending": "pending",
    "lost": "lost",
}
_KINDS: Final = {kind: kind.replace("_", " ") for kind in ENTRY_KINDS}

LEGEND: Final = {
    "brought": "what was left of credits before",
    "credit": "credits, deducted",
    "bonus": "bonuses, added",
    "earn_back": "credits earned back, added",
    "carried": "credits that exceed what is payable, for the next period",
    "pending": "credits that the provider has not accepted yet, not deducted",
    "lost": "credits that were not claimed in time or not granted",
}
"""What columns say."""

_Value = Callable[[Figures], int]


def _columns(figures: Iterable[Figures]) -> dict[str, tuple[str, _Value]]:
    """The columns that say anything, by their names, with their heads."""
    rows = list(figures)
    every: dict[str, tuple[str, _Value]] = {}
    every |= {name: (head, attrgetter(name)) for name, head in _BEFORE.items()}
    every |= {kind: (head, _signed(kind)) for kind, head in _KINDS.items()}
    every |= {name: (head, attrgetter(name)) for name, head in _AFTER.items()}
    always = {"fee", "payable"}
    return {
        name: (head, value)
        for name, (head, value) in every.items()
        if name in always or any(map(value, rows))
    }


def _signed(kind: str) -> _Value:
    """What counts of a kind of entry, below nothing where it is deducted."""
    sign = -1 if ENTRY_KINDS[kind].owed_by == "provider" else 1
    return lambda one: sign * one.amounts.get(kind, 0)


def show_statements(
    out: Console, found: Sequence[Statement], by: str, *, items: bool = False
) -> None:
    """Statements with their lines, one row each, or what parties come to; and what is odd."""
    if not found:
        out.print("Nothing is billed or booked.")
        return
    pairs = together(found)
    lines = [Figures.of(line) for one in found for line in one.lines]
    columns = _columns([*lines, *(one.figures for one in found)])
    table = Table(title="Statement", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("parties" if by == "parties" else "agreement", overflow="fold", min_width=16)
    for head, _ in columns.values():
        table.add_column(head, justify="right", overflow="fold")
    table.add_column("")
    open_lines = sum(not line.assessed for one in found for line in one.lines)
    if open_lines:
        table.add_column("")

    def row(
        name: str, figures: Figures, currency: str, style: str = "", lines: Sequence[bool] = ()
    ) -> None:
        shown = [_amount(value(figures), currency) for _, value in columns.values()]
        mark = ["" if all(lines) else "not assessed"] if open_lines else []
        table.add_row(name, *shown, currency, *mark, style=style)

    if by == "parties":
        for pair in pairs:
            row(f"{pair.provider} bills {pair.customer}", pair.figures, pair.currency)
    else:
        for one in found:
            row(
                f"{one.agreement}, {one.provider} bills {one.customer}",
                one.figures,
                one.currency,
                lines=[line.assessed for line in one.lines],
            )
            if by == "period" and len(one.lines) > 1:
                for line in one.lines:
                    row(
                        f"  {terminal.period_text(line.period)}",
                        Figures.of(line),
                        one.currency,
                        "dim",
                        [line.assessed],
                    )
    out.print(table)
    for name in columns:
        if name in LEGEND:
            out.print(f"{columns[name][0]}: {LEGEND[name]}", style="dim", soft_wrap=True)
    if open_lines:
        out.print(
            f"not assessed: {open_lines} of {len(lines)} billing periods, for which more may be "
            "deducted",
            style="dim",
            soft_wrap=True,
        )
    if items:
        _show_items(out, found)
    _show_notes(out, found)


def _amount(amount: int, currency: str) -> str:
    return grouped(str(Money(amount, currency))) if amount else ""


def _items(found: Iterable[Statement]) -> Iterable[tuple[Statement, StatementItem]]:
    return ((one, item) for one in found for line in one.lines for item in line.items)


def _show_items(out: Console, found: Sequence[Statement]) -> None:
    table = Table(title="Booked", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in ("agreement", "service", "period", "kind", "booked", "counts"):
        right = name in {"booked", "counts"}
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    table.add_column("")
    table.add_column("claim")
    for one, item in _items(found):
        term = item.key.term
        table.add_row(
            f"{term.agreement} {term.term}",
            term.service,
            terminal.period_text(item.key.period),
            _KINDS[item.key.kind],
            _amount(item.booked, one.currency),
            _amount(item.counts, one.currency),
            one.currency,
            item.state,
        )
    out.print(table)


def _show_notes(out: Console, found: Sequence[Statement]) -> None:
    """What was restated, and what waits for leave."""
    for one, item in _items(found):
        term = item.key.term
        what = (
            f"{_KINDS[item.key.kind]} of {term.agreement} {term.term} on {term.service}, "
            f"{terminal.period_text(item.key.period)}"
        )
        now = f"{Money(item.booked, one.currency)} {one.currency}"
        if item.was is not None:
            out.print(f"Restated: {what}: {now}, which was {item.was} {item.was.currency}.")
        if item.waits is not None:
            out.print(
                f"Waits for leave: {what}: {now} is booked, {item.waits} {item.waits.currency} "
                "is due."
            )


COMMANDS = (statement,)
