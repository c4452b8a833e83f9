"""The schema: printed, described, and following from the tables of the model."""

from __future__ import annotations

import site
import subprocess
import sys
from pathlib import Path

import graphql
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    parse,
    print_schema,
    validate,
)

from orchestrator.model.agreements import KINDS, NEGOTIABILITY, POLICY_CHOICES, STATES, STRENGTHS
from orchestrator.model.derivations import STATUSES
from orchestrator.model.metrics import METRICS
from orchestrator.model.parties import PARTY_KINDS
from orchestrator.model.records import FACT_KINDS, SEVERITIES, WATERFALL
from orchestrator.web.schema import graphql_schema, printed
from tests.web.conftest import OPERATIONS

FOLDER = OPERATIONS.parent
STORED = sorted(OPERATIONS.glob("*.graphql"))


def test_the_printed_schema_is_the_one_the_code_has() -> None:
    golden = (FOLDER / "schema.graphql").read_text("utf-8")
    assert golden == printed(), "run: python -m orchestrator.web.schema > graphql/schema.graphql"


def test_the_printed_schema_can_be_read_back() -> None:
    assert print_schema(build_schema(printed())) == print_schema(graphql_schema())


def test_the_command_prints_it() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "orchestrator.web.schema"], capture_output=True, check=True
    )
    assert found.stdout.decode() == printed()


def test_graphql_is_the_library_and_not_our_folder() -> None:
    assert graphql.__file__ is not None
    places = [Path(place) for place in site.getsitepackages()]
    assert any(Path(graphql.__file__).is_relative_to(place) for place in places)
    assert not list(FOLDER.rglob("*.py")), "Python in graphql/ would shadow graphql-core"


def test_everything_is_described() -> None:
    missing = []
    for name, type_ in graphql_schema().type_map.items():
        if name.startswith("__") or graphql.is_specified_scalar_type(type_):
            continue
        if not type_.description:
            missing.append(name)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for key, field in type_.fields.items():
                if not field.description:
                    missing.append(f"{name}.{key}")
                for argument, of in getattr(field, "args", {}).items():
                    if not of.description:
                        missing.append(f"{name}.{key}({argument})")
    assert missing == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("AgreementKind", KINDS),
        ("Metric", METRICS),
        ("Strength", STRENGTHS),
        ("AgreementState", STATES),
        ("Negotiability", NEGOTIABILITY),
        ("PartyKind", PARTY_KINDS),
        ("Severity", SEVERITIES),
        ("FactKind", [*FACT_KINDS]),
        ("DerivationStatus", STATUSES),
        ("WaterfallStepName", WATERFALL),
        ("SharesPolicy", POLICY_CHOICES["shares"]),
        ("DataGapsPolicy", POLICY_CHOICES["data_gaps"]),
    ],
)
def test_an_enum_follows_from_its_table(name: str, values: list[str]) -> None:
    found = graphql_schema().type_map[name]
    assert isinstance(found, GraphQLEnumType)
    assert list(found.values) == [value.upper() for value in values]


def test_there_is_a_policy_field_for_each_policy() -> None:
    found = graphql_schema().type_map["Policies"]
    assert isinstance(found, GraphQLObjectType)
    camel = [name.replace("_", " ").title().replace(" ", "") for name in POLICY_CHOICES]
    assert [name[0].upper() + name[1:] for name in found.fields] == camel


@pytest.mark.parametrize("file", STORED, ids=lambda file: file.stem)
def test_a_stored_operation_is_valid(file: Path) -> None:
    assert validate(graphql_schema(), parse(file.read_text("utf-8"))) == []


def test_there_are_stored_operations() -> None:
    assert {file.stem for file in STORED} >= {
        "estate-overview",
        "shortfalls",
        "breaches",
        "exposures",
        "import-estate",
        "record-facts",
        "assess-period",
    }


def test_a_page_is_a_connection_everywhere() -> None:
    """Whatever takes `first` takes `after`, and answers with edges, nodes, ends and a total."""
    for type_ in graphql_schema().type_map.values():
        for field in getattr(type_, "fields", {}).values():
            if "first" not in getattr(field, "args", {}):
                continue
            assert "after" in field.args
            fields = graphql.get_named_type(field.type).fields
            assert set(fields) == {"edges", "nodes", "pageInfo", "totalCount"}
