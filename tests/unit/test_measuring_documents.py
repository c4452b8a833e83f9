"""How tickets and samples are measured, read from a document and written back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from jsonschema import Draft202012Validator

from orchestrator.formats.context import Context, Refused
from orchestrator.formats.measuring import MEASURING
from orchestrator.formats.nodes import plain
from orchestrator.formats.source import read_source
from orchestrator.formats.text import dump_yaml
from orchestrator.model.measuring import Measuring
from orchestrator.model.values import DAY

DOCUMENT = """
membership: close
pauses: [parts, change_freeze]
awaiting: [question]
reopening: 5d
reprioritised: proportional
holders: [{reason: parts, party: supplier}]
trust: [gateway, probe]
tolerance: 0.1%
atRisk: 75%
"""
SAID = Measuring(
    "close",
    ("parts", "change_freeze"),
    ("question",),
    5 * DAY,
    "proportional",
    (("parts", "supplier"),),
    ("gateway", "probe"),
    Fraction(1, 1000),
    Fraction(3, 4),
)


def read(text: str) -> Measuring:
    return MEASURING.read(read_source(text).root, Context())


def test_everything_is_read_and_written_back() -> None:
    assert read(DOCUMENT) == SAID
    written = MEASURING.write(SAID, Context())
    assert read(dump_yaml(written)) == SAID


def test_what_is_as_designed_is_not_written() -> None:
    assert MEASURING.write(Measuring(), Context()) == {}
    assert read("{}") == Measuring()


def test_the_schema_takes_what_is_read() -> None:
    checker = Draft202012Validator(MEASURING.schema())
    assert list(checker.iter_errors(plain(read_source(DOCUMENT).root))) == []
    assert list(checker.iter_errors({"membership": "opened"})) != []


@pytest.mark.parametrize(
    "text",
    ["membership: opened", "reprioritised: doubled", "pauses: [waiting_supplier]", "atRisk: 120%"],
)
def test_what_is_no_way_to_measure_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read(text)
