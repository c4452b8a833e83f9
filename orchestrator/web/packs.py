"""Evidence packs over GraphQL."""

from __future__ import annotations

from typing import Any

import graphene
import orjson

from orchestrator.actions.pack_claims import these
from orchestrator.actions.packs import Question, Wanted, make_pack
from orchestrator.engine.claimed import lapse_all
from orchestrator.engine.settle import reach_of
from orchestrator.formats.pack_page import pack_page
from orchestrator.formats.text import dump_json
from orchestrator.model.values import Instant
from orchestrator.store.claims import load_claims
from orchestrator.store.read import load_estate, load_facts
from orchestrator.web.asking import Asking, asked_of
from orchestrator.web.fields import argument, given
from orchestrator.web.scalars import JSON, DateTime


class EvidencePack(graphene.ObjectType):
    """The evidence of one assessment: everything it follows from, and all that was concluded.

    `orchestrator verify` computes it again from what it holds.
    """

    hash = given(graphene.String, "The SHA-256 of its content.", lambda pack: pack["hash"])
    document = given(JSON, "The pack.", lambda pack: orjson.loads(dump_json(pack)))
    text = given(graphene.String, "The pack as the text of a file, numbers as written.", dump_json)
    page = given(graphene.String, "The pack as one page of HTML that holds it.", pack_page)


class PackQuery:
    """Questions about evidence; a part of the root of all questions."""

    evidence_pack = graphene.Field(
        EvidencePack,
        description="The evidence of one breach or claim. Of several terms, services and periods "
        "that match, the one that is missed or pays; where that is not clear, an error "
        "(SEVERAL_ASSESSMENTS) that lists them. It is the provider's to "
        "hand on: for others it is null.",
        agreement=argument(graphene.String, "The agreement, by its id.", required=True),
        period=argument(
            graphene.String, "`2026-04`, `2026-Q2`, `2026` or `FROM/TO`.", required=True
        ),
        term=argument(graphene.String, "This term alone, by its id."),
        service=argument(graphene.String, "This covered service alone, by its id."),
        as_of=argument(DateTime, "What was known at this instant; all, if it is left out."),
    )

    @staticmethod
    def resolve_evidence_pack(
        _root: Any,
        info: Any,
        agreement: str,
        period: str,
        term: str = "",
        service: str = "",
        as_of: Instant | None = None,
    ) -> dict[str, Any] | None:
        asking: Asking = info.context
        if not asking.sees_all:
            return None
        asked, tenant = asked_of(period), asking.site.tenant
        with asking.read() as session:
            estate = asking.estate(asking.revision())
            if as_of is not None:
                estate = load_estate(session, tenant, as_of)
            facts = load_facts(session, tenant, reach_of(estate, asked), as_of)
            claims = load_claims(session, tenant, as_of)
        if as_of is not None:
            claims = lapse_all(claims, as_of)
        wanted = Wanted(agreement, term or "", service or "")
        return make_pack(estate, facts, Question(period, as_of), wanted, these(claims))
