"""Claims in an evidence pack: what was done to have the credits beneath paid, so far as it bears on
one assessment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.engine.claimed import (
    ClaimKey,
    drafted,
    drafting,
    lost,
    move_claim,
)
from orchestrator.errors import refuse
from orchestrator.formats.claims import claim_json
from orchestrator.model.claims import Claim, ClaimEvent
from orchestrator.model.estate import Estate
from orchestrator.model.records import Credit, TermKey
from orchestrator.model.values import FOREVER, Money, Span, parse_instant

Plain = dict[str, Any]

OnRecord = Callable[[Sequence[Credit]], Sequence[Claim]]
"""The claims on record for some credits."""


def none_on_record(_: Sequence[Credit]) -> Sequence[Claim]:
    """Nothing was done yet: every claim is taken as made in time, and granted."""
    return ()


def these(claims: Sequence[Claim]) -> OnRecord:
    """Some claims and no others."""
    return lambda _: claims


def losing(on_record: OnRecord) -> Callable[[Mapping[ClaimKey, Credit]], Mapping[ClaimKey, Money]]:
    """How much of credits does not come back, by the claims on record for them."""
    return lambda credits: lost(on_record(tuple(credits.values())), credits)


def standing(estate: Estate, credits: Sequence[Credit], on_record: OnRecord) -> tuple[Claim, ...]:
    """Every claim that there is or may be for credits. What lapses in the end, whenever that is,
    does so right after its deadline."""
    found = drafted(drafting(estate, credits), on_record(credits))[0]
    return tuple(
        replace(
            one,
            history=tuple(
                replace(move, at=one.deadline + 1) if move.at >= FOREVER - 1 else move
                for move in one.history
            ),
        )
        for one in found
    )


def of_keys(claims: Iterable[Claim], keys: Collection[ClaimKey]) -> tuple[Claim, ...]:
    """The claims for some credits."""
    return tuple(one for one in claims if (one.key, one.period) in keys)


def pack_claim(claim: Claim) -> Plain:
    """A claim as a pack holds it: without the facts, which the pack has, and without the moment at
    which it was drafted, which says when somebody assessed."""
    return {
        name: value
        for name, value in claim_json(claim).items()
        if name not in {"drafted", "evidence"}
    }


def claims_again(
    estate: Estate, plain: Sequence[Plain], credits: Sequence[Credit]
) -> tuple[Claim, ...]:
    """The claims of a pack, each moved again through its history from the draft that the credit
    gives. Raises UNKNOWN_REFERENCE for one without a credit, and what `move_claim` raises."""
    drafts = {(one.key, one.period): one for one in drafted(drafting(estate, credits), ())[0]}
    found = []
    for number, one in enumerate(plain):
        draft = drafts.get(_key_of(one))
        path = f"claims[{number}]"
        if draft is None:
            raise refuse(
                "UNKNOWN_REFERENCE",
                "there is no credit that could be claimed so",
                "a claim is of one credit of the pack",
                path=path,
            )
        found.append(_moved(draft, one))
    return tuple(found)


def _key_of(plain: Plain) -> ClaimKey:
    period = plain["period"]
    return (
        TermKey(plain["agreement"], plain["version"], plain["term"], plain["service"]),
        Span(parse_instant(period["from"]), parse_instant(period["to"])),
    )


def _moved(draft: Claim, plain: Plain) -> Claim:
    if not plain["history"]:
        return draft
    # What has been submitted keeps its amount, whatever the credit comes to since.
    claim = Claim(
        draft.key,
        draft.period,
        draft.claimant,
        draft.respondent,
        Money.parse(plain["amount"], plain["currency"]),
        draft.drafted,
        draft.deadline,
    )
    for move in plain["history"]:
        granted = move["accepted"]
        claim = move_claim(
            claim,
            ClaimEvent(
                move["do"],
                parse_instant(move["at"]),
                move["by"] or "",
                move["reason"],
                None if granted is None else Money.parse(granted, plain["currency"]),
            ),
        )
    return claim
