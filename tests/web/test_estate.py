"""The estate at an instant, walked in every direction."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.web.conftest import ESTATE, Client


def slugs(connection: dict[str, Any]) -> list[str]:
    return [node["slug"] for node in connection["nodes"]]


def test_the_overview(shop: Client) -> None:
    estate = shop.run("estate-overview", at="2026-04-01T00:00:00Z")["estate"]
    assert (estate["revision"], estate["name"], estate["currency"]) == (1, "beta-shop", "EUR")
    assert estate["home"] == [{"slug": "beta", "name": "Beta Ltd"}]
    assert estate["parties"]["totalCount"] == 6
    assert slugs(estate["services"]) == ["hosting", "notifications", "sms-y", "sms-z"]
    assert slugs(estate["agreements"]) == ["c1", "o1", "u1", "y1", "z1"]
    kinds = [node["version"]["kindByParties"] for node in estate["agreements"]["nodes"]]
    assert kinds == ["SLA", "OLA", "UC", "UC", "UC"]
    assert estate["epoch"] == {"from": "2026-01-01T00:00:00Z", "to": None}


def test_an_empty_database_has_an_empty_estate(client: Client) -> None:
    estate = client.run("estate-overview")["estate"]
    assert estate["revision"] == 0
    assert estate["services"]["nodes"] == []
    assert estate["services"]["pageInfo"] == {"hasNextPage": False, "endCursor": None}


def test_dependencies_both_ways(shop: Client) -> None:
    service = shop.run("service-dependencies", slug="notifications")["estate"]["service"]
    assert service["requirement"] == "hosting and (sms-y or sms-z) [beta 0.05]"
    assert service["requires"] == {"all": ["hosting", {"any": ["sms-y", "sms-z"], "beta": "0.05"}]}
    assert slugs(service["dependencies"]) == ["hosting", "sms-y", "sms-z"]
    assert slugs(service["agreements"]) == ["c1", "o1"]
    beneath = shop.run("service-dependencies", slug="sms-y")["estate"]["service"]
    assert slugs(beneath["dependents"]) == ["notifications"]
    (above,) = beneath["dependents"]["nodes"]
    assert [one["version"]["kindByParties"] for one in above["agreements"]["nodes"]] == [
        "SLA",
        "OLA",
    ]


def test_numbers_of_a_document_keep_their_value(client: Client) -> None:
    """Also those that are larger or finer than a float."""
    document = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {x-large: 123456789012345678901234567890, x-fine: 0.1, x-deep: {a: [1, null, true]}}
services:
  - {id: a}
  - {id: b, requires: {any: [{service: a, visits: "2.5"}], beta: "0.12345678901234567890"}}
"""
    client.run("import-estate", input={"document": document})
    query = '{ estate { filed service(slug: "b") { requires requirement } } }'
    estate = client.ask(query)["estate"]
    assert estate["filed"]["x-deep"] == {"a": [1, None, True]}
    assert estate["filed"]["x-large"] == pytest.approx(1.2345678901234568e29)
    requires = estate["service"]["requires"]
    assert requires["any"] == [{"service": "a", "visits": requires["any"][0]["visits"]}]
    assert float(requires["any"][0]["visits"]) == 2.5
    assert requires["beta"] == "0.1234567890123456789"


CHAIN = """
apiVersion: orchestrator/v1
kind: Estate
services:
  - {id: a, requires: {all: [b, c]}}
  - {id: b, requires: {atLeast: 2, of: [d, e, {all: [f, g]}]}}
  - {id: c, requires: d}
  - {id: d}
  - {id: e}
  - {id: f}
  - {id: g}
"""


def test_dependencies_all_the_way(client: Client) -> None:
    client.run("import-estate", input={"document": CHAIN})

    def walk(slug: str, transitive: bool) -> tuple[list[str], list[str]]:
        found = client.run("service-dependencies", slug=slug, transitive=transitive)
        service = found["estate"]["service"]
        return slugs(service["dependencies"]), slugs(service["dependents"])

    assert walk("a", False) == (["b", "c"], [])
    assert walk("a", True) == (["b", "c", "d", "e", "f", "g"], [])
    assert walk("d", False) == ([], ["b", "c"])
    assert walk("d", True) == ([], ["a", "b", "c"])
    assert walk("f", True) == ([], ["a", "b"])
    found = client.run("service-dependencies", slug="b")["estate"]["service"]
    assert found["requirement"] == "at least 2 of d, e, (f and g)"


