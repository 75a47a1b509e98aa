"""Writing tasks: made once, found again by their marker, and changed with what changed alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from worklake.integrations.motion.bodies import (
    Body,
    asks_for_the_whole,
    described,
    labels_after,
    plain_body,
    refusal,
    status_name,
)
from worklake.integrations.motion.client import MotionClient, RefusedError
from worklake.integrations.motion.directory import Directory
from worklake.integrations.motion.fields import marked
from worklake.integrations.motion.listing import external_id, moment, task_item, tasks_page
from worklake.integrations.motion.mapping import WRITABLE_FIELDS, MotionLens
from worklake.integrations.motion.settings import MotionSettings
from worklake.integrations.motion.statuses import is_open
from worklake.integrations.motion.texts import markers_in
from worklake.integrations.reading import optional_object
from worklake.model.fields import Fields, Status
from worklake.model.ids import TaskId

CLOCKS_APART = timedelta(hours=1)
"""How far behind Worklake's clock Motion's may be when a made task is looked for."""
REMEMBERED = 2_000
"""Of how many tasks read last it is kept what writing them needs."""
PHANTOM_READS = 3
"""So often a new task is read that may have got another id than its answer says."""
WORTH_LISTING = 4
"""Reading more tasks than this begins with lists, as long as a page brings at least two of them."""

log = structlog.get_logger(__name__)


class TaskWriter:
    """Reads, makes and changes the tasks of a source."""

    def __init__(self, client: MotionClient, settings: MotionSettings, lens: MotionLens, directory: Directory) -> None:
        self._client, self._settings, self._lens, self._directory = client, settings, lens, directory
        self._known: dict[str, Payload] = {}
        self._marked: dict[str, Payload] = {}
        self._marked_since: datetime | None = None
        self._sends_whole = False

    def read(self, task_id: str) -> Item:
        """A task as it is now. Raises `NotFoundError`."""
        return self._item(self._client.get("/v1/tasks/{}", task_id))

    def read_many(self, task_ids: Sequence[str]) -> Iterator[Item]:
        """These tasks as they are now. Many are looked for in the lists first, while that spares calls."""
        left = dict.fromkeys(task_ids)
        for item in self._listed(len(left) > WORTH_LISTING, left):
            del left[item.external_id or ""]
            yield item
        for one in left:
            try:
                yield self.read(one)
            except NotFoundError:
                self._known.pop(one, None)

    def create(self, fields: Fields, where: str | None, marker: TaskId) -> Item:
        """Make a task with the marker in its description; where one is due and takes time, read it once more."""
        name = where or self._settings.home
        if name not in self._settings.workspaces:
            raise InvalidInputError(
                f"new tasks cannot be made in {name!r}: it is none of `workspaces` in conf/sources.yml"
            )
        self._check_writable(fields)
        workspace = self._directory.workspace(name)
        fitted = {key: value for key, value in self._lens.project(fields, None).items() if value not in (None, [])}
        body = {
            **plain_body(fitted, {}, self._settings.zone),
            "workspaceId": workspace["id"],
            "description": described(fitted.get("description"), [marker]),
            **self._looked_up(fitted, workspace),
        }
        if fitted.get("labels"):
            body["labels"] = fitted["labels"]
        self._marked_since = None
        try:
            made = self._client.write("POST", "/v1/tasks", body=body)
        except RefusedError as error:
            raise refusal(error, fitted) from error
        return self._made(made)

    def find_created(self, marker: TaskId, since: datetime) -> Item | None:
        """The task with this marker in its description among those made since, newest first."""
        if self._marked_since is None or since < self._marked_since:
            self._marked.clear()
            for name in self._settings.workspaces:
                self._collect_marked(str(self._directory.workspace(name)["id"]), since - CLOCKS_APART)
            self._marked_since = since
        found = self._marked.get(marker)
        return None if found is None else self._item(found)

    def update(self, task_id: str, fields: Fields, shown: Fields) -> Item:
        """Set these fields in one call; nobody's being assigned takes one before it.

        A due date or project is taken away by null, which Motion's documentation neither promises nor excludes.
        """
        self._check_writable(fields)
        wanted = self._lens.project(fields, shown)
        changed = {name: value for name, value in wanted.items() if name not in shown or value != shown[name]}
        before = self._now(task_id)
        workspace = optional_object(before, "workspace") or {}
        body: Body = plain_body(changed, before, self._settings.zone) | self._looked_up(changed, workspace)
        if "description" in changed:
            body["description"] = described(changed["description"], marked(before))
        if "labels" in changed:
            body["labels"] = labels_after(changed["labels"], shown.get("labels"), before)
        begun = changed.get("assignees") == []
        if begun:
            self._client.write("DELETE", "/v1/tasks/{}/assignee", task_id)
        try:
            if not body:
                return self.read(task_id)
            return self._item(self._patch(task_id, body, before, shown))
        except RefusedError as error:
            raise refusal(error, [name for name in changed if name != "assignees" or not begun]) from error
        except RetryableError as error:
            if begun:
                raise UnknownOutcomeError(f"{error} A part of the change is made already.") from error
            raise

    def close(self, task_id: str) -> Item:
        """Cancel a task that is still open; where its workspace has no status for that, complete it."""
        return self._turn(task_id, opened=False, wanted=(Status.CANCELED, Status.COMPLETED))

    def reopen(self, task_id: str) -> Item:
        """Open a closed task again."""
        return self._turn(task_id, opened=True, wanted=(Status.UNSTARTED, Status.BACKLOG, Status.STARTED))

    def delete(self, task_id: str) -> None:
        """Delete a task for good."""
        self._known.pop(task_id, None)
        try:
            self._client.write("DELETE", "/v1/tasks/{}", task_id)
        except NotFoundError:
            return  # it is gone, which is what was asked for

    def _turn(self, task_id: str, *, opened: bool, wanted: Sequence[Status]) -> Item:
        item = self.read(task_id)
        shown = self._lens.fields_of(item.payload)
        if is_open(shown["status"]) == opened:
            return item
        workspace = optional_object(item.payload, "workspace") or {}
        named = (one for one in wanted if self._lens.statuses.name_for(one.value, workspace) is not None)
        return self.update(task_id, {"status": next(named, wanted[-1]).value}, shown)

    def _patch(self, task_id: str, body: Body, before: Payload, shown: Fields) -> Payload:
        """Send what changed. Where Motion insists on having the name repeated, it is the one that was last read."""
        names: dict[str, Any] = {"name": shown.get("title", before.get("name"))}
        names["workspaceId"] = (optional_object(before, "workspace") or {}).get("id")
        try:
            sent = {**names, **body} if self._sends_whole else body
            return self._client.write("PATCH", "/v1/tasks/{}", task_id, body=sent)
        except RefusedError as error:
            if self._sends_whole or not asks_for_the_whole(error):
                raise
        log.info("Motion takes changes with name and workspace only", source=self._client.source)
        answer = self._client.write("PATCH", "/v1/tasks/{}", task_id, body={**names, **body})
        self._sends_whole = True
        return answer

    def _looked_up(self, fields: Fields, workspace: Payload) -> Body:
        """Status and project, which take what the workspace knows."""
        body: Body = {}
        if "status" in fields:
            body["status"] = status_name(fields["status"], workspace, self._lens.statuses)
        if "project" in fields:
            name = fields["project"]
            body["projectId"] = self._directory.project_id(str(workspace.get("id")), str(name)) if name else None
        return body

    def _made(self, made: Payload) -> Item:
        known = external_id(made)
        if known is None:
            raise UnknownOutcomeError(f"Motion made a task and does not say which: {sorted(made)[:9]}")
        if not (isinstance(made.get("duration"), int) and made.get("dueDate")):
            return self._item(made)
        for _ in range(PHANTOM_READS):
            try:
                return self.read(known)
            except NotFoundError:
                log.info("a new task cannot be read yet", source=self._client.source, task=known)
            except WorklakeError:
                return self._item(made)  # that it was made is certain, and what it shows was answered
        raise UnknownOutcomeError(
            f"{self._client.source}: Motion made a task and told an id that cannot be read ({known}):"
            " the next run looks for it by its marker"
        )

    def _collect_marked(self, workspace: str, until: datetime) -> None:
        """Keep the tasks with markers made since; on, where a page is not in the order of making."""
        cursor: str | None = None
        while True:
            page = tasks_page(self._client, workspace, cursor)
            rows = [row for row in page.rows if isinstance(row, dict)]
            for row in rows:
                html = row.get("description")
                for one in markers_in(html if isinstance(html, str) else None):
                    self._marked.setdefault(one, row)
            times = [time for row in rows if (time := moment(row, "createdTime")) is not None]
            in_order = times == sorted(times, reverse=True)
            cursor = page.cursor
            if cursor is None or (times and in_order and times[-1] < until):
                return

    def _listed(self, worth: bool, left: dict[str, None]) -> Iterator[Item]:
        """Those of these tasks that stand on the first pages of the workspaces."""
        for name in self._settings.workspaces if worth else ():
            workspace, cursor = str(self._directory.workspace(name)["id"]), None
            while len(left) > WORTH_LISTING:
                page = tasks_page(self._client, workspace, cursor)
                found = [row for row in page.rows if isinstance(row, dict) and external_id(row) in left]
                for row in found:
                    yield self._item(row)
                cursor = page.cursor
                if cursor is None or len(found) < 2:
                    break

    def _now(self, task_id: str) -> Payload:
        return self._known.get(task_id) or self.read(task_id).payload

    def _item(self, payload: Payload) -> Item:
        known = external_id(payload)
        if known is not None:
            self._known.pop(known, None)
            self._known[known] = payload
            if len(self._known) > REMEMBERED:
                del self._known[next(iter(self._known))]
        return task_item(payload)

    def _check_writable(self, fields: Fields) -> None:
        fixed = tuple(name for name in fields if name not in WRITABLE_FIELDS)
        if fixed:
            raise RefusedValueError(f"Motion does not let a task's {', '.join(fixed)} be set", fixed)
