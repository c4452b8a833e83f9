"""Statements of account from what is booked: nothing is measured or priced again.

What came to be owed in a billing period is deducted from what is billed for it, as far as that
goes; the rest is carried forward to the next. A credit of somebody outside counts as far as its
claim was accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from orchestrator.engine.billing import (
    billed_in,
    billed_under,
    billing_periods,
    fees_billed,
)
from orchestrator.engine.booking import CREDIT, bookings, widest
from orchestrator.engine.claimed import claimable
from orchestrator.engine.ledger import reconcile, set_off, sort_key
from orchestrator.engine.subjects import periods_ending, subjects
from orchestrator.model.agreements import Version
from orchestrator.model.claims import LOST, Claim
from orchestrator.model.estate import Estate
from orchestrator.model.ledger import ENTRY_KINDS, Booking, Entry, EntryKey, Restatement
from orchestrator.model.records import TermKey, Verdict
from orchestrator.model.statements import (
    Figures,
    Statement,
    StatementItem,
    StatementLine,
    Together,
)
from orchestrator.model.values import AskedPeriod, Instant, Money, Span, zone

GRANTED: Final = frozenset(("accepted", "settled"))
"""States of a claim in which what was accepted counts."""

Place = tuple[TermKey, Instant]
"""A term with the beginning of its period."""

Ended = tuple[str, str, str, Instant]
"""Agreement, term, service and the end of a period."""

_Whose = tuple[str, str, str, str]
"""Agreement, provider, customer and currency: what has one statement."""


@dataclass(frozen=True, slots=True)
class Books:
    """What there is to state: all entries of some agreements, what waits for leave among them, the
    claims on record, and which periods of terms were assessed. Without a record of claims (None)
    every credit counts as claimed and granted; without one of periods all were assessed."""

    entries: Sequence[Entry]
    claims: Sequence[Claim] | None = None
    waiting: Sequence[Restatement] = ()
    assessed: Collection[Ended] | None = None


@dataclass(slots=True)
class _Account:
    """What one statement is made of, by billing period."""

    fees: dict[Span, int] = field(default_factory=dict)
    items: dict[Span, list[StatementItem]] = field(default_factory=dict)


def statements(
    estate: Estate,
    asked: AskedPeriod,
    books: Books,
    agreements: Collection[str] | None = None,
) -> tuple[Statement, ...]:
    """One statement for each agreement, pair of parties and currency, of the billing periods that
    end within a span; of these agreements, or of all. Sorted by agreement, parties and currency.

    Where nothing is billed, booked or left there is none, nor is there one within a legal entity,
    where no money moves. Something booked under a version that is no longer known is stated for
    its own period.
    """
    named = None if agreements is None else frozenset(agreements)
    accounts: dict[_Whose, _Account] = {}
    first: dict[str, Instant] = {}
    for whose, span, item in _items(estate, books):
        if named is None or whose[0] in named:
            account = accounts.setdefault(whose, _Account())
            account.items.setdefault(span, []).append(item)
            first[whose[0]] = min(first.get(whose[0], span.start), span.start)
    for id in estate.agreements if named is None else sorted(named & set(estate.agreements)):
        for version in estate.agreements[id]:
            for whose, span, fee in _billed(estate, version, asked, first.get(id)):
                accounts.setdefault(whose, _Account()).fees[span] = fee
    found = (_statement(estate, asked, whose, accounts[whose]) for whose in sorted(accounts))
    return tuple(
        replace(one, lines=tuple(_marked(estate, books, one.agreement, line) for line in one.lines))
        for one in found
        if one.lines or one.brought
    )


def _marked(estate: Estate, books: Books, agreement: str, line: StatementLine) -> StatementLine:
    """A line that says whether everything promised for it was assessed."""
    version = billed_under(estate.agreements.get(agreement, ()), line.period.end)
    if books.assessed is None or version is None:
        return line
    within = AskedPeriod(line.period.start, line.period.end)
    ends = {
        (agreement, subject.key.term, subject.key.service, period.end)
        for subject in subjects(version)
        for period in periods_ending(subject, within)
    }
    return replace(line, assessed=all(one in books.assessed for one in ends))


def _billed(
    estate: Estate, version: Version, asked: AskedPeriod, first: Instant | None
) -> Iterator[tuple[_Whose, Span, int]]:
    """What a version is billed by currency, from the first billing period for which anything is
    booked on, or from the beginning of the span."""
    if not version.binds:
        return
    span = asked.span(zone(version.timezone))
    since = span.start if first is None else min(span.start, first)
    for period in billing_periods(version, Span(since, span.end)):
        snapshot = estate.at(period.start)
        if snapshot.entity(version.provider) == snapshot.entity(version.customer):
            continue
        for currency, fee in sorted(fees_billed(version, period).items()):
            if fee:
                yield (version.agreement, version.provider, version.customer, currency), period, fee


def _statement(estate: Estate, asked: AskedPeriod, whose: _Whose, account: _Account) -> Statement:
    """Set off, from the first period on, what is deducted against what is billed."""
    shown, before, carried = [], 0, 0
    spans = {*account.fees, *account.items}
    for span in sorted(spans, key=lambda one: (one.end, one.start)):
        within = _within(estate, asked, whose[0], span)
        if within > 0:
            break
        items = sorted(account.items.get(span, ()), key=lambda one: sort_key(one.key))
        line = StatementLine(span, account.fees.get(span, 0), tuple(items), carried)
        billed, credit = line.fee + line.added, line.brought + line.deducted
        line = replace(line, set_off=sum(set_off(credit, (billed,))))
        carried = line.carried
        if within < 0:
            before = carried
        else:
            shown.append(line)
    return Statement(*whose, tuple(shown), before)


def _within(estate: Estate, asked: AskedPeriod, agreement: str, period: Span) -> int:
    """Whether a billing period ends before a span (-1), within it (0) or after it (1), in the zone
    of its agreement."""
    version = billed_under(estate.agreements.get(agreement, ()), period.end)
    span = asked.span(zone(version.timezone if version else estate.metadata.timezone))
    return (period.end > span.end) - (period.end <= span.start)


# --- what is booked ------------------------------------------------------------------------------


def _items(estate: Estate, books: Books) -> Iterator[tuple[_Whose, Span, StatementItem]]:
    """Everything that was ever booked, or waits to be, with the statement and the billing period
    it belongs to."""
    histories: dict[EntryKey, list[Entry]] = {}
    for entry in sorted(books.entries, key=lambda one: one.revision):
        histories.setdefault(entry.key, []).append(entry)
    waits = {one.key: one for one in books.waiting}
    booked: dict[EntryKey, tuple[Booking, StatementItem]] = {}
    for key in sorted({*histories, *waits}, key=sort_key):
        one = _item(key, histories.get(key, ()), waits.get(key))
        if one is not None:
            booked[key] = one
    if books.claims is not None:
        claims = {(one.key, one.period.start): one for one in books.claims}
        booked = _by_claims(estate, booked, claims)
    for booking, item in booked.values():
        yield (*_placed(estate, booking), item)


def _item(
    key: EntryKey, history: Sequence[Entry], waits: Restatement | None
) -> tuple[Booking, StatementItem] | None:
    """What is booked under a key, with the booking that says whose it is and when it was due."""
    wanted = waits.wanted if waits else None
    if not history:
        if wanted is None:
            return None
        return wanted, StatementItem(key, 0, 0, revision=0, waits=_paid(wanted))
    last = history[-1]
    money = _paid(last.booking)
    stands = Money(0, money.currency) if last.reverses else money
    before = next((_paid(one.booking) for one in reversed(history) if one.reverses), None)
    item = StatementItem(
        key,
        stands.amount,
        stands.amount,
        revision=last.revision,
        was=before if before != stands else None,
    )
    if waits:
        item = replace(item, waits=_paid(wanted) if wanted else Money(0, money.currency))
    return last.booking, item


def _paid(booking: Booking) -> Money:
    """What the creditor gets."""
    return booking.paid or booking.money


def _placed(estate: Estate, booking: Booking) -> tuple[_Whose, Span]:
    """The statement and the billing period that a booking belongs to."""
    agreement = booking.key.term.agreement
    provider, customer = booking.debtor, booking.creditor
    if ENTRY_KINDS[booking.key.kind].owed_by == "customer":
        provider, customer = customer, provider
    version = billed_under(estate.agreements.get(agreement, ()), booking.due)
    own = booking.earned or booking.key.period
    span = billed_in(version, booking.due) if version else own
    return (agreement, provider, customer, _paid(booking).currency), span


# --- by claims -----------------------------------------------------------------------------------

_Booked = dict[EntryKey, tuple[Booking, StatementItem]]


def _by_claims(estate: Estate, booked: _Booked, claims: Mapping[Place, Claim]) -> _Booked:
    """The same with each credit of somebody outside as far as it was accepted, and what of it is
    earned back as far as that was deducted."""
    numbered = {
        (id, one.number): one for id, versions in estate.agreements.items() for one in versions
    }

    def claimed(key: EntryKey) -> bool:
        version = numbered.get((key.term.agreement, key.term.version))
        place = key.term, key.period.start
        known = version is not None and claimable(estate.at(key.period.start), version)
        return key.kind == CREDIT and (known or place in claims)

    found = {
        key: (booking, _accepted(item, claims.get((key.term, key.period.start)), booking))
        if claimed(key)
        else (booking, item)
        for key, (booking, item) in booked.items()
    }
    for key, (booking, item) in found.items():
        credit = EntryKey(key.term, key.period, CREDIT)
        if key.kind == "earn_back" and claimed(credit) and credit in found:
            of = found[credit][1]
            counts = min(item.booked, of.counts)
            pending = min(item.booked - counts, of.pending)
            lost = item.booked - counts - pending
            found[key] = booking, replace(item, counts=counts, pending=pending, lost=lost)
    return found


def _accepted(item: StatementItem, claim: Claim | None, booking: Booking) -> StatementItem:
    """A credit split into what its claim brought, may still bring, and will not bring."""
    booked = item.booked
    if claim is None or claim.money.currency != _paid(booking).currency:
        return replace(item, counts=0, pending=booked)
    if claim.state in LOST:
        return replace(item, counts=0, lost=booked, state=claim.state)
    counts = lost = 0
    if claim.state in GRANTED:
        granted = claim.accepted or claim.money
        counts = min(granted.amount, booked)
        lost = min(claim.money.amount - granted.amount, booked - counts)
    pending = booked - counts - lost
    return replace(item, counts=counts, pending=pending, lost=lost, state=claim.state)


# --- from a verdict ------------------------------------------------------------------------------


def asked_of_verdict(estate: Estate, asked: AskedPeriod) -> AskedPeriod:
    """The span to settle for statements of a span: it begins with the first billing period that
    ends within."""
    starts = [
        period.start
        for versions in estate.agreements.values()
        for one in versions
        if one.binds
        for period in billing_periods(one, asked.span(zone(one.timezone)))[:1]
        if period.start < asked.span(zone(one.timezone)).start
    ]
    return AskedPeriod(min(starts), asked.end) if starts else asked


def entries_of(estate: Estate, asked: AskedPeriod, verdict: Verdict) -> tuple[Entry, ...]:
    """What a verdict books for the billing periods that end within a span; what came before it is
    not known of, so that the account begins there."""
    return tuple(
        one
        for one in reconcile((), bookings(verdict)).entries
        if not _within(estate, asked, one.key.term.agreement, _placed(estate, one.booking)[1])
    )


# --- added up and chosen -------------------------------------------------------------------------


def together(found: Iterable[Statement]) -> tuple[Together, ...]:
    """Statements added up by parties and currency, sorted by these."""
    rows: dict[tuple[str, str, str], list[Figures]] = {}
    for one in found:
        rows.setdefault((one.provider, one.customer, one.currency), []).append(one.figures)
    return tuple(Together(*whose, Figures.added_up(rows[whose])) for whose in sorted(rows))


def between(
    estate: Estate, asked: AskedPeriod, found: Iterable[Statement], party: str
) -> tuple[Statement, ...]:
    """The statements that a party's legal entity pays or is paid by, as of the end of a span."""
    snapshot = estate.at(widest(estate, asked).end - 1)
    own = snapshot.entity(party)
    return tuple(
        one
        for one in found
        if own in {snapshot.entity(one.provider), snapshot.entity(one.customer)}
    )


def as_seen_in(found: Iterable[Statement], states: Collection[str]) -> tuple[Statement, ...]:
    """Statements as the other side may see them: without what is not accepted unless its claim is
    in one of these states, and without what waits for leave."""

    def seen(item: StatementItem) -> StatementItem:
        if item.pending + item.lost and item.state not in states:
            item = replace(item, booked=item.counts, pending=0, lost=0, state="", was=None)
        return replace(item, waits=None)

    def shown(line: StatementLine) -> StatementLine:
        items = (seen(one) for one in line.items)
        return replace(line, items=tuple(one for one in items if one.booked or one.was))

    return tuple(replace(one, lines=tuple(map(shown, one.lines))) for one in found)
