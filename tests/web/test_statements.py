"""The number of statements depends neither on the size of a page nor on that of the estate."""

from __future__ import annotations

import pytest

from orchestrator.web.schema import graphql_schema
from tests.web.conftest import Client, operation


def documents(count: int) -> tuple[str, str]:
    """An estate of so many services in a chain, each with its SLA, and an outage of each."""
    numbers = range(count)
    services = [
        f"  - {{id: s{n}, owner: cloud{f', requires: s{n - 1}' if n else ''}}}" for n in numbers
    ]
    agreements = [
        f"  - {{id: a{n}, kind: SLA, provider: beta, customer: shop, covers: [s{n}],"
        " effective: {from: 2026-01-01}, fee: {amount: '100.00', currency: EUR, per: month},"
        " terms: [{id: t, metric: availability, target: '99.9%',"
        " credits: [{below: '99.9%', percent: '10'}]}]}"
        for n in numbers
    ]
    outages = [
        f"  - {{id: o{n}, service: s{n}, part: own, from: 2026-04-02T00:00:00Z,"
        f" to: 2026-04-02T0{1 + n % 8}:00:00Z}}"
        for n in numbers
    ]
    head = "apiVersion: orchestrator/v1\nkind: "
    estate = [
        f"{head}Estate\nmetadata: {{home: [beta]}}\nparties: [{{id: beta}}, {{id: shop}}, "
        "{id: cloud}]\nservices:",
        *services,
        "agreements:",
        *agreements,
    ]
    return "\n".join(estate), "\n".join([f"{head}Facts\noutages:", *outages])


EVERYTHING = """query($n: Int) { assessmentRun(period: "2026-04") {
  assessments(first: $n) { totalCount nodes { id services { slug } agreementVersion { number } } }
  breaches(first: $n) { totalCount nodes { id responsibility { evidence { slug }
    responsibleParty { slug } } } }
  credits(first: $n) { totalCount nodes { id debtorParty { slug } } }
  exposures(first: $n) { totalCount nodes { id waterfall { amount } } }
  findings(first: $n) { totalCount nodes { code } } } }"""

WALK = """query($n: Int) { estate { services(first: $n) { totalCount nodes {
    owner { slug provides(first: 1) { nodes { slug } } }
    dependencies(first: 5) { nodes { slug } } dependents(first: 5, transitive: true) {
      nodes { slug } }
    agreements(first: 2) { nodes { versions { terms { slug } provider { slug } } } } } }
  agreements(first: $n) { nodes { version { covers(first: 2) { nodes { service { slug } } } } } }
  findings(first: $n) { totalCount } } }"""

QUERIES = {
    "results": EVERYTHING,
    "walk": WALK,
    "estate-overview": operation("estate-overview")
    .replace("$first: Int = 25", "$n: Int")
    .replace("$first,", "$n,"),
    "derivations": """query($n: Int) { derivations(period: "2026-04", first: $n, explain: true) {
      totalCount nodes { services { slug } agreementVersion { number } } } }""",
    "runs": "query($n: Int) { assessmentRuns(first: $n) { totalCount nodes { id } } }",
}


@pytest.mark.parametrize("name", QUERIES)
def test_reading(client: Client, name: str) -> None:
    counts = set()
    for size in (3, 40):
        estate, facts = documents(size)
        sent = {"document": estate} | ({"from": "2026-01-01T00:00:00Z"} if size > 3 else {})
        assert client.run("import-estate", input=sent)["importEstate"]["userErrors"] == []
        client.run("record-facts", input={"document": facts})
        client.run("assess-period", input={"period": "2026-04"})
        for page in (1, 3, 30):
            client.ask(QUERIES[name], n=page)  # the estate has been read
            with client.counting() as statements:
                client.ask(QUERIES[name], n=page)
            assert statements
            counts.add(len(statements))
    assert len(counts) == 1
    assert counts.pop() <= 16


@pytest.mark.parametrize("name", ["import-estate", "record-facts", "assess-period"])
def test_writing(client: Client, name: str) -> None:
    counts = []
    for size in (3, 40):
        estate, facts = documents(size)
        inputs = {
            "import-estate": {"document": estate, "from": "2026-01-01T00:00:00Z"},
            "record-facts": {"document": facts},
            "assess-period": {"period": "2026-04"},
        }
        for step, sent in inputs.items():
            with client.counting() as statements:
                (payload,) = client.run(step, input=sent).values()
            assert payload["userErrors"] == []
            if step == name:
                counts.append(len(statements))
    # The second of each finds something there to supersede.
    assert counts[1] <= counts[0] + 12
    assert max(counts) < 80


def test_nothing_is_read_for_what_needs_no_data(client: Client) -> None:
    with client.counting() as statements:
        client.ask("{ __typename __schema { types { name } } }")
    assert statements == []
    assert graphql_schema().query_type is not None
