"""Services, what they require and what requires them."""

from __future__ import annotations

from typing import Any

import graphene

from orchestrator.formats.context import Context
from orchestrator.formats.flows import STEP
from orchestrator.formats.services import EXPRESSION
from orchestrator.model.flows import stages
from orchestrator.model.services import AllOf, Expression, Needs, mentioned
from orchestrator.model.services import Service as ServiceModel
from orchestrator.model.values import format_exact
from orchestrator.web import listings
from orchestrator.web.basics import filed
from orchestrator.web.enums import Metric
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.nodes import Node, identity
from orchestrator.web.paging import Listing, connection, paged
from orchestrator.web.scalars import JSON
from orchestrator.web.view import Seen, seen

Root = Seen[ServiceModel]

_SERVICES = "orchestrator.web.services.ServiceConnection"


def requirement_text(part: Expression, inner: bool = False) -> str:
    """`hosting and (sms-y or sms-z)`; a declared common-cause share follows its group."""
    if isinstance(part, Needs):
        return part.service
    texts = [requirement_text(one, inner=True) for one in part.parts]
    if isinstance(part, AllOf):
        text = " and ".join(texts)
    elif part.k == 1:
        text = " or ".join(texts)
    else:
        text = f"at least {part.k} of {', '.join(texts)}"
    beta = None if isinstance(part, AllOf) else part.beta
    if len(texts) > 1 and (inner or beta is not None):
        text = f"({text})"
    return text if beta is None else f"{text} [beta {format_exact(beta)}]"


def _restored_after(service: ServiceModel) -> tuple[str, ...]:
    """What it says, or else what it requires."""
    if service.recover_after is not None:
        return service.recover_after
    return tuple(dict.fromkeys(mentioned(service.requires)))


class Flow(graphene.ObjectType):
    """How work passes through the parties, which is not what requires what."""

    metric = given(Metric, "The metric of the commitments it leads through.")
    priority = maybe(
        graphene.String,
        "The priority it is for; null for those that have no flow of their own.",
        lambda flow: flow.priority,
    )
    stages = many(
        graphene.String,
        "The commitments it leads through, as `agreement/term`, each once, in the order written.",
        lambda flow: tuple(dict.fromkeys(map(str, stages(flow.step)))),
    )
    steps = given(
        JSON,
        "Its steps, as they stand in an estate document.",
        lambda flow: STEP.write(flow.step, Context()),
    )


def _transitive() -> Any:
    return argument(
        graphene.Boolean, "Not only the nearest ones: all the way.", default_value=False
    )


class Service(graphene.ObjectType):
    """An IT service or a component of one, owned by a party; it requires other services."""

    class Meta:
        interfaces = (Node,)

    id = identity("Service", lambda root: (root.value.id,))
    slug = given(graphene.String, "Its id in the estate document.", lambda root: root.value.id)
    name = maybe(graphene.String, "What people call it.", lambda root: root.value.name)
    owner = maybe(
        "orchestrator.web.parties.Party",
        "Who works on it. A service without an owner is a mere grouping.",
        lambda root: seen(root.view, "parties", root.value.owner),
    )
    has_own_part = given(
        graphene.Boolean,
        "Whether the owner's work in it is a part of its own, beside what it requires.",
        lambda root: root.value.has_own_part,
    )
    requirement = maybe(
        graphene.String,
        "What it requires, in words: `hosting and (sms-y or sms-z)`.",
        lambda root: root.value.requires and requirement_text(root.value.requires),
    )
    requires = maybe(
        JSON,
        "What it requires, as the expression stands in an estate document.",
        lambda root: root.value.requires and EXPRESSION.write(root.value.requires, Context()),
    )
    dependencies = paged(_SERVICES, "The services it requires.", transitive=_transitive())
    dependents = paged(_SERVICES, "The services that require it.", transitive=_transitive())
    agreements = paged(
        "orchestrator.web.agreements.AgreementConnection", "The agreements in force that cover it."
    )
    flows = many(
        Flow,
        "How work passes through the parties, by metric and priority.",
        lambda root: root.value.flows,
    )
    recover_after = many(
        graphene.String,
        "The slugs of what has to be back before it can be restored.",
        lambda root: _restored_after(root.value),
    )
    crews = maybe(
        graphene.Int,
        "How many services beneath it may be restored at once; null for all.",
        lambda root: root.value.crews or None,
    )
    filed = filed()

    @staticmethod
    def resolve_dependencies(
        root: Root, info: Any, first: Any = None, after: Any = None, transitive: bool = False
    ) -> Listing:
        keys = root.view.beneath(root.value.id, transitive)
        return listings.objects(root.view, info, "services", keys, first, after)

    @staticmethod
    def resolve_dependents(
        root: Root, info: Any, first: Any = None, after: Any = None, transitive: bool = False
    ) -> Listing:
        keys = root.view.above(root.value.id, transitive)
        return listings.objects(root.view, info, "services", keys, first, after)

    @staticmethod
    def resolve_agreements(root: Root, info: Any, first: Any = None, after: Any = None) -> Listing:
        keys = root.view.covering.get(root.value.id, ())
        return listings.agreements(root.view, info, keys, first, after)


ServiceConnection = connection("Service", Service)
