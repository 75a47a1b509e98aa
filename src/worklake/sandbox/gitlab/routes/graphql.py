"""GraphQL, as far as it tells what REST does not: where the issue with a global id is."""

from __future__ import annotations

from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLResolveInfo, OperationDefinitionNode, build_schema, graphql_sync
from graphql.language import DocumentNode, SelectionSetNode, parse

from worklake.sandbox.gitlab.api import GRAPHQL, Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply
from worklake.sandbox.gitlab.entities import Issue

MOST_COMPLEX = 250
"""How many points a query of an authenticated caller may cost: one for each field."""
_PREFIX = "gid://gitlab/Issue/"
_SCHEMA = build_schema(
    """
    scalar IssueID

    type Query {
      issue(id: IssueID!): Issue
    }

    type Issue {
      id: ID!
      iid: ID!
      title: String!
      projectId: Int!
      webUrl: String!
    }
    """
)


class _Root:
    """Resolves the query's fields for one caller."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def issue(self, info: GraphQLResolveInfo[Any], id: str) -> dict[str, Any] | None:
        """The issue with this global id, or nothing where the caller may not see it."""
        number = str(id).removeprefix(_PREFIX)
        if not str(id).startswith(_PREFIX) or not number.isdigit():
            raise GraphQLError(f'"{id}" does not represent an instance of Issue')
        issue = self._call.store.issues.get(int(number))
        return self._shown(issue) if issue is not None and self._call.sees(issue) else None

    def _shown(self, issue: Issue) -> dict[str, Any]:
        url = self._call.show.issue(issue)["web_url"]
        return {
            "id": f"{_PREFIX}{issue.id}", "iid": str(issue.iid), "title": issue.title, "projectId": issue.project_id,
            "webUrl": url,
        }  # fmt: skip


def _serve(call: Call) -> Reply:
    query = call.body.text("query") or ""
    variables = call.body.values.get("variables")
    try:
        complexity = _complexity(parse(query))
    except GraphQLError as error:
        return json_reply({"errors": [error.formatted]})
    if complexity > MOST_COMPLEX:
        words = f"Query has complexity of {complexity}, which exceeds max complexity of {MOST_COMPLEX}"
        return json_reply({"errors": [{"message": words}]})
    result = graphql_sync(_SCHEMA, query, _Root(call), variable_values=variables if isinstance(variables, dict) else {})
    return json_reply(result.formatted)


def _complexity(document: DocumentNode) -> int:
    operations = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return sum(_fields_in(one.selection_set) for one in operations)


def _fields_in(selected: SelectionSetNode | None) -> int:
    fields = (one for one in (selected.selections if selected else ()) if isinstance(one, FieldNode))
    return sum(1 + _fields_in(field.selection_set) for field in fields)


ROUTES = (Route("POST", GRAPHQL, _serve, reads=True),)
