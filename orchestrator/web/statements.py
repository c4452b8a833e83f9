"""Statements of account: what is payable under each agreement once credits are set off."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import graphene

from orchestrator.actions.statements import books_of
from orchestrator.engine import statement as engine
from orchestrator.model import statements
from orchestrator.model.statements import Figures
from orchestrator.model.values import AskedPeriod, Instant, Money
from orchestrator.store.books import agreements_booked
from orchestrator.web.asking import Asking, asked_of
from orchestrator.web.basics import Money as MoneyType
from orchestrator.web.basics import Span
from orchestrator.web.claims import ClaimState, states_seen
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.ledger import EntryKind, keyed
from orchestrator.web.paging import Edge, Listing, connection, cursor_of, key_of, paged, size_of
from orchestrator.web.results import named_agreements
from orchestrator.web.scalars import DateTime

_SHAPE: Final = (str, str, str, str)
_BATCH: Final = 100
"""Of how many agreements the books are read at once."""


@dataclass(frozen=True, slots=True)
class Stated:
    """Something with amounts in minor units of a currency."""

    value: Any
    currency: str

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)


def _amount(name: str, about: str) -> Any:
    """A field for an amount of what is stated."""
    return given(MoneyType, about, lambda root: root.money(getattr(root.value, name)))


class StatementAmount(graphene.ObjectType):
    """What counts of one kind of entry."""

    kind = given(EntryKind, "What is booked.", lambda pair: pair[0])
    money = given(MoneyType, "How much.", lambda pair: pair[1])


def _amounts(root: Stated) -> list[tuple[str, Money]]:
    return [(kind, root.money(amount)) for kind, amount in root.value.amounts.items()]


class StatementFigures(graphene.ObjectType):
    """What is payable, and how it comes about."""

    brought_forward = _amount("brought", "What was left of credits before.")
    fee = _amount("fee", "The fees.")
    amounts = many(
        StatementAmount,
        "What is booked and counts: deducted where the provider owes it, else added.",
        _amounts,
    )
    set_off = _amount("set_off", "What was deducted of what is brought forward and of credits.")
    payable = _amount("payable", "The fees and what is added, less what is set off.")
    carried_forward = _amount("carried", "What is left of credits, for the next period.")
    pending = _amount("pending", "Credits that the provider has not accepted yet: not deducted.")
    lost = _amount("lost", "Credits that were not claimed in time, or not granted.")


StatementItem = type(
    "StatementItem",
    (graphene.ObjectType,),
    {
        "__doc__": "Something that is booked, and what of it counts.",
        **keyed(lambda root: root.value.key),
        "booked": _amount("booked", "What the books say."),
        "counts": _amount("counts", "What of it counts."),
        "pending": _amount("pending", "What of it is not accepted yet."),
        "lost": _amount("lost", "What of it was not claimed in time, or not granted."),
        "claim": maybe(
            ClaimState,
            "Where the claim for it stands; null where there is none.",
            lambda root: root.value.state or None,
        ),
        "revision": given(
            graphene.Int,
            "How many entries there are of it; 0 where nothing is booked yet.",
            lambda root: root.value.revision,
        ),
        "was": maybe(
            MoneyType,
            "What stood before it was restated; null where it was not.",
            lambda root: root.value.was,
        ),
        "waits": maybe(
            MoneyType,
            "What it ought to be by what waits for leave; null where nothing does, and for those "
            "who do not keep the books.",
            lambda root: root.value.waits,
        ),
    },
)


class StatementLine(graphene.ObjectType):
    """One billing period of an agreement."""

    period = given(Span, "The billing period.", lambda root: root.value.period)
    figures = given(
        StatementFigures,
        "What it comes to.",
        lambda root: Stated(Figures.of(root.value), root.currency),
    )
    assessed = given(
        graphene.Boolean,
        "Whether all that is promised for it was assessed: until then more may be deducted.",
        lambda root: root.value.assessed,
    )
    items = many(
        StatementItem,
        "What is booked for it.",
        lambda root: [Stated(one, root.currency) for one in root.value.items],
    )


class Statement(graphene.ObjectType):
    """What a customer has to pay to a provider under one agreement, in one currency, for the
    billing periods that end within a span."""

    agreement = given(graphene.String, "The agreement, by id.")
    provider = given(graphene.String, "Who bills, by id.")
    customer = given(graphene.String, "Who pays, by id.")
    currency = given(graphene.String, "ISO 4217 code.")
    figures = given(
        StatementFigures,
        "What its lines come to.",
        lambda root: Stated(root.figures, root.currency),
    )
    lines = many(
        StatementLine,
        "Its billing periods, by their ends.",
        lambda root: [Stated(line, root.currency) for line in root.lines],
    )


StatementConnection = connection("Statement", Statement)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which statements are asked for."""

    asked: AskedPeriod
    at: Instant | None
    party: str

    def under(self, asking: Asking, agreements: Collection[str]) -> Iterator[statements.Statement]:
        """Those under some agreements, as the viewer may see them: a key stands for the one who
        pays or is paid."""
        number = asking.revision(self.at)
        estate, moment = asking.estate(number), asking.now if self.at is None else self.at
        with asking.read() as session:
            books = books_of(
                session, asking.site.tenant, estate, self.asked, moment, self.at, agreements
            )
        if not asking.sees_all:
            known = {
                (id, one.number) for id, versions in estate.agreements.items() for one in versions
            }
            books = replace(
                books,
                entries=[
                    one
                    for one in books.entries
                    if (one.key.term.agreement, one.key.term.version) in known
                ],
                waiting=(),
            )
        found = engine.statements(estate, self.asked, books, agreements)
        if not asking.sees_all:
            found = engine.between(estate, self.asked, found, asking.viewer)
            found = engine.as_seen_in(found, states_seen(asking))
        if self.party:
            found = engine.between(estate, self.asked, found, self.party)
        yield from found


