"""Listing what changed at Linear: one request for the first page of every stream, then the streams that have more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from worklake.errors import AccessError, InvalidInputError, RetryableError
from worklake.integrations.base import Item, Page, Payload
from worklake.integrations.linear import queries
from worklake.integrations.linear.pages import marks_of, nodes_of, page_of
from worklake.integrations.linear.position import Mark, Position, item_time
from worklake.integrations.rounds import PageError, Rounds
from worklake.model.rows import Kind

Ask = Callable[[queries.Call], Payload]
"""Sends an operation and gives the answer's `data`."""

HINTS: Mapping[str, str] = {"issueRelations": "relatedIssue", "attachments": "issue"}
"""Streams that bring an issue, and the field that holds it: what hangs on an issue need not move the issue's own time.

Relations cannot be filtered by time, so both are read newest first, back to the mark and no further.
"""

STREAM_KINDS: Mapping[str, Kind] = {
    "users": Kind.PERSON,
    "projects": Kind.PROJECT,
    "projectMilestones": Kind.MILESTONE,
    **dict.fromkeys(HINTS, Kind.TASK),
    "issues": Kind.TASK,
    "comments": Kind.COMMENT,
}
"""What each stream brings, in the order in which streams are read."""

_PAGE_OPERATIONS = {
    "users": queries.USERS,
    "projects": queries.PROJECTS,
    "projectMilestones": queries.MILESTONES,
    "issueRelations": queries.RELATIONS,
    "attachments": queries.ATTACHMENTS,
    "issues": queries.ISSUES,
    "comments": queries.COMMENTS,
}
_OF_TEAMS = frozenset({"projects", "projectMilestones", "issues", "comments"})


class Listing:
    """One listing: finishes the scans that an earlier one left open, then asks once what changed since."""

    def __init__(self, ask: Ask, source: str, teams: Sequence[str], position: str | None, now: datetime) -> None:
        self._ask = ask
        self._source = source
        self._teams = tuple(teams)
        self._now = now
        self._stuck: dict[str, str] = {}
        beginning = Position.beginning(STREAM_KINDS)
        self._position = beginning if position is None else Position.parse(position, STREAM_KINDS)
        self.workspace: str | None = None
        """The workspace's key in URLs, once an answer has shown it."""

    def pages(self) -> Iterator[Page]:
        """The pages; after the last, `AccessError` when some team does not show.

        A stream whose pages do not lead on does not stop the others, and is named in the end.
        """
        yield from self._open_scans()
        yield self._first_pages()
        yield from self._open_scans()
        hidden = [team for team in self._teams if team not in self._position.teams]
        if hidden:
            raise hidden_teams(self._source, hidden)
        if self._stuck:
            raise RetryableError(f"{self._source}: {' '.join(self._stuck.values())}")

    def _first_pages(self) -> Page:
        answer = self._changes()
        seen = self._visible_teams(answer)
        beginning = Position.beginning(STREAM_KINDS)
        if self._position != beginning and not set(seen) <= set(self._position.teams):
            self._position = beginning  # a team that shows for the first time is read from its beginning
            answer = self._changes()
            seen = self._visible_teams(answer)
        moved, items = {}, []
        for stream, mark in self._position.marks.items():
            try:
                nodes, after = page_of(answer, stream)
            except PageError as error:
                self._stuck[stream], moved[stream] = str(error), mark
                continue
            # A scan that is still open could not be finished before: it goes on where it stands.
            moved[stream] = mark if mark.after else self._first_mark(stream, mark, nodes, after)
            items += self._items(stream, nodes, mark)
        self._position = Position(seen, moved)
        return Page(_each_once(items), self._position.text())

    def _first_mark(self, stream: str, mark: Mark, nodes: Sequence[Any], after: str | None) -> Mark:
        if stream in HINTS and (mark.high is None or _reaches_back(nodes, mark.from_time)):
            after = None
        first = mark.first_page(map(_node_time, nodes), after, self._now)
        # The first listing brings every issue with all that hangs on it; from then on each hint counts, also the first.
        return Mark(mark.from_time) if stream in HINTS and first.high is None else first

    def _open_scans(self) -> Iterator[Page]:
        for stream in STREAM_KINDS:
            if stream in self._stuck:
                continue
            try:
                yield from self._open_scan(stream)
            except PageError as error:
                self._stuck[stream] = str(error)

    def _open_scan(self, stream: str) -> Iterator[Page]:
        restarted, rounds = False, Rounds(f"Linear's list of {stream}")
        while (mark := self._position.marks[stream]).after is not None:
            try:
                answer = self._page(stream, mark, mark.after)
                given: str | None = mark.after
            except InvalidInputError:  # a cursor that is no longer accepted; a second refusal has another cause
                if restarted:
                    raise
                restarted = True
                answer, given = self._page(stream, mark, None), None
            nodes, after = page_of(answer, stream, given)
            rounds.note(marks_of(nodes))
            if stream in HINTS and _reaches_back(nodes, mark.since):
                after = None
            items = self._items(stream, nodes, mark)
            self._position = self._position.moved(**{stream: mark.next_page(after)})
            yield Page(_each_once(items), self._position.text())

    def _items(self, stream: str, nodes: Sequence[Any], mark: Mark) -> list[Item]:
        if stream not in HINTS:
            return items_of(STREAM_KINDS[stream], nodes)
        if mark.high is None:
            return []
        since = mark.since or mark.from_time
        issues = [
            node.get(HINTS[stream])
            for node in nodes
            if isinstance(node, dict) and node.get("type", "blocks") == "blocks" and not _older(node, since)
        ]
        return items_of(Kind.TASK, [issue for issue in issues if self._is_ours(issue)])

    def _is_ours(self, issue: Any) -> bool:
        team = issue.get("team") if isinstance(issue, dict) else None
        return isinstance(team, dict) and team.get("key") in self._teams

    def _changes(self) -> Payload:
        marks = self._position.marks
        answer = self._ask(
            queries.CHANGES.call(
                teams=list(self._teams),
                usersSince=marks["users"].from_time,
                projectsSince=marks["projects"].from_time,
                milestonesSince=marks["projectMilestones"].from_time,
                issuesSince=marks["issues"].from_time,
                commentsSince=marks["comments"].from_time,
            )
        )
        organization = answer.get("organization")
        key = organization.get("urlKey") if isinstance(organization, dict) else None
        self.workspace = key.lower() if isinstance(key, str) else None
        return answer

    def _page(self, stream: str, mark: Mark, after: str | None) -> Payload:
        variables: dict[str, Any] = {"after": after}
        if stream not in HINTS:
            variables["since"] = mark.since
        if stream in _OF_TEAMS:
            variables["teams"] = list(self._teams)
        return self._ask(_PAGE_OPERATIONS[stream].call(**variables))

    def _visible_teams(self, answer: Payload) -> tuple[str, ...]:
        hidden = hidden_among(self._teams, answer)
        seen = tuple(team for team in self._teams if team not in hidden)
        if not seen:
            raise hidden_teams(self._source, self._teams)
        return seen


