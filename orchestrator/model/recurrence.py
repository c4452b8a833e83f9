"""Recurrence rules (RFC 5545) in time, on the wall clock of a zone, by `dateutil.rrule`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

from dateutil.rrule import rrule, rrulestr

from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.values import Instant, Span, instant_of, moment_of, zone

_ENDS: Final = frozenset(("INTERVAL", "COUNT", "UNTIL", "WKST"))
RULE_PARTS: Final[dict[str, frozenset[str]]] = {
    "DAILY": _ENDS,
    "WEEKLY": _ENDS | {"BYDAY"},
    "MONTHLY": _ENDS | {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
    "YEARLY": _ENDS | {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH", "BYYEARDAY", "BYWEEKNO"},
}
"""The parts of a recurrence rule (RFC 5545, 3.3.10) that a meeting may have, by its frequency."""

_DAY: Final = "(?:MO|TU|WE|TH|FR|SA|SU)"


def _list(item: str) -> re.Pattern[str]:
    return re.compile(f"(?:{item})(?:,(?:{item}))*", re.ASCII)


_GRAMMAR: Final[dict[str, re.Pattern[str]]] = {
    "FREQ": re.compile("|".join(RULE_PARTS)),
    "INTERVAL": re.compile("[1-9][0-9]{0,3}"),
    "COUNT": re.compile("[1-9][0-9]{0,3}"),
    "UNTIL": re.compile("[0-9]{8}(?:T[0-9]{6}Z?)?"),
    "WKST": re.compile(_DAY),
    "BYDAY": _list(f"(?:[+-]?[1-9][0-9]?)?{_DAY}"),
    "BYMONTH": _list("[1-9]|1[0-2]"),
    "BYMONTHDAY": _list("[+-]?(?:[1-9]|[12][0-9]|3[01])"),
    "BYSETPOS": _list("[+-]?[1-9][0-9]{0,2}"),
    "BYYEARDAY": _list("[+-]?[1-9][0-9]{0,2}"),
    "BYWEEKNO": _list("[+-]?[1-9][0-9]?"),
}
"""What each part may say."""

_UNTIL: Final = re.compile(r"UNTIL=(\d{8})(?:T(\d{6})(Z?))?(?=;|$)")


def check_rule(rule: str) -> None:
    """Refuse a text that is not a recurrence rule of days, weeks, months or years."""
    given = [part.partition("=")[::2] for part in rule.split(";")]
    parts = dict(given)
    frequency = parts.get("FREQ", "")
    if len(parts) < len(given) or frequency not in RULE_PARTS:
        raise _no_rule(rule, f"FREQ is {', '.join(RULE_PARTS)}, each part stands once")
    for name, value in given:
        if name != "FREQ" and name not in RULE_PARTS[frequency]:
            raise _no_rule(rule, f"use {', '.join(sorted(RULE_PARTS[frequency]))}")
        if not _GRAMMAR[name].fullmatch(value):
            raise _no_rule(rule, f"correct {name}")
    _local_until(rule, UTC)


def _no_rule(rule: str, advice: str) -> OrchestratorError:
    return refuse(
        "BAD_RULE",
        f"{rule[:80]!r} is not a recurrence rule as FREQ=MONTHLY;BYDAY=1TU (RFC 5545)",
        advice,
    )


def wall_of(instant: Instant, where: tzinfo) -> datetime:
    """What the wall clock of a zone shows, without the zone."""
    return moment_of(instant).astimezone(where).replace(tzinfo=None, fold=0)


def instant_at(wall: datetime, where: tzinfo) -> Instant:
    """The instant at which a wall clock shows a time: the first where it does so twice, and in a
    gap the one by the offset before it (RFC 5545, 3.3.5)."""
    return instant_of(wall.replace(tzinfo=where, fold=0).astimezone(UTC))


@lru_cache(maxsize=1024)
def occurrences(rule: str, start: Instant, timezone: str, span: Span) -> tuple[Instant, ...]:
    """The instants of a finite span at which a rule comes round that begins at `start`, sorted.

    The time of day is that of the start. A time that the wall clock skips is taken by the offset
    before the gap, one it shows twice is the first. UNTIL is included; a date there means the
    whole of that day.
    """
    check_rule(rule)
    where = zone(timezone)
    wall = wall_of(start, where)
    try:
        walls: rrule = rrulestr(_local_until(rule, where), dtstart=wall.replace(microsecond=0))
    except ValueError as error:
        raise _no_rule(rule, f"correct it: {error}") from error
    found = []
    # A zone's wall clock may run up to a day behind or ahead, so the end is looked for in instants.
    for one in walls:
        instant = instant_at(one, where)
        if instant >= span.end:
            break
        if instant >= span.start:
            found.append(instant)
    return tuple(found)


def _local_until(rule: str, where: tzinfo) -> str:
    """The rule with its UNTIL, if any, on the zone's wall clock."""

    def local(match: re.Match[str]) -> str:
        day, time, utc = match.groups()
        text = day + (time or "235959")
        moment = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        wall = wall_of(instant_of(moment), where) if utc else moment
        return f"UNTIL={wall:%Y%m%dT%H%M%S}"

    try:
        return _UNTIL.sub(local, rule)
    except ValueError as error:
        raise _no_rule(rule, f"correct UNTIL: {error}") from error
