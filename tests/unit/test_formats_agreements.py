"""Agreements and calendars in documents: what each key means, and what it means unsaid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from orchestrator.engine.content import content_hash
from orchestrator.formats.estate import write_estate
from orchestrator.model.agreements import (
    KINDS,
    POLICY_CHOICES,
    Acceptance,
    Allowance,
    Claims,
    Cover,
    Measurement,
    Policies,
    Role,
    Term,
    Version,
)
from orchestrator.model.breaches import Bonus, Consequences
from orchestrator.model.calendars import Calendar, Holidays
from orchestrator.model.contracts import Contract
from orchestrator.model.credits import Cap, CreditTier, Fee
from orchestrator.model.duties import Obligation
from orchestrator.model.lapses import Lapse
from orchestrator.model.metrics import CARRIERS, METRICS, Metric, Within
from orchestrator.model.provisions import Provisions
from orchestrator.model.schedule import Notice
from orchestrator.model.schemes import Row
from orchestrator.model.scopes import TargetWindow
from orchestrator.model.values import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Money,
    Period,
    Span,
    parse_instant,
)
from tests.reading import read


def only_version(keys: str, terms: str = "[]") -> Version:
    """The one version of an agreement with some keys."""
    estate = read(
        "metadata: {currency: EUR, timezone: Europe/Berlin}\n"
        "parties: [{id: a}, {id: b}]\nservices: [{id: s}, {id: t}]\n"
        'calendars: [{id: nights, weekly: {mon-sun: ["22:00-06:00"]}}]\n'
        "agreements:\n  - id: c\n    provider: a\n    customer: b\n"
        f"    terms: {terms}\n" + "".join(f"    {line}\n" for line in keys.splitlines())
    )
    ((version,),) = estate.agreements.values()
    return version


def only_term(keys: str, agreement: str = "kind: SLA\ncovers: [s]") -> Term:
    """The one term of an agreement."""
    (term,) = only_version(agreement, f"[{{id: t, metric: availability, {keys}}}]").terms
    return term


def only_calendar(keys: str) -> Calendar:
    """The one calendar of an estate in Berlin."""
    estate = read(f"metadata: {{timezone: Europe/Berlin}}\ncalendars:\n  - {{id: k, {keys}}}\n")
    return estate.calendars["k"][0].value


# ---------------------------------------------------------------------------------------- calendars

NINE_TO_FIVE = (9 * HOUR, 17 * HOUR)


@pytest.mark.parametrize(
    ("days", "open_on"),
    [
        ("mon", "mon"),
        ("mon-fri", "mon tue wed thu fri"),
        ("mon,wed", "mon wed"),
        ("mon-tue,sat", "mon tue sat"),
        ("sat-mon", "mon sat sun"),
        ("sun-sat", "mon tue wed thu fri sat sun"),
        ("fri-fri", "fri"),
        ("mon, tue , wed", "mon tue wed"),
    ],
)
def test_days_are_ranges_and_lists_of_them(days: str, open_on: str) -> None:
    weekly = only_calendar(f'weekly: {{"{days}": ["09:00-17:00"]}}').weekly
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    assert " ".join(name for name, windows in zip(names, weekly, strict=True) if windows) == open_on
    assert {windows for windows in weekly if windows} == {(NINE_TO_FIVE,)}


@pytest.mark.parametrize(
    ("windows", "read_as"),
    [
        ("00:00-24:00", [(0, DAY)]),
        ("00:00-00:00", [(0, DAY)]),
        ("22:00-06:00", [(22 * HOUR, 30 * HOUR)]),
        ("22:00-22:00", [(22 * HOUR, 46 * HOUR)]),
        ("09:00-12:00, 13:00-17:00", [(9 * HOUR, 12 * HOUR), (13 * HOUR, 17 * HOUR)]),
        ("13:00-17:00, 09:00-14:00", [NINE_TO_FIVE]),
        ("09:00-13:00, 13:00-17:00", [NINE_TO_FIVE]),
        ("08:00-11:00, 10:00-10:00", [(8 * HOUR, 34 * HOUR)]),
        ("09:00:30 - 09:01", [(9 * HOUR + 30 * SECOND, 9 * HOUR + MINUTE)]),
        ("00:00-12:00, 06:00-05:00, 20:00-20:00", [(0, 44 * HOUR)]),
    ],
)
def test_windows_may_pass_midnight_and_are_united(
    windows: str, read_as: list[tuple[int, int]]
) -> None:
    quoted = ", ".join(f'"{window.strip()}"' for window in windows.split(", "))
    assert only_calendar(f"weekly: {{tue: [{quoted}]}}").weekly[1] == tuple(read_as)


def test_a_day_that_is_named_twice_has_all_its_windows() -> None:
    weekly = only_calendar('weekly: {mon-fri: ["09:00-17:00"], fri: ["16:00-20:00"]}').weekly
    assert weekly[3:5] == ((NINE_TO_FIVE,), ((9 * HOUR, 20 * HOUR),))


def test_days_with_equal_windows_are_written_under_one_key() -> None:
    estate = read(
        'calendars: [{id: k, weekly: {mon: ["09:00-17:00"], tue: ["09:00-17:00"],'
        ' wed: ["09:00-17:00"], sun: ["09:00-17:00"], fri: ["00:00-24:00", "22:00-06:00"]}}]\n'
    )
    (written,) = write_estate(estate)["calendars"]
    assert written["weekly"] == {
        "mon-wed,sun": ["09:00-17:00"],
        "fri": ["00:00-24:00", "06:00-06:00"],
    }


@pytest.mark.parametrize(
    ("written", "holidays"),
    [
        ("{country: GB, subdivision: ENG}", Holidays("GB", "ENG")),
        ("{country: US}", Holidays("US")),
        ("[2026-12-25, 2026-01-01, 2026-12-25]",
         Holidays(dates=(date(2026, 1, 1), date(2026, 12, 25)))),
        ("{country: DE, dates: [2026-12-24]}", Holidays("DE", "", (date(2026, 12, 24),))),
        ("{dates: [2026-12-24]}", Holidays(dates=(date(2026, 12, 24),))),
        ("[]", Holidays()),
    ],
)  # fmt: skip
def test_holidays_are_of_a_country_or_dates_or_both(written: str, holidays: Holidays) -> None:
    calendar = only_calendar(f'weekly: {{mon: ["09:00-17:00"]}}, holidays: {written}')
    assert calendar.holidays == holidays


def test_bare_dates_of_a_calendar_are_midnights_in_its_zone() -> None:
    calendar = only_calendar(
        "timezone: America/New_York, openings: [{from: 2026-07-04, to: 2026-07-05}],"
        " closures: [{from: 2026-12-24T12:00:00Z, to: 2026-12-27}]"
    )
    assert calendar.openings == (
        Span(parse_instant("2026-07-04T04:00:00Z"), parse_instant("2026-07-05T04:00:00Z")),
    )
    assert calendar.closures[0].end == parse_instant("2026-12-27T05:00:00Z")


def test_a_calendar_is_in_the_zone_of_the_estate_unless_it_says() -> None:
    assert only_calendar('weekly: {mon: ["09:00-17:00"]}').timezone == "Europe/Berlin"


# ---------------------------------------------------------------------------------------- defaults


@pytest.mark.parametrize("kind", KINDS)
def test_scope_and_strength_are_those_of_the_kind_unless_said(kind: str) -> None:
    version = only_version(
        f"kind: {kind}\ncovers: [s]", "[{id: t, metric: availability, target: 99%}]"
    )
    assert version.covers == (Cover("s", KINDS[kind].scope),)
    assert version.terms[0].strength == KINDS[kind].strength


def test_an_agreement_says_little_and_means_the_defaults() -> None:
    assert only_version("kind: UC\ncovers: []") == Version(
        "c", 1, "UC", "a", "b", covers=(), terms=(), timezone="Europe/Berlin"
    )


def test_covers_are_services_or_say_their_scope_and_fee() -> None:
    covers = "[s, {service: t, scope: own, fee: {amount: 5}}]"
    assert only_version(f"kind: SLA\ncovers: {covers}").covers == (
        Cover("s", "whole"),
        Cover("t", "own", Fee(Money(500, "EUR"))),
    )


@pytest.mark.parametrize(
    ("written", "period"),
    [
        ("month", Period()),
        ("quarter", Period("quarter")),
        ("year", Period("year")),
        ("{rolling: 30d}", Period("rolling", rolling=30 * DAY)),
        ("{month: {startDay: 16}}", Period("month", 16)),
        ("{quarter: {startDay: 2}}", Period("quarter", 2)),
        ("{month: {startDay: 1}}", Period()),
    ],
)
def test_a_period_is_a_word_or_says_where_it_starts(written: str, period: Period) -> None:
    assert only_version(f"kind: UC\ncovers: []\nperiod: {written}").period == period
    allowance = f"{{category: maintenance, duration: 4h, per: {written}}}"
    version = only_version(f"kind: UC\ncovers: []\nallowances: [{allowance}]")
    assert version.allowances[0].per == period
    assert only_term(f"target: 99%, period: {written}").period == period


@pytest.mark.parametrize(
    ("written", "money"),
    [
        ('{amount: "50000.00"}', Money(5_000_000, "EUR")),
        ("{amount: 50000}", Money(5_000_000, "EUR")),
        ('{amount: "0.1", currency: BHD}', Money(100, "BHD")),
        ("{amount: 7, currency: JPY, per: year}", Money(7, "JPY")),
    ],
)
def test_money_is_exact_and_in_the_currency_of_the_estate_unless_said(
    written: str, money: Money
) -> None:
    fee = only_version(f"kind: UC\ncovers: []\nfee: {written}").fee
    assert fee is not None
    assert fee.money == money


@pytest.mark.parametrize(
    "end", ["9999-12-31", "9999-12-31T23:59:59.999999Z", "0001-01-02", "0001-01-01T00:00:00Z"]
)
def test_the_ends_of_the_calendar_can_be_written(end: str) -> None:
    for zone in ("Asia/Kolkata", "America/New_York"):
        edge = "to" if end.startswith("9") else "from"
        version = only_version(
            f"kind: UC\ncovers: []\ntimezone: {zone}\neffective: {{{edge}: {end}}}"
        )
        assert version.effective != Span()


def test_all_other_keys_of_an_agreement() -> None:
    version = only_version(
        "kind: SLA\nname: C\ncovers: [s]\njointly: true\nnegotiability: standard\n"
        "state: negotiating\n"
        "roles: [{party: a, role: auditor}]\n"
        "acceptances: [{party: b, at: 2026-01-01, content: abc}]\n"
        "allowances: [{category: maintenance, per: quarter, duration: 4h, within: nights, "
        "notice: 48h}]\n"
        "exclusions: [customer, force_majeure]\n"
        "claims: {within: 30d, after: period_end}\n"
        'caps: [{percent: "25"}, {amount: "500.00"}, {amount: 5, currency: JPY}]\n'
        "obligations: [{id: logs, by: b, to: a, category: logs, within: 2h}]\n"
        "notice: {period: 90d}\nx-note: hello\n"
    )
    assert (version.name, version.jointly, version.negotiability) == ("C", True, "standard")
    assert (version.state, version.binds) == ("negotiating", False)
    assert version.roles == (Role("a", "auditor"),)
    assert version.acceptances == (
        Acceptance("b", parse_instant("2026-01-01T00:00:00+01:00"), "abc"),
    )
    assert version.allowances == (
        Allowance("maintenance", 4 * HOUR, Period("quarter"), "nights", 48 * HOUR),
    )
    assert version.exclusions == ("customer", "force_majeure")
    assert version.claims == Claims(30 * DAY)
    assert version.caps == (
        Cap(percent=Fraction(1, 4)),
        Cap(amount=Money(50_000, "EUR")),
        Cap(amount=Money(5, "JPY")),
    )
    assert version.provisions == Provisions(
        obligations=(Obligation("logs", ("b",), ("a",), category="logs", within=Lapse(2 * HOUR)),),
        notice=Notice(Lapse(90 * DAY)),
    )
    assert dict(version.kept) == {"x-note": '"hello"'}


# ------------------------------------------------------------------------------------------- terms


@pytest.mark.parametrize(
    ("written", "ratio"),
    [
        ('"99.85%"', Fraction(9985, 10_000)),
        ("99.85%", Fraction(9985, 10_000)),
        ("0.9985", Fraction(9985, 10_000)),
        ('"0.9985"', Fraction(9985, 10_000)),
        ("9.985e-1", Fraction(9985, 10_000)),
        ("1", Fraction(1)),
        ("2/3", Fraction(2, 3)),
        ("0.99999999999999999999", 1 - Fraction(1, 10**20)),
    ],
)
def test_a_ratio_is_exactly_what_is_written(written: str, ratio: Fraction) -> None:
    assert only_term(f"target: {written}").target == ratio


@pytest.mark.parametrize(
    ("written", "within"),
    [
        ("4h", Within(Fraction(9, 10), 4 * HOUR)),
        ("1h30m", Within(Fraction(9, 10), 90 * MINUTE)),
        ("3 business days", Within(Fraction(9, 10), 0, 3)),
        ("1 business day", Within(Fraction(9, 10), 0, 1)),
    ],
)
def test_a_time_is_a_duration_or_business_days(written: str, within: Within) -> None:
    version = only_version(
        "kind: SLA\ncovers: [s]",
        f"[{{id: t, metric: response_time, target: {{share: 90%, within: {written}}}}}]",
    )
    assert version.terms[0].target == within


def below(percent: Fraction) -> CreditTier:
    """A credit below 99.9 %."""
    return CreditTier(Fraction(999, 1000), percent, nested=True)


@pytest.mark.parametrize(
    ("written", "tier"),
    [
        ('{below: "99.9%", percent: "10"}', below(Fraction(1, 10))),
        ("{below: 0.999, percent: 10%}", below(Fraction(1, 10))),
        ("{below: 99.9%, percent: 2.5}", below(Fraction(1, 40))),
        ("{below: 99.9%, percent: 10000%}", below(Fraction(100))),
        ("{from: 99%, to: 99.9%, percent: 10}",
         CreditTier(Fraction(999, 1000), Fraction(1, 10), Fraction(99, 100))),
        ("{to: 95%, percent: 100}", CreditTier(Fraction(19, 20), Fraction(1))),
    ],
)  # fmt: skip
def test_a_credit_row_is_below_a_level_or_between_two(written: str, tier: CreditTier) -> None:
    assert only_term(f"target: 99.9%, credits: [{written}]").credits == (tier,)


def test_rows_with_gaps_and_overlaps_are_read_as_they_are() -> None:
    rows = (
        "[{from: 99%, to: 99.5%, percent: 5}, {from: 99.2%, to: 99.9%, percent: 3},"
        " {to: 90%, percent: 9}]"
    )
    assert len(only_term(f"target: 99%, credits: {rows}").credits) == 3


def test_all_other_keys_of_a_term() -> None:
    term = only_term(
        "target: 99%, internalTarget: 99.5%, priority: 1, hours: nights, strength: goal,"
        " recoveryAllowance: 30m, fee: {amount: 5}, exclusions: [], allowances: [],"
        " bonus: [{above: 99.9%, percent: 5}], x-q: 1, provenance: m-1/r1,"
        " windows: [{hours: nights, target: 98%}],"
        " measurement: {source: probe, point: edge, minimumOutage: 1m, wholeMinutes: true,"
        " rounding: {places: 2, mode: down}, weighting: affected_share, minimumSamples: 10}"
    )
    assert (term.internal_target, term.priority, term.hours) == (Fraction(199, 200), "1", "nights")
    assert (term.strength, term.recovery_allowance) == ("goal", 30 * MINUTE)
    assert term.fee == Fee(Money(500, "EUR"))
    assert (term.exclusions, term.allowances) == ((), ())
    assert term.measurement == Measurement(
        "probe", "edge", MINUTE, True, 2, "down", "affected_share", 10
    )
    assert term.windows == (TargetWindow("nights", Fraction("0.98")),)
    assert term.provenance == "m-1/r1"
    row = Row(Fraction(1), Fraction(1, 20), Fraction(999, 1000), False, True)
    assert term.consequences == Consequences(bonus=Bonus((row,)))
    assert dict(term.kept) == {"x-q": "1"}


def test_what_a_term_does_not_say_is_as_the_agreement_has_it() -> None:
    term = only_term("target: 99%", "kind: SLA\ncovers: [s]\nexclusions: [customer]")
    assert (term.period, term.fee, term.allowances) == (None, None, None)
    assert (term.exclusions, term.policies) == (None, None)


@pytest.mark.parametrize("name", POLICY_CHOICES)
def test_every_policy_has_a_key_and_each_of_its_choices_is_read(name: str) -> None:
    first, *rest = name.split("_")
    key = first + "".join(word.capitalize() for word in rest)
    for word in POLICY_CHOICES[name]:
        version = only_version(f"kind: UC\ncovers: []\npolicies: {{{key}: {word}}}")
        assert version.policies == replace(Policies(), **{name: word})


def test_a_term_overrides_the_policies_that_it_names_and_no_others() -> None:
    agreement = "kind: SLA\ncovers: [s]\npolicies: {shares: first_cause, measured: composed}"
    term = only_term("target: 99%, policies: {shares: last_straw}", agreement)
    assert term.policies == Policies(shares="last_straw", measured="composed")
    same = only_term("target: 99%, policies: {}", agreement)
    assert same.policies == Policies(shares="first_cause", measured="composed")


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.id)
def test_every_metric_of_the_table_can_be_written_as_its_carrier_says(metric: Metric) -> None:
    example = CARRIERS[metric.carrier].example
    version = only_version(
        "kind: SLA\ncovers: [s]", f"[{{id: t, metric: {metric.id}, target: {example}}}]"
    )
    (term,) = version.terms
    assert term.metric == metric.id
    assert isinstance(term.target, CARRIERS[metric.carrier].types)


# ----------------------------------------------------------------------------------- content hashes

AGREED = "kind: SLA\ncovers: [s]\nfee: {amount: 5}"


def hash_of(version: Version) -> str:
    return content_hash(Contract.of(version))


def test_a_hash_is_of_what_was_agreed_and_not_of_its_state_or_its_acceptances() -> None:
    version = only_version(AGREED)
    same = replace(version, state="draft", acceptances=(Acceptance("b", 0, "x"),))
    assert hash_of(same) == hash_of(version)
    assert len(hash_of(version)) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"fee": Fee(Money(500, "JPY"))},
        {"timezone": "UTC"},
        {"customer": "z"},
        {"period": Period("year")},
        {"name": "Another"},
        {"number": 7},
        {"effective": Span(0, DAY)},
        {"provisions": Provisions(tighten_only=True)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_hash_changes_with_everything_that_was_agreed(change: dict[str, object]) -> None:
    version = only_version(AGREED)
    assert hash_of(replace(version, **change)) != hash_of(version)


def test_a_further_stretch_of_a_version_is_what_was_agreed_under_its_first_number() -> None:
    version = only_version(AGREED + "\nnotice: {period: 3 months}")
    cut = Span(0, DAY)
    agreed = replace(version.provisions, agreed=version.effective, continues=version.number)
    later = replace(version, number=4, effective=cut, provisions=agreed)
    assert hash_of(later) == hash_of(version)
