"""Keyset connections: a cursor names the last object seen, not how many came before it, so that
pages neither repeat nor miss what is added or removed between them."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import graphene
import orjson

from orchestrator.errors import refuse
from orchestrator.web.asking import Asking
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.limits import DEFAULT_FIRST, MAX_FIRST

Key = tuple[str | int, ...]

_LARGEST: Final = 2**63


@dataclass(frozen=True, slots=True)
class Edge:
    """An object in a page, and the cursor that names it."""

    cursor: str
    node: Any


@dataclass(frozen=True, slots=True)
class PageEnds:
    """What lies around a page."""

    start_cursor: str | None
    end_cursor: str | None
    has_next_page: bool
    has_previous_page: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list. `total` counts the whole list, once it is asked."""

    edges: tuple[Edge, ...]
    has_next: bool
    has_previous: bool
    total: Callable[[], int]


def cursor_of(name: str, key: Key) -> str:
    """The cursor of a key in the list of that name."""
    return base64.urlsafe_b64encode(orjson.dumps([name, *key])).decode().rstrip("=")


def key_of(name: str, cursor: str, shape: Sequence[type]) -> Key:
    """The key a cursor names; refused unless it is one of that list, with parts of those types."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        found = None
    if (
        not isinstance(found, list)
        or found[:1] != [name]
        or [type(part) for part in found[1:]] != list(shape)
        or any(not _storable(part) for part in found[1:])
    ):
        raise refuse("BAD_CURSOR", "`after` is no place in this list", "use a cursor it gave")
    return tuple(found[1:])


def _storable(part: str | int) -> bool:
    return "\0" not in part if isinstance(part, str) else -_LARGEST <= part < _LARGEST


def size_of(first: int | None) -> int:
    """The page size asked for."""
    size = DEFAULT_FIRST if first is None else first
    if not 1 <= size <= MAX_FIRST:
        raise refuse(
            "BAD_PAGE", f"a page cannot hold {size}", f"ask for `first` from 1 to {MAX_FIRST}"
        )
    return size


def page(
    asking: Asking,
    name: str,
    keys: Sequence[Key],
    make: Callable[[Key], Any],
    first: int | None,
    after: str | None,
    shape: Sequence[type] = (str,),
) -> Listing:
    """A page of a list in memory, whose keys are sorted."""
    size = size_of(first)
    start = bisect_right(keys, key_of(name, after, shape)) if after is not None else 0
    shown = keys[start : start + size]
    asking.spend(len(shown))
    return Listing(
        tuple(Edge(cursor_of(name, key), make(key)) for key in shown),
        start + len(shown) < len(keys),
        start > 0,
        lambda: len(keys),
    )


class PageInfo(graphene.ObjectType):
    """Where a page begins and ends, and whether there is more."""

    start_cursor = maybe(graphene.String, "The cursor of the first object; null in an empty page.")
    end_cursor = maybe(graphene.String, "The cursor of the last object: `after` for the next page.")
    has_next_page = given(graphene.Boolean, "Whether there is more after this page.")
    has_previous_page = given(graphene.Boolean, "Whether there is something before this page.")


def connection(name: str, node: Any) -> Any:
    """The connection type over objects of a type, which is named or given as a function."""
    edge = type(
        f"{name}Edge",
        (graphene.ObjectType,),
        {
            "__doc__": f"One {name} in a page.",
            "cursor": given(graphene.String, "The place of this object in the list."),
            "node": given(node, "The object."),
        },
    )
    return type(
        f"{name}Connection",
        (graphene.ObjectType,),
        {
            "__doc__": f"A page of a list of {name}.",
            "edges": many(edge, "The objects of this page with their cursors."),
            "nodes": many(
                node,
                "The objects of this page.",
                lambda listing: [edge.node for edge in listing.edges],
            ),
            "page_info": given(PageInfo, "Where this page begins and ends.", _ends),
            "total_count": given(
                graphene.Int, "How many there are in all pages.", lambda listing: listing.total()
            ),
        },
    )


def _ends(listing: Listing) -> PageEnds:
    edges = listing.edges
    return PageEnds(
        edges[0].cursor if edges else None,
        edges[-1].cursor if edges else None,
        listing.has_next,
        listing.has_previous,
    )


def paged(
    connection_type: Any,
    about: str,
    resolver: Callable[..., Any] | None = None,
    *,
    required: bool = True,
    **others: Any,
) -> Any:
    """A field that is a connection; `others` are arguments besides `first` and `after`."""
    return graphene.Field(
        connection_type,
        required=required,
        description=f"{about} At most {MAX_FIRST} in a page.",
        resolver=resolver,
        args={
            "first": argument(graphene.Int, "How many to show.", default_value=DEFAULT_FIRST),
            "after": argument(graphene.String, "The cursor after which to go on."),
            **others,
        },
    )
