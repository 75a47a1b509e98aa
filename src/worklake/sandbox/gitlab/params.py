"""Parameters of a call, from query string, form or JSON body, read as the types that GitLab expects."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson

from worklake.sandbox.gitlab.errors import ApiError, invalid_parameter
from worklake.sandbox.gitlab.forms import form_pairs, is_form, multipart_pairs, nested_values, refuse_nul

_NUMBER = re.compile(r"-?[0-9]{1,18}")
_TRUE = frozenset({"1", "on", "On", "ON", "t", "true", "True", "TRUE", "T", "y", "yes", "Yes", "YES", "Y"})
_FALSE = frozenset({"0", "off", "Off", "OFF", "f", "false", "False", "FALSE", "F", "n", "no", "No", "NO", "N"})


class Params:
    """Named values; every reader answers None for one that is absent and refuses one that is invalid (400)."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    @classmethod
    def from_pairs(cls, text: str) -> Params:
        """From a query string or form: `name[]` collects a list, `not[name]` goes into a nested object."""
        return cls(nested_values(form_pairs(text)))

    @classmethod
    def from_body(cls, body: bytes, content_type: str) -> Params:
        """From a request's body: JSON, or a form. Raises 415 for a type that GitLab does not read."""
        kind = content_type.partition(";")[0].strip().lower()
        if not body or kind == "text/plain":
            return cls({})
        if kind == "application/json" or kind.endswith("+json"):
            return cls(_json_object(body))
        if kind == "multipart/form-data":
            return cls(nested_values(multipart_pairs(body, content_type)))
        if is_form(kind):
            return cls.from_pairs(body.decode("latin-1"))
        raise ApiError(415, {"error": f"The provided content-type '{kind}' is not supported."})

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def names_any(self, names: Iterable[str]) -> bool:
        """Whether at least one of these was given, be it null."""
        return any(name in self.values for name in names)

    def text(self, name: str, allowed: Collection[str] | None = None) -> str | None:
        """A text, one of `allowed` if these are given."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, dict | list):
            raise invalid_parameter(f"{name} is invalid")
        shown = _as_text(value)
        if allowed is not None and shown not in allowed:
            raise invalid_parameter(f"{name} does not have a valid value")
        return shown

    def required(self, name: str) -> str:
        """A text that must be there."""
        self.require(name)
        return self.text(name) or ""

    def require(self, *names: str) -> None:
        """Refuse a call that lacks one of these; all that are missing are told."""
        missing = [f"{name} is missing" for name in names if self.values.get(name) is None]
        if missing:
            raise invalid_parameter(", ".join(missing))

    def exclude(self, *names: str) -> None:
        """Refuse a call that gives more than one of these."""
        if sum(name in self.values for name in names) > 1:
            raise invalid_parameter(f"{', '.join(names)} are mutually exclusive")

    def integer(self, name: str) -> int | None:
        """A whole number; an empty text counts as absent."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int | str) or not _NUMBER.fullmatch(str(value)):
            raise invalid_parameter(f"{name} is invalid")
        return int(value)

    def boolean(self, name: str) -> bool | None:
        """A truth value, also written as text: clients send `true`, `True` and `1` alike."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        shown = "" if isinstance(value, dict | list) else _as_text(value)
        if shown in _TRUE:
            return True
        if shown in _FALSE:
            return False
        raise invalid_parameter(f"{name} is invalid")

    def day(self, name: str) -> date | None:
        """A day `YYYY-MM-DD`; an empty text or null is None."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            return date.fromisoformat(str(value)[:10])
        except ValueError as error:
            raise invalid_parameter(f"{name} is invalid") from error

    def moment(self, name: str) -> datetime | None:
        """A moment in ISO 8601; without a zone it is UTC."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(str(value))
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise invalid_parameter(f"{name} is invalid") from error

    def names(self, name: str) -> list[str] | None:
        """Names from a list or a text with commas, without blanks and repetitions; empty when told so."""
        value = self.values.get(name)
        if value is None:
            return [] if name in self.values else None
        parts = value if isinstance(value, list) else [value]
        if any(isinstance(part, dict | list) for part in parts):
            raise invalid_parameter(f"{name} is invalid")
        split = (piece.strip() for part in parts if part is not None for piece in _as_text(part).split(","))
        return list(dict.fromkeys(piece for piece in split if piece))

    def ids(self, name: str) -> list[int] | None:
        """Numbers from a list or a text with commas; 0 and blanks are left out."""
        names = self.names(name)
        if names is None:
            return None
        if any(not re.fullmatch(r"[0-9]{1,18}", one) for one in names):
            raise invalid_parameter(f"{name} is invalid")
        return [int(one) for one in names if int(one)]

    def nested(self, name: str) -> Params:
        """The parameters inside an object, as `not[labels]`."""
        value = self.values.get(name)
        if value is None or value == "":
            return Params({})
        if not isinstance(value, dict):
            raise invalid_parameter(f"{name} is invalid")
        return Params(value)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid_parameter("The provided content-type is application/json, the body is not") from error
    if not isinstance(values, dict):
        raise invalid_parameter("body is invalid")
    refuse_nul(values)
    return values
