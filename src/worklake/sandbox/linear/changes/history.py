"""An issue's history: one entry for what one person changes within three minutes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from worklake.sandbox.linear.entities import Issue, IssueHistory
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.times import as_datetime

MERGED_WITHIN = timedelta(minutes=3)

_TOLD = {
    "title": "Title", "priority": "Priority", "estimate": "Estimate", "due_date": "DueDate",
    "assignee_id": "AssigneeId", "delegate_id": "DelegateId", "state_id": "StateId", "project_id": "ProjectId",
    "project_milestone_id": "ProjectMilestoneId", "cycle_id": "CycleId", "parent_id": "ParentId", "team_id": "TeamId",
}  # fmt: skip


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The history fields that tell how columns went from `before` to `after`."""
    changes: dict[str, Any] = {}
    for column, name in _TOLD.items():
        if column in after:
            changes[f"from{name}"], changes[f"to{name}"] = before[column], after[column]
    if "description" in after:
        changes["updatedDescription"] = True
    if "label_ids" in after:
        changes["addedLabelIds"] = [one for one in after["label_ids"] if one not in before["label_ids"]]
        changes["removedLabelIds"] = [one for one in before["label_ids"] if one not in after["label_ids"]]
    return changes


def record(request: Request, issue: Issue, changes: Mapping[str, Any]) -> None:
    """Add the changes to the issue's history, to the last entry if it is fresh and of the same person."""
    if not changes:
        return
    table = request.store.history
    entries = table.where("issue_id", issue.id)
    last = entries[-1] if entries else None
    if (
        last is not None
        and last.actor_id == request.actor.id
        and request.now - as_datetime(last.created_at) <= MERGED_WITHIN
    ):
        table.change(last, changes=_merged(last.changes, changes), updated_at=request.moment)
        return
    table.insert(
        IssueHistory(
            id=request.store.new_id("history"),
            created_at=request.moment,
            updated_at=request.moment,
            issue_id=issue.id,
            actor_id=request.actor.id,
            changes=dict(changes),
        )
    )


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Both changes as one: from the first `from` to the last `to`; what went back to where it was is not told."""
    merged = {**old, **new}
    for name in old:
        if name.startswith("from") and name in new:
            merged[name] = old[name]
    for name in [one for one in merged if one.startswith("from")]:
        to = "to" + name.removeprefix("from")
        if merged[name] == merged[to]:
            del merged[name], merged[to]
    added = [*old.get("addedLabelIds", ()), *new.get("addedLabelIds", ())]
    removed = [*old.get("removedLabelIds", ()), *new.get("removedLabelIds", ())]
    if added or removed:
        merged["addedLabelIds"] = [one for one in added if one not in removed]
        merged["removedLabelIds"] = [one for one in removed if one not in added]
    if "relationChanges" in old or "relationChanges" in new:
        merged["relationChanges"] = [*old.get("relationChanges", ()), *new.get("relationChanges", ())]
    return merged
