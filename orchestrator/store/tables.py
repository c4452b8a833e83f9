"""The tables. They only store: the domain is `orchestrator.model`, joined to them by `mapper`.

`tenant_id` leads every key. What takes effect in time is append-only: a row holds for the valid
time from `valid_from` to `valid_to` and was known from `recorded_at` to `superseded_at`, all
half-open and in microseconds, with `DAWN` and `FOREVER` for the ends of time. To change a row is
to supersede it and to append another. Ids compare by their bytes on both databases, so that an
order is the same everywhere. Fractions and nested values are text (`codec`), money is minor units.

No `from __future__ import annotations` here: SQLModel reads the annotations themselves.
"""

from typing import Any, ClassVar, Final

from sqlalchemy import (
    BigInteger,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

ID: Final = String().with_variant(String(collation="C"), "postgresql")
"""Text ordered by its bytes, as SQLite does by default."""


def _id() -> Any:
    return Field(sa_type=ID)


def _whole() -> Any:
    return Field(sa_type=BigInteger)


class Row(SQLModel):
    """What every table has."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)

    tenant_id: str = _id()


class Recorded(Row):
    """A row that was known for a time."""

    recorded_at: int = _whole()
    superseded_at: int = _whole()


class Lasting(Recorded):
    """A row that holds for a time and was known for a time."""

    valid_from: int = _whole()
    valid_to: int = _whole()


def _current(*key: str) -> tuple[Any, ...]:
    """The natural key, and the index by which the rows known at an instant are found."""
    return (PrimaryKeyConstraint("tenant_id", *key), Index(None, "tenant_id", "superseded_at"))


class RevisionRow(Recorded, table=True):
    """One state of a tenant's estate, and the metadata it has."""

    __tablename__ = "estate_revision"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "revision"),)

    revision: int = _whole()
    name: str
    home: str
    currency: str
    timezone: str
    strict_demarcation: bool
    templates: str
    rates: str
    kept: str


class CalendarRow(Lasting, table=True):
    __tablename__ = "calendar"
    __table_args__ = _current("id", "valid_from", "recorded_at")

    id: str = _id()
    timezone: str
    weekly: str
    name: str
    holidays: str
    closures: str
    openings: str
    kept: str


class PartyRow(Lasting, table=True):
    __tablename__ = "party"
    __table_args__ = _current("id", "valid_from", "recorded_at")

    id: str = _id()
    name: str
    kind: str
    parent: str = _id()
    kept: str


class ServiceRow(Lasting, table=True):
    __tablename__ = "service"
    __table_args__ = _current("id", "valid_from", "recorded_at")

    id: str = _id()
    name: str
    owner: str = _id()
    own: bool
    requires: str | None
    flows: str
    recover_after: str | None
    crews: int = _whole()
    kept: str


class VersionRow(Lasting, table=True):
    """A version's effective span is its valid time."""

    __tablename__ = "agreement_version"
    __table_args__ = _current("agreement", "number", "recorded_at")

    agreement: str = _id()
    number: int = _whole()
    kind: str
    provider: str = _id()
    customer: str = _id()
    covers: str
    terms: str
    name: str
    roles: str
    jointly: bool
    period: str
    timezone: str
    fee: str | None
    negotiability: str
    state: str
    acceptances: str
    allowances: str
    exclusions: str
    policies: str
    claims: str | None
    caps: str
    provisions: str
    annual_caps: str
    minimum_credit: str | None
    kept: str


class FactRow(Lasting, table=True):
    """A fact of any kind, or that one was withdrawn (`mapper.withdrawn_row`). `content` is all of
    it; the other columns are what it is found by."""

    __tablename__ = "fact"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "kind", "id", "recorded_at"),
        Index(None, "tenant_id", "valid_to"),
        Index(None, "tenant_id", "service", "valid_to"),
        Index(None, "tenant_id", "recorded_at"),
    )

    kind: str = _id()
    id: str = _id()
    service: str = _id()
    content: str


class RunRow(Row, table=True):
    """One booking of what follows from the facts of a period: the estate and the knowledge used."""

    __tablename__ = "assessment_run"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "asked", "revision"),)

    asked: str = _id()
    revision: int = _whole()
    recorded_at: int = _whole()
    estate_revision: int = _whole()
    known_at: int = _whole()


class Result(Recorded):
    """A row of a run's verdict; it stands until a later run of the same period supersedes it."""

    asked: str = _id()
    revision: int = _whole()


class TermResult(Result):
    """A result for one term, covered service and period."""

    agreement: str = _id()
    version: int = _whole()
    term: str = _id()
    service: str = _id()
    period_start: int = _whole()
    period_end: int = _whole()


TERM_RESULT: Final = ("agreement", "version", "term", "service", "period_start")
"""What tells two results of a run apart, in the order they are read in."""


REWARD: Final = (*TERM_RESULT, "kind")


def _of_term() -> tuple[Any, ...]:
    return (PrimaryKeyConstraint("tenant_id", "asked", *TERM_RESULT, "revision"),)


class AssessmentRow(TermResult, table=True):
    __tablename__ = "assessment"
    __table_args__ = _of_term()

    metric: str
    target: str
    attained: str | None
    status: str
    counted_seconds: str
    excused_seconds: str
    unknown_seconds: str
    hours_seconds: str
    attained_low: str | None
    attained_high: str | None
    windows: str


