"""How the credits of a period are cut down to what is owed (rule 11).

Everything is exact until the one rounding to minor units; from there on only whole units are
moved, so that nothing is lost and no limit is exceeded by a cent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from orchestrator.engine.schemes import Outcome, Reckoned, base_of, limit_of, reckon
from orchestrator.model.schemes import Limits, Pool, Scheme
from orchestrator.model.values import Money, split


@dataclass(frozen=True, slots=True)
class Due:
    """A credit before the limits of its agreement.

    `term` and `service` name it; `events` are the ids of what it goes back to; `paid_for` names
    the fee it is a part of ("" for that of the whole agreement), of which `fee` is the amount
    (None: not stated, and so no limit). `pool` and `pool_limit` belong to an at-risk pool.
    `single_event` is the term's own rule, where it has one.
    """

    term: str
    service: str
    reckoned: Reckoned
    fee: Money | None = None
    paid_for: str = ""
    events: frozenset[str] = frozenset()
    minimum: Money | None = None
    pool: str = ""
    pool_limit: int | None = None
    single_event: str = ""


def due_of(
    scheme: Scheme,
    outcome: Outcome,
    *,
    term: str,
    service: str,
    paid_for: str = "",
    events: Iterable[str] = (),
) -> Due:
    """One term's period as a due credit, with the limits that its scheme brings along."""
    base, pool, limit = base_of(scheme, outcome), "", None
    if isinstance(scheme.form, Pool):
        pool = scheme.form.name or f"{term}/{service}"
        limit = math.floor(scheme.form.at_risk * base.amount)
    return Due(
        term,
        service,
        reckon(scheme, outcome),
        base if base.amount else None,
        paid_for,
        frozenset(events),
        scheme.minimum,
        pool,
        limit,
    )


@dataclass(frozen=True, slots=True)
class Year:
    """What a contract year has brought so far, in minor units, and its fee (None: not stated)."""

    used: int = 0
    fee: int | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed of a due credit. `stages` are the amounts after each stage of `STAGES`, in their
    order; the last is what is paid."""

    due: Due
    gross: int
    stages: tuple[tuple[str, int], ...]

    @property
    def money(self) -> Money:
        return Money(self.stages[-1][1], self.due.reckoned.currency)

    @property
    def capped(self) -> bool:
        """Whether the fee or a cap left less than was due."""
        after = dict(self.stages)
        return after["annual_cap"] < after["single_event"]


def owed(
    dues: Sequence[Due], limits: Limits, years: Mapping[str, Year] | None = None
) -> list[Owed]:
    """The credits of one agreement and period after all limits, in the order given.

    Each currency is cut down by itself; `years` holds by currency what the contract year has
    brought before this period.
    """
    found: dict[int, Owed] = {}
    for currency in dict.fromkeys(one.reckoned.currency for one in dues):
        places = [i for i, one in enumerate(dues) if one.reckoned.currency == currency]
        year = (years or {}).get(currency, Year())
        ctx = _Period(currency, [dues[i] for i in places], limits, year)
        amounts = [Money(1, currency).times(one.reckoned.amount).amount for one in ctx.dues]
        gross, stages = amounts, []
        for name, stage in STAGES.items():
            amounts = stage(ctx, amounts)
            stages.append((name, amounts))
        for place, i in enumerate(places):
            steps = tuple((name, after[place]) for name, after in stages)
            found[i] = Owed(dues[i], gross[place], steps)
    return [found[i] for i in range(len(dues))]


def owed_in_turn(
    periods: Sequence[Sequence[Due]], limits: Limits, fees: Mapping[str, int]
) -> list[list[Owed]]:
    """The periods of one contract year in their order, each after what the earlier ones brought;
    `fees` is the year's fee by currency."""
    years = {currency: Year(fee=fee) for currency, fee in fees.items()}
    found = []
    for dues in periods:
        paid = owed(dues, limits, years)
        found.append(paid)
        for one in paid:
            year = years.get(one.money.currency, Year())
            years[one.money.currency] = Year(year.used + one.money.amount, year.fee)
    return found


