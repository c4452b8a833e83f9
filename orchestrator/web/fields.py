"""Fields as rows: a type, what it says, and how it is read from what it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import graphene

Get = Callable[[Any], Any]


def given(type_: Any, about: str, get: Get | None = None, name: str | None = None) -> Any:
    """A field that always has a value: the attribute of its name, or what `get` takes."""
    return graphene.Field(
        type_, required=True, description=about, name=name, resolver=_resolver(get)
    )


def maybe(type_: Any, about: str, get: Get | None = None, name: str | None = None) -> Any:
    """A field that may be null; an empty text is."""
    return graphene.Field(type_, description=about, name=name, resolver=_resolver(get, empty=None))


def many(type_: Any, about: str, get: Get | None = None, name: str | None = None) -> Any:
    """A list, of values that are there."""
    return graphene.Field(
        graphene.NonNull(graphene.List(graphene.NonNull(type_))),
        description=about,
        name=name,
        resolver=_resolver(get),
    )


def argument(type_: Any, about: str, **more: Any) -> Any:
    """An argument of a field."""
    return graphene.Argument(type_, description=about, **more)


_KEEP = object()


def _resolver(get: Get | None, empty: object = _KEEP) -> Callable[..., Any] | None:
    if get is None:
        return None
    take = get
    if empty is _KEEP:
        return lambda root, _info: take(root)

    def resolve(root: Any, info: Any) -> Any:
        found = take(root)
        return empty if found == "" else found

    return resolve
