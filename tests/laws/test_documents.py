"""Laws of the documents: what is written is read back equal, whatever it is."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.engine.content import content_hash
from orchestrator.errors import OrchestratorError, Problem
from orchestrator.formats.estate import (
    dump_json,
    dump_yaml,
    place,
    read_estate,
    write_estate,
)
from orchestrator.formats.facts import check_facts, read_facts, read_facts_document, write_facts
from orchestrator.formats.nodes import plain
from orchestrator.formats.source import read_source
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate
from orchestrator.model.flows import stages
from orchestrator.model.records import Facts
from orchestrator.model.validity import problems_of
from orchestrator.model.values import Instant
from tests.reading import validator
from tests.strategies import MONTHLY, estates, facts, facts_of, instants

slowly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=25)


@slowly
@given(estates())
def test_an_estate_written_as_yaml_is_read_back_equal(estate: Estate) -> None:
    assert read_estate(dump_yaml(write_estate(estate)), "a.yaml").estate == estate


@slowly
@given(estates())
def test_an_estate_written_as_json_is_read_back_equal(estate: Estate) -> None:
    assert read_estate(dump_json(write_estate(estate)), "a.json").estate == estate


@slowly
@given(estates())
def test_what_the_strategy_builds_is_valid(estate: Estate) -> None:
    assert list(problems_of(estate)) == []


@slowly
@given(estates(**MONTHLY))
def test_a_monthly_estate_has_months_round_the_clock_and_no_history(estate: Estate) -> None:
    for versions in estate.agreements.values():
        (version,) = versions
        assert (version.period.kind, version.timezone) == ("month", "UTC")
        assert {term.hours for term in version.terms} == {"24x7"}
        assert not version.allowances
        assert not version.exclusions
    assert all(len(timeline) == 1 for timeline in estate.services.values())


@slowly
@given(estates())
def test_every_written_estate_keeps_to_the_schema(estate: Estate) -> None:
    written = read_source(dump_json(write_estate(estate)), "a.json").root
    validator("Estate").validate(plain(written))


@slowly
@given(estates(), instants())
def test_one_instant_of_an_estate_is_an_estate_with_the_same_in_force(
    estate: Estate, at: Instant
) -> None:
    then = read_estate(dump_yaml(write_estate(estate, at))).estate
    snapshot, again = estate.at(at), then.at(at)
    assert again.parties == snapshot.parties
    assert (again.calendars, again.versions) == (snapshot.calendars, snapshot.versions)
    assert again.services.keys() == snapshot.services.keys()
    for id, service in snapshot.services.items():
        # a flow through what is not in force then leads nowhere
        led = tuple(
            flow
            for flow in service.flows
            if {stage.agreement for stage in stages(flow.step)} <= snapshot.versions.keys()
        )
        assert again.services[id] == replace(service, flows=led)


@slowly
@given(estates())
def test_a_hash_of_content_does_not_depend_on_what_was_not_agreed(estate: Estate) -> None:
    for versions in estate.agreements.values():
        for version in versions:
            moved = read_estate(dump_yaml(write_estate(estate))).estate
            again = next(
                one for one in moved.agreements[version.agreement] if one.number == version.number
            )
            assert content_hash(Contract.of(again)) == content_hash(Contract.of(version))


@slowly
@given(estates())
def test_every_object_has_a_place(estate: Estate) -> None:
    document = read_estate(dump_yaml(write_estate(estate)))
    lines = dump_yaml(write_estate(estate)).splitlines()
    for table in ("parties", "services", "agreements"):
        for index, id in enumerate(getattr(estate, table)):
            line, path = place(document, f"{table}[{id}].id")
            assert path == f"{table}[{index}].id"
            assert lines[line - 1].lstrip(" -") == f"id: {id}"


@slowly
@given(facts())
def test_facts_written_as_yaml_are_read_back_equal(found: Facts) -> None:
    assert read_facts(dump_yaml(write_facts(found)), "a.yaml") == found


@slowly
@given(facts())
def test_facts_written_as_json_are_read_back_equal(found: Facts) -> None:
    assert read_facts(dump_json(write_facts(found)), "a.json") == found


@slowly
@given(facts())
def test_written_facts_keep_to_the_schema(found: Facts) -> None:
    validator("Facts").validate(plain(read_source(dump_json(write_facts(found))).root))


@slowly
@given(st.data())
def test_facts_about_an_estate_refer_to_what_it_has(data: st.DataObject) -> None:
    estate = data.draw(estates(**MONTHLY))
    found = read_facts_document(dump_yaml(write_facts(data.draw(facts_of(estate)))))
    assert check_facts(found, estate) == []


@slowly
@given(st.text() | st.binary())
def test_no_text_at_all_is_too_much_for_the_reader(text: str | bytes) -> None:
    with suppress(OrchestratorError):
        read_estate(text)


@slowly
@given(estates(), st.integers(0, 2**32), st.booleans())
def test_a_document_with_slips_of_the_pen_is_read_or_refused_with_places(
    estate: Estate, seed: int, as_json: bool
) -> None:
    chance = random.Random(seed)
    text = (dump_json if as_json else dump_yaml)(write_estate(estate))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        slip = chance.choice(["", " ", "\n", ":", "-", "x", "0", "{", "]", '"', "\t", text[at] * 2])
        text = text[:at] + slip + text[at + 1 :]
    for problem in _problems_in(text, "a.json" if as_json else "a.yaml"):
        assert problem.code
        assert problem.message
        assert 1 <= problem.line <= text.count("\n") + 1


def _problems_in(text: str, file: str) -> tuple[Problem, ...]:
    try:
        read_estate(text, file)
    except OrchestratorError as error:
        return error.problems
    return ()
