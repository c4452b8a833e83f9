"""Estates and verdicts to store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from fractions import Fraction

from sqlalchemy import event

from orchestrator.model.agreements import (
    Acceptance,
    Allowance,
    Claims,
    Cover,
    Policies,
    Role,
    Term,
    Version,
)
from orchestrator.model.calendars import Calendar, Holidays
from orchestrator.model.credits import Cap, CreditTier, Fee
from orchestrator.model.estate import Dated, Estate, Metadata, always
from orchestrator.model.flows import (
    Branch,
    FirstOf,
    Flow,
    InParallel,
    InSequence,
    OneOfBranches,
    Repeated,
    Stage,
    Step,
)
from orchestrator.model.metrics import Labels, Lasting, Points, Within
from orchestrator.model.parties import Party
from orchestrator.model.records import (
    Assessment,
    Bearer,
    Breach,
    Credit,
    Exposure,
    Finding,
    PointTally,
    Responsibility,
    Reward,
    Tally,
    TermKey,
    Verdict,
    WaterfallStep,
)
from orchestrator.model.services import AllOf, AtLeast, Needs, Service
from orchestrator.model.values import (
    DAWN,
    DAY,
    FOREVER,
    HOUR,
    AskedPeriod,
    Money,
    Period,
    Span,
    parse_instant,
)
from orchestrator.store.database import Database

HALF = Fraction(1, 2)
START = parse_instant("2026-01-01T00:00:00Z")
MIDDLE = parse_instant("2026-06-01T00:00:00Z")
APRIL = AskedPeriod.parse("2026-04")
IN_APRIL = Span(parse_instant("2026-04-01T00:00:00Z"), parse_instant("2026-05-01T00:00:00Z"))


def shop() -> Estate:
    """A small estate that has something of everything."""
    office = Calendar(
        "office",
        "Europe/London",
        (((9 * HOUR, 17 * HOUR),),) * 5 + ((), ()),
        holidays=Holidays("GB", "ENG", (date(2026, 12, 24),)),
        closures=(Span(START, START + DAY),),
        kept=(("x-note", '"kept"'),),
    )
    parties = always(
        Party("beta", "Beta Ltd"),
        Party("beta-ops", "Operations", "team", "beta"),
        Party("cloud-x"),
        Party("shop", "Ünïcode & Söhne"),
    )
    pair = AtLeast(1, (Needs("sms-y"), Needs("sms-z", Fraction(1, 3))), Fraction(1, 20))
    services = always(
        Service("hosting", owner="cloud-x"),
        Service("sms-y"),
        Service("sms-z", own=False),
        Service(
            "notifications",
            "Notifications",
            "beta-ops",
            True,
            AllOf((Needs("hosting"), pair)),
            (
                Flow("resolution_time", InSequence((Stage("c1", "p1"), _branches())), "P1"),
                Flow("latency", Repeated(3, Stage("c1"))),
            ),
            ("sms-y",),
            2,
        ),
    )
    services["renamed"] = (
        Dated(Span(DAWN, MIDDLE), Service("renamed", "before")),
        Dated(Span(MIDDLE, FOREVER), Service("renamed", "after")),
    )
    availability = Term(
        "availability",
        "availability",
        Fraction(9985, 10000),
        "credit_backed",
        credits=(CreditTier(Fraction(9985, 10000), Fraction(1, 10), nested=True),),
        allowances=(),
        period=Period("rolling", rolling=30 * DAY),
    )
    resolution = Term(
        "p1",
        "resolution_time",
        Within(Fraction(9, 10), 4 * HOUR),
        "credit_backed",
        Within(Fraction(9, 10), 3 * HOUR),
        "P1",
        "office",
        policies=Policies(shares="first_cause"),
    )
    others = (
        Term("faults", "error_rate", Fraction(1, 1000), "commitment"),
        Term("load", "throughput", Fraction(9, 2), "commitment"),
        Term("back", "recovery_time", Lasting(4 * HOUR), "commitment", Lasting(HOUR)),
        Term("fast", "latency", Points((Within(HALF, 1), Within(Fraction(9, 10), 2))), "goal"),
        Term("where", "data_location", Labels(("de", "fr")), "warranty"),
    )
    sla = Version(
        "c1",
        1,
        "SLA",
        "beta",
        "shop",
        (Cover("notifications", "whole", Fee(Money(100, "JPY"))),),
        (availability, resolution, *others),
        Span(START, MIDDLE),
        roles=(Role("cloud-x", "guarantor"),),
        timezone="Europe/Berlin",
        fee=Fee(Money(5_000_000, "EUR")),
        acceptances=(Acceptance("shop", START, "abc"),),
        allowances=(Allowance("maintenance", 4 * HOUR, within="office", notice=2 * DAY),),
        exclusions=("customer", "force_majeure"),
        claims=Claims(30 * DAY),
        caps=(Cap(Fraction(1, 4)), Cap(amount=Money(1, "EUR"))),
    )
    agreements = {
        "c1": (
            sla,
            Version("c1", 2, "SLA", "beta", "shop", sla.covers, sla.terms, Span(MIDDLE, FOREVER)),
        )
    }
    metadata = Metadata("beta-shop", ("beta",), "EUR", "Europe/Berlin", kept=(("x-a", "1"),))
    return Estate(metadata, always(office), parties, services, agreements).normalised()


def _branches() -> Step:
    """A branch with work, at once and by whoever comes first, and one without."""
    stage = Stage("c1", "p1")
    work = InParallel((stage, FirstOf((stage, Stage("c1")))))
    return OneOfBranches((Branch(HALF, work), Branch(HALF, InSequence(()))))


def large(services: int, agreements: int) -> Estate:
    """An estate of any size, each service with up to three dependencies."""
    names = [f"s-{number}" for number in range(services)]
    rows = [
        Service(
            name,
            owner="owner",
            requires=AllOf(tuple(Needs(names[(number * k) // 7]) for k in (1, 3, 5)))
            if number
            else None,
        )
        for number, name in enumerate(names)
    ]
    term = Term("availability", "availability", Fraction(999, 1000), "credit_backed")
    versions = {
        f"a-{number}": (
            Version(
                f"a-{number}",
                1,
                "SLA",
                "owner",
                "customer",
                (Cover(names[number % services], "whole"),),
                (term,),
            ),
        )
        for number in range(agreements)
    }
    parties = always(Party("owner"), Party("customer"))
    return Estate(Metadata("large"), {}, parties, always(*rows), versions).normalised()


def key(number: int) -> TermKey:
    return TermKey(f"c{number}", 1, "availability", "hosting")


def verdict(numbers: range, counted: int = 60, amount: int = 500) -> Verdict:
    """A verdict with one result of each kind for each number, in the order they are read in."""
    keys = sorted((key(number) for number in numbers), key=lambda one: one.agreement)
    assessments = tuple(
        Assessment(
            one,
            "availability",
            IN_APRIL,
            Fraction(999, 1000),
            Fraction(1, 3),
            "BREACHED",
            Fraction(counted),
            Fraction(1, 7),
            Fraction(0),
            Fraction(30 * 86_400),
            None,
            Fraction(1),
        )
        for one in keys
    )
    responsibility = Responsibility(
        "cloud-x", "hosting", Fraction(60), Fraction(1), True, "BREACHED_COMMITMENT", "u1", ("o-1",)
    )
    return Verdict(
        assessments,
        tuple(
            Breach(one, IN_APRIL, "shapley", (responsibility,), (Bearer("cloud-x", Fraction(1)),))
            for one in keys
        ),
        tuple(
            Credit(
                one,
                IN_APRIL,
                "beta",
                "shop",
                Money(amount, "EUR"),
                Fraction(10),
                Money(amount, "EUR"),
            )
            for one in keys
        ),
        tuple(
            Exposure(one, IN_APRIL, amount, 0, "EUR", (WaterfallStep("OWN_SHARE", amount),))
            for one in keys
        ),
        tuple(Finding("LINT", "info", f"number {number}", ("hosting",)) for number in numbers),
        tuple(
            Tally(one, IN_APRIL, HALF, (PointTally(HALF, None, counted, 1, 2),), carried=1)
            for one in keys
        ),
        tuple(
            Reward(
                one,
                IN_APRIL,
                "earn_back",
                "shop",
                "beta",
                Money(amount, "EUR"),
                Fraction(50),
                IN_APRIL,
            )
            for one in keys
        ),
    )


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that a database is sent for a while (COPY goes past SQLAlchemy)."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
