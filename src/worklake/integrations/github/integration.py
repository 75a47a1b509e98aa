"""GitHub as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
from worklake.integrations.branches import FIRST_DAYS
from worklake.integrations.github.account import account_of
from worklake.integrations.github.board import Board
from worklake.integrations.github.board_listing import BoardListing
from worklake.integrations.github.checks import findings
from worklake.integrations.github.client import WIRE, GitHubClient, external_id
from worklake.integrations.github.code import completed_pull
from worklake.integrations.github.comments import Comments
from worklake.integrations.github.history import HISTORY_FIELDS, History
from worklake.integrations.github.issues import CALLS_AT_ONCE, Issues
from worklake.integrations.github.labels import LabelFields
from worklake.integrations.github.listing import Listing
from worklake.integrations.github.mapping import ISSUE_FIELDS, WRITABLE_FIELDS, GitHubLens
from worklake.integrations.github.settings import GitHubSettings
from worklake.integrations.github.whereabouts import Whereabouts
from worklake.integrations.github.writing import IssueWriter
from worklake.integrations.http import Http
from worklake.integrations.wire import Wire
from worklake.model.fields import Fields
from worklake.model.ids import CommentId, TaskId
from worklake.model.rows import Kind
from worklake.settings.models import SourceSettings

MOST_LEFT_OUT = 3
"""Of so many issues at once relations may fail to come; where more fail, it is not for these issues."""


class GitHubIntegration(BaseIntegration):
    """The issues of some repositories of a GitHub.

    Facts that are not plain from the code: a task's external id is GitHub's global id, by which REST finds no issue;
    lists of issues hold pull requests too, kept as merge requests; archived items do not exist; deleted issues are not
    announced; whether a change of relations moves `updated_at` is documented nowhere.
    """

    provider: ClassVar[str] = "github"
    capabilities: ClassVar[Capabilities] = Capabilities(
        fields=ISSUE_FIELDS,
        incremental=True,
        webhooks=True,
        deletes=True,
        archives=False,
        client_made_ids=False,
        writable=WRITABLE_FIELDS,
        creatable=WRITABLE_FIELDS,
        field_history=HISTORY_FIELDS,
        tells_editor=True,
    )
    settings_model: ClassVar[type[SourceSettings]] = GitHubSettings
    wire: ClassVar[Wire] = WIRE

    def __init__(self, source: str, settings: SourceSettings, http: Http) -> None:
        if not isinstance(settings, GitHubSettings):
            raise SettingsError(f"{source}: these are not the settings of a GitHub source")
        self.source = source
        self.settings = settings
        self.lens: GitHubLens = GitHubLens(settings)
        http.limit_writes(settings.writes_per_minute, 60.0)
        self._client = GitHubClient(http)
        self._board = Board(self._client, settings.project) if settings.project is not None else None
        if self._board is not None:  # the events of an issue tell nothing of its card
            told = self.capabilities.field_history - {"status"}
            self.capabilities = replace(self.capabilities, field_history=told)  # type: ignore[misc]
        self._issues = Issues(self._client, settings.repositories, self._board)
        self._comments = Comments(self._client, self._issues)
        self._writer = IssueWriter(self._client, settings, self.lens, self._issues, self._board)
        self._history = History(self._client, LabelFields(settings))
        self._whereabouts = Whereabouts(self._client, self._issues, settings.repositories, self.lens.addresses)
        self._account: str | None = None
        self._recent: datetime | None = None

    def check(self) -> Iterator[Finding]:
        """The server, the account, each repository and the project. What is not well is a finding, no exception."""
        return findings(self._client, self.settings, self._writer.names, self._board)

    def list_changed(self, position: str | None, now: datetime) -> Iterator[Page]:
        """Issues, pull requests and comments changed since, in the order of changes, with what they belong to, and
        commits that came into default branches and name anything.

        Raises `AccessError` after the last page when some repository, or the project, could not be read.
        """
        self._recent = now - timedelta(days=FIRST_DAYS)
        if self._board is not None:
            return BoardListing(self._client, self._issues, self._board, self.settings, position, now).pages()
        return Listing(self._client, self._issues, self.settings, position, now).pages()

    def complete(self, items: Sequence[Item]) -> Iterator[Item]:
        """These items, issues with the one that they are a part of and those that block them, pull requests with their
        branches, unless they are at rest for longer than commits are read.
        """
        needing = [item for item in items if self._needs_more(item)]
        if not needing:
            yield from items
            return
        left_out: dict[str, str] = {}
        with ThreadPoolExecutor(min(CALLS_AT_ONCE, len(needing)), thread_name_prefix="github") as pool:
            reading = {id(item): pool.submit(self._completed, item) for item in needing}
            try:
                for item in items:
                    future = reading.pop(id(item), None)
                    if future is None:
                        yield item
                        continue
                    try:
                        completed, merger = future.result()
                    except NotFoundError:
                        completed, merger = item, None  # gone since it was listed
                    except (AccessError, InvalidInputError, RetryableError) as error:
                        if not _is_of_one(error) or len(left_out) == MOST_LEFT_OUT:
                            raise
                        left_out[item.external_id or ""] = str(error).removeprefix(f"{self.source}: ")
                        continue
                    yield completed
                    if merger is not None:
                        yield Item(Kind.PERSON, external_id(merger), merger)
            finally:
                for waiting in reading.values():
                    waiting.cancel()
        if left_out:
            told = "; ".join(f"{one}: {reason}" for one, reason in left_out.items())
            raise LeftOutError(f"{self.source}: put aside until their relations can be read: {told}", left_out)

    def _needs_more(self, item: Item) -> bool:
        if item.kind is Kind.MERGE_REQUEST:
            return self._recent is None or item.updated_at is None or item.updated_at >= self._recent
        return item.kind is Kind.TASK and self._issues.needs_more(item.payload)

    def _completed(self, item: Item) -> tuple[Item, Payload | None]:
        """The item with what its listing leaves out, and who merged it where it is a pull request."""
        if item.kind is Kind.MERGE_REQUEST:
            return completed_pull(self._client, item)
        return self._issues.completed(item), None

    def list_ids(self) -> Iterator[str]:
        """The ids of all issues, open and closed, a hundred to a call. Raises when any repository cannot be read."""
        query = {"state": "all", "sort": "created", "direction": "asc"}
        for repository in self.settings.repositories:
            for entry in self._client.all(f"/repos/{repository}/issues", query):
                known = external_id(entry) if isinstance(entry, dict) and "pull_request" not in entry else None
                if known is not None:
                    yield known

    def read(self, external_id: str) -> Item:
        """One issue as it is now, with its relations."""
        return self._issues.read(external_id)

    def read_many(self, external_ids: Sequence[str]) -> Iterator[Item]:
        """These issues as they are now, by a call each, some at a time; what is gone is left out."""
        return self._issues.read_many(external_ids)

    def find_out(self, items: Sequence[LastSeen]) -> Iterator[Found]:
        """See `BaseIntegration.find_out`: nothing is deleted for certain unless its repository can be read now."""
        return self._whereabouts.find_out(items)

    def covers(self, key: str) -> bool:
        """Whether the settings name the repository of the key, which they may also do under an older name."""
        return self._whereabouts.covers(key)

    def outside(self, item: Item) -> str | None:
        """In which repository an issue is that is in none of the settings' repositories."""
        return self._whereabouts.outside(item)

    def place_of(self, item: Item) -> tuple[Where, Item, str]:
        """Whether an issue is in one of the repositories of the settings."""
        return self._whereabouts.place_of(item)

    def comments(self, external_id: str) -> Iterator[Item]:
        """The comments of an issue, oldest first."""
        return self._comments.of(external_id)

    def recall(self, external_id: str, key: str, shown: Fields) -> None:
        """An issue is looked for where it was, which is the only way but for reading whole lists."""
        place = self.lens.addresses.place_of(key)
        if place is not None:
            self._issues.recall(external_id, place)

    def key_of(self, url: str) -> str | None:
        """The key `host/owner/name#number` of the issue that this URL shows."""
        return self.lens.addresses.key_of(url)

    def account(self) -> str | None:
        """The account of the token."""
        if self._account is None:
            account = account_of(self._client)
            self._account = external_id(account) if account is not None else None
        return self._account

    def mapped_names(self) -> Mapping[str, tuple[str, ...]]:
        """The labels and options with a meaning."""
        return self._writer.names.mapped()

    def made_id(self, marker: TaskId | CommentId) -> str | None:
        """None: GitHub gives ids itself."""
        return None

    def create(self, fields: Fields, *, where: str | None, marker: TaskId, made_id: str | None) -> Item:
        """Make an issue in the repository `where`, with the marker in its body."""
        return self._writer.create(fields, where, marker)

    def find_created(self, marker: TaskId, made_id: str | None, since: datetime) -> Item | None:
        """The issue with this marker in its body, among all that were made since."""
        return self._writer.find_created(marker, since)

    def update(self, external_id: str, fields: Fields, shown: Fields) -> Item:
        """Set exactly these fields. Labels, people and blockers are added and taken out one by one."""
        return self._writer.update(external_id, fields, shown)

    def close(self, external_id: str) -> Item:
        """Close an issue as not planned."""
        return self._writer.close(external_id)

    def reopen(self, external_id: str) -> Item:
        """Open a closed issue again."""
        return self._writer.reopen(external_id)

    def archive(self, external_id: str) -> Item:
        """Raises `InvalidInputError`: GitHub does not archive issues."""
        raise InvalidInputError(f"{self.source}: GitHub does not archive issues; close them instead")

    def restore(self, external_id: str) -> Item:
        """Raises `InvalidInputError`: a deleted issue is gone for good."""
        raise InvalidInputError(f"{self.source}: GitHub keeps nothing of a deleted issue to bring back")

    def delete(self, external_id: str) -> None:
        """Delete an issue for good. Raises `AccessError` unless the token's account is an admin of the repository."""
        self._writer.delete(external_id)

    def add_comment(self, task: str, body: str, *, marker: CommentId, made_id: str | None) -> Item:
        """Write a comment with the marker in it."""
        return self._comments.add(task, body, marker)

    def find_comment(self, task: str, marker: CommentId, made_id: str | None) -> Item | None:
        """The comment with this marker on an issue."""
        return self._comments.find(task, marker)

    def edit_comment(self, task: str, comment: str, body: str, *, marker: CommentId | None) -> Item:
        """Give a comment another text. Raises `AccessError` for another's comment without push access."""
        return self._comments.edit(task, comment, body, marker)

    def delete_comment(self, task: str, comment: str) -> None:
        """Delete a comment."""
        self._comments.delete(task, comment)

    def history(self, external_id: str, since: datetime, fields: AbstractSet[str] | None = None) -> Iterator[FieldEdit]:
        """The events of an issue. Which values were exchanged is told of titles, labels and people."""
        told = self.capabilities.field_history
        wanted = told if fields is None else fields & told
        return self._history.of(self._issues.place(external_id), since, wanted)

    def vocabulary(self, fields: AbstractSet[str]) -> Vocabulary:
        """Milestones and assignable accounts of any repository, and labels with a meaning that no repository has."""
        return self._writer.names.vocabulary(fields)


def _is_of_one(error: WorklakeError) -> bool:
    """Whether the next issue may fare better: not while the provider asks us to wait."""
    return not (isinstance(error, RetryableError) and error.retry_after_seconds is not None)
