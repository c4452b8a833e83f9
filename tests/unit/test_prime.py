"""Targets by windows: time cut exactly where prime time begins and ends."""

from __future__ import annotations

from fractions import Fraction

from orchestrator.engine.intervals import total, union
from orchestrator.engine.prime import part_at, parts
from orchestrator.model.calendars import Calendar
from orchestrator.model.scopes import TargetWindow
from orchestrator.model.strictness import check_internal_target
from orchestrator.model.values import HOUR, MINUTE
from tests.contracts import CALENDARS, OFFICE, at, refused_with, span, within

PRIME, REST = Fraction("0.999"), Fraction("0.99")
WEEK = span("2026-02-02", "2026-02-09")
EVENING = Calendar("evening", "Europe/London", (((16 * HOUR, 20 * HOUR),),) * 7)
BOTH = {**CALENDARS, "evening": EVENING}


def test_an_outage_across_the_border_is_cut_exactly_there() -> None:
    prime, rest = parts("24x7", REST, [TargetWindow("office", PRIME)], CALENDARS, WEEK)
    outage = [(at("2026-02-02T16:50"), at("2026-02-02T17:20"))]
    border = at("2026-02-02T17:00")
    assert prime.of(outage) == [(outage[0][0], border)]
    assert rest.of(outage) == [(border, outage[0][1])]
    assert (prime.target, rest.target) == (PRIME, REST)
    assert total(prime.of(outage)) == 10 * MINUTE


def test_all_service_hours_are_shared_out_once_and_the_first_window_prevails() -> None:
    windows = [TargetWindow("office", PRIME), TargetWindow("evening", Fraction("0.995"))]
    found = parts("24x7", REST, windows, BOTH, WEEK)
    assert [total(part.open) for part in found] == [40 * HOUR, (5 * 3 + 2 * 4) * HOUR, 105 * HOUR]
    assert union(one for part in found for one in part.open) == [(WEEK.start, WEEK.end)]


def test_prime_time_lies_within_the_service_hours() -> None:
    prime, rest = parts("office", REST, [TargetWindow("evening", PRIME)], BOTH, WEEK)
    assert total(prime.open) == 5 * HOUR
    assert total(rest.open) == 35 * HOUR


def test_an_instant_has_the_target_of_its_window() -> None:
    shared = parts("office", REST, [TargetWindow("evening", PRIME)], BOTH, WEEK)
    for time, target in (("T15:59", REST), ("T16:00", PRIME)):
        part = part_at(shared, at(f"2026-02-03{time}"))
        assert part is not None
        assert part.target == target
    assert part_at(shared, at("2026-02-03T17:00")) is None


def test_daylight_saving_moves_the_border_with_the_wall_clock() -> None:
    march = span("2026-03-27", "2026-03-31")
    prime, _ = parts("24x7", REST, [TargetWindow("office", PRIME)], CALENDARS, march)
    assert prime.open == (
        (at("2026-03-27T09:00"), at("2026-03-27T17:00")),
        (at("2026-03-30T08:00"), at("2026-03-30T16:00")),
    )
    assert OFFICE.timezone == "Europe/London"


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
