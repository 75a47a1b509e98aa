"""What is asked of a project (Projects v2), in the words of GitHub's published GraphQL schema."""

from __future__ import annotations

_OPTION = """
fragment Option on ProjectV2Item {
  id updatedAt
  fieldValueByName(name: $field) { ... on ProjectV2ItemFieldSingleSelectValue { name updatedAt } }
}
"""

DETAILS = """
query ProjectDetails($owner: String!, $number: Int!, $field: String!) {
  repositoryOwner(login: $owner) { ... on ProjectV2Owner { projectV2(number: $number) {
    id title closed viewerCanUpdate
    field(name: $field) { ... on ProjectV2SingleSelectField { id options { id name } } }
    fields(first: 100) { nodes { ... on ProjectV2FieldCommon { name } } }
  } } }
}
"""

CARDS = (
    """
query ProjectCards($owner: String!, $number: Int!, $field: String!, $first: Int!, $after: String) {
  repositoryOwner(login: $owner) { ... on ProjectV2Owner { projectV2(number: $number) {
    items(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { ...Option content { ... on Issue { number state repository { databaseId nameWithOwner } } } }
    }
  } } }
}
"""
    + _OPTION
)

CARDS_OF_ISSUES = (
    """
query CardsOfIssues($ids: [ID!]!, $field: String!) {
  nodes(ids: $ids) { ... on Issue {
    id
    projectItems(first: 100) {
      pageInfo { hasNextPage }
      nodes { ...Option project { number owner { ... on RepositoryOwner { login } } } }
    }
  } }
}
"""
    + _OPTION
)

ADD_CARD = (
    """
mutation AddCard($project: ID!, $issue: ID!, $field: String!) {
  changed: addProjectV2ItemById(input: {projectId: $project, contentId: $issue}) { card: item { ...Option } }
}
"""
    + _OPTION
)

MOVE_CARD = (
    """
mutation MoveCard($project: ID!, $card: ID!, $fieldId: ID!, $option: String!, $field: String!) {
  changed: updateProjectV2ItemFieldValue(
    input: {projectId: $project, itemId: $card, fieldId: $fieldId, value: {singleSelectOptionId: $option}}
  ) { card: projectV2Item { ...Option } }
}
"""
    + _OPTION
)

CLEAR_CARD = (
    """
mutation ClearCard($project: ID!, $card: ID!, $fieldId: ID!, $field: String!) {
  changed: clearProjectV2ItemFieldValue(
    input: {projectId: $project, itemId: $card, fieldId: $fieldId}
  ) { card: projectV2Item { ...Option } }
}
"""
    + _OPTION
)
