"""Commands on files, with no database; derive and trace read one where no file is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from orchestrator import clock, derivation_tables, terminal
from orchestrator.actions.claims import Following
from orchestrator.cli.claims import claims_option, lost_by
from orchestrator.cli.faulttrees import derive_fault_tree
from orchestrator.cli.shared import (
    NOT_UNDERPINNED,
    as_of_option,
    config_of,
    document_of,
    exact_option,
    facts_of,
    instant,
    json_option,
    opened,
    period_option,
    print_json,
    read_file,
    standing_year,
    stored_estate,
    url_option,
)
from orchestrator.engine.claimed import touchable
from orchestrator.engine.consistency import KindFlip, kind_flips
from orchestrator.engine.derive import Depth
from orchestrator.engine.derive import derive as derived
from orchestrator.engine.incentives import library_findings
from orchestrator.engine.lint import lint
from orchestrator.engine.settle import reach_of, settle
from orchestrator.errors import refuse
from orchestrator.formats.estate import place, read_estate
from orchestrator.formats.results import change_json, derivations_json, finding_json, verdict_json
from orchestrator.formats.schemes import is_library, read_library
from orchestrator.model.changes import diff as differences
from orchestrator.model.contracts import Contract
from orchestrator.model.derivations import (
    SHORTFALL,
    UNCOMMITTED,
    Derivation,
)
from orchestrator.model.estate import Estate
from orchestrator.model.values import AskedPeriod, zone
from orchestrator.store.claims import load_claims
from orchestrator.store.read import load_estate, load_facts


@click.command()
@click.argument("estate", type=click.Path())
@period_option(required=False)
@click.option("--at", metavar="INSTANT", help="What is overdue then (default: at the period).")
@json_option
def check(*, estate: str, period: str | None, at: str | None, as_json: bool) -> int:
    """Validate and derive ESTATE; exit 1 where a promise is not underpinned.

    Without a period, the twelve months from the last change in the document are checked. Of a
    library of credit schemes, what its schemes do not say or reward is told.
    """
    text = read_file(estate)
    if is_library(text, estate):
        return _check_library(text, estate, as_json)
    document = read_estate(text, estate)
    asked = AskedPeriod.parse(period) if period else standing_year(document.estate)
    with terminal.progress("deriving") as heard:
        found = derived(document.estate, asked, progress=heard)
    moment = instant(at, document.estate.metadata.timezone)
    if moment is None:
        moment = asked.span(zone(document.estate.metadata.timezone)).start
    findings = list(
        dict.fromkeys([*lint(document.estate, moment), *(f for one in found for f in one.findings)])
    )
    failed = any(one.status in {SHORTFALL, UNCOMMITTED} for one in found)

    def locate(path: str) -> tuple[int, str]:
        return place(document, path)

    if as_json:
        print_json(
            derivations_json(found)
            | {"findings": [finding_json(one, locate, estate) for one in findings]}
        )
    else:
        out = terminal.console()
        derivation_tables.show_derivations(out, found, notes=False)
        terminal.show_findings(out, findings, locate, estate)
        derivation_tables.show_kept(out, found)
    return NOT_UNDERPINNED if failed else 0


def _check_library(text: bytes, file: str, as_json: bool) -> int:
    library = read_library(text, file)
    findings = library_findings(library.schemes)
    locate = library.places.find
    if as_json:
        print_json({"findings": [finding_json(one, locate, file) for one in findings]})
    else:
        terminal.show_findings(terminal.console(), findings, locate, file)
    return 0


@click.command()
@click.argument("estate", type=click.Path(), required=False)
@period_option(required=False)
@click.option("--agreement", metavar="ID", help="This agreement alone.")
@click.option("--explain", is_flag=True, help="Bases, witness, shadow prices, importances.")
@click.option("--cuts", type=click.IntRange(1, 12), default=None, help="Minimal cuts up to ORDER.")
@click.option("--openpsa", metavar="FILE", help="A fault tree (Open-PSA format) and no estate.")
@click.option("--top", metavar="GATE", help="Its top event (default: the gate nothing refers to).")
@exact_option
@as_of_option
@url_option
@json_option
def derive(
    *,
    estate: str | None,
    period: str | None,
    agreement: str | None,
    explain: bool,
    cuts: int | None,
    openpsa: str | None,
    top: str | None,
    exact: bool,
    as_of: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Derive the composite commitments of ESTATE, or of the database's estate.

    With --openpsa, evaluate a fault tree instead: the probability of its top event.
    """
    if openpsa is not None:
        if estate or agreement or period or as_of or url:
            raise refuse("USAGE", "--openpsa is a file by itself", "leave estate and period out")
        return derive_fault_tree(
            openpsa, top=top, explain=explain, cuts=cuts, exact=exact, as_json=as_json
        )
    if top is not None:
        raise refuse("USAGE", "--top is of a fault tree", "name its file with --openpsa")
    if period is None:
        raise click.UsageError("Missing option '--period'.")
    known = instant(as_of)
    subject = document_of(estate).estate if estate else stored_estate(url, known)
    if agreement is not None and agreement not in subject.agreements:
        raise refuse(
            "UNKNOWN_REFERENCE", f"there is no agreement {agreement!r}", "use an id of the estate"
        )
    with terminal.progress("deriving") as heard:
        found = derived(
            subject,
            AskedPeriod.parse(period),
            agreement,
            Depth(explain, cuts or 0, exact),
            heard,
        )
    if as_json:
        print_json(derivations_json(found, exact))
    else:
        derivation_tables.show_derivations(terminal.console(), found)
    return 0


