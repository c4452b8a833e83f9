"""Laws of every kind of commitment, row by row of the tables: a row is tested by being there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from orchestrator.engine.kinds.algebras import ALGEBRAS, Algebra, Reading
from orchestrator.engine.kinds.counting import Counting
from orchestrator.engine.kinds.points import front
from orchestrator.engine.kinds.timed import Work, options
from orchestrator.engine.kinds.values import (
    UNBOUNDED,
    Value,
    better,
    no_worse,
    perfect,
    value_of,
    worst,
)
from orchestrator.model.derivations import SHORTFALL, UNDERPINNED
from orchestrator.model.estate import Estate
from orchestrator.model.flows import (
    Branch,
    FirstOf,
    InParallel,
    InSequence,
    OneOfBranches,
    Stage,
    Step,
)
from orchestrator.model.metrics import METRICS, Labels, Lasting, Metric, Within
from orchestrator.model.values import DAY
from tests.laws.build import TOP, all_of, law_of
from tests.laws.kinds import Said, bought, derived, promise, world

KINDS: Final = [metric for metric in METRICS.values() if metric.algebra in ALGEBRAS]


law: Final = law_of(30)


# --- values --------------------------------------------------------------------------------------

SHARES = st.integers(0, 20).map(lambda part: Fraction(part, 20))
NUMBERS = st.fractions(0, 1000, max_denominator=12)
NAMES = st.sets(st.sampled_from("abcde")).map(lambda names: value_of(Labels(tuple(sorted(names)))))
FRONTS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 10).map(lambda part: Fraction(part, 10))),
    min_size=1,
    max_size=3,
).map(front)
TIMES = st.integers(1, 10 * DAY).map(lambda time: value_of(Lasting(time)))

BY_CARRIER: Final[dict[str, st.SearchStrategy[Value]]] = {
    "ratio": SHARES,
    "fault": SHARES,
    "number": NUMBERS,
    "lasting": TIMES,
    "within": FRONTS,
    "labels": NAMES,
}


@dataclass(frozen=True)
class Pair:
    """A value, and one that is no worse, of parts alike in all else."""

    value: Value
    better: Value


@st.composite
def pairs(draw: st.DrawFn, metric: Metric) -> Pair:
    of = BY_CARRIER[metric.carrier]
    algebra = ALGEBRAS[metric.algebra]
    beside = None
    if algebra.beside:
        beside = draw(BY_CARRIER[METRICS[algebra.beside].carrier])
    value = draw(of)
    return Pair(
        algebra.joined(value, beside), algebra.joined(better(metric, value, draw(of)), beside)
    )


def several(metric: Metric) -> st.SearchStrategy[list[Pair]]:
    return st.lists(pairs(metric), min_size=1, max_size=4)


WEIGHTS = st.lists(st.integers(1, 5), min_size=4, max_size=4)

Compose = Callable[[Sequence[Any]], Any]


def ways(reading: Reading, weights: Sequence[int]) -> Iterator[tuple[str, Compose]]:
    """Every way in which a row composes so many values or fewer, by name."""
    if reading.at_least is not None:
        at_least = reading.at_least
        yield "all", lambda values: at_least(len(values), values)
        yield "any", lambda values: at_least(1, values)
        yield "at_least", lambda values: at_least((len(values) + 1) // 2, values)
    if reading.sequence is not None:
        yield "sequence", reading.sequence
    if reading.choice is not None:
        choice = reading.choice

        def mixed(values: Sequence[Any]) -> Any:
            total = sum(weights[: len(values)])
            return choice([(Fraction(w, total), v) for w, v in zip(weights, values, strict=False)])

        yield "choice", mixed
    if reading.cases is not None:
        yield from along_flows(reading.cases, weights)


def along_flows(counting: Counting, weights: Sequence[int]) -> Iterator[tuple[str, Compose]]:
    """How points compose along flows, where all clocks run all the time."""

    def along(values: Sequence[Any], step: Callable[[tuple[Stage, ...]], Step]) -> Any:
        works = {
            Stage(str(number)): Work(str(number), tuple(Within(share, at) for at, share in value))
            for number, value in enumerate(values)
        }
        found = options(step(tuple(works)), works, counting, 0, 1)
        assert found.whole
        return front((option.due.at(0), option.share) for option in found.options)

    def branches(stages: tuple[Stage, ...]) -> Step:
        total = sum(weights[: len(stages)])
        shares = [Fraction(weight, total) for weight in weights]
        return OneOfBranches(tuple(map(Branch, shares, stages)))

    yield "sequence", lambda values: along(values, InSequence)
    yield "parallel", lambda values: along(values, InParallel)
    yield "first", lambda values: along(values, FirstOf)
    yield "choice", lambda values: along(values, branches)


def readings(metric: Metric) -> tuple[Reading, Reading]:
    algebra = ALGEBRAS[metric.algebra]
    return algebra.floor, algebra.estimate


# --- laws ----------------------------------------------------------------------------------------


def monotone(metric: Metric, data: st.DataObject) -> None:
    """A better part never makes a worse whole."""
    parts = data.draw(several(metric))
    index = data.draw(st.integers(0, len(parts) - 1))
    before = [part.value for part in parts]
    after = [*before[:index], parts[index].better, *before[index + 1 :]]
    for reading in readings(metric):
        for name, compose in ways(reading, data.draw(WEIGHTS)):
            one, other = compose(before), compose(after)
            assert (one is None) == (other is None), name
            assert one is None or no_worse(metric, other, one), name


def perfect_part(metric: Metric, data: st.DataObject) -> None:
    """A perfect part changes nothing, where all are needed."""
    values = [part.value for part in data.draw(several(metric))]
    place = data.draw(st.integers(0, len(values)))
    best = ALGEBRAS[metric.algebra].joined(perfect(metric), UNBOUNDED)
    for reading in readings(metric):
        for name, compose in ways(reading, data.draw(WEIGHTS)):
            without = compose(values)
            if name in {"all", "sequence", "parallel"} and without is not None:
                found = compose([*values[:place], best, *values[place:]])
                assert found is None or found == without, name


def single(metric: Metric, data: st.DataObject) -> None:
    """One argument is itself."""
    value = data.draw(pairs(metric)).value
    for reading in readings(metric):
        for name, compose in ways(reading, data.draw(WEIGHTS)):
            assert compose([value]) == value, name


def order(metric: Metric, data: st.DataObject) -> None:
    """Parts may be written in any order."""
    values = [part.value for part in data.draw(several(metric))]
    weights = data.draw(WEIGHTS)
    places = data.draw(st.permutations(range(len(values))))
    shuffled = [values[place] for place in places]
    moved = [weights[place] for place in places] + weights[len(values) :]
    for reading in readings(metric):
        others = dict(ways(reading, moved))
        for name, compose in ways(reading, weights):
            assert compose(values) == others[name](shuffled), name


def grouping(metric: Metric, data: st.DataObject) -> None:
    """Groups of the same sort may be put together."""
    values = [part.value for part in data.draw(several(metric))]
    cut = data.draw(st.integers(1, len(values)))
    for reading in readings(metric):
        for name, compose in ways(reading, data.draw(WEIGHTS)):
            if name in {"all", "any", "sequence", "parallel", "first"}:
                inner = compose(values[:cut])
                if inner is not None:
                    assert compose([inner, *values[cut:]]) == compose(values), name


LAWS: Final[dict[str, Callable[[Metric, st.DataObject], None]]] = {
    "monotone": monotone,
    "perfect": perfect_part,
    "single": single,
    "order": order,
    "grouping": grouping,
}
HELD: Final = [
    pytest.param(metric, name, id=f"{metric.id}-{name}")
    for metric in KINDS
    for name in sorted(ALGEBRAS[metric.algebra].laws)
]


@pytest.mark.parametrize(("metric", "name"), HELD)
@given(data=st.data())
@law
def test_the_laws_a_kind_declares_hold(metric: Metric, name: str, data: st.DataObject) -> None:
    LAWS[name](metric, data)


def never_above(metric: Metric, data: st.DataObject) -> None:
    """The estimate is never worse than the floor: it is one of the behaviours that the floor is
    the worst of."""
    values = [part.value for part in data.draw(several(metric))]
    weights = data.draw(WEIGHTS)
    floor, estimate = readings(metric)
    likely = dict(ways(estimate, weights))
    for name, compose in ways(floor, weights):
        expected = likely[name](values) if name in likely else None
        assert expected is None or no_worse(metric, expected, compose(values)), name
    visits = data.draw(st.fractions(0, 4, max_denominator=4))
    assert no_worse(metric, estimate.visited(values[0], visits), floor.visited(values[0], visits))


@pytest.mark.parametrize("metric", KINDS, ids=lambda metric: metric.id)
@given(data=st.data())
@law
def test_no_floor_is_better_than_its_estimate(metric: Metric, data: st.DataObject) -> None:
    never_above(metric, data)


def test_every_kind_but_availability_has_a_row_and_every_row_a_kind() -> None:
    assert {metric.algebra for metric in METRICS.values()} == {*ALGEBRAS, "downtime"}
    for metric in KINDS:
        algebra = ALGEBRAS[metric.algebra]
        assert algebra.laws <= set(LAWS)
        assert algebra.beside in {"", *METRICS}
        assert no_worse(metric, perfect(metric), worst(metric))


# --- a kind of one's own -------------------------------------------------------------------------

GRAMS = Metric("carbon", "grams per request", "number", False, "emissions")


def _sum(parts: Sequence[Fraction]) -> Fraction:
    return min(UNBOUNDED, sum(parts, Fraction(0)))


BURNT = Reading(
    lambda _, parts: _sum(parts),
    _sum,
    lambda choice: _sum([share * value for share, value in choice]),
    lambda value, visits: min(UNBOUNDED, value * visits),
)
EMISSIONS = Algebra(
    "emissions", BURNT, BURNT, frozenset({"monotone", "perfect", "single", "order", "grouping"})
)

DOCUMENT = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: Carbon, home: [us]}
parties:
  - {id: us, kind: organisation}
  - {id: maker, kind: organisation}
  - {id: customer, kind: organisation}
services:
  - {id: leaf, owner: maker}
  - {id: top, requires: {all: [{service: leaf, visits: 3}]}}
agreements:
  - id: uc
    kind: UC
    provider: maker
    customer: us
    covers: [leaf]
    terms: [{id: carbon, metric: carbon, target: "4.5"}]
  - id: sla
    kind: SLA
    provider: us
    customer: customer
    covers: [top]
    terms: [{id: carbon, metric: carbon, target: "13.5"}]
"""


