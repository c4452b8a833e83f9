"""Lines between parties: demarcation, hand-offs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.engine.boundaries import chain, chain_total, undemarcated
from orchestrator.model.boundaries import Demarcation, Handoff
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.lapses import Lapse
from orchestrator.model.parties import Party
from orchestrator.model.services import AllOf, Needs, Service
from orchestrator.model.values import DAWN, HOUR, MINUTE, SECOND
from tests.contracts import CALENDARS, at, refused_with

LINE = Demarcation("web", "link", "network termination unit", "us", "carrier", "carrier")


def test_an_event_exactly_on_the_point_is_the_declared_owners() -> None:
    assert [LINE.answers(side) for side in ("near", "point", "far")] == [
        "us",
        "carrier",
        "carrier",
    ]
    ours = replace(LINE, owner="us")
    assert ours.answers("point") == "us"
    with refused_with("BAD_DEMARCATION"):
        replace(LINE, owner="shop")


def snapshot_of() -> Estate:
    return Estate(
        Metadata("test", ("us",)),
        {},
        always(Party("us"), Party("carrier")),
        always(
            Service("web", owner="us", requires=AllOf((Needs("link"), Needs("disk")))),
            Service("link", owner="carrier"),
            Service("disk", owner="us"),
        ),
    )


def test_in_strict_mode_no_edge_between_parties_is_without_a_line() -> None:
    snapshot = snapshot_of().at(DAWN)
    (found,) = undemarcated(snapshot, [], strict=True)
    assert (found.code, found.severity, found.subjects) == (
        "NO_DEMARCATION",
        "error",
        ("web", "link"),
    )
    assert [one.severity for one in undemarcated(snapshot, [], strict=False)] == ["info"]
    assert not list(undemarcated(snapshot, [LINE], strict=True))


TRIAGE = Handoff("triage", "desk", "ops", Lapse(30 * MINUTE), data=("log", "version"))
ESCALATE = Handoff("escalate", "ops", "vendor", Lapse(4 * HOUR), hours="office")
CLOSE = Handoff("close", "vendor", "desk", Lapse(business_days=1), hours="office")


@pytest.mark.parametrize(
    ("opened", "due", "hours"),
    [
        ("2026-02-13T12:30", "2026-02-16T09:00", 68.5),
        ("2026-03-27T12:30", "2026-03-30T08:00", 67.5),
        ("2026-10-23T11:30", "2026-10-26T09:00", 69.5),
    ],
)
def test_a_chain_totals_its_limits_on_their_own_calendars(
    opened: str, due: str, hours: float
) -> None:
    # T1 of the worked examples, a second past the half hour; summer time begins and ends
    legs = chain([TRIAGE, ESCALATE], at(opened) + SECOND, CALENDARS, "UTC")
    assert legs[-1].due == at(due) + SECOND
    assert chain_total(legs) == hours * HOUR


def test_nothing_to_hand_over_takes_no_time() -> None:
    assert chain_total(chain([], at("2026-05-01"), {}, "UTC")) == 0


def test_round_the_clock_limits_simply_add_up() -> None:
    around = replace(ESCALATE, hours="24x7")
    assert chain_total(chain([TRIAGE, around], at("2026-05-01"), {}, "UTC")) == 270 * MINUTE


def test_a_chain_that_does_not_join_is_refused() -> None:
    with refused_with("BROKEN_CHAIN"):
        chain([TRIAGE, CLOSE], at("2026-05-01"), CALENDARS, "UTC")
    with refused_with("SAME_PARTY"):
        replace(TRIAGE, taker="desk")
