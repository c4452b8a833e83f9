"""The whole job once on PostgreSQL; everything else is tried on SQLite."""

from __future__ import annotations

from collections.abc import Callable

from tests.web.conftest import Client
from tests.web.test_results import EVERYTHING


def test_the_same_answers(
    client: Client, opened: Callable[[str], Client], postgres_url: str
) -> None:
    other = opened(postgres_url)
    for one in (client, other):
        one.load()
    for query, variables in (
        (EVERYTHING, {"period": "2026-04"}),
        (
            'query($n: Int) { assessmentRun(period: "2026-04") { breaches(first: $n, '
            'agreements: ["c1", "u1"]) { totalCount nodes { id responsibility { evidence '
            "{ slug to } } } pageInfo { hasNextPage endCursor } } } }",
            {"n": 1},
        ),
        ("{ assessmentRuns { totalCount nodes { id period } } }", {}),
    ):
        assert other.ask(query, **variables) == client.ask(query, **variables)
    assert other.codes(
        'query($a: String) { assessmentRun(period: "2026-04") '
        "{ breaches(after: $a) { totalCount } } }",
        a="WyJicmVhY2hlcyIsImEiLCJiIl0",
    ) == ["BAD_CURSOR"]
    assert other.http.get("/healthz").status_code == 200
