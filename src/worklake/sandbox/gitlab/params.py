"""Parameters of a call, from query string, form or JSON body, read as the types that GitLab expects."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from worklake.sandbox.gitlab.errors import invalid_parameter

_NESTED = re.compile(r"^(\w+)\[(\w+)\](\[\])?$")


class Params:
    """Named values; every reader answers None for one that is absent and refuses one that is invalid (400)."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    @classmethod
    def from_pairs(cls, text: str) -> Params:
        """From a query string or form: `name[]` collects a list, `not[name]` goes into a nested object."""
        values: dict[str, Any] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            if name.endswith("[]") and "[" not in name[:-2]:
                values.setdefault(name[:-2], []).append(value)
            elif nested := _NESTED.match(name):
                inner = values.setdefault(nested[1], {})
                if nested[3]:
                    inner.setdefault(nested[2], []).append(value)
                else:
                    inner[nested[2]] = value
            else:
                values[name] = value
        return cls(values)

    @classmethod
    def from_body(cls, body: bytes, content_type: str) -> Params:
        """From a request's body: JSON, or a form."""
        if not body:
            return cls({})
        if "json" in content_type:
            try:
                values = orjson.loads(body)
            except orjson.JSONDecodeError as error:
                raise invalid_parameter("The provided content-type is application/json, the body is not") from error
            if not isinstance(values, dict):
                raise invalid_parameter("body is invalid")
            return cls(values)
        return cls.from_pairs(body.decode("utf-8", "replace"))

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
        shown = str(value)
        if allowed is not None and shown not in allowed:
            raise invalid_parameter(f"{name} does not have a valid value")
        return shown

    def required(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if value is None:
            raise invalid_parameter(f"{name} is missing")
        return value

    def integer(self, name: str) -> int | None:
        """A whole number; an empty text counts as absent."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int | str) or not re.fullmatch(r"-?\d{1,18}", str(value)):
            raise invalid_parameter(f"{name} is invalid")
        return int(value)

    def boolean(self, name: str) -> bool | None:
        """A truth value, also written as text."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if value in (True, "true", "1", 1, "t"):
            return True
        if value in (False, "false", "0", 0, "f"):
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
        except ValueError as error:
            raise invalid_parameter(f"{name} is invalid") from error
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    def names(self, name: str) -> list[str] | None:
        """Names from a list or a text with commas, without blanks and repetitions; empty when told so."""
        value = self.values.get(name)
        if value is None:
            return [] if name in self.values else None
        if isinstance(value, dict):
            raise invalid_parameter(f"{name} is invalid")
        parts = value if isinstance(value, list) else str(value).split(",")
        split = (piece.strip() for part in parts for piece in str(part).split(","))
        return list(dict.fromkeys(piece for piece in split if piece))

    def ids(self, name: str) -> list[int] | None:
        """Numbers from a list or a text with commas; 0 and blanks are left out."""
        names = self.names(name)
        if names is None:
            return None
        if any(not re.fullmatch(r"\d{1,18}", one) for one in names):
            raise invalid_parameter(f"{name} is invalid")
        return [int(one) for one in names if int(one)]

    def nested(self, name: str) -> Params:
        """The parameters inside an object, as `not[labels]`."""
        value = self.values.get(name)
        return Params(value) if isinstance(value, dict) else Params({})
