"""Composite commitments: what each promise rests on, and whether that is enough."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import graphene

from orchestrator.engine.derive import Depth
from orchestrator.errors import refuse
from orchestrator.model.derivations import Derivation as DerivationModel
from orchestrator.model.derivations import Explanation as ExplanationModel
from orchestrator.web.asking import Asking, asked_of
from orchestrator.web.basics import (
    Finding,
    Money,
    Span,
    Target,
    asked,
    exact_text,
    number_of,
    reached,
    seconds,
    within_days,
    within_seconds,
)
from orchestrator.web.enums import DerivationStatus, Metric
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.keys import COVERED, commitment, covered, in_its_view, version_in_view
from orchestrator.web.limits import MAX_CUTS
from orchestrator.web.paging import Key, Listing, connection, page, paged
from orchestrator.web.scalars import DateTime
from orchestrator.web.view import Seen

Root = Seen[DerivationModel]


class Basis(graphene.ObjectType):
    """Which term of which agreement gave a component its value."""

    leaf = given(
        graphene.String,
        "The component: a service, or `SERVICE:own` for the own part of one with dependencies.",
    )
    agreement = given(graphene.String, "The agreement's id in the document.")
    version = given(graphene.Int, "Its version.")
    term = given(graphene.String, "Its term.")
    unavailability = maybe(
        graphene.Float, "The share of time it may be down; null of what is no availability."
    )
    target = maybe(Target, "What is promised of it, where that is no availability.")
    hours = maybe(
        graphene.String,
        "Of a term with windows, the part of its hours in which it is that.",
        lambda basis: basis.hours or None,
    )


class WitnessOutage(graphene.ObjectType):
    """Components that are down together in the worst case that keeps every commitment."""

    down = many(graphene.String, "The components.")
    share = given(graphene.Float, "For what share of the service hours.")


class ShadowPrice(graphene.ObjectType):
    """Downtime of the composite for each unit of a component's budget."""

    leaf = given(graphene.String, "The component.")
    low = given(graphene.Float, "What a little more budget costs.")
    high = given(graphene.Float, "What a little less saves.")


class Importance(graphene.ObjectType):
    """How much a component matters if parts fail independently."""

    leaf = given(graphene.String, "The component.")
    birnbaum = given(graphene.Float, "How much less available the composite is while it is down.")
    criticality = given(graphene.Float, "Its share in the composite's downtime.")
    achievement = maybe(
        graphene.Float, "By what factor the composite's downtime grows while it is down."
    )
    reduction = maybe(
        graphene.Float,
        "By what factor the composite's downtime shrinks were it never down; null if to nothing.",
    )
    fussell_vesely = maybe(
        graphene.Float,
        "How likely a minimal cut with it is down, given that the composite is; where `cuts` asks.",
    )


class Renegotiation(graphene.ObjectType):
    """What a better term beneath would bring."""

    agreement = given(graphene.String, "The agreement's id in the document.")
    version = given(graphene.Int, "Its version.")
    term = given(graphene.String, "Its term.")
    leaf = given(graphene.String, "The component.")
    price = given(graphene.Float, "What a little less of its downtime saves.")
    credit = maybe(
        Money, "What the first credit tier of the composite's own agreement comes to, of one fee."
    )
    fee = maybe(Money, "That fee.")
    negotiability = given(graphene.String, "`negotiable`, `standard` or `fixed`.")
    target = maybe(
        graphene.Float, "A target that closes the gap by itself; null where none is sure to."
    )
    sentence = given(graphene.String, "The same as a sentence.")


class Methods(graphene.ObjectType):
    """How each figure was found: `exact`, `bounded`, `sampled`, or `none` without one."""

    floor = given(graphene.String, "The floor.")
    independent = given(graphene.String, "The independent figure.")
    beta = given(graphene.String, "The figure with common causes.")


class Interval(graphene.ObjectType):
    """What a figure lies between."""

    low = given(graphene.Float, "The lower end.", lambda ends: ends[0])
    high = given(graphene.Float, "The upper end.", lambda ends: ends[1])


class StageTime(graphene.ObjectType):
    """When a case comes to a stage of a flow, and when that is due."""

    stage = given(graphene.String, "The commitment, as `agreement/term`.")
    start = given(DateTime, "When it begins.", lambda one: one.start, name="from")
    due = given(DateTime, "When it is due.")


class WorstCase(graphene.ObjectType):
    """The case that waits longest along a flow."""

    hours = given(graphene.String, "The calendar in which the wait is counted.")
    start = given(DateTime, "When it comes in.", lambda one: one.start, name="from")
    due = given(DateTime, "When it is due.")
    elapsed_seconds = given(
        graphene.Float, "How long it waits in those hours.", lambda one: seconds(one.elapsed)
    )
    stages = many(StageTime, "The stages it goes through.")


