"""Scorecards on the command line, from files or from what the database has booked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from orchestrator import clock, terminal
from orchestrator.actions.books import waiting_on
from orchestrator.actions.claims import lost_by as lost_on_record
from orchestrator.cli.claims import at_option, claims_option, lost_by
from orchestrator.cli.ledger import show_waiting
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
from orchestrator.formats.figures import grouped
from orchestrator.formats.scorecards import scorecard_json
from orchestrator.model.ledger import Restatement
from orchestrator.model.scorecards import CARDS, Scorecard, Sums
from orchestrator.model.values import AskedPeriod, Money
from orchestrator.store.read import booked_within, load_revision, load_verdict


@click.command()
@click.argument("estate", type=click.Path(), required=False)
@click.argument("facts", type=click.Path(), required=False)
@period_option()
@click.option("--by", type=click.Choice(CARDS), default="supplier", help="What has a row each.")
@click.option(
    "--detail", type=click.Choice(("terms", "periods")), help="Show these of each row as well."
)
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
    detail: str | None,
    record: str | None,
    at: str | None,
    exact: bool,
    url: str | None,
    as_json: bool,
) -> int:
    """How suppliers, teams, customers or services did: by FACTS on ESTATE, or as booked."""
    asked, until = AskedPeriod.parse(period), instant(at)
    gone: Mapping[ClaimKey, Money]
    waiting: Sequence[Restatement] = ()
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
            waiting = waiting_on(session, tenant, held, asked, verdict)
    elif facts is None:
        raise refuse("USAGE", "facts are needed with an estate", "name a facts document too")
    else:
        held = document_of(estate).estate
        lost_then = lost_by(held, record, until)
        with terminal.progress("settling") as heard:
            verdict = settle(held, facts_of(facts, held), asked, heard, lost=lost_then)
        gone = lost_then(due_in(verdict))
    card = made(held, verdict, by, gone, waiting)
    if as_json:
        print_json(scorecard_json(card, exact))
    else:
        show_scorecard(terminal.console(), card, detail or "")
    return 0


_NAME: Final = 16
_FIGURES: Final = ("attainment", "trend", "headroom", "breaches")
_MONEY: Final = ("owed", "recovered", "net", "receivable", "earned", "granted")

LEGEND: Final = {
    "attainment": "periods of its terms that were met, of those that can be judged",
    "trend": "attainment in the later half of the periods less that in the earlier half",
    "headroom": "of the term that did worst, what was left of what it may miss in a period; 3x: "
    "three times as much was missed",
    "owed": "credits to customers",
    "recovered": "what of it comes back from beneath",
    "net": "what is left of it",
    "receivable": "credits that those outside owe to us and that can still be had",
    "earned": "bonuses of customers, and credits earned back from them",
    "granted": "bonuses to those outside, and credits that they earned back",
}
"""What each column says."""


def show_scorecard(out: Console, card: Scorecard, detail: str = "") -> None:
    """The rows of a card, with their terms or periods, what they sum to, and what columns say."""
    codes = sorted({one.currency for one in card.totals})
    money = [name for name in _MONEY if any(getattr(one, name) for one in card.totals)]
    heads = [*_FIGURES, *money]
    title = f"By {card.by}" + (f", money in {codes[0]}" if len(codes) == 1 else "")
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column(card.by, overflow="fold", min_width=_NAME)
    for name in heads:
        table.add_column(name, justify="right", overflow="fold")

    def amounts(sums: Sequence[Sums]) -> list[str]:
        return ["\n".join(_amount(one, name, len(codes) > 1) for one in sums) for name in money]

    for one in card.scores:
        figures = (_trend(one.trend), _headroom(one.headroom), str(one.breaches))
        table.add_row(one.subject, _kept(one.met, one.breached), *figures, *amounts(one.sums))
        if detail == "terms":
            for line in one.lines:
                name = f"  {line.agreement}/{line.term} on {line.service}"
                table.add_row(name, _kept(line.met, line.breached), style="dim")
        if detail == "periods":
            for part in one.periods:
                figures = ("", "", str(part.breaches))
                table.add_row(
                    f"  {terminal.period_text(part.period)}",
                    _kept(part.met, part.breached),
                    *figures,
                    *amounts(part.sums),
                    style="dim",
                )
    if money:
        table.add_section()
        table.add_row("together", *[""] * len(_FIGURES), *amounts(card.totals))
    out.print(table)
    for name in heads:
        if name in LEGEND:
            out.print(f"{name}: {LEGEND[name]}", style="dim", soft_wrap=True)
    if card.waiting:
        out.print("The sums are of what is due, and not yet those of the ledger.")
        show_waiting(out, card.waiting)


def _kept(met: int, breached: int) -> str:
    judged = met + breached
    return f"{met}/{judged} {met / judged:6.1%}" if judged else "-"


def _trend(value: Fraction | None) -> str:
    return "" if value is None else f"{float(value):+.1%}"


def _headroom(value: Fraction | None) -> str:
    """The part of an allowance that is left, or how many times it was used up."""
    if value is None:
        return ""
    return f"{float(value):.1%}" if value >= 0 else f"{float(1 - value):,.1f}x"


def _amount(sums: Sums, name: str, several: bool) -> str:
    """An amount, with its currency where there are several; nothing is left out."""
    money = sums.money(getattr(sums, name))
    if not money.amount:
        return ""
    return grouped(str(money)) + (f" {sums.currency}" if several else "")


COMMANDS = (scorecard,)
