"""Linear's filter inputs as predicates over rows."""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from worklake.sandbox.linear.errors import invalid_argument, not_served
from worklake.sandbox.linear.request import Input, Request
from worklake.sandbox.linear.times import read_date, read_moment

Predicate = Callable[[Any], bool]
Condition = Callable[[Input, Request, str], Predicate]
"""From a filter's value, the request and the filter's name (for errors) to a predicate over rows."""
FilterTable = Mapping[str, Condition]
"""The served fields of one filter input."""


def _folded(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)).casefold()


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "in": lambda value, wanted: value in wanted,
    "nin": lambda value, wanted: value not in wanted,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "contains": lambda value, wanted: wanted in value,
    "containsIgnoreCase": lambda value, wanted: wanted.casefold() in value.casefold(),
    "containsIgnoreCaseAndAccent": lambda value, wanted: _folded(wanted) in _folded(value),
    "notContains": lambda value, wanted: wanted not in value,
    "notContainsIgnoreCase": lambda value, wanted: wanted.casefold() not in value.casefold(),
    "eqIgnoreCase": lambda value, wanted: bool(value.casefold() == wanted.casefold()),
    "neqIgnoreCase": lambda value, wanted: bool(value.casefold() != wanted.casefold()),
    "startsWith": lambda value, wanted: bool(value.startswith(wanted)),
    "startsWithIgnoreCase": lambda value, wanted: bool(value.casefold().startswith(wanted.casefold())),
    "notStartsWith": lambda value, wanted: not value.startswith(wanted),
    "endsWith": lambda value, wanted: bool(value.endswith(wanted)),
    "notEndsWith": lambda value, wanted: not value.endswith(wanted),
}


def compile_filter(table: FilterTable, given: Input, request: Request, name: str) -> Predicate:
    """The rows that satisfy every part of `given`; a field outside `table` is refused by its name."""
    parts: list[Predicate] = []
    for key, value in given.items():
        if value is None:
            continue
        if key in ("and", "or"):
            branches = [compile_filter(table, branch, request, name) for branch in value]
            parts.append(all_of(branches) if key == "and" else _any_of(branches))
        elif key in table:
            parts.append(table[key](value, request, f"{name}.{key}"))
        else:
            raise not_served(f"{name}.{key}")
    return all_of(parts)


def all_of(parts: list[Predicate]) -> Predicate:
    """True where all parts are."""
    if len(parts) == 1:
        return parts[0]
    return lambda row: all(part(row) for part in parts)


def _any_of(parts: list[Predicate]) -> Predicate:
    return lambda row: any(part(row) for part in parts)


def value_of(get: Callable[[Any, Request], Any], read: Callable[[Any, Request], Any] | None = None) -> Condition:
    """Compare what `get` takes from a row. A row without a value satisfies only `null: true` and `eq: null`.

    `read` turns the given values into the stored form first (moments, dates).
    """

    def condition(given: Input, request: Request, name: str) -> Predicate:
        test = _comparison(given, request, name, read)
        return lambda row: test(get(row, request))

    return condition


def _comparison(given: Input, request: Request, name: str, read: Callable[[Any, Request], Any] | None) -> Predicate:
    tests: list[Predicate] = []
    for key, wanted in given.items():
        if key == "eq" and wanted is None:
            tests.append(_is_null(True))
        elif wanted is None:
            continue
        elif key == "null":
            tests.append(_is_null(wanted))
        elif key in ("and", "or"):
            branches = [_comparison(branch, request, name, read) for branch in wanted]
            tests.append(all_of(branches) if key == "and" else _any_of(branches))
        elif key in _COMPARISONS:
            tests.append(_compare(_COMPARISONS[key], _read(wanted, request, read, name)))
        else:
            raise not_served(f"{name}.{key}")
    return all_of(tests)


def _is_null(wanted: bool) -> Predicate:
    return lambda value: (value is None) is wanted


