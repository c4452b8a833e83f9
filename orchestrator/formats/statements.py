"""Statements of account as plain JSON, money as text with all its decimals."""

from __future__ import annotations

from orchestrator.formats.ledger import entry_key_json, money_json
from orchestrator.formats.results import Plain, span_json
from orchestrator.model.statements import (
    Figures,
    Statement,
    StatementItem,
    StatementLine,
    Together,
)
from orchestrator.model.values import Money


def statement_json(one: Statement) -> Plain:
    """A statement with its lines and what they sum to."""
    return (
        _whose_json(one)
        | figures_json(one.figures, one.currency)
        | {"lines": [_line_json(line, one.currency) for line in one.lines]}
    )


def together_json(one: Together) -> Plain:
    """What all statements between two parties come to in one currency."""
    return {
        "provider": one.provider,
        "customer": one.customer,
        "currency": one.currency,
    } | figures_json(one.figures, one.currency)


def _whose_json(one: Statement) -> Plain:
    return {
        "agreement": one.agreement,
        "provider": one.provider,
        "customer": one.customer,
        "currency": one.currency,
    }


def figures_json(one: Figures, currency: str) -> Plain:
    """What lines come to; of kinds of entry those of which anything counts."""

    def money(amount: int) -> str:
        return str(Money(amount, currency))

    return {
        "broughtForward": money(one.brought),
        "fee": money(one.fee),
        "amounts": {kind: money(amount) for kind, amount in one.amounts.items()},
        "setOff": money(one.set_off),
        "payable": money(one.payable),
        "carriedForward": money(one.carried),
        "pending": money(one.pending),
        "lost": money(one.lost),
    }


def _line_json(line: StatementLine, currency: str) -> Plain:
    return (
        {"period": span_json(line.period), "assessed": line.assessed}
        | figures_json(Figures.of(line), currency)
        | {"items": [_item_json(item, currency) for item in line.items]}
    )


def _item_json(item: StatementItem, currency: str) -> Plain:
    """What is booked; `was` and `waits` may be of another currency, and say which."""

    def money(amount: int) -> str:
        return str(Money(amount, currency))

    return entry_key_json(item.key) | {
        "booked": money(item.booked),
        "counts": money(item.counts),
        "pending": money(item.pending),
        "lost": money(item.lost),
        "claim": item.state or None,
        "revision": item.revision,
        "was": item.was and money_json(item.was),
        "waits": item.waits and money_json(item.waits),
    }
