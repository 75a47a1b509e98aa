"""The GraphQL documents that writing asks beforehand: names and their ids, many issues at once, histories."""

from __future__ import annotations

from worklake.integrations.linear.queries import COMMENT_FIELDS, ISSUE_FIELDS, Operation

NAMES = Operation(
    "Names",
    """
query Names(
  $teams: [String!]!
  $states: String, $labels: String, $projects: String, $milestones: String, $cycles: String, $users: String
) {
  teams(filter: {key: {in: $teams}}, includeArchived: true, first: 100) { nodes { id key } }
  states: workflowStates(
    filter: {team: {key: {in: $teams}}}, includeArchived: true, first: 250, after: $states
  ) {
    nodes { id name type position archivedAt team { id } }
    pageInfo { hasNextPage endCursor }
  }
  labels: issueLabels(
    filter: {or: [{team: {null: true}}, {team: {key: {in: $teams}}}]}, first: 250, after: $labels
  ) {
    nodes { id name isGroup retiredAt team { id } }
    pageInfo { hasNextPage endCursor }
  }
  projects(
    filter: {accessibleTeams: {some: {key: {in: $teams}}}}, includeArchived: true, first: 250, after: $projects
  ) {
    nodes { id name archivedAt trashed teams(first: 5) { nodes { id } pageInfo { hasNextPage } } }
    pageInfo { hasNextPage endCursor }
  }
  milestones: projectMilestones(
    filter: {project: {accessibleTeams: {some: {key: {in: $teams}}}}}
    includeArchived: true, first: 250, after: $milestones
  ) {
    nodes { id name archivedAt project { id } }
    pageInfo { hasNextPage endCursor }
  }
  cycles(filter: {team: {key: {in: $teams}}}, includeArchived: true, first: 250, after: $cycles) {
    nodes { id number name team { id } }
    pageInfo { hasNextPage endCursor }
  }
  users(includeArchived: true, includeDisabled: true, first: 250, after: $users) {
    nodes { id }
    pageInfo { hasNextPage endCursor }
  }
}
""",
)
"""A page of every name that an issue of these teams can show, archived ones too, each from its own cursor."""

MANY = Operation(
    "Many",
    """
query Many($ids: [ID!]!) {
  issues(filter: {id: {in: $ids}}, includeArchived: true, first: 200) { nodes { ...IssueFields } }
}
""",
    ISSUE_FIELDS,
)
"""Up to 200 issues by their ids, archived and trashed ones too."""

COMMENT = Operation(
    "Comment",
    """
query Comment($id: String!) {
  comment(id: $id) { ...CommentFields }
}
""",
    COMMENT_FIELDS,
)

VIEWER = Operation("Viewer", "query Viewer { viewer { id } }")
"""Whose key it is."""

HISTORY = Operation(
    "History",
    """
query History($id: String!, $after: String) {
  issue(id: $id) {
    history(first: 100, after: $after) {
      nodes {
        createdAt
        updatedAt
        actorId
        updatedDescription
        fromTitle
        toTitle
        fromPriority
        toPriority
        fromEstimate
        toEstimate
        fromDueDate
        toDueDate
        fromAssigneeId
        toAssigneeId
        fromParentId
        toParentId
        fromState { id type }
        toState { id type }
        fromProjectId
        toProjectId
        fromProject { name }
        toProject { name }
        fromCycleId
        toCycleId
        fromCycle { number name }
        toCycle { number name }
        addedLabelIds
        removedLabelIds
        addedLabels { name }
        removedLabels { name }
        archived
        trashed
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
""",
)
"""What was changed in an issue, newest first; Linear writes changes of one person within minutes as one entry."""

OPERATIONS = (NAMES, MANY, COMMENT, VIEWER, HISTORY)
"""All of them."""
