"""Whole lives of an agreement: whatever moves are tried in whatever order, what was accepted stays
what it is, and no instant has two versions in force."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.content import accept, binding, content_hash
from orchestrator.engine.lifecycle import Circumstances, moved, transition
from orchestrator.errors import OrchestratorError
from orchestrator.model.contracts import Contract
from orchestrator.model.lifecycle import MOVES, moves_from
from orchestrator.model.values import DAY
from tests.contracts import at, contract, span

START = at("2025-12-01")
TRIES = st.lists(
    st.tuples(
        st.sampled_from(sorted(MOVES)) | st.integers(0, 9), st.integers(0, 90), st.booleans()
    ),
    max_size=15,
)
"""Moves by their names, or by their places among those that are open; days later; by whom."""


def signed(state: str) -> Contract:
    """A version over 2026 that both parties accept, whatever comes of it."""
    draft = contract(
        version={"state": state, "effective": span("2026-01-01", "2027-01-01")}, tighten_only=True
    )
    return accept(accept(draft, "us", START), "shop", START)


@given(st.sampled_from(["draft", "agreed", "in_force"]), TRIES)
def test_no_life_loses_what_was_agreed_or_doubles_what_holds(
    state: str, tries: list[tuple[str | int, int, bool]]
) -> None:
    first = signed(state)
    versions, now = (first.held,), START
    for wanted, days, by_customer in tries:
        now += days * DAY
        party = "shop" if by_customer else "us"
        about = Contract.of(versions[-1])
        legal = [one.event for one in moves_from(about.version.state)] or ["resume"]
        event = legal[wanted % len(legal)] if isinstance(wanted, int) else wanted
        try:
            done = transition(about, event, Circumstances(now, party, "unpaid", now))
        except OrchestratorError:
            continue
        bound_before = {one for one in versions if one.binds}
        versions = moved(versions, done)
        assert versions[-1].state == MOVES[event].target
        assert len({one.number for one in versions}) == len(versions)
        assert {content_hash(Contract.of(one)) for one in versions} == {content_hash(first)}
        for one in versions:
            assert one.binds == binding(Contract.of(one))
        in_force = [one.effective for one in versions if one.binds]
        assert not any(a.meets(b) for a, b in itertools.combinations(in_force, 2))
        for earlier in bound_before:  # what held before the move held, whatever comes after
            for instant in (earlier.effective.start, min(now, earlier.effective.end) - 1):
                if instant in earlier.effective and instant < now:
                    assert any(instant in span for span in in_force)
