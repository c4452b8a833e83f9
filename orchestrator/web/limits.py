"""What one request may ask for: counted before anything runs, in one pass over the query.

Depth is how many fields lie within one another. Cost is how many values the answer may hold: one
for each field, times the page size of every connection around it. Each fragment is counted once,
however often it is spread, so that fragments cannot make the counting itself expensive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from orchestrator.errors import OrchestratorError, refuse

MAX_BODY: Final = 16 * 1024 * 1024
"""Bytes of a request, documents of estates and facts included."""

MAX_QUERY: Final = 32_768
"""Characters of a query; what is longer belongs into variables."""

MAX_TOKENS: Final = 1_500
MAX_ERRORS: Final = 20
MAX_DEPTH: Final = 20
MAX_COST: Final = 100_000
MAX_NODES: Final = 100_000
"""Objects in the pages of one answer, counted while it is made."""

DEFAULT_FIRST: Final = 25
MAX_FIRST: Final = 500
MAX_CUTS: Final = 12
MAX_YEARS: Final = 10
"""The longest period that may be asked for."""

MAX_KEY: Final = 200
"""Characters of an idempotency key."""

_LIST: Final = 10
"""What a list that is not paged is taken to hold."""

MAX_PERIODS: Final = 120
"""The most periods that a target is published by."""

_HEAVY: Final = {
    ("Query", "derivations"): 10_000,
    ("Query", "replayShadow"): 10_000,
    ("Query", "publishableTarget"): 10_000,
    ("Query", "evidencePack"): 20_000,
}
_MUTATION: Final = 10_000
_META: Final[dict[str, GraphQLField]] = {
    "__schema": SchemaMetaFieldDef,
    "__type": TypeMetaFieldDef,
}


@dataclass(frozen=True, slots=True)
class Weight:
    """How deep and how costly a selection is."""

    depth: int = 0
    cost: int = 0

    def __add__(self, other: Weight) -> Weight:
        return Weight(max(self.depth, other.depth), min(self.cost + other.cost, MAX_COST + 1))


@dataclass
class Scale:
    """Weighs the operations of one document. `variables` are those of the request; as long as they
    are not `known`, a page size that is a variable counts as one."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, Any] = field(default_factory=dict)
    known: bool = True
    _weights: dict[str, Weight | None] = field(default_factory=dict)
    _defaults: dict[str, int] = field(default_factory=dict)
    by_variable: bool = False
    """Whether a page size met so far was a variable."""

    @cached_property
    def _fragments(self) -> dict[str, FragmentDefinitionNode]:
        return {
            part.name.value: part
            for part in self.document.definitions
            if isinstance(part, FragmentDefinitionNode)
        }

    def check(self, operation: OperationDefinitionNode) -> None:
        """Refuse an operation that is too deep or too costly."""
        self._defaults = {
            one.variable.name.value: _whole(one.default_value)
            for one in operation.variable_definitions or ()
            if isinstance(one.default_value, IntValueNode)
        }
        try:
            root = self.schema.get_root_type(operation.operation)
            weight = self._selections(operation.selection_set, root, 0)
        except RecursionError:
            raise _too_deep() from None
        if weight.cost > MAX_COST:
            raise refuse(
                "TOO_COSTLY",
                f"the query may ask for more than {MAX_COST:,} values",
                "ask for fewer fields, or for smaller pages: `first` within `first` multiplies",
            )

    def _selections(
        self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None, depth: int
    ) -> Weight:
        weight = Weight()
        for part in selections.selections if selections else ():
            if isinstance(part, FieldNode):
                weight += self._field(part, parent, depth + 1)
            elif isinstance(part, InlineFragmentNode):
                named: Any = part.type_condition  # None in `... { }`, which its stub denies
                inner = self.schema.get_type(named.name.value) if named else parent
                weight += self._selections(part.selection_set, inner, depth)
            elif isinstance(part, FragmentSpreadNode):
                weight += self._fragment(part.name.value)
        if depth + weight.depth > MAX_DEPTH:
            raise _too_deep()
        return weight

    def _fragment(self, name: str) -> Weight:
        """A fragment's weight, the same wherever it is spread; one that is missing, or that
        spreads itself, weighs nothing here and is refused by validation."""
        if name not in self._weights:
            self._weights[name] = None
            found = self._fragments.get(name)
            if found:
                on = self.schema.get_type(found.type_condition.name.value)
                self._weights[name] = self._selections(found.selection_set, on, 0)
        return self._weights[name] or Weight()

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, depth: int) -> Weight:
        name = node.name.value
        fields: Mapping[str, GraphQLField] = getattr(parent, "fields", {})
        known = _META.get(name) or fields.get(name)
        inner = get_named_type(known.type) if known else None
        within = self._selections(node.selection_set, inner, depth)
        own = self._own(parent, name)
        size = self._size(node, known, parent)
        return Weight(within.depth + 1, min(own + size * within.cost, MAX_COST + 1))

    def _own(self, parent: GraphQLNamedType | None, name: str) -> int:
        if parent is not None and parent is self.schema.mutation_type:
            return _MUTATION
        return _HEAVY.get((parent.name if parent else "", name), 1)

    def _size(
        self, node: FieldNode, known: GraphQLField | None, parent: GraphQLNamedType | None
    ) -> int:
        """How many values a field may have."""
        if known is None:
            return 1
        if "first" in known.args:
            return self._first(node)
        paged = parent is not None and parent.name.endswith("Connection")
        outer: Any = get_nullable_type(known.type)  # type: ignore[arg-type]  # its stub lacks wrappers
        return 1 if paged or not is_list_type(outer) else _LIST

    def _first(self, node: FieldNode) -> int:
        given = next((one.value for one in node.arguments if one.name.value == "first"), None)
        if isinstance(given, IntValueNode):
            return _bounded(_whole(given))
        if isinstance(given, VariableNode):
            self.by_variable = True
            name = given.name.value
            value = self.variables.get(name, self._defaults.get(name)) if self.known else 1
            return _bounded(value) if isinstance(value, int) else DEFAULT_FIRST
        return DEFAULT_FIRST


def _whole(node: IntValueNode) -> int:
    """A number as written; one too long to be a page size need not be read."""
    return int(node.value) if len(node.value) < 10 else MAX_FIRST


def _bounded(first: int) -> int:
    return min(max(first, 1), MAX_FIRST)


def _too_deep() -> OrchestratorError:
    return refuse(
        "TOO_DEEP",
        f"the query nests more than {MAX_DEPTH} fields",
        "ask in several requests; `nodes` is one level less than `edges { node }`",
    )
