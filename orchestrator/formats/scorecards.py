"""Scorecards as JSON."""

from __future__ import annotations

from orchestrator.formats.ledger import restatement_json
from orchestrator.formats.results import Plain, number_json, ratio_json, span_json
from orchestrator.model.scorecards import Score, Scorecard, ScoreLine, ScorePeriod, Sums


def scorecard_json(card: Scorecard, exact: bool = False) -> Plain:
    """A scorecard with its rows, their terms, and the sums of all."""
    return {
        "by": card.by,
        "scores": [_score_json(one, exact) for one in card.scores],
        "totals": [_sums_json(one) for one in card.totals],
        "waiting": [restatement_json(one) for one in card.waiting],
    }


def _score_json(one: Score, exact: bool) -> Plain:
    return {
        "subject": one.subject,
        "assessed": one.assessed,
        "met": one.met,
        "breached": one.breached,
        "breaches": one.breaches,
        "attainment": ratio_json(one.attainment, exact),
        "trend": ratio_json(one.trend, exact),
        "headroom": ratio_json(one.headroom, exact),
        "sums": [_sums_json(sums) for sums in one.sums],
        "terms": [_line_json(line, exact) for line in one.lines],
        "periods": [_period_json(period) for period in one.periods],
    }


def _period_json(one: ScorePeriod) -> Plain:
    return {
        "period": span_json(one.period),
        "met": one.met,
        "breached": one.breached,
        "breaches": one.breaches,
        "sums": [_sums_json(sums) for sums in one.sums],
    }


def _line_json(line: ScoreLine, exact: bool) -> Plain:
    return {
        "agreement": line.agreement,
        "term": line.term,
        "service": line.service,
        "metric": line.metric,
        "period": span_json(line.period),
        "target": ratio_json(line.target, exact),
        "attained": ratio_json(line.attained, exact),
        "status": line.status,
        "periods": line.periods,
        "met": line.met,
        "breached": line.breached,
        "headroom": number_json(line.headroom, exact),
        "trend": number_json(line.trend, exact),
    }


def _sums_json(sums: Sums) -> Plain:
    return {
        "currency": sums.currency,
        "owed": str(sums.money(sums.owed)),
        "recovered": str(sums.money(sums.recovered)),
        "net": str(sums.money(sums.net)),
        "receivable": str(sums.money(sums.receivable)),
        "earned": str(sums.money(sums.earned)),
        "granted": str(sums.money(sums.granted)),
    }
