"""Laws of many facts: what is found by when it was, by what failed with it and by parts of time is
what a look at everything finds, whichever way is taken."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.bench.dense_facts import by_columns
from orchestrator.engine import by_time, evidence
from orchestrator.engine import components as numbered
from orchestrator.engine.by_time import ByTime
from orchestrator.engine.components import Components, Node, bits_of
from orchestrator.engine.games import Game, game, shapley
from orchestrator.engine.intervals import clip, intersect, sharing, subtract, union
from orchestrator.engine.reports import Report, reaching_into
from orchestrator.engine.settle import settle
from orchestrator.engine.subgames import Subgames
from orchestrator.model.estate import Estate
from orchestrator.model.records import Facts, Outage
from orchestrator.model.values import DAY, HOUR, Span
from tests.laws.build import APRIL, START, facts, law_of, leaves_of, long_law, outages, structures
from tests.laws.test_games import structures as groups
from tests.laws.test_settle import Deal, deals
from tests.laws.test_trace import perfect

# --- by when it was ------------------------------------------------------------------------------

_SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), max_size=12).map(
    lambda some: [Span(start, start + length) for start, length in some]
)
_STRETCH = st.tuples(st.integers(-2, 45), st.integers(1, 20)).map(lambda s: (s[0], s[0] + s[1]))


@law_of(200)
@given(_SPANS, _STRETCH)
def test_things_are_found_by_time_as_by_looking_at_each(
    spans: list[Span], stretch: tuple[int, int]
) -> None:
    found = ByTime(list(enumerate(spans)), lambda thing: thing[1]).sharing(*stretch)
    assert found == [
        (place, span) for place, span in enumerate(spans) if span.meets(Span(*stretch))
    ]


@law_of(200)
@given(_SPANS, _SPANS, _STRETCH)
def test_intervals_are_what_their_instants_are(
    left: list[Span], right: list[Span], stretch: tuple[int, int]
) -> None:
    ours, theirs = (union((span.start, span.end) for span in some) for some in (left, right))

    def instants(some: object) -> set[int]:
        assert isinstance(some, list | tuple)
        return {instant for start, end in some for instant in range(start, end)}

    inside = set(range(*stretch))
    assert instants(intersect(ours, theirs)) == instants(ours) & instants(theirs)
    assert instants(subtract(ours, theirs)) == instants(ours) - instants(theirs)
    assert instants(clip(ours, *stretch)) == instants(ours) & inside
    assert list(sharing(ours, *stretch)) == [one for one in ours if inside & set(range(*one))]


@law_of(200)
@given(_SPANS, _STRETCH)
def test_what_reaches_into_a_span_is_followed_back_to_the_last_break(
    spans: list[Span], stretch: tuple[int, int]
) -> None:
    reports = [Report(Outage(f"o-{i}", "a", span)) for i, span in enumerate(spans)]
    start, end = stretch
    down = {instant for span in spans for instant in range(span.start, span.end)}
    since = start
    while since - 1 in down:
        since -= 1

    def found(start: int, end: int) -> list[Report]:
        return [one for one in reports if one.start < end and one.end > start]

    assert reaching_into(found, Span(start, end)) == found(since, end)


# --- by what failed with it ----------------------------------------------------------------------


@pytest.mark.parametrize("wide", [0, 256])
@pytest.mark.parametrize("few", [0, 1, 1000])
@law_of(60)
@given(case=groups(), leaves=st.integers(0, 63))
def test_gates_that_leaves_have_a_part_in_are_found_from_either_side(
    wide: int, few: int, case: tuple[Components, Node], leaves: int
) -> None:
    components, node = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbered, "WIDE", wide)
        patch.setattr(numbered, "FEW", few)
        found = components.touched(node, leaves)
    beneath = bits_of(components.beneath(node))
    assert found == [gate for gate in beneath if components.support_of(gate) & leaves]


@law_of(200)
@given(case=groups(), failed=st.integers(0, 63), down=st.integers(0, 63))
def test_a_game_within_a_game_is_that_of_the_structure(
    case: tuple[Components, Node], failed: int, down: int
) -> None:
    components, node = case
    whole = Subgames(game(components, node, 63))
    places, before = whole.places(bits_of(failed & ~down)), whole.places(bits_of(down))
    assert whole.lost(places | before) == components.fails(node, failed | down)
    found, expected = whole.of(places, before), game(components, node, failed & ~down, down)
    if isinstance(expected, bool):
        assert found == expected
        return
    assert isinstance(found, Game)
    shares = {whole.players[place]: share for place, share in shapley(found).items()}
    assert shares == shapley(expected)


@law_of(200)
@given(case=groups(), failed=st.integers(0, 63))
def test_those_in_a_cut_are_concerned_and_nobody_where_there_is_none(
    case: tuple[Components, Node], failed: int
) -> None:
    components, node = case
    whole = Subgames(game(components, node, 63))
    places = whole.concerned(whole.places(bits_of(failed)))
    concerned = {whole.players[place] for place in bits_of(places)}
    down = [*bits_of(failed)]
    sets = [set(some) for size in range(len(down) + 1) for some in combinations(down, size)]
    cuts = [some for some in sets if components.fails(node, sum(1 << one for one in some))]
    minimal = [cut for cut in cuts if not any(other < cut for other in cuts)]
    assert set().union(*minimal) <= concerned <= set(down)
    assert bool(concerned) == bool(cuts)


# --- whichever way is taken ----------------------------------------------------------------------


def at_another_point(deal: Deal) -> Facts:
    """What was reported, and what was not taken where anything is measured: of every service, in
    the month and far from it."""
    far = (START - 700 * DAY, START + 10 * DAY, START + 90 * DAY)
    more = [
        Outage(f"edge-{number}-{service}", service, Span(begin, begin + HOUR), point="edge")
        for number, begin in enumerate(far)
        for service in sorted(deal.estate.services)
    ]
    return replace(deal.facts, outages=(*deal.facts.outages, *more))


@law_of(30)
@given(deals())
def test_facts_taken_by_themselves_come_to_what_all_of_them_come_to(deal: Deal) -> None:
    """Where other facts were taken at another point, each term's are gathered one by one."""
    expected = settle(deal.estate, deal.facts, APRIL)
    assert settle(deal.estate, at_another_point(deal), APRIL) == expected


