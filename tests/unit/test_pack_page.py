"""The page of an evidence pack: strict, self-contained, accessible, and explained."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from orchestrator.actions.packs import Question, Wanted, make_pack
from orchestrator.actions.verification import read_pack, verify_pack, verify_page
from orchestrator.formats.drawings import PARTIES
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.formats.markup import goal, money, share
from orchestrator.formats.pack_page import held_in, pack_page
from tests.unit.packs import APRIL, ESTATE, FACTS, late, shop, small


def test_the_page_is_self_contained_and_strict() -> None:
    page = pack_page(small())
    visible = page.split('<script type="application/json"')[0]
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href|srcset|action)\s*=|url\(|@import|<(img|link|iframe)", visible)
    assert page.count("<script") == 1
    assert "<svg" in visible


def test_what_others_wrote_is_text_and_nothing_else() -> None:
    page = pack_page(small())
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert json.loads(held_in(page))["facts"]["outages"][0]["excuse"]["evidence"].endswith(
        "</script>"
    )


def test_the_page_shows_what_the_pack_in_it_holds() -> None:
    page = pack_page(small())
    pack = read_pack(held_in(page))
    assert verify_pack(pack) == []
    assert verify_page(page, pack) == []
    (found,) = verify_page(page.replace("<td>3:00:00<", "<td>2:00:00<"), pack)
    assert found.path == "page"


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&--></style>"


def test_names_that_are_markup_are_shown_as_they_are() -> None:
    estate = ESTATE.replace("{id: cloud}", json.dumps({"id": "cloud", "name": HOSTILE}))
    estate = estate.replace("{id: one}", json.dumps({"id": "one", "name": HOSTILE}))
    facts = FACTS.replace("service: db,", f"service: db, source: {json.dumps(HOSTILE)},", 1)
    pack = small(estate=estate, facts=facts)
    page = pack_page(pack)
    seen = Seen(page)
    assert seen.tags.count("script") == 1
    assert {"img", "iframe", "a"}.isdisjoint(seen.tags)
    # Once where the customer is named in short, once in the table; the supplier likewise.
    assert seen.text.count(HOSTILE) >= 3
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert read_pack(held_in(page)) == read_pack(json.dumps(pack))
    assert verify_page(page, pack) == []


@pytest.mark.parametrize("key", ["hash", "status", "id"])
def test_not_even_a_forged_pack_gets_markup_into_a_page(key: str) -> None:
    pack = small()
    if key == "hash":
        pack["hash"] = '"}</style><script>alert(1)</script>'
    elif key == "status":
        pack["assessment"]["status"] = '"><script>alert(1)</script>'
    else:
        pack["about"]["service"] = "</h1><script>alert(1)</script>"
    assert Seen(pack_page(pack)).tags.count("script") == 1


class Seen(HTMLParser):
    """The elements, attributes and text of a page, and what stands in which heading."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.found.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open[-1:]):
            self.text += data


@pytest.mark.parametrize("pack", [small(), late(), make_pack(*shop(), APRIL, Wanted("c1"))])
def test_a_reader_who_does_not_see_can_find_the_way(pack: dict[str, Any]) -> None:
    seen = Seen(pack_page(pack))
    assert dict(seen.found)["html"] == {"lang": "en"}
    assert [tag for tag in seen.tags if tag == "h1"] == ["h1"]
    headings = [int(tag[1]) for tag in seen.tags if re.fullmatch("h[1-6]", tag)]
    assert all(two - one <= 1 for one, two in pairwise(headings))
    for tag, attributes in seen.found:
        if tag == "th":
            assert attributes["scope"] in {"col", "row"}
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"]
    # A drawing says what it shows, and each bar what it is.
    assert seen.tags.count("title") >= 1 + seen.tags.count("svg") + seen.tags.count("rect")
    assert "main" in seen.tags


def test_text_can_be_read_on_the_colour_of_every_party() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (
            one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    # WCAG 2.2, 1.4.3: 4.5 to 1 for text.
    for colour in PARTIES:
        assert (luminance(colour) + 0.05) / (luminance("#1b2733") + 0.05) >= 4.5, colour


def test_every_figure_of_a_breach_is_explained() -> None:
    seen = Seen(pack_page(make_pack(*shop(), APRIL, Wanted("c1")))).text
    # R6 with its own figures: 70 minutes of 720 hours; 10 % of the fee; the waterfall.
    assert "99.83796% = 1 - 1:10:00 / 720:00:00 = 4313/4320" in seen
    assert "10 % of a fee of 50,000.00 EUR" in seen
    assert "Of 5,000.00 EUR owed, 1,000.00 EUR come back" in seen
    for step in ("own share", "structural gap", "tier and fee scale", "recovered"):
        assert step in seen
    assert "STRUCTURAL_GAPcontributed within its own commitment" in seen
    assert "78.5714% (11/14)" in seen


def test_a_late_ticket_is_explained_by_its_clock() -> None:
    seen = Seen(pack_page(late())).text
    assert "90% within 4:00:00" in seen
    assert "0% = 0 of 1 cases" in seen
    assert "4:00:006:00:002:00:00" in seen
    assert "due 2026-04-06T13:00:00Z" in seen


def test_a_leg_in_maintenance_is_drawn_under_the_failure_of_the_other() -> None:
    # Case R5: a is in announced maintenance from two to four, b fails at half past two.
    estate = """
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: r5, home: [us], currency: EUR, timezone: UTC}
parties: [{id: us}, {id: customer}, {id: maker-a}, {id: maker-b}]
services:
  - {id: a, owner: maker-a}
  - {id: b, owner: maker-b}
  - {id: service, requires: {any: [a, b]}}
agreements:
  - {id: sla, kind: SLA, provider: us, customer: customer, covers: [service],
     exclusions: [maintenance],
     terms: [{id: availability, metric: availability, target: "99.99%"}]}
"""
    facts = """
apiVersion: orchestrator/v1
kind: Facts
outages:
  - {id: o-1, service: a, from: 2026-04-01T02:00:00Z, to: 2026-04-01T04:00:00Z}
  - {id: o-2, service: b, from: 2026-04-01T02:30:00Z, to: 2026-04-01T03:10:00Z}
maintenance:
  - {id: m-1, service: a, from: 2026-04-01T02:00:00Z, to: 2026-04-01T04:00:00Z,
     announced: 2026-03-25T09:00:00Z}
"""
    pack = make_pack(
        read_estate(estate).estate, read_facts(facts), Question("2026-04"), Wanted("sla")
    )
    page = pack_page(pack)
    assert pack["assessment"]["countedSeconds"] == "2400"
    for said in ("m-1: maintenance announced", "o-1: reported down", "b (maker-b): 1"):
        assert f"<title>{said}</title>" in page
    assert page.count("stroke-dasharray") == 2
    assert "REDUNDANCY_LOST" in page


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [
        ("availability", "199/200", "99.5%"),
        ("availability", "1", "100%"),
        # Never more than is there: 99.999999 % is not all of it.
        ("availability", "99999999/100000000", "99.99999%"),
        ("resolution_time", {"share": "9/10", "withinSeconds": "14400"}, "90% within 4:00:00"),
        ("resolution_time", "1/3", "33.33333%"),
    ],
)
def test_figures_are_shown_in_the_metrics_own_terms(metric: str, value: Any, shown: str) -> None:
    assert goal(metric, value) == shown


def test_amounts_and_shares_are_shown_exactly() -> None:
    assert money("-1234567.80", "EUR") == "-1,234,567.80 EUR"
    assert money("1000") == "1,000"
    assert share("2/3") == "66.6666% (2/3)"
    assert share("1") == "100%"
