"""Translation: from application-level terms to resource-level requirements, and back.

A formula is evaluated exactly, bounded over a box of parameters by interval arithmetic (Moore
1966), and shown to run in one direction by the sign rules of the derivative, with the bounds for
signs. What cannot be shown is refused, so that the way back is a search along a monotone line.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.revisions import in_force
from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import Lasting, Within
from orchestrator.model.records import Finding
from orchestrator.model.translations import (
    Committed,
    Formula,
    Held,
    Name,
    Number,
    Parameter,
    Required,
    Requirement,
    Rule,
    Translated,
    Translation,
    names_in,
)
from orchestrator.model.values import AskedPeriod, format_exact

ZERO: Final = Fraction(0)
MICROSECONDS: Final = 1_000_000

LARGEST: Final = 4096
"""Bits of a numerator or denominator: what is larger is no quantity of anything."""

MOST_POWER: Final = 16

Interval = tuple[Fraction, Fraction]
Trend = int | None
"""1 never falls, -1 never rises, 0 neither; None: not known."""


# --- operations ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the table: how it is computed, what bounds its value, and its trend, from the
    bounds and the trends of its parts."""

    value: Callable[[Sequence[Fraction]], Fraction]
    bounds: Callable[[Sequence[Interval]], Interval]
    trend: Callable[[Sequence[Interval], Sequence[Trend]], Trend]


def _sign(interval: Interval) -> Trend:
    low, high = interval
    if not low and not high:
        return 0
    return 1 if low >= 0 else -1 if high <= 0 else None


def _times(one: Trend, other: Trend) -> Trend:
    if one == 0 or other == 0:
        return 0
    return None if one is None or other is None else one * other


def _together(trends: Sequence[Trend]) -> Trend:
    """The trend of what rises where any part does."""
    known = set(trends) - {0}
    return 0 if not known else known.pop() if len(known) == 1 else None


def _corners(
    parts: Sequence[Interval], value: Callable[[Sequence[Fraction]], Fraction]
) -> Interval:
    found = [value(corner) for corner in itertools.product(*parts)]
    return min(found), max(found)


def _rising(value: Callable[[Sequence[Fraction]], Fraction]) -> Operation:
    """An operation that never falls in any part."""
    return Operation(
        value,
        lambda parts: (value([low for low, _ in parts]), value([high for _, high in parts])),
        lambda _, trends: _together(trends),
    )


def _quotient(parts: Sequence[Fraction]) -> Fraction:
    if not parts[1]:
        raise refuse("BAD_FORMULA", "the formula divides by nothing", "keep the divisor above it")
    return parts[0] / parts[1]


def _quotient_bounds(parts: Sequence[Interval]) -> Interval:
    if parts[1][0] <= 0 <= parts[1][1]:
        raise refuse(
            "BAD_FORMULA",
            "the formula may divide by nothing within the range of its parameters",
            "keep the divisor away from zero",
        )
    return _corners(parts, _quotient)


def _power(parts: Sequence[Fraction]) -> Fraction:
    return Fraction(parts[0] ** int(parts[1]))


def _power_bounds(parts: Sequence[Interval]) -> Interval:
    low, high = _corners(parts, _power)
    across = parts[0][0] < 0 < parts[0][1] and int(parts[1][0]) % 2 == 0
    return (min(low, Fraction(int(not parts[1][0]))), high) if across else (low, high)


def _power_trend(parts: Sequence[Interval], trends: Sequence[Trend]) -> Trend:
    exponent = int(parts[1][0])
    if exponent == 0:
        return 0
    return trends[0] if exponent % 2 else _times(trends[0], _sign(parts[0]))


OPERATIONS: Final[dict[str, Operation]] = {
    "+": _rising(lambda parts: parts[0] + parts[1]),
    "-": Operation(
        lambda parts: parts[0] - parts[1],
        lambda parts: (parts[0][0] - parts[1][1], parts[0][1] - parts[1][0]),
        lambda _, trends: _together((trends[0], _times(trends[1], -1))),
    ),
    "*": Operation(
        lambda parts: parts[0] * parts[1],
        lambda parts: _corners(parts, lambda corner: corner[0] * corner[1]),
        lambda parts, trends: _together(
            (_times(trends[0], _sign(parts[1])), _times(trends[1], _sign(parts[0])))
        ),
    ),
    "/": Operation(
        _quotient,
        _quotient_bounds,
        lambda parts, trends: _together(
            (
                _times(trends[0], _sign(parts[1])),
                _times(_times(trends[1], -1), _sign(parts[0])),
            )
        ),
    ),
    "min": _rising(min),
    "max": _rising(max),
    "ceil": _rising(lambda parts: Fraction(math.ceil(parts[0]))),
    "pow": Operation(_power, _power_bounds, _power_trend),
}


