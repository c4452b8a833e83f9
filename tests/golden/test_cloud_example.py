"""The examples, whole, against figures worked out by hand.

The arithmetic stands in the tests, from the committed levels and the minutes of the facts.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from orchestrator.engine.derive import Depth, derive
from orchestrator.engine.lint import lint
from orchestrator.engine.settle import settle
from orchestrator.formats.csv_map import CsvMap
from orchestrator.formats.estate import Document, dump_yaml, read_estate, write_estate
from orchestrator.formats.facts import check_facts, read_facts_document
from orchestrator.formats.results import verdict_json
from orchestrator.formats.table import TableResult, read_map, read_table, summary_json
from orchestrator.model.derivations import Derivation
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import Lasting, Within
from orchestrator.model.records import Assessment, Breach, Exposure, Facts, Verdict
from orchestrator.model.values import HOUR, AskedPeriod

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CLOUD, SHOP = "cloud", "beta-shop"
APRIL = AskedPeriod.parse("2026-04")

MONTH = Fraction(30 * 24 * 60)
"""Minutes of April 2026; also of Berlin's and London's April, which lie in summer time."""


@cache
def document(name: str) -> Document:
    return read_estate((EXAMPLES / name / "estate.yaml").read_bytes(), f"{name}/estate.yaml")


def estate(name: str = CLOUD) -> Estate:
    return document(name).estate


def facts(name: str) -> Facts:
    found = read_facts_document((EXAMPLES / name / "facts.yaml").read_bytes())
    assert check_facts(found, estate(name)) == []
    return found.facts


@cache
def derived(name: str = CLOUD) -> dict[tuple[str, str], Derivation]:
    found = derive(estate(name), APRIL, depth=Depth(exact=True))
    return {(one.key.agreement, one.key.term): one for one in found}


@cache
def verdict(name: str = CLOUD) -> Verdict:
    return settle(estate(name), facts(name), APRIL)


def assessment(agreement: str, service: str, name: str = CLOUD) -> Assessment:
    (found,) = (
        one
        for one in verdict(name).assessments
        if (one.key.agreement, one.key.service) == (agreement, service)
        and one.metric == "availability"
    )
    return found


def breach(agreement: str, name: str = CLOUD) -> Breach:
    (found,) = (
        one
        for one in verdict(name).breaches
        if (one.key.agreement, one.key.term) == (agreement, "availability")
    )
    return found


def exposure(agreement: str, name: str = CLOUD) -> Exposure:
    (found,) = (
        one
        for one in verdict(name).exposures
        if (one.key.agreement, one.key.term) == (agreement, "availability")
    )
    return found


def contributions(found: Breach) -> dict[str, tuple[str, Fraction, str]]:
    """By component: whose it is, its minutes, and what follows."""
    return {
        part.service: (part.party, part.seconds / 60, part.basis) for part in found.responsibility
    }


def waterfall(found: Exposure) -> dict[str, int]:
    """The steps that are not zero, in cents."""
    return {step.step: step.amount for step in found.waterfall if step.amount}


# --- the first thing to read ---------------------------------------------------------------------

# Unavailability that each agreement of beta-shop allows.
MISSED = Fraction(5, 100)
U1, U2, U3, O1 = Fraction(5, 10_000), Fraction(5, 1000), Fraction(1, 100), Fraction(5, 10_000)


def test_the_shop_is_promised_more_than_is_guaranteed() -> None:
    found = derived(SHOP)["c1", "availability"]
    assert found.floor == 1 - (U1 + O1 + min(U2, U3)) == Fraction(994, 1000)
    assert found.independent == (1 - U1) * (1 - O1) * (1 - U2 * U3)
    assert round(float(found.independent) * 100, 5) == 99.89503
    common = Fraction(5, 100) * min(U2, U3)
    rest = [1 - (1 - u) / (1 - common) for u in (U2, U3)]
    assert found.beta == (1 - U1) * (1 - O1) * (1 - common) * (1 - rest[0] * rest[1])
    assert (found.status, found.headroom) == ("SHORTFALL", Fraction(-45, 10_000))
    assert "REDUNDANCY_NOT_PROMISED" in {one.code for one in found.findings}


def test_what_the_shop_is_promised_besides_rests_on_flow_order_and_visits() -> None:
    found = {term: one for (_, term), one in derived(SHOP).items()}
    # 1 % at the desk, then 5 % of four cases in five, or twice 5 % of the fifth: 1 + 6 hours, or
    # 1 + 2 + 4.
    kept = 1 - Fraction(1, 100) - Fraction(4, 5) * MISSED - Fraction(1, 5) * 2 * MISSED
    assert found["p1-resolution"].floor == Within(kept, 7 * HOUR)
    # The hosting, on it the sender that is back first, then Operations.
    assert found["recovery"].floor == Lasting(1 * HOUR + 2 * HOUR + HOUR // 2)
    # Half of what the hosting carries, as each notification calls it twice; one sender alone.
    assert found["load"].floor == min(Fraction(450, 2), 300, 150, 120)
    # Both calls of the hosting may fail, and so may the better sender's.
    assert found["errors"].floor == Fraction(2 * 5 + 10 + min(20, 30), 10_000)
    assert {one.status for term, one in found.items() if term != "availability"} == {"UNDERPINNED"}


def test_the_shops_breach_is_the_hosters_and_a_gap() -> None:
    # 55 minutes of hosting, and 15 in which both senders were down: 08:25 to 08:40.
    assert assessment("c1", "notifications", SHOP).counted_seconds == (55 + 15) * 60
    assert contributions(breach("c1", SHOP)) == {
        "hosting": ("cloud-x", 55, "BREACHED_COMMITMENT"),
        "sms-y": ("sms-y-gmbh", Fraction(15, 2), "STRUCTURAL_GAP"),
        "sms-z": ("sms-z-ag", Fraction(15, 2), "STRUCTURAL_GAP"),
    }
    assert [(one.party, one.share, one.basis) for one in breach("c1", SHOP).borne_by] == [
        ("cloud-x", Fraction(55, 70), ""),
        ("beta", Fraction(15, 70), "STRUCTURAL_GAP"),
    ]


def test_the_shop_is_owed_five_times_what_beta_gets_back() -> None:
    # 10 % of 50,000.00 is owed, 10 % of 10,000.00 comes back. 15/70 of what is owed nobody
    # beneath answers for: 7.5/70 for each sender, 535.71 and 535.72.
    found = exposure("c1", SHOP)
    assert (found.owed, found.recovered, found.net) == (500_000, 100_000, 400_000)
    assert waterfall(found) == {
        "STRUCTURAL_GAP": 107_143,
        "TIER_AND_FEE_SCALE": 500_000 - 107_143 - 100_000,
        "RECOVERED": 100_000,
    }


# --- the clouds: what is guaranteed --------------------------------------------------------------

EC2, RDS, S3 = Fraction(1, 10_000), Fraction(5, 10_000), Fraction(1, 1000)
AZURE, M365 = Fraction(5, 10_000), Fraction(1, 1000)
GCP, DATABASE, BIGTABLE = Fraction(5, 10_000), Fraction(1, 10_000), Fraction(1, 100_000)
PLATFORM, DBA, OPERATIONS = Fraction(1, 10_000), Fraction(1, 10_000), Fraction(1, 1000)
LINE_A, LINE_B, ROUTERS, WAN = (
    Fraction(1, 1000),
    Fraction(5, 1000),
    Fraction(1, 10_000),
    Fraction(1, 1000),
)

REPORTING = DATABASE + BIGTABLE + GCP + DBA
CLINIC_MINUTES = Fraction((22 - 2) * 10 * 60)
"""22 weekdays of April 2026 but for Good Friday and Easter Monday, ten hours each."""

FLOORS: dict[str, tuple[Fraction, str]] = {
    # The better of two regions, twice, and two teams.
    "sla-shoreline": (1 - (PLATFORM + min(EC2, EC2) + DBA + min(RDS, RDS)), "SHORTFALL"),
    # Two of three: half of the sum of all, or the sum of the two smallest, whichever is less.
    "sla-city-trams": (
        1 - (PLATFORM + min((EC2 + AZURE + GCP) / 2, EC2 + min(AZURE, GCP))),
        "UNDERPINNED",
    ),
    # The cloud's budget of the whole month may fall into opening hours; the team's is theirs.
    "sla-meadow": (
        1 - (min(AZURE, EC2) * MONTH + OPERATIONS * CLINIC_MINUTES) / CLINIC_MINUTES,
        "SHORTFALL",
    ),
    "sla-paper-mill": (1 - (OPERATIONS + S3), "UNDERPINNED"),
    # aws-iam may be down all the time.
    "sla-kite": (Fraction(0), "UNCOMMITTED"),
    "sla-seaview": (1 - M365, "UNDERPINNED"),
    # Berlin's April holds two hours of March in UTC, and March's whole budget fits into them.
    "sla-harbour": (1 - REPORTING * (MONTH + 31 * 24 * 60) / MONTH, "SHORTFALL"),
    "sla-tidewater": (1 - (OPERATIONS + WAN + AZURE), "UNDERPINNED"),
    # The second line is best efforts and guarantees nothing.
    "ola-wan": (1 - (ROUTERS + LINE_A), "SHORTFALL"),
}


def test_every_availability_promise_of_the_estate_has_a_figure_here() -> None:
    assert {agreement for agreement, term in derived() if term == "availability"} == set(FLOORS)


@pytest.mark.parametrize("agreement", FLOORS)
def test_what_each_promise_rests_on_guarantees_this_much(agreement: str) -> None:
    found = derived()[agreement, "availability"]
    assert (found.floor, found.status) == FLOORS[agreement]


def test_independent_parts_would_do_better() -> None:
    two_of_three = EC2 * AZURE + EC2 * GCP + AZURE * GCP - 2 * EC2 * AZURE * GCP
    expected = {
        "sla-shoreline": (1 - PLATFORM) * (1 - DBA) * (1 - EC2**2) * (1 - RDS**2),
        "sla-city-trams": (1 - PLATFORM) * (1 - two_of_three),
        "sla-meadow": (1 - OPERATIONS) * (1 - AZURE * EC2),
        "sla-harbour": (1 - DATABASE) * (1 - BIGTABLE) * (1 - GCP) * (1 - DBA),
        "sla-kite": None,
        "ola-wan": (1 - ROUTERS) * (1 - LINE_A * LINE_B),
    }
    assert {id: derived()[id, "availability"].independent for id in expected} == expected


def test_one_failure_in_twenty_of_a_region_takes_the_other_along() -> None:
    def pair(unavailable: Fraction) -> Fraction:
        common = unavailable / 20
        rest = 1 - (1 - unavailable) / (1 - common)
        return (1 - common) * (1 - rest**2)

    expected = (1 - PLATFORM) * (1 - DBA) * pair(EC2) * pair(RDS)
    assert derived()["sla-shoreline", "availability"].beta == expected


def test_findings_tell_why_promises_are_not_kept_beneath() -> None:
    def codes(agreement: str) -> set[str]:
        return {one.code for one in derived()[agreement, "availability"].findings}

    assert {"SHORTFALL", "REDUNDANCY_NOT_PROMISED"} <= codes("sla-shoreline")
    assert {"SHORTFALL", "REDUNDANCY_NOT_PROMISED", "UNCOMMITTED"} <= codes("ola-wan")
    assert {"SHORTFALL", "ZONE_MISMATCH"} <= codes("sla-harbour")
    assert {"UNCOMMITTED", "MAINTENANCE_NOT_EXCUSED"} <= codes("sla-kite")
    assert "WEIGHTING_MISMATCH" in codes("sla-seaview")
    assert codes("sla-city-trams") == codes("sla-paper-mill") == codes("sla-tidewater") == set()


def test_a_carriers_contract_that_is_called_an_sla_is_found_out() -> None:
    found = {(one.code, one.subjects[0]) for one in lint(estate())}
    assert ("MISLABELLED_SLA", "uc-line-a") in found
    assert ("NOT_ACCEPTED", "sla-paper-mill") in found
    assert {id for code, id in found if code == "NOT_ACCEPTED"} == {"sla-paper-mill"}


# --- the clouds: April 2026 ----------------------------------------------------------------------


def test_one_breach_is_shared_by_two_regions_and_a_team() -> None:
    # Both regions are down from 10:00 to 10:30, and half of that is each one's; the team's own
    # forty minutes come on top. Frankfurt's other hour, Ireland's other ten minutes: absorbed.
    counted = 30 + 40
    found = assessment("sla-shoreline", "payments")
    assert found.counted_seconds == counted * 60
    assert found.attained == 1 - counted / MONTH
    assert contributions(breach("sla-shoreline")) == {
        "aws-eu-central-1-compute": ("aws", 15, "BREACHED_COMMITMENT"),
        "aws-eu-west-1-compute": ("aws", 15, "BREACHED_COMMITMENT"),
        "payments:own": ("platform", 40, "BREACHED_COMMITMENT"),
    }
    assert {part.service: part.evidence for part in breach("sla-shoreline").responsibility} == {
        "aws-eu-central-1-compute": ("f-frankfurt",),
        "aws-eu-west-1-compute": ("f-ireland",),
        "payments:own": ("f-release",),
    }
    assert [(one.party, one.share) for one in breach("sla-shoreline").borne_by] == [
        ("platform", Fraction(40, 70)),
        ("aws", Fraction(30, 70)),
    ]


def test_the_shared_breach_is_settled_to_the_cent() -> None:
    # Owed: 10 % of 80,000.00, of which 40/70 for the team's own work. Back come 10 % of the fee
    # of each region, 12,000.00 and 9,000.00, as each missed 99.99 % and kept 99 %.
    found = exposure("sla-shoreline")
    own = round(Fraction(800_000) * 40 / 70)
    back = 120_000 + 90_000
    assert (found.owed, found.recovered, found.net) == (800_000, back, 800_000 - back)
    assert waterfall(found) == {
        "OWN_SHARE": own,
        "TIER_AND_FEE_SCALE": 800_000 - own - back,
        "RECOVERED": back,
    }


def test_an_outage_that_redundancy_absorbs_reaches_nobody() -> None:
    # West Europe is down for 4.5 hours: booking has two providers left, the branches none.
    assert assessment("uc-azure-vm", "azure-west-europe-compute").counted_seconds == 270 * 60
    assert assessment("sla-city-trams", "booking").attained == 1
    assert assessment("sla-tidewater", "branch-office").attained == 1 - 270 / MONTH
    assert waterfall(exposure("sla-tidewater")) == {
        "TIER_AND_FEE_SCALE": 220_000 - 100_000,
        "RECOVERED": 100_000,
    }


def test_planned_work_within_its_allowance_does_not_count() -> None:
    for agreement in ("sla-shoreline", "ola-platform"):
        assert assessment(agreement, "payments").excused_seconds == 75 * 60
    assert assessment("ola-platform", "payments").counted_seconds == 40 * 60


def test_what_a_customer_asked_for_does_not_count() -> None:
    for agreement in ("sla-city-trams", "ola-platform"):
        found = assessment(agreement, "booking")
        assert (found.status, found.excused_seconds) == ("MET", 3600)


def test_what_nobody_has_promised_stays_with_the_provider() -> None:
    # 50 minutes of the database, 20 of a log-in that no contract covers; 10 % of 60,000.00 owed,
    # 10 % of 8,000.00 back.
    assert contributions(breach("sla-kite")) == {
        "aws-us-east-1-database": ("aws", 50, "BREACHED_COMMITMENT"),
        "aws-iam": ("aws", 20, "UNCOMMITTED"),
    }
    gap = round(Fraction(600_000) * 20 / 70)
    assert waterfall(exposure("sla-kite")) == {
        "STRUCTURAL_GAP": gap,
        "TIER_AND_FEE_SCALE": 600_000 - gap - 80_000,
        "RECOVERED": 80_000,
    }


def test_april_as_a_whole() -> None:
    found = verdict()
    assert sorted(one.key.agreement for one in found.breaches) == [
        "ola-platform",
        "sla-kite",
        "sla-shoreline",
        "sla-tidewater",
        "uc-aws-ec2",
        "uc-aws-ec2",
        "uc-aws-rds",
        "uc-azure-vm",
    ]
    assert sum(one.owed for one in found.exposures) == 800_000 + 600_000 + 220_000
    assert sum(one.recovered for one in found.exposures) == 210_000 + 80_000 + 100_000
    gap = assessment("uc-aws-s3", "aws-eu-west-1-storage")
    assert (gap.status, gap.unknown_seconds) == ("MET", 3 * 3600)
    assert gap.attained_low == 1 - 180 / MONTH


# --- the documents -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [CLOUD, SHOP])
def test_an_example_reads_back_as_it_was_written(name: str) -> None:
    text = dump_yaml(write_estate(estate(name)))
    assert read_estate(text).estate == estate(name)


HEADER = "id,provider,service,region,status,start,end,first_notified,last_notified"


def read_rows(*rows: tuple[str, str, str]) -> TableResult:
    """Rows of one hour each; the table itself is not in the repository, so these are invented."""
    lines = [
        f"x-{n},{provider},{service},{region},1.0,2018-02-01T00:00:00Z,2018-02-01T01:00:00Z,"
        "1970-01-01T00:00:00Z,1970-01-01T00:00:00Z"
        for n, (provider, service, region) in enumerate(rows)
    ]
    return read_table("\n".join([HEADER, *lines]), cloud_map())


@cache
def cloud_map() -> CsvMap:
    return read_map((EXAMPLES / CLOUD / "map.yaml").read_bytes(), "map.yaml")


def test_every_service_of_the_map_is_in_the_estate() -> None:
    named = {service for rule in cloud_map().rules for service in rule.services}
    assert named <= set(estate().services)


def test_a_named_region_is_an_outage_there_and_an_unnamed_one_a_gap() -> None:
    result = read_rows(
        ("AWS", "Amazon Elastic Compute Cloud", "Ireland"),
        ("Azure", "Networking", "global"),
        ("GCP", "Network", "Unknown"),
        ("GCP", "Google Cloud infrastructure components", ""),
    )
    assert [(one.id, one.service) for one in result.facts.outages] == [
        ("x-0", "aws-eu-west-1-compute"),
        ("x-1.azure-uk-south-compute", "azure-uk-south-compute"),
        ("x-1.azure-west-europe-compute", "azure-west-europe-compute"),
    ]
    assert [one.service for one in result.facts.unknown] == [
        "gcp-europe-west1-compute",
        "gcp-us-central1-compute",
    ] * 2
    assert {one.reported for one in result.facts.outages} == {None}


def test_what_the_estate_does_not_use_is_ignored_for_a_reason_and_a_headline_is_no_region() -> None:
    result = read_rows(
        ("AWS", "Amazon Elastic Compute Cloud", "Tokyo"),
        ("Azure", "Multi", "Multi-region"),
        ("Azure", "Log Analytics", "USGov Virginia"),
        ("Azure", "all", "Networking Issue in a region"),
    )
    assert result.ignored == {
        "a region of AWS that the estate does not use": (2,),
        "the name of the service is cut off": (3,),
        "a region of Azure that the estate does not use": (4,),
    }
    assert [(one.line, one.code) for one in result.quarantined] == [(5, "NO_RULE")]


def report_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("report", EXAMPLES / CLOUD / "report.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_report_is_made_from_what_the_commands_print(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = read_rows(("AWS", "Amazon Elastic Compute Cloud", "Ireland"), ("AWS", "S3", "Tokyo"))
    for name, value in (
        ("record.json", {"table": summary_json(rows)}),
        ("trace.json", verdict_json(verdict())),
    ):
        (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
    main: Callable[[str, str], None] = report_script().main
    main(str(tmp_path / "record.json"), str(tmp_path / "trace.json"))
    lines = capsys.readouterr().out.splitlines()
    assert "| facts | 1 |" in lines
    assert "| ignored: a region of AWS that the estate does not use | 1 |" in lines
    assert "| aws | UNCOMMITTED | 20 | 4.9% |" in lines  # of 70 + 70 + 270 minutes
    assert (
        "| all | 3 | 16,200.00 | 4,571.43 | 1,714.29 | 6,014.28 | 3,900.00 | 12,300.00 |" in lines
    )
