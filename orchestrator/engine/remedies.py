"""What may be asked for besides credits: sole remedies and their exceptions (rule 12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.breaches import (
    EXCLUSIVITY,
    REMEDIES,
    Admission,
    Remedies,
    RemedyAnswer,
    RemedySought,
    rank,
)
from orchestrator.model.contracts import Contract
from orchestrator.model.records import Finding
from orchestrator.model.values import Money


def _critical(remedies: Remedies, sought: RemedySought) -> bool:
    return bool(sought.breach_class) and rank(sought.breach_class) >= rank(remedies.critical)


HOLDS: Final[dict[str, Callable[[Remedies, RemedySought], bool]]] = {
    "critical_threshold": _critical,
    "wilful_default": lambda _, sought: sought.wilful,
    "data_loss": lambda _, sought: sought.data_lost,
    "third_party_compensation": lambda _, sought: (
        sought.third_party is not None and sought.third_party.amount > 0
    ),
    "cap_exhausted": lambda _, sought: sought.cap_exhausted,
    "termination": lambda _, sought: sought.terminated or sought.remedy == "termination",
}
"""When each carve-out holds."""


def admission(remedies: Remedies, sought: RemedySought) -> Admission:
    """Whether a remedy may be asked for under an agreement."""
    excludes, remedy = EXCLUSIVITY[remedies.exclusivity], REMEDIES[sought.remedy]
    if not (excludes.money if remedy.financial else excludes.others):
        return Admission(True)
    opened = tuple(name for name in remedies.carve_outs if HOLDS[name](remedies, sought))
    return Admission(bool(opened), remedies.exclusivity, opened)


def admit(remedies: Remedies, sought: RemedySought) -> Admission:
    """As `admission`; raises SOLE_REMEDY where the remedy is excluded."""
    found = admission(remedies, sought)
    if not found.admissible:
        agreed = ", ".join(remedies.carve_outs) or "none"
        raise refuse(
            "SOLE_REMEDY",
            f"credits exclude {sought.remedy} here; of the exceptions agreed ({agreed}) none holds",
            "claim the credit, or show what an agreed exception rests on",
        )
    return found


def damages_due(remedies: Remedies, sought: RemedySought, credits: Money) -> Money:
    """What is due as damages besides the credits for the same breach: less these, unless the
    agreement says otherwise, and never below nothing. Raises SOLE_REMEDY, MIXED_CURRENCIES."""
    admit(remedies, sought)
    asked = sought.money or Money(0, credits.currency)
    if not remedies.set_off or not credits.amount:
        return asked
    if asked.currency != credits.currency:
        raise refuse(
            "MIXED_CURRENCIES",
            f"damages in {asked.currency}, credits in {credits.currency}",
            "convert one of them at a stated rate",
        )
    return Money(max(asked.amount - credits.amount, 0), asked.currency)


def answer(remedies: Remedies, sought: RemedySought, credits: Money | None = None) -> RemedyAnswer:
    """Whether a remedy may be asked for, and what damages then come to. Raises MIXED_CURRENCIES."""
    found = admission(remedies, sought)
    if not (found.admissible and REMEDIES[sought.remedy].financial and sought.money):
        return RemedyAnswer(found)
    nothing = Money(0, sought.money.currency)
    return RemedyAnswer(found, damages_due(remedies, sought, credits or nothing))


def sole_remedy(contract: Contract) -> Iterator[Finding]:
    """What a customer should know before it signs: a sole remedy without any exception."""
    remedies, agreement = contract.provisions.remedies, contract.version.agreement
    if EXCLUSIVITY[remedies.exclusivity].money and not remedies.carve_outs:
        yield Finding(
            "SOLE_REMEDY",
            "info",
            f"{agreement} makes credits the sole remedy, and nothing is carved out: neither wilful "
            "default nor loss of data",
            (agreement,),
            f"agreements[{agreement}].remedies",
        )
