"""What is owed, what comes back from suppliers, and why the rest does not: a loop over minutes.

Written from rules 4, 5 and 7 to 10 and the published tables alone: it looks at every minute in
which something is reported, tries all orders of failing, and shares out cents one by one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from orchestrator.model.records import WATERFALL, Outage
from orchestrator.model.schemes import (
    Multiple,
    PerOccurrence,
    PerTime,
    Pool,
    Scheme,
    Tiers,
    Worth,
)
from orchestrator.model.services import AllOf, Expression, Needs
from orchestrator.model.values import MINUTE
from tests.laws.supplied import LEAVES, MONTHS, TOPS, Case, Promise
from tests.laws.test_settlement import STARTS, half_up, shared_out

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


# --- what was down ----------------------------------------------------------------


Down = frozenset[str]
"""Parts that are down: a leaf by its name, what is ours of `t1` by `t1`."""


def fails(case: Case, service: str, down: Down) -> bool:
    return service in down or (
        service in case.structure and not fulfilled(case, case.structure[service], down)
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


# --- what it costs ----------------------------------------------------------------


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


# --- what comes back --------------------------------------------------------------


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
    scale = math.lcm(*(weight.denominator for weight in weights))
    return shared_out(total, [int(weight * scale) for weight in weights])


def lost_plainly(case: Case, promise: Promise, service: str, paid: int) -> int:
    made = case.claimed[service]
    in_time = made.after is not None and (
        promise.claim_days is None or made.after <= promise.claim_days
    )
    if not in_time:
        return 0 if promise.claim_days is None else paid
    return 0 if made.quarters is None else paid - granted(paid, made.quarters)


def granted(paid: int, quarters: int) -> int:
    return paid * quarters // 4
