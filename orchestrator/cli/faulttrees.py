"""Fault trees of the Open-PSA format: a file evaluated, and what an agreement rests on as one."""

from __future__ import annotations

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from orchestrator import terminal
from orchestrator.cli.shared import (
    as_of_option,
    document_of,
    instant,
    period_option,
    print_json,
    read_file,
    stored_estate,
    url_option,
    write_file,
)
from orchestrator.engine.faultmodel import FaultModel, fault_model
from orchestrator.engine.faulttree import evaluate
from orchestrator.engine.subjects import Subject, subjects
from orchestrator.engine.underpinning import Underpinning
from orchestrator.errors import refuse
from orchestrator.formats.figures import marked
from orchestrator.formats.openpsa import evaluation_json, read_fault_tree
from orchestrator.formats.openpsa_write import write_fault_tree
from orchestrator.model.estate import Estate
from orchestrator.model.faulttrees import Evaluation
from orchestrator.model.records import Finding
from orchestrator.model.values import AskedPeriod, Span, zone

_SHOWN = 40


def derive_fault_tree(
    path: str, *, top: str | None, explain: bool, cuts: int | None, exact: bool, as_json: bool
) -> int:
    """Evaluate a fault tree file by itself."""
    tree = read_fault_tree(read_file(path), path, top=top or "")
    found = evaluate(tree, importance=explain, cuts=cuts or 0, exact=exact)
    if as_json:
        print_json(evaluation_json(found, exact))
    else:
        _show(found)
    return 0


def _show(found: Evaluation) -> None:
    out = terminal.console()
    ends = 1 - found.high, 1 - found.low
    up = marked("availability", 1 - found.probability, found.method, ends)
    out.print(
        f"{found.top}: down with probability {float(found.probability):.10g}, "
        f"availability {up} ({found.method})"
    )
    if found.method != "exact":
        said = "for certain" if found.method == "bounded" else "with 99 % confidence"
        out.print(
            f"  between {float(found.low):.6g} and {float(found.high):.6g} {said}; too complex"
        )
        out.print("  to be exact, and so without importances and cuts")
    if found.importance is not None:
        table = Table(box=SIMPLE_HEAD)
        table.add_column("event", overflow="fold")
        names = ["probability", "Birnbaum", "criticality", "achievement", "reduction"]
        with_cuts = any(one.fussell_vesely is not None for one in found.importance)
        for name in (*names, "Fussell-Vesely") if with_cuts else names:
            table.add_column(name, justify="right", no_wrap=True)
        weightiest = sorted(found.importance, key=lambda one: (-one.criticality, one.event))
        for one in weightiest[:_SHOWN]:
            worths = (one.achievement_worth, one.reduction_worth)
            figures = [one.probability, one.birnbaum, one.criticality, *worths]
            figures += [one.fussell_vesely] if with_cuts else []
            table.add_row(
                one.event, *("-" if value is None else f"{float(value):.6g}" for value in figures)
            )
        out.print(table)
        _tell_of_more(len(found.importance))
    for cut in (found.minimal_cuts or ())[:_SHOWN]:
        out.print(f"  cut: {', '.join(cut)}")
    _tell_of_more(len(found.minimal_cuts or ()))
    if not found.cuts_complete:
        out.print("  there are more cuts than are listed", style="dim")


def _tell_of_more(many: int) -> None:
    if many > _SHOWN:
        terminal.console().print(f"  ... {many - _SHOWN:,} more: --json has them all", style="dim")


@click.command("fault-tree")
@click.argument("promise", metavar="AGREEMENT[/TERM[/SERVICE]]")
@click.argument("estate", type=click.Path(), required=False)
@period_option()
@click.option("--out", metavar="FILE", help="Write there (default: print).")
@click.option(
    "--independent", is_flag=True, help="Leave out the common causes that groups declare."
)
@as_of_option
@url_option
def fault_tree(
    *,
    promise: str,
    estate: str | None,
    period: str,
    out: str | None,
    independent: bool,
    as_of: str | None,
    url: str | None,
) -> int:
    """Print what an agreement rests on as a fault tree, in the Open-PSA model exchange format.

    The top event is "the service is down", a basic event a part with its committed unavailability:
    other tools can hold the estimates against it. What nobody has committed to counts as always
    down. `orchestrator derive --openpsa FILE` reads it back.
    """
    subject_of = document_of(estate).estate if estate else stored_estate(url, instant(as_of))
    subject, span = _chosen(subject_of, promise, AskedPeriod.parse(period))
    found = fault_model(Underpinning(subject_of), subject, span, common_causes=not independent)
    text = write_fault_tree(found.tree)
    if out:
        write_file(out, text)
    else:
        click.echo(text, nl=False)
    _tell(found, subject)
    return 0


def _chosen(estate: Estate, promise: str, asked: AskedPeriod) -> tuple[Subject, Span]:
    """The subject that is named, in its last version in force in a period, and since when."""
    wanted = promise.split("/")
    agreement = wanted[0]
    if agreement not in estate.agreements:
        raise refuse(
            "UNKNOWN_REFERENCE", f"there is no agreement {agreement!r}", "use an id of the estate"
        )
    for version in reversed(estate.agreements[agreement]):
        span = asked.span(zone(version.timezone)) & version.effective
        if span is None or not version.binds:
            continue
        found = {f"{agreement}/{one.key.term}/{one.key.service}": one for one in subjects(version)}
        named = [key for key in found if f"{key}/".startswith(f"{promise}/")]
        if len(wanted) < 2:
            named = [key for key in named if found[key].term.metric == "availability"]
        if len(named) == 1:
            return found[named[0]], span
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"{promise!r} is {len(named)} promises of availability",
            f"name one of {', '.join(found)}",
        )
    raise refuse(
        "UNKNOWN_REFERENCE",
        f"the agreement {agreement!r} is not in force in this period",
        "ask for another period",
    )


def _tell(found: FaultModel, subject: Subject) -> None:
    """What a reader of the tree should know, where it is not in the way of it."""
    errors = terminal.console(stderr=True)
    for remark in found.remarks:
        errors.print(f"  {remark}")
    if found.uncommitted:
        names = ", ".join(found.uncommitted[:_SHOWN])
        said = f"nobody has committed to {names}: taken to be always down"
        finding = Finding("UNCOMMITTED", "warning", said, (subject.key.agreement,))
        terminal.show_findings(errors, [finding])


COMMANDS = (fault_tree,)
