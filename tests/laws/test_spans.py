"""What a month comes to is the same, whatever else is asked about."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.settle import settle
from orchestrator.formats.estate import read_estate
from orchestrator.model.records import Facts, Outage
from orchestrator.model.values import DAY, MINUTE, AskedPeriod, Span, parse_instant
from tests.laws.build import law_of

ESTATE: Final = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {{home: [us], currency: EUR}}
parties: [{{id: us}}, {{id: shop}}]
services: [{{id: web, owner: us}}, {{id: app, owner: us}}]
agreements:
  - {{id: sla, kind: SLA, provider: us, customer: shop, covers: [web, app], timezone: {zone},
     fee: {{amount: "1000.00"}}, effective: {{from: {begun}}}, period: {period}, {limits}
     policies: {{singleEvent: {event}}},
     terms: [{{id: a, metric: availability, target: 99.9%, {rules}
       credits: [{{below: 99.9%, percent: 10}}, {{below: 99%, percent: 25}}]}}]}}
"""
DOCUMENTS: Final = st.builds(
    ESTATE.format,
    zone=st.sampled_from(("UTC", "Europe/Berlin")),
    begun=st.sampled_from(("2025-06-01", "2025-11-10", "2026-02-10")),
    period=st.sampled_from(("month", "quarter", "{month: {startDay: 16}}", "{rolling: 30d}",
                            "{rolling: 7d}")),
    limits=st.sampled_from(("", "annualCaps: [{amount: '260.00'}],", "caps: [{percent: 15}],",
                            "annualCaps: [{percent: 2}], minimumCredit: {amount: '40.00'},")),
    event=st.sampled_from(("sum", "highest_only")),
    rules=st.sampled_from(("", "repeats: [{breaches: 2, periods: 3, factor: 2}],",
                           "earnBack: {periods: 1, expires: 2},",
                           "bonus: [{from: 99.99%, percent: 1}],")),
)  # fmt: skip
BEGIN: Final = parse_instant("2026-01-01T00:00:00Z")
LENGTHS: Final = st.sampled_from((10, 50, 90, 500))
OUTAGES: Final = st.lists(
    st.tuples(st.sampled_from(("web", "app")), st.integers(-20, 119), LENGTHS), max_size=6
)
WHOLE: Final = AskedPeriod.parse("2026-01-01/2026-05-01")
MONTHS: Final = tuple(AskedPeriod.parse(f"2026-0{month}") for month in range(1, 5))


@law_of(30)
@given(DOCUMENTS, OUTAGES)
def test_months_come_to_what_they_come_to_together(
    document: str, down: list[tuple[str, int, int]]
) -> None:
    estate = read_estate(document).estate
    facts = Facts(
        tuple(
            Outage(
                f"o-{number}", service, Span(BEGIN + day * DAY, BEGIN + day * DAY + lasts * MINUTE)
            )
            for number, (service, day, lasts) in enumerate(down)
        )
    )
    whole = settle(estate, facts, WHOLE)
    apart = [settle(estate, facts, month) for month in MONTHS]
    for part in ("assessments", "credits", "rewards"):
        together = [one for verdict in apart for one in getattr(verdict, part)]
        assert sorted(together, key=repr) == sorted(getattr(whole, part), key=repr)
