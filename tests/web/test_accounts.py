"""Statements of account over GraphQL: page by page, of whom is asked for, as they once were."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Client
from tests.web.test_claims import ESTATE, FACTS


@pytest.fixture
def assessed(client: Client) -> Client:
    """April of 2020 assessed, and a claim of 200.00 for it; May is not."""
    for name, sent in (
        ("import-estate", {"document": ESTATE}),
        ("record-facts", {"document": FACTS}),
        ("assess-period", {"period": "2020-04"}),
    ):
        (payload,) = client.run(name, input=sent).values()
        assert payload["userErrors"] == []
    return client


def stated(client: Client, **variables: Any) -> Any:
    return client.run("statements", **variables)["statements"]


def amounts(figures: dict[str, Any], *names: str) -> tuple[str, ...]:
    return tuple(figures[name]["amount"] for name in names)


def test_it_says_what_is_payable_and_why(assessed: Client) -> None:
    """Half of 1,000.00 is credited to the shop for April; of the vendor's 200.00 nothing yet."""
    sla, uc = stated(assessed, period="2020-Q2")["nodes"]
    names = ("fee", "setOff", "payable", "pending")
    assert amounts(sla["figures"], *names) == ("3000.00", "500.00", "2500.00", "0.00")
    assert amounts(uc["figures"], *names) == ("3000.00", "0.00", "3000.00", "200.00")
    assert [line["assessed"] for line in sla["lines"]] == [True, False, False]
    (item,) = sla["lines"][0]["items"]
    assert (item["kind"], item["counts"]["amount"], item["claim"]) == ("CREDIT", "500.00", None)
    assert sla["figures"]["amounts"] == [{"kind": "CREDIT", "money": {"amount": "500.00"}}]


def test_pages_put_together_are_all_of_them(assessed: Client) -> None:
    whole = stated(assessed, period="2020-04")
    page = stated(assessed, period="2020-04", first=1)
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (2, True)
    rest = stated(assessed, period="2020-04", first=1, after=page["pageInfo"]["endCursor"])
    assert rest["pageInfo"]["hasNextPage"] is False
    assert [*page["nodes"], *rest["nodes"]] == whole["nodes"]


@pytest.mark.parametrize(
    ("asked", "agreements"),
    [
        ({"party": "vendor"}, ["uc"]),
        ({"party": "us"}, ["sla", "uc"]),
        ({"party": "nobody"}, []),
        ({"agreements": ["sla"]}, ["sla"]),
        ({"agreements": ["other"]}, []),
        ({"at": "2020-01-01T00:00:00Z"}, []),
    ],
)
def test_of_whom_and_when_is_asked(
    assessed: Client, asked: dict[str, Any], agreements: list[str]
) -> None:
    found = stated(assessed, period="2020-04", **asked)
    assert [one["agreement"] for one in found["nodes"]] == agreements
    assert found["totalCount"] == len(agreements)


def test_a_cursor_of_another_list_is_refused(assessed: Client) -> None:
    query = """query { statements(period: "2020-04", after: "bm9uZQ") { totalCount } }"""
    assert assessed.codes(query) == ["BAD_CURSOR"]
