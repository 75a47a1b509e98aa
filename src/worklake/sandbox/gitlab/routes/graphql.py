"""GraphQL, as far as it tells what REST does not: where the issue with a global id is."""

from __future__ import annotations

from typing import Any

import orjson
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    build_schema,
    get_operation_ast,
    graphql_sync,
    validate,
)
from graphql.language import DocumentNode, SelectionSetNode, parse

from worklake.sandbox.gitlab.api import GRAPHQL, Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply
from worklake.sandbox.gitlab.entities import Issue
from worklake.sandbox.gitlab.errors import NOT_SERVED, invalid_parameter
from worklake.sandbox.gitlab.store import is_number

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
        if not str(id).startswith(_PREFIX) or not is_number(number):
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
    query, name = call.body.text("query") or "", call.body.text("operationName")
    try:
        document = parse(query)
    except GraphQLError as error:
        return json_reply({"errors": [error.formatted]})
    complexity = _complexity(document, name)
    if complexity > MOST_COMPLEX:
        words = f"Query has complexity of {complexity}, which exceeds max complexity of {MOST_COMPLEX}"
        return json_reply({"errors": [{"message": words}]})
    unknown = validate(_SCHEMA, document)
    if unknown:
        errors = [{**error.formatted, "message": f"{error.message} {_SERVED}"} for error in unknown]
        return json_reply({"errors": errors}, headers={NOT_SERVED: "all of GraphQL"})
    result = graphql_sync(_SCHEMA, query, _Root(call), variable_values=_variables(call), operation_name=name)
    return json_reply(result.formatted)


_SERVED = "(The sandbox serves of GitLab's GraphQL only issue(id) with id, iid, title, projectId and webUrl.)"


def _variables(call: Call) -> dict[str, Any]:
    """The variables, which GitLab also takes as JSON text."""
    given = call.body.values.get("variables") or {}
    if isinstance(given, str):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError as error:
            raise invalid_parameter("variables is invalid") from error
    if not isinstance(given, dict):
        raise invalid_parameter("variables is invalid")
    return given


def _complexity(document: DocumentNode, name: str | None) -> int:
    operation = get_operation_ast(document, name)
    return _fields_in(operation.selection_set) if operation else 0


def _fields_in(selected: SelectionSetNode | None) -> int:
    fields = (one for one in (selected.selections if selected else ()) if isinstance(one, FieldNode))
    return sum(1 + _fields_in(field.selection_set) for field in fields)


ROUTES = (Route("POST", GRAPHQL, _serve, reads=True),)
