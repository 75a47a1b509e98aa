"""The control calls' view: issues as items, created and edited by a person through the API's own mutations.

Fields are those of `IssueCreateInput` and `IssueUpdateInput`, and for convenience `team` (its key), `state` (its name),
`assignee` (an e-mail address), `labels` and `project` (names), and `as`: the e-mail address of the person who does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from worklake.sandbox.linear import shapes
from worklake.sandbox.linear.entities import Entity, User
from worklake.sandbox.linear.execution import Refused, prepare, run
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.store import Store
from worklake.sandbox.linear.workspace import Workspace
from worklake.sandbox.provider import Item, ItemError

Row = TypeVar("Row", bound=Entity)

_CREATE = "mutation($input: IssueCreateInput!) { result: issueCreate(input: $input) { issue { id } } }"
_UPDATE = """mutation($id: String!, $input: IssueUpdateInput!) {
  result: issueUpdate(id: $id, input: $input) { issue { id } } }"""
_DELETE = "mutation($id: String!) { result: issueDelete(id: $id) { entity { id } } }"


class Items:
    """The issues of a workspace, in the hands of its people."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def all(self) -> list[Item]:
        """Every issue there ever was, those in the trash and those gone from it as deleted."""
        return self._workspace.serve(_all_items)

    def create(self, fields: Mapping[str, Any]) -> str:
        """Create an issue; without a team in the first one. Answers its UUID."""
        store = self._workspace.store
        plain = dict(fields)
        actor = self._actor(plain)
        if "team" not in plain and "teamId" not in plain:
            plain["teamId"] = next(iter(store.teams)).id
        given = _translated(store, plain, None)
        result = self._mutate(_CREATE, {"input": given}, actor)
        return str(result["issue"]["id"])

    def edit(self, external_id: str, fields: Mapping[str, Any]) -> None:
        """Edit an issue."""
        self._need(external_id)
        plain = dict(fields)
        actor = self._actor(plain)
        team_id = self._workspace.store.issues.need(external_id).team_id
        given = _translated(self._workspace.store, plain, team_id)
        self._mutate(_UPDATE, {"id": external_id, "input": given}, actor)

    def delete(self, external_id: str) -> None:
        """Put an issue into the trash."""
        self._need(external_id)
        self._mutate(_DELETE, {"id": external_id}, self._actor({}))

    def _need(self, external_id: str) -> None:
        issue = self._workspace.serve(lambda request: request.store.issues.get(external_id))
        if issue is None:
            raise ItemError(404, f"no issue has the id {external_id}")

    def _actor(self, fields: dict[str, Any]) -> User:
        """Who does it: the person of `as`, else somebody who is not the tokens' owner, if there is one."""
        users = [user for user in self._workspace.store.users if user.active]
        email = fields.pop("as", None)
        if email is None:
            return next((user for user in users if user is not self._workspace.owner), users[0])
        return _named(users, lambda user: user.email, email, "as")

    def _mutate(self, query: str, variables: Mapping[str, Any], actor: User) -> Mapping[str, Any]:
        try:
            operation = prepare(query, variables, None)
            answer = self._workspace.serve(lambda request: run(operation, None, request), actor)
        except Refused as refused:
            raise ItemError(422, "; ".join(error.message for error in refused.errors)) from refused
        if "errors" in answer:
            raise ItemError(422, "; ".join(_explanation(error) for error in answer["errors"]))
        result: Mapping[str, Any] = answer["data"]["result"]
        return result


def _explanation(error: Mapping[str, Any]) -> str:
    presentable = error["extensions"].get("userPresentableMessage")
    return f"{error['message']}: {presentable}" if presentable else str(error["message"])


def _all_items(request: Request) -> list[Item]:
    store = request.store
    present = [
        Item(external_id=issue.id, deleted=bool(issue.trashed), payload=shapes.issue_item(store, issue))
        for issue in store.issues
    ]
    gone = [
        Item(external_id=identity, deleted=True, payload=dict(payload))
        for identity, payload in store.deleted_issues.items()
    ]
    return present + gone


def _translated(store: Store, fields: Mapping[str, Any], team_id: str | None) -> dict[str, Any]:
    """The fields with names and addresses replaced by ids."""
    given = dict(fields)
    if "team" in given:
        given["teamId"] = _named(store.teams, lambda team: team.key, given.pop("team"), "team").id
    team_id = given.get("teamId") or team_id
    if "state" in given:
        states = store.states_of(str(team_id))
        given["stateId"] = _named(states, lambda state: state.name, given.pop("state"), "state").id
    if "assignee" in given:
        email = given.pop("assignee")
        found = None if email is None else _named(store.users, lambda user: user.email, email, "assignee").id
        given["assigneeId"] = found
    if "project" in given:
        name = given.pop("project")
        given["projectId"] = (
            None if name is None else _named(store.projects, lambda project: project.name, name, "project").id
        )
    if "labels" in given:
        labels = [label for label in store.labels if label.team_id in (None, team_id) and not label.is_group]
        names = given.pop("labels") or []
        given["labelIds"] = [_named(labels, lambda label: label.name, name, "labels").id for name in names]
    return given


def _named(rows: Iterable[Row], name_of: Callable[[Row], str], name: object, field: str) -> Row:
    by_name = {name_of(row): row for row in rows}
    if not isinstance(name, str) or name not in by_name:
        raise ItemError(422, f"{field}: {name!r} is unknown; allowed are {', '.join(sorted(by_name))}")
    return by_name[name]
