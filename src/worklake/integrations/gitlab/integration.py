"""GitLab as a source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from worklake.errors import AccessError, NotFoundError, SettingsError
from worklake.integrations.base import BaseIntegration, Capabilities, Finding, Item, Page, Payload
from worklake.integrations.gitlab.checks import findings
from worklake.integrations.gitlab.client import WIRE, GitLabClient, project_path
from worklake.integrations.gitlab.fields import ISSUE_LINKS
from worklake.integrations.gitlab.listing import Listing, external_id, issue_item, people_of, updated_at
from worklake.integrations.gitlab.mapping import ISSUE_FIELDS, GitLabLens
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.integrations.http import Http
from worklake.integrations.wire import Wire
from worklake.model.rows import Kind
from worklake.settings.models import SourceSettings

CALLS_AT_ONCE = 4
"""How many issues' notes and links are read at the same time."""
_LINK_KEYS = ("id", "iid", "project_id", "issue_link_id", "link_type", "state", "references", "web_url")


class _Extra(NamedTuple):
    """What the calls for one issue brought."""

    links: list[Payload] | None = None
    notes: Sequence[Payload] = ()


class GitLabIntegration(BaseIntegration):
    """The issues of some projects of a GitLab server.

    Facts that are not plain from the code: a task's external id is GitLab's global id; archived items do not exist;
    deleted issues are not announced; adding an assignee may leave `updated_at` alone, so that only a later change of
    the issue brings it.
    """

    provider: ClassVar[str] = "gitlab"
    capabilities: ClassVar[Capabilities] = Capabilities(
        fields=ISSUE_FIELDS, incremental=True, webhooks=True, deletes=True, archives=False, client_made_ids=False
    )
    settings_model: ClassVar[type[SourceSettings]] = GitLabSettings
    wire: ClassVar[Wire] = WIRE

    def __init__(self, source: str, settings: SourceSettings, http: Http) -> None:
        if not isinstance(settings, GitLabSettings):
            raise SettingsError(f"{source}: these are not the settings of a GitLab source")
        self.source = source
        self.settings = settings
        self.lens: GitLabLens = GitLabLens(settings)
        self._client = GitLabClient(http)
        self._project_names: dict[int, str | None] = {}

    def check(self) -> Iterator[Finding]:
        """The server, the token, and each project. What is not well is a finding, never an exception."""
        return findings(self._client, self.settings)

    def list_changed(self, position: str | None, now: datetime) -> Iterator[Page]:
        """Issues changed since, in the order of changes, with the projects, milestones and people they belong to.

        Raises `AccessError` after the last page when some project could not be read.
        """
        return Listing(self._client, self.source, self.settings.projects, position, now).pages()

    def complete(self, items: Sequence[Item]) -> Iterator[Item]:
        """These items; issues that block others with their links, and after them their notes and the notes' authors."""
        needing = [item for item in items if item.kind is Kind.TASK and self._needs_more(item.payload)]
        if not needing:
            yield from items
            return
        people: dict[str, Payload] = {}
        with ThreadPoolExecutor(min(CALLS_AT_ONCE, len(needing)), thread_name_prefix="gitlab") as pool:
            reading = {id(item): pool.submit(self._read_extra, item.payload) for item in needing}
            try:
                for item in items:
                    future = reading.pop(id(item), None)
                    if future is None:
                        yield item
                        continue
                    extra = future.result()
                    yield item if extra.links is None else _with_links(item, extra.links)
                    yield from _notes_and_people(extra.notes, people)
            finally:
                for waiting in reading.values():
                    waiting.cancel()

    def list_ids(self) -> Iterator[str]:
        """The ids of all issues, open and closed, a hundred to a call. Raises when any project cannot be read."""
        query = {"scope": "all", "state": "all", "order_by": "created_at", "sort": "asc", "pagination": "keyset"}
        for project in self.settings.projects:
            for entry in self._client.all(f"{project_path(project)}/issues", query):
                known = external_id(entry)
                if known is not None:
                    yield known

    def read(self, external_id: str) -> Item:
        """One issue as it is now, with its links."""
        payload = self._find(external_id)
        payload.pop("subscribed", None)  # not in lists: it is about us, not about the issue
        item = issue_item(payload, self._project_name(payload))
        links = self._read_links(payload) if payload.get("blocking_issues_count") else None
        return item if links is None else _with_links(item, links)

    def comments(self, external_id: str) -> Iterator[Item]:
        """The notes of an issue that people wrote, oldest first."""
        for note in self._read_notes(self._find(external_id)):
            yield _note_item(note)

    def key_of(self, url: str) -> str | None:
        """The key `host/path#iid` of the issue that this URL of the server shows."""
        return self.lens.addresses.key_of(url)

    def _find(self, issue_id: str) -> Payload:
        """An issue by its global id. Only administrators may ask for it so; for others GraphQL knows its address."""
        if not re.fullmatch(r"[0-9]{1,18}", issue_id):
            raise NotFoundError(f"{self.source}: {issue_id!r} is no id of a GitLab issue; those are whole numbers")
        try:
            return self._client.get(f"/issues/{issue_id}")
        except AccessError:
            address = self._client.issue_address(int(issue_id))
        if address is None:
            raise NotFoundError(
                f"{self.source}: there is no issue with the id {issue_id}, or this token may not see it."
            )
        project, iid = address
        return self._client.get(f"/projects/{project}/issues/{iid}")

    def _project_name(self, payload: Payload) -> str | None:
        project = payload.get("project_id")
        if not isinstance(project, int):
            return None
        if project not in self._project_names:
            name = self._client.get(f"/projects/{project}").get("name")
            self._project_names[project] = name if isinstance(name, str) else None
        return self._project_names[project]

    def _needs_more(self, payload: Payload) -> bool:
        return bool(
            payload.get("blocking_issues_count") or (self.settings.comments and payload.get("user_notes_count"))
        )

    def _read_extra(self, payload: Payload) -> _Extra:
        """Nothing for an issue that is gone since it was listed."""
        try:
            links = self._read_links(payload) if payload.get("blocking_issues_count") else None
            has_notes = self.settings.comments and payload.get("user_notes_count")
            return _Extra(links, self._read_notes(payload) if has_notes else ())
        except NotFoundError:
            return _Extra()

    def _read_links(self, payload: Payload) -> list[Payload] | None:
        path = _issue_path(payload)
        if path is None:
            return None
        links = [link for link in self._client.all(f"{path}/links") if isinstance(link, dict)]
        shown = [{key: link[key] for key in _LINK_KEYS if key in link} for link in links]
        return sorted(shown, key=lambda link: str(link.get("issue_link_id")))

    def _read_notes(self, payload: Payload) -> list[Payload]:
        path = _issue_path(payload)
        if path is None:
            return []
        notes = self._client.all(f"{path}/notes", {"order_by": "created_at", "sort": "asc"})
        return [note for note in notes if isinstance(note, dict) and note.get("system") is not True]


def _issue_path(payload: Payload) -> str | None:
    project, iid = payload.get("project_id"), payload.get("iid")
    return f"/projects/{project}/issues/{iid}" if isinstance(project, int) and isinstance(iid, int) else None


def _with_links(item: Item, links: list[Payload]) -> Item:
    return item._replace(payload={**item.payload, ISSUE_LINKS: links})


def _note_item(note: Payload) -> Item:
    return Item(Kind.COMMENT, external_id(note), note, updated_at(note))


def _notes_and_people(notes: Sequence[Payload], people: dict[str, Payload]) -> Iterator[Item]:
    for note in notes:
        for person in people_of(note):
            known: Any = external_id(person)
            if known is not None and people.get(known) != person:
                people[known] = person
                yield Item(Kind.PERSON, known, person)
        yield _note_item(note)
