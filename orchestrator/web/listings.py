"""Pages of the objects of an estate, walked in memory."""

from __future__ import annotations

from typing import Any

from orchestrator.web.nodes import Agreed
from orchestrator.web.paging import Listing, page
from orchestrator.web.view import Keys, Seen, View


def objects(
    view: View, info: Any, table: str, keys: Keys, first: int | None, after: str | None
) -> Listing:
    """A page of parties, services or calendars."""
    held = getattr(view.snapshot, table)
    return page(info.context, table, keys, lambda key: Seen(view, held[key[0]]), first, after)


def agreements(view: View, info: Any, keys: Keys, first: int | None, after: str | None) -> Listing:
    """A page of agreements."""
    return page(
        info.context, "agreements", keys, lambda key: Agreed(view, str(key[0])), first, after
    )
