"""What may be asked for besides credits, and where an indemnity ends."""

from __future__ import annotations

from typing import Any

import graphene

from orchestrator.engine.indemnity import chain_of, passed_on
from orchestrator.engine.remedies import answer
from orchestrator.engine.shadow import version_of
from orchestrator.model.breaches import (
    BREACH_CLASSES,
    CARVE_OUTS,
    EXCLUSIVITY,
    REMEDIES,
    IndemnityClaim,
    RemedyAnswer,
    RemedySought,
)
from orchestrator.model.values import Instant
from orchestrator.web.asking import Asking
from orchestrator.web.basics import Money, MoneyInput, money_given
from orchestrator.web.enums import word_enum
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.scalars import DateTime

Remedy = word_enum("Remedy", "What a customer may ask for besides credits.", tuple(REMEDIES))
Exclusivity = word_enum("Exclusivity", "What credits exclude.", tuple(EXCLUSIVITY))
CarveOut = word_enum(
    "CarveOut", "Where credits are not the only remedy after all, if agreed.", CARVE_OUTS
)
BreachClass = word_enum("BreachClass", "How grave a breach is, mildest first.", BREACH_CLASSES)


class RemedyInput(graphene.InputObjectType):
    """What is asked for, and the circumstances it rests on."""

    remedy = graphene.InputField(Remedy, required=True, description="What is asked for.")
    amount = graphene.InputField(MoneyInput, description="How much, where it is money.")
    credits = graphene.InputField(MoneyInput, description="The credits for the same breach.")
    breach_class = graphene.InputField(BreachClass, description="How grave the breach is.")
    third_party = graphene.InputField(
        MoneyInput, description="What the customer had to pay to others."
    )
    wilful = graphene.InputField(
        graphene.Boolean, default_value=False, description="Whether the default was wilful."
    )
    data_lost = graphene.InputField(
        graphene.Boolean, default_value=False, description="Whether data were lost."
    )
    cap_exhausted = graphene.InputField(
        graphene.Boolean,
        default_value=False,
        description="Whether credits were cut down to a cap.",
    )
    terminated = graphene.InputField(
        graphene.Boolean,
        default_value=False,
        description="Whether the agreement was ended for the breach.",
    )


class RemedyAdmission(graphene.ObjectType):
    """Whether a remedy is open."""

    admissible = given(
        graphene.Boolean, "Whether it may be asked for.", lambda root: root.admission.admissible
    )
    excluded_by = maybe(
        Exclusivity,
        "What excludes it, unless a carve-out holds.",
        lambda root: root.admission.excluded_by,
    )
    carve_outs = many(
        CarveOut, "The agreed exceptions that hold.", lambda root: root.admission.carve_outs
    )
    due = maybe(Money, "What is due besides the credits; null where it is not open, or no money.")


class IndemnityStep(graphene.ObjectType):
    """What went on under one contract."""

    agreement = given(graphene.String, "The agreement, by id.")
    provider = given(graphene.String, "Of whom it was asked.")
    asked = given(Money, "How much was asked.")
    taken = given(Money, "How much of it was taken over, within the cap of the indemnity.")


class IndemnityBearer(graphene.ObjectType):
    """Who is left with how much."""

    party = given(graphene.String, "The organisation, by id.", lambda pair: pair[0])
    amount = given(Money, "How much.", lambda pair: pair[1])


class IndemnityChain(graphene.ObjectType):
    """Where the loss from a third party's claim ends."""

    loss = given(Money, "The loss.")
    steps = many(IndemnityStep, "Under which contracts it went on, outwards.")
    borne_by = many(IndemnityBearer, "Who bears what; it adds up to the loss.", lambda c: c.borne)
    exposed = maybe(
        graphene.String, "The party at which the chain stops although contracts go on beneath."
    )
    stopped_by = maybe(
        graphene.String, "The contract that does not pass on.", lambda claim: claim.stopped
    )


class RemedyQuery:
    """Questions about remedies; a part of the root of all questions."""

    remedy_admission = graphene.Field(
        RemedyAdmission,
        description="Whether a remedy besides credits may be asked for under an agreement.",
        agreement=argument(graphene.String, "The agreement, by id.", required=True),
        version=argument(graphene.Int, "The number of its version.", required=True),
        sought=argument(RemedyInput, "What is asked for.", required=True),
    )
    indemnity = graphene.Field(
        IndemnityChain,
        description="Who bears what a third party claims: passed on from an agreement to the "
        "contracts beneath it, as far as they indemnify and pass through.",
        agreement=argument(graphene.String, "The one the claim comes by.", required=True),
        loss=argument(MoneyInput, "The loss.", required=True),
        service=argument(graphene.String, "The service the loss comes from, by id."),
        through=argument(
            graphene.List(graphene.NonNull(graphene.String)),
            "Contracts it goes on by, where several would do.",
        ),
        at=argument(DateTime, "Under what is in force then; now, if left out."),
    )

    @staticmethod
    def resolve_remedy_admission(
        _root: Any, info: Any, agreement: str, version: int, sought: dict[str, Any]
    ) -> RemedyAnswer:
        asking: Asking = info.context
        held = version_of(asking.estate(asking.revision()), agreement, version)
        asked = RemedySought(
            sought["remedy"].value,
            money_given(sought.get("amount")),
            sought["breach_class"].value if sought.get("breach_class") else "",
            bool(sought.get("wilful")),
            bool(sought.get("data_lost")),
            money_given(sought.get("third_party")),
            bool(sought.get("cap_exhausted")),
            bool(sought.get("terminated")),
        )
        return answer(held.provisions.remedies, asked, money_given(sought.get("credits")))

    @staticmethod
    def resolve_indemnity(
        _root: Any,
        info: Any,
        agreement: str,
        loss: dict[str, str],
        service: str | None = None,
        through: list[str] | None = None,
        at: Instant | None = None,
    ) -> IndemnityClaim:
        asking: Asking = info.context
        view = asking.view(asking.revision(), asking.now if at is None else at)
        chain = chain_of(view.snapshot, agreement, service or "", through or ())
        amount = money_given(loss)
        assert amount is not None
        return passed_on(amount, chain)
