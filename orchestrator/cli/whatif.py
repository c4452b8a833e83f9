"""What if a term promised something else: every composite above it, before and after."""

from __future__ import annotations

from collections.abc import Sequence

import click

from orchestrator import derivation_tables, terminal
from orchestrator.cli.settings import targets_of
from orchestrator.cli.shared import (
    document_of,
    exact_option,
    json_option,
    period_option,
    print_json,
)
from orchestrator.engine.whatif import Portfolio
from orchestrator.formats.whatif import effects_json
from orchestrator.model.values import AskedPeriod


@click.command()
@click.argument("estate", type=click.Path())
@period_option()
@click.option(
    "--set",
    "settings",
    metavar="AGREEMENT[/TERM]=TARGET",
    multiple=True,
    required=True,
    help="A target as it might be, written as in documents or as shown: "
    "uc-host/availability=99.95%, desk/fix='90% within 4h'; may be repeated.",
)
@exact_option
@json_option
def whatif(*, estate: str, period: str, settings: Sequence[str], exact: bool, as_json: bool) -> int:
    """Show what other targets in ESTATE would do to every promise above them."""
    subject, asked = document_of(estate).estate, AskedPeriod.parse(period)
    wanted = targets_of(subject, settings)
    with terminal.progress("deriving") as heard:
        kept = Portfolio(subject, asked, heard)
    found = kept.change(wanted)
    if as_json:
        print_json(effects_json(found, exact))
    else:
        derivation_tables.show_outcomes(terminal.console(), found)
    return 0


COMMANDS = (whatif,)
