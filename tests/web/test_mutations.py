"""Changes: what they answer, dry runs, repeated requests, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.store import audit
from tests.web.conftest import ESTATE, FACTS, Client


def change(client: Client, name: str, **sent: Any) -> dict[str, Any]:
    (payload,) = client.run(name, input=sent).values()
    found: dict[str, Any] = payload
    return found


def lines(client: Client) -> list[str]:
    """What the audit trail says was done."""
    with client.site.database.read() as session:
        return [line.action for line in audit.lines(session, client.site.tenant)]


def test_import(client: Client) -> None:
    payload = change(client, "import-estate", document=ESTATE, clientMutationId="m-1")
    assert payload["userErrors"] == []
    assert (payload["revision"], payload["changed"]) == (1, True)
    assert payload["changes"]["totalCount"] == 17
    assert payload["changes"]["nodes"][1] == {
        "list": "calendars",
        "slug": "office",
        "what": "ADDED",
    }
    assert payload["estate"] == {"revision": 1, "name": "beta-shop"}
    assert payload["clientMutationId"] == "m-1"
    again = change(client, "import-estate", document=ESTATE)
    assert (again["revision"], again["changed"]) == (1, False)
    assert lines(client) == ["import_estate"]


def test_a_dry_run_writes_nothing(client: Client) -> None:
    payload = change(client, "import-estate", document=ESTATE, dryRun=True)
    assert (payload["revision"], payload["changed"], payload["estate"]) == (1, True, None)
    assert client.ask("{ estate { revision } }") == {"estate": {"revision": 0}}
    client.load()
    payload = change(client, "record-facts", document=FACTS.replace("o-3", "o-4"), dryRun=True)
    assert (payload["accepted"], payload["repeated"]) == (1, 2)
    payload = change(client, "record-facts", document=FACTS.replace("o-3", "o-4"))
    assert (payload["accepted"], payload["repeated"]) == (1, 2)
    payload = change(client, "assess-period", period="2026-05", dryRun=True)
    assert (payload["changed"], payload["run"]["revision"]) == (True, 1)
    assert client.run("assessments", period="2026-05") == {"assessmentRun": None}
    assert lines(client) == ["import_estate", "record_facts", "assess_period", "record_facts"]


def test_a_dry_run_shows_the_whole_verdict(shop: Client) -> None:
    """All that a booked one shows, page by page, down to the evidence."""
    part = """period revision estateRevision
      assessments(first: 1, agreements: ["c1"]) { totalCount nodes { id agreement status }
        pageInfo { hasNextPage } }
      breaches { totalCount nodes { id agreement services { slug }
        responsibility { party evidence { slug } } } }
      credits { nodes { amount } } exposures { nodes { net } } findings { totalCount }"""
    dry = shop.ask(
        'mutation { assessPeriod(input: {period: "2026-04", dryRun: true}) '
        f"{{ changed run {{ recordedAt {part} }} }} }}"
    )["assessPeriod"]
    booked = shop.ask(f'{{ assessmentRun(period: "2026-04") {{ {part} }} }}')["assessmentRun"]
    assert dry["changed"] is False
    assert dry["run"].pop("recordedAt") is None
    assert dry["run"] == booked


def test_a_dry_run_is_paged_like_any_other(shop: Client) -> None:
    query = """mutation($after: String) { assessPeriod(input: {period: "2026-04", dryRun: true}) {
      run { breaches(first: 2, after: $after) { nodes { agreement }
        pageInfo { hasNextPage endCursor } }
        findings(first: 1) { pageInfo { hasNextPage } } } } }"""
    first = shop.ask(query)["assessPeriod"]["run"]["breaches"]
    rest = shop.ask(query, after=first["pageInfo"]["endCursor"])["assessPeriod"]["run"]["breaches"]
    assert [node["agreement"] for node in first["nodes"] + rest["nodes"]] == ["c1", "o1", "u1"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


def test_later_periods_that_differ_are_named(client: Client) -> None:
    estate = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {home: [us], currency: EUR}
parties: [{id: us}, {id: shop}]
services: [{id: web, owner: us}]
agreements:
  - {id: sla, kind: SLA, provider: us, customer: shop, covers: [web],
     fee: {amount: "1000.00"}, effective: {from: 2026-01-01},
     terms: [{id: availability, metric: availability, target: "99.9%",
       credits: [{below: "99.9%", percent: 10}],
       repeats: [{breaches: 2, periods: 2, factor: 2}]}]}
"""
    facts = """
apiVersion: orchestrator/v1
kind: Facts
outages: [{id: o-1, service: web, from: 2026-04-10T10:00:00Z, to: 2026-04-10T12:00:00Z}]
"""
    change(client, "import-estate", document=estate)
    change(client, "record-facts", document=facts)
    assert change(client, "assess-period", period="2026-03")["later"] == []
    assert change(client, "assess-period", period="2026-04")["later"] == []
    late = facts.replace("2026-04", "2026-03").replace("o-1", "o-2")
    change(client, "record-facts", document=late)
    expected = [
        {"period": "2026-04-01/2026-05-01", "revision": 2, "posted": 2, "waiting": 0},
    ]
    dry = change(client, "assess-period", period="2026-03", dryRun=True)
    done = change(client, "assess-period", period="2026-03", idempotencyKey="k")
    again = change(client, "assess-period", period="2026-03", idempotencyKey="k")
    assert dry["later"] == done["later"] == again["later"] == expected
    assert change(client, "assess-period", period="2026-03")["later"] == []


