"""Reading documents in tests: each is held against its schema, and its export reads the same."""

from __future__ import annotations

from functools import cache

from jsonschema import Draft202012Validator

from orchestrator.formats.estate import dump_json, dump_yaml, read_estate, write_estate
from orchestrator.formats.nodes import plain
from orchestrator.formats.schema import claims_schema, estate_schema, facts_schema
from orchestrator.formats.source import read_source
from orchestrator.model.estate import Estate

ESTATE = "apiVersion: orchestrator/v1\nkind: Estate\n"
FACTS = "apiVersion: orchestrator/v1\nkind: Facts\n"


@cache
def validator(kind: str) -> Draft202012Validator:
    """What tells whether a document of a kind keeps to its schema."""
    schemas = {"Estate": estate_schema, "Facts": facts_schema, "Claims": claims_schema}
    return Draft202012Validator(schemas[kind]())


def read(body: str) -> Estate:
    """The estate of a document without its header."""
    estate = read_estate(ESTATE + body).estate
    for text in (ESTATE + body, *exports(estate)):
        validator("Estate").validate(plain(read_source(text).root))
    return estate


def exports(estate: Estate) -> tuple[str, str]:
    """An estate as YAML and as JSON, each of which reads the same."""
    written = write_estate(estate)
    texts = dump_yaml(written), dump_json(written)
    for text in texts:
        assert read_estate(text).estate == estate
    return texts
