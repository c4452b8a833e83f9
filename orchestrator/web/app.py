"""The web application: GraphQL, the document schemas, a health check and a page that says so."""

from __future__ import annotations

import os
from typing import Any, Final

import orjson
from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError

from orchestrator import __version__
from orchestrator.config import Config
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.formats.icalendar import feed
from orchestrator.formats.schema import estate_schema, facts_schema
from orchestrator.model.values import DAY, AskedPeriod
from orchestrator.store.database import check, connect
from orchestrator.web import endpoint, faults, limits
from orchestrator.web.asking import Asking, Site
from orchestrator.web.documents import Documents
from orchestrator.web.questions import deadlines_of
from orchestrator.web.schema import graphql_schema, printed
from orchestrator.web.viewers import read_viewers

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_CODES: Final = {
    400: "BAD_REQUEST",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "TOO_LARGE",
}
_KEPT: Final = "public, max-age=3600"


def create_app(config: Config | None = None) -> Flask:
    """The application for a configuration; without one, for that of the environment.

    Nothing is read from the database until the first request.
    """
    config = config or Config.from_env(os.environ)
    app = Flask("orchestrator.web")
    app.config.update(MAX_CONTENT_LENGTH=limits.MAX_BODY)
    viewers = read_viewers(config.keys)
    site = Site(connect(config.database_url), config.tenant, viewers)
    app.extensions["orchestrator"] = site
    _add_routes(app, site, Documents(graphql_schema()))
    _add_errors(app)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response

    return app


def _add_routes(app: Flask, site: Site, documents: Documents) -> None:
    texts = {
        "estate.json": ("application/schema+json", orjson.dumps(estate_schema())),
        "facts.json": ("application/schema+json", orjson.dumps(facts_schema())),
        "schema.graphql": ("text/plain; charset=utf-8", printed().encode()),
    }

    @app.get("/")
    def landing() -> Response:
        return Response(
            render_template("landing.html", version=__version__, limits=limits),
            content_type="text/html; charset=utf-8",
        )

    @app.route("/graphql", methods=["GET", "POST"])
    def graphql() -> Response:
        return endpoint.answer(site, documents)

    @app.get("/healthz")
    def healthz() -> Response:
        try:
            check(site.database)
        except OrchestratorError as error:
            return _json(503, {"status": "unavailable", "errors": faults.faults_of(error)})
        return _json(200, {"status": "ok", "version": __version__})

    @app.get("/deadlines.ics")
    def calendar() -> Response:
        """What falls due from a month ago to a year ahead, to subscribe to."""
        with Asking(site, endpoint.viewer_of(site)) as asking:
            start = asking.now - asking.now % DAY - 31 * DAY
            found = deadlines_of(asking, AskedPeriod(start, start + 397 * DAY))
            estate = asking.estate(asking.revision())
            text = feed(found, estate.metadata.name or "orchestrator", asking.now)
        return Response(text, content_type="text/calendar; charset=utf-8")

    @app.get("/schemas/<name>")
    def schemas(name: str) -> Response:
        if name not in texts:
            found = refuse("NOT_FOUND", "there is no such schema", f"ask for {', '.join(texts)}")
            return _json(404, {"errors": faults.faults_of(found)})
        media, text = texts[name]
        return Response(text, content_type=media, headers={"Cache-Control": _KEPT})


def _add_errors(app: Flask) -> None:
    @app.errorhandler(endpoint.Unanswerable)
    def unanswerable(error: endpoint.Unanswerable) -> Response:
        response = _json(error.status, {"errors": faults.faults_of(error.error)})
        if error.allow:
            response.headers["Allow"] = error.allow
        if error.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Any:
        status = error.code or 500
        if status < 400:
            return error.get_response()
        response = error.get_response()
        code = _CODES.get(status, "BAD_REQUEST" if status < 500 else faults.INTERNAL)
        problem = refuse(code, *_said(error, status))
        response.data = orjson.dumps({"errors": faults.faults_of(problem)})
        response.content_type = endpoint.JSON
        return response

    @app.errorhandler(OrchestratorError)
    def coded(error: OrchestratorError) -> Response:
        return _json(503 if faults.is_ours(error) else 400, {"errors": faults.faults_of(error)})

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        return _json(500, {"errors": [faults.internal(error)]})


def _said(error: HTTPException, status: int) -> tuple[str, str]:
    if isinstance(error, SecurityError):
        return "this server answers to the names of its own machine alone", "use http://localhost"
    if status == 413:
        size = limits.MAX_BODY // 1024**2
        return f"the request is larger than {size} MiB", "split the document, or use the CLI"
    if status == 404:
        return f"there is nothing at {request.path[:100]!r}", "see /"
    return error.name.lower(), ""


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, content_type=endpoint.JSON)
