"""A person's hands on a provider's items, past the integration under test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypedDict
from urllib.parse import quote

import requests


class HeldItem(TypedDict):
    """An item as it stands at the server."""

    external_id: str
    deleted: bool
    payload: dict[str, Any]


class Hands(Protocol):
    """What the contract tests need a person, or the server's operator, to do.

    `title_field` is what the provider calls a title in an item's payload.
    """

    title_field: str

    def items(self) -> Sequence[HeldItem]:
        """Every task, deleted ones too."""
        ...

    def create(self, title: str) -> str:
        """Create a task with this title where the source looks; its external id."""
        ...

    def edit(self, external_id: str, title: str) -> None:
        """Give a task another title."""
        ...

    def delete(self, external_id: str) -> None:
        """Delete a task."""
        ...

    def archive(self, external_id: str) -> None:
        """Archive a task. Asked only where the provider archives."""
        ...

    def comment(self, external_id: str, body: str) -> None:
        """Write a comment on a task."""
        ...

    def misfortune(self, *faults: Mapping[str, Any]) -> None:
        """Let the next calls go wrong: `{"status", "headers", "body", "times", "drop"}`."""
        ...

    def no_misfortune(self) -> None:
        """Let all calls go well again."""
        ...


class SandboxHands:
    """Hands through the control calls of Worklake's sandbox. A provider's subclass adds `archive` and `comment`.

    `title_field` is what the provider calls a title; `created_with` are the other fields of a new item.
    """

    title_field = "title"

    def __init__(self, control_url: str, created_with: Mapping[str, Any] | None = None) -> None:
        self._url = control_url
        self._created_with = dict(created_with or {})

    def items(self) -> Sequence[HeldItem]:
        """Every task, deleted ones too."""
        held: list[HeldItem] = self._call("GET", "items").json()
        return held

    def create(self, title: str) -> str:
        """Create a task."""
        answer = self._call("POST", "items", {**self._created_with, self.title_field: title})
        return str(answer.json()["external_id"])

    def edit(self, external_id: str, title: str) -> None:
        """Give a task another title."""
        self.change(external_id, {self.title_field: title})

    def change(self, external_id: str, fields: Mapping[str, Any]) -> None:
        """Edit any of the provider's fields."""
        self._call("PATCH", f"items/{quote(external_id, safe='')}", fields)

    def delete(self, external_id: str) -> None:
        """Delete a task."""
        self._call("DELETE", f"items/{quote(external_id, safe='')}")

    def misfortune(self, *faults: Mapping[str, Any]) -> None:
        """Let the next calls go wrong."""
        self._call("POST", "faults", list(faults))

    def no_misfortune(self) -> None:
        """Let all calls go well again."""
        self._call("DELETE", "faults")

    def _call(self, method: str, path: str, body: object = None) -> requests.Response:
        answer = requests.request(method, f"{self._url}/{path}", json=body, timeout=30)
        if not answer.ok:
            raise RuntimeError(f"the sandbox refuses {method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer
