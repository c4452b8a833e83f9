"""Claims on the command line: what may be claimed by when, from files or from the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from orchestrator import terminal
from orchestrator.cli.shared import (
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
)
from orchestrator.engine.claimed import ClaimKey, drafted, drafting, lapse_all, lost, recorded
from orchestrator.engine.settle import settle
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.formats.claims import ClaimsDocument, claim_json, read_claims
from orchestrator.model.claims import Claim, overdue
from orchestrator.model.estate import Estate
from orchestrator.model.records import Breach, Credit
from orchestrator.model.values import FOREVER, AskedPeriod, Instant, Money, format_instant
from orchestrator.store.claims import load_claims

claims_option = click.option(
    "--claims", "record", metavar="RECORD", help="What was done about claims (a Claims document)."
)

Lost = Callable[[Mapping[ClaimKey, Credit]], Mapping[ClaimKey, Money]]


def on_record(
    estate: Estate,
    record: str | None,
    until: Instant | None,
    credits: Sequence[Credit],
    breaches: Sequence[Breach] = (),
) -> tuple[Claim, ...]:
    """The claims for credits, as a record of them says they stand at an instant, or in the end."""
    drafts, _ = drafted(drafting(estate, credits, breaches), ())
    if record is None:
        return drafts
    document: ClaimsDocument = read_claims(read_file(record), record)
    try:
        return recorded(estate, drafts, document.record, FOREVER - 1 if until is None else until)
    except OrchestratorError as error:
        raise document.placed(error) from error


def lost_by(estate: Estate, record: str | None, until: Instant | None) -> Lost:
    """How much of the credits does not come back by a record; without one all are claimed in
    time."""
    if record is None:
        return lambda _: {}

    def found(credits: Mapping[ClaimKey, Credit]) -> Mapping[ClaimKey, Money]:
        return lost(on_record(estate, record, until, tuple(credits.values())), credits)

    return found


@click.command()
@click.argument("estate", type=click.Path(), required=False)
@click.argument("facts", type=click.Path(), required=False)
@period_option(required=False)
@claims_option
@click.option("--at", "at", metavar="INSTANT", help="As they stand then.")
@url_option
@json_option
def claims(
    *,
    estate: str | None,
    facts: str | None,
    period: str | None,
    record: str | None,
    at: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """What may be claimed of suppliers by when: by FACTS on ESTATE, or by the database."""
    until = instant(at)
    if estate is None:
        if period or record:
            raise refuse("USAGE", "--period and --claims are of files", "name an estate and facts")
        with opened(url) as store, store.read() as session:
            found = load_claims(session, config_of(url).tenant, until)
    elif facts is None or period is None:
        raise refuse("USAGE", "an estate needs facts and a period", "see claims --help")
    else:
        held, asked = document_of(estate).estate, AskedPeriod.parse(period)
        verdict = settle(held, facts_of(facts, held), asked)
        found = on_record(held, record, until, verdict.credits, verdict.breaches)
    if until is not None:
        found = lapse_all(found, until)
    found = tuple(sorted(found, key=lambda one: (one.deadline, one.key.agreement)))
    if as_json:
        print_json({"claims": [claim_json(one, until) for one in found]})
        return 0
    show_claims(terminal.console(), found, until)
    return 0


def show_claims(out: Console, claims: Sequence[Claim], at: Instant | None) -> None:
    """Claims by deadline."""
    table = Table(title="Claims", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in ("until", "of", "agreement", "service", "period", "amount", "state"):
        table.add_column(name, overflow="fold", justify="right" if name == "amount" else "left")
    for one in claims:
        state = one.state + (" (overdue)" if at is not None and overdue(one, at) else "")
        table.add_row(
            "no limit" if one.deadline >= FOREVER else format_instant(one.deadline),
            one.respondent,
            f"{one.key.agreement}/{one.key.term}",
            one.key.service,
            terminal.period_text(one.period),
            f"{one.money} {one.money.currency}",
            state,
        )
    out.print(table)


COMMANDS = (claims,)
