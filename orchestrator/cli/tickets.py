"""The command that lists open tickets by what comes next to breach."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from orchestrator import terminal
from orchestrator.cli.shared import document_of, facts_of, instant, json_option, print_json
from orchestrator.engine.open_tickets import OpenClock, open_clocks
from orchestrator.errors import refuse
from orchestrator.formats.results import key_json, number_json, target_json
from orchestrator.model.metrics import METRICS, target_text
from orchestrator.model.values import SECOND, format_duration, format_instant


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
    table = Table(title="Next to breach", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in ("ticket", "agreement", "target", "due", "left"):
        table.add_column(name, overflow="fold")
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


COMMANDS: Final = (forecast,)
