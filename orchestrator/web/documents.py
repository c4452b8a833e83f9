"""Queries, parsed, measured and validated once and kept for the next request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from orchestrator.errors import refuse
from orchestrator.store.cache import Cache
from orchestrator.web.limits import MAX_ERRORS, MAX_QUERY, MAX_TOKENS, Scale

KEPT: Final = 100
"""Documents take a few kilobytes to two thirds of a megabyte of memory each."""


class Rejected(Exception):  # noqa: N818 - an answer, not a failure: users see the errors in it
    """A query that is not run, with the reasons."""

    def __init__(self, errors: list[GraphQLError], *, syntax: bool = False) -> None:
        super().__init__(errors)
        self.errors, self.syntax = errors, syntax


@dataclass(frozen=True, slots=True)
class Document:
    """A query that may be run. `paged` says that a variable sets a page size in it, so that its
    cost is known only with the variables."""

    schema: GraphQLSchema
    node: DocumentNode
    operations: tuple[OperationDefinitionNode, ...]
    paged: bool

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one; None where that cannot be told."""
        if name is None:
            return self.operations[0] if len(self.operations) == 1 else None
        return next((one for one in self.operations if one.name and one.name.value == name), None)

    def mutates(self, name: str | None) -> bool:
        """Whether the operation of that name writes."""
        operation = self.operation(name)
        return operation is not None and operation.operation == OperationType.MUTATION

    def check(self, name: str | None, variables: Mapping[str, Any]) -> None:
        """Refuse page sizes that make the operation too costly."""
        operation = self.operation(name) if self.paged else None
        if operation is not None:
            Scale(self.schema, self.node, variables).check(operation)


class Documents:
    """The documents of one schema that were used last. Guards that none is run unvalidated."""

    def __init__(self, schema: GraphQLSchema, kept: int = KEPT) -> None:
        self.schema = schema
        self._cache = Cache(kept)

    def get(self, query: str) -> Document:
        """The document of a query; raises `Rejected` or our own errors."""
        if len(query) > MAX_QUERY:
            raise refuse(
                "QUERY_TOO_LONG",
                f"the query is longer than {MAX_QUERY:,} characters",
                "pass documents and other long values as variables",
            )
        document: Document = self._cache.get(query, lambda: self._read(query))
        return document

    def __len__(self) -> int:
        return len(self._cache)

    def _read(self, query: str) -> Document:
        try:
            node = parse(query, max_tokens=MAX_TOKENS)
        except GraphQLError as error:
            raise Rejected([error], syntax=True) from None
        operations = tuple(
            part for part in node.definitions if isinstance(part, OperationDefinitionNode)
        )
        for operation in operations:
            if self.schema.get_root_type(operation.operation) is None:
                kind = operation.operation.value
                raise Rejected([GraphQLError(f"There are no {kind}s here.", operation)])
        # Before validation, which takes longer: this pass bears with what validation refuses.
        scale = Scale(self.schema, node, known=False)
        for operation in operations:
            scale.check(operation)
        errors = validate(self.schema, node, max_errors=MAX_ERRORS)
        if errors:
            raise Rejected(errors)
        return Document(self.schema, node, operations, scale.by_variable)
