"""What if a term promised something else: every composite above it, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import click

from orchestrator import terminal
from orchestrator.cli.shared import (
    document_of,
    exact_option,
    json_option,
    period_option,
    print_json,
)
from orchestrator.engine.whatif import Portfolio
from orchestrator.errors import refuse
from orchestrator.formats.whatif import effects_json
from orchestrator.model.values import AskedPeriod, parse_ratio


@click.command()
@click.argument("estate", type=click.Path())
@period_option()
@click.option(
    "--set",
    "settings",
    metavar="AGREEMENT/TERM=TARGET",
    multiple=True,
    required=True,
    help="A target as it might be, as uc-host/availability=99.95%; as often as there are changes.",
)
@exact_option
@json_option
def whatif(*, estate: str, period: str, settings: Sequence[str], exact: bool, as_json: bool) -> int:
    """Show what other targets in ESTATE would do to every promise above them."""
    wanted = dict(map(_setting, settings))
    if len(wanted) < len(settings):
        raise refuse("BAD_SETTING", "a term is set twice", "set each term once")
    with terminal.progress("deriving") as heard:
        kept = Portfolio(document_of(estate).estate, AskedPeriod.parse(period), heard)
    found = kept.change(wanted)
    if as_json:
        print_json(effects_json(found, exact))
    else:
        terminal.show_outcomes(terminal.console(), found)
    return 0


def _setting(text: str) -> tuple[tuple[str, str], Fraction]:
    """`AGREEMENT/TERM=TARGET` as its parts."""
    name, equals, target = text.partition("=")
    agreement, slash, term = name.partition("/")
    if not (equals and slash and agreement and term and target.strip()):
        raise refuse(
            "BAD_SETTING",
            f"{text!r} does not say which target to set",
            "write it as AGREEMENT/TERM=TARGET, as uc-host/availability=99.95%",
        )
    return (agreement.strip(), term.strip()), parse_ratio(target.strip())


COMMANDS = (whatif,)
