"""The served fields of each GraphQL type, one table per type."""

from __future__ import annotations

from collections.abc import Mapping

from worklake.sandbox.linear.fields.history import ISSUE_HISTORY
from worklake.sandbox.linear.fields.issue import ATTACHMENT, COMMENT, ISSUE, ISSUE_LABEL, ISSUE_RELATION, SEARCH_RESULT
from worklake.sandbox.linear.fields.payloads import PAYLOADS
from worklake.sandbox.linear.fields.people import ORGANIZATION, TEAM, TEAM_MEMBERSHIP, USER, WORKFLOW_STATE
from worklake.sandbox.linear.fields.project import CYCLE, PROJECT, PROJECT_MILESTONE, PROJECT_STATUS
from worklake.sandbox.linear.fields.query import QUERY
from worklake.sandbox.linear.fields.small import SMALL
from worklake.sandbox.linear.served import Fields

SERVED: Mapping[str, Fields] = {
    "Query": QUERY,
    "Organization": ORGANIZATION,
    "User": USER,
    "Team": TEAM,
    "TeamMembership": TEAM_MEMBERSHIP,
    "WorkflowState": WORKFLOW_STATE,
    "IssueLabel": ISSUE_LABEL,
    "Project": PROJECT,
    "ProjectStatus": PROJECT_STATUS,
    "ProjectMilestone": PROJECT_MILESTONE,
    "Cycle": CYCLE,
    "Issue": ISSUE,
    "IssueSearchResult": SEARCH_RESULT,
    "IssueHistory": ISSUE_HISTORY,
    "IssueRelation": ISSUE_RELATION,
    "Comment": COMMENT,
    "Attachment": ATTACHMENT,
    **SMALL,
    **PAYLOADS,
}
