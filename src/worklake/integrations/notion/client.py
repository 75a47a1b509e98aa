"""Notion's wire calls. `Http` retries, meters, and raises for 401, 403, 404 and passing faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson
import requests

from worklake.errors import (
    AccessError,
    AuthError,
    InvalidInputError,
    NotFoundError,
    RetryableError,
    UnknownOutcomeError,
)
from worklake.integrations.base import Payload
from worklake.integrations.http import Http
from worklake.integrations.parsing import parsed
from worklake.integrations.rounds import Rounds
from worklake.integrations.wire import Wire, http_date

VERSION = "2026-03-11"
"""The version of the API that is asked for: since 2025-09-03 it has data sources, and since this one blocks can be put
before all others, and what lies in the trash is told by `in_trash` alone."""
PAGE_SIZE = 100
SAVED = b"The change was saved"
"""How an answer with status 503 begins after which nothing is to be repeated."""
_OF_THE_PATH = "path failed validation"
_IN_TRASH = ("archived ancestor", "in trash", "is archived")

Query = Mapping[str, str]

WIRE = Wire(
    auth_prefix="Bearer ",
    refuses_for_now=lambda status, body: status in (409, 429, 529),
    done_anyway=lambda status, body: status == 503 and SAVED in body,
)
"""409 is another change at the same moment, 529 overload: nothing was done. There are no headers that tell a quota."""


class RefusedError(InvalidInputError):
    """Notion refuses a call for what it asks; `code` and `said` are its own words."""

    def __init__(self, message: str, code: str, said: str) -> None:
        super().__init__(message)
        self.code = code
        self.said = said


class Entries(NamedTuple):
    """A page of a list: `cursor` leads to the next one, `cut` says that Notion gives no more although there are."""

    entries: list[Any]
    cursor: str | None
    cut: bool
    answered_at: datetime | None


class NotionClient:
    """The calls that Worklake makes, each with the pinned version of the API."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.source = http.source

    def get(self, path: str, query: Query | None = None) -> Payload:
        """One object."""
        return self._object(self._send("GET", path, query=query))

    def entries(self, path: str, query: Query | None = None, cursor: str | None = None) -> Entries:
        """A page of a list that is read with GET."""
        asked = {"page_size": str(PAGE_SIZE), **(query or {})} | ({"start_cursor": cursor} if cursor else {})
        return self._entries(self._send("GET", path, query=asked))

    def all(self, path: str, query: Query | None = None) -> Iterator[Any]:
        """The entries of a list that is read with GET, page by page."""
        cursor: str | None = None
        rounds = Rounds(f"{self.source}: the list {path}")
        while True:
            page = self.entries(path, query, cursor)
            rounds.note(str(one.get("id", one)) if isinstance(one, dict) else str(one) for one in page.entries)
            yield from page.entries
            cursor = page.cursor
            if cursor is None:
                return

    def rows(self, data_source: str, body: Payload, properties: str | None = None) -> Entries:
        """A page of a data source's rows; with `properties`, showing no others than this one."""
        query = {"filter_properties": properties} if properties else None
        path = f"/data_sources/{data_source}/query"
        return self._entries(self._send("POST", path, {"page_size": PAGE_SIZE, **body}, query, repeatable=True))

    def write(self, method: str, path: str, body: Payload | None = None, *, repeatable: bool | None = None) -> Payload:
        """Send a change; what Notion answers. Where it says that all is saved but cannot show it, no more than the ids
        that it tells: `{"id", "results": [{"id"}, …]}`.

        Raises `RefusedError`, `NotFoundError` also for what lies in the trash, `UnknownOutcomeError`.
        """
        answer = self._send(method, path, body, repeatable=repeatable, writes=True)
        try:
            payload = self._object(answer)
        except RetryableError as error:
            raise UnknownOutcomeError(str(error)) from error
        if answer.status_code != 503:
            return payload
        told = payload.get("additional_data")
        told = told if isinstance(told, dict) else {}
        children = told.get("committed_child_ids")
        return {
            "id": told.get("committed_resource_id"),
            "results": [{"id": one} for one in children] if isinstance(children, list) else [],
        }

    def _send(
        self,
        method: str,
        path: str,
        body: Payload | None = None,
        query: Query | None = None,
        *,
        repeatable: bool | None = None,
        writes: bool = False,
    ) -> requests.Response:
        answer = self._http.request(
            method,
            f"{self._http.base_url}/v1{path}",
            params=dict(query) if query else None,
            data=None if body is None else orjson.dumps(body),
            headers={"Notion-Version": VERSION, **({"Content-Type": "application/json"} if body is not None else {})},
            repeatable=repeatable,
            writes=writes,
        )
        if 400 <= answer.status_code < 500:
            self._refuse(answer, path)
        return answer

    def _refuse(self, answer: requests.Response, path: str) -> None:
        told = self._object(answer)
        said, code = str(told.get("message") or answer.reason), str(told.get("code") or answer.status_code)
        message = f"{self.source}: Notion refuses {path}: {answer.status_code} {' '.join(said.split())[:300]}"
        if _OF_THE_PATH in said:
            raise NotFoundError(f"{message}. What has this id does not exist.")
        if any(words in said.lower() for words in _IN_TRASH):
            raise NotFoundError(f"{message}. It lies in the trash: bring it back in Notion first.")
        raise RefusedError(message, code, said)

    def _entries(self, answer: requests.Response) -> Entries:
        payload = self._object(answer)
        entries, cursor = payload.get("results"), payload.get("next_cursor")
        if not isinstance(entries, list) or not isinstance(cursor, str | None):
            raise self._not_notion(answer, "a page of a list")
        told = payload.get("request_status")
        cut = isinstance(told, dict) and told.get("type") == "incomplete"
        more = cursor if payload.get("has_more") is True else None
        return Entries(entries, more, cut, http_date(answer.headers.get("Date")))

    def _object(self, answer: requests.Response) -> Payload:
        try:
            value = parsed(answer.content)
        except ValueError as error:
            raise self._not_notion(answer, "JSON", str(error)) from None
        if not isinstance(value, dict):
            raise self._not_notion(answer, "an object")
        return value

    def _not_notion(self, answer: requests.Response, expected: str, problem: str = "") -> RetryableError:
        kind = answer.headers.get("Content-Type", "no type")
        found = f"{answer.status_code}, {kind}, {len(answer.content)} bytes{f': {problem}' if problem else ''}"
        return RetryableError(
            f"{self.source}: something answered that Notion does not send, expected {expected} ({found})."
            " Check `base_url` in conf/sources.yml; if it is right, run it again later."
        )


@contextmanager
def done_already() -> Iterator[None]:
    """What fails in here fails after something was done: `UnknownOutcomeError`, for an error that would deny it."""
    try:
        yield
    except (NotFoundError, RefusedError, RetryableError, AuthError, AccessError) as error:
        raise UnknownOutcomeError(f"{error} A part was done before; which shows when it is read.") from error


def at(identity: str) -> str:
    """An id as a part of a path."""
    return quote(identity, safe="")


def property_at(identity: str) -> str:
    """The id of a property as a part of a path: Notion gives it encoded already."""
    return quote(identity, safe="%")
