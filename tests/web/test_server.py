"""The server as it is started: a real process, asked over a real connection."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.config import Config
from orchestrator.errors import OrchestratorError
from orchestrator.web import limits, server
from tests.web.conftest import ESTATE, FACTS, operation

START = """
from orchestrator.config import Config
from orchestrator.web.server import serve
import os
serve(Config.from_env(os.environ))
"""
PATIENCE_SECONDS = 60


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """A running server."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port, self.process = port, process

    def request(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        with closing(connection):
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return response.status, found, response.read()

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        status, _, text = self.request("POST", "/graphql", body, Content_Type="application/json")
        assert status == 200
        answer: dict[str, Any] = json.loads(text)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data


@contextmanager
def started(url: str) -> Iterator[Server]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", START],
        env={**os.environ, "ORCHESTRATOR_DATABASE_URL": url, "ORCHESTRATOR_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        found = Server(port, process)
        while True:
            try:
                found.request("GET", "/healthz")
                break
            except OSError:
                assert process.poll() is None, process.stdout and process.stdout.read()
                assert time.monotonic() < deadline, "the server did not come up"
                time.sleep(0.1)
        yield found
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.stdout:
            process.stdout.close()


def test_a_server(url: str) -> None:
    """One start for all that needs one."""
    with started(url) as running:
        _does_the_job(running)
        _serves_many_at_once(running)
        _speaks_http(running)
        running.process.send_signal(signal.SIGINT)
        said, _ = running.process.communicate(timeout=30)
    assert running.process.returncode == 0
    assert f"http://127.0.0.1:{running.port}/" in said
    assert "No keys are given out" in said
    assert "Traceback" not in said


def _does_the_job(running: Server) -> None:
    running.ask(operation("import-estate"), input={"document": ESTATE})
    running.ask(operation("record-facts"), input={"document": FACTS})
    payload = running.ask(operation("assess-period"), input={"period": "2026-04"})
    assert payload["assessPeriod"]["run"]["breaches"]["totalCount"] == 3
    found = running.ask(operation("shortfalls"), period="2026-04")
    assert found["derivations"]["totalCount"] == 1


def _serves_many_at_once(running: Server) -> None:
    """Readers, and writers of one tenant, who queue."""

    def read(_: int) -> int:
        found = running.ask(operation("estate-overview"))
        count: int = found["estate"]["services"]["totalCount"]
        return count

    def write(number: int) -> int:
        document = FACTS.replace("o-1", f"x-{number}")
        found = running.ask(operation("record-facts"), input={"document": document})
        count: int = found["recordFacts"]["accepted"]
        return count

    with ThreadPoolExecutor(8) as pool:
        reads, writes = pool.map(read, range(40)), pool.map(write, range(12))
        assert list(writes) == [1] * 12
        assert list(reads) == [4] * 40


def _speaks_http(running: Server) -> None:
    status, headers, body = running.request("GET", "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"http://127.0.0.1:{running.port}/graphql".encode() in body
    # A page elsewhere whose name resolves to this machine.
    status, _, body = running.request("GET", "/graphql?query={__typename}", Host="evil.example")
    assert (status, json.loads(body)["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    status, _, _ = running.request("GET", "/healthz", Host=f"localhost:{running.port}")
    assert status == 200
    # Without a length, in chunks.
    text = b'{"query": "{ __typename }"}'
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)
    answer = _raw(
        running,
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks,
    )
    assert b'{"data":{"__typename":"Query"}}' in answer
    # Refused by its announced length, before any of it is sent.
    answer = _raw(
        running,
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n" % (limits.MAX_BODY + 1),
    )
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"TOO_LARGE"' in answer
    for path in ("/%ff", "/nix", "/static/../app.py", "/graphql?query=%ff"):
        status, headers, body = running.request("GET", path)
        assert status in {400, 404, 200}
        assert headers["content-type"].startswith("application/json")
        json.loads(body)


def _raw(running: Server, request: bytes) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", running.port), 10)) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
        return answer


def refused(config: Config) -> str:
    with pytest.raises(OrchestratorError) as caught:
        server.serve(config)
    (problem,) = caught.value.problems
    assert problem.advice
    return problem.code


def test_refuses_a_database_that_is_not_migrated(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert refused(Config(database_url=url)) == "DATABASE_NOT_MIGRATED"
    assert not list(tmp_path.iterdir())


def test_refuses_an_address_that_is_taken(url: str) -> None:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = Config(database_url=url, port=listener.getsockname()[1])
        assert refused(config) == "ADDRESS_UNAVAILABLE"


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_refuses_an_address_that_is_not_ours(url: str, host: str) -> None:
    assert refused(Config(database_url=url, host=host)) == "ADDRESS_UNAVAILABLE"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("example.com", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert server.is_loopback(host) is loopback


def test_says_when_it_is_open_to_others(capsys: pytest.CaptureFixture[str]) -> None:
    server._say(Config(host="0.0.0.0"))
    assert "whoever reaches this address may read and write" in capsys.readouterr().err
    server._say(Config(host="::1"))
    said = capsys.readouterr()
    assert "http://[::1]:8000/" in said.out
    assert said.err == ""
