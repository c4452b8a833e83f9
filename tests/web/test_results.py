"""What was concluded for a period: the published shapes, with the evidence behind them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.actions.verification import read_pack, verify_pack
from orchestrator.engine.settle import settle
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.formats.pack_page import held_in
from orchestrator.formats.results import verdict_json
from orchestrator.model.values import AskedPeriod
from tests.web.conftest import ESTATE, FACTS, Client

ASSESSMENT = """agreement version term service metric period { from to } target attained
  attainedIfGapsDown attainedIfGapsUp status countedSeconds excusedSeconds unknownSeconds
  hoursSeconds"""
BREACH = """agreement version term service period { from to } policy breachClass
  responsibility { party service seconds share liable basis agreement evidence: evidenceIds }
  borneBy { party share basis }"""
CREDIT = """agreement version term service period { from to } debtor creditor amount currency
  percent scheme points uncapped { amount currency } repeated { amount currency }
  limits { limit left }"""
REWARD = """agreement version term service period { from to } kind earned { from to } debtor
  creditor amount currency percent"""
EXPOSURE = """agreement version term service period { from to } owed recovered net currency
  waterfall { step amount }"""
FINDING = "code severity message subjects"

EVERYTHING = f"""query($period: String!) {{ assessmentRun(period: $period) {{
  assessments {{ nodes {{ {ASSESSMENT} }} }}
  breaches {{ nodes {{ {BREACH} }} }}
  credits {{ nodes {{ {CREDIT} }} }}
  exposures {{ nodes {{ {EXPOSURE} }} }}
  rewards {{ nodes {{ {REWARD} }} }}
  findings {{ nodes {{ {FINDING} }} }} }} }}"""


def plain(value: Any) -> Any:
    """As the command line prints it: enums are their words, and null is left out."""
    if isinstance(value, dict):
        return {
            key: part.lower() if key in {"metric", "policy", "severity", "kind"} else plain(part)
            for key, part in value.items()
            if part is not None
        }
    return [plain(one) for one in value] if isinstance(value, list) else value


def test_the_published_shapes(shop: Client) -> None:
    estate, asked = read_estate(ESTATE).estate, AskedPeriod.parse("2026-04")
    verdict = replace(settle(estate, read_facts(FACTS), asked), tallies=())
    expected = plain(verdict_json(verdict))
    found = shop.ask(EVERYTHING, period="2026-04")["assessmentRun"]
    assert {key: plain(part["nodes"]) for key, part in found.items()} == expected
    assert len(expected["breaches"]) == 3


def test_breaches_lead_to_the_facts(shop: Client) -> None:
    run = shop.run("breaches", period="2026-04")["assessmentRun"]
    assert run["breaches"]["totalCount"] == 3
    breach = run["breaches"]["nodes"][0]
    assert (breach["agreement"], breach["commitment"]) == ("c1", {"targetText": "99.85%"})
    hosting, own = breach["responsibility"]
    assert hosting["evidence"] == [
        {
            "__typename": "Outage",
            "slug": "o-1",
            "service": "hosting",
            "from": "2026-04-03T10:00:00Z",
            "to": "2026-04-03T10:55:00.000001Z",
            "source": "probe",
        }
    ]
    assert [fact["slug"] for fact in own["evidence"]] == ["o-2"]
    assert own["responsibleParty"] == {"name": "Operations"}
    assert hosting["share"] == pytest.approx(3300.000001 / 4800.000001)


def test_evidence_stays_as_it_was_known(shop: Client) -> None:
    corrected = FACTS.replace("10:55:00.000001Z", "10:05:00Z")
    shop.run("record-facts", input={"document": corrected})
    breach = shop.run("breaches", period="2026-04")["assessmentRun"]["breaches"]["nodes"][0]
    ends = [fact["to"] for part in breach["responsibility"] for fact in part["evidence"]]
    assert ends == ["2026-04-03T10:55:00.000001Z", "2026-04-09T08:25:00Z"]


def test_exposures(shop: Client) -> None:
    run = shop.run("exposures", period="2026-04")["assessmentRun"]
    (exposure,) = run["exposures"]["nodes"]
    assert (exposure["owed"], exposure["recovered"]) == ("5000.00", "2000.00")
    assert exposure["net"] == "3000.00"
    steps = {step["step"]: step["amount"] for step in exposure["waterfall"]}
    assert sum(int(amount.replace(".", "")) for amount in steps.values()) == 500_000
    assert [credit["debtor"] for credit in run["credits"]["nodes"]] == ["beta", "cloud-x"]


def test_links_from_results_to_the_estate(shop: Client) -> None:
    query = """{ assessmentRun(period: "2026-04") {
      assessments(first: 1) { nodes { services { slug owner { slug } } targetText attainedText
        agreementVersion { number agreement { slug } } commitment { targetText hours } } }
      credits(first: 1) { nodes { debtorParty { name } creditorParty { slug }
        uncapped { amount currency } } } } }"""
    run = shop.ask(query)["assessmentRun"]
    (one,) = run["assessments"]["nodes"]
    assert one["services"] == [{"slug": "notifications", "owner": {"slug": "beta-ops"}}]
    assert one["agreementVersion"] == {"number": 1, "agreement": {"slug": "c1"}}
    assert one["commitment"] == {"targetText": "99.85%", "hours": "24x7"}
    assert one["attainedText"] == "2587199999999/2592000000000"
    (credit,) = run["credits"]["nodes"]
    assert credit["debtorParty"] == {"name": "Beta Ltd"}
    assert credit["uncapped"] == {"amount": "5000.00", "currency": "EUR"}


@pytest.mark.parametrize("name", ["assessments", "breaches", "credits", "exposures", "findings"])
def test_pages_of_results(shop: Client, name: str) -> None:
    fields = "code" if name == "findings" else "agreement term service"
    query = f"""query($n: Int, $after: String) {{ assessmentRun(period: "2026-04") {{
      {name}(first: $n, after: $after) {{ totalCount edges {{ cursor node {{ {fields} }} }}
        pageInfo {{ hasNextPage hasPreviousPage endCursor }} }} }} }}"""
    whole = shop.ask(query, n=500)["assessmentRun"][name]
    found, after = [], None
    for _ in range(whole["totalCount"]):
        page = shop.ask(query, n=1, after=after)["assessmentRun"][name]
        assert page["totalCount"] == whole["totalCount"]
        found += page["edges"]
        after = page["pageInfo"]["endCursor"]
    assert found == whole["edges"]
    assert len(found) == whole["totalCount"]


def test_results_of_some_agreements(shop: Client) -> None:
    query = """query($of: [String!]) { assessmentRun(period: "2026-04") {
      breaches(agreements: $of) { totalCount nodes { agreement } } } }"""

    def of(*agreements: str) -> list[str]:
        found = shop.ask(query, of=list(agreements))["assessmentRun"]["breaches"]
        assert found["totalCount"] == len(found["nodes"])
        return [node["agreement"] for node in found["nodes"]]

    assert of("u1") == ["u1"]
    assert of("u1", "c1") == ["c1", "u1"]
    assert of("y1") == of() == of("nix") == []


@pytest.mark.parametrize("name", ["assessments", "breaches", "credits", "exposures"])
def test_a_result_is_found_again_by_its_id(shop: Client, name: str) -> None:
    query = f'{{ assessmentRun(period: "2026-04") {{ id {name} {{ nodes {{ id agreement }} }} }} }}'
    run = shop.ask(query)["assessmentRun"]
    type_ = {"breaches": "Breach"}.get(name, name[:-1].title())
    for node in run[name]["nodes"]:
        found = shop.ask(
            f"query($id: ID!) {{ node(id: $id) {{ __typename id ... on {type_} "
            "{ agreement } } }",
            id=node["id"],
        )["node"]
        assert found == {"__typename": type_, **node}
    found = shop.ask(
        "query($id: ID!) { node(id: $id) { id ... on AssessmentRun { revision } } }", id=run["id"]
    )
    assert found["node"] == {"id": run["id"], "revision": 1}


def test_a_period_that_was_not_assessed(shop: Client) -> None:
    assert shop.run("assessments", period="2026-05") == {"assessmentRun": None}
    assert shop.run("breaches", period="2026-04", knownAt="2020-01-01T00:00:00Z") == {
        "assessmentRun": None
    }


def test_the_runs(shop: Client) -> None:
    for period in ("2026-03", "2026-Q1", "2026-05"):
        shop.run("assess-period", input={"period": period})
    query = """query($n: Int, $after: String) { assessmentRuns(first: $n, after: $after) {
      totalCount nodes { period revision estateRevision } pageInfo { hasNextPage endCursor } } }"""
    page = shop.ask(query, n=3)["assessmentRuns"]
    assert [run["period"] for run in page["nodes"]] == [
        "2026-01-01/2026-04-01",
        "2026-03-01/2026-04-01",
        "2026-04-01/2026-05-01",
    ]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (4, True)
    rest = shop.ask(query, n=3, after=page["pageInfo"]["endCursor"])["assessmentRuns"]
    assert [run["period"] for run in rest["nodes"]] == ["2026-05-01/2026-06-01"]
    assert rest["pageInfo"]["hasNextPage"] is False


def test_an_earlier_assessment_as_it_was_known(shop: Client) -> None:
    query = """query($known: DateTime) { assessmentRun(period: "2026-04", knownAt: $known) {
      revision recordedAt breaches { totalCount } } }"""
    before = shop.ask(query)["assessmentRun"]
    mended = FACTS.replace("10:55:00.000001Z", "10:00:01Z").replace("08:25:00Z", "08:00:01Z")
    shop.run("record-facts", input={"document": mended})
    shop.run("assess-period", input={"period": "2026-04"})
    after = shop.ask(query)["assessmentRun"]
    assert (after["revision"], after["breaches"]["totalCount"]) == (2, 0)
    assert shop.ask(query, known=before["recordedAt"])["assessmentRun"] == before


def test_a_pack_is_the_evidence_of_a_breach_and_can_be_verified(shop: Client) -> None:
    found = shop.run("evidence-pack", agreement="c1", term="availability", period="2026-04")[
        "evidencePack"
    ]
    pack = read_pack(found["text"])
    assert verify_pack(pack) == []
    assert found["hash"] == pack["hash"] == found["document"]["hash"]
    assert read_pack(held_in(found["page"])) == pack
    assert found["document"]["assessment"]["status"] == "BREACHED"
    query = '{ evidencePack(agreement: "nobody", period: "2026-04") { hash } }'
    assert shop.codes(query) == ["UNKNOWN_REFERENCE"]


GOLDEN = Path(__file__).parent.parent / "golden" / "documents"


def told(client: Client, name: str) -> list[dict[str, Any]]:
    """The assessments that a golden document comes to in April, asked for over GraphQL."""
    for operation, key, file in (
        ("import-estate", "document", "estate.yaml"),
        ("record-facts", "document", "facts.yaml"),
    ):
        text = (GOLDEN / name / file).read_text("utf-8")
        (payload,) = client.run(operation, input={key: text}).values()
        assert payload["userErrors"] == []
    client.run("assess-period", input={"period": "2026-04"})
    run = client.run("assessments", period="2026-04")["assessmentRun"]
    nodes: list[dict[str, Any]] = run["assessments"]["nodes"]
    return nodes


def test_assessments_by_tickets_say_what_was_counted(client: Client) -> None:
    four, three = told(client, "of-37-tickets-at-90-percent-three-may-be-late")
    assert (four["status"], three["status"]) == ("BREACHED", "MET")
    assert three["windows"] == []
    for one, missed in ((four, 4), (three, 3)):
        assert one["tally"] == {
            "promised": {"text": "90% within 4h"},
            "points": [
                {
                    "target": {"text": "90% within 4h"},
                    "attained": pytest.approx(1 - missed / 37),
                    "cases": 37,
                    "missed": missed,
                    "missesAllowed": 3,
                }
            ],
            "carried": 0,
            "values": [],
            "decided": None,
        }


def test_disputed_assessments_say_what_each_source_does(client: Client) -> None:
    (name,) = (folder.name for folder in GOLDEN.iterdir() if "sources-that-differ" in folder.name)
    disputed = [one for one in told(client, name) if one["status"] == "DISPUTED"]
    assert disputed
    for one in disputed:
        values = one["tally"]["values"]
        assert len({value["source"] for value in values}) == len(values) == 2
        assert values[0]["attained"] != values[1]["attained"]


def test_windows_of_a_term_have_their_own_figures(client: Client) -> None:
    found = told(client, "an-outage-across-the-border-of-prime-time-is-split-exactly-there")
    (sla,) = (one for one in found if one["agreement"] == "sla")
    assert sla["tally"] is None
    assert [
        (one["hours"], one["target"], one["status"], one["countedSeconds"])
        for one in sla["windows"]
    ] == [("24x7 in prime", 0.998, "BREACHED", 42 * 60), ("24x7 outside prime", 0.99, "MET", 7800)]
    assert sla["windows"][0]["attained"] == sla["attained"] == pytest.approx(1 - 42 / 13200)
    query = """{ derivations(period: "2026-04") { nodes { floor
      windows { hours promised { text } floor { number } independent { number } status } } } }"""
    (derived,) = client.ask(query)["derivations"]["nodes"]
    assert derived["floor"] == pytest.approx(0.9712)
    assert [
        (one["hours"], one["promised"]["text"], one["floor"]["number"], one["status"])
        for one in derived["windows"]
    ] == [
        ("24x7 in prime", "99.8%", pytest.approx(0.9712), "SHORTFALL"),
        ("24x7 outside prime", "99%", pytest.approx(0.98768), "SHORTFALL"),
    ]
