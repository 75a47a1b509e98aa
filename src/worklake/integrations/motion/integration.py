"""Motion as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import ClassVar

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
    Allowance,
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
from worklake.integrations.http import Http
from worklake.integrations.motion.checks import findings
from worklake.integrations.motion.client import WIRE, MotionClient
from worklake.integrations.motion.comments import add_comment, comments_of, find_comment
from worklake.integrations.motion.directory import Directory
from worklake.integrations.motion.listing import Listing, external_id, people_of, tasks_page
from worklake.integrations.motion.mapping import TASK_FIELDS, WRITABLE_FIELDS, MotionLens
from worklake.integrations.motion.settings import MotionSettings
from worklake.integrations.motion.writing import TaskWriter
from worklake.integrations.pace import Pace, state_file
from worklake.integrations.wire import Wire
from worklake.model.fields import Fields
from worklake.model.ids import CommentId, TaskId
from worklake.model.rows import Kind
from worklake.settings.models import SourceSettings

MOST_LEFT_OUT = 3
"""Of so many tasks at once the comments may fail to come; where more fail, it is not for these tasks."""


class MotionIntegration(BaseIntegration):
    """The tasks of some workspaces of a Motion account.

    Facts that are not plain from the code: Motion tells no changes, no addresses and no history; deleted tasks are gone
    and not announced; its scheduler moves tasks, and their `updatedTime`, without anybody's doing.
    """

    provider: ClassVar[str] = "motion"
    capabilities: ClassVar[Capabilities] = Capabilities(
        fields=TASK_FIELDS,
        incremental=False,
        webhooks=False,
        deletes=True,
        archives=False,
        client_made_ids=False,
        writable=WRITABLE_FIELDS,
        creatable=WRITABLE_FIELDS,
        comments_editable=False,
        comments_deletable=False,
        addresses=False,
    )
    settings_model: ClassVar[type[SourceSettings]] = MotionSettings
    wire: ClassVar[Wire] = WIRE

    def __init__(self, source: str, settings: SourceSettings, http: Http) -> None:
        if not isinstance(settings, MotionSettings):
            raise SettingsError(f"{source}: these are not the settings of a Motion source")
        self.source, self.settings = source, settings
        self.lens: MotionLens = MotionLens(settings)
        apart = timedelta(seconds=60 / settings.requests_per_minute)
        http.pace = Pace(apart, state_file(settings.base_url, str(settings.token)))
        self._client = MotionClient(http)
        self._directory = Directory(self._client, settings, self.lens.statuses)
        self._writer = TaskWriter(self._client, settings, self.lens, self._directory)
        self._account: str | None = None

    def check(self) -> Iterator[Finding]:
        """The server, the key, and each workspace with what its statuses mean."""
        return findings(self._client, self._directory, self.settings, self.lens.statuses)

    def list_changed(self, position: str | None, now: datetime) -> Iterator[Page]:
        """All tasks, with the people and projects they name: to the end the first time, later in shares of a run.

        Raises `AccessError` after the last page when some workspace does not show.
        """
        most_pages = self.settings.requests_per_run // 2
        names = self.settings.workspaces
        return Listing(self._client, self._directory, names, position, most_pages).pages()

    def complete(self, items: Sequence[Item]) -> Iterator[Item]:
        """These items; where the settings have comments read, with those of each task and their authors."""
        left_out: dict[str, str] = {}
        for item in items:
            if not (self.settings.comments and item.kind is Kind.TASK and item.external_id):
                yield item
                continue
            try:
                comments = list(comments_of(self._client, item.external_id))
            except NotFoundError:
                comments = []  # it is gone since it was listed
            except (AccessError, InvalidInputError, RetryableError) as error:
                if not _is_of_one(error) or len(left_out) == MOST_LEFT_OUT:
                    raise
                left_out[item.external_id] = str(error).removeprefix(f"{self.source}: ")
                continue
            yield item
            for comment in comments:
                for person in people_of(comment.payload):
                    yield Item(Kind.PERSON, external_id(person), person)
                yield comment
        if left_out:
            told = "; ".join(f"task {one}: {reason}" for one, reason in left_out.items())
            raise LeftOutError(f"{self.source}: put aside until their comments can be read: {told}", left_out)

    def list_ids(self) -> Iterator[str]:
        """The ids of all tasks, fifty to a request. Raises when any workspace does not show."""
        for name in self.settings.workspaces:
            workspace, cursor = str(self._directory.workspace(name)["id"]), None
            while True:
                page = tasks_page(self._client, workspace, cursor)
                for row in page.rows:
                    known = external_id(row) if isinstance(row, dict) else None
                    if known is not None:
                        yield known
                cursor = page.cursor
                if cursor is None:
                    break

    def read(self, external_id: str) -> Item:
        """One task as it is now."""
        return self._writer.read(external_id)

    def read_many(self, external_ids: Sequence[str]) -> Iterator[Item]:
        """These tasks as they are now; what is gone is left out."""
        return self._writer.read_many(external_ids)

    def find_out(self, items: Sequence[LastSeen]) -> Iterator[Found]:
        """See `BaseIntegration.find_out`: nothing is deleted for certain unless its workspaces show now."""
        self._directory.forget()
        return super().find_out(items)

    def outside(self, item: Item) -> str | None:
        """In which workspace a task is that is in none of the settings' workspaces."""
        told = item.payload.get("workspace")
        workspace: Payload = told if isinstance(told, dict) else {}
        known = workspace.get("id")
        if known is None or known in self.settings.workspaces:
            return None
        if known in [one.get("id") for one in self._directory.found().values()]:
            return None
        return f"it is in the workspace {workspace.get('name')!r}, which the settings do not name"

    def gone(self, one: LastSeen, why: str) -> Found:
        """Deleted, where all workspaces of the settings show; in one that does not, it may still be."""
        found = self._directory.found()
        hidden = [name for name in self.settings.workspaces if name not in found]
        if hidden:
            return Found(one.external_id, Where.NO_ACCESS, None, str(self._directory.hidden(hidden)))
        return Found(one.external_id, Where.DELETED, None, why)

    def comments(self, external_id: str) -> Iterator[Item]:
        """The comments on a task, oldest first."""
        return comments_of(self._client, external_id)

    def allowance(self) -> Allowance:
        """What the settings let it be asked."""
        return Allowance(self.settings.requests_per_minute, self.settings.requests_per_run)

    def account(self) -> str | None:
        """The account of the key."""
        if self._account is None:
            self._account = external_id(self._client.get("/v1/users/me"))
        return self._account

    def key_of(self, url: str) -> str | None:
        """None: Motion tells no address of a task."""
        return None

    def made_id(self, marker: TaskId | CommentId) -> str | None:
        """None: Motion gives ids itself."""
        return None

    def create(self, fields: Fields, *, where: str | None, marker: TaskId, made_id: str | None) -> Item:
        """Make a task in the workspace `where`, with the marker in its description."""
        return self._writer.create(fields, where, marker)

    def find_created(self, marker: TaskId, made_id: str | None, since: datetime) -> Item | None:
        """The task with this marker in its description, among all that were made since, newest first."""
        return self._writer.find_created(marker, since)

    def update(self, external_id: str, fields: Fields, shown: Fields) -> Item:
        """Set these fields. Labels are set as a whole: those that others have put on it since it was read are lost."""
        return self._writer.update(external_id, fields, shown)

    def close(self, external_id: str) -> Item:
        """Cancel a task that is still open."""
        return self._writer.close(external_id)

    def reopen(self, external_id: str) -> Item:
        """Open a closed task again."""
        return self._writer.reopen(external_id)

    def archive(self, external_id: str) -> Item:
        """Raises `InvalidInputError`: Motion does not archive tasks."""
        raise InvalidInputError(f"{self.source}: Motion does not archive tasks; close them instead")

    def restore(self, external_id: str) -> Item:
        """Raises `InvalidInputError`: a deleted task is gone for good."""
        raise InvalidInputError(f"{self.source}: Motion keeps nothing of a deleted task to bring back")

    def delete(self, external_id: str) -> None:
        """Delete a task for good."""
        self._writer.delete(external_id)

    def add_comment(self, task: str, body: str, *, marker: CommentId, made_id: str | None) -> Item:
        """Write a comment with the marker behind it."""
        return add_comment(self._client, task, body, marker)

    def find_comment(self, task: str, marker: CommentId, made_id: str | None) -> Item | None:
        """The comment with this marker on a task."""
        return find_comment(self._client, task, marker)

    def edit_comment(self, task: str, comment: str, body: str, *, marker: CommentId | None) -> Item:
        """Raises `InvalidInputError`: Motion does not change comments."""
        raise InvalidInputError(f"{self.source}: Motion does not let comments be changed")

    def delete_comment(self, task: str, comment: str) -> None:
        """Raises `InvalidInputError`: Motion does not delete comments."""
        raise InvalidInputError(f"{self.source}: Motion does not let comments be deleted; delete it in Motion itself")

    def history(self, external_id: str, since: datetime, fields: AbstractSet[str] | None = None) -> Iterator[FieldEdit]:
        """Nothing: Motion tells no history."""
        return iter(())

    def vocabulary(self, fields: AbstractSet[str]) -> Vocabulary:
        """Statuses, projects and people of the workspaces, and names of the settings that none of these has."""
        return self._directory.vocabulary(fields)

    def mapped_names(self) -> Mapping[str, tuple[str, ...]]:
        """The statuses that somebody gave a meaning in the settings."""
        told = "statuses" in self.settings.model_fields_set
        return {"status": tuple(self.settings.statuses)} if told else {}


def _is_of_one(error: WorklakeError) -> bool:
    """Whether the next task may fare better: not while Motion asks us to wait."""
    return not (isinstance(error, RetryableError) and error.retry_after_seconds is not None)
