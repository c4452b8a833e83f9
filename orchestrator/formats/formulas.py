"""Formulas of translation rules: read from text, and written back.

The grammar is a part of Python's expressions, and its parser is used; what is not listed here is
refused, and nothing is ever executed. Numbers are read from their text, exactly.
"""

from __future__ import annotations

import ast
from fractions import Fraction
from typing import Final

from orchestrator.errors import OrchestratorError, refuse
from orchestrator.formats.context import shown
from orchestrator.model.translations import Call, Formula, Name, Number
from orchestrator.model.values import format_exact, parse_ratio

LIMIT: Final = 500
"""The characters of a formula."""

MOST_POWER: Final = 16

_BINARY: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
_ARITIES: Final[dict[str, tuple[int, int]]] = {
    "min": (1, 20),
    "max": (1, 20),
    "ceil": (1, 1),
    "pow": (2, 2),
}
"""The functions, with the least and the most of their arguments."""

ADVICE: Final = "use numbers, the ids of parameters, + - * / and min, max, ceil, pow"


def parse_formula(text: str) -> Formula:
    """The formula of a text. Raises BAD_FORMULA."""
    if len(text) > LIMIT or not text.isascii():
        raise _bad(f"the formula is not plain text of up to {LIMIT} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _bad(f"{shown(text)} is not a formula") from error
    return _formula(tree.body, text.strip())


def _bad(message: str) -> OrchestratorError:
    return refuse("BAD_FORMULA", message, ADVICE)


def _formula(node: ast.expr, text: str) -> Formula:
    match node:
        case ast.Constant():
            return Number(_number(node, text))
        case ast.Name(id=name):
            return Name(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Call("-", (Number(Fraction(0)), _formula(operand, text)))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            parts = (_formula(left, text), _formula(right, text))
            return Call(_BINARY[type(operator)], parts)
        case ast.Call(func=ast.Name(id=function), args=args, keywords=[]) if function in _ARITIES:
            return _call(function, tuple(_formula(arg, text) for arg in args))
    raise _bad(f"{shown(ast.get_source_segment(text, node) or text)} is not allowed in a formula")


def _call(function: str, parts: tuple[Formula, ...]) -> Formula:
    least, most = _ARITIES[function]
    if not least <= len(parts) <= most:
        raise _bad(f"{function} takes {least} to {most} arguments, and {len(parts)} are given")
    if function == "pow":
        exponent = parts[1]
        whole = isinstance(exponent, Number) and exponent.value.denominator == 1
        if not (whole and isinstance(exponent, Number) and 0 <= exponent.value <= MOST_POWER):
            raise _bad(f"pow takes a whole number from 0 to {MOST_POWER} for its exponent")
    return Call(function, parts)


def _number(node: ast.Constant, text: str) -> Fraction:
    written = ast.get_source_segment(text, node) or ""
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise _bad(f"{shown(written)} is no number")
    try:
        return parse_ratio(written)
    except OrchestratorError as error:
        raise _bad(f"{shown(written)} is not a plain decimal number") from error


def show_formula(formula: Formula) -> str:
    """A text that reads as the formula."""
    return _shown(formula, 0)


_LEVELS: Final = {"+": 1, "-": 1, "*": 2, "/": 2}


def _shown(formula: Formula, outer: int) -> str:
    if isinstance(formula, Number):
        return format_exact(formula.value)
    if isinstance(formula, Name):
        return formula.id
    level = _LEVELS.get(formula.operation)
    if level is None:
        inner = ", ".join(_shown(part, 0) for part in formula.parts)
        return f"{formula.operation}({inner})"
    left, right = formula.parts
    text = f"{_shown(left, level)} {formula.operation} {_shown(right, level + 1)}"
    return f"({text})" if level < outer else text
