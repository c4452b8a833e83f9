"""Objects over time in documents.

An object holds for ever, or for its `effective` span, or it has `versions`, each with its own
span and any of the object's keys, which override those that stand above the list. A version is
read as if its keys and the shared ones stood together; each key keeps its own place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, Generic, TypeVar

from orchestrator.formats.context import Context, Refused, attempt, list_of, mapping_of
from orchestrator.formats.contracts import VERSION
from orchestrator.formats.nodes import Json, Node
from orchestrator.formats.quantities import EFFECTIVE
from orchestrator.formats.record import Record
from orchestrator.formats.services import PIECES, Piece
from orchestrator.formats.shapes import Schema
from orchestrator.model.agreements import Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.estate import Dated, Timeline
from orchestrator.model.parties import Party
from orchestrator.model.services import Service
from orchestrator.model.values import ALWAYS, Span

T = TypeVar("T", Party, Service, Calendar)

_EFFECTIVE: Final = "effective"
_VERSIONS: Final = "versions"

Entry = tuple[Mapping[str, Node], Node]
"""The keys of one version, shared ones included, and the node that stands for it."""


def _entries(node: Node, ctx: Context) -> list[Entry]:
    """The versions of an object as written, in their order; one without history is its own."""
    given = mapping_of(node, ctx)
    if _VERSIONS not in given:
        return [(given, node)]
    items = list_of(given[_VERSIONS], ctx)
    if not items:
        raise ctx.refuse(
            given[_VERSIONS],
            "EMPTY_LIST",
            "there are no versions",
            "give one, or leave the key out",
        )
    shared = {key: child for key, child in given.items() if key != _VERSIONS}
    return [(shared | _own_keys(item, ctx), item) for item in items]


def _own_keys(item: Node, ctx: Context) -> dict[str, Node]:
    own = mapping_of(item, ctx)
    for key in ("id", _VERSIONS):
        if key in own:
            raise ctx.refuse(
                own[key],
                "UNKNOWN_KEY",
                f"a version has no `{key}` of its own",
                "write it on the object, above its versions",
            )
    return own


@dataclass(frozen=True, eq=False)
class History(Generic[T]):
    """A party, service or calendar of a list, with all its dated values."""

    table: str
    record: Record[T]

    def read(self, node: Node, ctx: Context) -> Timeline[T]:
        dated: list[Dated[T]] = []
        places: dict[int, Node] = {}
        refused = False
        for given, at in _entries(node, ctx):
            values = attempt(self._dated, given, at, ctx)
            if values is None:
                refused = True
                continue
            dated.extend(values)
            places.update((one.span.start, at) for one in values)
        if refused:
            raise Refused()
        if len(dated) > 1:
            ctx.entries[self.table, dated[0].value.id] = places
        return tuple(dated)

    def _dated(self, given: Mapping[str, Node], at: Node, ctx: Context) -> Sequence[Dated[T]]:
        """The values of one version: several where what it requires is itself a history."""
        keys = dict(given)
        effective, requires = keys.pop(_EFFECTIVE, None), keys.get("requires")
        if requires is not None and isinstance(requires.value, list):
            del keys["requires"]
        else:
            requires = None
        inner = self.record.context(given, ctx)
        span = attempt(EFFECTIVE.read, effective, inner) if effective else ALWAYS
        value = attempt(self.record.read_keys, keys, at, ctx)
        pieces = attempt(_pieces, requires, inner) if requires else ()
        if span is None or value is None or pieces is None:
            raise Refused()
        return list(_over_time(value, span, pieces))

    def write(self, timeline: Timeline[T], ctx: Context) -> dict[str, Json]:
        """One object, with `versions` where it has several values."""
        if len(timeline) == 1:
            (only,) = timeline
            return self.record.write(only.value, ctx) | self._effective(only, ctx)
        return _hoisted(
            [self._effective(one, ctx) | self.record.write(one.value, ctx) for one in timeline]
        )

    def _effective(self, dated: Dated[T], ctx: Context) -> dict[str, Json]:
        if dated.span == ALWAYS:
            return {}
        inner = self.record.written_context(dated.value, ctx)
        return {_EFFECTIVE: EFFECTIVE.write(dated.span, inner)}

    def schema(self) -> Schema:
        return _with_versions(self.record, {_EFFECTIVE: EFFECTIVE.schema()})


def _pieces(node: Node, ctx: Context) -> Sequence[Piece]:
    """The dated expressions of a service, earliest first."""
    pieces = PIECES.read(node, ctx)
    assert isinstance(node.value, list)
    placed = sorted(zip(pieces, node.value, strict=True), key=lambda pair: pair[0].span)
    for (before, _), (after, at) in pairwise(placed):
        if before.span.meets(after.span):
            raise ctx.refuse(
                at,
                "OVERLAPPING_VERSIONS",
                f"{before.span} and {after.span} overlap",
                "end one where the other begins",
            )
    return [piece for piece, _ in placed]


def _over_time(value: T, span: Span, pieces: Sequence[Piece]) -> Iterator[Dated[T]]:
    """A value over its span, cut where what it requires changes."""
    start = span.start
    for piece in pieces:
        common = span & piece.span
        if common is None:
            continue
        if start < common.start:
            yield Dated(Span(start, common.start), value)
        yield Dated(common, replace(value, requires=piece.expression))  # type: ignore[call-arg]
        start = common.end
    if start < span.end:
        yield Dated(Span(start, span.end), value)


class Agreements:
    """An agreement of the list, as all its versions."""

    def read(self, node: Node, ctx: Context) -> tuple[Version, ...]:
        versions: dict[int, Version] = {}
        places: dict[int, Node] = {}
        refused = False
        for position, (given, at) in enumerate(_entries(node, ctx), 1):
            version = attempt(VERSION.read_keys, given, at, replace(ctx, position=position))
            if version is None:
                refused = True
                continue
            if version.number in versions:
                ctx.refuse(
                    given.get("version", at),
                    "DUPLICATE_ID",
                    f"version {version.number} of agreement {version.agreement!r} is given twice",
                    "give each version a number of its own, or none at all",
                )
                refused = True
            versions[version.number] = version
            places[version.number] = at
        if refused:
            raise Refused()
        if len(versions) > 1:
            ctx.entries["agreements", next(iter(versions.values())).agreement] = places
        return tuple(versions[number] for number in sorted(versions))

    def write(self, versions: Sequence[Version], ctx: Context) -> dict[str, Json]:
        """One object, with `versions` where there are several."""
        written = [
            VERSION.write(version, replace(ctx, position=position))
            for position, version in enumerate(versions, 1)
        ]
        return written[0] if len(written) == 1 else _hoisted(written)

    def schema(self) -> Schema:
        return _with_versions(VERSION, {})


def _hoisted(versions: list[dict[str, Json]]) -> dict[str, Json]:
    """What all versions say alike above their list, the rest in it."""
    shared = {
        key: value
        for key, value in versions[0].items()
        # compared as written: to Python, true is 1 and 1 is 1.0
        if key != _EFFECTIVE and all(repr(one.get(key, ...)) == repr(value) for one in versions)
    }
    own: list[Json] = [
        {key: value for key, value in one.items() if key not in shared} for one in versions
    ]
    return {**shared, _VERSIONS: own}


def _with_versions(record: Record[Any], more: Schema) -> Schema:
    """The schema of an object that may have versions: those may bring what it lacks itself."""
    schema = record.schema()
    properties = record.properties | more
    in_versions = {key: shape for key, shape in properties.items() if key != "id"}
    version = schema | {"properties": in_versions}
    version.pop("required")
    needed = [key for key in record.required if key != "id"]
    alone = {"anyOf": [{"required": [_VERSIONS]}, {"required": needed}]} if needed else {}
    versions = {"type": "array", "items": version, "minItems": 1}
    return schema | {
        "properties": properties | {_VERSIONS: versions},
        "required": ["id"],
        **alone,
    }
