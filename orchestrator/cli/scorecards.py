"""Scorecards on the command line, from files or from what the database has booked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from orchestrator import clock, terminal
from orchestrator.actions.claims import lost_by as lost_on_record
from orchestrator.cli.claims import at_option, claims_option, lost_by
from orchestrator.cli.shared import (
    config_of,
    document_of,
    exact_option,
    facts_of,
    instant,
    json_option,
    opened,
    period_option,
    print_json,
    url_option,
)
from orchestrator.engine.claimed import ClaimKey
from orchestrator.engine.scorecard import due_in, together
from orchestrator.engine.scorecard import scorecard as made
from orchestrator.engine.settle import settle
from orchestrator.errors import refuse
from orchestrator.formats.scorecards import scorecard_json
from orchestrator.model.scorecards import CARDS, Scorecard, Sums
from orchestrator.model.values import AskedPeriod, Money
from orchestrator.store.read import booked_within, load_revision, load_verdict


@click.command()
@click.argument("estate", type=click.Path(), required=False)
@click.argument("facts", type=click.Path(), required=False)
@period_option()
@click.option("--by", type=click.Choice(CARDS), default="supplier", help="What has a row each.")
@claims_option
@at_option
@exact_option
@url_option
@json_option
def scorecard(
    *,
    estate: str | None,
    facts: str | None,
    period: str,
    by: str,
    record: str | None,
    at: str | None,
    exact: bool,
    url: str | None,
    as_json: bool,
) -> int:
    """How suppliers, teams, customers or services did: by FACTS on ESTATE, or as booked."""
    asked, until = AskedPeriod.parse(period), instant(at)
    gone: Mapping[ClaimKey, Money]
    if estate is None:
        if record:
            raise refuse("USAGE", "the database has its own claims", "leave --claims out")
        with opened(url) as store, store.read() as session:
            tenant = config_of(url).tenant
            runs = booked_within(session, tenant, asked)
            if not runs:
                raise refuse("NOT_ASSESSED", f"nothing is booked for {period}", "assess it first")
            held = load_revision(session, tenant, max(run.estate_revision for run in runs))
            verdict = together([load_verdict(session, run) for run in runs])
            gone = lost_on_record(
                session, tenant, verdict, clock.now() if until is None else until, until
            )
    elif facts is None:
        raise refuse("USAGE", "facts are needed with an estate", "name a facts document too")
    else:
        held = document_of(estate).estate
        lost_then = lost_by(held, record, until)
        with terminal.progress("settling") as heard:
            verdict = settle(held, facts_of(facts, held), asked, heard, lost=lost_then)
        gone = lost_then(due_in(verdict))
    card = made(held, verdict, by, gone)
    if as_json:
        print_json(scorecard_json(card, exact))
    else:
        show_scorecard(terminal.console(), card)
    return 0


def _share(value: Fraction | None, sign: str = "") -> str:
    return "" if value is None else f"{float(value):{sign}.1%}"


def _money(sums: Sequence[Sums], name: str) -> str:
    return "\n".join(f"{one.money(getattr(one, name))} {one.currency}" for one in sums)


def show_scorecard(out: Console, card: Scorecard) -> None:
    """The rows of a card, and what they sum to."""
    figures = ("met", "attainment", "trend", "headroom", "breaches")
    sums = ("owed", "recovered", "net", "receivable")
    table = Table(title=f"By {card.by}", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column(card.by, overflow="fold")
    for name in (*figures, *sums):
        table.add_column(name, justify="right", overflow="fold")
    for one in card.scores:
        table.add_row(
            one.subject,
            f"{one.met}/{one.met + one.breached}",
            _share(one.attainment),
            _share(one.trend, "+"),
            _share(one.headroom),
            str(one.breaches),
            *(_money(one.sums, name) for name in sums),
        )
    table.add_section()
    table.add_row("together", *[""] * len(figures), *(_money(card.totals, name) for name in sums))
    out.print(table)


COMMANDS = (scorecard,)
