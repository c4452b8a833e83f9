"""Templates, minutes, the publish gate, publishable targets, completeness."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from orchestrator.engine.completeness import missing_sections
from orchestrator.engine.publishing import check_gate, drafted, publishable_target
from orchestrator.engine.templates import compliance, instance, upgrades, use_of
from orchestrator.model.clauses import Clause, Definition, Document
from orchestrator.model.contracts import Contract
from orchestrator.model.duties import Obligation
from orchestrator.model.lapses import Lapse
from orchestrator.model.meetings import Attendee, Meeting, PublishGate, Resolution, TermDraft
from orchestrator.model.metrics import METRICS
from orchestrator.model.schedule import Notice
from orchestrator.model.templates import SECTIONS, Parameter, Slot, Template
from orchestrator.model.values import HOUR
from tests.contracts import at, contract, refused_with, term, within

# Publishing


def test_the_gate_counts_the_last_periods_alone() -> None:
    check_gate(PublishGate(2), (9, 9, 0, 0))
    check_gate(PublishGate(3, breaches=1), (9, 0, 1, 0))
    for breaches in ((), (0,), (0, 1), (1, 0)):
        with refused_with("GATE_NOT_PASSED"):
            check_gate(PublishGate(2), breaches)
    with refused_with("BAD_GATE"):
        PublishGate(0)


def test_the_publishable_target_is_the_minimum_less_the_margin() -> None:
    attained = [Fraction(n, 100) for n in (50, 97, 93, 95)]
    share = METRICS["on_time"]
    assert publishable_target(share, attained, 3, Fraction(0)) == Fraction(93, 100)
    assert publishable_target(share, attained, 3, Fraction(1, 100)) == Fraction(92, 100)
    assert publishable_target(share, attained, 4, Fraction(60, 100)) == 0
    errors = METRICS["error_rate"]
    assert publishable_target(errors, attained, 3, Fraction(1, 100)) == Fraction(98, 100)
    with refused_with("TOO_FEW_PERIODS"):
        publishable_target(share, attained, 5, Fraction(0))


# Minutes

BETTER = TermDraft("fix", "resolution_time", within("0.9", 4), priority="P1")
MEETING = Meeting(
    "slm-7",
    at("2026-02-03T10:00"),
    quorum=("lab-manager", "account-manager"),
    attendees=(Attendee("lab-manager", "shop"), Attendee("account-manager", "us")),
    resolutions=(Resolution("r1", "keep the hours"), Resolution("r2", "faster", BETTER)),
)


def test_each_drafted_term_names_the_minute_it_comes_from() -> None:
    ((drafted_term, minute),) = drafted([MEETING], "SLA")
    assert minute == "slm-7/r2"
    assert drafted_term == term(
        within("0.9", 4), "fix", "resolution_time", priority="P1", strength="credit_backed"
    )
    later = replace(
        MEETING,
        id="slm-8",
        at=at("2026-03-03T10:00"),
        resolutions=(Resolution("r1", "", replace(BETTER, target=within("0.9", 2))),),
    )
    ((final, minute),) = drafted([later, MEETING], "OLA")
    assert (final.target, minute, final.strength) == (within("0.9", 2), "slm-8/r1", "commitment")


@pytest.mark.parametrize("absent", ["lab-manager", "account-manager"])
def test_minutes_without_a_quorum_create_no_terms(absent: str) -> None:
    others = tuple(one for one in MEETING.attendees if one.role != absent)
    with refused_with("NO_QUORUM"):
        drafted([replace(MEETING, attendees=others)], "SLA")
    # the client may come or not, and talk needs no quorum
    talk = replace(MEETING, attendees=(), resolutions=MEETING.resolutions[:1])
    assert drafted([talk], "SLA") == ()


# Templates

GOLD = Template(
    "gold",
    1,
    "SLA",
    (term(), term(within("0.9", 8), "fix", "resolution_time")),
    (
        Parameter("level", "ratio", "99.5%", "99.95%", default="99.9%"),
        Parameter("fix-time", "duration", "2h", "8h"),
        Parameter("desk", "word", words=("office", "24x7"), default="office"),
    ),
    (
        Slot("availability", "target", "level"),
        Slot("fix", "within", "fix-time"),
        Slot("fix", "hours", "desk"),
    ),
    ("levels", "glossary"),
)


def made(given: dict[str, str], template: Template = GOLD) -> Contract:
    return contract(
        "c1",
        *instance(template, given),
        template=use_of(template, given),
        glossary=(Definition("Fix", "it works again"),),
    )


def test_an_instance_has_the_values_given_and_the_defaults() -> None:
    availability, fix = made({"fix-time": "4h"}).version.terms
    assert availability.target == Fraction("0.999")
    assert (fix.target, fix.hours) == (within("0.9", 4), "office")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"fix-time": "1h"}, "PARAMETER_OUT_OF_RANGE"),
        ({"fix-time": "9h"}, "PARAMETER_OUT_OF_RANGE"),
        ({"fix-time": "4h", "level": "99.96%"}, "PARAMETER_OUT_OF_RANGE"),
        ({"fix-time": "4h", "desk": "night"}, "PARAMETER_OUT_OF_RANGE"),
        ({"fix-time": "four"}, "BAD_DURATION"),
        ({}, "MISSING_PARAMETER"),
        ({"fix-time": "4h", "price": "1"}, "UNKNOWN_PARAMETER"),
    ],
)
def test_a_value_outside_the_template_is_rejected(given: dict[str, str], code: str) -> None:
    with refused_with(code):
        instance(GOLD, given)


@pytest.mark.parametrize("ends", ["2h", "8h"])
def test_the_ends_of_a_range_belong_to_it(ends: str) -> None:
    assert instance(GOLD, {"fix-time": ends})[1].target in (within("0.9", 2), within("0.9", 8))


def test_a_template_that_does_not_fit_itself_is_refused() -> None:
    with refused_with("PARAMETER_OUT_OF_RANGE"):
        Parameter("level", "ratio", "99%", "100%", default="98%")
    with refused_with("BAD_SLOT"):
        replace(GOLD, slots=(Slot("fix", "within", "level"),))
    with refused_with("UNKNOWN_REFERENCE"):
        replace(GOLD, slots=(Slot("fixed", "within", "fix-time"),))
    with refused_with("UNKNOWN_REFERENCE"):
        replace(GOLD, slots=(Slot("fix", "within", "fix"),))
    with refused_with("BAD_CHOICE"):
        replace(GOLD, sections=("surprises",))


def test_an_instance_complies_until_it_departs() -> None:
    held = made({"fix-time": "4h"})
    assert not list(compliance(held, GOLD))
    edited = replace(held.version.terms[0], target=Fraction("0.9"))
    changed = replace(held, version=replace(held.version, terms=(edited,)))
    changed = replace(changed, provisions=replace(changed.provisions, glossary=()))
    said = [(one.code, one.message) for one in compliance(changed, GOLD)]
    assert [code for code, _ in said] == ["TEMPLATE_DEVIATION"] * 2 + ["INCOMPLETE"]
    assert said[0][1].endswith("gold has it: target")
    assert said[1][1].endswith("the whole term")
    assert said[2][1].endswith("the glossary")


def test_an_instance_whose_value_the_template_no_longer_allows_departs_from_it() -> None:
    narrower = replace(GOLD, parameters=(Parameter("fix-time", "duration", "6h", "8h"),), slots=())
    (found,) = compliance(made({"fix-time": "4h"}), narrower)
    assert (found.code, found.severity) == ("TEMPLATE_DEVIATION", "error")


def test_a_bulk_upgrade_lists_the_differences_and_changes_nothing() -> None:
    newer = replace(
        GOLD,
        number=2,
        terms=(replace(GOLD.terms[0], exclusions=("customer",)), *GOLD.terms[1:], term(id="extra")),
        parameters=(GOLD.parameters[0], replace(GOLD.parameters[1], high="4h"), GOLD.parameters[2]),
    )
    kept, slow, other = made({"fix-time": "4h"}), made({"fix-time": "8h"}), contract("c3")
    current = made({"fix-time": "3h"}, newer)
    found = upgrades([kept, slow, other, current], newer)
    assert found[0].deltas == (("availability", "exclusions"), ("extra", "added"))
    assert [one.id for one in found[0].terms] == ["availability", "fix", "extra"]
    assert (found[1].refused, found[1].deltas) == ("PARAMETER_OUT_OF_RANGE", ())
    assert len(found) == 2
    own = replace(kept, version=replace(kept.version, terms=(*kept.version.terms, term(id="own"))))
    (upgrade,) = upgrades([own], newer)
    assert [one.id for one in upgrade.terms] == ["availability", "fix", "own", "extra"]
    assert upgrade.deltas == found[0].deltas
    assert kept == made({"fix-time": "4h"})


# Completeness


def test_a_missing_section_is_listed_by_name() -> None:
    bare = contract(covers=())
    assert missing_sections(bare, ("services", "levels", "termination")) == (
        "the services",
        "termination with notice",
    )
    ended = contract(
        clauses=(Clause("t", "termination", text="by notice"),), notice=Notice(Lapse(HOUR))
    )
    assert missing_sections(ended, ("services", "levels", "termination")) == ()
    half = contract(clauses=(Clause("t", "termination", text="by notice"),))
    assert missing_sections(half, ("termination",)) == ("termination with notice",)


def test_a_duty_of_the_provider_is_no_duty_of_the_customer() -> None:
    ours = contract(obligations=(Obligation("x", ("us",), ("shop",)),))
    theirs = contract(obligations=(Obligation("x", ("shop",), ("us",)),))
    assert missing_sections(ours, ("duties",)) == ("duties of the customer",)
    assert missing_sections(theirs, ("duties",)) == ()


def test_a_bare_contract_lacks_all_but_what_it_has() -> None:
    lacking = set(missing_sections(contract(), SECTIONS))
    assert set(SECTIONS.values()) - lacking == {"the services", "service levels"}
    documented = contract(documents=(Document("d", "0" * 64),))
    assert lacking - set(missing_sections(documented, SECTIONS)) == {"documents"}
