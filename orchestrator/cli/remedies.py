"""What may be asked for besides credits, and where the loss from a third party's claim ends."""

from __future__ import annotations

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from orchestrator import terminal
from orchestrator.cli.shared import (
    document_of,
    facts_of,
    instant,
    json_option,
    print_json,
    standing_year,
)
from orchestrator.engine.indemnity import chain_of, exposure_findings, passed_on
from orchestrator.engine.remedies import answer
from orchestrator.engine.settle import settle
from orchestrator.engine.shadow import version_of
from orchestrator.errors import refuse
from orchestrator.formats.answers import indemnity_json, remedy_json
from orchestrator.model.breaches import BREACH_CLASSES, REMEDIES, RemedySought, rank
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.values import AskedPeriod, Money, zone


def _money(text: str | None, currency: str) -> Money | None:
    return None if text is None else Money.parse(text, currency)


def _then(estate: Estate, at: str | None) -> Snapshot:
    """The estate in force at an instant; without one, as its last change leaves it."""
    where = estate.metadata.timezone
    moment = instant(at, where)
    return estate.at(standing_year(estate).span(zone(where)).start if moment is None else moment)


@click.command()
@click.argument("estate", type=click.Path())
@click.option("--agreement", metavar="ID", required=True, help="The agreement.")
@click.option("--version", "number", type=int, help="Of several versions this one.")
@click.option("--remedy", "wanted", type=click.Choice(list(REMEDIES)), default="damages")
@click.option("--amount", metavar="SUM", help='What is asked for: "5000.00".')
@click.option("--currency", metavar="CODE", help="Of every sum (default: the estate's).")
@click.option("--credits", "credited", metavar="SUM", help="The credits for the same breach.")
@click.option("--facts", metavar="FACTS", help="What happened: finds credits, cap and class.")
@click.option("--period", metavar="P", help="In which period, with --facts.")
@click.option("--breach-class", type=click.Choice(BREACH_CLASSES), help="How grave the breach is.")
@click.option("--third-party", metavar="SUM", help="What the customer had to pay to others.")
@click.option("--wilful", is_flag=True, help="The default was wilful.")
@click.option("--data-lost", is_flag=True, help="Data were lost.")
@click.option("--cap-exhausted", is_flag=True, help="Credits were cut down to a cap.")
@click.option("--terminated", is_flag=True, help="The agreement was ended for the breach.")
@json_option
def remedy(
    *,
    estate: str,
    agreement: str,
    number: int | None,
    wanted: str,
    amount: str | None,
    currency: str | None,
    credited: str | None,
    facts: str | None,
    period: str | None,
    breach_class: str | None,
    third_party: str | None,
    wilful: bool,
    data_lost: bool,
    cap_exhausted: bool,
    terminated: bool,
    as_json: bool,
) -> int:
    """Whether a remedy besides credits may be asked for under an agreement of ESTATE."""
    held = document_of(estate).estate
    versions = held.agreements.get(agreement, ())
    last = versions[-1].number if versions else 0
    version = version_of(held, agreement, last if number is None else number)
    code = currency or held.metadata.currency
    credits = _money(credited, code)
    if (facts is None) != (period is None) or (facts and credited):
        raise refuse(
            "USAGE", "--facts goes with --period, and says what the credits are", "see --help"
        )
    if facts is not None and period is not None:
        verdict = settle(held, facts_of(facts, held), AskedPeriod.parse(period))
        reached = (one.breach_class for one in verdict.breaches if one.key.agreement == agreement)
        breach_class = breach_class or max(filter(None, reached), key=rank, default="")
        due = [one for one in verdict.credits if one.key.agreement == agreement]
        cap_exhausted |= any(one.capped for one in due)
        credits = Money(sum(one.money.amount for one in due if one.money.currency == code), code)
    sought = RemedySought(
        wanted,
        _money(amount, code),
        breach_class or "",
        wilful,
        data_lost,
        _money(third_party, code),
        cap_exhausted,
        terminated,
    )
    found = answer(version.provisions.remedies, sought, credits)
    if as_json:
        print_json(remedy_json(version, sought, found))
        return 0
    out, admission = terminal.console(), found.admission
    if not admission.admissible:
        out.print(f"{wanted} cannot be asked for: {agreement} makes credits the sole remedy")
        return 0
    opened = f", as it carves out {', '.join(admission.carve_outs)}" if admission.carve_outs else ""
    out.print(f"{wanted} may be asked for under {agreement}{opened}")
    if found.due is not None:
        out.print(f"due besides the credits: {found.due} {found.due.currency}")
    return 0


@click.command()
@click.argument("estate", type=click.Path())
@click.option("--agreement", metavar="ID", required=True, help="The one the claim comes by.")
@click.option("--amount", metavar="SUM", required=True, help='The loss: "100000.00".')
@click.option("--currency", metavar="CODE", help="Of the loss (default: the estate's).")
@click.option("--service", metavar="ID", default="", help="The service the loss comes from.")
@click.option("--through", metavar="ID", multiple=True, help="A contract it goes on by.")
@click.option("--at", metavar="INSTANT", help="Under what is in force then.")
@json_option
def indemnity(
    *,
    estate: str,
    agreement: str,
    amount: str,
    currency: str | None,
    service: str,
    through: tuple[str, ...],
    at: str | None,
    as_json: bool,
) -> int:
    """Who bears what a third party claims: passed on from contract to contract of ESTATE."""
    held = document_of(estate).estate
    loss = Money.parse(amount, currency or held.metadata.currency)
    found = passed_on(loss, chain_of(_then(held, at), agreement, service, through))
    if as_json:
        print_json(indemnity_json(found))
        return 0
    out = terminal.console()
    table = Table(title="Passed on", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in ("agreement", "asked of", "asked", "taken over"):
        table.add_column(name, justify="right" if name in {"asked", "taken over"} else "left")
    for one in found.steps:
        table.add_row(one.agreement, one.provider, str(one.asked), str(one.taken))
    out.print(table)
    borne = ", ".join(f"{party} {money} {money.currency}" for party, money in found.borne)
    out.print(f"borne by {borne}")
    terminal.show_findings(out, exposure_findings(found))
    return 0


COMMANDS = (remedy, indemnity)
