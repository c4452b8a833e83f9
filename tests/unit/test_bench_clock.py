"""The bench of clocks at a small size: it compares answers, and does without what is missing."""

from __future__ import annotations

from importlib import metadata

import pytest

from orchestrator.bench import clock, clock_cases


def test_another_way_to_count_agrees_on_every_ticket() -> None:
    found = clock.run(1)
    assert all(len(row) == len(found["columns"]) for row in found["rows"])
    alike = [row[-1] for row in found["rows"] if row[1].startswith("numpy ")]
    assert alike == ["100 of 100"] * 2


def test_libraries_that_are_not_installed_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "version", version)
    rows = clock.run(1)["rows"]
    assert {row[3] for row in rows if not row[1].startswith("ours")} == {"not installed"}
    cases = clock_cases.answers()
    assert all(row[2:] == ["-", "-", "-"] for row in cases["rows"])
    assert [row[1] for row in cases["rows"]] == [
        "3 h",
        "6 h",
        "24 h",
        "5 h",
        "7 h",
        "2026-04-03T17:00:00Z",
        "2026-04-03T23:00:00Z",
        "2026-03-29T05:00:00Z",
        "2026-10-25T04:00:00Z",
    ]