@dataclass(frozen=True, slots=True)
class _Period:
    currency: str
    dues: Sequence[Due]
    limits: Limits
    year: Year = field(default_factory=Year)

    @property
    def fees(self) -> int | None:
        """The fees together, each counted once; None where one is not stated."""
        bases: dict[str, int] = {}
        for one in self.dues:
            if one.fee is None or one.fee.currency != self.currency:
                return None
            bases[one.paid_for] = max(bases.get(one.paid_for, 0), one.fee.amount)
        return sum(bases.values())


def cut(amounts: Sequence[int], most: int) -> list[int]:
    """Amounts cut down in proportion to a total, losing nothing; ties go to the earlier one."""
    if sum(amounts) <= most:
        return list(amounts)
    return split(max(most, 0), [Fraction(amount) for amount in amounts])


_CONFLICT: Final[dict[str, Callable[[Due, Due], bool]]] = {
    "sum": lambda _one, _other: False,
    "highest_only": lambda one, other: bool(one.events & other.events),
    "per_service": lambda one, other: (
        one.service == other.service and bool(one.events & other.events)
    ),
}


def _single_event(ctx: _Period, amounts: Sequence[int]) -> list[int]:
    """No event is paid for twice: a credit falls away where one at least as high is paid that goes
    back to the same event. Ties go to the earlier one. The rule is that of the credit that would
    fall away."""
    paid: list[int] = []
    for i in sorted(range(len(amounts)), key=lambda i: (-amounts[i], i)):
        clash = _CONFLICT[ctx.dues[i].single_event or ctx.limits.single_event]
        if amounts[i] and not any(clash(ctx.dues[i], ctx.dues[j]) for j in paid):
            paid.append(i)
    return [amount if i in paid else 0 for i, amount in enumerate(amounts)]


def _pools(ctx: _Period, amounts: Sequence[int]) -> list[int]:
    found = list(amounts)
    for pool in dict.fromkeys(one.pool for one in ctx.dues if one.pool):
        places = [i for i, one in enumerate(ctx.dues) if one.pool == pool]
        most = min(one.pool_limit or 0 for one in ctx.dues if one.pool == pool)
        for i, amount in zip(places, cut([found[i] for i in places], most), strict=True):
            found[i] = amount
    return found


def _caps(ctx: _Period, amounts: Sequence[int]) -> list[int]:
    """The fees themselves, and every cap of the agreement."""
    caps = (limit_of(cap, ctx.fees, ctx.currency) for cap in ctx.limits.caps)
    limits = [most for most in (ctx.fees, *caps) if most is not None]
    return cut(amounts, min(limits)) if limits else list(amounts)


def _annual(ctx: _Period, amounts: Sequence[int]) -> list[int]:
    caps = (limit_of(cap, ctx.year.fee, ctx.currency) for cap in ctx.limits.annual)
    limits = [most for most in caps if most is not None]
    return cut(amounts, min(limits) - ctx.year.used) if limits else list(amounts)


def _exceeds(amount: int, minimum: Money | None, currency: str) -> bool:
    return minimum is None or minimum.currency != currency or amount > minimum.amount


def _minimum(ctx: _Period, amounts: Sequence[int]) -> list[int]:
    """What does not exceed a minimum is not paid: first of each term, then of all together."""
    found = [
        amount if _exceeds(amount, one.minimum, ctx.currency) else 0
        for one, amount in zip(ctx.dues, amounts, strict=True)
    ]
    together = _exceeds(sum(found), ctx.limits.minimum, ctx.currency)
    return found if together else [0] * len(found)


STAGES: Final[dict[str, Callable[[_Period, Sequence[int]], list[int]]]] = {
    "single_event": _single_event,
    "pool": _pools,
    "period_cap": _caps,
    "annual_cap": _annual,
    "minimum": _minimum,
}
"""The limits in their order (rule 11); earn-back comes later, by `engine.earnback`."""
