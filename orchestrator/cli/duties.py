"""The command that lists what the parties of agreements owe one another besides services."""

from __future__ import annotations

from typing import Any, Final

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from orchestrator import terminal
from orchestrator.cli.shared import document_of, instant, json_option, print_json, standing_year
from orchestrator.engine.duties import answerable
from orchestrator.errors import refuse
from orchestrator.model.contracts import Contract
from orchestrator.model.duties import Obligation
from orchestrator.model.values import Money, zone


@click.command("duties")
@click.argument("estate", type=click.Path())
@click.option("--agreement", metavar="ID", help="This agreement alone.")
@click.option(
    "--loss", metavar="AMOUNT", help="Split a loss, as 100.00, among the debtors of each."
)
@click.option("--at", metavar="INSTANT", help="When (default: after the last change).")
@json_option
def duties(
    *, estate: str, agreement: str | None, loss: str | None, at: str | None, as_json: bool
) -> int:
    """What each party owes under the agreements of ESTATE, and who answers for it."""
    held = document_of(estate).estate
    if agreement is not None and agreement not in held.agreements:
        raise refuse("UNKNOWN_REFERENCE", f"there is no agreement {agreement!r}", "correct the id")
    where = held.metadata.timezone
    moment = instant(at, where)
    if moment is None:
        moment = standing_year(held).span(zone(where)).start
    sum_lost = Money.parse(loss, held.metadata.currency) if loss else None
    if sum_lost is not None and sum_lost.amount < 0:
        raise refuse("BAD_MONEY", f"{loss} is no loss", "give an amount above zero")
    contracts = [
        Contract.of(one)
        for id, one in sorted(held.at(moment).versions.items())
        if agreement in {None, id}
    ]
    rows = [
        _json(contract, duty, sum_lost)
        for contract in contracts
        for duty in contract.provisions.obligations
    ]
    if as_json:
        print_json({"parties": [_parties_json(one) for one in contracts], "duties": rows})
        return 0
    table = Table(title="Who owes what", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for name in ("agreement", "duty", "owed by", "to", "what"):
        table.add_column(name, overflow="fold")
    for row in rows:
        debtors = ", ".join(
            each["party"] + (f" up to {each['amount']}" if "amount" in each else "")
            for each in row["debtors"]
        )
        each_for = " (each for all of it)" if row["jointAndSeveral"] else ""
        table.add_row(
            row["agreement"], row["id"], debtors + each_for, ", ".join(row["to"]), row["duty"]
        )
    terminal.console().print(table)
    return 0


def _parties_json(contract: Contract) -> dict[str, Any]:
    return {
        "agreement": contract.version.agreement,
        "roles": {party: sorted(roles) for party, roles in contract.roles.items()},
        "bound": list(contract.bound),
    }


def _json(contract: Contract, duty: Obligation, loss: Money | None) -> dict[str, Any]:
    parts = answerable(duty, loss) if loss else {}
    debtors = [
        {"party": party} | ({"amount": str(parts[party])} if parts else {})
        for party in dict.fromkeys(duty.by)
    ]
    return {
        "agreement": contract.version.agreement,
        "id": duty.id,
        "debtors": debtors,
        "to": list(duty.to),
        "duty": duty.duty,
        "category": duty.category,
        "effect": duty.effect,
        "jointAndSeveral": duty.joint_and_several,
    }


COMMANDS: Final = (duties,)
