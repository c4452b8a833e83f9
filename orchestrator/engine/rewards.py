"""What good performance brings: a bonus in its own period, or a credit earned back later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orchestrator.engine.classes import bonus_due
from orchestrator.engine.credit import Ended, base_fee, ended, settles
from orchestrator.engine.earnback import Performed, earned_back
from orchestrator.engine.histories import histories
from orchestrator.engine.measure import Measured
from orchestrator.engine.promises import rounded
from orchestrator.engine.schemes import worth_of
from orchestrator.engine.verdicts import Moment
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import Credit, Reward
from orchestrator.model.schemes import WHOLE
from orchestrator.model.values import Money

BONUS = "bonus"
EARN_BACK = "earn_back"


def rewards(
    estate: Estate,
    measured: Sequence[Measured],
    credits: Mapping[Ended, Credit],
    moment: Moment,
    asked: frozenset[int],
) -> tuple[Reward, ...]:
    """The bonuses of the periods asked about, and the credits, of whatever period, that the end of
    one of them cancels. Sorted by agreement, term, service, period and kind."""
    found = [
        bonus
        for number in sorted(asked)
        if (bonus := _bonus(estate, measured[number], moment)) is not None
    ]
    for history in histories(measured):
        found += [
            reward
            for number, reward in _earned(measured, credits, moment, history)
            if number in asked
        ]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                one.key.agreement,
                one.key.term,
                one.key.service,
                one.period,
                one.key.version,
                one.kind,
            ),
        )
    )


def _bonus(estate: Estate, one: Measured, moment: Moment) -> Reward | None:
    """What the customer owes for a period that is over and was kept."""
    term, assessment = one.subject.term, one.assessment
    bonus, attained = term.consequences.bonus, assessment.attained
    kept = not one.breached and moment.over(assessment.period)
    if bonus is None or attained is None or not kept or not settles(estate, one):
        return None
    stated = rounded(term.measurement, attained)
    money = bonus_due(bonus, stated, base_fee(one, estate.metadata.currency))
    if not money.amount:
        return None
    version = one.subject.version
    percent = min(worth_of(bonus.rows, stated), WHOLE) * 100
    period = assessment.period
    return Reward(
        assessment.key, period, BONUS, version.customer, version.provider, money, percent, period
    )


def _earned(
    measured: Sequence[Measured],
    credits: Mapping[Ended, Credit],
    moment: Moment,
    history: tuple[int, ...],
) -> Iterator[tuple[int, Reward]]:
    """What of the credits of a history is earned back, with the place of the period whose end does
    it."""
    first = measured[history[0]]
    rule = first.subject.term.consequences.earn_back
    if rule is None:
        return
    performed = [_performed(measured[number], credits, moment) for number in history]
    better = METRICS[first.subject.term.metric].higher_is_better
    target = first.assessment.target
    level = target if rule.level is None else rule.level
    if (level < target) if better else (level > target):
        return  # no credit is earned back by what misses the target; `engine.lint` says so
    for one in earned_back(rule, performed, target, higher_is_better=better):
        if not one.money.amount:
            continue
        credited, number = measured[history[one.credited]], history[one.earned]
        version, key = credited.subject.version, credited.assessment.key
        yield (
            number,
            Reward(
                key,
                credited.assessment.period,
                EARN_BACK,
                version.customer,
                version.provider,
                one.money,
                rule.share * 100,
                measured[number].assessment.period,
            ),
        )


def _performed(one: Measured, credits: Mapping[Ended, Credit], moment: Moment) -> Performed:
    attained, period = one.assessment.attained, one.assessment.period
    if attained is not None:
        attained = rounded(one.subject.term.measurement, attained)
    credit = credits.get(ended(one))
    # One that was missed is no good one, whatever the level asked for.
    good = moment.over(period) and not one.breached
    return Performed(attained if good else None, credit.money if credit else Money(0, "XXX"))
