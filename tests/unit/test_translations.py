"""Translation documents and their command: what is read, refused, and said."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from orchestrator.cli import main
from orchestrator.engine.translate import check, translate
from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import dump_yaml, read_estate
from orchestrator.formats.formulas import parse_formula
from orchestrator.formats.nodes import plain
from orchestrator.formats.schema import translation_schema
from orchestrator.formats.source import read_source
from orchestrator.formats.translations import read_translation, write_translation
from orchestrator.model.translations import Call, Name, Number
from orchestrator.model.values import AskedPeriod

EXAMPLES = Path(__file__).parents[2] / "examples/beta-shop"
HEADER = "apiVersion: orchestrator/v1\nkind: Translation\n"
RULES = HEADER + "rules:\n"
PARAMETERS = "    parameters: [{id: users, value: 100, from: 1, to: 1000, more: asks_more}]\n"
"""Line 5 of a document with one rule, which begins in line 4."""


def document(requires: str) -> str:
    """A rule whose first requirement stands in line 7."""
    return f"{RULES}  - id: web\n{PARAMETERS}    requires:\n{requires}"


def checked(text: str) -> None:
    """Read a document and check its formulas, as the command does."""
    found = read_translation(text, "t.yaml")
    try:
        check(found.translation)
    except OrchestratorError as error:
        raise found.placed(error) from error


def refused(text: str) -> tuple[str, int, str]:
    with pytest.raises(OrchestratorError) as caught:
        checked(text)
    problem = caught.value.problems[0]
    assert problem.advice
    assert problem.file == "t.yaml"
    return problem.code, problem.line, problem.path


def test_a_document_reads_as_it_is_written_and_keeps_to_its_schema() -> None:
    text = (EXAMPLES / "translation.yaml").read_text(encoding="utf-8")
    found = read_translation(text).translation
    again = dump_yaml(write_translation(found))
    assert read_translation(again).translation == found
    for one in (text, again):
        Draft202012Validator(translation_schema()).validate(plain(read_source(one).root))


def test_numbers_are_read_from_their_text() -> None:
    assert parse_formula("0.1 + users") == Call("+", (Number(Fraction(1, 10)), Name("users")))
    assert parse_formula("-users") == Call("-", (Number(Fraction(0)), Name("users")))


@pytest.mark.parametrize(
    "formula",
    [
        "users +",
        "users ** 2",
        "users % 3",
        "users if users else 1",
        "__import__('os')",
        "users.real",
        "open(users)",
        "[users]",
        "lambda: 1",
        "'12'",
        "True",
        "1j",
        "1e5",
        "0x10",
        "1_000",
        "max()",
        "ceil(1, 2)",
        "pow(users, users)",
        "pow(2, 17)",
        "min(*users)",
        "max(users, key=users)",
        "(users := 3)",
        "sessions * 2",
        "1 / (users - 500)",
        "1 / 0",
        "(" * 300 + "users" + ")" * 300,
        "+".join(["users"] * 200),
        "pow(pow(pow(pow(users, 16), 16), 16), 16)",
        "ü",
    ],
)
def test_what_is_no_safe_formula_is_refused_at_its_place(formula: str) -> None:
    text = document(f"      - {{id: cpu, formula: {json.dumps(formula)}}}\n")
    code, line, path = refused(text)
    assert code in {"BAD_FORMULA", "TOO_LONG"}
    assert (line, path) == (7, "rules[0].requires[0].formula")


@pytest.mark.parametrize(
    ("body", "code", "line", "path"),
    [
        ("      - {id: cpu, formula: users, cores: 3}\n", "UNKNOWN_KEY", 7,
         "rules[0].requires[0].cores"),
        ("      - {id: cpu}\n", "MISSING_KEY", 7, "rules[0].requires[0]"),
        ("      - {id: cpu, formula: 5 - users}\n", "NOT_MONOTONE", 7,
         "rules[0].requires[0].formula"),
        ("      - {id: cpu, formula: users, need: at_most}\n", "NOT_MONOTONE", 7,
         "rules[0].requires[0].formula"),
        ("      - {id: cpu, formula: pow(users - 50, 2)}\n".replace("pow", '"pow').replace(
            "2)", '2)"'), "NOT_MONOTONE", 7, "rules[0].requires[0].formula"),
        ("      - {id: cpu, formula: users, need: some}\n", "BAD_CHOICE", 7,
         "rules[0].requires[0].need"),
        ("      - {id: cpu, formula: users}\n      - {id: cpu, formula: users}\n",
         "DUPLICATE_ID", 8, "rules[0].requires[1].id"),
        ("      - {id: cpu, formula: users, committed: {agreement: u1}}\n", "MISSING_KEY", 7,
         "rules[0].requires[0].committed"),
    ],
)  # fmt: skip
def test_a_malformed_rule_is_refused_at_its_place(
    body: str, code: str, line: int, path: str
) -> None:
    assert refused(document(body)) == (code, line, path)


def test_a_value_out_of_its_range_is_refused() -> None:
    text = document("      - {id: cpu, formula: users}\n").replace("value: 100", "value: 0")
    assert refused(text) == ("OUT_OF_RANGE", 5, "rules[0].parameters[0].value")


def test_a_document_of_another_kind_is_refused() -> None:
    assert refused(RULES.replace("Translation", "Offers") + "  []\n")[0] == "BAD_KIND"
    assert refused(HEADER) == ("MISSING_KEY", 1, "")


def test_of_several_versions_the_weakest_commitment_counts() -> None:
    estate = read_estate((EXAMPLES / "estate.yaml").read_text(encoding="utf-8")).estate
    text = document(
        '      - {id: up, formula: "0.999", committed: {agreement: u2, term: availability}}\n'
    )
    (found,) = translate(read_translation(text).translation, estate, AskedPeriod.parse("2026-04"))
    (required,) = found.required
    assert (required.committed, required.missing) == (Fraction(995, 1000), Fraction(4, 1000))
    (gap,) = found.findings
    assert gap.code == "TRANSLATION_GAP"
    assert "0.004 missing" in gap.message


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main(arguments)
    return status, capsys.readouterr().out


def test_the_command_prints_requirements_and_what_is_carried(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Worked by hand: 1200 shops take 1200 * 0.2 messages a second of 0.04 core seconds at 70 %
    load, so 13.7 cores, rounded up, and one; 1200 * 0.2 * 6 / 1.5 operations; and so on."""
    names = (str(EXAMPLES / "translation.yaml"), "--estate", str(EXAMPLES / "estate.yaml"))
    status, out = run(capsys, "translate", *names, "--json")
    (rule,) = json.loads(out)["rules"]
    needed = {one["resource"]: one["needed"] for one in rule["required"]}
    assert needed == {"cpu": 15, "memory": 6.8, "iops": 960, "latency": 213, "hosting": 0.995}
    assert {one["parameter"]: one["carried"] for one in rule["carries"]} == {
        "shops": 1125,
        "seconds": 1.6,
    }
    assert [one["code"] for one in rule["findings"]] == ["TRANSLATION_GAP"]
    assert rule["findings"][0]["line"] == 20
    assert status == 1
    status, out = run(capsys, "translate", *names, "--set", "acceptance/shops=1000")
    assert status == 0
    assert "up to 1125" in out


