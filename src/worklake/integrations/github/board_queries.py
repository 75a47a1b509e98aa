"""What is asked of a project (Projects v2), in the words of GitHub's published GraphQL schema."""

from __future__ import annotations

_OPTION = """
fragment Option on ProjectV2Item {
  id updatedAt
  fieldValueByName(name: $field) { ... on ProjectV2ItemFieldSingleSelectValue { name updatedAt } }
}
"""
_FIELD = """
fragment Field on ProjectV2 {
  field(name: $field) { ... on ProjectV2SingleSelectField { id name options { id name } } }
}
"""
_REOPENED = """
fragment Reopened on Issue {
  timelineItems(last: 1, itemTypes: [REOPENED_EVENT]) { nodes { ... on ReopenedEvent { createdAt } } }
}
"""


def _with(fragments: str, query: str) -> str:
    """A query, and the fragments that it names."""
    return query + fragments


DETAILS = _with(
    _FIELD,
    """
query ProjectDetails($owner: String!, $number: Int!, $field: String!) {
  repositoryOwner(login: $owner) { ... on ProjectV2Owner { projectV2(number: $number) {
    id title closed viewerCanUpdate ...Field
    fields(first: 100) { nodes { ... on ProjectV2FieldCommon { name } } }
  } } }
}
""",
)

CARDS = _with(
    _OPTION + _REOPENED + _FIELD,
    """
query ProjectCards($owner: String!, $number: Int!, $field: String!, $first: Int!, $after: String) {
  repositoryOwner(login: $owner) { ... on ProjectV2Owner { projectV2(number: $number) {
    ...Field
    items(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { ...Option content { ... on Issue { number state ...Reopened repository { databaseId nameWithOwner } } } }
    }
  } } }
}
""",
)

CARDS_OF_ISSUES = _with(
    _OPTION + _REOPENED + _FIELD,
    """
query CardsOfIssues($ids: [ID!]!, $field: String!) {
  nodes(ids: $ids) { ... on Issue {
    id ...Reopened
    projectItems(first: 100) {
      pageInfo { hasNextPage }
      nodes { ...Option project { number owner { ... on RepositoryOwner { login } } ...Field } }
    }
  } }
}
""",
)

ADD_CARD = _with(
    _OPTION,
    """
mutation AddCard($project: ID!, $issue: ID!, $field: String!) {
  changed: addProjectV2ItemById(input: {projectId: $project, contentId: $issue}) { card: item { ...Option } }
}
""",
)

MOVE_CARD = _with(
    _OPTION,
    """
mutation MoveCard($project: ID!, $card: ID!, $fieldId: ID!, $option: String!, $field: String!) {
  changed: updateProjectV2ItemFieldValue(
    input: {projectId: $project, itemId: $card, fieldId: $fieldId, value: {singleSelectOptionId: $option}}
  ) { card: projectV2Item { ...Option } }
}
""",
)

CLEAR_CARD = _with(
    _OPTION,
    """
mutation ClearCard($project: ID!, $card: ID!, $fieldId: ID!, $field: String!) {
  changed: clearProjectV2ItemFieldValue(
    input: {projectId: $project, itemId: $card, fieldId: $fieldId}
  ) { card: projectV2Item { ...Option } }
}
""",
)
