"""What comes back from suppliers, and why the rest does not, against a plain loop over minutes.

The loop is written from rules 4, 5 and 7 to 10 and the published tables alone: it looks at every
minute in which something is reported, tries all orders of failing, and shares out cents one by one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.claimed import drafted, drafting, lost, recorded
from orchestrator.engine.credit import Ended
from orchestrator.engine.settle import settle
from orchestrator.formats.schemes import published_schemes
from orchestrator.model.agreements import Claims, Cover, Measurement, Policies, Term, Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.claims import ClaimEvent, RecordedClaim
from orchestrator.model.credits import Cap, Fee
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.parties import Party
from orchestrator.model.records import WATERFALL, Credit, Excuse, Facts, Outage, Verdict
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
from orchestrator.model.values import DAY, FOREVER, HOUR, MINUTE, AskedPeriod, Money, Span
from tests.laws.build import law_of
from tests.laws.test_settlement import STARTS, half_up, shared_out

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
_worth = st.builds(Worth, percent=_part) | st.builds(
    Worth, amount=st.integers(1, 20_000).map(lambda cents: Money(cents, "USD"))
)
_forms: st.SearchStrategy[Any] = st.one_of(
    st.builds(Tiers, _rows),
    st.builds(PerTime, _worth, st.just(MINUTE), st.sampled_from((0, 30 * MINUTE))),
    st.builds(PerOccurrence, _worth, st.integers(0, 1)),
    st.builds(Multiple, st.integers(1, 20).map(Fraction), st.booleans()),
    st.builds(Pool, st.just(Fraction(1, 5)), _part, _rows, st.sampled_from(("", "tower"))),
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


# --- the published tables, as they are published --------------------------------------------------


def below(*rows: tuple[str, int]) -> Callable[[Fraction], int]:
    """So many percent of the fee below each level; the last that applies."""

    def worth(attained: Fraction) -> int:
        found = 0
        for level, percent in rows:
            if attained < Fraction(level) / 100:
                found = percent
        return found

    return worth


def _github(attained: Fraction) -> int:
    if attained < Fraction(99, 100):
        return 25
    return 10 if Fraction(99, 100) < attained <= Fraction(999, 1000) else 0


def _zus(attained: Fraction) -> int:
    percent = attained * 100
    for low, high, worth in (("99.0", "99.89", 5), ("95.0", "98.99", 10), ("0", "94.99", 25)):
        if Fraction(low) <= percent <= Fraction(high):
            return worth
    return 0


TABLES: Mapping[str, Callable[[Fraction], int]] = {
    "atlassian-enterprise": below(("99.95", 10)),
    "atlassian-premium": below(("99.9", 10)),
    "aws-ec2-region": below(("99.99", 10), ("99", 30), ("95", 100)),
    "aws-rds-multi-az": below(("99.95", 10), ("99", 25), ("95", 100)),
    "aws-s3-standard": below(("99.9", 10), ("99", 25), ("95", 100)),
    "azure-vm-set": below(("99.95", 10), ("99", 25), ("95", 100)),
    "azure-vm-single": below(("99.9", 10), ("99", 25), ("95", 100)),
    "azure-vm-zones": below(("99.99", 10), ("99", 25), ("95", 100)),
    "github-enterprise": _github,
    "google-alloydb": below(("99.99", 10), ("99", 25), ("95", 50)),
    "google-bigtable-3-regions": below(("99.999", 10), ("99", 25), ("95", 50)),
    "microsoft-365": below(("99.9", 25), ("99", 50), ("95", 100)),
    "tidb-cloud": below(("99.99", 10), ("99", 25), ("95", 100)),
    "twilio": below(("99.95", 10)),
    "zus-health": _zus,
}
TIMES: Mapping[str, tuple[int, bool]] = {
    "algolia": (100, False),
    "algolia-99-999": (1000, False),
    "cloudflare-business": (1, True),
    "slack": (10, False),
    "slack-2015": (100, True),
}
"""So many times the fee of the time that was down, or of that by the share affected."""
MOST = {"algolia": 25, "algolia-99-999": 50, "zus-health": 25}
"""Percent of the fee."""
ABOVE = {"aws-ec2-region": 100, "aws-rds-multi-az": 100}
"""Cents."""


def test_every_published_scheme_has_its_table() -> None:
    assert {*TABLES, *TIMES} == set(published_schemes())


# --- the plain loop: what was down ----------------------------------------------------------------


Down = frozenset[str]
"""Parts that are down: a leaf by its name, what is ours of `t1` by `t1`."""


def fails(case: Case, service: str, down: Down) -> bool:
    return service in down or (
        service in case.structure and fulfilled(case, case.structure[service], down) is False
    )


def fulfilled(case: Case, needed: Expression, down: Down) -> bool:
    if isinstance(needed, Needs):
        return not fails(case, needed.service, down)
    up = sum(fulfilled(case, part, down) for part in needed.parts)
    return up >= (len(needed.parts) if isinstance(needed, AllOf) else needed.k)


@dataclass(frozen=True)
class Minute:
    """What is down by all reports, and what of it only by such as are excused where a storm is."""

    down: Down
    stormy: Down


def minute_of(case: Case, active: Sequence[Outage]) -> Minute:
    down, sound = set[str](), set[str]()
    for service in (*LEAVES, *TOPS):
        for one in active:
            if one.service == service and (service in LEAVES or one.part == "own"):
                down.add(service)
                if one.excuse is None:
                    sound.add(service)
        whole = [one for one in active if one.service == service and one.part == "whole"]
        # Reported down, and nothing beneath explains it: our own part.
        if service in TOPS and whole and not fails(case, service, frozenset(down)):
            down.add(service)
            if any(one.excuse is None for one in whole):
                sound.add(service)
    return Minute(frozenset(down), frozenset(down - sound))


def shares_of(
    policy: str, players: Sequence[str], falls: Callable[[Down], bool]
) -> dict[str, Fraction]:
    """Who brought it down, by all orders of failing, or by all sets that just suffice."""
    sets = [
        frozenset(some)
        for size in range(len(players) + 1)
        for some in itertools.combinations(players, size)
    ]
    cuts = [one for one in sets if falls(one) and not any(falls(one - {part}) for part in one)]
    found = dict.fromkeys(players, Fraction(0))
    if policy == "joint_and_several":
        for part in frozenset[str]().union(*cuts):
            found[part] = Fraction(1)
    elif policy == "equal_per_cut":
        for cut in cuts:
            for part in cut:
                found[part] += Fraction(1, len(cuts) * len(cut))
    else:
        orders = list(itertools.permutations(players))
        for order in orders:
            for place, part in enumerate(order):
                if falls(frozenset(order[: place + 1])):
                    found[part] += Fraction(1, len(orders))
                    break
    return {part: share for part, share in found.items() if share}


def judged(case: Case, promise: Promise, service: str, at: Minute) -> dict[str, Fraction]:
    """Who caused a minute of downtime that counts under an agreement; nobody where it does not."""
    excused = at.stormy if promise.excused else frozenset()
    rest = at.down - excused
    base: Down = frozenset()
    if not fails(case, service, rest):
        if fails(case, service, excused) or not fails(case, service, at.down):
            return {}
        base = excused
    return shares_of(
        promise.shares,
        sorted(rest),
        lambda some: fails(case, service, some | base),
    )


@dataclass
class Month:
    """An agreement's month of one service: minutes that count with their weight, and for how much
    of it each part is to blame."""

    minutes: int
    weights: dict[int, Fraction] = field(default_factory=dict)
    blame: dict[int, dict[str, Fraction]] = field(default_factory=dict)
    affected: Fraction = Fraction(0)

    @cached_property
    def down(self) -> Fraction:
        return sum(self.weights.values(), Fraction(0))

    @property
    def attained(self) -> Fraction:
        return 1 - self.down / self.minutes

    @property
    def runs(self) -> int:
        return sum(minute - 1 not in self.weights for minute in self.weights)


def open_in(promise: Promise, minute: int) -> bool:
    return not promise.by_day or 8 * 60 <= minute % 1440 < 20 * 60


def month_of(case: Case, promise: Promise, service: str, month: int) -> Month:
    first, end = STARTS[month], STARTS[month + 1]
    found = Month((end - first) // (2 if promise.by_day else 1))
    known: dict[tuple[str, ...], tuple[dict[str, Fraction], Fraction]] = {}
    for minute, active in case.active.items():
        if not first <= minute < end or not open_in(promise, minute):
            continue
        ids = tuple(one.id for one in active)
        if ids not in known:
            blame = judged(case, promise, service, minute_of(case, active))
            known[ids] = (
                blame,
                max(
                    (one.affected_share for one in active if one.service in blame),
                    default=Fraction(1),
                ),
            )
        blame, share = known[ids]
        if blame:
            found.weights[minute] = share if promise.weighed else Fraction(1)
            found.blame[minute] = blame
            found.affected += share
    return found


# --- the plain loop: what it costs ----------------------------------------------------------------


def worth(value: Worth, units: Fraction, fee: int) -> Fraction:
    return units * (value.amount.amount if value.amount else (value.percent or 0) * fee)


def plain_worth(scheme: Scheme, target: Fraction, at: Month, fee: int) -> Fraction:
    """What a month comes to before any limit."""
    missed, form = at.attained < target, scheme.form
    if scheme.published in TABLES:
        return Fraction(TABLES[scheme.published](at.attained) * fee, 100)
    if scheme.published:
        times, by_share = TIMES[scheme.published]
        time = at.affected if by_share else at.down
        return time / at.minutes * times * fee if missed else Fraction(0)
    if isinstance(form, Tiers | Pool):
        part = max([row.worth for row in form.rows if at.attained < row.high], default=Fraction(0))
        return part * fee * (form.at_risk * form.allocation if isinstance(form, Pool) else 1)
    if not missed:
        return Fraction(0)
    if isinstance(form, PerTime):
        return worth(form.worth, max(at.down - form.free // MINUTE, Fraction(0)), fee)
    if isinstance(form, PerOccurrence):
        return worth(form.worth, Fraction(max(at.runs - form.free, 0)), fee)
    assert isinstance(form, Multiple)
    return (at.affected if form.affected else at.down) / at.minutes * form.factor * fee


Key = tuple[str, str, str, int]
"""Agreement, term, service, month."""


@dataclass
class Due:
    gross: int
    paid: int


def credits_of(promise: Promise, months: Mapping[tuple[str, str, int], Month]) -> dict[Key, Due]:
    """What an agreement's months come to without and with all limits."""
    found: dict[Key, Due] = {}
    for month in range(MONTHS):
        keys, amounts, pools, floors = [], [], [], []
        for id, target, scheme in sorted(promise.terms):
            for service in promise.services:
                exact = plain_worth(scheme, target, months[promise.id, service, month], promise.fee)
                if not exact:
                    continue
                most, least = MOST.get(scheme.published), ABOVE.get(scheme.published)
                if not scheme.published:
                    cap = scheme.cap and scheme.cap.percent
                    most = cap and int(cap * 100)
                    least = scheme.minimum.amount if scheme.minimum else None
                limited = exact if most is None else min(exact, Fraction(most * promise.fee // 100))
                keys.append((promise.id, id, service, month))
                found[keys[-1]] = Due(half_up(exact), 0)
                amounts.append(half_up(limited))
                floors.append(least)
                pool = isinstance(scheme.form, Pool)
                pools.append((scheme.form.name or (id, service)) if pool else None)
        for pool in set(pools) - {None}:
            places = [place for place, one in enumerate(pools) if one == pool]
            part = cut_down([amounts[place] for place in places], promise.fee // 5)
            for place, amount in zip(places, part, strict=True):
                amounts[place] = amount
        most = promise.fee if promise.cap is None else int(promise.cap * promise.fee)
        amounts = cut_down(amounts, min(most, promise.fee))
        amounts = [
            0 if least is not None and amount <= least else amount
            for amount, least in zip(amounts, floors, strict=True)
        ]
        if promise.least is not None and sum(amounts) <= promise.least:
            amounts = [0] * len(amounts)
        for key, amount in zip(keys, amounts, strict=True):
            found[key].paid = amount
    return found


def cut_down(amounts: list[int], most: int) -> list[int]:
    return shared_out(most, amounts) if sum(amounts) > most else amounts


# --- the plain loop: what comes back --------------------------------------------------------------


def settled_plainly(case: Case, span: tuple[int, int]) -> dict[Key, dict[str, int]]:
    """The waterfall of everything owed."""
    months = {
        (promise.id, service, month): month_of(case, promise, service, month)
        for promise in case.promises
        for service in promise.services
        for month in range(MONTHS)
    }
    due: dict[Key, Due] = {}
    for promise in case.promises:
        due |= credits_of(promise, months)
    beneath = {service: one for one in case.promises[2:] for service in one.services}
    falls: dict[Key, dict[str, int]] = {}
    asked: dict[Key, dict[Key, int]] = {}
    for promise in case.promises[:2]:
        for id, _, _ in promise.terms:
            for service in promise.services:
                for month in range(*span):
                    key = (promise.id, id, service, month)
                    owed = due[key].paid if key in due else 0
                    if not owed:
                        continue
                    steps = dict.fromkeys((*WATERFALL, "liable"), 0)
                    falls[key] = steps
                    causes = causes_of(months, beneath, promise, service, month, due)
                    if not causes:
                        steps["OWN_SHARE"] = owed
                        continue
                    order = sorted(causes)
                    whole = [causes[cause] for cause in order]
                    for cause, loss in zip(order, in_proportion(owed, whole), strict=True):
                        _, leaf, _, step = cause
                        steps[step] += loss
                        if step == "liable" and loss:
                            paying = (beneath[leaf].id, beneath[leaf].terms[0][0], leaf, month)
                            if paying in due:
                                claims = asked.setdefault(paying, {})
                                claims[key] = claims.get(key, 0) + loss
    back = {key: [0, 0, 0] for key in falls}
    for paying, claims in asked.items():
        order = sorted(claims, key=lambda key: (key[0], key[1], key[2], key[3]))
        weights = [claims[key] for key in order]
        gross = shared_out(due[paying].gross, weights)
        paid = shared_out(due[paying].paid, weights)
        gone = lost_plainly(case, beneath[paying[2]], paying[2], due[paying].paid)
        less = shared_out(gone, paid) if gone else [0] * len(paid)
        for key, *amounts in zip(order, gross, paid, less, strict=True):
            for place, amount in enumerate(amounts):
                back[key][place] += amount
    for key, steps in falls.items():
        owed, liable = due[key].paid, steps.pop("liable")
        before, after, gone = back[key]
        kept = after - gone
        if next(one for one in case.promises if one.id == key[0]).shares == "joint_and_several":
            before, after, kept = min(before, owed), min(after, owed), min(kept, owed)
        steps["TIER_AND_FEE_SCALE"] = liable - before
        steps["CAP"] = before - after
        steps["CLAIM_LAPSED"] = after - kept
        steps["RECOVERED"] = kept
        assert sum(steps.values()) == owed
    return falls


def causes_of(
    months: Mapping[tuple[str, str, int], Month],
    beneath: Mapping[str, Promise],
    promise: Promise,
    service: str,
    month: int,
    due: Mapping[Key, Due],
) -> dict[tuple[str, str, str, str], Fraction]:
    """Weighed minutes by who contributed them with what, why the money for them does or does not
    come back, and the step of the waterfall that says so; in the order in which ties go."""
    ours = months[promise.id, service, month]
    found: dict[tuple[str, str, str, str], Fraction] = {}

    def add(party: str, leaf: str, basis: str, step: str, time: Fraction) -> None:
        if time:
            cause = (party, leaf, basis, step)
            found[cause] = found.get(cause, Fraction(0)) + time

    for minute, blame in ours.blame.items():
        for part, share in blame.items():
            time = share * ours.weights[minute]
            if part in TOPS:
                add("us", part, "OWN_PART", "OWN_SHARE", time)
            elif part not in beneath:
                add(LEAVES[part], part, "UNCOMMITTED", "STRUCTURAL_GAP", time)
            else:
                id, target, _ = beneath[part].terms[0]
                theirs = months[beneath[part].id, part, month]
                missed = theirs.attained < target
                pays = missed or (beneath[part].id, id, part, month) in due
                seen = theirs.weights.get(minute, Fraction(0)) / ours.weights[minute]
                seen = min(seen, Fraction(1))
                basis = "BREACHED_COMMITMENT" if missed else "STRUCTURAL_GAP"
                step = "liable" if pays else "STRUCTURAL_GAP"
                add(LEAVES[part], part, basis, step, time * seen)
                add(LEAVES[part], part, "EXCUSED", "DEFINITION_GAP", time * (1 - seen))
    return found


def in_proportion(total: int, weights: Sequence[Fraction]) -> list[int]:
    """By largest remainder; whole weights in the same proportion make it the same sum."""
    scale = 1
    for weight in weights:
        scale *= weight.denominator // _common(scale, weight.denominator)
    return shared_out(total, [int(weight * scale) for weight in weights])


def _common(one: int, other: int) -> int:
    while other:
        one, other = other, one % other
    return one


def lost_plainly(case: Case, promise: Promise, service: str, paid: int) -> int:
    made = case.claimed[service]
    in_time = made.after is not None and (
        promise.claim_days is None or made.after <= promise.claim_days
    )
    if not in_time:
        return 0 if promise.claim_days is None else paid
    return 0 if made.quarters is None else paid - _granted(paid, made.quarters)


def _granted(paid: int, quarters: int) -> int:
    return paid * quarters // 4


# --- the two held against each other --------------------------------------------------------------


def losing(case: Case) -> Callable[[Mapping[Ended, Credit]], Mapping[Ended, Money]]:
    """What is lost by the record of claims: made in time or not, and answered."""

    def gone(credits: Mapping[Ended, Credit]) -> Mapping[Ended, Money]:
        drafts, _ = drafted(drafting(case.estate, credits.values()), ())
        record = []
        for claim in drafts:
            made = case.claimed[claim.key.service]
            if made.after is None or claim.period.end + made.after * DAY > claim.deadline:
                continue
            at = claim.period.end + made.after * DAY
            moves = [ClaimEvent("submit", at, claim.claimant)]
            if made.quarters is not None:
                granted = _granted(claim.money.amount, made.quarters)
                moves.append(
                    ClaimEvent("accept", at, claim.respondent, accepted=Money(granted, "USD"))
                    if granted
                    else ClaimEvent("reject", at, claim.respondent, "not ours")
                )
            period = AskedPeriod(claim.period.start, claim.period.end)
            key = claim.key
            record.append(RecordedClaim(key.agreement, key.term, key.service, period, tuple(moves)))
        return lost(recorded(case.estate, drafts, record, LAST * MINUTE + 400 * DAY), credits)

    return gone


def waterfalls(verdict: Verdict) -> dict[Key, dict[str, int]]:
    return {
        (
            one.key.agreement,
            one.key.term,
            one.key.service,
            STARTS.index(one.period.start // MINUTE),
        ): {step.step: step.amount for step in one.waterfall}
        for one in verdict.exposures
        if one.owed
    }


def settles_as_the_loop_does(case: Case, span: tuple[int, int]) -> Verdict:
    first, end = span
    asked = AskedPeriod(STARTS[first] * MINUTE, STARTS[end] * MINUTE)
    facts = Facts(tuple(sorted(case.outages, key=lambda one: one.id)))
    verdict = settle(case.estate, facts, asked, lost=losing(case))
    assert waterfalls(verdict) == settled_plainly(case, span)
    return verdict


@law_of(5)
@given(CASES, SPANS)
def test_what_comes_back_is_what_the_plain_loop_says(case: Case, span: tuple[int, int]) -> None:
    settles_as_the_loop_does(case, span)


@pytest.mark.long
@law_of(3000)
@given(CASES, SPANS)
def test_thousands_of_waterfalls_are_those_of_the_plain_loop(
    case: Case, span: tuple[int, int]
) -> None:
    settles_as_the_loop_does(case, span)
