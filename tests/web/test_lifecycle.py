"""The life of agreements over GraphQL: from a proposal to what binds, and what is refused."""

from __future__ import annotations

from typing import Any

import icalendar
import pytest

from tests.web.conftest import Client

ESTATE = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: small, home: [us], timezone: UTC}
templates:
  - id: gold
    version: 1
    kind: UC
    parameters: [{name: level, low: "99.5%", high: "99.95%"}]
    terms: [{id: availability, metric: availability, target: "99.9%"}]
    slots: [{term: availability, fills: target, parameter: level}]
parties: [{id: us}, {id: vendor}, {id: shop}]
services: [{id: db, owner: vendor}]
agreements:
  - id: house-rules
    kind: UC
    provider: vendor
    customer: us
    covers: [db]
    scope: service_based
    effective: {from: 2020-01-01}
    terms: [{id: availability, metric: availability, target: "99.0%"}]
    reviews: [{id: yearly, rule: FREQ=YEARLY, from: 2020-02-01T10:00:00Z, subject: everything}]
    notice: {period: 1 month}
    renewal: {initial: 1 year, period: 1 year}
"""
DRAFT = """
id: db-uc
kind: UC
provider: vendor
customer: us
covers: [db]
state: in_force
acceptances: [{party: us, at: 2026-01-01}]
effective: {from: 2020-01-01, to: 2090-01-01}
fee: {amount: "1000.00", currency: EUR, per: month}
terms:
  - id: availability
    metric: availability
    target: "99.9%"
    credits: [{below: "99.9%", percent: "10"}]
"""
FACTS = """
apiVersion: orchestrator/v1
kind: Facts
outages:
  - {id: o-1, service: db, from: 2026-04-03T10:00:00Z, to: 2026-04-03T13:00:00Z}
"""


@pytest.fixture
def small(client: Client) -> Client:
    for name, document in (("import-estate", ESTATE), ("record-facts", FACTS)):
        (payload,) = client.run(name, input={"document": document}).values()
        assert payload["userErrors"] == []
    return client


def change(client: Client, name: str, **sent: Any) -> dict[str, Any]:
    """What a change answers; `agreement` is the draft's unless said."""
    (payload,) = client.run(name, input={"agreement": "db-uc", **sent}).values()
    found: dict[str, Any] = payload
    return found


def done(client: Client, name: str, **sent: Any) -> dict[str, Any]:
    payload = change(client, name, **sent)
    assert payload["userErrors"] == []
    return payload


def refused(client: Client, name: str, **sent: Any) -> list[tuple[str, str]]:
    payload = change(client, name, **sent)
    assert (payload["revision"], payload["version"], payload["agreement"]) == (None, None, None)
    return [(error["field"][1], error["code"]) for error in payload["userErrors"]]


def proposed(client: Client) -> str:
    """The draft proposed and opened to talks; its content hash."""
    done(client, "propose-version", document=DRAFT)
    payload = done(client, "move-agreement", version=1, event="PROPOSE", by="vendor")
    content: str = payload["version"]["contentHash"]
    return content


def credits(client: Client) -> list[str]:
    """Who owes for April by what is in force, without booking it."""
    answer = client.ask(
        """mutation { assessPeriod(input: {period: "2026-04", dryRun: true}) {
        run { credits(first: 9) { nodes { agreement } } } } }"""
    )
    nodes = answer["assessPeriod"]["run"]["credits"]["nodes"]
    return [node["agreement"] for node in nodes]


def test_a_proposal_is_a_draft_whatever_its_document_says(small: Client) -> None:
    version = done(small, "propose-version", document=DRAFT)["version"]
    assert (version["state"], version["notAcceptedBy"]) == ("DRAFT", ["vendor", "us"])
    assert version["moves"] == ["PROPOSE", "SHADOW", "ABANDON"]
    assert credits(small) == []


def test_it_binds_only_by_its_moves_and_every_acceptance(small: Client) -> None:
    content = proposed(small)
    agree = {"version": 1, "event": "AGREE", "by": "us"}
    assert refused(small, "move-agreement", **agree) == [("event", "ACCEPTANCE_MISSING")]
    begin = {"version": 1, "event": "BEGIN", "by": "us"}
    assert refused(small, "move-agreement", **begin) == [("event", "ILLEGAL_MOVE")]
    for party in ("vendor", "us"):
        payload = done(small, "accept-version", version=1, party=party, content=content)
    assert payload["version"]["notAcceptedBy"] == []
    done(small, "move-agreement", **agree)
    assert credits(small) == []
    assert done(small, "move-agreement", **begin)["version"]["state"] == "IN_FORCE"
    assert credits(small) == ["db-uc"]


def test_another_text_than_was_read_is_not_accepted(small: Client) -> None:
    proposed(small)
    wrong = {"version": 1, "party": "us", "content": "0" * 64}
    assert refused(small, "accept-version", **wrong) == [("content", "CONTENT_DIFFERS")]
    assert refused(small, "accept-version", **wrong | {"party": "shop"}) == [
        ("party", "NOT_ENTITLED")
    ]


