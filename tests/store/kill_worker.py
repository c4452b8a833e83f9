"""What `test_concurrency` kills: for each line "URL NOW STEP" it reads, a child that assesses April
and kills itself without warning just before it does its STEP-th thing to the database: a statement,
a COPY, the commit, or anything after it. Forked, so that a kill costs no start."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from orchestrator.actions.assess import assess_period
from orchestrator.actions.context import Context
from orchestrator.model.values import AskedPeriod, Instant, parse_instant
from orchestrator.store.database import check, connect

TENANT = "tenant"
ACTOR = "settler"
APRIL = AskedPeriod.parse("2026-04")
NOW = parse_instant("2026-07-01T12:00:00Z")


def counting(last: int) -> Callable[..., None]:
    """To be called before each step; does not come back from the last."""
    steps = count(1)

    def step(*_: Any, **__: Any) -> None:
        if next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def work(url: str, now: Instant, last: int) -> None:
    with connect(url) as database:
        check(database)  # the connection is there: what follows is the settlement alone
        step = counting(last)
        event.listen(Engine, "before_cursor_execute", step)
        event.listen(Engine, "commit", step)
        event.listen(Session, "after_commit", step)
        copy = psycopg.Cursor.copy

        def counted(*args: Any, **more: Any) -> Any:
            step()
            return copy(*args, **more)

        psycopg.Cursor.copy = counted  # type: ignore[method-assign]
        assess_period(Context(database, TENANT, now, ACTOR), APRIL)


def main() -> None:
    for line in sys.stdin:
        url, now, last = line.split()
        child = os.fork()
        if child == 0:
            code = 0
            try:
                work(url, int(now), int(last))
            except BaseException as error:
                os.write(2, f"{error!r}\n".encode())
                code = 1
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
