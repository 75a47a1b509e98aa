"""The unofficial description of Motion's API: what in a body, sent or answered, contradicts it."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_FILE = Path(__file__).parent.parent / "contracts" / "motion.openapi-unofficial.json"


@cache
def _described() -> dict[str, Any]:
    return json.loads(_FILE.read_text(encoding="utf-8"))


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """The operation that a call makes; None where the description has none."""
    for template, methods in _described()["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) and method.lower() in methods:
            return methods[method.lower()]
    return None


def answer_problems(method: str, path: str, status: int, body: object) -> list[str]:
    """What in an answer contradicts the description, or is not in it at all."""
    operation = operation_of(method, path)
    if operation is None:
        return [f"{method} {path} is not described"]
    answer = operation["responses"].get(str(status))
    if answer is None:
        return [f"{method} {path} is not described to answer {status}"]
    content = answer.get("content")
    return [] if content is None else _problems(content["application/json"]["schema"], body)


def request_problems(method: str, path: str, body: object) -> list[str]:
    """What in a request's body contradicts the description, or is not in it at all."""
    operation = operation_of(method, path)
    if operation is None:
        return [f"{method} {path} is not described"]
    told = operation.get("requestBody")
    if told is None:
        return [] if body is None else [f"{method} {path} takes no body"]
    return _problems(told["content"]["application/json"]["schema"], body)


def query_problems(method: str, path: str, names: set[str]) -> list[str]:
    """The parameters of a query that the description does not have."""
    operation = operation_of(method, path) or {}
    known = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    return [f"{name}: no parameter of {method} {path}" for name in sorted(names - known)]


def _problems(schema: dict[str, Any], body: object) -> list[str]:
    whole = {**schema, "components": _described()["components"]}
    found = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(body)
    return [f"{'/'.join(map(str, one.path))}: {one.message}" for one in found] + list(_undescribed(schema, body, ""))


def _undescribed(schema: dict[str, Any], body: object, at: str) -> list[str]:
    """Members that no schema names: a validator lets them pass."""
    if "$ref" in schema:
        schema = _described()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "oneOf" in schema:
        schema = next((one for one in schema["oneOf"] if one.get("type") != "null"), {})
        return _undescribed(schema, body, at) if isinstance(body, dict) else []
    if isinstance(body, list):
        return [one for entry in body for one in _undescribed(schema.get("items", {}), entry, at)]
    if not isinstance(body, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    found = [f"{at}{key}: not described" for key in sorted(set(body) - set(known))]
    return found + [
        one for key, value in body.items() if key in known for one in _undescribed(known[key], value, f"{at}{key}/")
    ]
