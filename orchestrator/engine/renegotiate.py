"""Which contract to renegotiate: the terms beneath, by what a better one would bring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.engine.components import bits_of
from orchestrator.engine.floor import Floor
from orchestrator.engine.problem import Problem
from orchestrator.engine.structure import Commitment
from orchestrator.engine.subjects import Subject
from orchestrator.model.agreements import scheme_of, underpins
from orchestrator.model.derivations import Renegotiation
from orchestrator.model.schemes import Tiers
from orchestrator.model.values import Money, format_percent

NEGOTIABLE: Final = "negotiable"
_STEP: Final = Fraction(1, 10**8)
"""Targets are given to six places of their percentage, rounded up."""


@dataclass(frozen=True, slots=True)
class _Stake:
    """What the composite's provider loses while the composite is short."""

    credit: Money | None
    fee: Money | None


def renegotiations(
    subject: Subject,
    data: Problem,
    found: Floor,
    ranges: Mapping[int, tuple[Fraction, Fraction]],
) -> Iterator[Renegotiation]:
    """Every term that a better value of would lift the floor: the negotiable ones by shadow price
    times the money at stake, which for one agreement is the same for all, then the others."""
    stake = _stake(subject)
    gap = found.downtime - data.own.budget * found.hours
    made = []
    for index, (_, high) in ranges.items():
        if not high:
            continue
        for number in bits_of(data.groups[index].leaves):
            leaf = data.leaf(number)
            for commitment in leaf.commitments:
                if underpins(commitment.version, commitment.term):
                    target = _closing(data, found, index, commitment, high, gap)
                    made.append(_entry(commitment, leaf.id, high, stake, gap, target))
    yield from sorted(
        made,
        key=lambda one: (
            one.negotiability != NEGOTIABLE,
            -one.price * (one.credit.amount if one.credit else 1),
            one.agreement,
            one.term,
            one.leaf,
        ),
    )


def _stake(subject: Subject) -> _Stake:
    term = subject.term
    cover = next((cover.fee for cover in subject.covers if cover.fee), None)
    fee = cover or term.fee
    if fee is None:
        return _Stake(None, None)
    scheme = scheme_of(term)
    rows = scheme.form.rows if scheme and isinstance(scheme.form, Tiers) else ()
    tier = max(rows, key=lambda one: one.high, default=None)
    if tier is None:
        return _Stake(None, fee.money)
    amount = int(fee.money.amount * tier.worth)
    return _Stake(Money(amount, fee.money.currency), fee.money)


def _closing(
    data: Problem,
    found: Floor,
    group: int,
    commitment: Commitment,
    price: Fraction,
    gap: Fraction,
) -> Fraction | None:
    """A target that closes the gap by itself. Downtime is concave in a budget: taking away the gap
    over the price of what is lost first takes away at least the gap."""
    assert isinstance(commitment.term.target, Fraction)
    if gap <= 0 or commitment.version.negotiability != NEGOTIABLE or commitment.term.windows:
        return None
    rows = [row for row in found.programme.budgets if row.group == group and not row.outside]
    sums: dict[int, Fraction] = {}
    for row in rows:
        sums[row.promise] = sums.get(row.promise, Fraction(0)) + found.programme.budgets[row]
    budget = min(sums.values(), default=Fraction(0)) / data.groups[group].size
    if not budget or gap / price > budget:
        return None
    left = (1 - commitment.term.target) * (1 - gap / price / budget)
    return min(-(-(1 - left) // _STEP) * _STEP, Fraction(1))


def _entry(
    commitment: Commitment,
    leaf: str,
    price: Fraction,
    stake: _Stake,
    gap: Fraction,
    target: Fraction | None,
) -> Renegotiation:
    key, version, term = commitment.key, commitment.version, commitment.term
    assert isinstance(term.target, Fraction)
    name, saved = f"{key.agreement}/{key.term}", f"{float(price):.3g}"
    text = (
        f"each minute less that {leaf} may be down under {name} ({format_percent(term.target)}) "
        f"takes {saved} of one from the worst case"
    )
    if version.negotiability != NEGOTIABLE:
        text += f"; its terms are {version.negotiability} and cannot be changed"
    elif target is not None:
        text += f"; {format_percent(target)} would close the gap by itself"
    elif gap > 0:
        text += "; no better target of it alone is sure to close the gap"
    return Renegotiation(
        key.agreement,
        key.version,
        key.term,
        leaf,
        price,
        stake.credit,
        stake.fee,
        version.negotiability,
        target,
        text,
    )
