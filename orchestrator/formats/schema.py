"""The JSON Schemas of our documents, from the same declarations that read and write them.

They stand beside this module, as `estate.schema.json` and so on, for editors and for other
programs; `python -m orchestrator.formats.schema` writes them anew. A schema tells less
than the reader: not whether ids are unique, references exist or spans end after they start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from orchestrator.formats import claims, estate, facts, offers, translations
from orchestrator.formats.contracts import DEFINITIONS, PERIOD
from orchestrator.formats.flows import STEP
from orchestrator.formats.record import Record
from orchestrator.formats.services import EXPRESSION
from orchestrator.formats.shapes import Ref, Schema
from orchestrator.formats.text import dump_json

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
FOLDER: Final = Path(__file__).parent


def estate_schema() -> Schema:
    """The schema of an estate document."""
    every: tuple[Ref[Any], ...] = (EXPRESSION, STEP, *DEFINITIONS)
    named = sorted(every, key=lambda ref: ref.name)
    definitions = {ref.name: ref.shape().schema() for ref in named}
    return _titled("An estate of agreements", estate.DOCUMENT) | {"$defs": definitions}


def facts_schema() -> Schema:
    """The schema of a facts document."""
    return _titled("Facts about services", facts.DOCUMENT)


def offers_schema() -> Schema:
    """The schema of an offers document."""
    definitions = {PERIOD.name: PERIOD.shape().schema()}
    return _titled("Menus of offers", offers.DOCUMENT) | {"$defs": definitions}


def claims_schema() -> Schema:
    """The schema of a record of claims."""
    return _titled("What was done about claims", claims.DOCUMENT)


def translation_schema() -> Schema:
    """The schema of a translation document."""
    return _titled("Translation rules", translations.DOCUMENT)


def _titled(title: str, document: Record[Any]) -> Schema:
    return {"$schema": DRAFT, "title": title} | document.schema()


SCHEMAS: Final = {
    "claims.schema.json": claims_schema,
    "estate.schema.json": estate_schema,
    "facts.schema.json": facts_schema,
    "offers.schema.json": offers_schema,
    "translation.schema.json": translation_schema,
}


def write_schemas(folder: Path = FOLDER) -> None:
    """Write the schema files."""
    for name, schema in SCHEMAS.items():
        (folder / name).write_text(dump_json(schema()), encoding="utf-8")


if __name__ == "__main__":
    write_schemas()
