"""Reading YAML and JSON into nodes that know their place."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml

from orchestrator.errors import OrchestratorError
from orchestrator.formats import source
from orchestrator.formats.nodes import Node, Number, from_json_text, json_text, locate, plain
from orchestrator.formats.source import read_source
from orchestrator.formats.tree import LIMIT_DEPTH


@pytest.fixture(params=["libyaml", "pure Python"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either reader of YAML; the pure one serves where libyaml is missing."""
    if request.param == "pure Python":
        monkeypatch.setattr(source, "_LOADER", yaml.SafeLoader)


def value_of(text: str) -> object:
    root = read_source(f"a: {text}\n").root.value
    assert isinstance(root, dict)
    return root["a"].value


def codes(text: str | bytes, **limits: int) -> list[str]:
    with pytest.raises(OrchestratorError) as refused:
        read_source(text, **limits)
    return [problem.code for problem in refused.value.problems]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    "text",
    ["on", "yes", "No", "True", "NULL", "2026-01-01", "4:30", "0x1F", "0o7", "1_000", "+1", ".5",
     "1.", ".inf", "007", "24x7", "99.85%", "30d", "a b"],
)  # fmt: skip
def test_only_the_words_of_json_are_special_in_yaml(text: str) -> None:
    assert value_of(text) == text


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("false", False), ("null", None), ("~", None), ("", None)],
)
def test_flags_and_null_are_read_as_such(text: str, value: object) -> None:
    assert value_of(text) is value


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("text", ["0", "-0", "12", "99.850", "1e5", "-1.5E-7", "1" * 5_000])
def test_numbers_keep_their_source_text(text: str) -> None:
    assert value_of(text) == Number(text)
    root = read_source(f'{{"a": {text}}}').root.value
    assert isinstance(root, dict)
    assert root["a"].value == Number(text)


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("text", ["'12'", '"true"', "|\n  12", ">-\n  null"])
def test_what_is_quoted_is_always_a_text(text: str) -> None:
    assert isinstance(value_of(text), str)


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_a_node_stands_where_its_key_stands_and_an_item_where_it_begins(ending: str) -> None:
    text = '{"a": 1,\n "bcd":\n   [2,\n    {"e": 3}]}'
    root = read_source(text, f"a.{ending}").root
    places = {path: (node.line, node.column) for node, path in locate(root).items()}
    assert places == {
        "": (1, 1),
        "a": (1, 2),
        "bcd": (2, 2),
        "bcd[0]": (3, 5),
        "bcd[1]": (4, 5),
        "bcd[1].e": (4, 6),
    }


def test_json_and_yaml_of_the_same_data_are_the_same() -> None:
    text = '{"a": [1, 2.50, true, null, "x\\u00e9\\n"], "b": {}, "c": []}'
    assert plain(read_source(text, "a.json").root) == plain(read_source(text, "a.yaml").root)


@pytest.mark.parametrize(
    ("text", "file", "value"),
    [
        ('{"a": "\\/"}', "", {"a": "/"}),
        ("{a: b}", "", {"a": "b"}),
        ("{}", "", {}),
        ('  {"a": "\\ud83d\\ude00"}', "", {"a": "\U0001f600"}),
        ('["a"]', "", ["a"]),
        ('{"a": 1}', "a.yml", {"a": 1}),
        ("{}", "a.JSON", {}),
    ],
)
def test_the_ending_of_the_file_or_the_first_characters_tell_the_format(
    text: str, file: str, value: object
) -> None:
    assert plain(read_source(text, file).root) == value


def test_a_byte_order_mark_is_passed_over() -> None:
    assert plain(read_source(b"\xef\xbb\xbfa: b\n").root) == {"a": "b"}
    assert plain(read_source('\ufeff{"a": "b"}').root) == {"a": "b"}


def test_a_second_key_of_the_same_name_is_noted_and_the_first_one_stands() -> None:
    found = read_source("a: 1\nb: {c: 2, c: {d: 3}}\na: 4\n", "x.yaml")
    assert plain(found.root) == {"a": 1, "b": {"c": 2}}
    assert [(one.code, one.line, one.path, one.file) for one in found.problems] == [
        ("DUPLICATE_KEY", 2, "b.c", "x.yaml"),
        ("DUPLICATE_KEY", 3, "a", "x.yaml"),
    ]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("opened", ["[", "{a: ", "- ", "? "])
def test_no_depth_is_too_much_to_refuse(opened: str) -> None:
    assert codes(opened * 50_000) in (["TOO_DEEP"], ["BAD_KEY"])


@pytest.mark.usefixtures("loader")
def test_the_deepest_document_that_is_allowed_is_read() -> None:
    depth = "[" * LIMIT_DEPTH + "]" * LIMIT_DEPTH
    assert json_text(read_source(depth, "a.yaml").root) == depth
    assert json_text(read_source(depth, "a.json").root) == depth


@pytest.mark.usefixtures("loader")
def test_a_document_that_doubles_itself_is_refused_at_its_first_anchor() -> None:
    laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
    assert codes(laughs) == ["ALIAS_NOT_ALLOWED"]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    "text", ["a: !x b", "a: ! b", "a: !!str b", "a: !!map {}", "%TAG ! tag:x,2026:\n---\na: !y b"]
)
def test_tags_are_refused(text: str) -> None:
    assert codes(text) == ["ALIAS_NOT_ALLOWED"]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("text", ["a: b\x01", "a: 'b\x7f'", "\x00"])
def test_control_characters_are_refused(text: str) -> None:
    assert codes(text) == ["BAD_CHARACTER"]


def test_a_text_with_half_a_character_is_not_utf_8() -> None:
    assert codes("a: \ud800") == ["BAD_ENCODING"]
    assert codes(b"a: \xed\xa0\x80") == ["BAD_ENCODING"]


def test_a_document_over_the_limit_is_refused_unread() -> None:
    assert codes("a: b\n", limit=4) == ["TOO_LARGE"]
    assert plain(read_source("a: b", limit=4).root) == {"a": "b"}


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("1.5", 1.5), ("1.50", Decimal("1.50")), ("1e5", Decimal("1E+5")),
     ("9" * 30, Decimal("9" * 30)), ("0.1234567890123456789", Decimal("0.1234567890123456789"))],
)  # fmt: skip
def test_plain_data_has_the_plainest_number_that_loses_nothing(text: str, number: object) -> None:
    found = plain(read_source(f'{{"a": {text}}}').root)
    assert found == {"a": number}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(number)


@pytest.mark.parametrize(
    "text", ['{"b":[1,1.50,"x"],"a":{"c":null,"d":true}}', '"\u00fc\\n"', "1E+5", "-0", "[]"]
)
def test_a_node_as_json_text_is_what_was_written(text: str) -> None:
    root = read_source(f'{{"a":{text}}}').root.value
    assert isinstance(root, dict)
    assert json_text(root["a"]) == text
    assert json_text(Node(root["a"].value, 0, 0)) == text
    assert from_json_text(text) == plain(root["a"])