def test_a_key_stands_for_one_request(client: Client) -> None:
    first = change(client, "import-estate", document=ESTATE, idempotencyKey="k-1")
    assert change(client, "import-estate", document=ESTATE, idempotencyKey="k-1") == first
    other = ESTATE.replace("beta-shop", "gamma-shop")
    payload = change(client, "import-estate", document=other, idempotencyKey="k-1")
    (error,) = payload["userErrors"]
    assert (error["code"], error["field"]) == ("IDEMPOTENCY_CONFLICT", ["input", "idempotencyKey"])
    assert (payload["revision"], payload["changed"], payload["estate"]) == (None, False, None)
    facts = change(client, "record-facts", document=FACTS, idempotencyKey="k-2")
    assert facts["accepted"] == 3
    assert change(client, "record-facts", document=FACTS, idempotencyKey="k-2") == facts
    run = change(client, "assess-period", period="2026-04", idempotencyKey="k-3")
    assert run["changed"] is True
    assert change(client, "assess-period", period="2026-04", idempotencyKey="k-3") == run
    assert lines(client) == ["import_estate", "record_facts", "assess_period"]


def test_a_repeated_request_is_answered_as_then(shop: Client) -> None:
    """Also when the period has been assessed again since."""
    sent = {"period": "2026-05", "idempotencyKey": "k"}
    run = change(shop, "assess-period", **sent)
    assert run["run"]["breaches"]["totalCount"] == 0
    later = FACTS.replace("2026-04", "2026-05").replace("o-", "p-")
    change(shop, "record-facts", document=later)
    again = change(shop, "assess-period", period="2026-05")
    assert (again["run"]["revision"], again["run"]["breaches"]["totalCount"]) == (2, 3)
    assert change(shop, "assess-period", **sent) == run


@pytest.mark.parametrize("key", ["", "x" * 201, "a\0b", "two\nlines"])
def test_keys_have_bounds(client: Client, key: str) -> None:
    payload = change(client, "import-estate", document=ESTATE, idempotencyKey=key)
    (error,) = payload["userErrors"]
    assert (error["code"], error["field"]) == ("BAD_KEY", ["input", "idempotencyKey"])


