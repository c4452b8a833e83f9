"""Laws of translation: exact, one way, and the same forwards and back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.engine.translate import bounded, evaluated, suffices, translate, trend
from orchestrator.errors import OrchestratorError
from orchestrator.formats.formulas import parse_formula, show_formula
from orchestrator.model.translations import (
    Call,
    Formula,
    Name,
    Number,
    Parameter,
    Requirement,
    Rule,
    Translation,
)
from tests.laws.build import law_of

NAMES = ("x", "y")
Box = dict[str, tuple[Fraction, Fraction]]


def formulas(depth: int = 3) -> st.SearchStrategy[Formula]:
    leaf = st.one_of(
        st.integers(0, 9).map(lambda n: Number(Fraction(n, 2))), st.sampled_from(NAMES).map(Name)
    )
    if not depth:
        return leaf
    inner = formulas(depth - 1)
    return st.one_of(
        leaf,
        st.builds(lambda op, *p: Call(op, p), st.sampled_from("+-*/"), inner, inner),
        st.builds(lambda op, *p: Call(op, p), st.sampled_from(("min", "max")), inner, inner),
        st.builds(lambda one: Call("ceil", (one,)), inner),
        st.builds(lambda one, n: Call("pow", (one, Number(Fraction(n)))), inner, st.integers(0, 3)),
    )


def by_python(formula: Formula, values: Mapping[str, Fraction]) -> Fraction:
    """The value of a formula's text as Python has it, in fractions."""
    text = re.sub(r"\d+(\.\d+)?", lambda number: f"F('{number[0]}')", show_formula(formula))

    def power(base: Fraction, exponent: Fraction) -> Fraction:
        return Fraction(base ** int(exponent))

    known = {"F": Fraction, "min": min, "max": max, "ceil": math.ceil, "pow": power}
    return Fraction(eval(text, {"__builtins__": {}}, {**known, **values}))


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    ends = st.tuples(st.integers(-6, 12), st.integers(0, 9))
    return {
        name: (Fraction(low, 2), Fraction(low + width, 2))
        for name in NAMES
        for low, width in [draw(ends)]
    }


@st.composite
def points(draw: st.DrawFn, box: Box) -> dict[str, Fraction]:
    return {
        name: low + (high - low) * Fraction(draw(st.integers(0, 6)), 6)
        for name, (low, high) in box.items()
    }


@law_of(300)
@given(formulas())
def test_a_formula_reads_as_it_is_shown(formula: Formula) -> None:
    assert parse_formula(show_formula(formula)) == formula


@law_of(300)
@given(formulas(), boxes(), st.data())
def test_values_are_those_of_arithmetic_and_lie_within_the_bounds(
    formula: Formula, box: Box, data: st.DataObject
) -> None:
    values = data.draw(points(box))
    try:
        low, high = bounded(formula, box)
    except OrchestratorError:
        return  # it may divide by nothing
    found = evaluated(formula, values)
    assert found == by_python(formula, values)
    assert low <= found <= high


@law_of(400)
@given(formulas(), boxes(), st.data())
def test_a_trend_that_is_shown_is_kept_everywhere(
    formula: Formula, box: Box, data: st.DataObject
) -> None:
    try:
        shown = trend(formula, "x", box)
    except OrchestratorError:
        return
    assume(shown is not None)
    assert shown is not None
    one, other = data.draw(points(box)), data.draw(points(box))
    lower, upper = sorted((one["x"], other["x"]))
    rise = evaluated(formula, one | {"x": upper}) - evaluated(formula, one | {"x": lower})
    assert rise == 0 if shown == 0 else rise * shown >= 0


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Rules of requirements that rise with users and fall with seconds, of several makes."""
    a, b, c = (Fraction(draw(st.integers(0, 40)), 4) for _ in range(3))
    users = Parameter(
        "users", Fraction(draw(st.integers(1, 500))), Fraction(1), Fraction(500), unit="users"
    )
    seconds = Parameter(
        "seconds",
        Fraction(draw(st.integers(5, 100)), 10),
        Fraction(1, 2),
        Fraction(10),
        Fraction(1, 10),
        asks_more=False,
    )
    texts = (
        (f"ceil({a} * users / seconds) + {b}", False),
        (f"max({c}, users * {b}) / min(seconds, 4)", False),
        (f"pow(users, 2) * {a} + ({c} + 1) / seconds", False),
        (f"{b} * seconds - users / 8", True),
        (f"min({a} + seconds, {c}) / users", True),
    )
    chosen = draw(st.lists(st.sampled_from(texts), min_size=1, max_size=3))
    plain = re.compile(r"(\d+)/(\d+)")
    return Rule(
        "rule",
        (users, seconds),
        tuple(
            Requirement(f"r{i}", parse_formula(plain.sub(r"(\1 / \2)", text)), at_most=at_most)
            for i, (text, at_most) in enumerate(chosen)
        ),
    )


@law_of(150)
@given(rules())
def test_what_is_required_carries_exactly_what_it_was_required_for(rule: Rule) -> None:
    (forward,) = translate(Translation((rule,)))
    enough = replace(
        rule,
        requires=tuple(
            replace(one, committed=required.needed)
            for one, required in zip(rule.requires, forward.required, strict=True)
        ),
    )
    (back,) = translate(Translation((enough,)))
    assert back.holds
    for held in back.held:
        assert held.reached is not None
        further = held.reached - held.value
        assert further >= 0 if held.asks_more else further <= 0


@law_of(150)
@given(rules(), st.data())
def test_more_demand_never_lowers_a_requirement(rule: Rule, data: st.DataObject) -> None:
    harder = {
        ("rule", "users"): Fraction(data.draw(st.integers(int(rule.parameters[0].value), 500))),
        ("rule", "seconds"): rule.parameters[1].value
        - Fraction(data.draw(st.integers(0, int(rule.parameters[1].value * 10) - 5)), 10),
    }
    (easy,) = translate(Translation((rule,)))
    (hard,) = translate(Translation((rule,)), values=harder)
    for one, other in zip(easy.required, hard.required, strict=True):
        assert other.needed <= one.needed if one.at_most else other.needed >= one.needed


@law_of(100)
@given(rules(), st.lists(st.integers(-20, 4000), min_size=3, max_size=3))
def test_what_is_carried_is_the_last_step_that_is(rule: Rule, amounts: list[int]) -> None:
    """Against a walk along every step of the range."""
    committed = [Fraction(amounts[i], 4) for i in range(len(rule.requires))]
    given_ = replace(
        rule,
        requires=tuple(
            replace(one, committed=held) for one, held in zip(rule.requires, committed, strict=True)
        ),
    )
    (found,) = translate(Translation((given_,)))
    values = {one.id: one.value for one in rule.parameters}
    for parameter, held in zip(rule.parameters, found.held, strict=True):
        steps = int((parameter.high - parameter.low) / parameter.step)
        walk = [parameter.low + i * parameter.step for i in range(steps + 1)]
        carried = [
            value for value in walk if suffices(rule, committed, values | {parameter.id: value})
        ]
        best = max if parameter.asks_more else min
        assert held.reached == (best(carried) if carried else None)
    gaps = {finding.subjects[1] for finding in found.findings}
    assert gaps == {one.id for one in found.required if one.missing > 0}
    assert found.holds == suffices(rule, committed, values)
