"""Records: mappings whose keys are declared, one row a key."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from orchestrator.errors import OrchestratorError
from orchestrator.formats.context import Context, Refused, mapping_of, nearest, shown
from orchestrator.formats.nodes import Json, Node, from_json_text, json_text
from orchestrator.formats.shapes import Schema, Shape
from orchestrator.model.values import Kept

T = TypeVar("T")

REQUIRED: Final = object()
"""The default of a key that has none."""


@dataclass(frozen=True, slots=True)
class InContext:
    """A default that depends on where the record stands."""

    of: Callable[[Context], Any]


@dataclass(frozen=True, eq=False)
class Key:
    """One key of a record and the field it fills.

    Without a `default` the field's own holds; a value equal to it is not written. `sets` names
    what of the context the value determines for all other keys of the record. `get` takes the
    value from the record where it is not simply the field.
    """

    name: str
    shape: Shape[Any]
    field: str = ""
    default: Any = None
    sets: str = ""
    get: Callable[[Any], Any] | None = None
    about: str = ""

    def default_in(self, ctx: Context) -> Any:
        return self.default.of(ctx) if isinstance(self.default, InContext) else self.default

    def value_of(self, record: Any) -> Any:
        return self.get(record) if self.get else getattr(record, self.field)


@dataclass(frozen=True, eq=False)
class Inline:
    """A field whose own keys stand among those of the record."""

    field: str
    record: Record[Any]


@dataclass(frozen=True, eq=False)
class Filed:
    """A key that is documented but not computed from: kept as written."""

    name: str
    about: str = ""


Part = Key | Inline | Filed


class Record(Generic[T]):
    """A mapping read into what `make` makes of its fields, most often a dataclass.

    A key that has no default in its row has that of its field in `make`, or else in `like`.
    `blame` names the key at fault for each code that `make` may raise. With `keeps`, keys
    beginning with `x-` are kept losslessly in the field `kept`, with the filed ones.
    """

    def __init__(
        self,
        make: Callable[..., T],
        *parts: Part,
        says: str = "a mapping",
        like: type | None = None,
        blame: Mapping[str, str] | None = None,
        keeps: bool = False,
    ) -> None:
        self.make, self.says, self.blame, self.keeps = make, says, blame or {}, keeps
        self.parts = tuple(_completed(part, make, like) for part in parts)
        self.keys = tuple(part for part in self.parts if isinstance(part, Key))
        self.inlines = tuple(part for part in self.parts if isinstance(part, Inline))
        self.filed = frozenset(part.name for part in self.parts if isinstance(part, Filed))
        self.names: tuple[str, ...] = tuple(_names(self.parts))
        self._known = frozenset(self.names)

    # ------------------------------------------------------------------------------ reading

    def read(self, node: Node, ctx: Context) -> T:
        return self.read_keys(mapping_of(node, ctx, self.says), node, ctx)

    def read_keys(self, given: Mapping[str, Node], node: Node, ctx: Context) -> T:
        """The record of some keys, wherever they stand; one that lacks is missed at `node`."""
        unknown = self.reports_unknown(given, ctx)
        inner = self.context(given, ctx)
        values = self._values(given, node, ctx, inner)
        if unknown:
            raise Refused()
        if self.keeps:
            values["kept"] = self.kept(given)
        return self._made(values, given, node, ctx)

    def context(self, given: Mapping[str, Node], ctx: Context) -> Context:
        """The context that the keys themselves set, such as the zone of an agreement."""
        found = {}
        for key in self.keys:
            if key.sets and key.name in given:
                try:
                    found[key.sets] = key.shape.read(given[key.name], ctx)
                except Refused:
                    continue  # reported once more, and joined, when the key itself is read
        return replace(ctx, **found) if found else ctx

    def _values(
        self, given: Mapping[str, Node], node: Node, outer: Context, inner: Context
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        refused = False
        for key in self.keys:
            ctx = outer if key.sets else inner
            try:
                if key.name in given:
                    values[key.field] = key.shape.read(given[key.name], ctx)
                elif key.default is REQUIRED:
                    raise missing(key.name, node, ctx)
                else:
                    values[key.field] = key.default_in(ctx)
            except Refused:
                refused = True
        for part in self.inlines:
            try:
                values[part.field] = part.record.read_inline(given, node, inner)
            except Refused:
                refused = True
        if refused:
            raise Refused()
        return values

    def read_inline(self, given: Mapping[str, Node], node: Node, ctx: Context) -> T:
        """The record of its keys among others."""
        return self._made(self._values(given, node, ctx, ctx), given, node, ctx)

    def _made(
        self, values: dict[str, Any], given: Mapping[str, Node], node: Node, ctx: Context
    ) -> T:
        try:
            return self.make(**values)
        except OrchestratorError as error:
            for problem in error.problems:
                at = given.get(self.blame.get(problem.code, ""), node)
                ctx.refuse(at, problem.code, problem.message, problem.advice)
            raise Refused() from error

    def reports_unknown(self, given: Mapping[str, Node], ctx: Context) -> bool:
        """Report the keys that mean nothing here; whether there are any."""
        unknown = [
            name
            for name in given
            if name not in self._known and not (self.keeps and name.startswith("x-"))
        ]
        for name in unknown:
            advice = nearest(name, self.names)
            if name.startswith("x-"):
                advice = "keys of your own are kept one level up, on the object this belongs to"
            ctx.refuse(given[name], "UNKNOWN_KEY", f"there is no key {shown(name)} here", advice)
        return bool(unknown)

    def kept(self, given: Mapping[str, Node]) -> Kept:
        """The keys that are kept as written."""
        return tuple(
            sorted(
                (name, json_text(node))
                for name, node in given.items()
                if name in self.filed or name.startswith("x-")
            )
        )

    # ------------------------------------------------------------------------------ writing

    def write(self, value: T, ctx: Context) -> dict[str, Json]:
        """The record without the keys that have their default."""
        written: dict[str, Json] = {}
        self._write_into(written, value, ctx)
        return written

    def written_context(self, value: T, ctx: Context) -> Context:
        """The context that a value's own keys will set when it is read."""
        sets = {key.sets: key.value_of(value) for key in self.keys if key.sets}
        return replace(ctx, **sets) if sets else ctx

    def _write_into(self, written: dict[str, Json], value: Any, outer: Context) -> None:
        inner = self.written_context(value, outer)
        kept: dict[str, str] = dict(value.kept) if self.keeps else {}
        for part in self.parts:
            match part:
                case Key():
                    ctx = outer if part.sets else inner
                    held = part.value_of(value)
                    if held != part.default_in(ctx):
                        written[part.name] = part.shape.write(held, ctx)
                case Inline():
                    part.record._write_into(written, getattr(value, part.field), inner)
                case Filed():
                    if part.name in kept:
                        written[part.name] = from_json_text(kept.pop(part.name))
        written.update((name, from_json_text(text)) for name, text in kept.items())

    # ------------------------------------------------------------------------------- schema

    def schema(self) -> Schema:
        """An object with these keys and no others."""
        kept: Schema = {"patternProperties": {"^x-": {}}} if self.keeps else {}
        needed = {"required": list(self.required)} if self.required else {}
        return {
            "type": "object",
            "properties": self.properties,
            **needed,
            **kept,
            "additionalProperties": False,
        }

    @property
    def properties(self) -> dict[str, Schema]:
        """The schema of each key."""
        found: dict[str, Schema] = {}
        for part in self.parts:
            match part:
                case Key():
                    about = {"description": part.about} if part.about else {}
                    found[part.name] = {**part.shape.schema(), **about}
                case Inline():
                    found.update(part.record.properties)
                case Filed():
                    found[part.name] = {"description": part.about or "Kept as written."}
        return found

    @property
    def required(self) -> tuple[str, ...]:
        """The keys that have no default."""
        own = tuple(key.name for key in self.keys if key.default is REQUIRED)
        return own + tuple(name for part in self.inlines for name in part.record.required)


