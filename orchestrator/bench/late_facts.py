"""A late outage at size: what it touches found out again, against settling everything anew."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from orchestrator import clock
from orchestrator.actions.assess import assess_period
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.bench.generate import outages
from orchestrator.bench.portfolio import portfolio
from orchestrator.engine.late import touching, with_late
from orchestrator.engine.settle import settle, settled, settling
from orchestrator.model.estate import Estate
from orchestrator.model.records import Facts, Outage
from orchestrator.model.values import AskedPeriod
from orchestrator.store import database

MONTH: Final = AskedPeriod.parse("2026-04")
LOOKED_AT: Final = 200
"""So many services are looked at for those that touch few and many others."""


def run(services: int) -> list[dict[str, Any]]:
    """A month of outages, and one more that comes late: settled, and assessed in a database."""
    return [settlements(services), assessments(services)]


def settlements(services: int) -> dict[str, Any]:
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
    for name, service in _touching(estate).items():
        more = Outage("late", service, facts.outages[0].span)
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


def assessments(services: int) -> dict[str, Any]:
    """The same by the action, in a database of its own: facts read, settled and booked. Another
    process, which has nothing in its memory, assesses last."""
    estate = portfolio(services, max(services * 3 // 100, 1))
    facts = outages(estate, services)
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        database.upgrade(url)
        with database.connect(url) as store:
            first = 0.0

            def timed(what: str, work: Callable[[], object]) -> None:
                nonlocal first
                started = time.perf_counter()
                work()
                taken = time.perf_counter() - started
                first = first or taken
                rows.append([what, f"{taken:.2f} s", f"{first / taken:.1f}"])

            def now() -> Context:
                return Context(store, "bench", clock.now(), "bench")

            import_estate(now(), estate)
            record_facts(now(), facts)
            timed("for the first time", lambda: assess_period(now(), MONTH))
            timed("again, with nothing new", lambda: assess_period(now(), MONTH))
            for name, service in _touching(estate).items():
                late = Outage(f"late-{name}", service, facts.outages[0].span)
                record_facts(now(), Facts(outages=(late,)))
                timed(f"one outage more, touching {name}", lambda: assess_period(now(), MONTH))
            store.settlings.clear()
            timed("by another process", lambda: assess_period(now(), MONTH))
    return {
        "title": "The same assessed in a database (SQLite)",
        "columns": ["assessed", "time", "times faster"],
        "rows": rows,
    }


def _touching(estate: Estate) -> dict[str, str]:
    """Services on which few others rest, as many as usual, and the most."""
    ranked = _by_reach(estate)
    return {"few": ranked[0], "usual": ranked[len(ranked) // 2], "most": ranked[-1]}


def _by_reach(estate: Estate) -> list[str]:
    """Some services, by how many others they touch."""
    names = sorted(estate.services)
    some = names[:: max(len(names) // LOOKED_AT, 1)]
    span = next(iter(estate.services.values()))[0].span

    def reached(service: str) -> tuple[int, str]:
        return len(touching(estate, [Outage("late", service, span)])), service

    return sorted(some, key=reached)