def test_a_later_import_says_from_when(shop: Client) -> None:
    document = ESTATE.replace("name: Notifications", "name: Messages")
    payload = change(shop, "import-estate", document=document)
    (error,) = payload["userErrors"]
    assert (error["code"], error["field"]) == ("FROM_REQUIRED", ["input", "from"])
    sent = {"document": document, "from": "2026-09-01T00:00:00Z"}
    payload = change(shop, "import-estate", **sent)
    assert (payload["revision"], payload["userErrors"]) == (2, [])
    assert payload["changes"]["nodes"] == [
        {"list": "services", "slug": "notifications", "what": "CHANGED"}
    ]


def test_errors_of_a_document_have_their_place(client: Client) -> None:
    document = ESTATE.replace("owner: cloud-x", "owner: nobody").replace(
        'target: "99.95%"', "target: 5"
    )
    payload = change(client, "import-estate", document=document)
    assert payload["revision"] is None
    errors = payload["userErrors"]
    assert {error["code"] for error in errors} >= {"UNKNOWN_REFERENCE"}
    for error in errors:
        assert error["field"] == ["input", "document"]
        assert error["line"] > 0
        assert error["path"]
    (unknown,) = [error for error in errors if error["code"] == "UNKNOWN_REFERENCE"]
    assert unknown["path"] == "services[0].owner"
    assert document.splitlines()[unknown["line"] - 1].count("nobody") == 1


@pytest.mark.parametrize("document", ["", "{", "[" * 10_000, "a: *b", "apiVersion: v2", "\0", "5"])
def test_a_document_that_is_none(client: Client, document: str) -> None:
    for name in ("import-estate", "record-facts"):
        payload = change(client, name, document=document)
        assert payload["userErrors"]
        assert lines(client) == []


def test_facts_of_unknown_services_are_listed(shop: Client) -> None:
    document = FACTS.replace("{id: o-3, service: sms-y", "{id: o-9, service: nowhere")
    payload = change(shop, "record-facts", document=document)
    assert (payload["accepted"], payload["repeated"]) == (0, 2)
    (error,) = payload["userErrors"]
    assert error["code"] == "UNKNOWN_REFERENCE"
    assert error["path"] == "outages[o-9].service"


def test_corrections_are_counted(shop: Client) -> None:
    payload = change(shop, "record-facts", document=FACTS.replace("08:25:00Z", "08:26:00Z"))
    assert (payload["accepted"], payload["repeated"], payload["corrected"]) == (0, 2, 1)


def test_a_withdrawal_reverses_what_was_booked_and_is_undone_by_recording(shop: Client) -> None:
    sent = {"kind": "OUTAGES", "ids": ["o-1"], "reason": "a false alarm", "by": "noc"}
    dry = change(shop, "withdraw-facts", **sent, dryRun=True)
    assert (dry["withdrawn"], dry["repeated"], dry["userErrors"]) == (1, 0, [])
    assert change(shop, "withdraw-facts", **sent, idempotencyKey="k") == dry
    assert change(shop, "withdraw-facts", **sent, idempotencyKey="k") == dry
    again = change(shop, "withdraw-facts", **sent)
    assert (again["withdrawn"], again["repeated"]) == (0, 1)
    (listed,) = shop.run("withdrawals")["withdrawals"]["nodes"]
    at = listed.pop("at")
    assert listed == {
        "kind": "OUTAGES",
        "slug": "o-1",
        "service": "hosting",
        "by": "noc",
        "reason": "a false alarm",
    }
    for known, count in ((at, 1), ("2026-01-01T00:00:00Z", 0)):
        assert shop.run("withdrawals", knownAt=known)["withdrawals"]["totalCount"] == count
    posted = """mutation { assessPeriod(input: {period: "2026-04"}) { posted } }"""
    evidence = """{ assessmentRun(period: "2026-04") { breaches { nodes {
      responsibility { evidence { slug } } } } } }"""

    def shown() -> set[str]:
        nodes = shop.ask(evidence)["assessmentRun"]["breaches"]["nodes"]
        parts = [part for node in nodes for part in node["responsibility"]]
        return {fact["slug"] for part in parts for fact in part["evidence"]}

    # What was booked before shows the evidence that it was booked from.
    assert "o-1" in shown()
    assert shop.ask(posted)["assessPeriod"]["posted"] > 0
    assert "o-1" not in shown()
    told = change(shop, "record-facts", document=FACTS)
    assert (told["repeated"], told["corrected"], told["revived"]) == (3, 0, 0)
    told = change(shop, "record-facts", document=FACTS, revive=True)
    assert (told["repeated"], told["corrected"], told["revived"]) == (2, 1, 1)


