"""What else is served: health, schemas, the page at the root; and that all errors are JSON."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from orchestrator.formats.schema import estate_schema, facts_schema
from orchestrator.web.schema import printed
from tests.web.conftest import Client


def test_health(client: Client) -> None:
    response = client.http.get("/healthz")
    assert (response.status_code, response.get_json()["status"]) == (200, "ok")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("sqlite:///{}/none.db", "DATABASE_NOT_MIGRATED"),
        ("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1", "DATABASE_UNREACHABLE"),
    ],
)
def test_ill_health(
    opened: Callable[[str], Client], tmp_path: Path, address: str, expected: str
) -> None:
    client = opened(address.format(tmp_path))
    response = client.http.get("/healthz")
    assert response.status_code == 503
    assert response.get_json()["errors"][0]["extensions"]["code"] == expected
    assert not list(tmp_path.iterdir()), "looking has made the database"
    answer = client.send("{ estate { name } }")
    assert answer["data"] == {"estate": None}
    assert answer["errors"][0]["extensions"]["code"] == expected
    assert "127.0.0.1" not in str(answer), "where the database is, is nobody's business"


def test_the_schemas_of_the_documents(client: Client) -> None:
    for name, made in (("estate", estate_schema()), ("facts", facts_schema())):
        response = client.http.get(f"/schemas/{name}.json")
        assert response.mimetype == "application/schema+json"
        assert response.get_json() == made
        Draft202012Validator.check_schema(response.get_json())


def test_the_schema_of_the_interface(client: Client) -> None:
    response = client.http.get("/schemas/schema.graphql")
    assert response.get_data(as_text=True) == printed()
    assert client.http.get("/schemas/nix").status_code == 404


def test_the_page_at_the_root(client: Client) -> None:
    response = client.http.get("/")
    text = response.get_data(as_text=True)
    assert response.mimetype == "text/html"
    assert "/graphql" in text
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in text
    assert "style=" not in text
    for link in ("/static/landing.css", "/static/icon.svg"):
        assert link in text
        with client.http.get(link) as found:
            assert found.status_code == 200


def test_the_question_on_the_page_can_be_asked(shop: Client) -> None:
    text = html.unescape(shop.http.get("/").get_data(as_text=True))
    (query,) = re.findall(r"'query=(.*?)'", text, re.DOTALL)
    answer = shop.http.get("/graphql", query_string={"query": query}).get_json()
    assert answer["data"]["derivations"]["totalCount"] == 1
    assert "errors" not in answer


def test_what_is_not_there(client: Client) -> None:
    response = client.http.get("/nowhere<script>")
    assert (response.status_code, response.mimetype) == (404, "application/json")
    assert response.get_json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_module_for_other_servers(
    monkeypatch: pytest.MonkeyPatch, url: str, recwarn: pytest.WarningsRecorder
) -> None:
    import importlib  # noqa: PLC0415

    monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", url)
    application = importlib.import_module("wsgi").application
    try:
        assert application.test_client().get("/healthz").status_code == 200
    finally:
        application.extensions["orchestrator"].database.close()
