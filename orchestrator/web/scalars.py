"""Scalars of the schema that GraphQL itself does not have."""

from __future__ import annotations

from typing import Any

import graphene
from graphql import GraphQLError, StringValueNode, ValueNode

from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.values import DAWN, FOREVER, Instant, format_instant, parse_instant


def instant_or_none(instant: Instant | None) -> Instant | None:
    """An instant; the ends of time are none."""
    return None if instant is None or instant <= DAWN or instant >= FOREVER else instant


class DateTime(graphene.Scalar):
    """An instant in ISO 8601, such as `2026-04-03T10:00:00Z`.

    Answers are in UTC and keep microseconds. Arguments may have any offset, but must have one.
    """

    @staticmethod
    def serialize(value: Instant) -> str:
        return format_instant(value)

    @staticmethod
    def parse_value(value: Any) -> Instant:
        try:
            instant = parse_instant(value if isinstance(value, str) else repr(value))
            format_instant(instant)
        except OrchestratorError as error:
            raise GraphQLError(str(error.problems[0].message), extensions=_code(error)) from error
        except OverflowError as error:
            far = refuse("BAD_INSTANT", f"{value!r} is out of all proportion")
            raise GraphQLError(far.problems[0].message, extensions=_code(far)) from error
        return instant

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> Instant:
        if not isinstance(node, StringValueNode):
            raise GraphQLError("an instant is a text", node, extensions={"code": "BAD_INSTANT"})
        return DateTime.parse_value(node.value)


def _code(error: OrchestratorError) -> dict[str, Any]:
    return {"code": error.problems[0].code, "advice": error.problems[0].advice}


class JSON(graphene.Scalar):
    """Any JSON value, as it stands in a document. Never an argument."""

    @staticmethod
    def serialize(value: Any) -> Any:
        return value

    @staticmethod
    def parse_value(value: Any) -> Any:
        raise GraphQLError("JSON values are answers only")

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> Any:
        raise GraphQLError("JSON values are answers only", node)
