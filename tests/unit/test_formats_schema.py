"""The JSON Schemas: what the code generates, what they accept, and what they can refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.formats.nodes import plain
from orchestrator.formats.schema import FOLDER, SCHEMAS, write_schemas
from orchestrator.formats.source import read_source
from tests.reading import validator
from tests.unit import test_formats_estate, test_formats_facts
from tests.unit.test_malformed_documents import ESTATES, FACTS_CASES, Case

TOLD_BY_A_SCHEMA = {
    "BAD_TYPE", "BAD_VERSION", "BAD_KIND", "MISSING_KEY", "UNKNOWN_KEY", "BAD_ID", "BAD_CHOICE",
    "UNKNOWN_METRIC", "BAD_DAYS", "BAD_WINDOW", "BAD_CURRENCY", "BAD_DURATION", "BAD_INSTANT",
    "BAD_NUMBER", "BAD_PERIOD", "TOO_LONG", "NOT_SUPPORTED", "EMPTY_LIST", "RESERVED_ID",
    "MONEY_AS_FLOAT", "TARGET_OUT_OF_RANGE", "OUT_OF_RANGE", "K_OUT_OF_RANGE", "BETA_OUT_OF_RANGE",
}  # fmt: skip
"""Codes of shape; the others are about what is not in the shape of a document."""

BEYOND_A_SCHEMA = {
    "a group of nothing", "more than there are", "a period of no length", "an instant of no day",
    "a target of nothing", "half a second of rolling", "a duration beyond a life",
    "an offset of days", "an hour before all hours", "a sample out of all proportion",
    "nothing but faults", "no time at all", "a point of more than all",
}  # fmt: skip
"""Cases with such a code that take arithmetic to refuse."""


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_files_are_what_the_code_generates(name: str, tmp_path: Path) -> None:
    write_schemas(tmp_path)
    written, anew = ((folder / name).read_text(encoding="utf-8") for folder in (FOLDER, tmp_path))
    assert written == anew, "run python -m orchestrator.formats.schema"
    jsonschema.Draft202012Validator.check_schema(json.loads(written))


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_reference_of_a_schema_resolves_and_every_definition_is_used(name: str) -> None:
    schema = SCHEMAS[name]()
    found = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
    assert found == set(schema.get("$defs", {}))


@pytest.mark.parametrize("text", [test_formats_estate.EXAMPLE, test_formats_facts.DOCUMENT])
def test_the_published_examples_keep_to_the_schema(text: str) -> None:
    document: Any = plain(read_source(text).root)
    validator(document["kind"]).validate(document)


def _told(case: Case) -> bool:
    """Whether a schema can tell that a malformed document is one."""
    try:
        read_source(case.text)
    except OrchestratorError:
        return False
    return case.code in TOLD_BY_A_SCHEMA and case.name not in BEYOND_A_SCHEMA


@pytest.mark.parametrize(
    "case", [case for case in (*ESTATES, *FACTS_CASES) if _told(case)], ids=lambda case: case.name
)
def test_a_document_that_is_refused_for_its_shape_breaks_the_schema(case: Case) -> None:
    kind = "Facts" if case in FACTS_CASES else "Estate"
    assert not validator(kind).is_valid(plain(read_source(case.text).root))


@pytest.mark.parametrize(
    "case",
    [case for case in ESTATES if case.code in {"UNKNOWN_REFERENCE", "CYCLE", "SAME_PARTY"}],
    ids=lambda case: case.name,
)
def test_a_document_that_is_refused_for_its_sense_keeps_to_the_schema(case: Case) -> None:
    validator("Estate").validate(plain(read_source(case.text).root))
