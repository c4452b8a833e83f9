"""Claims over GraphQL: drafted as a period is assessed, moved by the table, booked when lost."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.store.database import Database
from orchestrator.store.read import audit_lines
from tests.web.conftest import Client

ESTATE = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: small, home: [us], currency: EUR, timezone: UTC}
parties: [{id: us}, {id: vendor}, {id: shop}]
services: [{id: db, owner: vendor}, {id: web, owner: us, requires: db}]
agreements:
  - id: sla
    kind: SLA
    provider: us
    customer: shop
    covers: [web]
    effective: {from: 2020-01-01}
    fee: {amount: "1000.00", currency: EUR, per: month}
    terms:
      - id: availability
        metric: availability
        target: "99.9%"
        credits: [{below: "99.9%", percent: "50"}]
  - id: uc
    kind: UC
    provider: vendor
    customer: us
    covers: [db]
    effective: {from: 2020-01-01}
    fee: {amount: "1000.00", currency: EUR, per: month}
    claims: {within: 2 months}
    terms:
      - id: availability
        metric: availability
        target: "99.9%"
        credits: [{below: "99.9%", percent: "20"}]
"""
FACTS = """
apiVersion: orchestrator/v1
kind: Facts
outages:
  - {id: o-1, service: db, from: 2020-04-03T10:00:00Z, to: 2020-04-03T13:00:00Z}
  - {id: o-2, service: db, from: 2020-05-03T10:00:00Z, to: 2020-05-03T13:00:00Z}
"""


@pytest.fixture
def assessed(client: Client) -> Client:
    """April and May of 2020 assessed, with a claim for each."""
    for name, sent in (
        ("import-estate", {"document": ESTATE}),
        ("record-facts", {"document": FACTS}),
        ("assess-period", {"period": "2020-04"}),
        ("assess-period", {"period": "2020-05"}),
    ):
        (payload,) = client.run(name, input=sent).values()
        assert payload["userErrors"] == []
    return client


