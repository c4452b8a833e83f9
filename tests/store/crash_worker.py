"""What `test_crash` kills: for each line "URL FIRST" it reads, a child that imports, records,
withdraws and assesses batch after batch and says so after each commit. Forked, so that a kill costs
no start."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from itertools import count

from orchestrator.actions.assess import assess_period
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts, withdraw_facts
from orchestrator.formats.estate import read_estate
from orchestrator.model.estate import Estate, always
from orchestrator.model.records import Facts, Outage
from orchestrator.model.services import Service
from orchestrator.model.values import HOUR, MINUTE, AskedPeriod, Span, parse_instant
from orchestrator.store.database import connect

TENANT = "tenant"
SERVICES = 12
FACTS = 40
SETTLED = "settled"
"""The tenant with agreements, by which every batch costs more than the one before."""
APRIL = AskedPeriod.parse("2026-04")
AGREED = read_estate("""
apiVersion: orchestrator/v1
kind: Estate
metadata: {home: [us], currency: EUR, timezone: UTC}
parties: [{id: us}, {id: shop}, {id: host}]
services:
  - {id: hosting, owner: host}
  - {id: web, owner: us, requires: hosting}
agreements:
  - {id: sla, kind: SLA, provider: us, customer: shop, covers: [web], fee: {amount: "9000.00"},
     terms: [{id: availability, metric: availability, target: "100%",
       credits: {perMinute: {amount: "3.00"}}}]}
  - {id: uc, kind: UC, provider: host, customer: us, covers: [hosting], fee: {amount: "5000.00"},
     claims: {within: 75d},
     terms: [{id: availability, metric: availability, target: "100%",
       credits: {perMinute: {amount: "1.00"}}}]}
""").estate


def estate(batch: int) -> Estate:
    """Every service says which batch it is of."""
    return Estate(services=always(*(Service(f"s-{n}", str(batch)) for n in range(SERVICES))))


def facts(batch: int) -> Facts:
    """Facts of this batch alone, and corrections of what the one before said."""
    own = (Outage(f"o-{batch}-{n}", f"s-{n % SERVICES}", Span(n, n + 1)) for n in range(FACTS))
    shared = (Outage(f"shared-{n}", "s-0", Span(n, n + 1), source=str(batch)) for n in range(FACTS))
    return Facts(outages=(*own, *shared))


def minute_down(batch: int) -> Outage:
    begin = parse_instant("2026-04-01T00:00:00Z") + batch * HOUR
    return Outage(f"o-{batch}", "hosting", Span(begin, begin + MINUTE))


def work(url: str, first: int) -> None:
    with connect(url) as database:
        settling = Context(database, SETTLED, parse_instant("2026-07-01T00:00:00Z"), "worker")
        import_estate(settling, AGREED)
        for batch in count(first):
            ctx = Context(database, TENANT, batch, "worker")
            import_estate(ctx, estate(batch), since=batch)
            say(f"estate {batch}")
            record_facts(ctx, facts(batch), idempotency_key=f"facts {batch}")
            say(f"facts {batch}")
            false = replace(minute_down(batch), id=f"false-{batch}", service="web")
            record_facts(settling, Facts((false, minute_down(batch))))
            withdraw_facts(settling, "outages", [false.id], "a false alarm")
            assess_period(settling, APRIL)
            say(f"books {batch}")


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def main() -> None:
    for line in sys.stdin:
        url, first = line.split()
        child = os.fork()
        if child == 0:
            try:
                say(f"pid {os.getpid()}")
                work(url, int(first))
            except BaseException as error:
                os.write(2, f"{error!r}\n".encode())
            finally:
                os._exit(1)
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main()
