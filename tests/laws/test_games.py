"""Shapley's value on tables and on diagrams: both as the definition, at any number of players."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb, lcm

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine import components as components_module
from orchestrator.engine import games
from orchestrator.engine.components import Components, Node
from orchestrator.engine.games import Game, Gates, game, shapley
from orchestrator.model.values import SECOND
from tests.laws.build import law_of


@st.composite
def drawn(draw: st.DrawFn, least: int, most: int) -> Game:
    """Random gates over players with numbers of their own, shared and repeated."""
    many = draw(st.integers(least, most))
    found: list[tuple[int, tuple[int, ...]]] = []
    for number in range(draw(st.integers(0, 6))):
        parts = draw(st.lists(st.integers(0, many + number - 1), min_size=1, max_size=6))
        found.append((draw(st.integers(1, len(parts))), tuple(parts)))
    # The whole stands over all the others, and over enough players that all of them are met.
    over = draw(st.lists(st.integers(0, many + len(found) - 1), min_size=1, max_size=many))
    found.append((draw(st.integers(1, len(over))), tuple(over)))
    return Game(tuple(3 * player + 1 for player in range(many)), tuple(found))


def is_down(gates: Gates, players: int, down: int) -> bool:
    state = [bool(down >> player & 1) for player in range(players)]
    for k, parts in gates:
        state.append(sum(state[part] for part in parts) >= k)
    return state[-1]


def by_definition(one: Game) -> dict[int, Fraction]:
    """Over all sets without a player: how often it is that player who brings the whole down."""
    many = len(one.players)
    fails = [is_down(one.gates, many, down) for down in range(1 << many)]
    found = {}
    for player, leaf in enumerate(one.players):
        value = Fraction(0)
        for down in range(1 << many):
            if not down >> player & 1 and fails[down | 1 << player] and not fails[down]:
                value += Fraction(1, many * comb(many - 1, down.bit_count()))
        if value:
            found[leaf] = value
    return found


WAYS: dict[str, int] = {"tables": 16, "diagrams": 0}
"""The most players of whom every set is looked at."""


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(games, "TABLED", WAYS[request.param])
    return str(request.param)


@pytest.mark.parametrize("most", WAYS.values(), ids=WAYS)
@law_of(150)
@given(one=drawn(1, 7))
def test_the_value_is_that_of_the_definition(most: int, one: Game) -> None:
    check_definition(most, one)


@pytest.mark.long
@pytest.mark.parametrize("most", WAYS.values(), ids=WAYS)
@law_of(2000)
@given(one=drawn(1, 10))
def test_the_value_is_that_of_the_definition_at_length(most: int, one: Game) -> None:
    check_definition(most, one)


def check_definition(most: int, one: Game) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(games, "TABLED", most)
        assert shapley(one) == by_definition(one)


@law_of(40)
@given(drawn(11, 22))
def test_tables_and_diagrams_agree_on_any_number_of_players(one: Game) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(games, "TABLED", 0)
        found = shapley(one)
        if len(one.players) <= 16:
            patch.setattr(games, "TABLED", 16)
            assert shapley(one) == found
    assert sum(found.values()) == 1
    assert all(share > 0 for share in found.values())
    assert list(found) == sorted(found)


def test_players_alike_share_alike(way: str) -> None:
    for many in (1, 2, 9, 40):
        if way == "tables" and many > 16:
            continue
        for k in {1, (many + 1) // 2, many}:
            one = Game(tuple(range(many)), ((k, tuple(range(many))),))
            assert shapley(one) == dict.fromkeys(range(many), Fraction(1, many)), (many, k)


def test_one_that_suffices_beside_some_that_must_all_fail(way: str) -> None:
    """The group answers only where all of it failed before the one did: one order in m + 1."""
    for m in (2, 5, 12, 30):
        if way == "tables" and m + 1 > 16:
            continue
        group = tuple(range(1, m + 1))
        one = Game(tuple(range(m + 1)), ((m, group), (1, (0, m + 1))))
        found = shapley(one)
        assert found[0] == Fraction(m, m + 1)
        assert {found[player] for player in group} == {Fraction(1, m * (m + 1))}


def test_a_thousand_failures_at_once_are_shared_exactly() -> None:
    """All in series but a pair: the pair's value is the integral of (1 - p)^998 p."""
    components = Components()
    nodes = [Node(1 << components.leaf((f"leaf-{i}", ""))) for i in range(1000)]
    node = components.group(1, nodes[:2], None)
    for other in nodes[2:]:
        node |= other
    made = game(components, node, (1 << 1000) - 1)
    assert isinstance(made, Game)
    found = shapley(made)
    assert found[0] == found[1] == Fraction(1, 999 * 1000)
    assert sum(found.values()) == 1
    assert len({found[leaf] for leaf in range(2, 1000)}) == 1


