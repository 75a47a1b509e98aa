"""Calls and answers held against GitHub's published description, by a validator that knows OpenAPI."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

_FILE = Path(__file__).parent.parent / "contracts" / "github.openapi-subset.json"
_SERVER = "https://api.github.com"
UNDESCRIBED = re.compile(r"/graphql|/user/")
"""Calls that the description does not have: GraphQL, and accounts by number."""


@cache
def description() -> dict[str, Any]:
    """The published description."""
    found: dict[str, Any] = _mended(json.loads(_FILE.read_text()))
    return found


def _mended(value: Any) -> Any:
    """The description's one fault here: values that may be null have lists of words in which null is missing."""
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if not isinstance(value, dict):
        return value
    mended = {key: _mended(one) for key, one in value.items()}
    if mended.get("nullable") is True and isinstance(mended.get("enum"), list):
        mended["enum"] = [*mended["enum"], None]
    return mended


@cache
def _api() -> OpenAPI:
    return OpenAPI.from_dict(description())


def problems(answer: requests.Response) -> list[str]:
    """What in a call or its answer contradicts the description; refusals and calls it does not have are not judged."""
    parts = urlsplit(answer.url)
    if UNDESCRIBED.match(parts.path) or answer.status_code >= 300 or answer.history:
        return []
    if parts.path.startswith("/repositories/"):  # as links have it: the same calls, by the repository's number
        return []
    api, sent = _api(), answer.request.copy()
    sent.url = f"{_SERVER}{sent.path_url}"
    request = RequestsOpenAPIRequest(sent)
    found = []
    for judge in (
        lambda: api.validate_request(request),
        lambda: api.validate_response(request, RequestsOpenAPIResponse(answer)),
    ):
        try:
            judge()
        except OpenAPIError as error:
            told = getattr(error.__cause__, "schema_errors", None) or [error.__cause__ or error]
            found += [f"{answer.request.method} {parts.path}: {_short(one)}" for one in told]
    return found


def undescribed(schema: str, row: dict[str, Any]) -> set[str]:
    """The members of an object that its schema does not name."""
    return set(row) - set(description()["components"]["schemas"][schema]["properties"])


def _short(error: Any) -> str:
    path = "/".join(map(str, getattr(error, "absolute_path", ())))
    return f"{path}: {getattr(error, 'message', error)}"[:300]


def judge(answer: requests.Response, *_: object, **__: object) -> None:
    """A hook of a session: every call and answer must be as described."""
    found = problems(answer)
    assert not found, found
