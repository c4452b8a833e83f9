"""Parties, and what they provide, buy and own."""

from __future__ import annotations

from typing import Any

import graphene

from orchestrator.model.parties import Party as PartyModel
from orchestrator.web import listings
from orchestrator.web.basics import filed
from orchestrator.web.enums import PartyKind
from orchestrator.web.fields import given, maybe
from orchestrator.web.nodes import Node, identity
from orchestrator.web.paging import Listing, connection, paged
from orchestrator.web.view import Seen, seen

_AGREEMENTS = "orchestrator.web.agreements.AgreementConnection"

Root = Seen[PartyModel]


class Party(graphene.ObjectType):
    """An organisation, or a team within one.

    Whether it is provider, customer or supplier follows from its agreements.
    """

    class Meta:
        interfaces = (Node,)

    id = identity("Party", lambda root: (root.value.id,))
    slug = given(graphene.String, "Its id in the estate document.", lambda root: root.value.id)
    name = maybe(graphene.String, "What people call it.", lambda root: root.value.name)
    kind = given(PartyKind, "What it is.", lambda root: root.value.kind)
    parent = maybe(
        lambda: Party,
        "A team's organisation or team, or an organisation's owner.",
        lambda root: seen(root.view, "parties", root.value.parent),
    )
    organisation = given(
        lambda: Party,
        "The legal entity it is or belongs to.",
        lambda root: seen(root.view, "parties", root.view.snapshot.entity(root.value.id)),
    )
    home = given(
        graphene.Boolean,
        "Whether it belongs to the organisations whose estate this is.",
        lambda root: root.view.snapshot.entity(root.value.id) in root.view.snapshot.home,
    )
    members = paged(
        "orchestrator.web.parties.PartyConnection", "The parties that name it as their parent."
    )
    services = paged("orchestrator.web.services.ServiceConnection", "The services it owns.")
    provides = paged(_AGREEMENTS, "The agreements in force that it provides.")
    buys = paged(_AGREEMENTS, "The agreements in force of which it is the customer.")
    filed = filed()

    @staticmethod
    def resolve_members(root: Root, info: Any, first: Any = None, after: Any = None) -> Listing:
        keys = root.view.members.get(root.value.id, ())
        return listings.objects(root.view, info, "parties", keys, first, after)

    @staticmethod
    def resolve_services(root: Root, info: Any, first: Any = None, after: Any = None) -> Listing:
        keys = root.view.owned.get(root.value.id, ())
        return listings.objects(root.view, info, "services", keys, first, after)

    @staticmethod
    def resolve_provides(root: Root, info: Any, first: Any = None, after: Any = None) -> Listing:
        keys = root.view.provided.get(root.value.id, ())
        return listings.agreements(root.view, info, keys, first, after)

    @staticmethod
    def resolve_buys(root: Root, info: Any, first: Any = None, after: Any = None) -> Listing:
        keys = root.view.bought.get(root.value.id, ())
        return listings.agreements(root.view, info, keys, first, after)


PartyConnection = connection("Party", Party)
