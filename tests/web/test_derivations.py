"""Derivations over the interface are those of the engine, in the published shape."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.engine.derive import Depth, derive
from orchestrator.formats.estate import read_estate
from orchestrator.formats.results import derivations_json
from orchestrator.model.values import AskedPeriod
from tests.web.conftest import ESTATE, Client

QUERY = """query($agreement: String, $explain: Boolean, $cuts: Int) {
  derivations(period: "2026-04", agreement: $agreement, explain: $explain, cuts: $cuts) {
    totalCount
    nodes {
      agreement version term service metric period { from to }
      promised promisedText floor floorText independent beta coveredShare method status headroom
      methods { floor independent beta } independentInterval { low high }
      assumptions findings { code severity message subjects }
      withinSeconds
      agreementVersion { number agreement { slug } } commitment { slug } services { slug }
      explanation {
        basis { leaf agreement version term unavailability }
        witness { down share }
        shadowPrices { leaf low high }
        importance { leaf birnbaum criticality achievement reduction fussellVesely }
        renegotiate {
          agreement version term leaf price credit { amount currency } fee { amount currency }
          negotiability target sentence
        }
        singlePointsOfFailure minimalCuts cutsComplete
      }
    }
  }
}"""

SAME = (
    "agreement version term service period floor independent beta coveredShare method methods "
    "independentInterval headroom assumptions findings status"
).split()


def plain(value: Any) -> Any:
    """As the command line prints it, where severities are words."""
    if isinstance(value, dict):
        return {k: v.lower() if k == "severity" else plain(v) for k, v in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def test_they_are_those_of_the_command_line(shop: Client) -> None:
    estate = read_estate(ESTATE).estate
    asked = AskedPeriod.parse("2026-04")
    expected = derivations_json(derive(estate, asked, depth=Depth(True, 2)))["derivations"]
    found = shop.ask(QUERY, explain=True, cuts=2)["derivations"]
    assert found["totalCount"] == len(expected)
    for one, other in zip(found["nodes"], expected, strict=True):
        assert {key: plain(one[key]) for key in SAME} == {key: other[key] for key in SAME}
        explained = one["explanation"] or {}
        assert {key: value for key, value in explained.items() if key in other} == {
            key: value for key, value in other.items() if key in explained
        }


def test_the_worked_example(shop: Client) -> None:
    """Floor 1 - 0.0005 - 0.0005 - 0.005: the two alternatives may always fail together."""
    availability, resolution = shop.ask(QUERY, explain=True, cuts=2)["derivations"]["nodes"]
    assert (availability["floor"], availability["floorText"]) == (0.994, "0.994")
    assert (availability["promised"], availability["promisedText"]) == (0.9985, "99.85%")
    assert (availability["status"], availability["headroom"]) == ("SHORTFALL", -0.0045)
    cuts = availability["explanation"]["minimalCuts"]
    assert cuts == [["hosting"], ["notifications:own"], ["sms-y", "sms-z"]]
    assert availability["services"] == [{"slug": "notifications"}]
    assert availability["agreementVersion"] == {"number": 1, "agreement": {"slug": "c1"}}
    assert availability["commitment"] == {"slug": "availability"}
    assert (resolution["promisedText"], resolution["withinSeconds"]) == ("90% within 4h", 14_400)
    assert (resolution["status"], resolution["floor"]) == ("NOT_COMPARABLE", None)


def test_without_asking_nothing_is_explained(shop: Client) -> None:
    found = shop.ask(QUERY)["derivations"]["nodes"]
    assert [one["explanation"] for one in found] == [None, None]


def test_the_shortfalls(shop: Client) -> None:
    found = shop.run("shortfalls", period="2026-04")["derivations"]
    assert found["totalCount"] == 1
    (one,) = found["nodes"]
    assert (one["agreement"], one["term"], one["status"]) == ("c1", "availability", "SHORTFALL")
    assert [basis["agreement"] for basis in one["explanation"]["basis"]] == [
        "u1",
        "o1",
        "y1",
        "z1",
    ]
    assert one["explanation"]["singlePointsOfFailure"] == ["hosting", "notifications:own"]


def test_pages(shop: Client) -> None:
    query = """query($after: String) { derivations(period: "2026-04", first: 1, after: $after) {
      totalCount nodes { term } pageInfo { hasNextPage endCursor } } }"""
    first = shop.ask(query)["derivations"]
    second = shop.ask(query, after=first["pageInfo"]["endCursor"])["derivations"]
    assert (first["nodes"], second["nodes"]) == (
        [{"term": "availability"}],
        [{"term": "p1-resolution"}],
    )
    assert [one["pageInfo"]["hasNextPage"] for one in (first, second)] == [True, False]
    assert [one["totalCount"] for one in (first, second)] == [2, 2]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('period: "2026-13"', "BAD_PERIOD"),
        ('period: "9999-12"', "BAD_PERIOD"),
        ('period: "1900-01-01/2100-01-01"', "PERIOD_TOO_LONG"),
        ('period: "2026-05-01/2026-04-01"', "END_BEFORE_START"),
        ('period: "2026-04", agreement: "none"', "UNKNOWN_REFERENCE"),
        ('period: "2026-04", cuts: -1', "BAD_CUTS"),
        ('period: "2026-04", cuts: 13', "BAD_CUTS"),
    ],
)
def test_refusals(shop: Client, arguments: str, expected: str) -> None:
    query = f"{{ derivations({arguments}) {{ totalCount }} }}"
    assert shop.codes(query) == [expected]


def test_an_estate_is_derived_once(shop: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.ask(QUERY)

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("derived again")

    monkeypatch.setattr("orchestrator.web.asking.derive", never)
    shop.ask(QUERY)
    shop.ask(QUERY.replace("totalCount", "").replace("2026-04", "2026-04-01/2026-05-01"))


def test_nulls_are_as_left_out(shop: Client) -> None:
    query = """{ derivations(period: "2026-04", first: null, after: null, agreement: null,
      status: null, explain: null, cuts: null, knownAt: null) { totalCount } }"""
    assert shop.ask(query) == {"derivations": {"totalCount": 2}}
    query = query.replace("status: null", "status: []")
    assert shop.ask(query) == {"derivations": {"totalCount": 0}}