def test_the_command_refuses_what_it_cannot_place(capsys: pytest.CaptureFixture[str]) -> None:
    name = str(EXAMPLES / "translation.yaml")
    status, out = run(capsys, "translate", name, "--json")
    (problem,) = json.loads(out)["errors"]
    assert (status, problem["code"], problem["line"]) == (2, "UNKNOWN_REFERENCE", 23)
    for given in ("acceptance/shops", "shops=3", "acceptance/others=3", "acceptance/shops=0"):
        estate = str(EXAMPLES / "estate.yaml")
        assert run(capsys, "translate", name, "--estate", estate, "--set", given)[0] == 2


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (("acceptance/shops=10.5",), "OUT_OF_RANGE", "steps"),
        (("acceptance/seconds=1.55",), "OUT_OF_RANGE", "steps"),
        (("acceptance/shops=0",), "OUT_OF_RANGE", "range"),
        (("acceptance/shops=50%",), "BAD_NUMBER", "plain number"),
        (("acceptance/seconds=100%",), "BAD_NUMBER", "plain number"),
        (("acceptance/shops=many",), "BAD_NUMBER", "plain number"),
        (("acceptance/shops=3", "acceptance/shops=4"), "USAGE", "once"),
        (("acceptance/others=3",), "UNKNOWN_REFERENCE", "acceptance/shops"),
    ],
)
def test_a_value_that_a_parameter_cannot_have_is_refused_with_the_option_for_its_place(
    given: tuple[str, ...], code: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shops go in ones from 1 on, seconds in tenths from 10 down."""
    names = (str(EXAMPLES / "translation.yaml"), "--estate", str(EXAMPLES / "estate.yaml"))
    sets = [word for one in given for word in ("--set", one)]
    status, out = run(capsys, "translate", *names, "--json", *sets)
    (problem,) = json.loads(out)["errors"]
    assert (status, problem["code"], problem["path"]) == (2, code, "--set")
    assert says in problem["advice"]


def test_a_value_on_a_step_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    names = (str(EXAMPLES / "translation.yaml"), "--estate", str(EXAMPLES / "estate.yaml"))
    status, _ = run(capsys, "translate", *names, "--set", "acceptance/seconds=1.6")
    assert status == 0
