"""GitHub's wire calls."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from worklake.errors import AccessError, InvalidInputError, NotFoundError, RetryableError, UnknownOutcomeError
from worklake.integrations.base import Payload
from worklake.integrations.http import Http
from worklake.integrations.parsing import parsed
from worklake.integrations.rounds import Rounds
from worklake.integrations.wire import Quota, Wire, header_quota

if TYPE_CHECKING:
    import requests

PAGE_SIZE = 100
VERSION = "2022-11-28"
"""The version of the API that is asked for. Nothing is read that the next one drops."""
HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION}
_NO_MORE = re.compile(rb"rate limit|abuse detection", re.IGNORECASE)
_PATHS = (
    (re.compile(r"/(?:repos/[^/]+/[^/]+|repositories/[0-9]+)"), "/repos/:repo"),
    (re.compile(r"/labels/.+"), "/labels/:name"),
    (re.compile(r"/users/[^/]+"), "/users/:login"),
    (re.compile(r"/[0-9]+"), "/:id"),
)

Query = Mapping[str, str]
_read_quota = header_quota("X-RateLimit-")


def _quota(headers: Mapping[str, str], now: datetime) -> Quota | None:
    """What is left of the hour. GraphQL counts apart, and what is left of it says nothing of the rest."""
    resource = headers.get("X-RateLimit-Resource", "core")
    return _read_quota(headers, now) if resource == "core" else None


def _refuses_for_now(status: int, body: bytes) -> bool:
    """GitHub refuses with 403 both what one may not do and what is too much; only its words tell."""
    return status == 429 or (status == 403 and _NO_MORE.search(body) is not None)


WIRE = Wire("Authorization", "Bearer ", _quota, _refuses_for_now, refused_for_seconds=60.0)
"""A secondary limit that does not say for how long is to be waited out for a minute at least."""


class Rows(NamedTuple):
    """A page of a list, the address of the next one, and by which tag it is known whether it is still the same."""

    entries: list[Any]
    following: str | None
    etag: str | None


class RefusedError(InvalidInputError):
    """GitHub refuses a call for what it asks; `status` is the HTTP status, `said` the body of its answer."""

    def __init__(self, message: str, status: int, said: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


class GoneError(NotFoundError):
    """The issue was deleted: GitHub says so to whoever may read its repository."""


class GitHubClient:
    """The calls that Worklake makes. `Http` retries, meters, and raises for 401, 403, 404 and passing faults."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.source = http.source

    def get(self, path: str, query: Query | None = None) -> Payload:
        """One object. Raises `RefusedError` for a 4xx that has no error of its own."""
        return self._object(self._call("GET", path, query))

    def get_changed(self, path: str, etag: str | None) -> tuple[Payload, str | None] | None:
        """One object and its tag; None where it is what GitHub sent with this `etag`, which costs nothing."""
        answer = self._call("GET", path, etag=etag)
        return None if answer.status_code == 304 else (self._object(answer), answer.headers.get("ETag"))

    def page(self, path: str, query: Query | None = None, etag: str | None = None) -> Rows | None:
        """A page of a list, by its path or the address that another page named; None where it is as it was."""
        answer = self._call("GET", path, query, etag=etag)
        if answer.status_code == 304:
            return None
        entries = self._parsed(answer)
        if not isinstance(entries, list):
            raise self._not_github(answer, "a list")
        following = answer.links.get("next", {}).get("url")
        if following is not None and urlsplit(following)[:2] != urlsplit(self._http.base_url)[:2]:
            raise self._not_github(answer, "a next page of the same server")
        return Rows(entries, following, answer.headers.get("ETag"))

    def all(self, path: str, query: Query | None = None) -> Iterator[Any]:
        """The entries of a list, page by page as its links lead."""
        rounds = Rounds(f"{self.source}: the list {path}")
        rows = self.page(path, {"per_page": str(PAGE_SIZE), **(query or {})})
        while rows is not None:
            rounds.note(marks_of(rows.entries))
            yield from rows.entries
            rows = self.page(rows.following) if rows.following is not None else None

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a change; what it answers, None where it answers nothing.

        Raises `RefusedError` for a 4xx that has no error of its own, `UnknownOutcomeError` where nobody can tell.
        """
        answer = self._call(method, path, body=body)
        if not answer.content:
            return None
        try:
            return self._parsed(answer)
        except RetryableError as error:
            raise UnknownOutcomeError(str(error)) from error

    def set_again(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Send a change that does no harm when it is sent twice."""
        return self._parsed(self._call(method, path, body=body, repeatable=True))

    def ask(
        self,
        name: str,
        query: str,
        variables: Mapping[str, Any],
        *,
        writes: bool = False,
        repeatable: bool | None = None,
    ) -> Payload:
        """The data of a GraphQL query. Raises `AccessError`, `NotFoundError` where it says so, `RefusedError` else.

        One that `writes` may be `repeatable` all the same: it does no harm when it is sent twice.
        """
        body = {"query": query, "variables": dict(variables), "operationName": name}
        path = f"{self._http.base_url.removesuffix('/v3')}/graphql"
        again = not writes if repeatable is None else repeatable
        answer = self._call("POST", path, body=body, repeatable=again, writes=writes, endpoint=f"graphql {name}")
        told = self._object(answer)
        errors = [one for one in told.get("errors") or () if isinstance(one, dict)]
        if errors:
            words = "; ".join(str(one.get("message")) for one in errors)[:300]
            kinds = {str(one.get("type")) for one in errors}
            message = f"{self.source}: GitHub refuses {name}: {words}"
            if "INSUFFICIENT_SCOPES" in kinds:
                raise AccessError(message)
            if "FORBIDDEN" in kinds:
                raise AccessError(f"{message}. The token's account needs a higher role there.")
            if "NOT_FOUND" in kinds:
                raise NotFoundError(message)
            raise RetryableError(message) if "RATE_LIMITED" in kinds else RefusedError(message, 422, told)
        data = told.get("data")
        return data if isinstance(data, dict) else {}

    def _call(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        *,
        etag: str | None = None,
        body: Mapping[str, Any] | None = None,
        repeatable: bool | None = None,
        writes: bool | None = None,
        endpoint: str | None = None,
    ) -> requests.Response:
        url = path if "://" in path else self._http.base_url + path
        answer = self._http.request(
            method,
            url,
            params=dict(query) if query else None,
            json=dict(body) if body is not None else None,
            headers={**HEADERS, **({"If-None-Match": etag} if etag else {})},
            endpoint=endpoint or f"{method} {_shape_of(url, self._http.base_url)}",
            repeatable=repeatable,
            writes=(method != "GET") if writes is None else writes,
        )
        if answer.status_code >= 400:
            raise self._refusal(answer)
        return answer

    def _refusal(self, answer: requests.Response) -> Exception:
        try:
            said = parsed(answer.content)
        except ValueError:
            said = None
        words = said.get("message") if isinstance(said, dict) else None
        details = said.get("errors") if isinstance(said, dict) else None
        told = f"{answer.status_code} {words or answer.reason}"
        if details:
            told += f" {orjson.dumps(details, default=repr).decode()}"
        message = f"{self.source}: GitHub refuses {urlsplit(answer.url).path}: {told[:400]}"
        if answer.status_code == 410 and "disabled" in str(words):
            return AccessError(f"{message} Switch its issues on, or leave the repository out of `repositories`.")
        if answer.status_code == 410:
            return GoneError(message)
        return RefusedError(message, answer.status_code, said)

    def _parsed(self, answer: requests.Response) -> Any:
        try:
            return parsed(answer.content)
        except ValueError as error:
            raise self._not_github(answer, "JSON", str(error)) from None

    def _object(self, answer: requests.Response) -> Payload:
        value = self._parsed(answer)
        if not isinstance(value, dict):
            raise self._not_github(answer, "an object")
        return value

    def _not_github(self, answer: requests.Response, expected: str, problem: str | None = None) -> RetryableError:
        kind = answer.headers.get("Content-Type", "no type")
        found = f"{answer.status_code}, {kind}, {len(answer.content)} bytes{f': {problem}' if problem else ''}"
        return RetryableError(
            f"{self.source}: {urlsplit(answer.url).path} answered with something that GitHub does not send, expected"
            f" {expected} ({found}). Check `base_url` in conf/sources.yml; if it is right, run it again later."
        )


def external_id(payload: Mapping[str, Any]) -> str | None:
    """GitHub's id of a thing as text; None where it is not a whole number."""
    found = payload.get("id")
    return str(found) if type(found) is int and found >= 0 else None


def updated_at(payload: Mapping[str, Any]) -> datetime | None:
    """When a thing last changed; None where that cannot be read."""
    try:
        moment = datetime.fromisoformat(payload["updated_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def marks_of(entries: Sequence[Any]) -> Iterator[Hashable]:
    """What stands for each entry of a list, so that the same one is known again."""
    for entry in entries:
        known = isinstance(entry, dict) and "id" in entry
        yield (str(entry["id"]), str(entry.get("updated_at"))) if known else repr(entry)


def _shape_of(url: str, base_url: str) -> str:
    """A path without the names and numbers in it."""
    path = urlsplit(url).path.removeprefix(urlsplit(base_url).path)
    for pattern, shape in _PATHS:
        path = pattern.sub(shape, path)
    return path
