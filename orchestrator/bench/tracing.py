"""Tracing at size: how fast downtime is cut, judged and shared, exactly.

A portfolio of products, each on parts of its own, single and redundant, and on groups of a platform
that all share. Every outage of a year is traced to the parts, month by month, with Shapley shares.
What is remembered by failed set is forgotten before each time is taken.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, Final

import numpy as np

from orchestrator.bench.intervals import BORDERS, MONTHS, SEED, outages
from orchestrator.engine import games
from orchestrator.engine.components import Components, Node
from orchestrator.engine.contributions import PLAIN, Contributions, contributions, cut_downtime
from orchestrator.engine.evidence import sweep
from orchestrator.engine.segments import Segments
from orchestrator.engine.shares import judge, share_out
from orchestrator.engine.timelines import Timelines, timelines
from orchestrator.model.values import MINUTE, Instant

CONCURRENT: Final = 16
PATTERNS: Final = (
    ("half of the parts are needed", CONCURRENT, 1, 1),
    ("half of the parts are needed", 100, 1, 1),
    ("half of as many groups drawn from the parts", CONCURRENT, 3, 6),
)
"""What parts stand in, how many of them fail at one time, and the least and most in a group."""

STRUCTURES: Final = 25
"""Structures of each pattern."""

_OWN, _PLATFORM_SHARE, _GROUPS = 9, 10, 8
"""Parts a product has of its own; one part in so many is the platform's; and how many groups of
those a product rests on."""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Products over leaves."""

    components: Components
    products: tuple[Node, ...]


def run(services: int) -> list[dict[str, Any]]:
    """A hundred outages for every service; and many failures at one time."""
    return [traced(services), concurrent()]


def portfolio(rng: np.random.Generator, services: int) -> Portfolio:
    """A product for every ten services: three parts in series, one of two, two of four, and groups
    of the platform, two of four each."""
    components = Components()
    leaf = [Node(1 << components.leaf((f"part-{i}", ""))) for i in range(services)]
    shared = services - services // _PLATFORM_SHARE
    groups = [components.group(2, leaf[i : i + 4], None) for i in range(shared, services - 3, 4)]
    products = []
    for first in range(0, shared - _OWN + 1, _OWN):
        own = leaf[first : first + _OWN]
        node = components.group(1, own[3:5], None) | components.group(2, own[5:9], None)
        for part in own[:3]:
            node |= part
        for group in rng.choice(len(groups), min(_GROUPS, len(groups)), replace=False).tolist():
            node |= groups[group]
        products.append(node)
    return Portfolio(components, tuple(products))


