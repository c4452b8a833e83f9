"""The command that makes samples of what analysis tools found."""

from __future__ import annotations

from typing import Final

import click

from orchestrator.cli.shared import document_of, instant, json_option, print_json, read_file
from orchestrator.errors import refuse
from orchestrator.formats.estate import dump_yaml
from orchestrator.formats.facts import write_facts
from orchestrator.formats.sarif import Analysis, density_samples, read_sarif
from orchestrator.model.records import Facts


@click.command()
@click.argument("log", type=click.Path())
@click.option("--service", metavar="ID", required=True, help="What was analysed.")
@click.option("--lines", type=int, required=True, help="Its size, in lines.")
@click.option("--at", "when", metavar="INSTANT", required=True, help="When it was.")
@click.option("--id", metavar="ID", help="Of the samples (default: from service and instant).")
@click.option("--source", metavar="NAME", default="", help="By which tool, or whom.")
@click.option("--estate", metavar="ESTATE", help="Where the service has to be declared.")
@json_option
def sarif(
    *, log: str, service: str, lines: int, when: str, id: str | None, source: str,
    estate: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Print the facts of a SARIF LOG: defects per thousand lines, of all levels and of each.

    The samples of all levels are taken at the point `service`, those of one level at the point of
    its name: a term with `measurement: {point: error}` is about errors alone.
    """
    if estate is not None and service not in document_of(estate).estate.services:
        raise refuse("UNKNOWN_REFERENCE", f"there is no service {service!r}", "correct the id")
    at = instant(when)
    assert at is not None
    analysis = Analysis(service, lines, at, source)
    named = id or f"{service}-{when[:10]}"
    found = density_samples(named, read_sarif(read_file(log), log), analysis)
    facts = write_facts(Facts(samples=tuple(sorted(found, key=lambda one: one.id))))
    if as_json:
        print_json(facts)
    else:
        click.echo(dump_yaml(facts), nl=False)
    return 0


COMMANDS: Final = (sarif,)
