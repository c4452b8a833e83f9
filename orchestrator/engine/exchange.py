"""Money in another currency, at a rate that was stated; one that lacks is told, never made up."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.engine.findings import place
from orchestrator.engine.ledger import converted, rate_at
from orchestrator.errors import OrchestratorError
from orchestrator.model.ledger import Rate
from orchestrator.model.records import Finding, TermKey
from orchestrator.model.values import Instant, Money


class Exchange:
    """Guards that every rate that lacks is told once."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self.rates = rates
        self._missing: dict[tuple[str, str], Finding] = {}

    def rate(self, source: str, target: str, at: Instant) -> Rate | None:
        """The rate stated for an instant in that direction; None where none is, or several are."""
        try:
            return rate_at(self.rates, source, target, at)
        except OrchestratorError:
            return None

    def money(
        self, money: Money, currency: str, at: Instant, key: TermKey, what: str
    ) -> Money | None:
        """Money in a currency at the rate of an instant; None, and a finding, without a rate.
        `what` says what then goes without."""
        if money.currency == currency:
            return money
        try:
            return converted(money, rate_at(self.rates, money.currency, currency, at))
        except OrchestratorError as error:
            (problem,) = error.problems
            about = f"{key.agreement}/{key.term}: {problem.message}; {what}"
            ids = (key.agreement, key.term, money.currency, currency)
            self._missing.setdefault(
                (about, currency), Finding(problem.code, "warning", about, ids, place(key))
            )
            return None

    def findings(self) -> list[Finding]:
        """The rates that lacked, in a fixed order."""
        return [self._missing[key] for key in sorted(self._missing)]
