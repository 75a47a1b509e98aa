"""Every GraphQL document that lists and reads at Linear, each within 10,000 points of complexity.

A property costs 0.1, an object 1, and a connection its contents times `first`: so nested connections are kept short,
and the few issues that have more are read on by `REST` and `REST_OF_ONE`. Each document is parsed once, when this
module is loaded, and its text is kept: asking for a page costs no work on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gql import GraphQLRequest
from graphql import OperationDefinitionNode, OperationType, parse


class Call(GraphQLRequest):
    """One operation with its variables, whose text is not printed anew for each call."""

    def __init__(self, operation: Operation, variables: Mapping[str, Any]) -> None:
        super().__init__(operation.document, variable_values=dict(variables), operation_name=operation.name)
        self.operation = operation

    @property
    def payload(self) -> dict[str, Any]:
        """The body of the request."""
        return {"query": self.operation.text, "operationName": self.operation_name, "variables": self.variable_values}


class Operation:
    """A GraphQL document with one named operation. `repeatable` says that it does no harm to send it twice."""

    def __init__(self, name: str, *parts: str, repeatable: bool = True) -> None:
        self.name = name
        self.repeatable = repeatable
        self.text = "\n\n".join(part.strip() for part in parts) + "\n"
        self.document = parse(self.text, no_location=True)
        (definition,) = (part for part in self.document.definitions if isinstance(part, OperationDefinitionNode))
        self.writes = definition.operation is OperationType.MUTATION

    def call(self, **variables: Any) -> Call:
        """This operation with these variables."""
        return Call(self, variables)


# `inverseRelations` alone tells what blocks an issue; what it blocks stands on the other issue, so asking for
# `relations` as well would double the cost and add nothing. Nested pages carry no cursors: an issue that has not
# changed must look the same each time it is listed.
ISSUE_FIELDS = """
fragment IssueFields on Issue {
  id
  identifier
  previousIdentifiers
  url
  title
  description
  priority
  estimate
  dueDate
  createdAt
  updatedAt
  completedAt
  canceledAt
  archivedAt
  trashed
  team { id key }
  state { id name type }
  creator { id }
  assignee { id }
  project { id name }
  projectMilestone { id name }
  cycle { id number name }
  parent { id }
  labels(first: 5) { nodes { id name } pageInfo { hasNextPage } }
  inverseRelations(first: 3) { nodes { id type issue { id } } pageInfo { hasNextPage } }
  attachments(first: 3) { nodes { id url } pageInfo { hasNextPage } }
}
"""

ISSUE_WHOLE = (
    ISSUE_FIELDS.replace("fragment IssueFields", "fragment IssueWhole")
    .replace("labels(first: 5)", "labels(first: 50)")
    .replace("inverseRelations(first: 3)", "inverseRelations(first: 50)")
    .replace("attachments(first: 3)", "attachments(first: 50)")
)
"""The same of one issue, where longer nested pages cost little: hardly any issue needs `REST` then."""

COMMENT_FIELDS = """
fragment CommentFields on Comment {
  id
  body
  issueId
  parentId
  url
  createdAt
  updatedAt
  editedAt
  archivedAt
  user { id }
}
"""

USER_FIELDS = """
fragment UserFields on User { id name displayName email active app url createdAt updatedAt archivedAt }
"""

PROJECT_FIELDS = """
fragment ProjectFields on Project { id name description slugId url createdAt updatedAt archivedAt trashed }
"""

MILESTONE_FIELDS = """
fragment MilestoneFields on ProjectMilestone {
  id name description targetDate status createdAt updatedAt archivedAt project { id }
}
"""

RELATION_FIELDS = """
fragment RelationFields on IssueRelation { id type updatedAt relatedIssue { ...IssueFields } }
"""

ATTACHMENT_FIELDS = """
fragment AttachmentFields on Attachment { id updatedAt issue { ...IssueFields } }
"""

_STREAM_FIELDS = (
    USER_FIELDS, PROJECT_FIELDS, MILESTONE_FIELDS, RELATION_FIELDS, ATTACHMENT_FIELDS, ISSUE_FIELDS, COMMENT_FIELDS
)  # fmt: skip

CHANGES = Operation(
    "Changes",
    """
