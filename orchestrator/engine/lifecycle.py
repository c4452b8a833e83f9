"""The life of a version: a legal move gives a new value, anything else is refused and changes
nothing. The table of moves is `model.lifecycle.MOVES`; what a move asks for is in `GUARDS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from orchestrator.engine.content import as_agreed, content_hash, missing_acceptances
from orchestrator.engine.lapses import latest_before
from orchestrator.engine.publishing import check_gate
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.agreements import UNDERPINNING, Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.contracts import Contract
from orchestrator.model.lifecycle import MOVES, RUNNING, Move, moves_from
from orchestrator.model.metrics import METRICS, Target
from orchestrator.model.strictness import at_least_as_strict
from orchestrator.model.values import FOREVER, Instant, Span, format_instant


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a move is judged by besides the contract: when, by which party, and what it asks for.

    `floors` are the derived floors by term, `short` the terms that are derived to be beyond what
    lies beneath, `shadow` the breaches in each shadow period, oldest
    first, `noticed` when notice was given, `successor` the version that takes over.
    """

    at: Instant
    by: str
    reason: str = ""
    noticed: Instant | None = None
    successor: Contract | None = None
    shadow: tuple[int, ...] = ()
    floors: Mapping[str, Target] = field(default_factory=dict)
    short: frozenset[str] = frozenset()
    calendars: Mapping[str, Calendar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transition:
    """A legal move, as its line in the audit trail tells it.

    `after` is the contract from then on. Where a state that lasts was left, `before` is the
    stretch that stays as it was, so that the past is assessed as it was agreed.
    """

    event: str
    at: Instant
    by: str
    source: str
    target: str
    content: str
    after: Contract
    before: Contract | None = None


def move(contract: Contract, event: str, circumstances: Circumstances) -> Contract:
    """The contract after a move; refused, with nothing changed, where the move is not legal."""
    return transition(contract, event, circumstances).after


def transition(contract: Contract, event: str, circumstances: Circumstances) -> Transition:
    """A move with all there is to record of it.

    Raises UNKNOWN_MOVE, ILLEGAL_MOVE, NOT_ENTITLED or what a guard refuses with.
    """
    step = _legal(contract, event, circumstances.by)
    for guard in step.guards:
        GUARDS[guard](contract, circumstances)
    before, after = _cut(contract, circumstances.at)
    version = replace(after.version, state=step.target)
    agreed = after.provisions.agreed
    if agreed is None and (event == "agree" or before is not None):
        agreed = contract.version.effective
    provisions = replace(after.provisions, agreed=agreed)
    return Transition(
        event,
        circumstances.at,
        circumstances.by,
        contract.version.state,
        step.target,
        content_hash(contract),
        Contract(version, provisions),
        before,
    )


def moved(versions: Sequence[Version], done: Transition) -> tuple[Version, ...]:
    """An agreement's versions after a move of one of them.

    Where a state that lasts was left, what stays keeps its number, and the rest is a further entry
    under the next free one, which continues what was accepted under the first.
    """
    number, after = done.after.version.number, done.after.held
    stays = after
    more: tuple[Version, ...] = ()
    if done.before is not None:
        stays = done.before.held
        fresh = 1 + max(version.number for version in versions)
        provisions = replace(after.provisions, continues=done.after.number)
        more = (replace(after, number=fresh, provisions=provisions),)
    kept = (stays if version.number == number else version for version in versions)
    return (*kept, *more)


def _legal(contract: Contract, event: str, by: str) -> Move:
    version = contract.version
    if event not in MOVES:
        raise refuse("UNKNOWN_MOVE", f"there is no move {event!r}", f"use {', '.join(MOVES)}")
    step = MOVES[event]
    if version.state not in step.sources:
        legal = ", ".join(move.event for move in moves_from(version.state))
        raise refuse(
            "ILLEGAL_MOVE",
            f"version {version.number} of {version.agreement} is {version.state}: {event!r} "
            f"needs it {' or '.join(step.sources)}",
            f"from here one may {legal}" if legal else "it has come to its end: draft another",
        )
    if not contract.roles.get(by, frozenset()) & step.by:
        raise refuse(
            "NOT_ENTITLED",
            f"{by!r} may not {event} version {version.number} of {version.agreement}",
            f"it takes its {' or '.join(sorted(step.by))}",
        )
    return step


def _cut(contract: Contract, at: Instant) -> tuple[Contract | None, Contract]:
    """The stretch that stays as it was, and the rest; nothing is cut from what has not begun."""
    version = contract.version
    start, end = version.effective.start, version.effective.end
    if version.state not in RUNNING or at <= start:
        return None, contract
    border = min(at, end)
    agreed = replace(contract.provisions, agreed=as_agreed(contract))
    stays = replace(version, effective=Span(start, border))
    rest = replace(version, effective=Span(border, end if border < end else FOREVER))
    return Contract(stays, agreed), Contract(rest, agreed)


# What moves ask for


def _accepted(contract: Contract, _: Circumstances) -> None:
    missing = missing_acceptances(contract)
    if missing:
        version = contract.version
        raise refuse(
            "ACCEPTANCE_MISSING",
            f"{' and '.join(missing)} did not accept version {version.number} of "
            f"{version.agreement} as it now reads",
            f"have {content_hash(contract)[:12]}... accepted; that of another version says nothing",
        )


def _proven(contract: Contract, circumstances: Circumstances) -> None:
    if contract.provisions.gate is not None:
        check_gate(contract.provisions.gate, circumstances.shadow)


def _underpinned(contract: Contract, circumstances: Circumstances) -> None:
    decided = {one.term for one in contract.provisions.overrides if one.at <= circumstances.at}
    for term in contract.version.terms:
        floor = circumstances.floors.get(term.id)
        if term.strength not in UNDERPINNING or term.id in decided:
            continue
        # Of a term with windows the floor is that of the worst, and `short` says if it is too low.
        kept = (
            floor is None
            or bool(term.windows)
            or at_least_as_strict(METRICS[term.metric], floor, term.target)
        )
        if term.id in circumstances.short or not kept:
            raise refuse(
                "ABOVE_FLOOR",
                f"{contract.version.agreement}/{term.id} promises more than what lies beneath "
                "guarantees",
                "lower the target, strengthen what lies beneath, or record an override",
            )


def _begun(contract: Contract, circumstances: Circumstances) -> None:
    if circumstances.at not in contract.version.effective:
        raise _out_of_time(contract.version, circumstances, "NOT_IN_TERM", "lies outside of")


def _not_begun(contract: Contract, circumstances: Circumstances) -> None:
    if circumstances.at >= contract.version.effective.start:
        raise _out_of_time(contract.version, circumstances, "ALREADY_BEGUN", "is not before")


def _ended(contract: Contract, circumstances: Circumstances) -> None:
    if circumstances.at < contract.version.effective.end:
        raise _out_of_time(contract.version, circumstances, "NOT_ENDED", "is not after")


def _not_ended(contract: Contract, circumstances: Circumstances) -> None:
    if circumstances.at >= contract.version.effective.end:
        raise _out_of_time(contract.version, circumstances, "NOT_IN_TERM", "is after")


def _out_of_time(
    version: Version, circumstances: Circumstances, code: str, says: str
) -> OrchestratorError:
    return refuse(
        code,
        f"{format_instant(circumstances.at)} {says} {version.effective}, when version "
        f"{version.number} of {version.agreement} holds",
        "make the move when its time has come",
    )


def _succeeded(contract: Contract, circumstances: Circumstances) -> None:
    version, next_one = contract.version, circumstances.successor
    follows = (
        next_one is not None
        and next_one.version.agreement == version.agreement
        and next_one.number > contract.number
        and next_one.version.state in ("agreed", "in_force")
        and not missing_acceptances(next_one)
    )
    if not follows:
        raise refuse(
            "NO_SUCCESSOR",
            f"no later version of {version.agreement} is agreed and accepted",
            "agree the next version first: what is in force stays in force until then",
        )


def _noticed(contract: Contract, circumstances: Circumstances) -> None:
    notice = contract.provisions.notice
    if notice is None:
        return
    latest = latest_before(
        notice.period,
        circumstances.at,
        circumstances.calendars,
        notice.hours,
        contract.version.timezone,
    )
    if circumstances.noticed is None or circumstances.noticed > latest:
        raise refuse(
            "NOTICE_TOO_SHORT",
            f"notice to end {contract.version.agreement} then had to be given by "
            f"{format_instant(latest)}",
            "end it later, or rescind it for a reason",
        )


def _reasoned(_: Contract, circumstances: Circumstances) -> None:
    if not circumstances.reason.strip():
        raise refuse("NO_REASON", "nobody ends an agreement at once without a reason", "give one")


GUARDS: Final[dict[str, Callable[[Contract, Circumstances], None]]] = {
    "accepted": _accepted,
    "proven": _proven,
    "underpinned": _underpinned,
    "begun": _begun,
    "not_begun": _not_begun,
    "ended": _ended,
    "not_ended": _not_ended,
    "succeeded": _succeeded,
    "noticed": _noticed,
    "reasoned": _reasoned,
}
"""What a move may ask for, by name; each refuses where it is not so."""
