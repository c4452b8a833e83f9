"""Measured comparisons, one module each; every figure of a table comes from one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from orchestrator.bench import main_job
from orchestrator.errors import refuse

BENCHES: Final[dict[str, Callable[[int], dict[str, Any]]]] = {"main": main_job.run}
"""Every bench; a new one is a row here."""


def run(name: str | None, services: int) -> list[dict[str, Any]]:
    """Run one bench by name, or all of them; each gives a title, columns and rows."""
    if name is not None and name not in BENCHES:
        raise refuse("UNKNOWN_BENCH", f"there is no bench {name!r}", f"use {', '.join(BENCHES)}")
    return [bench(services) for key, bench in BENCHES.items() if name in {None, key}]
