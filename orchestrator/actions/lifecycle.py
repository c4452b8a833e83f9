"""The life of agreements: accept, move, override. Each is judged by the table of moves and leaves
one line in the audit trail, or is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy.orm import Session

from orchestrator.actions.context import Context, Done, Request, mutate
from orchestrator.engine import content
from orchestrator.engine.lifecycle import Circumstances, moved, transition
from orchestrator.engine.settle import reach_of
from orchestrator.engine.shadow import replayed
from orchestrator.engine.signing import as_if, before_signing, beyond, last_periods
from orchestrator.errors import refuse
from orchestrator.model.agreements import Version
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate
from orchestrator.model.lifecycle import FINAL_STATES, MOVES, UNSIGNED
from orchestrator.model.meetings import Override
from orchestrator.model.validity import validate
from orchestrator.model.values import Instant, format_instant
from orchestrator.store.codec import digest, dumps
from orchestrator.store.read import load_facts, load_revision, revision
from orchestrator.store.write import save_estate


@dataclass(frozen=True, slots=True)
class Asked:
    """What every change of an agreement says: of which one, whether it is only tried, the key that
    stands for the request, and `expected`, the tag of the agreement as the asker saw it (None: no
    matter which)."""

    agreement: str
    expected: str | None = None
    dry_run: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of an agreement: the revision of the estate, its versions, and the number of
    the one that the change was about."""

    revision: int
    agreement: str
    number: int
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a change is decided by: the estate, the agreement's versions, and now."""

    session: Session
    tenant: str
    estate: Estate
    versions: tuple[Version, ...]
    now: Instant

    def contract(self, number: int) -> Contract:
        """One version, or a refusal where there is none."""
        for version in self.versions:
            if version.number == number:
                return Contract.of(version)
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"the agreement has no version {number}",
            "name one of its versions",
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """The versions there are to be, the number that it is about, and what the audit line tells."""

    versions: tuple[Version, ...]
    number: int
    told: dict[str, Any]


def tag_of(versions: Sequence[Version]) -> str:
    """A short text that changes whenever anything about an agreement's versions does."""
    return digest(*(dumps(version, Version) for version in versions))[:16]


def change(
    ctx: Context,
    action: str,
    asked: Asked,
    given: Sequence[str],
    decide: Callable[[Standing], Decision],
) -> Changed:
    """Change one agreement, in one transaction with its audit line. `given` are the arguments, for
    the digest. Raises STALE_VERSION where the agreement is not the one expected."""

    def do(session: Session, now: Instant) -> Done[Changed]:
        number = revision(session, ctx.tenant)
        old = load_revision(session, ctx.tenant, number)
        versions = old.agreements.get(asked.agreement, ())
        if asked.expected is not None and asked.expected != tag_of(versions):
            raise refuse(
                "STALE_VERSION",
                f"{asked.agreement!r} has changed: it is {_stands(versions)}",
                "read it again, and decide anew",
            )
        decision = decide(Standing(session, ctx.tenant, old, versions, now))
        agreements = {**old.agreements, asked.agreement: decision.versions}
        new = validate(replace(old, agreements=agreements).normalised())
        after = save_estate(session, ctx.tenant, old, new, now)
        told = {"agreement": asked.agreement, "version": decision.number, "after": after}
        kept = new.agreements[asked.agreement]
        answer = Changed(after, asked.agreement, decision.number, kept)
        return Done(answer, told | decision.told, after != number)

    def again(session: Session, summary: str) -> Changed:
        earlier = orjson.loads(summary)
        estate = load_revision(session, ctx.tenant, earlier["after"])
        versions = estate.agreements.get(asked.agreement, ())
        return Changed(earlier["after"], asked.agreement, earlier["version"], versions)

    request = Request(
        action, digest(asked.agreement, asked.expected or "", *given), asked.dry_run, asked.key
    )
    return mutate(ctx, request, do, again)


def _stands(versions: Sequence[Version]) -> str:
    if not versions:
        return "not there"
    return f"at version {versions[-1].number}, {versions[-1].state}, tag {tag_of(versions)}"


def put(versions: Sequence[Version], contract: Contract) -> tuple[Version, ...]:
    """The versions with one of them as a contract has it."""
    number = contract.version.number
    return tuple(contract.held if one.number == number else one for one in versions)


def accept_version(ctx: Context, asked: Asked, number: int, party: str, accepted: str) -> Changed:
    """Record that a party accepts a version: the one with this content hash and no other.

    Raises CONTENT_DIFFERS, NOT_ENTITLED where the party has no role in it, ILLEGAL_MOVE where it
    has come to its end.
    """

    def decide(standing: Standing) -> Decision:
        contract = standing.contract(number)
        if party not in contract.roles:
            raise refuse(
                "NOT_ENTITLED",
                f"{party!r} is no party of {asked.agreement!r}",
                f"its parties are {', '.join(contract.roles)}",
            )
        if contract.version.state in FINAL_STATES:
            raise refuse(
                "ILLEGAL_MOVE",
                f"version {number} is {contract.version.state}: nobody can accept it any more",
                "draft another",
            )
        if accepted not in content.hashes(contract):
            raise refuse(
                "CONTENT_DIFFERS",
                f"version {number} of {asked.agreement!r} does not read as what is accepted",
                f"read it again; its hash is {content.content_hash(contract)}",
            )
        done = content.accept(contract, party, standing.now)
        return Decision(put(standing.versions, done), number, {"party": party, "content": accepted})

    return change(ctx, "accept_version", asked, (str(number), party, accepted), decide)


