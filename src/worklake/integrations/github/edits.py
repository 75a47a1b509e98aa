"""Changing an issue, call by call: what has begun and then fails is not told as if nothing were done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import quote

from worklake.errors import NotFoundError, RetryableError, UnknownOutcomeError
from worklake.integrations.base import Payload
from worklake.integrations.github.addresses import Place
from worklake.integrations.github.client import GitHubClient, external_id
from worklake.integrations.github.issues import Issues
from worklake.integrations.github.refusals import refusing, refusing_reference

Changed = TypeVar("Changed")


class Edit:
    """The calls that change one issue. `answer` is the issue as the last of them showed it, if that one did."""

    def __init__(self, client: GitHubClient, issues: Issues, issue_id: str, place: Place) -> None:
        self._client, self._issues, self._issue_id, self._place = client, issues, issue_id, place
        self.answer: Payload | None = None
        self._begun = False

    def set(self, fields: Iterable[str], params: dict[str, Any]) -> None:
        """Set what an issue has for itself."""
        with refusing(fields):
            self._send("PATCH", self._place.path, params)

    def label(self, fields: Iterable[str], added: list[str], removed: list[str], replaced: list[str]) -> None:
        """Take labels off one by one, as GitHub has no other way, and put others on, all in one call.

        Those that are `replaced` stood for a status or priority, and go last: who dies in between leaves one that shows
        as before or as it is to be. Without any label it would show as none, which nobody could tell from an edit.
        """
        with refusing(fields):
            for name in removed:
                self._take(f"{self._place.path}/labels/{quote(name, safe='')}")
            if added:
                self._send("POST", f"{self._place.path}/labels", {"labels": added})
            for name in replaced:
                self._take(f"{self._place.path}/labels/{quote(name, safe='')}")

    def assign(self, added: list[str], removed: list[str]) -> None:
        """Take people, by login, off an issue, and put others on it."""
        path = f"{self._place.path}/assignees"
        with refusing(("assignees",)):
            if removed:
                self._send("DELETE", path, {"assignees": removed})
            if added:
                self._send("POST", path, {"assignees": added})

    def move_under(self, parent: str | None, before: str | None) -> None:
        """Make it a part of another issue, in the place of the one that it is a part of now."""
        with refusing_reference("parent_id"):
            if parent is not None:
                body = {"sub_issue_id": int(self._issue_id), "replace_parent": True}
                self._send("POST", f"{self._issues.place(parent).path}/sub_issues", body, again=False)
            elif before is not None:
                self._take(f"{self._issues.place(before).path}/sub_issue", {"sub_issue_id": int(self._issue_id)})

    def block(self, added: list[str], removed: list[str]) -> None:
        """Let other issues block it, or no longer."""
        path = f"{self._place.path}/dependencies/blocked_by"
        with refusing_reference("blocked_by"):
            for one in removed:
                self._take(f"{path}/{int(one)}")
            for one in added:
                self._send("POST", path, {"issue_id": int(one)}, again=False)

    def beside(self, change: Callable[[], Changed]) -> Changed:
        """Make a change that is not to the issue itself, and give what it answers."""
        try:
            answer = change()
        except RetryableError as error:
            if self._begun:
                raise UnknownOutcomeError(f"{error} A part of the change is made already.") from error
            raise
        self._begun = True
        return answer

    def result(self) -> Payload:
        """The issue as it shows after the change, read where no call showed it. Raises `UnknownOutcomeError`."""
        if self.answer is not None:
            return self.answer
        try:
            return self._issues.payload(self._issue_id)
        except RetryableError as error:
            raise UnknownOutcomeError(f"{error} What was changed could not be read back.") from error

    def _take(self, path: str, body: dict[str, Any] | None = None) -> None:
        """Take something off; what is off already is as good."""
        try:
            self._send("DELETE", path, body)
        except NotFoundError:
            self.answer = None

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None, *, again: bool = True) -> None:
        try:
            answer = (
                self._client.set_again(method, path, body)
                if again and body is not None
                else self._client.write(method, path, body)
            )
        except RetryableError as error:
            if self._begun:
                raise UnknownOutcomeError(f"{error} A part of the change is made already.") from error
            raise
        self._begun = True
        shows_it = isinstance(answer, dict) and external_id(answer) == self._issue_id
        self.answer = answer if shows_it else None
