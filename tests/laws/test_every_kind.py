"""Terms of every kind, flows and orders of restoring disturb nothing: what no fact tells of is not
assessed, and all else is said and shown."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from orchestrator import derivation_tables, terminal
from orchestrator.engine.derive import Depth, derive
from orchestrator.engine.lint import lint
from orchestrator.engine.measure import measurable
from orchestrator.engine.settle import settle
from orchestrator.formats.results import derivations_json, target_json, verdict_json
from orchestrator.formats.text import dump_json
from orchestrator.model.changes import diff
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import Assessment, Breach
from orchestrator.model.values import AskedPeriod
from tests.strategies import estates, facts_of

APRIL = AskedPeriod.parse("2026-04")
slowly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=25)


@slowly
@given(estates(most_leaves=3, most_composites=3))
def test_what_is_promised_of_any_kind_is_derived_and_shown(estate: Estate) -> None:
    found = derive(estate, APRIL, depth=Depth(True, 2))
    for exact in (False, True):
        printed = json.loads(dump_json(derivations_json(found, exact)))["derivations"]
        targets = [json.loads(dump_json(target_json(one.promised, exact))) for one in found]
        assert [one["promised"] for one in printed] == targets
    out = Console(file=io.StringIO(), width=terminal.WIDTH)
    derivation_tables.show_derivations(out, found)
    assert "What can be promised" in out.file.getvalue()  # type: ignore[attr-defined]


@slowly
@given(st.data())
def test_terms_of_other_kinds_change_no_verdict_on_availability(data: st.DataObject) -> None:
    """Without its terms of other kinds than availability, and without flows, the availability of an
    estate is judged the same; what those are measured as is what facts tell of."""
    estate = data.draw(estates(most_leaves=3, most_composites=3))
    facts = data.draw(facts_of(estate))
    verdict = settle(estate, facts, APRIL)
    assert {one.metric for one in verdict.assessments} <= set(filter(measurable, METRICS))
    assert json.loads(dump_json(verdict_json(verdict)))["breaches"] is not None
    plain = replace(
        estate,
        services={
            id: tuple(
                replace(dated, value=replace(dated.value, flows=(), recover_after=None, crews=0))
                for dated in timeline
            )
            for id, timeline in estate.services.items()
        },
        agreements={
            id: tuple(
                replace(
                    version,
                    terms=tuple(term for term in version.terms if term.metric == "availability"),
                )
                for version in versions
            )
            for id, versions in estate.agreements.items()
        },
    )
    same = settle(plain, facts, APRIL)
    terms = {
        (version.agreement, version.number, term.id): term.metric
        for versions in estate.agreements.values()
        for version in versions
        for term in version.terms
    }

    def of_availability(found: Iterable[Assessment] | Iterable[Breach]) -> list[object]:
        return [
            one
            for one in found
            if terms[one.key.agreement, one.key.version, one.key.term] == "availability"
        ]

    assert list(same.assessments) == of_availability(verdict.assessments)
    assert list(same.breaches) == of_availability(verdict.breaches)


@slowly
@given(estates(most_leaves=3, most_composites=3))
def test_credit_rows_are_held_against_percentages_alone(estate: Estate) -> None:
    """A gap between rows that go up to a percentage means nothing beside 450 requests a second."""
    terms = {
        f"agreements[{id}].terms[{term.id}].credits": METRICS[term.metric].carrier
        for id, versions in estate.agreements.items()
        for version in versions
        for term in version.terms
    }
    told = {finding.path for finding in lint(estate) if finding.path.endswith(".credits")}
    assert {terms[path] for path in told} <= {"ratio", "fault", "within"}
    assert diff(estate, estate) == ()
