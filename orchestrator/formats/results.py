"""Results as plain JSON: derivations, verdicts, findings, errors, in the published shapes.

Numbers are floats in full, integers where they are whole; with `exact` they are fractions as
text, `1997/2000`. Money is text with all its decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from orchestrator.errors import Problem
from orchestrator.model.changes import Change
from orchestrator.model.derivations import (
    Derivation,
    Explanation,
    Methods,
    Number,
    Renegotiation,
    WorstCase,
)
from orchestrator.model.metrics import Labels, Lasting, Points, Target, Within
from orchestrator.model.records import (
    Assessment,
    Breach,
    Credit,
    Exposure,
    Finding,
    PointTally,
    Reward,
    Tally,
    TermKey,
    Verdict,
)
from orchestrator.model.values import SECOND, Money, Span, format_instant

Plain = dict[str, Any]
Locate = Callable[[str], tuple[int, str]]
"""A place by ids as the line and the index path in a document."""


def span_json(span: Span) -> Plain:
    return {"from": format_instant(span.start), "to": format_instant(span.end)}


def number_json(value: Fraction | float | None, exact: bool = False) -> int | float | str | None:
    """A number in full; None stays null."""
    if value is None:
        return None
    if exact and isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}" if value.denominator > 1 else str(value)
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return float(value)


def ratio_json(value: Fraction | float | None, exact: bool = False) -> float | str | None:
    """A share between 0 and 1: always a float, whole or not."""
    found = number_json(value, exact)
    return float(found) if isinstance(found, int) else found


def target_json(target: Target | float | None, exact: bool = False) -> Any:
    """A target, or a figure to compare with one: a ratio or a number in the metric's unit, a time
    in seconds, a share with its time, a list of those, or of names."""
    match target:
        case Within():
            return _within_json(target, exact)
        case Points():
            return [_within_json(point, exact) for point in target.points]
        case Lasting():
            return number_json(Fraction(target.duration, SECOND), exact)
        case Labels():
            return list(target.names)
        case _:
            return ratio_json(target, exact)


def _within_json(target: Within, exact: bool) -> Plain:
    share = ratio_json(target.share, exact)
    if target.business_days:
        return {"share": share, "withinBusinessDays": target.business_days}
    return {"share": share, "withinSeconds": number_json(Fraction(target.duration, SECOND), exact)}


def key_json(key: TermKey) -> Plain:
    return {
        "agreement": key.agreement,
        "version": key.version,
        "term": key.term,
        "service": key.service,
    }


def problem_json(problem: Problem) -> Plain:
    return {
        "code": problem.code,
        "message": problem.message,
        "file": problem.file,
        "line": problem.line,
        "path": problem.path,
        "advice": problem.advice,
    }


def finding_json(finding: Finding, locate: Locate | None = None, file: str = "") -> Plain:
    found: Plain = {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "subjects": list(finding.subjects),
    }
    if locate is not None and finding.path:
        line, path = locate(finding.path)
        found |= {"file": file, "line": line, "path": path}
    return found


def change_json(change: Change) -> Plain:
    return {"list": change.table, "id": change.id, "what": change.what}


def derivations_json(found: Iterable[Derivation], exact: bool = False) -> Plain:
    return {"derivations": [derivation_json(one, exact) for one in found]}


def derivation_json(one: Derivation, exact: bool = False) -> Plain:
    result = key_json(one.key) | {
        "metric": one.metric,
        "period": span_json(one.period),
        "promised": target_json(one.promised, exact),
        "floor": target_json(one.floor, exact),
        "independent": target_json(one.independent, exact),
        "beta": target_json(one.beta, exact),
        "coveredShare": ratio_json(one.covered_share, exact),
        "method": one.method,
        "methods": methods_json(one.methods),
        "independentInterval": interval_json(one.independent_interval, exact),
        "status": one.status,
        "headroom": target_json(one.headroom, exact),
        "assumptions": list(one.assumptions),
        "findings": [finding_json(finding) for finding in one.findings],
    }
    if one.windows:
        result["windows"] = [
            {
                "hours": window.hours,
                "promised": target_json(window.outcome.promised, exact),
                "floor": target_json(window.outcome.floor, exact),
                "independent": target_json(window.outcome.independent, exact),
                "beta": target_json(window.outcome.beta, exact),
                "methods": methods_json(window.outcome.methods),
                "status": window.outcome.status,
            }
            for window in one.windows
        ]
    return result | (explanation_json(one.explanation, exact) if one.explanation else {})


def methods_json(one: Methods) -> Plain:
    """How each figure was found."""
    return {"floor": one.floor, "independent": one.independent, "beta": one.beta}


def interval_json(found: tuple[Number, Number] | None, exact: bool) -> Plain | None:
    """What a figure that is not exact lies between."""
    if found is None:
        return None
    low, high = (ratio_json(end, exact) for end in found)
    return {"low": low, "high": high}


def _money_json(money: Money) -> Plain:
    return {"amount": str(money), "currency": money.currency}


def renegotiation_json(one: Renegotiation, exact: bool = False) -> Plain:
    return {
        "agreement": one.agreement,
        "version": one.version,
        "term": one.term,
        "leaf": one.leaf,
        "price": ratio_json(one.price, exact),
        "credit": one.credit and _money_json(one.credit),
        "fee": one.fee and _money_json(one.fee),
        "negotiability": one.negotiability,
        "target": ratio_json(one.target, exact),
        "sentence": one.sentence,
    }


def explanation_json(found: Explanation, exact: bool) -> Plain:
    def ratio(value: Fraction | float | None) -> float | str | None:
        return ratio_json(value, exact)

    result: Plain = {}
    if found.basis or found.witness:
        result |= {
            "basis": [
                {
                    "leaf": basis.leaf,
                    "agreement": basis.agreement,
                    "version": basis.version,
                    "term": basis.term,
                    "unavailability": ratio(basis.unavailability),
                }
                | ({} if basis.target is None else {"target": target_json(basis.target, exact)})
                | ({"hours": basis.hours} if basis.hours else {})
                for basis in found.basis
            ],
            "witness": [
                {"down": list(outage.down), "share": ratio(outage.share)}
                for outage in found.witness
            ],
            "shadowPrices": [
                {"leaf": price.leaf, "low": ratio(price.low), "high": ratio(price.high)}
                for price in found.shadow_prices
            ],
            "importance": [
                {
                    "leaf": one.leaf,
                    "birnbaum": ratio(one.birnbaum),
                    "criticality": ratio(one.criticality),
                    "achievement": ratio(one.achievement),
                    "reduction": ratio(one.reduction),
                    "fussellVesely": ratio(one.fussell_vesely),
                }
                for one in found.importance
            ],
            "renegotiate": [renegotiation_json(one, exact) for one in found.renegotiate],
        }
    if found.worst_cases:
        result["worstCases"] = [worst_case_json(one, exact) for one in found.worst_cases]
    result["singlePointsOfFailure"] = list(found.single_points)
    if found.minimal_cuts or not found.cuts_complete:
        result["minimalCuts"] = [list(cut) for cut in found.minimal_cuts]
        result["cutsComplete"] = found.cuts_complete
    return result


def worst_case_json(one: WorstCase, exact: bool = False) -> Plain:
    return {
        "hours": one.hours,
        "from": format_instant(one.start),
        "due": format_instant(one.due),
        "elapsedSeconds": number_json(Fraction(one.elapsed, SECOND), exact),
        "stages": [
            {
                "stage": stage.stage,
                "from": format_instant(stage.start),
                "due": format_instant(stage.due),
            }
            for stage in one.stages
        ],
    }


def verdict_json(verdict: Verdict, exact: bool = False, locate: Locate | None = None) -> Plain:
    """All that was concluded; assessments by tickets and samples say what they were counted
    from."""
    tallies = {(one.key, one.period): one for one in verdict.tallies}
    return {
        "assessments": [
            assessment_json(one, exact, tallies.get((one.key, one.period)))
            for one in verdict.assessments
        ],
        "breaches": [breach_json(one, exact) for one in verdict.breaches],
        "credits": [credit_json(one) for one in verdict.credits],
        "exposures": [exposure_json(one) for one in verdict.exposures],
        "rewards": [reward_json(one) for one in verdict.rewards],
        "findings": [finding_json(one, locate) for one in verdict.findings],
    }


def assessment_json(one: Assessment, exact: bool = False, tally: Tally | None = None) -> Plain:
    """An assessment; of what is counted from tickets or samples with what was counted, its target
    in full, and what is attained a share, seconds, or a number in the metric's unit."""
    plain = key_json(one.key) | {
        "metric": one.metric,
        "period": span_json(one.period),
        "target": ratio_json(one.target, exact),
        "attained": ratio_json(one.attained, exact),
        "attainedIfGapsDown": ratio_json(one.attained_low, exact),
        "attainedIfGapsUp": ratio_json(one.attained_high, exact),
        "status": one.status,
        "countedSeconds": number_json(one.counted_seconds, exact),
        "excusedSeconds": number_json(one.excused_seconds, exact),
        "unknownSeconds": number_json(one.unknown_seconds, exact),
        "hoursSeconds": number_json(one.hours_seconds, exact),
    }
    if one.windows:
        plain["windows"] = [
            {
                "hours": window.hours,
                "target": ratio_json(window.target, exact),
                "attained": ratio_json(window.attained, exact),
                "status": window.status,
                "countedSeconds": number_json(window.counted_seconds, exact),
                "hoursSeconds": number_json(window.hours_seconds, exact),
            }
            for window in one.windows
        ]
    return plain if tally is None else plain | tally_json(tally, exact)


