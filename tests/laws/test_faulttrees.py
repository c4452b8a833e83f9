"""Laws of fault trees: truth tables, trees written and read back, estates as trees."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.derive import Depth
from orchestrator.engine.faultmodel import FaultModel, fault_model
from orchestrator.engine.faulttree import evaluate
from orchestrator.engine.subjects import subjects
from orchestrator.engine.underpinning import Underpinning
from orchestrator.errors import OrchestratorError
from orchestrator.formats.openpsa import read_fault_tree
from orchestrator.formats.openpsa_write import decimal, write_fault_tree
from orchestrator.model.estate import Estate
from orchestrator.model.faulttrees import FaultGate, FaultTree
from orchestrator.model.services import AllOf, AtLeast, Expression
from orchestrator.model.values import zone
from tests.laws import oracles
from tests.laws.build import (
    APRIL,
    CALENDARS,
    TOP,
    Promise,
    Structure,
    agreement,
    all_of,
    any_of,
    at_least,
    contract,
    derived,
    estate,
    law,
    law_of,
    leaves_of,
    levels,
    percent,
    plain,
    sla,
    structures,
)

HALF: Final = Fraction(1, 2)
EXACTLY: Final = Depth(exact=True)
States = frozenset[str]


# --- trees against their truth tables ---


@st.composite
def trees(draw: st.DrawFn) -> FaultTree:
    """Gates over up to five events and one another, constants and repetitions among them."""
    events = tuple(f"e{i}" for i in range(draw(st.integers(1, 5))))
    gates: list[FaultGate] = []
    for number in range(draw(st.integers(1, 5))):
        among = st.integers(0, len(events) + number - 1)
        parts = tuple(draw(st.lists(among, min_size=0, max_size=4)))
        gates.append(FaultGate(f"g{number}", draw(st.integers(0, len(parts) + 1)), parts))
    chances = st.integers(0, 20).map(lambda part: Fraction(part, 20))
    probabilities = tuple(draw(chances) for _ in events)
    return FaultTree("tree", len(events) + len(gates) - 1, events, probabilities, tuple(gates))


def occurs(tree: FaultTree, down: States, number: int) -> bool:
    if number < len(tree.events):
        return tree.events[number] in down
    gate = tree.gates[number - len(tree.events)]
    return [occurs(tree, down, part) for part in gate.parts].count(True) >= gate.k


def top_sets(tree: FaultTree, events: Iterable[str]) -> list[States]:
    return [s for s in oracles.states(sorted(events)) if occurs(tree, s, tree.top)]


def chance_of(tree: FaultTree, given_: Mapping[str, Fraction]) -> Fraction:
    """P(top) by the whole truth table, some probabilities changed."""
    p = dict(zip(tree.events, tree.probabilities, strict=True)) | dict(given_)
    changed = replace(tree, probabilities=tuple(p[event] for event in tree.events))
    return sum((_weight(changed, state) for state in top_sets(tree, tree.events)), Fraction(0))


def _weight(tree: FaultTree, state: Collection[str]) -> Fraction:
    """P(these events and no others)."""
    weight = Fraction(1)
    for event, p in zip(tree.events, tree.probabilities, strict=True):
        weight *= p if event in state else 1 - p
    return weight


@law_of(150)
@given(trees())
def test_the_figures_of_a_tree_are_those_of_its_truth_table(tree: FaultTree) -> None:
    found = evaluate(tree, importance=True, cuts=5, exact=True)
    whole = chance_of(tree, {})
    assert found.probability == whole
    assert found.method == "exact"
    assert [one.event for one in found.importance] == sorted(tree.events)
    for one in found.importance:
        with_it, without = (chance_of(tree, {one.event: Fraction(state)}) for state in (1, 0))
        assert one.birnbaum == with_it - without
        assert one.criticality == ((with_it - without) * one.probability / whole if whole else 0)
        assert one.achievement_worth == (with_it / whole if whole else None)
        assert one.reduction_worth == (whole / without if without else None)
    sets = top_sets(tree, tree.events)
    minimal = {s for s in sets if not any(other < s for other in sets)}
    assert {frozenset(cut) for cut in found.minimal_cuts or ()} == minimal
    assert found.cuts_complete
    for one in found.importance:
        cuts = [cut for cut in minimal if one.event in cut]
        down = sum((_weight(tree, s) for s in sets if any(cut <= s for cut in cuts)), Fraction(0))
        assert one.fussell_vesely == (down / whole if whole else None)
        assert whole == 0 or isinstance(one.fussell_vesely, Fraction)


def test_without_cuts_nothing_is_said_of_fussell_and_vesely() -> None:
    tree = FaultTree("t", 2, ("a", "b"), (Fraction(1, 2),) * 2, (FaultGate("g", 2, (0, 1)),))
    found = evaluate(tree, importance=True)
    assert [one.fussell_vesely for one in found.importance or ()] == [None, None]


@law_of(150)
@given(trees())
def test_a_tree_written_and_read_back_fails_with_the_same_sets(tree: FaultTree) -> None:
    back = read_fault_tree(write_fault_tree(tree))
    assert set(back.events) <= set(tree.events)
    chances = dict(zip(tree.events, tree.probabilities, strict=True))
    assert all(
        p == chances[event] for event, p in zip(back.events, back.probabilities, strict=True)
    )
    for state in oracles.states(tree.events):
        assert occurs(back, state, back.top) == occurs(tree, state, tree.top)


@given(trees())
def test_what_was_read_is_written_and_read_as_the_same_tree(tree: FaultTree) -> None:
    once = read_fault_tree(write_fault_tree(tree))
    assert read_fault_tree(write_fault_tree(once)) == once


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6, unique=True))
def test_whatever_the_names_are_they_are_written_as_different_identifiers(
    names: list[str],
) -> None:
    many = len(names)
    tree = FaultTree(
        names[0],
        many,
        tuple(names),
        tuple(Fraction(1, 2 + i) for i in range(many)),
        (FaultGate(names[-1], 1, tuple(range(many))),),
        label="\x00 <&>\n]]>",
        labels=dict.fromkeys(names, '"<not/>" &amp; \ud800'),
    )
    text = write_fault_tree(tree)
    back = read_fault_tree(text)
    assert len(set(back.events)) == many
    assert evaluate(back).probability == pytest.approx(1 - 1 / (many + 1))
    written = re.findall(r'name="([^"]*)"', text)
    assert all(re.fullmatch(r"[A-Za-z_]\w*(-\w+)*", name, re.ASCII) for name in written)


@given(st.fractions(0, 1))
def test_a_probability_is_written_so_that_it_reads_back_as_the_same_float(
    value: Fraction,
) -> None:
    assert float(decimal(value)) == float(value)
    short = 10**30 % value.denominator == 0
    assert (Fraction(decimal(value)) == value) >= short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(0), "0.0"),
        (Fraction(1), "1.0"),
        (Fraction(1, 1000), "0.001"),
        (Fraction(1, 10**12), "0.000000000001"),
        (Fraction(1, 3), "0.3333333333333333"),
        (Fraction(1, 10**40), "1e-40"),
    ],
)
def test_decimals_are_exact_where_they_end(value: Fraction, text: str) -> None:
    assert decimal(value) == text


@law_of(300)
@given(trees(), st.data())
def test_a_mangled_file_is_read_or_refused_with_a_code_and_never_breaks_the_reader(
    tree: FaultTree, data: st.DataObject
) -> None:
    text = write_fault_tree(tree).encode()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 40)))
        other = data.draw(st.integers(0, len(text)))
        into = data.draw(st.one_of(st.binary(max_size=6), st.just(text[other : other + 60])))
        text = text[:start] + into + text[end:]
    try:
        found = read_fault_tree(text, "file.xml")
    except OrchestratorError as error:
        (problem,) = error.problems
        assert problem.line >= 1
        assert problem.advice
    else:
        assert 0 <= evaluate(found, exact=True).probability <= 1


# --- estates as trees ---


def model_of(subject: Estate, *, common_causes: bool = True, id: str = "sla") -> FaultModel:
    (version,) = subject.agreements[id]
    (one,) = subjects(version)
    return fault_model(
        Underpinning(subject), one, APRIL.span(zone("UTC")), common_causes=common_causes
    )


def read_back(found: FaultModel) -> Fraction:
    """The probability of what is written, of the decimals that stand there."""
    tree = read_fault_tree(write_fault_tree(found.tree))
    probability = evaluate(tree, exact=True).probability
    assert isinstance(probability, Fraction)
    return probability


@st.composite
def promised(draw: st.DrawFn) -> tuple[Structure, dict[str, Fraction]]:
    structure = draw(structures(6))
    return structure, {leaf: draw(levels(500)) for leaf in leaves_of(structure)}


@law_of(120)
@given(promised())
def test_an_estates_tree_read_back_has_the_probability_of_the_truth_table(
    case: tuple[Structure, dict[str, Fraction]],
) -> None:
    structure, targets = case
    subject = plain(structure, targets, HALF)
    found = model_of(subject)
    assert not found.uncommitted
    assert not found.remarks
    down = {leaf: 1 - target for leaf, target in targets.items()}
    assert read_back(found) == 1 - oracles.independent(structure, down)
    assert read_back(found) == 1 - derived(subject, depth=EXACTLY).independent  # type: ignore[operator]


def with_beta(expression: Expression, beta: Fraction) -> Expression:
    if isinstance(expression, AllOf):
        return replace(expression, parts=tuple(with_beta(p, beta) for p in expression.parts))
    if isinstance(expression, AtLeast):
        parts = tuple(with_beta(part, beta) for part in expression.parts)
        return replace(expression, parts=parts, beta=beta)
    return expression


@law
@given(promised(), st.integers(0, 10).map(lambda part: Fraction(part, 10)))
def test_common_causes_give_the_figure_beta_and_without_them_independence(
    case: tuple[Structure, dict[str, Fraction]], beta: Fraction
) -> None:
    structure, targets = case
    subject = plain({id: with_beta(one, beta) for id, one in structure.items()}, targets, HALF)
    figures = derived(subject, depth=EXACTLY)
    assert isinstance(figures.independent, Fraction)
    expected = figures.beta if figures.beta is not None else figures.independent
    found = model_of(subject)
    assert evaluate(found.tree, exact=True).probability == 1 - expected
    assert read_back(found) == pytest.approx(1 - expected, rel=1e-12)
    assert read_back(model_of(subject, common_causes=False)) == 1 - figures.independent


def test_a_pair_with_a_common_cause_has_the_probability_of_the_closed_form() -> None:
    targets = {"a": percent("99"), "b": percent("98")}
    found = model_of(plain({TOP: any_of("a", "b", beta=Fraction(1, 10))}, targets, HALF))
    common = Fraction(1, 1000)
    alone = (1 - percent("99") / (1 - common)) * (1 - percent("98") / (1 - common))
    assert evaluate(found.tree, exact=True).probability == common + (1 - common) * alone
    assert "common causes" in found.tree.label


@law
@given(levels(900), levels(900), levels(900))
def test_a_joint_budget_is_one_event_thinned_to_what_a_component_keeps(
    joint: Fraction, alone: Fraction, other: Fraction
) -> None:
    structure = {TOP: all_of(any_of("a", "c"), "b")}
    both = agreement(
        "both", "UC", "maker-a", "us", ["a", "b"], Promise(joint, version={"jointly": True})
    )
    agreements = [
        both,
        contract("a", Promise(alone), maker="maker-a"),
        contract("c", Promise(other)),
        sla(Promise(HALF)),
    ]
    subject = estate(structure, agreements)
    figures = derived(subject, depth=EXACTLY)
    assert isinstance(figures.independent, Fraction)
    found = model_of(subject)
    assert evaluate(found.tree, exact=True).probability == 1 - figures.independent


def test_what_nobody_has_committed_to_is_always_down_and_says_so() -> None:
    subject = estate(
        {TOP: all_of("a", any_of("b", "c"))},
        [
            contract("a", Promise(percent("99"))),
            contract("b", Promise(percent("98"))),
            sla(Promise(HALF)),
        ],
    )
    found = model_of(subject)
    assert found.uncommitted == ("c",)
    assert "nobody has committed" in found.tree.labels["c"]
    assert read_back(found) == 1 - percent("99") * percent("98")


def test_hours_that_differ_are_remarked_on_and_each_counts_at_its_level() -> None:
    contracts = [
        contract("a", Promise(percent("99"), "office")),
        contract("b", Promise(percent("98"))),
    ]
    found = model_of(
        estate({TOP: all_of("a", "b")}, [*contracts, sla(Promise(HALF))], calendars=CALENDARS)
    )
    assert len(found.remarks) == 1
    assert found.remarks[0] in found.tree.label
    assert read_back(found) == 1 - percent("99") * percent("98")


def test_a_shared_group_is_one_gate_named_after_its_service() -> None:
    structure = {
        "store": at_least(2, "a", "b", "c"),
        "left": any_of("store", "x"),
        "right": any_of("store", "y"),
        TOP: all_of("left", "right"),
    }
    targets = {leaf: percent("99") for leaf in leaves_of(structure)}
    tree = model_of(plain(structure, targets, HALF)).tree
    assert sorted(gate.name for gate in tree.gates) == ["left", "right", "store", TOP]
    (store,) = (gate for gate in tree.gates if gate.name == "store")
    assert (store.k, sorted(tree.events[part] for part in store.parts)) == (2, ["a", "b", "c"])
    assert tree.name_of(tree.top) == TOP


def test_ten_thousand_parts_in_series_are_one_gate_and_read_back() -> None:
    names = [f"n-{i}" for i in range(10_000)]
    targets = dict.fromkeys(names, 1 - Fraction(1, 10**6))
    found = model_of(plain({TOP: all_of(*names)}, targets, HALF))
    assert len(found.tree.gates) == 1
    tree = read_fault_tree(write_fault_tree(found.tree))
    assert float(evaluate(tree).probability) == pytest.approx(1 - (1 - 1e-6) ** 10_000, rel=1e-9)


# --- another tool ---


@pytest.mark.skipif(shutil.which("scram") is None, reason="scram is not installed")
@pytest.mark.parametrize("beta", [None, Fraction(1, 20)])
def test_scram_takes_what_is_written_and_finds_the_same_probability(
    tmp_path: Path, beta: Fraction | None
) -> None:
    structure = {
        "store": at_least(2, "a", "b", "c", "a"),
        "left": any_of("store", "x", beta=beta),
        TOP: all_of("left", any_of("store", all_of("y", "x")), "z"),
    }
    targets = {leaf: 1 - Fraction(7 + i, 1000) for i, leaf in enumerate(leaves_of(structure))}
    found = model_of(plain(structure, targets, HALF))
    file, report = tmp_path / "tree.xml", tmp_path / "report.xml"
    file.write_text(write_fault_tree(found.tree), encoding="utf-8")
    done = subprocess.run(
        ["scram", "--bdd", "--probability", "true", "-o", str(report), str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = re.search(r'<sum-of-products[^>]* probability="([^"]+)"', report.read_text("utf-8"))
    assert said is not None
    assert float(said[1]) == pytest.approx(float(evaluate(found.tree).probability), rel=1e-5)
