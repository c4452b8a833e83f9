"""What a verdict asks to be booked, and which of the books it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from orchestrator.engine.ledger import standing
from orchestrator.model.estate import Estate
from orchestrator.model.ledger import Booking, Entry, EntryKey
from orchestrator.model.records import TermKey, Verdict
from orchestrator.model.values import AskedPeriod, Instant, Span, zone

CREDIT = "credit"


def bookings(verdict: Verdict) -> Iterator[Booking]:
    """Every sum that follows from a verdict, whoever owes it: credits, bonuses, and what cancels
    credits. What is nothing is not booked."""
    for credit in verdict.credits:
        if credit.money.amount:
            key = EntryKey(credit.key, credit.period, CREDIT)
            yield Booking(key, credit.debtor, credit.creditor, credit.money)
    for reward in verdict.rewards:
        key = EntryKey(reward.key, reward.period, reward.kind)
        earned = reward.earned if reward.earned != reward.period else None
        yield Booking(key, reward.debtor, reward.creditor, reward.money, earned=earned)


def in_question(estate: Estate, asked: AskedPeriod, term: TermKey, due: Instant) -> bool:
    """Whether a verdict on a span speaks of what came to be owed at an instant under a term: within
    the span, in the zone of the agreement."""
    versions = estate.agreements.get(term.agreement, ())
    ours = [one for one in versions if one.number == term.version] or list(versions[-1:])
    span = asked.span(zone(ours[0].timezone if ours else estate.metadata.timezone))
    return span.start < due <= span.end


def spoken_of(
    estate: Estate, asked: AskedPeriod, booked: Iterable[Entry], wanted: Iterable[Booking]
) -> tuple[Entry, ...]:
    """The entries to hold a verdict on a span against: all those of each key that it asks to be
    booked, or that stands as owed within the span. One that came to be owed at another time, as a
    credit earned back later than was thought, is left to the verdict on that."""
    entries = list(booked)
    keys = {one.key for one in wanted}
    keys |= {
        key
        for key, one in standing(entries).items()
        if in_question(estate, asked, key.term, one.due)
    }
    return tuple(entry for entry in entries if entry.key in keys)


@dataclass(frozen=True, slots=True)
class Said:
    """What a verdict on a span says of the books."""

    estate: Estate
    asked: AskedPeriod
    wanted: Mapping[EntryKey, Booking]

    @staticmethod
    def by(estate: Estate, asked: AskedPeriod, verdict: Verdict) -> Said:
        return Said(estate, asked, {one.key: one for one in bookings(verdict)})

    def concerns(self, key: EntryKey, *bookings: Booking | None) -> bool:
        """Whether it speaks of a key, for which these are booked, or ought to be."""
        return key in self.wanted or any(
            in_question(self.estate, self.asked, key.term, one.due) for one in bookings if one
        )


def widest(estate: Estate, asked: AskedPeriod) -> Span:
    """A span that holds all that `in_question` says yes to, whatever the zone."""
    zones = {estate.metadata.timezone}
    zones |= {one.timezone for versions in estate.agreements.values() for one in versions}
    spans = [asked.span(zone(name)) for name in sorted(zones)]
    return Span(min(one.start for one in spans), max(one.end for one in spans))