@pytest.fixture
def own_kind(monkeypatch: pytest.MonkeyPatch) -> Metric:
    """Two rows more, and nothing else."""
    monkeypatch.setitem(METRICS, GRAMS.id, GRAMS)
    monkeypatch.setitem(ALGEBRAS, EMISSIONS.id, EMISSIONS)
    return GRAMS


@pytest.mark.parametrize("name", [*sorted(EMISSIONS.laws), "never above"])
def test_a_kind_that_is_added_is_held_to_its_laws(own_kind: Metric, name: str) -> None:
    held = never_above if name == "never above" else LAWS[name]

    @given(data=st.data())
    @law
    def holds(data: st.DataObject) -> None:
        held(own_kind, data)

    holds()


WRONG: Final[dict[str, tuple[Reading, Reading]]] = {
    name: (reading, reading)
    for name, reading in {
        "monotone": Reading(lambda _, parts: UNBOUNDED - _sum(parts)),
        "perfect": Reading(lambda _, parts: _sum(parts) + len(parts)),
        "single": Reading(lambda _, parts: 2 * _sum(parts)),
        "order": Reading(lambda _, parts: parts[0]),
        "grouping": Reading(lambda _, parts: _sum(parts) / len(parts)),
    }.items()
} | {"never above": (Reading(lambda _, parts: max(parts)), Reading(lambda _, parts: _sum(parts)))}
"""Rows that break a law each."""


