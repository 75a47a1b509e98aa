"""Writing issues: made once, and changed by as few calls as GitLab lets it be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog

from worklake.errors import (
    InvalidInputError,
    NotFoundError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
    WorklakeError,
)
from worklake.integrations.base import Item, Payload
from worklake.integrations.gitlab.client import PAGE_SIZE, GitLabClient, project_path
from worklake.integrations.gitlab.edits import creating, editing, is_open
from worklake.integrations.gitlab.issues import Issues, issue_path
from worklake.integrations.gitlab.labels import LabelFields
from worklake.integrations.gitlab.mapping import WRITABLE_FIELDS, GitLabLens
from worklake.integrations.gitlab.names import Names
from worklake.integrations.gitlab.position import shown_time
from worklake.integrations.gitlab.refusals import refusing
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.integrations.text import markers_in
from worklake.model.fields import Fields, FieldValue, Status
from worklake.model.ids import TaskId

CLOCKS_APART = timedelta(days=1)
"""How far behind Worklake's clock GitLab's may be when a made issue is looked for."""

log = structlog.get_logger(__name__)


class IssueWriter:
    """Makes, changes and puts away the issues of a source."""

    def __init__(self, client: GitLabClient, settings: GitLabSettings, lens: GitLabLens, issues: Issues) -> None:
        self._client = client
        self._settings = settings
        self._lens = lens
        self._issues = issues
        self._labels = LabelFields(settings)
        self.names = Names(client, settings)

    def create(self, fields: Fields, where: str | None, marker: TaskId) -> Item:
        """Make an issue with the marker in its description; estimate and closing need a call each after it."""
        project = self._project(where)
        self._check_writable(fields)
        fitted = self._lens.project(fields, None)
        params = creating(fitted, self._labels, marker)
        if fitted.get("milestone"):
            params |= self._milestone(project, fitted["milestone"])
        with refusing(fitted):
            made = self._client.write("post", f"{project_path(project)}/issues", params)
        return self._issues.item(self._finished(made, fitted))

    def find_created(self, marker: TaskId, since: datetime) -> Item | None:
        """The issue with this marker among those made since, in the project for new ones first."""
        query = {
            "created_after": shown_time(since - CLOCKS_APART), "order_by": "created_at", "sort": "asc",
            "scope": "all", "state": "all", "pagination": "keyset", "per_page": str(PAGE_SIZE),
        }  # fmt: skip
        first = self._project(None)
        for project in (first, *(one for one in self._settings.projects if one != first)):
            for payload in self._client.all(f"{project_path(project)}/issues", query):
                if isinstance(payload, dict) and marker in markers_in(payload.get("description")):
                    return self._issues.item(payload)
        return None

    def update(self, issue_id: str, fields: Fields, shown: Fields) -> Item:
        """Set these fields in one call; an estimate takes one more before it, and is read where it goes alone."""
        self._check_writable(fields)
        wanted = self._lens.project(fields, shown)
        changed = {name: value for name, value in wanted.items() if name not in shown or value != shown[name]}
        at = self._issues.address(issue_id)
        markers = self._issues.markers(issue_id) if "description" in changed else ()
        params, labels_before = editing(changed, shown, self._labels, markers)
        if "milestone" in changed:
            params |= self._milestone(str(at.project), changed["milestone"])
        begun = False
        with refusing(changed):
            if "estimate_minutes" in changed:
                self._set_estimate(at.path, changed["estimate_minutes"])
                begun = True
            if labels_before:
                self._put(at.path, {"remove_labels": labels_before}, begun=begun)
                begun = True
            if not params:
                return self._read_back(issue_id)
            answer = self._put(at.path, params, begun=begun)
        if changed.get("milestone") and self._lens.fields_of(answer)["milestone"] != changed["milestone"]:
            self.names.forget(str(at.project), str(changed["milestone"]))
        return self._issues.item(answer)

    def close(self, issue_id: str) -> Item:
        """Close an issue, with the label for canceled where there is one."""
        added, removed = self._labels.edited({"status": Status.CANCELED.value}, {})
        labels = {"add_labels": added, "remove_labels": removed} if added else {}
        return self._set_state(issue_id, {"state_event": "close", **labels})

    def reopen(self, issue_id: str) -> Item:
        """Open an issue again."""
        return self._set_state(issue_id, {"state_event": "reopen"})

    def delete(self, issue_id: str) -> None:
        """Delete an issue, which only owners may."""
        try:
            self._client.write("delete", self._issues.address(issue_id).path)
        except NotFoundError:
            return

    def _set_state(self, issue_id: str, params: dict[str, Any]) -> Item:
        with refusing(["status"]):
            return self._issues.item(self._put(self._issues.address(issue_id).path, params, begun=False))

    def _finished(self, made: Payload, fields: Fields) -> Payload:
        """The new issue with what only later calls can set; as it was made where one of these fails."""
        path = issue_path(made)
        if path is None:
            raise UnknownOutcomeError(f"GitLab made an issue and does not say which: {sorted(made)[:9]}")
        try:
            if fields.get("estimate_minutes"):
                made = {**made, "time_stats": self._set_estimate(path, fields["estimate_minutes"])}
            if is_open(fields.get("status")) is False:
                made = self._client.write("put", path, {"state_event": "close"})
        except WorklakeError as error:
            log.warning("issue was made, but not yet as it should be", path=path, why=str(error))
        return made

    def _set_estimate(self, path: str, minutes: FieldValue) -> Payload:
        if minutes:
            return self._client.set_again(f"{path}/time_estimate", {"duration": f"{minutes}m"})
        return self._client.set_again(f"{path}/reset_time_estimate", {})

    def _put(self, path: str, params: dict[str, Any], *, begun: bool) -> Payload:
        """Change an issue. Where an earlier call has `begun` the change, no error says that nothing was done."""
        try:
            return self._client.write("put", path, params)
        except RetryableError as error:
            if begun:
                raise UnknownOutcomeError(f"{error} A part of the change is made already.") from error
            raise

    def _read_back(self, issue_id: str) -> Item:
        """The issue after a change whose answer does not show it."""
        try:
            return self._issues.read(issue_id)
        except RetryableError as error:
            raise UnknownOutcomeError(f"{error} What was changed could not be read back.") from error

    def _milestone(self, project: str, title: FieldValue) -> dict[str, int]:
        if not title:
            return {"milestone_id": 0}
        number = self.names.milestone_id(project, str(title))
        if number is None:
            raise RefusedValueError(
                f"the project {project} has no milestone {title!r}: make it there, or give the task another one",
                ("milestone",),
            )
        return {"milestone_id": number}

    def _project(self, where: str | None) -> str:
        project = where or self._settings.create_in or self._settings.projects[0]
        if project not in self._settings.projects:
            raise InvalidInputError(
                f"new issues cannot be made in {project!r}: it is none of `projects` in conf/sources.yml"
            )
        return project

    def _check_writable(self, fields: Fields) -> None:
        fixed = tuple(name for name in fields if name not in WRITABLE_FIELDS)
        if fixed:
            raise RefusedValueError(f"GitLab does not let an issue's {', '.join(fixed)} be set", fixed)
