"""Commands with a database, the server, the demonstration and the bench."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from orchestrator import terminal
from orchestrator.actions.assess import LaterPeriod, assess_period
from orchestrator.actions.books import verify_books
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.cli.packs import verify_file
from orchestrator.cli.shared import (
    as_of_option,
    config_of,
    context_of,
    document_of,
    dry_option,
    exact_option,
    instant,
    json_option,
    key_option,
    opened,
    period_option,
    print_json,
    read_file,
    stored_estate,
    url_option,
    write_file,
)
from orchestrator.errors import refuse
from orchestrator.formats.estate import dump_json, dump_yaml, write_estate
from orchestrator.formats.facts import read_facts, write_facts
from orchestrator.formats.ledger import entry_json, restatement_json
from orchestrator.formats.results import change_json, finding_json, problem_json, verdict_json
from orchestrator.formats.table import read_map, read_table, summary_json
from orchestrator.model.values import AskedPeriod
from orchestrator.store import audit, database


@click.command()
@url_option
@click.option("--check", "only_check", is_flag=True, help="Exit 1 where it is not up to date.")
def migrate(url: str | None, only_check: bool) -> int:
    """Bring the database to this version's tables."""
    address = config_of(url).database_url
    if only_check:
        with database.connect(address) as store:
            current = database.is_current(store)
        terminal.console().print("up to date" if current else "not up to date")
        return 0 if current else 1
    revision = database.upgrade(address)
    terminal.console().print(f"The database is at revision {revision}.")
    return 0


