"""What comes back from suppliers, and why the rest does not, against a plain loop over minutes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given

from orchestrator.engine.claimed import drafted, drafting, lost, recorded
from orchestrator.engine.credit import Ended
from orchestrator.engine.settle import settle
from orchestrator.formats.schemes import published_schemes
from orchestrator.model.claims import ClaimEvent, RecordedClaim
from orchestrator.model.records import Credit, Facts, Verdict
from orchestrator.model.values import DAY, MINUTE, AskedPeriod, Money
from tests.laws.build import law_of
from tests.laws.supplied import CASES, LAST, SPANS, Case
from tests.laws.test_settlement import STARTS
from tests.laws.waterfall_walk import TABLES, TIMES, Key, granted, settled_plainly


def test_every_published_scheme_has_its_table() -> None:
    assert {*TABLES, *TIMES} == set(published_schemes())


def losing(case: Case) -> Callable[[Mapping[Ended, Credit]], Mapping[Ended, Money]]:
    """What is lost by the record of claims: made in time or not, and answered."""

    def gone(credits: Mapping[Ended, Credit]) -> Mapping[Ended, Money]:
        drafts, _ = drafted(drafting(case.estate, credits.values()), ())
        record = []
        for claim in drafts:
            made = case.claimed[claim.key.service]
            if made.after is None or claim.period.end + made.after * DAY > claim.deadline:
                continue
            at = claim.period.end + made.after * DAY
            moves = [ClaimEvent("submit", at, claim.claimant)]
            if made.quarters is not None:
                part = granted(claim.money.amount, made.quarters)
                moves.append(
                    ClaimEvent("accept", at, claim.respondent, accepted=Money(part, "USD"))
                    if part
                    else ClaimEvent("reject", at, claim.respondent, "not ours")
                )
            period = AskedPeriod(claim.period.start, claim.period.end)
            key = claim.key
            record.append(RecordedClaim(key.agreement, key.term, key.service, period, tuple(moves)))
        return lost(recorded(case.estate, drafts, record, LAST * MINUTE + 400 * DAY), credits)

    return gone


def waterfalls(verdict: Verdict) -> dict[Key, dict[str, int]]:
    return {
        (
            one.key.agreement,
            one.key.term,
            one.key.service,
            STARTS.index(one.period.start // MINUTE),
        ): {step.step: step.amount for step in one.waterfall}
        for one in verdict.exposures
        if one.owed
    }


def settles_as_the_loop_does(case: Case, span: tuple[int, int]) -> Verdict:
    first, end = span
    asked = AskedPeriod(STARTS[first] * MINUTE, STARTS[end] * MINUTE)
    facts = Facts(tuple(sorted(case.outages, key=lambda one: one.id)))
    verdict = settle(case.estate, facts, asked, lost=losing(case))
    assert waterfalls(verdict) == settled_plainly(case, span)
    return verdict


@law_of(5)
@given(CASES, SPANS)
def test_what_comes_back_is_what_the_plain_loop_says(case: Case, span: tuple[int, int]) -> None:
    settles_as_the_loop_does(case, span)


@pytest.mark.long
@law_of(3000)
@given(CASES, SPANS)
def test_thousands_of_waterfalls_are_those_of_the_plain_loop(
    case: Case, span: tuple[int, int]
) -> None:
    settles_as_the_loop_does(case, span)
