"""Scorecards from what was concluded: nothing is measured again, and every sum is one of booked
credits and exposures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any, Final

from orchestrator.engine.claimed import ClaimKey, claimable
from orchestrator.engine.exposure import sold_at_home
from orchestrator.errors import refuse
from orchestrator.model.agreements import Version
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.ledger import Restatement
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import (
    Assessment,
    Breach,
    Credit,
    Exposure,
    Reward,
    TermKey,
    Verdict,
)
from orchestrator.model.scorecards import (
    CARDS,
    Score,
    Scorecard,
    ScoreLine,
    ScorePeriod,
    Sums,
)
from orchestrator.model.values import Money, Span

Subject = Callable[[Snapshot, Version, TermKey], str]


def _supplier(snapshot: Snapshot, version: Version, _: TermKey) -> str:
    return snapshot.entity(version.provider) if claimable(snapshot, version) else ""


def _team(snapshot: Snapshot, version: Version, _: TermKey) -> str:
    party = snapshot.parties.get(version.provider)
    return party.id if party is not None and party.kind == "team" else ""


def _customer(snapshot: Snapshot, version: Version, _: TermKey) -> str:
    return snapshot.entity(version.customer) if sold_at_home(snapshot, version) else ""


SUBJECTS: Final[dict[str, Subject]] = {
    "supplier": _supplier,
    "team": _team,
    "customer": _customer,
    "service": lambda _snapshot, _version, key: key.service,
}
"""In which row of a card a result stands; "" for none. A new card is a row here."""
assert tuple(SUBJECTS) == CARDS


def scorecard(
    estate: Estate,
    verdict: Verdict,
    by: str,
    lost: Mapping[ClaimKey, Money] | None = None,
    waiting: Iterable[Restatement] = (),
) -> Scorecard:
    """How each supplier, team, customer or service did, sorted by its id. A result stands in one
    row of a card or in none. `lost` is how much of which credit is not to be had any more
    (`engine.claimed.lost`), `waiting` what of the verdict waits for leave to be booked. Raises
    BAD_CHOICE."""
    gone = lost or {}
    if by not in SUBJECTS:
        raise refuse("BAD_CHOICE", f"{by!r} is no scorecard", f"use one of {', '.join(SUBJECTS)}")
    versions = {(id, one.number): one for id, held in estate.agreements.items() for one in held}

    def placed(results: Iterable[Any]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for one in results:
            version = versions[one.key.agreement, one.key.version]
            subject = SUBJECTS[by](estate.at(one.period.start), version, one.key)
            if subject:
                found.setdefault(subject, []).append(one)
        return found

    owing = [
        replace(
            one, money=one.money - gone.get((one.key, one.period), Money(0, one.money.currency))
        )
        for one in verdict.credits
        if claimable(estate.at(one.period.start), versions[one.key.agreement, one.key.version])
    ]
    placed_at = {
        "assessments": placed(verdict.assessments),
        "breaches": placed(verdict.breaches),
        "exposures": placed(verdict.exposures),
        "credits": placed(owing),
        "rewards": placed(verdict.rewards),
    }
    subjects = sorted({subject for rows in placed_at.values() for subject in rows})

    def ours(reward: Reward) -> bool:
        version = versions[reward.key.agreement, reward.key.version]
        return claimable(estate.at(reward.period.start), version)

    scores = tuple(
        _score(
            subject,
            _row({part: rows.get(subject, ()) for part, rows in placed_at.items()}),
            ours,
        )
        for subject in subjects
    )
    together = [one for score in scores for one in score.sums]

    def stands(one: Restatement) -> bool:
        term = one.key.term
        version = versions.get((term.agreement, term.version))
        snapshot = estate.at(one.key.period.start)
        return version is not None and bool(SUBJECTS[by](snapshot, version, term))

    return Scorecard(by, scores, _added(together), tuple(filter(stands, waiting)))


@dataclass(frozen=True, slots=True)
class _Row:
    """What stands in one row of a card."""

    assessments: tuple[Assessment, ...]
    breaches: tuple[Breach, ...]
    exposures: tuple[Exposure, ...]
    credits: tuple[Credit, ...]
    rewards: tuple[Reward, ...]

    @property
    def by_period(self) -> list[tuple[Span, _Row]]:
        """What of it is of each of its periods, by their ends."""
        found: dict[Span, dict[str, list[Any]]] = {}
        for part in fields(self):
            for one in getattr(self, part.name):
                found.setdefault(one.period, {}).setdefault(part.name, []).append(one)
        return [
            (span, _row(found[span]))
            for span in sorted(found, key=lambda one: (one.end, one.start))
        ]


def _row(placed: Mapping[str, Sequence[Any]]) -> _Row:
    return _Row(*(tuple(placed.get(part.name, ())) for part in fields(_Row)))


def _score(subject: str, row: _Row, granting: Callable[[Reward], bool]) -> Score:
    lines: dict[tuple[str, ...], list[Assessment]] = {}
    for one in row.assessments:
        key = one.key.agreement, one.key.term, one.key.service
        lines.setdefault(key, []).append(one)
    return Score(
        subject,
        len(row.assessments),
        _count(row.assessments, "MET"),
        _count(row.assessments, "BREACHED"),
        len(row.breaches),
        _trend(row.assessments),
        min((left for one in row.assessments if (left := _left(one)) is not None), default=None),
        _sums(row, granting),
        tuple(_line(lines[key]) for key in sorted(lines)),
        tuple(
            ScorePeriod(
                span,
                _count(within.assessments, "MET"),
                _count(within.assessments, "BREACHED"),
                len(within.breaches),
                _sums(within, granting),
            )
            for span, within in row.by_period
        ),
    )


def _count(assessments: Iterable[Assessment], status: str) -> int:
    return sum(one.status == status for one in assessments)


def _beyond(one: Assessment) -> Fraction | None:
    """What was attained beyond the target; more is better."""
    if one.attained is None:
        return None
    return (one.attained - one.target) * _sign(one)


def _sign(one: Assessment) -> int:
    metric = METRICS[one.metric]
    # Of times what is attained is the share that kept them.
    return 1 if metric.higher_is_better or metric.carrier == "within" else -1


def _left(one: Assessment) -> Fraction | None:
    """The part of what a ratio allows to be missing that is left."""
    beyond = _beyond(one)
    if beyond is None or METRICS[one.metric].carrier != "ratio" or one.target == 1:
        return None
    return beyond / (1 - one.target)


def _line(assessments: Sequence[Assessment]) -> ScoreLine:
    ordered = sorted(assessments, key=lambda one: (one.period.end, one.key.version))
    last = ordered[-1]
    beyond = [found for one in ordered if (found := _beyond(one)) is not None]
    attained = [one.attained for one in ordered[-2:] if one.attained is not None]
    trend = (attained[1] - attained[0]) * _sign(last) if len(attained) > 1 else None
    return ScoreLine(
        last.key.agreement,
        last.key.term,
        last.key.service,
        last.metric,
        last.period,
        last.target,
        last.attained,
        last.status,
        len(ordered),
        _count(ordered, "MET"),
        _count(ordered, "BREACHED"),
        min(beyond, default=None),
        trend,
    )


def _trend(assessments: Sequence[Assessment]) -> Fraction | None:
    """The share met in the later half of the periods, by their ends, less that in the earlier."""
    ends = sorted({one.period.end for one in assessments})
    middle = ends[len(ends) // 2] if len(ends) > 1 else None
    if middle is None:
        return None
    earlier, later = (
        _share([one for one in assessments if (one.period.end >= middle) == late])
        for late in (False, True)
    )
    return None if earlier is None or later is None else later - earlier


def _share(assessments: Sequence[Assessment]) -> Fraction | None:
    met, breached = _count(assessments, "MET"), _count(assessments, "BREACHED")
    return Fraction(met, met + breached) if met + breached else None


def _sums(row: _Row, granting: Callable[[Reward], bool]) -> tuple[Sums, ...]:
    parts = [Sums(one.currency, one.owed, one.recovered) for one in row.exposures]
    parts += [Sums(one.money.currency, receivable=one.money.amount) for one in row.credits]
    for reward in row.rewards:
        name = "granted" if granting(reward) else "earned"
        parts.append(Sums(reward.money.currency, **{name: reward.money.amount}))
    return _added(parts)


_AMOUNTS: Final = ("owed", "recovered", "receivable", "earned", "granted")


def _added(parts: Iterable[Sums]) -> tuple[Sums, ...]:
    """Sums of each currency, by its code; a currency in which nothing is due is left out."""
    found: dict[str, list[Sums]] = {}
    for one in parts:
        found.setdefault(one.currency, []).append(one)
    added = (
        Sums(code, *(sum(getattr(one, name) for one in found[code]) for name in _AMOUNTS))
        for code in sorted(found)
    )
    return tuple(one for one in added if any(getattr(one, name) for name in _AMOUNTS))


def due_in(verdict: Verdict) -> dict[ClaimKey, Credit]:
    """The credits of a verdict by what a claim for each is known by."""
    return {(one.key, one.period): one for one in verdict.credits}


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Several verdicts as one, the last that assessed a term's period being the one that counts; of
    what is earned, that in which it came to be so."""
    said = {
        (*_term_of(one.key), one.period.start): number
        for number, verdict in enumerate(verdicts)
        for one in verdict.assessments
    }

    def standing(part: str) -> tuple[Any, ...]:
        return tuple(
            one
            for number, verdict in enumerate(verdicts)
            for one in getattr(verdict, part)
            if said.get((*_term_of(one.key), getattr(one, "earned", one.period).start)) == number
        )

    parts = ("assessments", "breaches", "credits", "exposures", "rewards")
    return Verdict(**{part: standing(part) for part in parts})


def _term_of(key: TermKey) -> tuple[str, str, str]:
    """A term, whatever the version: a credit may be earned back under a later one."""
    return key.agreement, key.term, key.service
