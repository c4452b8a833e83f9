"""Reading: estates as whole values, facts by span, results and audit lines by page.

Columns are selected, never instances of tables, and no function needs more statements for more
rows. What is read at an instant is what had been recorded by then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    any_,
    column,
    exists,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from orchestrator.errors import refuse
from orchestrator.model.agreements import Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.estate import Dated, Estate, Metadata
from orchestrator.model.parties import Party
from orchestrator.model.records import (
    FACT_KINDS,
    Assessment,
    Breach,
    Credit,
    Exposure,
    Fact,
    Facts,
    Finding,
    Reward,
    Tally,
    Verdict,
)
from orchestrator.model.services import Service
from orchestrator.model.values import FOREVER, AskedPeriod, Instant, Span, format_instant
from orchestrator.store.audit import Line, lines
from orchestrator.store.codec import text
from orchestrator.store.mapper import (
    TABLES,
    columns_of,
    mapping,
    read_fact,
    withdrawn,
)
from orchestrator.store.tables import (
    REWARD,
    TERM_RESULT,
    AuditHeadRow,
    FactRow,
    RevisionRow,
    RunRow,
    table_of,
)

T = TypeVar("T")
R = TypeVar("R", Assessment, Breach, Credit, Exposure, Finding, Tally, Reward)

Key = tuple[str | int, ...]
"""Where a page ended: the columns it is ordered by, of its last row."""

MOST: Final = 1000
"""The most that one page holds."""

RESULTS: Final[dict[str, type]] = {
    "assessments": Assessment,
    "breaches": Breach,
    "credits": Credit,
    "exposures": Exposure,
    "findings": Finding,
    "tallies": Tally,
    "rewards": Reward,
}
"""The parts of a verdict, each with a table of its own."""

_ORDERS: Final = {Finding: ("position",), Reward: REWARD}
_FACT: Final = table_of(FactRow)
_REVISION: Final = table_of(RevisionRow)
_RUN: Final = table_of(RunRow)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows in their order, with the key of each, and whether there are more after them."""

    items: tuple[T, ...]
    keys: tuple[Key, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One booking of a verdict: for which period as asked (`period_key`), which revision of it,
    when it was recorded, and from which estate and which state of knowledge."""

    tenant: str
    asked: str
    revision: int
    recorded_at: Instant
    estate_revision: int
    known_at: Instant


def known(table: Table, tenant: str, at: Instant) -> tuple[ColumnElement[bool], ...]:
    """The rows of a tenant as they were known at an instant."""
    return table.c.tenant_id == tenant, table.c.recorded_at <= at, table.c.superseded_at > at


def among(
    session: Session, wanted: ColumnElement[str], ids: Collection[str]
) -> ColumnElement[bool]:
    """Membership in a set of ids of any size, as one parameter."""
    ordered = sorted(ids)
    if session.get_bind().dialect.name == "postgresql":
        return wanted == any_(literal(ordered, ARRAY(Text)))
    each = func.json_each(text(ordered)).table_valued(column("value", Text))
    return wanted.in_(select(each.c.value))


# ---- the estate ----


def revision(session: Session, tenant: str, as_of: Instant | None = None) -> int:
    """The number of the estate a tenant has, or had at a recorded instant; 0 for none."""
    found = session.execute(
        select(func.max(_REVISION.c.revision)).where(
            _REVISION.c.tenant_id == tenant,
            _REVISION.c.recorded_at <= (FOREVER if as_of is None else as_of),
        )
    ).scalar()
    return found or 0


def load_estate(session: Session, tenant: str, as_of: Instant | None = None) -> Estate:
    """The estate of a tenant over all of valid time, as known now or at a recorded instant.

    Read once: a revision never changes, so threads share it.
    """
    return load_revision(session, tenant, revision(session, tenant, as_of))


def load_revision(session: Session, tenant: str, number: int) -> Estate:
    """One revision of a tenant's estate; number 0 is the empty one before the first."""
    if number == 0:
        return Estate()
    estate: Estate = session.info["estates"].get(
        (tenant, number), lambda: _read_revision(session, tenant, number)
    )
    return estate


def _read_revision(session: Session, tenant: str, number: int) -> Estate:
    *metadata, at = session.execute(
        select(*columns_of(Metadata, _REVISION), _REVISION.c.recorded_at).where(
            _REVISION.c.tenant_id == tenant, _REVISION.c.revision == number
        )
    ).one()
    agreements: dict[str, list[Version]] = {}
    for row in session.execute(_rows(Version, tenant, at).order_by("agreement", "number")):
        version = mapping(Version).build(row)
        agreements.setdefault(version.agreement, []).append(version)
    return Estate(
        mapping(Metadata).build(metadata),
        _timelines(session, Calendar, tenant, at),
        _timelines(session, Party, tenant, at),
        _timelines(session, Service, tenant, at),
        {id: tuple(versions) for id, versions in agreements.items()},
    )


def _timelines(session: Session, cls: type[Any], tenant: str, at: Instant) -> dict[str, Any]:
    found: dict[str, list[Dated[Any]]] = {}
    build = mapping(cls).build
    table = table_of(TABLES[cls])
    rows = _rows(cls, tenant, at).add_columns(table.c.valid_from, table.c.valid_to)
    for row in session.execute(rows.order_by("id", "valid_from")):
        value = build(row)
        found.setdefault(value.id, []).append(Dated(Span(row[-2], row[-1]), value))
    return {id: tuple(timeline) for id, timeline in found.items()}


def _rows(cls: type, tenant: str, at: Instant) -> Select[Any]:
    table = table_of(TABLES[cls])
    return select(*columns_of(cls, table)).where(*known(table, tenant, at))


# ---- facts ----


def load_facts(
    session: Session,
    tenant: str,
    span: Span,
    as_of: Instant | None = None,
    services: Collection[str] | None = None,
) -> Facts:
    """The facts that share an instant with a span, of these services or of all, as recorded now
    or by an instant. (A ticket is open until it is resolved: `mapper.valid_time`.)"""
    conditions = [
        *known(_FACT, tenant, FOREVER - 1 if as_of is None else as_of),
        _FACT.c.valid_from < span.end,
        _FACT.c.valid_to > span.start,
    ]
    if services is not None:
        conditions.append(among(session, _FACT.c.service, services))
    found: dict[str, list[Any]] = {kind: [] for kind in FACT_KINDS}
    rows = select(_FACT.c.kind, _FACT.c.content).where(*conditions)
    for kind, content in session.execute(rows.order_by(_FACT.c.kind, _FACT.c.id)):
        found[kind].append(read_fact(kind, content))
    return Facts(**{kind: tuple(facts) for kind, facts in found.items()})


@dataclass(frozen=True, slots=True)
class FactChange:
    """A fact that was recorded, or superseded, at an instant, and from when to when it says
    something."""

    at: Instant
    since: Instant
    until: Instant
    fact: Fact


def fact_changes(
    session: Session, tenant: str, span: Span, since: Instant
) -> tuple[FactChange, ...]:
    """The facts that share an instant with a span and were recorded or superseded after an
    instant."""
    both = [
        select(
            at.label("at"), _FACT.c.valid_from, _FACT.c.valid_to, _FACT.c.kind, _FACT.c.content
        ).where(
            _FACT.c.tenant_id == tenant,
            at > since,
            at < FOREVER,
            _FACT.c.valid_from < span.end,
            _FACT.c.valid_to > span.start,
        )
        for at in (_FACT.c.recorded_at, _FACT.c.superseded_at)
    ]
    rows = session.execute(union_all(*both))
    return tuple(
        FactChange(at, begins, until, read_fact(kind, content))
        for at, begins, until, kind, content in rows
    )


# ---- results ----


def period_key(asked: AskedPeriod) -> str:
    """A period as asked, as the text it is booked under; `AskedPeriod.parse` reads it back."""
    return "/".join(
        end.isoformat() if isinstance(end, date) else format_instant(end)
        for end in (asked.start, asked.end)
    )


_RUN_COLUMNS: Final = tuple(_RUN.c[name] for name in ("tenant_id", *Run.__slots__[1:]))


def latest_run(
    session: Session, tenant: str, asked: AskedPeriod, as_of: Instant | None = None
) -> Run | None:
    """The last booking for a period, or the last by a recorded instant."""
    row = session.execute(
        select(*_RUN_COLUMNS)
        .where(
            _RUN.c.tenant_id == tenant,
            _RUN.c.asked == period_key(asked),
            _RUN.c.recorded_at <= (FOREVER if as_of is None else as_of),
        )
        .order_by(_RUN.c.revision.desc())
        .limit(1)
    ).one_or_none()
    return Run(*row) if row else None


def latest_runs(
    session: Session, tenant: str, after: str = "", first: int = MOST
) -> tuple[Run, ...]:
    """The last booking of each period, in the order of their keys, after one of them."""
    last = (
        select(_RUN.c.asked, func.max(_RUN.c.revision).label("revision"))
        .where(_RUN.c.tenant_id == tenant, _RUN.c.asked > after)
        .group_by(_RUN.c.asked)
        .order_by(_RUN.c.asked)
        .limit(limited(first))
        .subquery()
    )
    rows = session.execute(
        select(*_RUN_COLUMNS)
        .join(last, (_RUN.c.asked == last.c.asked) & (_RUN.c.revision == last.c.revision))
        .where(_RUN.c.tenant_id == tenant)
        .order_by(_RUN.c.asked)
    )
    return tuple(Run(*row) for row in rows)


def every_run(session: Session, tenant: str) -> Iterator[Run]:
    """The last booking of every period, in the order of their keys."""
    page = latest_runs(session, tenant)
    yield from page
    while len(page) == MOST:
        page = latest_runs(session, tenant, page[-1].asked)
        yield from page


def booked_periods(
    session: Session, tenant: str, agreements: Collection[str]
) -> tuple[tuple[str, str, str, Instant, Instant, bool], ...]:
    """What is booked of the periods of some agreements, by whatever run: agreement, term, service,
    beginning, end, and whether the period was met and nothing is credited for it."""
    assessment, credit = (table_of(TABLES[cls]) for cls in (Assessment, Credit))
    together = [
        credit.c[name] == assessment.c[name] for name in ("tenant_id", "asked", *TERM_RESULT)
    ]
    credited = exists().where(*together, credit.c.superseded_at == FOREVER)
    names = ("agreement", "term", "service", "period_start", "period_end")
    rows = session.execute(
        select(*(assessment.c[name] for name in names), assessment.c.status, credited).where(
            assessment.c.tenant_id == tenant,
            assessment.c.superseded_at == FOREVER,
            among(session, assessment.c.agreement, agreements),
        )
    )
    return tuple((*row[:5], row.status == "MET" and not row[-1]) for row in rows)


def ends_assessed(
    session: Session, tenant: str, within: Span, agreements: Collection[str], at: Instant
) -> frozenset[tuple[str, str, str, Instant]]:
    """The periods of terms that end within a span and were assessed by a recorded instant:
    agreement, term, service and end."""
    table = table_of(TABLES[Assessment])
    names = ("agreement", "term", "service", "period_end")
    rows = session.execute(
        select(*(table.c[name] for name in names))
        .distinct()
        .where(
            *known(table, tenant, at),
            table.c.period_end > within.start,
            table.c.period_end <= within.end,
            among(session, table.c.agreement, agreements),
        )
    )
    return frozenset((*row[:3], row[3]) for row in rows)


def results(
    session: Session,
    run: Run,
    cls: type[R],
    after: Key | None = None,
    first: int = 100,
    agreements: Collection[str] | None = None,
) -> Page[R]:
    """A page of what a run booked, of these agreements or of all: by agreement, version, term,
    service and period, and findings in the order of the verdict."""
    assert agreements is None or cls is not Finding, "findings belong to no one agreement"
    table = table_of(TABLES[cls])
    order = order_of(cls)
    keys = [table.c[name] for name in order]
    query = _booked(run, cls).add_columns(*keys).order_by(*keys).limit(limited(first) + 1)
    if after is not None:
        if len(after) != len(order):
            raise refuse("BAD_CURSOR", "this is no place in that list", "use one a page gave")
        query = query.where(tuple_(*keys) > tuple_(*after))
    if agreements is not None:
        query = query.where(among(session, table.c.agreement, agreements))
    rows = session.execute(query).all()
    shown = rows[:first]
    return Page(
        tuple(mapping(cls).build(row) for row in shown),
        tuple(tuple(row[-len(order) :]) for row in shown),
        len(rows) > first,
    )


def count_results(
    session: Session, run: Run, cls: type, agreements: Collection[str] | None = None
) -> int:
    """How many results of a kind a run booked, of these agreements or of all."""
    table = table_of(TABLES[cls])
    query = _booked(run, cls)
    if agreements is not None:
        query = query.where(among(session, table.c.agreement, agreements))
    return session.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def count_runs(session: Session, tenant: str) -> int:
    """How many periods have been assessed."""
    query = select(func.count(_RUN.c.asked.distinct())).where(_RUN.c.tenant_id == tenant)
    return session.execute(query).scalar_one()


def load_verdict(session: Session, run: Run) -> Verdict:
    """All that a run booked, in the order of `results`."""
    return Verdict(
        **{
            part: tuple(
                mapping(cls).build(row)
                for row in session.execute(_booked(run, cls).order_by(*order_of(cls)))
            )
            for part, cls in RESULTS.items()
        }
    )


def booked_within(session: Session, tenant: str, asked: AskedPeriod) -> tuple[Run, ...]:
    """The bookings that tell of a span: that of the span itself, or else the last one of every
    period within it, in the order in which they were recorded."""
    run = latest_run(session, tenant, asked)
    if run is not None:
        return (run,)
    span, found = asked.span(UTC), []
    for one in every_run(session, tenant):
        inside = AskedPeriod.parse(one.asked).span(UTC)
        if span.start <= inside.start and inside.end <= span.end:
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.recorded_at))


