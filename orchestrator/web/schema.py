"""The schema as a whole. `python -m orchestrator.web.schema > graphql/schema.graphql` renews the
printed one."""

from __future__ import annotations

import sys
from functools import cache

import graphene
from graphql import GraphQLSchema, print_schema

from orchestrator.web import facts
from orchestrator.web.mutations import Mutation
from orchestrator.web.queries import Query


@cache
def graphql_schema() -> GraphQLSchema:
    """The schema, made once for a process."""
    made: GraphQLSchema = graphene.Schema(
        query=Query, mutation=Mutation, types=[facts.Outage, facts.Gap]
    ).graphql_schema
    return made


def printed() -> str:
    """The schema in its own language."""
    return print_schema(graphql_schema()) + "\n"


if __name__ == "__main__":
    sys.stdout.write(printed())
