"""What was concluded for a period: assessments, breaches, credits and exposures."""

from __future__ import annotations

from typing import Any

import graphene

from orchestrator.errors import refuse
from orchestrator.model import records
from orchestrator.model.values import Money as Amount
from orchestrator.store.read import Key
from orchestrator.web.asking import Asking
from orchestrator.web.basics import Money, Span, Target, asked, exact_text, money_of
from orchestrator.web.booking import Booking, Evidence, Found, Tallies, result_key
from orchestrator.web.enums import (
    POLICIES,
    AssessmentStatus,
    Metric,
    ResponsibilityBasis,
    WaterfallStepName,
    word_enum,
)
from orchestrator.web.estates import FindingConnection
from orchestrator.web.facts import Fact
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.keys import COVERED, commitment, covered, version_in_view
from orchestrator.web.nodes import Node, identity
from orchestrator.web.paging import Edge, Listing, connection, cursor_of, key_of, paged, size_of
from orchestrator.web.scalars import DateTime
from orchestrator.web.view import seen

_SHAPE = (str, int, str, str, int)


def result_id(root: Found) -> tuple[object, ...]:
    """What tells a result from all others: the period as asked, and its key."""
    return root.booking.asked, *result_key(root.value)


def _keyed(name: str) -> dict[str, Any]:
    """The fields by which a result says what it is about."""
    return {
        "id": identity(name, result_id),
        "agreement": given(
            graphene.String, "The agreement's id.", lambda root: root.value.key.agreement
        ),
        "version": given(graphene.Int, "Its version.", lambda root: root.value.key.version),
        "term": given(graphene.String, "Its term.", lambda root: root.value.key.term),
        "service": given(graphene.String, COVERED, lambda root: root.value.key.service),
        "period": given(
            Span, "The agreement's own period, or its part.", lambda root: root.value.period
        ),
        "agreement_version": maybe(
            "orchestrator.web.agreements.AgreementVersion",
            "The version of the agreement that this is about.",
            version_in_view,
        ),
        "commitment": maybe(
            "orchestrator.web.terms.Term", "The term that this is about.", commitment
        ),
        "services": many("orchestrator.web.services.Service", "The covered services.", covered),
    }


def _result(name: str, about: str, fields: dict[str, Any]) -> Any:
    meta = type("Meta", (), {"interfaces": (Node,)})
    return type(
        name,
        (graphene.ObjectType,),
        {"__doc__": about, "Meta": meta} | _keyed(name) | fields,
    )


def _party(name: str) -> Any:
    return lambda root: seen(root.view, "parties", getattr(root.value, name))


class AssessedWindow(graphene.ObjectType):
    """What one window of a term came to, or the rest of its hours."""

    hours = given(graphene.String, "The part of the service hours: `24x7 in prime`.")
    target = given(graphene.Float, "The committed ratio or number.")
    attained = maybe(graphene.Float, "The measured one; null where there is too little.")
    attained_text = maybe(
        graphene.String, "The same exactly.", lambda one: exact_text(one.attained)
    )
    status = given(AssessmentStatus, "What that says.")
    counted_seconds = given(graphene.Float, "Downtime that counts in it.")
    hours_seconds = given(graphene.Float, "Its service hours in the period.")


class CountedPoint(graphene.ObjectType):
    """One target, and the cases that were counted for it: tickets, samples or incidents."""

    target = given(Target, "The target.", lambda pair: asked(pair[0], pair[1].target))
    attained = maybe(graphene.Float, "What they come to.", lambda pair: pair[1].attained)
    cases = given(graphene.Int, "How many cases there were.", lambda pair: pair[1].cases)
    missed = maybe(
        graphene.Int,
        "How many of them missed it; null where one cannot tell of a single case.",
        lambda pair: pair[1].missed,
    )
    misses_allowed = maybe(
        graphene.Int, "How many may miss it.", lambda pair: pair[1].misses_allowed
    )


class SourceValue(graphene.ObjectType):
    """What one source says was attained."""

    source = given(graphene.String, "The source; empty where none is named.")
    attained = maybe(graphene.Float, "The value; null where it says too little.")
    cases = given(graphene.Int, "The number of its cases.")


class Tally(graphene.ObjectType):
    """What an assessment by tickets, samples or incidents was counted from."""

    promised = given(
        Target,
        "The whole target.",
        lambda pair: asked(pair[0], pair[1].promised),
    )
    points = many(
        CountedPoint,
        "Every target that has to be kept, as promised.",
        lambda pair: [(pair[0], point) for point in pair[1].points],
    )
    decides = given(
        graphene.Int,
        "The place in `points` of the one that the assessment shows.",
        lambda pair: pair[1].decides,
    )
    carried = given(
        graphene.Int,
        "Cases that began and count in no period yet.",
        lambda pair: pair[1].carried,
    )
    values = many(
        SourceValue,
        "What each source says, where several were compared; the one that decides first.",
        lambda pair: pair[1].values,
    )
    decided = maybe(
        AssessmentStatus,
        "Of what is disputed, what the source that decides says; null where none does.",
        lambda pair: pair[1].decided or None,
    )