class BreachRow(TermResult, table=True):
    __tablename__ = "breach"
    __table_args__ = _of_term()

    policy: str
    responsibility: str
    borne_by: str
    breach_class: str


class CreditRow(TermResult, table=True):
    __tablename__ = "credit"
    __table_args__ = _of_term()

    debtor: str = _id()
    creditor: str = _id()
    money_amount: int = _whole()
    money_currency: str
    percent: str
    uncapped_amount: int = _whole()
    uncapped_currency: str
    scheme: str
    points: str
    repeated: int = _whole()
    stages: str


class ExposureRow(TermResult, table=True):
    __tablename__ = "exposure"
    __table_args__ = _of_term()

    owed: int = _whole()
    recovered: int = _whole()
    currency: str
    waterfall: str


class TallyRow(TermResult, table=True):
    """What an assessment by tickets or samples was counted from."""

    __tablename__ = "tally"
    __table_args__ = _of_term()

    promised: str
    points: str
    decides: int = _whole()
    carried: int = _whole()
    values: str
    decided: str


class RewardRow(TermResult, table=True):
    """A bonus, or a credit earned back by the period from `earned_start` on."""

    __tablename__ = "reward"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "asked", *REWARD, "revision"),)

    kind: str = _id()
    debtor: str = _id()
    creditor: str = _id()
    money_amount: int = _whole()
    money_currency: str
    percent: str
    earned_start: int = _whole()
    earned_end: int = _whole()


class FindingRow(Result, table=True):
    """`position` is the place of the finding in its verdict."""

    __tablename__ = "finding"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "asked", "position", "revision"),)

    position: int = _whole()
    code: str
    severity: str
    message: str
    subjects: str
    path: str


class ClaimRow(Recorded, table=True):
    """A claim for a credit, as it stood for a time."""

    __tablename__ = "claim"
    __table_args__ = _current(*TERM_RESULT, "recorded_at")

    agreement: str = _id()
    version: int = _whole()
    term: str = _id()
    service: str = _id()
    period_start: int = _whole()
    period_end: int = _whole()
    claimant: str = _id()
    respondent: str = _id()
    money_amount: int = _whole()
    money_currency: str
    drafted: int = _whole()
    deadline: int = _whole()
    state: str
    accepted: str | None
    evidence: str
    history: str


ENTRY: Final = ("agreement", "version", "term", "service", "period_start", "period_end", "kind")
"""What is booked: one kind of sum for one term and period. With the revision it is unique."""


class Booked(Row):
    """A row of the books, which is never changed."""

    recorded_at: int = _whole()


class _Keyed(Row):
    agreement: str = _id()
    version: int = _whole()
    term: str = _id()
    service: str = _id()
    period_start: int = _whole()
    period_end: int = _whole()
    kind: str = _id()


class EntryRow(_Keyed, Booked, table=True):
    """An entry of the journal. `content` is its booking; `due` is when that came to be owed, and
    `approval` the number of the leave it was restated by, 0 for none."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", *ENTRY, "revision"),
        Index(None, "tenant_id", "due"),
    )

    revision: int = _whole()
    reverses: int = _whole()
    due: int = _whole()
    approval: int = _whole()
    content: str


class LineRow(_Keyed, Booked, table=True):
    """An amount that an entry adds to an account of a party under the agreement."""

    __tablename__ = "ledger_line"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", *ENTRY, "revision", "position"),
        Index(None, "tenant_id", "party", "agreement", "account", "currency"),
    )

    revision: int = _whole()
    position: int = _whole()
    party: str = _id()
    account: str = _id()
    amount: int = _whole()
    currency: str = _id()


class ApprovalRow(Booked, table=True):
    """Leave to restate what stands in closed books; `granted` are the keys it is given for."""

    __tablename__ = "ledger_approval"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "number"),)

    number: int = _whole()
    by: str
    reason: str
    granted: str


class ClosingRow(Booked, table=True):
    """The books closed up to an instant; the last one recorded holds."""

    __tablename__ = "ledger_closing"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "recorded_at"),)

    until: int = _whole()
    by: str


class RestatementRow(_Keyed, Recorded, table=True):
    """What stands in closed books and ought to be otherwise, while it waits for leave."""

    __tablename__ = "ledger_restatement"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", *ENTRY, "recorded_at"),
        Index(None, "tenant_id", "superseded_at"),
    )

    due: int = _whole()
    booked: str | None
    wanted: str | None


class AuditRow(Row, table=True):
    """One mutation. `hash` seals this line and, through `previous`, all lines before it."""

    __tablename__ = "audit"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "seq"),
        UniqueConstraint("tenant_id", "idempotency_key"),
    )

    seq: int = _whole()
    at: int = _whole()
    actor: str
    action: str
    idempotency_key: str | None = Field(sa_type=ID, nullable=True)
    digest: str
    summary: str
    previous: str
    hash: str


class AuditHeadRow(Row, table=True):
    """The last audit line of a tenant. Who writes takes this row first, so that writers queue."""

    __tablename__ = "audit_head"
    __table_args__ = (PrimaryKeyConstraint("tenant_id"),)

    seq: int = _whole()
    at: int = _whole()
    hash: str


def table_of(row: type[Row]) -> Table:
    """The table itself: rows are read and written in bulk, never as instances."""
    return Row.metadata.tables[str(row.__tablename__)]
