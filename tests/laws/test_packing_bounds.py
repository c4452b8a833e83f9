"""Laws of the floor's programme where it is too much work: what is given still bounds it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from orchestrator.engine import elimination, packing
from orchestrator.engine.elimination import TooMuchWork, solved
from tests.laws.build import TOP, Structure, all_of, any_of, derived, percent, plain

LEVEL = percent("99")


def crossed(size: int) -> Structure:
    """A grid of which some row and some column has to be up."""
    rows = [all_of(*(f"n-{i}-{j}" for j in range(size))) for i in range(size)]
    columns = [all_of(*(f"n-{i}-{j}" for i in range(size))) for j in range(size)]
    return {TOP: all_of(any_of(*rows), any_of(*columns))}


def floor_of(size: int) -> tuple[Fraction, str | None]:
    names = [f"n-{i}-{j}" for i in range(size) for j in range(size)]
    found = derived(plain(crossed(size), dict.fromkeys(names, LEVEL), Fraction(1, 2)))
    assert isinstance(found.floor, Fraction)
    return found.floor, found.methods.floor


@pytest.mark.parametrize("budget", ["elimination", "packing"])
def test_beyond_the_budget_the_floor_is_a_bound_below_the_exact_one(
    budget: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 4
    exact, method = floor_of(size)
    # Every cut takes a place of each row, or of each column, and each place has a hundredth.
    assert method == "exact"
    assert exact == 1 - size * Fraction(1, 100)

    def too_much(*_: object) -> None:
        raise TooMuchWork

    if budget == "elimination":
        monkeypatch.setattr(packing, "_amounts", too_much)
    else:
        monkeypatch.setattr(packing, "_WORK", 0)
    monkeypatch.setattr(packing, "whole_amounts", lambda *_: None)
    monkeypatch.setattr("orchestrator.engine.onecell.LISTED", 1)
    bound, method = floor_of(size)
    assert (method, bound <= exact) == ("bounded", True)


def test_a_system_that_fills_up_stops_at_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [((i, (i + 1) % 5, (i + 2) % 5), Fraction(3)) for i in range(5)]
    guess = [Fraction(0)] * 5
    assert solved(rows, guess) == [Fraction(1)] * 5
    monkeypatch.setattr(elimination, "_WORK", 3)
    with pytest.raises(TooMuchWork):
        solved(rows, guess)
