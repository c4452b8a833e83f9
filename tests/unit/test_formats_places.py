"""From the ids that problems and findings name to the lines of a document."""

from __future__ import annotations

import pytest

from orchestrator.formats.estate import place, read_estate

TEXT = """\
apiVersion: orchestrator/v1
kind: Estate
metadata:
  home: [a]
parties:
  - {id: a}
  - {id: b}
services:
  - id: s.1
    owner: a
  - id: "1"
    requires:
      all:
        - s.1
agreements:
  - id: one
    kind: SLA
    provider: a
    customer: b
    covers:
      - s.1
      - service: "1"
    terms:
      - id: availability
        metric: availability
        target: 99%
        credits:
          - {below: 99%, percent: 10}
          - {below: 95%, percent: 20}
      - {id: second, metric: availability, target: 98%}
  - id: many
    kind: UC
    provider: b
    customer: a
    covers: [s.1]
    versions:
      - effective: {to: 2026-02-01}
        terms:
          - {id: availability, metric: availability, target: 99%}
      - effective: {from: 2026-02-01}
        version: 5
        terms:
          - {id: availability, metric: availability, target: 99%}
          - {id: later, metric: availability, target: 99%}
      - state: draft
        jointly: true
"""


@pytest.mark.parametrize(
    ("path", "line", "index_path"),
    [
        ("", 1, ""),
        ("metadata.home[0]", 4, "metadata.home[0]"),
        ("parties[b]", 7, "parties[1]"),
        ("services[s.1].owner", 10, "services[0].owner"),
        ("services[1].requires", 12, "services[1].requires"),
        ("services[1].requires.all[0]", 14, "services[1].requires.all[0]"),
        ("agreements[one]", 16, "agreements[0]"),
        ("agreements[one].covers[1]", 22, "agreements[0].covers[1]"),
        ("agreements[one].covers[s.1]", 21, "agreements[0].covers[0]"),
        ("agreements[one].terms[availability]", 24, "agreements[0].terms[0]"),
        ("agreements[one].terms[availability].credits", 27, "agreements[0].terms[0].credits"),
        ("agreements[one].terms[availability].credits[1]", 29, "agreements[0].terms[0].credits[1]"),
        ("agreements[one].terms[second].target", 30, "agreements[0].terms[1].target"),
    ],
)
def test_a_path_of_ids_leads_to_its_line(path: str, line: int, index_path: str) -> None:
    assert place(read_estate(TEXT), path) == (line, index_path)


@pytest.mark.parametrize(
    ("path", "line", "index_path"),
    [
        ("agreements[one].terms[availability].measurement.source", 24, "agreements[0].terms[0]"),
        ("agreements[one].terms[none].target", 23, "agreements[0].terms"),
        ("agreements[none].terms", 15, "agreements"),
        ("scenarios[x]", 1, ""),
        ("parties[7]", 5, "parties"),
        ("metadata.home[a]x", 4, "metadata.home[0]"),
        ("parties.id", 5, "parties"),
    ],
)
def test_what_is_not_there_stands_where_it_would_belong(
    path: str, line: int, index_path: str
) -> None:
    assert place(read_estate(TEXT), path) == (line, index_path)


@pytest.mark.parametrize(
    ("path", "line", "index_path"),
    [
        ("agreements[many].provider", 33, "agreements[1].provider"),
        ("agreements[many].versions[1]", 37, "agreements[1].versions[0]"),
        ("agreements[many].versions[5]", 40, "agreements[1].versions[1]"),
        ("agreements[many].versions[5].provider", 33, "agreements[1].provider"),
        ("agreements[many].versions[5].terms[later].target", 44,
         "agreements[1].versions[1].terms[1].target"),
        ("agreements[many].versions[3].jointly", 46, "agreements[1].versions[2].jointly"),
        ("agreements[one].versions[1].terms[second]", 30, "agreements[0].terms[1]"),
    ],
)  # fmt: skip
def test_a_version_goes_by_its_number_and_shares_what_stands_above(
    path: str, line: int, index_path: str
) -> None:
    assert place(read_estate(TEXT), path) == (line, index_path)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("agreements[many].jointly", 46),
        ("agreements[many].terms[later]", 44),
        ("agreements[many].terms[availability]", 43),
    ],
)
def test_without_a_number_it_is_the_version_that_has_most_of_the_path(path: str, line: int) -> None:
    """Of two that have all of it, the later one."""
    assert place(read_estate(TEXT), path)[0] == line
