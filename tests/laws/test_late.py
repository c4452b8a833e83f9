"""Laws of late facts: what they do not touch is not measured again, and the verdict is the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.late import touching, with_late
from orchestrator.engine.settle import settle, settled, settling
from orchestrator.model.estate import Estate
from orchestrator.model.records import Facts, Maintenance, Outage, Sample, Ticket, TicketEvent
from orchestrator.model.values import DAY, HOUR, MINUTE, Span
from tests.laws.build import (
    APRIL,
    START,
    TOP,
    Promise,
    all_of,
    any_of,
    contract,
    estate,
    facts,
    internal,
    law_of,
    outage,
    percent,
    sla,
)
from tests.laws.test_settle import Deal, deals

CHANGES = ("nothing", "added", "withdrawn", "longer", "moved", "excused")


@st.composite
def late(draw: st.DrawFn) -> tuple[Deal, Facts]:
    """A settled deal and its facts with some that came late, were withdrawn or corrected."""
    deal = draw(deals())
    services = sorted(deal.estate.services)
    known = {one.id: one for one in deal.facts.outages}
    planned: tuple[Maintenance, ...] = ()
    for number in range(draw(st.integers(1, 3))):
        change = draw(st.sampled_from(CHANGES))
        one = draw(st.sampled_from(sorted(known))) if known else ""
        if change == "added" or not one:
            begin = START + draw(st.integers(-48, 700)) * HOUR
            span = Span(begin, begin + draw(st.integers(1, 600)) * MINUTE)
            id = f"late-{number}"
            known[id] = Outage(id, draw(st.sampled_from(services)), span)
        elif change == "withdrawn":
            del known[one]
        elif change == "longer":
            span = known[one].span
            known[one] = replace(known[one], span=Span(span.start, span.end + HOUR))
        elif change == "moved":
            known[one] = replace(known[one], service=draw(st.sampled_from(services)))
        elif change == "excused":
            planned = (Maintenance("m-1", known[one].service, known[one].span, START - 9 * DAY),)
    return deal, facts(known.values(), maintenance=planned)


@law_of(120)
@given(late())
def test_what_late_facts_do_not_touch_is_kept_and_the_verdict_is_that_of_all_anew(
    case: tuple[Deal, Facts],
) -> None:
    deal, corrected = case
    before = settling(deal.estate, deal.facts, APRIL)
    assert settled(before) == settle(deal.estate, deal.facts, APRIL)
    after = with_late(before, corrected)
    assert settled(after) == settle(deal.estate, corrected, APRIL)


def two_halves() -> Estate:
    """Two services that share nothing, each sold, one with a team between."""
    structure = {TOP: all_of("middle"), "middle": any_of("a", "b"), "other": all_of("c")}
    agreements = [
        sla(Promise(percent("99.9"))),
        sla(Promise(percent("99.9")), ["other"], "sla-other"),
        internal("middle", Promise(percent("99.9"))),
        *(contract(one, Promise(percent("99.9"))) for one in "abc"),
    ]
    return estate(structure, agreements, owned=["middle"])


def test_an_outage_touches_the_agreements_above_it_alone() -> None:
    subject = two_halves()
    before = settling(subject, facts([outage("a", 0, 9000), outage("c", 0, 9000)]), APRIL)
    settled(before)
    assert len(before.measurements.known) == 6
    after = with_late(before, facts([outage("a", 0, 9000), outage("c", 0, 9001)]))
    assert len(after.measurements.known) == 4
    assert touching(subject, [outage("a", 0, 1)]) == {"a", "middle", TOP}


def test_a_ticket_touches_what_lies_beneath_as_well() -> None:
    ticket = Ticket("t-1", "middle", START, "P1", (TicketEvent(START + HOUR, "resolve"),))
    assert touching(two_halves(), [ticket]) == {"a", "b", "middle", TOP}
    sample = Sample("s-1", "c", "error_rate", START, percent("1"))
    assert touching(two_halves(), [sample]) == {"c", "other"}
