"""Nodes: what a document's text comes to, each with its place, and the same as plain data.

Numbers keep their source text, so that decimals stay exact.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

Json = dict[str, "Json"] | list["Json"] | str | int | float | Decimal | bool | None
"""Plain data. A `Decimal` stands for a number that a float or a 64-bit integer would change."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written, in the grammar of JSON."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value and where it begins, counted from 1. The value of a key stands where its key does.

    Two nodes are never equal: `locate` finds the path of each.
    """

    value: dict[str, Node] | list[Node] | str | bool | Number | None
    line: int
    column: int


NUMBER_GRAMMAR: Final = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,6})?"
NUMBER: Final = re.compile(NUMBER_GRAMMAR)
"""The numbers of JSON, which are the plain numbers of a document in YAML too; what has an
exponent in the millions is no number of this world."""

WORDS: Final[dict[str, bool | None]] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}
"""The plain words of both formats that are no texts."""


def text_of(node: Node) -> str:
    """The text of a scalar as it was written, a number's too; nothing for anything else."""
    value = node.value
    if isinstance(value, Number):
        return value.text
    return value if isinstance(value, str) else ""


def plain(node: Node) -> Json:
    """A node as plain data, its numbers exact."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [plain(child) for child in value]
    return plain_number(value.text) if isinstance(value, Number) else value


def plain_number(text: str) -> int | float | Decimal:
    """The plainest number that is written with the same text, or at least keeps its digits."""
    if text.lstrip("-").isdigit() and len(text) <= _LONG_NUMBER and text != "-0":
        return int(text)
    if "e" not in text and len(text) <= _LONG_NUMBER and repr(float(text)) == text:
        return float(text)
    return Decimal(text)


_LONG_NUMBER: Final = 18
"""Every integer of no more characters fits into 64 bits."""


def json_text(node: Node) -> str:
    """A node as compact JSON text, its keys in their order and its numbers as written."""
    value = node.value
    if isinstance(value, dict):
        members = (f"{_quoted(key)}:{json_text(child)}" for key, child in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(json_text(child) for child in value) + "]"
    if isinstance(value, Number):
        return str(plain_number(value.text))
    return _quoted(value)


def from_json_text(text: str) -> Json:
    """What `json_text` wrote, as plain data."""
    value: Json = json.loads(text, parse_int=plain_number, parse_float=plain_number)
    return value


def _quoted(value: str | bool | None) -> str:
    return json.dumps(value, ensure_ascii=False)


def locate(root: Node) -> dict[Node, str]:
    """The path of every node under a root."""
    paths = {root: ""}
    pending = [root]
    while pending:
        node = pending.pop()
        path = paths[node]
        if isinstance(node.value, dict):
            steps = [(f"{path}.{key}" if path else key, one) for key, one in node.value.items()]
        elif isinstance(node.value, list):
            steps = [(f"{path}[{index}]", one) for index, one in enumerate(node.value)]
        else:
            continue
        for step, child in steps:
            paths[child] = step
            pending.append(child)
    return paths


def join_path(steps: Sequence[str | int]) -> str:
    """`services[3].requires` of its steps."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")
