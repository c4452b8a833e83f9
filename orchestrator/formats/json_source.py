"""A reader of JSON that keeps lines and the source text of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from orchestrator.errors import OrchestratorError
from orchestrator.formats.nodes import NUMBER_GRAMMAR, WORDS, Number
from orchestrator.formats.tree import Tree

_TOKEN: Final = re.compile(
    rf"""[ \t\r\n]*(?:
        (?P<mark>[{{}}\[\],:]) | "(?P<text>[^"\\\x00-\x1f]*)" | (?P<escaped>") |
        (?P<number>{NUMBER_GRAMMAR}) | (?P<word>true|false|null)\b | (?P<end>\Z) | (?P<bad>(?s:.))
    )""",
    re.VERBOSE,
)

_VALUE: Final = frozenset({"{", "[", "text", "number", "word"})
_FIRST_ITEM: Final = _VALUE | {"]"}
_KEY: Final = frozenset({"text"})
_FIRST_KEY: Final = _KEY | {"}"}
_AFTER: Final = {
    "": frozenset({"end"}),
    "list": frozenset({",", "]"}),
    "mapping": frozenset({",", "}"}),
}


_DECODER: Final = json.JSONDecoder()
"""For texts with escapes alone."""


class _Token(NamedTuple):
    kind: str
    """`text`, `number`, `word`, `end`, `bad`, or the mark itself."""
    text: str
    line: int
    column: int


def _tokens(text: str, tree: Tree) -> Iterator[_Token]:
    """The tokens of a JSON text, the last one `end`."""
    position, line, start_of_line = 0, 1, 0
    next_break = text.find("\n")
    while True:
        match = _TOKEN.match(text, position)
        assert match is not None
        assert match.lastgroup is not None
        kind, start, position = match.lastgroup, match.start(match.lastgroup), match.end()
        if kind == "text":
            start -= 1
        while 0 <= next_break < start:
            line, start_of_line = line + 1, next_break + 1
            next_break = text.find("\n", start_of_line)
        value = match.group(kind)
        if kind == "escaped":
            try:
                value, position = _DECODER.raw_decode(text, start)
            except json.JSONDecodeError as error:
                raise _json_fault(error.msg, line, tree) from error
            kind = "text"
        yield _Token(value if kind == "mark" else kind, value, line, start - start_of_line + 1)


def read_json(text: str, tree: Tree) -> None:
    """Build the tree of a JSON text."""
    expected = _VALUE
    for kind, value, line, column in _tokens(text, tree):
        if kind not in expected:
            raise _unexpected(kind, value, expected, line, tree)
        match kind:
            case "end":
                return
            case "{":
                tree.begin({}, line, column)
                expected = _FIRST_KEY
                continue
            case "[":
                tree.begin([], line, column)
                expected = _FIRST_ITEM
                continue
            case ",":
                expected = _KEY if tree.inside == "mapping" else _VALUE
                continue
            case ":":
                expected = _VALUE
                continue
            case "}" | "]":
                tree.end()
            case "text":
                tree.scalar(value, line, column)
            case "number":
                tree.scalar(Number(value), line, column)
            case "word":
                tree.scalar(WORDS[value], line, column)
        is_key = tree.inside == "mapping" and not tree.at_key
        expected = frozenset({":"}) if is_key else _AFTER[tree.inside]


def _unexpected(
    kind: str, value: str, expected: frozenset[str], line: int, tree: Tree
) -> OrchestratorError:
    found = "the end of the text" if kind == "end" else repr(value[:40])
    wanted = sorted("a value" if one in _VALUE else one for one in expected)
    return _json_fault(
        f"{found} stands where {' or '.join(dict.fromkeys(wanted))} ought to", line, tree
    )


def _json_fault(message: str, line: int, tree: Tree) -> OrchestratorError:
    return tree.fault("BAD_SYNTAX", message, "mend the JSON there", line)