def tally_json(one: Tally, exact: bool = False) -> Plain:
    """What an assessment was counted from: its cases, and what each of several targets, or of
    several sources, says."""
    found: Plain = {"target": target_json(one.promised, exact)} | _counts_json(one.deciding)
    found["carried"] = one.carried
    if len(one.points) > 1:
        found["points"] = [
            {
                "target": target_json(point.target, exact),
                "attained": ratio_json(point.attained, exact),
            }
            | _counts_json(point)
            for point in one.points
        ]
    if one.values:
        found["values"] = [
            {
                "source": value.source,
                "attained": ratio_json(value.attained, exact),
                "cases": value.cases,
            }
            for value in one.values
        ]
        found["decided"] = one.decided or None
    return found


def _counts_json(point: PointTally) -> Plain:
    return {
        "cases": point.cases,
        "missed": point.missed,
        "missesAllowed": point.misses_allowed,
    }


def breach_json(one: Breach, exact: bool = False) -> Plain:
    classed = {"breachClass": one.breach_class} if one.breach_class else {}
    return key_json(one.key) | {
        "period": span_json(one.period),
        **classed,
        "policy": one.policy,
        "responsibility": [
            {
                "party": part.party,
                "service": part.service,
                "seconds": number_json(part.seconds, exact),
                "share": ratio_json(part.share, exact),
                "liable": part.liable,
                "basis": part.basis,
                "agreement": part.agreement or None,
                "evidence": list(part.evidence),
            }
            | ({"through": list(part.through)} if part.through else {})
            for part in one.responsibility
        ],
        "borneBy": [
            {"party": bearer.party, "share": ratio_json(bearer.share, exact)}
            | ({"basis": bearer.basis} if bearer.basis else {})
            for bearer in one.borne_by
        ],
    }


