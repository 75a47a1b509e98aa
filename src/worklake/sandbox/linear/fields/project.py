"""Projects, their statuses and milestones, and cycles."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.linear import derived
from worklake.sandbox.linear import filter_tables as filters
from worklake.sandbox.linear.entities import Cycle, Project, ProjectMilestone
from worklake.sandbox.linear.fields.issue import issues_of, listed, members, owned
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.served import Fields, computed, connection, constants, empties, nulls, reference, values
from worklake.sandbox.linear.shapes import PRIORITY_LABELS

_ENTITY = "id createdAt updatedAt archivedAt"
_NO_HISTORIES: dict[str, list[float]] = {
    "scopeHistory": [], "completedScopeHistory": [], "inProgressScopeHistory": [], "issueCountHistory": [],
    "completedIssueCountHistory": [],
}  # fmt: skip


def _progress_of(column: str) -> Any:
    def progress(row: Project | Cycle | ProjectMilestone, request: Request) -> float:
        share = derived.progress(request.store, request.store.issues.where(column, row.id))
        return share * 100 if isinstance(row, ProjectMilestone) else share

    return progress


PROJECT_STATUS: Fields = {
    **values(f"{_ENTITY} name type color position description"),
    **constants(indefinite=False),
}
PROJECT: Fields = {
    **values(f"{_ENTITY} name description content slugId color icon priority prioritySortOrder sortOrder startDate"),
    **values("startDateResolution targetDate targetDateResolution startedAt completedAt canceledAt trashed"),
    **constants(labelIds=[], frequencyResolution="weekly", slackIssueComments=False, slackIssueStatuses=False),
    **constants(slackNewIssue=False, **_NO_HISTORIES),
    **nulls("autoArchivedAt convertedFromIssue documentContent favorite health healthUpdatedAt integrationsSettings"),
    **nulls("lastAppliedTemplate lastUpdate microsoftTeamsChannelId projectUpdateRemindersPausedUntilAt"),
    **nulls("slackChannelId syncedWith updateReminderFrequency updateReminderFrequencyInWeeks updateRemindersDay"),
    **nulls("updateRemindersHour"),
    **empties("attachments comments documents externalLinks history initiativeToProjects initiatives inverseRelations"),
    **empties("labels needs projectUpdates relations"),
    **computed(
        url=lambda project, request: request.store.project_url(project),
        state=lambda project, request: request.store.project_statuses.need(project.status_id).type,
        priorityLabel=lambda project, request: PRIORITY_LABELS[project.priority],
        progress=_progress_of("project_id"),
        scope=lambda project, request: derived.scope(request.store.issues.where("project_id", project.id)),
    ),
    "status": reference("project_statuses", "status_id"),
    "lead": reference("users", "lead_id"),
    "creator": reference("users", "creator_id"),
    "members": members("users", "member_ids"),
    "teams": connection(listed("teams", "team_ids"), filters.TEAM, "TeamFilter"),
    "issues": issues_of("project_id"),
    "projectMilestones": connection(owned("milestones", "project_id"), filters.MILESTONE, "ProjectMilestoneFilter"),
}
PROJECT_MILESTONE: Fields = {
    **values(f"{_ENTITY} name description targetDate sortOrder"),
    **nulls("documentContent"),
    **computed(status=derived.milestone_status, progress=_progress_of("project_milestone_id")),
    "project": reference("projects", "project_id"),
    "issues": issues_of("project_milestone_id"),
}
CYCLE: Fields = {
    **values(f"{_ENTITY} number name description startsAt endsAt completedAt"),
    **constants(**_NO_HISTORIES),
    **nulls("autoArchivedAt inheritedFrom"),
    **empties("uncompletedIssuesUponClose"),
    **computed(
        isActive=derived.cycle_is_active,
        isFuture=derived.cycle_is_future,
        isPast=derived.cycle_is_past,
        isNext=derived.cycle_is_next,
        isPrevious=derived.cycle_is_previous,
        progress=_progress_of("cycle_id"),
    ),
    "team": reference("teams", "team_id"),
    "issues": issues_of("cycle_id"),
}
