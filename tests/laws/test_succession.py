"""Laws of importing one estate over another: the old one before the instant, the new one after."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import Acceptance, Version
from orchestrator.model.changes import succeed
from orchestrator.model.estate import Dated, Estate
from orchestrator.model.services import Service
from orchestrator.model.values import DAWN, FOREVER, Instant, Span
from tests import strategies

INSTANTS = (0, 10, 20, 30, 40)
ENDS = (DAWN, *INSTANTS, FOREVER)
PROBES = (DAWN, -1, *(at + more for at in INSTANTS for more in (0, 5)))

instants = st.sampled_from(INSTANTS)


@st.composite
def cuts(draw: st.DrawFn) -> list[Span]:
    """Disjoint spans, some with gaps between them."""
    ends = sorted(draw(st.sets(st.sampled_from(ENDS), min_size=2, max_size=5)))
    spans = [Span(*pair) for pair in pairwise(ends)]
    return draw(st.lists(st.sampled_from(spans), min_size=1, unique=True).map(sorted))


@st.composite
def agreements(draw: st.DrawFn) -> tuple[Version, ...]:
    numbers = sorted(draw(st.sets(st.integers(1, 4), min_size=1)))
    contents = st.tuples(
        st.sampled_from("ab"), st.sampled_from(("in_force", "in_force", "draft", "terminated"))
    )
    acceptances = st.sampled_from(((), (Acceptance("p", 1),), (Acceptance("q", 2),)))
    versions = []
    for number, span in zip(numbers, draw(cuts()), strict=False):
        name, state = draw(contents)
        versions.append(
            Version(
                "c1",
                number,
                "SLA",
                "p",
                "q",
                (),
                (),
                span,
                name=name,
                state=state,
                acceptances=draw(acceptances),
            )
        )
    return tuple(versions)


services = cuts().flatmap(
    lambda spans: st.tuples(
        *(
            st.builds(
                lambda span, name: Dated(span, Service("s", name)),
                st.just(span),
                st.sampled_from("ab"),
            )
            for span in spans
        )
    )
)
estates = st.builds(
    lambda one, two: Estate(services=one, agreements=two).normalised(),
    st.one_of(st.just({}), services.map(lambda timeline: {"s": timeline})),
    st.one_of(st.just({}), agreements().map(lambda versions: {"c1": versions})),
)


def seen(estate: Estate, at: Instant) -> tuple[object, ...]:
    """What is in force at an instant, but for when it began and what it is numbered."""
    snapshot = estate.at(at)
    return (
        dict(snapshot.services),
        {id: (one.name, one.state) for id, one in snapshot.versions.items()},
    )


def succeeded(old: Estate, new: Estate, at: Instant) -> Estate:
    """The succession, where it is not refused."""
    try:
        return succeed(old, new, at)
    except OrchestratorError:
        assume(False)
        raise


@given(estates, instants)
def test_an_estate_over_itself_is_itself(estate: Estate, at: Instant) -> None:
    assert succeed(estate, estate, at) == estate


@given(estates, estates, instants)
def test_before_the_instant_the_old_one_holds_and_from_then_on_the_new_one(
    old: Estate, new: Estate, at: Instant
) -> None:
    result = succeeded(old, new, at)
    for probe in PROBES:
        assert seen(result, probe) == seen(old if probe < at else new, probe)


@given(estates, estates, instants, instants)
def test_the_same_document_again_at_that_instant_or_a_later_one_changes_nothing(
    old: Estate, new: Estate, at: Instant, more: Instant
) -> None:
    result = succeeded(old, new, at)
    assert succeed(result, new, at + more) == result


@given(estates, estates, instants)
def test_what_had_begun_keeps_its_number_its_content_and_its_start(
    old: Estate, new: Estate, at: Instant
) -> None:
    result = succeeded(old, new, at)
    kept = {version.number: version for version in result.agreements.get("c1", ())}
    for version in old.agreements.get("c1", ()):
        if version.binds and version.effective.start < at:
            heir = kept[version.number]
            assert set(version.acceptances) <= set(heir.acceptances)
            assert heir == replace(
                version,
                effective=Span(version.effective.start, heir.effective.end),
                acceptances=heir.acceptances,
            )
            assert heir.effective.end == version.effective.end or heir.effective.end >= at


@given(estates, estates, instants)
def test_no_two_versions_are_in_force_at_once(old: Estate, new: Estate, at: Instant) -> None:
    result = succeeded(old, new, at)
    spans = sorted(v.effective for v in result.agreements.get("c1", ()) if v.binds)
    assert not any(one.meets(two) for one, two in pairwise(spans))
    assert result == result.normalised()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.estates(), strategies.instants())
def test_any_estate_over_itself_is_itself(estate: Estate, at: Instant) -> None:
    assert succeed(estate, estate, at) == estate
