"""The ledger as plain JSON, money as text with all its decimals."""

from __future__ import annotations

from orchestrator.formats.results import Plain, key_json, span_json
from orchestrator.model.ledger import Booking, Entry, EntryKey, Restatement
from orchestrator.model.values import Instant, Money, format_instant


def entry_key_json(key: EntryKey) -> Plain:
    return key_json(key.term) | {"period": span_json(key.period), "kind": key.kind}


def entry_json(one: Entry, recorded_at: Instant | None = None) -> Plain:
    """An entry; a reversal has the opposite lines of the revision it reverses."""
    booking, approval = one.booking, one.approval
    return entry_key_json(one.key) | {
        "revision": one.revision,
        "reverses": one.reverses or None,
        "recorded": None if recorded_at is None else format_instant(recorded_at),
        "due": format_instant(booking.due),
        "debtor": booking.debtor,
        "creditor": booking.creditor,
        **money_json(booking.money),
        "lines": [
            {"party": line.account.party, "account": line.account.kind, **money_json(line.money)}
            for line in one.lines
        ],
        "approval": approval
        and {
            "by": approval.by,
            "at": format_instant(approval.at),
            "reason": approval.reason,
        },
    }


def money_json(money: Money) -> Plain:
    return {"amount": str(money), "currency": money.currency}


def balance_json(party: str, agreement: str, account: str, money: Money) -> Plain:
    """What an account holds, above zero where it is owed to the party."""
    return {"party": party, "agreement": agreement, "account": account, **money_json(money)}


def restatement_json(one: Restatement) -> Plain:
    """What waits for leave: what stands in closed books, and what ought to; null for nothing."""
    return entry_key_json(one.key) | {
        "booked": _booking_json(one.booked),
        "wanted": _booking_json(one.wanted),
    }


def _booking_json(one: Booking | None) -> Plain | None:
    if one is None:
        return None
    return {"debtor": one.debtor, "creditor": one.creditor, **money_json(one.money)}
