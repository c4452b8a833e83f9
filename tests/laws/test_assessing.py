"""Assessment by tickets and samples against a slow assessor that walks every minute, and the laws
that hold whatever is reported: neither the order of facts nor their repetition matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.settle import settle
from orchestrator.model.agreements import Measurement
from orchestrator.model.measuring import Measuring
from orchestrator.model.metrics import METRICS, Lasting, Points, Target, Within
from orchestrator.model.records import Facts, Sample, Ticket, TicketEvent, TicketOwner, Verdict
from orchestrator.model.values import FOREVER, HOUR, MINUTE, AskedPeriod, Instant, Period, Span
from tests.laws.assessing import APRIL, agreement, assessed, at, estate, promised, term
from tests.laws.build import law_of

START, END = at("01 00:00"), at("05-01 00:00")
NEAR = at("29 12:00")
"""Tickets are opened in the days about the end of April, so that some belong to May."""
UNTIL = at("05-20 00:00")
"""A fortnight and more after the last of them: by then, whatever can be missed is."""

OWNERS = ("desk", "ops", "supplier", "us")
PRIORITIES = ("P1", "P2")


@dataclass(frozen=True)
class Story:
    """A ticket as the slow assessor understands it: minutes since `NEAR`."""

    number: int
    opened: int
    resolved: int | None
    pauses: tuple[tuple[int, int], ...]
    owners: tuple[tuple[int, int, str], ...]
    priority: str

    def ticket(self, rng: Random) -> Ticket:
        events = []
        for start, end in self.pauses:
            events += [
                TicketEvent(NEAR + start * MINUTE, "pause", "parts"),
                TicketEvent(NEAR + end * MINUTE, "resume", "parts"),
            ]
        if self.resolved is not None:
            events.append(TicketEvent(NEAR + self.resolved * MINUTE, "resolve"))
        events += rng.sample(events, rng.randint(0, len(events)))
        rng.shuffle(events)
        owners = [
            TicketOwner(party, Span(NEAR + start * MINUTE, NEAR + end * MINUTE))
            for start, end, party in self.owners
        ]
        rng.shuffle(owners)
        opened = NEAR + self.opened * MINUTE
        return Ticket(
            f"t-{self.number}", "service", opened, self.priority, tuple(events), tuple(owners)
        )


@dataclass
class Walked:
    """What a walk over every minute of a ticket shows."""

    status: str
    due: Instant
    stopped: Instant
    breached: Instant
    by_owner: Counter[str]


def in_office(instant: Instant) -> bool:
    """Monday to Friday, nine to five in Berlin, in the summer of 2026: two hours before UTC."""
    minutes = instant // MINUTE + 120
    day, minute = divmod(minutes, 24 * 60)
    return (day + 3) % 7 < 5 and 9 * 60 <= minute < 17 * 60


def walked(story: Story, target: int, hours: str) -> Walked:
    """The clock of a ticket, minute by minute; `target` is in minutes."""
    consumed, due, breached, owners = 0, FOREVER, FOREVER, Counter[str]()
    waiting = False
    now = NEAR + story.opened * MINUTE
    stop = UNTIL if story.resolved is None else NEAR + story.resolved * MINUTE
    while now < UNTIL:
        minute = (now - NEAR) // MINUTE
        if consumed == target and due == FOREVER:
            due = now
        if now >= stop and due < FOREVER:
            break
        paused = now < stop and any(a <= minute < b for a, b in story.pauses)
        # No pause may begin once the target is used up.
        waiting = paused and (waiting or due in {FOREVER, now})
        counts = not waiting and (hours == "24x7" or in_office(now))
        if counts:
            if due < FOREVER and breached == FOREVER and now < stop:
                breached = now + 1
            consumed += 1
            if now < stop:
                takers = [(a, p) for a, b, p in story.owners if a <= minute < b]
                owners[max(takers)[1] if takers else "us"] += 1
        now += MINUTE
        if consumed == target and due == FOREVER:
            due = now
    status = "missed" if breached < FOREVER else "met" if story.resolved is not None else "open"
    return Walked(status, due, stop if story.resolved is not None else FOREVER, breached, owners)


@st.composite
def stories(draw: st.DrawFn) -> list[Story]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        opened = draw(st.integers(0, 2 * 24)) * 60 + draw(st.sampled_from((0, 0, 30, 59)))
        lasts = draw(st.one_of(st.none(), st.integers(0, 40).map(lambda n: n * 30)))
        pauses, since = [], opened
        for _ in range(draw(st.integers(0, 2))):
            start = since + draw(st.integers(1, 20)) * 15
            end = start + draw(st.integers(1, 20)) * 15
            if lasts is None or end <= opened + lasts:
                pauses.append((start, end))
            since = end
        owners = []
        for _ in range(draw(st.integers(0, 3))):
            start = opened + draw(st.integers(0, 20)) * 30
            end = start + draw(st.integers(1, 20)) * 30
            owners.append((start, end, draw(st.sampled_from(OWNERS))))
        found.append(
            Story(
                number,
                opened,
                None if lasts is None else opened + lasts,
                tuple(pauses),
                tuple(owners),
                draw(st.sampled_from(PRIORITIES)),
            )
        )
    return found


@law_of(24)
@given(
    told=stories(),
    target=st.sampled_from((0, 30, 60, 240, 480, 600)),
    hours=st.sampled_from(("24x7", "office")),
    share=st.sampled_from(("1/2", "2/3", "9/10", "1")),
    membership=st.sampled_from(("due", "close")),
    priority=st.sampled_from(("", "P1")),
    seed=st.integers(0, 10**6),
)
def test_tickets_are_counted_as_a_walk_over_every_minute_counts_them(
    told: list[Story],
    target: int,
    hours: str,
    share: str,
    membership: str,
    priority: str,
    seed: int,
) -> None:
    rng = Random(seed)
    subject = promised(
        term(
            "resolution_time",
            Within(Fraction(share), target * MINUTE),
            hours=hours,
            priority=priority,
        )
    )
    tickets = [story.ticket(rng) for story in told]
    rng.shuffle(tickets)
    # What is asked for ends long after the last ticket, so that nothing is left open by the asking.
    verdict = settle(
        subject,
        Facts(tickets=tuple(tickets)),
        AskedPeriod.parse("2026-04-01/2026-07-01"),
        measuring=lambda _: Measuring(membership, pauses=("parts",)),
    )
    for tally, one in zip(verdict.tallies, verdict.assessments, strict=True):
        period = one.period
        met = missed = carried = 0
        seconds, ended = Counter[str](), True
        for story in told:
            if priority and story.priority != priority:
                continue
            clock = walked(story, target, hours)
            instant = clock.due if membership == "due" else clock.stopped
            if instant == FOREVER:
                instant = clock.breached
            if instant in period:
                met, missed = met + (clock.status == "met"), missed + (clock.status == "missed")
                if clock.status == "missed":
                    seconds.update({party: 60 * n for party, n in clock.by_owner.items()})
                    ended = ended and story.resolved is not None
            begun = NEAR + story.opened * MINUTE
            carried += begun < period.end <= instant
        cases = met + missed
        expected = "INSUFFICIENT_DATA"
        if cases:
            expected = "MET" if Fraction(met, cases) >= Fraction(share) else "BREACHED"
        assert (one.status, tally.deciding.cases, tally.deciding.missed) == (
            expected,
            cases,
            missed,
        )
        assert tally.carried == carried
        # The most misses that keep the share, by trying all.
        tries = [
            n for n in range(cases + 1) if Fraction(cases - n, max(cases, 1)) >= Fraction(share)
        ]
        assert tally.deciding.misses_allowed == max(tries, default=0)
        if expected == "BREACHED":
            _check_breach(verdict, period, seconds, ended)


def _check_breach(verdict: Verdict, period: Span, seconds: Counter[str], ended: bool) -> None:
    (breach,) = (one for one in verdict.breaches if one.period == period)
    assert sum(part.share for part in breach.responsibility) == 1
    assert sum(part.share for part in breach.borne_by) == 1
    by_party: dict[str, Fraction] = {}
    for part in breach.responsibility:
        by_party[part.party] = by_party.get(part.party, Fraction(0)) + part.seconds
    # An open ticket runs on past the last minute that the walk looks at.
    if ended and seconds:
        assert by_party == +seconds
    for party in seconds:
        assert by_party[party] >= seconds[party]


@law_of(40)
@given(told=stories(), seed=st.integers(0, 10**6))
def test_neither_the_order_of_tickets_nor_of_events_matters_nor_their_repetition(
    told: list[Story], seed: int
) -> None:
    subject = estate(
        agreement(
            "sla",
            ("us", "customer"),
            ["service"],
            term("resolution_time", Within(Fraction(9, 10), 2 * HOUR), id="a", priority="P1"),
            term("response_time", Points((Within(Fraction(1, 2), HOUR),)), id="b"),
        ),
        agreement(
            "ola",
            ("ops", "us"),
            ["service"],
            term("resolution_time", Within(Fraction(9, 10), HOUR), hours="office"),
            kind="OLA",
            scope="own",
        ),
    )
    rng = Random(seed)
    plain = tuple(story.ticket(Random(0)) for story in told)
    events = [
        replace(one, events=tuple(sorted(one.events, key=lambda _: rng.random()))) for one in plain
    ]
    rng.shuffle(events)
    repeated = [replace(one, events=one.events + one.events[::-1]) for one in events]
    first = settle(subject, Facts(tickets=plain), APRIL)
    assert settle(subject, Facts(tickets=tuple(events)), APRIL) == first
    assert settle(subject, Facts(tickets=tuple(repeated)), APRIL) == first


# --- samples -------------------------------------------------------------------------------------

MEAN = ("error_rate", "quality", "on_time", "satisfaction", "business_result", "defect_density")
TARGETS: dict[str, Target] = {
    "recovery_point": Lasting(30_000_000),
    "recovery_time": Lasting(30_000_000),
    "time_to_restore": Lasting(30_000_000),
    "time_between_failures": Lasting(30_000_000),
    "latency": Points((Within(Fraction(1, 2), 20_000_000), Within(Fraction(9, 10), 50_000_000))),
    "throughput": Fraction(30),
    "satisfaction": Fraction(30),
    "business_result": Fraction(30),
    "defect_density": Fraction(30),
    "error_rate": Fraction(3, 10),
    "quality": Fraction(3, 10),
    "on_time": Fraction(3, 10),
}


def weighed(values: Sequence[tuple[Fraction, int]]) -> list[Fraction]:
    """Each value as often as it weighs."""
    return [value for value, weight in values for _ in range(weight)]


@pytest.mark.parametrize("metric", TARGETS)
@law_of(25)
@given(
    values=st.lists(
        st.tuples(st.integers(0, 100), st.integers(1, 4), st.integers(0, 45)), max_size=9
    ),
    minimum=st.integers(0, 8),
    seed=st.integers(0, 10**6),
)
def test_samples_come_to_what_every_observation_of_them_says(
    metric: str, values: list[tuple[int, int, int]], minimum: int, seed: int
) -> None:
    target, scale = TARGETS[metric], Fraction(1, 100 if TARGETS[metric] == Fraction(3, 10) else 1)
    samples = [
        Sample(
            f"s-{i}", "service", metric, START + day * 24 * HOUR, value * scale, Fraction(weight)
        )
        for i, (value, weight, day) in enumerate(values)
    ]
    Random(seed).shuffle(samples)
    subject = promised(term(metric, target, measurement=Measurement(minimum_samples=minimum)))
    found = assessed(subject, Facts(samples=tuple(samples)))
    inside = weighed([(one.value, int(one.weight)) for one in samples if START <= one.at < END])
    if metric == "time_between_failures" and not inside:
        return  # it is found from outages then
    if len(inside) < max(minimum, 1):
        assert (found.assessment.status, found.assessment.attained) == ("INSUFFICIENT_DATA", None)
        return
    if isinstance(target, Points):
        shares = [
            Fraction(sum(value * 1_000_000 <= point.duration for value in inside), len(inside))
            for point in target.points
        ]
        kept = all(a >= b.share for a, b in zip(shares, target.points, strict=True))
        assert [point.attained for point in found.tally.points] == shares
    else:
        attained = {
            "throughput": min(inside),
            "recovery_point": max(inside),
            "recovery_time": max(inside),
        }.get(metric, sum(inside, Fraction(0)) / len(inside))
        level = Fraction(target.duration, 1_000_000) if isinstance(target, Lasting) else target
        assert isinstance(level, Fraction)
        kept = attained >= level if METRICS[metric].higher_is_better else attained <= level
        assert found.assessment.attained == attained
    assert found.assessment.status == ("MET" if kept else "BREACHED")
    assert found.tally.deciding.cases == len(inside)


@law_of(60)
@given(
    values=st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 3), st.integers(0, 29)), min_size=1, max_size=8
    ),
    days=st.integers(1, 30),
    metric=st.sampled_from(("satisfaction", "throughput", "recovery_point")),
    minimum=st.integers(0, 3),
)
def test_a_rolling_period_is_judged_by_its_worst_window(
    values: list[tuple[int, int, int]], days: int, metric: str, minimum: int
) -> None:
    """Against every window of whole days; samples are taken at noon, so no other holds others."""
    samples = [
        Sample(
            f"s-{i}",
            "service",
            metric,
            START + day * 24 * HOUR + 12 * HOUR,
            Fraction(value),
            Fraction(weight),
        )
        for i, (value, weight, day) in enumerate(values)
    ]
    target: Target = Lasting(5_000_000) if metric == "recovery_point" else Fraction(5)
    subject = promised(
        term(metric, target, measurement=Measurement(minimum_samples=minimum)),
        period=Period("rolling", rolling=days * 24 * HOUR),
        effective=Span(START, END),
    )
    found = assessed(subject, Facts(samples=tuple(samples)))
    figures = []
    for first in range(31 - days):
        inside = weighed([(Fraction(v), w) for v, w, day in values if first <= day < first + days])
        if len(inside) >= max(minimum, 1):
            total = {"throughput": min, "recovery_point": max}.get(metric)
            figures.append(total(inside) if total else sum(inside) / Fraction(len(inside)))
    if not figures:
        assert found.assessment.status == "INSUFFICIENT_DATA"
        return
    worst = max(figures) if metric == "recovery_point" else min(figures)
    assert found.assessment.attained == worst
    kept = worst <= 5 if metric == "recovery_point" else worst >= 5
    assert found.assessment.status == ("MET" if kept else "BREACHED")
