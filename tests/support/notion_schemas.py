"""Notion's published description, made fit to check calls: its known faults are mended one by one, none skipped."""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_FILE = Path(__file__).parent.parent / "contracts" / "notion.openapi.json"
_BLOCKS_WITH_TEXT = (
    "heading_1", "heading_2", "heading_3", "numbered_list_item", "to_do", "quote", "code",
)  # fmt: skip
_BLOCKS_WITHOUT_TEXT = ("divider", "table", "table_row", "image")


@cache
def description() -> dict[str, Any]:
    """The description, mended."""
    mended: dict[str, Any] = json.loads(_FILE.read_text())
    schemas = mended["components"]["schemas"]
    # The children of a new page are typed string.
    children = mended["paths"]["/v1/pages"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    children["properties"]["children"]["items"] = {"$ref": "#/components/schemas/blockObjectRequest"}
    # A page's parent can be a data source since 2025-09-03; `dataSourceIdParentRequest` describes a database.
    parent = {
        "type": "object",
        "properties": {"type": {"const": "data_source_id"}, "data_source_id": {"type": "string", "format": "uuid"}},
        "required": ["type", "data_source_id"],
        "additionalProperties": False,
    }
    schemas["parentRequest"] = {"oneOf": [parent]}
    # Rows can be sorted by their times as well.
    by_time = {
        "type": "object",
        "properties": {
            "timestamp": {"enum": ["created_time", "last_edited_time"]},
            "direction": {"enum": ["ascending", "descending"]},
        },
        "required": ["timestamp", "direction"],
        "additionalProperties": False,
    }
    schemas["sortObject"] = {"oneOf": [schemas["sortObject"], by_time]}
    # Rich text has no annotations there.
    schemas["richTextRequest"]["properties"]["annotations"] = {
        "type": "object",
        "properties": {mark: {"type": "boolean"} for mark in ("bold", "italic", "strikethrough", "underline", "code")},
        "additionalProperties": False,
    }
    # Of blocks only two are described, and none holds others.
    blocks = schemas["blockObjectRequest"]["anyOf"]
    for name in _BLOCKS_WITH_TEXT:
        block = copy.deepcopy(schemas["paragraphBlockRequest"])
        block["properties"] = {name: block["properties"]["paragraph"], "type": {"enum": [name], "type": "string"}}
        text = {"type": "array", "items": {"$ref": "#/components/schemas/richTextRequest"}}
        code = {"language": {"type": "string"}, "caption": text}
        more = {"to_do": {"checked": {"type": "boolean"}}, "code": code}.get(name, {})
        block["properties"][name]["properties"] |= more
        schemas[f"{name}BlockRequest"] = block
        blocks.append({"$ref": f"#/components/schemas/{name}BlockRequest"})
    for name in ("paragraph", "bulletedListItem", *_BLOCKS_WITH_TEXT):
        block = schemas[f"{name}BlockRequest"]
        block["required"] = list(block["properties"])
        held = next(value for key, value in block["properties"].items() if key != "type")
        held["properties"]["children"] = {"type": "array", "items": {"$ref": "#/components/schemas/blockObjectRequest"}}
    for name in _BLOCKS_WITHOUT_TEXT:
        kind = {"type": {"const": name}, name: {"type": "object"}}
        blocks.append({"type": "object", "properties": kind, "required": list(kind), "additionalProperties": False})
    return mended


def problems_of_request(method: str, path: str, body: Any) -> list[str]:
    """What in a call contradicts the description; a call that it does not have is a problem too."""
    found = _operation(method, path)
    if found is None:
        return [f"{method} {path} is not described"]
    schema = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return [] if body in (None, {}) else [f"{method} {path} takes no body"]
    return _problems(schema, body)


def problems_of_answer(method: str, path: str, status: int, body: Any) -> list[str]:
    """What in an answer contradicts the description."""
    found = _operation(method, path)
    if found is None:
        return [f"{method} {path} is not described"]
    answer = found["responses"].get(str(status))
    if answer is None:
        return [f"{method} {path} does not answer {status}"]
    return _problems(answer["content"]["application/json"].get("schema", {"type": "object"}), body)


def _operation(method: str, path: str) -> dict[str, Any] | None:
    fitting = [
        (known.count("{"), calls[method.lower()])
        for known, calls in description()["paths"].items()
        if method.lower() in calls and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path)
    ]
    return min(fitting, key=lambda one: one[0])[1] if fitting else None


def _problems(schema: Any, body: Any) -> list[str]:
    whole = {**schema, "components": description()["components"]}
    errors = Draft202012Validator(whole).iter_errors(body)
    return [f"{'/'.join(map(str, one.path))}: {one.message[:300]}" for one in errors]
