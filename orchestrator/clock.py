"""The clock, read in one place: everything else is told the time."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.model.values import Instant, instant_of


def now() -> Instant:
    """The present instant."""
    return instant_of(datetime.now(UTC))
