"""Questions about agreements besides their figures: which term holds, what falls due, what a draft
would have brought, and what could be published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import graphene

from orchestrator.engine.agenda import agenda
from orchestrator.engine.publishing import publishable_target
from orchestrator.engine.settle import reach_of
from orchestrator.engine.shadow import attained, replayed, version_of
from orchestrator.engine.signing import as_if, last_periods
from orchestrator.engine.standing import Case, Effective, effective_term
from orchestrator.errors import refuse
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS, target_text
from orchestrator.model.records import Facts
from orchestrator.model.schedule import DEADLINE_KINDS
from orchestrator.model.schedule import Deadline as DeadlineModel
from orchestrator.model.values import AskedPeriod, Instant, parse_ratio, zone
from orchestrator.store.read import latest_run, load_facts, load_verdict
from orchestrator.web.agreements import AgreementVersion
from orchestrator.web.asking import Asking, asked_of
from orchestrator.web.basics import Finding, Money, Span
from orchestrator.web.enums import Metric, word_enum
from orchestrator.web.fields import argument, given, many
from orchestrator.web.limits import MAX_PERIODS
from orchestrator.web.scalars import DateTime
from orchestrator.web.terms import Term
from orchestrator.web.view import Seen, View

_AGREEMENT = "The agreement, by its id in the document."
_PERIOD = "`2026-04`, `2026-Q2`, `2026` or `FROM/TO`."


@dataclass(frozen=True, slots=True)
class Held:
    """The term that holds for a case, in the view it was looked for in."""

    view: View
    found: Effective


class EffectiveTerm(graphene.ObjectType):
    """The term that holds for a case, and what it takes precedence over."""

    version = given(
        AgreementVersion,
        "The version it is a term of.",
        lambda root: Seen(root.view, root.found.contract.version),
    )
    term = given(
        Term,
        "The term.",
        lambda root: Seen(root.view, root.found.contract.version.resolved(root.found.term)),
    )
    overridden = many(
        graphene.String,
        "The terms it takes precedence over, as `agreement/term`, the most special first.",
        lambda root: root.found.overridden,
    )
    findings = many(Finding, "What to notice about that.", lambda root: root.found.findings)


DeadlineKind = word_enum("DeadlineKind", "What kind of thing falls due.", DEADLINE_KINDS)


class Deadline(graphene.ObjectType):
    """Something that falls due."""

    at = given(DateTime, "When.")
    end = given(DateTime, "When it is over, if it lasts; else the same instant.")
    kind = given(DeadlineKind, "What kind of thing.")
    agreement = given(graphene.String, "Under which agreement, by its id.")
    subject = given(graphene.String, "What tells it from others of its kind.")
    summary = given(graphene.String, "In words.")
    parties = many(graphene.String, "Whom it concerns, by their ids.")


class ShadowCredit(graphene.ObjectType):
    """A credit that a draft would have brought."""

    term = given(graphene.String, "The term.", lambda credit: credit.key.term)
    service = given(graphene.String, "The service.", lambda credit: credit.key.service)
    amount = given(Money, "How much.", lambda credit: credit.money)


class ShadowPeriod(graphene.ObjectType):
    """What a draft would have brought in one period."""

    period = given(Span, "The period.")
    breaches = given(graphene.Int, "The terms it would have missed.")
    credits = many(ShadowCredit, "The credits it would have owed.")


class PublishableTarget(graphene.ObjectType):
    """The strictest target that was met in all of the last periods, less a margin."""

    target = given(graphene.Float, "The target.", lambda root: float(root[0]))
    target_text = given(graphene.String, "The target exactly.", lambda root: root[1])
    attained = many(
        graphene.Float, "What each of those periods came to, oldest first.", lambda root: root[2]
    )


def facts_for(asking: Asking, estate: Estate, asked: AskedPeriod) -> Facts:
    """The recorded facts that a verdict on a span can depend on."""
    with asking.read() as session:
        return load_facts(session, asking.site.tenant, reach_of(estate, asked))


def _estate(asking: Asking) -> Estate:
    return asking.estate(asking.revision())


class AgreementQuery:
    """Questions about agreements; a part of the root of all questions."""

    effective_term = graphene.Field(
        EffectiveTerm,
        description="Which term holds for a case: the customer's over the service's over the "
        "corporate one, and the more special before the more general; null where none does. "
        "Several that hold alike are an error (AMBIGUOUS_TERM) that lists them.",
        customer=argument(graphene.String, "Whose case, by id.", required=True),
        service=argument(graphene.String, "Of which service, by id.", required=True),
        metric=argument(Metric, "What it is about.", required=True),
        priority=argument(graphene.String, "Of which priority; none, if left out."),
        at=argument(DateTime, "As in force at this instant; now, if it is left out."),
    )
    deadlines = graphene.Field(
        graphene.List(graphene.NonNull(Deadline)),
        description="What falls due in a period, sorted by time: reviews, notice, renewals, ends, "
        "planned work, and claims for what was booked as breached in the same period.",
        period=argument(graphene.String, _PERIOD, required=True),
        agreement=argument(graphene.String, f"{_AGREEMENT} All, if it is left out."),
    )
    replay_shadow = graphene.Field(
        graphene.List(graphene.NonNull(ShadowPeriod)),
        description="What a version, a draft say, would have brought in the periods that end in a "
        "span, by all facts known now; nothing is booked. Null to all but whoever runs the server.",
        agreement=argument(graphene.String, _AGREEMENT, required=True),
        version=argument(graphene.Int, "Its number.", required=True),
        period=argument(graphene.String, _PERIOD, required=True),
    )
    publishable_target = graphene.Field(
        PublishableTarget,
        description="The strictest target of a term that was met in all of the last periods that "
        "are over, less a margin. Too few known periods are an error (TOO_FEW_PERIODS). Null to "
        "all but whoever runs the server.",
        agreement=argument(graphene.String, _AGREEMENT, required=True),
        version=argument(graphene.Int, "The number of the version.", required=True),
        term=argument(graphene.String, "The term, by its id.", required=True),
        periods=argument(graphene.Int, "How many periods.", required=True),
        margin=argument(
            graphene.String, "As `0.1%`, or a number in the metric's unit.", default_value="0"
        ),
    )

    @staticmethod
    def resolve_effective_term(
        _root: Any,
        info: Any,
        customer: str,
        service: str,
        metric: Any,
        priority: str = "",
        at: Instant | None = None,
    ) -> Held | None:
        asking: Asking = info.context
        view = asking.view(asking.revision(), asking.now if at is None else at)
        contracts = [Contract.of(one) for _, one in sorted(view.snapshot.versions.items())]
        case = Case(customer, service, metric.value, priority or "")
        found = effective_term(contracts, view.snapshot.parties, case)
        return None if found is None else Held(view, found)

    @staticmethod
    def resolve_deadlines(
        _root: Any, info: Any, period: str, agreement: str | None = None
    ) -> Sequence[Any]:
        asking: Asking = info.context
        found = deadlines_of(asking, asked_of(period), agreement)
        asking.spend(len(found))
        return found

    @staticmethod
    def resolve_replay_shadow(
        _root: Any, info: Any, agreement: str, version: int, period: str
    ) -> Sequence[Any] | None:
        asking: Asking = info.context
        if not asking.sees_all:
            return None
        estate, asked = _estate(asking), asked_of(period)
        held = as_if(estate, version_of(estate, agreement, version), always=True)
        facts = facts_for(asking, held, asked)
        return replayed(estate, facts, agreement, version, asked)

    @staticmethod
    def resolve_publishable_target(
        _root: Any,
        info: Any,
        agreement: str,
        version: int,
        term: str,
        periods: int,
        margin: str = "0",
    ) -> tuple[Fraction, str, Sequence[Fraction]] | None:
        asking: Asking = info.context
        if not asking.sees_all:
            return None
        estate = _estate(asking)
        one = version_of(estate, agreement, version)
        known = {held.id: held for held in one.terms}
        if term not in known or not 0 < periods <= MAX_PERIODS:
            raise refuse(
                "UNKNOWN_REFERENCE" if term not in known else "BAD_PERIOD",
                f"{agreement!r} has no term {term!r}, or {periods} periods are too few or many",
                f"ask for 1 to {MAX_PERIODS} periods of one of its terms",
            )
        asked = last_periods(one, periods, asking.now)
        facts = facts_for(asking, as_if(estate, one, always=True), asked)
        came_to = attained(estate, facts, agreement, version, term, asked)
        metric = METRICS[known[term].metric]
        target = publishable_target(metric, came_to, periods, parse_ratio(margin))
        return target, target_text(metric, target), came_to[-periods:]


def deadlines_of(
    asking: Asking, asked: AskedPeriod, agreement: str | None = None
) -> tuple[DeadlineModel, ...]:
    """What falls due in a period, by the estate, its facts and what is booked for that period."""
    estate = _estate(asking)
    span = asked.span(zone(estate.metadata.timezone))
    with asking.read() as session:
        run = latest_run(session, asking.site.tenant, asked)
        assessments = load_verdict(session, run).assessments if run else ()
        works = load_facts(session, asking.site.tenant, span).maintenance
    return agenda(
        estate,
        span,
        agreement=agreement,
        maintenance=[one for one in works if one.service in estate.services],
        assessments=[one for one in assessments if one.key.agreement in estate.agreements],
    )
