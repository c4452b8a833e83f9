"""Strategies for what a term costs: schemes of every form, rules over periods, rates."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from hypothesis import strategies as st

from orchestrator.formats.schemes import published_schemes
from orchestrator.model.breaches import (
    BREACH_CLASSES,
    Bonus,
    Chronic,
    ClassBound,
    Classes,
    Consequences,
    EarnBack,
    Repeated,
    RepeatRule,
)
from orchestrator.model.credits import Cap, CreditTier
from orchestrator.model.lapses import Lapse
from orchestrator.model.ledger import Rate
from orchestrator.model.metrics import METRICS
from orchestrator.model.schemes import (
    STEPS,
    Linear,
    Multiple,
    PerOccurrence,
    PerTime,
    Points,
    Pool,
    Row,
    Scheme,
    Slope,
    Tiers,
    Worth,
    tiers_of,
)
from orchestrator.model.values import ALWAYS, DAY, HOUR, MINUTE, Money, Span

_parts: Final = st.integers(0, 10_000).map(lambda part: Fraction(part, 10_000))
_above: Final = _parts.filter(bool)
_sums: Final = st.builds(Money, st.integers(0, 10**9), st.sampled_from(("EUR", "JPY", "USD")))
_flags: Final = st.booleans()
_steps: Final = st.sampled_from(STEPS)
_figures: Final = st.integers(0, 1000).map(lambda part: Fraction(part, 10))

caps: Final = st.builds(Cap, percent=_parts) | st.builds(Cap, amount=_sums)
worths: Final = st.builds(Worth, amount=_sums) | st.builds(Worth, percent=_parts)


@st.composite
def _row(draw: st.DrawFn, worth: st.SearchStrategy[Fraction]) -> Row:
    """A row between ends of either kind, or one that reaches down to nothing."""
    low, high = sorted(draw(st.tuples(_parts, _parts)))
    if draw(_flags):
        return Row(high or Fraction(1), draw(worth), nested=True)
    ends = (True, True) if low == high else (draw(_flags), draw(_flags))
    return Row(high, draw(worth), low, *ends)


_rows: Final = st.lists(_row(_parts), max_size=3).map(tuple)
_slopes: Final = st.lists(
    st.builds(Slope, _parts, _parts, _above, _steps), min_size=1, max_size=2
).map(tuple)
_forms: Final = st.one_of(
    st.builds(Tiers, _rows),
    st.builds(Linear, _slopes),
    st.builds(
        PerTime,
        worths,
        st.sampled_from((MINUTE, HOUR, 15 * MINUTE)),
        st.sampled_from((0, HOUR)),
        _steps,
        _flags,
    ),
    st.builds(PerOccurrence, worths, st.integers(0, 3), _flags),
    st.builds(
        Points, st.lists(_row(_figures), max_size=2).map(tuple), st.none() | worths, _figures
    ),
    st.builds(Pool, _parts, _parts, _rows, st.sampled_from(("", "towers"))),
    st.builds(Multiple, _figures, _flags, _flags),
)
schemes: Final = st.one_of(
    st.builds(Scheme, _forms, st.none() | caps, st.none() | _sums),
    st.sampled_from(sorted(published_schemes())).map(
        lambda id: Scheme(
            published_schemes()[id].scheme.form,
            published_schemes()[id].scheme.cap,
            published_schemes()[id].scheme.minimum,
            id,
        )
    ),
)


def _as_held(scheme: Scheme) -> tuple[CreditTier, ...] | Scheme:
    tiers = tiers_of(scheme)
    return scheme if tiers is None else tiers


credits_of_any_form: Final = schemes.map(_as_held)
"""Credits as an agreement holds them: plain rows are its own."""


@st.composite
def _classes(draw: st.DrawFn, higher_is_better: bool) -> Classes:
    bounds = sorted(draw(st.sets(_parts, max_size=3)), reverse=higher_is_better)
    graver = sorted(
        draw(
            st.sets(
                st.sampled_from(range(len(BREACH_CLASSES))),
                min_size=len(bounds),
                max_size=len(bounds),
            )
        )
    )
    held = (
        ClassBound(BREACH_CLASSES[place], bound)
        for place, bound in zip(graver, bounds, strict=True)
    )
    return Classes(tuple(held), higher_is_better)


def _repeated(counts: tuple[int, int], at_least: str) -> Repeated:
    return Repeated(Fraction(min(counts)), max(counts), at_least)


_repeats: Final = st.builds(
    _repeated,
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.sampled_from(BREACH_CLASSES),
)
_factors: Final = st.integers(10, 40).map(lambda part: Fraction(part, 10))
_lapses: Final = st.one_of(
    st.integers(1, 90).map(lambda days: Lapse(days * DAY)),
    st.integers(1, 12).map(lambda months: Lapse(months=months)),
    st.integers(1, 30).map(lambda days: Lapse(business_days=days)),
)
_by_points: Final = st.builds(
    Repeated,
    _figures.filter(bool),
    st.integers(1, 12),
    st.just("minor"),
    st.just(True),
)
_good: Final = st.tuples(st.integers(1, 6), st.integers(1, 6)).map(sorted)
_rules: Final = {
    "repeats": st.lists(
        st.builds(RepeatRule, _repeats, _factors, st.none() | worths), max_size=2
    ).map(tuple),
    "chronic": st.none() | st.builds(Chronic, _repeats | _by_points, st.just(Lapse()) | _lapses),
    "bonus": st.none() | st.builds(Bonus, _rows),
    "earn_back": st.none()
    | st.builds(
        lambda counts, **others: EarnBack(*counts, **others),
        _good,
        share=_above,
        level=st.none() | _parts,
    ),
}
_consequences: Final[dict[bool, st.SearchStrategy[Consequences]]] = {
    higher: st.builds(Consequences, classes=st.none() | _classes(higher), **_rules)
    for higher in (True, False)
}


def consequences(metric: str) -> st.SearchStrategy[Consequences]:
    """What else follows from what a term of a metric attains."""
    return _consequences[METRICS[metric].higher_is_better]


def _rate(pair: tuple[str, str], factor: Fraction, effective: Span, stated: str) -> Rate:
    return Rate(*pair, factor, effective, stated)


def rates(spans: st.SearchStrategy[Span]) -> st.SearchStrategy[tuple[Rate, ...]]:
    """Exchange rates as stated, not all of them consistent."""
    return st.lists(a_rate(spans), max_size=2).map(tuple)


def a_rate(spans: st.SearchStrategy[Span]) -> st.SearchStrategy[Rate]:
    """One exchange rate."""
    return st.builds(
        _rate,
        st.sampled_from((("EUR", "USD"), ("USD", "EUR"), ("EUR", "JPY"))),
        _figures.filter(bool),
        st.just(ALWAYS) | spans,
        st.sampled_from(("", "the central bank")),
    )