def credit_json(one: Credit) -> Plain:
    return key_json(one.key) | {
        "period": span_json(one.period),
        "debtor": one.debtor,
        "creditor": one.creditor,
        "amount": str(one.money),
        "currency": one.money.currency,
        "percent": number_json(one.percent),
        "scheme": one.scheme,
        "points": number_json(one.points),
        "uncapped": _money_json(one.uncapped),
        "repeated": _money_json(Money(one.repeated, one.money.currency)),
        "limits": [
            {"limit": stage.stage, "left": str(Money(stage.amount, one.money.currency))}
            for stage in one.stages
        ],
    }


def reward_json(one: Reward) -> Plain:
    """A bonus, or a credit earned back; `period` is that of the credit, `earned` the one whose end
    cancels it."""
    return key_json(one.key) | {
        "period": span_json(one.period),
        "kind": one.kind,
        "earned": span_json(one.earned),
        "debtor": one.debtor,
        "creditor": one.creditor,
        "amount": str(one.money),
        "currency": one.money.currency,
        "percent": number_json(one.percent),
    }


def exposure_json(one: Exposure) -> Plain:
    def money(amount: int) -> str:
        return str(Money(amount, one.currency))

    return key_json(one.key) | {
        "period": span_json(one.period),
        "owed": money(one.owed),
        "recovered": money(one.recovered),
        "net": money(one.net),
        "currency": one.currency,
        "waterfall": [{"step": step.step, "amount": money(step.amount)} for step in one.waterfall],
    }
