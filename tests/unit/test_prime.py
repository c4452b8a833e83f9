"""Targets by windows: hours shared out exactly where prime time begins and ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from orchestrator.engine.derive import derive
from orchestrator.engine.hours import segments
from orchestrator.engine.intervals import total, union
from orchestrator.engine.prime import at_all_times, at_any_time, split
from orchestrator.engine.promises import Hours
from orchestrator.engine.rederive import rederive
from orchestrator.engine.settle import settle
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.model.calendars import Calendar
from orchestrator.model.estate import Dated, Estate, Metadata
from orchestrator.model.metrics import Points, Target
from orchestrator.model.scopes import PartOfHours, TargetWindow, part_named, whole_of
from orchestrator.model.strictness import check_internal_target
from orchestrator.model.values import ALWAYS, HOUR, AskedPeriod
from tests.contracts import CALENDARS, OFFICE, at, refused_with, span, term, within

PRIME, REST = Fraction("0.999"), Fraction("0.99")
WEEK = span("2026-02-02", "2026-02-09")
EVENING = Calendar("evening", "Europe/London", (((16 * HOUR, 20 * HOUR),),) * 7)
BOTH = {**CALENDARS, "evening": EVENING}
ESTATE = Estate(Metadata(), {id: (Dated(ALWAYS, one),) for id, one in BOTH.items()}, {}, {}, {})


def parts(hours: str, *windows: tuple[str, Target]) -> list[tuple[Target, list[tuple[int, int]]]]:
    """The targets of a term with windows, each with the time of a week that it holds in."""
    listed = tuple(TargetWindow(*one) for one in windows)
    made = split(term(REST, hours=hours, windows=listed))
    known = Hours(ESTATE)
    found = [(one.target, list(known.open(one.hours, WEEK))) for one in made]
    assert [list(segments(BOTH, one.hours, WEEK)) for one in made] == [time for _, time in found]
    return found


def test_hours_end_exactly_where_prime_time_begins() -> None:
    (target, prime), (other, rest) = parts("24x7", ("office", PRIME))
    assert (target, other) == (PRIME, REST)
    assert (at("2026-02-02T09:00"), at("2026-02-02T17:00")) in prime
    assert (at("2026-02-02T17:00"), at("2026-02-03T09:00")) in rest


def test_all_service_hours_are_shared_out_once_and_the_first_window_prevails() -> None:
    found = parts("24x7", ("office", PRIME), ("evening", Fraction("0.995")))
    assert [total(time) for _, time in found] == [40 * HOUR, (5 * 3 + 2 * 4) * HOUR, 105 * HOUR]
    assert union(one for _, time in found for one in time) == [(WEEK.start, WEEK.end)]


def test_prime_time_lies_within_the_service_hours() -> None:
    (_, prime), (_, rest) = parts("office", ("evening", PRIME))
    assert total(prime) == 5 * HOUR
    assert total(rest) == 35 * HOUR


def test_daylight_saving_moves_the_border_with_the_wall_clock() -> None:
    march = span("2026-03-27", "2026-03-31")
    prime = str(PartOfHours("24x7", "office"))
    assert list(Hours(ESTATE).open(prime, march)) == [
        (at("2026-03-27T09:00"), at("2026-03-27T17:00")),
        (at("2026-03-30T08:00"), at("2026-03-30T16:00")),
    ]
    assert OFFICE.timezone == "Europe/London"


@pytest.mark.parametrize(
    "part",
    [
        PartOfHours("24x7", "prime"),
        PartOfHours("office", "prime", ("a", "b-c")),
        PartOfHours("office", outside=("in", "outside")),
    ],
)
def test_a_part_of_hours_is_found_again_by_its_text(part: PartOfHours) -> None:
    assert part_named(str(part)) == part
    assert whole_of(str(part)) == part.hours
    assert part_named(part.hours) is None


@pytest.mark.parametrize(
    ("metric", "own", "windows", "loosest"),
    [
        ("availability", PRIME, [REST], REST),
        ("error_rate", Fraction("0.01"), [Fraction("0.02"), Fraction("0.001")], Fraction("0.02")),
        ("resolution_time", within("0.9", 4), [within("0.95", 8)], within("0.9", 8)),
        (
            "resolution_time",
            Points((within("0.5", 1), within("0.9", 4))),
            [within("0.8", 2)],
            Points((within("0.5", 2), within("0.8", 4))),
        ),
    ],
)
def test_whichever_window_holds_the_loosest_target_is_kept(
    metric: str, own: Target, windows: Sequence[Target], loosest: Target
) -> None:
    listed = tuple(TargetWindow(f"w{n}", one) for n, one in enumerate(windows))
    found = at_any_time(term(own, metric=metric, windows=listed))
    assert found is not None
    assert found.target == loosest
    assert found.windows == listed


def test_hours_and_business_days_have_no_target_in_common() -> None:
    days = replace(within("0.9", 4), duration=0, business_days=2)
    listed = (TargetWindow("office", days),)
    assert at_any_time(term(within("0.9", 4), metric="resolution_time", windows=listed)) is None


def test_the_strictest_target_keeps_them_all() -> None:
    found = at_all_times(term(REST, windows=(TargetWindow("office", PRIME),)))
    assert (found.target, found.windows) == (PRIME, ())


# --- measured and derived ------------------------------------------------------------------------

DOCUMENT = """apiVersion: orchestrator/v1
kind: Estate
metadata: {{name: prime, home: [us], currency: EUR, timezone: UTC}}
calendars:
  - {{id: office, timezone: UTC, weekly: {{mon-fri: ["09:00-17:00"]}}}}
  - {{id: never, timezone: UTC, openings: [{{from: 2020-01-01, to: 2020-01-02}}]}}
