"""Every document that is sent to Linear is valid against its published schema, and affordable."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    NoDeprecatedCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    get_named_type,
    parse,
    validate,
)

from worklake.integrations.linear import lookups, mutations, queries

MOST_POINTS = 10_000
pytestmark = pytest.mark.xdist_group("linear-queries")
OPERATIONS = (*queries.OPERATIONS, *lookups.OPERATIONS, *mutations.OPERATIONS)
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


@cache
def linear_schema() -> GraphQLSchema:
    text = files("worklake.sandbox.linear").joinpath("schema.graphql").read_text(encoding="utf-8")
    return build_schema(text, assume_valid=True)


def complexity(document: DocumentNode) -> int:
    """The points of a document: 0.1 a property, 1 an object, a connection multiplies its contents by `first`."""
    fragments = {part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)}

    def cost(selections: SelectionSetNode, owner: GraphQLObjectType) -> float:
        points = 0.0
        for selected in selections.selections:
            if isinstance(selected, FragmentSpreadNode):
                points += cost(fragments[selected.name.value].selection_set, owner)
                continue
            assert isinstance(selected, FieldNode)
            if selected.selection_set is None:
                points += 0.1
                continue
            shown = get_named_type(owner.fields[selected.name.value].type)
            assert isinstance(shown, GraphQLObjectType)
            times = page_size(selected) if shown.name.endswith("Connection") else 1
            points += 1 + times * cost(selected.selection_set, shown)
        return points

    (operation,) = (part for part in document.definitions if isinstance(part, OperationDefinitionNode))
    root = linear_schema().get_root_type(operation.operation)
    assert root is not None
    return math.ceil(cost(operation.selection_set, root))


def test_every_operation_that_is_defined_is_among_those_checked() -> None:
    defined = [one for module in (queries, lookups, mutations) for one in vars(module).values()]
    assert {one for one in defined if isinstance(one, queries.Operation)} == set(OPERATIONS)
    assert [one.name for one in OPERATIONS if one.writes] == [one.name for one in mutations.OPERATIONS]


def page_size(field: FieldNode) -> int:
    for argument in field.arguments:
        if argument.name.value == "first":
            assert isinstance(argument.value, IntValueNode), (
                "page sizes stand in the document, where they can be priced"
            )
            return int(argument.value.value)
    raise AssertionError(f"{field.name.value} leaves the size of its page open")


def test_a_known_document_costs_what_the_formula_says() -> None:
    document = parse("{ viewer { id } issues(first: 10) { nodes { id labels(first: 5) { nodes { name } } } } }")
    assert complexity(document) == math.ceil((1 + 0.1) + (1 + 10 * (1 + 0.1 + (1 + 5 * (1 + 0.1)))))


@every_operation
def test_a_document_is_valid_against_linears_schema(operation: queries.Operation) -> None:
    assert [error.message for error in validate(linear_schema(), operation.document)] == []


@every_operation
def test_a_document_costs_at_most_what_linear_allows(operation: queries.Operation) -> None:
    assert complexity(operation.document) <= MOST_POINTS


@every_operation
def test_a_document_holds_one_operation_named_as_it_is_metered(operation: queries.Operation) -> None:
    named = [part for part in operation.document.definitions if isinstance(part, OperationDefinitionNode)]
    assert [part.name.value for part in named if part.name is not None] == [operation.name]


@every_operation
def test_no_deprecated_field_is_asked_for(operation: queries.Operation) -> None:
    found = validate(linear_schema(), operation.document, [NoDeprecatedCustomRule])
    assert [error.message for error in found] == []


def test_a_quiet_pull_costs_little_of_the_hourly_points() -> None:
    assert complexity(queries.CHANGES.document) * 60 < 3_000_000 / 5, "pulling each minute takes under a fifth"


def test_a_call_sends_the_documents_text_as_it_was_written() -> None:
    payload = queries.ISSUE.call(id="42").payload
    assert payload == {"query": queries.ISSUE.text, "operationName": "Issue", "variables": {"id": "42"}}
