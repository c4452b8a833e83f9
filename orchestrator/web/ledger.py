"""The ledger: entries, what accounts hold, what waits for leave; closing and restating."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import graphene

from orchestrator.actions.books import approve_restatements, close_books
from orchestrator.model.ledger import ENTRY_KINDS, Booking
from orchestrator.model.values import DAWN, Money
from orchestrator.store import books
from orchestrator.store.read import Key, Page
from orchestrator.web.asking import Asking
from orchestrator.web.basics import Money as MoneyType
from orchestrator.web.basics import Span
from orchestrator.web.changing import (
    answered,
    input_type,
    mutation_field,
    payload_type,
    text_field,
)
from orchestrator.web.enums import word_enum
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.paging import Edge, Listing, connection, cursor_of, key_of, paged, size_of
from orchestrator.web.results import named_agreements
from orchestrator.web.scalars import DateTime

EntryKind = word_enum(
    "EntryKind",
    "What is booked.",
    {
        row.id: f"{row.name.capitalize()}: owed by the {row.owed_by}."
        for row in ENTRY_KINDS.values()
    },
)


def keyed(key: Callable[[Any], Any]) -> dict[str, Any]:
    """The fields by which something booked says what it is about."""
    return {
        "agreement": given(
            graphene.String, "The agreement's id.", lambda root: key(root).term.agreement
        ),
        "version": given(graphene.Int, "Its version.", lambda root: key(root).term.version),
        "term": given(graphene.String, "Its term.", lambda root: key(root).term.term),
        "service": given(
            graphene.String, "The covered service.", lambda root: key(root).term.service
        ),
        "period": given(Span, "The agreement's own period.", lambda root: key(root).period),
        "kind": given(EntryKind, "What is booked.", lambda root: key(root).kind),
    }


def _type(name: str, about: str, fields: dict[str, Any]) -> Any:
    return type(name, (graphene.ObjectType,), {"__doc__": about} | fields)


LedgerLine = _type(
    "LedgerLine",
    "An amount that an entry adds to an account.",
    {
        "party": given(graphene.String, "Whose account.", lambda line: line.account.party),
        "account": given(graphene.String, "Which of its accounts.", lambda line: line.account.kind),
        "money": given(MoneyType, "How much; below zero is owed by the party."),
    },
)

LedgerApproval = _type(
    "LedgerApproval",
    "Leave to restate what stood in closed books.",
    {
        "by": given(graphene.String, "Who gave it."),
        "at": given(DateTime, "When."),
        "reason": given(graphene.String, "Why."),
    },
)


def _approval(root: Any, info: Any) -> Any:
    asking: Asking = info.context
    return root.entry.approval if asking.sees_all else None


LedgerEntry = _type(
    "LedgerEntry",
    "An entry of the journal. It is never changed: what turns out otherwise is reversed by a "
    "further one, and booked anew.",
    keyed(lambda root: root.entry.key)
    | {
        "revision": given(
            graphene.Int, "Counts the entries of one key.", lambda root: root.entry.revision
        ),
        "reverses": maybe(
            graphene.Int,
            "The revision that it takes back; null for a booking.",
            lambda root: root.entry.reverses or None,
        ),
        "debtor": given(graphene.String, "Who owes.", lambda root: root.entry.booking.debtor),
        "creditor": given(graphene.String, "To whom.", lambda root: root.entry.booking.creditor),
        "money": given(MoneyType, "How much is booked.", lambda root: root.entry.booking.money),
        "due": given(DateTime, "When it came to be owed.", lambda root: root.entry.booking.due),
        "recorded_at": given(DateTime, "When it was booked."),
        "lines": many(
            LedgerLine,
            "What it adds to accounts; zero together in every currency.",
            lambda root: root.entry.lines,
        ),
        "approval": graphene.Field(
            LedgerApproval,
            description="The leave it was restated by; null where the books were open, and for "
            "those who do not keep them.",
            resolver=_approval,
        ),
    },
)

LedgerBalance = _type(
    "LedgerBalance",
    "What one party has under one agreement of one kind.",
    {
        "party": given(graphene.String, "Whose account.", lambda one: one.account.party),
        "agreement": given(
            graphene.String, "Under which agreement.", lambda one: one.account.agreement
        ),
        "account": given(graphene.String, "Of what kind.", lambda one: one.account.kind),
        "money": given(MoneyType, "Above zero it is owed to the party, below by it."),
    },
)

Restatement = _type(
    "Restatement",
    "What stands in closed books and ought to be otherwise: it waits for leave.",
    keyed(lambda one: one.key)
    | {
        "booked": maybe(
            MoneyType, "What stands; null for nothing.", lambda one: _sum_of(one.booked)
        ),
        "wanted": maybe(
            MoneyType, "What ought to; null for nothing.", lambda one: _sum_of(one.wanted)
        ),
    },
)


def _sum_of(booking: Booking | None) -> Money | None:
    return None if booking is None else booking.money


LedgerEntryConnection = connection("LedgerEntry", LedgerEntry)
LedgerBalanceConnection = connection("LedgerBalance", LedgerBalance)
RestatementConnection = connection("Restatement", Restatement)

_KEY = (str, int, str, str, int, int, str)
_AGREEMENTS = argument(
    graphene.List(graphene.NonNull(graphene.String)), "Of these agreements alone, by id."
)

_Read = Callable[[Any, str, Key | None, int, Any], Page[Any]]
_Count = Callable[[Any, str, Any], int]


def _listing(name: str, shape: tuple[type, ...], read: _Read, count: _Count) -> Any:
    def resolve(
        _root: Any, info: Any, first: Any = None, after: Any = None, agreements: Any = None
    ) -> Listing:
        asking: Asking = info.context
        named_agreements(agreements)
        among = asking.among(asking.revision(), agreements)
        key = key_of(name, after, shape) if after is not None else None
        with asking.read() as session:
            found = read(session, asking.site.tenant, key, size_of(first), among)
        asking.spend(len(found.items))

        def total() -> int:
            with asking.read() as session:
                return count(session, asking.site.tenant, among)

        edges = zip(found.keys, found.items, strict=True)
        return Listing(
            tuple(Edge(cursor_of(name, key), item) for key, item in edges),
            found.more,
            after is not None,
            total,
        )

    return resolve


def _waiting(_root: Any, info: Any, first: Any = None, after: Any = None) -> Listing:
    found: Listing = _listing("restatements", _KEY, _waiting_page, _waits)(
        _root, info, first, after
    )
    return found


def _seen_waiting(session: Any, tenant: str, among: Any) -> list[Any]:
    """What waits is for whoever runs the books alone."""
    return [] if among is not None else list(books.waiting(session, tenant))


def _waits(session: Any, tenant: str, among: Any) -> int:
    return len(_seen_waiting(session, tenant, among))


def _waiting_page(
    session: Any, tenant: str, after: Key | None, first: int, among: Any
) -> Page[Any]:
    keyed = [(books.key_parts(one.key), one) for one in _seen_waiting(session, tenant, among)]
    left = [pair for pair in keyed if after is None or pair[0] > after]
    shown = left[:first]
    return Page(
        tuple(one for _, one in shown), tuple(key for key, _ in shown), len(left) > len(shown)
    )


def _closed(_root: Any, info: Any) -> int | None:
    asking: Asking = info.context
    if not asking.sees_all:
        return None
    with asking.read() as session:
        closed = books.closed_until(session, asking.site.tenant)
    return None if closed <= DAWN else closed


class Ledger(graphene.ObjectType):
    """The books: double entry, append-only, following from the last assessment of each period."""

    entries = paged(
        LedgerEntryConnection,
        "The journal, by agreement, term, service, period, kind and revision.",
        _listing("entries", (*_KEY, int), books.entry_page, books.count_entries),
        agreements=_AGREEMENTS,
    )
    balances = paged(
        LedgerBalanceConnection,
        "What accounts hold, those at zero left out, by party, agreement, kind and currency.",
        _listing("balances", (str, str, str, str), books.balance_page, books.count_balances),
        agreements=_AGREEMENTS,
    )
    waiting = paged(
        RestatementConnection, "The restatements of closed books that wait for leave.", _waiting
    )
    closed_until = graphene.Field(
        DateTime,
        description="Up to when the books are closed; null where they never were.",
        resolver=_closed,
    )


# --- changes -------------------------------------------------------------------------------------

CloseBooksInput = input_type(
    "CloseBooksInput",
    "Up to when the books are to be closed.",
    until=graphene.InputField(DateTime, required=True, description="The instant."),
)
CloseBooksPayload = payload_type(
    "CloseBooksPayload",
    "The books as they then are.",
    closed_until=maybe(DateTime, "Up to when they are closed; null if refused."),
)
ApproveRestatementsInput = input_type(
    "ApproveRestatementsInput",
    "Leave to restate closed books.",
    reason=text_field("Why; it stands in the books."),
    agreements=graphene.InputField(
        graphene.List(graphene.NonNull(graphene.String)),
        description="Under these agreements alone; all that waits, if left out.",
    ),
)
ApproveRestatementsPayload = payload_type(
    "ApproveRestatementsPayload",
    "What leave was given for.",
    approval=maybe(graphene.Int, "Its number; null if refused."),
    entries=given(graphene.Int, "How many entries were appended.", lambda root: root.entries or 0),
)


def _close(_root: Any, info: Any, input: dict[str, Any]) -> Any:
    asking: Asking = info.context

    def work() -> dict[str, Any]:
        closed = close_books(
            asking.writing(),
            input["until"],
            dry_run=bool(input.get("dry_run")),
            idempotency_key=input.get("idempotency_key"),
        )
        return {"closed_until": closed}

    return answered(CloseBooksPayload, input, "until", work)


def _approve(_root: Any, info: Any, input: dict[str, Any]) -> Any:
    asking: Asking = info.context

    def work() -> dict[str, Any]:
        found = approve_restatements(
            asking.writing(),
            input["reason"],
            input.get("agreements"),
            dry_run=bool(input.get("dry_run")),
            idempotency_key=input.get("idempotency_key"),
        )
        return {"approval": found.number, "entries": found.entries}

    return answered(ApproveRestatementsPayload, input, "agreements", work)


class LedgerQuery:
    """Questions about the books."""

    ledger = graphene.Field(
        graphene.NonNull(Ledger),
        description="The books: entries, balances, and what waits for leave.",
        resolver=lambda _root, _info: {},
    )


class LedgerMutation:
    """Changes of the books that do not follow from an assessment."""

    close_books = mutation_field(
        CloseBooksPayload,
        CloseBooksInput,
        "Close the books up to an instant. What came to be owed by then is restated by leave "
        "alone.",
        _close,
    )
    approve_restatements = mutation_field(
        ApproveRestatementsPayload,
        ApproveRestatementsInput,
        "Give leave to what waits to be restated in closed books: it is reversed and booked "
        "anew, by whom and why standing in the entries.",
        _approve,
    )
