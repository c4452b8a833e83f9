"""A ticket's clock against a walk minute by minute, and the many at once against the one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from orchestrator.engine.hours import clock
from orchestrator.engine.many_tickets import Batch, batches_of, consumed_many, read_many, unite
from orchestrator.engine.ticket_explanation import explain_due
from orchestrator.engine.ticket_ledger import ledger_of
from orchestrator.engine.tickets import COUNTS, clocks_for, read_clocks
from orchestrator.model.clocking import ClockRules, Goal
from orchestrator.model.records import Ticket, TicketEvent
from orchestrator.model.values import FOREVER, HOUR, MINUTE, union
from tests.laws import ticket_walk
from tests.laws.ticket_walk import OTHERWISE, rules_for, shuffled, walk, world


def check(seed: int, tickets: int) -> None:
    """A random world, and random tickets under random rules in it."""
    rng = Random(seed)
    place = world(rng)
    for number in range(tickets):
        rules = rules_for(rng)
        told = ticket_walk.ticket(rng, place.span)
        now = rng.randrange(told.opened, place.span.end + MINUTE, MINUTE)
        clocks = clocks_for(place.calendars, rules, place.span)
        readings = read_clocks(told, rules, clocks, now)
        walked = walk(told, rules, place, now)
        case = (seed, number)
        assert [
            (one.begun, one.stopped, one.consumed, one.counted, one.breached, one.target)
            for one in readings
        ] == [
            (one.begun, one.stopped, one.consumed, one.counted, one.breached, one.target)
            for one in walked
        ], case
        for reading, expected in zip(readings, walked, strict=True):
            if expected.reached < FOREVER:
                assert reading.due == expected.reached, case
            ledger = ledger_of(reading, told, rules, clocks, OTHERWISE)
            assert ledger.by_party == dict(expected.by_party), case
            assert sum(ledger.by_party.values()) == reading.counted, case
        assert read_clocks(shuffled(rng, told), rules, clocks, now) == readings, case


@pytest.mark.parametrize("seed", range(12))
def test_a_clock_shows_what_a_walk_minute_by_minute_counts(seed: int) -> None:
    check(seed, 40)


@pytest.mark.parametrize("seed", range(20, 26))
def test_a_due_instant_is_explained_without_a_gap(seed: int) -> None:
    rng = Random(seed)
    place = world(rng)
    for number in range(40):
        rules = replace(rules_for(rng), reprioritised="carry_over")
        told = ticket_walk.ticket(rng, place.span)
        now = rng.randrange(told.opened, place.span.end + MINUTE, MINUTE)
        clocks = clocks_for(place.calendars, rules, place.span)
        for reading in read_clocks(told, rules, clocks, now):
            explained, case = explain_due(reading, clocks), (seed, number)
            end = reading.due if reading.due < FOREVER else reading.at
            edges = [(one.start, one.end) for one in explained]
            assert all(one[1] == two[0] for one, two in pairwise(edges)), case
            assert not edges or (edges[0][0], edges[-1][1]) == (reading.begun, end), case
            consumed = 0
            for one in explained:
                consumed += one.end - one.start if one.state == COUNTS else 0
                assert one.consumed == consumed, case
                assert one.expected == (one.start >= reading.at), case
            # A target that shrank below what was consumed is due at the change itself.
            shrank = any(part.before > part.target for part in reading.stretches)
            assert consumed == reading.target or shrank or reading.due == FOREVER, case


@pytest.mark.parametrize("seed", range(30, 48))
def test_many_at_once_show_what_each_shows_alone(seed: int) -> None:
    rng = Random(seed)
    place = world(rng)
    rules = rules_for(rng)
    if seed % 3 == 0:
        rules = replace(rules, watch="handoff", party="team")
    now = rng.randrange(place.span.start, place.span.end, MINUTE)
    told = [ticket_walk.ticket(rng, place.span, f"t-{number}") for number in range(150)]
    clocks = clocks_for(place.calendars, rules, place.span)
    batches, apart = batches_of(told, rules, clocks, now)
    alone = {
        (one.ticket, one.number): one
        for ticket in told
        if ticket not in apart
        for one in read_clocks(ticket, rules, clocks, now)
    }
    assert sorted(id for ids, _ in batches.values() for id in ids) == sorted(alone)
    for hours, (ids, batch) in batches.items():
        shown = read_many(clocks[hours], batch)
        for row, id in enumerate(ids):
            one = alone[id]
            assert (shown.consumed[row], shown.due[row], shown.breached[row]) == (
                one.consumed,
                one.due,
                one.breached,
            ), (seed, id)
            assert one.hours == hours


@pytest.mark.parametrize("seed", range(50, 56))
def test_crowded_pauses_are_those_of_one_ticket_after_another(seed: int) -> None:
    """Pauses that overlap, abut and begin at the target instant, to the microsecond."""
    rng = Random(seed)
    place = world(rng, days=3)
    counted = clock(place.calendars, "a", place.span)
    edges = [*counted.starts, *counted.ends, place.span.start]
    rules = ClockRules((Goal(HOUR, hours="a"),), pauses=tuple(f"r{number}" for number in range(9)))
    told, rows = [], []
    for number in range(200):
        opened = rng.choice(edges)
        marks = [*edges, counted.due(opened, HOUR), opened + 1, opened + MINUTE]
        inside = [mark for mark in marks if opened <= mark <= place.span.end]
        pauses = [sorted(rng.choices(inside, k=2)) for _ in range(rng.randint(0, 9))]
        rows += [(number, start, end) for start, end in pauses]
        events = [
            TicketEvent(at, do, f"r{reason}")
            for reason, ends in enumerate(pauses)
            for at, do in zip(ends, ("pause", "resume"), strict=True)
        ]
        told.append(Ticket(f"t-{number}", "s", opened, events=tuple(events)))
    rng.shuffle(rows)
    stops = unite(*np.array(rows, np.int64).reshape(-1, 3).T.copy())
    begun = np.array([one.opened for one in told], np.int64)
    at, targets = np.full_like(begun, place.span.end), np.full_like(begun, HOUR)
    shown = read_many(counted, Batch(begun, at, targets, stops))
    for row, ticket in enumerate(told):
        (one,) = read_clocks(ticket, rules, {"a": counted, "24x7": counted}, place.span.end)
        found = (shown.consumed[row], shown.due[row], shown.breached[row])
        assert found == (one.consumed, one.due, one.breached), (seed, row)
    covered = [union((start, end) for n, start, end in rows if n == row) for row in range(200)]
    assert list(zip(stops.index, stops.starts, stops.ends, strict=True)) == [
        (row, start, end) for row, stretches in enumerate(covered) for start, end in stretches
    ]
    whole = [
        counted.elapsed(ticket.opened, place.span.end)
        - sum(counted.elapsed(start, end) for start, end in covered[row])
        for row, ticket in enumerate(told)
    ]
    assert consumed_many(counted, begun, at, stops).tolist() == whole


@pytest.mark.parametrize("seed", range(60, 64))
def test_the_holdings_of_a_party_count_what_the_ledger_gives_it(seed: int) -> None:
    rng = Random(seed)
    place = world(rng)
    for number in range(40):
        goal = rules_for(rng).goals[0]
        rules = ClockRules((replace(goal, priority=""),), holders=(("waiting_parts", "customer"),))
        told = ticket_walk.ticket(rng, place.span)
        now = place.span.end
        clocks = clocks_for(place.calendars, rules, place.span)
        of_all = Counter[str]()
        for reading in read_clocks(told, rules, clocks, now):
            of_all.update(ledger_of(reading, told, rules, clocks, OTHERWISE).by_party)
        for party in ("desk", "team", "supplier", "customer"):
            holding = replace(rules, watch="handoff", party=party)
            held = sum(one.counted for one in read_clocks(told, holding, clocks, now))
            assert held == of_all[party], (seed, number, party)


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_ten_thousand_tickets_show_what_the_walk_counts(block: int) -> None:
    for seed in range(10):
        check(1_000 + block * 10 + seed, 50)
