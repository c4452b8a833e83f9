"""Facts that are false: withdrawing them, and which are withdrawn."""

from __future__ import annotations

from typing import Any

import graphene

from orchestrator.actions.facts import withdraw_facts
from orchestrator.model.values import Instant
from orchestrator.store.read import Key
from orchestrator.store.withdrawals import Withdrawn, withdrawals
from orchestrator.web.asking import Asking
from orchestrator.web.changing import (
    answered,
    input_type,
    mutation_field,
    payload_type,
    text_field,
)
from orchestrator.web.enums import FactKind
from orchestrator.web.fields import argument, given
from orchestrator.web.paging import Listing, connection, page, paged
from orchestrator.web.scalars import DateTime


class Withdrawal(graphene.ObjectType):
    """A fact that was recorded and is withdrawn: nothing follows from it."""

    kind = given(FactKind, "Of what kind the fact is.")
    slug = given(graphene.String, "Its id in the facts document.", lambda one: one.id)
    service = given(graphene.String, "The id of the service it was about.")
    at = given(DateTime, "Since when it is withdrawn.")
    by = given(graphene.String, "Who withdrew it.", lambda one: one.withdrawal.by)
    reason = given(graphene.String, "Why.", lambda one: one.withdrawal.reason)


WithdrawalConnection = connection("Withdrawal", Withdrawal)


def _withdrawals(
    _root: Any,
    info: Any,
    first: Any = None,
    after: Any = None,
    known_at: Instant | None = None,
) -> Listing:
    asking: Asking = info.context
    found: dict[Key, Withdrawn] = {}
    if asking.sees_all:
        with asking.read() as session:
            every = withdrawals(session, asking.site.tenant, known_at)
        found = {(one.kind, one.id): one for one in every}
    return page(
        asking, "withdrawals", sorted(found), lambda key: found[key], first, after, (str, str)
    )


class WithdrawalQuery:
    """The part of the root of all questions that is about withdrawn facts."""

    withdrawals = paged(
        WithdrawalConnection,
        "The facts that are withdrawn, by kind and id, for those who record them.",
        _withdrawals,
        known_at=argument(DateTime, "As known at this instant; now, if it is left out."),
    )


WithdrawFactsInput = input_type(
    "WithdrawFactsInput",
    "Facts that were recorded and are false.",
    kind=graphene.InputField(FactKind, required=True, description="Of what kind they are."),
    ids=graphene.InputField(
        graphene.List(graphene.NonNull(graphene.String)),
        required=True,
        description="Their ids in the facts document.",
    ),
    reason=text_field("Why; it is kept with the facts."),
    by=graphene.InputField(graphene.String, description="Who withdraws them."),
)

WithdrawFactsPayload = payload_type(
    "WithdrawFactsPayload",
    "What became of the facts.",
    withdrawn=given(
        graphene.Int, "Facts from which nothing follows now.", lambda root: root.withdrawn or 0
    ),
    repeated=given(
        graphene.Int, "Facts that were withdrawn before.", lambda root: root.repeated or 0
    ),
)


def _withdraw_facts(_root: Any, info: Any, input: dict[str, Any]) -> Any:
    asking: Asking = info.context

    def work() -> dict[str, Any]:
        result = withdraw_facts(
            asking.writing(),
            input["kind"].value,
            input["ids"],
            input["reason"],
            by=input.get("by") or "",
            dry_run=bool(input.get("dry_run")),
            idempotency_key=input.get("idempotency_key"),
        )
        asking.renew()
        return {"withdrawn": result.withdrawn, "repeated": result.repeated}

    return answered(WithdrawFactsPayload, input, "ids", work)


class WithdrawalMutation:
    """The part of the root of all changes that is about withdrawn facts."""

    withdraw_facts = mutation_field(
        WithdrawFactsPayload,
        WithdrawFactsInput,
        "Withdraw facts: nothing follows from them from now on, and what was known before stays "
        "known. A fact that is recorded again stands again.",
        _withdraw_facts,
    )
