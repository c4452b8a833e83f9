"""A web application on a migrated database of its own, and a client that asks it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from orchestrator.config import Config
from orchestrator.web.app import create_app
from orchestrator.web.asking import Site
from tests.store.conftest import migrated_file, postgres, postgres_url

__all__ = ["migrated_file", "postgres", "postgres_url"]

HERE = Path(__file__).parent
OPERATIONS = HERE.parent.parent / "graphql" / "operations"
ESTATE = (HERE / "shop.yaml").read_text("utf-8")
FACTS = (HERE / "april.yaml").read_text("utf-8")
NEWER = "application/graphql-response+json"


def operation(name: str) -> str:
    """The text of a stored operation."""
    return (OPERATIONS / f"{name}.graphql").read_text("utf-8")


@dataclass
class Client:
    """Asks over HTTP, as clients do."""

    app: Flask
    http: FlaskClient

    @property
    def site(self) -> Site:
        site: Site = self.app.extensions["orchestrator"]
        return site

    def send(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The whole answer."""
        response = self.http.post("/graphql", json={"query": query, "variables": variables})
        answer: dict[str, Any] = response.get_json()
        return answer

    def ask(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = self.send(query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def refused(self, query: str, /, **variables: Any) -> list[dict[str, Any]]:
        """The errors of an answer that has some."""
        errors: list[dict[str, Any]] = self.send(query, **variables)["errors"]
        return errors

    def codes(self, query: str, /, **variables: Any) -> list[str]:
        """The codes of those errors."""
        return [error["extensions"]["code"] for error in self.refused(query, **variables)]

    def run(self, name: str, /, **variables: Any) -> dict[str, Any]:
        """The data of a stored operation."""
        return self.ask(operation(name), **variables)

    def load(self) -> None:
        """Import the shop, record its April and assess it."""
        for name, sent in (
            ("import-estate", {"document": ESTATE}),
            ("record-facts", {"document": FACTS}),
            ("assess-period", {"period": "2026-04"}),
        ):
            (payload,) = self.run(name, input=sent).values()
            assert payload["userErrors"] == []

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements sent to the database meanwhile."""
        statements: list[str] = []

        def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        engine = self.site.database.engine
        event.listen(engine, "before_cursor_execute", count)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", count)


@pytest.fixture
def opened() -> Iterator[Callable[[str], Client]]:
    """Opens clients of databases by address, and closes their connections afterwards."""
    clients: list[Client] = []

    def open_client(url: str) -> Client:
        app = create_app(Config(database_url=url))
        clients.append(Client(app, app.test_client()))
        return clients[-1]

    yield open_client
    for client in clients:
        client.site.database.close()


@pytest.fixture
def url(migrated_file: Path, tmp_path: Path) -> str:
    """The address of a migrated SQLite database."""
    file = tmp_path / "test.db"
    shutil.copy(migrated_file, file)
    return f"sqlite:///{file}"


@pytest.fixture
def client(url: str, opened: Callable[[str], Client]) -> Client:
    """A client of an empty database."""
    return opened(url)


@pytest.fixture
def shop(client: Client) -> Client:
    """A client of a database with an estate, facts and an assessed April."""
    client.load()
    return client
