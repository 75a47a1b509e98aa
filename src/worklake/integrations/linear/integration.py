"""A Linear workspace as a source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from worklake.errors import AccessError, AuthError, InvalidInputError, NotFoundError, RetryableError
from worklake.integrations.base import BaseIntegration, Capabilities, Finding, Item, Page, Payload
from worklake.integrations.http import Http
from worklake.integrations.linear import queries
from worklake.integrations.linear.client import LinearClient
from worklake.integrations.linear.links import parse_issue_url
from worklake.integrations.linear.listing import Listing, all_nodes, hidden_among, hidden_teams, items_of
from worklake.integrations.linear.mapping import FIELD_LENSES, LinearLens
from worklake.integrations.linear.refusals import WIRE
from worklake.integrations.linear.rest import completed
from worklake.integrations.linear.settings import LinearSettings
from worklake.integrations.wire import Wire
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
            return answer["issues"]  # type: ignore[no-any-return]

        return (node["id"] for node in all_nodes(page) if not node["trashed"])

    def read(self, external_id: str) -> Item:
        """The issue as it is now, also when it is archived or in the trash. Raises `NotFoundError`."""
        (item,) = items_of(Kind.TASK, [self._ask(queries.ISSUE.call(id=external_id))["issue"]])
        return next(completed(self._ask, [item]))

    def comments(self, external_id: str) -> Iterator[Item]:
        """The comments of an issue, oldest first. What Linear itself remarks is history there, and no comment."""

        def page(after: str | None) -> Payload:
            issue: Payload = self._ask(queries.ISSUE_COMMENTS.call(id=external_id, after=after))["issue"]
            return issue["comments"]  # type: ignore[no-any-return]

        newest_first = list(all_nodes(page))
        yield from items_of(Kind.COMMENT, reversed(newest_first))

    def key_of(self, url: str) -> str | None:
        """The key of the issue whose page this is. Another team's issue, or another workspace's, is none of ours.

        The workspace is known once a listing or a check has been answered; before that the team's key alone decides.
        """
        shown = parse_issue_url(url)
        if shown is None or shown.team not in self._teams:
            return None
        return shown.key if self._workspace in (None, shown.workspace) else None


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
