"""Facts that were recorded and are false: taken back, and what is."""

from __future__ import annotations

import click
from rich.markup import escape

from orchestrator import terminal
from orchestrator.actions.facts import withdraw_facts
from orchestrator.cli.shared import (
    as_of_option,
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
from orchestrator.model.records import FACT_KINDS
from orchestrator.model.values import format_instant
from orchestrator.store.withdrawals import withdrawals


@click.command(epilog=f"KIND is one of {', '.join(FACT_KINDS)}.")
@click.argument("kind")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept with the facts.")
@click.option("--by", default="", metavar="NAME", help="Who withdraws them (default: the user).")
@dry_option
@key_option
@url_option
@json_option
def withdraw(
    *,
    kind: str,
    ids: tuple[str, ...],
    reason: str,
    by: str,
    dry_run: bool,
    key: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Withdraw facts that were recorded and are false: nothing follows from them from now on.

    What was known before stays known (--as-of), and what is booked changes as the period is next
    assessed. A fact that is recorded again stands again.
    """
    with opened(url) as store:
        result = withdraw_facts(
            context_of(store, url), kind, ids, reason, by=by, dry_run=dry_run, idempotency_key=key
        )
    if as_json:
        print_json({"withdrawn": result.withdrawn, "repeated": result.repeated, "dryRun": dry_run})
        return 0
    would = "would be " if dry_run else ""
    terminal.console().print(
        f"{result.withdrawn:,} {would}withdrawn, {result.repeated:,} withdrawn before."
    )
    return 0


@click.command()
@as_of_option
@url_option
@json_option
def withdrawn(*, as_of: str | None, url: str | None, as_json: bool) -> int:
    """Print the facts that are withdrawn: when, by whom and why."""
    with opened(url) as store, store.read() as session:
        found = withdrawals(session, config_of(url).tenant, instant(as_of))
    if as_json:
        print_json(
            {
                "withdrawn": [
                    {
                        "kind": one.kind,
                        "id": one.id,
                        "service": one.service,
                        "at": format_instant(one.at),
                        "by": one.withdrawal.by,
                        "reason": one.withdrawal.reason,
                    }
                    for one in found
                ]
            }
        )
        return 0
    table = terminal.table_of("Withdrawn", "kind", "fact", "service", "at", "by", "because")
    for one in found:
        why = escape(one.withdrawal.by), escape(one.withdrawal.reason)
        table.add_row(one.kind, one.id, one.service, format_instant(one.at), *why)
    terminal.console().print(table if found else "Nothing is withdrawn.")
    return 0


COMMANDS = (withdraw, withdrawn)
