"""Linear's whole published schema, with the sandbox's resolvers on what it serves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLFloat,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_ast_schema,
    parse,
)

from worklake.sandbox.linear.errors import not_served
from worklake.sandbox.linear.fields import SERVED
from worklake.sandbox.linear.paging import Page
from worklake.sandbox.linear.served import Field, Fields, checked
from worklake.sandbox.linear.times import read_date, read_moment

SDL = Path(__file__).with_name("schema.graphql")

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@lru_cache(maxsize=1)
def linear_schema() -> GraphQLSchema:
    """The schema, built once for the process; resolvers find their workspace in the execution's context."""
    document = parse(SDL.read_text(encoding="utf-8"), no_location=True)
    schema = build_ast_schema(document, assume_valid=True, assume_valid_sdl=True)
    _set_scalars(schema)
    for graphql_type in schema.type_map.values():
        if isinstance(graphql_type, GraphQLObjectType) and not graphql_type.name.startswith("__"):
            _attach(graphql_type)
    return schema


@lru_cache(maxsize=4096)
def served_fields(graphql_type: GraphQLObjectType) -> Fields:
    """What the sandbox serves of a type; connections and their edges are served wherever they come from."""
    names = set(graphql_type.fields)
    if {"nodes", "edges", "pageInfo"} <= names:
        return _SEARCH if graphql_type.name == "IssueSearchPayload" else _CONNECTION
    if names == {"cursor", "node"}:
        return _EDGE
    return _PAGE_INFO if graphql_type.name == "PageInfo" else SERVED.get(graphql_type.name, {})


def _attach(graphql_type: GraphQLObjectType) -> None:
    served = served_fields(graphql_type)
    for name, field in graphql_type.fields.items():
        field.type = _with_plain_floats(field.type)
        how = served.get(name)
        if how is None:
            field.resolve = _refusing(f"{graphql_type.name}.{name}")
        else:
            field.resolve = checked(graphql_type.name, name, how) if field.args else how.resolve


def _refusing(what: str) -> Callable[..., Any]:
    def resolve(row: Any, info: Any, **given: Any) -> Any:
        raise not_served(what)

    return resolve


def _edges(found: Page, info: Any) -> list[dict[str, Any]]:
    return [{"node": row, "cursor": found.cursor(row)} for row in found.rows]


def _page_info(found: Page, info: Any) -> dict[str, Any]:
    rows = found.rows
    return {
        "hasNextPage": found.has_next,
        "hasPreviousPage": found.has_previous,
        "startCursor": found.cursor(rows[0]) if rows else None,
        "endCursor": found.cursor(rows[-1]) if rows else None,
    }


def _entry(name: str) -> Field:
    return Field(lambda row, info: row[name])


_CONNECTION: Fields = {
    "nodes": Field(lambda found, info: found.rows),
    "edges": Field(_edges),
    "pageInfo": Field(_page_info),
}
_SEARCH: Fields = {
    **_CONNECTION,
    "totalCount": Field(lambda found, info: found.total),
    "archivePayload": Field(lambda found, info: {}),
}
_EDGE: Fields = {name: _entry(name) for name in ("node", "cursor")}
_PAGE_INFO: Fields = {name: _entry(name) for name in ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")}


def _plain_float(value: Any) -> Any:
    """A number as JavaScript writes it: 3, not 3.0."""
    number = GraphQLFloat.serialize(value)
    return int(number) if number == int(number) else number


_PLAIN_FLOAT = GraphQLScalarType("PlainFloat", serialize=_plain_float, description=GraphQLFloat.description)
_PLAIN_FLOAT.name = "Float"  # The library reserves the name for its own scalar, which would write 3 as 3.0.


def _with_plain_floats(graphql_type: Any) -> Any:
    if isinstance(graphql_type, GraphQLNonNull):
        return GraphQLNonNull(_with_plain_floats(graphql_type.of_type))
    if isinstance(graphql_type, GraphQLList):
        return GraphQLList(_with_plain_floats(graphql_type.of_type))
    return _PLAIN_FLOAT if graphql_type is GraphQLFloat else graphql_type


def _set_scalars(schema: GraphQLSchema) -> None:
    """Check scalar inputs as they come in. They stay as they are: what a duration means depends on the request."""
    for name, check in _SCALAR_CHECKS.items():
        scalar = schema.type_map[name]
        if not isinstance(scalar, GraphQLScalarType):
            raise TypeError(f"{name} is no scalar")
        for attribute in ("parse_value", "coerce_input_value"):
            if hasattr(scalar, attribute):
                setattr(scalar, attribute, check)


def _checked_by(read: Callable[[object, datetime], str]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        try:
            read(value, datetime.now(UTC))
        except (ValueError, OverflowError) as error:
            raise GraphQLError(f"Cannot represent {json.dumps(value, default=str)} as a date or time") from error
        return value

    return check


def _uuid(value: Any) -> Any:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise ValueError(f"UUID cannot represent {value!r}")
    return value.lower()


_SCALAR_CHECKS: dict[str, Callable[[Any], Any]] = {
    "DateTime": _checked_by(read_moment),
    "DateTimeOrDuration": _checked_by(read_moment),
    "TimelessDateOrDuration": _checked_by(read_date),
    "TimelessDate": _checked_by(read_date),
    "UUID": _uuid,
}
