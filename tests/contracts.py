"""Contracts made from model values directly, as far as tests of what they hold vary them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.contracts import Contract
from orchestrator.model.metrics import Target, Within
from orchestrator.model.provisions import Provisions
from orchestrator.model.values import HOUR, Instant, Span, parse_instant

NINE_TO_FIVE: Final = (9 * HOUR, 17 * HOUR)
OFFICE: Final = Calendar("office", "Europe/London", ((NINE_TO_FIVE,),) * 5 + ((), ()))
CALENDARS: Final = {"office": OFFICE}


def at(text: str) -> Instant:
    """`2026-04-01` or `2026-04-01T09:00` in UTC."""
    return parse_instant(f"{text}T00:00:00Z" if len(text) == 10 else f"{text}:00Z")


def span(start: str, end: str) -> Span:
    return Span(at(start), at(end))


def term(
    target: Target = Fraction("0.999"),
    id: str = "availability",
    metric: str = "availability",
    **more: Any,
) -> Term:
    return Term(id, metric, target, more.pop("strength", "credit_backed"), **more)


def contract(
    id: str = "c1",
    *terms: Term,
    kind: str = "SLA",
    provider: str = "us",
    customer: str = "shop",
    covers: tuple[str, ...] = ("web",),
    number: int = 1,
    version: dict[str, Any] | None = None,
    **provisions: Any,
) -> Contract:
    """A contract of one availability term, unless others are given; what it holds besides is
    given by name."""
    return Contract(
        Version(
            id,
            number,
            kind,
            provider,
            customer,
            tuple(Cover(service, "whole") for service in covers),
            terms or (term(),),
            **(version or {}),
        ),
        Provisions(**provisions),
    )


def within(share: str, hours: int) -> Within:
    return Within(Fraction(share), hours * HOUR)


class refused_with:  # noqa: N801 - reads as a phrase where it is used
    """`with refused_with("CYCLE"):` holds where just that is refused."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.raises = pytest.raises(OrchestratorError)

    def __enter__(self) -> pytest.ExceptionInfo[OrchestratorError]:
        self.caught = self.raises.__enter__()
        return self.caught

    def __exit__(self, *error: Any) -> bool:
        if not self.raises.__exit__(*error):
            return False
        assert [problem.code for problem in self.caught.value.problems] == [self.code]
        return True
