"""The deadlines of a whole estate, and calendars held against one another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from orchestrator.engine.agenda import agenda
from orchestrator.engine.containment import missing_time
from orchestrator.engine.lint import lint
from orchestrator.model.agreements import Claims, Version
from orchestrator.model.calendars import Calendar, Holidays
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.lapses import Lapse
from orchestrator.model.parties import Party
from orchestrator.model.priorities import SeverityMapping, SeverityPair
from orchestrator.model.records import Assessment, Maintenance, TermKey
from orchestrator.model.schedule import Notice
from orchestrator.model.services import Needs, Service
from orchestrator.model.values import DAY, HOUR, Span
from tests.contracts import CALENDARS, OFFICE, at, contract, span, term, within

YEAR = span("2026-01-01", "2027-01-01")
ZERO = Fraction(0)


def estate(*versions: Version, **calendars: Calendar) -> Estate:
    agreements: dict[str, tuple[Version, ...]] = {}
    for one in versions:
        agreements[one.agreement] = (*agreements.get(one.agreement, ()), one)
    return Estate(
        Metadata("test", ("us",)),
        always(*calendars.values()),
        always(Party("us"), Party("shop"), Party("vendor")),
        always(Service("web", owner="us", requires=Needs("db")), Service("db", owner="vendor")),
        agreements,
    )


def held(number: int, start: str, end: str, **more: object) -> Version:
    notice = Notice(Lapse(months=1))
    effective = {"effective": span(start, end), **more}
    return contract("c1", number=number, notice=notice, version=effective).held


def told(estate: Estate, **more: object) -> list[tuple[str, str]]:
    found = agenda(estate, YEAR, **more)  # type: ignore[arg-type]
    return [(one.kind, one.summary) for one in found]


def test_an_agreement_that_ends_has_to_be_noticed_and_expires() -> None:
    kinds = [kind for kind, _ in told(estate(held(1, "2025-01-01", "2026-07-01")))]
    assert kinds == ["notice", "expiry"]


def test_where_the_next_version_begins_nothing_expires() -> None:
    first, second = held(1, "2025-01-01", "2026-07-01"), held(2, "2026-07-01", "2028-01-01")
    assert told(estate(first, second)) == []
    later = held(2, "2026-07-02", "2028-01-01")
    assert [kind for kind, _ in told(estate(first, later))] == ["notice", "expiry"]


def test_drafts_have_no_deadlines_and_one_agreement_may_be_asked_for() -> None:
    assert told(estate(held(1, "2025-01-01", "2026-07-01", state="draft"))) == []
    two = estate(
        held(1, "2025-01-01", "2026-07-01"),
        replace(held(1, "2025-01-01", "2026-07-01"), agreement="c2"),
    )
    assert len(agenda(two, YEAR)) == 4
    assert {one.agreement for one in agenda(two, YEAR, agreement="c2")} == {"c2"}


def test_claims_follow_from_what_was_breached_and_work_from_what_is_planned() -> None:
    one = held(1, "2025-01-01", "2030-01-01", claims=Claims(30 * DAY))
    april = span("2026-04-01", "2026-05-01")
    assessment = Assessment(
        TermKey("c1", 1, "availability", "web"),
        "availability",
        april,
        Fraction("0.999"),
        Fraction("0.99"),
        "BREACHED",
        *(ZERO,) * 4,
        None,
        None,
    )
    work = Maintenance("m-1", "web", Span(at("2026-06-01"), at("2026-06-01") + HOUR))
    found = agenda(estate(one), YEAR, maintenance=(work,), assessments=(assessment,))
    assert [(entry.kind, entry.at, entry.end) for entry in found] == [
        ("claim", at("2026-05-31"), at("2026-05-31")),
        ("maintenance", at("2026-06-01"), at("2026-06-01") + HOUR),
    ]
    later = held(1, "2025-01-01", "2030-01-01", claims=Claims(months=2))
    (claim,) = agenda(estate(later), YEAR, assessments=(assessment,))
    assert claim.at == at("2026-07-01")
    met = replace(assessment, status="MET")
    assert agenda(estate(one), YEAR, assessments=(met,)) == ()


# Calendars


def test_what_hours_leave_out_is_counted_over_a_year() -> None:
    """2026 has 261 days from Monday to Friday; of eight hours each, one is closed."""
    shorter = replace(OFFICE, id="shorter", weekly=(((9 * HOUR, 16 * HOUR),),) * 5 + ((), ()))
    calendars = CALENDARS | {"shorter": shorter}
    begins = at("2026-01-01")
    assert missing_time(calendars, "office", "shorter", begins) == 261 * HOUR
    assert missing_time(calendars, "shorter", "office", begins) == 0
    holiday = replace(OFFICE, id="h", holidays=Holidays(dates=(date(2026, 5, 1),)))
    assert missing_time(CALENDARS | {"h": holiday}, "office", "h", begins) == 8 * HOUR
    assert missing_time(CALENDARS, "office", "24x7", begins) == 0


def test_calendars_are_compared_where_the_mapping_makes_the_priorities_one() -> None:
    mapping = SeverityMapping("vendor", (SeverityPair("sev1", "P1"),))
    above = term(within("0.9", 8), "fix", "resolution_time", priority="P1")
    ours = contract("c1", above, severities=(mapping,))
    beneath = {"kind": "UC", "provider": "vendor", "customer": "us", "covers": ("db",)}

    def theirs(priority: str, hours: str) -> Contract:
        fix = term(within("0.9", 4), "fix", "resolution_time", priority=priority, hours=hours)
        return contract("u1", fix, **beneath)  # type: ignore[arg-type]

    def codes(priority: str, hours: str) -> bool:
        found = lint(estate(ours.held, theirs(priority, hours).held, office=OFFICE))
        return "HOURS_NOT_CONTAINED" in {one.code for one in found}

    assert codes("sev1", "office")
    assert not codes("sev1", "24x7")
    assert not codes("sev2", "office")
    assert not codes("P1", "office"), "their P1 is no priority of ours"
