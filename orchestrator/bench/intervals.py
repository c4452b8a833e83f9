"""Interval algebra over whole portfolios against other libraries.

Attainment: outages in a random order, less exclusions, by service and month, every microsecond
counted once. Composite downtime: a graph of gates in which all, any or at least k of some shared
parts are needed. Every side is given the same facts in its own types before the time is taken. Who
is slow works on a sample, and its answers are compared one by one; the others are optional: what is
not installed is said to be.
"""

from __future__ import annotations

import itertools
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from importlib import import_module, metadata
from operator import and_, or_
from typing import Any, Final

import numpy as np

from orchestrator.engine.composite import Composite, Graph, composite, graph_of
from orchestrator.engine.steps import Int64s
from orchestrator.engine.timelines import attainment, timelines
from orchestrator.model.values import HOUR, MINUTE, SECOND, parse_instant

SEED: Final = 20260401
MONTHS: Final = 12
BORDERS: Final = np.array(
    [parse_instant(f"{2026 + i // 12}-{i % 12 + 1:02d}-01T00:00Z") for i in range(MONTHS + 1)]
)
SAMPLE: Final = 50
"""Services, or gates, whose answers a slow library is asked for."""

Columns = tuple[Int64s, Int64s, Int64s]


@dataclass(frozen=True, slots=True)
class Work:
    """Outages and exclusions in columns of service, start and end."""

    services: int
    outages: Columns
    exclusions: Columns

    def first(self, services: int) -> Work:
        """The work on the first services alone."""
        kept = ([column[one[0] < services] for column in one]
                for one in (self.outages, self.exclusions))  # fmt: skip
        return Work(services, *((one[0], one[1], one[2]) for one in kept))


@dataclass(frozen=True, slots=True)
class Side:
    """Who does the work: `prepare` gives what is timed, which answers with counted microseconds by
    service and month. `sample` is the most services it is given."""

    package: str
    prepare: Callable[[Work], Callable[[], Int64s]]
    sample: int = 10**9


def run(services: int) -> list[dict[str, Any]]:
    """A hundred outages for every service, and three gates."""
    return [attained(services), composites(services)]


def _timed(work: Callable[[], Any], times: int) -> tuple[Any, float]:
    """What it gives, and the least seconds it took."""
    least, found = float("inf"), None
    for _ in range(times):
        started = time.perf_counter()
        found = work()
        least = min(least, time.perf_counter() - started)
    return found, least


# --- attainment ----------------------------------------------------------------------------------