def evaluated(formula: Formula, values: Mapping[str, Fraction]) -> Fraction:
    """The value of a formula, exactly. Raises BAD_FORMULA where it divides by nothing or comes to
    a number out of all proportion."""
    if isinstance(formula, Number):
        return formula.value
    if isinstance(formula, Name):
        return values[formula.id]
    parts = [evaluated(part, values) for part in formula.parts]
    found = OPERATIONS[formula.operation].value(parts)
    _check_size(found)
    return found


def _check_size(value: Fraction) -> None:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > LARGEST:
        raise refuse(
            "BAD_FORMULA", "the formula comes to a number out of all proportion", "use lower powers"
        )


def bounded(formula: Formula, box: Mapping[str, Interval]) -> Interval:
    """Bounds of a formula over a box of parameters: every value lies between them."""
    if isinstance(formula, Number):
        return formula.value, formula.value
    if isinstance(formula, Name):
        return box[formula.id]
    parts = [bounded(part, box) for part in formula.parts]
    low, high = OPERATIONS[formula.operation].bounds(parts)
    _check_size(low)
    _check_size(high)
    return low, high


def trend(formula: Formula, name: str, box: Mapping[str, Interval]) -> Trend:
    """Which way a formula runs in one parameter, everywhere in a box."""
    if isinstance(formula, Number):
        return 0
    if isinstance(formula, Name):
        return int(formula.id == name)
    parts = [bounded(part, box) for part in formula.parts]
    trends = [trend(part, name, box) for part in formula.parts]
    return OPERATIONS[formula.operation].trend(parts, trends)


# --- rules ---------------------------------------------------------------------------------------


def check(translation: Translation) -> None:
    """Refuse formulas that may divide by nothing or name no parameter (BAD_FORMULA), or that are
    not shown to run as their parameters say (NOT_MONOTONE); paths are those of the document."""
    problems: list[Problem] = []
    for number, rule in enumerate(translation.rules):
        for index, requirement in enumerate(rule.requires):
            try:
                _check(rule, requirement)
            except OrchestratorError as error:
                path = f"rules[{number}].requires[{index}].formula"
                problems += error.at(path=path).problems
    if problems:
        raise OrchestratorError(problems)


def _check(rule: Rule, requirement: Requirement) -> None:
    box = {parameter.id: (parameter.low, parameter.high) for parameter in rule.parameters}
    for name in sorted(set(names_in(requirement.formula)) - set(box)):
        raise refuse(
            "BAD_FORMULA",
            f"the formula of {requirement.id} names {name!r}, which is no parameter of {rule.id}",
            f"use {', '.join(sorted(box))}, or declare it",
        )
    bounded(requirement.formula, box)
    for parameter in rule.parameters:
        wanted = 1 if parameter.asks_more != requirement.at_most else -1
        if trend(requirement.formula, parameter.id, box) not in {0, wanted}:
            runs = "never falls" if wanted > 0 else "never rises"
            raise refuse(
                "NOT_MONOTONE",
                f"{requirement.id} is not shown to be one that {runs} with {parameter.id}, from "
                f"{format_exact(parameter.low)} to {format_exact(parameter.high)}",
                "write the formula with each parameter once, narrow the range, or declare the "
                "other direction",
            )


def translate(
    translation: Translation,
    estate: Estate | None = None,
    asked: AskedPeriod | None = None,
    values: Mapping[tuple[str, str], Fraction] | None = None,
) -> tuple[Translated, ...]:
    """Every rule forwards and back.

    `values` replace those of parameters, by (rule, parameter). Terms that resources are committed
    in are those of the estate, in force in a period; of several versions the weakest counts.
    Raises BAD_FORMULA, NOT_MONOTONE, OUT_OF_RANGE, BAD_TARGET and UNKNOWN_REFERENCE.
    """
    check(translation)
    wanted = dict(values or {})
    found = []
    for number, rule in enumerate(translation.rules):
        given = []
        for parameter in rule.parameters:
            value = wanted.pop((rule.id, parameter.id), parameter.value)
            parameter.check(value)
            given.append(replace(parameter, value=value))
        committed = []
        for index, requirement in enumerate(rule.requires):
            try:
                committed.append(_committed(requirement, estate, asked))
            except OrchestratorError as error:
                raise error.at(path=f"rules[{number}].requires[{index}].committed") from error
        found.append(_translated(replace(rule, parameters=tuple(given)), committed))
    for rule_id, parameter_id in wanted:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"there is no parameter {rule_id}/{parameter_id}",
            "name a rule of the document and one of its parameters",
        )
    return tuple(found)


