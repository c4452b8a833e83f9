"""What a term costs, in whatever form, is read back equal from what was written."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from orchestrator.formats.context import Context
from orchestrator.formats.contracts import CREDITS
from orchestrator.formats.nodes import plain
from orchestrator.formats.remedies import CONSEQUENCES, RATE
from orchestrator.formats.shapes import Shape
from orchestrator.formats.source import read_source
from orchestrator.formats.text import dump_yaml
from orchestrator.model.breaches import Consequences
from orchestrator.model.ledger import Rate
from tests.laws.build import law_of
from tests.settling import consequences, credits_of_any_form, rates
from tests.strategies import spans


def again(shape: Shape[Any], value: Any, metric: str = "availability") -> Any:
    ctx = Context(zone="Europe/Berlin", currency="EUR", metric=metric)
    node = read_source(dump_yaml(shape.write(value, ctx)), "x.yaml").root
    assert plain(node) is not None
    return shape.read(node, ctx)


@law_of(100)
@given(credits_of_any_form)
def test_credits_are_read_back_equal(credits: Any) -> None:
    assert again(CREDITS, credits) == credits


@law_of(60)
@given(consequences("availability"), consequences("error_rate"))
def test_rules_over_periods_are_read_back_equal(one: Consequences, other: Consequences) -> None:
    assert again(CONSEQUENCES, one) == one
    assert again(CONSEQUENCES, other, "error_rate") == other


@law_of(60)
@given(rates(spans()))
def test_rates_are_read_back_equal(stated: tuple[Rate, ...]) -> None:
    for rate in stated:
        assert again(RATE, rate) == rate
