"""A fact that changes a later month is booked there as its own month is assessed (rule 16).

What has to come of it is what a database comes to that was told everything first and then assessed
month by month, in order.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.actions import assess
from orchestrator.actions.assess import AssessResult, assess_period
from orchestrator.actions.books import approve_restatements, close_books, verify_books
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts, withdraw_facts
from orchestrator.engine.settling import Settling
from orchestrator.formats.estate import read_estate
from orchestrator.model.estate import Estate
from orchestrator.model.records import Facts, Outage, Verdict
from orchestrator.model.values import HOUR, AskedPeriod, Span, parse_instant
from orchestrator.store import books
from orchestrator.store.audit import verify
from orchestrator.store.claims import load_claims
from orchestrator.store.read import audit_lines, latest_run, load_verdict, period_key

HEAD = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {home: [us], currency: EUR}
parties: [{id: us}, {id: shop}, {id: host}]
services:
  - {id: hosting, owner: host}
  - {id: web, owner: us, requires: hosting}
agreements:
"""
SLA = """
  - {id: sla, kind: SLA, provider: us, customer: shop, covers: [web],
     fee: {amount: "1000.00"}, effective: {from: 2026-01-01}, CAPS
     terms: [{id: availability, metric: availability, target: "99.9%",
       credits: [{below: "99.9%", percent: 10}], RULES}]}
"""
UC = """
  - {id: uc, kind: UC, provider: host, customer: us, covers: [hosting],
     fee: {amount: "500.00"}, effective: {from: 2026-01-01}, claims: {within: 300d},
     terms: [{id: availability, metric: availability, target: "99.9%",
       credits: [{below: "99.9%", percent: 10}], RULES}]}
"""
REPEATS = "repeats: [{breaches: 2, periods: 2, factor: 2}]"
OFTEN = "repeats: [{breaches: 2, periods: 3, factor: 2}]"
EARN_BACK = "earnBack: {periods: 2, expires: 3}"
CAPS = 'annualCaps: [{amount: "150.00"}],'
MONTHS = [AskedPeriod.parse(f"2026-0{month}") for month in range(1, 7)]
JANUARY, FEBRUARY, MARCH, APRIL, MAY, JUNE = MONTHS
QUARTER = AskedPeriod.parse("2026-Q1")


def estate(rules: str = "", caps: str = "", beneath: str = "", head: str = HEAD) -> Estate:
    """What rules over periods the SLA has, and what the contract beneath."""

    def agreed(text: str, rules: str) -> str:
        return text.replace(", RULES", f", {rules}" if rules else "").replace("CAPS", caps)

    return read_estate(head + agreed(SLA, rules) + agreed(UC, beneath)).estate


def outage(id: str, start: str, hours: int = 2, service: str = "web") -> Outage:
    begin = parse_instant(f"2026-{start}T10:00:00Z")
    return Outage(id, service, Span(begin, begin + hours * HOUR))


def told(ctx: Context, *outages: Outage) -> None:
    record_facts(ctx, Facts(tuple(sorted(outages, key=lambda one: one.id))))


def assessed(ctx: Context, *months: AskedPeriod) -> list[AssessResult]:
    return [assess_period(ctx, month) for month in months]


def begun(ctx: Context, subject: Estate, *outages: Outage) -> Context:
    """A tenant that was told some facts, and assessed month by month in order."""
    import_estate(ctx, subject)
    told(ctx, *outages)
    assessed(ctx, *MONTHS)
    return ctx


def fresh(ctx: Context, subject: Estate, *outages: Outage) -> Context:
    return begun(replace(ctx, tenant="fresh"), subject, *outages)


def balances(ctx: Context) -> dict[Any, int]:
    with ctx.database.read() as session:
        assert not verify_books(session, ctx.tenant)
        assert not verify(session, ctx.tenant)
        page = books.balance_page(session, ctx.tenant)
    return {(one.account, one.money.currency): one.money.amount for one in page.items}


def verdicts(ctx: Context) -> list[Verdict]:
    with ctx.database.read() as session:
        runs = [latest_run(session, ctx.tenant, month) for month in MONTHS]
        return [load_verdict(session, run) for run in runs if run is not None]


