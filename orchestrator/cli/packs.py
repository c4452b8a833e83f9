"""Evidence packs on the command line: written as JSON, as a page, or as PDF, and verified."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from orchestrator import terminal
from orchestrator.actions.pack_claims import OnRecord, none_on_record, these
from orchestrator.actions.packs import Question, Wanted, make_pack
from orchestrator.actions.verification import read_pack, verify_pack, verify_page
from orchestrator.cli.claims import claims_option, on_record
from orchestrator.cli.shared import (
    as_of_option,
    config_of,
    document_of,
    facts_of,
    instant,
    json_option,
    opened,
    period_option,
    print_json,
    read_file,
    url_option,
    write_bytes,
)
from orchestrator.engine.claimed import lapse_all
from orchestrator.engine.settle import reach_of
from orchestrator.errors import refuse
from orchestrator.formats.pack_page import held_in, pack_page
from orchestrator.formats.pdf import page_pdf
from orchestrator.formats.text import dump_json
from orchestrator.model.estate import Estate
from orchestrator.model.records import Facts
from orchestrator.model.values import AskedPeriod, Instant
from orchestrator.store.claims import load_claims
from orchestrator.store.read import load_estate, load_facts

WRITERS: Final[dict[str, Callable[[dict[str, Any]], bytes]]] = {
    ".json": lambda pack: dump_json(pack).encode(),
    ".html": lambda pack: pack_page(pack).encode(),
    ".pdf": lambda pack: page_pdf(pack_page(pack), dump_json(pack).encode()),
}
"""How a pack is written, by the end of the file's name."""


@click.command()
@click.argument("estate", type=click.Path(), required=False)
@click.argument("facts", type=click.Path(), required=False)
@period_option()
@click.option("--agreement", metavar="ID", required=True, help="Whose breach or credit it is.")
@click.option("--term", metavar="ID", default="", help="This term alone.")
@click.option("--service", metavar="ID", default="", help="This covered service alone.")
@click.option(
    "--out", metavar="FILE", help="FILE.html, FILE.json or FILE.pdf (default: print JSON)."
)
@claims_option
@as_of_option
@url_option
@json_option
def pack(
    *,
    estate: str | None,
    facts: str | None,
    period: str,
    agreement: str,
    term: str,
    service: str,
    out: str | None,
    record: str | None,
    as_of: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Put together the evidence of one breach or claim, from files or from the database."""
    write = None if out is None else WRITERS.get(Path(out).suffix.lower())
    if out is not None and write is None:
        raise refuse("USAGE", f"{out} is no kind of pack", f"end it with {', '.join(WRITERS)}")
    known = instant(as_of)
    if record and not estate:
        raise refuse("USAGE", "the database has its own claims", "leave --claims out")
    subject, reported, claims = _held(estate, facts, url, AskedPeriod.parse(period), known)
    if record:
        claims = partial(on_record, subject, record, known)
    wanted = Wanted(agreement, term, service)
    made = make_pack(subject, reported, Question(period, known), wanted, claims)
    if out is None or write is None:
        click.echo(dump_json(made), nl=False)
        return 0
    write_bytes(out, write(made))
    about = made["about"]
    report = {"written": out, "hash": made["hash"], "about": about}
    if as_json:
        print_json(report)
    else:
        terminal.console().print(
            f"{out}: {about['agreement']}/{about['term']} on {about['service']}, "
            f"{made['assessment']['status']}, SHA-256 {made['hash']}",
            soft_wrap=True,
        )
    return 0


def _held(
    estate: str | None,
    facts: str | None,
    url: str | None,
    asked: AskedPeriod,
    known: Instant | None,
) -> tuple[Estate, Facts, OnRecord]:
    if estate and not facts:
        raise refuse("USAGE", "facts are needed with an estate", "name a facts document too")
    if estate and facts:
        subject = document_of(estate).estate
        reported = facts_of(facts, subject)
        if known is not None:
            reported = reported.known_at(known)
        return subject, reported, none_on_record
    with opened(url) as store, store.read() as session:
        tenant = config_of(url).tenant
        subject = load_estate(session, tenant, known)
        reported = load_facts(session, tenant, reach_of(subject, asked), known)
        claims = load_claims(session, tenant, known)
        return subject, reported, these(claims if known is None else lapse_all(claims, known))


def verify_file(path: str, *, known: str, page: str | None, as_json: bool) -> int:
    """Verify the pack in a file, JSON or page; 1 where something does not agree. `known` is the
    hash that it should have, `page` a file for the page that belongs to it."""
    content = read_file(path)
    if content.startswith(b"%PDF"):
        raise refuse(
            "BAD_KIND",
            "what a PDF shows cannot be held against the pack that is attached to it",
            "take that out (pdfdetach -saveall FILE) and verify pack.json",
        ).at(file=path)
    text = content.decode("utf-8", errors="replace")
    shown = text.lstrip().startswith("<")
    held = read_pack(held_in(text, path) if shown else text, path)
    found = verify_pack(held, known)
    if page is not None:
        if found:
            raise refuse(
                "NOT_VERIFIED",
                f"the pack in {path} does not follow from what it holds, so it gets no page",
                "leave --page out to see what does not agree",
            )
        write_bytes(page, pack_page(held).encode())
    if shown:
        found += verify_page(text, held)
    if as_json:
        print_json(
            {
                "intact": not found,
                "hash": held.get("hash"),
                "disagreements": [{"path": one.path, "message": one.message} for one in found],
            }
        )
        return 1 if found else 0
    out = terminal.console()
    for one in found:
        out.print(f"{one.path} {one.message}", soft_wrap=True, markup=False)
    count = f"{len(found)} things do not agree" if len(found) != 1 else "one thing does not agree"
    out.print(
        f"{path}: {count}." if found else f"{path} follows from what it holds.", soft_wrap=True
    )
    return 1 if found else 0


COMMANDS = (pack,)
