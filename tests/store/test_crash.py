"""What was acknowledged is there whole after a crash, and nothing is there by half."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue

import psutil
import pytest
from sqlalchemy.orm import Session

from orchestrator.actions.books import verify_books
from orchestrator.engine.booking import bookings
from orchestrator.engine.ledger import standing
from orchestrator.engine.settle import settle
from orchestrator.model.records import Facts
from orchestrator.model.values import Span
from orchestrator.store import audit, books
from orchestrator.store.claims import load_claims
from orchestrator.store.database import check, connect, upgrade
from orchestrator.store.read import latest_run, load_estate, load_facts, load_verdict
from tests.store import crash_worker
from tests.store.conftest import serving
from tests.store.crash_worker import (
    AGREED,
    APRIL,
    FACTS,
    SERVICES,
    SETTLED,
    TENANT,
    minute_down,
)

KILLS = 12
SERVER_KILLS = 3
LONGEST_SECONDS = 0.1
PATIENCE_SECONDS = 30


@dataclass
class Worker:
    """A process that works until it is killed, and what it has acknowledged."""

    process: subprocess.Popen[str]
    said: Queue[str] = field(default_factory=Queue)
    acknowledged: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("estate", "facts", "books"), 0)
    )

    def start(self, url: str) -> int:
        """Have it work on, from the batch after the last acknowledged one; its process id."""
        assert self.process.stdin
        self.process.stdin.write(f"{url} {min(self.acknowledged.values()) + 1}\n")
        self.process.stdin.flush()
        word, number = self.said.get(timeout=PATIENCE_SECONDS).split()
        assert word == "pid"
        return int(number)

    def hear(self, word: str) -> None:
        """Take note of all it says up to a word."""
        while (said := self.said.get(timeout=PATIENCE_SECONDS)) != "ended":
            what, number = said.split()
            self.acknowledged[what] = int(number)
            if what == word:
                return
        assert word == "ended", "it ended by itself"


@contextmanager
def worker() -> Iterator[Worker]:
    process = subprocess.Popen(
        [sys.executable, str(Path(crash_worker.__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    one = Worker(process)

    def listen() -> None:
        assert process.stdout
        for line in process.stdout:
            one.said.put(line.strip())

    ears = threading.Thread(target=listen)
    ears.start()
    try:
        yield one
    finally:
        assert process.stdin
        process.stdin.close()
        process.kill()
        process.wait()
        ears.join()
        assert process.stdout
        process.stdout.close()


def batches(url: str, acknowledged: dict[str, int]) -> dict[str, int]:
    """The last batch of each kind that a database holds, after looking whether all of them are
    there whole."""
    with connect(url) as database:
        check(database)
        with database.read() as session:
            assert audit.verify(session, TENANT) == ()
            estate = load_estate(session, TENANT)
            facts = load_facts(session, TENANT, Span(0, FACTS + 1))
            settled = last_settled(session)
    last_names = [timeline[-1].value.name for timeline in estate.services.values()]
    assert len(last_names) in (0, SERVICES)
    assert len(set(last_names)) <= 1, "half an estate"
    shared = {fact.source for fact in facts.outages if fact.id.startswith("shared")}
    assert len(shared) <= 1, "half a correction"
    last = max((int(source) for source in shared), default=0)
    whole = {f"o-{batch}-{n}" for batch in range(1, last + 1) for n in range(FACTS)}
    assert {fact.id for fact in facts.outages if fact.source == ""} == whole, "half a batch"
    found = {"estate": int(last_names[0]) if last_names else 0, "facts": last, "books": settled}
    for what, number in acknowledged.items():
        assert number <= found[what] <= number + 1, f"{what} {number} was acknowledged"
    return found


def last_settled(session: Session) -> int:
    """The last batch that is assessed, after looking whether the verdict, the books and the claim
    are all those of it, and of none besides."""
    assert audit.verify(session, SETTLED) == ()
    assert verify_books(session, SETTLED) == ()
    agreements = books.agreements_booked(session, SETTLED)
    entries = books.entries_under(session, SETTLED, agreements) if agreements else ()
    run = latest_run(session, SETTLED, APRIL)
    claims = load_claims(session, SETTLED)
    if run is None:
        assert (entries, claims) == ((), ())
        return 0
    verdict = load_verdict(session, run)
    last = run.revision  # every batch costs more than the one before
    expected = settle(AGREED, Facts(tuple(map(minute_down, range(1, last + 1)))), APRIL)
    assert (verdict.credits, verdict.exposures) == (expected.credits, expected.exposures)
    assert [str(one.money) for one in verdict.credits] == [f"{3 * last}.00", f"{last}.00"]
    assert standing(entries) == {one.key: one for one in bookings(expected)}
    # Of each batch an entry and what reverses it, but for the last.
    assert len(entries) == 2 * (2 * last - 1)
    assert [str(one.money) for one in claims] == [f"{last}.00"]
    return last


def crash_many_times(url: str, times: int, kill: Callable[[int], None], seed: int) -> None:
    moments = random.Random(seed)
    with worker() as one:
        for _ in range(times):
            process = one.start(url)
            one.hear("books")  # a whole batch at least, so that each run gets on
            time.sleep(moments.uniform(0, LONGEST_SECONDS))
            kill(process)
            one.hear("ended")
            one.acknowledged = batches(url, one.acknowledged)
    assert min(one.acknowledged.values()) >= times


def kill_client(process: int) -> None:
    os.kill(process, signal.SIGKILL)


def test_a_killed_client_leaves_all_it_acknowledged_and_no_half_of_anything(url: str) -> None:
    crash_many_times(url, KILLS, kill_client, seed=1)


@pytest.mark.skipif(sys.platform == "win32", reason="the server is found by its process tree")
def test_a_killed_postgresql_server_comes_back_with_all_that_was_acknowledged() -> None:
    with serving() as server:

        def kill_server(_process: int) -> None:
            postmaster = psutil.Process(server.get_pid() or 0)
            family = [postmaster, *postmaster.children(recursive=True)]
            postmaster.suspend()  # it starts no others and cleans nothing up
            for process in family:
                process.kill()
            psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
            server.ensure_postgres_running()

        upgrade(server.get_uri())
        crash_many_times(server.get_uri(), SERVER_KILLS, kill_server, seed=2)
