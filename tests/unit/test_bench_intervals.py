"""The benches of intervals and of tracing at a small size: what they compare agrees, and what is
not installed is done without."""

from __future__ import annotations

from importlib import metadata
from importlib.util import find_spec
from typing import Any

import pytest

from orchestrator.bench import dense_facts, intervals, late_facts, tracing


def all_of(text: str) -> bool:
    """Whether `n of n ...` says so."""
    some, _, rest = text.partition(" of ")
    return some == rest.split()[0]


def test_every_row_has_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "version", version)
    tables: list[dict[str, Any]] = [*intervals.run(5), tracing.concurrent(2)]
    for table in tables:
        assert all(len(row) == len(table["columns"]) for row in table["rows"])
    missing = [row[0] for table in tables for row in table["rows"] if "not installed" in row]
    assert missing == ["polars", "duckdb", "portion", "portion"]


@pytest.mark.parametrize("peer", intervals.PEERS, ids=lambda peer: str(peer.package))
def test_other_libraries_count_the_same_microseconds(peer: intervals.Side) -> None:
    if find_spec(peer.package) is None:
        pytest.skip("not installed")
    rows = intervals.attained(20)["rows"]
    (row,) = (row for row in rows if row[0].startswith(peer.package))
    assert all_of(row[-1])


def test_gates_are_what_portion_makes_of_their_parts() -> None:
    assert all_of(intervals.composites(40)["rows"][-1][-1])


def test_a_portfolio_traced_at_once_is_what_slice_by_slice_says() -> None:
    rows = tracing.traced(80)["rows"]
    assert all_of(rows[2][-1])
    assert all_of(rows[4][-1])


def test_as_many_failures_at_once_as_are_asked_for_are_shared_exactly() -> None:
    rows = tracing.concurrent(2)["rows"]
    assert [row[1] for row in rows] == ["16", "100", "16"]
    assert all(all_of(row[-1]) for row in rows)


def test_a_late_outage_gives_the_verdict_of_everything_anew() -> None:
    rows = late_facts.settlements(500)["rows"]
    assert [row[-1] for row in rows[1:]] == ["the same verdict"] * 3
    assert all(int(row[1]) < int(rows[0][1]) for row in rows[1:])


def test_a_year_settled_term_by_term_is_what_columns_say() -> None:
    rows = dense_facts.run(300, (5,))["rows"]
    assert [row[0] for row in rows] == ["1,500"]
    assert all(all_of(row[-1].removesuffix(" alike")) for row in rows)
