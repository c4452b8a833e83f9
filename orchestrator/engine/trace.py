"""From a breach to the parties that contributed, and to those that answer for it (rules 7, 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from orchestrator.engine.levels import End, ends, once_each
from orchestrator.engine.measure import Measured
from orchestrator.engine.promises import policies_of
from orchestrator.engine.upstream import BREACHED_COMMITMENT, Upstream
from orchestrator.model.records import Bearer, Breach, Responsibility
from orchestrator.model.values import SECOND

ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Cause:
    """What one leaf contributed on one basis: microseconds, shared and weighed.

    `answers` is the measurement of the agreement that answers to the provider for it, if one does;
    each of its periods is a cause of its own. What is not `timed` is a bare weight, and no time.
    `through`, `bearer` and `passed_up` are those of `levels.End`.
    """

    party: str
    leaf: str
    basis: str
    agreement: str
    duration: Fraction
    evidence: tuple[str, ...]
    answers: Measured | None
    internal: bool
    timed: bool = True
    through: tuple[str, ...] = ()
    bearer: str = ""
    passed_up: bool = False

    @property
    def liable(self) -> bool:
        """Whether the contributor missed what it had committed to."""
        return self.basis == BREACHED_COMMITMENT

    @property
    def answered(self) -> bool:
        """Whether `answers` was missed, by the contributor or by one of ours above it."""
        return self.liable or self.passed_up


@dataclass
class _Sum:
    first: End
    duration: Fraction
    evidence: set[str] = field(default_factory=set)


def causes(measured: Measured, upstream: Upstream) -> tuple[Cause, ...]:
    """Who contributed to a term's counted downtime, and why they answer for it or not.

    Sorted by party, service, agreement and basis. Who answers for all of it does so once.
    """
    found = ends(measured, upstream)
    if policies_of(measured.subject.term).shares == "joint_and_several":
        found = once_each(found)
    sums: dict[tuple[object, ...], _Sum] = {}
    for end in found:
        key = _alike(end)
        if (entry := sums.get(key)) is None:
            entry = sums[key] = _Sum(end, end.duration)
        else:
            entry.duration += end.duration
        entry.evidence |= end.evidence
    return tuple(
        Cause(
            entry.first.party,
            entry.first.leaf,
            entry.first.basis,
            entry.first.agreement,
            entry.duration,
            tuple(sorted(entry.evidence)),
            entry.first.answers,
            entry.first.internal,
            through=entry.first.through,
            bearer=entry.first.bearer,
            passed_up=entry.first.passed_up,
        )
        for _, entry in sorted(sums.items(), key=lambda item: item[0])
    )


def _alike(end: End) -> tuple[object, ...]:
    """What contributions are told apart by, in their order."""
    period = end.answers.assessment.period.start if end.answers else 0
    return (
        end.party,
        end.leaf,
        end.agreement,
        end.basis,
        end.internal,
        end.through,
        end.bearer,
        end.passed_up,
        period,
    )


def breach(measured: Measured, found: Sequence[Cause]) -> Breach:
    """The breach with responsibility (contribution) and where it ends (liability)."""
    # Of what is measured by cases each part is borne once, whatever the policy.
    cases = sum((cause.duration for cause in found), ZERO)
    counted = measured.downtime if measured.tally is None else cases
    alike: dict[tuple[object, ...], list[Cause]] = {}
    borne: dict[tuple[str, str], Fraction] = {}
    provider = measured.subject.version.provider
    for cause in found:
        key = (cause.party, cause.leaf, cause.agreement, cause.basis, cause.internal, cause.through)
        alike.setdefault(key, []).append(cause)
        bearer = (cause.party, "") if cause.liable else (cause.bearer or provider, cause.basis)
        share = cause.duration / counted
        borne[bearer] = borne[bearer] + share if bearer in borne else share
    responsibility = (_responsibility(together, counted) for together in alike.values())
    return Breach(
        measured.assessment.key,
        measured.assessment.period,
        policies_of(measured.subject.term).shares,
        tuple(sorted(responsibility, key=lambda r: (-r.share, r.party, r.service, r.basis))),
        tuple(
            Bearer(party, share, basis)
            for (party, basis), share in sorted(
                borne.items(), key=lambda item: (item[0][1] != "", -item[1], item[0])
            )
        ),
    )


def _responsibility(alike: Sequence[Cause], counted: Fraction) -> Responsibility:
    """What a component contributed, whatever the period that it is answered for in."""
    one = alike[0]
    duration = sum((cause.duration for cause in alike[1:]), one.duration)
    return Responsibility(
        one.party,
        one.leaf,
        duration / SECOND if one.timed else ZERO,
        duration / counted,
        one.liable,
        one.basis,
        one.agreement,
        tuple(sorted({id for cause in alike for id in cause.evidence})),
        one.through,
    )
