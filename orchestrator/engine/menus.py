"""Menus as options: what each would have an agreement say, promise and cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.prime import at_any_time
from orchestrator.engine.promises import Promise, promise_of
from orchestrator.engine.revisions import Place, Revision, in_force, revised
from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.model.agreements import KINDS, Cover, Term, Version
from orchestrator.model.estate import Estate, Timeline, entity_of
from orchestrator.model.metrics import METRICS, check_target
from orchestrator.model.offers import STAY, Menu, Offer, Offers, yearly
from orchestrator.model.parties import Party
from orchestrator.model.services import Service
from orchestrator.model.values import AskedPeriod, Money, Span

AVAILABILITY: Final = "availability"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to pick: its id (`keep` for leaving things as they are), its price a year in minor
    units, what it promises (None: nothing, no agreement), and the offer it is."""

    id: str
    price: int
    promise: Promise | None
    offer: Offer | None = None

    @property
    def strength(self) -> Fraction:
        """How little it lets be down, to compare options of one menu by."""
        if self.promise is None or not self.promise.counts:
            return Fraction(-1)
        return self.promise.least


@dataclass(frozen=True, slots=True)
class Course:
    """A menu with its options, and what the term promises now (None for a new agreement)."""

    menu: Menu
    options: tuple[Option, ...]
    now: Fraction | None

    @property
    def place(self) -> Place:
        return self.menu.agreement, self.menu.term

    @property
    def token(self) -> str:
        """What marks the promises that this menu replaces."""
        return f"{self.menu.agreement}/{self.menu.term}"

    @property
    def is_ordered(self) -> bool:
        """Whether one of any two options is at least as good in every respect: offers of other
        periods cannot be compared so."""
        return len({one.promise.period for one in self.options if one.promise}) < 2

    def strongest(self, longest: Sequence[Fraction]) -> int:
        """The option that lets least be down, the cheapest of equals; of other periods the one
        under which a part may be down least (`longest`, by option), as far as that is known."""
        return max(
            range(len(self.options)),
            key=lambda i: (
                Fraction(0) if self.is_ordered else -longest[i],
                self.options[i].strength,
                -self.options[i].price,
                -i,
            ),
        )


def courses(estate: Estate, offers: Offers, asked: AskedPeriod) -> tuple[Course, ...]:
    """The menus against an estate.

    Raises one error with all that does not fit: UNKNOWN_REFERENCE, FIXED_TERM, MIXED_CURRENCIES,
    OFFER_CHANGES_STRUCTURE, BAD_TARGET, TARGET_OUT_OF_RANGE; paths are those of the document.
    """
    found: list[Course] = []
    problems: list[Problem] = []
    for index, menu in enumerate(offers.menus):
        try:
            found.append(_course(estate, menu, offers.currency, asked))
        except OrchestratorError as error:
            problems += error.at(path=f"menus[{index}]").problems
    if problems:
        raise OrchestratorError(problems)
    return tuple(found)


def _course(estate: Estate, menu: Menu, currency: str, asked: AskedPeriod) -> Course:
    if menu.is_new:
        versions = [_signed(estate, menu, menu.offers[0])]
        now = None
    else:
        versions = _versions(estate, menu, asked)
        kept = [at_any_time(version.term(menu.term)) for version in versions]
        now = min(t for one in kept if one and isinstance(t := one.target, Fraction))
    last = versions[-1]
    for offer in menu.offers:
        check_target(METRICS[AVAILABILITY], offer.target)
    effective = Span(
        min(version.effective.start for version in versions),
        max(version.effective.end for version in versions),
    )

    def promise(revision: Revision) -> Promise:
        version = replace(last, effective=effective)
        return promise_of(version, version.resolved(revision.of(version.term(menu.term))))

    options = []
    if menu.keep:
        fee = _fee_now(menu, last, currency)
        options.append(Option(STAY, fee, None if now is None else promise(Revision(now))))
    for offer in menu.offers:
        price = _in(currency, yearly(offer.price))
        options.append(Option(offer.id, price, promise(revision_of(offer)), offer))
    return Course(menu, tuple(options), now)


def revision_of(offer: Offer) -> Revision:
    """What an offer would have a term say."""
    return Revision(offer.target, offer.period, offer.strength)


def _versions(estate: Estate, menu: Menu, asked: AskedPeriod) -> list[Version]:
    """The versions in force during the span asked for, with the term that the menu is for."""
    known = estate.agreements.get(menu.agreement)
    if known is None:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"there is no agreement {menu.agreement!r}",
            "use an id of the estate; a new agreement needs its `service` and `party`",
        )
    held = [version for version in known if in_force(version, asked)]
    if not held or not all(
        any(term.id == menu.term and term.metric == AVAILABILITY for term in version.terms)
        for version in held
    ):
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"{menu.agreement!r} has no availability term {menu.term!r} in force in this period",
            "name a term of metric availability, and a period in which the agreement is in force",
        )
    if any(version.negotiability == "fixed" for version in held):
        raise refuse(
            "FIXED_TERM",
            f"{menu.agreement!r} is fixed, and its terms cannot be chosen",
            "take the menu out, or declare the agreement standard or negotiable",
        )
    return held