@click.command()
@click.argument("estate", type=click.Path(), required=False)
@click.argument("facts", type=click.Path(), required=False)
@period_option()
@claims_option
@exact_option
@as_of_option
@url_option
@json_option
def trace(
    *,
    estate: str | None,
    facts: str | None,
    period: str,
    record: str | None,
    exact: bool,
    as_of: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Assess, trace and settle FACTS against ESTATE, or what the database holds of both."""
    asked, known = AskedPeriod.parse(period), instant(as_of)
    if estate and not facts:
        raise refuse("USAGE", "facts are needed with an estate", "name a facts document too")
    if estate and facts:
        subject = document_of(estate).estate
        reported = facts_of(facts, subject)
        if known is not None:
            reported = reported.known_at(known)
        lost_then = lost_by(subject, record, known)
    else:
        if record:
            raise refuse("USAGE", "the database has its own claims", "leave --claims out")
        with opened(url) as store, store.read() as session:
            tenant = config_of(url).tenant
            subject = load_estate(session, tenant, known)
            reported = load_facts(session, tenant, reach_of(subject, asked), known)
            held = load_claims(session, tenant, known, within=touchable(subject, asked))
        lost_then = Following(held, clock.now() if known is None else known).lost
    with terminal.progress("settling") as heard:
        verdict = settle(subject, reported, asked, heard, as_of=known, lost=lost_then)
    if as_json:
        print_json(verdict_json(verdict, exact))
    else:
        terminal.show_verdict(terminal.console(), verdict)
    return 0


@click.command()
@click.argument("before", type=click.Path())
@click.argument("after", type=click.Path())
@period_option(required=False)
@json_option
def diff(*, before: str, after: str, period: str | None, as_json: bool) -> int:
    """Show what changed between two estates and what it does to every promise."""
    old, new = document_of(before).estate, document_of(after).estate
    asked = AskedPeriod.parse(period) if period else standing_year(new)
    changes = differences(old, new)
    effects = _effects(derived(old, asked), derived(new, asked))
    flips = _flips(old, new, asked)
    if as_json:
        print_json(
            {
                "changes": [change_json(change) for change in changes],
                "kinds": [
                    {
                        "agreement": one.agreement,
                        "was": one.was,
                        "becomes": one.becomes,
                        "missingClauses": list(one.missing),
                    }
                    for one in flips
                ],
                "effects": [
                    {
                        "agreement": key[0],
                        "term": key[1],
                        "service": key[2],
                        "before": derivations_json([one])["derivations"][0] if one else None,
                        "after": derivations_json([two])["derivations"][0] if two else None,
                    }
                    for key, one, two in effects
                ],
            }
        )
        return 0
    out = terminal.console()
    terminal.show_changes(out, changes)
    derivation_tables.show_effects(out, effects)
    for one in flips:
        lacking = f"; it holds nothing on {', '.join(one.missing)}" if one.missing else ""
        out.print(f"{one.agreement} was {one.was} and becomes {one.becomes}{lacking}")
    return 0


def _flips(old: Estate, new: Estate, asked: AskedPeriod) -> Sequence[KindFlip]:
    """The agreements that become of another kind because their parties change."""
    start = asked.span(zone(new.metadata.timezone)).start
    after = new.at(start)
    contracts = {id: Contract.of(version) for id, version in after.versions.items()}
    known = {id: version for id, version in after.versions.items() if id in old.agreements}
    return kind_flips(old.at(start), replace(after, versions=known), contracts)


Effect = tuple[tuple[str, str, str], Derivation | None, Derivation | None]


def _effects(before: Sequence[Derivation], after: Sequence[Derivation]) -> list[Effect]:
    """The promises whose figures differ."""
    old, new = (
        {(one.key.agreement, one.key.term, one.key.service): one for one in found}
        for found in (before, after)
    )
    pairs = ((key, old.get(key), new.get(key)) for key in sorted({**old, **new}))
    return [(key, one, two) for key, one, two in pairs if _figures(one) != _figures(two)]


def _figures(one: Derivation | None) -> object:
    return one and (one.promised, one.floor, one.independent, one.beta, one.status)


COMMANDS = (check, derive, trace, diff)