def _tally(root: Found) -> tuple[str, Any] | None:
    found = root.tallies.of(root.value)
    return None if found is None else (root.value.metric, found)


Assessment = _result(
    "Assessment",
    "Measurement against target, for one term, covered service and period.",
    {
        "metric": given(Metric, "What was measured.", lambda root: root.value.metric),
        "target": given(graphene.Float, "The committed ratio.", lambda root: root.value.target),
        "target_text": given(
            graphene.String,
            "The same exactly, as a decimal or a fraction.",
            lambda root: exact_text(root.value.target),
        ),
        "attained": maybe(
            graphene.Float,
            "The measured ratio; null where there are no service hours.",
            lambda root: root.value.attained,
        ),
        "attained_text": maybe(
            graphene.String,
            "The same exactly, as a decimal or a fraction.",
            lambda root: exact_text(root.value.attained),
        ),
        "attained_if_gaps_down": maybe(
            graphene.Float,
            "The ratio if all was down that nobody measured.",
            lambda root: root.value.attained_low,
        ),
        "attained_if_gaps_up": maybe(
            graphene.Float,
            "The ratio if all was up that nobody measured.",
            lambda root: root.value.attained_high,
        ),
        "status": given(AssessmentStatus, "What that says.", lambda root: root.value.status),
        "counted_seconds": given(
            graphene.Float, "Downtime that counts.", lambda root: root.value.counted_seconds
        ),
        "excused_seconds": given(
            graphene.Float, "Downtime that is excused.", lambda root: root.value.excused_seconds
        ),
        "unknown_seconds": given(
            graphene.Float,
            "Time nobody measured.",
            lambda root: root.value.unknown_seconds,
        ),
        "hours_seconds": given(
            graphene.Float,
            "Service hours in the period.",
            lambda root: root.value.hours_seconds,
        ),
        "windows": many(
            AssessedWindow,
            "Of a term with windows, each of them; all else is of the one that decides.",
            lambda root: root.value.windows,
        ),
        "tally": maybe(Tally, "What was counted; null of what is measured by downtime.", _tally),
    },
)


class Responsibility(graphene.ObjectType):
    """What one component contributed to a breach, and what follows from it."""

    party = given(graphene.String, "The responsible party's id.", lambda root: root.value.party)
    responsible_party = maybe(
        "orchestrator.web.parties.Party", "The party itself.", _party("party")
    )
    service = given(
        graphene.String,
        "The component: a service, or `SERVICE:own` for the own part of one with dependencies.",
        lambda root: root.value.service,
    )
    responsible_service = maybe(
        "orchestrator.web.services.Service",
        "The service itself; null where the component is several.",
        lambda root: seen(root.view, "services", root.value.service.removesuffix(":own")),
    )
    seconds = given(graphene.Float, "The downtime it contributed.", lambda root: root.value.seconds)
    share = given(
        graphene.Float, "Its share of the breach's downtime.", lambda root: root.value.share
    )
    share_text = given(
        graphene.String, "The share exactly.", lambda root: exact_text(root.value.share)
    )
    liable = given(
        graphene.Boolean,
        "Whether its own agreement makes the party answer for it.",
        lambda root: root.value.liable,
    )
    basis = given(ResponsibilityBasis, "Why.", lambda root: root.value.basis)
    agreement = maybe(
        graphene.String,
        "The id of the agreement beneath that speaks of it.",
        lambda root: root.value.agreement,
    )
    through = many(
        graphene.String,
        "The ids of the provider's agreements with itself that it was traced through, the nearest "
        "first.",
        lambda root: root.value.through,
    )
    evidence_ids = many(
        graphene.String, "The ids of the facts that show it.", lambda root: root.value.evidence
    )
    evidence = many(
        Fact,
        "The facts that show it, as they were known.",
        lambda root: root.evidence.of(root.value.evidence),
    )


class Bearer(graphene.ObjectType):
    """Where a share of a breach ends."""

    party = given(graphene.String, "The party's id.", lambda root: root.value.party)
    bearing_party = maybe("orchestrator.web.parties.Party", "The party itself.", _party("party"))
    share = given(graphene.Float, "The share.", lambda root: root.value.share)
    share_text = given(
        graphene.String, "The share exactly.", lambda root: exact_text(root.value.share)
    )
    basis = maybe(
        ResponsibilityBasis,
        "Why it stays with this party; null for a liable one.",
        lambda root: root.value.basis,
    )