def _committed(
    requirement: Requirement, estate: Estate | None, asked: AskedPeriod | None
) -> Fraction | None:
    """What is committed of a resource: a number, or the target of a term, a time in seconds."""
    held = requirement.committed
    if not isinstance(held, Committed):
        return held
    targets = [
        _quantity(term.target)
        for version in (estate.agreements.get(held.agreement, ()) if estate else ())
        if version.binds and (asked is None or in_force(version, asked))
        for term in version.terms
        if term.id == held.term
    ]
    if not targets:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"there is no term {held.agreement}/{held.term} in force in an estate",
            "name an estate that has it, and a period in which it is in force",
        )
    return max(targets) if requirement.at_most else min(targets)


def _quantity(target: object) -> Fraction:
    if isinstance(target, Fraction):
        return target
    if isinstance(target, Within) and not target.business_days:
        return Fraction(target.duration, MICROSECONDS)
    if isinstance(target, Lasting):
        return Fraction(target.duration, MICROSECONDS)
    raise refuse(
        "BAD_TARGET",
        "the target of that term is no plain number and no time in seconds",
        "state what is committed as a number",
    )


def _translated(rule: Rule, committed: Sequence[Fraction | None]) -> Translated:
    values = {parameter.id: parameter.value for parameter in rule.parameters}
    required = tuple(
        _required(requirement, evaluated(requirement.formula, values), held)
        for requirement, held in zip(rule.requires, committed, strict=True)
    )
    return Translated(
        rule.id,
        required,
        tuple(_held(rule, parameter, committed) for parameter in rule.parameters),
        tuple(_gap(rule, one) for one in required if one.missing),
    )


def _required(requirement: Requirement, needed: Fraction, held: Fraction | None) -> Required:
    missing = ZERO
    if held is not None:
        missing = max(held - needed if requirement.at_most else needed - held, ZERO)
    return Required(requirement.id, requirement.unit, requirement.at_most, needed, held, missing)


def suffices(
    rule: Rule, committed: Sequence[Fraction | None], values: Mapping[str, Fraction]
) -> bool:
    """Whether what is committed carries the term at some values of its parameters."""
    return not any(
        _required(requirement, evaluated(requirement.formula, values), held).missing
        for requirement, held in zip(rule.requires, committed, strict=True)
    )


def _held(rule: Rule, parameter: Parameter, committed: Sequence[Fraction | None]) -> Held:
    """The most demanding value of a parameter that is carried: the last of its steps, from the
    easy end of its range on, found by halving."""
    values = {one.id: one.value for one in rule.parameters}
    easy, hard = parameter.low, parameter.high
    step = parameter.step
    if not parameter.asks_more:
        easy, hard, step = hard, easy, -step

    def carried(steps: int) -> bool:
        return suffices(rule, committed, values | {parameter.id: easy + steps * step})

    reached: Fraction | None = None
    low, high = 0, int((hard - easy) / step)
    if carried(0):
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if carried(middle) else (low, middle - 1)
        reached = easy + low * step
    return Held(parameter.id, parameter.unit, parameter.value, reached, parameter.asks_more)


def _gap(rule: Rule, one: Required) -> Finding:
    unit = f" {one.unit}" if one.unit else ""
    assert one.committed is not None
    at = ", ".join(f"{p.id} {format_exact(p.value)}" for p in rule.parameters)
    most = "at most " if one.at_most else ""
    excess = "too much" if one.at_most else "missing"
    return Finding(
        "TRANSLATION_GAP",
        "error",
        f"{rule.id} ({at}) takes {most}{format_exact(one.needed)}{unit} of {one.id}; "
        f"{format_exact(one.committed)}{unit} is committed, {format_exact(one.missing)}{unit} "
        f"{excess}",
        (rule.id, one.id),
        f"rules[{rule.id}].requires[{one.id}]",
    )
