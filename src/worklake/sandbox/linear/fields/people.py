"""The workspace, its people, its teams and their workflow."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.linear import derived
from worklake.sandbox.linear import filter_tables as filters
from worklake.sandbox.linear.entities import Team, User
from worklake.sandbox.linear.fields.issue import is_enabled, issues_of, members, owned
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.served import (
    Field,
    Fields,
    computed,
    connection,
    constants,
    empties,
    nulls,
    reference,
    values,
)

_ENTITY = "id createdAt updatedAt archivedAt"


def _initials(user: User, request: Request) -> str:
    return "".join(word[0] for word in user.name.split()[:2]).upper()


def _memberships(row: User | Team, request: Request) -> list[Any]:
    store = request.store
    pairs = [
        (team, store.users.need(identity))
        for team in store.teams
        for identity in team.member_ids
        if row.id in (team.id, identity)
    ]
    return [Membership(team, user) for team, user in pairs]


class Membership:
    """A user's place in a team; it has no row of its own in the store."""

    def __init__(self, team: Team, user: User) -> None:
        self.id = f"{team.id[:18]}-{user.id[19:]}"
        self.created_at = self.updated_at = team.created_at
        self.archived_at = None
        self.team, self.user = team, user


USER: Fields = {
    **values(f"{_ENTITY} name displayName email active admin"),
    **constants(app=False, guest=False, owner=False, avatarBackgroundColor="#5e6ad2", canAccessAnyPublicTeam=True),
    **constants(inviteHash="", isMentionable=True, supportsAgentSessions=False),
    **nulls("avatarUrl calendarHash description disableReason gitHubUserId identityProvider lastSeen statusEmoji"),
    **nulls("statusLabel statusUntilAt timezone title"),
    **empties("drafts issueDrafts"),
    **computed(
        url=lambda user, request: request.store.user_url(user),
        isMe=lambda user, request: user.id == request.actor.id,
        isAssignable=lambda user, request: user.active,
        initials=_initials,
        createdIssueCount=lambda user, request: request.store.issues.count("creator_id", user.id),
        organization=lambda user, request: request.store.organization,
    ),
    "assignedIssues": issues_of("assignee_id"),
    "createdIssues": issues_of("creator_id"),
    "delegatedIssues": issues_of("delegate_id"),
    "teamMemberships": connection(_memberships),
    "teams": connection(
        lambda user, request: [team for team in request.store.teams if user.id in team.member_ids],
        filters.TEAM,
        "TeamFilter",
    ),
}
TEAM_MEMBERSHIP: Fields = {
    **values(f"{_ENTITY} team user"),
    **constants(owner=False, sortOrder=0),
}
WORKFLOW_STATE: Fields = {
    **values(f"{_ENTITY} name type color position description"),
    **nulls("inheritedFrom"),
    "team": reference("teams", "team_id"),
    "issues": issues_of("state_id"),
}


def _state_of_type(kind: str) -> Any:
    def state(team: Team, request: Request) -> Any:
        return next((one for one in request.store.states_of(team.id) if one.type == kind), None)

    return state


def _labels(team: Team, request: Request) -> Any:
    return request.store.labels.where("team_id", team.id)


def _issue_count(team: Team, info: Any, **given: Any) -> int:
    rows = info.context.store.issues.where("team_id", team.id)
    return sum(1 for issue in rows if given.get("includeArchived") or issue.archived_at is None)


def _of_no_sub_team(row: Any, wanted: Any, request: Request) -> bool:
    """`includeSubTeams` changes nothing: the workspace has no sub-teams."""
    return True


