"""Motion's wire calls. `Http` waits for turns, retries, meters, and raises for 401, 403, 404 and passing faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import requests

from worklake.errors import InvalidInputError, RetryableError, UnknownOutcomeError
from worklake.integrations.base import Payload
from worklake.integrations.http import Http
from worklake.integrations.parsing import parsed
from worklake.integrations.rounds import Rounds
from worklake.integrations.wire import Wire, words_in

WIRE = Wire("X-API-Key")
"""The key goes in a header of its own. Answers tell nothing of the quota: requests are paced instead."""

Query = Mapping[str, str]


class Rows(NamedTuple):
    """A page of a list; `cursor` is where the next one begins, None behind the last."""

    rows: list[Any]
    cursor: str | None


class RefusedError(InvalidInputError):
    """Motion refuses a call for what it asks; `status` is the HTTP status, `said` are its words."""

    def __init__(self, message: str, status: int, said: str) -> None:
        super().__init__(message)
        self.status, self.said = status, said


class MotionClient:
    """The calls that Worklake makes."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @property
    def source(self) -> str:
        """The source's name, for messages."""
        return self._http.source

    def get(self, path: str, *ids: str) -> Payload:
        """One object; `ids` fill the path's `{}`. Raises `RefusedError` for a 4xx that has no error of its own."""
        return self._object(self._request("GET", path, ids))

    def page(self, path: str, key: str, query: Query, cursor: str | None) -> Rows:
        """A page of a list, whose rows stand under `key`."""
        asked = {**query, **({"cursor": cursor} if cursor else {})}
        answer = self._request("GET", path, (), query=asked)
        body = self._parsed(answer)
        rows = body.get(key) if isinstance(body, dict) else None
        meta = body.get("meta") if isinstance(body, dict) else None
        following = meta.get("nextCursor") if isinstance(meta, dict) else None
        if not isinstance(rows, list) or not isinstance(meta, dict) or not isinstance(following, str | None):
            raise self._not_motion(answer, f"a page of {key}")
        if following and following == cursor:
            raise RetryableError(f"{self.source}: Motion names a page as its own next one. Run it again later.")
        return Rows(rows, following or None)

    def all(self, path: str, key: str, query: Query) -> Iterator[Payload]:
        """The objects of a list, page by page."""
        rounds, cursor = Rounds(f"{self.source}: the list {path}"), None
        while True:
            page = self.page(path, key, query, cursor)
            rounds.note(str(one.get("id")) if isinstance(one, dict) else str(one) for one in page.rows)
            yield from (one for one in page.rows if isinstance(one, dict))
            cursor = page.cursor
            if cursor is None:
                return

    def write(self, method: str, path: str, *ids: str, body: Mapping[str, Any] | None = None) -> Payload:
        """Send a change; the object that it answers, empty where it answers nothing.

        Raises `RefusedError` for a 4xx that has no error of its own, `UnknownOutcomeError` where nobody can tell.
        """
        answer = self._request(method, path, ids, body=body)
        if answer.status_code == 204 or not answer.content:
            return {}
        try:
            return self._object(answer)
        except RetryableError as error:
            raise UnknownOutcomeError(f"{error}{UnknownOutcomeError.MAY_BE_DONE}") from error

    def _request(
        self,
        method: str,
        path: str,
        ids: tuple[str, ...],
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        endpoint = f"{method} {path.replace('{}', ':id')}"
        answer = self._http.request(
            method,
            self._http.base_url + path.format(*(_segment(one) for one in ids)),
            params=dict(query) if query else None,
            json=dict(body) if body is not None else None,
            endpoint=endpoint,
        )
        if answer.status_code >= 400:
            said = words_in(answer.content)
            message = f"{self.source}: Motion refuses {endpoint}: {answer.status_code} {said[:300]}"
            raise RefusedError(message, answer.status_code, said)
        return answer

    def _object(self, answer: requests.Response) -> Payload:
        body = self._parsed(answer)
        if not isinstance(body, dict):
            raise self._not_motion(answer, "an object")
        return body

    def _parsed(self, answer: requests.Response) -> Any:
        try:
            return parsed(answer.content)
        except ValueError:
            raise self._not_motion(answer, "JSON") from None

    def _not_motion(self, answer: requests.Response, expected: str) -> RetryableError:
        found = f"{answer.status_code}, {answer.headers.get('Content-Type', 'no type')}, {len(answer.content)} bytes"
        return RetryableError(
            f"{self.source}: the server answered with something that Motion does not send, expected {expected}"
            f" ({found}). Check `base_url` in conf/sources.yml; if it is right, run it again later."
        )


def _segment(value: str) -> str:
    """An id as a part of a path, whatever it is: dots alone would lead elsewhere."""
    return quote(value, safe="").replace(".", "%2E")
