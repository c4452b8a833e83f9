"""Several at one time, and the one that is killed: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.actions.assess import AssessResult, assess_period
from orchestrator.actions.books import verify_books
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.engine.booking import bookings
from orchestrator.engine.credit import Ended
from orchestrator.engine.ledger import standing, verify
from orchestrator.engine.settle import Lost, nothing_lost, settle
from orchestrator.formats.estate import read_estate
from orchestrator.model.claims import Claim
from orchestrator.model.ledger import Entry
from orchestrator.model.records import Credit, Facts, Outage, Verdict
from orchestrator.model.values import DAY, HOUR, MINUTE, Instant, Money, Span
from orchestrator.store import audit, books
from orchestrator.store.claims import load_claims
from orchestrator.store.database import Database, connect
from orchestrator.store.read import latest_run, load_facts, load_verdict
from tests.laws.build import END, START
from tests.store import kill_worker
from tests.store.kill_worker import ACTOR, APRIL, NOW, TENANT

RECORDERS, BATCHES, ASSESSORS, TIMES = 4, 4, 2, 4
PATIENCE_SECONDS = 60

ESTATE = read_estate(
    """
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: small, home: [us], currency: EUR, timezone: UTC}
parties: [{id: us}, {id: cloud}, {id: one}, {id: two}]
services:
  - {id: db, owner: cloud}
  - {id: web, owner: us, requires: db}
  - {id: app, owner: us, requires: db}
agreements:
  - {id: first, kind: SLA, provider: us, customer: one, covers: [web],
     fee: {amount: "1000.00", per: month},
     terms: [{id: availability, metric: availability, target: "99.9%",
       credits: [{below: "99.9%", percent: "10"}, {below: "99%", percent: "25"}]}]}
  - {id: second, kind: SLA, provider: us, customer: two, covers: [app],
     fee: {amount: "3000.00", per: month},
     terms: [{id: availability, metric: availability, target: "99.9%",
       credits: [{below: "99.9%", percent: "10"}, {below: "99%", percent: "25"}]}]}
  - {id: uc, kind: UC, provider: cloud, customer: us, covers: [db],
     fee: {amount: "800.00", per: month}, claims: {within: 75d},
     terms: [{id: availability, metric: availability, target: "99.9%",
       credits: [{below: "99.9%", percent: "50"}, {below: "99.5%", percent: "100"}]}]}
