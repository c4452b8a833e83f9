"""What people see of derivations of every kind."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from orchestrator import terminal
from orchestrator.engine.derive import Depth, derive
from orchestrator.formats.estate import read_estate
from orchestrator.model.values import AskedPeriod

SHOP = Path(__file__).parents[2] / "examples" / "beta-shop" / "estate.yaml"


def shown() -> str:
    """The example's derivations, explained, as they are printed."""
    estate = read_estate(SHOP.read_bytes(), "estate.yaml").estate
    out = Console(file=io.StringIO(), width=terminal.WIDTH)
    terminal.show_derivations(out, derive(estate, AskedPeriod.parse("2026-04"), depth=Depth(True)))
    return out.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(
    ("term", "figures"),
    [
        ("c1 recovery", ["4h", "3h30m", "3h30m", "-", "-", "UNDERPINNED"]),
        ("c1 load", ["100", "120", "120", "-", "20", "UNDERPINNED"]),
        ("c1 errors", ["0.5%", "0.40%", "0.20048%", "-", "0.10%", "UNDERPINNED"]),
        ("c1 p1-resolution", ["90%", "93%", "93.1095%", "-", "-", "UNDERPINNED"]),
    ],
)
def test_a_figure_is_shown_as_its_kind_is_written(term: str, figures: list[str]) -> None:
    (row,) = (line for line in shown().splitlines() if line.startswith(f"  {term}  "))
    assert row.removeprefix(f"  {term}").split() == ["notifications", *figures]


def test_a_time_stands_under_its_share() -> None:
    lines = shown().splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.strip().startswith("c1 p1-resolution  "))
    assert lines[at + 1].split() == ["within", "12h", "within", "7h", "within", "7h"]
    assert lines[at].index("90%") + 3 == lines[at + 1].index("within 12h") + len("within 12h")


def test_an_explanation_tells_what_is_promised_of_each_part_and_the_longest_wait() -> None:
    """One hour at the desk and six at Operations, on the customer's clock; round the clock Easter
    comes between."""
    text = shown()
    assert "o2/p1-triage      o2/p1-triage v1      99% within 1h" in text
    assert "longest wait: 7h in hours office" in text
    assert "longest wait: 4d21h in hours 24x7" in text