def outages(rng: np.random.Generator, services: int, many: int, longest: int) -> Columns:
    """So many stretches of whole seconds in one year, of up to some microseconds."""
    start = BORDERS[0] + rng.integers(0, (BORDERS[-1] - BORDERS[0]) // SECOND, many) * SECOND
    length = rng.integers(1, longest // SECOND, many) * SECOND
    return rng.integers(0, services, many), start, start + length


def attained(services: int) -> dict[str, Any]:
    """Attainment of every service in every month."""
    rng = np.random.default_rng(SEED)
    work = Work(
        services,
        outages(rng, services, services * 100, 2 * HOUR),
        outages(rng, services, services * 10, 8 * HOUR),
    )
    answers, taken = _timed(_ours(work), 7)
    rows = [[f"ours, numpy {np.__version__}", f"{services:,}", _shown(taken), "", ""]]
    for peer in PEERS:
        try:
            installed = f"{peer.package} {metadata.version(peer.package)}"
        except metadata.PackageNotFoundError:
            rows.append([peer.package, "", "not installed", "", ""])
            continue
        count = min(services, peer.sample)
        found, theirs = _timed(peer.prepare(work.first(count)), 5 if count == services else 1)
        alike, all_of = int((found == answers[:count]).sum()), found.size
        rows.append(
            [
                installed,
                f"{count:,}",
                _shown(theirs),
                f"{theirs / count * services / taken:,.1f} times",
                f"{alike:,} of {all_of:,}",
            ]
        )
    return {
        "title": f"Attainment of {MONTHS} months: {services * 100:,} outages less "
        f"{services * 10:,} exclusions",
        "columns": ["by", "services", "time", "ours is faster, each service", "answers alike"],
        "rows": rows,
    }


def _ours(work: Work) -> Callable[[], Int64s]:
    return lambda: attainment(work.outages, work.exclusions, work.services, BORDERS).counted


def _portion(work: Work) -> Callable[[], Int64s]:
    portion = import_module("portion")

    def listed(columns: Columns) -> list[list[tuple[int, int]]]:
        found: list[list[tuple[int, int]]] = [[] for _ in range(work.services)]
        for service, start, end in zip(*(one.tolist() for one in columns), strict=True):
            found[service].append((start, end))
        return found

    pairs = list(zip(listed(work.outages), listed(work.exclusions), strict=True))
    months = [portion.closedopen(*ends) for ends in itertools.pairwise(BORDERS.tolist())]

    def united(rows: list[tuple[int, int]]) -> Any:
        return portion.Interval(*(portion.closedopen(*row) for row in rows))

    def counted() -> Int64s:
        found = []
        for down, free in pairs:
            left = united(down) - united(free)
            inside = (left & month for month in months)
            found.append([sum(i.upper - i.lower for i in one if not i.empty) for one in inside])
        return np.array(found)

    return counted


def _polars(work: Work) -> Callable[[], Int64s]:
    """What either covers, less what is excluded: two unions, in one query each."""
    polars = import_module("polars")
    col = polars.col

    def frame(columns: Columns) -> Any:
        return polars.DataFrame(dict(zip(("service", "start", "end"), columns, strict=True)))

    months = polars.DataFrame({"since": BORDERS[:-1], "until": BORDERS[1:]}).with_row_index("month")
    down, free = frame(work.outages), frame(work.exclusions)

    def time_of(rows: Any) -> Any:
        reach = col("end").cum_max().shift(1).over("service")
        united = (
            rows.lazy()
            .sort("service", "start")
            .with_columns(fresh=(col("start") > reach).fill_null(value=True))
            .with_columns(stretch=col("fresh").cum_sum())
            .group_by("stretch")
            .agg(col("service").first(), col("start").first(), col("end").max())
        )
        # A stretch lies in one month or a few: it is opened out into those.
        first, last = (
            polars.lit(polars.Series(BORDERS)).search_sorted(col(side), side=where) - 1
            for side, where in (("start", "right"), ("end", "left"))
        )
        lasts = polars.min_horizontal("end", "until") - polars.max_horizontal("start", "since")
        return (
            united.with_columns(month=polars.int_ranges(first, last + 1, dtype=polars.UInt32))
            .explode("month", empty_as_null=False)
            .join(months.lazy(), on="month")
            .group_by("service", "month")
            .agg(time=lasts.sum())
            .collect()
        )

    def counted() -> Int64s:
        either, excluded = time_of(polars.concat([down, free])), time_of(free)
        found = np.zeros((work.services, MONTHS), np.int64)
        for sign, one in ((1, either), (-1, excluded)):
            place = one["service"].to_numpy(), one["month"].to_numpy()
            found[place] += sign * one["time"].to_numpy()
        return found

    return counted


_UNION: Final = """
    select service, month, sum(least("end", until) - greatest(start, since))::bigint as time
    from (
        select service, min(start) as start, max("end") as "end" from (
            select *, sum(fresh) over (partition by service order by start
                rows between unbounded preceding and current row) as stretch
            from (
                select *, case when start > max("end") over (partition by service order by start
                    rows between unbounded preceding and 1 preceding) then 1 else 0 end as fresh
                from {rows}
            )
        ) group by service, stretch
    ) join months on start < until and "end" > since
    group by service, month
"""


def _duckdb(work: Work) -> Callable[[], Int64s]:
    """The same by windows; the tables are its own."""
    connection = import_module("duckdb").connect()
    month = np.arange(MONTHS)
    tables = {
        "down": dict(zip(("service", "start", "end"), work.outages, strict=True)),
        "free": dict(zip(("service", "start", "end"), work.exclusions, strict=True)),
        "months": {"month": month, "since": BORDERS[:-1], "until": BORDERS[1:]},
    }
    for name, columns in tables.items():
        connection.register("given", columns)
        connection.execute(f"create table {name} as select * from given")
        connection.unregister("given")
    either = _UNION.format(rows="(from down union all from free)")
    excluded = _UNION.format(rows="free")

    def counted() -> Int64s:
        found = np.zeros((work.services, MONTHS), np.int64)
        for sign, query in ((1, either), (-1, excluded)):
            one = connection.execute(query).fetchnumpy()
            found[one["service"], one["month"]] += sign * one["time"]
        return found

    return counted


PEERS: Final = (
    Side("polars", _polars),
    Side("duckdb", _duckdb),
    Side("portion", _portion, SAMPLE),
)


# --- composite downtime --------------------------------------------------------------------------


def gates(rng: np.random.Generator, leaves: int, many: int) -> Graph:
    """Gates of two to four parts each, half of them anywhere before and half nearby; all, any or
    all but one are needed."""
    made = []
    for number in range(many):
        before = leaves + number
        degree = int(rng.integers(2, 5))
        low = int(rng.choice([0, max(before - leaves // 2, 0)]))
        parts = rng.integers(low, before, degree).tolist()
        made.append((int(rng.choice([1, degree, 2], p=[0.35, 0.4, 0.25])), parts))
    return graph_of(leaves, made)


def composites(services: int) -> dict[str, Any]:
    """The downtime of three gates for every service, over a year."""
    rng = np.random.default_rng(SEED)
    graph = gates(rng, services, services * 3)
    down = timelines(*outages(rng, services, services * 100, 30 * MINUTE))
    some = graph.leaves + np.sort(rng.choice(graph.gates, min(SAMPLE, graph.gates), replace=False))
    parts = [graph.parts[graph.first[g] : graph.first[g + 1]] for g in some - graph.leaves]
    _, taken = _timed(lambda: composite(graph, down, some), 3)
    tracemalloc.start()
    composite(graph, down, some)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept = composite(graph, down, np.arange(graph.leaves + graph.gates))
    events = _events(graph, kept)
    marks = rng.integers(0, 1 << 60, events)
    _, limit = _timed(marks.sort, 1)
    sampled = sum(2 * len(kept.down.of(int(part))) for one in parts for part in one)
    size = f"{graph.gates:,}", f"{events:,}"
    rows = [
        ["limit: the events sorted, numpy", *size, _shown(limit), _each(limit / events), "", ""],
        [
            f"ours, numpy {np.__version__}, {peak / 2**20:.0f} MiB at most",
            *size,
            _shown(taken),
            _each(taken / events),
            "",
            "",
        ],
    ]
    try:
        peer = f"portion {metadata.version('portion')}"
    except metadata.PackageNotFoundError:
        rows.append(["portion", "", "", "not installed", "", "", ""])
    else:
        found, theirs = _timed(_gates_by_portion(graph, kept, some, parts), 1)
        alike = sum(one == kept.down.of(int(gate)) for one, gate in zip(found, some, strict=True))
        each = theirs / max(sampled, 1)
        rows.append(
            [
                peer,
                f"{len(some):,}",
                f"{sampled:,}",
                _shown(theirs),
                _each(each),
                f"{each / (taken / events):,.0f} times",
                f"{alike} of {len(some)}",
            ]
        )
    return {
        "title": "Composite downtime of a graph over a year",
        "columns": [
            "by",
            "gates",
            "events",
            "time",
            "each event",
            "ours is faster",
            "answers alike",
        ],
        "rows": rows,
    }


def _events(graph: Graph, kept: Composite) -> int:
    """The starts and ends that all gates take in."""
    rows = kept.down.rows(graph.leaves + graph.gates)
    return 2 * int((rows[graph.parts + 1] - rows[graph.parts]).sum())


def _gates_by_portion(
    graph: Graph, kept: Composite, some: Int64s, parts: list[Int64s]
) -> Callable[[], list[list[tuple[int, int]]]]:
    """Gates from their parts, which are given: a union of intersections."""
    portion = import_module("portion")

    def given(node: int) -> Any:
        return portion.Interval(*(portion.closedopen(*row) for row in kept.down.of(node)))

    inside = [[given(int(part)) for part in one] for one in parts]
    cuts = graph.cut[some - graph.leaves].tolist()

    def one_gate(cut: int, intervals: list[Any]) -> Any:
        ways = (reduce(and_, way) for way in itertools.combinations(intervals, cut))
        return reduce(or_, ways)

    return lambda: [
        [(one.lower, one.upper) for one in one_gate(*gate) if not one.empty]
        for gate in zip(cuts, inside, strict=True)
    ]


def _shown(seconds: float) -> str:
    return f"{seconds * 1e3:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"


def _each(seconds: float) -> str:
    return f"{seconds * 1e9:,.1f} ns" if seconds < 1e-6 else f"{seconds * 1e6:,.1f} µs"
