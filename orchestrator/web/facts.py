"""Facts that show what happened, as they were reported."""

from __future__ import annotations

from typing import Any

import graphene

from orchestrator.model.records import Outage as OutageModel
from orchestrator.web.enums import Scope
from orchestrator.web.fields import given, maybe
from orchestrator.web.scalars import DateTime, instant_or_none


def _reported() -> dict[str, Any]:
    """The fields that every fact has."""
    return {
        "slug": given(graphene.String, "Its id in the facts document.", lambda fact: fact.id),
        "service": given(graphene.String, "The id of the service it is about."),
        "start": given(DateTime, "When it began.", lambda fact: fact.span.start, name="from"),
        "end": maybe(
            DateTime,
            "When it ended; null while it lasts.",
            lambda fact: instant_or_none(fact.span.end),
            name="to",
        ),
        "source": maybe(graphene.String, "The tool that reported it.", lambda fact: fact.source),
        "point": given(graphene.String, "Where it was measured."),
        "reported": maybe(DateTime, "When it was made known; null for from the beginning."),
    }


def _resolve_type(_cls: Any, fact: Any, _info: Any) -> Any:
    return Outage if isinstance(fact, OutageModel) else Gap


Fact: Any = type(
    "Fact",
    (graphene.Interface,),
    {"__doc__": "Something reported about a service, over a stretch of time."}
    | _reported()
    | {"resolve_type": classmethod(_resolve_type)},
)


class Excuse(graphene.ObjectType):
    """The claim that an outage is excused."""

    category = given(graphene.String, "What excuses it.")
    party = maybe(graphene.String, "The id of who caused it.", lambda excuse: excuse.party)
    evidence = maybe(graphene.String, "What supports it.", lambda excuse: excuse.evidence)
    noticed = maybe(DateTime, "When the other side was told; null where it was not.")


def _fact(name: str, about: str, **fields: Any) -> Any:
    meta = type("Meta", (), {"interfaces": (Fact,)})
    return type(
        name, (graphene.ObjectType,), {"__doc__": about, "Meta": meta} | _reported() | fields
    )


Outage = _fact(
    "Outage",
    "A service, or its own part alone, was down.",
    part=given(Scope, "Whether all of the service, or its own part alone, was down."),
    excuse=maybe(Excuse, "The claim that it is excused."),
    affected_share=given(graphene.Float, "The share of the users that felt it."),
)

Gap = _fact("Gap", "Nobody measured the service: it was neither up nor down.")
