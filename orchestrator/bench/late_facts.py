"""A late outage at size: what it touches measured again, against settling everything anew."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

from orchestrator.bench.generate import outages
from orchestrator.bench.portfolio import portfolio
from orchestrator.engine.late import touching, with_late
from orchestrator.engine.settle import settle, settled, settling
from orchestrator.model.estate import Estate
from orchestrator.model.records import Outage
from orchestrator.model.values import AskedPeriod

MONTH: Final = AskedPeriod.parse("2026-04")
LOOKED_AT: Final = 200
"""So many services are looked at for those that touch few and many others."""


def run(services: int) -> dict[str, Any]:
    """A month of outages settled, and settled again with one more: of a service that few others
    rest on, of a usual one, and of the one that most rest on."""
    estate = portfolio(services, max(services * 3 // 100, 1))
    facts = outages(estate, services)
    settle(estate, facts, MONTH)
    before = settling(estate, facts, MONTH)
    started = time.perf_counter()
    settled(before)
    anew = time.perf_counter() - started
    rows = [["everything", f"{len(before.measurements.known):,}", f"{anew:.3f} s", "1", ""]]
    ranked = _by_reach(estate)
    for name, place in (("few", 0), ("usual", len(ranked) // 2), ("most", len(ranked) - 1)):
        more = Outage("late", ranked[place], facts.outages[0].span)
        known = replace(facts, outages=(*facts.outages, more))
        started = time.perf_counter()
        after = with_late(before, known)
        kept = len(after.measurements.known)
        found = settled(after)
        taken = time.perf_counter() - started
        same = found == settle(estate, known, MONTH)
        rows.append(
            [
                f"one outage more, touching {name}",
                f"{len(after.measurements.known) - kept:,}",
                f"{taken:.3f} s",
                f"{anew / taken:.1f}",
                "the same verdict" if same else "another verdict",
            ]
        )
    return {
        "title": f"A late outage: {len(estate.services):,} services, {len(estate.agreements):,} "
        f"agreements, {len(facts.outages):,} outages in a month",
        "columns": ["settled", "terms measured", "time", "times faster", "as settled anew"],
        "rows": rows,
    }


def _by_reach(estate: Estate) -> list[str]:
    """Some services, by how many others they touch."""
    names = sorted(estate.services)
    some = names[:: max(len(names) // LOOKED_AT, 1)]
    span = next(iter(estate.services.values()))[0].span

    def reached(service: str) -> tuple[int, str]:
        return len(touching(estate, [Outage("late", service, span)])), service

    return sorted(some, key=reached)