def test_what_cannot_be_withdrawn_is_listed(shop: Client) -> None:
    def errors(**sent: Any) -> list[tuple[str, list[str]]]:
        found = change(shop, "withdraw-facts", kind="OUTAGES", **sent)["userErrors"]
        return [(one["code"], one["field"]) for one in found]

    ids = ["input", "ids"]
    assert errors(ids=["o-1", "x", "y"], reason="r") == [("UNKNOWN_REFERENCE", ids)] * 2
    assert errors(ids=["o-1"], reason="") == [("NO_REASON", ["input", "reason"])]
    assert lines(shop)[-1] != "withdraw_facts"
    assert shop.run("withdrawals")["withdrawals"]["nodes"] == []


def test_what_is_withdrawn_is_read_by_page(shop: Client) -> None:
    ids = ["o-3", "o-1", "o-2"]
    assert change(shop, "withdraw-facts", kind="OUTAGES", ids=ids, reason="r")["withdrawn"] == 3
    first = shop.run("withdrawals", first=2)["withdrawals"]
    rest = shop.run("withdrawals", first=2, after=first["pageInfo"]["endCursor"])["withdrawals"]
    assert [one["slug"] for one in first["nodes"] + rest["nodes"]] == ["o-1", "o-2", "o-3"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2026-13", "BAD_PERIOD"),
        ("9999", "BAD_PERIOD"),
        ("1000-01-01/2000-01-01", "PERIOD_TOO_LONG"),
    ],
)
def test_a_period_that_is_none(shop: Client, period: str, expected: str) -> None:
    payload = change(shop, "assess-period", period=period)
    (error,) = payload["userErrors"]
    assert (error["code"], error["field"]) == (expected, ["input", "period"])
    assert payload["run"] is None


def test_there_is_nothing_to_assess_without_an_estate(client: Client) -> None:
    payload = change(client, "assess-period", period="2026-04")
    assert [error["code"] for error in payload["userErrors"]] == ["NO_ESTATE"]


def test_several_changes_in_one_request_follow_one_another(client: Client) -> None:
    query = """mutation($estate: String!, $facts: String!) {
      importEstate(input: {document: $estate}) { estate { revision } userErrors { code } }
      recordFacts(input: {document: $facts}) { accepted userErrors { code } }
      assessPeriod(input: {period: "2026-04"}) { run { breaches { totalCount } } } }"""
    answer = client.ask(query, estate=ESTATE, facts=FACTS)
    assert answer["importEstate"]["estate"]["revision"] == 1
    assert answer["recordFacts"]["accepted"] == 3
    assert answer["assessPeriod"]["run"]["breaches"]["totalCount"] == 3


def test_what_is_wrong_with_the_database_is_no_user_error(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestrator.errors import refuse  # noqa: PLC0415

    def busy(*_: Any, **__: Any) -> None:
        raise refuse("DATABASE_BUSY", "others hold it")

    monkeypatch.setattr("orchestrator.web.mutations.record_facts", busy)
    answer = client.send(
        """mutation($estate: String!, $facts: String!) {
        importEstate(input: {document: $estate}) { revision }
        recordFacts(input: {document: $facts}) { accepted } }""",
        estate=ESTATE,
        facts=FACTS,
    )
    assert answer["data"] == {"importEstate": {"revision": 1}, "recordFacts": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["DATABASE_BUSY"]