def test_covers_both_ways(shop: Client) -> None:
    query = """{ estate { service(slug: "notifications") { agreements { nodes { slug
      version { provider { slug provides { nodes { slug } } buys { nodes { slug } } }
        covers { nodes { scope service { slug } } } } } } } } }"""
    c1, o1 = shop.ask(query)["estate"]["service"]["agreements"]["nodes"]
    assert slugs(c1["version"]["provider"]["provides"]) == ["c1"]
    assert slugs(c1["version"]["provider"]["buys"]) == ["o1", "u1", "y1", "z1"]
    assert c1["version"]["covers"]["nodes"] == [
        {"scope": "WHOLE", "service": {"slug": "notifications"}}
    ]
    assert o1["version"]["covers"]["nodes"][0]["scope"] == "OWN"


def test_parties(shop: Client) -> None:
    query = """{ estate { party(slug: "beta") { name kind home
        members { nodes { slug kind parent { slug } organisation { slug } home
          services { nodes { slug hasOwnPart } } } } }
      outside: party(slug: "shop") { home members { totalCount } buys { nodes { slug } } }
      nobody: party(slug: "nobody") { slug } } }"""
    estate = shop.ask(query)["estate"]
    (team,) = estate["party"]["members"]["nodes"]
    assert team == {
        "slug": "beta-ops",
        "kind": "TEAM",
        "parent": {"slug": "beta"},
        "organisation": {"slug": "beta"},
        "home": True,
        "services": {"nodes": [{"slug": "notifications", "hasOwnPart": True}]},
    }
    assert estate["outside"]["home"] is False
    assert slugs(estate["outside"]["buys"]) == ["c1"]
    assert estate["nobody"] is None


def test_an_agreement_with_its_terms(shop: Client) -> None:
    agreement = shop.run("agreement", slug="c1")["estate"]["agreement"]
    (version,) = agreement["versions"]
    assert version["fee"] == {"amount": "50000.00", "currency": "EUR", "per": "month"}
    assert version["claims"] == {"withinSeconds": 30 * 86_400, "after": "period_end"}
    availability, resolution = version["terms"]
    assert (availability["target"], availability["targetText"]) == (0.9985, "99.85%")
    assert availability["strength"] == "CREDIT_BACKED"
    assert availability["credits"] == [
        {"below": 0.9985, "from": 0, "percent": 10},
        {"below": 0.99, "from": 0, "percent": 25},
    ]
    assert (resolution["target"], resolution["withinSeconds"]) == (0.9, 14_400)
    assert resolution["targetText"] == "90% within 4h"
    assert resolution["hours"] == "office"


def test_a_term_and_its_calendar(shop: Client) -> None:
    query = """{ estate { filed agreement(slug: "c1") { version {
      term(slug: "p1-resolution") { internalTargetText policies { shares dataGaps }
        calendar { slug timezone weekly { day windows { from to } } holidays { dates } } }
      none: term(slug: "nix") { slug } } } } }"""
    estate = shop.ask(query)["estate"]
    assert estate["filed"] == {"x-owner": "desk"}
    term = estate["agreement"]["version"]["term"]
    assert term["internalTargetText"] == "90% within 3h"
    assert term["policies"] == {"shares": "SHAPLEY", "dataGaps": "COUNTS_AS_UP"}
    days = term["calendar"]["weekly"]
    assert [day["day"] for day in days] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert days[0]["windows"] == [{"from": "09:00", "to": "17:00"}]
    assert days[6]["windows"] == []
    assert term["calendar"]["holidays"]["dates"] == ["2026-12-25"]
    assert estate["agreement"]["version"]["none"] is None


def test_findings_about_the_agreements(shop: Client) -> None:
    query = "{ estate { findings { totalCount nodes { code severity message subjects path } } } }"
    found = shop.ask(query)["estate"]["findings"]
    assert found["totalCount"] == len(found["nodes"])
    assert "NOT_ACCEPTED" in {one["code"] for one in found["nodes"]}


# --- in time -------------------------------------------------------------------------------------

HISTORY = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {home: [beta]}
parties: [{id: beta}, {id: cloud-x}, {id: shop}]
services: [{id: hosting, owner: cloud-x}]
agreements:
  - id: u1
    kind: UC
    provider: cloud-x
    customer: beta
    covers: [hosting]
    versions:
      - effective: {from: 2026-01-01, to: 2026-07-01}
        terms: [{id: a, metric: availability, target: "99%"}]
      - effective: {from: 2026-07-01}
        terms: [{id: a, metric: availability, target: "99.9%"}]
      - state: draft
        effective: {from: 2027-01-01}
        terms: [{id: a, metric: availability, target: "99.99%"}]
