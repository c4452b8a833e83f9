"""Everything to notice about contracts at once, and everything they refer to."""

from __future__ import annotations

from orchestrator.engine.paperwork import between, paperwork
from orchestrator.model.boundaries import Demarcation
from orchestrator.model.changes import merge
from orchestrator.model.clauses import Clause
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.parties import Party
from orchestrator.model.priorities import SeverityMapping, SeverityPair
from orchestrator.model.references import Reference, references, renamed
from orchestrator.model.schedule import EscalationLevel, Review
from orchestrator.model.services import Needs, Service
from orchestrator.model.validity import validate
from orchestrator.model.values import DAWN
from tests.contracts import at, contract, term, within
from tests.unit.test_provision_documents import HELD

CLAUSES = tuple(
    Clause(kind, kind, text="as agreed")
    for kind in ("assignment", "termination", "indemnity", "liability_cap")
)
OURS = contract(
    "c1",
    clauses=CLAUSES,
    severities=(SeverityMapping("vendor", (SeverityPair("sev1", "P1"),)),),
    reviews=(Review("slm", "FREQ=MONTHLY", at("2026-01-01")),),
)
THEIRS = contract(
    "u1",
    term(within("0.9", 4), "fix", "resolution_time", priority="sev2"),
    kind="UC",
    provider="vendor",
    customer="us",
    covers=("db",),
    clauses=CLAUSES[:2],
)


def found(*contracts: Contract, now: str = "", strict: bool = False) -> list[tuple[str, ...]]:
    estate = Estate(
        Metadata("test", ("us",), strict_demarcation=strict),
        {},
        always(Party("us"), Party("shop"), Party("vendor")),
        always(Service("web", owner="us", requires=Needs("db")), Service("db", owner="vendor")),
        {one.version.agreement: (one.held,) for one in contracts},
    )
    snapshot, asked = estate.at(DAWN), at(now) if now else None
    alone = [finding for one in contracts for finding in paperwork(snapshot, one, asked)]
    return [(one.code, one.severity, *one.subjects) for one in (*alone, *between(snapshot))]


def test_every_finding_is_made_where_it_belongs() -> None:
    assert found(THEIRS, OURS, now="2026-01-02", strict=True) == [
        ("MISSING_INDEMNITY", "warning", "u1"),
        ("MISSING_CLAUSES", "info", "u1"),
        ("OVERDUE_REVIEW", "warning", "c1", "slm"),
        ("UNMAPPED_SEVERITY", "error", "c1", "u1"),
        ("NO_DEMARCATION", "error", "web", "db"),
    ]


def test_without_a_moment_no_review_is_overdue() -> None:
    assert not [one for one in found(OURS) if one[0] == "OVERDUE_REVIEW"]


def test_a_line_in_either_contract_is_a_line() -> None:
    line = Demarcation("web", "db", "the port", "us", "vendor", "vendor")
    drawn = contract("c1", clauses=CLAUSES, demarcation=(line,))
    assert found(drawn, strict=True) == []


def test_a_supplier_of_somebody_else_has_its_own_scheme() -> None:
    others = contract(
        "u1",
        *THEIRS.version.terms,
        kind="UC",
        provider="vendor",
        customer="shop",
        covers=("db",),
        clauses=CLAUSES,
    )
    assert "UNMAPPED_SEVERITY" not in [code for code, *_ in found(OURS, others)]


def test_everything_that_provisions_name_is_told() -> None:
    told = set(references(HELD))
    assert {one.id for one in told if one.table == "parties"} == {
        "shop",
        "us",
        "desk",
        "maker",
        "host",
        "vendor",
        "carrier",
        "ops",
        "boss",
    }
    assert {one.id for one in told if one.table == "services"} == {"web", "link"}
    assert {one.path for one in told if one.table == "calendars"} == {
        "obligations[0].hours",
        "notice.hours",
        "escalation[1].hours",
        "meetings[0].resolutions",
    }
    assert Reference("parties", "host", "obligations[1].by") in told


def test_what_is_named_is_renamed_everywhere_and_nothing_else_is() -> None:
    def name(table: str, id: str) -> str:
        return f"{table}-{id}" if id not in {"", "24x7"} else id

    pairs = list(zip(references(HELD), references(renamed(HELD, name)), strict=True))
    assert len(pairs) > 20
    assert all(other.id == name(one.table, one.id) for one, other in pairs)
    assert renamed(HELD, lambda _, id: id) == HELD


def test_a_merger_renames_the_parties_of_what_an_agreement_holds() -> None:
    theirs = Estate(
        Metadata("theirs", ("us",)),
        {},
        always(Party("us"), Party("shop")),
        always(Service("web", owner="us")),
        {"c1": (contract("c1", escalation=(EscalationLevel("us"),)).held,)},
    )
    both = merge(Estate(), theirs, {("parties", "us"): "them", ("agreements", "c1"): "c9"})
    (version,) = both.agreements["c9"]
    assert version.provisions.escalation == (EscalationLevel("them"),)
    assert validate(both) == both
