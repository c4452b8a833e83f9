"""A portfolio of a size and shape as a provider has them: the same for the same seed.

Regions of three zones; racks in zones, pools of racks, replicas of a microservice one to a zone;
data platforms with a quorum over zones; identity, names and backbone shared by all. Suppliers sell
under contracts on several services each, teams commit to their own parts, and the SLAs stand on
products that call microservices, which call one another and sometimes those of shared domains.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.estate import Estate, Metadata, Snapshot, always
from orchestrator.model.parties import Party
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service
from orchestrator.model.values import HOUR, MONTH, Money, Period

ZONES: Final = ("a", "b", "c")
RACKS: Final = 24
"""Racks of a zone; a pool stands on four of them."""
SHARED_DOMAINS: Final = 3
"""Domains whose microservices those of any other may call: customers, prices, payments."""
DOMAIN: Final = 210
"""Services of a domain: some fifty microservices with their replicas and caches."""

LEAVES: Final = 10
"""Microservices of a domain that call no others."""

OFFICES: Final = (
    ("office-berlin", "Europe/Berlin"),
    ("office-london", "Europe/London"),
    ("office-new-york", "America/New_York"),
)
_TIERS: Final = (
    CreditTier(Fraction(999, 1000), Fraction(1, 10), nested=True),
    CreditTier(Fraction(99, 100), Fraction(1, 4), nested=True),
)
_SLA_TARGETS: Final = ("0.999", "0.995", "0.99", "0.98", "0.95")
_TEAM_TARGETS: Final = ("0.99999", "0.99995", "0.9999", "0.9995")
_SUPPLIER_TARGETS: Final = ("0.99995", "0.9999", "0.9995", "0.999")


@dataclass
class _Plan:
    """What has been made so far, and what has no commitment yet, by the kind of it."""

    chance: random.Random
    services: list[Service] = field(default_factory=list)
    bought: dict[str, list[str]] = field(default_factory=dict)
    run: dict[str, list[str]] = field(default_factory=dict)

    def buy(self, id: str, supplier: str) -> str:
        """A service that a supplier provides."""
        self.services.append(Service(id, owner=supplier))
        self.bought.setdefault(supplier, []).append(id)
        return id

    def provide(self, id: str, team: str, *needs: str | Expression) -> str:
        """A service that a team runs: its own part, and what it needs; without a team a mere
        grouping."""
        parts = tuple(Needs(one) if isinstance(one, str) else one for one in needs)
        self.services.append(Service(id, owner=team, requires=AllOf(parts)))
        if team:
            self.run.setdefault(team, []).append(id)
        return id


def portfolio(services: int = 10_000, slas: int = 300, seed: int = 1) -> Estate:
    """An estate of about so many services, with some four dependencies each, and so many SLAs."""
    plan = _Plan(random.Random(seed))
    regions = [f"r{i}" for i in range(max(services // 2000, 1))]
    for region in regions:
        _facilities(plan, region)
        _platforms(plan, region)
    shared = _shared(plan, regions)
    callable_: list[list[str]] = []
    number = 0
    while len(plan.services) + slas < services:
        room = min(DOMAIN, services - slas - len(plan.services))
        region = regions[number % len(regions)]
        others = [one for domain in callable_[:SHARED_DOMAINS] for one in domain]
        callable_.append(_domain(plan, f"d{number}", region, room, others, shared))
        number += 1
    products = [_product(plan, i, callable_, shared) for i in range(slas)]
    return _agreed(plan, products)


def _any_of(parts: Iterable[str]) -> AtLeast:
    return AtLeast(1, tuple(map(Needs, parts)))


def _at_least(k: int, parts: Iterable[str]) -> AtLeast:
    return AtLeast(k, tuple(map(Needs, parts)))


# --- what everything stands on -------------------------------------------------------------------


def _facilities(plan: _Plan, region: str) -> None:
    """Zones with power, cooling, lines, racks, and storage."""
    for zone in ZONES:
        at = f"{region}{zone}"
        power = [plan.buy(f"power-{at}-{i}", f"utility-{region}-{i}") for i in (1, 2)]
        cooling = [plan.buy(f"cooling-{at}-{i}", f"building-{region}") for i in (1, 2, 3)]
        lines = [plan.buy(f"line-{at}-{i}", f"carrier-{i}") for i in (1, 2)]
        plan.provide(f"site-{at}", "facility", _any_of(power), _at_least(2, cooling))
        plan.provide(f"fabric-{at}", "network", _any_of(lines), f"site-{at}")
        for i in range(RACKS):
            plan.buy(f"host-{at}-{i}", f"hardware-{i % 3}")
            plan.provide(f"rack-{at}-{i}", f"compute-{region}", f"host-{at}-{i}", f"fabric-{at}")
        disks = [plan.buy(f"disk-{at}-{i}", f"hardware-{i % 3}") for i in range(4)]
        plan.provide(f"volume-{at}", "storage", _at_least(3, disks), f"fabric-{at}")


def _platforms(plan: _Plan, region: str) -> None:
    """Data platforms, each with a node in every zone and a quorum of two."""
    for kind in ("db-0", "db-1", "db-2", "db-3", "queue", "store"):
        nodes = [
            plan.provide(
                f"{kind}-{region}{zone}",
                f"data-{region}",
                f"rack-{region}{zone}-{plan.chance.randrange(4)}",
                f"volume-{region}{zone}",
            )
            for zone in ZONES
        ]
        plan.provide(f"{kind}-{region}", "", _at_least(2, nodes))
    gates = [
        plan.provide(f"edge-{region}{zone}", "network", f"fabric-{region}{zone}") for zone in ZONES
    ]
    plan.provide(f"edge-{region}", "", _any_of(gates))


def _shared(plan: _Plan, regions: Sequence[str]) -> list[str]:
    """What is there once for all: names, identity, backbone."""
    names = [plan.buy(f"dns-{i}", f"dns-house-{i}") for i in (1, 2)]
    backbone = [plan.buy(f"backbone-{i}", f"carrier-{i}") for i in (1, 2, 3)]
    directories = [
        plan.provide(f"identity-{region}", "identity", f"db-0-{region}", f"edge-{region}")
        for region in regions[:2]
    ]
    return [
        plan.provide("names", "network", _any_of(names)),
        plan.provide("backbone", "network", _at_least(2, backbone)),
        plan.provide("identity", "identity", _any_of(directories)),
    ]


# --- domains and products ------------------------------------------------------------------------


def _domain(
    plan: _Plan, name: str, region: str, room: int, others: Sequence[str], shared: Sequence[str]
) -> list[str]:
    """The microservices of one line of business, on its pools in the three zones of a region."""
    chance, before = plan.chance, len(plan.services)
    team = f"team-{name}"
    pools = {}
    for zone in ZONES:
        at = f"{region}{zone}"
        racks = [f"rack-{at}-{i}" for i in chance.sample(range(RACKS), 4)]
        pools[zone] = plan.provide(f"pool-{name}{zone}", "", _at_least(3, racks))
    # What answers in a reduced way where a call fails.
    fallbacks = [plan.provide(f"{name}-static-{z}", team, pools[z]) for z in ZONES]
    made: list[str] = []
    while len(plan.services) - before + 6 <= room:
        id = f"{name}-m{len(made)}"
        zones = ZONES if chance.random() < 0.7 else chance.sample(ZONES, 2)
        replicas = [
            plan.provide(f"{id}-{zone}", team, pools[zone], f"volume-{region}{zone}")
            for zone in zones
        ]
        quorum = 2 if len(replicas) == 3 and chance.random() < 0.2 else 1
        needs: list[str | Expression] = [_at_least(quorum, replicas)]
        data = f"db-{chance.randrange(4)}-{region}"
        if chance.random() < 0.6:
            cache = plan.provide(f"{id}-cache", team, pools[chance.choice(ZONES)])
            needs.append(_any_of([cache, data]))
        else:
            needs.append(data)
        needs += [f"queue-{region}", f"store-{region}", f"edge-{region}", chance.choice(shared)]
        near = made[LEAVES:][-8:]
        needs += chance.sample(near, min(len(near), chance.choice((0, 0, 1, 1, 1))))
        if len(made) >= LEAVES and chance.random() < 0.6:
            needs.append(_any_of([chance.choice(made[:LEAVES]), chance.choice(fallbacks)]))
        if len(made) >= LEAVES and others and chance.random() < 0.04:
            needs.append(chance.choice(others))
        made.append(plan.provide(id, team, *dict.fromkeys(needs)))
    return made


def _product(
    plan: _Plan, number: int, domains: Sequence[Sequence[str]], shared: Sequence[str]
) -> str:
    """What an SLA is on: microservices of a domain, and all that is shared."""
    chance = plan.chance
    home = domains[number % len(domains)][LEAVES:] or domains[number % len(domains)]
    needed = chance.sample(home, min(len(home), chance.randrange(2, 5)))
    return plan.provide(f"product-{number}", f"product-team-{number % 20}", *needed, *shared)


# --- agreements ----------------------------------------------------------------------------------


def _agreed(plan: _Plan, products: Sequence[str]) -> Estate:
    chance = plan.chance
    customers = [f"customer-{i}" for i in range(max(len(products) // 3, 1))]
    versions = []
    for i, product in enumerate(products):
        target = Fraction(chance.choice(_SLA_TARGETS))
        hours = chance.choice(OFFICES)[0] if i % 10 == 0 else "24x7"
        customer = customers[i % len(customers)]
        versions.append(
            _version(f"sla-{i}", "SLA", "home", customer, [product], target, hours=hours)
        )
    for team, run in sorted(plan.run.items()):
        # A team commits to several levels: its services are parted among so many agreements.
        levels = chance.sample(_TEAM_TARGETS, 3)
        for i, level in enumerate(levels):
            if run[i::3]:
                versions.append(
                    _version(f"ola-{team}-{i}", "OLA", team, "home", run[i::3], Fraction(level))
                )
    for number, (supplier, sold) in enumerate(sorted(plan.bought.items())):
        for i, level in enumerate(chance.sample(_SUPPLIER_TARGETS, 2)):
            if sold[i::2]:
                versions.append(
                    _version(
                        f"uc-{supplier}-{i}",
                        "UC",
                        supplier,
                        "home",
                        sold[i::2],
                        Fraction(level),
                        period=Period("quarter") if number % 8 == 0 else MONTH,
                    )
                )
    parties = [Party("home"), *map(Party, customers), *map(Party, sorted(plan.bought))]
    parties += [Party(team, kind="team", parent="home") for team in sorted(plan.run)]
    week = (((9 * HOUR, 18 * HOUR),),) * 5 + ((),) * 2
    return Estate(
        Metadata("portfolio", ("home",)),
        always(*(Calendar(id, zone, week) for id, zone in OFFICES)),
        always(*parties),
        always(*plan.services),
        {version.agreement: (version,) for version in versions},
    ).normalised()


def _version(
    id: str,
    kind: str,
    provider: str,
    customer: str,
    services: Sequence[str],
    target: Fraction,
    **more: Any,
) -> Version:
    """An agreement of one availability term; `more` may set its hours and its period."""
    money = kind != "OLA"
    scope = "own" if kind == "OLA" else "whole"
    term = Term(
        "availability",
        "availability",
        target,
        "credit_backed" if money else "commitment",
        hours=more.get("hours", "24x7"),
        credits=_TIERS if money else (),
    )
    return Version(
        id,
        1,
        kind,
        provider,
        customer,
        tuple(Cover(service, scope) for service in services),
        (term,),
        period=more.get("period", MONTH),
        fee=Fee(Money(1_000_000, "EUR")) if money else None,
        negotiability="standard" if kind == "UC" and id.startswith("uc-carrier") else "negotiable",
    )


LINE: Final = 20
"""Requirements of one line of a series estate, one of which is redundant."""


def series_with_redundancy(services: int) -> Estate:
    """One SLA over lines of services in series, in each of which one requirement in twenty is on
    either of two."""
    made: list[Service] = []
    lines: list[str] = []
    bought: list[list[str]] = [[] for _ in range(4)]
    while len(made) + LINE + 2 < services or not lines:
        line = f"line-{len(lines)}"
        parts = [f"{line}-{i}" for i in range(LINE + 1)]
        for i, part in enumerate(parts):
            made.append(Service(part, owner=f"supplier-{i % len(bought)}"))
            bought[i % len(bought)].append(part)
        needed: list[Expression] = [*map(Needs, parts[: LINE - 1]), _any_of(parts[LINE - 1 :])]
        made.append(Service(line, owner="home", own=False, requires=AllOf(tuple(needed))))
        lines.append(line)
    made.append(Service("top", owner="home", own=False, requires=AllOf(tuple(map(Needs, lines)))))
    versions = [_version("sla", "SLA", "home", "customer", ["top"], Fraction(9, 10))]
    for i, sold in enumerate(bought):
        level = 1 - Fraction(i + 1, 10**8)
        versions.append(_version(f"uc-{i}", "UC", f"supplier-{i}", "home", sold, level))
    names = ("home", "customer", *(f"supplier-{i}" for i in range(len(bought))))
    return Estate(
        Metadata("series", ("home",)),
        {},
        always(*map(Party, names)),
        always(*made),
        {version.agreement: (version,) for version in versions},
    ).normalised()


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a portfolio is: requirements are the parts of what a service needs, of which
    `alternatives` are groups."""

    services: int
    dependencies: int
    requirements: int
    alternatives: int


def shape(snapshot: Snapshot) -> Shape:
    """The size of what is in force."""
    found = [
        part
        for service in snapshot.services.values()
        if isinstance(service.requires, AllOf)
        for part in service.requires.parts
    ]
    return Shape(
        len(snapshot.services),
        snapshot.graph.number_of_edges(),
        len(found),
        sum(isinstance(part, AtLeast) for part in found),
    )
