"""What an agreement says: terms with their targets, credits, allowances and policies."""

from __future__ import annotations

from typing import Any

import graphene

from orchestrator.formats.contracts import consequences_json, credits_json
from orchestrator.model.schemes import Scheme
from orchestrator.web.basics import (
    Fee,
    Money,
    PeriodRule,
    Target,
    asked,
    filed,
    number_of,
    seconds,
    within_days,
    within_seconds,
)
from orchestrator.web.enums import POLICIES, Metric, Strength
from orchestrator.web.fields import given, many, maybe
from orchestrator.web.scalars import JSON
from orchestrator.web.view import seen

Policies: Any = type(
    "Policies",
    (graphene.ObjectType,),
    {"__doc__": "How a term is measured, and who bears what."}
    | {name: given(enum, about) for name, (enum, about) in POLICIES.items()},
)


class CreditTier(graphene.ObjectType):
    """A service credit, while `from` <= attained < `below`."""

    below = given(graphene.Float, "The credit is due below this.", lambda tier: tier.high)
    start = given(graphene.Float, "And from this on.", lambda tier: tier.low, name="from")
    percent = given(
        graphene.Float, "Per cent of the fee: 10 is a tenth.", lambda tier: tier.percent * 100
    )


class Measurement(graphene.ObjectType):
    """How facts become a measurement."""

    source = maybe(graphene.String, "The tool that counts.", lambda one: one.source)
    point = given(graphene.String, "Where it is measured.")
    minimum_outage_seconds = given(
        graphene.Float,
        "Shorter outages do not count.",
        lambda one: seconds(one.minimum_outage),
    )
    whole_minutes = given(graphene.Boolean, "Whether an outage counts by its whole minutes.")
    rounding_places = maybe(
        graphene.Int,
        "Decimals the attained percentage is rounded to; null for none of it.",
        lambda one: None if one.rounding_places < 0 else one.rounding_places,
    )
    rounding_mode = given(graphene.String, "How it is rounded.")
    weighting = given(graphene.String, "Whether outages count by the users affected.")
    minimum_samples = given(graphene.Int, "With fewer samples nothing can be said.")


class Allowance(graphene.ObjectType):
    """An agreed quantity of excused time, such as planned maintenance."""

    category = given(graphene.String, "What it excuses.")
    duration_seconds = given(graphene.Float, "How much of it.", lambda one: seconds(one.duration))
    per = given(PeriodRule, "In what period.")
    within = maybe(
        graphene.String,
        "The calendar in which alone it may be taken.",
        lambda one: one.within,
    )
    notice_seconds = given(
        graphene.Float, "How long before it must be announced.", lambda one: seconds(one.notice)
    )


class Cap(graphene.ObjectType):
    """The most that the credits of one period may reach."""

    percent = maybe(
        graphene.Float,
        "Per cent of the fee.",
        lambda cap: None if cap.percent is None else cap.percent * 100,
    )
    amount = maybe(Money, "A sum.")


class Claims(graphene.ObjectType):
    """How long credits may be claimed."""

    within_seconds = given(
        graphene.Float,
        "The time there is, in open time of the hours; 0 where it is in other units.",
        lambda claims: seconds(claims.within),
    )
    within_business_days = given(
        graphene.Int, "The business days there are, or 0.", lambda claims: claims.business_days
    )
    within_months = given(graphene.Int, "The months there are, or 0.", lambda claims: claims.months)
    hours = given(graphene.String, "The calendar on which the time runs, or `24x7`.")
    after = given(graphene.String, "From when it runs.")


def _asked(root: Any) -> Any:
    return asked(root.value.metric, root.value.target)


def _internal(root: Any) -> Any:
    return asked(root.value.metric, root.value.internal_target)


class TermWindow(graphene.ObjectType):
    """A target of its own within the hours of a calendar: prime time."""

    hours = given(graphene.String, "The calendar.", lambda pair: pair[1].hours)
    target = given(Target, "The target.", lambda pair: asked(pair[0], pair[1].target))


class Term(graphene.ObjectType):
    """One service level commitment, with what it takes from its agreement filled in."""

    slug = given(graphene.String, "Its id in the agreement.", lambda root: root.value.id)
    metric = given(Metric, "What it is about.", lambda root: root.value.metric)
    target = maybe(
        graphene.Float,
        "The committed ratio or number, or the share of a target in time and share; null of what "
        "is no number.",
        lambda root: number_of(root.value.target),
    )
    target_text = given(
        graphene.String,
        "The target exactly: `99.85%`, `450`, `4h`, `90% within 4h`.",
        lambda root: _asked(root).text,
    )
    target_value = given(Target, "The target, in its parts.", _asked)
    within_seconds = maybe(
        graphene.Float,
        "The time of a target that is or has one.",
        lambda root: within_seconds(root.value.target),
    )
    within_business_days = maybe(
        graphene.Int,
        "The same, where it is business days.",
        lambda root: within_days(root.value.target),
    )
    internal_target_text = maybe(
        graphene.String,
        "A stricter target that the provider keeps to itself.",
        lambda root: (shown := _internal(root)) and shown.text,
    )
    internal_target_value = maybe(Target, "That target, in its parts.", _internal)
    priority = maybe(
        graphene.String, "The priority of tickets it is for.", lambda root: root.value.priority
    )
    strength = given(Strength, "How strongly it binds.", lambda root: root.value.strength)
    hours = given(
        graphene.String,
        "The calendar in which it runs; `24x7` is always.",
        lambda root: root.value.hours,
    )
    calendar = maybe(
        "orchestrator.web.calendars.Calendar",
        "That calendar; null for `24x7`.",
        lambda root: seen(root.view, "calendars", root.value.hours),
    )
    windows = many(
        TermWindow,
        "Targets by windows of time, as written; the rest of the hours has the term's own.",
        lambda root: [(root.value.metric, one) for one in root.value.windows],
    )
    period = given(PeriodRule, "What it is measured over.", lambda root: root.value.period)
    measurement = given(
        Measurement, "How facts become a measurement.", lambda root: root.value.measurement
    )
    credits = many(
        CreditTier,
        "What a miss costs, as half-open rows; none for nothing, or another `scheme`.",
        lambda root: () if isinstance(root.value.credits, Scheme) else root.value.credits,
    )
    scheme = maybe(
        JSON,
        "What a miss costs, in whatever form, as the document has it; null for nothing.",
        lambda root: credits_json(root.value),
    )
    consequences = given(
        JSON,
        "Classes of breach, repetition, chronic failure, bonus and earn-back, as the document has "
        "them.",
        lambda root: consequences_json(root.value),
    )
    fee = maybe(Fee, "What credits are a part of.", lambda root: root.value.fee)
    recovery_allowance_seconds = given(
        graphene.Float,
        "Time after an outage that does not count.",
        lambda root: seconds(root.value.recovery_allowance),
    )
    allowances = many(Allowance, "Excused time.", lambda root: root.value.allowances)
    exclusions = many(
        graphene.String, "Categories that excuse.", lambda root: root.value.exclusions
    )
    policies = given(Policies, "Who bears what.", lambda root: root.value.policies)
    filed = filed()
