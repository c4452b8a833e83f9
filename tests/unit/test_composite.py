"""Composite downtime of whole graphs: what is held while it is found, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.engine import composite as module
from orchestrator.engine.components import EMPTY, Components, Node
from orchestrator.engine.composite import composite, graph_beneath, graph_of
from orchestrator.engine.timelines import Timelines, timelines


def down_at_random(leaves: int, many: int) -> Timelines:
    rng = np.random.default_rng(1)
    start = rng.integers(0, 10**6, many)
    return timelines(rng.integers(0, leaves, many), start, start + 1000)


def test_a_chain_of_gates_holds_no_more_than_two_levels_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thousand gates, each of the one before and of a leaf."""
    held = []
    release = module._Pool.release

    def watched(pool: module._Pool, nodes: np.ndarray) -> None:
        release(pool, nodes)
        held.append(len(pool.starts))

    monkeypatch.setattr(module._Pool, "release", watched)
    down = down_at_random(2, 50)
    gates = [(1, [0, 1]), *((2, [0, 1 + number]) for number in range(1, 1000))]
    found = composite(graph_of(2, gates), down, np.array([1001]))
    assert found.down.of(1001) == down.of(0)
    assert set(found.time[1:].tolist()) == {sum(end - start for start, end in down.of(0))}
    assert len(held) == 1000
    assert max(held) <= 8 * len(down)


def test_what_is_wanted_is_given_whether_or_not_a_gate_reads_it() -> None:
    down = down_at_random(3, 20)
    found = composite(graph_of(3, [(1, [0, 1]), (2, [1, 2])]), down, np.array([2, 3, 2]))
    assert found.down.of(2) == down.of(2)
    assert found.down.of(0) == []
    assert composite(graph_of(3, []), down, np.array([1])).down.of(1) == down.of(1)


def test_what_structures_share_is_in_their_graph_once() -> None:
    components = Components()
    a, b, c = (Node(1 << components.leaf((name, ""))) for name in "abc")
    pair = components.group(1, [a, b], None)
    graph, places = graph_beneath(components, [pair | c, pair, c, pair | c])
    assert places == [4, 3, 2, 4]
    assert graph.gates == 2
    assert graph.cut.tolist() == [2, 1]


@pytest.mark.parametrize("gates", [[(0, [0])], [(3, [0, 1])], [(1, [2])], [(1, [-1])]], ids=str)
def test_a_graph_that_is_none_is_a_mistake(gates: list[tuple[int, list[int]]]) -> None:
    with pytest.raises(AssertionError):
        graph_of(2, gates)


def test_a_structure_that_cannot_fail_has_no_place_in_a_graph() -> None:
    with pytest.raises(AssertionError):
        graph_beneath(Components(), [EMPTY])
