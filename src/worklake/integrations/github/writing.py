"""Writing issues: made once, and changed by as few calls as GitHub lets it be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog

from worklake.errors import InvalidInputError, NotFoundError, RefusedValueError, UnknownOutcomeError, WorklakeError
from worklake.integrations.base import Item, Payload
from worklake.integrations.github.addresses import place_of
from worklake.integrations.github.board import Board
from worklake.integrations.github.board_writing import CardWriter
from worklake.integrations.github.client import GitHubClient, external_id
from worklake.integrations.github.edits import Edit
from worklake.integrations.github.issues import Issues
from worklake.integrations.github.labels import LabelFields
from worklake.integrations.github.mapping import WRITABLE_FIELDS, GitHubLens
from worklake.integrations.github.names import Names
from worklake.integrations.github.position import shown_time
from worklake.integrations.github.refusals import refusing
from worklake.integrations.github.settings import GitHubSettings
from worklake.integrations.github.texts import written
from worklake.integrations.text import markers_in
from worklake.model.fields import OPEN_STATUSES, Fields, FieldValue, Status
from worklake.model.ids import TaskId

CLOCKS_APART = timedelta(days=1)
"""How far behind Worklake's clock GitHub's may be when a made issue is looked for."""
_DROPPED = ("assignees", "milestone")
"""Fields that GitHub leaves as they are, without a word, where the token's account has no push access, or a person
cannot be assigned."""
_DELETE = "mutation DeleteIssue($id: ID!) { deleteIssue(input: {issueId: $id}) { clientMutationId } }"

log = structlog.get_logger(__name__)


class IssueWriter:
    """Makes, changes and puts away the issues of a source."""

    def __init__(
        self,
        client: GitHubClient,
        settings: GitHubSettings,
        lens: GitHubLens,
        issues: Issues,
        board: Board | None = None,
    ) -> None:
        self._client, self._settings, self._lens, self._issues = client, settings, lens, issues
        self._labels = LabelFields(settings)
        self._cards = CardWriter(client, board, lens.options)
        self.names = Names(client, settings, issues, board)

    def create(self, fields: Fields, where: str | None, marker: TaskId) -> Item:
        """Make an issue with the marker in its body; relations and closing need a call each after it."""
        repository = self._repository(where)
        self._check_writable(fields)
        wanted = self._lens.project(fields, None)
        params: dict[str, Any] = {
            "title": wanted.get("title") or "", "body": written(_text(wanted.get("description")), [marker]),
        }  # fmt: skip
        labels = self._labels.edited(wanted, {}, ()).added
        assignees = _texts(wanted.get("assignees"))
        params |= {"labels": labels} if labels else {}
        params |= {"assignees": self.names.logins(repository, assignees)} if assignees else {}
        if wanted.get("milestone"):
            params["milestone"] = self.names.milestone(repository, wanted["milestone"])
        with refusing(wanted):
            made = self._client.write("POST", f"/repos/{repository}/issues", params)
        if not isinstance(made, dict) or external_id(made) is None or place_of(made) is None:
            raise UnknownOutcomeError(f"{self._client.source}: GitHub made an issue and does not say which")
        return self._issues.item(self._finished(made, wanted))

    def find_created(self, marker: TaskId, since: datetime) -> Item | None:
        """The issue with this marker among those made since, in the repository for new ones first."""
        first, begin = self._repository(None), since - CLOCKS_APART
        query = {"state": "all", "sort": "created", "direction": "desc"}
        for repository in (first, *(one for one in self._settings.repositories if one.lower() != first.lower())):
            for payload in self._client.all(f"/repos/{repository}/issues", query):
                if not isinstance(payload, dict) or "pull_request" in payload:
                    continue
                if str(payload.get("created_at")) < shown_time(begin):
                    break
                if marker in markers_in(payload.get("body")):
                    return self._issues.item(payload)
        return None

    def update(self, issue_id: str, fields: Fields, shown: Fields) -> Item:
        """Set these fields: labels, people, relations and cards by calls of their own, then all others in one."""
        self._check_writable(fields)
        wanted = self._lens.project(fields, shown)
        changed = {name: value for name, value in wanted.items() if name not in shown or value != shown[name]}
        known = self._issues.known(issue_id)
        edit = Edit(self._client, self._issues, issue_id, known.place)
        params = self._params(changed, shown, known.place.repository, known.markers)
        added, gone = self._labels.edited(changed, shown, known.labels)
        removed = [one for one in gone if self._labels.meaning_of(one) == "labels"]
        edit.label(changed, added, removed, [one for one in gone if one not in removed])
        if "parent_id" in changed:
            edit.move_under(_optional(changed["parent_id"]), _optional(shown.get("parent_id")))
        if "blocked_by" in changed:
            edit.block(*_difference(changed["blocked_by"], shown.get("blocked_by")))
        if "assignees" in changed:
            added, removed = _difference(changed["assignees"], shown.get("assignees"))
            logins = self.names.logins
            edit.assign(logins(known.place.repository, added), logins(known.place.repository, removed))
        card = self._cards.move(edit, changed, known.node_id)
        if params:
            edit.set(changed, params)
        payload = self._settled(edit, changed)
        if "status" in changed:
            self._cards.follow(changed["status"], known.node_id)
        return self._checked({**payload, **card}, changed, shown, known.place.repository)

    def close(self, issue_id: str) -> Item:
        """Close an issue as not planned. What is closed already keeps its reason."""
        edit = self._edit(issue_id)
        edit.set(("status",), {"state": "closed", "state_reason": "not_planned"})
        self._cards.follow(self._labels.status(edit.result()), self._issues.known(issue_id).node_id)
        return self._issues.item(edit.result())

    def reopen(self, issue_id: str) -> Item:
        """Open an issue again."""
        edit = self._edit(issue_id)
        edit.set(("status",), {"state": "open"})
        return self._issues.item(edit.result())

    def delete(self, issue_id: str) -> None:
        """Delete an issue, which REST cannot and only admins may."""
        try:
            node_id = self._issues.known(issue_id).node_id
            if node_id is None:
                raise InvalidInputError(
                    f"{self._client.source}: GitHub does not tell by which id {issue_id} is deleted"
                )
            self._client.ask("DeleteIssue", _DELETE, {"id": node_id}, writes=True)
        except NotFoundError:
            return

    def _params(self, changed: Fields, shown: Fields, repository: str, markers: tuple[TaskId, ...]) -> dict[str, Any]:
        """What an issue has for itself and can be set in one call."""
        params: dict[str, Any] = {}
        if "title" in changed:
            params["title"] = changed["title"]
        if "description" in changed:
            params["body"] = written(_text(changed["description"]), markers)
        if "milestone" in changed:
            params["milestone"] = self.names.milestone(repository, changed["milestone"])
        if "status" in changed and (not _is_open(changed["status"]) or not _is_open(shown.get("status"))):
            params |= _state(changed["status"])
        return params

    def _settled(self, edit: Edit, changed: Fields) -> Payload:
        """The issue after the change. Where it was closed already, GitHub takes another reason only as it is closed."""
        payload = edit.result()
        status = changed.get("status")
        if status is not None and not _is_open(status) and self._labels.status(payload) != status:
            edit.set(("status",), {"state": "open"})
            edit.set(("status",), _state(status))
            payload = edit.result()
        return payload

    def _checked(self, payload: Payload, changed: Fields, shown: Fields, repository: str) -> Item:
        """The item, unless GitHub left a field as it was. Raises `RefusedValueError` that names it."""
        item = self._issues.item(payload)
        now = self._lens.fields_of(item.payload)
        left = tuple(name for name in _DROPPED if name in changed and now[name] == shown.get(name) != changed[name])
        if left:
            if "milestone" in left:
                self.names.forget_milestone(repository, changed["milestone"])
            raise RefusedValueError(
                f"{self._client.source}: GitHub left {', '.join(left)} of the issue {external_id(payload)} as it was:"
                " the token's account may lack push access, or the person cannot be assigned there",
                left,
            )
        return item

    def _finished(self, made: Payload, wanted: Fields) -> Payload:
        """The new issue with what only later calls can set; as it was made where one of these fails."""
        issue_id, place = external_id(made), place_of(made)
        assert issue_id is not None and place is not None
        self._issues.remember(made)
        edit = Edit(self._client, self._issues, issue_id, place)
        edit.answer = made
        try:
            if wanted.get("parent_id"):
                edit.move_under(str(wanted["parent_id"]), None)
            if wanted.get("blocked_by"):
                edit.block(_texts(wanted["blocked_by"]), [])
            node_id = made.get("node_id")
            card = self._cards.move(edit, wanted, node_id if isinstance(node_id, str) else None, new=True)
            if "status" in wanted and not _is_open(wanted["status"]):
                edit.set(("status",), _state(wanted["status"]))
            return {**edit.result(), **card}
        except WorklakeError as error:
            log.warning("issue was made, but not yet as it should be", path=place.path, why=str(error))
            return made

    def _edit(self, issue_id: str) -> Edit:
        return Edit(self._client, self._issues, issue_id, self._issues.place(issue_id))

    def _repository(self, where: str | None) -> str:
        wanted = where or self._settings.create_in or self._settings.repositories[0]
        for repository in self._settings.repositories:
            if repository.lower() == wanted.lower():
                return repository
        raise InvalidInputError(
            f"new issues cannot be made in {wanted!r}: it is none of `repositories` in conf/sources.yml"
        )

    def _check_writable(self, fields: Fields) -> None:
        fixed = tuple(name for name in fields if name not in WRITABLE_FIELDS)
        if fixed:
            raise RefusedValueError(f"GitHub does not let an issue's {', '.join(fixed)} be set", fixed)


def _state(status: FieldValue) -> dict[str, str]:
    if _is_open(status):
        return {"state": "open"}
    return {"state": "closed", "state_reason": "not_planned" if status == Status.CANCELED else "completed"}


def _is_open(status: FieldValue) -> bool:
    return status is None or status in OPEN_STATUSES


def _difference(wanted: FieldValue, shown: FieldValue) -> tuple[list[str], list[str]]:
    """What is to be added and what to be taken out."""
    after, before = _texts(wanted), _texts(shown)
    return [one for one in after if one not in before], [one for one in before if one not in after]


def _texts(value: FieldValue) -> list[str]:
    return value if isinstance(value, list) else []


def _optional(value: FieldValue) -> str | None:
    return value if isinstance(value, str) else None


def _text(value: FieldValue) -> str | None:
    return None if value is None else str(value)
