"""Agreements: SLAs, OLAs and underpinning contracts, with their versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import graphene

from orchestrator.actions.lifecycle import tag_of
from orchestrator.engine import content
from orchestrator.formats.provisions import provisions_json
from orchestrator.model.agreements import Cover as CoverModel
from orchestrator.model.agreements import Version
from orchestrator.model.contracts import Contract
from orchestrator.model.lifecycle import moves_from
from orchestrator.model.values import DAWN
from orchestrator.web.asking import Asking
from orchestrator.web.basics import Fee, Money, PeriodRule, Span, filed
from orchestrator.web.enums import (
    AgreementKind,
    AgreementMove,
    AgreementState,
    Negotiability,
    Scope,
)
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.nodes import Agreed, Node, identity, version_id
from orchestrator.web.paging import Listing, connection, page, paged
from orchestrator.web.scalars import JSON, DateTime
from orchestrator.web.terms import Allowance, Cap, Claims, Policies, Term
from orchestrator.web.view import Seen, View, seen

_PARTY = "orchestrator.web.parties.Party"

Root = Seen[Version]


def versions_of(agreed: Agreed) -> tuple[Version, ...]:
    """All versions of an agreement, by number."""
    return agreed.view.estate.agreements.get(agreed.id, ())


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A version in the view of its own beginning, which is made when something in it is asked
    for: most of an agreement's history is not."""

    asking: Asking
    revision: int
    value: Version

    @property
    def view(self) -> View:
        return self.asking.view(self.revision, max(self.value.effective.start, DAWN))


def in_its_time(asking: Asking, view: View, version: Version) -> Root | Elsewhere:
    """A version in a view in which what it refers to exists: the one it was reached through, or
    else that of its beginning."""
    if view.of_version(version):
        return Seen(view, version)
    return Elsewhere(asking, view.revision, version)


class Cover(graphene.ObjectType):
    """A service that an agreement covers."""

    service = given(
        "orchestrator.web.services.Service",
        "The service.",
        lambda root: seen(root.view, "services", root.value.service),
    )
    scope = given(Scope, "How much of it.", lambda root: root.value.scope)
    fee = maybe(Fee, "Its own fee, where it has one.", lambda root: root.value.fee)


class Role(graphene.ObjectType):
    """A further party of an agreement."""

    party = given(_PARTY, "The party.", lambda root: seen(root.view, "parties", root.value.party))
    role = given(
        graphene.String, "Subprovider, guarantor, auditor, ...", lambda root: root.value.role
    )


class Acceptance(graphene.ObjectType):
    """A party's recorded acceptance of a version."""

    party = given(
        _PARTY, "Who accepted.", lambda root: seen(root.view, "parties", root.value.party)
    )
    at = given(DateTime, "When.", lambda root: root.value.at)
    content = maybe(
        graphene.String, "The hash of what was accepted.", lambda root: root.value.content
    )


CoverConnection = connection("Cover", Cover)


def _all(name: str) -> Any:
    return lambda root: [Seen(root.view, one) for one in getattr(root.value, name)]


def _resolved(root: Root) -> list[Any]:
    return [Seen(root.view, root.value.resolved(term)) for term in root.value.terms]