def test_what_changed_since_is_refused_and_a_dry_run_changes_nothing(small: Client) -> None:
    tag = done(small, "propose-version", document=DRAFT)["agreement"]["tag"]
    move = {"version": 1, "event": "PROPOSE", "by": "us", "expectedVersion": tag}
    tried = done(small, "move-agreement", **move, dryRun=True)
    assert (tried["agreement"], tried["version"]["state"]) == (None, "NEGOTIATING")
    first = done(small, "move-agreement", **move, idempotencyKey="k")
    assert first["agreement"]["tag"] != tag
    assert done(small, "move-agreement", **move, idempotencyKey="k") == first
    assert refused(small, "move-agreement", **move) == [("expectedVersion", "STALE_VERSION")]


def test_minutes_become_terms_only_with_their_quorum(small: Client) -> None:
    proposed(small)
    minutes = """{id: m-1, at: 2026-05-01T10:00:00Z, quorum: [chair], attendees: [%s],
      resolutions:
        [{id: r-1, draft: {id: availability, metric: availability, target: "99.5%%"}}]}"""
    done(small, "record-minutes", version=1, document=minutes % "")
    assert refused(small, "draft-from-minutes", version=1) == [("version", "NO_QUORUM")]
    done(small, "record-minutes", version=1, document=minutes % "{role: chair, party: us}")
    done(small, "draft-from-minutes", version=1)
    answer = small.run("agreement", slug="db-uc")["estate"]["agreement"]
    (version,) = answer["versions"]
    assert [term["targetText"] for term in version["terms"]] == ["99.5%"]
    assert [one["id"] for one in version["provisions"]["meetings"]] == ["m-1"]


def test_a_template_is_filled_within_its_ranges(small: Client) -> None:
    sent = {
        "agreement": "gold-uc",
        "template": "gold",
        "provider": "vendor",
        "customer": "us",
        "covers": ["db"],
        "arguments": [{"parameter": "level", "value": "99.99%"}],
    }
    assert refused(small, "instantiate-template", **sent) == [
        ("template", "PARAMETER_OUT_OF_RANGE")
    ]
    sent["arguments"] = [{"parameter": "level", "value": "99.7%"}]
    assert done(small, "instantiate-template", **sent)["version"]["state"] == "DRAFT"


def test_an_override_is_recorded_with_its_reason(small: Client) -> None:
    proposed(small)
    sent = {"version": 1, "term": "availability", "by": "cfo"}
    assert refused(small, "record-override", **sent, reason=" ") == [("reason", "NO_REASON")]
    done(small, "record-override", **sent, reason="strategic")


def test_a_draft_is_replayed_over_what_was_recorded(small: Client) -> None:
    """Three hours of April are 0.4167 %: one breach, a tenth of the fee."""
    done(small, "propose-version", document=DRAFT)
    answer = small.run(
        "shadow",
        agreement="db-uc",
        version=1,
        period="2026-03-01/2026-06-01",
        term="availability",
        periods=2,
        margin="0.1%",
    )
    found = answer["replayShadow"]
    assert [one["breaches"] for one in found] == [0, 1, 0]
    assert found[1]["credits"] == [
        {
            "term": "availability",
            "service": "db",
            "amount": {"amount": "100.00", "currency": "EUR"},
        }
    ]
    assert answer["publishableTarget"] == {
        "target": 0.999,
        "targetText": "99.9%",
        "attained": [1.0, 1.0],
    }


def test_the_nearer_term_holds(small: Client) -> None:
    content = proposed(small)
    asked = {"customer": "us", "service": "db", "metric": "AVAILABILITY"}
    before = small.run("effective-term", **asked)["effectiveTerm"]
    assert before["version"]["agreement"]["slug"] == "house-rules"
    for party in ("vendor", "us"):
        done(small, "accept-version", version=1, party=party, content=content)
    for event in ("AGREE", "BEGIN"):
        done(small, "move-agreement", version=1, event=event, by="us")
    after = small.run("effective-term", **asked)["effectiveTerm"]
    assert after["version"]["agreement"]["slug"] == "db-uc"
    assert after["overridden"] == ["house-rules/availability"]
    assert small.run("effective-term", **asked | {"customer": "shop"})["effectiveTerm"] is not None
    assert small.run("effective-term", **asked | {"metric": "LATENCY"}) == {"effectiveTerm": None}


def test_deadlines_are_told_in_order_and_as_a_calendar(small: Client) -> None:
    found = small.run("deadlines", period="2027")["deadlines"]
    assert [(one["kind"], one["at"][:10]) for one in found] == [
        ("RENEWAL", "2027-01-01"),
        ("REVIEW", "2027-02-01"),
        ("NOTICE", "2027-12-01"),
    ]
    response = small.http.get("/deadlines.ics")
    assert response.content_type == "text/calendar; charset=utf-8"
    events = icalendar.Calendar.from_ical(response.get_data()).walk("VEVENT")
    assert {str(one["CATEGORIES"].cats[0]) for one in events} >= {"review", "renewal"}
