"""How tickets and samples become a measurement, as `measurement` of a term says it."""

from __future__ import annotations

from typing import Final, NamedTuple

from orchestrator.formats.context import Context
from orchestrator.formats.quantities import DURATION, LABEL, RATIO, SLUG_ID, quantity
from orchestrator.formats.record import Key, Record
from orchestrator.formats.shapes import Converted, ListOf, choice
from orchestrator.model.clocking import REPRIORITISED
from orchestrator.model.measuring import MEMBERSHIPS, Measuring


class _Holder(NamedTuple):
    reason: str
    party: str


def _pair(holder: _Holder, _: Context) -> tuple[str, str]:
    return holder.reason, holder.party


def _holder(pair: tuple[str, str], _: Context) -> _Holder:
    return _Holder(*pair)


_HOLDER: Final = Converted(
    Record(_Holder, Key("reason", LABEL), Key("party", SLUG_ID)), _pair, _holder
)

MEASURING: Final = Record(
    Measuring,
    Key(
        "membership",
        choice(MEMBERSHIPS, says="way to belong to a period"),
        about="A ticket counts in the period in which it is due, or is closed.",
    ),
    Key("pauses", ListOf(LABEL), about="The reasons that stop a ticket's clock."),
    Key("awaiting", ListOf(LABEL), about="The reasons for which the customer is waited for."),
    Key("reopening", DURATION, about="How long a ticket may be reopened and be the same case."),
    Key("reprioritised", choice(REPRIORITISED, says="way to go on with another priority")),
    Key("holders", ListOf(_HOLDER), about="Who holds a ticket while it waits for a reason."),
    Key("trust", ListOf(LABEL), about="Sources, the most trusted first."),
    Key(
        "tolerance",
        quantity("a tolerance"),
        about="By how much two sources may differ, in the unit of what is attained.",
    ),
    Key("atRisk", RATIO, about="The share of what is allowed that may be used without risk."),
    blame={"BAD_CHOICE": "pauses"},
)
"""Keys that stand under `measurement` beside its others."""
