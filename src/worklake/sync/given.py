"""A value that a person gives for a field, checked."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from worklake.errors import InvalidInputError
from worklake.model.fields import FIELDS, FieldSpec, FieldValue, MergeKind, Priority, Status

_WORDS = {
    str: 'a text, in JSON with double quotes: "like this"',
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: 'a day such as "2026-03-09"',
    Status: "one of " + ", ".join(f'"{one}"' for one in Status),
    Priority: "one of " + ", ".join(f'"{one}"' for one in Priority),
}


def checked_value(field: str, value: Any) -> FieldValue:
    """The value in the form in which the field keeps it. Raises `InvalidInputError` that says what the field takes.

    None empties a field, except the title, which every task has.
    """
    spec = FIELDS.get(field)
    if spec is None:
        raise InvalidInputError("this conflict is about an item as a whole and has no value; take one of its sources")
    if value is None and field != "title":
        return spec.empty
    adapter: TypeAdapter[Any] = TypeAdapter(list[str] if spec.merge is MergeKind.SET else spec.type)
    try:
        read = adapter.validate_json(orjson.dumps(value), strict=True)
    except (ValidationError, TypeError):
        raise InvalidInputError(f"{field} takes {_expected(spec)}; found {_shown(value)}") from None
    if field == "title" and not read.strip():
        raise InvalidInputError("a title cannot be empty")
    plain: FieldValue = adapter.dump_python(read, mode="json")
    return sorted(set(plain)) if isinstance(plain, list) else plain


def _expected(spec: FieldSpec) -> str:
    return 'a list of texts such as ["one", "two"]' if spec.merge is MergeKind.SET else _WORDS[spec.type]


def _shown(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return repr(value)
