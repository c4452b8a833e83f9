"""What keeps large estates in proportion, held by counts that cannot drift."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.bench.portfolio import portfolio, series_with_redundancy
from orchestrator.engine import diagram
from orchestrator.engine.components import bits_from, bits_of, lowest
from orchestrator.engine.derive import figures
from orchestrator.engine.diagram import AtLeastDown, Diagram
from orchestrator.engine.network import Network
from orchestrator.engine.orders import ORDERS, Order
from orchestrator.engine.subjects import periods_ending, subjects
from orchestrator.engine.underpinning import Underpinning
from orchestrator.model.values import AskedPeriod

APRIL = AskedPeriod.parse("2026-04")


@given(st.sets(st.integers(0, 500), max_size=80))
def test_a_bit_set_holds_the_numbers_it_is_made_of(numbers: set[int]) -> None:
    bits = bits_from(numbers)
    assert set(bits_of(bits)) == numbers
    assert not numbers or lowest(bits) == min(numbers)


def test_the_sets_of_groups_are_no_longer_for_what_stands_in_series() -> None:
    estate = series_with_redundancy(4000)
    underpinning = Underpinning(estate)
    (subject,) = subjects(estate.agreements["sla"][0])
    (period,) = periods_ending(subject, APRIL)
    (ground,) = underpinning.ground(subject.version, subject.covers, period)
    components = underpinning.components
    gates = list(bits_of(components.beneath(ground.node)))
    redundant = sum(len(components.gates[gate].parts) for gate in gates)
    assert redundant < components.leaf_count / 8
    for gate in gates:
        assert components.support_of(gate).bit_length() <= redundant


@pytest.mark.parametrize("sla", ["sla-188", "sla-102", "sla-145"])
def test_what_spans_several_regions_needs_no_large_diagram(sla: str) -> None:
    """Up to two hundred components of three regions that call one another: an order that mixes the
    regions needs millions of nodes, if that is enough."""
    estate = portfolio(10_000, 300)
    (subject,) = subjects(estate.agreements[sla][0])
    (period,) = periods_ending(subject, APRIL)
    (part,) = figures(Underpinning(estate), subject, period).data.parts
    assert sum(len(module.leaves) for module in part.modules) > 100
    for module in part.modules:
        assert isinstance(module, Diagram)
        assert module.size < 10_000


def test_islands_that_are_written_in_a_jumble_are_no_larger_than_one_by_one() -> None:
    """Twelve rings of parts in which each pair of neighbours is a cut, bridged one to the next."""
    chance = random.Random(1)

    def ring(start: int) -> list[AtLeastDown]:
        parts = [*range(start, start + 9), start]
        return [AtLeastDown(2, pair) for pair in itertools.pairwise(parts)]

    one = diagram.build(AtLeastDown(1, tuple(ring(0))))
    cuts = [cut for start in range(0, 120, 10) for cut in ring(start)]
    cuts += [AtLeastDown(2, (start + 4, start + 10)) for start in range(0, 110, 10)]
    chance.shuffle(cuts)
    whole = diagram.build(AtLeastDown(1, tuple(cuts)))
    assert whole.size < 12 * 4 * one.size


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_holds_every_input_once_of_gates_of_a_thousand_parts(
    order: Callable[[Network], Order],
) -> None:
    pairs = tuple((2, (i, i + 1)) for i in range(999))
    network = Network(1000, (*pairs, (1, tuple(range(1000, 1999)))), 1999)
    assert sorted(order(network)) == list(range(1000))