def _key(one: statements.Statement) -> tuple[str, str, str, str]:
    return one.agreement, one.provider, one.customer, one.currency


class StatementQuery:
    """Questions about what is payable; a part of the root of all questions."""

    statements = paged(
        StatementConnection,
        "Statements of account for the billing periods that end within a span, by agreement, "
        "provider, customer and currency, from what is booked; nobody but those who run the server "
        "sees what others pay or are paid.",
        required=False,
        period=argument(
            graphene.String, "`2026-04`, `2026-Q2`, `2026` or `FROM/TO`.", required=True
        ),
        agreements=argument(
            graphene.List(graphene.NonNull(graphene.String)), "Of these alone, by id."
        ),
        party=argument(graphene.String, "Of those that it pays or is paid by alone, by id."),
        at=argument(
            DateTime, "As agreements, books and claims stood at this instant; now, if left out."
        ),
    )

    @staticmethod
    def resolve_statements(
        _root: Any,
        info: Any,
        period: str,
        first: int | None = None,
        after: str | None = None,
        agreements: list[str] | None = None,
        party: str | None = None,
        at: Instant | None = None,
    ) -> Listing:
        asking: Asking = info.context
        named_agreements(agreements)
        wanted, size = _Wanted(asked_of(period), at, party or ""), size_of(first)
        start = key_of("statements", after, _SHAPE) if after is not None else ("",) * len(_SHAPE)
        ids = _agreements(asking, at, agreements)
        left = [id for id in ids if id >= str(start[0])]
        found: list[statements.Statement] = []
        while left and len(found) <= size:
            batch, left = left[:_BATCH], left[_BATCH:]
            found += [one for one in wanted.under(asking, batch) if _key(one) > start]
        shown = found[:size]
        asking.spend(sum(1 + len(one.lines) + _items(one) for one in shown))
        return Listing(
            tuple(Edge(cursor_of("statements", _key(one)), one) for one in shown),
            len(found) > size,
            after is not None,
            lambda: sum(1 for _ in wanted.under(asking, ids)),
        )


def _agreements(asking: Asking, at: Instant | None, agreements: Sequence[str] | None) -> list[str]:
    """The ids of the agreements asked for that the viewer sees, and that anything may be stated
    of."""
    number = asking.revision(at)
    among = asking.among(number, agreements)
    if among is None:
        with asking.read() as session:
            booked = agreements_booked(session, asking.site.tenant)
        among = {*asking.estate(number).agreements, *booked}
    return sorted(among)


def _items(one: statements.Statement) -> int:
    return sum(len(line.items) for line in one.lines)
