"""Commitments of every kind over the interface: targets of every carrier, flows, restoring."""

from __future__ import annotations

from typing import Any

from orchestrator.model.metrics import METRICS
from tests.web.conftest import Client

DOCUMENT = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {home: [us]}
parties: [{id: us}, {id: desk, parent: us, kind: team}, {id: them}, {id: customer}]
services:
  - {id: base, owner: them}
  - {id: other, owner: them, recoverAfter: []}
  - id: app
    requires: {all: [{service: base, visits: 2}, other]}
    recoverAfter: [base, other]
    crews: 1
    flows:
      resolution_time: {sequence: [{loop: {times: 2, step: d}}, {choice: [{share: 1, step: d/t}]}]}
      resolution_time/P1: d/t
agreements:
  - id: sold
    kind: SLA
    provider: us
    customer: customer
    covers: [app]
    terms:
      - {id: a-ratio, metric: quality, target: 99%}
      - {id: b-fault, metric: error_rate, target: "0.5%"}
      - {id: c-number, metric: throughput, target: 4.5, internalTarget: "5"}
      - {id: d-lasting, metric: recovery_time, target: 3h}
      - {id: e-points, metric: latency,
         target: [{share: 50%, within: 1s}, {share: 90%, within: 300s}]}
      - {id: f-labels, metric: certificates, target: [soc-2, iso-27001]}
      - {id: g-within, metric: resolution_time, target: {share: 80%, within: 8h}}
      - {id: h-days, metric: resolution_time, target: {share: 80%, within: 2 business days}}
  - id: b
    kind: UC
    provider: them
    customer: us
    covers: [base, other]
    terms:
      - {id: faults, metric: error_rate, target: "0.1%"}
      - {id: load, metric: throughput, target: "10"}
      - {id: back, metric: recovery_time, target: 1h}
      - {id: held, metric: certificates, target: [iso-27001]}
  - id: d
    kind: OLA
    provider: desk
    customer: us
    covers: [app]
    terms: [{id: t, metric: resolution_time, target: {share: 95%, within: 2h}}]
