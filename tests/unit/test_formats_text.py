"""Writing YAML that people read, and that no reader takes for something else."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml

from orchestrator.formats.nodes import Json, plain
from orchestrator.formats.source import read_source
from orchestrator.formats.text import canonical_json, dump_json, dump_yaml

HARD_TEXTS = [
    "", " ", "a ", " a", "yes", "No", "on", "null", "~", "y", "true", "1", "1.0", "1e5", "0x1F",
    "0o7", "1_000", "007", "4:30", "12:30:45", "2026-01-01", "2026-01-01T00:00:00Z", "- a", "-",
    "?", ": a", "a: b", "a:", "a #b", "#", "&a", "*a", "!a", "|", ">", "@a", "`a`", "%a", "{a}",
    "[a]", ",", "'", '"', "\\", "\n", "a\nb\n", "\t", "\r\n", "\x07", "\x7f", "\x85", "\xa0",
    "\u2028", "\ufeff", "\ufffe", "\U0001f600", "---", "...", "<<", "=", ".inf", "a, b", "a,b",
    "mon-fri", "24x7", "99.85%", "30d", "3 business days", "x" * 2_000, "\u00fc" * 2_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_every_text_is_read_back_as_value_as_item_and_as_key(text: str) -> None:
    document: Json = {"value": text, "items": [text, [text]], "keys": {text: {text: text}}}
    written = dump_yaml(document)
    assert plain(read_source(written, "a.yaml").root) == document
    assert plain(read_source(dump_json(document), "a.json").root) == document


@pytest.mark.parametrize("text", [text for text in HARD_TEXTS if not text.startswith("2026")])
def test_a_reader_of_yaml_1_1_takes_no_text_for_something_else(text: str) -> None:
    assert yaml.safe_load(dump_yaml({"value": text})) == {"value": text}


def test_dates_instants_percentages_and_durations_need_no_quotes() -> None:
    document: Json = {
        "from": "2026-01-01",
        "at": "2026-01-01T10:00:00.5Z",
        "target": "99.85%",
        "within": "1h30m",
        "time": "3 business days",
        "hours": "24x7",
        "zone": "Europe/Berlin",
        "name": "Beta Ltd",
    }
    assert dump_yaml(document) == "".join(f"{key}: {text}\n" for key, text in document.items())


def test_collections_are_written_in_blocks() -> None:
    document: Json = {"a": [{"b": 1, "c": [2]}, [3, [4]], {}, []], "d": {"e": {"f": None}}}
    assert dump_yaml(document) == (
        "a:\n  - b: 1\n    c:\n      - 2\n  - - 3\n    - - 4\n  - {}\n  - []\n"
        "d:\n  e:\n    f: null\n"
    )


def test_exact_numbers_are_written_as_they_are() -> None:
    document: Json = {"a": Decimal("1.50"), "b": Decimal("1E+5"), "c": 10**17, "d": 0.25}
    assert dump_yaml(document) == "a: 1.50\nb: 1E+5\nc: 100000000000000000\nd: 0.25\n"
    assert '"a": 1.50,' in dump_json(document)


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json({"b": [1], "a": "\u00fc"}) == '{"a":"\u00fc","b":[1]}'.encode()
    assert canonical_json({"a": "\u00fc", "b": [1]}) == canonical_json({"b": [1], "a": "\u00fc"})


def test_what_is_not_plain_data_is_a_programmers_error() -> None:
    with pytest.raises(TypeError):
        dump_json({"a": object()})
