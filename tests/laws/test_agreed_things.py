"""Laws of what agreements hold: lapses, prime time, acceptance, precedence, renewal."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.engine.content import accept, accepted_by, content_hash
from orchestrator.engine.deadlines import turns
from orchestrator.engine.hours import open_segments, segments
from orchestrator.engine.intervals import total, union
from orchestrator.engine.lapses import due_after, latest_before
from orchestrator.engine.prime import split
from orchestrator.engine.standing import Case, effective_term
from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import Acceptance, Term, Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.contracts import Contract
from orchestrator.model.lapses import Lapse
from orchestrator.model.parties import Party
from orchestrator.model.recurrence import occurrences
from orchestrator.model.schedule import Renewal
from orchestrator.model.scopes import AGREEMENT_SCOPES, TargetWindow
from orchestrator.model.values import DAY, FOREVER, HOUR, Instant, Span, midnight, zone
from tests.contracts import contract, term
from tests.laws.build import law

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "America/St_Johns",
)
START = midnight(date(2011, 12, 20), UTC)  # Apia skips the 30th
instants = st.integers(0, 400 * 24).map(lambda hour: START + hour * HOUR)

# Lapses

windows = st.sampled_from([(9 * HOUR, 17 * HOUR), (22 * HOUR, 30 * HOUR), (0, 24 * HOUR)])
weeks = st.lists(st.booleans(), min_size=7, max_size=7).filter(any)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    window, days = draw(windows), draw(weeks)
    weekly = tuple(((window,) if is_open else ()) for is_open in days)
    return Calendar("hours", draw(st.sampled_from(ZONES)), weekly)


@law
@given(calendars(), instants, st.integers(1, 6))
def test_notice_in_business_days_is_the_counterpart_of_a_due_instant(
    calendar: Calendar, end: Instant, days: int
) -> None:
    known, lapse = {"hours": calendar}, Lapse(business_days=days)
    latest = latest_before(lapse, end, known, "hours", "UTC")
    # whoever has notice just before is done by the end; at that instant it is too late
    assert due_after(lapse, latest - 1, known, "hours", "UTC") <= end
    assert due_after(lapse, latest, known, "hours", "UTC") > end


@law
@given(st.sampled_from(ZONES), instants, st.integers(1, 40))
def test_round_the_clock_every_civil_day_is_a_business_day(
    timezone: str, end: Instant, days: int
) -> None:
    lapse = Lapse(business_days=days)
    latest = latest_before(lapse, end, {}, "24x7", timezone)
    assert due_after(lapse, latest - 1, {}, "24x7", timezone) <= end
    assert due_after(lapse, latest, {}, "24x7", timezone) > end


# Prime time


@law
@given(calendars(), st.lists(calendars(), max_size=3), instants, st.integers(1, 30))
def test_prime_time_and_the_rest_share_out_the_service_hours(
    hours: Calendar, primes: list[Calendar], start: Instant, days: int
) -> None:
    known = {"base": replace(hours, id="base")}
    known |= {f"w{n}": replace(one, id=f"w{n}") for n, one in enumerate(primes)}
    asked = Span(start, start + days * DAY)
    listed = tuple(TargetWindow(f"w{n}", Fraction(1)) for n in range(len(primes)))
    made = split(Term("a", "availability", Fraction(1), "goal", hours="base", windows=listed))
    found = [segments(known, part.hours, asked) for part in made]
    service = open_segments(known["base"], asked)
    assert sum(map(total, found)) == total(service)
    assert union(one for part in found for one in part) == list(service)
    # hour by hour: the first window that is open takes the time
    for at in range(asked.start, asked.end, 7 * HOUR // 2):
        holders = [any(a <= at < b for a, b in part) for part in found]
        opened = [
            any(a <= at < b for a, b in open_segments(known[name], asked))
            for name in (*(f"w{n}" for n in range(len(primes))), "base")
        ]
        expected = opened.index(True) if opened[-1] else None
        assert [place for place, holds in enumerate(holders) if holds] == (
            [] if expected is None else [expected]
        )


# Acceptance

CHANGES: dict[str, Any] = {
    "agreement": "c9",
    "number": 2,
    "kind": "UC",
    "provider": "them",
    "customer": "others",
    "covers": (),
    "terms": (),
    "name": "Gold",
    "jointly": True,
    "timezone": "Europe/Berlin",
    "negotiability": "fixed",
    "exclusions": ("customer",),
}


@law
@given(st.sampled_from(sorted(CHANGES)))
def test_any_change_of_what_binds_undoes_an_acceptance(name: str) -> None:
    held = accept(contract(), "us", 0)
    changed = replace(held, version=replace(held.version, **{name: CHANGES[name]}))
    assert content_hash(changed) != content_hash(held)
    assert accepted_by(changed) == frozenset()


@law
@given(
    st.sampled_from(["draft", "in_force", "expired"]),
    st.lists(st.sampled_from(["us", "shop", "bank"])),
    st.integers(0, 100),
)
def test_state_and_acceptances_are_no_part_of_the_content(
    state: str, accepters: list[str], at: int
) -> None:
    held = contract()
    acceptances = tuple(Acceptance(party, at, "x") for party in accepters)
    moved = replace(held, version=replace(held.version, state=state, acceptances=acceptances))
    assert content_hash(moved) == content_hash(held)


def test_notes_and_internal_targets_are_no_part_of_the_content_and_clauses_are() -> None:
    held = contract()

    def with_version(**more: Any) -> Contract:
        return replace(held, version=replace(held.version, **more))

    internal = term(internal_target=Fraction(1))
    assert content_hash(with_version(terms=(internal,))) == content_hash(held)
    assert content_hash(with_version(kept=(("x-note", "1"),))) == content_hash(held)
    assert content_hash(with_version(kept=(("bonus", "1"),))) != content_hash(held)
    assert content_hash(contract(tighten_only=True)) != content_hash(held)
    assert "effective" in {field.name for field in fields(Version)}


def test_the_hash_is_that_of_canonical_json() -> None:
    # written out by hand: a change of the form would undo every acceptance on record
    text = (
        '{"effective":[-4611686018427387904,4611686018427387904],'
        '"provisions":{"is":"Provisions","tighten_only":true},'
        '"version":{"agreement":"c1",'
        '"covers":[{"is":"Cover","scope":"whole","service":"web"}],'
        '"customer":"shop","is":"Version","kind":"SLA","number":1,"provider":"us",'
        '"terms":[{"id":"availability","is":"Term","metric":"availability",'
        '"strength":"credit_backed","target":"999/1000"}]}}'
    )
    assert content_hash(contract(tighten_only=True)) == sha256(text.encode()).hexdigest()


# Precedence


@law
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(AGREEMENT_SCOPES)), st.booleans(), st.integers(1, 9)),
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_the_effective_term_does_not_depend_on_the_order_and_is_never_loosened(
    given_: list[tuple[str, bool, int]], chance: Any
) -> None:
    held = [
        contract(
            f"c{n}",
            term(Fraction(nines, 10)),
            scope=scope,
            tighten_only=tighten,
        )
        for n, (scope, tighten, nines) in enumerate(given_)
    ]
    parties = {"shop": Party("shop")}
    case = Case("shop", "web", "availability")

    def found(contracts: list[Contract]) -> object:
        try:
            return effective_term(contracts, parties, case)
        except OrchestratorError as error:
            return error.problems

    shuffled = list(held)
    chance.shuffle(shuffled)
    result = found(shuffled)
    assert result == found(held)
    assume(not isinstance(result, tuple) and result is not None)
    scopes = [one.provisions.scope for one in held]
    top = max(held, key=lambda one: AGREEMENT_SCOPES[one.provisions.scope].precedence)
    assert scopes.count(top.provisions.scope) == 1
    target = getattr(result, "term").target  # noqa: B009 - told apart above
    for one in held:
        if one.provisions.tighten_only:
            assert target >= one.version.terms[0].target


# Renewal and recurrence


@law
@given(
    st.dates(date(2000, 1, 1), date(2020, 12, 31)),
    st.integers(1, 24),
    st.integers(1, 24),
    st.integers(0, 5),
    st.integers(0, 40),
    st.sampled_from(ZONES),
)
def test_renewals_are_where_counting_month_by_month_finds_them(
    day: date, initial: int, further: int, times: int, years: int, timezone: str
) -> None:
    where = zone(timezone)
    start = midnight(day, where)
    held = contract(
        renewal=Renewal(Lapse(months=initial), Lapse(months=further), times=times),
        version={"effective": Span(start, FOREVER), "timezone": timezone},
    )
    since = start + years * 366 * DAY
    expected = []
    for count in range(times + 1 if times else 700):
        months = day.year * 12 + day.month - 1 + initial + count * further
        year, month = divmod(months, 12)
        first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
        last_day = (first_of_next - timedelta(days=1)).day
        expected.append(midnight(date(year, month + 1, min(day.day, last_day)), where))
    found = [turn.at for turn, _ in zip(turns(held, since), range(3), strict=False)]
    assert found == [at for at in expected if at >= since][:3]


@law
@given(instants, st.sampled_from(ZONES), st.integers(1, 5), st.sampled_from(["MO,WE", "SU", "FR"]))
def test_a_weekly_rule_is_what_a_walk_over_the_days_finds(
    start: Instant, timezone: str, interval: int, days: str
) -> None:
    where = zone(timezone)
    begun = datetime.fromtimestamp(start // 1_000_000, UTC).astimezone(where)
    wall = begun.replace(tzinfo=None, fold=0)
    wanted = {"MO": 0, "WE": 2, "FR": 4, "SU": 6}
    weekdays = {wanted[name] for name in days.split(",")}
    monday = wall.date() - timedelta(days=wall.weekday())
    horizon = Span(start, start + 100 * DAY)
    expected = []
    for step in range(105):
        day = wall.date() + timedelta(days=step)
        in_week = (day - monday).days // 7 % interval == 0
        if day.weekday() in weekdays and in_week:
            moment = datetime.combine(day, wall.time(), where).astimezone(UTC)
            at = round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000
            expected += [at] if at in horizon else []
    rule = f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={days}"
    assert list(occurrences(rule, start, timezone, horizon)) == expected
