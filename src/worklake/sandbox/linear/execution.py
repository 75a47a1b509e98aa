"""One GraphQL request from its text to Linear's answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from worklake.sandbox.linear.complexity import MOST_COMPLEX, QueryCost
from worklake.sandbox.linear.errors import LinearError, invalid_request, not_served, too_complex
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.schema import linear_schema

_INTERNAL = {"type": "internal error", "code": "INTERNAL_SERVER_ERROR", "statusCode": 500, "userError": False}


class Refused(Exception):
    """The request is answered with these errors alone, and HTTP 400."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__(*errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Operation:
    """A valid operation, and what it costs."""

    document: DocumentNode
    node: OperationDefinitionNode
    variables: Mapping[str, Any]
    complexity: float

    @property
    def roots(self) -> frozenset[str]:
        """The names of the fields at its top, whatever fragments they stand in and aliases they have."""
        fragments = {
            one.name.value: one for one in self.document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        return frozenset(_field_names(self.node.selection_set, fragments))

    @property
    def only_introspects(self) -> bool:
        """Whether it asks for nothing but the schema, which needs no token."""
        return all(name.startswith("__") for name in self.roots)


def _field_names(selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[str]:
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, InlineFragmentNode):
            yield from _field_names(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            yield from _field_names(fragments[node.name.value].selection_set, fragments)


def prepare(query: str, variables: Mapping[str, Any], operation_name: str | None) -> Operation:
    """The operation to execute. Raises `Refused` for what is no valid GraphQL of the schema or not served."""
    document = _valid_document(query)
    node = get_operation_ast(document, operation_name)
    if node is None:
        raise Refused(invalid_request(_no_operation(document, operation_name), "OPERATION_RESOLUTION_FAILURE"))
    cost = QueryCost(linear_schema(), document, node, variables)
    if cost.unserved:
        raise Refused(*(not_served(what) for what in cost.unserved))
    if cost.total > MOST_COMPLEX:
        raise Refused(too_complex(cost.total, MOST_COMPLEX))
    return Operation(document, node, variables, cost.total)


def _no_operation(document: DocumentNode, operation_name: str | None) -> str:
    if operation_name:
        return f'Unknown operation named "{operation_name}".'
    if any(isinstance(one, OperationDefinitionNode) for one in document.definitions):
        return "Must provide operation name if query contains multiple operations."
    return "Must provide an operation."


def run(operation: Operation, operation_name: str | None, request: Request) -> dict[str, Any]:
    """The answer's JSON. Raises `Refused` when the variables do not fit."""
    result = execute_sync(
        linear_schema(),
        operation.document,
        context_value=request,
        variable_values=dict(operation.variables),
        operation_name=operation_name,
    )
    if result.data is None and result.errors and all(error.path is None for error in result.errors):
        raise Refused(*(_located(error, "BAD_USER_INPUT") for error in result.errors))
    return _answer(result)


def _answer(result: ExecutionResult) -> dict[str, Any]:
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer = {"errors": [_formatted(error) for error in result.errors], **answer}
    return answer


def _formatted(error: GraphQLError) -> dict[str, Any]:
    formatted: dict[str, Any] = {**error.formatted}
    if error.extensions:
        return formatted
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        raise error.original_error
    return formatted | {"extensions": _INTERNAL}


@lru_cache(maxsize=512)
def _valid_document(query: str) -> DocumentNode:
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        raise Refused(_located(error, "GRAPHQL_PARSE_FAILED")) from error
    errors = validate(linear_schema(), document)
    if errors:
        raise Refused(*(_located(error, "GRAPHQL_VALIDATION_FAILED") for error in errors))
    return document


def _located(error: GraphQLError, code: str) -> GraphQLError:
    """The error as Linear writes it, whose GraphQL library quotes names doubly."""
    message = error.message.replace("'", '"')
    answer: LinearError = invalid_request(message, code)
    return GraphQLError(
        message, nodes=error.nodes, source=error.source, positions=error.positions, extensions=answer.extensions
    )
