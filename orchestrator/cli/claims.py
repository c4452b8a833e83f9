"""Claims on the command line: what may be claimed by when, from files or from the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from orchestrator import clock, terminal
from orchestrator.actions.claims import AskedMove, key_of, make_move, tag_of
from orchestrator.cli.shared import (
    config_of,
    context_of,
    document_of,
    dry_option,
    facts_of,
    instant,
    json_option,
    key_option,
    opened,
    period_option,
    print_json,
    read_file,
    url_option,
)
from orchestrator.engine.claimed import (
    ClaimKey,
    concerns,
    drafted,
    drafting,
    lapse_all,
    lost,
    recorded,
)
from orchestrator.engine.settle import settle
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.formats.claims import ClaimsDocument, claim_json, read_claims
from orchestrator.model.claims import CLAIM_MOVES, Claim, overdue
from orchestrator.model.estate import Estate
from orchestrator.model.records import Breach, Credit
from orchestrator.model.values import FOREVER, AskedPeriod, Instant, Money, format_instant
from orchestrator.store.claims import load_claims
from orchestrator.store.database import Database
from orchestrator.store.read import load_estate

claims_option = click.option(
    "--claims", "record", metavar="RECORD", help="What was done about claims (a Claims document)."
)

at_option = click.option(
    "--at",
    "at",
    metavar="INSTANT",
    help="As claims stand then (default: now; of files: in the end).",
)

Lost = Callable[[Mapping[ClaimKey, Credit]], Mapping[ClaimKey, Money]]


def on_record(
    estate: Estate,
    record: str | None,
    until: Instant | None,
    credits: Sequence[Credit],
    breaches: Sequence[Breach] = (),
) -> tuple[Claim, ...]:
    """The claims for credits, as a record of them says they stand at an instant, or in the end."""
    drafts, _ = drafted(drafting(estate, credits, breaches), ())
    if record is None:
        return drafts
    document: ClaimsDocument = read_claims(read_file(record), record)
    try:
        return recorded(estate, drafts, document.record, FOREVER - 1 if until is None else until)
    except OrchestratorError as error:
        raise document.placed(error) from error


def lost_by(estate: Estate, record: str | None, until: Instant | None) -> Lost:
    """How much of the credits does not come back by a record; without one all are claimed in
    time."""
    if record is None:
        return lambda _: {}

    def found(credits: Mapping[ClaimKey, Credit]) -> Mapping[ClaimKey, Money]:
        return lost(on_record(estate, record, until, tuple(credits.values())), credits)

    return found


@click.command()
@click.argument("estate", type=click.Path(), required=False)
@click.argument("facts", type=click.Path(), required=False)
@period_option(required=False)
@claims_option
@at_option
@url_option
@json_option
def claims(
    *,
    estate: str | None,
    facts: str | None,
    period: str | None,
    record: str | None,
    at: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """What may be claimed of suppliers by when: by FACTS on ESTATE, or by the database."""
    until = instant(at)
    if estate is None:
        if period or record:
            raise refuse("USAGE", "--period and --claims are of files", "name an estate and facts")
        with opened(url) as store, store.read() as session:
            found = load_claims(session, config_of(url).tenant, until)
        until = clock.now() if until is None else until
    elif facts is None or period is None:
        raise refuse("USAGE", "an estate needs facts and a period", "see claims --help")
    else:
        held, asked = document_of(estate).estate, AskedPeriod.parse(period)
        verdict = settle(held, facts_of(facts, held), asked)
        found = on_record(held, record, until, verdict.credits, verdict.breaches)
    standing = found if until is None else lapse_all(found, until)
    pairs = sorted(
        zip(standing, found, strict=True),
        key=lambda pair: (pair[0].deadline, pair[0].key.agreement),
    )
    if as_json:
        # The tag is of the claim as it is on record: what a move is held against.
        tags = [{"tag": tag_of(held)} if estate is None else {} for _, held in pairs]
        shown = [claim_json(one, until) for one, _ in pairs]
        print_json({"claims": [one | tag for one, tag in zip(shown, tags, strict=True)]})
        return 0
    show_claims(terminal.console(), [one for one, _ in pairs], until)
    return 0


def show_claims(out: Console, claims: Sequence[Claim], at: Instant | None) -> None:
    """Claims by deadline."""
    table = Table(title="Claims", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    granted = any(_less(one) for one in claims)
    names = ["until", "of", "agreement", "service", "period", "amount", "state"]
    if granted:
        names.insert(-1, "accepted")
    for name in names:
        right = name in {"amount", "accepted"}
        table.add_column(name, overflow="fold", justify="right" if right else "left")
    for one in claims:
        state = one.state + (" (overdue)" if at is not None and overdue(one, at) else "")
        table.add_row(
            "no limit" if one.deadline >= FOREVER else format_instant(one.deadline),
            one.respondent,
            f"{one.key.agreement}/{one.key.term}",
            one.key.service,
            terminal.period_text(one.period),
            f"{one.money} {one.money.currency}",
            *([f"{one.accepted}" if _less(one) else ""] if granted else []),
            state,
        )
    out.print(table)


def _less(claim: Claim) -> bool:
    """Whether less was accepted than was claimed."""
    return claim.accepted is not None and claim.accepted != claim.money


@click.command(name="move-claim", epilog=f"MOVE is one of {', '.join(CLAIM_MOVES)}.")
@click.argument("named", metavar="AGREEMENT/TERM")
@click.argument("event", metavar="MOVE")
@period_option()
@click.option("--service", metavar="ID", help="Of this one, where the term covers several.")
@click.option("--by", default="", metavar="PARTY", help="The party that makes it.")
@click.option("--at", "at", metavar="INSTANT", help="When, not in the future (default: now).")
@click.option("--reason", default="", metavar="TEXT", help="Why: to dispute, reject or contest.")
@click.option(
    "--accepted",
    metavar="AMOUNT",
    help="How much is granted, in the claim's currency (default: all that is claimed).",
)
@click.option("--tag", metavar="TAG", help="Only while it is as `claims --json` showed it.")
@dry_option
@key_option
@url_option
@json_option
def move_command(
    *,
    named: str,
    event: str,
    period: str,
    service: str | None,
    by: str,
    at: str | None,
    reason: str,
    accepted: str | None,
    tag: str | None,
    dry_run: bool,
    key: str | None,
    url: str | None,
    as_json: bool,
) -> int:
    """Move a claim on: that for a term of an agreement and the period of it that ends in P.

    Who may make which move, and when, is one table (docs/semantics.md). What does not come back by
    it is booked as the period is next assessed.
    """
    with opened(url) as store:
        claim = _named(store, url, named, service, AskedPeriod.parse(period))
        asked = AskedMove(
            key_of(claim),
            event,
            by,
            instant(at),
            reason,
            None if accepted is None else Money.parse(accepted, claim.money.currency),
            tag,
            dry_run,
            key,
        )
        ctx = context_of(store, url)
        after = make_move(ctx, asked)
    if as_json:
        print_json(
            {"claim": claim_json(after, ctx.now) | {"tag": tag_of(after)}, "dryRun": dry_run}
        )
        return 0
    out = terminal.console()
    show_claims(out, (after,), ctx.now)
    granted = "" if after.accepted is None else f", {after.accepted} of it granted"
    out.print(f"It {'would be' if dry_run else 'is'} {after.state}{granted}.")
    return 0


def _named(
    store: Database, url: str | None, named: str, service: str | None, asked: AskedPeriod
) -> Claim:
    """The claim on record for a term, a period of it and, where there are several, a service."""
    agreement, _, term = named.partition("/")
    with store.read() as session:
        tenant = config_of(url).tenant
        estate = load_estate(session, tenant)
        held = load_claims(session, tenant, agreements=(agreement,))
    found = [
        one
        for one in held
        if one.key.term == term
        and service in {None, one.key.service}
        and concerns(estate, one, asked)
    ]
    if len(found) == 1:
        return found[0]
    services = ", ".join(sorted({one.key.service for one in found}))
    raise refuse(
        "UNKNOWN_REFERENCE",
        f"there are {len(found) or 'no'} claims for {named} in that period",
        f"name one with --service: {services}" if services else "use one that `claims` shows",
    )


COMMANDS = (claims, move_command)