"""

PARTS = "text number exact seconds points { share withinSeconds withinBusinessDays } labels"

TERMS = f"""{{ estate {{ agreement(slug: "sold") {{ version {{ terms {{
  slug metric target targetText withinSeconds withinBusinessDays
  targetValue {{ {PARTS} }} internalTargetText internalTargetValue {{ number }} }} }} }} }} }}"""

SERVICES = """{ estate { services { nodes {
  slug recoverAfter crews flows { metric priority stages steps } filed } } } }"""

DERIVATIONS = f"""{{ derivations(period: "2026-04", agreement: "sold", explain: true) {{ nodes {{
  term status promised promisedText promisedTarget {{ {PARTS} }} withinSeconds
  floor floorText floorTarget {{ {PARTS} }} independent independentTarget {{ text }}
  explanation {{ basis {{ leaf unavailability target {{ text }} }}
    worstCases {{ hours from due elapsedSeconds stages {{ stage from due }} }} }} }} }} }}"""


def asked(client: Client, query: str) -> Any:
    client.run("import-estate", input={"document": DOCUMENT})
    return client.ask(query)


def terms(client: Client) -> dict[str, Any]:
    found = asked(client, TERMS)["estate"]["agreement"]["version"]["terms"]
    return {term["slug"]: term for term in found}


def value(text: str, **parts: Any) -> dict[str, Any]:
    """A target with the parts it has; the others are null, or empty."""
    nothing = {"number": None, "exact": None, "seconds": None, "points": [], "labels": []}
    return {"text": text, **nothing, **parts}


def point(share: float, seconds: int | None = None, days: int | None = None) -> dict[str, Any]:
    return {"share": share, "withinSeconds": seconds, "withinBusinessDays": days}


def test_the_target_of_a_term_is_shown_whatever_it_is_made_of(client: Client) -> None:
    found = terms(client)
    assert {slug: term["targetValue"] for slug, term in found.items()} == {
        "a-ratio": value("99%", number=0.99, exact="0.99"),
        "b-fault": value("0.5%", number=0.005, exact="0.005"),
        "c-number": value("4.5", number=4.5, exact="4.5"),
        "d-lasting": value("3h", seconds=10_800),
        "e-points": value("50% within 1s, 90% within 5m", points=[point(0.5, 1), point(0.9, 300)]),
        "f-labels": value("iso-27001, soc-2", labels=["iso-27001", "soc-2"]),
        "g-within": value("80% within 8h", points=[point(0.8, 28_800)]),
        "h-days": value("80% within 2 business days", points=[point(0.8, None, 2)]),
    }


def test_the_plain_fields_hold_what_is_a_number_or_has_one_time(client: Client) -> None:
    found = terms(client)
    plain = {
        slug: (term["target"], term["withinSeconds"], term["withinBusinessDays"])
        for slug, term in found.items()
    }
    assert plain == {
        "a-ratio": (0.99, None, None),
        "b-fault": (0.005, None, None),
        "c-number": (4.5, None, None),
        "d-lasting": (None, 10_800, None),
        "e-points": (None, None, None),
        "f-labels": (None, None, None),
        "g-within": (0.8, 28_800, None),
        "h-days": (0.8, None, 2),
    }
    assert all(term["targetText"] == term["targetValue"]["text"] for term in found.values())
    assert (found["c-number"]["internalTargetText"], found["c-number"]["internalTargetValue"]) == (
        "5",
        {"number": 5},
    )
    assert found["a-ratio"]["internalTargetValue"] is None


def test_a_service_shows_its_flows_its_order_of_restoring_and_its_crews(client: Client) -> None:
    app, base, other = asked(client, SERVICES)["estate"]["services"]["nodes"]
    assert (app["recoverAfter"], app["crews"]) == (["base", "other"], 1)
    assert (base["recoverAfter"], base["crews"], base["flows"]) == ([], None, [])
    assert other["recoverAfter"] == []
    assert app["filed"] == {}
    specific, general = app["flows"]
    assert (specific["metric"], specific["priority"]) == ("RESOLUTION_TIME", "P1")
    assert (specific["stages"], specific["steps"]) == (["d/t"], "d/t")
    assert general["priority"] is None
    assert general["stages"] == ["d", "d/t"]
    assert general["steps"] == {
        "sequence": [{"loop": {"times": 2, "step": "d"}}, {"choice": [{"share": 1, "step": "d/t"}]}]
    }


def test_every_kind_of_the_table_is_a_value_of_the_enum(client: Client) -> None:
    names = client.ask('{ __type(name: "Metric") { enumValues { name } } }')["__type"]["enumValues"]
    assert {one["name"] for one in names} == {metric.upper() for metric in METRICS}


def test_a_derivation_shows_its_figures_whatever_they_are_made_of(client: Client) -> None:
    nodes = asked(client, DERIVATIONS)["derivations"]["nodes"]
    found = {node["term"]: node for node in nodes}
    # Two calls of one, and one of the other: 3 x 0.1 %.
    faults = found["b-fault"]
    assert (faults["promised"], faults["floor"], faults["floorText"]) == (0.005, 0.003, "0.003")
    assert faults["floorTarget"] == value("0.30%", number=0.003, exact="0.003")
    # What carries 10 and is called twice carries 5.
    load = found["c-number"]
    assert (load["status"], load["floor"], load["floorTarget"]["text"]) == ("UNDERPINNED", 5, "5")
    # One crew for two services of an hour each.
    back = found["d-lasting"]
    assert (back["promised"], back["withinSeconds"], back["floor"]) == (None, 10_800, None)
    assert back["promisedTarget"] == value("3h", seconds=10_800)
    assert back["floorTarget"] == value("2h", seconds=7_200)
    labels = found["f-labels"]
    assert labels["floorTarget"] == value("iso-27001", labels=["iso-27001"])
    assert labels["status"] == "SHORTFALL"
    # Three times 2 h, each missed by 5 %.
    times = found["g-within"]
    assert (times["floor"], times["floorTarget"]["points"]) == (0.85, [point(0.85, 21_600)])
    basis = [(one["leaf"], one["unavailability"], one["target"]) for one in
             times["explanation"]["basis"]]  # fmt: skip
    assert ("d/t", None, {"text": "95% within 2h"}) in basis
    (case,) = times["explanation"]["worstCases"]
    assert (case["hours"], case["elapsedSeconds"]) == ("24x7", 21_600)
    assert (case["from"], case["due"]) == ("2026-04-01T00:00:00Z", "2026-04-01T06:00:00Z")


def test_the_stored_operations_do_with_terms_of_every_kind(client: Client) -> None:
    client.run("import-estate", input={"document": DOCUMENT})
    found = client.run("shortfalls", period="2026-04")["derivations"]
    assert "f-labels" in {one["term"] for one in found["nodes"]}
    (version,) = client.run("agreement", slug="sold")["estate"]["agreement"]["versions"]
    assert len(version["terms"]) == 8
