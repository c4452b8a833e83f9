"""Periods of a term in their order, and what breaches that repeat themselves add.

A history goes on through the versions of an agreement as long as the term's target, period and
rules stay the same; a hole, or another rule, begins a new one. Only calendar periods follow on one
another: of a rolling one every window is a period, and nothing is said of it here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from orchestrator.engine.classes import Past, class_of, completed, termination_rights
from orchestrator.engine.credit import Charge
from orchestrator.engine.exchange import Exchange
from orchestrator.engine.findings import place
from orchestrator.engine.measure import Measured
from orchestrator.engine.promises import rounded
from orchestrator.engine.schemes import Reckoned, limit_of
from orchestrator.engine.subjects import Subject
from orchestrator.model.breaches import BREACH_CLASSES, Consequences, RepeatRule
from orchestrator.model.estate import Estate
from orchestrator.model.records import Finding
from orchestrator.model.values import FOREVER, Money, Span, civil_date, zone

History = tuple[int, ...]
"""The places of one term's periods, in their order."""


def continues(earlier: Subject, later: Subject) -> bool:
    """Whether a term goes on as it was, in its rules and in what it is measured over."""
    one, other = earlier.term, later.term
    return (
        one.consequences == other.consequences
        and (one.period, one.target, one.metric) == (other.period, other.target, other.metric)
        and earlier.services == later.services
    )


def looks_back(subject: Subject) -> bool:
    """Whether rules over periods apply to a term."""
    period = subject.term.period
    return bool(subject.term.consequences.looks_back and period is not None and not period.rolling)


def histories(measured: Sequence[Measured]) -> list[History]:
    """The histories of the terms that have rules over periods."""
    by_term: dict[tuple[str, str, str], list[int]] = {}
    for number, one in enumerate(measured):
        if looks_back(one.subject):
            key = one.assessment.key
            by_term.setdefault((key.agreement, key.term, key.service), []).append(number)
    found = []
    for places in by_term.values():
        places.sort(key=lambda number: measured[number].assessment.period)
        found += list(_unbroken(measured, places))
    return found


def _unbroken(measured: Sequence[Measured], places: Sequence[int]) -> Iterator[History]:
    run = [places[0]]
    for number in places[1:]:
        before, after = measured[run[-1]], measured[number]
        abut = before.assessment.period.end == after.assessment.period.start
        if not (abut and continues(before.subject, after.subject)):
            yield tuple(run)
            run = []
        run.append(number)
    yield tuple(run)


def breach_class(measured: Measured) -> str:
    """How grave a breach is; "" of what is kept."""
    if not measured.breached:
        return ""
    classes = measured.subject.term.consequences.classes
    attained, target = measured.assessment.attained, measured.assessment.target
    if classes is None or attained is None:
        return BREACH_CLASSES[0]
    stated = rounded(measured.subject.term.measurement, attained)
    return class_of(classes, stated, target) or BREACH_CLASSES[0]


def pasts(
    measured: Sequence[Measured], charges: Sequence[Charge | None], history: History
) -> list[Past]:
    """A history as the rules on repetition see it."""
    return [
        Past(
            measured[number].assessment.period,
            breach_class(measured[number]),
            found.reckoned.points if (found := charges[number]) else Fraction(0),
        )
        for number in history
    ]


def with_repetition(
    measured: Sequence[Measured], charges: Sequence[Charge | None], exchange: Exchange
) -> list[Charge | None]:
    """The charges with what repetition adds to those of the periods that complete it, each rule
    applied once to what it counts."""
    found = list(charges)
    for history in histories(measured):
        rules = measured[history[0]].subject.term.consequences.repeats
        seen = pasts(measured, charges, history) if rules else []
        for rule in rules:
            for *_, last in completed(rule.when, seen):
                number = history[last]
                # Every rule multiplies what is due without any of them.
                plain, so_far = charges[number], found[number]
                if plain is not None and so_far is not None:
                    found[number] = _raised(so_far, plain, rule, exchange)
    return found


def _raised(so_far: Charge, plain: Charge, rule: RepeatRule, exchange: Exchange) -> Charge:
    currency = so_far.reckoned.currency
    more = plain.reckoned.amount * (rule.factor - 1) + _extra(plain, rule, currency, exchange)
    amount = so_far.reckoned.amount + more
    fee = plain.outcome.fee
    base = fee.amount if fee.currency == currency else None
    most = limit_of(plain.scheme.cap, base, currency)
    if most is not None:
        amount = min(amount, Fraction(most))
    return replace(
        so_far,
        reckoned=Reckoned(amount, currency, so_far.reckoned.points),
        uncapped=so_far.uncapped + more,
        repeated=so_far.repeated + more,
    )


def _extra(charge: Charge, rule: RepeatRule, currency: str, exchange: Exchange) -> Fraction:
    extra, fee = rule.extra, charge.outcome.fee
    if extra is None:
        return Fraction(0)
    share = Fraction(1) if extra.percent is None else extra.percent
    of: Money = fee if extra.amount is None else extra.amount
    key, end = charge.measured.assessment.key, charge.measured.assessment.period.end
    paid = exchange.money(of, currency, end - 1, key, "what repetition adds is left out")
    return share * paid.amount if paid else Fraction(0)


def chronic_failures(
    estate: Estate,
    measured: Sequence[Measured],
    charges: Sequence[Charge | None],
    asked: frozenset[int],
) -> Iterator[Finding]:
    """The rights to terminate that the periods asked about complete."""
    for history in histories(measured):
        rules: Consequences = measured[history[0]].subject.term.consequences
        if rules.chronic is None:
            continue
        completing = {measured[number].assessment.period.end: number for number in history}
        version = measured[history[-1]].subject.version
        snapshot = estate.at(measured[history[-1]].assessment.period.start)
        rights = termination_rights(
            rules.chronic,
            pasts(measured, charges, history),
            version.customer,
            snapshot.calendars,
            version.timezone,
        )
        for right in rights:
            number = completing[right.span.start]
            if number not in asked:
                continue
            key = measured[number].assessment.key
            until = ""
            where = zone(version.timezone)
            if right.span.end < FOREVER:
                until = f" until {civil_date(right.span.end, where)}"
            times = ", ".join(str(_day(period, version.timezone)) for period in right.periods)
            yield Finding(
                "CHRONIC_FAILURE",
                "warning",
                f"{key.agreement}/{key.term} on {key.service} has failed in the periods from "
                f"{times}: {right.holder} may terminate from "
                f"{civil_date(right.span.start, where)}{until}",
                (key.agreement, key.term, right.holder),
                place(key),
            )


def _day(period: Span, timezone: str) -> object:
    return civil_date(period.start, zone(timezone))
