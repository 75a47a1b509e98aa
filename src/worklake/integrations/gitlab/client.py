"""GitLab's wire calls. python-gitlab builds and sends them; answers are parsed here, as there may be many."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

import orjson

from worklake.errors import InvalidInputError, RetryableError, UnknownOutcomeError
from worklake.integrations.base import Payload
from worklake.integrations.http import Http
from worklake.integrations.parsing import parsed
from worklake.integrations.rounds import Rounds
from worklake.integrations.wire import Wire, header_quota, http_date

if TYPE_CHECKING:
    import gitlab
    import requests

WIRE = Wire("PRIVATE-TOKEN", quota=header_quota("RateLimit-"))
PAGE_SIZE = 100

Query = Mapping[str, str]

ADDRESSES_AT_ONCE = 50
"""How many issues one query asks for: three points each, of the 250 that GitLab grants."""
_NOT_TO_BE_SEEN = "does not exist or you don't have permission"


NO_KEYSET = frozenset({400, 405, 422})
"""How a server refuses pages by key that it does not have of a list."""


class Entries(NamedTuple):
    """A page of a list. `following` is the query of the next page; `by_number` says that pages are counted.

    `guessed` says that the server did not tell whether there is a next page, and that this one is full.
    """

    entries: list[Any]
    following: Query | None
    by_number: bool
    guessed: bool
    answered_at: datetime | None


class RefusedError(InvalidInputError):
    """GitLab refuses a call for what it asks; `status` is the HTTP status, `said` what GitLab says, as it sent it."""

    def __init__(self, message: str, status: int, said: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


class GitLabClient:
    """The calls that Worklake makes. `Http` retries, meters, and raises for 401, 403, 404 and passing faults."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @cached_property
    def _gitlab(self) -> gitlab.Gitlab:
        import gitlab  # takes a third of a second, and not every command reaches GitLab

        return gitlab.Gitlab(
            self._http.base_url,
            session=self._http,
            user_agent=str(self._http.headers["User-Agent"]),
            retry_transient_errors=False,
        )

    def get(self, path: str, query: Query | None = None) -> Payload:
        """One object. Raises `RefusedError` for a 4xx that has no error of its own."""
        answer = self._request("get", path, query or {})
        return _object(answer, self._http.source)

    def get_changed(self, path: str, etag: str | None) -> tuple[Payload, str | None] | None:
        """One object and its ETag; None where it is what GitLab sent with this `etag`."""
        try:
            answer = self._request("get", path, {}, {"If-None-Match": etag} if etag else None)
        except RefusedError as error:
            if error.status == 304:
                return None
            raise
        return _object(answer, self._http.source), answer.headers.get("ETag")

    def page(self, path: str, query: Query) -> Entries:
        """A page of a list. Where a server has no keyset pages of it, they are counted."""
        try:
            answer = self._request("get", path, query)
        except RefusedError as refused:
            if refused.status not in NO_KEYSET or "pagination" not in query:
                raise
            if refused.status != 405 and "cursor" in query:  # it is the cursor that is refused
                raise
            return self.page(path, _counted(query))
        entries = _parsed(answer, self._http.source)
        if not isinstance(entries, list):
            raise _not_gitlab(answer, self._http.source, "a list")
        following, told = _following(answer, query)
        guessed = not told and len(entries) >= int(query.get("per_page", PAGE_SIZE))
        if guessed:
            following = {**_counted(query), "page": str(int(query.get("page", "1")) + 1)}
        by_number = "X-Page" in answer.headers or (following or {}).keys() & {"page", "cursor"} == {"page"}
        if following is not None and following == {name: str(value) for name, value in query.items()}:
            raise RetryableError(f"{self._http.source}: GitLab names a page as its own next one. Run it again later.")
        return Entries(entries, following, by_number, guessed, http_date(answer.headers.get("Date")))

    def all(self, path: str, query: Query | None = None) -> Iterator[Any]:
        """The entries of a list, page by page."""
        following: Query | None = {"per_page": str(PAGE_SIZE), **(query or {})}
        rounds = Rounds(f"{self._http.source}: the list {path}")
        while following is not None:
            by_key = "pagination" in following
            page = self.page(path, following)
            rounds.note(marks_of(page.entries))
            # Behind the last page by key no other is named, be it full or not.
            following = None if by_key and page.guessed else page.following
            yield from page.entries

    def write(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Payload:
        """Send a change (`post`, `put`, `delete`); the object that it answers, empty where it answers nothing.

        Raises `RefusedError` for a 4xx that has no error of its own, `UnknownOutcomeError` where nobody can tell.
        """
        return self._written(self._request(verb, path, {}, body=body))

    def set_again(self, path: str, body: Mapping[str, Any]) -> Payload:
        """POST what sets a value, so that it does no harm to be sent twice."""
        url = f"{self._http.base_url}/api/v4{path}"
        answer = self._http.request("POST", url, json=dict(body), repeatable=True, writes=True)
        if answer.status_code >= 400:
            said = _parsed(answer, self._http.source)
            words = next((said[key] for key in ("message", "error") if key in said), said) if said else ""
            raise self._refused(path, answer.status_code, words)
        return self._written(answer)

    def issue_addresses(self, issue_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Project id and iid of the issues with these ids, asked through GraphQL; those not to be seen are left out.

        REST knows an issue by its id for administrators only.
        """
        asked = [
            f'_{number}: issue(id: "gid://gitlab/Issue/{int(one)}") {{ iid projectId }}'
            for number, one in enumerate(issue_ids)
        ]
        answer = self._http.request(
            "POST",
            f"{self._http.base_url}/api/graphql",
            json={"query": f"query IssueAddresses {{ {' '.join(asked)} }}"},
            endpoint="query IssueAddresses",
            repeatable=True,
        )
        told = _object(answer, self._http.source)
        problems = [str(error.get("message")) for error in told.get("errors") or () if isinstance(error, dict)]
        problems = [problem for problem in problems if _NOT_TO_BE_SEEN not in problem]
        data = told.get("data")
        if problems or not isinstance(data, dict):
            words = "; ".join(problems)[:200] or "no data"
            raise RetryableError(f"{self._http.source}: GitLab does not tell where issues are: {words}. Run it again.")
        found = ((one, data.get(f"_{number}")) for number, one in enumerate(issue_ids))
        return {one: (int(issue["projectId"]), int(issue["iid"])) for one, issue in found if issue}

    def _written(self, answer: requests.Response) -> Payload:
        if answer.status_code == 204 or not answer.content:
            return {}
        try:
            return _object(answer, self._http.source)
        except RetryableError as error:
            raise UnknownOutcomeError(str(error)) from error

    def _refused(self, path: str, status: int, said: Any) -> RefusedError:
        words = said if isinstance(said, str) else orjson.dumps(said, default=repr).decode()
        return RefusedError(f"{self._http.source}: GitLab refuses {path}: {status} {words[:300]}", status, said)

    def _request(
        self,
        verb: str,
        path: str,
        query: Query,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        import gitlab

        try:
            return self._gitlab.http_request(
                verb,
                path,
                query_data=dict(query),
                post_data=dict(body) if body is not None else None,
                obey_rate_limit=False,
                extra_headers=dict(headers) if headers else None,
            )
        except gitlab.exceptions.GitlabHttpError as error:
            status, said = error.response_code or 0, error.error_message
        except gitlab.exceptions.RedirectError as error:
            status, said = 301, str(error)
        raise self._refused(path, status, said.decode(errors="replace") if isinstance(said, bytes) else said)


def external_id(payload: Mapping[str, Any]) -> str | None:
    """GitLab's id of a thing as text; None where it is not a whole number."""
    found = payload.get("id")
    return str(found) if type(found) is int and found >= 0 else None


def project_path(project: str) -> str:
    """The path of a project's calls; it is named by its full path or id."""
    return f"/projects/{quote(project, safe='')}"


def marks_of(entries: Sequence[Any]) -> Iterator[Hashable]:
    """What stands for each entry of a list, so that the same one is known again."""
    for entry in entries:
        yield (str(entry.get("id")), str(entry.get("updated_at"))) if isinstance(entry, dict) else str(entry)


def _following(answer: requests.Response, query: Query) -> tuple[Query | None, bool]:
    """The query of the next page as the headers have it, and whether they say anything of it.

    Of the address that they name only the query is used: what it leaves out stays as it was asked.
    """
    url = answer.links.get("next", {}).get("url")
    if url:
        named = dict(parse_qsl(url.partition("?")[2].partition("#")[0], keep_blank_values=True))
        return {**query, **named}, True
    number = answer.headers.get("X-Next-Page")
    if number is not None:
        return ({**_counted(query), "page": number.strip()} if number.strip() else None), True
    return None, "Link" in answer.headers or "X-Page" in answer.headers


def _counted(query: Query) -> Query:
    """The query without what asks for pages by key."""
    return {key: value for key, value in query.items() if key not in ("pagination", "cursor")}


def _parsed(answer: requests.Response, source: str) -> Any:
    try:
        return parsed(answer.content)
    except ValueError as error:
        raise _not_gitlab(answer, source, "JSON", str(error)) from None


def _object(answer: requests.Response, source: str) -> Payload:
    value = _parsed(answer, source)
    if not isinstance(value, dict):
        raise _not_gitlab(answer, source, "an object")
    return value


def _not_gitlab(answer: requests.Response, source: str, expected: str, problem: str | None = None) -> RetryableError:
    kind = answer.headers.get("Content-Type", "no type")
    path = urlsplit(answer.url).path
    found = f"{answer.status_code}, {kind}, {len(answer.content)} bytes{f': {problem}' if problem else ''}"
    return RetryableError(
        f"{source}: {path} answered with something that GitLab does not send, expected {expected} ({found})."
        " Check `base_url` in conf/sources.yml; if it is right, run it again later."
    )
