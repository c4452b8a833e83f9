"""The ledger: what is booked and what it comes to, closing the books, and restating closed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from orchestrator import terminal
from orchestrator.actions.books import approve_restatements, close_books
from orchestrator.cli.shared import (
    config_of,
    context_of,
    dry_option,
    instant,
    json_option,
    key_option,
    opened,
    print_json,
    url_option,
)
from orchestrator.errors import refuse
from orchestrator.formats.ledger import balance_json, entry_json, restatement_json
from orchestrator.model.ledger import Restatement
from orchestrator.model.values import DAWN, format_instant
from orchestrator.store.books import (
    Balance,
    Posted,
    balance_page,
    closed_until,
    entry_page,
    waiting,
)
from orchestrator.store.read import MOST, Key, Page

T = TypeVar("T")

agreement_option = click.option(
    "--agreement", "agreements", multiple=True, metavar="ID", help="Under this one alone."
)


@click.command()
@agreement_option
@url_option
@json_option
def ledger(*, agreements: tuple[str, ...], url: str | None, as_json: bool) -> int:
    """Print what every account holds, and the entries it comes from."""
    named = agreements or None
    with opened(url) as store, store.read() as session:
        tenant = config_of(url).tenant
        held = list(_all(lambda after: balance_page(session, tenant, after, MOST, named)))
        entries = list(_all(lambda after: entry_page(session, tenant, after, MOST, named)))
        closed = closed_until(session, tenant)
        pending = [
            one
            for one in waiting(session, tenant)
            if named is None or one.key.term.agreement in named
        ]
    if as_json:
        print_json(
            {
                "balances": [
                    balance_json(
                        one.account.party, one.account.agreement, one.account.kind, one.money
                    )
                    for one in held
                ],
                "entries": [entry_json(one.entry, one.recorded_at) for one in entries],
                "closedUntil": None if closed <= DAWN else format_instant(closed),
                "waiting": [restatement_json(one) for one in pending],
            }
        )
        return 0
    out = terminal.console()
    _show_balances(out, held)
    _show_entries(out, entries)
    if closed > DAWN:
        out.print(f"The books are closed up to {format_instant(closed)}.")
    show_waiting(out, pending)
    return 0


def _all(page: Callable[[Key | None], Page[T]]) -> Iterator[T]:
    """Every item of a list that is read by page."""
    after: Key | None = None
    while True:
        found = page(after)
        yield from found.items
        if not found.more:
            return
        after = found.keys[-1]


@click.command(name="close-books")
@click.argument("until", metavar="INSTANT")
@dry_option
@key_option
@url_option
@json_option
def close_command(
    *, until: str, dry_run: bool, key: str | None, url: str | None, as_json: bool
) -> int:
    """Close the books up to INSTANT: what came to be owed by then is restated by leave alone."""
    at = instant(until)
    assert at is not None
    with opened(url) as store:
        closed = close_books(context_of(store, url), at, dry_run=dry_run, idempotency_key=key)
    if as_json:
        print_json({"closedUntil": format_instant(closed), "dryRun": dry_run})
    else:
        would = "would be" if dry_run else "are"
        terminal.console().print(f"The books {would} closed up to {format_instant(closed)}.")
    return 0


@click.command()
@click.option("--reason", required=True, help="Why; it stands in the books.")
@agreement_option
@dry_option
@key_option
@url_option
@json_option
def restate(
    *,
    reason: str,
    agreements: tuple[str, ...],
    dry_run: bool,
    key: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Give leave to what waits to be restated in closed books."""
    if not reason.strip():
        raise refuse("NO_REASON", "nobody restates closed books without a reason", "give one")
    with opened(url) as store:
        found = approve_restatements(
            context_of(store, url),
            reason,
            agreements or None,
            dry_run=dry_run,
            idempotency_key=key,
        )
    if as_json:
        print_json({"approval": found.number, "entries": found.entries, "dryRun": dry_run})
    else:
        would = "would be" if dry_run else "were"
        terminal.console().print(f"{found.entries} entries {would} appended.")
    return 0


# --- tables --------------------------------------------------------------------------------------


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in columns:
        right = name in {"amount", "revision"}
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    return table


def _show_balances(out: Console, held: Sequence[Balance]) -> None:
    table = _table("Balances", "party", "agreement", "account", "amount", "")
    for one in held:
        account, money = one.account, one.money
        table.add_row(account.party, account.agreement, account.kind, str(money), money.currency)
    out.print(table if held else "Nothing is booked.")


def _show_entries(out: Console, entries: Sequence[Posted]) -> None:
    if not entries:
        return
    columns = ("agreement", "service", "period", "kind", "revision", "debtor", "creditor")
    table = _table("Entries", *columns, "amount", "")
    for posted in entries:
        one = posted.entry
        term, booking = one.key.term, one.booking
        sign = "-" if one.reverses else ""
        cells: tuple[Any, ...] = (
            f"{term.agreement} {term.term}",
            term.service,
            terminal.period_text(one.key.period),
            one.key.kind + (f", reverses {one.reverses}" if one.reverses else ""),
            str(one.revision),
            booking.debtor,
            booking.creditor,
            f"{sign}{booking.money}",
            booking.money.currency,
        )
        table.add_row(*cells)
    out.print(table)


def show_waiting(out: Console, pending: Sequence[Restatement]) -> None:
    """What stands in closed books and ought to be otherwise."""
    for one in pending:
        term = one.key.term
        was, ought = (
            f"{booking.money} {booking.money.currency}" if booking else "nothing"
            for booking in (one.booked, one.wanted)
        )
        out.print(
            f"Waits for leave: {one.key.kind} of {term.agreement} {term.term} on {term.service}, "
            f"{terminal.period_text(one.key.period)}: {was} is booked, {ought} is due."
        )


COMMANDS = (ledger, close_command, restate)
