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
    for by, agreements in (("CUSTOMER", ["c1"]), ("SUPPLIER", ["u1"]), ("TEAM", [])):
        card = shop.run("scorecard", period="2026-04", by=by)["scorecard"]
        assert [one["agreement"] for one in card["waiting"]] == agreements
        assert [one["wanted"] for one in card["waiting"]] == [None] * len(agreements)
    given = change(shop, "approve-restatements", reason="the probe erred", agreements=["u1"])
    assert (given["entries"], given["userErrors"]) == (1, [])
    after = books(shop)
    assert after["waiting"]["totalCount"] == 1
    assert [one["approval"] and one["approval"]["reason"] for one in after["entries"]["nodes"]] == [
        None,
        None,
        "the probe erred",
    ]


GOOD = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {home: [us], currency: EUR, rates: [{from: USD, to: EUR, rate: "0.9", effective: {}}]}
parties: [{id: us}, {id: shop}]
services: [{id: web, owner: us}]
agreements:
  - {id: sla, kind: SLA, provider: us, customer: shop, covers: [web], fee: {amount: "1000.00"},
     annualCaps: [{percent: 25}], minimumCredit: {amount: "5.00"},
     terms: [{id: a, metric: availability, target: "99.9%", credits: {published: twilio},
       bonus: [{above: "99.99%", percent: 2}], earnBack: {periods: 1, expires: 2}}]}
"""
DOWN = """
apiVersion: orchestrator/v1
kind: Facts
outages: [{id: o, service: web, from: 2026-03-02T00:00:00Z, to: 2026-03-02T09:00:00Z}]
"""


def test_rewards_are_told_and_found_again(client: Client) -> None:
    change(client, "import-estate", document=GOOD)
    change(client, "record-facts", document=DOWN)
    change(client, "assess-period", period="2026-04")
    query = """{ assessmentRun(period: "2026-04") { rewards { totalCount nodes {
      id kind amount period { from } earned { from } } } } }"""
    found = client.ask(query)["assessmentRun"]["rewards"]
    assert found["totalCount"] == 2
    april, march = "2026-04-01T00:00:00Z", "2026-03-01T00:00:00Z"
    assert [
        (one["kind"], one["amount"], one["period"]["from"], one["earned"]["from"])
        for one in found["nodes"]
    ] == [("EARN_BACK", "100.00", march, april), ("BONUS", "20.00", april, april)]
    node = "query($id: ID!) { node(id: $id) { ... on Reward { kind amount } } }"
    for one in found["nodes"]:
        same = client.ask(node, id=one["id"])["node"]
        assert same == {"kind": one["kind"], "amount": one["amount"]}


def test_what_a_term_costs_is_told_as_the_document_has_it(client: Client) -> None:
    change(client, "import-estate", document=GOOD)
    query = """{ estate { agreement(slug: "sla") { version {
      annualCaps { percent } minimumCredit { amount }
      term(slug: "a") { credits { percent } scheme consequences filed } } } } }"""
    version = client.ask(query)["estate"]["agreement"]["version"]
    assert version == {
        "annualCaps": [{"percent": 25.0}],
        "minimumCredit": {"amount": "5.00"},
        "term": {
            "credits": [],
            "scheme": {"published": "twilio"},
            "consequences": {
                "bonus": [{"above": "99.99%", "through": "100%", "percent": "2"}],
                "earnBack": {"periods": 1, "expires": 2},
            },
            "filed": {},
        },
    }
