"""Parties: organisations, and the teams within them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.model.values import Kept

PARTY_KINDS: Final = ("organisation", "team")


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation (a legal entity) or a team of one.

    `parent` is a team's organisation or team, or an organisation's owner. Whether a party is
    provider, customer or supplier follows from its agreements.
    """

    id: str
    name: str = ""
    kind: str = "organisation"
    parent: str = ""
    kept: Kept = ()
