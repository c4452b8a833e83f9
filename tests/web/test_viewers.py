"""What customers and suppliers see: agreements of their own, and nothing that is not theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import graphql
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings

from orchestrator.config import Config
from orchestrator.engine.content import content_hash
from orchestrator.engine.viewing import as_seen_by
from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import read_estate
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate
from orchestrator.web.app import create_app
from orchestrator.web.schema import graphql_schema
from orchestrator.web.viewers import read_viewers
from tests.strategies import estates
from tests.web.conftest import operation

ESTATE = """apiVersion: orchestrator/v1
kind: Estate
metadata: {name: shown, home: [us], currency: EUR, timezone: UTC, x-note: secret-note}
calendars:
  - {id: office, timezone: UTC, weekly: {mon-fri: ["08:00-18:00"]}}
  - {id: secret-hours, timezone: UTC, weekly: {mon-fri: ["06:00-20:00"]}}
parties:
  - {id: us, name: Us}
  - {id: secret-team, parent: us, kind: team}
  - {id: host, name: Host}
  - {id: hosts-desk, parent: host, kind: team}
  - {id: shop, name: Shop}
  - {id: rival, name: Rival}
services:
  - {id: servers, owner: host}
  - {id: web, owner: secret-team, requires: servers, x-note: secret-note}
agreements:
  - id: shop-sla
    kind: SLA
    provider: us
    customer: shop
    covers: [web]
    fee: {amount: "1000.00", currency: EUR, per: month}
    versions:
      - effective: {from: 2026-01-01, to: 2027-01-01}
        terms:
          - {id: availability, metric: availability, target: "99.5%",
             credits: [{below: "99.5%", percent: "10"}]}
          - id: resolution
            metric: resolution_time
            target: {share: "90%", within: 6h}
            internalTarget: {share: "90%", within: 4h}
            hours: office
            x-note: secret-note
        x-note: secret-note
      - effective: {from: 2027-01-01}
        state: draft
        terms: [{id: secret-draft, metric: availability, target: "99.9%"}]
  - {id: rival-sla, kind: SLA, provider: us, customer: rival, covers: [web],
     terms: [{id: availability, metric: availability, target: "99.7%", hours: secret-hours}]}
  - {id: host-uc, kind: UC, provider: host, customer: us, covers: [servers],
     fee: {amount: "500.00", currency: EUR, per: month},
     terms: [{id: availability, metric: availability, target: "99.9%",
              credits: [{below: "99.9%", percent: "10"}]}]}
  - {id: team-ola, kind: OLA, provider: secret-team, customer: us,
     covers: [{service: web, scope: own}],
     terms: [{id: availability, metric: availability, target: "99.9%", hours: secret-hours}]}
"""
FACTS = """apiVersion: orchestrator/v1
kind: Facts
outages:
  - {id: o-host, service: servers, from: 2026-04-03T10:00:00Z, to: 2026-04-03T16:00:00Z}
  - {id: o-secret, service: web, part: own, from: 2026-04-08T10:00:00Z, to: 2026-04-08T12:00:00Z}
