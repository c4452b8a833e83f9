"""What the commands share: options, files, the database, the period of a check."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date
from pathlib import Path
from typing import Any, Final

import click
import orjson

from orchestrator import clock
from orchestrator.actions.context import Context
from orchestrator.config import Config
from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.formats.estate import Document, read_estate
from orchestrator.formats.facts import check_facts, read_facts_document
from orchestrator.model.estate import Dated, Estate
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
from orchestrator.store import database
from orchestrator.store.database import Database
from orchestrator.store.read import load_estate

NOT_UNDERPINNED: Final = 1
REFUSED: Final = 2


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
exact_option = click.option("--exact", is_flag=True, help="Print fractions instead of floats.")
url_option = click.option(
    "--database", "url", metavar="URL", help="The database (default: settings)."
)
key_option = click.option(
    "--key", metavar="TEXT", help="Idempotency key: the same key does it once."
)
dry_option = click.option("--dry-run", is_flag=True, help="Do everything but the writing.")
as_of_option = click.option("--as-of", metavar="INSTANT", help="Only what was known then.")


def period_option(required: bool = True) -> Callable[[Any], Any]:
    return click.option(
        "--period",
        metavar="P",
        required=required,
        help="2026-04, 2026-Q2, 2026 or FROM/TO.",
    )


def standing_year(estate: Estate) -> AskedPeriod:
    """The twelve months from the first month that begins, in any zone, after the last start of
    anything: what a check says depends on the document alone, not on the day it runs."""
    dated: list[tuple[Dated[Any], ...]] = [
        *estate.calendars.values(),
        *estate.parties.values(),
        *estate.services.values(),
    ]
    starts = [one.span.start for timeline in dated for one in timeline]
    starts += [v.effective.start for vs in estate.agreements.values() for v in vs if v.binds]
    last = max((start for start in starts if start > DAWN), default=None)
    if last is None:
        return AskedPeriod.parse("2026")
    # No zone is more than 14 hours ahead; the month after the one that holds this has begun in all.
    day = civil_date(last + 14 * HOUR - 1, UTC)
    first = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return AskedPeriod(first, date(first.year + 1, first.month, 1))


def read_file(path: str) -> bytes:
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


def write_file(path: str, text: str) -> None:
    write_bytes(path, text.encode())


def write_bytes(path: str, content: bytes) -> None:
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise refuse("UNWRITABLE", f"{path} cannot be written: {error.strerror}") from error


def document_of(path: str) -> Document:
    return read_estate(read_file(path), path)


def facts_of(path: str, estate: Estate) -> Facts:
    document = read_facts_document(read_file(path), path)
    problems = tuple(check_facts(document, estate))
    if problems:
        raise OrchestratorError(problems)
    return document.facts


def instant(text: str | None, where: str = "UTC") -> Instant | None:
    """An instant, or a date as its midnight in a zone."""
    if text is None:
        return None
    if len(text) == len("2026-01-01"):
        return midnight(parse_date(text), zone(where))
    return parse_instant(text)


def config_of(url: str | None) -> Config:
    config = Config.from_env(os.environ)
    return replace(config, database_url=url) if url else config


@contextmanager
def opened(url: str | None) -> Iterator[Database]:
    with database.connect(config_of(url).database_url) as store:
        database.check(store)
        yield store


def context_of(store: Database, url: str | None) -> Context:
    actor = os.environ.get("USER", "") or "command line"
    return Context(store, config_of(url).tenant, clock.now(), actor)


def stored_estate(url: str | None, known: Instant | None) -> Estate:
    with opened(url) as store, store.read() as session:
        estate = load_estate(session, config_of(url).tenant, known)
    if not estate.agreements and not estate.services:
        raise refuse("NO_ESTATE", "the database holds no estate", "import one, or name a file")
    return estate


def print_json(value: object) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
