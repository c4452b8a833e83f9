"""Commands on agreements as texts: what falls due, which term holds, what a draft would have
brought, what is accepted; and calendars from iCalendar."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from orchestrator import terminal
from orchestrator.cli.shared import (
    document_of,
    facts_of,
    instant,
    json_option,
    period_option,
    print_json,
    read_file,
    standing_year,
    write_file,
)
from orchestrator.engine.agenda import agenda
from orchestrator.engine.content import content_hash, missing_acceptances
from orchestrator.engine.publishing import publishable_target
from orchestrator.engine.settle import settle
from orchestrator.engine.shadow import ShadowPeriod, attained, replayed, version_of
from orchestrator.engine.standing import Case, Effective, effective_term
from orchestrator.engine.templates import upgrades
from orchestrator.errors import refuse
from orchestrator.formats.estate import calendar_json, dump_yaml
from orchestrator.formats.icalendar import feed, read_exceptions
from orchestrator.formats.results import finding_json, span_json
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS, target_text
from orchestrator.model.schedule import Deadline
from orchestrator.model.values import AskedPeriod, format_instant, parse_ratio, zone

Plain = dict[str, Any]

_REASONS: Final = {
    "customer_based": "agreed with this customer",
    "service_based": "agreed for this service, whoever the customer",
    "corporate": "agreed for everything and everybody",
}


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


# --- deadlines -----------------------------------------------------------------------------------


@click.command()
@click.argument("estate", type=click.Path())
@period_option()
@click.option("--facts", metavar="FACTS", help="Planned work, and breaches to claim for.")
@click.option("--agreement", metavar="ID", help="This agreement alone.")
@click.option("--ical", metavar="FILE", help="Write them as a calendar (iCalendar) too.")
@json_option
def deadlines(
    *,
    estate: str,
    period: str,
    facts: str | None,
    agreement: str | None,
    ical: str | None,
    as_json: bool,
) -> int:
    """What falls due under ESTATE: reviews, notice, renewals, ends, work, claims."""
    held, asked = document_of(estate).estate, AskedPeriod.parse(period)
    span = asked.span(zone(held.metadata.timezone))
    known = facts_of(facts, held) if facts else None
    found = agenda(
        held,
        span,
        agreement=agreement,
        maintenance=known.maintenance if known else (),
        assessments=settle(held, known, asked).assessments if known else (),
    )
    if ical:
        write_file(ical, feed(found, held.metadata.name or "deadlines", span.start))
    if as_json:
        print_json({"deadlines": [_deadline_json(one) for one in found]})
        return 0
    table = _table("What falls due", "when", "kind", "agreement", "what")
    for one in found:
        table.add_row(format_instant(one.at), one.kind, one.agreement, one.summary)
    terminal.console().print(table)
    return 0


def _deadline_json(one: Deadline) -> Plain:
    return {
        "at": format_instant(one.at),
        "end": format_instant(one.end),
        "kind": one.kind,
        "agreement": one.agreement,
        "subject": one.subject,
        "summary": one.summary,
        "parties": list(one.parties),
    }


# --- drafts --------------------------------------------------------------------------------------


@click.command()
@click.argument("estate", type=click.Path())
@click.argument("facts", type=click.Path())
@click.option("--agreement", metavar="ID", required=True, help="The agreement.")
@click.option("--version", "number", type=int, required=True, help="The number of the version.")
@period_option()
@click.option("--publish", metavar="TERM", help="The strictest target that this term has met.")
@click.option("--periods", type=click.IntRange(1, 120), default=3, help="In so many periods (3).")
@click.option("--margin", metavar="RATIO", default="0", help="Less this much, as 0.1% (0).")
@json_option
def shadow(
    *,
    estate: str,
    facts: str,
    agreement: str,
    number: int,
    period: str,
    publish: str | None,
    periods: int,
    margin: str,
    as_json: bool,
) -> int:
    """Replay a version of ESTATE, a draft say, over FACTS as if it had been in force."""
    held, asked = document_of(estate).estate, AskedPeriod.parse(period)
    known = facts_of(facts, held)
    found = replayed(held, known, agreement, number, asked)
    printed: Plain = {"periods": [_shadow_json(one) for one in found]}
    target = ""
    if publish:
        terms = {term.id: term for term in version_of(held, agreement, number).terms}
        if publish not in terms:
            raise refuse("UNKNOWN_REFERENCE", f"there is no term {publish!r}", "name one of its")
        metric = METRICS[terms[publish].metric]
        came_to = attained(held, known, agreement, number, publish, asked)
        value: Fraction = publishable_target(metric, came_to, periods, parse_ratio(margin))
        target = target_text(metric, value)
        printed["publishable"] = {"term": publish, "target": float(value), "text": target}
    if as_json:
        print_json(printed)
        return 0
    out = terminal.console()
    table = _table(f"{agreement}, version {number}, in shadow", "period", "breaches", "credits")
    for one in found:
        credits = ", ".join(f"{each.money} {each.money.currency}" for each in one.credits)
        table.add_row(terminal.period_text(one.period), str(one.breaches), credits or "-")
    out.print(table)
    if target:
        out.print(f"{publish} met {target} in each of the last {periods} periods, less the margin.")
    return 0


def _shadow_json(one: ShadowPeriod) -> Plain:
    return {
        "period": span_json(one.period),
        "breaches": one.breaches,
        "credits": [
            {
                "term": each.key.term,
                "service": each.key.service,
                "amount": str(each.money),
                "currency": each.money.currency,
            }
            for each in one.credits
        ],
    }


# --- which term holds ----------------------------------------------------------------------------


@click.command()
@click.argument("estate", type=click.Path())
@click.option("--customer", metavar="ID", required=True, help="Whose case.")
@click.option("--service", metavar="ID", required=True, help="Of which service.")
@click.option("--metric", type=click.Choice(sorted(METRICS)), required=True, help="About what.")
@click.option("--priority", metavar="WORD", default="", help="Of which priority.")
@click.option("--at", metavar="INSTANT", help="When (default: after the last change).")
@json_option
def which(
    *, estate: str, customer: str, service: str, metric: str, priority: str, at: str | None,
    as_json: bool,
) -> int:  # fmt: skip
    """Which term of ESTATE holds for a case, and why."""
    held = document_of(estate).estate
    where = held.metadata.timezone
    moment = instant(at, where)
    if moment is None:
        moment = standing_year(held).span(zone(where)).start
    snapshot = held.at(moment)
    for table, id in (("parties", customer), ("services", service)):
        if id not in getattr(snapshot, table):
            raise refuse("UNKNOWN_REFERENCE", f"there is no {id!r} in {table}", "correct the id")
    contracts = [Contract.of(one) for _, one in sorted(snapshot.versions.items())]
    found = effective_term(contracts, snapshot.parties, Case(customer, service, metric, priority))
    if as_json:
        print_json({"effective": None if found is None else _effective_json(found)})
    elif found is None:
        terminal.console().print("No agreement in force promises that.")
    else:
        _show_effective(found)
    return 0


def _effective_json(found: Effective) -> Plain:
    version = found.contract.version
    return {
        "agreement": version.agreement,
        "version": version.number,
        "term": found.term.id,
        "target": target_text(METRICS[found.term.metric], found.term.target),
        "hours": found.term.hours,
        "scope": found.contract.provisions.scope,
        "overridden": list(found.overridden),
        "findings": [finding_json(one) for one in found.findings],
    }


def _show_effective(found: Effective) -> None:
    told, out = _effective_json(found), terminal.console()
    out.print(
        f"{told['agreement']}/{told['term']}: {told['target']}, in {told['hours']}", style="bold"
    )
    out.print(_REASONS[told["scope"]])
    if found.overridden:
        out.print(f"It takes precedence over {', '.join(found.overridden)}.")
    for one in found.findings:
        out.print(f"{one.code} {one.message}")


# --- acceptance ----------------------------------------------------------------------------------


@click.command()
@click.argument("estate", type=click.Path())
@json_option
def hashes(*, estate: str, as_json: bool) -> int:
    """The content hash of every version in ESTATE, and who has not accepted it."""
    rows = [_hash_json(contract) for contract in _contracts(document_of(estate).estate)]
    if as_json:
        print_json({"versions": rows})
        return 0
    table = _table("What is accepted by its hash", "version", "state", "content", "not accepted by")
    for row in rows:
        name = f"{row['agreement']} {row['version']}"
        table.add_row(name, row["state"], row["content"], ", ".join(row["notAcceptedBy"]) or "-")
    terminal.console().print(table)
    return 0


def _contracts(estate: Estate) -> list[Contract]:
    return [Contract.of(one) for versions in estate.agreements.values() for one in versions]


def _hash_json(contract: Contract) -> Plain:
    version = contract.version
    return {
        "agreement": version.agreement,
        "version": version.number,
        "state": version.state,
        "content": content_hash(contract),
        "notAcceptedBy": list(missing_acceptances(contract)),
    }


# --- templates -----------------------------------------------------------------------------------


@click.command("upgrades")
@click.argument("estate", type=click.Path())
@json_option
def upgrades_of(*, estate: str, as_json: bool) -> int:
    """What the templates of ESTATE would change in agreements made from older versions of them."""
    held = document_of(estate).estate
    current = [contract for contract in _contracts(held) if contract.version.binds]
    found = [one for template in held.metadata.templates for one in upgrades(current, template)]
    if as_json:
        rows = [
            {
                "agreement": one.agreement,
                "changes": [{"term": term, "field": field} for term, field in one.deltas],
                "refused": one.refused or None,
            }
            for one in found
        ]
        print_json({"upgrades": rows})
        return 0
    table = _table("What newer templates change", "agreement", "term and field")
    for one in found:
        changes = ", ".join(f"{term} {field}" for term, field in one.deltas) or "nothing"
        table.add_row(one.agreement, one.refused or changes)
    terminal.console().print(table)
    return 0


# --- calendars -----------------------------------------------------------------------------------


@click.command("calendar")
@click.argument("estate", type=click.Path())
@click.argument("id")
@click.argument("ical", type=click.Path())
@period_option()
def calendar(*, estate: str, id: str, ical: str, period: str) -> int:
    """Print the calendar ID of ESTATE with the holidays, closures and openings of ICAL.

    Events that come round are taken as far as they begin in the period. What is printed is an item
    of the document's `calendars`.
    """
    held = document_of(estate).estate
    if id not in held.calendars:
        known = ", ".join(held.calendars) or "none"
        raise refuse("UNKNOWN_REFERENCE", f"there is no calendar {id!r}", f"there is {known}")
    latest = held.calendars[id][-1].value
    span = AskedPeriod.parse(period).span(zone(latest.timezone))
    found = read_exceptions(read_file(ical), latest.timezone, span).onto(latest)
    click.echo(dump_yaml([calendar_json(found)]), nl=False)
    return 0


COMMANDS = (deadlines, shadow, which, hashes, upgrades_of, calendar)
