"""Names and values in SQL: the one place where an identifier or a text is quoted."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from itertools import pairwise

PLACEHOLDER = re.compile(r"\{(\w+)\}")


def quote(*parts: str) -> str:
    """An identifier, each part in backticks: `main`.`worklake`.`tasks`."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def placeholders(query: str) -> set[str]:
    """The words that stand in braces."""
    return set(PLACEHOLDER.findall(query))


def fill(query: str, names: Mapping[str, str], frames: Collection[str]) -> str:
    """The query with {table} replaced; frames stay for PySpark to fill, which wants every other brace doubled."""
    parts = []
    at = 0
    for match in PLACEHOLDER.finditer(query):
        name = match.group(1)
        if name not in names and name not in frames:
            continue
        between = query[at : match.start()]
        parts.append(_double(between) if frames else between)
        parts.append(f"{{{name}}}" if name in frames else names[name])
        at = match.end()
    parts.append(_double(query[at:]) if frames else query[at:])
    return "".join(parts)


def with_values(query: str, values: Mapping[str, object], *, framed: bool = False) -> str:
    """The query with each parameter, :name, spelled out as a literal; what stands in strings stays. In one that is
    `framed` braces are doubled, as in `fill`.
    """
    from sqlglot import TokenType, tokenize

    parts = []
    at = 0
    tokens = tokenize(query, read="spark")
    for colon, name in pairwise(tokens):
        if colon.token_type is TokenType.COLON and colon.end + 1 == name.start and name.text in values:
            value = _spelled(values[name.text])
            parts += [query[at : colon.start], _double(value) if framed else value]
            at = name.end + 1
    return "".join([*parts, query[at:]])


def _spelled(value: object) -> str:
    """A value as a literal of Spark. Spark puts its own settings in the place of ${…}, in strings too."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case int():
            return f"({value})"
        case float():
            return f"DOUBLE({literal(repr(value))})"
        case str():
            return literal(value).replace("${", "$\\{")
        case datetime():
            return f"TIMESTAMP {literal(value.isoformat())}"
        case date():
            return f"DATE {literal(value.isoformat())}"
    raise TypeError(f"a parameter of a query is text, a number, a date or a time, found {type(value).__name__}")


def _double(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


FEW_VALUES = 500


def spelled_out(column: str, values: Collection[str]) -> str | None:
    """A condition that spells out the values, so that a scan decodes only their rows; None where they are many.

    A join on the values, however few, makes the embedded engine decode every row first. Values with braces are not
    spelled out either, as braces mean something in our queries.
    """
    if len(values) > FEW_VALUES or any("{" in value or "}" in value for value in values):
        return None
    return f"{column} IN ({', '.join(literal(value) for value in sorted(values))})"
