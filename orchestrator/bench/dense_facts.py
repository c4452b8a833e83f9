"""A year of outages settled by the product's own `settle`, at growing density.

What the agreements with customers come to is compared with the same structures found in columns
(`engine.contributions`), which is another way to the same figures.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np

from orchestrator.bench.generate import outages
from orchestrator.bench.intervals import BORDERS
from orchestrator.bench.portfolio import portfolio
from orchestrator.engine.contributions import cut_downtime
from orchestrator.engine.settle import settled, settling
from orchestrator.engine.subjects import subjects
from orchestrator.engine.timelines import timelines
from orchestrator.engine.underpinning import Underpinning
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.estate import Estate
from orchestrator.model.records import Facts, TermKey
from orchestrator.model.values import SECOND, AskedPeriod, Instant

YEAR: Final = AskedPeriod.parse("2026")
DENSITIES: Final = (1, 10, 100)
"""Outages of each service in the year."""

Down = Mapping[tuple[TermKey, Instant], Fraction]
"""Seconds that count, by term and the beginning of the month."""


def run(services: int, densities: Sequence[int] = DENSITIES) -> dict[str, Any]:
    """A year settled, row by row at another density."""
    estate = portfolio(services, max(services * 3 // 100, 1))
    rows = []
    for density in densities:
        facts = outages(estate, services * density, "2026-01", days=365)
        found_out = settling(estate, facts, YEAR)
        started = time.process_time()
        verdict = settled(found_out)
        taken = time.process_time() - started
        segments = sum(
            len(found_out.measurements.of(subject, one.period).stretches)
            for one in verdict.assessments
            for version in estate.agreements[one.key.agreement]
            for subject in subjects(version)
            if subject.key == one.key
        )
        theirs = by_columns(estate, facts)
        ours = {(one.key, one.period.start): one.counted_seconds for one in verdict.assessments}
        alike = sum(ours[key] == down for key, down in theirs.items())
        rows.append(
            [
                f"{len(facts.outages):,}",
                f"{len(verdict.assessments):,}",
                f"{segments:,}",
                f"{taken:.2f} s",
                f"{len(facts.outages) / taken:,.0f}",
                f"{segments / taken:,.0f}",
                f"{alike:,} of {len(theirs):,} alike",
            ]
        )
    return {
        "title": f"A year of outages settled: {len(estate.services):,} services, "
        f"{len(estate.agreements):,} agreements",
        "columns": [
            "outages",
            "terms and months",
            "down segments",
            "time",
            "outages a second",
            "segments a second",
            "by columns",
        ],
        "rows": rows,
    }


def by_columns(estate: Estate, facts: Facts) -> Down:
    """How long what customers were promised around the clock was down, month by month, all of it at
    once."""
    underpinning, snapshot = Underpinning(estate), estate.at(int(BORDERS[0]))
    components = underpinning.components
    keys, nodes, service_of = [], [], dict[int, str]()
    for versions in estate.agreements.values():
        for subject in (one for version in versions for one in subjects(version)):
            if subject.version.kind == "SLA" and subject.term.hours == ROUND_THE_CLOCK:
                party = subject.version.provider
                structure = underpinning.structure(snapshot, party, traced=True)
                keys.append(subject.key)
                nodes.append(structure.below(subject.version, subject.covers))
                service_of |= {n: leaf.services[0] for n, leaf in structure.leaves.items()}
    leaves_of: dict[str, list[int]] = {}
    for number, service in service_of.items():
        leaves_of.setdefault(service, []).append(number)
    columns = np.array(
        [
            (number, outage.span.start, outage.span.end)
            for outage in facts.outages
            for number in leaves_of.get(outage.service, ())
        ],
        np.int64,
    ).reshape(-1, 3)
    down = timelines(*(np.ascontiguousarray(column) for column in columns.T))
    found = cut_downtime(components, nodes, down, BORDERS)
    made = {(key, start): Fraction(0) for key in keys for start in BORDERS[:-1].tolist()}
    for state, month, length in zip(*(one.tolist() for one in found.times(BORDERS)), strict=True):
        made[keys[found.owners[state]], int(BORDERS[month])] += Fraction(length, SECOND)
    return made