def credits(ctx: Context, agreement: str = "sla") -> list[str]:
    """What is credited month by month."""
    return [
        "+".join(str(one.money) for one in verdict.credits if one.key.agreement == agreement)
        for verdict in verdicts(ctx)
    ]


def names(result: AssessResult) -> list[str]:
    return [one.period[:7] for one in result.later]


def test_a_late_breach_in_march_makes_that_of_april_the_second_in_a_row(ctx: Context) -> None:
    subject, known = estate(REPEATS), outage("o-1", "04-10")
    begun(ctx, subject, known)
    assert credits(ctx) == ["", "", "", "100.00", "", ""]
    late = outage("o-2", "03-10")
    told(ctx, late)
    (result,) = assessed(ctx, MARCH)
    assert (result.revision, result.posted) == (2, 1)
    # April's 100.00 is reversed and booked anew as 200.00.
    (april,) = result.later
    assert (april.period, april.revision, april.posted) == (period_key(APRIL), 2, 2)
    assert credits(ctx) == ["", "", "100.00", "200.00", "", ""]
    other = fresh(ctx, subject, known, late)
    assert balances(ctx) == balances(other)
    assert verdicts(ctx) == verdicts(other)
    # Nothing is left to say of either.
    again = assessed(ctx, MARCH, APRIL)
    assert [(one.changed, one.posted, one.later) for one in again] == [(False, 0, ())] * 2


def test_a_late_breach_is_counted_over_a_good_month_as_far_as_the_rule_looks(ctx: Context) -> None:
    """Two breaches in three months: January's is seen by March, over a good February."""
    subject, known = estate(OFTEN), (outage("o-1", "03-10"), outage("o-2", "06-10"))
    begun(ctx, subject, *known)
    late = outage("o-3", "01-10")
    told(ctx, late)
    (result,) = assessed(ctx, JANUARY)
    assert names(result) == ["2026-03"]
    assert credits(ctx) == ["100.00", "", "200.00", "", "", "100.00"]
    assert balances(ctx) == balances(fresh(ctx, subject, *known, late))


def test_a_late_credit_in_march_uses_up_what_the_year_left_to_may(ctx: Context) -> None:
    subject, known = estate(caps=CAPS), outage("o-1", "05-10")
    begun(ctx, subject, known)
    told(ctx, outage("o-2", "03-10"))
    (result,) = assessed(ctx, MARCH)
    assert names(result) == ["2026-05"]
    assert credits(ctx) == ["", "", "100.00", "", "50.00", ""]
    assert balances(ctx) == balances(fresh(ctx, subject, known, outage("o-2", "03-10")))


