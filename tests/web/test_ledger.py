"""The books over GraphQL: asked for by page, closed, and restated by leave."""

from __future__ import annotations

from typing import Any

from tests.web.conftest import FACTS, Client
from tests.web.test_mutations import change

LATER = FACTS.replace("10:55:00.000001Z", "10:05:00Z")


def books(shop: Client, **variables: Any) -> Any:
    return shop.run("ledger", **variables)["ledger"]


def booked(shop: Client, **variables: Any) -> list[tuple[Any, ...]]:
    return [
        (one["agreement"], one["kind"], one["revision"], one["reverses"], one["money"]["amount"])
        for one in books(shop, **variables)["entries"]["nodes"]
    ]


def test_an_assessment_is_booked(shop: Client) -> None:
    assert booked(shop) == [
        ("c1", "CREDIT", 1, None, "5000.00"),
        ("u1", "CREDIT", 1, None, "2000.00"),
    ]
    held = books(shop)["balances"]
    assert held["totalCount"] == 4
    assert [(one["party"], one["agreement"], one["money"]["amount"]) for one in held["nodes"]] == [
        ("beta", "c1", "-5000.00"),
        ("beta", "u1", "2000.00"),
        ("cloud-x", "u1", "-2000.00"),
        ("shop", "c1", "5000.00"),
    ]
    assert booked(shop, agreements=["u1"]) == [("u1", "CREDIT", 1, None, "2000.00")]


def test_pages_of_the_journal(shop: Client) -> None:
    first = books(shop, first=1)["entries"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    rest = books(shop, first=1, after=first["pageInfo"]["endCursor"])["entries"]
    assert [one["agreement"] for one in first["nodes"] + rest["nodes"]] == ["c1", "u1"]
    assert rest["pageInfo"]["hasNextPage"] is False
    answer = shop.send('{ ledger { entries(after: "nowhere") { totalCount } } }')
    assert answer["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


def test_a_correction_reverses_what_was_booked(shop: Client) -> None:
    change(shop, "record-facts", document=LATER)
    query = """mutation { assessPeriod(input: {period: "2026-04"}) { posted waiting changed } }"""
    assert shop.ask(query)["assessPeriod"] == {"posted": 2, "waiting": 0, "changed": True}
    assert booked(shop)[:2] == [
        ("c1", "CREDIT", 1, None, "5000.00"),
        ("c1", "CREDIT", 2, 1, "5000.00"),
    ]
    assert books(shop)["balances"]["nodes"] == []


def test_closed_books_wait_for_leave(shop: Client) -> None:
    until = "2026-06-01T00:00:00Z"
    assert change(shop, "close-books", until=until)["closedUntil"] == until
    refused = change(shop, "close-books", until="2026-05-01T00:00:00Z")
    assert refused["closedUntil"] is None
    assert [(one["code"], one["field"]) for one in refused["userErrors"]] == [
        ("BOOKS_CLOSED", ["input", "until"])
    ]
    nothing = change(shop, "approve-restatements", reason="why")
    assert [one["code"] for one in nothing["userErrors"]] == ["NOTHING_WAITS"]
    change(shop, "record-facts", document=LATER)
    change(shop, "assess-period", period="2026-04")
    found = books(shop)
    assert found["closedUntil"] == until
    assert found["entries"]["totalCount"] == 2
    assert [
        (one["agreement"], one["booked"]["amount"], one["wanted"])
        for one in found["waiting"]["nodes"]
    ] == [("c1", "5000.00", None), ("u1", "2000.00", None)]
    given = change(shop, "approve-restatements", reason="the probe erred", agreements=["u1"])
    assert (given["entries"], given["userErrors"]) == (1, [])
    after = books(shop)
    assert after["waiting"]["totalCount"] == 1
    assert [one["approval"] and one["approval"]["reason"] for one in after["entries"]["nodes"]] == [
        None,
        None,
        "the probe erred",
    ]
