"""The enums of the schema, made from the tables of the model: a new row there is a value here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import graphene

from orchestrator.model import agreements, derivations, records
from orchestrator.model.agreements import KINDS, POLICY_CHOICES
from orchestrator.model.lifecycle import MOVES
from orchestrator.model.metrics import METRICS
from orchestrator.model.parties import PARTY_KINDS


def word_enum(name: str, about: str, values: Iterable[str] | Mapping[str, str]) -> Any:
    """An enum whose names are its values in capitals; a mapping describes each."""
    told: Mapping[str, str] = values if isinstance(values, Mapping) else {}
    members = [(value.upper(), value) for value in values]
    return graphene.Enum(name, members, description=_described(about, told))


def _described(about: str, told: Mapping[str, str]) -> Callable[[Any], str | None]:
    def description(member: Any) -> str | None:
        return about if member is None else told.get(member.value)

    return description


PartyKind = word_enum("PartyKind", "What a party is.", PARTY_KINDS)

AgreementKind = word_enum(
    "AgreementKind",
    "What an agreement is called. What it is follows from who its parties are.",
    {kind.id: kind.name for kind in KINDS.values()},
)

Metric = word_enum(
    "Metric",
    "What a commitment is about.",
    {metric.id: f"Measured as {metric.unit}." for metric in METRICS.values()},
)

Strength = word_enum(
    "Strength",
    "How strongly a commitment binds. The first three count towards what it underpins.",
    {
        strength: "Counts towards a floor."
        if strength in agreements.UNDERPINNING
        else "Underpins nothing."
        for strength in agreements.STRENGTHS
    },
)

AgreementState = word_enum(
    "AgreementState",
    "Where a version stands. Only one in force binds anybody.",
    agreements.STATES,
)

AgreementMove = word_enum(
    "AgreementMove",
    "A move in the life of a version.",
    {
        row.event: f"From {', '.join(row.sources)} to {row.target}, by the "
        f"{' or the '.join(sorted(row.by))}."
        for row in MOVES.values()
    },
)

Negotiability = word_enum(
    "Negotiability", "How far an agreement is open to talks.", agreements.NEGOTIABILITY
)

FactKind = word_enum(
    "FactKind",
    "What a fact tells: the list of a facts document that it is in.",
    tuple(records.FACT_KINDS),
)

Scope = word_enum(
    "Scope",
    "How much of a service is covered.",
    {"whole": "It and everything beneath it.", "own": "The owner's own part alone."},
)

DerivationStatus = word_enum(
    "DerivationStatus",
    "Whether what is promised rests on what lies beneath it.",
    {
        derivations.UNDERPINNED: "The floor reaches what is promised.",
        derivations.SHORTFALL: "The floor lies below what is promised.",
        derivations.UNCOMMITTED: "It fails with components that nobody has committed to.",
        derivations.NOT_COMPARABLE: "There is no figure to compare with.",
    },
)
assert len(DerivationStatus._meta.enum) == len(derivations.STATUSES)

AssessmentStatus = word_enum(
    "AssessmentStatus",
    "What a measurement says about its target.",
    {
        "MET": "The target is reached.",
        "AT_RISK": "The target can still be reached, at the present rate it will not be.",
        "BREACHED": "The target is missed.",
        "DISPUTED": "The parties do not agree on it.",
        "INSUFFICIENT_DATA": "There are no service hours, or too few measurements.",
    },
)

ResponsibilityBasis = word_enum(
    "ResponsibilityBasis",
    "Why a contribution to a breach is paid for, or is not.",
    {
        "BREACHED_COMMITMENT": "The agreement beneath was breached too: its provider is liable.",
        "STRUCTURAL_GAP": "The agreement beneath was kept: it promised less.",
        "OWN_PART": "The provider's own work, which nobody has promised to it.",
        "UNCOMMITTED": "Nobody has committed to it.",
        "EXCUSED": "Excused, or not counted, in the agreement beneath.",
    },
)

WaterfallStepName = word_enum(
    "WaterfallStepName",
    "Why what is owed and what is recovered differ, in this order.",
    dict(
        zip(
            records.WATERFALL,
            (
                "Caused by the own work of whoever owes.",
                "Promised more strictly than what lies beneath, or with nothing beneath.",
                "Counted here and excused or not counted beneath.",
                "Not claimed in time.",
                "Lower credits, or a lower fee, beneath.",
                "Cut by a cap beneath.",
                "Recovered.",
            ),
            strict=True,
        )
    ),
)

Severity = word_enum("Severity", "How serious a finding is.", records.SEVERITIES)

ChangeWhat = word_enum("ChangeWhat", "What happened to an object.", ("added", "removed", "changed"))

_POLICIES: Final = {
    "shares": "How the time of a breach is shared among parties whose outages overlapped.",
    "excuses": "Who bears time in which an excused and another outage overlapped.",
    "excluded_time": "How excluded time enters the measurement.",
    "data_gaps": "How time counts that nobody measured.",
    "single_event": "What one event that misses several targets costs.",
    "customer_late": "What a delay by the customer does to a clock.",
    "measured": "Whether a reported or a composed measurement counts.",
}


def camel(name: str) -> str:
    """`data_gaps` as `DataGaps`."""
    return "".join(part.capitalize() for part in name.split("_"))


POLICIES: Final[dict[str, tuple[Any, str]]] = {
    name: (word_enum(f"{camel(name)}Policy", _POLICIES[name], choices), _POLICIES[name])
    for name, choices in POLICY_CHOICES.items()
}
"""Each policy with the enum of its choices and what it decides."""