"""

VERSIONS = """query($at: DateTime) { estate(at: $at) { agreement(slug: "u1") {
  version { number terms { targetText } }
  versions { number state effective { from to } provider { slug } } }
  agreements { nodes { slug } } every: agreements(every: true, kind: UC) { nodes { slug } } } }"""


def test_an_instant_picks_the_version_in_force(client: Client) -> None:
    client.run("import-estate", input={"document": HISTORY})

    def at(instant: str) -> dict[str, Any]:
        found: dict[str, Any] = client.ask(VERSIONS, at=instant)["estate"]
        return found

    early, late, before = (
        at(f"{day}T00:00:00Z") for day in ("2026-06-30", "2026-07-01", "2025-12-31")
    )
    assert early["agreement"]["version"] == {"number": 1, "terms": [{"targetText": "99%"}]}
    assert late["agreement"]["version"] == {"number": 2, "terms": [{"targetText": "99.9%"}]}
    assert before["agreement"]["version"] is None
    assert (slugs(before["agreements"]), slugs(before["every"])) == ([], ["u1"])
    for one in (early, late, before):
        states = [version["state"] for version in one["agreement"]["versions"]]
        assert states == ["IN_FORCE", "IN_FORCE", "DRAFT"]
        assert {version["provider"]["slug"] for version in one["agreement"]["versions"]} == {
            "cloud-x"
        }


def test_what_was_known_then(client: Client) -> None:
    client.run("import-estate", input={"document": HISTORY})
    known = client.ask("{ estate { knownAt } }")["estate"]["knownAt"]
    changed = HISTORY.replace("owner: cloud-x", "owner: shop")
    sent = {"document": changed, "from": "2027-01-01T00:00:00Z"}
    assert client.run("import-estate", input=sent)["importEstate"]["userErrors"] == []
    query = """query($known: DateTime) { estate(at: "2027-06-01T00:00:00Z", knownAt: $known) {
      revision knownAt service(slug: "hosting") { owner { slug } } } }"""
    then, now = client.ask(query, known=known)["estate"], client.ask(query)["estate"]
    assert (then["revision"], then["service"]["owner"]["slug"]) == (1, "cloud-x")
    assert (now["revision"], now["service"]["owner"]["slug"]) == (2, "shop")
    assert then["knownAt"] == known
    before = client.ask(query, known="2020-01-01T00:00:00Z")["estate"]
    assert (before["revision"], before["service"]) == (0, None)


def test_instants_keep_microseconds_and_are_utc(shop: Client) -> None:
    query = "query($at: DateTime) { estate(at: $at) { at } }"
    for given, shown in (
        ("2026-04-01T02:00:00.123456+02:00", "2026-04-01T00:00:00.123456Z"),
        ("2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z"),
    ):
        assert shop.ask(query, at=given) == {"estate": {"at": shown}}
        literal = shop.ask(f'{{ estate(at: "{given}") {{ at }} }}')
        assert literal == {"estate": {"at": shown}}


@pytest.mark.parametrize(
    "instant", ["2026-04-01", "2026-04-01T00:00:00", "0001-01-01T00:00:00+14:00", "now", 5, None]
)
def test_an_instant_has_its_zone(shop: Client, instant: Any) -> None:
    query = "query($at: DateTime) { estate(at: $at) { name } }"
    if instant is None:
        shop.ask(query, at=None)
    else:
        assert shop.codes(query, at=instant) == ["BAD_INSTANT"]


# --- ids and pages -------------------------------------------------------------------------------

NODES = """{ estate {
  parties { nodes { id } } services { nodes { id } } calendars { nodes { id } }
  agreements { nodes { id version { id } } } } }"""


def test_every_object_is_found_again_by_its_id(shop: Client) -> None:
    estate = shop.ask(NODES)["estate"]
    ids = [node["id"] for part in estate.values() for node in part["nodes"]]
    ids += [node["version"]["id"] for node in estate["agreements"]["nodes"]]
    assert len(set(ids)) == len(ids) == 6 + 4 + 1 + 5 + 5
    for id in ids:
        found = shop.ask("query($id: ID!) { node(id: $id) { __typename id } }", id=id)["node"]
        assert found["id"] == id


def made(*parts: str) -> str:
    return base64.urlsafe_b64encode("|".join(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "parts",
    [
        ("Assessment", "2026-04", "c1", "1", "availability", "notifications", "9" * 30),
        ("Assessment", "2026-04", "c1", "9" * 30, "availability", "notifications", "0"),
        ("Assessment", "2026-04", "c1", "1", "availability", "notifications", "1"),
        ("Assessment", "2026-04", "c1"),
        ("Assessment", "2026-04"),
        ("AssessmentRun", "2026-04", "c1"),
        ("AssessmentRun", "soon"),
        ("AssessmentRun",),
        ("AgreementVersion", "c1", "x"),
        ("AgreementVersion", "c1"),
        ("Party", "beta", "1"),
        ("Service", "\0"),
    ],
)
def test_an_id_that_we_did_not_give_is_null(shop: Client, parts: tuple[str, ...]) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"
    assert shop.ask(query, id=made(*parts)) == {"node": None}


@pytest.mark.parametrize(
    "id",
    ["", "x", "%", "U2VydmljZQ", "U2VydmljZXxub25l", "U2VydmljZXx8", "UXVlcnl8eA", "é", "A" * 5000],
)
def test_an_id_that_names_nothing_is_null(shop: Client, id: str) -> None:
    assert shop.ask("query($id: ID!) { node(id: $id) { id } }", id=id) == {"node": None}


def test_an_object_by_its_id_at_an_instant(client: Client) -> None:
    client.run("import-estate", input={"document": HISTORY})
    query = """query($id: ID!, $at: DateTime) { node(id: $id, at: $at) {
      ... on Agreement { version { number } } } }"""
    id = client.ask('{ estate { agreement(slug: "u1") { id } } }')["estate"]["agreement"]["id"]
    for at, number in (("2026-02-01T00:00:00Z", 1), ("2026-08-01T00:00:00Z", 2)):
        assert client.ask(query, id=id, at=at) == {"node": {"version": {"number": number}}}


def pages(client: Client, query: str, size: int) -> list[list[str]]:
    """All pages of the only list in an answer."""
    found: list[list[str]] = []
    after = None
    while True:
        answer = client.ask(query, n=size, after=after)
        while "edges" not in answer:
            (answer,) = answer.values()
        found.append([edge["node"]["slug"] for edge in answer["edges"]])
        ends = answer["pageInfo"]
        assert ends["hasPreviousPage"] is (after is not None)
        assert ends["endCursor"] == answer["edges"][-1]["cursor"]
        assert ends["startCursor"] == answer["edges"][0]["cursor"]
        after = ends["endCursor"]
        if not ends["hasNextPage"]:
            return found


PAGED = """query($n: Int, $after: String) { estate { services(first: $n, after: $after) {
  edges { cursor node { slug } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""


def test_pages_are_the_whole_list_in_order(shop: Client) -> None:
    assert pages(shop, PAGED, 3) == [["hosting", "notifications", "sms-y"], ["sms-z"]]
    assert pages(shop, PAGED, 4) == [["hosting", "notifications", "sms-y", "sms-z"]]
    assert pages(shop, PAGED, 1) == [["hosting"], ["notifications"], ["sms-y"], ["sms-z"]]


def test_a_page_goes_on_where_the_last_one_ended_whatever_has_come_between(client: Client) -> None:
    client.run("import-estate", input={"document": CHAIN})
    page = client.ask(PAGED, n=3)["estate"]["services"]
    assert [edge["node"]["slug"] for edge in page["edges"]] == ["a", "b", "c"]
    # `aa` comes in before the cursor, `c` at the cursor goes, `da` comes in after it.
    changed = CHAIN.replace("{all: [b, c]}", "b").replace("{id: c, requires: d}", "{id: aa}")
    sent = {"document": changed + "  - {id: da}\n", "from": "2026-01-01T00:00:00Z"}
    assert client.run("import-estate", input=sent)["importEstate"]["changed"]
    rest = client.ask(PAGED, n=9, after=page["pageInfo"]["endCursor"])["estate"]["services"]
    assert [edge["node"]["slug"] for edge in rest["edges"]] == ["d", "da", "e", "f", "g"]


def test_a_large_estate_may_be_imported_and_paged(client: Client) -> None:
    services = "".join(f"  - {{id: s{number:04}}}\n" for number in range(1200))
    document = ESTATE.split("services:")[0] + "services:\n" + services
    payload = client.run("import-estate", input={"document": document})["importEstate"]
    assert payload["userErrors"] == []
    assert [len(page) for page in pages(client, PAGED, 500)] == [500, 500, 200]
