"""Entries of an issue's history: `changes` holds ids and values under their GraphQL names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.served import Field, Fields, computed, nulls, reference, values

_PLAIN = (
    "addedLabelIds removedLabelIds archived attachmentId fromAssigneeId toAssigneeId fromCycleId toCycleId fromDueDate "
    "toDueDate fromEstimate toEstimate fromParentId toParentId fromPriority toPriority fromProjectId toProjectId "
    "fromStateId toStateId fromTeamId toTeamId fromTitle toTitle trashed updatedDescription relationChanges"
)
_REFERENCES = {
    "fromAssignee": "users", "toAssignee": "users", "fromDelegate": "users", "toDelegate": "users",
    "fromCycle": "cycles", "toCycle": "cycles", "fromParent": "issues", "toParent": "issues",
    "fromProject": "projects", "toProject": "projects", "fromProjectMilestone": "milestones",
    "toProjectMilestone": "milestones", "fromState": "states", "toState": "states", "fromTeam": "teams",
    "toTeam": "teams", "attachment": "attachments",
}  # fmt: skip


def _plain(name: str) -> Field:
    return Field(lambda entry, info: entry.changes.get(name))


def _row(name: str, table: str) -> Field:
    return Field(lambda entry, info: getattr(info.context.store, table).get(entry.changes.get(f"{name}Id")))


def _labels(name: str) -> Callable[[Any, Request], Any]:
    def labels(entry: Any, request: Request) -> Any:
        identities = entry.changes.get(name)
        if identities is None:
            return None
        return [label for label in map(request.store.labels.get, identities) if label is not None]

    return labels


def _actors(entry: Any, request: Request) -> Any:
    actor = request.store.users.get(entry.actor_id)
    return [] if actor is None else [actor]


def _description_editors(entry: Any, request: Request) -> Any:
    return _actors(entry, request) if entry.changes.get("updatedDescription") else None


ISSUE_HISTORY: Fields = {
    **values("id createdAt updatedAt archivedAt actorId"),
    **{name: _plain(name) for name in _PLAIN.split()},
    **{name: _row(name, table) for name, table in _REFERENCES.items()},
    **computed(
        addedLabels=_labels("addedLabelIds"),
        removedLabels=_labels("removedLabelIds"),
        actors=_actors,
        descriptionUpdatedBy=_description_editors,
    ),
    **nulls("addedToReleaseIds addedToReleases autoArchived autoClosed botActor customerNeedId fromSlaBreached"),
    **nulls("fromSlaBreachesAt fromSlaStartedAt fromSlaType issueImport removedFromReleaseIds removedFromReleases"),
    **nulls("toConvertedProject toConvertedProjectId toSlaBreached toSlaBreachesAt toSlaStartedAt toSlaType"),
    **nulls("triageResponsibilityAutoAssigned triageResponsibilityNotifiedUsers triageResponsibilityTeam"),
    "issue": reference("issues", "issue_id"),
    "actor": reference("users", "actor_id"),
}
