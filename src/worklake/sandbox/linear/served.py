"""The words in which the tables of `fields` say what the sandbox serves of a GraphQL type.

A field that stands in no table is refused by name. A field that is null or empty by nature (the workspace has no
Slack, no customers, no documents) stands in its table as `nulls` or `empties`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from worklake.sandbox.linear.errors import not_served
from worklake.sandbox.linear.filters import FilterTable, compile_filter
from worklake.sandbox.linear.names import snake
from worklake.sandbox.linear.paging import ARGUMENTS, EMPTY, page
from worklake.sandbox.linear.request import Request

Compute = Callable[[Any, Request], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is served. `arguments`: those it takes; `hollow`: there is never anything below it."""

    resolve: Callable[..., Any]
    arguments: frozenset[str] = frozenset()
    hollow: bool = False


Fields = Mapping[str, Field]


def values(names: str) -> Fields:
    """Fields that show the column of the same name."""
    return {name: _column(snake(name)) for name in names.split()}


def _column(name: str) -> Field:
    get = attrgetter(name)
    return Field(lambda row, info: get(row))


def nulls(names: str) -> Fields:
    """Fields that are null by nature."""
    return {name: Field(lambda row, info, **given: None, hollow=True) for name in names.split()}


def empties(names: str) -> Fields:
    """Connections that are empty by nature. Their paging arguments have nothing to act on and are all accepted."""
    every = ARGUMENTS | {"filter", "includeDisabled"}
    return {name: Field(lambda row, info, **given: EMPTY, every, hollow=True) for name in names.split()}


def constants(**fixed: Any) -> Fields:
    """Fields with one value for all rows."""
    return {name: _constant(value) for name, value in fixed.items()}


def _constant(value: Any) -> Field:
    return Field(lambda row, info, **given: value, hollow=value == [])


def computed(**compute: Compute) -> Fields:
    """Fields computed from the row and the request."""
    return {name: _computed(one) for name, one in compute.items()}


def _computed(compute: Compute) -> Field:
    return Field(lambda row, info: compute(row, info.context))


def reference(table: str, column: str) -> Field:
    """The row of the store's `table` whose id stands in `column`."""
    get_id, get_table = attrgetter(column), attrgetter(f"store.{table}")
    return Field(lambda row, info: get_table(info.context).get(get_id(row)))


def connection(
    rows: Callable[[Any, Request], Iterable[Any]],
    table: FilterTable | None = None,
    filter_name: str = "",
    *,
    extra: Mapping[str, Callable[[Any, Any, Request], bool]] | None = None,
) -> Field:
    """A connection over `rows`, filtered by the input `filter_name` as `table` says.

    `extra` names further arguments; each one's function says of a row, the argument's value (None when it was not
    given) and the request whether the row is shown.
    """
    arguments = ARGUMENTS | frozenset(extra or ()) | (frozenset({"filter"}) if table is not None else frozenset())

    def resolve(row: Any, info: Any, **given: Any) -> Any:
        request: Request = info.context
        found = rows(row, request)
        for name, shows in (extra or {}).items():
            wanted = given.get(name)
            found = [one for one in found if shows(one, wanted, request)]
        if table is not None and given.get("filter") is not None:
            test = compile_filter(table, given["filter"], request, filter_name)
            found = [one for one in found if test(one)]
        return page(found, given)

    return Field(resolve, arguments)


def checked(type_name: str, field_name: str, field: Field) -> Callable[..., Any]:
    """The field's resolver, which refuses arguments that the field does not serve."""

    def resolve(row: Any, info: Any, **given: Any) -> Any:
        for name, value in given.items():
            if name not in field.arguments and value is not None:
                raise not_served(f"the argument {name} of {type_name}.{field_name}")
        return field.resolve(row, info, **{name: given[name] for name in given if name in field.arguments})

    return resolve
