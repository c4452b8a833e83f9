"""Global ids, and the interface of all that has one.

An id is opaque to clients and names an object, not a state of it: the field `node` shows the object
at the instant it is asked for.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import graphene

from orchestrator.model.agreements import Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.claims import Claim
from orchestrator.model.parties import Party
from orchestrator.model.records import Assessment, Breach, Credit, Exposure, Reward
from orchestrator.model.services import Service
from orchestrator.web.fields import given
from orchestrator.web.view import Seen, View

_MARK: Final = "|"
"""Between the parts of an id; none of them holds one."""

_LONGEST: Final = 1_000

NAMES: Final[dict[type, str]] = {
    Party: "Party",
    Service: "Service",
    Calendar: "Calendar",
    Version: "AgreementVersion",
    Assessment: "Assessment",
    Breach: "Breach",
    Credit: "Credit",
    Exposure: "Exposure",
    Reward: "Reward",
    Claim: "Claim",
}
"""The type of the schema for each dataclass of the model that has an id of its own."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement with all of its versions, in the view it was reached through."""

    view: View
    id: str


def global_id(name: str, *parts: object) -> str:
    """The id of an object of a type of the schema."""
    text = _MARK.join([name, *(str(part) for part in parts)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parts_of(id: str) -> tuple[str, tuple[str, ...]]:
    """The type and the parts an id names; a text that is no id names nothing."""
    try:
        padded = id[:_LONGEST] + "=" * (-len(id) % 4)
        name, *parts = base64.urlsafe_b64decode(padded).decode().split(_MARK)
    except (binascii.Error, ValueError):
        return "", ()
    return (name, tuple(parts)) if "\0" not in "".join(parts) else ("", ())


class Node(graphene.Interface):
    """Whatever has an id of its own, by which the field `node` finds it again."""

    id = graphene.ID(required=True, description="Unique among all objects; opaque.")

    @classmethod
    def resolve_type(cls, instance: Any, info: Any) -> Any:
        return info.schema.get_type(name_of(instance)).graphene_type


def name_of(instance: Any) -> str:
    """The type of the schema an object is of."""
    if isinstance(instance, Agreed):
        return "Agreement"
    value = getattr(instance, "value", None)
    return NAMES.get(type(value), "AssessmentRun")


def identity(name: str, parts: Callable[[Any], Sequence[object]]) -> Any:
    """The field `id` of a type."""
    return given(
        graphene.ID,
        "Unique among all objects; opaque.",
        lambda root: global_id(name, *parts(root)),
    )


def version_id(seen: Seen[Version]) -> Sequence[object]:
    return seen.value.agreement, seen.value.number
