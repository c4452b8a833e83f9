"""Offers documents, and the commands that allocate and choose."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.cli import main
from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import dump_yaml
from orchestrator.formats.nodes import plain
from orchestrator.formats.offers import read_offers, write_offers
from orchestrator.formats.schema import offers_schema
from orchestrator.formats.source import read_source
from orchestrator.model.credits import Fee
from orchestrator.model.offers import Menu, Offer, Offers
from orchestrator.model.values import Money, Period

EXAMPLES = Path(__file__).parents[2] / "examples/beta-shop"
ESTATE = str(EXAMPLES / "estate.yaml")
OFFERS = str(EXAMPLES / "offers.yaml")
HEADER = "apiVersion: orchestrator/v1\nkind: Offers\n"
APRIL = ("--period", "2026-04")

DOCUMENT = (
    HEADER
    + """\
currency: SEK
menus:
  - agreement: u1
    keep: false
    keepPrice: {amount: "7.00"}
    offers:
      - {id: gold, name: Gold, target: "99.95%", price: {amount: "100.00", per: quarter},
         period: {rolling: 30d}, strength: warranty}
  - {agreement: u9, service: disk, party: maker, customer: home, scope: own,
     offers: [{id: plain, target: 0.999, price: {amount: 5}}]}
"""
)


def test_a_document_is_read_with_its_currency_and_its_years() -> None:
    found = read_offers(DOCUMENT).offers
    gold = Offer(
        "gold",
        Fraction(9995, 10000),
        Fee(Money(10000, "SEK"), "quarter"),
        "Gold",
        Period("rolling", rolling=30 * 86_400_000_000),
        "warranty",
    )
    simple = Offer("plain", Fraction(999, 1000), Fee(Money(500, "SEK"), "year"))
    assert found == Offers(
        (
            Menu("u1", (gold,), keep=False, keep_price=Fee(Money(700, "SEK"), "year")),
            Menu("u9", (simple,), service="disk", party="maker", customer="home", scope="own"),
        ),
        "SEK",
    )


@pytest.mark.parametrize("text", [DOCUMENT, Path(OFFERS).read_text(encoding="utf-8")])
def test_a_document_reads_as_it_is_written_and_keeps_to_its_schema(text: str) -> None:
    found = read_offers(text).offers
    again = dump_yaml(write_offers(found))
    assert read_offers(again).offers == found
    for one in (text, again):
        Draft202012Validator(offers_schema()).validate(plain(read_source(one).root))


BLOCK = "menus:\n  - agreement: a\n    offers:\n"
ONE = '{id: x, target: "99%", price: {amount: "1.00"}}'


@pytest.mark.parametrize(
    ("body", "code", "line", "path"),
    [
        (f"note: 1\nmenus:\n  - {{agreement: a, offers: [{ONE}]}}\n", "UNKNOWN_KEY", 3, "note"),
        ("menus: []\n", "EMPTY_LIST", 3, "menus"),
        ("menus:\n  - {agreement: a, offers: []}\n", "EMPTY_LIST", 4, "menus[0].offers"),
        (f"menus:\n  - {{offers: [{ONE}]}}\n", "MISSING_KEY", 4, "menus[0]"),
        (f"menus:\n  - {{agreement: a, fee: 3, offers: [{ONE}]}}\n", "UNKNOWN_KEY", 4,
         "menus[0].fee"),
        (f"menus:\n  - {{agreement: a, offers: [{ONE}, {ONE}]}}\n", "DUPLICATE_ID", 4,
         "menus[0].offers[1].id"),
        (f"menus:\n  - {{agreement: a, offers: [{ONE}]}}\n  - {{agreement: a, offers: [{ONE}]}}\n",
         "DUPLICATE_ID", 5, "menus[1]"),
        (f"menus:\n  - {{agreement: a, service: s, offers: [{ONE}]}}\n", "MISSING_KEY", 4,
         "menus[0]"),
        (BLOCK + "      - {id: x, target: lots, price: {amount: 1}}\n",
         "BAD_NUMBER", 6, "menus[0].offers[0].target"),
        (BLOCK + "      - {id: x, target: 99%, price: {amount: 1.5}}\n",
         "MONEY_AS_FLOAT", 6, "menus[0].offers[0].price.amount"),
        (BLOCK + "      - {id: keep, target: 99%, price: {amount: 1}}\n",
         "RESERVED_ID", 6, "menus[0].offers[0].id"),
        ("currency: euro\nmenus: []\n", "BAD_CURRENCY", 3, "currency"),
    ],
)  # fmt: skip
def test_a_malformed_document_is_refused_at_its_place(
    body: str, code: str, line: int, path: str
) -> None:
    with pytest.raises(OrchestratorError) as caught:
        read_offers(HEADER + body, "o.yaml")
    problem = caught.value.problems[0]
    assert (problem.code, problem.line, problem.path) == (code, line, path)
    assert problem.advice
    assert problem.file == "o.yaml"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    status = main((*arguments, "--json"))
    return status, json.loads(capsys.readouterr().out)


def test_choosing_takes_the_one_sender_that_is_good_enough_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """0.15 % less hosting's 0.05 % and the team's 0.05 % leaves the senders 0.05 %, and the floor
    of either sender is the better one's: Z's premium costs 144,000 where it cost 80,000."""
    status, found = run(capsys, "choose", ESTATE, OFFERS, *APRIL)
    assert status == 0
    picks = {one["agreement"]: one["pick"] for one in found["picks"]}
    assert picks == {"u2": "keep", "u3": "premium", "o1": "keep", "u4": "keep"}
    assert (found["costPerYear"], found["bound"], found["gap"]) == ("444000.00", "444000.00", 0)
    assert found["promises"][0]["floor"] == found["promises"][0]["target"] == 0.9985


def test_choosing_names_what_stands_in_the_way(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    weak = tmp_path / "weak.yaml"
    weak.write_text(
        HEADER + 'menus:\n  - agreement: u2\n    offers:\n      - {id: x, target: "99.6%", '
        'price: {amount: "1.00"}}\n'
    )
    status, found = run(capsys, "choose", ESTATE, str(weak), *APRIL)
    assert (status, found["feasible"], found["picks"]) == (1, False, [])
    (finding,) = found["findings"]
    assert (finding["code"], finding["subjects"]) == ("NO_SUITABLE_OFFER", ["sms-y", "sms-z"])
    weak.write_text(weak.read_text().replace("u2", "u1"))
    status, found = run(capsys, "choose", ESTATE, str(weak), *APRIL)
    (problem,) = found["errors"]
    assert (status, problem["code"]) == (2, "FIXED_TERM")
    assert (problem["file"], problem["line"], problem["path"]) == (str(weak), 4, "menus[0]")


def test_allocating_states_what_each_supplier_and_team_would_have_to_promise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """0.15 % less hosting's fixed 0.05 % leaves 0.1 % for what took 0.55 %: two elevenths."""
    status, found = run(capsys, "allocate", ESTATE, *APRIL, "--exact")
    assert status == 0
    assert {one["agreement"]: one["exactAfter"] for one in found["terms"]} == {
        "o1": "10999/11000",
        "u2": "1099/1100",
        "u3": "549/550",
    }
    assert {one["factor"] for one in found["terms"]} == {"2/11"}
    assert found["promises"][0]["kept"]


