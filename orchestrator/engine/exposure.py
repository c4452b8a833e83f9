"""What is owed to customers, what comes back from beneath, and why the two differ (rules 9, 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from orchestrator.engine.credit import Ended, ended
from orchestrator.engine.exchange import Exchange
from orchestrator.engine.findings import place
from orchestrator.engine.ledger import before_rate, converted_parts
from orchestrator.engine.measure import Measured
from orchestrator.engine.promises import policies_of
from orchestrator.engine.trace import Cause
from orchestrator.engine.upstream import EXCUSED, NOT_COMMITTED, OWN_PART, STRUCTURAL_GAP
from orchestrator.model.agreements import Version
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.records import (
    WATERFALL,
    Breach,
    Credit,
    Exposure,
    Finding,
    WaterfallStep,
)
from orchestrator.model.values import Money, split

NOTHING_LOST: Final[Mapping[Ended, Money]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Back:
    """What comes back for a breach, in minor units: before the caps beneath, after them, and less
    what was not claimed in time."""

    gross: int = 0
    net: int = 0
    kept: int = 0

    def and_also(self, gross: int, net: int, kept: int) -> Back:
        return Back(self.gross + gross, self.net + net, self.kept + kept)

    def at_most(self, owed: int) -> Back:
        return Back(*(min(one, owed) for one in (self.gross, self.net, self.kept)))


@dataclass(frozen=True, slots=True)
class Traced:
    """A breach, or another reason for a credit, with the causes it was traced to; `breach` is what
    is told of it, if it is one. `attributable`: anything says whose doing it was. `rests_on` is
    whatever else was measured to trace it."""

    measured: Measured
    causes: tuple[Cause, ...]
    breach: Breach | None = None
    attributable: bool = True
    rests_on: tuple[Measured, ...] = ()


def exposures(
    estate: Estate,
    traced: Sequence[Traced],
    credits: Mapping[Ended, Credit],
    exchange: Exchange,
    lost: Mapping[Ended, Money] = NOTHING_LOST,
) -> tuple[tuple[Exposure, ...], list[Finding]]:
    """What the home organisations owe, what they can recover, and why the two differ (rule 10).

    `lost` is how much of a credit beneath was not claimed in time, or not granted.
    """
    ours = [one for one in traced if _provided_at_home(estate, one)]
    losses = [_losses(one, credits) for one in ours]
    recovered = _recoveries(ours, losses, credits, lost, exchange)
    found = tuple(
        _exposure(estate, one, loss, back, credits)
        for one, loss, back in zip(ours, losses, recovered, strict=True)
    )
    asked = {ended(one.measured) for one in traced}
    return found, _recovery_findings(ours, credits, exchange, asked)


def _provided_at_home(estate: Estate, one: Traced) -> bool:
    snapshot = estate.at(one.measured.assessment.period.start)
    return sold_at_home(snapshot, one.measured.subject.version)


def sold_at_home(snapshot: Snapshot, version: Version) -> bool:
    """Whether a home organisation provides it to another; where no home is stated, by the kind of
    the agreement."""
    if snapshot.home:
        sold = snapshot.entity(version.provider) in snapshot.home
    else:
        sold = version.kind == "SLA"
    return sold and snapshot.entity(version.provider) != snapshot.entity(version.customer)


def _owed(one: Traced, credits: Mapping[Ended, Credit]) -> Credit | None:
    return credits.get(ended(one.measured))


def _losses(one: Traced, credits: Mapping[Ended, Credit]) -> list[int]:
    """What is owed, split over the causes by their contribution; ties by party."""
    credit = _owed(one, credits)
    if credit is None or not one.causes:
        return [0] * len(one.causes)
    return split(credit.money.amount, [cause.duration for cause in one.causes])


def _recoveries(
    ours: Sequence[Traced],
    losses: Sequence[Sequence[int]],
    credits: Mapping[Ended, Credit],
    lost: Mapping[Ended, Money],
    exchange: Exchange,
) -> list[Back]:
    """For each breach, what comes back from beneath.

    One upstream credit behind several breaches is divided among them by attributed loss (rule 9),
    each loss as much as it is in the currency of the credit, at the rate by which that is set off.
    What a currency gets is converted as a whole.
    """
    claims: dict[Ended, dict[int, Fraction]] = {}
    for index, (one, loss) in enumerate(zip(ours, losses, strict=True)):
        owed = _owed(one, credits)
        for cause, amount in zip(one.causes, loss, strict=True):
            answering = _answering(cause, credits)
            if answering is None or not amount or owed is None:
                continue
            source = credits.get(answering)
            if source is not None and _sets_off(source, owed, exchange):
                shares = claims.setdefault(answering, {})
                there = _in_currency_of(source, Money(amount, owed.money.currency), exchange)
                shares[index] = shares.get(index, Fraction(0)) + there
    back = [Back()] * len(ours)
    for answering, shares in claims.items():
        credit = credits[answering]
        weights = list(shares.values())
        currencies = [credits[ended(ours[index].measured)].money.currency for index in shares]
        theirs = split(credit.money.amount, weights)
        gone = _gone(lost.get(answering), theirs)
        left = [part - less for part, less in zip(theirs, gone, strict=True)]
        before = split(credit.uncapped.amount, weights)
        gross, net, kept = (
            _converted(parts, credit, currencies, exchange) for parts in (before, theirs, left)
        )
        for index, *amounts in zip(shares, gross, net, kept, strict=True):
            back[index] = back[index].and_also(*amounts)
    return back


def _gone(lost: Money | None, parts: Sequence[int]) -> list[int]:
    """What is lost of a credit, spread over its parts in proportion: never more than a part."""
    if lost is None or not any(parts):
        return [0] * len(parts)
    return split(lost.amount, list(map(Fraction, parts)))


def _sets_off(source: Credit, owed: Credit, exchange: Exchange) -> bool:
    """Whether a credit can be set against another: of one currency, or at a stated rate."""
    one, other = source.money.currency, owed.money.currency
    return one == other or exchange.rate(one, other, source.period.end - 1) is not None


def _in_currency_of(credit: Credit, loss: Money, exchange: Exchange) -> Fraction:
    """A loss in the currency of a credit that is set off against it: exact minor units."""
    if loss.currency == credit.money.currency:
        return Fraction(loss.amount)
    rate = exchange.rate(credit.money.currency, loss.currency, credit.period.end - 1)
    assert rate is not None, "set off without a rate"
    return before_rate(loss, rate)


def _converted(
    parts: Sequence[int], credit: Credit, currencies: Sequence[str], exchange: Exchange
) -> list[int]:
    """Parts of a credit, each in its own currency: what goes to one is converted as a whole."""
    found, ours = list(parts), credit.money.currency
    for currency in sorted(set(currencies) - {ours}):
        rate = exchange.rate(ours, currency, credit.period.end - 1)
        assert rate is not None, "set off without a rate"
        held = [number for number, one in enumerate(currencies) if one == currency]
        theirs = [Money(parts[number], ours) for number in held]
        if any(one.amount for one in theirs):
            for number, part in zip(held, converted_parts(theirs, rate), strict=True):
                found[number] = part.amount
    return found


def _answering(cause: Cause, credits: Mapping[Ended, Credit]) -> Ended | None:
    """The agreement period that pays for a cause: a breach by somebody else, or what brings a
    credit although its target is met."""
    if cause.internal or cause.answers is None or cause.basis == EXCUSED:
        return None
    period = ended(cause.answers)
    return period if cause.answered or period in credits else None


_STEP: Final = {
    OWN_PART: "OWN_SHARE",
    STRUCTURAL_GAP: "STRUCTURAL_GAP",
    NOT_COMMITTED: "STRUCTURAL_GAP",
    EXCUSED: "DEFINITION_GAP",
}


def _exposure(
    estate: Estate,
    one: Traced,
    losses: Sequence[int],
    back: Back,
    credits: Mapping[Ended, Credit],
) -> Exposure:
    credit = _owed(one, credits)
    owed = credit.money if credit else Money(0, estate.metadata.currency)
    steps = dict.fromkeys(WATERFALL, 0)
    liable = 0
    for cause, loss in zip(one.causes, losses, strict=True):
        if _answering(cause, credits) is not None:
            liable += loss
        elif cause.liable:
            steps["OWN_SHARE"] += loss
        else:
            steps[_STEP[cause.basis]] += loss
    if not one.causes:
        # A credit that is due although nothing was down is nobody else's.
        steps["OWN_SHARE"] += owed.amount
    if policies_of(one.measured.subject.term).shares == "joint_and_several":
        # Each answers for all of it, yet no more comes back than was lost.
        back = back.at_most(owed.amount)
    steps["CLAIM_LAPSED"] = back.net - back.kept
    steps["TIER_AND_FEE_SCALE"] = liable - back.gross
    steps["CAP"] = back.gross - back.net
    steps["RECOVERED"] = back.kept
    assert sum(steps.values()) == owed.amount, "a waterfall that does not sum to what is owed"
    key, period = ended(one.measured)
    return Exposure(
        key,
        period,
        owed.amount,
        back.kept,
        owed.currency,
        tuple(WaterfallStep(step, amount) for step, amount in steps.items()),
    )


def _recovery_findings(
    ours: Sequence[Traced],
    credits: Mapping[Ended, Credit],
    exchange: Exchange,
    asked: Set[Ended],
) -> list[Finding]:
    """Why something that is breached beneath brings nothing back, once for each pair. `asked` are
    the breaches of periods that end inside the span asked for."""
    found = {
        (made.subjects, made.code): made
        for one in ours
        for cause in one.causes
        if (made := _recovery_finding(one, cause, credits, exchange, asked)) is not None
    }
    return [found[key] for key in sorted(found)]


def _recovery_finding(
    one: Traced,
    cause: Cause,
    credits: Mapping[Ended, Credit],
    exchange: Exchange,
    asked: Set[Ended],
) -> Finding | None:
    answering, owed = _answering(cause, credits), _owed(one, credits)
    if answering is None or cause.answers is None:
        return None
    (key, period), credit = answering, credits.get(answering)
    ours = one.measured.assessment.key.agreement
    if credit is None and answering not in asked and cause.answers.subject.term.credits:
        return Finding(
            "UPSTREAM_PERIOD_OPEN",
            "info",
            f"{key.agreement} is breached, but its period {period} ends outside the span asked "
            "for; what it owes is settled with that period",
            (ours, key.agreement),
            place(key),
        )
    if credit and owed and not _sets_off(credit, owed, exchange):
        return Finding(
            "CURRENCY_MISMATCH",
            "warning",
            f"{key.agreement} pays in {credit.money.currency}, {ours} owes {owed.money.currency}; "
            "no rate is stated, so nothing is set off",
            (ours, key.agreement),
            place(key),
        )
    return None
