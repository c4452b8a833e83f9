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


def series_estate(services: int, seed: int = 1) -> Estate:
    """Services in series: three dependencies each on ones nearer the ground, one agreement for
    every ten services, of which three in ten are SLAs and the rest cover all parts beneath."""
    chance = random.Random(seed)
    teams = max(services // 200, 4)
    parties = [Party("home")]
    parties += [Party(f"team-{i}", kind="team", parent="home") for i in range(teams)]
    suppliers = max(services // 100, 4)
    parties += [Party(f"supplier-{i}") for i in range(suppliers)]
    parties += [Party(f"customer-{i}") for i in range(max(services // 100, 4))]
    ground = services // 5
    made = [Service(f"s-{i}", owner=f"supplier-{i % suppliers}") for i in range(ground)]
    for i in range(ground, services):
        # Dependencies lie within a stretch, so that reach grows with depth and not with size.
        low = max(0, i - ground)
        needed = sorted({chance.randrange(low, i) for _ in range(4)})[: 3 + (i % 4 == 0)]
        made.append(
            Service(
                f"s-{i}",
                owner=f"team-{i % teams}",
                requires=AllOf(tuple(Needs(f"s-{j}") for j in needed)),
            )
        )
    agreements = services // 10
    slas = agreements * 3 // 10
    internal = agreements * 3 // 10
    external = agreements - slas - internal
    versions = [
        _version(
            f"sla-{i}",
            "SLA",
            "home",
            f"customer-{i % max(services // 100, 4)}",
            [f"s-{services - 1 - i}"],
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
            [f"s-{j}" for j in range(ground + i, services, internal)],
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
            [f"s-{j}" for j in range(i, ground, external)],
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


def outages(estate: Estate, many: int, month: str = "2026-04", seed: int = 2) -> Facts:
    """Outages of a month on any services, of up to two hours each."""
    chance = random.Random(seed)
    start = parse_instant(f"{month}-01T00:00:00Z")
    names = sorted(estate.services)
    found = []
    for i in range(many):
        begin = start + chance.randrange(28 * 24 * 60) * MINUTE
        length = chance.randrange(1, 120) * MINUTE
        service = chance.choice(names)
        own = estate.services[service][0].value.requires is not None
        found.append(
            Outage(f"o-{i}", service, Span(begin, begin + length), "own" if own else "whole")
        )
    return Facts(outages=tuple(sorted(found, key=lambda outage: outage.id)))
