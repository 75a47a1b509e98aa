"""GitLab's published schemas, made fit to check an answer: their known faults are mended one by one, none skipped."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_FOLDER = Path(__file__).parent.parent / "contracts"
_SCALARS = {"string", "integer", "number", "boolean"}
# Typed as one object, in truth arrays of it.
_ARRAYS = {"assignees", "reviewers", "custom_attributes"}
# Members of `_links` are named like arrays, but are addresses.
_ADDRESSES = {"_links"}
# Typed string, in truth objects.
_OBJECTS = {"task_completion_status", "commands_changes"}
# Typed string, in truth arrays.
_LISTS = {"labels"}


@cache
def schema_of(file: str, name: str) -> dict[str, Any]:
    """A component of a file, mended, with all that it refers to."""
    components = json.loads((_FOLDER / file).read_text())["components"]["schemas"]
    mended = {key: _mended(value, key) for key, value in components.items()}
    return {"$ref": f"#/components/schemas/{name}", "components": {"schemas": mended}}


def problems(file: str, name: str, body: object) -> list[str]:
    """What in a body contradicts a schema, or is not described by it at all."""
    schema = schema_of(file, name)
    found = [f"{'/'.join(map(str, one.path))}: {one.message}" for one in Draft202012Validator(schema).iter_errors(body)]
    assert isinstance(body, dict)
    return found + [f"{key}: not in the schema" for key in sorted(set(body) - _properties(schema, name))]


def _properties(schema: dict[str, Any], name: str) -> set[str]:
    one = schema["components"]["schemas"][name]
    parts = [one, *one.get("allOf", ())]
    found: set[str] = set()
    for part in parts:
        if "$ref" in part:
            found |= _properties(schema, part["$ref"].rsplit("/", 1)[1])
        found |= set(part.get("properties", ()))
    return found


def _mended(schema: Any, key: str) -> Any:
    if not isinstance(schema, dict):
        return schema
    mended = {name: value for name, value in schema.items() if name not in ("example", "description", "format")}
    if key in _ADDRESSES:
        return {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    if "properties" in mended:
        mended["properties"] = {name: _property(value, name) for name, value in mended["properties"].items()}
    if "allOf" in mended:
        mended["allOf"] = [_mended(part, key) for part in mended["allOf"]]
    return mended


def _property(schema: dict[str, Any], name: str) -> dict[str, Any]:
    mended = _mended(schema, name)
    if name in _ARRAYS and mended.get("type") != "array":
        mended = {"type": "array", "items": mended}
    elif name in _OBJECTS:
        mended = {"type": "object"}
    elif name in _LISTS and mended.get("type") == "string":
        mended = {"type": "array", "items": {"type": "string"}}
    elif mended.get("type") == "string" and "enum" not in mended:
        # "string" stands for any scalar in the published description.
        mended = {**mended, "type": sorted(_SCALARS)}
    if mended.get("type") == "array" and "items" in mended:
        mended = {**mended, "items": _mended(mended["items"], name)}
    return {"anyOf": [mended, {"type": "null"}]}
