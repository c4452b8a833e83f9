"""Plain data as YAML or JSON text.

The YAML is written by a few lines of our own, so that exactly those strings are quoted which
this reader, or a reader of YAML 1.1, would take for something else, and exact numbers are
written as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import orjson

from orchestrator.formats.nodes import Json


def dump_json(document: Json) -> str:
    """Indented JSON, the keys in their order."""
    return orjson.dumps(document, default=_exact, option=orjson.OPT_INDENT_2).decode() + "\n"


def canonical_json(document: Json) -> bytes:
    """The one compact JSON text of a document, whatever the order of its keys."""
    return orjson.dumps(document, default=_exact, option=orjson.OPT_SORT_KEYS)


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{value!r} is not plain data")


def dump_yaml(document: Json) -> str:
    """Readable YAML in block style, the keys in their order."""
    return "\n".join(_lines(document, "")) + "\n"


def _lines(value: Json, indent: str) -> Iterator[str]:
    """The lines of a value; items of a list begin with their dash, two to the right of it."""
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from _entry(key, child, indent)
    elif isinstance(value, list) and value:
        for item in value:
            first, *rest = _lines(item, f"{indent}  ")
            yield f"{indent}- {first.lstrip(' ')}"
            yield from rest
    else:
        yield indent + _scalar(value)


def _entry(key: str, child: Json, indent: str) -> Iterator[str]:
    head = f"{indent}{_scalar(key)}:"
    if len(key) > _LONG_KEY:
        yield f"{indent}? {_scalar(key)}"
        head = f"{indent}:"
    if isinstance(child, dict | list) and child:
        yield head
        yield from _lines(child, f"{indent}  ")
    else:
        yield f"{head} {_scalar(child)}"


_LONG_KEY: Final = 100
"""YAML looks for the colon of a plain `key:` within 1,024 characters, escapes included."""

# What readers of YAML 1.1 take for a flag or null; numbers begin with no letter.
_TAKEN: Final = frozenset("y n yes no on off true false null none inf nan".split())
_WORDS: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9_./+@-]*(?:[ ,][A-Za-z0-9_./+@(-][A-Za-z0-9_./+@)-]*)*"
)
_MEASURES: Final = re.compile(
    r"""[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+Z)?  # a date or an instant
      | [0-9]+(?:\.[0-9]+)?%  # a percentage
      | (?:[0-9]+(?:us|ms|s|m|h|d))+ | [0-9]+[ ]business[ ]days? | 24x7
    """,
    re.VERBOSE,
)
# What JSON leaves as it is and YAML does not, or only folded.
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def _scalar(value: Json) -> str:
    match value:
        case str():
            return value if _is_plain(value) else _quoted(value)
        case None | bool() | float():
            return json.dumps(value)
        case dict() | list():
            assert not value, "only what is empty fits on the line of its key"
            return "{}" if isinstance(value, dict) else "[]"
        case int() | Decimal():
            return str(value)


def _is_plain(text: str) -> bool:
    if _WORDS.fullmatch(text):
        return text.lower() not in _TAKEN
    return _MEASURES.fullmatch(text) is not None


def _quoted(text: str) -> str:
    return _UNPRINTABLE.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False)
    )
