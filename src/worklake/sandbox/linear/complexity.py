"""What a query costs by Linear's formula, and which of its fields the sandbox does not serve: one walk for both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    value_from_ast_untyped,
)

from worklake.sandbox.linear.paging import DEFAULT_PAGE
from worklake.sandbox.linear.schema import served_fields

MOST_COMPLEX = 10_000
_PROPERTY = 0.1
_OBJECT = 1.0


class QueryCost:
    """The cost of one operation. Each property 0.1, each object 1, a connection times its page size for its contents.

    `unserved` lists, as `Type.field`, what the operation asks of types that Linear has and the sandbox does not serve.
    Introspection costs nothing, and neither does what a directive leaves out.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        defaults = {
            one.variable.name.value: value_from_ast_untyped(one.default_value)
            for one in operation.variable_definitions or ()
            if isinstance(one.default_value, IntValueNode | BooleanValueNode)
        }
        self._variables = {**defaults, **variables}
        self._fragment_costs: dict[tuple[str, float, bool], float] = {}
        self.unserved: list[str] = []
        root = schema.get_root_type(operation.operation)
        self.total = self._selections(operation.selection_set, root, 1.0, hollow=False) if root else 0.0

    def _selections(self, selected: SelectionSetNode, parent: Any, times: float, *, hollow: bool) -> float:
        cost = 0.0
        for node in selected.selections:
            if self._left_out(node):
                continue
            if isinstance(node, FieldNode):
                cost += self._field(node, parent, times, hollow=hollow)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.type_map[condition.name.value] if condition else parent
                cost += self._selections(node.selection_set, inner, times, hollow=hollow)
            elif isinstance(node, FragmentSpreadNode):
                cost += self._fragment(node.name.value, times, hollow=hollow)
        return cost

    def _left_out(self, node: SelectionNode) -> bool:
        """Whether `@skip` or `@include` leaves a selection out."""
        for directive in node.directives or ():
            value = directive.arguments[0].value if directive.arguments else None
            given = None
            if isinstance(value, BooleanValueNode):
                given = value.value
            elif isinstance(value, VariableNode):
                given = self._variables.get(value.name.value)
            if given is (directive.name.value == "skip"):
                return True
        return False

    def _fragment(self, name: str, times: float, *, hollow: bool) -> float:
        key = (name, times, hollow)
        if key not in self._fragment_costs:
            fragment = self._fragments[name]
            parent = self._schema.type_map[fragment.type_condition.name.value]
            self._fragment_costs[key] = self._selections(fragment.selection_set, parent, times, hollow=hollow)
        return self._fragment_costs[key]

    def _field(self, node: FieldNode, parent: Any, times: float, *, hollow: bool) -> float:
        """`times` is the page size that the contents of the connection around count for."""
        name = node.name.value
        if name.startswith("__"):
            return 0.0
        definition = parent.fields[name]
        if isinstance(parent, GraphQLObjectType) and not hollow:
            how = served_fields(parent).get(name)
            if how is None:
                self._refuse(f"{parent.name}.{name}")
            hollow = how is None or how.hollow
        named = get_named_type(definition.type)
        if node.selection_set is None or is_leaf_type(named):
            return _PROPERTY
        size = self._page_size(node) if "first" in definition.args else 1.0
        contents = self._selections(node.selection_set, named, size, hollow=hollow)
        if name in ("nodes", "edges"):
            return times * (_OBJECT + contents)
        return _OBJECT + contents

    def _refuse(self, what: str) -> None:
        if what not in self.unserved:
            self.unserved.append(what)

    def _page_size(self, node: FieldNode) -> float:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value = argument.value
                size: Any = None
                if isinstance(value, VariableNode):
                    size = self._variables.get(value.name.value)
                elif isinstance(value, IntValueNode):
                    size = int(value.value)
                if isinstance(size, int) and size > 0:
                    return float(size)
        return float(DEFAULT_PAGE)
