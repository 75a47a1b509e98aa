"""GitLab as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import ClassVar, NamedTuple

from worklake.errors import (
    AccessError,
    InvalidInputError,
    LeftOutError,
    NotFoundError,
    RetryableError,
    SettingsError,
    WorklakeError,
)
from worklake.integrations.base import (
    BaseIntegration,
    Capabilities,
    FieldEdit,
    Finding,
    Found,
    Item,
    LastSeen,
    Page,
    Payload,
    Vocabulary,
    Where,
)
from worklake.integrations.gitlab.checks import findings
from worklake.integrations.gitlab.client import WIRE, GitLabClient, external_id, project_path
from worklake.integrations.gitlab.history import HISTORY_FIELDS, History
from worklake.integrations.gitlab.issues import Issues, with_links
from worklake.integrations.gitlab.labels import LabelFields
from worklake.integrations.gitlab.listing import Listing
from worklake.integrations.gitlab.mapping import ISSUE_FIELDS, WRITABLE_FIELDS, GitLabLens
from worklake.integrations.gitlab.notes import Notes, notes_and_people
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.integrations.gitlab.whereabouts import Whereabouts
from worklake.integrations.gitlab.writing import IssueWriter
from worklake.integrations.http import Http
from worklake.integrations.wire import Wire
from worklake.model.fields import Fields
from worklake.model.ids import CommentId, TaskId
from worklake.model.rows import Kind
from worklake.settings.models import SourceSettings

CALLS_AT_ONCE = 4
"""How many issues' notes and links are read at the same time."""
MOST_LEFT_OUT = 3
"""Of so many issues at once notes and links may fail to come; where more fail, it is not for these issues."""


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
        fields=ISSUE_FIELDS,
        incremental=True,
        webhooks=True,
        deletes=True,
        archives=False,
        client_made_ids=False,
        writable=WRITABLE_FIELDS,
        creatable=WRITABLE_FIELDS,
        reads_many=True,
        field_history=HISTORY_FIELDS,
        tells_editor=True,
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
        self._issues = Issues(self._client, source)
        self._notes = Notes(self._client, source, self._issues)
        self._writer = IssueWriter(self._client, settings, self.lens, self._issues)
        self._history = History(self._client, LabelFields(settings))
        self._whereabouts = Whereabouts(self._client, source, settings.projects, self.lens.addresses.server)
        self._account: str | None = None

    def check(self) -> Iterator[Finding]:
        """The server, the token, and each project. What is not well is a finding, never an exception."""
        return findings(self._client, self.settings)

    def list_changed(self, position: str | None, now: datetime) -> Iterator[Page]:
        """Issues and merge requests changed since, in the order of changes, with the projects, milestones and people
        they belong to, and commits that came into default branches and name anything.

        Raises `AccessError` after the last page when some project could not be read.
        """
        for page in Listing(self._client, self.source, self.settings, position, now).pages():
            for item in page.items:
                if item.kind is Kind.TASK:
                    self._issues.remember(item.payload)
            yield page

    def complete(self, items: Sequence[Item]) -> Iterator[Item]:
        """These items; issues that block others with their links, and after them their notes and the notes' authors."""
        needing = [item for item in items if item.kind is Kind.TASK and self._needs_more(item.payload)]
        if not needing:
            yield from items
            return
        people: dict[str, Payload] = {}
        left_out: dict[str, str] = {}
        with ThreadPoolExecutor(min(CALLS_AT_ONCE, len(needing)), thread_name_prefix="gitlab") as pool:
            reading = {id(item): pool.submit(self._read_extra, item.payload) for item in needing}
            try:
                for item in items:
                    future = reading.pop(id(item), None)
                    if future is None:
                        yield item
                        continue
                    try:
                        extra = future.result()
                    except (AccessError, InvalidInputError, RetryableError) as error:
                        if not _is_of_one(error) or len(left_out) == MOST_LEFT_OUT:
                            raise
                        left_out[item.external_id or ""] = str(error).removeprefix(f"{self.source}: ")
                        continue
                    yield item if extra.links is None else with_links(item, extra.links)
                    yield from notes_and_people(extra.notes, people)
            finally:
                for waiting in reading.values():
                    waiting.cancel()
        if left_out:
            told = "; ".join(f"issue {one}: {reason}" for one, reason in left_out.items())
            raise LeftOutError(f"{self.source}: put aside until their comments and links can be read: {told}", left_out)

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
        return self._issues.read(external_id)

    def read_many(self, external_ids: Sequence[str]) -> Iterator[Item]:
        """These issues as they are now, up to a hundred of a project in a call; what is gone is left out."""
        return self._issues.read_many(external_ids)

    def find_out(self, items: Sequence[LastSeen]) -> Iterator[Found]:
        """See `BaseIntegration.find_out`: nothing is deleted for certain unless its project can be read now."""
        self._whereabouts.forget()
        return super().find_out(items)

    def covers(self, key: str) -> bool:
        """Whether the settings name the project of the key, which they may also do under another name."""
        return self._whereabouts.covers(key)

    def outside(self, item: Item) -> str | None:
        """In which project an issue is that is in none of the settings' projects."""
        return self._whereabouts.outside(item)

    def place_of(self, item: Item) -> tuple[Where, Item, str]:
        """Whether an issue is in one of the projects of the settings, and has not been moved out of it."""
        return self._whereabouts.place_of(item)

    def gone(self, one: LastSeen, why: str) -> Found:
        """Deleted only where the project it was in can be read."""
        return self._whereabouts.gone(one, why)

    def comments(self, external_id: str) -> Iterator[Item]:
        """The notes of an issue that people wrote, oldest first."""
        return self._notes.of(external_id)

    def recall(self, external_id: str, key: str, shown: Fields) -> None:
        """An issue is looked for where it was: one call instead of two."""
        at = self.lens.addresses.place_of(key)
        if at is not None:
            name = shown.get("project")
            self._issues.recall(external_id, *at, name if isinstance(name, str) else None)

    def key_of(self, url: str) -> str | None:
        """The key `host/path#iid` of the issue that this URL of the server shows."""
        return self.lens.addresses.key_of(url)

    def account(self) -> str | None:
        """The account of the token."""
        if self._account is None:
            self._account = external_id(self._client.get("/user"))
        return self._account

    def made_id(self, marker: TaskId | CommentId) -> str | None:
        """None: GitLab gives ids itself."""
        return None

    def create(self, fields: Fields, *, where: str | None, marker: TaskId, made_id: str | None) -> Item:
        """Make an issue in the project `where`, with the marker in its description."""
        return self._writer.create(fields, where, marker)

    def find_created(self, marker: TaskId, made_id: str | None, since: datetime) -> Item | None:
        """The issue with this marker in its description, among all that were made since."""
        return self._writer.find_created(marker, since)

    def update(self, external_id: str, fields: Fields, shown: Fields) -> Item:
        """Set exactly these fields. Assignees are set as a whole: GitLab cannot add or take away one."""
        return self._writer.update(external_id, fields, shown)

    def close(self, external_id: str) -> Item:
        """Close an issue, with the label for canceled where the settings have one."""
        return self._writer.close(external_id)

    def reopen(self, external_id: str) -> Item:
        """Open a closed issue again."""
        return self._writer.reopen(external_id)

    def archive(self, external_id: str) -> Item:
        """Raises `InvalidInputError`: GitLab does not archive issues."""
        raise InvalidInputError(f"{self.source}: GitLab does not archive issues; close them instead")

    def restore(self, external_id: str) -> Item:
        """Raises `InvalidInputError`: a deleted issue is gone for good."""
        raise InvalidInputError(f"{self.source}: GitLab keeps nothing of a deleted issue to bring back")

    def delete(self, external_id: str) -> None:
        """Delete an issue for good. Raises `AccessError` unless the token's account is an owner."""
        self._writer.delete(external_id)

    def add_comment(self, task: str, body: str, *, marker: CommentId, made_id: str | None) -> Item:
        """Write a note with the marker in it."""
        return self._notes.add(task, body, marker)

    def find_comment(self, task: str, marker: CommentId, made_id: str | None) -> Item | None:
        """The note with this marker on an issue."""
        return self._notes.find(task, marker)

    def edit_comment(self, task: str, comment: str, body: str, *, marker: CommentId | None) -> Item:
        """Give a note another text. Raises `AccessError` for another's note unless one is a maintainer."""
        return self._notes.edit(task, comment, body, marker)

    def delete_comment(self, task: str, comment: str) -> None:
        """Delete a note."""
        self._notes.delete(task, comment)

    def history(self, external_id: str, since: datetime, fields: AbstractSet[str] | None = None) -> Iterator[FieldEdit]:
        """Resource events and GitLab's own remarks. Which values were exchanged is told of labels only."""
        path = self._issues.address(external_id).path
        return self._history.of(path, since, HISTORY_FIELDS if fields is None else fields & HISTORY_FIELDS)

    def vocabulary(self, fields: AbstractSet[str]) -> Vocabulary:
        """Milestones and accounts of any project, and labels with a meaning that no project has."""
        return self._writer.names.vocabulary(fields)

    def mapped_names(self) -> Mapping[str, tuple[str, ...]]:
        """The labels with a meaning."""
        return self._writer.names.mapped()

    def _needs_more(self, payload: Payload) -> bool:
        return bool(
            payload.get("blocking_issues_count") or (self.settings.comments and payload.get("user_notes_count"))
        )

    def _read_extra(self, payload: Payload) -> _Extra:
        """Nothing for an issue that is gone since it was listed."""
        try:
            links = self._issues.links(payload) if payload.get("blocking_issues_count") else None
            has_notes = self.settings.comments and payload.get("user_notes_count")
            return _Extra(links, self._notes.on(payload) if has_notes else ())
        except NotFoundError:
            return _Extra()


def _is_of_one(error: WorklakeError) -> bool:
    """Whether the next issue may fare better: not while the provider asks us to wait."""
    return not (isinstance(error, RetryableError) and error.retry_after_seconds is not None)