def held(client: Client, **variables: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.run("claims", **variables)["claims"]["nodes"]
    return found


def move(client: Client, claim: dict[str, Any], event: str, **sent: Any) -> dict[str, Any]:
    answer = client.run("move-claim", input={"claim": claim["id"], "event": event, **sent})
    found: dict[str, Any] = answer["moveClaim"]
    return found


def actions(client: Client) -> list[str]:
    database: Database = client.site.database
    with database.read() as session:
        return [line.action for line in audit_lines(session, client.site.tenant)]


def waterfall(client: Client, period: str) -> dict[str, str]:
    answer = client.run("exposures", period=period)
    (exposure,) = answer["assessmentRun"]["exposures"]["nodes"]
    return {one["step"]: one["amount"] for one in exposure["waterfall"]}


def test_a_claim_is_drafted_for_what_somebody_outside_owes_and_for_nothing_else(
    assessed: Client,
) -> None:
    april, may = held(assessed)
    assert april["period"]["from"] == "2020-04-01T00:00:00Z"
    assert (april["deadline"], may["deadline"]) == ("2020-07-01T00:00:00Z", "2020-08-01T00:00:00Z")
    assert april["amount"] == {"amount": "200.00", "currency": "EUR"}
    assert (april["agreement"], april["respondent"], april["state"]) == ("uc", "vendor", "DRAFTED")
    assert april["evidenceIds"] == ["o-1"]
    # It was drafted long after its deadline: nobody says that it was not made.
    assert april["overdue"] is True
    assert waterfall(assessed, "2020-04")["CLAIM_LAPSED"] == "0.00"
    assert waterfall(assessed, "2020-04")["RECOVERED"] == "200.00"


def test_to_assess_again_changes_nothing(assessed: Client) -> None:
    before, lines = held(assessed), actions(assessed)
    assessed.run("assess-period", input={"period": "2020-04"})
    assert held(assessed) == before
    assert actions(assessed) == lines


def test_a_claim_goes_through_its_moves_and_each_is_an_audit_line(assessed: Client) -> None:
    april, may = held(assessed)
    before = len(actions(assessed))
    for event, sent in (
        ("SUBMIT", {"by": "us", "at": "2020-07-01T00:00:00Z"}),
        ("DISPUTE", {"by": "vendor", "at": "2020-07-02T00:00:00Z", "reason": "not down"}),
        (
            "ACCEPT",
            {
                "by": "vendor",
                "at": "2020-07-03T00:00:00Z",
                "accepted": {"amount": "150.00", "currency": "EUR"},
            },
        ),
        ("SETTLE", {"by": "us", "at": "2020-07-04T00:00:00Z"}),
    ):
        payload = move(assessed, april, event, **sent)
        assert payload["userErrors"] == []
    assert payload["claim"]["state"] == "SETTLED"
    assert payload["claim"]["accepted"] == {"amount": "150.00", "currency": "EUR"}
    assert [one["event"] for one in payload["claim"]["history"]] == [
        "SUBMIT",
        "DISPUTE",
        "ACCEPT",
        "SETTLE",
    ]
    assert actions(assessed)[before:] == ["move_claim"] * 4
    assert [one["id"] for one in held(assessed, states=["DRAFTED"])] == [may["id"]]
    # 150 of 200 came back, and the rest is no longer to be had.
    assessed.run("assess-period", input={"period": "2020-04"})
    steps = waterfall(assessed, "2020-04")
    assert (steps["CLAIM_LAPSED"], steps["RECOVERED"]) == ("50.00", "150.00")
    assert waterfall(assessed, "2020-05")["RECOVERED"] == "200.00"


def test_a_claim_that_has_lapsed_brings_nothing(assessed: Client) -> None:
    april, _ = held(assessed)
    assert move(assessed, april, "LAPSE")["claim"]["state"] == "LAPSED"
    assessed.run("assess-period", input={"period": "2020-Q2"})
    assessed.run("assess-period", input={"period": "2020-04"})
    steps = waterfall(assessed, "2020-04")
    assert (steps["CLAIM_LAPSED"], steps["RECOVERED"]) == ("200.00", "0.00")
    assert [one["state"] for one in held(assessed)] == ["LAPSED", "DRAFTED"]


@pytest.mark.parametrize(
    ("event", "sent", "code", "field"),
    [
        ("ACCEPT", {"by": "vendor"}, "ILLEGAL_MOVE", "claim"),
        ("SUBMIT", {"by": "vendor", "at": "2020-06-01T00:00:00Z"}, "NOT_ENTITLED", "claim"),
        ("SUBMIT", {"by": "us"}, "CLAIM_TOO_LATE", "claim"),
        ("SUBMIT", {"by": "us", "at": "2020-04-30T00:00:00Z"}, "CHANGED_HISTORY", "claim"),
        ("SUBMIT", {"by": "us", "at": "2999-01-01T00:00:00Z"}, "CHANGED_HISTORY", "claim"),
        ("SUBMIT", {"by": "us", "expectedVersion": "else"}, "STALE_VERSION", "expectedVersion"),
    ],
)
def test_a_move_that_is_not_legal_is_refused_and_changes_nothing(
    assessed: Client, event: str, sent: dict[str, Any], code: str, field: str
) -> None:
    before, lines = held(assessed), actions(assessed)
    payload = move(assessed, before[0], event, **sent)
    assert payload["claim"] is None
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [
        (code, ["input", field])
    ]
    assert held(assessed) == before
    assert actions(assessed) == lines


def test_a_move_is_tried_and_repeated_like_every_change(assessed: Client) -> None:
    april, _ = held(assessed)
    sent = {"by": "us", "at": "2020-06-01T00:00:00Z", "expectedVersion": april["tag"]}
    tried = move(assessed, april, "SUBMIT", dryRun=True, **sent)
    assert tried["claim"]["state"] == "SUBMITTED"
    assert held(assessed)[0] == april
    first = move(assessed, april, "SUBMIT", idempotencyKey="once", **sent)
    lines = actions(assessed)
    assert move(assessed, april, "SUBMIT", idempotencyKey="once", **sent) == first
    assert actions(assessed) == lines
    other = move(assessed, april, "LAPSE", idempotencyKey="once")
    assert [one["code"] for one in other["userErrors"]] == ["IDEMPOTENCY_CONFLICT"]


def test_pages_of_claims_put_together_are_all_of_them(assessed: Client) -> None:
    page = assessed.run("claims", first=1)["claims"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (2, True)
    rest = assessed.run("claims", first=1, after=page["pageInfo"]["endCursor"])["claims"]
    assert [*page["nodes"], *rest["nodes"]] == held(assessed)
    assert rest["pageInfo"]["hasNextPage"] is False


def test_a_claim_is_found_by_its_id(assessed: Client) -> None:
    april, _ = held(assessed)
    query = "query ($id: ID!) { node(id: $id) { id ... on Claim { state claimant } } }"
    node = assessed.ask(query, id=april["id"])["node"]
    assert node == {"id": april["id"], "state": "DRAFTED", "claimant": "us"}
    assert assessed.ask(query, id=april["id"][:-4])["node"] is None


def test_a_scorecard_sums_what_is_booked_for_the_periods_within_a_span(assessed: Client) -> None:
    """April and May were assessed, each by itself, and the quarter was not."""
    supplier = assessed.run("scorecard", period="2020-Q2", by="SUPPLIER")["scorecard"]
    (row,) = supplier["scores"]
    assert (row["subject"], row["met"], row["breached"], row["breaches"]) == ("vendor", 0, 2, 2)
    assert row["sums"] == supplier["totals"]
    assert supplier["totals"][0]["receivable"] == "400.00"
    customer = assessed.run("scorecard", period="2020-Q2", by="CUSTOMER")["scorecard"]
    assert customer["totals"][0] == {
        "currency": "EUR",
        "owed": "1000.00",
        "recovered": "400.00",
        "net": "600.00",
        "receivable": "0.00",
        "earned": "0.00",
        "granted": "0.00",
    }
    ends = [one["period"]["to"] for one in customer["scores"][0]["periods"]]
    assert ends == ["2020-05-01T00:00:00Z", "2020-06-01T00:00:00Z"]
    assert assessed.run("scorecard", period="2021", by="TEAM")["scorecard"] is None


def test_what_lapses_by_an_instant_is_not_receivable_then_and_is_moved_as_it_is_on_record(
    client: Client,
) -> None:
    """Whatever day it is: the claim may be made for twenty years of 365 days after April 2020."""
    limited = ESTATE.replace("claims: {within: 2 months}", "claims: {within: 7300d}")
    assert limited != ESTATE
    client.run("import-estate", input={"document": limited})
    client.run("record-facts", input={"document": FACTS})
    client.run("assess-period", input={"period": "2020-04"})
    last, later = "2040-04-26T00:00:00Z", "2040-04-26T00:00:01Z"

    def receivable(**when: str) -> list[str]:
        found = client.run("scorecard", period="2020-04", by="SUPPLIER", **when)["scorecard"]
        return [one["receivable"] for one in found["totals"]]

    assert receivable() == receivable(at=last) == ["200.00"]
    assert receivable(at=later) == []
    query = "query($at: DateTime) { claims(at: $at) { nodes { id state tag } } }"
    (now, then, lapsed) = (
        client.ask(query, at=at)["claims"]["nodes"][0] for at in (None, last, later)
    )
    assert [one["state"] for one in (now, then, lapsed)] == ["DRAFTED", "DRAFTED", "LAPSED"]
    assert now["tag"] == then["tag"] == lapsed["tag"]
    sent = {"by": "us", "expectedVersion": lapsed["tag"]}
    moved = move(client, lapsed, "SUBMIT", **sent)
    assert (moved["userErrors"], moved["claim"]["state"]) == ([], "SUBMITTED")
    assert moved["claim"]["tag"] == held(client)[0]["tag"] != lapsed["tag"]
