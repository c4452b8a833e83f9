"""Composite commitments at size: a portfolio derived cold and asked what-if, and how time and
memory grow with an estate. Each figure is taken in a process of its own.

Seconds are those of a processor (`cpu`) and those on the wall; on a machine that does nothing else
the two agree.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, Final

from orchestrator.bench.portfolio import portfolio, series_with_redundancy, shape
from orchestrator.engine.derive import Depth, derive
from orchestrator.engine.subjects import subjects
from orchestrator.engine.underpinning import Underpinning
from orchestrator.engine.whatif import Portfolio, with_targets
from orchestrator.model.derivations import Derivation
from orchestrator.model.values import AskedPeriod

ASKED: Final = AskedPeriod.parse("2026-04")
CHANGES: Final = (
    ("uc-dns-house-1-0", "0.9995"),
    ("uc-carrier-1-0", "0.9995"),
    ("uc-hardware-0-0", "0.9995"),
    ("ola-team-d3-0", "0.9999"),
)
"""Contracts, from one that every SLA rests on by one component, to one under many components, and
what they would promise instead."""
ASKED_AGAIN: Final = 5
"""So often each change is asked; the median is given."""


@dataclass(frozen=True, slots=True)
class Took:
    """What a piece of work took."""

    cpu: float
    wall: float

    @property
    def text(self) -> str:
        return f"{self.cpu:.3g} s cpu, {self.wall:.3g} s wall"


def _timed(work: Callable[[], Any]) -> tuple[Any, Took]:
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, Took(time.process_time() - cpu, time.perf_counter() - wall)


def cold(services: int = 10_000, slas: int = 300) -> dict[str, Any]:
    """A whole portfolio derived cold: floor, independent figure, single points of failure."""
    found = _in_a_process("cold", services, slas)
    rows = [[name, value] for name, value in found.items()]
    return {"title": "A portfolio derived cold", "columns": ["what", "measured"], "rows": rows}


def whatif(services: int = 10_000, slas: int = 300) -> dict[str, Any]:
    """One contract changed, over all SLAs above it, against deriving these afresh."""
    found = _in_a_process("whatif", services, slas)
    return {
        "title": "What if one contract promised something else (median of "
        f"{ASKED_AGAIN} times asked; derived afresh once)",
        "columns": [
            "contract",
            "SLAs above it",
            "from what is kept",
            "derived afresh",
            "ratio (cpu)",
            "derived anew",
            "same floors",
        ],
        "rows": found["rows"],
    }


def growth(services: int = 10_000) -> dict[str, Any]:
    """Services in series, one requirement in twenty redundant, at a tenth of a size, at it, and at
    ten times it."""
    rows = []
    for size in (services // 10, services, services * 10):
        found = _in_a_process("growth", size, 1)
        rows.append(
            [
                f"{found['services']:,}",
                found["took"],
                f"{found['cpu'] / found['services'] * 1e6:.3g} µs",
                f"{found['mebibytes']:.0f} MiB",
                f"{found['own_mebibytes'] * 1024 / found['services']:.3g} KiB",
                found["method"],
            ]
        )
    return {
        "title": "Services in series, one requirement in twenty redundant: one SLA over all",
        "columns": ["services", "derived", "each", "peak memory", "each, of its own", "method"],
        "rows": rows,
    }


def _in_a_process(what: str, services: int, slas: int) -> dict[str, Any]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "orchestrator.bench.composite_portfolio",
            what,
            *map(str, (services, slas)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _cold(services: int, slas: int) -> dict[str, str]:
    estate = portfolio(services, slas)
    size = shape(estate.at(0))

    def work() -> tuple[tuple[Derivation, ...], int]:
        underpinning = Underpinning(estate)
        found = derive(estate, ASKED, underpinning=underpinning)
        return found, sum(_single_points(underpinning, one) for one in found)

    (found, points), took = _timed(work)
    methods = Counter((one.methods.floor, one.methods.independent) for one in found)
    peak = _mebibytes()
    underpinning = Underpinning(estate)
    explained, explaining = _timed(
        lambda: derive(estate, ASKED, "sla-1", Depth(explain=True), underpinning=underpinning)
    )
    return {
        "services, dependencies, SLAs": f"{size.services:,}, {size.dependencies:,}, {slas}",
        "requirements that are alternatives": f"{size.alternatives / size.requirements:.1%}",
        "derived, single points of failure included": took.text,
        "found by (floor, independent)": ", ".join(
            f"{floor}, {other}: {many}" for (floor, other), many in methods.most_common()
        ),
        "single points of failure": f"{points:,}",
        "statuses": ", ".join(f"{k}: {v}" for k, v in Counter(d.status for d in found).items()),
        "peak memory": f"{peak:.0f} MiB",
        "one SLA explained: witness, prices, importances": (
            f"{explaining.text}, {len(explained[0].explanation.importance)} components"
            if explained[0].explanation
            else ""
        ),
    }


def _single_points(underpinning: Underpinning, one: Derivation) -> int:
    """How many components take a promise down alone: what stands in series."""
    version = underpinning.estate.agreements[one.key.agreement][0]
    subject = next(subjects(version))
    grounds = underpinning.ground(version, subject.covers, one.period)
    return max(ground.node.leaves.bit_count() for ground in grounds)


def _whatif(services: int, slas: int) -> dict[str, Any]:
    estate = portfolio(services, slas)
    kept = Portfolio(estate, ASKED)
    rows = []
    for agreement, target in CHANGES:
        if agreement not in estate.agreements:
            continue
        targets = {(agreement, "availability"): Fraction(target)}
        asked = [_timed(partial(kept.change, targets)) for _ in range(ASKED_AGAIN)]
        effects, quick = sorted(asked, key=lambda one: one[1].cpu)[ASKED_AGAIN // 2]
        edited = with_targets(estate, targets)
        above = {one.key.agreement for one in effects}

        def afresh(edited: Any = edited, above: set[str] = above) -> dict[Any, Derivation]:
            underpinning = Underpinning(edited)
            return {
                one.key: one
                for name in sorted(above)
                for one in derive(edited, ASKED, name, underpinning=underpinning)
            }

        fresh, slow = _timed(afresh)
        same = sum(one.after.floor == fresh[one.key].floor for one in effects)
        rows.append(
            [
                f"{agreement} at {target}",
                str(len(effects)),
                f"{quick.cpu * 1000:.3g} ms",
                slow.text,
                f"{slow.cpu / quick.cpu:,.0f}",
                str(sum(one.anew for one in effects)),
                f"{same} of {len(effects)}",
            ]
        )
    return {"rows": rows}


def _growth(services: int, _slas: int) -> dict[str, Any]:
    before = _mebibytes()
    estate = series_with_redundancy(services)
    found, took = _timed(lambda: derive(estate, ASKED))
    assert len(found) == 1
    return {
        "services": len(estate.services),
        "took": took.text,
        "cpu": took.cpu,
        "mebibytes": _mebibytes(),
        "own_mebibytes": _mebibytes() - before,
        "method": found[0].method,
    }


PARTS: Final[dict[str, Callable[[int, int], dict[str, Any]]]] = {
    "cold": _cold,
    "whatif": _whatif,
    "growth": _growth,
}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))))
