"""The main job at size: import, derive and assess estates of growing size, in series.

Each size runs in a process of its own, so that its memory is its own. Statements are those sent
to the database; that they do not grow with the estate is also held by a test.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from orchestrator import clock
from orchestrator.actions.assess import assess_period
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.bench.generate import outages, series_estate
from orchestrator.engine.derive import derive
from orchestrator.formats.estate import dump_yaml, read_estate, write_estate
from orchestrator.model.values import AskedPeriod
from orchestrator.runtime import collect_seldom
from orchestrator.store import database
from orchestrator.store.read import load_estate

STEPS = ("read", "import", "load", "derive", "record", "assess")


def run(services: int) -> dict[str, Any]:
    """Three sizes up to the one asked for, a row each."""
    rows = []
    for size in (services // 10, services * 3 // 10, services):
        found = _in_a_process(size)
        rows.append(
            [
                f"{size:,}",
                f"{found['dependencies']:,}",
                f"{found['agreements']:,}",
                *(f"{found['seconds'][step]:.2f} s" for step in STEPS),
                f"{found['statements']['import']}/{found['statements']['assess']}",
                f"{found['mebibytes']:.0f} MiB",
            ]
        )
    return {
        "title": "The main job on SQLite; statements of import and assess, memory at its peak",
        "columns": [
            "services",
            "dependencies",
            "agreements",
            *STEPS,
            "statements",
            "memory",
        ],
        "rows": rows,
    }


def _in_a_process(services: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator.bench.main_job", str(services)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(services: int) -> dict[str, Any]:
    """One size, in this process."""
    estate = series_estate(services)
    facts = outages(estate, services // 5)
    text = dump_yaml(write_estate(estate))
    asked = AskedPeriod.parse("2026-04")
    seconds: dict[str, float] = {}
    statements: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        database.upgrade(url)
        with database.connect(url) as store:
            count = 0

            def counted(*_: object) -> None:
                nonlocal count
                count += 1

            event.listen(store.engine, "before_cursor_execute", counted)
            ctx = Context(store, "bench", clock.now(), "bench")

            def timed(step: str, work: Callable[[], object]) -> None:
                nonlocal count
                count, started = 0, time.perf_counter()
                work()
                seconds[step], statements[step] = time.perf_counter() - started, count

            timed("read", lambda: read_estate(text))
            timed("import", lambda: import_estate(ctx, estate))
            with store.read() as session:
                timed("load", lambda: load_estate(session, "bench"))
            timed("derive", lambda: derive(estate, asked))
            timed("record", lambda: record_facts(ctx, facts))
            timed("assess", lambda: assess_period(ctx, asked))
    graph = estate.at(0).graph
    return {
        "dependencies": graph.number_of_edges(),
        "agreements": len(estate.agreements),
        "seconds": seconds,
        "statements": statements,
        "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    collect_seldom()
    print(json.dumps(measure(int(sys.argv[1]))))
