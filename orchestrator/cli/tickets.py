"""Commands on tickets: the open ones by what comes next to breach, and one of them explained."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from orchestrator import terminal
from orchestrator.cli.shared import document_of, facts_of, instant, json_option, print_json
from orchestrator.engine.boundaries import Pass, chain, chain_total, chains, passes
from orchestrator.engine.casebook import last_of
from orchestrator.engine.open_tickets import OpenClock, TicketClock, clocks_of, open_clocks
from orchestrator.errors import refuse
from orchestrator.formats.results import key_json, number_json, target_json
from orchestrator.model.agreements import Version
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.metrics import METRICS, target_text
from orchestrator.model.records import Ticket
from orchestrator.model.values import (
    FOREVER,
    SECOND,
    Duration,
    Instant,
    format_duration,
    format_instant,
)


@click.command()
@click.argument("estate", type=click.Path())
@click.argument("facts", type=click.Path())
@click.option("--at", "when", metavar="INSTANT", required=True, help="When it is looked at.")
@click.option("--agreement", metavar="ID", help="This agreement alone.")
@json_option
def forecast(*, estate: str, facts: str, when: str, agreement: str | None, as_json: bool) -> int:
    """The open tickets of FACTS by the time they have left under ESTATE, next to breach first."""
    held = document_of(estate).estate
    if agreement is not None and agreement not in held.agreements:
        raise refuse("UNKNOWN_REFERENCE", f"there is no agreement {agreement!r}", "correct the id")
    now = instant(when, held.metadata.timezone)
    assert now is not None
    found = open_clocks(held, facts_of(facts, held), now, agreement)
    if as_json:
        print_json({"tickets": [_json(one) for one in found]})
        return 0
    table = _table("Next to breach", "ticket", "agreement", "target", "due", "left")
    for one in found:
        reading = one.reading
        left = max(reading.remaining, 0)
        table.add_row(
            reading.ticket,
            f"{one.key.agreement}/{one.key.term}",
            target_text(METRICS[one.metric], one.target),
            "stands still" if reading.paused else format_instant(reading.due),
            "missed" if reading.status == "breached" else format_duration(left),
        )
    terminal.console().print(table)
    return 0


def _json(one: OpenClock) -> dict[str, Any]:
    reading = one.reading
    return key_json(one.key) | {
        "ticket": reading.ticket,
        "target": target_json(one.target),
        "due": None if reading.paused else format_instant(reading.due),
        "remainingSeconds": number_json(Fraction(reading.remaining, SECOND)),
        "paused": reading.paused,
        "breached": reading.status == "breached",
    }


# --- one of them ---------------------------------------------------------------------------------


@click.command("ticket")
@click.argument("estate", type=click.Path())
@click.argument("facts", type=click.Path())
@click.argument("id")
@click.option("--at", "when", metavar="INSTANT", help="As it was then (default: by all known).")
@json_option
def explain(*, estate: str, facts: str, id: str, when: str | None, as_json: bool) -> int:
    """Explain the ticket ID of FACTS: when it is due and why, who held it, how it was handed on."""
    held = document_of(estate).estate
    known = {one.id: one for one in facts_of(facts, held).tickets}
    if id not in known:
        raise refuse("UNKNOWN_REFERENCE", f"there is no ticket {id!r}", "correct the id")
    ticket = known[id]
    now = instant(when, held.metadata.timezone)
    if now is None:
        now = last_of(ticket)
    if now < ticket.opened:
        opened = format_instant(ticket.opened)
        raise refuse("OUT_OF_RANGE", f"{id!r} was opened at {opened} only", "ask for a later time")
    clocks = clocks_of(held, ticket, now)
    handed = _handed(held, ticket, now)
    if as_json:
        chained = [_chain_json(version, done) for version, done in handed]
        print_json(
            {"ticket": id, "clocks": [_clock_json(one) for one in clocks], "handoffs": chained}
        )
        return 0
    out = terminal.console()
    if not clocks and not handed:
        out.print(f"No agreement in force times {id}, or hands it on.")
    for one in clocks:
        _show_clock(one)
    for version, done in handed:
        total = format_duration(_total(done))
        table = _table(
            f"{version.agreement}: hand-offs, {total} in all",
            "hand-off",
            "from",
            "to",
            "due",
            "done",
        )
        for each in done:
            table.add_row(
                each.leg.handoff.id,
                each.leg.handoff.giver,
                each.leg.handoff.taker,
                _instant(each.due) or "-",
                f"{_instant(each.taken) or 'not done'}{', late' if each.late else ''}",
            )
        out.print(table)
    return 0


def _handed(estate: Estate, ticket: Ticket, now: Instant) -> list[tuple[Version, tuple[Pass, ...]]]:
    """The chains of hand-offs of the agreements that were in force when a ticket was opened, on its
    service and what that rests on."""
    snapshot = estate.at(ticket.opened)
    return [
        (version, passes(legs, ticket, now, snapshot.calendars, version.timezone))
        for _, version in sorted(snapshot.versions.items())
        if _concerns(snapshot, version, ticket.service)
        for one in chains(version.provisions.handoffs)
        if (legs := chain(one, ticket.opened, snapshot.calendars, version.timezone))
    ]


def _concerns(snapshot: Snapshot, version: Version, service: str) -> bool:
    bits = snapshot.reach.get(service, 0)
    return any(bits >> snapshot.numbers[cover.service] & 1 for cover in version.covers)


def _total(done: tuple[Pass, ...]) -> Duration:
    return chain_total([one.leg for one in done])


def _instant(at: Instant | None) -> str | None:
    return None if at is None or at == FOREVER else format_instant(at)


def _seconds(time: Duration) -> int | float | str | None:
    return number_json(Fraction(time, SECOND))


def _clock_json(one: TicketClock) -> dict[str, Any]:
    reading = one.reading
    return key_json(one.key) | {
        "target": target_json(one.target),
        "priority": reading.priority,
        "status": reading.status,
        "begun": format_instant(reading.begun),
        "stopped": _instant(reading.stopped),
        "due": None if reading.paused else _instant(reading.due),
        "breached": _instant(reading.breached),
        "heldAtBreach": one.ledger.at_breach or None,
        "consumedSeconds": _seconds(reading.consumed),
        "owners": [
            {
                "party": entry.party,
                "from": format_instant(entry.start),
                "to": format_instant(entry.end),
                "seconds": _seconds(entry.counted),
            }
            for entry in one.ledger.entries
        ],
        "segments": [
            {
                "from": format_instant(part.start),
                "to": format_instant(part.end),
                "state": part.state,
                "reasons": list(part.reasons),
                "consumedSeconds": _seconds(part.consumed),
                "expected": part.expected,
            }
            for part in one.segments
        ],
    }


def _chain_json(version: Version, done: tuple[Pass, ...]) -> dict[str, Any]:
    return {
        "agreement": version.agreement,
        "version": version.number,
        "totalSeconds": _seconds(_total(done)),
        "chain": [
            {
                "id": one.leg.handoff.id,
                "from": one.leg.handoff.giver,
                "to": one.leg.handoff.taker,
                "latest": format_instant(one.leg.due),
                "due": _instant(one.due),
                "done": _instant(one.taken),
                "late": one.late,
            }
            for one in done
        ],
    }


def _show_clock(one: TicketClock) -> None:
    reading, out = one.reading, terminal.console()
    target = target_text(METRICS[one.metric], one.target)
    out.print(f"{one.key.agreement}/{one.key.term}: {target}, {reading.status}", style="bold")
    if one.ledger.at_breach:
        at = format_instant(reading.breached)
        out.print(f"Missed at {at}, in the hands of {one.ledger.at_breach}.")
    for party, time in one.ledger.by_party.items():
        out.print(f"{party} held it for {format_duration(time)} of its time.")
    table = _table("", "from", "to", "clock", "used by then")
    for part in one.segments:
        state = ", ".join((part.state, *part.reasons)) + (" (expected)" if part.expected else "")
        table.add_row(
            format_instant(part.start),
            format_instant(part.end),
            state,
            format_duration(part.consumed),
        )
    out.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


COMMANDS: Final = (forecast, explain)