def _parts(name: str) -> Any:
    return lambda root: [
        Found(root.view, root.booking, one, root.evidence, root.tallies)
        for one in getattr(root.value, name)
    ]


Breach = _result(
    "Breach",
    "An assessment that misses, traced through the graph to the parties. Responsibility is who "
    "contributed; who bears it is another question.",
    {
        "policy": given(
            POLICIES["shares"][0],
            "How time was shared among overlapping outages.",
            lambda root: root.value.policy,
        ),
        "responsibility": many(
            Responsibility, "Who contributed, most first.", _parts("responsibility")
        ),
        "borne_by": many(Bearer, "Where it ends, liable parties first.", _parts("borne_by")),
        "breach_class": maybe(
            graphene.String,
            "How grave it is, by the classes of the term; null where it has none.",
            lambda root: root.value.breach_class,
        ),
    },
)


class CreditLimit(graphene.ObjectType):
    """What one of its limits leaves of a credit."""

    limit = given(graphene.String, "Which limit.", lambda pair: pair[0])
    left = given(graphene.String, "What it leaves.", lambda pair: pair[1])


RewardKind = word_enum(
    "RewardKind",
    "What good performance brings.",
    {"bonus": "A sum for more than was promised.", "earn_back": "A credit that is cancelled."},
)

Credit = _result(
    "Credit",
    "A service credit that a breach brings.",
    {
        "debtor": given(graphene.String, "The id of who owes it.", lambda root: root.value.debtor),
        "debtor_party": maybe("orchestrator.web.parties.Party", "Who owes it.", _party("debtor")),
        "creditor": given(
            graphene.String, "The id of whom it is owed to.", lambda root: root.value.creditor
        ),
        "creditor_party": maybe(
            "orchestrator.web.parties.Party", "Whom it is owed to.", _party("creditor")
        ),
        "amount": given(
            graphene.String,
            "What is owed, with all its decimals.",
            lambda root: str(root.value.money),
        ),
        "currency": given(
            graphene.String, "ISO 4217 code.", lambda root: root.value.money.currency
        ),
        "percent": given(graphene.Float, "Per cent of the fee.", lambda root: root.value.percent),
        "uncapped": given(
            Money, "What it would be without a cap.", lambda root: root.value.uncapped
        ),
        "scheme": given(
            graphene.String, "The kind of scheme it is by.", lambda root: root.value.scheme
        ),
        "points": given(
            graphene.Float, "Service points of the period.", lambda root: root.value.points
        ),
        "repeated": given(
            Money,
            "How much of it repetition adds, before any limit.",
            lambda root: Amount(root.value.repeated, root.value.money.currency),
        ),
        "limits": many(
            CreditLimit,
            "What each limit in turn leaves of it.",
            lambda root: [
                (one.stage, money_of(one.amount, root.value.money.currency))
                for one in root.value.stages
            ],
        ),
    },
)

Reward = _result(
    "Reward",
    "What good performance brings: a bonus, or a credit earned back.",
    {
        "kind": given(RewardKind, "Which of the two.", lambda root: root.value.kind),
        "earned": given(
            Span,
            "The period that brought it: of a credit earned back, a later one than its own.",
            lambda root: root.value.earned,
        ),
        "debtor": given(graphene.String, "The id of who owes it.", lambda root: root.value.debtor),
        "creditor": given(
            graphene.String, "The id of whom it is owed to.", lambda root: root.value.creditor
        ),
        "amount": given(
            graphene.String, "How much, with all its decimals.", lambda root: str(root.value.money)
        ),
        "currency": given(
            graphene.String, "ISO 4217 code.", lambda root: root.value.money.currency
        ),
        "percent": given(
            graphene.Float,
            "Per cent of the fee, or of the credit.",
            lambda root: root.value.percent,
        ),
    },
)


class WaterfallStep(graphene.ObjectType):
    """A part of what is owed, by why it is or is not recovered."""

    step = given(WaterfallStepName, "Why.", lambda pair: pair[0])
    amount = given(graphene.String, "How much of it.", lambda pair: pair[1])


def _waterfall(root: Found) -> list[tuple[str, str]]:
    currency = root.value.currency
    return [(one.step, money_of(one.amount, currency)) for one in root.value.waterfall]


