"""Claims for the credits that those outside owe: asked for by deadline, moved by their parties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import graphene

from orchestrator.actions.claims import AskedMove, key_of, make_move, tag_of
from orchestrator.engine.claimed import lapse_all
from orchestrator.errors import refuse
from orchestrator.model import claims
from orchestrator.model.claims import CLAIM_MOVES, CLAIM_STATES, overdue
from orchestrator.model.values import FOREVER, Instant
from orchestrator.store.claims import SHAPE, count_claims, load_claims, page_of_claims
from orchestrator.web.asking import Asking
from orchestrator.web.basics import Money, MoneyInput, Span, money_given
from orchestrator.web.changing import answered, input_type, mutation_field, payload_type
from orchestrator.web.enums import word_enum
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.nodes import Node, identity, parts_of
from orchestrator.web.paging import Edge, Listing, connection, cursor_of, paged, size_of
from orchestrator.web.paging import key_of as cursor_key
from orchestrator.web.scalars import DateTime
from orchestrator.web.view import View, seen

ClaimState = word_enum("ClaimState", "Where a claim stands.", CLAIM_STATES)
ClaimMove = word_enum(
    "ClaimMove",
    "A move of a claim.",
    {
        row.event: f"From {', '.join(row.sources)} to {row.target}, by {row.by}."
        for row in CLAIM_MOVES.values()
    },
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim as it stands at an instant, in the estate that held as its period began; `held` is
    how it is on record, where it may not have lapsed yet."""

    view: View
    value: claims.Claim
    at: Instant
    held: claims.Claim


class ClaimEntry(graphene.ObjectType):
    """A move that was made."""

    event = given(ClaimMove, "The move.")
    at = given(DateTime, "When.")
    by = maybe(graphene.String, "The party that made it; null where time did.")
    reason = maybe(graphene.String, "Why.")
    accepted = maybe(Money, "How much it granted; null where all of it, or nothing.")


def _deadline(root: Claimed) -> Instant | None:
    return None if root.value.deadline >= FOREVER else root.value.deadline


class Claim(graphene.ObjectType):
    """A credit asked of somebody outside. It is drafted as its period is assessed, and follows what
    is assessed until it is submitted."""

    class Meta:
        interfaces = (Node,)

    id = identity("Claim", lambda root: key_of(root.value))
    agreement = given(graphene.String, "The agreement's id.", lambda root: root.value.key.agreement)
    version = given(graphene.Int, "Its version.", lambda root: root.value.key.version)
    term = given(graphene.String, "Its term.", lambda root: root.value.key.term)
    service = given(
        graphene.String, "The covered service, or services.", lambda root: root.value.key.service
    )
    period = given(Span, "The period the credit is due for.", lambda root: root.value.period)
    claimant = given(graphene.String, "The id of who claims.", lambda root: root.value.claimant)
    claimant_party = maybe(
        "orchestrator.web.parties.Party",
        "Who claims.",
        lambda root: seen(root.view, "parties", root.value.claimant),
    )
    respondent = given(
        graphene.String, "The id of whom it is claimed from.", lambda root: root.value.respondent
    )
    respondent_party = maybe(
        "orchestrator.web.parties.Party",
        "Whom it is claimed from.",
        lambda root: seen(root.view, "parties", root.value.respondent),
    )
    amount = given(Money, "What is claimed.", lambda root: root.value.money)
    accepted = maybe(Money, "What was granted of it.", lambda root: root.value.accepted)
    state = given(ClaimState, "Where it stands.", lambda root: root.value.state)
    drafted_at = given(DateTime, "When it was drafted.", lambda root: root.value.drafted)
    deadline = maybe(
        DateTime, "The last instant to submit it; null where there is no limit.", _deadline
    )
    overdue = given(
        graphene.Boolean,
        "Whether it was not submitted by its deadline, and nothing is on record of why.",
        lambda root: overdue(root.value, root.at),
    )
    evidence_ids = many(
        graphene.String, "The ids of the facts behind it.", lambda root: root.value.evidence
    )
    history = many(ClaimEntry, "What was done about it.", lambda root: root.value.history)
    tag = given(
        graphene.String,
        "Changes whenever anything about it does: the `expectedVersion` of a move.",
        lambda root: tag_of(root.held),
    )


ClaimConnection = connection("Claim", Claim)


def _claimed(asking: Asking, held: Sequence[claims.Claim], at: Instant) -> list[Claimed]:
    number = asking.revision()
    return [
        Claimed(asking.view(number, one.period.start), one, at, before)
        for one, before in zip(lapse_all(held, at), held, strict=True)
    ]