def groups_of_sixteen(fails_with: Callable[[int], list[int]]) -> tuple[Components, Node]:
    """Sixteen leaves; group i needs two of those it names, and the whole eight of the groups."""
    components = Components()
    nodes = [Node(1 << components.leaf((f"leaf-{i}", ""))) for i in range(16)]
    groups = [components.group(2, [nodes[j] for j in fails_with(i)], None) for i in range(16)]
    return components, components.group(8, groups, None)


def test_sixteen_concurrent_failures_with_shared_parts_are_shared_as_by_definition() -> None:
    components, node = groups_of_sixteen(lambda i: [i, (i + 1) % 16, (i + 5) % 16, (i * 3) % 16])
    made = game(components, node, (1 << 16) - 1)
    assert isinstance(made, Game)
    assert shapley(made) == by_definition(made)


@st.composite
def structures(draw: st.DrawFn) -> tuple[Components, Node]:
    """Groups over six leaves and over one another, sharing parts."""
    components = Components()
    nodes = [Node(1 << components.leaf((f"leaf-{i}", ""))) for i in range(6)]
    for _ in range(draw(st.integers(1, 7))):
        parts = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=4))
        nodes.append(components.group(draw(st.integers(1, len(parts))), parts, None))
        nodes.append(nodes[-1] | draw(st.sampled_from(nodes)))
    return components, nodes[-1]


@pytest.mark.parametrize("wide", [0, 256])
@law_of(150)
@given(case=structures(), players=st.integers(0, 63), down=st.integers(0, 63))
def test_a_game_is_down_just_when_the_structure_is(
    wide: int, case: tuple[Components, Node], players: int, down: int
) -> None:
    components, node = case
    players &= ~down
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(components_module, "WIDE", wide)
        found = game(components, node, players, down)
    for failed in range(64):
        if failed & ~players:
            continue
        expected = components.fails(node, failed | down)
        if isinstance(found, bool):
            assert found == expected
            continue
        state = sum(1 << i for i, leaf in enumerate(found.players) if failed >> leaf & 1)
        if found.gates:
            assert is_down(found.gates, len(found.players), state) == expected
        else:
            assert bool(state) == expected


def test_a_group_that_is_down_already_is_not_taken_for_a_leaf() -> None:
    """A truth and the number one are equal in Python, and so are a lie and nought."""
    components = Components()
    a, b, c, d, e, f = (Node(1 << components.leaf((name, ""))) for name in "abcdef")
    fallen, alive = components.group(1, [c, d], None), components.group(1, [e, f], None)
    node = components.group(1, [fallen | alive, b | alive, a], None)
    assert game(components, node, 0b000010, down=0b001100) is False
    found = game(components, node, 0b110011, down=0b001100)
    assert isinstance(found, Game)
    # Down with a, and with b or both e and f: the integrals of p + p^2 - p^3, p - p^3, p^2 - p^3.
    twelfths = {0: 7, 1: 3, 4: 1, 5: 1}
    assert shapley(found) == {leaf: Fraction(part, 12) for leaf, part in twelfths.items()}


def test_a_game_holds_only_what_its_players_have_a_part_in() -> None:
    components = Components()
    a, b, c, d = (Node(1 << components.leaf((name, ""))) for name in "abcd")
    pair, other = components.group(1, [a, b], None), components.group(1, [c, d], None)
    node = pair | other
    assert game(components, node, 0b0101) is False
    assert game(components, node, 0b0001, down=0b1100) is True
    first, second = game(components, node, 0b0011), game(components, node, 0b1100)
    assert isinstance(first, Game)
    assert isinstance(second, Game)
    assert (first.players, second.players) == ((0, 1), (2, 3))
    assert first.gates == second.gates
    assert game(components, node, 0b0111) == first


def test_shares_of_a_year_in_microseconds_stay_whole() -> None:
    """A share has no denominator but those of the orders of its players."""
    one = Game(tuple(range(12)), ((7, tuple(range(12))), (1, (12, 0))))
    year = 365 * 86_400 * SECOND
    assert sum(share * year for share in shapley(one).values()) == year
    below = lcm(*(share.denominator for share in shapley(one).values()))
    assert lcm(*range(1, 13)) % below == 0
