"""Mistakes in settings in the words of whoever wrote them, not of the libraries that found them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic_core import ErrorDetails
from ruamel.yaml.error import MarkedYAMLError

_EXAMPLES = {
    "projects": "[team/web]",
    "teams": "[ENG]",
    "workspaces": "[Team]",
    "token": "env:NAME",
    "to": "[linear]",
    "rules": "[{name: bugs, when: \"array_contains(labels, 'bug')\", to: [linear]}]",
    "merged": "[{name: merged, named: [closes, branch]}]",
    "named": "[closes, branch]",
    "people": "[{name: Kim, linear: kim@example.com, gitlab: kim-k}]",
    "path": "lake",
    "catalog": "main",
    "schema": "worklake",
    "when": '"due_date is not null"',
    "statuses": "{Todo: unstarted, Completed: completed}",
    "status_labels": '{"status::doing": started}',
    "priority_labels": '{"priority::1": urgent}',
}
_LISTS = frozenset({"tuple_type", "list_type"})
_MAPPINGS = frozenset({"dict_type", "mapping_type", "model_type", "model_attributes_type"})
_PLAIN = {
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "string_too_short": "some text",
}
_TWICE = re.compile(r'duplicate key "?([^"]+?)"?( with value|$)')
_CANNOT_START = re.compile(r"character '(.+)' that cannot start any token")
_GOES_ON = re.compile(r"expected (',' or '[\]}]', but got (?!'<stream end>')|<block end>, but found '<scalar>')")


def expected(detail: ErrorDetails, key: str | int) -> str:
    """What a value should be, given what the check of `key` said: a clause that begins with `expected`, mostly."""
    kind = detail["type"]
    example = f", such as {_EXAMPLES[key]}" if key in _EXAMPLES else ""
    if kind in _LISTS:
        return f"expected a list{example or ', such as [a, b]'}"
    if kind in _MAPPINGS:
        return f"expected keys with values{example}"
    if kind == "too_short":
        return f"expected at least {detail['ctx']['min_length']} in the list{example}"
    if kind == "string_type" and key == "when":
        return f"expected a condition in double quotes{example}"
    if kind in _PLAIN:
        return f"expected {_PLAIN[kind]}"
    message = detail["msg"].removeprefix("Value error, ")
    message = re.sub(r"^Input should be ", "expected ", message)
    return message[:1].lower() + message[1:]


def missing(key: str | int) -> str:
    """That a key is not there, with what to write."""
    return f"missing; write it, as in {key}: {_EXAMPLES[key]}" if key in _EXAMPLES else "missing; write it"


def without_consequences(details: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """The mistakes without those that only follow from others: a list is short because what is in it is refused."""
    places = [detail["loc"] for detail in details]
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or not any(len(place) > len(detail["loc"]) and place[: len(detail["loc"])] == detail["loc"] for place in places)
    ]


def yaml_problem(error: MarkedYAMLError) -> str:
    """Why a text is not YAML, and what to do."""
    said = str(error.problem or error.context)
    twice = _TWICE.search(said)
    if twice is not None:
        return f"the key {twice[1]!r} stands here twice; keep one of the two"
    if "mapping values are not allowed" in said:
        return (
            "a colon where none can be; put a text that holds `: ` in quotes, and begin keys of one level in the same"
            " column"
        )
    start = _CANNOT_START.search(said)
    if start is not None:
        if start[1] == r"\t":
            return "a tab; indent with spaces"
        return f"a text that begins with {start[1]} needs quotes around it"
    if _GOES_ON.search(said):
        return (
            "a text ends too early; put a text that holds quotes, commas or brackets in double quotes, a condition for"
            f" one: when: \"status not in ('completed', 'canceled')\" ({said})"
        )
    if "undefined alias" in said:
        return "a text that begins with * needs quotes around it"
    return said
