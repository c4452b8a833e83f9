"""Before a level is published: the gate of clean shadow periods, the target that has been met, and
the minutes from which terms are drafted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from orchestrator.errors import refuse
from orchestrator.model.agreements import KINDS, Term
from orchestrator.model.meetings import Meeting, PublishGate
from orchestrator.model.metrics import Metric


def check_gate(gate: PublishGate, breaches: Sequence[int]) -> None:
    """Refuse a draft whose last shadow periods, counted oldest first, were too few or not clean.

    Each entry is the number of breaches that one whole period would have brought.
    """
    last = breaches[-gate.periods :]
    if len(last) < gate.periods:
        raise refuse(
            "GATE_NOT_PASSED",
            f"{len(last)} of {gate.periods} shadow periods are over",
            "wait for the others",
        )
    if sum(last) > gate.breaches:
        raise refuse(
            "GATE_NOT_PASSED",
            f"the last {gate.periods} shadow periods would have brought {sum(last)} breaches, "
            f"{gate.breaches} are allowed",
            "lower the target, or wait for clean periods",
        )


def publishable_target(
    metric: Metric, attained: Sequence[Fraction], periods: int, margin: Fraction
) -> Fraction:
    """The strictest target that was met in all of the last periods, less a margin.

    `attained` is what each period came to, oldest first: a share, or a number of the metric's
    unit. Of a metric of which less is better, the margin is added.
    """
    assert periods > 0, "no periods"
    assert margin >= 0, "a margin is not below nothing"
    last = attained[-periods:]
    if len(last) < periods:
        raise refuse(
            "TOO_FEW_PERIODS",
            f"{len(last)} of {periods} periods are known",
            "wait for the others, or ask for fewer",
        )
    if metric.higher_is_better:
        return max(min(last) - margin, Fraction(0))
    return max(last) + margin


def drafted(meetings: Iterable[Meeting], kind: str) -> tuple[tuple[Term, str], ...]:
    """The terms that meetings resolved upon, each with the minute it comes from, as
    `meeting/resolution`. A later resolution on a term replaces the earlier one.

    Raises NO_QUORUM where terms were proposed and a role that had to be there was not.
    """
    found: dict[str, tuple[Term, str]] = {}
    for meeting in sorted(meetings, key=lambda one: (one.at, one.id)):
        drafts = [(one.id, one.draft) for one in meeting.resolutions if one.draft is not None]
        if drafts and meeting.missing:
            raise refuse(
                "NO_QUORUM",
                f"the meeting {meeting.id!r} was held without {', '.join(meeting.missing)}, so it "
                "cannot propose terms",
                "hold it again with everyone who has to be there",
            )
        for resolution, draft in drafts:
            term = Term(
                draft.id,
                draft.metric,
                draft.target,
                draft.strength or KINDS[kind].strength,
                priority=draft.priority,
                hours=draft.hours,
            )
            found[draft.id] = (term, f"{meeting.id}/{resolution}")
    return tuple(found.values())