"""
).estate


def batch(recorder: int, number: int) -> Facts:
    """Facts of one batch alone, of twenty minutes each."""
    found = []
    for place, service in enumerate(("db", "web", "app")):
        start = START + ((recorder * BATCHES + number) * 3 + place) * 5 * HOUR
        id = f"o-{recorder}-{number}-{service}"
        found.append(Outage(id, service, Span(start, start + 20 * MINUTE)))
    return Facts(outages=tuple(found))


def everything(recorders: int = RECORDERS) -> Facts:
    return Facts(
        outages=tuple(
            sorted(
                (
                    outage
                    for recorder in range(recorders)
                    for number in range(BATCHES)
                    for outage in batch(recorder, number).outages
                ),
                key=lambda one: one.id,
            )
        )
    )


def as_of(database: Database, tenant: str, actor: str) -> Context:
    return Context(database, tenant, NOW, actor)


def record_all(database: Database, tenant: str, recorder: int) -> Counter[str]:
    """Every batch sent twice, as a client does that heard no answer."""
    counts: Counter[str] = Counter()
    for number in range(BATCHES):
        for again in (False, True):
            result = record_facts(
                as_of(database, tenant, f"recorder-{recorder}"),
                batch(recorder, number),
                idempotency_key=None if again else f"{recorder}-{number}",
            )
            counts["accepted"] += result.accepted
            counts["repeated"] += result.repeated
    return counts


def assess_often(database: Database, tenant: str, assessor: int) -> list[AssessResult]:
    who = as_of(database, tenant, f"assessor-{assessor}")
    return [assess_period(who, APRIL) for _ in range(TIMES)]


def booked(database: Database, tenant: str) -> Verdict | None:
    """What is booked for April, after looking whether the record of it is whole."""
    with database.read() as session:
        assert audit.verify(session, tenant) == ()
        run = latest_run(session, tenant, APRIL)
        return None if run is None else load_verdict(session, run)


def recorded(database: Database, tenant: str) -> Facts:
    with database.read() as session:
        return load_facts(session, tenant, Span(START, END))


@dataclass(frozen=True)
class Held:
    """All that an assessment writes: the verdict, the ledger, the claims, and its audit lines."""

    verdict: Verdict | None
    entries: tuple[Entry, ...]
    claims: tuple[Claim, ...]
    lines: tuple[tuple[str, str, str], ...]


def held(database: Database, tenant: str) -> Held:
    """What is there for a tenant, after looking whether the records of it are whole."""
    verdict = booked(database, tenant)
    with database.read() as session:
        assert verify_books(session, tenant) == ()
        agreements = books.agreements_booked(session, tenant)
        return Held(
            verdict,
            books.entries_under(session, tenant, agreements) if agreements else (),
            load_claims(session, tenant),
            tuple((one.action, one.digest, one.summary) for one in audit.lines(session, tenant)),
        )


def settled(facts: Facts, lost: Lost = nothing_lost) -> Verdict:
    return settle(ESTATE, facts, APRIL, lost=lost)


def all_lost(credits: Mapping[Ended, Credit]) -> Mapping[Ended, Money]:
    return {where: one.money for where, one in credits.items() if one.key.agreement == "uc"}


def in_books(found: Held, verdict: Verdict) -> bool:
    """Whether the books and the claims are those of a verdict, and each of them once."""
    verify(found.entries)
    due = {one.key: one for one in bookings(verdict) if one.money.amount}
    claimed = [(one.key, one.period, one.money) for one in found.claims]
    owed = [
        (one.key, one.period, one.money) for one in verdict.credits if one.key.agreement == "uc"
    ]
    return standing(found.entries) == due and claimed == owed


def same(found: Verdict | None, expected: Verdict) -> bool:
    """Whether what is booked is what follows, and each of it once."""
    assert found is not None
    for booked_once in (found.credits, found.exposures):
        assert len({(one.key, one.period) for one in booked_once}) == len(booked_once)
    return (found.assessments, found.breaches, found.credits, found.exposures) == (
        expected.assessments,
        expected.breaches,
        expected.credits,
        expected.exposures,
    )


# --- several at one time ---


def test_recorders_and_assessors_of_one_tenant_lose_nothing_and_book_nothing_twice(
    postgres_url: str,
) -> None:
    with connect(postgres_url) as database, ThreadPoolExecutor(RECORDERS + ASSESSORS) as pool:
        import_estate(as_of(database, TENANT, "importer"), ESTATE)
        recording = [pool.submit(record_all, database, TENANT, i) for i in range(RECORDERS)]
        assessing = [pool.submit(assess_often, database, TENANT, i) for i in range(ASSESSORS)]
        counts = sum((one.result(PATIENCE_SECONDS) for one in recording), Counter[str]())
        results = [result for one in assessing for result in one.result(PATIENCE_SECONDS)]
        each = RECORDERS * BATCHES * 3
        assert counts == {"accepted": each, "repeated": each}
        assert recorded(database, TENANT) == everything()
        last = assess_period(as_of(database, TENANT, ACTOR), APRIL)
        assert same(booked(database, TENANT), settled(everything()))
        assert in_books(held(database, TENANT), settled(everything()))
        # Every revision was booked by one of them alone, and none is missing.
        changing = sorted(one.revision for one in (*results, last) if one.changed)
        assert changing == list(range(1, last.revision + 1))
        assert not assess_period(as_of(database, TENANT, ACTOR), APRIL).changed


def test_many_tenants_at_one_time_have_each_what_they_would_have_alone(postgres_url: str) -> None:
    def everything_of(tenant: int) -> None:
        name = f"tenant-{tenant}"
        import_estate(as_of(database, name, "importer"), ESTATE)
        for recorder in range(tenant):
            record_all(database, name, recorder)
            assess_period(as_of(database, name, ACTOR), APRIL)

    tenants = range(1, 5)
    with connect(postgres_url) as database, ThreadPoolExecutor(len(tenants)) as pool:
        for done in [pool.submit(everything_of, tenant) for tenant in tenants]:
            done.result(PATIENCE_SECONDS)
        for tenant in tenants:
            assert recorded(database, f"tenant-{tenant}") == everything(tenant)
            assert same(booked(database, f"tenant-{tenant}"), settled(everything(tenant)))
            assert in_books(held(database, f"tenant-{tenant}"), settled(everything(tenant)))


def test_one_request_sent_by_many_at_one_time_is_done_once(postgres_url: str) -> None:
    with connect(postgres_url) as database, ThreadPoolExecutor(8) as pool:
        import_estate(as_of(database, TENANT, "importer"), ESTATE)
        record_facts(as_of(database, TENANT, "recorder"), batch(0, 0))
        who = as_of(database, TENANT, ACTOR)
        asked = [pool.submit(assess_period, who, APRIL, idempotency_key="k") for _ in range(8)]
        found = [one.result(PATIENCE_SECONDS) for one in asked]
        assert {(one.revision, one.changed) for one in found} == {(1, True)}
        assert all(one.verdict.credits == found[0].verdict.credits for one in found)
        with database.read() as session:
            run = latest_run(session, TENANT, APRIL)
        assert run is not None
        assert run.revision == 1
        assert in_books(held(database, TENANT), settled(batch(0, 0)))


# --- one that is killed ---


@contextmanager
def killer() -> Iterator[Callable[[str, Instant, int], int]]:
    """Has a settlement killed at a step; how it ended: 0 where there is no such step."""
    process = subprocess.Popen(
        [sys.executable, str(Path(kill_worker.__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout

    def kill(url: str, now: Instant, step: int) -> int:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{url} {now} {step}\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    try:
        yield kill
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


LATER = NOW + 31 * DAY
ALONE = "alone"
"""The tenant to whom the same happens, and whom nobody kills."""


def killed_at_every(stride: int, url: str) -> int:
    """A settlement, one more after late facts, and one by which a claim has lapsed, killed at steps
    up to the last; the steps of the last settlement.

    There is always all of what was there before, or all of what one that nobody kills leaves: the
    verdict, the entries, the claims, the line of the audit."""
    step = 1
    known = ((1, NOW), (3, NOW), (3, LATER))
    with connect(url) as database, killer() as kill:
        for tenant in (TENANT, ALONE):
            import_estate(as_of(database, tenant, "importer"), ESTATE)
        for revision, (recorders, now) in enumerate(known, 1):
            for tenant in (TENANT, ALONE):
                record_facts(as_of(database, tenant, "recorder"), everything(recorders))
            before = held(database, TENANT)
            assert before == held(database, ALONE)
            assess_period(Context(database, ALONE, now, ACTOR), APRIL)
            after = held(database, ALONE)
            assert before != after
            step, ended, last = 1, -signal.SIGKILL, False
            while ended == -signal.SIGKILL:
                ended = kill(url, now, step)
                found = held(database, TENANT)
                assert found in ((after,) if last else (before, after)), f"half, at step {step}"
                last = found == after
                step += stride if not last else 1
            assert ended == 0
            assert last
            result = assess_period(Context(database, TENANT, now, ACTOR), APRIL)
            assert (result.revision, result.changed, result.posted) == (revision, False, 0)
            assert held(database, TENANT) == after
        assert same(booked(database, TENANT), settled(everything(3), lost=all_lost))
        (claim,) = after.claims
        assert claim.state == "lapsed"
        # The late facts raised all three credits: each is booked, reversed and booked anew.
        assert len(after.entries) == 9
    return step


def test_a_settlement_that_is_killed_is_there_whole_or_not_at_all(url: str) -> None:
    killed_at_every(25, url)


@pytest.mark.long
def test_a_settlement_killed_at_every_step_is_there_whole_or_not_at_all(url: str) -> None:
    assert killed_at_every(1, url) > 10
