"""Scorecards of what is booked."""

from __future__ import annotations

from typing import Any

import graphene

from orchestrator.actions.books import waiting_on
from orchestrator.actions.claims import lost_by
from orchestrator.engine.scorecard import scorecard, together
from orchestrator.model.scorecards import CARDS, Scorecard
from orchestrator.model.values import Instant
from orchestrator.store.read import booked_within, load_verdict
from orchestrator.web.asking import Asking, asked_of
from orchestrator.web.basics import Span, exact_text
from orchestrator.web.enums import AssessmentStatus, Metric, word_enum
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.ledger import Restatement
from orchestrator.web.scalars import DateTime

Card = word_enum("ScorecardBy", "What a scorecard has a row for.", CARDS)


def _money(name: str) -> Any:
    return lambda sums: str(sums.money(getattr(sums, name)))


class ScoreSums(graphene.ObjectType):
    """Money of one currency, with all its decimals."""

    currency = given(graphene.String, "ISO 4217 code.")
    owed = given(graphene.String, "Credits that we owe.", _money("owed"))
    recovered = given(graphene.String, "What of it comes back from beneath.", _money("recovered"))
    net = given(graphene.String, "What is left of it.", _money("net"))
    receivable = given(
        graphene.String,
        "Credits that those outside owe to us, less what has not been claimed in time, or not "
        "granted, by now.",
        _money("receivable"),
    )
    earned = given(
        graphene.String,
        "Bonuses that customers owe to us, and credits that we earned back.",
        _money("earned"),
    )
    granted = given(
        graphene.String,
        "Bonuses that we owe to those outside, and credits that they earned back.",
        _money("granted"),
    )


class ScorePeriod(graphene.ObjectType):
    """A row of a scorecard in one period."""

    period = given(Span, "The period.")
    met = given(graphene.Int, "How many terms were met in it.")
    breached = given(graphene.Int, "How many were missed.")
    breaches = given(graphene.Int, "How many breaches were traced.")
    sums = many(ScoreSums, "Credits for it, by currency.")


class ScoreLine(graphene.ObjectType):
    """One term on one service over the periods of a card."""

    agreement = given(graphene.String, "The agreement, by id.")
    term = given(graphene.String, "Its term.")
    service = given(graphene.String, "The covered service, or services.")
    metric = given(Metric, "What is measured.")
    period = given(Span, "The last period.")
    target = given(graphene.Float, "The target in it, in the metric's unit.")
    attained = maybe(graphene.Float, "What was attained in it.")
    status = given(AssessmentStatus, "What that says.")
    periods = given(graphene.Int, "How many periods there are.")
    met = given(graphene.Int, "How many of them were met.")
    breached = given(graphene.Int, "How many were missed.")
    headroom = maybe(
        graphene.Float,
        "What was attained beyond the target in the worst period; below 0 where it was missed.",
    )
    trend = maybe(
        graphene.Float, "What the last period attained beyond the one before; more is better."
    )


class Score(graphene.ObjectType):
    """One row of a scorecard."""

    subject = given(graphene.String, "The supplier, team, customer or service, by id.")
    assessed = given(graphene.Int, "Periods of terms that were assessed.")
    met = given(graphene.Int, "How many of them were met.")
    breached = given(graphene.Int, "How many were missed.")
    breaches = given(graphene.Int, "How many breaches were traced.")
    attainment = maybe(graphene.Float, "The part of what can be judged that was met.")
    attainment_text = maybe(
        graphene.String, "The same exactly.", lambda score: exact_text(score.attainment)
    )
    trend = maybe(
        graphene.Float,
        "How much more was met in the later half of the periods than in the earlier.",
    )
    headroom = maybe(
        graphene.Float,
        "The least part of its allowance that any term of a ratio has left; below 0 where one "
        "was missed.",
    )
    sums = many(ScoreSums, "Credits, by currency.")
    terms = many(ScoreLine, "Its terms.", lambda score: score.lines)
    periods = many(ScorePeriod, "The same for each of its periods, by their ends.")


class ScorecardType(graphene.ObjectType):
    """How those who answer for services did. Its sums are those of what is booked, but for what
    waits for leave."""

    class Meta:
        name = "Scorecard"

    by = given(Card, "What it has a row for.")
    scores = many(Score, "Its rows, by subject.")
    totals = many(ScoreSums, "What they sum to.")
    waiting = many(
        Restatement,
        "What waits for leave: the sums are of what is due, and the ledger has what is booked.",
    )


class ScorecardQuery:
    """Questions about how it went; a part of the root of all questions."""

    scorecard = graphene.Field(
        ScorecardType,
        description="How suppliers, teams, customers or services did in a span, from what is "
        "booked for it, or for the periods within it; null where nothing is, and for those who do "
        "not run the server.",
        period=argument(
            graphene.String, "`2026-04`, `2026-Q2`, `2026` or `FROM/TO`.", required=True
        ),
        by=argument(Card, "What it has a row for.", required=True),
        at=argument(DateTime, "As claims stood at this instant; now, if it is left out."),
    )

    @staticmethod
    def resolve_scorecard(
        _root: Any, info: Any, period: str, by: Any, at: Instant | None = None
    ) -> Scorecard | None:
        asking: Asking = info.context
        if not asking.sees_all:
            return None
        with asking.read() as session:
            runs = booked_within(session, asking.site.tenant, asked_of(period))
            verdict = together([load_verdict(session, run) for run in runs])
            moment = asking.now if at is None else at
            gone = lost_by(session, asking.site.tenant, verdict, moment, at)
        if not runs:
            return None
        estate = asking.estate(max(run.estate_revision for run in runs))
        with asking.read() as session:
            waits = waiting_on(session, asking.site.tenant, estate, asked_of(period), verdict)
        card = scorecard(estate, verdict, by.value, gone, waits)
        asking.spend(sum(1 + len(one.lines) + len(one.periods) for one in card.scores))
        return card
