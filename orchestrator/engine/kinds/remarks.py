"""What a derivation along a flow or over other kinds of commitment makes a reader notice."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from orchestrator.engine.findings import NAMED, place
from orchestrator.engine.kinds.judging import Judged
from orchestrator.engine.kinds.resting import Part, Resting
from orchestrator.engine.subjects import Subject
from orchestrator.model.agreements import UNDERPINNING
from orchestrator.model.derivations import SHORTFALL, UNCOMMITTED
from orchestrator.model.metrics import METRICS, Target, target_text
from orchestrator.model.records import Finding

TRIED: Final = 32
"""Of so many parts each is tried for whether more from it would help; of more none is."""

LACKING: Final[dict[str, str]] = {
    "NO_FLOW": "is measured along a flow of work, and the service declares none for it, so it "
    "rests on nothing",
    "UNATTRIBUTABLE": "follows from others only as far as a contribution of each is declared: a "
    "flow of shares of it; without one nothing can be derived or traced",
}
"""Why nothing can be said, by code."""


def nothing_said(subject: Subject, code: str) -> Finding:
    """Neither a flow nor the dependency graph says how this kind of commitment comes about."""
    key = subject.key
    return Finding(
        code,
        "info",
        f"{key.agreement}/{key.term} on {key.service} {LACKING[code]}",
        (key.agreement, key.term),
        place(key),
    )


def remarks(
    subject: Subject, rest: Resting, judged: Judged, status: str, helps: Callable[[str], bool]
) -> tuple[Finding, ...]:
    """All findings of one derivation, most severe first. `helps` tells whether more from a part
    would bring what is promised nearer."""
    return (
        *_uncommitted(subject, rest, status),
        *(_shortfall(subject, rest, judged, helps) if status == SHORTFALL else ()),
        *(_cut_short(subject, judged) if judged.cut_short else ()),
        *(_redundancy(subject, rest) if status == SHORTFALL and judged.likely else ()),
        *_duplicates(subject, rest),
    )


def _named(names: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    known = set(names)
    first = tuple(heapq.nsmallest(NAMED, known))
    more = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
    return ", ".join(first) + more, first


def _words(subject: Subject) -> str:
    return subject.term.metric.replace("_", " ")


def _uncommitted(subject: Subject, rest: Resting, status: str) -> Iterator[Finding]:
    parts = [part for part in rest.parts if not part.committed]
    if parts:
        text, subjects = _named(part.name for part in parts)
        goals = any(c.term.strength not in UNDERPINNING for part in parts for c in part.commitments)
        aside = " (best efforts and goals do not count)" if goals else ""
        yield Finding(
            "UNCOMMITTED",
            "error" if status == UNCOMMITTED else "warning",
            f"nobody has committed to the {_words(subject)} of {text}{aside}",
            subjects,
            place(subject.key),
        )


def _shortfall(
    subject: Subject, rest: Resting, judged: Judged, helps: Callable[[str], bool]
) -> Iterator[Finding]:
    tried = rest.parts if len(rest.parts) <= TRIED and not judged.cut_short else ()
    helpful = [part for part in tried if helps(part.name)]
    open_to_talks = [part for part in helpful if _is_negotiable(part)]
    text, subjects = _named(part.name for part in open_to_talks or helpful)
    advice = ""
    if open_to_talks:
        advice = f"; renegotiate {text}"
    elif helpful:
        advice = f"; {text} would have to promise more, and none of it is negotiable"
    yield Finding(
        "SHORTFALL",
        "error",
        f"{subject.key.agreement} promises {_text(subject, subject.term.target)} and what lies "
        f"beneath guarantees {_text(subject, judged.floor)}{advice}",
        subjects,
        place(subject.key),
    )


def _cut_short(subject: Subject, judged: Judged) -> Iterator[Finding]:
    key = subject.key
    found = "more may be kept than is shown" if judged.floor else "nothing is known of it"
    yield Finding(
        "FLOW_CUT_SHORT",
        "warning",
        f"{key.agreement}/{key.term} on {key.service} goes along a flow with more ways to keep it "
        f"than are looked at: {found}; a shorter flow, or one step for several, says more",
        (key.agreement, key.term),
        place(key),
    )


def _redundancy(subject: Subject, rest: Resting) -> Iterator[Finding]:
    for group in dict.fromkeys(rest.redundant() if rest.redundant else ()):
        text, subjects = _named(group)
        yield Finding(
            "REDUNDANCY_NOT_PROMISED",
            "warning",
            f"{text}: redundancy across separate contracts lifts the estimate, not what is "
            "guaranteed; only one party's commitment on the group does",
            subjects,
            place(subject.key),
        )


def _is_negotiable(part: Part) -> bool:
    return any(c.version.negotiability == "negotiable" for c in part.commitments)


def _text(subject: Subject, target: Target | None) -> str:
    return "nothing" if target is None else target_text(METRICS[subject.term.metric], target)


def _duplicates(subject: Subject, rest: Resting) -> Iterator[Finding]:
    found: dict[tuple[str, ...], list[str]] = {}
    for part in rest.parts:
        names = sorted({c.key.agreement for c in part.commitments})
        if len(names) > 1:
            found.setdefault(tuple(names), []).append(part.name)
    for agreements, parts in found.items():
        text, subjects = _named(parts)
        yield Finding(
            "DUPLICATE",
            "info",
            f"promised more than once ({', '.join(agreements)}): {text}; all of it is kept, so the "
            "better counts",
            subjects,
            place(subject.key),
        )
