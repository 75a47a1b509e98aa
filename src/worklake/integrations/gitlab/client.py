"""GitLab's wire calls. python-gitlab builds and sends them; answers are parsed here, as there may be many."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

import orjson

from worklake.errors import InvalidInputError, RetryableError
from worklake.integrations.base import Payload
from worklake.integrations.http import Http
from worklake.integrations.wire import Wire, header_quota

if TYPE_CHECKING:
    import gitlab
    import requests

WIRE = Wire("PRIVATE-TOKEN", quota=header_quota("RateLimit-"))
PAGE_SIZE = 100

Query = Mapping[str, str]

_ISSUE_ADDRESS = "query IssueAddress($id: IssueID!) { issue(id: $id) { iid projectId } }"


class Entries(NamedTuple):
    """A page of a list. `following` is the query of the next page; `by_number` says that pages are counted."""

    entries: list[Any]
    following: Query | None
    by_number: bool


class RefusedError(InvalidInputError):
    """GitLab refuses a call for what it asks; `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


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
            if refused.status != 405 or "pagination" not in query:
                raise
            return self.page(path, {key: value for key, value in query.items() if key != "pagination"})
        entries = _parsed(answer, self._http.source)
        if not isinstance(entries, list):
            raise _not_gitlab(answer, self._http.source)
        url = answer.links.get("next", {}).get("url")
        following = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)) if url else None
        if following is not None and following == {name: str(value) for name, value in query.items()}:
            raise RetryableError(f"{self._http.source}: GitLab names a page as its own next one. Run it again later.")
        return Entries(entries, following, "X-Page" in answer.headers)

    def all(self, path: str, query: Query | None = None) -> Iterator[Any]:
        """The entries of a list, page by page."""
        following: Query | None = {"per_page": str(PAGE_SIZE), **(query or {})}
        while following is not None:
            entries, following, _ = self.page(path, following)
            yield from entries

    def issue_address(self, issue_id: int) -> tuple[int, int] | None:
        """Project id and iid of the issue with this id, asked through GraphQL; None where it is not to be seen."""
        answer = self._http.request(
            "POST",
            f"{self._http.base_url}/api/graphql",
            json={"query": _ISSUE_ADDRESS, "variables": {"id": f"gid://gitlab/Issue/{issue_id}"}},
            endpoint="query IssueAddress",
            repeatable=True,
        )
        data = _object(answer, self._http.source).get("data")
        issue = data.get("issue") if isinstance(data, dict) else None
        return (int(issue["projectId"]), int(issue["iid"])) if issue else None

    def _request(
        self, verb: str, path: str, query: Query, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        import gitlab

        try:
            return self._gitlab.http_request(
                verb,
                path,
                query_data=dict(query),
                obey_rate_limit=False,
                extra_headers=dict(headers) if headers else None,
            )
        except gitlab.exceptions.GitlabHttpError as error:
            status, words = error.response_code or 0, str(error.error_message)[:200]
        raise RefusedError(f"{self._http.source}: GitLab refuses {path}: {status} {words}", status)


def project_path(project: str) -> str:
    """The path of a project's calls; it is named by its full path or id."""
    return f"/projects/{quote(project, safe='')}"


def _parsed(answer: requests.Response, source: str) -> Any:
    try:
        return orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        pass
    try:  # half a surrogate pair, which orjson refuses: only its own item shall suffer
        text = json.dumps(json.loads(answer.content), ensure_ascii=False, allow_nan=False)
    except ValueError:
        pass
    else:
        return orjson.loads(text.encode("utf-8", "replace"))
    raise _not_gitlab(answer, source)


def _object(answer: requests.Response, source: str) -> Payload:
    value = _parsed(answer, source)
    if not isinstance(value, dict):
        raise _not_gitlab(answer, source)
    return value


def _not_gitlab(answer: requests.Response, source: str) -> RetryableError:
    kind = answer.headers.get("Content-Type", "no type")
    path = urlsplit(answer.url).path
    return RetryableError(
        f"{source}: {path} answered with something that GitLab does not send ({kind}, {len(answer.content)} bytes)."
        " Check `base_url` in conf/sources.yml; if it is right, run it again later."
    )