SIZES = (
    (by_time, "PIECES", 1),
    (by_time, "PIECES", 3),
    (by_time, "STRETCHES", 1),
    (evidence, "GROUNDS", 1),
)


@pytest.mark.parametrize(("module", "size", "value"), SIZES)
@law_of(30)
@given(deal=deals())
def test_a_verdict_does_not_depend_on_how_much_is_remembered(
    module: ModuleType, size: str, value: int, deal: Deal
) -> None:
    expected = settle(deal.estate, deal.facts, APRIL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, size, value)
        assert settle(deal.estate, deal.facts, APRIL) == expected


@st.composite
def dense(draw: st.DrawFn, most: int) -> tuple[Estate, Facts]:
    """One promise around the clock that every second breaches, and many outages of its parts."""
    structure = draw(structures(5))
    return perfect(structure), facts(draw(outages(leaves_of(structure), most, most)))


def check_columns(subject: Estate, reported: Facts) -> None:
    (found,) = settle(subject, reported, APRIL).assessments
    by_month = by_columns(subject, reported)
    assert by_month.pop((found.key, found.period.start)) == found.counted_seconds
    assert not any(by_month.values())


@law_of(40)
@given(dense(12))
def test_downtime_is_the_same_in_columns(case: tuple[Estate, Facts]) -> None:
    check_columns(*case)


@pytest.mark.long
@long_law
@given(dense(40))
def test_dense_downtime_is_the_same_in_columns(case: tuple[Estate, Facts]) -> None:
    check_columns(*case)
