"""Comments: GitLab calls them notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from worklake.errors import NotFoundError, RefusedValueError
from worklake.integrations.base import Item, Payload
from worklake.integrations.gitlab.client import GitLabClient, external_id
from worklake.integrations.gitlab.issues import Issues, issue_path
from worklake.integrations.gitlab.listing import people_of
from worklake.integrations.gitlab.refusals import refusing
from worklake.integrations.gitlab.scan import updated_at
from worklake.integrations.gitlab.texts import fitted, written
from worklake.integrations.text import comment_markers_in
from worklake.model.ids import CommentId
from worklake.model.rows import Kind


class Notes:
    """The comments on the issues of a source, without what GitLab itself remarks."""

    def __init__(self, client: GitLabClient, source: str, issues: Issues) -> None:
        self._client = client
        self._source = source
        self._issues = issues

    def of(self, issue_id: str) -> Iterator[Item]:
        """The notes on an issue, oldest first."""
        for note in self._read(self._issues.address(issue_id).path):
            yield note_item(note)

    def on(self, issue: Payload) -> list[Payload]:
        """The notes on a listed issue, oldest first."""
        path = issue_path(issue)
        return [] if path is None else self._read(path)

    def find(self, issue_id: str, marker: CommentId) -> Item | None:
        """The note with this marker, if there is one."""
        for note in self._read(self._issues.address(issue_id).path):
            if marker in comment_markers_in(note.get("body")):
                return note_item(note)
        return None

    def add(self, issue_id: str, body: str, marker: CommentId) -> Item:
        """Write a note."""
        return self._write("post", f"{self._issues.address(issue_id).path}/notes", body, marker)

    def edit(self, issue_id: str, note_id: str, body: str, marker: CommentId | None) -> Item:
        """Give a note another text."""
        return self._write("put", self._path(issue_id, note_id), body, marker)

    def delete(self, issue_id: str, note_id: str) -> None:
        """Delete a note."""
        try:
            self._client.write("delete", self._path(issue_id, note_id))
        except NotFoundError:
            return

    def _write(self, verb: str, path: str, body: str, marker: CommentId | None) -> Item:
        text = written(fitted(body), [marker] if marker else [])
        with refusing(["body"]):
            note = self._client.write(verb, path, {"body": text})
        if external_id(note) is None:
            raise RefusedValueError(f"{self._source}: GitLab took the comment for commands and kept none", ("body",))
        return note_item(note)

    def _path(self, issue_id: str, note_id: str) -> str:
        if not note_id.isdecimal():
            raise NotFoundError(f"{self._source}: {note_id!r} is no id of a GitLab comment; those are whole numbers")
        return f"{self._issues.address(issue_id).path}/notes/{note_id}"

    def _read(self, path: str) -> list[Payload]:
        notes = self._client.all(f"{path}/notes", {"order_by": "created_at", "sort": "asc"})
        return [note for note in notes if isinstance(note, dict) and note.get("system") is not True]


def note_item(note: Payload) -> Item:
    """The item of a note."""
    return Item(Kind.COMMENT, external_id(note), note, updated_at(note))


def notes_and_people(notes: Sequence[Payload], people: dict[str, Payload]) -> Iterator[Item]:
    """Notes, each after those of its people whom `people` does not have yet as they are now."""
    for note in notes:
        for person in people_of(note):
            known: Any = external_id(person)
            if known is not None and people.get(known) != person:
                people[known] = person
                yield Item(Kind.PERSON, known, person)
        yield note_item(note)
