"""What only GraphQL has: projects, deleting and transferring issues, and whom an App's token belongs to."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, GraphQLSchema, build_schema, graphql_sync

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.board_schema import SCHEMA, BoardFields, connection, unknown
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.entities import Event, Issue
from worklake.sandbox.github.rendering import node_id, number_in, shown_time

_SCHEMA = """
type User implements Node { login: String!  databaseId: Int  id: ID! }
type Repository implements Node { id: ID!  nameWithOwner: String!  databaseId: Int }
enum IssueState { CLOSED OPEN }
type Issue implements Node {
  id: ID!  number: Int!  databaseId: Int  title: String!  state: IssueState!  repository: Repository!
  projectItems(
    after: String, before: String, first: Int, includeArchived: Boolean = true, last: Int
  ): ProjectV2ItemConnection!
  timelineItems(
    after: String, before: String, first: Int, itemTypes: [IssueTimelineItemsItemType!], last: Int
  ): IssueTimelineItemsConnection!
}
enum IssueTimelineItemsItemType { CLOSED_EVENT REOPENED_EVENT }
type ClosedEvent implements Node { id: ID!  createdAt: DateTime! }
type ReopenedEvent implements Node { id: ID!  createdAt: DateTime! }
union IssueTimelineItems = ClosedEvent | ReopenedEvent
type IssueTimelineItemsConnection { nodes: [IssueTimelineItems]  pageInfo: PageInfo!  totalCount: Int! }
type Query {
  viewer: User!
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  repositoryOwner(login: String!): RepositoryOwner
  organization(login: String!): Organization
}
input DeleteIssueInput { issueId: ID!  clientMutationId: String }
type DeleteIssuePayload { clientMutationId: String  repository: Repository }
input TransferIssueInput { issueId: ID!  repositoryId: ID!  createLabelsIfMissing: Boolean  clientMutationId: String }
type TransferIssuePayload { clientMutationId: String  issue: Issue }
type Mutation {
  deleteIssue(input: DeleteIssueInput!): DeleteIssuePayload
  transferIssue(input: TransferIssueInput!): TransferIssuePayload
  addProjectV2ItemById(input: AddProjectV2ItemByIdInput!): AddProjectV2ItemByIdPayload
  updateProjectV2ItemFieldValue(input: UpdateProjectV2ItemFieldValueInput!): UpdateProjectV2ItemFieldValuePayload
  clearProjectV2ItemFieldValue(input: ClearProjectV2ItemFieldValueInput!): ClearProjectV2ItemFieldValuePayload
  deleteProjectV2Item(input: DeleteProjectV2ItemInput!): DeleteProjectV2ItemPayload
}
"""

_KINDS = {"closed": "ClosedEvent", "reopened": "ReopenedEvent"}
_EVENTS = tuple(f"{kind.upper()}_EVENT" for kind in _KINDS)
_Info = GraphQLResolveInfo[Call]


@cache
def _schema() -> GraphQLSchema:
    return build_schema(_SCHEMA + SCHEMA)


def _graphql(call: Call) -> Reply:
    query, variables = call.body.get("query"), call.body.get("variables")
    if not isinstance(query, str):
        return json_reply({"message": "A query attribute must be specified and must be a string."}, 400)
    result = graphql_sync(
        _schema(),
        query,
        _ROOTS,
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


def _nodes(info: _Info, ids: list[str]) -> list[Any]:
    """Each by its id; one that is not found is null, and an error beside it."""
    return [_node_or_error(info, one) for one in ids]


def _node_or_error(info: _Info, wanted: str) -> Any:
    try:
        return _node(info, wanted)
    except GraphQLError as error:
        return error


def _owner(info: _Info, login: str) -> dict[str, Any]:
    return _boards(info).owner(login)


def _boards(info: _Info) -> BoardFields:
    call = _call(info)
    return BoardFields(call, lambda issue: _shown(call, issue))


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
        raise unknown(input["repositoryId"])
    moved = call.site.editor.transfer(issue, ids[input["repositoryId"]], call.user)
    return {"clientMutationId": input.get("clientMutationId"), "issue": _shown(call, moved)}


def _call(info: _Info) -> Call:
    call: Call = info.context
    return call


def _issue(call: Call, wanted: str) -> Issue:
    number = number_in("I", wanted)
    found = call.store.issues.get(number) if number is not None else None
    if found is None or found.pull is not None:
        raise unknown(wanted)
    return found


def _shown(call: Call, issue: Issue) -> dict[str, Any]:
    boards = BoardFields(call, lambda one: _shown(call, one))
    return {
        "__typename": "Issue", "id": node_id("I", issue.id), "number": issue.number, "databaseId": issue.id,
        "title": issue.title, "state": issue.state.upper(), "repository": _repository(call, issue.repository_id),
        "projectItems": boards.of_issue(issue), "timelineItems": _timeline_of(issue),
    }  # fmt: skip


def _timeline_of(issue: Issue) -> Callable[..., dict[str, Any]]:
    """When an issue was closed and opened again: of its history GraphQL serves no more here."""

    def items(info: _Info, itemTypes: list[str] | None = None, **page: Any) -> dict[str, Any]:
        wanted = [one for one in issue.events if f"{one.kind.upper()}_EVENT" in (itemTypes or _EVENTS)]
        return connection("timelineItems", [one for one in wanted if one.kind in _KINDS], page, _event)

    return items


def _event(event: Event) -> dict[str, Any]:
    shown = {"id": node_id("EV", event.id), "createdAt": shown_time(event.created_at)}
    return {"__typename": _KINDS[event.kind], **shown}


def _repository(call: Call, number: int) -> dict[str, Any]:
    name = call.store.repositories[number].full_name
    return {"id": node_id("R", number), "nameWithOwner": name, "databaseId": number}


_ROOTS = {
    "viewer": _viewer, "node": _node, "nodes": _nodes, "repositoryOwner": _owner, "organization": _owner,
    "deleteIssue": _delete, "transferIssue": _transfer,
    "addProjectV2ItemById": lambda info, input: _boards(info).add(input),
    "updateProjectV2ItemFieldValue": lambda info, input: _boards(info).update(input),
    "clearProjectV2ItemFieldValue": lambda info, input: _boards(info).clear(input),
    "deleteProjectV2Item": lambda info, input: _boards(info).delete(input),
}  # fmt: skip
ROUTES = (Route("POST", "/graphql", _graphql),)
