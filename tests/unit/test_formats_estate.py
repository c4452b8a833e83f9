"""The estate document: what its keys mean, and that the export says the same."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.formats.context import LIMIT_PROBLEMS
from orchestrator.formats.estate import (
    dump_yaml,
    read_estate,
    write_estate,
)
from orchestrator.model.agreements import Cover, Term
from orchestrator.model.calendars import Calendar, Holidays
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.estate import Dated, Estate, Metadata
from orchestrator.model.metrics import Within
from orchestrator.model.parties import Party
from orchestrator.model.services import AllOf, AtLeast, Needs, Service
from orchestrator.model.values import (
    ALWAYS,
    DAWN,
    FOREVER,
    HOUR,
    Money,
    Span,
    parse_instant,
)
from tests.reading import ESTATE, read

EXAMPLE = """\
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: beta-shop, home: [beta], currency: EUR, timezone: Europe/Berlin}
calendars:
  - id: office
    timezone: Europe/London
    weekly: {mon-fri: ["09:00-17:00"]}          # several windows a day
    holidays: {country: GB, subdivision: ENG}   # or a list of dates
    closures: [{from: 2026-12-24, to: 2026-12-27}]
    openings: []
parties:
  - {id: beta, name: Beta Ltd}                        # kind: organisation
  - {id: beta-ops, name: Operations, parent: beta, kind: team}
  - {id: cloud-x}
  - {id: sms-y-gmbh}
  - {id: sms-z-ag}
  - {id: shop}
services:
  - {id: hosting, owner: cloud-x}
  - {id: sms-y, owner: sms-y-gmbh}
  - {id: sms-z, owner: sms-z-ag}
  - id: notifications
    owner: beta-ops
    requires:
      all: [hosting, {any: [sms-y, sms-z], beta: "0.05"}]
agreements:
  - id: c1
    kind: SLA
    provider: beta
    customer: shop
    covers: [notifications]
    effective: {from: 2026-01-01}
    period: month
    timezone: UTC
    fee: {amount: "50000.00", currency: EUR, per: month}
    terms:
      - id: availability
        metric: availability
        target: "99.85%"
        hours: 24x7
        credits: [{below: "99.85%", percent: "10"}, {below: "99.0%", percent: "25"}]
      - id: p1-resolution
        metric: resolution_time
        priority: P1
        target: {share: "90%", within: 4h}
        internalTarget: {share: "90%", within: 3h}
        hours: office
  - {id: u1, kind: UC, provider: cloud-x, customer: beta, covers: [hosting],
     effective: {from: 2026-01-01}, negotiability: fixed,
     terms: [{id: availability, metric: availability, target: "99.95%"}]}
  - {id: o1, kind: OLA, provider: beta-ops, customer: beta,
     covers: [{service: notifications, scope: own}], effective: {from: 2026-01-01},
     terms: [{id: availability, metric: availability, target: "99.95%"}]}
