"""The estate at an instant: where most questions start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import graphene

from orchestrator.model.values import Instant
from orchestrator.web import listings
from orchestrator.web.agreements import Agreement, AgreementConnection
from orchestrator.web.basics import Finding, Span, filed_json
from orchestrator.web.calendars import Calendar, CalendarConnection
from orchestrator.web.enums import AgreementKind
from orchestrator.web.fields import argument, given, many
from orchestrator.web.nodes import Agreed
from orchestrator.web.paging import Listing, connection, page, paged
from orchestrator.web.parties import Party, PartyConnection
from orchestrator.web.scalars import JSON, DateTime
from orchestrator.web.services import Service, ServiceConnection
from orchestrator.web.view import Seen, View, seen


@dataclass(frozen=True, slots=True)
class EstateAt:
    """A revision of the estate at an instant; `known` is when it was known."""

    view: View
    at: Instant
    known: Instant


def _one(type_: Any, what: str) -> Any:
    return graphene.Field(
        type_,
        description=f"{what} by its id in the document; null where there is none then.",
        slug=argument(graphene.String, "The id.", required=True),
    )


FindingConnection = connection("Finding", Finding)


class Estate(graphene.ObjectType):
    """Everything in force at one instant: parties, services, agreements and calendars."""

    revision = given(
        graphene.Int,
        "Counts the recorded states of the estate; 0 while nothing has been imported.",
        lambda root: root.view.revision,
    )
    at = given(DateTime, "The instant it is shown for.", lambda root: root.at)
    known_at = given(DateTime, "The instant it was known at.", lambda root: root.known)
    epoch = given(
        Span,
        "The stretch of time around that instant in which nothing changes.",
        lambda root: root.view.snapshot.epoch,
    )
    name = given(graphene.String, "What it is called.", lambda root: root.view.estate.metadata.name)
    home = many(
        Party,
        "The organisations whose estate it is: what makes an SLA, an OLA and a UC different.",
        lambda root: [
            Seen(root.view, root.view.snapshot.parties[id])
            for id in root.view.estate.metadata.home
            if id in root.view.snapshot.parties
        ],
    )
    currency = given(
        graphene.String,
        "Of every amount that names none.",
        lambda root: root.view.estate.metadata.currency,
    )
    timezone = given(
        graphene.String,
        "Of everything that names none.",
        lambda root: root.view.estate.metadata.timezone,
    )
    parties = paged(PartyConnection, "Organisations and teams, by id.")
    party = _one(Party, "A party")
    services = paged(ServiceConnection, "Services, by id.")
    service = _one(Service, "A service")
    agreements = paged(
        AgreementConnection,
        "Agreements in force, by id.",
        kind=argument(AgreementKind, "Only those that are of this kind by who their parties are."),
        every=argument(
            graphene.Boolean,
            "Those with no version in force at the instant, too.",
            default_value=False,
        ),
    )
    agreement = _one(Agreement, "An agreement, in force or not,")
    calendars = paged(CalendarConnection, "Service hours, by id.")
    calendar = _one(Calendar, "A calendar")
    findings = paged(
        FindingConnection,
        "What is odd about its agreements, over all of time, in the order of the document.",
    )
    filed = given(
        JSON,
        "Keys of the document that are kept as written.",
        lambda root: filed_json(root.view.estate.metadata.kept),
    )

    @staticmethod
    def resolve_parties(root: EstateAt, info: Any, first: Any = None, after: Any = None) -> Listing:
        return listings.objects(root.view, info, "parties", root.view.parties, first, after)

    @staticmethod
    def resolve_party(root: EstateAt, info: Any, slug: str) -> Any:
        return seen(root.view, "parties", slug)

    @staticmethod
    def resolve_services(
        root: EstateAt, info: Any, first: Any = None, after: Any = None
    ) -> Listing:
        return listings.objects(root.view, info, "services", root.view.services, first, after)

    @staticmethod
    def resolve_service(root: EstateAt, info: Any, slug: str) -> Any:
        return seen(root.view, "services", slug)

    @staticmethod
    def resolve_agreements(
        root: EstateAt,
        info: Any,
        first: Any = None,
        after: Any = None,
        kind: Any = None,
        every: bool = False,
    ) -> Listing:
        view = root.view
        keys = view.agreements if every else view.in_force
        if kind is not None:
            keys = tuple(key for key in keys if _kind(view, key[0]) == kind.value)
        return listings.agreements(view, info, keys, first, after)

    @staticmethod
    def resolve_agreement(root: EstateAt, info: Any, slug: str) -> Agreed | None:
        return Agreed(root.view, slug) if slug in root.view.estate.agreements else None

    @staticmethod
    def resolve_calendars(
        root: EstateAt, info: Any, first: Any = None, after: Any = None
    ) -> Listing:
        return listings.objects(root.view, info, "calendars", root.view.calendars, first, after)

    @staticmethod
    def resolve_calendar(root: EstateAt, info: Any, slug: str) -> Any:
        return seen(root.view, "calendars", slug)

    @staticmethod
    def resolve_findings(
        root: EstateAt, info: Any, first: Any = None, after: Any = None
    ) -> Listing:
        found = info.context.findings(root.view.revision)
        keys = [(place,) for place in range(len(found))]
        return page(
            info.context, "findings", keys, lambda key: found[int(key[0])], first, after, (int,)
        )


def _kind(view: View, id: str) -> str:
    """The kind of an agreement: of the version in force, or else of the last."""
    version = view.snapshot.versions.get(id)
    return view.snapshot.kind_of(version) if version else view.estate.agreements[id][-1].kind
