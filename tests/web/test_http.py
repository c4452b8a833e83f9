"""GraphQL over HTTP: what the specification of that name asks of a server.

The cases are those of the reference audit (`graphql-http`), by meaning rather than by number.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from orchestrator.web import endpoint, limits
from tests.web.conftest import NEWER, Client

OLDER = "application/json"
TYPENAME = {"query": "{ __typename }"}
BOTH = pytest.mark.parametrize("media", [OLDER, NEWER])


def post(client: Client, media: str | None = OLDER, **options: Any) -> Any:
    headers = {"Accept": media} if media else {}
    return client.http.post("/graphql", headers=headers, **options)


def code(response: Any) -> str:
    """The code of the first error, which every refusal has, in JSON."""
    assert response.mimetype in {OLDER, NEWER}
    found: str = response.get_json()["errors"][0]["extensions"]["code"]
    return found


@BOTH
def test_answers_in_the_media_type_that_is_accepted(client: Client, media: str) -> None:
    response = post(client, media, json=TYPENAME)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == f"{media}; charset=utf-8"
    assert response.get_json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, OLDER),
        ("*/*", OLDER),
        ("application/*", OLDER),
        ("application/json; charset=utf-8", OLDER),
        (f"{NEWER}; charset=utf-8", NEWER),
        (f"{NEWER}, application/json;q=0.9", NEWER),
        (f"application/json, {NEWER}", NEWER),
        (f"{NEWER};q=0.2, application/json", OLDER),
        (f"{NEWER};q=0.2, */*", OLDER),
        ("text/html,application/xhtml+xml,*/*;q=0.8", OLDER),
    ],
)
def test_negotiates(client: Client, accept: str | None, media: str) -> None:
    assert post(client, accept, json=TYPENAME).mimetype == media


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*"])
def test_cannot_answer_in_other_media_types(client: Client, accept: str) -> None:
    response = post(client, accept, json=TYPENAME)
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ],
)
def test_takes_json_in_utf8_alone(client: Client, content_type: str | None) -> None:
    response = post(client, data=b'{"query": "{ __typename }"}', content_type=content_type)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_takes_no_compressed_body(client: Client) -> None:
    headers = {"Content-Type": OLDER, "Content-Encoding": "gzip"}
    response = client.http.post("/graphql", data=b"\x1f\x8b", headers=headers)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("content_type", [OLDER, "application/json; charset=UTF-8"])
def test_reads_utf8(client: Client, content_type: str) -> None:
    body = '{"query": "query($s: String!) { estate { service(slug: $s) { slug } } }",'
    body += ' "variables": {"s": "Bäckerei 🥐"}}'
    response = post(client, data=body.encode(), content_type=content_type)
    assert response.get_json() == {"data": {"estate": {"service": None}}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "BAD_JSON"),
        (b"{", "BAD_JSON"),
        (b'{"query": "\xff"}', "BAD_JSON"),
        (b'{"query": "{ __typename }", "variables": NaN}', "BAD_JSON"),
        (b"[" * 100_000, "BAD_JSON"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "BAD_JSON"),
        (b'{"query": "\\ud800"}', "BAD_JSON"),
        (b"null", "BAD_REQUEST"),
        (b"1", "BAD_REQUEST"),
        (b'"{ __typename }"', "BAD_REQUEST"),
        (b"{}", "BAD_REQUEST"),
        (b'[{"query": "{ __typename }"}]', "BAD_REQUEST"),
    ],
)
@BOTH
def test_refuses_a_body_that_is_no_request(
    client: Client, body: bytes, expected: str, media: str
) -> None:
    response = post(client, media, data=body, content_type=OLDER)
    assert (response.status_code, code(response)) == (400, expected)


@pytest.mark.parametrize("key", ["query", "operationName", "variables", "extensions"])
@pytest.mark.parametrize("value", [{}, 0, True, [], "text"])
def test_refuses_parameters_of_the_wrong_type(client: Client, key: str, value: Any) -> None:
    fits = {"query": str, "operationName": str, "variables": dict, "extensions": dict}
    if isinstance(value, fits[key]):
        return
    response = post(client, json={**TYPENAME, key: value})
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


@BOTH
@pytest.mark.parametrize("key", ["operationName", "variables", "extensions"])
def test_takes_null_for_a_parameter_left_out(client: Client, key: str, media: str) -> None:
    response = post(client, media, json={**TYPENAME, key: None})
    assert response.get_json() == {"data": {"__typename": "Query"}}


@BOTH
def test_takes_all_parameters(client: Client, media: str) -> None:
    sent = {
        "query": "query A { __typename } query B($n: Int) { estate { services(first: $n) "
        "{ totalCount } } }",
        "operationName": "B",
        "variables": {"n": 3},
        "extensions": {"client": "test"},
    }
    response = post(client, media, json=sent)
    assert response.get_json() == {"data": {"estate": {"services": {"totalCount": 0}}}}


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{", {}, "SYNTAX"),
        ("{ nothing }", {}, "INVALID_QUERY"),
        ("query($n: Int!) { estate { services(first: $n) { totalCount } } }", {}, "BAD_VARIABLES"),
        (
            "query($n: Int) { estate { services(first: $n) { totalCount } } }",
            {"n": "x"},
            "BAD_VARIABLES",
        ),
        ("query($t: DateTime) { estate(at: $t) { name } }", {"t": "2026-04-01"}, "BAD_INSTANT"),
        ('{ estate(at: "yesterday") { name } }', {}, "BAD_INSTANT"),
        ("query A { __typename } query B { __typename }", {}, "BAD_VARIABLES"),
        ("fragment f on Query { __typename }", {}, "INVALID_QUERY"),
        ("{ estate { services(first: " + "9" * 5000 + ") { totalCount } } }", {}, "INVALID_QUERY"),
        ("subscription { __typename }", {}, "INVALID_QUERY"),
    ],
)
def test_a_query_that_is_not_valid_is_an_answer(
    client: Client, query: str, variables: dict[str, Any], expected: str
) -> None:
    """200 in the older media type, 400 in the newer, and no data in either."""
    for media, status in ((OLDER, 200), (NEWER, 400)):
        response = post(client, media, json={"query": query, "variables": variables})
        assert (response.status_code, response.mimetype) == (status, media)
        assert code(response) == expected
        assert "data" not in response.get_json()


@BOTH
def test_an_error_of_a_field_leaves_the_others(client: Client, media: str) -> None:
    query = '{ derivations(period: "soon") { totalCount } estate { revision } }'
    response = post(client, media, json={"query": query})
    assert response.status_code == 200
    answer = response.get_json()
    assert answer["data"] == {"derivations": None, "estate": {"revision": 0}}
    (error,) = answer["errors"]
    assert error["path"] == ["derivations"]
    assert error["locations"] == [{"line": 1, "column": 3}]
    assert error["extensions"]["code"] == "BAD_PERIOD"
    assert error["extensions"]["advice"]


def test_questions_come_by_get_too(client: Client) -> None:
    sent = {
        "query": "query Q($n: Int) { estate { services(first: $n) { totalCount } } }",
        "variables": '{"n": 3}',
        "operationName": "Q",
        "extensions": "{}",
    }
    response = client.http.get("/graphql", query_string=sent)
    assert response.get_json() == {"data": {"estate": {"services": {"totalCount": 0}}}}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, "BAD_REQUEST"),
        ({"query": "{ __typename }", "variables": "{"}, "BAD_JSON"),
        ({"query": "{ __typename }", "variables": "[]"}, "BAD_REQUEST"),
    ],
)
def test_refuses_a_get_that_is_no_request(
    client: Client, sent: dict[str, str], expected: str
) -> None:
    response = client.http.get("/graphql", query_string=sent)
    assert (response.status_code, code(response)) == (400, expected)


def test_changes_come_by_post_alone(client: Client) -> None:
    query = 'mutation { assessPeriod(input: {period: "2026-04"}) { changed } }'
    response = client.http.get("/graphql", query_string={"query": query})
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["Allow"] == "POST"
    mixed = f"query Q {{ __typename }} {query.replace('mutation', 'mutation M')}"
    for name, status in (("Q", 200), ("M", 405)):
        sent = {"query": mixed, "operationName": name}
        assert client.http.get("/graphql", query_string=sent).status_code == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_known(client: Client, method: str) -> None:
    response = client.http.open("/graphql", method=method, json=TYPENAME)
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in response.headers["Allow"]


def test_refuses_what_is_too_large(client: Client) -> None:
    response = post(client, data=b" " * (limits.MAX_BODY + 1), content_type=OLDER)
    assert (response.status_code, code(response)) == (413, "TOO_LARGE")


def test_refuses_what_is_too_large_without_a_length(client: Client) -> None:
    import io  # noqa: PLC0415

    response = client.http.post(
        "/graphql",
        input_stream=io.BytesIO(b" " * (limits.MAX_BODY + 10)),
        content_type=OLDER,
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (response.status_code, code(response)) == (413, "TOO_LARGE")


def test_what_goes_wrong_here_is_told_to_the_log_alone(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("orchestrator.web.queries.estate_at", fail)
    with caplog.at_level(logging.ERROR, "orchestrator.web"):
        response = post(client, json={"query": "{ estate { name } }"})
    assert code(response) == "INTERNAL"
    assert "secret" not in response.get_data(as_text=True)
    assert "secret" in caplog.text

    caplog.clear()
    monkeypatch.setattr(endpoint, "_posted", fail)
    with caplog.at_level(logging.ERROR, "orchestrator.web"):
        response = post(client, json=TYPENAME)
    assert (response.status_code, code(response)) == (500, "INTERNAL")
    assert "secret" not in response.get_data(as_text=True)
    assert "secret" in caplog.text
