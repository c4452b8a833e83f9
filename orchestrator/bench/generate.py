"""Estates and facts of any size, the same for the same seed."""

from __future__ import annotations

import random
from fractions import Fraction

from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.parties import Party
from orchestrator.model.records import Facts, Outage
from orchestrator.model.services import AllOf, Needs, Service
from orchestrator.model.values import MINUTE, Money, Span, parse_instant

_TIERS = (
    CreditTier(Fraction(999, 1000), Fraction(1, 10), nested=True),
    CreditTier(Fraction(99, 100), Fraction(1, 4), nested=True),
)


DOMAIN, PLATFORM = 100, 20
"""Services of one line of business; services of the platform that all of them share."""


def series_estate(services: int, seed: int = 1) -> Estate:
    """Services in series, in lines of business of a hundred upon one shared platform.

    A fifth are bought from suppliers; the others require three services each, nearer the ground,
    of their own line or of the platform. There is one agreement for every ten services, of which
    three in ten are SLAs on tops of a line and the rest commit every part beneath.
    """
    chance = random.Random(seed)
    teams, suppliers, customers = (max(services // n, 4) for n in (200, 100, 100))
    parties = [Party("home")]
    parties += [Party(f"team-{i}", kind="team", parent="home") for i in range(teams)]
    parties += [Party(f"supplier-{i}") for i in range(suppliers)]
    parties += [Party(f"customer-{i}") for i in range(customers)]
    made = []
    for i in range(services):
        start = i - i % DOMAIN
        if i < PLATFORM or i - start < DOMAIN // 5:
            made.append(Service(f"s-{i}", owner=f"supplier-{i % suppliers}"))
            continue
        near = set(chance.sample(range(start, i), 3 + (i % 4 != 0)))
        if i % 10 == 0:
            near.add(chance.randrange(PLATFORM))
        needed = tuple(Needs(f"s-{j}") for j in sorted(near))
        made.append(Service(f"s-{i}", owner=f"team-{i % teams}", requires=AllOf(needed)))
    ground = [service.id for service in made if service.requires is None]
    above = [service.id for service in made if service.requires is not None]
    agreements = services // 10
    slas = agreements * 3 // 10
    internal = agreements * 3 // 10
    external = agreements - slas - internal
    versions = [
        _version(
            f"sla-{i}",
            "SLA",
            "home",
            f"customer-{i % customers}",
            [above[-1 - i * len(above) // slas]],
            "whole",
            Fraction(95, 100),
        )
        for i in range(slas)
    ]
    versions += [
        _version(
            f"ola-{i}",
            "OLA",
            f"team-{i % teams}",
            "home",
            above[i::internal],
            "own",
            Fraction(99_999, 100_000),
        )
        for i in range(internal)
    ]
    versions += [
        _version(
            f"uc-{i}",
            "UC",
            f"supplier-{i % suppliers}",
            "home",
            ground[i::external],
            "whole",
            Fraction(9_999, 10_000),
        )
        for i in range(external)
    ]
    return Estate(
        Metadata("bench", ("home",)),
        {},
        always(*parties),
        always(*made),
        {version.agreement: (version,) for version in versions if version.covers},
    ).normalised()


def _version(
    id: str,
    kind: str,
    provider: str,
    customer: str,
    services: list[str],
    scope: str,
    target: Fraction,
) -> Version:
    money = kind != "OLA"
    return Version(
        id,
        1,
        kind,
        provider,
        customer,
        tuple(Cover(service, scope) for service in services),
        (
            Term(
                "availability",
                "availability",
                target,
                "credit_backed" if money else "commitment",
                credits=_TIERS if money else (),
            ),
        ),
        fee=Fee(Money(1_000_000, "EUR")) if money else None,
    )


def outages(
    estate: Estate, many: int, month: str = "2026-04", seed: int = 2, *, days: int = 28
) -> Facts:
    """Outages on any services, of up to two hours each, in some days from the first of a month."""
    chance = random.Random(seed)
    start = parse_instant(f"{month}-01T00:00:00Z")
    names = sorted(estate.services)
    found = []
    for i in range(many):
        begin = start + chance.randrange(days * 24 * 60) * MINUTE
        length = chance.randrange(1, 120) * MINUTE
        service = chance.choice(names)
        own = estate.services[service][0].value.requires is not None
        found.append(
            Outage(f"o-{i}", service, Span(begin, begin + length), "own" if own else "whole")
        )
    return Facts(outages=tuple(sorted(found, key=lambda outage: outage.id)))
