"""Late facts of every kind against estates of many levels: what they do not touch is kept, and the
verdict is that of settling all of it anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.late import touching, with_late
from orchestrator.engine.settle import settle, settled, settling
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.estate import Estate
from orchestrator.model.flows import Branch, Flow, OneOfBranches, Stage
from orchestrator.model.metrics import Within
from orchestrator.model.records import Fact, Sample, Ticket, TicketEvent, TicketOwner
from orchestrator.model.services import Service
from orchestrator.model.values import DAWN, HOUR, Span
from tests.laws.build import APRIL, START, TOP, all_of, breached, estate, law_of, outage
from tests.laws.varied import SERVICES, by_kind, estates, facts_about, kinds_for, renamed

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
"""An estate that fails is long to read, but has to be shown."""


@dataclass(frozen=True)
class Late:
    """An estate, and what was known of it at first and after each time that facts came late, were
    withdrawn or corrected."""

    estate: Estate
    known: tuple[tuple[Fact, ...], ...]


@st.composite
def late(draw: st.DrawFn) -> Late:
    estate = draw(_ESTATES)
    kinds = kinds_for(estate)
    facts = dict(enumerate(draw(facts_about(estate))))
    known = [tuple(facts.values())]
    for number in range(100, 100 + draw(_FEW)):
        for again in range(draw(_FEW)):
            change = draw(_CHANGES)
            one = draw(st.sampled_from(sorted(facts))) if facts else None
            if change == "added" or one is None:
                id = 10 * number + again
                facts[id] = renamed(draw(draw(st.sampled_from(kinds))), id)
            elif change == "withdrawn":
                del facts[one]
            elif change == "moved":
                facts[one] = replace(facts[one], service=draw(_SERVICES))
            elif change == "corrected":
                facts[one] = renamed(draw(draw(st.sampled_from(kinds))), one)
        known.append(tuple(facts.values()))
    return Late(estate, tuple(known))


_ESTATES = estates()
_FEW = st.integers(1, 2)
_CHANGES = st.sampled_from(("added", "withdrawn", "moved", "corrected"))
_SERVICES = st.sampled_from(SERVICES)
CASES = late()


def is_settled_as_anew(case: Late) -> None:
    first, *later = map(by_kind, case.known)
    found_out = settling(case.estate, first, APRIL)
    assert settled(found_out) == settle(case.estate, first, APRIL)
    for facts in later:
        found_out = with_late(found_out, facts)
        assert settled(found_out) == settle(case.estate, facts, APRIL)


@law_of(5)
@given(CASES)
def test_late_facts_of_any_kind_end_in_the_verdict_of_all_anew(case: Late) -> None:
    is_settled_as_anew(case)


@pytest.mark.long
@law_of(3000)
@given(CASES)
def test_thousands_of_late_facts_end_in_the_verdict_of_all_anew(case: Late) -> None:
    is_settled_as_anew(case)


# --- what a trace rests on besides its own facts --------------------------------------------------

SCORE = Term("t", "satisfaction", Fraction(4), "credit_backed")
RESOLVED = Term("t", "resolution_time", Within(Fraction(1), HOUR), "credit_backed")
UP = Term("t", "availability", Fraction(999, 1000), "credit_backed")


def agreed(id: str, parties: tuple[str, str], services: Sequence[str], term: Term) -> Version:
    kind = "UC" if parties[1] == "us" else "SLA"
    covers = tuple(Cover(service, "whole") for service in services)
    return Version(id, 1, kind, *parties, covers, (term,), jointly=len(services) > 1)


def resolved_late(id: str, service: str, *held: tuple[str, int]) -> Ticket:
    """Open for nine hours, held by one after the other, each from an hour on."""
    marks = [*(since for _, since in held), 9]
    owners = tuple(
        TicketOwner(party, Span(START + since * HOUR, START + end * HOUR))
        for (party, since), end in zip(held, marks[1:], strict=True)
    )
    return Ticket(
        id, service, START, events=(TicketEvent(START + 9 * HOUR, "resolve"),), owners=owners
    )


def scored(id: str, service: str) -> Sample:
    return Sample(id, service, "satisfaction", START + HOUR, Fraction(1))


TWO = {TOP: all_of("a"), "other": all_of("b")}
JOINTLY = estate(
    TWO,
    [
        agreed("sla", ("us", "customer"), [TOP], replace(UP, target=Fraction(9999, 10_000))),
        agreed("uc", ("maker-a", "us"), ["a", "b"], UP),
    ],
)
SIDEWAYS = estate(
    {TOP: all_of("a"), "other": all_of("a")},
    [
        agreed("sla", ("us", "customer"), [TOP], RESOLVED),
        agreed("sla-other", ("us", "customer"), ["other"], UP),
        agreed("uc", ("maker-a", "us"), ["a"], RESOLVED),
    ],
)
BY_THE_OTHER = Flow("satisfaction", OneOfBranches((Branch(Fraction(1), Stage("uc")),)))
MODELLED = estate(
    TWO,
    [
        agreed("sla", ("us", "customer"), [TOP], SCORE),
        agreed("uc", ("maker-b", "us"), ["b"], SCORE),
    ],
).edit(DAWN, [Service(TOP, requires=TWO[TOP], flows=(BY_THE_OTHER,))])


@pytest.mark.parametrize(
    ("subject", "known", "late"),
    [
        # A contract for two services together is missed by what happens to the other one.
        (JOINTLY, outage("a", 0, 300), outage("b", 90_000, 99_000)),
        # The supplier is late with a ticket of another service that rests on the same.
        (
            SIDEWAYS,
            resolved_late("t-1", TOP, ("us", 0), ("maker-a", 8)),
            resolved_late("t-2", "other", ("maker-a", 0)),
        ),
        # The contract that a flow names is on something that the service does not rest on.
        (MODELLED, scored("s-1", TOP), scored("s-2", "b")),
    ],
)
def test_a_trace_is_found_anew_where_an_answer_changes_that_no_fact_of_its_own_touches(
    subject: Estate, known: Fact, late: Fact
) -> None:
    before = settling(subject, by_kind([known]), APRIL)
    assert breached(settled(before)).responsibility[-1].basis == "STRUCTURAL_GAP"
    assert TOP not in touching(subject, [late])
    facts = by_kind([known, late])
    found = settled(with_late(before, facts))
    assert found == settle(subject, facts, APRIL)
    assert breached(found).responsibility[-1].basis == "BREACHED_COMMITMENT"
