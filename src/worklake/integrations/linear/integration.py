"""A Linear workspace as a source."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import ClassVar

from worklake.errors import AccessError, AuthError, InvalidInputError, NotFoundError, RetryableError
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
from worklake.integrations.http import Http
from worklake.integrations.linear import lookups, queries
from worklake.integrations.linear.client import LinearClient
from worklake.integrations.linear.comments import add_comment, delete_comment, edit_comment, find_comment
from worklake.integrations.linear.directory import NAMED_FIELDS
from worklake.integrations.linear.history import FIELDS_TOLD, edits
from worklake.integrations.linear.links import parse_issue_url, team_of
from worklake.integrations.linear.listing import Listing, hidden_among, hidden_teams, items_of
from worklake.integrations.linear.mapping import FIELD_LENSES, LinearLens
from worklake.integrations.linear.pages import all_nodes
from worklake.integrations.linear.refusals import WIRE
from worklake.integrations.linear.rest import completed
from worklake.integrations.linear.settings import LinearSettings
from worklake.integrations.linear.writing import Writer
from worklake.integrations.wire import Wire
from worklake.model.fields import Fields
from worklake.model.ids import CommentId, TaskId
from worklake.model.rows import Kind
from worklake.settings.models import SourceSettings


class LinearIntegration(BaseIntegration):
    """The issues of some teams of a Linear workspace, with their comments, projects, milestones and people."""

    provider: ClassVar[str] = "linear"
    capabilities: ClassVar[Capabilities] = Capabilities(
        fields=frozenset(FIELD_LENSES),
        incremental=True,
        webhooks=True,
        deletes=True,
        archives=True,
        client_made_ids=True,
        writable=frozenset(FIELD_LENSES),
        creatable=frozenset(FIELD_LENSES),
        closes=True,
        comments_editable=True,
        reads_many=True,
        field_history=FIELDS_TOLD,
        tells_editor=True,
        restores=True,
    )
    settings_model: ClassVar[type[SourceSettings]] = LinearSettings
    wire: ClassVar[Wire] = WIRE

    def __init__(self, source: str, settings: SourceSettings, http: Http) -> None:
        if not isinstance(settings, LinearSettings):
            raise InvalidInputError(f"{source}: a Linear source takes LinearSettings, found {type(settings).__name__}")
        self.lens = LinearLens()
        self._source = source
        self._teams = settings.teams
        self._ask = LinearClient(http).ask
        self._workspace: str | None = None
        self._account: str | None = None
        self._writer = Writer(self._ask, source, settings.teams, settings.create_in)

    def check(self) -> Iterator[Finding]:
        """Whether the key is accepted, whose it is, and whether it sees each team."""
        try:
            answer = self._ask(queries.CHECK.call(teams=list(self._teams)))
        except (AuthError, AccessError, NotFoundError, InvalidInputError, RetryableError) as error:
            what, _, mend = str(error).partition(". ")
            yield Finding("connection", False, what, mend or None)
            return
        self._workspace = answer["organization"]["urlKey"].lower()
        yield Finding("connection", True, f"workspace {answer['organization']['name']} (linear.app/{self._workspace})")
        yield _account(answer["viewer"])
        yield Finding("permissions", True, "can read; Linear does not tell whether a key may write")
        shown = {team["key"]: team for team in answer["teams"]["nodes"]}
        for team in self._teams:
            yield _team(team, shown.get(team))

    def list_changed(self, position: str | None, now: datetime) -> Iterator[Page]:
        """Everything that changed, in one request where there is at most a page of it.

        Raises `AccessError` after the last page when some of the teams do not show.
        """
        listing = Listing(self._ask, self._source, self._teams, position, now)
        for page in listing.pages():
            self._workspace = listing.workspace or self._workspace
            yield page

    def complete(self, items: Sequence[Item]) -> Iterator[Item]:
        """The items, each issue with all of its labels, relations and attachments."""
        return completed(self._ask, items)

    def list_ids(self) -> Iterator[str]:
        """The ids of all issues, archived ones too, without those in the trash.

        Raises `AccessError` unless every team shows, or the issues of the others would look deleted.
        """

        def page(after: str | None) -> Payload:
            answer = self._ask(queries.ISSUE_IDS.call(teams=list(self._teams), after=after))
            hidden = hidden_among(self._teams, answer)
            if hidden:
                raise hidden_teams(self._source, hidden)
            return answer

        return (node["id"] for node in all_nodes(page, "issues") if not node["trashed"])

    def read(self, external_id: str) -> Item:
        """The issue as it is now, also when it is archived or in the trash. Raises `NotFoundError`."""
        return self._writer.read(external_id)

    def read_many(self, external_ids: Sequence[str]) -> Iterator[Item]:
        """The issues that are there, also archived and trashed ones, up to 200 a request."""
        return self._writer.read_many(external_ids)

    def covers(self, key: str) -> bool:
        """Whether the settings name the team of the key."""
        return team_of(key) in self._teams

    def outside(self, item: Item) -> str | None:
        """In which team an issue is that is in none of the settings' teams."""
        team = item.payload.get("team")
        key = team.get("key") if isinstance(team, dict) else None
        return None if key is None or key in self._teams else f"it is in the team {key}, which the settings do not name"

    def gone(self, one: LastSeen, why: str) -> Found:
        """Deleted for good, where the team that it was in shows; a private team's issues look the same to others."""
        team = team_of(one.key) if one.key else None
        shown = self._shown_teams()
        if team in shown or (team is None and set(self._teams) <= shown):
            return Found(one.external_id, Where.DELETED, None, why)
        return Found(one.external_id, Where.NO_ACCESS, None, f"{self._source}: its team does not show to this key")

    def _shown_teams(self) -> set[str]:
        answer = self._ask(queries.ISSUE_IDS.call(teams=list(self._teams), after=None))
        return set(self._teams) - set(hidden_among(self._teams, answer))

    def comments(self, external_id: str) -> Iterator[Item]:
        """The comments of an issue, oldest first. What Linear itself remarks is history there, and no comment."""

        def page(after: str | None) -> Payload | None:
            return self._ask(queries.ISSUE_COMMENTS.call(id=external_id, after=after)).get("issue")

        newest_first = list(all_nodes(page, "comments"))
        yield from items_of(Kind.COMMENT, reversed(newest_first))

    def key_of(self, url: str) -> str | None:
        """The key of the issue whose page this is. Another team's issue, or another workspace's, is none of ours.

        The workspace is known once a listing or a check has been answered; before that the team's key alone decides.
        """
        shown = parse_issue_url(url)
        if shown is None or shown.team not in self._teams:
            return None
        return shown.key if self._workspace in (None, shown.workspace) else None

    def account(self) -> str:
        """The account whose key it is; asked once."""
        if self._account is None:
            self._account = str(self._ask(lookups.VIEWER.call())["viewer"]["id"])
        return self._account

    def made_id(self, marker: TaskId | CommentId) -> str:
        """A UUID that follows from the source and the marker, in the form that Linear asks for (version 4)."""
        derived = hashlib.sha256(f"worklake/linear/{self._source}/{marker}".encode()).digest()
        return str(uuid.UUID(bytes=derived[:16], version=4))

    def create(self, fields: Fields, *, where: str | None, marker: TaskId, made_id: str | None) -> Item:
        """Make an issue in the team with the key `where`: one request, and one more for each blocker.

        A label that does not exist is made in that team. Any other name that does not exist is a `RefusedValueError`.
        """
        return self._writer.create(fields, where, made_id or self.made_id(marker))

    def find_created(self, marker: TaskId, made_id: str | None, since: datetime) -> Item | None:
        """The issue with that id, in the trash too."""
        try:
            return self._writer.read(made_id or self.made_id(marker))
        except NotFoundError:
            return None

    def update(self, external_id: str, fields: Fields, shown: Fields) -> Item:
        """Set these fields: one request for all, and one more for each blocker and for the archive.

        The first update of an issue that was not read before reads it. Names are resolved as `create` does it.
        """
        return self._writer.update(external_id, fields, shown)

    def close(self, external_id: str) -> Item:
        """Cancel an issue that is still open."""
        return self._writer.close(external_id)

    def reopen(self, external_id: str) -> Item:
        """Back to the state that an issue had before it was closed, as its history tells."""
        return self._writer.reopen(external_id)

    def archive(self, external_id: str) -> Item:
        """Put an issue into the archive."""
        return self._writer.archive(external_id)

    def restore(self, external_id: str) -> Item:
        """Bring an issue back from the archive, or out of the trash within Linear's 30 days."""
        return self._writer.restore(external_id)

    def delete(self, external_id: str) -> None:
        """Put an issue into the trash; Linear deletes it after 30 days."""
        self._writer.trash(external_id)

    def add_comment(self, task: str, body: str, *, marker: CommentId, made_id: str | None) -> Item:
        """Write a comment under the name of the key's owner."""
        return add_comment(self._ask, task, body, made_id or self.made_id(marker))

    def find_comment(self, task: str, marker: CommentId, made_id: str | None) -> Item | None:
        """The comment with that id."""
        return find_comment(self._ask, made_id or self.made_id(marker))

    def edit_comment(self, task: str, comment: str, body: str, *, marker: CommentId | None) -> Item:
        """Give a comment another text. Raises `AccessError` for another person's, unless the key is an admin's."""
        return edit_comment(self._ask, comment, body)

    def delete_comment(self, task: str, comment: str) -> None:
        """Delete a comment, and with it the answers in its thread."""
        delete_comment(self._ask, comment)

    def history(self, external_id: str, since: datetime, fields: AbstractSet[str] | None = None) -> Iterator[FieldEdit]:
        """The issue's edits as its history tells them: to the minute or so, by whom, and mostly from what to what."""
        return edits(self._ask, external_id, since, fields)

    def vocabulary(self, fields: AbstractSet[str]) -> Vocabulary:
        """Statuses, projects, milestones, cycles and people; labels are made when they are missing.

        Nothing is ever missing: the settings name teams, and no values.
        """
        if not fields & NAMED_FIELDS:
            return Vocabulary({}, {})
        directory = self._writer.names.refreshed()
        hidden = [team for team in self._teams if team not in directory.teams]
        if hidden:
            raise hidden_teams(self._source, hidden)
        return Vocabulary({name: directory.known(name) for name in fields & NAMED_FIELDS}, {})


def _account(viewer: Payload) -> Finding:
    who = f"{viewer['name']} <{viewer['email']}>"
    if viewer["guest"]:
        return Finding(
            "account", True, f"{who}, a guest: sees only the teams it was invited to", "Use the key of a member."
        )
    return Finding("account", True, f"{who}, {'an administrator' if viewer['admin'] else 'a member'}")


def _team(key: str, shown: Payload | None) -> Finding:
    if shown is not None:
        retired = ", retired" if shown["retiredAt"] else ""
        return Finding(f"team {key}", True, f"{shown['name']}{retired}")
    return Finding(
        f"team {key}",
        False,
        "it does not exist, or this key may not see it",
        "Correct `teams` in conf/sources.yml, or give the key access to the team.",
    )
