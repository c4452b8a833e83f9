"""What a period's credits are a percentage of."""

from __future__ import annotations

import pytest

from orchestrator.engine.credit import fee_base
from orchestrator.model.credits import Fee
from orchestrator.model.values import AskedPeriod, Money, zone

UTC = zone("UTC")


@pytest.mark.parametrize(
    ("amount", "per", "asked", "base"),
    [
        ("1000.00", "month", "2026-04", "1000.00"),
        ("1000.00", "month", "2026-Q2", "3000.00"),
        ("120000.00", "year", "2026-04", "10000.00"),
        ("120000.00", "year", "2026-02", "10000.00"),
        ("120000.00", "year", "2026-Q1", "30000.00"),
        ("3000.00", "quarter", "2026-05", "1000.00"),
        ("3000.00", "quarter", "2026", "12000.00"),
        # a version that ended after 10 of April's 30 days
        ("3000.00", "month", "2026-04-01/2026-04-11", "1000.00"),
        ("36000.00", "year", "2026-04-01/2026-04-11", "1000.00"),
    ],
)
def test_a_fee_is_spread_evenly_over_months(amount: str, per: str, asked: str, base: str) -> None:
    fee = Fee(Money.parse(amount, "EUR"), per)
    assert str(fee_base(fee, AskedPeriod.parse(asked).span(UTC), 1, UTC)) == base


def test_a_billing_month_is_a_whole_month() -> None:
    fee = Fee(Money.parse("1000.00", "EUR"))
    span = AskedPeriod.parse("2026-03-16/2026-04-16").span(UTC)
    assert str(fee_base(fee, span, 16, UTC)) == "1000.00"