Exposure = _result(
    "Exposure",
    "What a breach costs us: owed to the customer, recoverable beneath, and why the two differ.",
    {
        "owed": given(
            graphene.String,
            "Owed to the customer.",
            lambda root: money_of(root.value.owed, root.value.currency),
        ),
        "recovered": given(
            graphene.String,
            "Recoverable from those beneath.",
            lambda root: money_of(root.value.recovered, root.value.currency),
        ),
        "net": given(
            graphene.String,
            "What is left.",
            lambda root: money_of(root.value.net, root.value.currency),
        ),
        "currency": given(
            graphene.String, "ISO 4217 code, of every amount.", lambda root: root.value.currency
        ),
        "waterfall": many(
            WaterfallStep, "What is owed, step by step; the steps add up to it.", _waterfall
        ),
    },
)

AssessmentConnection = connection("Assessment", Assessment)
BreachConnection = connection("Breach", Breach)
CreditConnection = connection("Credit", Credit)
ExposureConnection = connection("Exposure", Exposure)
RewardConnection = connection("Reward", Reward)


def found_in(asking: Asking, booking: Booking, items: tuple[Any, ...]) -> list[Found]:
    """Results with the estate they follow from."""
    evidence, tallies = Evidence(asking, booking, items), Tallies(asking, booking, items)
    return [
        Found(
            asking.view(booking.estate_revision, item.period.start),
            booking,
            item,
            evidence,
            tallies,
        )
        for item in items
    ]


def _listing(
    asking: Asking,
    booking: Booking,
    name: str,
    first: int | None,
    after: str | None,
    agreements: list[str] | None = None,
) -> Listing:
    cls: Any = _CLASSES[name]
    size = size_of(first)
    shape = _SHAPES.get(cls, _SHAPE)
    key: Key | None = key_of(name, after, shape) if after is not None else None
    shown = booking.page(asking, cls, key, size, agreements)
    asking.spend(len(shown.items))
    nodes: Any = shown.items if cls is records.Finding else found_in(asking, booking, shown.items)
    return Listing(
        tuple(
            Edge(cursor_of(name, key), node) for key, node in zip(shown.keys, nodes, strict=True)
        ),
        shown.more,
        after is not None,
        lambda: booking.count(asking, cls, agreements),
    )


_CLASSES = {
    "assessments": records.Assessment,
    "breaches": records.Breach,
    "credits": records.Credit,
    "exposures": records.Exposure,
    "findings": records.Finding,
    "rewards": records.Reward,
}
_SHAPES: dict[type, tuple[type, ...]] = {
    records.Finding: (int,),
    records.Reward: (*_SHAPE, str),
}
_MOST_AGREEMENTS = 500


def named_agreements(agreements: list[str] | None) -> None:
    """Refuse more agreements than one question may name."""
    if agreements is not None and len(agreements) > _MOST_AGREEMENTS:
        raise refuse("BAD_PAGE", f"name at most {_MOST_AGREEMENTS} agreements")


def _of(name: str) -> Any:
    def resolve(
        root: Booking, info: Any, first: Any = None, after: Any = None, agreements: Any = None
    ) -> Listing:
        named_agreements(agreements)
        return _listing(info.context, root, name, first, after, agreements)

    return resolve


def _results(connection_type: Any, name: str, about: str) -> Any:
    return paged(
        connection_type,
        about,
        _of(name),
        agreements=argument(
            graphene.List(graphene.NonNull(graphene.String)), "Of these agreements alone, by id."
        ),
    )


class AssessmentRun(graphene.ObjectType):
    """One assessment of a period: everything that followed from the estate and the facts as they
    were known. A period that is assessed again has a further revision where something differs."""

    class Meta:
        interfaces = (Node,)

    id = identity("AssessmentRun", lambda booking: (booking.asked,))
    period = given(
        graphene.String,
        "The period as asked, `FROM/TO`; dates mean those in each agreement's own zone.",
        lambda booking: booking.asked,
    )
    revision = given(graphene.Int, "Counts the assessments of this period that differ.")
    estate_revision = given(graphene.Int, "The state of the estate it follows from.")
    recorded_at = maybe(DateTime, "When it was booked; null in a dry run.")
    known_at = given(DateTime, "The state of knowledge it follows from.")
    assessments = _results(
        AssessmentConnection, "assessments", "Every term's attainment, by agreement and term."
    )
    breaches = _results(BreachConnection, "breaches", "The missed ones, traced to parties.")
    credits = _results(CreditConnection, "credits", "Service credits that they bring.")
    exposures = _results(
        ExposureConnection, "exposures", "What is owed to customers and what is recoverable."
    )
    rewards = _results(RewardConnection, "rewards", "Bonuses, and credits that are earned back.")
    findings = paged(
        FindingConnection, "What a reader should know about this period.", _of("findings")
    )


AssessmentRunConnection = connection("AssessmentRun", AssessmentRun)
