"""A small estate and its facts, and packs of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.actions.packs import Question, Wanted, make_pack, seal
from orchestrator.actions.verification import read_pack
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.formats.text import canonical_json, dump_json
from orchestrator.model.estate import Estate
from orchestrator.model.records import Facts

SHOP = Path(__file__).parent.parent.parent / "examples" / "beta-shop"
APRIL = Question("2026-04")

ESTATE = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: two-customers, home: [us], currency: EUR, timezone: UTC}
parties: [{id: us}, {id: ops, parent: us, kind: team}, {id: cloud}, {id: idle}, {id: one},
  {id: two}, {id: three}]
services:
  - {id: db, owner: cloud}
  - {id: cache, owner: idle}
  - {id: web, owner: ops, requires: db}
  - {id: shop, owner: ops, requires: {all: [web, cache]}}
  - {id: other, owner: idle}
agreements:
  - {id: first, kind: SLA, provider: us, customer: one, covers: [web],
     effective: {from: 2026-01-01},
     fee: {amount: "1000.00", per: month},
     terms: [{id: availability, metric: availability, target: "99.99%",
       credits: [{below: "99.99%", percent: "10"}]}]}
  - {id: second, kind: SLA, provider: us, customer: two, covers: [shop],
     effective: {from: 2026-01-01},
     fee: {amount: "3000.00", per: month},
     terms: [{id: availability, metric: availability, target: "99.99%",
       credits: [{below: "99.99%", percent: "10"}]}]}
  - {id: third, kind: SLA, provider: us, customer: three, covers: [other],
     effective: {from: 2026-01-01},
     terms: [{id: availability, metric: availability, target: "99.99%"}]}
  - {id: db-uc, kind: UC, provider: cloud, customer: us, covers: [db],
     effective: {from: 2026-01-01},
     fee: {amount: "800.00", per: month},
     terms: [{id: availability, metric: availability, target: "99.9%",
       credits: [{below: "99.9%", percent: "50"}]}]}
"""
FACTS = """
apiVersion: orchestrator/v1
kind: Facts
outages:
  - {id: o-1, service: db, from: 2026-04-03T10:00:00Z, to: 2026-04-03T13:00:00Z,
     excuse: {category: weather, evidence: "</script><script>alert(1)</script>"}}
  - {id: o-2, service: other, from: 2026-04-03T10:00:00Z, to: 2026-04-03T13:00:00Z}
"""


def shop() -> tuple[Estate, Facts]:
    return (
        read_estate((SHOP / "estate.yaml").read_bytes()).estate,
        read_facts((SHOP / "facts.yaml").read_bytes()),
    )


def small(agreement: str = "first", estate: str = ESTATE, facts: str = FACTS) -> dict[str, Any]:
    """The pack of an agreement of a small estate in April, to be changed at will."""
    return json.loads(_made(agreement, estate, facts), parse_float=Decimal)


@cache
def _made(agreement: str, estate: str, facts: str) -> str:
    pack = make_pack(read_estate(estate).estate, read_facts(facts), APRIL, Wanted(agreement))
    return dump_json(pack)


def late(facts: str = FACTS) -> dict[str, Any]:
    """The pack of a ticket that was resolved two hours after its four."""
    estate = ESTATE.replace(
        'terms: [{id: availability, metric: availability, target: "99.99%"}]',
        "terms: [{id: p1, metric: resolution_time, priority: P1, "
        'target: {share: "90%", within: 4h}}]',
    )
    ticket = (
        "tickets:\n  - {id: t-1, service: other, priority: P1, opened: 2026-04-06T09:00:00Z, "
        "events: [{at: 2026-04-06T15:00:00Z, do: resolve}]}\n"
    )
    return small("third", estate, facts + ticket)


def reread(pack: dict[str, Any]) -> dict[str, Any]:
    return read_pack(canonical_json(pack))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    else:
        yield path


def forged(pack: dict[str, Any], path: tuple[Any, ...], value: Any = None) -> dict[str, Any]:
    """The pack with one value changed, and sealed again by whoever changed it."""
    copy = json.loads(canonical_json(pack))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    old = holder[path[-1]]
    holder[path[-1]] = f"{old}0" if value is None else value
    copy["hash"] = seal(copy)
    return copy