def _fee_now(menu: Menu, version: Version, currency: str) -> int:
    """What leaving things as they are costs in a year."""
    if menu.keep_price is not None:
        return _in(currency, yearly(menu.keep_price))
    if menu.is_new:
        return 0
    fee = version.resolved(version.term(menu.term)).fee
    fees = [fee] if fee else [cover.fee for cover in version.covers if cover.fee]
    return sum(_in(currency, yearly(one)) for one in fees)


def _in(currency: str, money: Money) -> int:
    if money.currency != currency:
        raise refuse(
            "MIXED_CURRENCIES",
            f"a price in {money.currency} among prices in {currency}",
            f"state it in {currency}; the fee of an agreement that may stay can be restated as "
            "`keepPrice`",
        )
    return money.amount


# --- new agreements ------------------------------------------------------------------------------


def _signed(estate: Estate, menu: Menu, offer: Offer) -> Version:
    """The new agreement that an offer would make."""
    customer = menu.customer or (estate.metadata.home[0] if len(estate.metadata.home) == 1 else "")
    if menu.agreement in estate.agreements:
        raise refuse(
            "DUPLICATE_ID",
            f"there is an agreement {menu.agreement!r} already",
            "give the new one another id, or leave out its `service`",
        )
    for table, one, id in (
        ("services", "service", menu.service),
        ("parties", "party", menu.party),
        ("parties", "party", customer),
    ):
        if id not in getattr(estate, table):
            raise refuse(
                "UNKNOWN_REFERENCE",
                f"there is no {one} {id!r}" if id else "it is not said who would buy",
                f"declare it under `{table}` of the estate" if id else "name the `customer`",
            )
    timeline = estate.services[menu.service]
    if menu.scope == "whole" and any(dated.value.requires is not None for dated in timeline):
        raise refuse(
            "OFFER_CHANGES_STRUCTURE",
            f"{menu.service!r} requires other services, which would no longer matter if it were "
            "bought whole",
            "describe what would be bought as a service of its own, or offer scope `own`",
        )
    parties = {id: dated.value for id, found in estate.parties.items() for dated in found[-1:]}
    kind = "OLA" if entity_of(parties, menu.party) == entity_of(parties, customer) else "UC"
    term = Term(
        menu.term,
        AVAILABILITY,
        offer.target,
        offer.strength or KINDS[kind].strength,
        period=offer.period,
    )
    spans = [
        _exists(timeline),
        _exists(estate.parties[menu.party]),
        _exists(estate.parties[customer]),
    ]
    effective = Span(max(span.start for span in spans), min(span.end for span in spans))
    return Version(
        menu.agreement,
        1,
        kind,
        menu.party,
        customer,
        (Cover(menu.service, menu.scope),),
        (term,),
        effective,
        timezone=estate.metadata.timezone,
    )


def _exists(timeline: Timeline[Party] | Timeline[Service]) -> Span:
    return Span(timeline[0].span.start, timeline[-1].span.end)


# --- estates of picks ----------------------------------------------------------------------------


def marked(estate: Estate, found: Sequence[Course], asked: AskedPeriod) -> Estate:
    """The estate in which the promises that menus replace can be told from all others, however
    alike: each is measured at a point of its own, which no figure depends on."""
    agreements = dict(estate.agreements)
    for course in found:
        menu = course.menu
        if menu.is_new:
            agreements[menu.agreement] = (_signed(estate, menu, menu.offers[0]),)
        agreements[menu.agreement] = tuple(
            _marked(version, menu.term, course.token) if in_force(version, asked) else version
            for version in agreements[menu.agreement]
        )
    return Estate(estate.metadata, estate.calendars, estate.parties, estate.services, agreements)


def _marked(version: Version, id: str, token: str) -> Version:
    return replace(
        version,
        terms=tuple(
            replace(term, measurement=replace(term.measurement, point=token))
            if term.id == id
            else term
            for term in version.terms
        ),
    )


def tokens(found: Sequence[Course]) -> Mapping[str, int]:
    """The number of each menu by what marks its promises."""
    return {course.token: number for number, course in enumerate(found)}


def picked(
    estate: Estate, found: Sequence[Course], picks: Sequence[int], asked: AskedPeriod
) -> Estate:
    """The estate as it would be with some options picked."""
    changes: dict[Place, Revision] = {}
    signed = []
    for course, offer in _taken(found, picks):
        if course.menu.is_new:
            signed.append(_signed(estate, course.menu, offer))
        else:
            changes[course.place] = revision_of(offer)
    return revised(estate, changes, asked, signed)


def _taken(found: Sequence[Course], picks: Sequence[int]) -> Iterator[tuple[Course, Offer]]:
    for course, pick in zip(found, picks, strict=True):
        offer = course.options[pick].offer
        if offer is not None:
            yield course, offer
