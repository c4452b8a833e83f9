"""Hypothesis strategies of all that an agreement holds besides its terms."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from hypothesis import strategies as st

from orchestrator.model.boundaries import ASSUMPTION_EFFECTS, Assumption, Demarcation, Handoff
from orchestrator.model.breaches import BREACH_CLASSES, CARVE_OUTS, EXCLUSIVITY, Remedies
from orchestrator.model.clauses import CLAUSE_KINDS, Clause, Definition, Document
from orchestrator.model.duties import EFFECTS, Obligation
from orchestrator.model.lapses import Lapse
from orchestrator.model.meetings import (
    Argument,
    Attendee,
    Goal,
    Meeting,
    Override,
    PublishGate,
    Resolution,
    TemplateUse,
    TermDraft,
)
from orchestrator.model.priorities import PriorityMatrix, SeverityMapping, SeverityPair
from orchestrator.model.provisions import Provisions
from orchestrator.model.schedule import EscalationLevel, Notice, Renewal, Review
from orchestrator.model.scopes import AGREEMENT_SCOPES
from orchestrator.model.values import ALWAYS, DAY, MINUTE, Instant, Money, Span

_IDS = st.sampled_from(("a", "b", "c-1"))
_RULES = st.sampled_from(("FREQ=MONTHLY;BYDAY=1TU", "FREQ=WEEKLY;INTERVAL=2", "FREQ=YEARLY"))
_MATRIX = PriorityMatrix(
    ("high", "low"), ("now", "later"), ("P1", "P2", "3"), (("P1", "P2"), ("P2", "3"))
)

lapses = st.one_of(
    st.integers(0, 10_000).map(lambda minutes: Lapse(minutes * MINUTE)),
    st.integers(1, 20).map(lambda days: Lapse(business_days=days)),
    st.integers(1, 40).map(lambda months: Lapse(months=months)),
)
_TERMS = st.one_of(
    st.integers(1, 400).map(lambda days: Lapse(days * DAY)),
    st.integers(1, 40).map(lambda months: Lapse(months=months)),
)


def _few(items: st.SearchStrategy[Any], key: str = "") -> st.SearchStrategy[tuple[Any, ...]]:
    """None to two of some things, no two of one key."""
    unique = (lambda one: getattr(one, key)) if key else None
    return st.lists(items, max_size=2, unique_by=unique).map(tuple)


@st.composite
def provisions(
    draw: st.DrawFn,
    parties: Sequence[str],
    services: Sequence[str],
    hours: st.SearchStrategy[str],
    texts: st.SearchStrategy[str],
    instants: st.SearchStrategy[Instant],
) -> Provisions:
    """What two parties may agree upon over some services: seldom everything at once."""
    kinds = _kinds(tuple(parties), tuple(services), hours, texts, instants)
    held = draw(_held(tuple(sorted(kinds))))
    return Provisions(**{name: draw(kinds[name]) for name in held})


@cache
def _held(kinds: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(kinds), max_size=3, unique=True)


@cache
def _kinds(
    parties: tuple[str, ...],
    services: tuple[str, ...],
    hours: st.SearchStrategy[str],
    texts: st.SearchStrategy[str],
    instants: st.SearchStrategy[Instant],
) -> dict[str, st.SearchStrategy[Any]]:
    one, other = parties
    party, service = st.sampled_from(parties), st.sampled_from(services)
    sides = st.sampled_from((((one,), (other,)), ((other,), (one,))))
    resolutions = st.builds(
        Resolution,
        _IDS,
        texts,
        st.none()
        | st.builds(
            TermDraft, _IDS, st.just("availability"), st.just(Fraction(9, 10)), hours=hours
        ),
    )
    return {
        "scope": st.sampled_from(sorted(AGREEMENT_SCOPES)),
        "tighten_only": st.booleans(),
        "obligations": _few(
            st.builds(
                lambda id, ends, *rest: Obligation(id, *ends, *rest),
                *(_IDS, sides, texts, texts, lapses, hours, st.sampled_from(sorted(EFFECTS))),
                st.booleans(),
            ),
            "id",
        ),
        "priorities": st.none() | st.just(_MATRIX),
        "severities": _few(
            st.builds(
                SeverityMapping, party, st.just((SeverityPair("1", "P1"), SeverityPair("2", "3")))
            ),
            "party",
        ),
        "demarcation": _few(
            st.builds(
                lambda near, far, point, end: Demarcation(near, far, point, one, other, end),
                *(service, service, texts, party),
            )
        ),
        "assumptions": _few(
            st.builds(
                Assumption,
                *(_IDS, texts, party),
                st.just(ALWAYS) | instants.map(Span),
                st.sampled_from(ASSUMPTION_EFFECTS),
            ),
            "id",
        ),
        "handoffs": _few(
            st.builds(Handoff, _IDS, st.just(one), st.just(other), lapses, hours, _few(texts)), "id"
        ),
        "clauses": _few(
            st.builds(
                Clause,
                *(_IDS, st.sampled_from(sorted(CLAUSE_KINDS)), texts.filter(bool), texts),
                st.sampled_from(("", "general")),
                within=lapses,
                amount=st.none() | st.just(Money(500, "JPY")),
            ),
            "id",
        ),
        "documents": _few(st.builds(Document, _IDS, st.just("0f" * 32), texts, texts), "id"),
        "glossary": _few(st.builds(Definition, texts, texts), "term"),
        "notice": st.none() | st.builds(Notice, lapses, hours, texts),
        "renewal": st.none() | st.builds(Renewal, _TERMS, _TERMS, st.booleans(), st.integers(0, 9)),
        "reviews": _few(
            st.builds(Review, _IDS, _RULES, instants, texts, lapses, lapses, _few(party)), "id"
        ),
        "escalation": _few(st.builds(EscalationLevel, party, lapses, hours, texts, texts)),
        "meetings": _few(
            st.builds(
                Meeting,
                *(_IDS, instants, _few(texts), _few(st.builds(Attendee, texts, party, texts))),
                *(_few(texts), _few(resolutions, "id")),
            ),
            "id",
        ),
        "goals": _few(st.just(Goal("availability", Fraction(1, 2)))),
        "gate": st.none() | st.builds(PublishGate, st.integers(1, 9), st.integers(0, 9)),
        "overrides": _few(
            st.builds(Override, _IDS, texts, instants, texts.filter(lambda one: one.strip()))
        ),
        "template": st.none()
        | st.builds(TemplateUse, _IDS, st.integers(1, 9), _few(st.builds(Argument, _IDS, texts))),
        "agreed": st.none() | instants.map(Span),
        "continues": st.integers(0, 3),
        "remedies": st.builds(
            Remedies,
            st.sampled_from(sorted(EXCLUSIVITY)),
            st.lists(st.sampled_from(CARVE_OUTS), unique=True, max_size=3).map(tuple),
            st.sampled_from(BREACH_CLASSES),
            st.booleans(),
        ),
    }