query Changes(
  $teams: [String!]!
  $usersSince: DateTimeOrDuration!
  $projectsSince: DateTimeOrDuration!
  $milestonesSince: DateTimeOrDuration!
  $issuesSince: DateTimeOrDuration!
  $commentsSince: DateTimeOrDuration!
) {
  organization { urlKey }
  teams(filter: {key: {in: $teams}}, includeArchived: true, first: 100) { nodes { key } }
  users(
    filter: {updatedAt: {gte: $usersSince}}
    orderBy: updatedAt, includeArchived: true, includeDisabled: true, first: 50
  ) {
    nodes { ...UserFields }
    pageInfo { hasNextPage endCursor }
  }
  projects(
    filter: {accessibleTeams: {some: {key: {in: $teams}}}, updatedAt: {gte: $projectsSince}}
    orderBy: updatedAt, includeArchived: true, first: 50
  ) {
    nodes { ...ProjectFields }
    pageInfo { hasNextPage endCursor }
  }
  projectMilestones(
    filter: {project: {accessibleTeams: {some: {key: {in: $teams}}}}, updatedAt: {gte: $milestonesSince}}
    orderBy: updatedAt, includeArchived: true, first: 50
  ) {
    nodes { ...MilestoneFields }
    pageInfo { hasNextPage endCursor }
  }
  issueRelations(orderBy: updatedAt, includeArchived: true, first: 10) {
    nodes { ...RelationFields }
    pageInfo { hasNextPage endCursor }
  }
  attachments(orderBy: updatedAt, includeArchived: true, first: 10) {
    nodes { ...AttachmentFields }
    pageInfo { hasNextPage endCursor }
  }
  issues(
    filter: {team: {key: {in: $teams}}, updatedAt: {gte: $issuesSince}}
    orderBy: updatedAt, includeArchived: true, first: 100
  ) {
    nodes { ...IssueFields }
    pageInfo { hasNextPage endCursor }
  }
  comments(
    filter: {issue: {team: {key: {in: $teams}}}, updatedAt: {gte: $commentsSince}}
    orderBy: updatedAt, includeArchived: true, first: 100
  ) {
    nodes { ...CommentFields }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    *_STREAM_FIELDS,
)
"""The first page of everything that changed, newest first, and which of the teams can be seen."""

USERS = Operation(
    "Users",
    """
query Users($since: DateTimeOrDuration!, $after: String) {
  users(
    filter: {updatedAt: {gte: $since}}
    orderBy: updatedAt, includeArchived: true, includeDisabled: true, first: 250, after: $after
  ) {
    nodes { ...UserFields }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    USER_FIELDS,
)

PROJECTS = Operation(
    "Projects",
    """
query Projects($teams: [String!]!, $since: DateTimeOrDuration!, $after: String) {
  projects(
    filter: {accessibleTeams: {some: {key: {in: $teams}}}, updatedAt: {gte: $since}}
    orderBy: updatedAt, includeArchived: true, first: 250, after: $after
  ) {
    nodes { ...ProjectFields }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    PROJECT_FIELDS,
)

MILESTONES = Operation(
    "Milestones",
    """
query Milestones($teams: [String!]!, $since: DateTimeOrDuration!, $after: String) {
  projectMilestones(
    filter: {project: {accessibleTeams: {some: {key: {in: $teams}}}}, updatedAt: {gte: $since}}
    orderBy: updatedAt, includeArchived: true, first: 250, after: $after
  ) {
    nodes { ...MilestoneFields }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    MILESTONE_FIELDS,
)

RELATIONS = Operation(
    "Relations",
    """
query Relations($after: String) {
  issueRelations(orderBy: updatedAt, includeArchived: true, first: 100, after: $after) {
    nodes { ...RelationFields }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    RELATION_FIELDS,
    ISSUE_FIELDS,
)

ATTACHMENTS = Operation(
    "Attachments",
    """
query Attachments($after: String) {
  attachments(orderBy: updatedAt, includeArchived: true, first: 100, after: $after) {
    nodes { ...AttachmentFields }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    ATTACHMENT_FIELDS,
    ISSUE_FIELDS,
)

ISSUES = Operation(
    "Issues",
    """
query Issues($teams: [String!]!, $since: DateTimeOrDuration!, $after: String) {
  issues(
    filter: {team: {key: {in: $teams}}, updatedAt: {gte: $since}}
    orderBy: updatedAt, includeArchived: true, first: 200, after: $after
  ) {
    nodes { ...IssueFields }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    ISSUE_FIELDS,
)

COMMENTS = Operation(
    "Comments",
    """
query Comments($teams: [String!]!, $since: DateTimeOrDuration!, $after: String) {
  comments(
    filter: {issue: {team: {key: {in: $teams}}}, updatedAt: {gte: $since}}
    orderBy: updatedAt, includeArchived: true, first: 250, after: $after
  ) {
    nodes { ...CommentFields }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    COMMENT_FIELDS,
)

ISSUE = Operation(
    "Issue",
    """
query Issue($id: String!) {
  issue(id: $id) { ...IssueWhole }
}
""",
    ISSUE_WHOLE,
)

REST = Operation(
    "Rest",
    """
query Rest($ids: [ID!]!) {
  issues(filter: {id: {in: $ids}}, includeArchived: true, first: 25) {
    nodes {
      id
      labels(first: 40) { nodes { id name } pageInfo { hasNextPage } }
      inverseRelations(first: 30) { nodes { id type issue { id } } pageInfo { hasNextPage } }
      attachments(first: 30) { nodes { id url } pageInfo { hasNextPage } }
    }
  }
}
""",
)
"""The nested connections of up to 25 issues for which the listing's were too short."""

REST_OF_ONE = Operation(
    "RestOfOne",
    """
query RestOfOne($id: String!, $labels: String, $inverseRelations: String, $attachments: String) {
  issue(id: $id) {
    labels(first: 250, after: $labels) {
      nodes { id name }
      pageInfo { hasNextPage endCursor }
    }
    inverseRelations(first: 250, after: $inverseRelations) {
      nodes { id type issue { id } }
      pageInfo { hasNextPage endCursor }
    }
    attachments(first: 250, after: $attachments) {
      nodes { id url }
      pageInfo { hasNextPage endCursor }
    }
  }
}
""",
)
"""A page of an issue's nested connections, each from its own cursor."""

ISSUE_COMMENTS = Operation(
    "IssueComments",
    """
query IssueComments($id: String!, $after: String) {
  issue(id: $id) {
    comments(first: 250, after: $after) {
      nodes { ...CommentFields }
      pageInfo { hasNextPage endCursor }
    }
  }
}
""",
    COMMENT_FIELDS,
)

ISSUE_IDS = Operation(
    "IssueIds",
    """
query IssueIds($teams: [String!]!, $after: String) {
  teams(filter: {key: {in: $teams}}, includeArchived: true, first: 100) { nodes { key } }
  issues(filter: {team: {key: {in: $teams}}}, includeArchived: true, first: 250, after: $after) {
    nodes { id trashed }
    pageInfo { hasNextPage endCursor }
  }
}
""",
)

CHECK = Operation(
    "Check",
    """
query Check($teams: [String!]!) {
  viewer { name email active admin guest }
  organization { name urlKey }
  teams(filter: {key: {in: $teams}}, includeArchived: true, first: 100) { nodes { key name retiredAt } }
}
""",
)

OPERATIONS = (
    CHANGES, USERS, PROJECTS, MILESTONES, RELATIONS, ATTACHMENTS, ISSUES, COMMENTS,
    ISSUE, REST, REST_OF_ONE, ISSUE_COMMENTS, ISSUE_IDS, CHECK,
)  # fmt: skip
"""All of them."""