def items_of(kind: Kind, nodes: Iterable[Any]) -> list[Item]:
    """The nodes of a connection as items."""
    items = []
    for node in nodes:
        payload: Payload = node if isinstance(node, dict) else {"node": node}
        external_id = payload.get("id")
        usable = isinstance(external_id, str) and external_id != ""
        items.append(Item(kind, external_id if usable else None, payload, item_time(payload)))
    return items


def hidden_among(teams: Iterable[str], answer: Payload) -> list[str]:
    """Those of the teams that an answer's `teams` does not show."""
    shown = {team.get("key") for team in nodes_of(answer, "teams") if isinstance(team, dict)}
    return [team for team in teams if team not in shown]


def hidden_teams(source: str, teams: Iterable[str]) -> AccessError:
    """The error for teams that Linear does not show."""
    named = ", ".join(teams)
    return AccessError(
        f"{source}: Linear shows no team {named}: it does not exist, or this key may not see it. "
        "Correct `teams` in conf/sources.yml, or give the key access to the team."
    )


def _each_once(items: Iterable[Item]) -> list[Item]:
    """Without the issues that a hint brought as well."""
    named: dict[tuple[Kind, str], Item] = {}
    nameless = []
    for item in items:
        if item.external_id is None:
            nameless.append(item)
        else:
            named[item.kind, item.external_id] = item
    return [*named.values(), *nameless]


def _node_time(node: Any) -> datetime | None:
    return item_time(node) if isinstance(node, dict) else None


def _older(node: Any, since: str) -> bool:
    time = _node_time(node)
    return time is not None and time < datetime.fromisoformat(since)


def _reaches_back(nodes: Sequence[Any], since: str | None) -> bool:
    return since is not None and any(_older(node, since) for node in nodes)