def order_of(cls: type) -> tuple[str, ...]:
    """The columns that tell two results of one run apart, in the order they are read in."""
    return _ORDERS.get(cls, TERM_RESULT)


def _booked(run: Run, cls: type) -> Select[Any]:
    table = table_of(TABLES[cls])
    return select(*columns_of(cls, table)).where(
        *known(table, run.tenant, run.recorded_at), table.c.asked == run.asked
    )


def limited(first: int) -> int:
    """The size of a page, refused where it is none."""
    if not 0 < first <= MOST:
        raise refuse("BAD_PAGE", f"a page cannot hold {first}", f"ask for 1 to {MOST}")
    return first


# ---- the audit trail, and how much there is ----


def audit_lines(
    session: Session, tenant: str, after: int = 0, first: int = 100
) -> tuple[Line, ...]:
    """Audit lines after a number, in their order."""
    return lines(session, tenant, after, limited(first))


def counts(session: Session, tenant: str) -> dict[str, int]:
    """How many objects, facts and booked results a tenant has now, and how many audit lines."""
    objects = {"calendars": Calendar, "parties": Party, "services": Service, "agreements": Version}
    tables = {name: table_of(TABLES[cls]) for name, cls in (objects | RESULTS).items()}
    tables["facts"] = _FACT
    counted: list[Any] = []
    for name, table in tables.items():
        id = table.c["agreement" if name == "agreements" else "id"] if name in objects else None
        count = func.count() if id is None else func.count(id.distinct())
        current = [table.c.tenant_id == tenant, table.c.superseded_at == FOREVER]
        if table is _FACT:
            current.append(~withdrawn(_FACT))
        counted.append(select(count).where(*current).scalar_subquery().label(name))
    seq = table_of(AuditHeadRow).c.seq
    last = select(seq).where(table_of(AuditHeadRow).c.tenant_id == tenant).scalar_subquery()
    counted.append(func.coalesce(last, 0).label("audit_lines"))
    return dict(session.execute(select(*counted)).one()._mapping)
