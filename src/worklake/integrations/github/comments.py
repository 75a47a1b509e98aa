"""Comments on issues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from worklake.errors import NotFoundError, UnknownOutcomeError
from worklake.integrations.base import Item, Payload
from worklake.integrations.github.client import GitHubClient, external_id
from worklake.integrations.github.issues import Issues
from worklake.integrations.github.listing import comment_item
from worklake.integrations.github.refusals import refusing
from worklake.integrations.github.texts import fitted, written
from worklake.integrations.text import comment_markers_in
from worklake.model.ids import CommentId


class Comments:
    """The comments on the issues of a source."""

    def __init__(self, client: GitHubClient, issues: Issues) -> None:
        self._client, self._issues = client, issues

    def of(self, issue_id: str) -> Iterator[Item]:
        """The comments on an issue, oldest first."""
        for comment in self._listed(issue_id):
            yield comment_item(comment, issue_id)

    def find(self, issue_id: str, marker: CommentId) -> Item | None:
        """The comment with this marker, if there is one."""
        for comment in self._listed(issue_id):
            if marker in comment_markers_in(comment.get("body")):
                return comment_item(comment, issue_id)
        return None

    def add(self, issue_id: str, body: str, marker: CommentId) -> Item:
        """Write a comment."""
        path = f"{self._issues.place(issue_id).path}/comments"
        with refusing(["body"]):
            made = self._client.write("POST", path, {"body": written(fitted(body), [marker])})
        return self._item(made, issue_id)

    def edit(self, issue_id: str, comment_id: str, body: str, marker: CommentId | None) -> Item:
        """Give a comment another text."""
        text = written(fitted(body), [marker] if marker else [])
        with refusing(["body"]):
            edited = self._client.set_again("PATCH", self._path(issue_id, comment_id), {"body": text})
        return self._item(edited, issue_id)

    def delete(self, issue_id: str, comment_id: str) -> None:
        """Delete a comment."""
        try:
            self._client.write("DELETE", self._path(issue_id, comment_id))
        except NotFoundError:
            return

    def _path(self, issue_id: str, comment_id: str) -> str:
        if not comment_id.isdecimal():
            raise NotFoundError(
                f"{self._client.source}: {comment_id!r} is no id of a GitHub comment; those are whole numbers"
            )
        return f"/repos/{self._issues.place(issue_id).repository}/issues/comments/{comment_id}"

    def _listed(self, issue_id: str) -> Iterator[Payload]:
        comments = self._client.all(f"{self._issues.place(issue_id).path}/comments")
        return (one for one in comments if isinstance(one, dict))

    def _item(self, comment: Any, issue_id: str) -> Item:
        if not isinstance(comment, dict) or external_id(comment) is None:
            raise UnknownOutcomeError(f"{self._client.source}: GitHub does not say which comment it wrote")
        return comment_item(comment, issue_id)
