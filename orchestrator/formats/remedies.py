"""What goes with credits in documents: classes of breach, repetition, bonus, earn-back, remedies,
claims, rates."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from orchestrator.errors import refuse
from orchestrator.formats.clauses import FLAG, PERIOD_OF_TIME
from orchestrator.formats.context import Context
from orchestrator.formats.quantities import (
    CURRENCY,
    EFFECTIVE,
    FIGURE,
    LABEL,
    POSITIVE,
    RATIO,
    whole,
)
from orchestrator.formats.record import InContext, Key, Record
from orchestrator.formats.schemes import OPEN_ROWS, WORTH
from orchestrator.formats.shapes import Converted, ListOf, choice
from orchestrator.model.breaches import (
    BREACH_CLASSES,
    CARVE_OUTS,
    EXCLUSIVITY,
    Bonus,
    Chronic,
    ClassBound,
    Classes,
    Consequences,
    EarnBack,
    Remedies,
    Repeated,
    RepeatRule,
)
from orchestrator.model.lapses import AT_ONCE, Lapse
from orchestrator.model.ledger import Rate
from orchestrator.model.metrics import METRICS
from orchestrator.model.schemes import Worth

# --------------------------------------------------------------- classes, repetition, later reward

_CLASS: Final = choice(BREACH_CLASSES, says="class of breach")


def _bounds(**bounds: Fraction | None) -> tuple[ClassBound, ...]:
    return tuple(ClassBound(name, bound) for name, bound in bounds.items() if bound is not None)


def _bound_of(name: str) -> Callable[[tuple[ClassBound, ...]], Fraction | None]:
    return lambda held: next((one.bound for one in held if one.breach_class == name), None)


def _classes(bounds: tuple[ClassBound, ...], ctx: Context) -> Classes:
    """Bounds on the side of the target that the metric makes the worse one."""
    metric = METRICS.get(ctx.metric)
    return Classes(bounds, metric is None or metric.higher_is_better)


CLASSES: Final = Converted[Classes](
    Record(
        _bounds,
        *(
            Key(name, RATIO, name, default=InContext(lambda _: None), get=_bound_of(name))
            for name in BREACH_CLASSES
        ),
    ),
    _classes,
    lambda classes, _: classes.bounds,
)
"""From which value a breach is of a class: `{major: "99.5%", critical: "95%"}`."""


def _repeat(
    breaches: int,
    periods: int,
    at_least: str = "minor",
    factor: Fraction = Fraction(1),
    extra: Worth | None = None,
) -> RepeatRule:
    return RepeatRule(Repeated(Fraction(breaches), periods, at_least), factor, extra)


_PERIODS: Final = whole(1, 1200)
REPEAT: Final = Record(
    _repeat,
    Key("breaches", _PERIODS, get=lambda rule: int(rule.when.count)),
    Key("periods", _PERIODS, get=lambda rule: rule.when.periods, about="In a row."),
    Key("atLeast", _CLASS, get=lambda rule: rule.when.at_least, about="Milder ones do not count."),
    Key("factor", POSITIVE, about="The credit of the completing period is multiplied by it."),
    Key("extra", WORTH, about="Is due besides."),
    blame={"BAD_REPEAT": "breaches", "BAD_NUMBER": "factor"},
)


def _chronic(
    periods: int,
    breaches: int | None = None,
    points: Fraction | None = None,
    at_least: str = "minor",
    within: Lapse = AT_ONCE,
) -> Chronic:
    if (breaches is None) == (points is None):
        raise refuse(
            "BAD_REPEAT",
            "chronic failure is so many breaches or so many points",
            "give one of them",
        )
    count = Fraction(breaches) if breaches is not None else points
    assert count is not None
    return Chronic(Repeated(count, periods, at_least, points is not None), within)


CHRONIC: Final = Record(
    _chronic,
    Key(
        "breaches",
        _PERIODS,
        get=lambda one: None if one.when.points else int(one.when.count),
    ),
    Key("points", FIGURE, get=lambda one: one.when.count if one.when.points else None),
    Key("periods", _PERIODS, get=lambda one: one.when.periods, about="In a row."),
    Key("atLeast", _CLASS, get=lambda one: one.when.at_least),
    Key("within", PERIOD_OF_TIME, about="For how long the right to terminate stands."),
    blame={"BAD_REPEAT": "breaches"},
)
BONUS: Final = Converted[Bonus](OPEN_ROWS, lambda rows, _: Bonus(rows), lambda bonus, _: bonus.rows)
EARN_BACK: Final = Record(
    EarnBack,
    Key("periods", _PERIODS, about="Good ones in a row."),
    Key("expires", _PERIODS, about="Periods after that of the credit."),
    Key("share", RATIO, about="Of the credit."),
    Key("level", RATIO, about="What a good period attains; the target unless said."),
    blame={"BAD_EARN_BACK": "periods", "OUT_OF_RANGE": "share"},
)

CONSEQUENCES: Final = Record(
    Consequences,
    Key("classes", CLASSES, about="From which value a breach is how grave."),
    Key("repeats", ListOf(REPEAT), about="What breaches that repeat themselves cost besides."),
    Key("chronic", CHRONIC, about="When repetition gives a right to terminate."),
    Key("bonus", BONUS, about="What the customer owes for more than was promised."),
    Key("earnBack", EARN_BACK, about="How later good performance cancels a credit."),
)
"""Keys that stand in a term beside its others."""

# --------------------------------------------------------------------- remedies, claims, currencies

REMEDIES: Final = Record(
    Remedies,
    Key("exclusivity", choice(EXCLUSIVITY, says="exclusivity")),
    Key("carveOuts", ListOf(choice(CARVE_OUTS, says="carve-out"))),
    Key("critical", _CLASS, about="From which class the carve-out critical_threshold holds."),
    Key("setOff", FLAG, about="Credits are taken off damages for the same breach."),
)
RATE: Final = Record(
    Rate,
    Key("from", CURRENCY, "source"),
    Key("to", CURRENCY, "target"),
    Key("rate", POSITIVE, "factor", about="Units of `to` for one of `from`."),
    Key("effective", EFFECTIVE),
    Key("stated", LABEL, about="By whom, or where."),
    blame={"BAD_RATE": "rate"},
)
