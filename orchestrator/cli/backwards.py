"""Commands that run backwards: from what is promised to what it takes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction

import click

from orchestrator import terminal
from orchestrator.cli import backwards_tables as tables
from orchestrator.cli.settings import OPTION, metric_of, numbers_of, targets_of
from orchestrator.cli.shared import (
    NOT_UNDERPINNED,
    document_of,
    exact_option,
    json_option,
    period_option,
    print_json,
    read_file,
    standing_year,
)
from orchestrator.engine.allocate import allocate as allocated
from orchestrator.engine.offers import choose as chosen
from orchestrator.engine.purchase import Effort
from orchestrator.engine.translate import translate as translated
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.formats.backwards import allocation_json, choice_json, translations_json
from orchestrator.formats.estate import place
from orchestrator.formats.offers import read_offers
from orchestrator.formats.translations import read_translation
from orchestrator.model.allocations import Allocation
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS
from orchestrator.model.values import AskedPeriod


def _targets(estate: Estate, given: Sequence[str]) -> dict[tuple[str, str], Fraction]:
    """The targets that are set, all of them of availability."""
    found = {}
    for name, target in targets_of(estate, given).items():
        metric = metric_of(estate, name)
        if METRICS[metric].algebra != "downtime" or not isinstance(target, Fraction):
            raise refuse(
                "NOT_SUPPORTED",
                f"{'/'.join(name)} promises {metric}",
                "allocate shares out availability alone: set such a term; for other kinds `whatif` "
                "shows what other targets would do",
                OPTION,
            )
        found[name] = target
    return found


@click.command()
@click.argument("estate", type=click.Path())
@period_option(required=False)
@click.option(
    "--set",
    "targets",
    metavar="AGREEMENT[/TERM]=TARGET",
    multiple=True,
    help="What is to be promised instead of what is; may be repeated.",
)
@click.option("--relax", is_flag=True, help="Spend headroom as well: loosen what is too strict.")
@exact_option
@json_option
def allocate(
    *,
    estate: str,
    period: str | None,
    targets: tuple[str, ...],
    relax: bool,
    exact: bool,
    as_json: bool,
) -> int:
    """Find targets for the negotiable terms beneath, so that every promise of ESTATE is kept.

    Budgets shrink in one proportion beneath each promise; standard and fixed terms stay. Exit 1
    where a target cannot be reached so.
    """
    document = document_of(estate)
    asked = AskedPeriod.parse(period) if period else standing_year(document.estate)
    wanted = _targets(document.estate, targets)
    with terminal.progress("allocating") as heard:
        found = _allocated(document.estate, asked, wanted, relax, heard)
    if as_json:
        print_json(allocation_json(found, lambda path: place(document, path), estate, exact))
    else:
        out = terminal.console()
        tables.show_allocation(out, found, exact)
        terminal.show_findings(out, found.findings, lambda path: place(document, path), estate)
    return 0 if found.feasible else NOT_UNDERPINNED


def _allocated(
    estate: Estate,
    asked: AskedPeriod,
    wanted: Mapping[tuple[str, str], Fraction],
    relax: bool,
    progress: Callable[[int, int], None],
) -> Allocation:
    """The allocation; what a target that is set has it refuse names the option."""
    try:
        return allocated(estate, asked, wanted, relax=relax, progress=progress)
    except OrchestratorError as error:
        if {problem.code for problem in error.problems} == {"NOTHING_BENEATH"}:
            raise error.at(path=OPTION) from error
        raise


@contextmanager
def _quiet() -> Iterator[None]:
    """Send what the solver's library prints on standard output to standard error instead: the
    output is ours, and may be read by a program."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


@click.command()
@click.argument("estate", type=click.Path())
@click.argument("offers", type=click.Path())
@period_option(required=False)
@click.option(
    "--agreement", "agreements", metavar="ID", multiple=True, help="Only what these promise."
)
@click.option("--gap", type=click.FloatRange(0, 1), default=0.001, help="Relative gap to stop at.")
@click.option(
    "--seconds", type=click.FloatRange(0.1), default=45.0, help="The most the solver may take."
)
@exact_option
@json_option
def choose(
    *,
    estate: str,
    offers: str,
    period: str | None,
    agreements: tuple[str, ...],
    gap: float,
    seconds: float,
    exact: bool,
    as_json: bool,
) -> int:
    """Choose the cheapest of OFFERS with which every promise of ESTATE is underpinned.

    Every answer is re-checked exactly. Exit 1 where no choice will do.
    """
    document, menus = document_of(estate), read_offers(read_file(offers), offers)
    asked = AskedPeriod.parse(period) if period else standing_year(document.estate)
    started = time.monotonic()
    effort = Effort(gap, seconds, lambda: time.monotonic() - started)
    try:
        with _quiet():
            found = chosen(document.estate, menus.offers, asked, agreements, effort)
    except OrchestratorError as error:
        raise menus.placed(error) from error
    if as_json:
        print_json(choice_json(found, lambda path: place(document, path), estate, exact))
    else:
        out = terminal.console()
        tables.show_choice(out, found)
        terminal.show_findings(out, found.findings, lambda path: place(document, path), estate)
    return 0 if found.feasible else NOT_UNDERPINNED


@click.command()
@click.argument("translation", type=click.Path())
@click.option("--estate", type=click.Path(), help="The estate whose terms commit resources.")
@period_option(required=False)
@click.option(
    "--set",
    "values",
    metavar="RULE/PARAMETER=NUMBER",
    multiple=True,
    help="A parameter's value instead of the one in the document; may be repeated.",
)
@exact_option
@json_option
def translate(
    *,
    translation: str,
    estate: str | None,
    period: str | None,
    values: tuple[str, ...],
    exact: bool,
    as_json: bool,
) -> int:
    """Translate application-level terms into what they take of the resources, and back.

    Exit 1 where less is committed than a term takes.
    """
    document = read_translation(read_file(translation), translation)
    known = document_of(estate).estate if estate else None
    asked = AskedPeriod.parse(period) if period else None
    if known is not None and asked is None:
        asked = standing_year(known)
    given = numbers_of(document.translation, values)
    try:
        found = translated(document.translation, known, asked, given)
    except OrchestratorError as error:
        raise document.placed(error) from error
    if as_json:
        print_json(translations_json(found, document.place, translation, exact))
    else:
        out = terminal.console()
        for one in found:
            tables.show_translation(out, one)
            terminal.show_findings(out, one.findings, document.place, translation)
    return 0 if all(one.holds for one in found) else NOT_UNDERPINNED


COMMANDS = (allocate, choose, translate)
