"""Values of any type the store keeps, generated from type hints, so that a field added later is
tried without anyone thinking of it; only what checks itself is said here."""

from __future__ import annotations

import types
from dataclasses import is_dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final, Union, get_args, get_origin

from hypothesis import strategies as st

from orchestrator.model.breaches import Consequences
from orchestrator.model.calendars import Calendar
from orchestrator.model.claims import CLAIM_STATES, Claim
from orchestrator.model.clocking import REPRIORITISED
from orchestrator.model.credits import CreditTier
from orchestrator.model.flows import Flow, Stage
from orchestrator.model.ledger import Rate
from orchestrator.model.measuring import MEMBERSHIPS, Measuring
from orchestrator.model.provisions import Provisions
from orchestrator.model.schemes import Scheme
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs
from orchestrator.model.templates import Template
from orchestrator.model.values import DAWN, DAY, FOREVER, Period, Span
from orchestrator.store.codec import hints_of
from tests.provisions import provisions
from tests.settling import a_rate, consequences, schemes
from tests.strategies import Vary, steps, templates

# PostgreSQL keeps no NUL in a text, and no text holds half a surrogate pair.
texts: Final = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
)
ids: Final = st.text("abc.-_1", min_size=1, max_size=6)
instants: Final = st.one_of(st.sampled_from((DAWN, 0, FOREVER)), st.integers(DAWN, FOREVER))
spans: Final = st.lists(instants, min_size=2, max_size=2, unique=True).map(
    lambda ends: Span(min(ends), max(ends))
)
ratios: Final = st.fractions()
shares: Final = st.fractions(0, 1)
periods: Final = st.one_of(
    st.builds(Period, st.sampled_from(("month", "quarter", "year")), st.integers(1, 28)),
    st.builds(Period, st.just("rolling"), st.just(1), st.integers(1, 400 * DAY)),
)
tiers: Final = st.builds(
    lambda low, width, percent, nested: CreditTier(low + width, percent, low, nested),
    shares,
    shares.filter(bool),
    st.fractions(0),
    st.booleans(),
)


@st.composite
def _groups(draw: st.DrawFn, inner: st.SearchStrategy[Expression]) -> Expression:
    parts = tuple(draw(st.lists(inner, min_size=1, max_size=3)))
    visits = draw(ratios)
    if draw(st.booleans()):
        return AllOf(parts, visits)
    beta = draw(st.none() | shares)
    return AtLeast(draw(st.integers(1, len(parts))), parts, beta, visits)


expressions: Final[st.SearchStrategy[Expression]] = st.recursive(
    st.builds(Needs, ids, ratios), _groups, max_leaves=5
)

flows: Final[st.SearchStrategy[Flow]] = st.builds(
    Flow, ids, steps(st.builds(Stage, ids, ids | st.just(""))), texts
)

measurings: Final = st.builds(
    Measuring,
    st.sampled_from(MEMBERSHIPS),
    pauses=st.lists(texts, max_size=2).map(tuple),
    awaiting=st.lists(texts, max_size=2).map(tuple),
    reopening=st.integers(0, 2**40),
    reprioritised=st.sampled_from(REPRIORITISED),
    holders=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
    trust=st.lists(texts, max_size=2).map(tuple),
    tolerance=st.fractions(0),
    at_risk=st.fractions(0, 1),
)

_KNOWN: Final[dict[Any, st.SearchStrategy[Any]]] = {
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    str: texts,
    Fraction: ratios,
    date: st.dates(),
    types.NoneType: st.none(),
    Span: spans,
    Period: periods,
    CreditTier: tiers,
    Scheme: schemes,
    Consequences: consequences("availability"),
    Rate: a_rate(spans),
    Flow: flows,
    Measuring: measurings,
    Provisions: provisions(("a", "b"), ("s", "t"), ids, texts, st.integers(0, 10**15)),
    Template: templates(Vary(("office",), metrics=("response_time", "data_location"))),
    AllOf: _groups(st.builds(Needs, ids, ratios)).filter(lambda one: isinstance(one, AllOf)),
    AtLeast: _groups(st.builds(Needs, ids, ratios)).filter(lambda one: isinstance(one, AtLeast)),
    Expression: expressions,
}


def value_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type."""
    if hint in _KNOWN:
        return _KNOWN[hint]
    arguments = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        if Needs in arguments:
            return st.none() | expressions
        return st.one_of([value_of(one) for one in arguments])
    if get_origin(hint) is tuple:
        if arguments[1:] == (Ellipsis,):
            return st.lists(value_of(arguments[0]), max_size=2).map(tuple)
        return st.tuples(*(value_of(one) for one in arguments))
    assert is_dataclass(hint), f"no values of {hint!r}"
    parts = {name: value_of(part) for name, part in hints_of(hint).items()}
    if hint is Claim:
        parts |= {"state": st.sampled_from(sorted(CLAIM_STATES)), "respondent": st.just("r")}
        parts["claimant"] = parts["claimant"].filter(lambda party: party != "r")
    if hint is Calendar:
        week = [parts["weekly"].map(lambda days: days[0] if days else ())] * 7
        parts |= {"weekly": st.tuples(*week), "openings": st.just((Span(0, DAY),))}
    return st.builds(hint, **parts)
