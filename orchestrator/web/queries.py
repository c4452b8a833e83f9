"""The root of all questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import graphene

from orchestrator.errors import OrchestratorError
from orchestrator.model import records
from orchestrator.model.values import FOREVER, Instant
from orchestrator.store.read import Key, count_runs, latest_run, latest_runs
from orchestrator.web import derivations
from orchestrator.web.asking import Asking, asked_of
from orchestrator.web.booking import Booked
from orchestrator.web.claims import ClaimQuery, claim_of
from orchestrator.web.estates import Estate, EstateAt
from orchestrator.web.fields import argument
from orchestrator.web.ledger import LedgerQuery
from orchestrator.web.nodes import Agreed, Node, parts_of
from orchestrator.web.packs import PackQuery
from orchestrator.web.paging import Edge, Listing, cursor_of, key_of, paged, size_of
from orchestrator.web.questions import AgreementQuery
from orchestrator.web.remedies import RemedyQuery
from orchestrator.web.results import AssessmentRun, AssessmentRunConnection, found_in
from orchestrator.web.scalars import DateTime
from orchestrator.web.scorecards import ScorecardQuery
from orchestrator.web.statements import StatementQuery
from orchestrator.web.view import Seen, View, seen
from orchestrator.web.withdrawals import WithdrawalQuery

_AT = "As in force at this instant; now, if it is left out."
_KNOWN = "As known at this instant; now, if it is left out."


def estate_at(asking: Asking, at: Instant | None = None, known: Instant | None = None) -> EstateAt:
    """The estate in force at an instant, as known at another."""
    instant = asking.now if at is None else at
    view = asking.view(asking.revision(known), instant)
    return EstateAt(view, instant, asking.now if known is None else known)


def _run(asking: Asking, period: str, known: Instant | None = None) -> Booked | None:
    asked = asked_of(period)
    with asking.read() as session:
        run = latest_run(session, asking.site.tenant, asked, known)
    return Booked(run) if run else None


class Query(
    AgreementQuery,
    ClaimQuery,
    LedgerQuery,
    WithdrawalQuery,
    PackQuery,
    RemedyQuery,
    ScorecardQuery,
    StatementQuery,
    graphene.ObjectType,
):
    """Questions. Nothing here changes anything; one that fails is null, the others are answered."""

    node = graphene.Field(
        Node,
        description="Any object by its id; null where there is none.",
        id=argument(graphene.ID, "The id it gave.", required=True),
        at=argument(DateTime, _AT),
        known_at=argument(DateTime, _KNOWN),
    )
    estate = graphene.Field(
        Estate,
        description="Parties, services, agreements and calendars at an instant.",
        at=argument(DateTime, _AT),
        known_at=argument(DateTime, _KNOWN),
    )
    derivations = derivations.field()
    assessment_run = graphene.Field(
        AssessmentRun,
        description="What was concluded for a period; null where it was never assessed.",
        period=argument(
            graphene.String,
            "The period as it was assessed: `2026-04`, `2026-Q2`, `2026` or `FROM/TO`.",
            required=True,
        ),
        known_at=argument(DateTime, _KNOWN),
    )
    assessment_runs = paged(
        AssessmentRunConnection,
        "The last assessment of every period, by the period as text.",
        required=False,
    )

    @staticmethod
    def resolve_node(
        _root: Any, info: Any, id: str, at: Instant | None = None, known_at: Instant | None = None
    ) -> Any:
        name, parts = parts_of(id)
        asking: Asking = info.context
        if name in _OBJECTS and len(parts) == _OBJECTS[name][0]:
            return _OBJECTS[name][1](estate_at(asking, at, known_at).view, *parts)
        if name == "Claim":
            return claim_of(asking, parts, known_at)
        if name in _RESULTS:
            return _result(asking, name, parts, known_at)
        return None

    @staticmethod
    def resolve_estate(
        _root: Any, info: Any, at: Instant | None = None, known_at: Instant | None = None
    ) -> EstateAt:
        return estate_at(info.context, at, known_at)

    @staticmethod
    def resolve_assessment_run(
        _root: Any, info: Any, period: str, known_at: Instant | None = None
    ) -> Booked | None:
        return _run(info.context, period, known_at)

    @staticmethod
    def resolve_assessment_runs(
        _root: Any, info: Any, first: int | None = None, after: str | None = None
    ) -> Listing:
        asking: Asking = info.context
        size = size_of(first)
        start = str(key_of("runs", after, (str,))[0]) if after is not None else ""
        with asking.read() as session:
            runs = latest_runs(session, asking.site.tenant, start, size + 1)
        shown = runs[:size]
        asking.spend(len(shown))
        return Listing(
            tuple(Edge(cursor_of("runs", (run.asked,)), Booked(run)) for run in shown),
            len(runs) > size,
            after is not None,
            lambda: _count_runs(asking),
        )


def _count_runs(asking: Asking) -> int:
    with asking.read() as session:
        return count_runs(session, asking.site.tenant)


# --- objects by id -------------------------------------------------------------------------------


def _version(view: View, agreement: str, number: str) -> Any:
    versions = view.estate.agreements.get(agreement, ())
    return next((Seen(view, one) for one in versions if str(one.number) == number), None)


def _agreement(view: View, id: str) -> Agreed | None:
    return Agreed(view, id) if id in view.estate.agreements else None


_OBJECTS: dict[str, tuple[int, Callable[..., Any]]] = {
    "Party": (1, lambda view, id: seen(view, "parties", id)),
    "Service": (1, lambda view, id: seen(view, "services", id)),
    "Calendar": (1, lambda view, id: seen(view, "calendars", id)),
    "Agreement": (1, _agreement),
    "AgreementVersion": (2, _version),
}

_RESULTS: dict[str, Any] = {
    "AssessmentRun": None,
    "Assessment": records.Assessment,
    "Breach": records.Breach,
    "Credit": records.Credit,
    "Exposure": records.Exposure,
    "Reward": records.Reward,
}


def _result(asking: Asking, name: str, parts: tuple[str, ...], known: Instant | None) -> Any:
    """A run, or the result that the last run of its period booked under a key."""
    try:
        booking = _run(asking, parts[0], known) if parts else None
        if booking is None or (name == "AssessmentRun") != (len(parts) == 1):
            return None
        if len(parts) == 1:
            return booking
        _, agreement, version, term, service, start, *kind = parts
        if len(kind) != (name == "Reward"):
            return None
        number, began = int(version), int(start)
        if max(abs(number), abs(began)) > FOREVER:
            return None
    except (ValueError, OrchestratorError):
        return None
    wanted: Key = (agreement, number, term, service, began, *kind)
    before: Key = (agreement, number, term, service, began - 1, *kind)
    found = booking.page(asking, _RESULTS[name], before, 1 + len(kind), None)
    at = next((place for place, key in enumerate(found.keys) if key == wanted), None)
    return None if at is None else found_in(asking, booking, found.items)[at]
