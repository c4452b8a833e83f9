"""Estates of commitments of any kind, made from model values directly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

from orchestrator.engine.derive import Depth, derive
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.calendars import Calendar, Holidays
from orchestrator.model.derivations import Derivation
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.flows import Flow, InSequence, Stage, Step
from orchestrator.model.metrics import Lasting, Points, Target, Within
from orchestrator.model.parties import Party
from orchestrator.model.services import Service
from orchestrator.model.values import HOUR, AskedPeriod, Duration
from tests.laws.build import APRIL, TOP, WEEKDAYS_9_TO_17, Structure, leaves_of

LONDON: Final = Calendar(
    "london", "Europe/London", WEEKDAYS_9_TO_17, holidays=Holidays("GB", "ENG")
)


def within(share: str | Fraction, time: Duration) -> Within:
    """A share in percent, or as it is, within a time."""
    return Within(Fraction(share) / 100 if isinstance(share, str) else share, time)


def points(*pairs: tuple[str, Duration]) -> Points:
    return Points(tuple(within(share, time) for share, time in pairs))


def hours(number: float) -> Lasting:
    return Lasting(int(number * HOUR))


@dataclass(frozen=True)
class Said:
    """A commitment of some kind: its target, and what tests vary."""

    target: Target
    hours: str = "24x7"
    strength: str = "credit_backed"
    scope: str = "whole"
    priority: str = ""
    version: Mapping[str, Any] = field(default_factory=dict)


def agreement(
    id: str, kind: str, parties: tuple[str, str], service: str, terms: Mapping[str, Said]
) -> Version:
    """An agreement with a term of each kind named; its term ids are the kinds."""
    more = next(iter(terms.values()))
    return Version(
        id,
        1,
        kind,
        *parties,
        (Cover(service, more.scope),),
        tuple(
            Term(
                metric, metric, said.target, said.strength, priority=said.priority, hours=said.hours
            )
            for metric, said in terms.items()
        ),
        **more.version,
    )


def promise(metric: str, said: Said, service: str = TOP) -> Version:
    return agreement("sla", "SLA", ("us", "customer"), service, {metric: said})


def bought(service: str, terms: Mapping[str, Said], id: str = "") -> Version:
    return agreement(id or f"uc-{service}", "UC", (f"maker-{service}", "us"), service, terms)


def within_us(service: str, terms: Mapping[str, Said], id: str = "") -> Version:
    return agreement(id or f"ola-{service}", "OLA", ("ops", "us"), service, terms)


def world(
    structure: Structure,
    agreements: Iterable[Version],
    *,
    owned: Iterable[str] = (),
    calendars: Iterable[Calendar] = (),
    services: Mapping[str, Mapping[str, Any]] | None = None,
) -> Estate:
    """An estate of a structure (an empty one is one service, `top`, which requires nothing);
    `services` says more of each."""
    owned, said = set(owned), services or {}
    leaves = leaves_of(structure) if structure else ()
    made = [Service(leaf, owner=f"maker-{leaf}") for leaf in leaves]
    composites = structure or {TOP: None}
    made += [
        Service(id, owner="ops" if id in owned else "", requires=expression)
        for id, expression in composites.items()
    ]
    made = [replace(service, **said.get(service.id, {})) for service in made]
    makers = {version.provider for version in agreements} | {f"maker-{leaf}" for leaf in leaves}
    parties = [Party("us"), Party("customer"), Party("ops", kind="team", parent="us")]
    parties += [Party(maker) for maker in sorted(makers - {"us", "customer", "ops"})]
    return Estate(
        Metadata("test", ("us",)),
        always(*calendars),
        always(*parties),
        always(*made),
        {version.agreement: (version,) for version in agreements},
    ).normalised()


def chain(
    step: Step,
    stages: Mapping[str, Said],
    promised: Said,
    *,
    metric: str = "resolution_time",
    calendars: Iterable[Calendar] = (),
) -> Estate:
    """A service with a flow; each stage is a team's or a supplier's agreement named as it is."""
    agreements = [
        agreement(id, "UC", (f"maker-{id}", "us"), TOP, {metric: replace(said, scope="own")})
        for id, said in stages.items()
    ]
    return world(
        {},
        [*agreements, promise(metric, promised)],
        calendars=calendars,
        services={TOP: {"flows": (Flow(metric, step),)}},
    )


def in_turn(*steps: str | Step) -> InSequence:
    return InSequence(tuple(Stage(step) if isinstance(step, str) else step for step in steps))


def derived(
    subject: Estate, asked: AskedPeriod = APRIL, *, explain: bool = False, agreement: str = "sla"
) -> Derivation:
    (found,) = derive(subject, asked, agreement, Depth(explain=explain))
    return found
