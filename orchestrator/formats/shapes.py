"""Shapes: one declaration of a part of a document, from which it is read, written and described.

A shape reads a node into a value, writes the value back as plain data, and gives the JSON Schema
of what it reads. Reading does not stop at the first fault: a shape reports what is wrong to the
context and raises `Refused`; whoever encloses it goes on with its other parts and is then refused
too. The document's reader turns what was reported into one error (`Context.problems`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from orchestrator.errors import OrchestratorError
from orchestrator.formats.context import (
    Context,
    Refused,
    attempt,
    bad_type,
    list_of,
    mapping_of,
    nearest,
    shown,
)
from orchestrator.formats.nodes import Json, Node, Number, text_of

T = TypeVar("T")
Schema = dict[str, Any]
"""A JSON Schema of the draft 2020-12."""


class Shape(Protocol[T]):
    """A part of a document."""

    def read(self, node: Node, ctx: Context, /) -> T: ...

    def write(self, value: T, ctx: Context, /) -> Json: ...

    def schema(self) -> Schema: ...


# -------------------------------------------------------------------------------------- scalars


@dataclass(frozen=True, eq=False)
class Scalar(Generic[T]):
    """A value written as one text, or as a number where `number` says what it then means.

    `says` names it in messages, `pattern` is the grammar of the text for the schema; `parse`
    raises the model's own coded errors. Without `texts` it is written as a number only.
    """

    says: str
    parse: Callable[[str, Context], T]
    show: Callable[[T, Context], Json]
    pattern: str = ""
    number: Callable[[str, Context], T] | None = None
    number_type: str = "number"
    texts: bool = True
    limit: int = 128
    extra: Mapping[str, object] = field(default_factory=dict)
    """Further keywords for the schema."""

    def read(self, node: Node, ctx: Context) -> T:
        text, parse = node.value, self.parse
        if isinstance(text, Number) and self.number is not None:
            text, parse = text.text, self.number
        elif not self.texts:
            text = None
        if not isinstance(text, str):
            raise bad_type(node, ctx, self.says, is_text=self.texts)
        if len(text) > self.limit:
            raise ctx.refuse(
                node, "TOO_LONG", f"a text of {len(text)} characters", f"use at most {self.limit}"
            )
        try:
            return parse(text, ctx)
        except OrchestratorError as error:
            raise ctx.adopt(error, node) from error

    def write(self, value: T, ctx: Context) -> Json:
        return self.show(value, ctx)

    def schema(self) -> Schema:
        if not self.texts:
            return {"type": self.number_type, **self.extra}
        kinds = ["string", self.number_type] if self.number else "string"
        grammar = {"pattern": f"^(?:{self.pattern})$"} if self.pattern else {}
        return {"type": kinds, "maxLength": self.limit, **grammar, **self.extra}


@dataclass(frozen=True, eq=False)
class Flag:
    """`true` or `false`."""

    def read(self, node: Node, ctx: Context) -> bool:
        if not isinstance(node.value, bool):
            raise bad_type(node, ctx, "true or false")
        return node.value

    def write(self, value: bool, _ctx: Context) -> Json:
        return value

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Choice(Generic[T]):
    """One of some words; what each stands for may differ from the word."""

    def __init__(
        self, words: Mapping[str, T], *, code: str = "BAD_CHOICE", says: str = "choice"
    ) -> None:
        self.words, self.code, self.says = words, code, says
        self._word_of = {value: word for word, value in words.items()}

    def read(self, node: Node, ctx: Context) -> T:
        word = node.value
        if not isinstance(word, str):
            raise bad_type(node, ctx, f"one of {', '.join(self.words)}")
        if word not in self.words:
            raise ctx.refuse(
                node,
                self.code,
                f"{shown(word)} is not a {self.says}; known: {', '.join(self.words)}",
                nearest(word, self.words),
            )
        return self.words[word]

    def write(self, value: T, _ctx: Context) -> Json:
        return self._word_of[value]

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.words)}


def choice(words: Iterable[str], *, code: str = "BAD_CHOICE", says: str = "choice") -> Choice[str]:
    """One of some words that stand for themselves."""
    return Choice({word: word for word in words}, code=code, says=says)


# ---------------------------------------------------------------------------------- collections


@dataclass(frozen=True, eq=False)
class ListOf(Generic[T]):
    """A list; with `unique`, no two of its items have the same value under that key."""

    item: Shape[T]
    unique: str = ""
    at_least: int = 0

    def read(self, node: Node, ctx: Context) -> tuple[T, ...]:
        values: list[T] = []
        complete = True
        for _, value in self.read_each(node, ctx):
            if value is None:
                complete = False
            else:
                values.append(value)
        if not complete:
            raise Refused()
        return tuple(values)

    def read_each(self, node: Node, ctx: Context) -> Iterator[tuple[Node, T | None]]:
        """The items one by one, None for one that is refused."""
        items = list_of(node, ctx)
        if len(items) < self.at_least:
            raise ctx.refuse(node, "EMPTY_LIST", "the list is empty", "give it an item")
        repeated = self._repeated(items, ctx) if self.unique else frozenset()
        for item in items:
            value = attempt(self.item.read, item, ctx)
            yield item, None if item in repeated else value

    def _repeated(self, items: list[Node], ctx: Context) -> frozenset[Node]:
        """Reports the items whose id was met before."""
        first: dict[str, Node] = {}
        repeated = set()
        for item in items:
            named = item.value.get(self.unique) if isinstance(item.value, dict) else None
            if named is None or not (name := text_of(named)):
                continue
            before = first.setdefault(name, named)
            if before is not named:
                repeated.add(item)
                ctx.refuse(
                    named,
                    "DUPLICATE_ID",
                    f"{name!r} is given twice, first in line {before.line}",
                    "ids are unique within their list: rename one, or take it out",
                )
        return frozenset(repeated)

    def write(self, value: Iterable[T], ctx: Context) -> Json:
        return [self.item.write(one, ctx) for one in value]

    def schema(self) -> Schema:
        least = {"minItems": self.at_least} if self.at_least else {}
        return {"type": "array", "items": self.item.schema(), **least}


NOTHING: Final[Schema] = {"not": {}}
"""The schema of what is always refused."""


def any_of(shapes: Iterable[Shape[Any]]) -> Schema:
    """The schema of a value that has one of some shapes."""
    schemas = (shape.schema() for shape in dict.fromkeys(shapes))
    forms = [schema for schema in schemas if schema != NOTHING]
    if len(forms) < 2:
        return forms[0] if forms else NOTHING
    return {"anyOf": forms}


class OneOf(Generic[T]):
    """A value that is written in one way or another, told apart by the type of its node."""

    def __init__(
        self,
        says: str,
        pick: Callable[[T, Context], Shape[Any]],
        *,
        text: Shape[Any] | None = None,
        mapping: Shape[Any] | None = None,
        items: Shape[Any] | None = None,
    ) -> None:
        self.says, self.pick = says, pick
        self._by_type: dict[type, Shape[Any]] = {
            of: shape
            for of, shape in ((str, text), (Number, text), (dict, mapping), (list, items))
            if shape is not None
        }

    def read(self, node: Node, ctx: Context) -> T:
        shape = self._by_type.get(type(node.value))
        if shape is None:
            raise bad_type(node, ctx, self.says)
        value: T = shape.read(node, ctx)
        return value

    def write(self, value: T, ctx: Context) -> Json:
        return self.pick(value, ctx).write(value, ctx)

    def schema(self) -> Schema:
        return any_of(self._by_type.values())


class ByKey(Generic[T]):
    """A mapping whose form is told by which one of some keys it has: `{all: ...}`, `{any: ...}`."""

    def __init__(
        self, cases: Mapping[str, Shape[Any]], pick: Callable[[T], str], says: str = "a mapping"
    ) -> None:
        self.cases, self.pick, self.says = cases, pick, says
        self._known = {name for shape in cases.values() for name in getattr(shape, "names", ())}

    def read(self, node: Node, ctx: Context) -> T:
        given = mapping_of(node, ctx, self.says)
        for key, shape in self.cases.items():
            if key in given:
                value: T = shape.read(node, ctx)
                return value
        for key, child in given.items():
            if key not in self._known:
                message = f"there is no key {shown(key)} here"
                raise ctx.refuse(child, "UNKNOWN_KEY", message, nearest(key, self.cases))
        known = ", ".join(self.cases)
        raise ctx.refuse(
            node, "MISSING_KEY", f"one of the keys {known} is needed", f"write {self.says}"
        )

    def write(self, value: T, ctx: Context) -> Json:
        return self.cases[self.pick(value)].write(value, ctx)

    def schema(self) -> Schema:
        return any_of(self.cases.values())


@dataclass(frozen=True, eq=False)
class Converted(Generic[T]):
    """A value that is written as another one."""

    shape: Shape[Any]
    into: Callable[[Any, Context], T]
    out: Callable[[T, Context], Any]

    def read(self, node: Node, ctx: Context) -> T:
        value = self.shape.read(node, ctx)
        try:
            return self.into(value, ctx)
        except OrchestratorError as error:
            raise ctx.adopt(error, node) from error

    def write(self, value: T, ctx: Context) -> Json:
        return self.shape.write(self.out(value, ctx), ctx)

    def schema(self) -> Schema:
        return self.shape.schema()


@dataclass(frozen=True, eq=False)
class Ref(Generic[T]):
    """A shape by its name, for those that contain themselves; the schema has it under `$defs`."""

    name: str
    shape: Callable[[], Shape[T]]

    def read(self, node: Node, ctx: Context) -> T:
        return self.shape().read(node, ctx)

    def write(self, value: T, ctx: Context) -> Json:
        return self.shape().write(value, ctx)

    def schema(self) -> Schema:
        return {"$ref": f"#/$defs/{self.name}"}
