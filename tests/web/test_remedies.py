"""Remedies and indemnities over GraphQL; each carve-out is tried through the documents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.golden.test_remedies import ESTATE
from tests.web.conftest import Client


@pytest.fixture
def held(client: Client) -> Client:
    document = ESTATE.replace("CARVED", "[wilful_default]")
    payload = client.run("import-estate", input={"document": document})["importEstate"]
    assert payload["userErrors"] == []
    return client


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


@pytest.mark.parametrize(
    ("circumstances", "expected"),
    [
        ({}, (False, "SOLE_FINANCIAL", [], None)),
        ({"dataLost": True}, (False, "SOLE_FINANCIAL", [], None)),
        (
            {"wilful": True, "credits": eur("100.00")},
            (True, "SOLE_FINANCIAL", ["WILFUL_DEFAULT"], eur("4900.00")),
        ),
    ],
)
def test_damages_are_open_where_an_agreed_exception_holds(
    held: Client, circumstances: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    sought = {"remedy": "DAMAGES", "amount": eur("5000.00"), **circumstances}
    answer = held.run("remedy-admission", agreement="sla", version=1, sought=sought)
    assert tuple(answer["remedyAdmission"].values()) == expected


def test_an_indemnity_stops_at_the_contract_that_passes_nothing_on(held: Client) -> None:
    answer = held.run("indemnity", agreement="sla", loss=eur("100000.00"), service="fibre")
    found = answer["indemnity"]
    assert [one["agreement"] for one in found["steps"]] == ["sla", "hosting-uc"]
    assert found["borneBy"] == [
        {"party": "us", "amount": eur("40000.00")},
        {"party": "cloud", "amount": eur("60000.00")},
    ]
    assert (found["exposed"], found["stoppedBy"]) == ("cloud", "fibre-uc")
