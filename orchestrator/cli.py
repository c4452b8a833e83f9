"""The command line: files in, tables or JSON out; the same with a database behind it.

Exit codes: 0 done, 1 a promise is not underpinned (`check`) or a record is broken (`verify`),
2 the input or the command was refused. `--json` prints the published shapes, errors included.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date
from pathlib import Path
from typing import Any

import click
import orjson

from orchestrator import __version__, terminal
from orchestrator.actions.assess import assess_period
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.clock import now
from orchestrator.config import Config
from orchestrator.engine.derive import Depth, derive
from orchestrator.engine.lint import lint
from orchestrator.engine.settle import reach_of, settle
from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.formats.estate import (
    Document,
    dump_json,
    dump_yaml,
    place,
    read_estate,
    write_estate,
)
from orchestrator.formats.facts import read_facts, write_facts
from orchestrator.formats.results import (
    derivations_json,
    finding_json,
    problem_json,
    verdict_json,
)
from orchestrator.model.changes import Change, diff
from orchestrator.model.derivations import (
    NOT_COMPARABLE,
    SHORTFALL,
    UNCOMMITTED,
    UNDERPINNED,
    Derivation,
)
from orchestrator.model.estate import Estate
from orchestrator.model.records import Facts
from orchestrator.model.values import (
    DAWN,
    HOUR,
    AskedPeriod,
    Instant,
    civil_date,
    midnight,
    parse_date,
    parse_instant,
    zone,
)
from orchestrator.store import audit, database
from orchestrator.store.database import Database
from orchestrator.store.read import load_estate, load_facts

NOT_UNDERPINNED, REFUSED = 1, 2

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_exact = click.option("--exact", is_flag=True, help="Print fractions instead of floats.")
_url = click.option("--database", "url", metavar="URL", help="The database (default: settings).")
_key = click.option("--key", metavar="TEXT", help="Idempotency key: the same key does it once.")
_dry = click.option("--dry-run", is_flag=True, help="Do everything but the writing.")
_as_of = click.option("--as-of", metavar="INSTANT", help="Only what was known then.")


def _period(required: bool = True) -> Callable[[Any], Any]:
    return click.option(
        "--period",
        metavar="P",
        required=required,
        help="2026-04, 2026-Q2, 2026 or FROM/TO.",
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="orchestrator")
def cli() -> None:
    """Derive, assess, trace and settle service level commitments as one dependency graph."""


# --- files ---------------------------------------------------------------------------------------


@cli.command()
@click.argument("estate", type=click.Path())
@_period(required=False)
@_json
def check(*, estate: str, period: str | None, as_json: bool) -> int:
    """Validate and derive ESTATE; exit 1 where a promise is not underpinned.

    Without a period, the twelve months from the last change in the document are checked.
    """
    document = _document(estate)
    asked = AskedPeriod.parse(period) if period else standing_year(document.estate)
    with terminal.progress("deriving") as heard:
        found = derive(document.estate, asked, progress=heard)
    findings = [*lint(document.estate), *(f for one in found for f in one.findings)]
    failed = any(one.status in {SHORTFALL, UNCOMMITTED} for one in found)

    def locate(path: str) -> tuple[int, str]:
        return place(document, path)

    if as_json:
        _print_json(
            derivations_json(found)
            | {"findings": [finding_json(one, locate, estate) for one in findings]}
        )
    else:
        out = terminal.console()
        terminal.show_derivations(
            out, [replace(one, findings=(), explanation=None) for one in found]
        )
        terminal.show_findings(out, findings, locate, estate)
        kept = sum(one.status == UNDERPINNED for one in found)
        compared = sum(one.status != NOT_COMPARABLE for one in found)
        out.print(f"{kept} of {compared} promises are underpinned.", style="bold")
    return NOT_UNDERPINNED if failed else 0


@cli.command(name="derive")
@click.argument("estate", type=click.Path(), required=False)
@_period()
@click.option("--agreement", metavar="ID", help="This agreement alone.")
@click.option("--explain", is_flag=True, help="Bases, witness, shadow prices, importances.")
@click.option("--cuts", type=click.IntRange(1, 12), default=None, help="Minimal cuts up to ORDER.")
@_exact
@_as_of
@_url
@_json
def derive_command(
    *,
    estate: str | None,
    period: str,
    agreement: str | None,
    explain: bool,
    cuts: int | None,
    exact: bool,
    as_of: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Derive the composite commitments of ESTATE, or of the database's estate."""
    known = _instant(as_of)
    subject = _document(estate).estate if estate else _stored_estate(url, known)
    if agreement is not None and agreement not in subject.agreements:
        raise refuse(
            "UNKNOWN_REFERENCE", f"there is no agreement {agreement!r}", "use an id of the estate"
        )
    with terminal.progress("deriving") as heard:
        found = derive(
            subject,
            AskedPeriod.parse(period),
            agreement,
            Depth(explain, cuts or 0, exact),
            heard,
        )
    if as_json:
        _print_json(derivations_json(found, exact))
    else:
        terminal.show_derivations(terminal.console(), found)
    return 0