"""
PARTIES = {"boss-key": "*", "shop-key": "shop", "host-key": "hosts-desk", "stranger": "nobody"}

EVERYTHING = """query {
  estate(at: "2026-04-10T00:00:00Z") {
    name filed home { slug }
    parties { totalCount nodes { slug name parent { slug } } }
    services { totalCount nodes { slug owner { slug } filed requirement
      dependencies { nodes { slug } } } }
    calendars { nodes { slug } }
    agreements { totalCount nodes { id slug versions { number state filed provider { slug }
      customer { slug } contentHash
      terms { slug targetText internalTargetText internalTargetValue { text } filed } } } }
    findings { totalCount nodes { code message } }
  }
  derivations(period: "2026-04") { totalCount nodes { floor } }
  assessmentRun(period: "2026-04") {
    assessments { totalCount nodes { id agreement term attained status } }
    breaches { nodes { id agreement responsibility { party service agreement evidenceIds
      evidence { __typename } } borneBy { party basis } } }
    credits { nodes { id agreement amount } }
    exposures { totalCount nodes { id owed } }
    findings { totalCount nodes { message } }
  }
  replayShadow(agreement: "shop-sla", version: 1, period: "2026-04") { breaches }
  publishableTarget(agreement: "shop-sla", version: 1, term: "availability", periods: 1) { target }
  deadlines(period: "2026") { agreement summary }
  claims { totalCount nodes { id agreement state } }
  ledger {
    closedUntil
    entries { totalCount nodes { agreement debtor creditor } }
    balances { totalCount nodes { party agreement } }
    waiting { totalCount nodes { agreement } }
  }
  evidencePack(agreement: "shop-sla", period: "2026-04") { hash }
  scorecard(period: "2026-04", by: CUSTOMER) { scores { subject } }
  statements(period: "2026-04") { totalCount nodes { agreement provider customer
    figures { payable { amount } pending { amount } lost { amount } }
    lines { items { term booked { amount } claim was { amount } waits { amount } } } } }
}"""


@pytest.fixture
def ask(url: str, tmp_path: Path) -> Any:
    """Asks a server with keys as whoever has one; the answer with its status."""
    keys = tmp_path / "keys"
    lines = [
        f"{party} {hashlib.sha256(key.encode()).hexdigest()}" for key, party in PARTIES.items()
    ]
    keys.write_text("\n".join(["# who may ask", "", *lines]), "utf-8")
    app = create_app(Config(database_url=url, keys=str(keys)))
    http: FlaskClient = app.test_client()

    def send(key: str, query: str, **variables: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        response = http.post(
            "/graphql", json={"query": query, "variables": variables}, headers=headers
        )
        return response.status_code, response.get_json()

    for name, sent in (
        ("import-estate", {"document": ESTATE}),
        ("record-facts", {"document": FACTS}),
        ("assess-period", {"period": "2026-04"}),
    ):
        status, answer = send("boss-key", operation(name), input=sent)
        assert status == 200
        (payload,) = answer["data"].values()
        assert payload["userErrors"] == []
    yield send
    app.extensions["orchestrator"].database.close()


Ask = Callable[..., tuple[int, Any]]


def seen(ask: Ask, key: str) -> Mapping[str, Any]:
    status, answer = ask(key, EVERYTHING)
    assert status == 200
    assert "errors" not in answer, answer["errors"]
    data: Mapping[str, Any] = answer["data"]
    return data


def slugs(found: Any) -> list[str]:
    return [one["slug"] for one in found["nodes"]]


def test_the_operator_sees_all_there_is(ask: Ask) -> None:
    found = seen(ask, "boss-key")
    assert slugs(found["estate"]["agreements"]) == ["host-uc", "rival-sla", "shop-sla", "team-ola"]
    terms = found["estate"]["agreements"]["nodes"][2]["versions"][0]["terms"]
    assert terms[1]["internalTargetText"] == "90% within 4h"
    assert found["derivations"]["totalCount"] > 0
    assert found["assessmentRun"]["exposures"]["totalCount"] > 0
    assert [one["agreement"] for one in found["claims"]["nodes"]] == ["host-uc"]
    booked = found["ledger"]["entries"]["nodes"]
    assert [one["agreement"] for one in booked] == ["host-uc", "shop-sla"]
    assert found["evidencePack"] is not None
    assert [one["subject"] for one in found["scorecard"]["scores"]] == ["rival", "shop"]
    assert "secret" in str(found)


def test_a_customer_sees_its_own_agreement_and_never_the_internal_target(ask: Ask) -> None:
    found = seen(ask, "shop-key")
    for hidden in ("secret", "rival", "host", "servers", "4h"):
        assert hidden not in str(found), hidden
    estate = found["estate"]
    assert slugs(estate["agreements"]) == ["shop-sla"]
    assert estate["agreements"]["totalCount"] == 1
    (version,) = estate["agreements"]["nodes"][0]["versions"]
    assert [term["targetText"] for term in version["terms"]] == ["99.5%", "90% within 6h"]
    assert {term["internalTargetText"] for term in version["terms"]} == {None}
    assert {str(term["internalTargetValue"]) for term in version["terms"]} == {"None"}
    assert slugs(estate["services"]) == ["web"]
    assert estate["services"]["nodes"][0]["owner"] is None
    assert slugs(estate["parties"]) == ["shop", "us"]
    assert slugs(estate["calendars"]) == ["office"]
    run = found["assessmentRun"]
    assert [one["agreement"] for one in run["assessments"]["nodes"]] == ["shop-sla", "shop-sla"]
    assert [one["agreement"] for one in run["breaches"]["nodes"]] == ["shop-sla"]
    assert run["breaches"]["nodes"][0]["responsibility"] == []
    assert [(one["agreement"], one["amount"]) for one in run["credits"]["nodes"]] == [
        ("shop-sla", "100.00")
    ]
    nothing = {"totalCount": 0, "nodes": []}
    assert run["exposures"] == run["findings"] == estate["findings"] == nothing
    assert found["derivations"] == nothing
    assert (found["replayShadow"], found["publishableTarget"]) == (None, None)
    assert found["claims"] == nothing
    assert (found["evidencePack"], found["scorecard"]) == (None, None)
    books = found["ledger"]
    assert [one["agreement"] for one in books["entries"]["nodes"]] == ["shop-sla"]
    assert [(one["party"], one["agreement"]) for one in books["balances"]["nodes"]] == [
        ("shop", "shop-sla"),
        ("us", "shop-sla"),
    ]
    assert (books["waiting"], books["closedUntil"]) == (nothing, None)


def test_a_supplier_sees_its_own_contract_and_its_own_part(ask: Ask) -> None:
    found = seen(ask, "host-key")
    for hidden in ("secret", "rival", "shop", "web"):
        assert hidden not in str(found), hidden
    assert slugs(found["estate"]["agreements"]) == ["host-uc"]
    (breach,) = found["assessmentRun"]["breaches"]["nodes"]
    (part,) = breach["responsibility"]
    assert (part["party"], part["evidenceIds"]) == ("host", ["o-host"])
    assert part["evidence"] == [{"__typename": "Outage"}]
    # What is drafted has not been put to it yet.
    assert found["claims"] == {"totalCount": 0, "nodes": []}
    assert [one["agreement"] for one in found["ledger"]["entries"]["nodes"]] == ["host-uc"]


def test_a_supplier_sees_a_claim_once_it_is_made(ask: Ask) -> None:
    (drafted,) = seen(ask, "boss-key")["claims"]["nodes"]
    asked = "query($id: ID!) { node(id: $id) { ... on Claim { state } } }"
    assert ask("host-key", asked, id=drafted["id"])[1]["data"]["node"] is None
    sent = {"claim": drafted["id"], "event": "SUBMIT", "by": "us"}
    _, answer = ask("boss-key", operation("move-claim"), input=sent)
    assert answer["data"]["moveClaim"]["userErrors"] == []
    for key, there in (("host-key", {"state": "SUBMITTED"}), ("shop-key", None)):
        assert ask(key, asked, id=drafted["id"])[1]["data"]["node"] == there
    (made,) = seen(ask, "host-key")["claims"]["nodes"]
    assert (made["agreement"], made["state"]) == ("host-uc", "SUBMITTED")


def accounts(ask: Ask, key: str) -> list[tuple[str, str, str, list[tuple[str, str | None]]]]:
    """What is stated to who has a key: agreement, payable, pending, and what is booked with the
    claim for it."""
    found = seen(ask, key)["statements"]
    assert found["totalCount"] == len(found["nodes"])
    return [
        (
            one["agreement"],
            one["figures"]["payable"]["amount"],
            one["figures"]["pending"]["amount"],
            [
                (item["booked"]["amount"], item["claim"])
                for line in one["lines"]
                for item in line["items"]
            ],
        )
        for one in found["nodes"]
    ]


def test_each_side_sees_its_own_account_and_no_claim_before_it_is_made(ask: Ask) -> None:
    """100.00 of 1,000.00 goes to the shop; 50.00 of 500.00 is to be claimed of the host."""
    shop = ("shop-sla", "900.00", "0.00", [("100.00", None)])
    assert accounts(ask, "boss-key") == [
        ("host-uc", "500.00", "50.00", [("50.00", "DRAFTED")]),
        shop,
    ]
    assert accounts(ask, "shop-key") == [shop]
    assert accounts(ask, "host-key") == [("host-uc", "500.00", "0.00", [])]
    assert accounts(ask, "stranger") == []
    (drafted,) = seen(ask, "boss-key")["claims"]["nodes"]
    for event, by, payable, pending, state in (
        ("SUBMIT", "us", "500.00", "50.00", "SUBMITTED"),
        ("ACCEPT", "host", "450.00", "0.00", "ACCEPTED"),
    ):
        sent = {"claim": drafted["id"], "event": event, "by": by}
        _, answer = ask("boss-key", operation("move-claim"), input=sent)
        assert answer["data"]["moveClaim"]["userErrors"] == []
        stated = ("host-uc", payable, pending, [("50.00", state)])
        assert accounts(ask, "host-key") == [stated]
        assert accounts(ask, "boss-key") == [stated, shop]


def test_who_is_no_party_of_anything_sees_nothing(ask: Ask) -> None:
    found = seen(ask, "stranger")
    assert [found["estate"][name]["nodes"] for name in ("agreements", "services", "parties")] == [
        [],
        [],
        [],
    ]
    assert found["assessmentRun"]["assessments"]["totalCount"] == 0


def test_what_is_not_seen_is_not_there_by_its_id_either(ask: Ask) -> None:
    found = seen(ask, "boss-key")
    ids = [one["id"] for one in found["estate"]["agreements"]["nodes"]]
    run = found["assessmentRun"]
    ids += [
        one["id"] for part in ("assessments", "credits", "exposures") for one in run[part]["nodes"]
    ]
    query = "query($id: ID!) { node(id: $id) { __typename } }"
    there = [ask("shop-key", query, id=id)[1] for id in ids]
    assert all("errors" not in answer for answer in there)
    kinds = [answer["data"]["node"]["__typename"] for answer in there if answer["data"]["node"]]
    assert sorted(kinds) == ["Agreement", "Assessment", "Assessment", "Credit"]


def test_what_a_customer_accepted_has_the_same_hash_for_both_sides(ask: Ask) -> None:
    shown = [
        {
            one["contentHash"]
            for agreement in seen(ask, key)["estate"]["agreements"]["nodes"]
            if agreement["slug"] == "shop-sla"
            for one in agreement["versions"]
            if one["number"] == 1
        }
        for key in ("boss-key", "shop-key")
    ]
    assert shown[0] == shown[1]
    assert len(shown[0]) == 1


def test_what_a_contract_allows_is_told_to_its_parties(ask: Ask) -> None:
    query = """query($id: String!) {
      remedyAdmission(agreement: $id, version: 1, sought: {remedy: DAMAGES}) { admissible }
      indemnity(agreement: $id, loss: {amount: "10.00", currency: "EUR"}) { exposed }
    }"""
    for key in ("boss-key", "host-key"):
        answer = ask(key, query, id="host-uc")[1]
        assert answer["data"]["remedyAdmission"] == {"admissible": True}
    # For others it is as if there were none.
    for id in ("host-uc", "nothing-such"):
        answer = ask("shop-key", query, id=id)[1]
        assert answer["data"] == {"remedyAdmission": None, "indemnity": None}
        assert {one["extensions"]["code"] for one in answer["errors"]} == {"UNKNOWN_REFERENCE"}


@pytest.mark.parametrize("key", ["", "wrong"])
def test_without_a_key_that_is_known_nothing_is_answered(ask: Ask, key: str) -> None:
    status, answer = ask(key, "{ estate { name } }")
    assert (status, answer["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert "data" not in answer


def test_a_party_changes_nothing(ask: Ask) -> None:
    document = operation("record-facts")
    status, answer = ask("shop-key", document, input={"document": FACTS.replace("o-host", "new")})
    assert (status, answer["errors"][0]["extensions"]["code"]) == (403, "READ_ONLY")
    assert "new" not in str(seen(ask, "boss-key"))


def test_what_is_withdrawn_is_for_those_who_record_it(ask: Ask) -> None:
    sent = {"kind": "OUTAGES", "ids": ["o-host"], "reason": "a false alarm"}
    assert ask("shop-key", operation("withdraw-facts"), input=sent)[0] == 403
    _, answer = ask("boss-key", operation("withdraw-facts"), input=sent)
    assert answer["data"]["withdrawFacts"]["withdrawn"] == 1
    for key, count in (("boss-key", 1), ("shop-key", 0), ("host-key", 0), ("stranger", 0)):
        found = ask(key, operation("withdrawals"))[1]["data"]["withdrawals"]
        assert (found["totalCount"], len(found["nodes"])) == (count, count)


def test_every_list_of_the_root_was_looked_at() -> None:
    """A further question has to be asked as a customer here before it is offered."""
    root = graphql_schema().query_type
    assert isinstance(root, graphql.GraphQLObjectType)
    assert set(root.fields) == {
        "node",
        "estate",
        "derivations",
        "assessmentRun",
        "assessmentRuns",
        "effectiveTerm",
        "deadlines",
        "replayShadow",
        "publishableTarget",
        "claims",
        "ledger",
        "evidencePack",
        "scorecard",
        "statements",
        "remedyAdmission",
        "indemnity",
        "withdrawals",
    }


@pytest.mark.parametrize(
    "line",
    ["shop", "shop abc", f"shop {'0' * 63}", f"shop {'0' * 64} more", f"shop {'G' * 64}"],
)
def test_a_line_that_is_no_key_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"# keys\n{line}\n", "utf-8")
    with pytest.raises(OrchestratorError) as error:
        read_viewers(str(keys))
    assert [(one.code, one.line) for one in error.value.problems] == [("BAD_SETTING", 2)]


def test_one_key_is_of_one_party(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"shop {'0' * 64}\nhost {'0' * 64}\n", "utf-8")
    with pytest.raises(OrchestratorError):
        read_viewers(str(keys))
    with pytest.raises(OrchestratorError):
        read_viewers(str(tmp_path / "none"))


DRAWN = estates()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DRAWN)
def test_to_see_twice_is_to_see_once_and_hashes_stay(estate: Estate) -> None:
    for party in [*estate.parties][:3]:
        found = as_seen_by(estate, party)
        assert as_seen_by(found, party) == found
        for id, versions in found.agreements.items():
            whole = {one.number: one for one in estate.agreements[id]}
            for version in versions:
                assert content_hash(Contract.of(version)) == content_hash(
                    Contract.of(whole[version.number])
                )


def test_before_a_draft_is_put_to_a_customer_it_is_its_providers() -> None:
    estate = read_estate(ESTATE).estate
    assert len(as_seen_by(estate, "us").agreements["shop-sla"]) == 2
    assert len(as_seen_by(estate, "secret-team").agreements["shop-sla"]) == 2
    assert len(as_seen_by(estate, "shop").agreements["shop-sla"]) == 1
