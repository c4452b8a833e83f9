"""GraphQL over HTTP, as the specification of that name has it.

A request that cannot be run at all is answered with 4xx and `errors`. One that is understood as a
request but whose query is not valid is answered with 400 in `application/graphql-response+json`,
and with 200 in `application/json`, as clients of that older media type expect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import orjson
from flask import Request, Response, request
from graphql import ExecutionContext, GraphQLError
from werkzeug.exceptions import RequestEntityTooLarge

from orchestrator.errors import OrchestratorError, refuse
from orchestrator.web import faults
from orchestrator.web.asking import Asking, Site
from orchestrator.web.documents import Document, Documents, Rejected
from orchestrator.web.limits import MAX_BODY
from orchestrator.web.viewers import EVERYBODY

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"
_UTF8: Final = {"utf-8", "utf8"}


class Unanswerable(Exception):  # noqa: N818 - a signal between here and the application
    """A request that is no GraphQL request, with its status."""

    def __init__(self, status: int, error: OrchestratorError, allow: str = "") -> None:
        super().__init__(str(error))
        self.status, self.error, self.allow = status, error, allow


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a request asks to be run."""

    query: str
    operation: str | None
    variables: dict[str, Any]


def answer(site: Site, documents: Documents) -> Response:
    """The answer to the request at hand."""
    media = accepted(request)
    viewer = viewer_of(site)
    parameters = (_posted if request.method == "POST" else _queried)(request)
    try:
        document = documents.get(parameters.query)
        if request.method != "POST" and document.mutates(parameters.operation):
            raise Unanswerable(
                405, refuse("METHOD_NOT_ALLOWED", "mutations come by POST alone"), "POST"
            )
        if viewer != EVERYBODY and document.mutates(parameters.operation):
            raise Unanswerable(
                403, refuse("READ_ONLY", "this key only reads", "ask whoever runs the server")
            )
        document.check(parameters.operation, parameters.variables)
    except Rejected as rejected:
        code = faults.SYNTAX if rejected.syntax else faults.INVALID
        return _response(400, media, {"errors": faults.refusals(rejected.errors, code)})
    except OrchestratorError as error:
        return _response(400, media, {"errors": faults.faults_of(error)})
    with Asking(site, viewer) as asking:
        return _executed(document, parameters, asking, media)


def viewer_of(site: Site) -> str:
    """The party that sends the request at hand."""
    try:
        return site.viewers.of(request.headers.get("Authorization", ""))
    except OrchestratorError as error:
        raise Unanswerable(401, error) from None


def accepted(request: Request) -> str:
    """The media type to answer in: the older one unless the newer is asked for."""
    wanted = {
        media.partition(";")[0].strip().lower(): quality
        for media, quality in reversed(list(request.accept_mimetypes))
    }
    if not wanted:
        return JSON
    newer, older = _quality(wanted, GRAPHQL), _quality(wanted, JSON)
    if not (newer or older):
        raise Unanswerable(
            406, refuse("NOT_ACCEPTABLE", "answers are JSON", f"accept {JSON} or {GRAPHQL}")
        )
    return GRAPHQL if newer > older or (newer == older and GRAPHQL in wanted) else JSON


def _quality(wanted: Mapping[str, float], media: str) -> float:
    """How much a media type is wanted, by the range that names it most exactly."""
    ranges = (media, "application/*", "*/*")
    return next((wanted[name] for name in ranges if name in wanted), 0)


def _executed(document: Document, parameters: Parameters, asking: Asking, media: str) -> Response:
    context = ExecutionContext.build(
        document.schema,
        document.node,
        context_value=asking,
        raw_variable_values=parameters.variables,
        operation_name=parameters.operation,
        max_coercion_errors=5,
        is_awaitable=_never,
    )
    if isinstance(context, list):
        return _response(400, media, {"errors": faults.refusals(context, faults.BAD_VARIABLES)})
    errors = context.collected_errors.errors
    data: Any = None
    try:
        data = context.execute_operation(context.operation, None)
    except GraphQLError as error:
        errors.append(error)
    result: dict[str, Any] = {"data": data}
    if errors:
        result["errors"] = faults.failures(errors)
    return _response(200, media, result)


def _never(_value: object) -> bool:
    """Nothing here is awaited."""
    return False


def _response(status: int, media: str, body: dict[str, Any]) -> Response:
    return Response(
        orjson.dumps(body, default=_exact),
        status if media == GRAPHQL else 200,
        content_type=f"{media}; charset=utf-8",
    )


def _exact(value: object) -> orjson.Fragment:
    """A number of a document that no float holds, as it was written."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{value!r} is not plain data")


# --- parameters ----------------------------------------------------------------------------------


def _posted(request: Request) -> Parameters:
    if request.mimetype != JSON:
        raise Unanswerable(
            415, refuse("UNSUPPORTED_MEDIA_TYPE", "the body is not JSON", f"send it as {JSON}")
        )
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in _UTF8 or request.headers.get("Content-Encoding", "identity") != "identity":
        raise Unanswerable(
            415, refuse("UNSUPPORTED_MEDIA_TYPE", "the body is not plain UTF-8", "send UTF-8")
        )
    try:
        body = orjson.loads(_body(request))
    except orjson.JSONDecodeError as error:
        raise Unanswerable(400, refuse("BAD_JSON", f"the body is not JSON: {error}")) from None
    if isinstance(body, list):
        raise _bad("batches are not answered", "send one request each")
    if not isinstance(body, dict):
        raise _bad("the body is not a JSON object", "send {query, variables, operationName}")
    return _parameters(body)


def _body(request: Request) -> bytes:
    """The whole body. One that names no length is cut off at the limit without an error."""
    body = request.get_data(cache=False)
    if request.content_length is None and len(body) >= MAX_BODY:
        raise RequestEntityTooLarge()
    return body


def _queried(request: Request) -> Parameters:
    given: dict[str, Any] = request.args.to_dict()
    for name in ("variables", "extensions"):
        if given.get(name):
            try:
                given[name] = orjson.loads(given[name])
            except orjson.JSONDecodeError as error:
                message = f"`{name}` is not JSON: {error}"
                raise Unanswerable(400, refuse("BAD_JSON", message)) from None
        else:
            given.pop(name, None)
    return _parameters(given)


def _parameters(given: dict[str, Any]) -> Parameters:
    query, operation = given.get("query"), given.get("operationName")
    variables, extensions = given.get("variables"), given.get("extensions")
    if not isinstance(query, str):
        raise _bad("there is no `query`", "send it as a text")
    if operation is not None and not isinstance(operation, str):
        raise _bad("`operationName` is not a text")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("`variables` is not an object")
    if extensions is not None and not isinstance(extensions, dict):
        raise _bad("`extensions` is not an object")
    return Parameters(query, operation or None, variables or {})


def _bad(message: str, advice: str = "") -> Unanswerable:
    return Unanswerable(400, refuse("BAD_REQUEST", message, advice))