def test_a_late_breach_takes_back_what_a_good_month_had_earned(ctx: Context) -> None:
    subject, known = estate(EARN_BACK), outage("o-1", "01-10")
    begun(ctx, subject, known)
    late = outage("o-2", "02-10")
    told(ctx, late)
    # January's credit was earned back by March; by April now, as February's is.
    (result,) = assessed(ctx, FEBRUARY)
    assert names(result) == ["2026-03", "2026-04"]
    other = fresh(ctx, subject, known, late)
    assert balances(ctx) == balances(other)
    assert verdicts(ctx) == verdicts(other)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 30))]
)
@pytest.mark.parametrize(
    "subject",
    [
        estate(f"{REPEATS}, {EARN_BACK}", 'annualCaps: [{amount: "350.00"}],', REPEATS),
        estate(f"{OFTEN}, chronic: {{breaches: 3, periods: 4}}", beneath=OFTEN),
    ],
    ids=["every rule", "repetition alone"],
)
def test_assessing_the_months_of_changed_facts_alone_ends_as_if_all_had_been_known(
    ctx: Context, seed: int, subject: Estate
) -> None:
    ways = random.Random(seed)

    def any_outage(number: int) -> tuple[Outage, int]:
        month = ways.randrange(6)
        day = f"0{month + 1}-{ways.randrange(2, 28):02}"
        service = ways.choice(["web", "hosting"])
        return outage(f"o-{number}", day, ways.choice([1, 2, 9]), service), month

    held = {number: any_outage(number) for number in range(2)}
    begun(ctx, subject, *(one for one, _ in held.values()))
    due: set[int] = set()
    for _ in range(3):
        for number in ways.sample(range(4), 2):
            due |= {held[number][1]} if number in held else set()
            if number in held and ways.random() < 0.4:
                withdraw_facts(ctx, "outages", [held.pop(number)[0].id], "a false alarm")
            else:
                held[number] = any_outage(number)
                due.add(held[number][1])
                told(ctx, held[number][0])
            # Others may be assessed meanwhile, and none of those that are due need be.
            assessed(ctx, *ways.sample([*MONTHS, QUARTER], ways.randrange(3)))
    assessed(ctx, *(MONTHS[month] for month in ways.sample(sorted(due), len(due))))
    other = fresh(ctx, subject, *(one for one, _ in held.values()))
    assert verdicts(ctx) == verdicts(other)
    assert balances(ctx) == balances(other)
    with ctx.database.read() as session:
        ours, theirs = (load_claims(session, one.tenant) for one in (ctx, other))
    assert [replace(one, drafted=0) for one in ours] == [replace(one, drafted=0) for one in theirs]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The months that are settled from now on."""
    seen: list[str] = []
    settled = assess.settled

    def watched(settling: Settling, *more: Any) -> Any:
        seen.append(period_key(settling.asked)[:7])
        return settled(settling, *more)

    monkeypatch.setattr(assess, "settled", watched)
    return seen


@pytest.mark.parametrize(
    ("agreed", "expected"),
    [
        (estate(), ["2026-03"]),
        # After May, in which nothing is missed, repetition begins anew.
        (estate(REPEATS), ["2026-03", "2026-04", "2026-05"]),
        (estate(caps=CAPS), ["2026-03", "2026-04", "2026-05", "2026-06"]),
        # What happens to web is nothing to the contract on what lies beneath.
        (estate(beneath=REPEATS), ["2026-03"]),
    ],
    ids=["no rule", "repetition", "cap of the year", "repetition beneath"],
)
def test_a_later_month_is_settled_again_only_where_rules_look_back(
    ctx: Context, settled: list[str], agreed: Estate, expected: list[str]
) -> None:
    begun(ctx, agreed, outage("o-1", "04-10"))
    told(ctx, outage("o-2", "03-10"))
    settled.clear()
    assessed(ctx, MARCH)
    assert settled == expected


def test_what_was_followed_once_is_not_followed_again(ctx: Context, settled: list[str]) -> None:
    """Whoever assesses every month every night pays for a late fact in one night alone."""
    begun(ctx, estate(REPEATS), outage("o-1", "04-10"))
    told(ctx, outage("o-2", "01-10"))
    assessed(ctx, *MONTHS)
    settled.clear()
    assessed(ctx, *MONTHS)
    assert settled == [f"2026-0{month}" for month in range(1, 7)]


def test_nothing_new_settles_no_later_month(ctx: Context, settled: list[str]) -> None:
    """A fact that is repeated, and one of a month that the asked one does not look at."""
    known = outage("o-1", "04-10")
    begun(ctx, estate(REPEATS), known)
    told(ctx, known, outage("o-2", "05-10"))
    settled.clear()
    assessed(ctx, MARCH)
    assert settled == ["2026-03"]


def test_a_quarter_assessed_as_a_whole_follows_its_first_month(ctx: Context) -> None:
    subject, known = estate(REPEATS), outage("o-1", "02-10")
    import_estate(ctx, subject)
    told(ctx, known)
    assessed(ctx, QUARTER)
    told(ctx, outage("o-2", "01-10"))
    (result,) = assessed(ctx, JANUARY)
    assert [(str(one.booking.money)) for one in result.posting.entries] == ["100.00"]
    assert [(one.period, one.posted) for one in result.later] == [(period_key(QUARTER), 2)]
    assert balances(ctx) == balances(fresh(ctx, subject, known, outage("o-2", "01-10")))


def test_a_quarterly_term_follows_the_first_month_of_its_quarter(ctx: Context) -> None:
    """No rule looks back, and the quarter that ends in June holds April."""
    text = HEAD + SLA.replace(", RULES", "").replace("CAPS", "period: quarter,")
    subject = read_estate(text).estate
    begun(ctx, subject)
    late = outage("o-1", "04-10", 9)
    told(ctx, late)
    (result,) = assessed(ctx, APRIL)
    assert names(result) == ["2026-06"]
    assert balances(ctx) == balances(fresh(ctx, subject, late)) != {}


def test_a_dry_run_tells_of_later_months_and_writes_nothing(ctx: Context) -> None:
    begun(ctx, estate(REPEATS), outage("o-1", "04-10"))
    told(ctx, outage("o-2", "03-10"))
    before, then = verdicts(ctx), balances(ctx)
    assert names(assess_period(ctx, MARCH, dry_run=True)) == ["2026-04"]
    assert (verdicts(ctx), balances(ctx)) == (before, then)
    assert names(assess_period(ctx, MARCH)) == ["2026-04"]


def test_the_same_key_answers_the_same_of_later_months(ctx: Context) -> None:
    begun(ctx, estate(REPEATS), outage("o-1", "04-10"))
    told(ctx, outage("o-2", "03-10"))
    first = assess_period(ctx, MARCH, idempotency_key="k")
    told(ctx, outage("o-3", "05-10"))
    assessed(ctx, *MONTHS)
    again = assess_period(ctx, MARCH, idempotency_key="k")
    assert (again.posting, again.later) == (first.posting, first.later)
    assert (again.revision, again.posted, again.changed) == (2, 1, True)
    with ctx.database.read() as session:
        (line,) = (one for one in audit_lines(session, ctx.tenant) if one.idempotency_key == "k")
    assert '"later":[["2026-04-01/2026-05-01",2,2,0]]' in line.summary


def test_what_follows_in_closed_books_waits_for_leave(ctx: Context) -> None:
    subject, known = estate(REPEATS), outage("o-1", "04-10")
    begun(ctx, subject, known)
    close_books(ctx, parse_instant("2026-05-02T00:00:00Z"))
    told(ctx, outage("o-2", "03-10"))
    (result,) = assessed(ctx, MARCH)
    assert (result.posted, result.waiting) == (0, 1)
    assert [(one.period[:7], one.posted, one.waiting) for one in result.later] == [
        ("2026-04", 0, 1)
    ]
    assert approve_restatements(ctx, "the monitor was mended").entries == 3
    assert balances(ctx) == balances(fresh(ctx, subject, known, outage("o-2", "03-10")))
    assert [one.changed for one in assessed(ctx, MARCH, APRIL)] == [False, False]


def test_a_credit_earned_back_later_than_is_booked_in_closed_books_waits_once(
    ctx: Context,
) -> None:
    subject, known = estate(EARN_BACK), outage("o-1", "01-10")
    begun(ctx, subject, known)
    close_books(ctx, parse_instant("2026-04-02T00:00:00Z"))
    late = outage("o-2", "02-10")
    told(ctx, late)
    assessed(ctx, FEBRUARY)
    with ctx.database.read() as session:
        waits = books.waiting(session, ctx.tenant)
    assert [one.key.kind for one in waits].count("earn_back") == 1
    # Whoever is assessed again, it goes on waiting.
    assert [one.changed for one in assessed(ctx, MARCH, APRIL, MARCH)] == [False] * 3
    approve_restatements(ctx, "the monitor was mended")
    assert balances(ctx) == balances(fresh(ctx, subject, known, late))


def test_a_claim_follows_the_later_credit(ctx: Context) -> None:
    subject, known = estate(beneath=REPEATS), outage("o-1", "04-10", service="hosting")
    begun(ctx, subject, known)
    told(ctx, outage("o-2", "03-10", service="hosting"))
    (result,) = assessed(ctx, MARCH)
    assert names(result) == ["2026-04"]
    with ctx.database.read() as session:
        found = [(one.state, str(one.money)) for one in load_claims(session, ctx.tenant)]
    assert found == [("drafted", "50.00"), ("drafted", "100.00")]


def test_a_change_of_the_estate_in_march_reaches_april_where_rules_look_back(
    ctx: Context,
) -> None:
    known = (outage("o-1", "03-10", service="hosting"), outage("o-2", "04-10", service="hosting"))
    subject = estate(REPEATS)
    begun(ctx, subject, *known)
    assert credits(ctx) == ["", "", "100.00", "200.00", "", ""]
    apart = estate(REPEATS, head=HEAD.replace(", requires: hosting", ""))
    # Through March web rests on nothing.
    import_estate(ctx, apart, since=parse_instant("2026-03-01T00:00:00Z"))
    import_estate(ctx, subject, since=parse_instant("2026-04-01T00:00:00Z"))
    (result,) = assessed(ctx, MARCH)
    assert names(result) == ["2026-04"]
    assert credits(ctx) == ["", "", "", "100.00", "", ""]


def test_months_within_a_quarter_follow_it(ctx: Context) -> None:
    """And each says what it would say had it been assessed by itself."""
    subject, known = estate(REPEATS), outage("o-1", "01-10")
    begun(ctx, subject, known)
    assessed(ctx, QUARTER)
    late = outage("o-2", "02-10")
    told(ctx, late)
    (result,) = assessed(ctx, QUARTER)
    # January and March are as they were.
    assert names(result) == ["2026-02"]
    assert [one.posted for one in result.later] == [0]
    assert credits(ctx) == ["100.00", "200.00", "", "", "", ""]
    other = fresh(ctx, subject, known, late)
    assert balances(ctx) == balances(other)
    assert verdicts(ctx) == verdicts(other)
    again = assessed(ctx, QUARTER, FEBRUARY)
    assert [(one.changed, one.posted, one.later) for one in again] == [(False, 0, ())] * 2


def test_a_quarter_follows_its_last_month(ctx: Context) -> None:
    """They end at the same instant, so that neither is later than the other."""
    begun(ctx, estate(REPEATS))
    assessed(ctx, QUARTER)
    told(ctx, outage("o-1", "03-10"))
    (result,) = assessed(ctx, MARCH)
    assert [one.period for one in result.later] == [period_key(QUARTER)]
    with ctx.database.read() as session:
        run = latest_run(session, ctx.tenant, QUARTER)
        assert run is not None
        assert [str(one.money) for one in load_verdict(session, run).credits] == ["100.00"]


def test_a_month_follows_the_quarter_that_follows_another(ctx: Context) -> None:
    """To settle the quarter because of March is to book January anew as well."""
    subject = estate()
    begun(ctx, subject)
    assessed(ctx, QUARTER)
    late = outage("o-1", "01-10"), outage("o-2", "03-10")
    told(ctx, *late)
    (result,) = assessed(ctx, MARCH)
    assert [one.period for one in result.later] == [period_key(JANUARY), period_key(QUARTER)]
    other = fresh(ctx, subject, *late)
    assert balances(ctx) == balances(other)
    assert verdicts(ctx) == verdicts(other)


def test_months_follow_a_quarter_that_is_assessed_for_the_first_time(ctx: Context) -> None:
    begun(ctx, estate(REPEATS))
    told(ctx, outage("o-1", "03-10"), outage("o-2", "05-10"))
    (result,) = assessed(ctx, QUARTER)
    # May is no part of the quarter, and nothing of the quarter reaches it.
    assert names(result) == ["2026-03"]
    assert credits(ctx) == ["", "", "100.00", "", "", ""]


def test_months_follow_a_quarter_to_another_estate(ctx: Context) -> None:
    subject = estate()
    begun(ctx, subject, outage("o-1", "03-10", service="hosting"))
    assert credits(ctx) == ["", "", "100.00", "", "", ""]
    apart = estate(head=HEAD.replace(", requires: hosting", ""))
    import_estate(ctx, apart, since=parse_instant("2026-03-01T00:00:00Z"))
    (result,) = assessed(ctx, QUARTER)
    assert names(result) == ["2026-03"]
    assert credits(ctx) == [""] * 6