def traced(services: int) -> dict[str, Any]:
    """A year of outages traced to the parts, against judging slice after slice."""
    rng = np.random.default_rng(SEED)
    one = portfolio(rng, services)
    columns = outages(rng, services, services * 100, 40 * MINUTE)
    components, products = one.components, one.products
    _, uniting = _timed(lambda: timelines(*columns))
    down = timelines(*columns)
    segments, cutting = _timed(lambda: cut_downtime(components, products, down, BORDERS))
    found, whole = _timed(lambda: contributions(components, products, down, BORDERS))
    assert isinstance(segments, Segments)
    adds_up = sum(one.counted == sum(one.parts.values()) for one in found.values())
    anew, judging = _timed(lambda: _judged(one, segments))
    some = tuple(range(0, len(products), max(len(products) // 20, 1)))
    slowly, theirs = _timed(lambda: _slice_by_slice(one, down, some))
    mine = {key: (value.counted, value.parts) for key, value in found.items() if key[0] in some}
    alike = sum(mine.get(key) == value for key, value in slowly.items())
    few = int(np.isin(segments.owner, some).sum())
    many = len(segments)
    return {
        "title": f"{services * 100:,} outages of {services:,} services in {MONTHS} months traced "
        f"to the parts of {len(products):,} products",
        "columns": ["work", "how many", "time", "a second", "remark"],
        "rows": [
            ["outages united", f"{services * 100:,} outages", *_rate(services * 100, uniting), ""],
            [
                "products' downtime found and cut",
                f"{many:,} down segments",
                *_rate(many, cutting),
                f"{len(segments.sets):,} failed sets",
            ],
            [
                "all of it, with Shapley shares",
                f"{many:,} down segments",
                *_rate(many, whole + uniting),
                f"{adds_up:,} of {len(found):,} add up exactly",
            ],
            ["each failed set judged anew", f"{anew:,} sets", *_rate(anew, judging), "no memory"],
            [
                f"slice by slice, {len(some)} products",
                f"{few:,} down segments",
                *_rate(few, theirs),
                f"{alike:,} of {len(slowly):,} alike",
            ],
        ],
    }


def _judged(one: Portfolio, segments: Segments) -> int:
    """Every failed set shared by itself, whatever was found out for another one."""
    for state, owner in enumerate(segments.owners):
        games.forget()
        of = partial(games.game, one.components, one.products[owner])
        judge(of, 0, segments.down(state), PLAIN, _no_onset)
    return len(segments.owners)


Answers = dict[tuple[int, int], tuple[Fraction, dict[int, Fraction]]]


def _slice_by_slice(one: Portfolio, down: Timelines, some: Sequence[int]) -> Answers:
    """What products come to in each month, every slice judged when it is met."""
    found: dict[tuple[int, int], Contributions] = {}
    months = list(itertools.pairwise(BORDERS.tolist()))
    for product in some:
        node = one.products[product]
        support = one.components.support(node)
        leaves = [leaf for leaf in range(one.components.leaf_count) if support >> leaf & 1]
        times = {leaf: down.of(leaf) for leaf in leaves}
        for start, end, (bits,) in sweep([times], BORDERS.tolist()):
            month = next((i for i, (a, b) in enumerate(months) if a <= start < b), None)
            verdict = judge(partial(games.game, one.components, node), 0, bits, PLAIN, _no_onset)
            if month is not None and verdict.counted:
                found.setdefault((product, month), Contributions()).add(verdict, end - start)
    return {key: (value.counted, value.parts) for key, value in found.items()}


def _no_onset(_: int) -> Instant:
    raise AssertionError("shares by sets never ask who failed first")


# --- many failures at one time -------------------------------------------------------------------


def concurrent(structures: int = STRUCTURES) -> dict[str, Any]:
    """How long it takes to share one failure among many parts that are down, met for the first
    time."""
    rng = np.random.default_rng(SEED)
    rows = []
    for name, players, least, most in PATTERNS:
        taken, exact = [], 0
        for _ in range(structures):
            components, node = _drawn(rng, players, least, most)
            games.forget()
            started = time.perf_counter()
            found = share_out(components, node, (1 << players) - 1, 0, PLAIN.shares, _no_onset)
            taken.append(time.perf_counter() - started)
            exact += sum(found.values()) == 1
        taken.sort()
        rows.append(
            [
                name,
                str(players),
                f"{taken[len(taken) // 2] * 1e3:.2f} ms",
                f"{taken[-1] * 1e3:.2f} ms",
                f"{exact} of {structures}",
            ]
        )
    return {
        "title": "Shapley shares of parts that are down at one time",
        "columns": ["structure", "down at one time", "median", "longest", "add up to one"],
        "rows": rows,
    }


def _drawn(
    rng: np.random.Generator, players: int, least: int, most: int
) -> tuple[Components, Node]:
    """Half of the parts needed, or half of as many groups of `least` to `most` of them, of each of
    which all but one are needed."""
    components = Components()
    leaf = [Node(1 << components.leaf((f"part-{i}", ""))) for i in range(players)]
    if most > least:
        sizes = rng.integers(least, most + 1, players).tolist()
        chosen = [rng.choice(players, size, replace=False).tolist() for size in sizes]
        leaf = [components.group(len(one) - 1, [leaf[i] for i in one], None) for one in chosen]
    return components, components.group(players // 2, leaf, None)


def _timed(work: Any) -> tuple[Any, float]:
    games.forget()
    started = time.perf_counter()
    found = work()
    return found, time.perf_counter() - started


def _rate(many: int, seconds: float) -> tuple[str, str]:
    return f"{seconds:,.3f} s", f"{many / seconds:,.0f}"