class AgreementVersion(graphene.ObjectType):
    """One version of an agreement: immutable once agreed, in force for its effective span."""

    class Meta:
        interfaces = (Node,)

    id = identity("AgreementVersion", version_id)
    agreement = given(
        lambda: Agreement,
        "The agreement it is a version of.",
        lambda root: Agreed(root.view, root.value.agreement),
    )
    number = given(graphene.Int, "Its number.", lambda root: root.value.number)
    name = maybe(graphene.String, "What people call it.", lambda root: root.value.name)
    kind = given(AgreementKind, "What it is called.", lambda root: root.value.kind)
    kind_by_parties = given(
        AgreementKind,
        "What it is, by who its parties are.",
        lambda root: root.view.snapshot.kind_of(root.value),
    )
    state = given(AgreementState, "Where it stands.", lambda root: root.value.state)
    effective = given(Span, "When it is in force.", lambda root: root.value.effective)
    provider = given(
        _PARTY,
        "Who commits itself.",
        lambda root: seen(root.view, "parties", root.value.provider),
    )
    customer = given(
        _PARTY, "To whom.", lambda root: seen(root.view, "parties", root.value.customer)
    )
    roles = many(Role, "Further parties.", _all("roles"))
    covers = paged(CoverConnection, "The services it covers.")
    jointly = given(
        graphene.Boolean,
        "Whether its services share one budget; else each has its own.",
        lambda root: root.value.jointly,
    )
    terms = many(Term, "What is committed.", _resolved)
    term = graphene.Field(
        Term,
        description="One term by its id; null where there is none.",
        slug=argument(graphene.String, "Its id in the agreement.", required=True),
    )
    period = given(PeriodRule, "What targets are measured over.", lambda root: root.value.period)
    timezone = given(graphene.String, "The zone of its periods.", lambda root: root.value.timezone)
    fee = maybe(Fee, "What is paid under it.", lambda root: root.value.fee)
    negotiability = given(
        Negotiability, "Whether it is open to talks.", lambda root: root.value.negotiability
    )
    acceptances = many(Acceptance, "Who has accepted it.", _all("acceptances"))
    allowances = many(Allowance, "Excused time.", lambda root: root.value.allowances)
    exclusions = many(
        graphene.String, "Categories that excuse.", lambda root: root.value.exclusions
    )
    policies = given(Policies, "Who bears what.", lambda root: root.value.policies)
    claims = maybe(
        Claims,
        "How long credits may be claimed; null where they come unclaimed.",
        lambda root: root.value.claims,
    )
    caps = many(Cap, "The most its credits may reach.", lambda root: root.value.caps)
    annual_caps = many(
        Cap, "The most that those of a contract year may.", lambda root: root.value.annual_caps
    )
    minimum_credit = maybe(
        Money,
        "What a period's credits have to exceed to be paid.",
        lambda root: root.value.minimum_credit,
    )
    content_hash = given(
        graphene.String,
        "What its parties accept: the SHA-256 of all that it binds them to.",
        lambda root: content.content_hash(Contract.of(root.value)),
    )
    not_accepted_by = many(
        graphene.String,
        "The parties whose acceptance of it, as it reads, is not recorded; by their ids.",
        lambda root: content.missing_acceptances(Contract.of(root.value)),
    )
    moves = many(
        AgreementMove,
        "The moves that its state allows.",
        lambda root: [move.event for move in moves_from(root.value.state)],
    )
    continues = maybe(
        graphene.Int,
        "The number it was accepted under, where it goes on after it was suspended or ended.",
        lambda root: root.value.provisions.continues or None,
    )
    provisions = given(
        JSON,
        "All it holds besides: duties, clauses, reviews and so on, as the document has it.",
        lambda root: provisions_json(root.value.provisions, root.value.timezone, root.value.kind),
    )
    filed = filed()

    @staticmethod
    def resolve_covers(root: Root, info: Any, first: Any = None, after: Any = None) -> Listing:
        covers: dict[str, CoverModel] = {cover.service: cover for cover in root.value.covers}
        keys = [(service,) for service in sorted(covers)]
        return page(
            info.context,
            "covers",
            keys,
            lambda key: Seen(root.view, covers[str(key[0])]),
            first,
            after,
        )

    @staticmethod
    def resolve_term(root: Root, info: Any, slug: str) -> Any:
        return next((term for term in _resolved(root) if term.value.id == slug), None)


class Agreement(graphene.ObjectType):
    """An agreement between parties: a service level agreement, an operational level agreement or
    an underpinning contract."""

    class Meta:
        interfaces = (Node,)

    id = identity("Agreement", lambda agreed: (agreed.id,))
    slug = given(graphene.String, "Its id in the estate document.", lambda agreed: agreed.id)
    tag = given(
        graphene.String,
        "Changes with every change of it; what `expectedVersion` is compared with.",
        lambda agreed: tag_of(versions_of(agreed)),
    )
    version = graphene.Field(
        AgreementVersion,
        description="The version in force at the instant of the estate; null where there is none.",
    )
    versions = graphene.Field(
        graphene.NonNull(graphene.List(graphene.NonNull(AgreementVersion))),
        description="All versions, past, future and drafts, by number.",
    )

    @staticmethod
    def resolve_version(root: Agreed, info: Any) -> Root | None:
        version = root.view.snapshot.versions.get(root.id)
        return Seen(root.view, version) if version else None

    @staticmethod
    def resolve_versions(root: Agreed, info: Any) -> list[Root | Elsewhere]:
        found = versions_of(root)
        info.context.spend(len(found))
        return [in_its_time(info.context, root.view, version) for version in found]


AgreementConnection = connection("Agreement", Agreement)
