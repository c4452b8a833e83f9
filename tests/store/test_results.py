"""Booking verdicts: only what differs, as a further revision; and reading them page by page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.model.records import (
    Assessment,
    Breach,
    Credit,
    Exposure,
    Finding,
    Verdict,
)
from orchestrator.model.values import AskedPeriod
from orchestrator.store.database import Database
from orchestrator.store.read import (
    RESULTS,
    Run,
    counts,
    latest_run,
    latest_runs,
    load_verdict,
    period_key,
    results,
)
from orchestrator.store.write import save_verdict
from tests.store.conftest import NOW
from tests.store.samples import APRIL, statements, verdict


def book(database: Database, wanted: Verdict, now: int = NOW, asked: AskedPeriod = APRIL) -> Run:
    with database.write() as session:
        return save_verdict(session, "tenant", asked, wanted, now, estate_revision=1, known_at=now)


def booked(database: Database, as_of: int | None = None) -> Verdict | None:
    with database.read() as session:
        run = latest_run(session, "tenant", APRIL, as_of)
        return load_verdict(session, run) if run else None


def rows(database: Database) -> int:
    with database.write() as session:
        tables = ("assessment", "breach", "credit", "exposure", "finding")
        connection = session.connection()
        return sum(
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in tables
        )


def test_a_verdict_comes_back_equal(database: Database) -> None:
    assert book(database, verdict(range(5))) == Run("tenant", period_key(APRIL), 1, NOW, 1, NOW)
    assert booked(database) == verdict(range(5))
    assert booked(database, NOW - 1) is None


def test_the_same_verdict_again_books_nothing(database: Database) -> None:
    first = book(database, verdict(range(3)))
    assert book(database, verdict(range(3)), NOW + 1) == first
    assert rows(database) == 15


def test_only_what_differs_is_booked_and_nothing_is_overwritten(database: Database) -> None:
    first, other = verdict(range(3)), verdict(range(3), amount=700)
    changed = replace(first, credits=(*first.credits[:2], other.credits[2]))
    book(database, first)
    assert book(database, changed, NOW + 1).revision == 2
    assert rows(database) == 16
    assert booked(database) == changed
    assert booked(database, NOW) == first
    assert book(database, first, NOW + 2).revision == 3
    assert booked(database) == first
    assert booked(database, NOW + 1) == changed


def test_what_is_no_longer_due_is_gone_and_still_known(database: Database) -> None:
    book(database, verdict(range(3)))
    book(database, verdict(range(1)), NOW + 1)
    assert booked(database) == verdict(range(1))
    assert booked(database, NOW) == verdict(range(3))
    assert rows(database) == 15
    book(database, verdict(range(3)), NOW + 2)
    assert booked(database) == verdict(range(3))


def test_an_empty_verdict_is_booked_once(database: Database) -> None:
    assert book(database, Verdict()).revision == 1
    assert book(database, Verdict(), NOW + 1).revision == 1
    assert booked(database) == Verdict()


def test_periods_are_booked_apart(database: Database) -> None:
    may = AskedPeriod.parse("2026-05")
    quarter = AskedPeriod.parse("2026-Q2")
    exactly = AskedPeriod.parse("2026-04-01T00:00:00Z/2026-05-01T00:00:00Z")
    for number, asked in enumerate((quarter, may, APRIL, exactly)):
        book(database, verdict(range(number)), NOW + number, asked)
    book(database, verdict(range(9)), NOW + 9, may)
    with database.read() as session:
        runs = latest_runs(session, "tenant")
        assert [(AskedPeriod.parse(run.asked), run.revision) for run in runs] == [
            (quarter, 1) if asked == quarter else (asked, 2 if asked == may else 1)
            for asked in (APRIL, quarter, exactly, may)
        ]
        assert latest_runs(session, "tenant", runs[0].asked, 1) == runs[1:2]
        assert latest_runs(session, "nobody") == ()
        assert counts(session, "tenant")["assessments"] == 0 + 9 + 2 + 3


@pytest.mark.parametrize("cls", [Assessment, Breach, Credit, Exposure, Finding])
@pytest.mark.parametrize("size", [1, 3, 7, 8])
def test_pages_put_together_are_the_whole(database: Database, cls: Any, size: int) -> None:
    book(database, verdict(range(7), counted=1))
    book(database, verdict(range(7)), NOW + 1)
    found, after, pages = [], None, 0
    with database.read() as session:
        run = latest_run(session, "tenant", APRIL)
        assert run
        while True:
            page = results(session, run, cls, after, size)
            found += page.items
            pages += 1
            if not page.more:
                break
            after = page.keys[-1]
    (part,) = (name for name, one in RESULTS.items() if one is cls)
    assert tuple(found) == getattr(verdict(range(7)), part)
    assert pages == -(-7 // size)


def test_a_page_is_of_the_run_it_was_asked_for(database: Database) -> None:
    first = book(database, verdict(range(3)))
    book(database, verdict(range(3), amount=700), NOW + 1)
    with database.read() as session:
        page = results(session, first, Credit)
    assert page.items == verdict(range(3)).credits


def test_a_page_may_be_of_some_agreements_only(database: Database) -> None:
    run = book(database, verdict(range(5)))
    with database.read() as session:
        page = results(session, run, Breach, agreements=["c3", "c1", "none"])
        assert [breach.key.agreement for breach in page.items] == ["c1", "c3"]
        assert not results(session, run, Breach, agreements=[]).items


@pytest.mark.parametrize("first", [0, -1, 1001])
def test_a_page_is_limited(database: Database, first: int) -> None:
    run = book(database, verdict(range(1)))
    with database.read() as session, pytest.raises(OrchestratorError) as error:
        results(session, run, Credit, first=first)
    assert [problem.code for problem in error.value.problems] == ["BAD_PAGE"]


def test_a_cursor_is_of_its_own_list(database: Database) -> None:
    run = book(database, verdict(range(1)))
    with database.read() as session, pytest.raises(OrchestratorError) as error:
        results(session, run, Credit, after=(1,))
    assert [problem.code for problem in error.value.problems] == ["BAD_CURSOR"]


@pytest.mark.parametrize("size", [3, 300])
def test_the_number_of_statements_does_not_depend_on_how_many(
    database: Database, size: int
) -> None:
    with statements(database) as sent:
        book(database, verdict(range(size)))
    assert len(sent) <= 16, sent
    with statements(database) as sent:
        book(database, verdict(range(size), counted=1, amount=2), NOW + 1)
    assert len(sent) <= 22, sent
    with statements(database) as sent:
        booked(database)
    assert len(sent) <= 8, sent