def claim_of(asking: Asking, parts: Sequence[str], at: Instant | None = None) -> Claimed | None:
    """The claim that the parts of an id name, as known at an instant; None where there is none."""
    try:
        agreement, version, term, service, start = parts
        key = (agreement, int(version), term, service, int(start))
    except ValueError:
        return None
    if max(abs(key[1]), abs(key[4])) > FOREVER:
        return None
    with asking.read() as session:
        found = load_claims(session, asking.site.tenant, at, key)
    shown = _claimed(asking, found, asking.now if at is None else at)
    among = asking.among(asking.revision(), None)
    if among is not None and agreement not in among:
        return None
    return next((one for one in shown if one.value.state in states_seen(asking)), None)


def states_seen(asking: Asking) -> frozenset[str]:
    """The states in which claims are seen: a draft is the claimant's own, and what lapsed before it
    was made was never put to anybody."""
    every = frozenset(CLAIM_STATES)
    return every if asking.sees_all else every - {"drafted", "lapsed"}


class ClaimQuery:
    """Questions about claims; a part of the root of all questions."""

    claims = paged(
        ClaimConnection,
        "Claims on those outside, by deadline.",
        required=False,
        states=argument(
            graphene.List(graphene.NonNull(ClaimState)), "In these states; all, if left out."
        ),
        at=argument(DateTime, "As they stand at this instant; now, if it is left out."),
    )

    @staticmethod
    def resolve_claims(
        _root: Any,
        info: Any,
        first: int | None = None,
        after: str | None = None,
        states: Sequence[Any] | None = None,
        at: Instant | None = None,
    ) -> Listing:
        asking: Asking = info.context
        size, instant = size_of(first), asking.now if at is None else at
        wanted = states_seen(asking)
        if states is not None:
            wanted &= {one.value for one in states}
        among = asking.among(asking.revision(), None)
        key = cursor_key("claims", after, SHAPE) if after is not None else None
        tenant = asking.site.tenant
        with asking.read() as session:
            shown = page_of_claims(session, tenant, instant, wanted, key, size, among)
        asking.spend(len(shown.items))
        nodes = _claimed(asking, shown.items, instant)

        def total() -> int:
            with asking.read() as session:
                return count_claims(session, tenant, instant, wanted, among)

        return Listing(
            tuple(
                Edge(cursor_of("claims", key), node)
                for key, node in zip(shown.keys, nodes, strict=True)
            ),
            shown.more,
            after is not None,
            total,
        )


# --- moves ---------------------------------------------------------------------------------------


MoveClaimInput = input_type(
    "MoveClaimInput",
    "What moveClaim needs.",
    claim=graphene.InputField(graphene.ID, required=True, description="The claim, by its id."),
    event=graphene.InputField(ClaimMove, required=True, description="The move."),
    by=graphene.InputField(
        graphene.String, description="The party that makes it; left out where time does."
    ),
    at=graphene.InputField(DateTime, description="When, not in the future; now, if left out."),
    reason=graphene.InputField(
        graphene.String, description="Why; needed to dispute, to reject and to contest."
    ),
    accepted=graphene.InputField(
        MoneyInput, description="How much is granted; all that is claimed, if left out."
    ),
    expected_version=graphene.InputField(
        graphene.String,
        description="The `tag` of the claim as it was when this was decided; where it is another "
        "by now, nothing is done (STALE_VERSION). Left out, it does not matter.",
    ),
)
MoveClaimPayload = payload_type(
    "MoveClaimPayload",
    "What moveClaim changed.",
    claim=maybe(
        Claim, "The claim after the move, or as it would be in a dry run; null if refused."
    ),
)


def _move(_root: Any, info: Any, input: dict[str, Any]) -> Any:
    asking: Asking = info.context

    def work() -> dict[str, Any]:
        name, parts = parts_of(input["claim"])
        found = claim_of(asking, parts) if name == "Claim" else None
        if found is None:
            raise refuse(
                "UNKNOWN_REFERENCE", "there is no such claim", "use an id that `claims` gave"
            )
        asked = AskedMove(
            key_of(found.value),
            input["event"].value,
            input.get("by") or "",
            input.get("at"),
            input.get("reason") or "",
            money_given(input.get("accepted")),
            input.get("expected_version"),
            bool(input.get("dry_run")),
            input.get("idempotency_key"),
        )
        after = make_move(asking.writing(), asked)
        asking.renew()
        view = asking.view(asking.revision(), after.period.start)
        return {"claim": Claimed(view, after, asking.now, after)}

    return answered(MoveClaimPayload, input, "claim", work)


class ClaimMutation:
    """The changes of claims; a part of the root of all changes."""

    move_claim = mutation_field(
        MoveClaimPayload,
        MoveClaimInput,
        "Move a claim on, by the table of legal moves. What does not come back by it is booked "
        "when its period is next assessed.",
        _move,
    )
