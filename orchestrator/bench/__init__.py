"""Measured comparisons, one module each; every figure of a table comes from one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from orchestrator.errors import refuse

Table = dict[str, Any]
"""A title, columns, and rows of texts."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure: the services of an estate, and the folder of fault trees to solve (""
    for none)."""

    services: int = 10_000
    fault_trees: str = ""


def _part(name: str) -> Any:
    """A module of this package, loaded when it is run: some of them run themselves in a process of
    their own, where what is loaded before is measured with them."""
    return import_module(f"{__name__}.{name}")


def _main(size: Size) -> Iterable[Table]:
    yield _part("main_job").run(size.services)


def _composite(size: Size) -> Iterable[Table]:
    slas = max(size.services * 3 // 100, 1)
    portfolio = _part("composite_portfolio")
    yield portfolio.cold(size.services, slas)
    yield portfolio.whatif(size.services, slas)
    yield portfolio.growth(size.services)
    if size.fault_trees:
        yield _part("aralia").run(size.fault_trees)
    yield _part("offers").run(size.services)


def _clock(size: Size) -> Iterable[Table]:
    yield _part("clock").run(size.services)
    yield _part("clock_cases").answers()


def _intervals(size: Size) -> Iterable[Table]:
    yield from _part("intervals").run(size.services)


def _trace(size: Size) -> Iterable[Table]:
    yield from _part("tracing").run(size.services)
    yield _part("dense_facts").run(size.services // 10)
    yield from _part("late_facts").run(size.services)


BENCHES: Final[dict[str, Callable[[Size], Iterable[Table]]]] = {
    "main": _main,
    "composite": _composite,
    "clock": _clock,
    "intervals": _intervals,
    "trace": _trace,
}
"""Every bench; a new one is a row here."""


def run(name: str | None, size: Size) -> list[Table]:
    """Run one bench by name, or all of them."""
    if name is not None and name not in BENCHES:
        raise refuse("UNKNOWN_BENCH", f"there is no bench {name!r}", f"use {', '.join(BENCHES)}")
    return [table for key, bench in BENCHES.items() if name in {None, key} for table in bench(size)]
