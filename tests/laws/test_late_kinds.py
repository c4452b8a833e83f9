"""Late facts of every kind against estates of many levels: what they do not touch is kept, and the
verdict is that of settling all of it anew."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.late import with_late
from orchestrator.engine.settle import settle, settled, settling
from orchestrator.model.estate import Estate
from orchestrator.model.records import Fact
from tests.laws.build import APRIL, law_of
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


@law_of(8)
@given(CASES)
def test_late_facts_of_any_kind_end_in_the_verdict_of_all_anew(case: Late) -> None:
    is_settled_as_anew(case)


@pytest.mark.long
@law_of(3000)
@given(CASES)
def test_thousands_of_late_facts_end_in_the_verdict_of_all_anew(case: Late) -> None:
    is_settled_as_anew(case)
