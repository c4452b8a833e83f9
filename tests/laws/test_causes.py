"""Laws of declared common causes: the stated model by truth table, and what always holds."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.derive import Depth
from orchestrator.engine.faulttree import evaluate
from orchestrator.model.services import AllOf, AtLeast, Expression
from tests.laws import oracles
from tests.laws.build import (
    TOP,
    Structure,
    all_of,
    any_of,
    at_least,
    derived,
    expressions,
    law_of,
    leaves_of,
    levels,
    long_law,
    percent,
    plain,
    structures,
)
from tests.laws.test_faulttrees import model_of

HALF = Fraction(1, 2)
EXACTLY = Depth(exact=True)
TENTHS = st.integers(0, 10).map(lambda part: Fraction(part, 10))
Down = frozenset[str]


def group_of(k: int, beta: Fraction, *parts: str | Expression) -> Expression:
    found = at_least(k, *parts)
    assert isinstance(found, AtLeast)
    return replace(found, beta=beta)


@dataclass(frozen=True)
class Figures:
    floor: Fraction
    independent: Fraction
    beta: Fraction | None


def figures(structure: Structure, targets: Mapping[str, Fraction]) -> Figures:
    found = derived(plain(structure, targets, HALF), depth=EXACTLY)
    assert isinstance(found.floor, Fraction)
    assert isinstance(found.independent, Fraction)
    assert found.beta is None or isinstance(found.beta, Fraction)
    return Figures(found.floor, found.independent, found.beta)


def modelled(structure: Structure, targets: Mapping[str, Fraction]) -> Fraction:
    """The probability that the written tree has, as an availability."""
    found = evaluate(model_of(plain(structure, targets, HALF)).tree, exact=True).probability
    assert isinstance(found, Fraction)
    return 1 - found


# --- the worked cases ---


def nines(leaves: Iterable[str], level: str = "90") -> dict[str, Fraction]:
    return dict.fromkeys(leaves, percent(level))


@pytest.mark.parametrize("beta", [Fraction(1, 10), HALF, Fraction(1)])
@pytest.mark.parametrize(
    "legs", [("a", "a"), ("a", all_of("a", "b")), (all_of("a", "b"), all_of("a", "b"), "a")]
)
def test_a_leg_that_all_others_stand_on_has_no_cause_in_common_with_itself(
    legs: Sequence[str | Expression], beta: Fraction
) -> None:
    structure = {TOP: any_of(*legs, beta=beta)}
    found = figures(structure, nines("".join(leaves_of(structure))))
    assert found.beta == found.independent == percent("90")


def test_legs_on_one_power_supply_have_what_is_theirs_in_common_beside_it() -> None:
    structure = {TOP: any_of(all_of("a", "p"), all_of("b", "p"), beta=HALF)}
    found = figures(structure, {**nines("ab", "99.99"), "p": percent("99")})
    common = Fraction(1, 20000)
    alone = (1 - percent("99.99") / (1 - common)) ** 2
    assert found.beta == percent("99") * (1 - common) * (1 - alone)


def test_a_component_in_two_groups_keeps_its_level_and_takes_part_in_neither_cause() -> None:
    one = Fraction(1)
    structure = {TOP: all_of(any_of("a", "b", beta=one), any_of("a", "c", beta=one))}
    found = figures(structure, nines("abc"))
    assert found.beta == found.independent == 1 - Fraction(1, 10) * (1 - Fraction(81, 100))


def test_legs_beside_one_that_fails_the_whole_still_have_a_cause_in_common() -> None:
    """With s1 up, which the service needs anyway, two of three are down when s2 and s3 are."""
    targets = {"s1": percent("99.9"), "s2": percent("99"), "s3": percent("98")}
    structure = {TOP: all_of(group_of(2, HALF, *targets), "s1")}
    common = HALF * (1 - percent("99"))
    alone = (1 - percent("99") / (1 - common)) * (1 - percent("98") / (1 - common))
    expected = percent("99.9") * (1 - common) * (1 - alone)
    found = figures(structure, targets)
    assert found.beta == modelled(structure, targets) == expected
    assert found.floor <= expected < found.independent


def test_a_cause_that_would_make_a_group_better_than_independent_parts_does_not_count() -> None:
    """Nine of ten that are often down: failures that come together would leave more time free."""
    names = "abcdefghij"
    structure = {TOP: group_of(9, HALF, *names)}
    found = figures(structure, nines(names))
    assert found.beta == found.independent == modelled(structure, nines(names))


@pytest.mark.parametrize("beside", [any_of("s1", "t"), any_of("t", all_of("s1", "u"))])
@pytest.mark.parametrize("whole", [all_of, any_of])
def test_where_one_of_the_others_being_down_makes_any_failure_enough_the_worse_counts(
    beside: Expression, whole: Callable[..., Expression]
) -> None:
    """Two of three, one of which stands elsewhere too: once that is down, s2 or s3 is enough, and
    a cause that takes both at once would help; while it is up the cause counts."""
    targets = nines(["s1", "s2", "s3", "t", "u"])
    structure = {"group": group_of(2, HALF, "s1", "s2", "s3"), TOP: whole("group", beside)}
    targets = {leaf: targets[leaf] for leaf in leaves_of(structure)}
    found = figures(structure, targets)
    assert found.beta == modelled(structure, targets) == stated(structure, targets, HALF)
    assert found.floor <= found.beta <= found.independent
    # Where the group is beside what stands on s1, it is only asked for once s1 is down.
    assert found.beta < found.independent or whole is any_of


def test_a_leg_that_is_a_group_of_its_own_takes_part_as_a_whole() -> None:
    """However it is knotted inside: nothing else stands on it."""
    knot = at_least(2, all_of("a", "b"), all_of("b", "c"), all_of("a", "c"))
    structure = {TOP: any_of(knot, "d", beta=HALF)}
    targets = nines("abcd")
    inside = 1 - oracles.independent({TOP: knot}, dict.fromkeys("abc", Fraction(1, 10)))
    common = HALF * min(inside, Fraction(1, 10))
    alone = (1 - (1 - inside) / (1 - common)) * (1 - percent("90") / (1 - common))
    found = figures(structure, targets)
    assert found.beta == modelled(structure, targets) == (1 - common) * (1 - alone)


def test_a_leg_that_is_a_group_others_stand_on_in_part_takes_no_part() -> None:
    inner = at_least(2, "a", "b", "c")
    structure = {TOP: all_of(any_of(inner, "d", beta=HALF), any_of("a", "e"))}
    found = figures(structure, nines("abcde"))
    assert found.beta == found.independent == modelled(structure, nines("abcde"))


# --- the model as stated ---


@st.composite
def systems(draw: st.DrawFn) -> tuple[Structure, dict[str, Fraction], Fraction]:
    """A group of series legs with a cause, and what stands beside it, on the same leaves."""
    names = [f"leaf-{i}" for i in range(draw(st.integers(2, 6)))]
    legs = draw(
        st.lists(st.lists(st.sampled_from(names), min_size=1, max_size=3), min_size=2, max_size=4)
    )
    k, beta = draw(st.integers(1, len(legs) - 1)), draw(TENTHS)
    group = group_of(k, beta, *(all_of(*leg) for leg in legs))
    beside = draw(st.lists(expressions(names, 1), max_size=2))
    whole = all_of("group", *beside) if draw(st.booleans()) else any_of("group", *beside)
    structure = {"group": group, TOP: whole}
    return structure, {leaf: draw(levels(500)) for leaf in leaves_of(structure)}, beta


def stated(structure: Structure, targets: Mapping[str, Fraction], beta: Fraction) -> Fraction:
    """The figure by its definition, over every state of all that belongs to no leg alone."""
    group, top = structure["group"], structure[TOP]
    assert isinstance(group, AtLeast)
    assert isinstance(top, AllOf | AtLeast)
    cut = len(group.parts) - group.k + 1
    legs = [frozenset(leaves_of({"leg": part})) for part in group.parts]
    # A name that is written beside the group but that nothing there hangs on is not shared.
    beside = {leaf for part in top.parts[1:] for leaf in hung_on({TOP: part})}
    leaves = leaves_of(structure)

    def fails(down: Down, group_down: bool) -> bool:
        group = all_of("yes") if group_down else all_of("no")
        return oracles.is_down({TOP: top, "group": group}, down | {"yes"})

    # What fails the whole alone stands in series: the rest is computed while it is up.
    alone = {leaf for leaf in leaves if fails(frozenset({leaf}), False)}
    common = {leaf for leaf in leaves if sum(leaf in leg for leg in legs) >= cut}
    # What the whole does not hang on never matters.
    idle = set(leaves) - hung_on(structure)
    legs = [left for leg in legs if (left := leg - alone - common - idle)]
    if cut == len(legs):
        legs = sorted({leg for leg in legs if not any(other < leg for other in legs)}, key=sorted)
        cut = len(legs)
    shared = {leaf for leaf in leaves if leaf in beside or sum(leaf in leg for leg in legs) > 1}
    own = [leg - shared for leg in legs]
    if cut < len(legs):
        own = [mine if mine == leg else frozenset() for mine, leg in zip(own, legs, strict=True)]
    marginals = [1 - product(targets[leaf] for leaf in mine) for mine in own]
    taking = [u for u, mine in zip(marginals, own, strict=True) if mine]
    cause = beta * min(taking) if len(taking) > 1 else Fraction(0)
    rest = [leaf for leaf in leaves if leaf not in alone and not any(leaf in one for one in own)]
    total = Fraction(0)
    for state in oracles.states(rest):
        weight = product(1 - targets[x] if x in state else targets[x] for x in rest)
        certain = sum(bool(leg & state) for leg in legs)
        apart = [
            u for u, leg, mine in zip(marginals, legs, own, strict=True) if mine and not leg & state
        ]
        if common & state:
            down = Fraction(1)
        else:
            down = max(chance_of(cut - certain, apart, c) for c in (cause, Fraction(0)))
        total += weight * (down * fails(state, True) + (1 - down) * fails(state, False))
    return product(targets[leaf] for leaf in alone) * (1 - total)


def hung_on(structure: Structure) -> set[str]:
    """The leaves that make a difference in some state of the others."""
    leaves = leaves_of(structure)
    return {
        leaf
        for state in oracles.states(leaves)
        for leaf in leaves
        if oracles.is_down(structure, state | {leaf}) != oracles.is_down(structure, state - {leaf})
    }


def chance_of(many: int, parts: Sequence[Fraction], cause: Fraction) -> Fraction:
    """P(so many down) by every state of the parts, each healed from what the cause has taken."""
    total = cause * (many <= len(parts))
    by_themselves = [1 - (1 - u) / (1 - cause) if cause < 1 else Fraction(0) for u in parts]
    for state in itertools.product((0, 1), repeat=len(parts)):
        chance = product(u if x else 1 - u for u, x in zip(by_themselves, state, strict=True))
        total += (1 - cause) * chance * (sum(state) >= many)
    return total


def product(values: Iterable[Fraction]) -> Fraction:
    found = Fraction(1)
    for value in values:
        found *= value
    return found


def held_against_the_definition(case: tuple[Structure, dict[str, Fraction], Fraction]) -> None:
    structure, targets, beta = case
    found = figures(structure, targets)
    expected = stated(structure, targets, beta)
    assert (found.independent if found.beta is None else found.beta) == expected
    assert modelled(structure, targets) == expected


@law_of(150)
@given(systems())
def test_the_figure_and_the_written_tree_are_those_of_the_stated_model(
    case: tuple[Structure, dict[str, Fraction], Fraction],
) -> None:
    held_against_the_definition(case)


@pytest.mark.long
@long_law
@given(systems())
def test_the_figure_is_that_of_the_stated_model_at_length(
    case: tuple[Structure, dict[str, Fraction], Fraction],
) -> None:
    held_against_the_definition(case)


# --- what always holds ---


@st.composite
def declaring(draw: st.DrawFn) -> tuple[Structure, Structure, dict[str, Fraction]]:
    """A structure with causes on some groups, and the same with none of them smaller."""
    structure = draw(structures(5))
    shares: dict[int, tuple[Fraction, Fraction]] = {}

    def declared(expression: Expression, end: int, numbers: Iterable[int]) -> Expression:
        if isinstance(expression, AllOf):
            parts = tuple(declared(part, end, numbers) for part in expression.parts)
            return replace(expression, parts=parts)
        if not isinstance(expression, AtLeast):
            return expression
        number = next(iter(numbers))
        if number not in shares:
            low, high = sorted(draw(st.tuples(TENTHS, TENTHS)))
            shares[number] = low, high
        parts = tuple(declared(part, end, numbers) for part in expression.parts)
        return replace(expression, parts=parts, beta=shares[number][end])

    less, more = (
        {id: declared(one, end, numbers) for id, one in structure.items()}
        for end, numbers in ((0, itertools.count()), (1, itertools.count()))
    )
    return less, more, {leaf: draw(levels(500)) for leaf in leaves_of(structure)}


def between_the_floor_and_independence(
    case: tuple[Structure, Structure, dict[str, Fraction]],
) -> None:
    less, more, targets = case
    one, other = figures(less, targets), figures(more, targets)
    for structure, found in ((less, one), (more, other)):
        if found.beta is not None:
            assert found.floor <= found.beta <= found.independent
            assert found.beta == modelled(structure, targets)
    if one.beta is not None and other.beta is not None:
        assert other.beta <= one.beta


@law_of(150)
@given(declaring())
def test_causes_lie_between_the_floor_and_independence_and_larger_ones_are_no_better(
    case: tuple[Structure, Structure, dict[str, Fraction]],
) -> None:
    between_the_floor_and_independence(case)


@pytest.mark.long
@long_law
@given(declaring())
def test_causes_lie_between_the_floor_and_independence_at_length(
    case: tuple[Structure, Structure, dict[str, Fraction]],
) -> None:
    between_the_floor_and_independence(case)