parties: [{{id: us}}, {{id: host}}, {{id: shop}}]
services: [{{id: servers, owner: host}}, {{id: web, owner: us, own: none, requires: servers}}]
agreements:
  - id: sla
    kind: SLA
    provider: us
    customer: shop
    covers: [web]
    allowances: [{{category: maintenance, duration: 30m}}]
    fee: {{amount: "1000.00", currency: EUR, per: month}}
    terms: [{sla}]
  - id: uc
    kind: UC
    provider: host
    customer: us
    covers: [servers]
    terms: [{uc}]
"""
PLAIN_UC = '{id: availability, metric: availability, target: "99.9%"}'
APRIL = AskedPeriod.parse("2026-04")


def estate(sla: str, uc: str = PLAIN_UC) -> Estate:
    return read_estate(DOCUMENT.format(sla=sla, uc=uc)).estate


def facts(*lines: str) -> str:
    return "apiVersion: orchestrator/v1\nkind: Facts\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("hours", "own", "window"),
    [("office", "99%", "office, target: 99.8%"), ("24x7", "99.8%", "never, target: 100%")],
)
def test_a_window_over_all_the_hours_is_a_term_of_its_target_and_one_over_none_is_nothing(
    hours: str, own: str, window: str
) -> None:
    plain = f"{{id: availability, metric: availability, target: 99.8%, hours: {hours}}}"
    windowed = (
        f"{{id: availability, metric: availability, target: {own}, hours: {hours}, "
        f"windows: [{{hours: {window}}}]}}"
    )
    told = facts(
        "outages:",
        "  - {id: o, service: servers, from: 2026-04-07T12:00:00Z, to: 2026-04-07T14:00:00Z}",
    )
    (one,), (other,) = derive(estate(plain), APRIL), derive(estate(windowed), APRIL)
    assert (one.floor, one.independent, one.status) == (
        other.floor,
        other.independent,
        other.status,
    )
    before, after = (
        settle(estate(plain), read_facts(told), APRIL),
        settle(estate(windowed), read_facts(told), APRIL),
    )
    assert [replace(a, windows=()) for a in after.assessments] == list(before.assessments)
    assert after.breaches == before.breaches
    assert [len(a.windows) for a in after.assessments if a.key.agreement == "sla"] == [1]


def test_an_allowance_is_one_quantity_whatever_the_windows() -> None:
    """Half an hour a month is used up before the window ends: what is left of the night counts."""
    found = settle(
        estate(
            '{id: availability, metric: availability, target: "99%", '
            'windows: [{hours: office, target: "99.9%"}]}'
        ),
        read_facts(
            facts(
                "outages:",
                "  - {id: o, service: servers, from: 2026-04-07T16:40:00Z, to: "
                "2026-04-07T17:40:00Z, excuse: {category: maintenance, evidence: m}}",
            )
        ),
        APRIL,
    )
    (one,) = [a for a in found.assessments if a.key.agreement == "sla"]
    assert [window.counted_seconds for window in one.windows] == [0, 1800]


def test_a_kept_window_brings_no_credit_by_the_tiers_of_another() -> None:
    """Outside prime time 99.5% is more than was promised, though less than prime time's target."""
    sla = (
        '{id: availability, metric: availability, target: "99%", '
        'windows: [{hours: office, target: "99.9%"}], credits: [{below: "99.9%", percent: "10"}]}'
    )
    night = "  - {id: o, service: servers, from: 2026-04-07T01:00:00Z, to: 2026-04-07T04:00:00Z}"
    found = settle(estate(sla), read_facts(facts("outages:", night)), APRIL)
    (one,) = [a for a in found.assessments if a.key.agreement == "sla"]
    assert one.status == "MET"
    assert not [credit for credit in found.credits if credit.key.agreement == "sla"]


def test_an_internal_target_is_never_looser_than_the_published_one() -> None:
    check_internal_target("resolution_time", within("0.9", 6), within("0.9", 4))
    check_internal_target("resolution_time", within("0.9", 6), within("0.9", 6))
    check_internal_target("resolution_time", within("0.9", 6), None)
    with refused_with("INTERNAL_TARGET_LOOSER"):
        check_internal_target("resolution_time", within("0.9", 6), within("0.9", 8))
    with refused_with("INTERNAL_TARGET_LOOSER"):
        check_internal_target("availability", Fraction("0.999"), Fraction("0.99"))
    # of errors fewer are stricter
    check_internal_target("error_rate", Fraction("0.01"), Fraction("0.001"))


def test_another_calendar_of_a_window_reaches_what_is_derived() -> None:
    """A longer prime time leaves less of the budget that may fall into it."""
    sla = (
        '{id: availability, metric: availability, target: "99%", '
        'windows: [{hours: office, target: "99.8%"}]}'
    )
    before = estate(sla)
    longer = DOCUMENT.replace("09:00-17:00", "08:00-18:00")
    after = read_estate(longer.format(sla=sla, uc=PLAIN_UC)).estate
    known = derive(before, APRIL)
    fresh = derive(after, APRIL)
    assert known[0].floor != fresh[0].floor
    assert rederive(before, after, APRIL, known).derivations == fresh
