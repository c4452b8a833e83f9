"""Withdrawing facts: nothing follows from them any more, and what was known stays known.

What has to come of it is what a database comes to that never was told of them.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from orchestrator.actions.assess import assess_period
from orchestrator.actions.books import approve_restatements, close_books
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import RecordResult, WithdrawResult, record_facts, withdraw_facts
from orchestrator.engine.settle import reach_of, settle
from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.model.estate import Estate, always
from orchestrator.model.records import FACT_KINDS, Facts, Outage, Verdict
from orchestrator.model.services import Service
from orchestrator.model.values import DAWN, FOREVER, AskedPeriod, Span, parse_instant
from orchestrator.store.audit import verify
from orchestrator.store.claims import load_claims
from orchestrator.store.read import audit_lines, counts, latest_run, load_facts, load_verdict
from tests.golden.test_documents import DOCUMENTS
from tests.store.conftest import NOW
from tests.store.samples import statements
from tests.store.test_facts import ALL, SPAN, stored
from tests.store.test_later import (
    CAPS,
    EARN_BACK,
    JANUARY,
    MARCH,
    MONTHS,
    REPEATS,
    assessed,
    balances,
    begun,
    credits,
    estate,
    fresh,
    names,
    outage,
    verdicts,
)

WHY = "the probe's own network failed"
LATER = NOW + 1_000_000
_number = count(1)


@pytest.fixture
def ctx(ctx: Context) -> Context:
    import_estate(ctx, Estate(services=always(Service("a"), Service("b"))))
    return replace(ctx, now=NOW + 1)


@pytest.fixture
def recorded(ctx: Context) -> Context:
    """After facts of every kind, at a later time."""
    record_facts(ctx, ALL)
    return replace(ctx, now=LATER)


@pytest.fixture
def empty(ctx: Context) -> Context:
    """A tenant who has nothing yet."""
    return replace(ctx, tenant=f"tenant-{next(_number)}", now=NOW)


def gone(ctx: Context, *ids: str, kind: str = "outages") -> WithdrawResult:
    return withdraw_facts(ctx, kind, ids, WHY)


def refused(ctx: Context, kind: str, ids: list[str], reason: str = WHY) -> list[tuple[str, str]]:
    with pytest.raises(OrchestratorError) as error:
        withdraw_facts(ctx, kind, ids, reason)
    return [(one.code, one.path) for one in error.value.problems]


def test_a_withdrawn_fact_is_known_no_more_and_stays_known_as_of_before(recorded: Context) -> None:
    assert gone(recorded, "o-1") == WithdrawResult(withdrawn=1)
    # The gap in measuring that has the same id is another fact.
    left = replace(ALL, outages=ALL.outages[1:])
    assert stored(recorded) == stored(recorded, Span(DAWN, FOREVER)) == left
    assert stored(recorded, services=["a", "b"]) == left
    assert stored(recorded, as_of=LATER) == left
    assert stored(recorded, as_of=LATER - 1) == ALL
    with recorded.database.read() as session:
        assert counts(session, recorded.tenant)["facts"] == 5
        assert verify(session, recorded.tenant) == ()


@pytest.mark.parametrize("kind", FACT_KINDS)
def test_facts_of_every_kind_can_be_withdrawn(recorded: Context, kind: str) -> None:
    ids = [fact.id for fact in getattr(ALL, kind)]
    assert gone(recorded, *ids, kind=kind) == WithdrawResult(withdrawn=len(ids))
    assert stored(recorded) == replace(ALL, **{kind: ()})


def test_withdrawing_again_is_harmless_and_leaves_the_reason_given_first(
    recorded: Context,
) -> None:
    gone(recorded, "o-1")
    again = withdraw_facts(recorded, "outages", ["o-1", "o-2", "o-1"], "another reason")
    assert again == WithdrawResult(withdrawn=1, repeated=1)
    assert gone(recorded, "o-1", "o-2") == WithdrawResult(repeated=2)
    assert gone(recorded) == WithdrawResult()
    with recorded.database.read() as session:
        lines = audit_lines(session, recorded.tenant)
    assert [line.action for line in lines[2:]] == ["withdraw_facts"] * 2
    told = [json.loads(line.summary) for line in lines[2:]]
    assert [(one["kind"], one["ids"], one["by"], one["reason"]) for one in told] == [
        ("outages", ["o-1"], "tester", WHY),
        ("outages", ["o-2"], "tester", "another reason"),
    ]


def test_a_withdrawn_fact_that_is_recorded_again_stands_again(recorded: Context) -> None:
    first = Facts(outages=ALL.outages[:1])
    longer = Facts(outages=(replace(ALL.outages[0], service="b", span=Span(10, 25)),))
    for number, (facts, revive) in enumerate(((first, True), (longer, False), (first, False))):
        at = LATER + 10 * number
        assert gone(replace(recorded, now=at), "o-1") == WithdrawResult(withdrawn=1)
        again = record_facts(replace(recorded, now=at + 5), facts, revive=revive)
        assert again == RecordResult(corrected=1, revived=1)
        assert stored(recorded).outages[0] == facts.outages[0]
        assert record_facts(recorded, facts) == RecordResult(repeated=1)
        assert stored(recorded, as_of=at).outages == ALL.outages[1:]
    assert stored(recorded, as_of=LATER + 5) == ALL
    with recorded.database.read() as session:
        assert verify(session, recorded.tenant) == ()


def test_what_is_sent_again_as_it_was_withdrawn_stays_withdrawn(recorded: Context) -> None:
    """A tool that sends its whole export each night does not bring back its false alarms."""
    first, second = (replace(ALL.outages[0], span=Span(10, end)) for end in (20, 30))
    record_facts(replace(recorded, now=LATER), Facts(outages=(second,)))
    gone(replace(recorded, now=LATER + 1), "o-1")
    for number in range(2):
        again = record_facts(replace(recorded, now=LATER + 2 + number), Facts(outages=(second,)))
        assert again == RecordResult(repeated=1)
        assert stored(recorded).outages == ALL.outages[1:]
    # What it said before it was corrected is another content.
    again = record_facts(replace(recorded, now=LATER + 5), Facts(outages=(first,)))
    assert again == RecordResult(corrected=1, revived=1)
    assert stored(recorded).outages[0] == first


def test_what_cannot_be_withdrawn_is_refused_with_all_the_rest(recorded: Context) -> None:
    assert refused(recorded, "outage", ["o-1"]) == [("UNKNOWN_KIND", "")]
    assert refused(recorded, "outages", ["o-1"], " ") == [("NO_REASON", "")]
    assert refused(recorded, "outages", ["o-1", "t-1", "x"]) == [
        ("UNKNOWN_REFERENCE", "outages[t-1]"),
        ("UNKNOWN_REFERENCE", "outages[x]"),
    ]
    many = refused(recorded, "outages", [f"x-{number}" for number in range(150)])
    assert (len(many), many[-1]) == (101, ("UNKNOWN_REFERENCE", ""))
    assert refused(replace(recorded, tenant="other"), "outages", ["o-1"])
    assert stored(recorded) == ALL
    with recorded.database.read() as session:
        assert len(audit_lines(session, recorded.tenant)) == 2


def test_a_dry_run_withdraws_nothing(recorded: Context) -> None:
    dry = withdraw_facts(recorded, "outages", ["o-1"], WHY, dry_run=True)
    assert dry == WithdrawResult(withdrawn=1)
    assert stored(recorded) == ALL
    assert gone(recorded, "o-1") == dry


def test_a_repeated_key_returns_what_came_of_the_first(recorded: Context) -> None:
    def keyed(*ids: str, by: str = "noc") -> WithdrawResult:
        return withdraw_facts(recorded, "outages", ids, WHY, by=by, idempotency_key="k")

    first = keyed("o-1", "o-2")
    assert first == WithdrawResult(withdrawn=2)
    record_facts(recorded, ALL, revive=True)
    assert keyed("o-2", "o-1") == first
    assert stored(recorded) == ALL
    for other in ({"by": "somebody"}, {}):
        with pytest.raises(OrchestratorError) as error:
            keyed("o-1", **other)
        assert [one.code for one in error.value.problems] == ["IDEMPOTENCY_CONFLICT"]


def test_tenants_withdraw_only_their_own(recorded: Context) -> None:
    other = replace(recorded, tenant="other", now=NOW)
    import_estate(other, Estate(services=always(Service("a"), Service("b"))))
    record_facts(other, ALL)
    gone(other, "o-1")
    assert stored(recorded) == ALL
    assert stored(other).outages == ALL.outages[1:]


@pytest.mark.parametrize("size", [10, 5000])
def test_the_number_of_statements_does_not_depend_on_how_many(ctx: Context, size: int) -> None:
    many = tuple(Outage(f"o-{n}", "ab"[n % 2], Span(n, n + 2)) for n in range(size))
    record_facts(ctx, Facts(outages=many))
    with statements(ctx.database) as sent:
        gone(ctx, *(fact.id for fact in many))
    assert len(sent) <= 15, sent
    assert stored(ctx, SPAN) == Facts()


# --- what follows from them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "rules", [{}, {"rules": REPEATS}, {"rules": EARN_BACK}, {"caps": CAPS}, {"beneath": REPEATS}]
)
def test_an_outage_that_is_withdrawn_comes_to_what_it_comes_to_if_it_never_was(
    empty: Context, rules: dict[str, str]
) -> None:
    """Of the outages of three months the first is false; its month alone is assessed again."""
    subject = estate(**rules)
    true = (outage("o-2", "02-10"), outage("o-3", "04-10", 9, "hosting"))
    begun(empty, subject, outage("o-1", "01-10", 9, "hosting"), *true)
    was = credits(empty)
    gone(empty, "o-1")
    (result,) = assessed(empty, JANUARY)
    assert result.changed
    other = fresh(empty, subject, *true)
    assert credits(empty) == credits(other) != was
    assert verdicts(empty) == verdicts(other)
    assert balances(empty) == balances(other)
    assert not any(one.changed for one in assessed(empty, *MONTHS))


def test_only_the_difference_is_booked_and_later_months_follow(empty: Context) -> None:
    begun(empty, estate(REPEATS), outage("o-1", "03-10"), outage("o-2", "04-10"))
    assert credits(empty) == ["", "", "100.00", "200.00", "", ""]
    gone(empty, "o-1")
    (result,) = assessed(empty, MARCH)
    # March's 100.00 is reversed; April's 200.00 is, and booked anew as 100.00.
    assert [(one.reverses, str(one.booking.money)) for one in result.posting.entries] == [
        (1, "100.00")
    ]
    assert names(result) == ["2026-04"]
    assert [one.posted for one in result.later] == [2]
    assert credits(empty) == ["", "", "", "100.00", "", ""]
    record_facts(empty, Facts(outages=(outage("o-1", "03-10"),)), revive=True)
    assessed(empty, MARCH)
    assert credits(empty) == ["", "", "100.00", "200.00", "", ""]
    assert balances(empty) == balances(
        fresh(empty, estate(REPEATS), outage("o-1", "03-10"), outage("o-2", "04-10"))
    )


def test_closed_books_wait_for_leave_to_follow_a_withdrawal(empty: Context) -> None:
    subject = estate()
    begun(empty, subject, outage("o-1", "03-10"))
    close_books(empty, parse_instant("2026-05-02T00:00:00Z"))
    gone(empty, "o-1")
    (result,) = assessed(empty, MARCH)
    assert (result.posted, result.waiting) == (0, 1)
    assert approve_restatements(empty, WHY).entries == 1
    assert balances(empty) == balances(fresh(empty, subject)) == {}


def test_as_of_before_a_withdrawal_the_verdict_is_the_old_one(empty: Context) -> None:
    subject = estate(REPEATS)
    begun(empty, subject, outage("o-1", "03-10"), outage("o-2", "03-20"))
    with empty.database.read() as session:
        run = latest_run(session, empty.tenant, MARCH)
        assert run is not None
        old = load_verdict(session, run)
    gone(replace(empty, now=LATER), "o-1", "o-2")
    assess_period(replace(empty, now=LATER + 1), MARCH)

    def verdict(as_of: int | None) -> Verdict:
        with empty.database.read() as session:
            facts = load_facts(session, empty.tenant, reach_of(subject, MARCH), as_of)
        return settle(subject, facts, MARCH)

    assert verdict(run.known_at).breaches == old.breaches != ()
    assert verdict(LATER - 1) == verdict(run.known_at)
    assert verdict(None).breaches == ()
    with empty.database.read() as session:
        assert load_verdict(session, run) == old


QUICK = (
    "a-case-has-the-target-of-the-window-in-which-its-clock-begins",
    "a-leg-in-planned-maintenance-carries-nothing-when-the-other-fails",
    "two-good-months-in-a-row-earn-half-of-a-credit-back",
)


def assessable() -> Iterator[Any]:
    """The golden documents with facts and a period, of which a few are quick to try."""
    for folder in sorted(DOCUMENTS.iterdir()):
        period = re.search(r"--period (\S+)", (folder / "command").read_text("utf-8"))
        if period and (folder / "facts.yaml").exists():
            marks = () if folder.name in QUICK else (pytest.mark.long,)
            yield pytest.param(folder, period[1], marks=marks, id=folder.name)


@pytest.mark.parametrize(("folder", "period"), list(assessable()))
def test_facts_of_any_kind_that_are_withdrawn_come_to_what_they_come_to_if_they_never_were(
    empty: Context, folder: Path, period: str
) -> None:
    subject = read_estate((folder / "estate.yaml").read_text("utf-8")).estate
    every = read_facts((folder / "facts.yaml").read_bytes())
    asked = AskedPeriod.parse(period)
    ways = random.Random(folder.name)

    def come_to(ctx: Context) -> tuple[Any, ...]:
        assess_period(ctx, asked)
        with ctx.database.read() as session:
            run = latest_run(session, ctx.tenant, asked)
            assert run is not None
            verdict = load_verdict(session, run)
            claims = load_claims(session, ctx.tenant)
        parts = {part: sorted(map(repr, getattr(verdict, part))) for part in Verdict.__slots__}
        return parts, balances(ctx), [replace(one, drafted=0) for one in claims]

    import_estate(empty, subject)
    record_facts(empty, every)
    was = come_to(empty)
    left = {}
    for kind in FACT_KINDS:
        false = [fact.id for fact in getattr(every, kind) if ways.random() < 0.7]
        gone(empty, *false, kind=kind)
        left[kind] = tuple(fact for fact in getattr(every, kind) if fact.id not in false)
    other = replace(empty, tenant="other")
    import_estate(other, subject)
    record_facts(other, Facts(**left))
    assert come_to(empty) == come_to(other)
    record_facts(empty, every)
    assert come_to(empty) == come_to(other)
    record_facts(empty, every, revive=True)
    assert come_to(empty) == was