@click.command(name="import")
@click.argument("estate", type=click.Path())
@click.option("--from", "since", metavar="INSTANT", help="When the changes take effect.")
@dry_option
@key_option
@url_option
@json_option
def import_command(
    *,
    estate: str,
    since: str | None,
    dry_run: bool,
    key: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Import ESTATE: the first whole, a later one as a change as of --from."""
    document = document_of(estate)
    where = document.estate.metadata.timezone
    with opened(url) as store:
        result = import_estate(
            context_of(store, url),
            document.estate,
            since=instant(since, where),
            dry_run=dry_run,
            idempotency_key=key,
        )
    if as_json:
        print_json(
            {
                "revision": result.revision,
                "dryRun": dry_run,
                "changes": [change_json(change) for change in result.changes],
            }
        )
        return 0
    out = terminal.console()
    by_list: dict[str, int] = {}
    for change in result.changes:
        by_list[change.table] = by_list.get(change.table, 0) + 1
    text = ", ".join(f"{count:,} {table}" for table, count in by_list.items()) or "nothing"
    would = "would change" if dry_run else "changed"
    out.print(f"Revision {result.revision}: {would} {text}.")
    return 0


@click.command()
@click.option("--at", "at", metavar="INSTANT", help="What is in force at one instant alone.")
@as_of_option
@url_option
@json_option
def export(*, at: str | None, as_of: str | None, url: str | None, as_json: bool) -> int:
    """Print the estate as a document that import reads back."""
    estate = stored_estate(url, instant(as_of))
    document = write_estate(estate, instant(at, estate.metadata.timezone))
    click.echo(dump_json(document) if as_json else dump_yaml(document), nl=False)
    return 0


@click.command()
@click.argument("facts", type=click.Path(), required=False)
@click.option("--csv", "table", type=click.Path(), help="A table of outages instead.")
@click.option("--map", "mapping", type=click.Path(), help="What its columns and values mean.")
@click.option("--to", "target", type=click.Path(), help="Write a facts document, record nothing.")
@click.option("--revive", is_flag=True, help="Let what was withdrawn stand again.")
@dry_option
@key_option
@url_option
@json_option
def record(
    *,
    facts: str | None,
    table: str | None,
    mapping: str | None,
    target: str | None,
    revive: bool,
    dry_run: bool,
    key: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Record FACTS, or the rows of a table that a map makes facts of."""
    if (facts is None) == (table is None) or (table is None) != (mapping is None):
        raise refuse("USAGE", "name a facts document, or --csv and --map", "see record --help")
    report: dict[str, Any] = {}
    if table is not None and mapping is not None:
        rows = read_table(read_file(table), read_map(read_file(mapping), mapping), table)
        found, report = rows.facts, {"table": summary_json(rows)}
    else:
        found = read_facts(read_file(facts or ""), facts or "")
    if target is not None:
        write_file(target, dump_yaml(write_facts(found)))
        report["written"] = target
    else:
        with opened(url) as store:
            result = record_facts(
                context_of(store, url), found, revive=revive, dry_run=dry_run, idempotency_key=key
            )
        report |= {
            "accepted": result.accepted,
            "repeated": result.repeated,
            "corrected": result.corrected,
            "revived": result.revived,
            "dryRun": dry_run,
            "quarantined": [problem_json(problem) for problem in result.problems],
        }
    if as_json:
        print_json(report)
    else:
        terminal.show_record(terminal.console(), report)
    return 0


@click.command()
@period_option()
@dry_option
@key_option
@exact_option
@url_option
@json_option
def assess(
    *, period: str, dry_run: bool, key: str | None, exact: bool, url: str | None, as_json: bool
) -> int:
    """Assess, trace and settle a period from the database, and book what came of it.

    Later periods assessed before are settled again with it where what is known now bears on them.
    """
    asked = AskedPeriod.parse(period)
    with opened(url) as store, terminal.progress("settling") as heard:
        result = assess_period(
            context_of(store, url), asked, dry_run=dry_run, idempotency_key=key, progress=heard
        )
    if as_json:
        print_json(
            {
                "revision": result.revision,
                "changed": result.changed,
                "dryRun": dry_run,
                "booked": [entry_json(one) for one in result.posting.entries],
                "waiting": [restatement_json(one) for one in result.posting.pending],
                "later": [
                    {
                        "period": one.period,
                        "revision": one.revision,
                        "posted": one.posted,
                        "waiting": one.waiting,
                    }
                    for one in result.later
                ],
            }
            | verdict_json(result.verdict, exact)
        )
        return 0
    out = terminal.console()
    terminal.show_verdict(out, result.verdict)
    booked = "booked" if result.changed else "as booked before"
    out.print(f"Revision {result.revision} of {period}, {'not ' if dry_run else ''}{booked}.")
    if result.posted:
        out.print(f"{result.posted} entries {'would be' if dry_run else 'were'} appended.")
    if result.waiting:
        out.print(f"{result.waiting} restatements of closed books wait for leave.")
    if result.later:
        _show_later(out, result.later)
    return 0


def _show_later(out: Console, later: Sequence[LaterPeriod]) -> None:
    """The periods assessed before that differ with another one."""
    table = Table(
        title="Periods assessed before that differ with it",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
    )
    table.add_column("period", overflow="fold")
    for name in ("revision", "entries", "waiting for leave"):
        table.add_column(name, justify="right")
    for one in later:
        table.add_row(
            one.period.replace("/", " to "), str(one.revision), str(one.posted), str(one.waiting)
        )
    out.print(table)


@click.command()
@click.argument("pack", type=click.Path(), required=False)
@click.option("--hash", "known", metavar="SHA256", default="", help="The hash PACK should have.")
@click.option("--page", metavar="FILE", help="Write the page that belongs to PACK, if it agrees.")
@url_option
@json_option
def verify(
    *, pack: str | None, known: str, page: str | None, url: str | None, as_json: bool
) -> int:
    """Recompute an evidence PACK from what it holds, or the hash chain of the audit trail and the
    books; exit 1 where something does not fit.

    Of the trail, that every record has its line is checked too, and that facts and books are what
    their lines sealed; what follows from them is not sealed, and can be assessed again. The ledger
    has to sum to zero in every currency, and its revisions to follow on one another.
    """
    if pack is not None:
        return verify_file(pack, known=known, page=page, as_json=as_json)
    if known or page:
        raise refuse("USAGE", "--hash and --page are about a pack", "name the file of one")
    config = config_of(url)
    with opened(url) as store, store.read() as session:
        found = (*audit.verify(session, config.tenant), *verify_books(session, config.tenant))
    if as_json:
        print_json({"intact": not found, "findings": [finding_json(one) for one in found]})
    else:
        terminal.show_intact(terminal.console(), found)
    return 1 if found else 0


@click.command()
@url_option
@click.option("--host", help="Address to listen on (default: loopback).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
def serve(url: str | None, host: str | None, port: int | None) -> int:
    """Serve GraphQL, on the loopback address unless told otherwise."""
    from orchestrator.web.server import serve as run

    config = config_of(url)
    run(replace(config, host=host or config.host, port=port or config.port))
    return 0


@click.command()
def demo() -> int:
    """Run the main job on the example estate, with an embedded database of its own."""
    from orchestrator.demo import run

    run(terminal.console())
    return 0


@click.command()
@click.argument("name", required=False)
@click.option("--services", default=10_000, show_default=True, help="Services of the estate.")
@click.option(
    "--fault-trees",
    default="",
    metavar="FOLDER",
    help="Open-PSA fault trees to solve, with their known answers in reference.csv.",
)
@json_option
def bench(name: str | None, services: int, fault_trees: str, as_json: bool) -> int:
    """Measure, and print tables (without a name: everything)."""
    from orchestrator.bench import Size, run

    results = run(name, Size(services, fault_trees))
    if as_json:
        print_json(results)
    else:
        terminal.show_bench(terminal.console(), results)
    return 0


COMMANDS = (migrate, import_command, export, record, assess, verify, serve, demo, bench)