def test_allocating_beyond_what_is_fixed_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    status, found = run(capsys, "allocate", ESTATE, *APRIL, "--set", "c1=99.96%")
    assert (status, found["feasible"]) == (1, False)
    (promise,) = found["promises"]
    assert promise["blocking"] == [{"down": ["hosting"], "share": 0.0005}]
    (finding,) = found["findings"]
    assert (finding["code"], finding["subjects"]) == ("INFEASIBLE_ALLOCATION", ["hosting"])


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ("c1", "USAGE", "c1/availability=99.95%"),
        ("c1/=99%", "USAGE", "c1/availability=99.95%"),
        ("=99%", "USAGE", "c1/availability=99.95%"),
        ("nobody=99%", "UNKNOWN_REFERENCE", "estate"),
        ("c1/speed=99%", "UNKNOWN_REFERENCE", "c1/availability"),
        ("c1=99.9", "TARGET_OUT_OF_RANGE", "sign"),
        ("c1/load=450", "NOT_SUPPORTED", "availability alone"),
        ("c1/p1-resolution=90% within 4h", "NOT_SUPPORTED", "availability alone"),
        ("u1=99.9%", "NOTHING_BENEATH", "SLA"),
    ],
)
def test_a_target_that_cannot_be_allocated_is_refused_with_the_option_for_its_place(
    given: str, code: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["allocate", ESTATE, *APRIL, "--json", "--set", given]) == 2
    (problem,) = json.loads(capsys.readouterr().out)["errors"]
    assert (problem["code"], problem["path"]) == (code, "--set")
    assert says in problem["advice"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("allocate", ESTATE, *APRIL), "99.819%"),
        (("choose", ESTATE, OFFERS, *APRIL), "444,000.00 EUR a year; nothing cheaper will do."),
    ],
)
def test_the_tables_say_it_in_words(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    assert says in capsys.readouterr().out
