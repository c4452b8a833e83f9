"""What our documents have in common: how they begin, how they are refused, and their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from orchestrator.errors import OrchestratorError, Problem
from orchestrator.formats.context import (
    LIMIT_PROBLEMS,
    Context,
    attempt,
    bad_type,
    mapping_of,
    shown,
)
from orchestrator.formats.nodes import Json, Node, locate, text_of
from orchestrator.formats.record import Key, missing
from orchestrator.formats.shapes import Schema
from orchestrator.formats.source import Source

API_VERSION: Final = "orchestrator/v1"


@dataclass(frozen=True, eq=False)
class Constant:
    """The one text that may stand there."""

    text: str
    code: str
    advice: str

    def read(self, node: Node, ctx: Context) -> str:
        if not isinstance(node.value, str):
            raise bad_type(node, ctx, self.text)
        if node.value != self.text:
            raise ctx.refuse(
                node, self.code, f"{shown(node.value)} is not {self.text}", self.advice
            )
        return self.text

    def write(self, _value: str, _ctx: Context) -> Json:
        return self.text

    def schema(self) -> Schema:
        return {"const": self.text}


def header(kind: str) -> tuple[Key, Key]:
    """The keys by which a document tells what it is."""
    version = Constant(API_VERSION, "BAD_VERSION", f"this release reads {API_VERSION} alone")
    return (
        Key("apiVersion", version),
        Key("kind", Constant(kind, "BAD_KIND", f"a document of kind {kind} is needed here")),
    )


def begin(source: Source, keys: Iterable[Key], ctx: Context) -> Mapping[str, Node]:
    """The keys of a document of the right version and kind.

    Raises at once where it is another one, as nothing else in it can then be trusted to mean
    what it says.
    """
    given = attempt(mapping_of, source.root, ctx, "a document")
    if given is not None:
        for key in keys:
            if key.name in given:
                attempt(key.shape.read, given[key.name], ctx)
            else:
                missing(key.name, source.root, ctx)
    if given is None or ctx.found:
        refuse_all(source, ctx)
    assert given is not None
    return given


def refuse_all(source: Source, ctx: Context, more: Iterable[Problem] = ()) -> None:
    """Raise all that was found wrong with a document as one error, if anything was."""
    found = [*source.problems, *ctx.problems(source.root, source.file), *more]
    if not found:
        return
    found.sort(key=lambda problem: problem.line)
    if len(found) >= LIMIT_PROBLEMS:
        message = f"there are {LIMIT_PROBLEMS} problems or more, and these are the first"
        line = found[LIMIT_PROBLEMS - 1].line
        last = Problem("TOO_MANY_PROBLEMS", message, "mend them first", source.file, line)
        found[LIMIT_PROBLEMS:] = [last]
    raise OrchestratorError(found)


_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]")


@dataclass(frozen=True)
class Places:
    """Where the parts of a document stand, by ids: `agreements[c1].terms[availability]`.

    `entries` holds where the versions of an object with a history stand, by (list, id) and then
    by what names a version: its number, as in `agreements[c1].versions[2]`.
    """

    root: Node
    entries: Mapping[tuple[str, str], Mapping[str, Node]]

    @cached_property
    def _paths(self) -> dict[Node, str]:
        return locate(self.root)

    @cached_property
    def _items(self) -> dict[Node, dict[str, Node]]:
        return {}

    def find(self, path: str) -> tuple[int, str]:
        """The line and the index path of the longest part of a path that exists."""
        steps = [name or f"[{id}]" for name, id in _STEP.findall(path)]
        _, node = self._walk(self.root, steps, 0)
        return node.line, self._paths[node]

    def _walk(self, node: Node, steps: list[str], done: int) -> tuple[int, Node]:
        """How many steps there is a way to go, and where it ends."""
        mapping = node
        while done < len(steps):
            step = steps[done]
            if step == "versions":
                name = steps[done + 1][1:-1] if done + 1 < len(steps) else ""
                version = self.entries.get(_owner(steps[:done]), {}).get(name)
                if version is not None:
                    node, mapping = version, _together(mapping, version)
                done += 2
                continue
            following = self._following(mapping, step)
            if len(following) > 1:
                # of several versions, the one that has most of the rest, else the latest
                ways = [self._walk(one, steps, done + 1) for one in following]
                return max(reversed(ways), key=lambda way: way[0])
            if not following:
                break
            node = mapping = following[0]
            done += 1
        return done, node

    def _following(self, node: Node, step: str) -> list[Node]:
        """Where a step leads; several nodes where the versions of an object each have the key."""
        value = node.value
        if isinstance(value, list):
            found = self._item(node, step[1:-1]) if step.startswith("[") else None
            return [found] if found is not None else []
        if not isinstance(value, dict):
            return []
        if step in value:
            return [value[step]]
        versions = value["versions"].value if "versions" in value else []
        return [
            one.value[step]
            for one in (versions if isinstance(versions, list) else ())
            if isinstance(one.value, dict) and step in one.value
        ]

    def _item(self, node: Node, name: str) -> Node | None:
        """An item of a list by its id, or else by its index."""
        assert isinstance(node.value, list)
        if node not in self._items:
            named = ((name_of(item), item) for item in reversed(node.value))
            self._items[node] = {name: item for name, item in named if name}
        found = self._items[node].get(name)
        if found is None and name.isdecimal() and int(name) < len(node.value):
            return node.value[int(name)]
        return found


def placed(error: OrchestratorError, source: Source) -> OrchestratorError:
    """The same error with the places of its paths in a document."""
    places = Places(source.root, {})

    def found(problem: Problem) -> Problem:
        if not problem.path:
            return problem
        line, path = places.find(problem.path)
        return replace(problem, file=source.file, line=line, path=path)

    return OrchestratorError(tuple(map(found, error.problems)))


def name_of(item: Node) -> str:
    """What an item of a list goes by: itself, its id, or the service it covers; else nothing."""
    if isinstance(item.value, dict):
        item = item.value.get("id") or item.value.get("service") or item
    return text_of(item)


def _owner(steps: list[str]) -> tuple[str, str]:
    return (steps[-2], steps[-1][1:-1]) if len(steps) > 1 else ("", "")


def _together(shared: Node, version: Node) -> Node:
    """The keys of a version with those it shares."""
    assert isinstance(shared.value, dict)
    assert isinstance(version.value, dict)
    return Node(shared.value | version.value, version.line, version.column)
