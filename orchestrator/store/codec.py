"""Values as canonical JSON text, driven by type hints alone.

The text of a value is the same wherever and whenever it is written: keys are sorted, fields that
have their default are left out (so a later field with a default changes no text already stored).
A `Fraction` is written "n/d", a date as ISO 8601, a tuple as a list, a dataclass as an object; in
a union of several dataclasses the object names its class under `is`, which no field can be called,
unless it is of the one class that the union had first.
"""

from __future__ import annotations

import hashlib
import types
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import orjson

from orchestrator.model.metrics import Within

CLASS: Final = "is"
"""The key that names the class of a member of a union."""

UNNAMED: Final = frozenset({Within})
"""Classes that do without it: they were stored while they were the only one of their union, and a
class that joins it later changes no text already stored."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How one type becomes a JSON value and comes back. `json` is the Python type of that value,
    which tells the members of a union apart."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    json: type


def dumps(value: object, hint: Any) -> str:
    """A value of a type as canonical JSON text."""
    return text(codec(hint).encode(value))


def loads(stored: str, hint: Any) -> Any:
    """A value of a type from the text `dumps` gave."""
    return codec(hint).decode(orjson.loads(stored))


def text(value: object) -> str:
    """A JSON value as canonical text."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def digest(*parts: str) -> str:
    """The SHA-256 of texts in their order, one kept apart from the next."""
    return hashlib.sha256(text(parts).encode()).hexdigest()


@cache
def codec(hint: Any) -> Codec:
    """The codec of a type."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin = get_origin(hint)
    if origin is tuple:
        return _tuple(get_args(hint))
    if origin in (Union, types.UnionType):
        return _union(get_args(hint))
    if _is_class(hint):
        return Codec(_encoder(hint), _decoder(hint), dict)
    raise AssertionError(f"no codec for {hint!r}")


def _is_class(hint: Any) -> bool:
    return isinstance(hint, type) and is_dataclass(hint)


def _same(value: Any) -> Any:
    return value


def _ratio(stored: str) -> Fraction:
    above, below = stored.split("/")
    return Fraction(int(above), int(below))


_PLAIN: Final[dict[Any, Codec]] = {
    bool: Codec(_same, _same, bool),
    int: Codec(_same, _same, int),
    str: Codec(_same, _same, str),
    Fraction: Codec(lambda value: f"{value.numerator}/{value.denominator}", _ratio, str),
    date: Codec(date.isoformat, date.fromisoformat, str),
    types.NoneType: Codec(_same, _same, types.NoneType),
}


def _tuple(hints: tuple[Any, ...]) -> Codec:
    if len(hints) == 2 and hints[1] is Ellipsis:
        item = hints[0]
        return Codec(
            lambda value: [codec(item).encode(one) for one in value],
            lambda stored: tuple([codec(item).decode(one) for one in stored]),
            list,
        )
    return Codec(
        lambda value: [codec(hint).encode(one) for hint, one in zip(hints, value, strict=True)],
        lambda stored: tuple(
            codec(hint).decode(one) for hint, one in zip(hints, stored, strict=True)
        ),
        list,
    )


def _union(hints: tuple[Any, ...]) -> Codec:
    """A member that is not a dataclass is known by its type, and by that of its JSON value."""
    classes: dict[str, Any] = {hint.__name__: hint for hint in hints if _is_class(hint)}
    others = [hint for hint in hints if hint not in classes.values()]
    by_type = {get_origin(hint) or hint: codec(hint) for hint in others}
    by_json = {member.json: member for member in by_type.values()}
    assert len(by_json) == len(others), f"{hints} cannot be told apart in JSON"

    members = list(classes.values())
    unnamed = next((one for one in members if one in UNNAMED or len(members) == 1), None)
    if unnamed is not None:
        by_type[unnamed] = codec(unnamed)

    def encode(value: Any) -> Any:
        kind = type(value)
        if kind in by_type:
            return by_type[kind].encode(value)
        assert classes.get(kind.__name__) is kind, f"{value!r} is none of {hints}"
        return {CLASS: kind.__name__, **codec(kind).encode(value)}

    def decode(stored: Any) -> Any:
        member = by_json.get(type(stored))
        if member:
            return member.decode(stored)
        name = stored.pop(CLASS, None)
        return codec(unnamed if name is None else classes[name]).decode(stored)

    return Codec(encode, decode, dict if classes else object)


@cache
def hints_of(cls: type) -> dict[str, Any]:
    """The fields of a dataclass with their resolved types, in their order."""
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _encoder(cls: type) -> Callable[[Any], dict[str, Any]]:
    @cache  # on first use, not at once: expressions hold expressions
    def plan() -> Iterable[tuple[str, Any, Callable[[Any], Any]]]:
        defaults = {
            field.name: field.default_factory()
            if field.default_factory is not MISSING
            else field.default
            for field in fields(cls)
        }
        return [(name, defaults[name], codec(hint).encode) for name, hint in hints_of(cls).items()]

    def encode(value: Any) -> dict[str, Any]:
        stored = {}
        for name, default, encode_field in plan():
            part = getattr(value, name)
            if part is not default and part != default:
                stored[name] = encode_field(part)
        return stored

    return encode


def _decoder(cls: type) -> Callable[[dict[str, Any]], Any]:
    @cache
    def plan() -> dict[str, Callable[[Any], Any]]:
        return {name: codec(hint).decode for name, hint in hints_of(cls).items()}

    def decode(stored: dict[str, Any]) -> Any:
        known = plan()
        return cls(**{name: known[name](part) for name, part in stored.items()})

    return decode
