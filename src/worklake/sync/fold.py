"""Fold: what was observed becomes links, canonical tasks and the changes that led to them. Pure.

A task takes its fields from the source it was first seen in (its primary item). What its other items show stays on
their links; when it changes there, a change row says so and the task stays as it is.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from worklake.integrations.views import CommentView, TaskView
from worklake.model.fields import FIELDS, OPEN_STATUSES, FieldValue
from worklake.model.ids import change_id, comment_id, task_id
from worklake.model.rows import Decision, Kind, LinkState
from worklake.sync.lake_store.comments import seen_of
from worklake.sync.match import Match
from worklake.sync.pending import Observed

RowDict = dict[str, Any]
"""A row as it stands in its table. In drafts of tasks, dates are ISO strings."""

_KEPT = {"linked_by", "first_seen_at", "adjusted", "merges", "looked_at", "made_id", "replaces", "mapping"}
"""Columns of a link that what is pulled does not change."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every row of this step carries: the source that is taken in, the run, its moment, the step's number."""

    source: str
    provider: str
    run_id: str
    now: datetime
    batch: int


@dataclass(slots=True)
class Known:
    """What the lake holds of the items and tasks concerned.

    `links` are this source's task links and `comment_links` its comment links, by external id; `waiting` those that
    refer to items which had not been seen; `comments` are rows by comment id; `tasks` drafts by task id; `accounts`
    person ids by external id.
    """

    links: dict[str, RowDict] = field(default_factory=dict)
    comment_links: dict[str, RowDict] = field(default_factory=dict)
    waiting: list[RowDict] = field(default_factory=list)
    comments: dict[str, RowDict] = field(default_factory=dict)
    tasks: dict[str, RowDict] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """Rows to be written. `tasks` are drafts by task id."""

    links: list[RowDict] = field(default_factory=list)
    tasks: dict[str, RowDict] = field(default_factory=dict)
    comments: list[RowDict] = field(default_factory=list)
    changes: list[RowDict] = field(default_factory=list)


