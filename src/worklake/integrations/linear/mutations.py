"""Every GraphQL document that writes to Linear. Each answers with the whole issue or comment, as it is then shown.

What sets a value is not sent twice when the reply is lost: meanwhile a person may have set another one. What makes or
removes something is, as the second time is refused or does nothing.
"""

from __future__ import annotations

from worklake.integrations.linear.queries import COMMENT_FIELDS, ISSUE_WHOLE, Operation

CREATE_ISSUE = Operation(
    "CreateIssue",
    """
mutation CreateIssue($input: IssueCreateInput!) {
  issueCreate(input: $input) { success issue { ...IssueWhole } }
}
""",
    ISSUE_WHOLE,
)

UPDATE_ISSUE = Operation(
    "UpdateIssue",
    """
mutation UpdateIssue($id: String!, $input: IssueUpdateInput!) {
  issueUpdate(id: $id, input: $input) { success issue { ...IssueWhole } }
}
""",
    ISSUE_WHOLE,
    repeatable=False,
)

ARCHIVE_ISSUE = Operation(
    "ArchiveIssue",
    """
mutation ArchiveIssue($id: String!) {
  issueArchive(id: $id) { success entity { ...IssueWhole } }
}
""",
    ISSUE_WHOLE,
)

RESTORE_ISSUE = Operation(
    "RestoreIssue",
    """
mutation RestoreIssue($id: String!) {
  issueUnarchive(id: $id) { success entity { ...IssueWhole } }
}
""",
    ISSUE_WHOLE,
)
"""Back from the archive, and from the trash too."""

TRASH_ISSUE = Operation(
    "TrashIssue",
    """
mutation TrashIssue($id: String!) {
  issueDelete(id: $id) { success entity { ...IssueWhole } }
}
""",
    ISSUE_WHOLE,
)
"""To the trash, where Linear keeps it for 30 days."""

ADD_BLOCKER = Operation(
    "AddBlocker",
    """
mutation AddBlocker($blocker: String!, $blocked: String!) {
  issueRelationCreate(input: {issueId: $blocker, relatedIssueId: $blocked, type: blocks}) {
    success
    issueRelation { relatedIssue { ...IssueWhole } }
  }
}
""",
    ISSUE_WHOLE,
)

REMOVE_RELATION = Operation(
    "RemoveRelation",
    """
mutation RemoveRelation($id: String!) {
  issueRelationDelete(id: $id) { success }
}
""",
)

CREATE_LABEL = Operation(
    "CreateLabel",
    """
mutation CreateLabel($name: String!, $teamId: String!) {
  issueLabelCreate(input: {name: $name, teamId: $teamId}) { success issueLabel { id name } }
}
""",
)

ADD_COMMENT = Operation(
    "AddComment",
    """
mutation AddComment($id: String, $issueId: String!, $body: String!) {
  commentCreate(input: {id: $id, issueId: $issueId, body: $body, doNotSubscribeToIssue: true}) {
    success
    comment { ...CommentFields }
  }
}
""",
    COMMENT_FIELDS,
)

EDIT_COMMENT = Operation(
    "EditComment",
    """
mutation EditComment($id: String!, $body: String!) {
  commentUpdate(id: $id, input: {body: $body}) { success comment { ...CommentFields } }
}
""",
    COMMENT_FIELDS,
    repeatable=False,
)

DELETE_COMMENT = Operation(
    "DeleteComment",
    """
mutation DeleteComment($id: String!) {
  commentDelete(id: $id) { success }
}
""",
)

OPERATIONS = (
    CREATE_ISSUE, UPDATE_ISSUE, ARCHIVE_ISSUE, RESTORE_ISSUE, TRASH_ISSUE, ADD_BLOCKER, REMOVE_RELATION, CREATE_LABEL,
    ADD_COMMENT, EDIT_COMMENT, DELETE_COMMENT,
)  # fmt: skip
"""All of them."""