def record_override(
    ctx: Context, asked: Asked, number: int, term: str, by: str, reason: str
) -> Changed:
    """Record the decision to sign a term above what lies beneath. Raises NO_REASON,
    UNKNOWN_REFERENCE, ILLEGAL_MOVE after it was signed."""

    def decide(standing: Standing) -> Decision:
        contract = standing.contract(number)
        refuse_signed(contract)
        if term not in {one.id for one in contract.version.terms}:
            raise refuse("UNKNOWN_REFERENCE", f"there is no term {term!r}", "name one of its terms")
        override = Override(term, by, standing.now, reason)
        provisions = contract.provisions
        overrides = (*provisions.overrides, override)
        done = replace(contract, provisions=replace(provisions, overrides=overrides))
        told = {"term": term, "by": by, "reason": reason}
        return Decision(put(standing.versions, done), number, told)

    return change(ctx, "record_override", asked, (str(number), term, by, reason), decide)


def refuse_signed(contract: Contract) -> None:
    """What is agreed, or was, is changed by a further version alone."""
    if contract.version.state not in UNSIGNED:
        raise refuse(
            "ILLEGAL_MOVE",
            f"version {contract.version.number} of {contract.version.agreement} is "
            f"{contract.version.state}: it is no draft any more",
            "propose a further version",
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A move as it is asked for: by which party, at which instant that is not past (None: now),
    for what reason, and when notice was given."""

    event: str
    by: str
    at: Instant | None = None
    reason: str = ""
    noticed: Instant | None = None


def move_agreement(ctx: Context, asked: Asked, number: int, step: Step) -> Changed:
    """Make a move of the table (`model.lifecycle.MOVES`). Raises what
    `engine.lifecycle.transition` raises, and CHANGED_HISTORY."""

    def decide(standing: Standing) -> Decision:
        instant = standing.now if step.at is None else step.at
        if instant < standing.now:
            raise refuse(
                "CHANGED_HISTORY",
                f"{format_instant(instant)} is past, and what held then held",
                "make the move now, or later",
            )
        contract = standing.contract(number)
        plain = Circumstances(instant, step.by, step.reason, step.noticed)
        circumstances = _circumstances(standing, contract, step.event, plain)
        done = transition(contract, step.event, circumstances)
        versions = moved(standing.versions, done)
        told = {
            "event": step.event,
            "at": instant,
            "by": step.by,
            "source": done.source,
            "target": done.target,
            "content": done.content,
            "reason": step.reason,
        }
        about = number if done.before is None else versions[-1].number
        return Decision(versions, about, told)

    given = (str(number), step.event, step.by, str(step.at), step.reason, str(step.noticed))
    return change(ctx, "move_agreement", asked, given, decide)


def _circumstances(
    standing: Standing, contract: Contract, event: str, plain: Circumstances
) -> Circumstances:
    """What a move is judged by, as far as its guards ask for it."""
    guards = MOVES[event].guards if event in MOVES else ()
    version, estate = contract.version, standing.estate
    found: dict[str, Any] = {"calendars": estate.at(plain.at).calendars}
    if "succeeded" in guards:
        later = [Contract.of(one) for one in standing.versions]
        ready = [
            one
            for one in later
            if one.number > contract.number and one.version.state in {"agreed", "in_force"}
        ]
        found["successor"] = ready[0] if ready else None
    if "underpinned" in guards and version.state in MOVES[event].sources:
        found["short"] = beyond(before_signing(estate, contract.held, plain.at))
    gate = contract.provisions.gate
    if "proven" in guards and gate is not None:
        past = last_periods(version, gate.periods, standing.now)
        held = as_if(estate, contract.held, always=True)
        facts = load_facts(standing.session, standing.tenant, reach_of(held, past))
        periods = replayed(estate, facts, version.agreement, version.number, past)
        found["shadow"] = tuple(one.breaches for one in periods)
    return replace(plain, **found)


def refuse_unaccepted(old: Estate, new: Estate) -> None:
    """Refuse an import that puts a version in force which is held in another state: what goes
    through its life here becomes binding by its moves, with every acceptance."""
    held = {
        (id, version.number): version
        for id, versions in old.agreements.items()
        for version in versions
        if not version.binds
    }
    for id, versions in new.agreements.items():
        for version in versions:
            known = held.get((id, version.number))
            missing = content.missing_acceptances(Contract.of(version))
            if known is not None and version.binds and missing:
                raise refuse(
                    "ACCEPTANCE_MISSING",
                    f"version {version.number} of {id!r} is {known.state}, and "
                    f"{' and '.join(missing)} did not accept it as it reads",
                    "have it accepted, and let it begin by its moves",
                    f"agreements[{id}]",
                )