class Folding:
    """Takes observed items into account one after the other. Start with tasks, then waiting links, then comments."""

    def __init__(self, stamp: Stamp, known: Known, matches: Mapping[str, Match]) -> None:
        self._stamp = stamp
        self._known = known
        self._matches = matches
        self._taken: set[str] = set()
        self._aside: Container[str] = ()
        self.outcome = Outcome()

    def tasks(self, items: Sequence[Observed[TaskView]], mentions: Mapping[str, Sequence[str]]) -> None:
        """Take in tasks that live in one item only."""
        for item in items:
            self._take_task(item, self._known.links.get(item.external_id), mentions.get(item.external_id, ()))

    def linked(self, items: Iterable[Observed[TaskView]]) -> None:
        """Note which items have come to tasks that were there."""
        for item in items:
            match = self._matches.get(item.external_id)
            if match is not None and match.linked_by != "born":
                self._note_link(item, match.task_id, match.reason)

    def blocking(self, items: Sequence[Observed[TaskView]], aside: Container[str] = ()) -> None:
        """Take in which items block which, once all of them are known; what is said of items in `aside` is left."""
        self._aside = aside
        for item in items:
            old = self._known.links.get(item.external_id)
            old_blocks = _seen(old)["blocks"] if old else []
            self._move_blocks(item.external_id, item.record_hash, item.view.blocks, old_blocks, item.view.updated_at)

    def waiting(self) -> None:
        """Settle references of earlier items to items that are known only now."""
        for link in self._known.waiting:
            if link["kind"] == Kind.COMMENT:
                self._move_comment(link)
            elif link["external_id"] not in self._taken:
                self._settle(link)

    def comments(self, items: Iterable[Observed[CommentView]]) -> None:
        """Take in comments. One whose task is not known yet waits for it."""
        for item in items:
            self._take_comment(item)

    def _task_of(self, external_id: str) -> str | None:
        matched = self._matches.get(external_id)
        if matched is not None:
            return matched.task_id
        link = self._known.links.get(external_id)
        return link["task_id"] if link else None

    def _awaited(self, external_ids: Iterable[str]) -> list[str] | None:
        """Those of the items referred to that have not been seen, or None."""
        return [one for one in external_ids if self._task_of(one) is None] or None

    def _draft(self, task: str) -> RowDict | None:
        """The draft of a task, ready to be changed."""
        draft = self.outcome.tasks.get(task)
        if draft is None:
            known = self._known.tasks.get(task)
            if known is None:
                return None
            draft = self.outcome.tasks[task] = dict(known)
        return draft

    def _take_task(self, item: Observed[TaskView], old: RowDict | None, mentions: Sequence[str]) -> None:
        self._taken.add(item.external_id)
        if old is None:
            match = self._matches[item.external_id]
            is_primary = True
            kept = {"linked_by": match.linked_by, "first_seen_at": self._stamp.now}
        else:
            is_primary = old["is_primary"]
            kept = {name: value for name, value in old.items() if name in _KEPT}
        task = old["task_id"] if old else match.task_id
        link = self._task_link(item, task, is_primary, mentions) | kept
        if old is None or link | {"run_id": old["run_id"]} != old:
            self.outcome.links.append(link)
        self._take_fields(item, task, old)
        if old and old["state"] != link["state"]:
            reason = "the item's state changed"
            self._change(task, "state", old["state"], link["state"], item, Decision.TAKEN, reason, old)

    def _task_link(self, item: Observed[TaskView], task: str, is_primary: bool, mentions: Sequence[str]) -> RowDict:
        view = item.view
        return {
            "source": self._stamp.source,
            "kind": Kind.TASK.value,
            "external_id": item.external_id,
            "provider": self._stamp.provider,
            "task_id": task,
            "comment_id": None,
            "key": view.key,
            "url": view.url,
            "is_primary": is_primary,
            "state": _state(view),
            "seen": orjson.dumps({"fields": view.fields, "blocks": view.blocks}).decode(),
            "mentions": list(mentions) or None,
            "awaits": self._awaited(references(view.fields, view.blocks)),
            "record_hash": item.record_hash,
            "remote_updated_at": item.remote_updated_at,
            "run_id": self._stamp.run_id,
        }

    def _take_fields(self, item: Observed[TaskView], task: str, old: RowDict | None) -> None:
        view = item.view
        fields = self._canonical(view.fields)
        draft = self._draft(task)
        if draft is None:
            draft = {"task_id": task, "source": self._stamp.source}
            draft |= {name: spec.empty for name, spec in FIELDS.items()} | fields
            self.outcome.tasks[task] = draft
            values = {name: draft[name] for name in FIELDS}
            author = self._known.accounts.get(view.author) if view.author else None
            self._add_change(
                task, "task", None, values, item.external_id, item.record_hash, author, view.created_at,
                Decision.CREATED, f"first seen in {self._stamp.source}",
            )  # fmt: skip
        else:
            if "blocked_by" in fields:
                before = self._resolved(_seen(old)["fields"].get("blocked_by")) if old else []
                fields["blocked_by"] = _merged(draft["blocked_by"], before, fields["blocked_by"])  # type: ignore[arg-type]
            for name, value in fields.items():
                if draft[name] != value:
                    self._change(task, name, draft[name], value, item, Decision.TAKEN, "changed at its own source", old)
                    if name == "status" and draft[name] in OPEN_STATUSES:
                        draft["last_open"] = draft[name]
                    draft[name] = value
        draft["created_at"] = view.created_at
        draft["updated_at"] = view.updated_at
        draft["completed_at"] = view.completed_at

    def _canonical(self, fields: Mapping[str, FieldValue]) -> dict[str, FieldValue]:
        """A view's fields with people and tasks as Worklake's own ids; what is not known yet is left out."""
        canonical = dict(fields)
        assignees = fields.get("assignees")
        if assignees:
            accounts, source = self._known.accounts, self._stamp.source
            canonical["assignees"] = sorted({accounts.get(one, f"{one}@{source}") for one in assignees})  # type: ignore[union-attr]
        parent = fields.get("parent_id")
        if parent:
            canonical["parent_id"] = self._task_of(parent)  # type: ignore[arg-type]
        blockers = fields.get("blocked_by")
        if blockers:
            canonical["blocked_by"] = self._resolved(blockers)
        return canonical

    def _resolved(self, external_ids: FieldValue) -> list[str]:
        tasks = (self._task_of(one) for one in external_ids or ())  # type: ignore[union-attr]
        return sorted({task for task in tasks if task is not None})

    def _note_link(self, item: Observed[TaskView], task: str, reason: str) -> None:
        view = item.view
        values = self._canonical(view.fields)
        author = self._known.accounts.get(view.author) if view.author else None
        self._add_change(
            task, "task", None, values, item.external_id, item.record_hash, author, view.created_at,
            Decision.LINKED, reason,
        )  # fmt: skip

    def _move_blocks(
        self, external_id: str, record_hash: str, blocks: Sequence[str], before: Sequence[str], at: datetime | None
    ) -> None:
        """Carry a relation that is shown by the blocking item over to the tasks it blocks."""
        if not blocks and not before:
            return
        blocker = self._task_of(external_id)
        for target, is_blocked in [(one, True) for one in blocks] + [(one, False) for one in set(before) - set(blocks)]:
            task = self._task_of(target) if target not in self._aside else None
            draft = self._draft(task) if task else None
            if draft is None or task is None or blocker is None or (blocker in draft["blocked_by"]) == is_blocked:
                continue
            old = draft["blocked_by"]
            draft["blocked_by"] = sorted({*old, blocker} if is_blocked else {*old} - {blocker})
            reason = "the other item says that it blocks this one" if is_blocked else "it is blocked no more"
            self._add_change(
                task, "blocked_by", old, draft["blocked_by"], external_id, record_hash, None, at, Decision.TAKEN,
                reason,
            )  # fmt: skip

    def _settle(self, link: RowDict) -> None:
        seen = _seen(link)
        self.outcome.links.append(link | {"awaits": self._awaited(link["awaits"]), "run_id": self._stamp.run_id})
        draft = self._draft(link["task_id"]) if link["is_primary"] else None
        if draft is not None:
            fields = self._canonical(seen["fields"])
            wanted = {"parent_id": fields.get("parent_id") or draft["parent_id"]}
            wanted["blocked_by"] = sorted({*draft["blocked_by"], *(fields.get("blocked_by") or ())})  # type: ignore[misc]
            for name, value in wanted.items():
                if draft[name] != value:
                    self._add_change(
                        link["task_id"], name, draft[name], value, link["external_id"], link["record_hash"],
                        None, link["remote_updated_at"], Decision.TAKEN, "the item it refers to is known now",
                    )  # fmt: skip
                    draft[name] = value
        self._move_blocks(link["external_id"], link["record_hash"], seen["blocks"], [], link["remote_updated_at"])

    def _take_comment(self, item: Observed[CommentView]) -> None:
        view = item.view
        old = self._known.comment_links.get(item.external_id)
        comment = old["comment_id"] if old else comment_id(self._stamp.source, item.external_id)
        known_task = self._task_of(view.task)
        task = known_task or task_id(self._stamp.source, view.task)
        author = self._known.accounts.get(view.author, f"{view.author}@{self._stamp.source}") if view.author else None
        self.outcome.links.append(
            {
                "source": self._stamp.source,
                "kind": Kind.COMMENT.value,
                "external_id": item.external_id,
                "provider": self._stamp.provider,
                "task_id": task,
                "comment_id": comment,
                "key": None,
                "url": None,
                "is_primary": True,
                "state": LinkState.LINKED.value,
                "seen": orjson.dumps(seen_of(view)).decode(),
                "mentions": None,
                "awaits": None if known_task else [view.task],
                "record_hash": item.record_hash,
                "remote_updated_at": item.remote_updated_at,
                "linked_by": "born",
                "first_seen_at": old["first_seen_at"] if old else self._stamp.now,
                "run_id": self._stamp.run_id,
            }
        )
        self.outcome.comments.append(
            {
                "comment_id": comment,
                "task_id": task,
                "source": self._stamp.source,
                "author": author,
                "body": view.body,
                "created_at": view.created_at,
                "updated_at": view.updated_at,
            }
        )
        before = _seen(old)["body"] if old else None
        if before != view.body:
            decision, reason = (Decision.TAKEN, "edited") if old else (Decision.CREATED, "written")
            self._add_change(
                task, "comment", before, view.body, item.external_id, item.record_hash, author,
                view.updated_at if old else view.created_at, decision, f"a comment was {reason}",
            )  # fmt: skip

    def _move_comment(self, link: RowDict) -> None:
        seen = _seen(link)
        task = self._task_of(seen["task"])
        comment = self._known.comments.get(link["comment_id"])
        if task is None or comment is None:
            return
        self.outcome.links.append(link | {"task_id": task, "awaits": None, "run_id": self._stamp.run_id})
        if task != link["task_id"]:
            self.outcome.comments.append(comment | {"task_id": task})
            self._add_change(
                task, "comment", None, comment["body"], link["external_id"], link["record_hash"], comment["author"],
                comment["created_at"], Decision.LINKED, "its task is known now",
            )  # fmt: skip

    def _change(
        self,
        task: str,
        name: str,
        old: FieldValue,
        new: FieldValue,
        item: Observed[TaskView],
        decision: Decision,
        reason: str,
        link: RowDict | None,
    ) -> None:
        changed_at: datetime | None = item.view.updated_at
        if link is not None and link["record_hash"] == item.record_hash:
            # The same payload as before: it is read otherwise than before, and nobody changed anything there.
            changed_at, reason = None, "read anew with changed settings"
        self._add_change(
            task, name, old, new, item.external_id, item.record_hash, None, changed_at, decision, reason,
        )  # fmt: skip

    def _add_change(
        self,
        task: str,
        name: str,
        old: Any,
        new: Any,
        external_id: str,
        record_hash: str,
        actor: str | None,
        changed_at: datetime | None,
        decision: Decision,
        reason: str,
    ) -> None:
        old_json = None if old is None else orjson.dumps(old).decode()
        new_json = None if new is None else orjson.dumps(new).decode()
        self.outcome.changes.append(
            {
                "change_id": change_id(task, name, self._stamp.source, new_json, old_json, record_hash),
                "task_id": task,
                "field": name,
                "old": old_json,
                "new": new_json,
                "source": self._stamp.source,
                "external_id": external_id,
                "actor": actor,
                "changed_at": changed_at,
                "decision": decision.value,
                "reason": reason,
                "batch": self._stamp.batch,
                "run_id": self._stamp.run_id,
                "observed_at": self._stamp.now,
            }
        )


def _seen(link: RowDict) -> dict[str, Any]:
    seen: dict[str, Any] = orjson.loads(link["seen"])
    return seen


def _state(view: TaskView) -> str:
    if view.deleted:
        return LinkState.DELETED.value
    return LinkState.ARCHIVED.value if view.fields.get("archived") else LinkState.LINKED.value


def references(fields: Mapping[str, FieldValue], blocks: Sequence[str]) -> list[str]:
    """External ids of the items that an item refers to."""
    parent, blockers = fields.get("parent_id"), fields.get("blocked_by")
    return [*([parent] if parent else []), *(blockers or []), *blocks]  # type: ignore[list-item, misc]


def _merged(current: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[str]:
    """A set after the same elements were added and removed as between `before` and `after`."""
    return sorted((set(current) | (set(after) - set(before))) - (set(before) - set(after)))