@cli.command()
@click.argument("estate", type=click.Path(), required=False)
@click.argument("facts", type=click.Path(), required=False)
@_period()
@_exact
@_as_of
@_url
@_json
def trace(
    *,
    estate: str | None,
    facts: str | None,
    period: str,
    exact: bool,
    as_of: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Assess, trace and settle FACTS against ESTATE, or what the database holds of both."""
    asked, known = AskedPeriod.parse(period), _instant(as_of)
    if estate and not facts:
        raise refuse("USAGE", "facts are needed with an estate", "name a facts document too")
    if estate and facts:
        subject = _document(estate).estate
        reported = _facts(facts, subject)
        if known is not None:
            reported = reported.known_at(known)
    else:
        with _open(url) as store, store.read() as session:
            tenant = _config(url).tenant
            subject = load_estate(session, tenant, known)
            reported = load_facts(session, tenant, reach_of(subject, asked), known)
    with terminal.progress("settling") as heard:
        verdict = settle(subject, reported, asked, heard)
    if as_json:
        _print_json(verdict_json(verdict, exact))
    else:
        terminal.show_verdict(terminal.console(), verdict)
    return 0


@cli.command(name="diff")
@click.argument("before", type=click.Path())
@click.argument("after", type=click.Path())
@_period(required=False)
@_json
def diff_command(*, before: str, after: str, period: str | None, as_json: bool) -> int:
    """Show what changed between two estates and what it does to every promise."""
    old, new = _document(before).estate, _document(after).estate
    asked = AskedPeriod.parse(period) if period else standing_year(new)
    changes = diff(old, new)
    effects = _effects(derive(old, asked), derive(new, asked))
    if as_json:
        _print_json(
            {
                "changes": [_change_json(change) for change in changes],
                "effects": [
                    {
                        "agreement": key[0],
                        "term": key[1],
                        "service": key[2],
                        "before": derivations_json([one])["derivations"][0] if one else None,
                        "after": derivations_json([two])["derivations"][0] if two else None,
                    }
                    for key, one, two in effects
                ],
            }
        )
        return 0
    out = terminal.console()
    terminal.show_changes(out, changes)
    terminal.show_effects(out, effects)
    return 0


Effect = tuple[tuple[str, str, str], Derivation | None, Derivation | None]


def _effects(before: Sequence[Derivation], after: Sequence[Derivation]) -> list[Effect]:
    """The promises whose figures differ."""
    old, new = (
        {(one.key.agreement, one.key.term, one.key.service): one for one in found}
        for found in (before, after)
    )
    pairs = ((key, old.get(key), new.get(key)) for key in sorted({**old, **new}))
    return [(key, one, two) for key, one, two in pairs if _figures(one) != _figures(two)]


def _figures(one: Derivation | None) -> object:
    return one and (one.promised, one.floor, one.independent, one.beta, one.status)


def _change_json(change: Change) -> dict[str, str]:
    return {"list": change.table, "id": change.id, "what": change.what}


# --- the database --------------------------------------------------------------------------------


@cli.command()
@_url
@click.option("--check", "only_check", is_flag=True, help="Exit 1 where it is not up to date.")
def migrate(url: str | None, only_check: bool) -> int:
    """Bring the database to this version's tables."""
    address = _config(url).database_url
    if only_check:
        with database.connect(address) as store:
            current = database.is_current(store)
        terminal.console().print("up to date" if current else "not up to date")
        return 0 if current else 1
    revision = database.upgrade(address)
    terminal.console().print(f"The database is at revision {revision}.")
    return 0


@cli.command(name="import")
@click.argument("estate", type=click.Path())
@click.option("--from", "since", metavar="INSTANT", help="When the changes take effect.")
@_dry
@_key
@_url
@_json
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
    document = _document(estate)
    where = document.estate.metadata.timezone
    with _open(url) as store:
        result = import_estate(
            _context(store, url),
            document.estate,
            since=_instant(since, where),
            dry_run=dry_run,
            idempotency_key=key,
        )
    if as_json:
        _print_json(
            {
                "revision": result.revision,
                "dryRun": dry_run,
                "changes": [_change_json(change) for change in result.changes],
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


@cli.command()
@click.option("--at", "at", metavar="INSTANT", help="What is in force at one instant alone.")
@_as_of
@_url
@_json
def export(*, at: str | None, as_of: str | None, url: str | None, as_json: bool) -> int:
    """Print the estate as a document that import reads back."""
    estate = _stored_estate(url, _instant(as_of))
    document = write_estate(estate, _instant(at, estate.metadata.timezone))
    click.echo(dump_json(document) if as_json else dump_yaml(document), nl=False)
    return 0


@cli.command()
@click.argument("facts", type=click.Path(), required=False)
@click.option("--csv", "table", type=click.Path(), help="A table of outages instead.")
@click.option("--map", "mapping", type=click.Path(), help="What its columns and values mean.")
@click.option("--to", "target", type=click.Path(), help="Write a facts document, record nothing.")
@_dry
@_key
@_url
@_json
def record(
    *,
    facts: str | None,
    table: str | None,
    mapping: str | None,
    target: str | None,
    dry_run: bool,
    key: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Record FACTS, or the rows of a table that a map makes facts of."""
    from orchestrator.formats.table import read_map, read_table, summary_json

    if (facts is None) == (table is None) or (table is None) != (mapping is None):
        raise refuse("USAGE", "name a facts document, or --csv and --map", "see record --help")
    report: dict[str, Any] = {}
    if table is not None and mapping is not None:
        rows = read_table(_read(table), read_map(_read(mapping), mapping), table)
        found, report = rows.facts, {"table": summary_json(rows)}
    else:
        found = read_facts(_read(facts or ""), facts or "")
    if target is not None:
        _write(target, dump_yaml(write_facts(found)))
        report["written"] = target
    else:
        with _open(url) as store:
            result = record_facts(_context(store, url), found, dry_run=dry_run, idempotency_key=key)
        report |= {
            "accepted": result.accepted,
            "repeated": result.repeated,
            "corrected": result.corrected,
            "dryRun": dry_run,
            "quarantined": [problem_json(problem) for problem in result.problems],
        }
    if as_json:
        _print_json(report)
    else:
        terminal.show_record(terminal.console(), report)
    return 0


@cli.command()
@_period()
@_dry
@_key
@_exact
@_url
@_json
def assess(
    *, period: str, dry_run: bool, key: str | None, exact: bool, url: str | None, as_json: bool
) -> int:
    """Assess, trace and settle a period from the database, and book what came of it."""
    asked = AskedPeriod.parse(period)
    with _open(url) as store, terminal.progress("settling") as heard:
        result = assess_period(
            _context(store, url), asked, dry_run=dry_run, idempotency_key=key, progress=heard
        )
    if as_json:
        _print_json(
            {"revision": result.revision, "changed": result.changed, "dryRun": dry_run}
            | verdict_json(result.verdict, exact)
        )
        return 0
    out = terminal.console()
    terminal.show_verdict(out, result.verdict)
    booked = "booked" if result.changed else "as booked before"
    out.print(f"Revision {result.revision} of {period}, {'not ' if dry_run else ''}{booked}.")
    return 0


@cli.command()
@_url
@_json
def verify(*, url: str | None, as_json: bool) -> int:
    """Recompute the hash chain of the audit trail; exit 1 where a line does not fit."""
    config = _config(url)
    with _open(url) as store, store.read() as session:
        found = audit.verify(session, config.tenant)
    if as_json:
        _print_json({"intact": not found, "findings": [finding_json(one) for one in found]})
    else:
        out = terminal.console()
        terminal.show_findings(out, found)
        out.print("The audit trail is intact." if not found else "The audit trail is broken.")
    return 1 if found else 0


@cli.command()
@_url
@click.option("--host", help="Address to listen on (default: loopback).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
def serve(url: str | None, host: str | None, port: int | None) -> int:
    """Serve GraphQL, on the loopback address unless told otherwise."""
    from orchestrator.web.server import serve as run

    config = _config(url)
    run(replace(config, host=host or config.host, port=port or config.port))
    return 0


@cli.command()
def demo() -> int:
    """Run the main job on the example estate, with an embedded database of its own."""
    from orchestrator.demo import run

    run(terminal.console())
    return 0


@cli.command()
@click.argument("name", required=False)
@click.option("--services", default=10_000, show_default=True, help="Services of the estate.")
@_json
def bench(name: str | None, services: int, as_json: bool) -> int:
    """Measure, and print a table (without a name: everything)."""
    from orchestrator.bench import run

    results = run(name, services)
    if as_json:
        _print_json(results)
    else:
        terminal.show_bench(terminal.console(), results)
    return 0


# --- what the commands share ---------------------------------------------------------------------


def standing_year(estate: Estate) -> AskedPeriod:
    """The twelve months from the first month that begins, in any zone, after the last start of
    anything: what a check says depends on the document alone, not on the day it runs."""
    dated = [*estate.calendars.values(), *estate.parties.values(), *estate.services.values()]
    starts = [one.span.start for timeline in dated for one in timeline]
    starts += [v.effective.start for vs in estate.agreements.values() for v in vs if v.binds]
    last = max((start for start in starts if start > DAWN), default=None)
    if last is None:
        return AskedPeriod.parse("2026")
    # No zone is more than 14 hours ahead; the month after the one that holds this has begun in all.
    day = civil_date(last + 14 * HOUR - 1, UTC)
    first = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return AskedPeriod(first, date(first.year + 1, first.month, 1))


def _read(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise OrchestratorError(
            Problem(
                "UNREADABLE",
                f"{path} cannot be read: {error.strerror}",
                "check the path",
                file=path,
            )
        ) from error


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise refuse("UNWRITABLE", f"{path} cannot be written: {error.strerror}") from error


def _document(path: str) -> Document:
    return read_estate(_read(path), path)


def _facts(path: str, estate: Estate) -> Facts:
    from orchestrator.formats.facts import check_facts, read_facts_document

    document = read_facts_document(_read(path), path)
    problems = tuple(check_facts(document, estate))
    if problems:
        raise OrchestratorError(problems)
    return document.facts


def _instant(text: str | None, where: str = "UTC") -> Instant | None:
    """An instant, or a date as its midnight in a zone."""
    if text is None:
        return None
    if len(text) == len("2026-01-01"):
        return midnight(parse_date(text), zone(where))
    return parse_instant(text)


def _config(url: str | None) -> Config:
    config = Config.from_env(os.environ)
    return replace(config, database_url=url) if url else config


@contextmanager
def _open(url: str | None) -> Iterator[Database]:
    with database.connect(_config(url).database_url) as store:
        database.check(store)
        yield store


def _context(store: Database, url: str | None) -> Context:
    actor = os.environ.get("USER", "") or "command line"
    return Context(store, _config(url).tenant, now(), actor)


def _stored_estate(url: str | None, known: Instant | None) -> Estate:
    with _open(url) as store, store.read() as session:
        estate = load_estate(session, _config(url).tenant, known)
    if not estate.agreements and not estate.services:
        raise refuse("NO_ESTATE", "the database holds no estate", "import one, or name a file")
    return estate


def _print_json(value: object) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; every refusal is printed with its code and place, and exits 2."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        result = cli.main(arguments, prog_name="orchestrator", standalone_mode=False)
    except OrchestratorError as error:
        return _refused(error.problems, arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help())
        return REFUSED
    except click.UsageError as error:
        advice = f"see {error.ctx.command_path} --help" if error.ctx else "see --help"
        return _refused((Problem("USAGE", error.format_message(), advice),), arguments)
    except click.exceptions.Abort:
        return 130
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing is wrong, and nothing more can be said.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        return 0
    return int(result or 0)


def _refused(problems: Sequence[Problem], arguments: Sequence[str]) -> int:
    if "--json" in arguments:
        _print_json({"errors": [problem_json(problem) for problem in problems]})
    else:
        terminal.show_problems(terminal.console(stderr=True), problems)
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
