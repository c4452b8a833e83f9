"""Services sold to two customers over what two suppliers promise, and what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from hypothesis import strategies as st

from orchestrator.formats.schemes import published_schemes
from orchestrator.model.agreements import Claims, Cover, Measurement, Policies, Term, Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.credits import Cap, Fee
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.parties import Party
from orchestrator.model.records import Excuse, Outage
from orchestrator.model.schemes import (
    Multiple,
    PerOccurrence,
    PerTime,
    Pool,
    Row,
    Scheme,
    Tiers,
    Worth,
)
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service
from orchestrator.model.values import DAY, FOREVER, HOUR, MINUTE, Money, Span
from tests.laws.test_settlement import STARTS

MONTHS = 3
FIRST, LAST = STARTS[0], STARTS[MONTHS]
LEAVES = {"a": "x", "b": "x", "c": "y"}
"""Services that are bought, by supplier; the contract with `y` may be missing."""
TOPS = ("t1", "t2")


def all_of(*parts: str) -> Expression:
    return AllOf(tuple(map(Needs, parts)))


def at_least(k: int, *parts: str) -> Expression:
    return AtLeast(k, tuple(map(Needs, parts)))


STRUCTURES: tuple[Mapping[str, Expression], ...] = (
    {"t1": all_of("a", "b"), "t2": all_of("b", "c")},
    {"t1": at_least(1, "a", "b"), "t2": all_of("a", "c")},
    {"t1": at_least(2, "a", "b", "c"), "t2": at_least(1, "b", "c")},
    {"t1": all_of("a"), "t2": all_of("t1", "c")},
    {"t1": AllOf((Needs("a"), at_least(1, "b", "c"))), "t2": at_least(1, "t1", "c")},
)


@dataclass(frozen=True)
class Promise:
    """What the loop knows of an agreement: in it, a term is (id, target, scheme)."""

    id: str
    provider: str
    customer: str
    services: tuple[str, ...]
    terms: tuple[tuple[str, Fraction, Scheme], ...]
    fee: int
    cap: Fraction | None
    least: int | None
    excused: bool
    by_day: bool
    weighed: bool
    shares: str
    claim_days: int | None = None


@dataclass(frozen=True)
class Claimed:
    """What becomes of every claim on a supplier: made so many days after the period, and granted
    in so many quarters; None: never made, or never answered."""

    after: int | None
    quarters: int | None


@dataclass(frozen=True)
class Case:
    structure: Mapping[str, Expression]
    promises: tuple[Promise, ...]
    outages: tuple[Outage, ...]
    claimed: Mapping[str, Claimed] = field(default_factory=dict)

    @cached_property
    def active(self) -> Mapping[int, tuple[Outage, ...]]:
        """What is reported, minute by minute."""
        found: dict[int, tuple[Outage, ...]] = {}
        for one in self.outages:
            for minute in range(one.span.start // MINUTE, one.span.end // MINUTE):
                found[minute] = (*found.get(minute, ()), one)
        return found

    @cached_property
    def estate(self) -> Estate:
        services = [Service(leaf, owner=owner) for leaf, owner in LEAVES.items()]
        services += [Service(id, owner="us", requires=of) for id, of in self.structure.items()]
        return Estate(
            Metadata("test", ("us",), "USD"),
            always(Calendar("day", "UTC", (((8 * HOUR, 20 * HOUR),),) * 7)),
            always(*map(Party, ("us", "x", "y", "shop", "bank"))),
            always(*services),
            {one.id: (_version(one),) for one in self.promises},
        ).normalised()


def _version(one: Promise) -> Version:
    return Version(
        one.id,
        1,
        "SLA" if one.provider == "us" else "UC",
        one.provider,
        one.customer,
        tuple(Cover(service, "whole") for service in one.services),
        tuple(
            Term(
                id,
                "availability",
                target,
                "credit_backed",
                hours="day" if one.by_day else "24x7",
                credits=scheme,
                measurement=Measurement(weighting="affected_share" if one.weighed else "none"),
            )
            for id, target, scheme in one.terms
        ),
        Span(FIRST * MINUTE, FOREVER),
        fee=Fee(Money(one.fee, "USD")),
        exclusions=("storm",) if one.excused else (),
        policies=Policies(shares=one.shares),
        caps=() if one.cap is None else (Cap(percent=one.cap),),
        minimum_credit=None if one.least is None else Money(one.least, "USD"),
        claims=None if one.claim_days is None else Claims(one.claim_days * DAY),
    )


# --- what is drawn -------------------------------------------------------------------------------

_part = st.integers(1, 100).map(lambda part: Fraction(part, 100))
_level = st.sampled_from([Fraction(part, 10_000) for part in (9500, 9900, 9990, 9999, 10_000)])
_rows = st.lists(
    st.builds(lambda high, worth: Row(high, worth, nested=True), _level, _part),
    min_size=1,
    max_size=2,
).map(tuple)
_allocation = st.sampled_from((Fraction(1), Fraction(9, 10), Fraction(2, 5)))
"""So much that together they would often come to more than the pool."""
_worth = st.builds(Worth, percent=_part) | st.builds(
    Worth, amount=st.integers(1, 20_000).map(lambda cents: Money(cents, "USD"))
)
_forms: st.SearchStrategy[Any] = st.one_of(
    st.builds(Tiers, _rows),
    st.builds(PerTime, _worth, st.just(MINUTE), st.sampled_from((0, 30 * MINUTE))),
    st.builds(PerOccurrence, _worth, st.integers(0, 1)),
    st.builds(Multiple, st.integers(1, 20).map(Fraction), st.booleans()),
    st.builds(Pool, st.just(Fraction(1, 5)), _allocation, _rows, st.sampled_from(("tower", ""))),
)
_own = st.tuples(
    st.sampled_from((Fraction(999, 1000), Fraction(99, 100), Fraction(9999, 10_000))),
    st.builds(
        Scheme,
        _forms,
        st.none() | st.builds(Cap, percent=_part),
        st.none() | st.integers(1, 20_000).map(lambda cents: Money(cents, "USD")),
    ),
)


def _by_name(id: str) -> tuple[Fraction, Scheme]:
    published = published_schemes()[id]
    found = published.scheme
    return published.targets[0], Scheme(found.form, found.cap, found.minimum, id)


_published = st.sampled_from(sorted(published_schemes())).map(_by_name)
_terms = st.lists(_own | _published, min_size=1, max_size=2).map(
    lambda terms: tuple((f"t{number}", *term) for number, term in enumerate(terms))
)
_fee = st.integers(1_000, 1_000_000)
_cap = st.none() | st.none() | st.integers(5, 100).map(lambda part: Fraction(part, 100))
_least = st.none() | st.none() | st.integers(1, 3_000)
_flag = st.sampled_from((False, False, True))


def _promises(
    id: str, provider: str, customer: str, services: tuple[str, ...]
) -> st.SearchStrategy[Promise]:
    bought = provider != "us"
    return st.builds(
        Promise,
        *map(st.just, (id, provider, customer, services)),
        _terms.map(lambda terms: terms[:1]) if bought else _terms,
        _fee,
        _cap,
        _least,
        _flag,
        _flag,
        _flag,
        st.sampled_from(("shapley", "equal_per_cut", "joint_and_several")),
        st.none() | st.integers(1, 40) if bought else st.none(),
    )


_all_promises = st.tuples(
    _promises("sla", "us", "shop", ("t1", "t2")),
    _promises("sla-b", "us", "bank", ("t2",)),
    _promises("uc-x", "x", "us", ("a", "b")),
    _promises("uc-y", "y", "us", ("c",)),
    st.sampled_from((True, True, True, False)),
).map(lambda found: found[: 4 if found[4] else 3])
_outage = st.builds(
    lambda where, start, length, share, storm: Outage(
        "o",
        where[0],
        Span(start * MINUTE, (start + length) * MINUTE),
        where[1],
        Excuse("storm", evidence="report") if storm else None,
        affected_share=share,
    ),
    st.sampled_from(
        [("a", "whole"), ("b", "whole"), ("c", "whole")] * 4
        + [(top, part) for top in TOPS for part in ("whole", "own")]
    ),
    # In a few days of each month, so that outages meet.
    st.tuples(st.integers(0, MONTHS - 1), st.integers(0, 9_000)).map(
        lambda pair: STARTS[pair[0]] + pair[1]
    ),
    st.sampled_from((450, 900, 60, 2200, 44, 3)),
    st.sampled_from((Fraction(1), Fraction(1), Fraction(1, 2), Fraction(1, 3))),
    _flag,
)
_outages = st.lists(_outage, min_size=6, max_size=12).map(
    lambda found: tuple(
        Outage(f"o-{n}", o.service, o.span, o.part, o.excuse, affected_share=o.affected_share)
        for n, o in enumerate(found)
    )
)
_claimed = st.fixed_dictionaries(
    {
        service: st.builds(
            Claimed,
            st.sampled_from((0, 5, 20, 40, 60, None)),
            st.sampled_from((None, None, 4, 3, 1, 0)),
        )
        for service in LEAVES
    }
)
CASES = st.builds(Case, st.sampled_from(STRUCTURES), _all_promises, _outages, _claimed)
SPANS = st.tuples(st.integers(0, MONTHS - 1), st.integers(1, MONTHS)).map(
    lambda pair: (pair[0], min(MONTHS, pair[0] + pair[1]))
)
