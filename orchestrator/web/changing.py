"""What all changes have in common: their inputs, their payloads, and how a refusal is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import graphene

from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.web.faults import is_ours
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.limits import MAX_KEY

_KEY: Final = "idempotencyKey"
_FIELDS: Final = {
    "IDEMPOTENCY_CONFLICT": _KEY,
    "BAD_KEY": _KEY,
    "FROM_REQUIRED": "from",
    "BAD_PERIOD": "period",
    "PERIOD_TOO_LONG": "period",
    "STALE_VERSION": "expectedVersion",
    "CONTENT_DIFFERS": "content",
    "UNKNOWN_MOVE": "event",
    "NO_REASON": "reason",
    "BOOKS_CLOSED": "until",
    "NOTICE_TOO_SHORT": "noticed",
}
"""The field of the input that a problem is about, where it is not the main one."""


class UserError(graphene.ObjectType):
    """Why something that was sent was not accepted."""

    field = many(
        graphene.String,
        "The field of the input it is about.",
        lambda error: ["input", error[0]],
    )
    code = given(
        graphene.String,
        "What it is; the codes are published and stable.",
        lambda error: error[1].code,
    )
    message = given(graphene.String, "What it is, in words.", lambda error: error[1].message)
    line = maybe(graphene.Int, "The line of the document.", lambda error: error[1].line or None)
    path = maybe(
        graphene.String,
        "The place in the document, such as `services[3].requires`.",
        lambda error: error[1].path,
    )
    advice = maybe(graphene.String, "What to do about it.", lambda error: error[1].advice)


def errors_of(problems: Iterable[Problem], main: str) -> list[tuple[str, Problem]]:
    """Problems, each with the field of the input it is about."""
    return [(_FIELDS.get(problem.code, main), problem) for problem in problems]


def input_type(name: str, about: str, **fields: Any) -> Any:
    """An input type: its own fields, and those of every mutation."""
    shared = {
        "dry_run": graphene.InputField(
            graphene.Boolean,
            default_value=False,
            description="Do everything but the writing, and answer with what would change.",
        ),
        "idempotency_key": graphene.InputField(
            graphene.String,
            description="Stands for this one request: sent again with the same key it is done "
            f"once, and answered alike. At most {MAX_KEY} characters.",
        ),
        "client_mutation_id": graphene.InputField(
            graphene.String, description="Comes back as it was sent."
        ),
    }
    return type(name, (graphene.InputObjectType,), {"__doc__": about} | fields | shared)


def text_field(about: str) -> Any:
    """A text that has to be sent."""
    return graphene.InputField(graphene.String, required=True, description=about)


def payload_type(name: str, about: str, **fields: Any) -> Any:
    """A payload type: its own fields, and those of every mutation."""
    shared = {
        "user_errors": many(UserError, "Why what was sent, or a part of it, was not accepted."),
        "client_mutation_id": maybe(graphene.String, "As it was sent."),
    }
    return type(name, (graphene.ObjectType,), {"__doc__": about} | fields | shared)


def answered(
    payload: Any, given: dict[str, Any], main: str, work: Callable[[], dict[str, Any]]
) -> Any:
    """A payload: what the work answers, or why it was refused. What is wrong with the database is
    not the user's error and goes on as it is."""
    try:
        _check_key(given.get("idempotency_key"))
        answer = {"user_errors": []} | work()
    except OrchestratorError as error:
        if is_ours(error):
            raise
        answer = {"user_errors": errors_of(error.problems, main)}
    return payload(**answer, client_mutation_id=given.get("client_mutation_id"))


def _check_key(key: str | None) -> None:
    if key is not None and (not 0 < len(key) <= MAX_KEY or not key.isprintable()):
        raise refuse(
            "BAD_KEY", "this cannot be an idempotency key", f"use up to {MAX_KEY} plain characters"
        )


def mutation_field(payload: Any, input_type: Any, about: str, resolver: Callable[..., Any]) -> Any:
    """A field of the root of all changes."""
    return graphene.Field(
        payload,
        description=about,
        resolver=resolver,
        input=argument(input_type, "What is sent.", required=True),
    )
