"""Before an agreement is signed: what would be derived, and replayed, if it held already."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from orchestrator.engine.derive import derive
from orchestrator.model.agreements import Version
from orchestrator.model.derivations import SHORTFALL, UNCOMMITTED, Derivation
from orchestrator.model.estate import Estate
from orchestrator.model.values import (
    ALWAYS,
    DAWN,
    DAY,
    FOREVER,
    AskedPeriod,
    Instant,
    civil_date,
    zone,
)

_YEAR: Final = 366 * DAY
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def as_if(estate: Estate, version: Version, *, always: bool = False) -> Estate:
    """The estate with a version in force in place of its agreement's others: for its own time, or
    as if it had `always` been."""
    held = replace(version, state="in_force", effective=ALWAYS if always else version.effective)
    return replace(estate, agreements={**estate.agreements, version.agreement: (held,)})


def before_signing(estate: Estate, version: Version, at: Instant) -> tuple[Derivation, ...]:
    """What the terms of a version would rest on in its first twelve months, or in the twelve from
    an instant if it begins before."""
    start = max(version.effective.start, at)
    end = min(start + _YEAR, version.effective.end, FOREVER)
    if not DAWN < start < end:
        return ()
    return derive(as_if(estate, version), AskedPeriod(start, end), version.agreement)


def beyond(derivations: tuple[Derivation, ...]) -> frozenset[str]:
    """The terms that are beyond what lies beneath, or rest on nothing."""
    return frozenset(one.key.term for one in derivations if one.status in {SHORTFALL, UNCOMMITTED})


def last_periods(version: Version, count: int, at: Instant) -> AskedPeriod:
    """A span in which the last `count` of a version's own periods that are over at an instant
    end."""
    period = version.period
    if period.rolling:
        return AskedPeriod(at - (count + 1) * period.rolling, at)
    day = civil_date(at, zone(version.timezone))
    months = day.year * 12 + day.month - 1 - (count + 1) * _MONTHS[period.kind]
    return AskedPeriod(date(months // 12, months % 12 + 1, 1), at)
