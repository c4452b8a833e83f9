"""Large documents: the work grows with the document and not with its square."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.formats.estate import dump_json, dump_yaml, place, read_estate, write_estate


def document(services: int, owner: str = "us") -> str:
    """An estate in which every service requires three others, and every tenth has a contract."""
    lines = ["apiVersion: orchestrator/v1", "kind: Estate", "parties: [{id: us}, {id: them}]"]
    lines.append("services:")
    for i in range(services):
        lines += [f"  - id: s{i}", f"    owner: {owner}"]
        if i >= 3:
            lines += ["    requires:", "      all:"]
            lines += [f"        - s{(i * step) % i}" for step in (7, 11, 13)]
    lines.append("agreements:")
    for i in range(0, services, 10):
        lines += [
            f"  - id: uc{i}",
            "    kind: UC",
            "    provider: them",
            "    customer: us",
            f"    covers: [s{i}]",
            '    terms: [{id: a, metric: availability, target: "99.9%"}]',
        ]
    return "\n".join(lines) + "\n"


def calls(work: Callable[[], object]) -> int:
    """How many Python functions a piece of work calls: a measure that does not drift."""
    count = 0

    def counted(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def everything(services: int) -> None:
    read = read_estate(document(services))
    written = write_estate(read.estate)
    read_estate(dump_json(written))
    dump_yaml(written)
    for i in range(services):
        place(read, f"services[s{i}].requires")


def refusing(services: int) -> None:
    with pytest.raises(OrchestratorError):
        read_estate(document(services, owner="nobody"))


@pytest.mark.parametrize("work", [everything, refusing])
def test_twice_the_document_is_twice_the_work(work: Callable[[int], None]) -> None:
    work(10)  # what is cached once and for all
    assert calls(lambda: work(400)) < 2.2 * calls(lambda: work(200))


@pytest.mark.long
def test_an_estate_of_ten_thousand_services_is_read_and_written() -> None:
    text = document(10_000)
    estate = read_estate(text).estate
    assert len(estate.services) == 10_000
    assert read_estate(dump_yaml(write_estate(estate))).estate == estate
