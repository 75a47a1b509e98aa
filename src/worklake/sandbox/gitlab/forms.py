"""Query strings and forms as Rack reads them: names with brackets become lists and objects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from worklake.sandbox.gitlab.errors import ApiError, not_served

Pairs = list[tuple[str, str]]
_LIST = re.compile(r"(\w+)\[\]")
_OBJECT = re.compile(r"(\w+)\[(\w+)\](\[\])?")
_LIST_OF_OBJECTS = re.compile(r"(\w+)\[\]\[(\w+)\]")


def is_form(kind: str) -> bool:
    """Whether a body of this content type is a form; one without a type is."""
    return kind in ("", "application/x-www-form-urlencoded")


def form_pairs(text: str) -> Pairs:
    """The pairs of a query string or form. Raises 400 for what is no UTF-8 or holds a NUL."""
    try:
        raw = text.encode("latin-1").decode()
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=4096)
    except ValueError as error:
        raise _malformed() from error
    refuse_nul(pairs)
    return pairs


def multipart_pairs(body: bytes, content_type: str) -> Pairs:
    """The fields of a multipart form. Raises 501 for a file."""
    header = b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n"
    pairs: Pairs = []
    for part in BytesParser(policy=HTTP).parsebytes(header + body).iter_parts():
        if part.get_filename() is not None:
            raise not_served("uploaded files")
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        try:
            pairs.append((str(name), payload.decode() if isinstance(payload, bytes) else ""))
        except UnicodeDecodeError as error:
            raise _malformed() from error
    refuse_nul(pairs)
    return pairs


def nested_values(pairs: Pairs) -> dict[str, Any]:
    """What the names mean: `a[]` a list, `a[b]` and `a[b][]` an object, `a[][b]` a list of objects."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if found := _LIST.fullmatch(name):
            _kept(values, found[1], list).append(value)
        elif found := _LIST_OF_OBJECTS.fullmatch(name):
            rows = _kept(values, found[1], list)
            if not rows or not isinstance(rows[-1], dict) or found[2] in rows[-1]:
                rows.append({})
            rows[-1][found[2]] = value
        elif found := _OBJECT.fullmatch(name):
            inner = _kept(values, found[1], dict)
            if found[3]:
                _kept(inner, found[2], list).append(value)
            else:
                inner[found[2]] = value
        else:
            values[name] = value
    return values


def refuse_nul(value: object) -> None:
    """Refuse (400) a NUL anywhere in a text."""
    if isinstance(value, str):
        if "\0" in value:
            raise _malformed()
    elif isinstance(value, dict):
        refuse_nul(list(value.items()))
    elif isinstance(value, Iterable):
        for one in value:
            refuse_nul(one)


def _kept(values: dict[str, Any], name: str, kind: type[Any]) -> Any:
    if not isinstance(values.get(name), kind):
        values[name] = kind()
    return values[name]


def _malformed() -> ApiError:
    return ApiError(400, "Bad Request")