"""


def only_service(keys: str) -> Service:
    """A service that may require a, b and c."""
    return (
        read(f"services: [{{id: a}}, {{id: b}}, {{id: c}}, {{id: s, {keys}}}]\n")
        .services["s"][0]
        .value
    )


def problems(text: str) -> list[tuple[str, int, str]]:
    """Code, line and path of all that a document is refused for."""
    with pytest.raises(OrchestratorError) as refused:
        read_estate(text)
    return [(one.code, one.line, one.path) for one in refused.value.problems]


# -------------------------------------------------------------------------------------- the example


def test_the_published_example_is_read_as_it_is_meant() -> None:
    estate = read_estate(EXAMPLE).estate
    january = Span(parse_instant("2026-01-01T00:00:00Z"), FOREVER)
    berlin = Span(parse_instant("2025-12-31T23:00:00Z"), FOREVER)
    assert estate.metadata == Metadata("beta-shop", ("beta",), "EUR", "Europe/Berlin")
    assert list(estate.parties) == [
        "beta", "beta-ops", "cloud-x", "shop", "sms-y-gmbh", "sms-z-ag",
    ]  # fmt: skip
    assert estate.parties["beta-ops"] == (
        Dated(ALWAYS, Party("beta-ops", "Operations", "team", "beta")),
    )
    assert estate.services["notifications"][0].value.requires == AllOf(
        (Needs("hosting"), AtLeast(1, (Needs("sms-y"), Needs("sms-z")), Fraction(1, 20)))
    )
    assert estate.calendars["office"][0].value == Calendar(
        "office",
        "Europe/London",
        (((9 * HOUR, 17 * HOUR),),) * 5 + ((),) * 2,
        holidays=Holidays("GB", "ENG"),
        closures=(
            Span(parse_instant("2026-12-24T00:00:00Z"), parse_instant("2026-12-27T00:00:00Z")),
        ),
    )
    (c1,) = estate.agreements["c1"]
    assert (c1.number, c1.effective, c1.timezone) == (1, january, "UTC")
    assert c1.fee == Fee(Money(5_000_000, "EUR"), "month")
    assert c1.term("availability") == Term(
        "availability",
        "availability",
        Fraction(9985, 10000),
        "credit_backed",
        credits=(
            CreditTier(Fraction(9985, 10000), Fraction(1, 10), nested=True),
            CreditTier(Fraction(99, 100), Fraction(1, 4), nested=True),
        ),
    )
    assert c1.term("p1-resolution").internal_target == Within(Fraction(9, 10), 3 * HOUR)
    (o1,) = estate.agreements["o1"]
    assert (o1.effective, o1.timezone) == (berlin, "Europe/Berlin")
    assert o1.covers == (Cover("notifications", "own"),)
    assert o1.terms[0].strength == "commitment"


def test_the_export_of_the_example_leaves_out_what_is_the_default() -> None:
    written = write_estate(read_estate(EXAMPLE).estate)
    assert list(written) == [
        "apiVersion", "kind", "metadata", "calendars", "parties", "services", "agreements",
    ]  # fmt: skip
    assert written["metadata"] == {
        "name": "beta-shop",
        "home": ["beta"],
        "timezone": "Europe/Berlin",
    }
    assert _named(written, "agreements", "o1") == {
        "id": "o1",
        "kind": "OLA",
        "provider": "beta-ops",
        "customer": "beta",
        "covers": ["notifications"],
        "effective": {"from": "2026-01-01"},
        "terms": [{"id": "availability", "metric": "availability", "target": "99.95%"}],
    }


def _named(document: dict[str, Any], table: str, id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document[table] if one["id"] == id)
    return found


def test_an_empty_estate_is_an_estate() -> None:
    assert read("") == Estate()
    assert write_estate(Estate()) == {"apiVersion": "orchestrator/v1", "kind": "Estate"}


def test_all_problems_of_a_document_are_reported_at_once_in_its_order() -> None:
    assert problems(
        "apiVersion: orchestrator/v1\n"
        "kind: Estate\n"
        "metadata: {timezone: Nowhere, home: [x]}\n"
        "parties:\n"
        "  - {id: A}\n"
        "  - {id: b, nmae: B, knid: team}\n"
        "  - {id: b}\n"
        "services:\n"
        "  - {id: s, owner: b, requires: [t]}\n"
        "  - {id: s, owner: c, owner: d}\n"
        "  - {id: u, owner: z, requires: {all: [u, s]}}\n"
        "agreements:\n"
        "  - {id: c, kind: SLA, provider: b, customer: y, covers: [s], terms: [{id: t}]}\n"
    ) == [
        ("BAD_ZONE", 3, "metadata.timezone"),
        ("BAD_ID", 5, "parties[0].id"),
        ("UNKNOWN_KEY", 6, "parties[1].nmae"),
        ("UNKNOWN_KEY", 6, "parties[1].knid"),
        ("DUPLICATE_ID", 7, "parties[2].id"),
        ("BAD_TYPE", 9, "services[0].requires[0]"),
        ("DUPLICATE_KEY", 10, "services[1].owner"),
        ("DUPLICATE_ID", 10, "services[1].id"),
        ("UNKNOWN_REFERENCE", 11, "services[2].owner"),
        ("CYCLE", 11, "services[2].requires"),
        ("MISSING_KEY", 13, "agreements[0].terms[0]"),
        ("MISSING_KEY", 13, "agreements[0].terms[0]"),
    ]


def test_nothing_more_is_said_of_a_document_of_another_version_and_kind() -> None:
    assert problems("apiVersion: orchestrator/v2\nkind: Facts\nservces: []\n") == [
        ("BAD_VERSION", 1, "apiVersion"),
        ("BAD_KIND", 2, "kind"),
    ]
    assert problems("{}") == [("MISSING_KEY", 1, ""), ("MISSING_KEY", 1, "")]


def test_what_refers_to_a_refused_object_is_not_at_fault() -> None:
    assert problems(
        ESTATE + "parties: [{id: a, kind: x}]\nservices: [{id: s, owner: a}, {id: t, requires: u},"
        " {id: u, owner: 5.5}]\n"
    ) == [("BAD_CHOICE", 3, "parties[0].kind"), ("BAD_ID", 4, "services[2].owner")]


def test_a_thousand_problems_are_enough() -> None:
    body = "parties:\n" + "  - {id: A, nmae: x}\n" * (2 * LIMIT_PROBLEMS)
    found = problems(ESTATE + body)
    assert len(found) == LIMIT_PROBLEMS + 1
    assert found[-1][0] == "TOO_MANY_PROBLEMS"


# ----------------------------------------------------------------------------------------- services


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("a", Needs("a")),
        ("{service: a}", Needs("a")),
        ('{service: a, visits: "2.5"}', Needs("a", Fraction(5, 2))),
        ("{all: [a, b]}", AllOf((Needs("a"), Needs("b")))),
        ("{any: [a, b]}", AtLeast(1, (Needs("a"), Needs("b")))),
        ("{any: [a, b], beta: 0.05}", AtLeast(1, (Needs("a"), Needs("b")), Fraction(1, 20))),
        ("{any: [a, b], beta: 5%}", AtLeast(1, (Needs("a"), Needs("b")), Fraction(1, 20))),
        (
            "{atLeast: 2, of: [a, b, c], visits: 3}",
            AtLeast(2, (Needs("a"), Needs("b"), Needs("c")), None, Fraction(3)),
        ),
        ("{all: [{any: [a, {all: [b]}]}]}",
         AllOf((AtLeast(1, (Needs("a"), AllOf((Needs("b"),)))),))),
    ],
)  # fmt: skip
def test_an_expression_is_read_as_written(written: str, expression: object) -> None:
    assert only_service(f"requires: {written}").requires == expression


def test_expressions_nest_as_deep_as_a_document_may() -> None:
    deep = "a"
    for _ in range(47):
        deep = f"{{all: [{deep}]}}"
    assert only_service(f"requires: {deep}").requires is not None


def test_a_service_may_say_that_its_owner_adds_nothing_of_its_own() -> None:
    assert only_service("own: none").own is False
    assert only_service("name: S").own is True


def test_an_id_may_be_a_whole_number() -> None:
    estate = read('services: [{id: 1}, {id: 2, requires: 1}, {id: "3", requires: {all: [2]}}]\n')
    assert estate.services["2"][0].value.requires == Needs("1")
    assert problems(ESTATE + 'services: [{id: 1}, {id: "1"}]\n') == [
        ("DUPLICATE_ID", 3, "services[1].id")
    ]


def test_keys_of_ones_own_and_filed_ones_are_kept_without_loss() -> None:
    body = (
        "x-top: {list: [1.50, 1e5, null, on]}\n"
        'metadata: {x-b: "2", x-a: 2}\n'
        "parties: [{id: p, contacts: [{mail: a@example.org}], x-none: null}]\n"
        "services: [{id: s, x-team: {red: [1.0]}}]\n"
    )
    estate = read(body)
    assert estate.metadata.kept == (
        ("x-a", "2"),
        ("x-b", '"2"'),
        ("x-top", '{"list":[1.50,1E+5,null,"on"]}'),
    )
    assert estate.parties["p"][0].value.kept == (
        ("contacts", '[{"mail":"a@example.org"}]'),
        ("x-none", "null"),
    )
    assert estate.services["s"][0].value.kept == (("x-team", '{"red":[1.0]}'),)
    assert "- 1.50\n" in dump_yaml(write_estate(estate))


# ------------------------------------------------------------------------------------------ history


def test_versions_override_what_stands_above_them() -> None:
    estate = read(
        "parties: [{id: p}]\nservices:\n  - {id: a}\n  - id: s\n    name: S\n    owner: p\n"
        "    x-team: red\n    versions:\n"
        "      - {effective: {to: 2026-02-01}, name: Old}\n"
        "      - {effective: {from: 2026-02-01, to: 2026-03-01}}\n"
        "      - {effective: {from: 2026-04-01}, requires: a, x-team: blue}\n"
    )
    february, march, april = (parse_instant(f"2026-0{n}-01T00:00:00Z") for n in (2, 3, 4))
    red, blue = (("x-team", '"red"'),), (("x-team", '"blue"'),)
    assert estate.services["s"] == (
        Dated(Span(DAWN, february), Service("s", "Old", "p", kept=red)),
        Dated(Span(february, march), Service("s", "S", "p", kept=red)),
        Dated(Span(april, FOREVER), Service("s", "S", "p", requires=Needs("a"), kept=blue)),
    )


def test_the_export_writes_versions_with_what_they_share_above() -> None:
    estate = read(
        "parties: [{id: p}]\nservices:\n  - id: s\n    versions:\n"
        "      - {effective: {to: 2026-02-01}, owner: p, name: S, x-n: 1}\n"
        "      - {effective: {from: 2026-02-01}, owner: p, x-n: true}\n"
    )
    assert _named(write_estate(estate), "services", "s") == {
        "id": "s",
        "owner": "p",
        "versions": [
            {"effective": {"to": "2026-02-01"}, "name": "S", "x-n": 1},
            {"effective": {"from": "2026-02-01"}, "x-n": True},
        ],
    }


def test_one_dated_value_is_written_as_one_object() -> None:
    estate = read("parties: [{id: p, versions: [{effective: {from: 2026-02-01}}]}]\n")
    assert write_estate(estate)["parties"] == [{"id": "p", "effective": {"from": "2026-02-01"}}]


def test_neighbours_that_are_equal_are_one() -> None:
    estate = read(
        "parties: [{id: p, versions: [{effective: {to: 2026-02-01}}, "
        "{effective: {from: 2026-02-01}}]}]\n"
    )
    assert estate.parties["p"] == (Dated(ALWAYS, Party("p")),)


def test_requirements_over_time_cut_a_service_in_pieces() -> None:
    estate = read(
        "services:\n  - {id: a}\n  - id: s\n    effective: {from: 2026-01-01}\n    requires:\n"
        "      - {from: 2026-03-01, expression: {all: [a]}}\n"
        "      - {to: 2026-02-01, expression: a}\n"
    )
    january, february, march = (parse_instant(f"2026-0{n}-01T00:00:00Z") for n in (1, 2, 3))
    assert estate.services["s"] == (
        Dated(Span(january, february), Service("s", requires=Needs("a"))),
        Dated(Span(february, march), Service("s")),
        Dated(Span(march, FOREVER), Service("s", requires=AllOf((Needs("a"),)))),
    )


def test_a_service_may_come_to_require_what_required_it() -> None:
    estate = read(
        "services:\n"
        "  - {id: a, requires: [{to: 2026-02-01, expression: b}]}\n"
        "  - {id: b, requires: [{from: 2026-02-01, expression: a}]}\n"
    )
    assert estate.at(DAWN).services["a"].requires == Needs("b")


def test_a_party_may_come_to_own_its_owner() -> None:
    read(
        "parties:\n"
        "  - {id: a, versions: [{effective: {to: 2026-02-01}, parent: b},"
        " {effective: {from: 2026-02-01}}]}\n"
        "  - {id: b, versions: [{effective: {to: 2026-02-01}},"
        " {effective: {from: 2026-02-01}, parent: a}]}\n"
    )


def test_versions_of_an_agreement_are_numbered_by_their_place_unless_they_say() -> None:
    body = (
        "parties: [{id: a}, {id: b}]\nagreements:\n  - id: c\n    kind: UC\n    provider: a\n"
        "    customer: b\n    covers: []\n    versions:\n"
        "      - {effective: {to: 2026-02-01}, fee: {amount: 1}}\n"
        "      - {effective: {from: 2026-02-01}, fee: {amount: 2}, state: draft%s}\n"
    )
    assert [v.number for v in read(body % "").agreements["c"]] == [1, 2]
    written = _named(write_estate(read(body % ", version: 7")), "agreements", "c")
    assert written == {
        "id": "c",
        "kind": "UC",
        "provider": "a",
        "customer": "b",
        "covers": [],
        "versions": [
            {"effective": {"to": "2026-02-01"}, "fee": {"amount": "1.00"}},
            {
                "version": 7,
                "effective": {"from": "2026-02-01"},
                "fee": {"amount": "2.00"},
                "state": "draft",
            },
        ],
    }


def test_a_version_in_another_zone_begins_at_its_own_midnight() -> None:
    estate = read(
        "parties: [{id: a}, {id: b}]\nagreements:\n  - id: c\n    kind: UC\n    provider: a\n"
        "    customer: b\n    covers: []\n    timezone: Asia/Kolkata\n    versions:\n"
        "      - {effective: {from: 2026-01-01, to: 2026-02-01}}\n"
        "      - {effective: {from: 2026-03-01}, timezone: UTC}\n"
    )
    first, second = estate.agreements["c"]
    assert first.effective.start == parse_instant("2026-01-01T00:00:00+05:30")
    assert second.effective.start == parse_instant("2026-03-01T00:00:00Z")


def test_an_export_at_an_instant_has_what_is_in_force_then_and_no_more() -> None:
    estate = read(
        "parties: [{id: a}, {id: b}, {id: gone, effective: {to: 2026-01-01}}]\n"
        "services:\n  - {id: s, versions: [{effective: {to: 2026-02-01}, name: Old},"
        " {effective: {from: 2026-02-01}, name: New}]}\n"
        "agreements:\n  - {id: c, kind: UC, provider: a, customer: b, covers: [s], versions:\n"
        "     [{effective: {to: 2026-02-01}}, {effective: {from: 2026-02-01}, jointly: true},\n"
        "      {state: draft}]}\n"
    )
    written = write_estate(estate, parse_instant("2026-03-01T00:00:00Z"))
    assert written["parties"] == [{"id": "a"}, {"id": "b"}]
    assert written["services"] == [{"id": "s", "name": "New"}]
    assert _named(written, "agreements", "c") == {
        "id": "c",
        "version": 2,
        "kind": "UC",
        "provider": "a",
        "customer": "b",
        "covers": ["s"],
        "jointly": True,
        "effective": {"from": "2026-02-01"},
    }
