"""Writes issues: one mutation for all that an issue's input takes, one more for each relation and for the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import structlog

from worklake.errors import (
    AccessError,
    AuthError,
    InvalidInputError,
    NotFoundError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
    WorklakeError,
)
from worklake.integrations.base import Item, Payload
from worklake.integrations.linear import lookups, mutations, queries
from worklake.integrations.linear.directory import Label
from worklake.integrations.linear.history import entries_of
from worklake.integrations.linear.inputs import Input, IssueNow, Resolver, issue_now, moved
from worklake.integrations.linear.listing import Ask, hidden_teams, items_of
from worklake.integrations.linear.mapping import STATUS_OF_TYPE
from worklake.integrations.linear.names import Names
from worklake.integrations.linear.refusals import id_is_taken
from worklake.integrations.linear.rest import completed
from worklake.model.fields import OPEN_STATUSES, Fields, Status
from worklake.model.rows import Kind

AT_ONCE = 200
"""How many issues `lookups.MANY` has room for."""

REMEMBERED = 10_000
"""Of how many issues read last it is kept what writing them needs: who reads before writing need not read twice."""

Step = Callable[[], Payload | None]
"""One mutation; gives the whole issue where its answer shows it."""

log = structlog.get_logger(__name__)


class Writer:
    """Reads and writes single issues of one workspace. Gives each as an item that holds the whole issue."""

    def __init__(self, ask: Ask, source: str, teams: Sequence[str], create_in: str | None) -> None:
        self._ask = ask
        self._source = source
        self._home = create_in or teams[0]
        self.names = Names(ask, teams)
        self._resolver = Resolver(self.names, self._label_id)
        self._known: dict[str, IssueNow] = {}

    def read(self, external_id: str) -> Item:
        """The issue, also from the archive or the trash. Raises `NotFoundError`."""
        return self._item(self._ask(queries.ISSUE.call(id=external_id))["issue"])

    def read_many(self, external_ids: Sequence[str]) -> Iterator[Item]:
        """The issues that are there, `AT_ONCE` a request."""
        for start in range(0, len(external_ids), AT_ONCE):
            answer = self._ask(lookups.MANY.call(ids=list(external_ids[start : start + AT_ONCE])))
            for item in completed(self._ask, items_of(Kind.TASK, answer["issues"]["nodes"])):
                yield self._remember(item)

    def create(self, fields: Fields, where: str | None, made_id: str) -> Item:
        """Make an issue with this id in the team with the key `where`. What has the id already is given as it is."""
        issue_input = self._resolver.create(fields, self._team(where or self._home)) | {"id": made_id}
        try:
            answer = self._ask(mutations.CREATE_ISSUE.call(input=issue_input))["issueCreate"]
        except NotFoundError as error:
            if issue_input.get("parentId") is None:
                raise
            raise RefusedValueError(str(error), fields=("parent_id",)) from error
        except RefusedValueError as error:
            if not id_is_taken(error):
                raise
            return self._taken(made_id, error)
        blockers, _ = moved("blocked_by", fields, {}, ())
        steps = [partial(self._add_blocker, made_id, one) for one in blockers]
        if fields.get("archived") is True:
            steps.append(partial(self._archive, made_id))
        return self._run(made_id, steps, made=_whole(answer, "issue"))

    def update(self, external_id: str, fields: Fields, shown: Fields) -> Item:
        """Set these fields. An issue that comes back from the archive comes back first, and one that goes goes last.

        Blockers come before the rest: they show as they were sent, should it stop half-way.
        """
        now = self._now(external_id)
        issue_input = self._resolver.update(fields, shown, now)
        added, removed = moved("blocked_by", fields, shown, now.blockers)
        steps: list[Step] = []
        if fields.get("archived") is False and shown.get("archived", True):
            steps.append(partial(self._restore, external_id))
        steps += [partial(self._remove_relation, now.blockers[one]) for one in removed if one in now.blockers]
        steps += [partial(self._add_blocker, external_id, one) for one in added]
        if issue_input:
            steps.append(partial(self._send, external_id, issue_input))
        if fields.get("archived") is True and not shown.get("archived"):
            steps.append(partial(self._archive, external_id))
        return self._run(external_id, steps)

    def _run(self, external_id: str, steps: Sequence[Step], made: Payload | None = None) -> Item:
        """Do the steps and give the issue as the last one shows it (`made`: as a step before them does).

        Once something is done, a failure no longer means that nothing was: it is an `UnknownOutcomeError`.
        """
        shown, done = made, made is not None
        try:
            for step in steps:
                shown = step()
                done = True
            return self.read(external_id) if shown is None else self._item(shown)
        except WorklakeError as error:
            self._known.pop(external_id, None)
            if done and isinstance(error, RetryableError | AuthError | AccessError | NotFoundError):
                raise UnknownOutcomeError(f"{error} A part was done before; which shows when it is read.") from error
            raise

    def close(self, external_id: str) -> Item:
        """Cancel an issue that is still open."""
        item = self.read(external_id)
        if _status(item.payload) not in OPEN_STATUSES:
            return item
        return self.update(external_id, {"status": Status.CANCELED.value}, {})

    def reopen(self, external_id: str) -> Item:
        """Back to the state that it had before it was closed; where that is not told or is gone, to the usual one."""
        item = self.read(external_id)
        if _status(item.payload) in OPEN_STATUSES:
            return item
        before = next((entry["fromState"] for entry in entries_of(self._ask, external_id) if _closes(entry)), None)
        try:
            if before is not None:
                return self._run(external_id, [partial(self._send, external_id, {"stateId": before["id"]})])
        except RefusedValueError as error:
            log.info("the state before is gone", source=self._source, issue=external_id, why=str(error))
        return self.update(external_id, {"status": Status.UNSTARTED.value}, {})

    def archive(self, external_id: str) -> Item:
        """Into the archive."""
        return self.update(external_id, {"archived": True}, {})

    def restore(self, external_id: str) -> Item:
        """Out of the archive or the trash."""
        return self.update(external_id, {"archived": False}, {})

    def trash(self, external_id: str) -> None:
        """Into the trash, from which Linear removes it after 30 days."""
        self._known.pop(external_id, None)
        try:
            _whole(self._ask(mutations.TRASH_ISSUE.call(id=external_id))["issueDelete"], "entity")
        except NotFoundError:
            return  # it is gone, which is what was asked for

    def _taken(self, made_id: str, error: RefusedValueError) -> Item:
        try:
            return self.read(made_id)
        except NotFoundError:
            words = f"{error} It had an issue with this id, which was deleted for good: it cannot be made again."
            raise RefusedValueError(words) from error

    def _send(self, external_id: str, issue_input: Input) -> Payload | None:
        try:
            answer = self._ask(mutations.UPDATE_ISSUE.call(id=external_id, input=issue_input))
        except NotFoundError as error:
            if issue_input.get("parentId") is None:
                raise
            self.read(external_id)  # raises when it is the issue itself that is gone
            raise RefusedValueError(str(error), fields=("parent_id",)) from error
        return _whole(answer["issueUpdate"], "issue")  # type: ignore[no-any-return]

    def _restore(self, external_id: str) -> Payload | None:
        answer = self._ask(mutations.RESTORE_ISSUE.call(id=external_id))
        return _whole(answer["issueUnarchive"], "entity")  # type: ignore[no-any-return]

    def _archive(self, external_id: str) -> Payload | None:
        answer = self._ask(mutations.ARCHIVE_ISSUE.call(id=external_id))
        return _whole(answer["issueArchive"], "entity")  # type: ignore[no-any-return]

    def _remove_relation(self, relation: str) -> None:
        try:
            self._ask(mutations.REMOVE_RELATION.call(id=relation))
        except NotFoundError:
            return  # somebody else was quicker

    def _add_blocker(self, blocked: str, blocker: str) -> Payload | None:
        try:
            answer = self._ask(mutations.ADD_BLOCKER.call(blocker=blocker, blocked=blocked))
        except (RefusedValueError, NotFoundError) as error:
            there = self.read(blocked)
            if blocker in issue_now(there.payload).blockers:
                return there.payload
            raise RefusedValueError(str(error), fields=("blocked_by",)) from error
        return _whole(answer["issueRelationCreate"], "issueRelation")["relatedIssue"]  # type: ignore[no-any-return]

    def _label_id(self, team: str, name: str) -> str:
        found = self.names.directory().label(team, name)
        return found or self._new_label(team, name.strip())

    def _new_label(self, team: str, name: str) -> str:
        if not name:
            raise RefusedValueError("a label in Linear needs a name", fields=("labels",))
        try:
            answer = self._ask(mutations.CREATE_LABEL.call(name=name, teamId=team))
        except (RefusedValueError, AccessError) as error:
            self.names.forget()  # somebody else may have made it since the names were asked
            found = self.names.directory().label(team, name)
            if found is None:
                raise RefusedValueError(f"the label {name!r} cannot be made: {error}", fields=("labels",)) from error
            return found
        made = _whole(answer["issueLabelCreate"], "issueLabel")
        return self.names.learn(Label(made["id"], made["name"], team, usable=True))

    def _team(self, key: str) -> str:
        found = self.names.find(lambda directory: directory.teams.get(key.upper()), "team", key)
        if found is None:
            raise InvalidInputError(str(hidden_teams(self._source, [key])))
        return found

    def _now(self, external_id: str) -> IssueNow:
        known = self._known.get(external_id)
        return issue_now(self.read(external_id).payload) if known is None else known

    def _item(self, payload: Payload) -> Item:
        return self._remember(next(completed(self._ask, items_of(Kind.TASK, [payload]))))

    def _remember(self, item: Item) -> Item:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        if item.external_id is not None:
            self._known[item.external_id] = issue_now(item.payload)
        return item


def _whole(answer: Payload, key: str) -> Any:
    """What a mutation answers under `key`; Linear may leave an issue out."""
    if not answer["success"]:
        raise UnknownOutcomeError("Linear answers that a change did not succeed, and not why. Read what is there now.")
    return answer[key]


def _status(issue: Payload) -> str | None:
    return STATUS_OF_TYPE.get(issue["state"]["type"])


def _closes(entry: Payload) -> bool:
    before, after = entry["fromState"], entry["toState"]
    if before is None or after is None:
        return False
    return (
        STATUS_OF_TYPE.get(before["type"]) in OPEN_STATUSES and STATUS_OF_TYPE.get(after["type"]) not in OPEN_STATUSES
    )
