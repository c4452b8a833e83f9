"""The bound on how much several events happen at once, against the linear programme over every
joint behaviour."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from orchestrator.engine.rueger import most_of
from tests.laws.build import law_of


@given(st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=1, max_size=6), st.data())
@law_of(100)
def test_the_bound_is_the_most_of_every_joint_behaviour(
    limits: list[int | None], data: st.DataObject
) -> None:
    m = data.draw(st.integers(1, len(limits)))
    found = most_of(m, [None if one is None else Fraction(one) for one in limits])
    states = [state for state in itertools.product((0, 1), repeat=len(limits)) if sum(state) >= m]
    limited = [(place, float(one)) for place, one in enumerate(limits) if one is not None]
    if len(limits) - len(limited) >= m:
        assert found is None
        return
    worst = linprog(
        -np.ones(len(states)),
        A_ub=np.array([[state[place] for state in states] for place, _ in limited]),
        b_ub=[limit for _, limit in limited],
    )
    assert found is not None
    assert float(found) == pytest.approx(-float(worst.fun), abs=1e-9)
