"""Answers about remedies and indemnities as JSON."""

from __future__ import annotations

from orchestrator.formats.results import Plain
from orchestrator.model.agreements import Version
from orchestrator.model.breaches import IndemnityClaim, RemedyAnswer, RemedySought


def remedy_json(version: Version, sought: RemedySought, found: RemedyAnswer) -> Plain:
    """Whether a remedy is open, what opened it, and what is then due."""
    return {
        "agreement": version.agreement,
        "version": version.number,
        "remedy": sought.remedy,
        "admissible": found.admission.admissible,
        "excludedBy": found.admission.excluded_by or None,
        "carveOuts": list(found.admission.carve_outs),
        "due": None if found.due is None else str(found.due),
        "currency": None if found.due is None else found.due.currency,
    }


def indemnity_json(claim: IndemnityClaim) -> Plain:
    """What went on under which contract, and who bears what."""
    return {
        "loss": str(claim.loss),
        "currency": claim.loss.currency,
        "steps": [
            {
                "agreement": one.agreement,
                "provider": one.provider,
                "asked": str(one.asked),
                "taken": str(one.taken),
            }
            for one in claim.steps
        ],
        "borneBy": [{"party": party, "amount": str(money)} for party, money in claim.borne],
        "exposed": claim.exposed or None,
        "stoppedBy": claim.stopped or None,
    }
