"""The one mapper between the domain's dataclasses and their tables.

A column is named after the field it stores. Texts, numbers and flags are themselves, a `Fraction`
is its text "n/d", and any other value is canonical JSON; only a term's key, a span and money are
spread over a column for each of their parts. The inner span of a version is its row's valid time.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, Final, Generic, TypeVar, get_args

import orjson
from sqlalchemy import Column, ColumnElement, FromClause, Table

from orchestrator.model.agreements import Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.claims import Claim
from orchestrator.model.estate import TIMELINES, Estate, Metadata
from orchestrator.model.parties import Party
from orchestrator.model.records import (
    FACT_KINDS,
    Assessment,
    Breach,
    Credit,
    Exposure,
    Fact,
    Finding,
    Reward,
    Sample,
    Tally,
    TermKey,
    Ticket,
    Withdrawal,
)
from orchestrator.model.services import Service
from orchestrator.model.values import DAWN, FOREVER, Money, Span
from orchestrator.store import tables
from orchestrator.store.codec import codec, digest, dumps, hints_of, loads, text
from orchestrator.store.tables import Row

T = TypeVar("T")

TABLES: Final[dict[type, type[Row]]] = {
    Metadata: tables.RevisionRow,
    Calendar: tables.CalendarRow,
    Party: tables.PartyRow,
    Service: tables.ServiceRow,
    Version: tables.VersionRow,
    Assessment: tables.AssessmentRow,
    Breach: tables.BreachRow,
    Credit: tables.CreditRow,
    Exposure: tables.ExposureRow,
    Finding: tables.FindingRow,
    Tally: tables.TallyRow,
    Reward: tables.RewardRow,
    Claim: tables.ClaimRow,
}
"""Every dataclass that has a table of its own. Facts, of all kinds, share one (`fact_row`)."""

_SPREAD: Final = frozenset({TermKey, Span, Money})
_NAMES: Final = {"effective_start": "valid_from", "effective_end": "valid_to"}
_SCALARS: Final = frozenset({int, str, bool, Fraction, date, types.NoneType})
_REMEMBERED: Final = 1024
_CLOSING: Final = frozenset({"resolve", "close"})

Parts = Callable[[Any], tuple[Any, ...]]
Build = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class Mapping(Generic[T]):
    """How one dataclass is stored: its columns, a value as their contents, and back again."""

    columns: tuple[str, ...]
    parts: Callable[[T], tuple[Any, ...]]
    build: Callable[[Sequence[Any]], T]


def mapping(cls: type[T]) -> Mapping[T]:
    """The mapping of a dataclass, found from the types of its fields."""
    dataclass_: Any = cls  # mypy does not take a generic class for something that can be hashed
    found: Mapping[T] = _mapping(dataclass_)
    return found


@cache
def _mapping(cls: Any) -> Mapping[Any]:
    columns: list[str] = []
    parts: list[tuple[str, Parts]] = []
    builds: list[tuple[str, Build]] = []
    for name, hint in hints_of(cls).items():
        if hint in _SPREAD:
            inner = [_column(name, hint, part) for part in hints_of(hint)]
            to_parts, build = _spread(hint, len(columns))
        else:
            inner = [name]
            to_parts, build = _single(hint, len(columns))
        columns += inner
        parts.append((name, to_parts))
        builds.append((name, build))
    return Mapping(
        tuple(columns),
        lambda value: tuple(
            part for name, to_parts in parts for part in to_parts(getattr(value, name))
        ),
        lambda row: cls(**{name: build(row) for name, build in builds}),
    )


def _column(name: str, hint: type, part: str) -> str:
    if hint is TermKey:
        return part
    return _NAMES.get(f"{name}_{part}", f"{name}_{part}")


def _spread(hint: type, at: int) -> tuple[Parts, Build]:
    names = tuple(hints_of(hint))
    return (
        lambda value: tuple(getattr(value, name) for name in names),
        lambda row: hint(*row[at : at + len(names)]),
    )


def _single(hint: Any, at: int) -> tuple[Parts, Build]:
    if set(get_args(hint) or (hint,)) <= _SCALARS:
        scalar = codec(hint)
        return lambda value: (scalar.encode(value),), lambda row: scalar.decode(row[at])

    @lru_cache(maxsize=_REMEMBERED)  # values are immutable, and most rows say the same few things
    def read(stored: str | None) -> Any:
        return None if stored is None else loads(stored, hint)

    return (
        lambda value: (None if value is None else dumps(value, hint),),
        lambda row: read(row[at]),
    )


def columns_of(cls: type, table: Table) -> list[Column[Any]]:
    """The columns of a table that hold a dataclass, in the order `Mapping.build` reads them."""
    return [table.c[name] for name in mapping(cls).columns]


def fingerprint(estate: Estate) -> str:
    """The SHA-256 of all that an estate says, in its own order."""
    lines = [dumps(estate.metadata, Metadata)]
    for table in TIMELINES:
        for timeline in getattr(estate, table).values():
            for dated in timeline:
                lines.append(f"{dated.span.start} {dated.span.end}")
                lines.append(dumps(dated.value, type(dated.value)))
    for versions in estate.agreements.values():
        lines += [dumps(version, Version) for version in versions]
    return digest(*lines)


_KIND_OF: Final = {cls: kind for kind, cls in FACT_KINDS.items()}

FACT_COLUMNS: Final = ("kind", "id", "service", "valid_from", "valid_to", "content")


def fact_row(fact: Fact) -> tuple[Any, ...]:
    """A fact as the contents of `FACT_COLUMNS`."""
    span = valid_time(fact)
    content = dumps(fact, type(fact))
    return _KIND_OF[type(fact)], fact.id, fact.service, span.start, span.end, content


def withdrawn_row(kind: str, id: str, service: str, withdrawal: Withdrawal) -> tuple[Any, ...]:
    """What supersedes a fact that is withdrawn, as the contents of `FACT_COLUMNS`. It is valid
    from the end of time to its beginning, so that no span shares an instant with it."""
    content = text({"withdrawn": codec(Withdrawal).encode(withdrawal)})
    return kind, id, service, FOREVER, DAWN, content


def read_withdrawal(content: str) -> Withdrawal:
    """What `withdrawn_row` stored."""
    found: Withdrawal = codec(Withdrawal).decode(orjson.loads(content)["withdrawn"])
    return found


def withdrawn(table: FromClause) -> ColumnElement[bool]:
    """Whether a row says that a fact was withdrawn (`withdrawn_row`)."""
    return table.c.valid_to == DAWN


def read_fact(kind: str, content: str) -> Any:
    """The fact that `fact_row` stored."""
    return loads(content, FACT_KINDS[kind])


def valid_time(fact: Fact) -> Span:
    """When a fact says something about its service: a sample at its instant, a ticket from its
    opening to the last thing that happened to it, or for ever while it is open."""
    if isinstance(fact, Sample):
        return Span(fact.at, fact.at + 1)
    if isinstance(fact, Ticket):
        last, closed = max(
            ((event.at, event.do in _CLOSING) for event in fact.events), default=(0, False)
        )
        return Span(fact.opened, max(last, fact.opened) + 1 if closed else FOREVER)
    return fact.span