class Explanation(graphene.ObjectType):
    """Where the figures of a derivation come from, sorted by component."""

    basis = many(Basis, "The terms that gave the components their values.")
    witness = many(WitnessOutage, "A worst case that keeps every commitment.")
    worst_cases = many(WorstCase, "Along a flow, the longest waits.")
    shadow_prices = many(ShadowPrice, "What changes to a component's budget do.")
    importance = many(Importance, "Which components matter.")
    single_points_of_failure = many(
        graphene.String,
        "Components that take it down alone.",
        lambda explanation: explanation.single_points,
    )
    minimal_cuts = many(
        graphene.List(graphene.NonNull(graphene.String)),
        "Smallest sets of components that take it down together, up to `cuts`.",
    )
    cuts_complete = given(graphene.Boolean, "Whether those are all there are up to that order.")
    renegotiate = many(
        Renegotiation, "Terms to talk about, those that bring most first, then the fixed ones."
    )

    @staticmethod
    def resolve_minimal_cuts(root: ExplanationModel, info: Any) -> Any:
        info.context.spend(len(root.minimal_cuts))
        return root.minimal_cuts


def _promised(one: DerivationModel) -> Any:
    return asked(one.metric, one.promised)


@dataclass(frozen=True, slots=True)
class _Grounds:
    """A basis whose target is shown as the metric has it."""

    leaf: str
    agreement: str
    version: int
    term: str
    unavailability: Fraction | None
    target: Any
    hours: str


def _explained(one: DerivationModel) -> Any:
    """An explanation with the targets of its basis as they are shown."""
    found: Any = one.explanation
    if found is None:
        return None
    basis = (
        _Grounds(
            ground.leaf,
            ground.agreement,
            ground.version,
            ground.term,
            ground.unavailability,
            asked(one.metric, ground.target),
            ground.hours,
        )
        for ground in found.basis
    )
    return replace(found, basis=tuple(basis))


class DerivedWindow(graphene.ObjectType):
    """What one window of a term rests on, or the rest of its hours."""

    hours = given(
        graphene.String, "The part of the service hours: `24x7 in prime`.", lambda pair: pair[1]
    )
    promised = given(
        Target, "The target that holds in it.", lambda pair: asked(pair[0], pair[2].promised)
    )
    floor = maybe(Target, "What is guaranteed.", lambda pair: reached(pair[0], pair[2].floor))
    independent = maybe(
        Target,
        "If components fail independently at their committed levels.",
        lambda pair: reached(pair[0], pair[2].independent),
    )
    beta = maybe(
        Target,
        "The same with the declared common causes.",
        lambda pair: reached(pair[0], pair[2].beta),
    )
    methods = given(Methods, "How each figure was found.", lambda pair: pair[2].methods)
    status = given(DerivationStatus, "Whether it is underpinned.", lambda pair: pair[2].status)


