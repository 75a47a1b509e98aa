"""Issues read by GitHub's global id, one or many at a time, as items that need nothing more.

REST finds an issue by its repository and number alone. Where an issue is, is known of all that some call brought or
that the lake knows; any other is looked for in the lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from worklake.errors import AccessError, NotFoundError
from worklake.integrations.base import Item, Payload
from worklake.integrations.github.addresses import Place, place_in, place_of
from worklake.integrations.github.board import Board
from worklake.integrations.github.client import GitHubClient, external_id, updated_at
from worklake.integrations.github.fields import BLOCKERS, PARENT, blockers
from worklake.integrations.text import markers_in
from worklake.model.ids import TaskId
from worklake.model.rows import Kind

MOST_KNOWN = 50_000
"""How many issues are remembered: those that were read last."""
CALLS_AT_ONCE = 4
"""How many issues are read at the same time."""
_RELATION_KEYS = ("id", "number", "repository_url", "html_url", "title", "state")


class Known(NamedTuple):
    """What is remembered of an issue. `seen` is false as long as only its place is known."""

    place: Place
    seen: bool = False
    markers: tuple[TaskId, ...] = ()
    labels: tuple[str, ...] = ()
    node_id: str | None = None


class TransferredError(NotFoundError):
    """The issue is in another repository by now, as another issue: the one that `payload` shows."""

    def __init__(self, message: str, payload: Payload) -> None:
        super().__init__(message)
        self.payload = payload


class Issues:
    """The issues of a source, and the logins of the accounts that were seen in them. With a project, those that are
    read by themselves come with their cards.
    """

    def __init__(self, client: GitHubClient, repositories: Sequence[str], board: Board | None = None) -> None:
        self._client, self._board = client, board
        self._repositories = repositories
        self._known: dict[str, Known] = {}
        self._ids: dict[tuple[str, int], str] = {}
        self._searched = False
        self.logins: dict[str, str] = {}

    def remember(self, payload: Payload) -> None:
        """Note what some call tells of an issue."""
        known, place = external_id(payload), place_of(payload)
        if known is None or place is None:
            return
        body, labels, node_id = payload.get("body"), payload.get("labels"), payload.get("node_id")
        markers = markers_in(body) if isinstance(body, str) else []
        names = [_label_name(one) for one in labels] if isinstance(labels, list) else []
        seen = Known(
            place, True, tuple(map(TaskId, markers)), tuple(name for name in names if name),
            node_id if isinstance(node_id, str) else None,
        )  # fmt: skip
        self._keep(known, seen)
        for person in people_of(payload):
            self._note_login(person)

    def recall(self, issue_id: str, place: Place) -> None:
        """Note where an issue was when it was last read, unless some call has brought it since."""
        if issue_id not in self._known:
            self._keep(issue_id, Known(place))

    def place(self, issue_id: str) -> Place:
        """Where an issue is. Raises `NotFoundError`."""
        known = self._known.get(issue_id) or self._looked_for(issue_id)
        return known.place

    def known(self, issue_id: str) -> Known:
        """What is remembered of an issue, read where only its place is known. Raises `NotFoundError`."""
        known = self._known.get(issue_id)
        if known is None or not known.seen:
            self.payload(issue_id)
            known = self._known[issue_id]
        return known

    def id_at(self, place: Place) -> str | None:
        """The id of the issue at a place; None where there is none, or a pull request."""
        found = self._ids.get(_folded(place))
        if found is not None:
            return found
        try:
            payload = self._client.get(place.path)
        except NotFoundError:
            return None
        if "pull_request" in payload or place_of(payload) is None:
            return None
        self.remember(payload)
        return external_id(payload)

    def payload(self, issue_id: str) -> Payload:
        """An issue as it is now. Raises `NotFoundError`, `TransferredError` where another issue stands for it."""
        payload = self._client.get(self.place(issue_id).path)
        if external_id(payload) != issue_id:
            raise TransferredError(
                f"{self._client.source}: the issue {issue_id} was transferred, and is now {payload.get('html_url')}",
                payload,
            )
        self.remember(payload)
        return payload

    def read(self, issue_id: str) -> Item:
        """An issue as it is now, with its relations. Raises `NotFoundError`."""
        return self.item(self.payload(issue_id))

    def read_many(self, issue_ids: Sequence[str]) -> Iterator[Item]:
        """These issues as they are now, some at a time; what is gone is left out."""
        wanted = list(dict.fromkeys(issue_ids))
        if not wanted:
            return
        with ThreadPoolExecutor(min(CALLS_AT_ONCE, len(wanted)), thread_name_prefix="github") as pool:
            found = (item for item in pool.map(self._read_if_there, wanted) if item is not None)
            yield from found if self._board is None else self._board.attached(list(found))

    def item(self, payload: Payload) -> Item:
        """The item of an issue that a call of its own brought, with its relations."""
        self.remember(payload)
        item = self.completed(issue_item(payload))
        return item if self._board is None else self._board.attached([item])[0]

    def needs_more(self, payload: Payload) -> bool:
        """Whether an issue has relations that its payload only hints at."""
        return (payload.get("parent_issue_url") is not None and PARENT not in payload) or (
            blockers(payload) > 0 and BLOCKERS not in payload
        )

    def completed(self, item: Item) -> Item:
        """The item with the issue that it is a part of, and those that block it."""
        payload = item.payload
        if not self.needs_more(payload):
            return item
        more: Payload = {}
        if payload.get("parent_issue_url") is not None:
            parent = self._parent(payload)
            more |= {} if parent is None else {PARENT: {"id": int(parent)}}
        place = place_of(payload)
        if blockers(payload) and place is not None:
            found = self._client.all(f"{place.path}/dependencies/blocked_by")
            shown = [{key: one[key] for key in _RELATION_KEYS if key in one} for one in found if isinstance(one, dict)]
            more[BLOCKERS] = sorted(shown, key=lambda one: str(one.get("id")))
        return item._replace(payload={**payload, **more})

    def _parent(self, payload: Payload) -> str | None:
        """The id of an issue's parent, None where this token may not see it."""
        place = place_in(payload["parent_issue_url"])
        if place is None:
            return None
        try:
            return self.id_at(place)
        except AccessError:
            return None

    def _read_if_there(self, issue_id: str) -> Item | None:
        try:
            return self.completed(issue_item(self.payload(issue_id)))
        except NotFoundError:
            return None

    def _looked_for(self, issue_id: str) -> Known:
        """An issue that nobody told of, out of the lists of the repositories, the newest first.

        Once these were read to their end, only what is new in them is read again.
        """
        if issue_id.isdecimal():
            for repository in self._repositories:
                for entry in self._client.all(f"/repos/{repository}/issues", {"state": "all", "sort": "created"}):
                    if not isinstance(entry, dict) or "pull_request" in entry:
                        continue
                    if self._searched and external_id(entry) in self._known:
                        break
                    self.remember(entry)
                    if external_id(entry) == issue_id:
                        return self._known[issue_id]
            self._searched = True
        raise NotFoundError(
            f"{self._client.source}: there is no issue with the id {issue_id!r} in the repositories of the settings,"
            " or this token may not see it; ids are GitHub's global numbers"
        )

    def _keep(self, issue_id: str, known: Known) -> None:
        self._known.pop(issue_id, None)
        self._known[issue_id] = known
        self._ids[_folded(known.place)] = issue_id
        if len(self._known) > MOST_KNOWN:
            oldest = self._known.pop(next(iter(self._known)), None)
            if oldest is not None:
                self._ids.pop(_folded(oldest.place), None)

    def _note_login(self, person: Payload) -> None:
        known, login = external_id(person), person.get("login")
        if known is not None and isinstance(login, str):
            self.logins[known] = login


def issue_item(payload: Payload) -> Item:
    """An issue out of a list."""
    return Item(Kind.TASK, external_id(payload), payload, updated_at(payload))


def people_of(payload: Payload) -> Iterator[Payload]:
    """The accounts that stand in an issue or comment."""
    author, assignees = payload.get("user"), payload.get("assignees")
    if isinstance(author, dict):
        yield author
    if isinstance(assignees, list):
        for person in assignees:
            if isinstance(person, dict):
                yield person


def _folded(place: Place) -> tuple[str, int]:
    return place.repository.lower(), place.number


def _label_name(label: Any) -> str:
    name = label.get("name") if isinstance(label, dict) else label
    return name if isinstance(name, str) else ""