TEAM: Fields = {
    **values(f"{_ENTITY} name key description color"),
    **constants(
        aiDiscussionSummariesEnabled=False,
        aiThreadSummariesEnabled=False,
        allMembersCanJoin=True,
        autoArchivePeriod=6,
        cycleCalenderUrl="",
        cycleCooldownTime=0,
        cycleDuration=2,
        cycleIssueAutoAssignCompleted=False,
        cycleIssueAutoAssignStarted=False,
        cycleLockToActive=False,
        cycleStartDay=1,
        cyclesEnabled=True,
        defaultIssueEstimate=1,
        groupIssueHistory=True,
        inheritIssueEstimation=False,
        inheritWorkflowStatuses=False,
        initiativesEnabled=False,
        inviteHash="",
        issueEstimationAllowZero=True,
        issueEstimationExtended=True,
        issueEstimationType="linear",
        issueOrderingNoPriorityFirst=False,
        issueSortOrderDefaultToBottom=False,
        ledInitiativeCount=0,
        private=False,
        requirePriorityToLeaveTriage=False,
        scimManaged=False,
        securitySettings={},
        setIssueSortOrderOnStateChange="first",
        slackIssueComments=False,
        slackIssueStatuses=False,
        slackNewIssue=False,
        timezone="UTC",
        triageEnabled=True,
        upcomingCycleCount=2,
        visibility="public",
    ),
    **nulls("autoCloseChildIssues autoCloseParentIssues autoClosePeriod autoCloseStateId defaultProjectTemplate"),
    **nulls("defaultTemplateForMembers defaultTemplateForMembersId defaultTemplateForNonMembers icon"),
    **nulls("defaultTemplateForNonMembersId draftWorkflowState integrationsSettings mergeWorkflowState parent"),
    **nulls("mergeableWorkflowState retiredAt reviewWorkflowState scimGroupName triageResponsibility"),
    **empties("gitAutomationStates releasePipelines templates"),
    **computed(
        displayName=lambda team, request: team.name,
        activeCycle=derived.active_cycle,
        triageIssueState=_state_of_type("triage"),
        startWorkflowState=_state_of_type("started"),
        markedAsDuplicateWorkflowState=_state_of_type("duplicate"),
        organization=lambda team, request: request.store.organization,
    ),
    "defaultIssueState": reference("states", "default_state_id"),
    "issueCount": Field(_issue_count, frozenset({"includeArchived"})),
    "states": connection(owned("states", "team_id"), filters.STATE, "WorkflowStateFilter"),
    "labels": connection(_labels, filters.LABEL, "IssueLabelFilter"),
    "issues": connection(
        owned("issues", "team_id"), filters.ISSUE, "IssueFilter", extra={"includeSubTeams": _of_no_sub_team}
    ),
    "members": members("users", "member_ids"),
    "memberships": connection(_memberships),
    "cycles": connection(owned("cycles", "team_id"), filters.CYCLE, "CycleFilter"),
    "webhooks": connection(owned("webhooks", "team_id")),
    "projects": connection(
        lambda team, request: [project for project in request.store.projects if team.id in project.team_ids],
        filters.PROJECT,
        "ProjectFilter",
        extra={"includeSubTeams": _of_no_sub_team},
    ),
}
ORGANIZATION: Fields = {
    **values(f"{_ENTITY} name urlKey"),
    **constants(
        aiDiscussionSummariesEnabled=False, aiThreadSummariesEnabled=False, allowMembersToInvite=True,
        allowedAuthServices=[], authSettings={}, customerCount=0, customersConfiguration={}, customersEnabled=False,
        feedEnabled=False, fiscalYearStartMonth=0, gitLinkbackDescriptionsEnabled=False,
        gitLinkbackMessagesEnabled=False, gitPublicLinkbackMessagesEnabled=False, hideNonPrimaryOrganizations=False,
        hipaaComplianceEnabled=False, initiativeUpdateRemindersDay="Friday", initiativeUpdateRemindersHour=14,
        periodUploadVolume=0, previousUrlKeys=[], projectUpdateRemindersDay="Friday", projectUpdateRemindersHour=14,
        projectUpdatesReminderFrequency="never", pullRequestIssueMode="default", pullRequestTourEnabled=False,
        releaseChannel="public", releasesEnabled=False, restrictLabelManagementToAdmins=False,
        restrictTeamCreationToAdmins=False, roadmapEnabled=True, samlEnabled=False, scimEnabled=False,
        securitySettings={}, slaDayCount="all", slackProjectChannelPrefix="",
    ),
    **nulls("allowedFileUploadContentTypes defaultFeedSummarySchedule defaultHomeView deletionRequestedAt"),
    **nulls("gitBranchFormat initiativeUpdateReminderFrequencyInWeeks ipRestrictions logoUrl subscription"),
    **nulls("projectUpdateReminderFrequencyInWeeks slackProjectChannelIntegration themeSettings trialEndsAt"),
    **nulls("trialStartsAt"),
    **empties("integrations projectLabels templates"),
    **computed(
        createdIssueCount=lambda organization, request: len(request.store.issues),
        userCount=lambda organization, request: sum(user.active for user in request.store.users),
        projectStatuses=lambda organization, request: list(request.store.project_statuses),
    ),
    "labels": connection(
        lambda organization, request: request.store.labels.where("team_id", None), filters.LABEL, "IssueLabelFilter"
    ),
    "teams": connection(lambda organization, request: request.store.teams, filters.TEAM, "TeamFilter"),
    "users": connection(lambda organization, request: request.store.users, extra={"includeDisabled": is_enabled}),
}  # fmt: skip
