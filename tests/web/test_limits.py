"""No query, however it is written, asks for more than the limits allow."""

from __future__ import annotations

import time

import pytest
from graphql import get_introspection_query

from orchestrator.web import limits
from orchestrator.web.documents import KEPT, Documents, Rejected
from orchestrator.web.schema import graphql_schema
from tests.web.conftest import Client


def nested(levels: int, leaf: str = "slug") -> str:
    """A walk along dependencies."""
    inner = leaf
    for _ in range(levels):
        inner = f"dependencies {{ nodes {{ {inner} }} }}"
    return f"{{ estate {{ services(first: 1) {{ nodes {{ {inner} }} }} }} }}"


def test_depth(client: Client) -> None:
    """Fields count, whatever fragments they stand in."""
    # estate, services, nodes, then owner and its parents, and slug
    inner = "slug"
    for _ in range(limits.MAX_DEPTH - 5):
        inner = f"parent {{ {inner} }}"
    fits = f"{{ estate {{ services {{ nodes {{ owner {{ {inner} }} }} }} }} }}"
    client.ask(fits)
    assert client.codes(fits.replace("slug", "parent { slug }")) == ["TOO_DEEP"]
    # The same in fragments, inline and named.
    named = "{ estate { services { nodes { owner { ...p } } } } } fragment p on Party { INNER }"
    named = named.replace("INNER", inner)
    client.ask(named)
    deeper = named.replace("slug", "... { parent { ... on Party { slug } } }")
    assert client.codes(deeper) == ["TOO_DEEP"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ estate " + "{ services { nodes " * 400, "SYNTAX"),
        ("{" + "...{" * 480 + "__typename" + "}" * 480 + "}", "SYNTAX"),
        ("{ estate(at: " + "[" * 1000 + "]" * 400 + ") { name } }", "SYNTAX"),
        ("{" + " ".join(f"a{n}: __typename" for n in range(600)) + "}", "SYNTAX"),
        ("{ __typename }" + "#" * limits.MAX_QUERY, "QUERY_TOO_LONG"),
        (nested(5), "TOO_COSTLY"),
        (
            "{ estate { services(first: 500) { nodes "
            "{ dependents(first: 500) { nodes { slug } } } } } }",
            "TOO_COSTLY",
        ),
        (
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
            "INVALID_QUERY",
        ),
    ],
    ids=["deep", "inline", "list", "aliases", "long", "nested", "pages", "introspection"],
)
def test_refuses(client: Client, query: str, expected: str) -> None:
    assert client.codes(query) == [expected]


def test_a_page_size_in_a_variable_counts_as_what_it_is(client: Client) -> None:
    query = (
        "query($n: Int = 500) { estate { services(first: $n) { nodes { dependents(first: $n) "
        "{ nodes { slug } } } } } }"
    )
    assert client.codes(query) == ["TOO_COSTLY"]
    client.ask(query, n=5)
    assert client.codes(query, n=400) == ["TOO_COSTLY"]
    client.ask(query, n=6)


def test_mutations_and_derivations_weigh_more(client: Client) -> None:
    derive = 'derivations(period: "2026-04") { totalCount }'
    client.ask("{" + " ".join(f"a{n}: {derive}" for n in range(9)) + "}")
    assert client.codes("{" + " ".join(f"a{n}: {derive}" for n in range(11)) + "}") == [
        "TOO_COSTLY"
    ]
    assess = 'assessPeriod(input: {period: "2026-04", dryRun: true}) { changed }'
    query = "mutation {" + " ".join(f"a{n}: {assess}" for n in range(11)) + "}"
    assert client.codes(query) == ["TOO_COSTLY"]


def test_fragments_cannot_make_the_counting_expensive(client: Client) -> None:
    """Each spreads the next one twice: 2^90 fields, counted in no time."""
    count = 90
    parts = [
        f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} __typename }}" for n in range(count)
    ]
    query = "{ ...f0 } " + " ".join(parts) + f" fragment f{count} on Query {{ __typename }}"
    start = time.process_time()
    assert client.codes(query) == ["TOO_COSTLY"]
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "query",
    [
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "{ ...a } fragment a on Query { ...a }",
        "{ ...nothing }",
        "{ ...a } fragment a on Nothing { slug }",
        "{ nothing { of { the } kind } }",
    ],
)
def test_counting_bears_with_what_validation_refuses(client: Client, query: str) -> None:
    assert set(client.codes(query)) == {"INVALID_QUERY"}


def test_no_more_errors_than_anyone_reads(client: Client) -> None:
    query = "{" + " ".join(f"x{n}" for n in range(500)) + "}"
    assert len(client.refused(query)) <= limits.MAX_ERRORS + 1


def test_the_whole_schema_may_be_asked_for(client: Client) -> None:
    query = get_introspection_query(
        specified_by_url=True, schema_description=True, input_value_deprecation=True
    )
    assert client.ask(query)["__schema"]["queryType"]["name"] == "Query"


@pytest.mark.parametrize("first", [0, -1, limits.MAX_FIRST + 1, 2**31 - 1])
def test_pages_have_a_size(shop: Client, first: int) -> None:
    for query in (
        "query($n: Int) { estate { services(first: $n) { totalCount } } }",
        'query($n: Int) { assessmentRun(period: "2026-04") '
        "{ breaches(first: $n) { totalCount } } }",
        "query($n: Int) { assessmentRuns(first: $n) { totalCount } }",
    ):
        assert shop.codes(query, n=first) == ["BAD_PAGE"]


@pytest.mark.parametrize("after", ["", "x", "%%%", "bnVsbA", "W10", "WyJzZXJ2aWNlcyJd", "é"])
def test_a_cursor_is_one_that_a_page_gave(shop: Client, after: str) -> None:
    query = """query($a: String) {
        estate { services(after: $a) { totalCount } }
        run: assessmentRun(period: "2026-04") { breaches(after: $a) { totalCount } }
        assessmentRuns(after: $a) { totalCount } }"""
    assert set(shop.codes(query, a=after)) == {"BAD_CURSOR"}


def test_a_cursor_belongs_to_its_list(shop: Client) -> None:
    query = "{ estate { services(first: 1) { pageInfo { endCursor } } } }"
    cursor = shop.ask(query)["estate"]["services"]["pageInfo"]["endCursor"]
    query = "query($a: String) { estate { parties(after: $a) { totalCount } } }"
    assert shop.codes(query, a=cursor) == ["BAD_CURSOR"]


def test_an_answer_holds_no_more_than_it_may(shop: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the counting beforehand cannot know is counted on the way."""
    monkeypatch.setattr("orchestrator.web.asking.MAX_NODES", 5)
    assert shop.codes("{ estate { services { nodes { slug } } parties { nodes { slug } } } }") == [
        "TOO_COSTLY"
    ]


def test_documents_are_kept_and_no_more_of_them_than_allowed() -> None:
    documents = Documents(graphql_schema())
    kept = documents.get("{ __typename }")
    assert documents.get("{ __typename }") is kept
    for number in range(KEPT + 10):
        documents.get(f"{{ a{number}: __typename }}")
    assert len(documents) == KEPT
    for query in ("{", "{ nothing }"):
        with pytest.raises(Rejected):
            documents.get(query)
    assert len(documents) == KEPT
