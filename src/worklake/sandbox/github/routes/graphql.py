"""The few things that only GraphQL has: deleting and transferring issues, and whom an App's token belongs to."""

from __future__ import annotations

from functools import cache
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, GraphQLSchema, build_schema, graphql_sync

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.entities import Issue
from worklake.sandbox.github.rendering import node_id

_SCHEMA = """
type User { login: String!  databaseId: Int  id: ID! }
type Repository { id: ID!  nameWithOwner: String! }
type Issue { id: ID!  number: Int!  databaseId: Int  title: String!  repository: Repository! }
type Query { viewer: User!  node(id: ID!): Issue }
input DeleteIssueInput { issueId: ID!  clientMutationId: String }
type DeleteIssuePayload { clientMutationId: String  repository: Repository }
input TransferIssueInput { issueId: ID!  repositoryId: ID!  createLabelsIfMissing: Boolean  clientMutationId: String }
type TransferIssuePayload { clientMutationId: String  issue: Issue }
type Mutation {
  deleteIssue(input: DeleteIssueInput!): DeleteIssuePayload
  transferIssue(input: TransferIssueInput!): TransferIssuePayload
}
"""

_Info = GraphQLResolveInfo[Call]


@cache
def _schema() -> GraphQLSchema:
    return build_schema(_SCHEMA)


def _graphql(call: Call) -> Reply:
    query, variables = call.body.get("query"), call.body.get("variables")
    if not isinstance(query, str):
        return json_reply({"message": "A query attribute must be specified and must be a string."}, 400)
    result = graphql_sync(
        _schema(),
        query,
        {"viewer": _viewer, "node": _node, "deleteIssue": _delete, "transferIssue": _transfer},
        context_value=call,
        variable_values=variables if isinstance(variables, dict) else None,
        operation_name=call.body.get("operationName"),
    )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [
            {"message": error.message, "path": error.path, **(error.extensions or {})} for error in result.errors
        ]
    return json_reply(answer)


def _viewer(info: _Info) -> dict[str, Any]:
    user = _call(info).user
    return {"login": user.login, "databaseId": None if user.bot else user.id, "id": node_id("U", user.id)}


def _node(info: _Info, id: str) -> dict[str, Any]:
    return _shown(_call(info), _issue(_call(info), id))


def _delete(info: _Info, input: dict[str, Any]) -> dict[str, Any]:
    call = _call(info)
    issue = _issue(call, input["issueId"])
    if call.user.permission != "admin":
        raise GraphQLError(f"{call.user.login} does not have the correct permissions to execute `DeleteIssue`",
                           extensions={"type": "FORBIDDEN"})  # fmt: skip
    repository = _repository(call, issue.repository_id)
    call.site.editor.delete(issue, call.user)
    return {"clientMutationId": input.get("clientMutationId"), "repository": repository}


def _transfer(info: _Info, input: dict[str, Any]) -> dict[str, Any]:
    call = _call(info)
    issue = _issue(call, input["issueId"])
    ids = {node_id("R", one.id): one for one in call.store.repositories.values()}
    if input["repositoryId"] not in ids:
        raise _unknown(input["repositoryId"])
    moved = call.site.editor.transfer(issue, ids[input["repositoryId"]], call.user)
    return {"clientMutationId": input.get("clientMutationId"), "issue": _shown(call, moved)}


def _call(info: _Info) -> Call:
    call: Call = info.context
    return call


def _issue(call: Call, wanted: str) -> Issue:
    found = next((one for one in call.store.issues.values() if node_id("I", one.id) == wanted and not one.pull), None)
    if found is None:
        raise _unknown(wanted)
    return found


def _unknown(wanted: str) -> GraphQLError:
    return GraphQLError(
        f"Could not resolve to a node with the global id of '{wanted}'", extensions={"type": "NOT_FOUND"}
    )


def _shown(call: Call, issue: Issue) -> dict[str, Any]:
    return {
        "id": node_id("I", issue.id), "number": issue.number, "databaseId": issue.id, "title": issue.title,
        "repository": _repository(call, issue.repository_id),
    }  # fmt: skip


def _repository(call: Call, number: int) -> dict[str, str]:
    return {"id": node_id("R", number), "nameWithOwner": call.store.repositories[number].full_name}


ROUTES = (Route("POST", "/graphql", _graphql),)
