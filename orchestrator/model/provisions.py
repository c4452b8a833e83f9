"""All that an agreement holds besides its terms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.boundaries import Assumption, Demarcation, Handoff
from orchestrator.model.breaches import Remedies
from orchestrator.model.clauses import Clause, Definition, Document
from orchestrator.model.duties import Obligation
from orchestrator.model.meetings import Goal, Meeting, Override, PublishGate, TemplateUse
from orchestrator.model.priorities import PriorityMatrix, SeverityMapping
from orchestrator.model.schedule import EscalationLevel, Notice, Renewal, Review
from orchestrator.model.scopes import AGREEMENT_SCOPES
from orchestrator.model.values import Span


@dataclass(frozen=True, slots=True)
class Provisions:
    """What an agreement holds besides its terms.

    `tighten_only`: what overrides it may only be stricter. `agreed` is the effective span that
    the parties accepted, where later moves have cut it; None where it is the version's own.
    `continues` is the number they accepted it under: a version that is suspended and goes on is a
    further entry, and still that very version; 0 where the number is its own. `remedies` say what
    may be asked for besides credits.
    """

    scope: str = "customer_based"
    tighten_only: bool = False
    obligations: tuple[Obligation, ...] = ()
    priorities: PriorityMatrix | None = None
    severities: tuple[SeverityMapping, ...] = ()
    demarcation: tuple[Demarcation, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    handoffs: tuple[Handoff, ...] = ()
    clauses: tuple[Clause, ...] = ()
    documents: tuple[Document, ...] = ()
    glossary: tuple[Definition, ...] = ()
    notice: Notice | None = None
    renewal: Renewal | None = None
    reviews: tuple[Review, ...] = ()
    escalation: tuple[EscalationLevel, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    goals: tuple[Goal, ...] = ()
    gate: PublishGate | None = None
    overrides: tuple[Override, ...] = ()
    template: TemplateUse | None = None
    agreed: Span | None = None
    continues: int = 0
    remedies: Remedies = field(default_factory=Remedies)

    def __post_init__(self) -> None:
        if self.scope not in AGREEMENT_SCOPES:
            raise refuse(
                "BAD_CHOICE",
                f"{self.scope!r} is not the scope of an agreement",
                f"use one of {', '.join(AGREEMENT_SCOPES)}",
            )


NO_PROVISIONS: Final = Provisions()
