"""Linear's refusals as our errors. Their `extensions` decide, not the HTTP status, which is often 200 or 400."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from worklake.errors import (
    AccessError,
    AuthError,
    InvalidInputError,
    NotFoundError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
    WorklakeError,
)
from worklake.integrations.linear.blame import missing_field, refused_fields
from worklake.integrations.wire import Wire, header_quota

LONGEST_SHOWN = 300

_MENDS: Mapping[type[WorklakeError], str] = {
    AuthError: (
        "The API key is wrong, expired or revoked: make a new one under Settings > Security & access in Linear,"
        " and put it where `token` in conf/sources.yml points."
    ),
    AccessError: "The API key may not do this: give it the missing permission, or access to the team.",
    NotFoundError: "It does not exist, or this key may not see it.",
    InvalidInputError: "Linear does not accept this request: please report it with this message.",
    RetryableError: "A fault on Linear's side that should pass: run it again later.",
}
"""The kinds of errors, the gravest first, each with what to do about it."""
_GRAVEST_FIRST = tuple(_MENDS)

_BY_CODE: Mapping[str, type[WorklakeError]] = {
    "AUTHENTICATION_ERROR": AuthError,
    "FORBIDDEN": AccessError,
    "INPUT_ERROR": InvalidInputError,
    "INVALID_INPUT": InvalidInputError,
    "INTERNAL_SERVER_ERROR": RetryableError,
}
_BY_TYPE: Mapping[str, type[WorklakeError]] = {
    "authentication error": AuthError,
    "forbidden": AccessError,
    "feature not accessible": AccessError,
    "usage limit exceeded": AccessError,
    "invalid input": InvalidInputError,
    "user error": InvalidInputError,
    "graphql error": InvalidInputError,
    "network error": RetryableError,
    "internal error": RetryableError,
    "bootstrap error": RetryableError,
    "lock timeout": RetryableError,
}
_MEND_OF_VALUE = "Correct the value, or what stands in its way in Linear."
_NOTHING_DONE = frozenset({"lock timeout", "ratelimited"})
"""Passing faults, as types of errors, that a mutation meets before it does anything."""
_TOKEN = re.compile(r"lin_[a-z]+_\w+|Bearer\s+\S+", re.IGNORECASE)


def refuses_for_now(status: int, body: bytes) -> bool:
    """Whether a limit of requests or complexity is spent: Linear answers that with HTTP 400."""
    if status == 429:
        return True
    if b"ratelimited" not in body and b"RATELIMITED" not in body:
        return False
    return any(
        _said(error, "code") == "RATELIMITED" or _said(error, "type") == "ratelimited" for error in _errors(body)
    )


WIRE = Wire(
    quota=header_quota("X-RateLimit-Requests-", "X-RateLimit-Complexity-", per_second=1000),
    refuses_for_now=refuses_for_now,
)
"""An API key is sent as it is. An OAuth token goes behind the word Bearer, which its secret then begins with."""


def refusal(errors: Sequence[Any], status: int, where: str) -> WorklakeError:
    """The gravest of an answer's errors; `where` names the source and the operation."""
    kinds = [_kind(error, status) for error in errors]
    kind = min(kinds, key=_GRAVEST_FIRST.index)
    said = _words(errors[kinds.index(kind)])
    return kind(f"{where}: {said}. {_MENDS[kind]}")


def refusal_of_write(errors: Sequence[Any], status: int, where: str, sent: Mapping[str, Any] | None) -> WorklakeError:
    """The same of a mutation; `sent` is its input. A fault of the server leaves open whether it was done."""
    kinds = [_kind(error, status) for error in errors]
    kind = min(kinds, key=_GRAVEST_FIRST.index)
    error = errors[kinds.index(kind)]
    said, given = _words(error), sent or {}
    if kind is InvalidInputError:
        return RefusedValueError(f"{where}: {said}. {_MEND_OF_VALUE}", fields=refused_fields(said, given))
    missing = missing_field(said, given) if kind is NotFoundError else None
    if missing is not None:
        return RefusedValueError(f"{where}: {said}. {_MEND_OF_VALUE}", fields=(missing,))
    if kind is RetryableError and _said(error, "type") not in _NOTHING_DONE:
        return UnknownOutcomeError(f"{where}: {said}. Whether it was done shows when the item is read.")
    return kind(f"{where}: {said}. {_MENDS[kind]}")


def _kind(error: Any, status: int) -> type[WorklakeError]:
    message = error.get("message") if isinstance(error, dict) else None
    if isinstance(message, str) and message.startswith("Entity not found"):
        return NotFoundError
    known = _BY_CODE.get(_said(error, "code")) or _BY_TYPE.get(_said(error, "type"))
    if known is not None:
        return known
    stated = error.get("extensions", {}).get("statusCode") if isinstance(error, dict) else None
    return RetryableError if max(status, stated if isinstance(stated, int) else 0) >= 500 else InvalidInputError


def _words(error: Any) -> str:
    message = error.get("message") if isinstance(error, dict) else error
    shown, told = str(message), _said(error, "userPresentableMessage")
    if told and told != shown:
        shown = f"{shown} ({told})"
    return _TOKEN.sub("[redacted]", " ".join(shown.split()))[:LONGEST_SHOWN].rstrip(".")


def _said(error: Any, key: str) -> str:
    """A text out of an error's extensions; empty where there is none."""
    extensions = error.get("extensions") if isinstance(error, dict) else None
    value = extensions.get(key) if isinstance(extensions, dict) else None
    return value if isinstance(value, str) else ""


def _errors(body: bytes) -> Sequence[Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ()
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return errors if isinstance(errors, list) else ()


def id_is_taken(error: WorklakeError) -> bool:
    """Whether a create was refused because something with the id that we made is there: then it was done before."""
    return "conflict on insert" in str(error)