@pytest.mark.parametrize("name", WRONG)
def test_a_row_that_breaks_a_law_it_declares_is_found_out(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(METRICS, GRAMS.id, GRAMS)
    monkeypatch.setitem(
        ALGEBRAS, EMISSIONS.id, Algebra(EMISSIONS.id, *WRONG[name], frozenset({name}))
    )
    held = never_above if name == "never above" else LAWS[name]

    @given(data=st.data())
    @settings(law, report_multiple_bugs=False, phases=[Phase.generate])
    def holds(data: st.DataObject) -> None:
        held(GRAMS, data)

    with pytest.raises(AssertionError):
        holds()


def test_a_kind_that_is_added_is_derived(own_kind: Metric) -> None:
    def of(limit: int) -> Estate:
        agreements = [bought(leaf, {"carbon": Said(Fraction(3))}) for leaf in ("a", "b")]
        return world(
            {TOP: all_of("a", "b")}, [*agreements, promise("carbon", Said(Fraction(limit)))]
        )

    found = derived(of(6))
    assert (found.status, found.floor, found.independent) == (UNDERPINNED, Fraction(6), Fraction(6))
    found = derived(of(5))
    assert (found.status, found.headroom) == (SHORTFALL, Fraction(-1))
    assert found.findings[0].message == (
        "sla promises 5 and what lies beneath guarantees 6; renegotiate a, b"
    )


def test_a_kind_that_is_added_is_read_from_documents() -> None:
    """In a fresh interpreter, where the rows are there before the document format is made."""
    source = f"""
from fractions import Fraction
from orchestrator.engine.kinds.algebras import ALGEBRAS, Algebra, Reading
from orchestrator.model.metrics import METRICS, Metric

total = Reading(lambda _, parts: sum(parts), sum, None, lambda value, visits: value * visits)
METRICS["carbon"] = Metric("carbon", "grams per request", "number", False, "emissions")
ALGEBRAS["emissions"] = Algebra("emissions", total, total, frozenset())

from orchestrator.engine.derive import derive
from orchestrator.formats.estate import read_estate
from orchestrator.model.values import AskedPeriod

estate = read_estate({DOCUMENT!r}.encode()).estate
(found,) = derive(estate, AskedPeriod.parse("2026-04"), "sla")
print(found.promised, found.floor, found.status)
"""
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["27/2", "27/2", UNDERPINNED]