class Derivation(graphene.ObjectType):
    """What one term of one agreement rests on, over one of its periods: the worst in the span
    asked for. Ratios are shares of the composite's service hours; null where they say nothing."""

    agreement = given(graphene.String, "The agreement's id.", lambda root: root.value.key.agreement)
    version = given(graphene.Int, "Its version.", lambda root: root.value.key.version)
    term = given(graphene.String, "Its term.", lambda root: root.value.key.term)
    service = given(graphene.String, COVERED, lambda root: root.value.key.service)
    agreement_version = maybe(
        "orchestrator.web.agreements.AgreementVersion",
        "The version of the agreement that this is about.",
        version_in_view,
    )
    commitment = maybe("orchestrator.web.terms.Term", "The term that this is about.", commitment)
    services = many("orchestrator.web.services.Service", "The covered services.", covered)
    metric = given(Metric, "What is promised.", lambda root: root.value.metric)
    period = given(Span, "The period.", lambda root: root.value.period)
    promised = maybe(
        graphene.Float,
        "The committed ratio or number, or the share of a target in time and share; null of what "
        "is no number.",
        lambda root: number_of(root.value.promised),
    )
    promised_text = given(
        graphene.String, "The target exactly.", lambda root: _promised(root.value).text
    )
    promised_target = given(Target, "The target, in its parts.", lambda root: _promised(root.value))
    within_seconds = maybe(
        graphene.Float,
        "The time of a target that is or has one.",
        lambda root: within_seconds(root.value.promised),
    )
    within_business_days = maybe(
        graphene.Int,
        "The same, where it is business days.",
        lambda root: within_days(root.value.promised),
    )
    floor = maybe(
        graphene.Float,
        "What is guaranteed, however outages fall, while every commitment beneath is kept.",
        lambda root: number_of(root.value.floor),
    )
    floor_text = maybe(
        graphene.String,
        "The floor exactly, as a decimal or a fraction.",
        lambda root: exact_text(root.value.floor),
    )
    floor_target = maybe(
        Target,
        "What is guaranteed, of whatever it is made.",
        lambda root: reached(root.value.metric, root.value.floor),
    )
    independent = maybe(
        graphene.Float,
        "If components fail independently at their committed levels.",
        lambda root: number_of(root.value.independent),
    )
    independent_target = maybe(
        Target,
        "The same, of whatever it is made.",
        lambda root: reached(root.value.metric, root.value.independent),
    )
    beta = maybe(
        graphene.Float,
        "The same with the declared common causes.",
        lambda root: number_of(root.value.beta),
    )
    covered_share = given(
        graphene.Float,
        "The share of the service hours for which there are commitments to reckon with.",
        lambda root: root.value.covered_share,
    )
    method = given(
        graphene.String, "The weakest way any figure was found.", lambda root: root.value.method
    )
    methods = given(Methods, "How each figure was found.", lambda root: root.value.methods)
    independent_interval = maybe(
        Interval,
        "What the independent figure lies between, where it is not exact.",
        lambda root: root.value.independent_interval,
    )
    status = given(DerivationStatus, "Whether it is underpinned.", lambda root: root.value.status)
    headroom = maybe(
        graphene.Float,
        "How far the floor lies above what is promised; negative in a shortfall.",
        lambda root: number_of(root.value.headroom),
    )
    assumptions = many(
        graphene.String, "What the figures take for granted.", lambda root: root.value.assumptions
    )
    findings = many(Finding, "What a reader should know.", lambda root: root.value.findings)
    windows = many(
        DerivedWindow,
        "Of a term with windows, each of them; all else is of the worst.",
        lambda root: [(root.value.metric, one.hours, one.outcome) for one in root.value.windows],
    )
    explanation = maybe(
        Explanation,
        "Where the figures come from, when `explain` or `cuts` asks for it.",
        lambda root: _explained(root.value),
    )


DerivationConnection = connection("Derivation", Derivation)

_SHAPE = (str, str, str, int, int)


def field() -> Any:
    """The root field."""
    return paged(
        DerivationConnection,
        "Whether what the agreements promise is underpinned over a period, by agreement, term and "
        "service.",
        resolve,
        required=False,
        period=argument(
            graphene.String, "`2026-04`, `2026-Q2`, `2026` or `FROM/TO`.", required=True
        ),
        agreement=argument(graphene.String, "This agreement alone, by its id in the document."),
        status=argument(
            graphene.List(graphene.NonNull(DerivationStatus)), "Only those of these statuses."
        ),
        explain=argument(
            graphene.Boolean, "Explain where the figures come from.", default_value=False
        ),
        cuts=argument(
            graphene.Int,
            f"List minimal cuts of up to so many components, at most {MAX_CUTS}.",
            default_value=0,
        ),
        known_at=argument(DateTime, "As known at this instant; now, if it is left out."),
    )


def resolve(
    _root: Any,
    info: Any,
    *,
    period: str,
    first: int | None = None,
    after: str | None = None,
    agreement: str | None = None,
    status: list[Any] | None = None,
    explain: bool = False,
    cuts: int | None = 0,
    known_at: int | None = None,
) -> Listing:
    """A page of derivations."""
    asking: Asking = info.context
    order = cuts or 0
    if not 0 <= order <= MAX_CUTS:
        raise refuse("BAD_CUTS", f"no cuts of {order} components", f"use 0 to {MAX_CUTS}")
    asked = asked_of(period)
    number = asking.revision(known_at)
    if agreement is not None and agreement not in asking.estate(number).agreements:
        raise refuse(
            "UNKNOWN_REFERENCE", f"there is no agreement {agreement!r}", "use an id of the estate"
        )
    found = asking.derivations(number, asked, agreement, Depth(bool(explain), order))
    wanted = {one.value for one in status} if status is not None else None
    by_key: dict[Key, DerivationModel] = {
        _key(one): one for one in found if wanted is None or one.status in wanted
    }
    return page(
        asking,
        "derivations",
        sorted(by_key),
        lambda key: in_its_view(asking, number, by_key[key]),
        first,
        after,
        _SHAPE,
    )


def _key(one: DerivationModel) -> Key:
    key = one.key
    return key.agreement, key.term, key.service, key.version, one.period.start
