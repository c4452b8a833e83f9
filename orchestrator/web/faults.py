"""Errors as clients see them: one formatter, from our problems to `errors[].extensions`.

What went wrong on our side is logged and answered with the code INTERNAL alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from graphql import GraphQLError

from orchestrator.errors import OrchestratorError, Problem

Plain = dict[str, Any]

INTERNAL: Final = "INTERNAL"
SYNTAX: Final = "SYNTAX"
INVALID: Final = "INVALID_QUERY"
BAD_VARIABLES: Final = "BAD_VARIABLES"

_OF_THE_DATABASE: Final = "DATABASE_"
_LONGEST: Final = 1_000
_UNREACHABLE: Final = "DATABASE_UNREACHABLE"

_log = logging.getLogger("orchestrator.web")


def is_ours(error: OrchestratorError) -> bool:
    """Whether the database is at fault, not what the client sent."""
    return any(problem.code.startswith(_OF_THE_DATABASE) for problem in error.problems)


def fault(problem: Problem) -> Plain:
    """A problem as a GraphQL error: its code, place and advice are extensions."""
    message, advice = problem.message, problem.advice
    if problem.code == _UNREACHABLE:  # it names the address, which is for operators
        _log.error("%s", problem)
        message, advice = "the database cannot be used at present", "try again later"
    extensions: Plain = {"code": problem.code}
    if advice:
        extensions["advice"] = advice
    if problem.path:
        extensions["path"] = problem.path
    if problem.line:
        extensions["line"] = problem.line
    return {"message": message, "extensions": extensions}


def faults_of(error: OrchestratorError) -> list[Plain]:
    """All problems of an error."""
    return [fault(problem) for problem in error.problems]


def internal(error: BaseException) -> Plain:
    """An unexpected error, told to the log and to nobody else."""
    _log.error("unexpected error", exc_info=error)
    return {
        "message": "something went wrong on our side",
        "extensions": {"code": INTERNAL},
    }


def refusals(errors: Iterable[GraphQLError], code: str) -> list[Plain]:
    """Errors of a query that was not run, all of them the client's. `code` stands for those that
    bring none."""
    return [_placed(error, _told(error, code)) for error in errors]


def failures(errors: Iterable[GraphQLError]) -> list[Plain]:
    """Errors of a query that was run."""
    return [_placed(error, one) for error in errors for one in _causes(error)]


def _causes(error: GraphQLError) -> list[Plain]:
    cause = _cause(error)
    if isinstance(cause, OrchestratorError):
        return faults_of(cause)
    if isinstance(cause, GraphQLError):
        return [_told(error, INVALID)]
    return [internal(cause)]


def _told(error: GraphQLError, code: str) -> Plain:
    message = error.message[:_LONGEST]
    return {"message": message, "extensions": {"code": code} | (error.extensions or {})}


def _placed(error: GraphQLError, one: Plain) -> Plain:
    """An error with its places in the query and in the answer."""
    if error.locations:
        one["locations"] = [location.formatted for location in error.locations]
    if error.path:
        one["path"] = error.path
    return one


def _cause(error: GraphQLError) -> BaseException:
    """What is behind a GraphQL error; a GraphQL error where the request itself is at fault.

    A resolver's error is wrapped, perhaps more than once. A GraphQL error that was wrapped and
    names no part of the query comes from a result that does not fit our own schema.
    """
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, GraphQLError) and cause is not error and not cause.nodes:
        return RuntimeError(cause.message)
    return cause