def missing(name: str, node: Node, ctx: Context) -> Refused:
    """Report that a key without a default is not given."""
    return ctx.refuse(node, "MISSING_KEY", f"the key `{name}` is missing", f"add the key `{name}`")


def _names(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Inline):
            yield from part.record.names
        else:
            yield part.name


def _completed(part: Part, make: Callable[..., Any], like: type | None) -> Part:
    """The row with what it leaves open filled in: the field's name and its default."""
    if not isinstance(part, Key):
        return part
    field, default = part.field or _snake(part.name), part.default
    if default is None:
        default = _default_of(make, field)
    if default is REQUIRED and like is not None:
        default = _default_of(like, field)
    return replace(part, field=field, default=default)


def _default_of(make: Callable[..., Any], name: str) -> Any:
    """The default of a dataclass's field, or of a function's argument."""
    if dataclasses.is_dataclass(make):
        field = next((one for one in dataclasses.fields(make) if one.name == name), None)
        if field is not None and field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
        if field is None or field.default is dataclasses.MISSING:
            return REQUIRED
        return field.default
    argument = inspect.signature(make).parameters.get(name)
    if argument is None or argument.default is inspect.Parameter.empty:
        return REQUIRED
    return argument.default


def _snake(name: str) -> str:
    """`minimumOutage` as `minimum_outage`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