def _compare(comparison: Callable[[Any, Any], bool], wanted: Any) -> Predicate:
    return lambda value: value is not None and comparison(value, wanted)


def _read(wanted: Any, request: Request, read: Callable[[Any, Request], Any] | None, name: str) -> Any:
    if read is None:
        return frozenset(wanted) if isinstance(wanted, list) else wanted
    try:
        return frozenset(read(one, request) for one in wanted) if isinstance(wanted, list) else read(wanted, request)
    except ValueError as error:
        raise invalid_argument(f"{name}: {error}") from error


def column(name: str) -> Condition:
    """Compare a column of the row."""
    get = operator.attrgetter(name)
    return value_of(lambda row, _: get(row))


def moment_column(name: str) -> Condition:
    """Compare a column that holds a moment, with moments or durations relative to now."""
    get = operator.attrgetter(name)
    return value_of(lambda row, _: get(row), lambda value, request: read_moment(value, request.now))


def date_column(name: str) -> Condition:
    """Compare a column that holds a date, with dates or durations relative to today."""
    get = operator.attrgetter(name)
    return value_of(lambda row, _: get(row), lambda value, request: read_date(value, request.now))


@dataclass(frozen=True, slots=True)
class ReferenceTo:
    """The row that another one refers to must satisfy a filter; `null: true` asks for rows that refer to none."""

    find: Callable[[Any, Request], Any]
    table: Callable[[], FilterTable]

    def __call__(self, given: Input, request: Request, name: str) -> Predicate:
        """The predicate over the rows that refer."""
        tests: list[Predicate] = []
        rest: dict[str, Any] = {}
        for key, value in given.items():
            if value is None:
                continue
            if key == "null":
                tests.append(self._missing(value, request))
            elif key in ("and", "or"):
                branches = [self(branch, request, name) for branch in value]
                tests.append(all_of(branches) if key == "and" else _any_of(branches))
            else:
                rest[key] = value
        if rest:
            tests.append(self._present(compile_filter(self.table(), rest, request, name), request))
        return all_of(tests)

    def _missing(self, wanted: bool, request: Request) -> Predicate:
        return lambda row: (self.find(row, request) is None) is wanted

    def _present(self, test: Predicate, request: Request) -> Predicate:
        def satisfied(row: Any) -> bool:
            found = self.find(row, request)
            return found is not None and test(found)

        return satisfied


@dataclass(frozen=True, slots=True)
class CollectionOf:
    """The rows that belong to another one: `some`, `every`, `length`, `null`; a bare field means `some`."""

    find: Callable[[Any, Request], Iterable[Any]]
    table: Callable[[], FilterTable]

    def __call__(self, given: Input, request: Request, name: str) -> Predicate:
        """The predicate over the rows that own the collection."""
        tests: list[Predicate] = []
        bare: dict[str, Any] = {}
        for key, value in given.items():
            if value is None:
                continue
            if key in ("and", "or"):
                branches = [self(branch, request, name) for branch in value]
                tests.append(all_of(branches) if key == "and" else _any_of(branches))
            elif key in ("some", "every"):
                tests.append(self._quantified(key, value, request, name))
            elif key == "length":
                tests.append(self._length(value, request, name))
            elif key == "null":
                tests.append(self._empty(value, request))
            else:
                bare[key] = value
        if bare:
            tests.append(self._quantified("some", bare, request, name))
        return all_of(tests)

    def _quantified(self, quantifier: str, given: Input, request: Request, name: str) -> Predicate:
        test = compile_filter(self.table(), given, request, f"{name}.{quantifier}")
        quantify = any if quantifier == "some" else all
        return lambda row: quantify(test(one) for one in self.find(row, request))

    def _empty(self, wanted: bool, request: Request) -> Predicate:
        return lambda row: (next(iter(self.find(row, request)), None) is None) is wanted

    def _length(self, given: Input, request: Request, name: str) -> Predicate:
        test = _comparison(given, request, f"{name}.length", None)
        return lambda row: test(sum(1 for _ in self.find(row, request)))
