"""Projects in GraphQL: the part of GitHub's published schema that is served, and what its fields answer."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from worklake.sandbox.github.call import Call
from worklake.sandbox.github.entities import Issue, Project, ProjectItem
from worklake.sandbox.github.rendering import node_id, number_in, shown_time

SCHEMA = """
scalar DateTime
scalar URI
interface Node { id: ID! }
interface RepositoryOwner { id: ID!  login: String! }
interface ProjectV2Owner { id: ID!  projectV2(number: Int!): ProjectV2 }
type Organization implements Node & ProjectV2Owner & RepositoryOwner {
  id: ID!  login: String!  databaseId: Int  projectV2(number: Int!): ProjectV2
}
type PageInfo { endCursor: String  hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String }
type ProjectV2 implements Node {
  id: ID!  number: Int!  title: String!  closed: Boolean!  createdAt: DateTime!  updatedAt: DateTime!  url: URI!
  owner: ProjectV2Owner!  viewerCanUpdate: Boolean!
  field(name: String!): ProjectV2FieldConfiguration
  fields(after: String, before: String, first: Int, last: Int): ProjectV2FieldConfigurationConnection!
  items(after: String, before: String, first: Int, last: Int): ProjectV2ItemConnection!
}
interface ProjectV2FieldCommon { id: ID!  name: String!  dataType: ProjectV2FieldType! }
enum ProjectV2FieldType { ASSIGNEES DATE ITERATION LABELS LINKED_PULL_REQUESTS MILESTONE NUMBER PARENT_ISSUE REPOSITORY
  REVIEWERS SINGLE_SELECT SUB_ISSUES_PROGRESS TEXT TITLE TRACKED_BY TRACKS }
type ProjectV2Field implements Node & ProjectV2FieldCommon { id: ID!  name: String!  dataType: ProjectV2FieldType! }
type ProjectV2SingleSelectField implements Node & ProjectV2FieldCommon {
  id: ID!  name: String!  dataType: ProjectV2FieldType!
  options(names: [String!]): [ProjectV2SingleSelectFieldOption!]!
}
type ProjectV2SingleSelectFieldOption { id: String!  name: String! }
union ProjectV2FieldConfiguration = ProjectV2Field | ProjectV2SingleSelectField
type ProjectV2FieldConfigurationConnection {
  nodes: [ProjectV2FieldConfiguration]  pageInfo: PageInfo!  totalCount: Int!
}
enum ProjectV2ItemType { DRAFT_ISSUE ISSUE PULL_REQUEST REDACTED }
type ProjectV2Item implements Node {
  id: ID!  databaseId: Int  createdAt: DateTime!  updatedAt: DateTime!  isArchived: Boolean!  project: ProjectV2!
  type: ProjectV2ItemType!  content: ProjectV2ItemContent
  fieldValueByName(name: String!): ProjectV2ItemFieldValue
}
union ProjectV2ItemContent = Issue
type ProjectV2ItemConnection { nodes: [ProjectV2Item]  pageInfo: PageInfo!  totalCount: Int! }
type ProjectV2ItemFieldSingleSelectValue implements Node {
  id: ID!  name: String  optionId: String  createdAt: DateTime!  updatedAt: DateTime!
}
type ProjectV2ItemFieldTextValue implements Node { id: ID!  text: String  createdAt: DateTime!  updatedAt: DateTime! }
union ProjectV2ItemFieldValue = ProjectV2ItemFieldSingleSelectValue | ProjectV2ItemFieldTextValue
input AddProjectV2ItemByIdInput { projectId: ID!  contentId: ID!  clientMutationId: String }
type AddProjectV2ItemByIdPayload { clientMutationId: String  item: ProjectV2Item }
input ProjectV2FieldValue { singleSelectOptionId: String  text: String }
input UpdateProjectV2ItemFieldValueInput {
  projectId: ID!  itemId: ID!  fieldId: ID!  value: ProjectV2FieldValue!  clientMutationId: String
}
type UpdateProjectV2ItemFieldValuePayload { clientMutationId: String  projectV2Item: ProjectV2Item }
input ClearProjectV2ItemFieldValueInput { projectId: ID!  itemId: ID!  fieldId: ID!  clientMutationId: String }
type ClearProjectV2ItemFieldValuePayload { clientMutationId: String  projectV2Item: ProjectV2Item }
input DeleteProjectV2ItemInput { projectId: ID!  itemId: ID!  clientMutationId: String }
type DeleteProjectV2ItemPayload { clientMutationId: String  deletedItemId: ID }
"""
"""Types, fields, arguments and what may be null are as GitHub publishes them; what is not here is refused."""

MOST = 100
_OTHER_FIELDS = {"Title": "TITLE", "Assignees": "ASSIGNEES", "Labels": "LABELS", "Repository": "REPOSITORY"}
Info = GraphQLResolveInfo
Shown = dict[str, Any]


class BoardFields:
    """The projects as one call sees them. `show_issue` gives an issue for GraphQL."""

    def __init__(self, call: Call, show_issue: Callable[[Issue], Shown]) -> None:
        self._call, self._show_issue = call, show_issue

    def owner(self, login: str) -> Shown:
        """An organisation. Raises where there is none."""
        owners = {one.owner.lower(): one.owner for one in self._call.store.repositories.values()}
        if login.lower() not in owners:
            raise refused("NOT_FOUND", f"Could not resolve to a RepositoryOwner with the login of '{login}'.")
        return self._organization(owners[login.lower()])

    def of_issue(self, issue: Issue) -> Callable[..., Shown]:
        """The field `projectItems` of an issue."""

        def items(info: Info, includeArchived: bool = True, **page: Any) -> Shown:
            self._check("projectItems", "read")
            held = [(one, one.items[issue.id]) for one in self._call.store.projects if issue.id in one.items]
            return connection("projectItems", held, page, lambda pair: self._item(*pair))

        return items

    def add(self, input: Shown) -> Shown:
        """Take an issue into a project; one that is there stays as it is."""
        project = self._project_of("addProjectV2ItemById", input)
        number = number_in("I", input["contentId"])
        issue = self._call.store.issues.get(number) if number is not None else None
        if issue is None:
            raise unknown(input["contentId"])
        item = self._call.site.boards.add(project, issue)
        return {"clientMutationId": input.get("clientMutationId"), "item": self._item(project, item)}

    def update(self, input: Shown) -> Shown:
        """Give an item an option."""
        project, item = self._item_of("updateProjectV2ItemFieldValue", input)
        option = input["value"].get("singleSelectOptionId")
        if option not in project.options:
            raise refused("VALIDATION", "The single select option Id does not belong to the field")
        self._call.site.boards.move(project, item, option, self._call.user)
        return {"clientMutationId": input.get("clientMutationId"), "projectV2Item": self._item(project, item)}

    def clear(self, input: Shown) -> Shown:
        """Take an item's option off it."""
        project, item = self._item_of("clearProjectV2ItemFieldValue", input)
        self._call.site.boards.move(project, item, None, self._call.user)
        return {"clientMutationId": input.get("clientMutationId"), "projectV2Item": self._item(project, item)}

    def delete(self, input: Shown) -> Shown:
        """Take an item out of its project."""
        project, item = self._item_of("deleteProjectV2Item", {**input, "fieldId": None})
        self._call.site.boards.remove(project, self._call.store.issues[item.issue_id])
        return {"clientMutationId": input.get("clientMutationId"), "deletedItemId": input["itemId"]}

    def _check(self, what: str, needed: str) -> None:
        """Refuse a token without the permission for projects, in the words for its kind."""
        may = ("none", "read", "write")
        if may.index(self._call.projects) >= may.index(needed):
            return
        if self._call.scopes is None:
            raise refused("FORBIDDEN", "Resource not accessible by personal access token")
        scope = "read:project" if needed == "read" else "project"
        raise refused(
            "INSUFFICIENT_SCOPES",
            f"Your token has not been granted the required scopes to execute this query. The '{what}' field requires"
            f" one of the following scopes: ['{scope}'], but your token has only been granted the:"
            f" ['{self._call.scopes}'] scopes.",
        )

    def _organization(self, login: str) -> Shown:
        def project(info: Info, number: int) -> Shown:
            self._check("projectV2", "read")
            found = self._call.site.boards.project(login, number)
            if found is None:
                raise refused("NOT_FOUND", f"Could not resolve to a ProjectV2 with the number {number}.")
            return self._project(found)

        return {
            "__typename": "Organization",
            "id": node_id("O", 1),
            "login": login,
            "databaseId": 1,
            "projectV2": project,
        }

    def _project(self, project: Project) -> Shown:
        def field(info: Info, name: str) -> Shown | None:
            return next((one for one in self._fields(project) if one["name"].lower() == name.lower()), None)

        return {
            "__typename": "ProjectV2", "id": node_id("PVT", project.id), "number": project.number,
            "title": project.title, "closed": project.closed, "createdAt": shown_time(project.created_at),
            "updatedAt": shown_time(project.updated_at), "owner": lambda info: self._organization(project.owner),
            "url": f"{self._call.show.base_url}/orgs/{project.owner}/projects/{project.number}",
            "viewerCanUpdate": self._call.user.pushes and self._call.projects == "write",
            "field": field,
            "fields": lambda info, **page: connection("fields", self._fields(project), page, lambda one: one),
            "items": lambda info, **page: connection(
                "items", list(project.items.values()), page, lambda one: self._item(project, one)
            ),
        }  # fmt: skip

    def _fields(self, project: Project) -> list[Shown]:
        def options(info: Info, names: Sequence[str] | None = None) -> list[Shown]:
            wanted = None if names is None else {name.lower() for name in names}
            shown = [{"id": one, "name": name} for one, name in project.options.items()]
            return [one for one in shown if wanted is None or one["name"].lower() in wanted]

        others = [
            {"__typename": "ProjectV2Field", "id": node_id("PVTF", project.id + place), "name": name, "dataType": kind}
            for place, (name, kind) in enumerate(_OTHER_FIELDS.items())
        ]
        status = {
            "__typename": "ProjectV2SingleSelectField", "id": node_id("PVTSSF", project.id), "name": project.field_name,
            "dataType": "SINGLE_SELECT", "options": options,
        }  # fmt: skip
        return [*others[:2], status, *others[2:]]

    def _item(self, project: Project, item: ProjectItem) -> Shown:
        issue = self._call.store.issues[item.issue_id]

        def value(info: Info, name: str) -> Shown | None:
            if name.lower() == "title":
                return {
                    "__typename": "ProjectV2ItemFieldTextValue", "id": node_id("PVTFTV", item.id), "text": issue.title,
                    "createdAt": shown_time(item.created_at), "updatedAt": shown_time(item.created_at),
                }  # fmt: skip
            if name.lower() != project.field_name.lower() or item.option_id is None:
                return None
            return {
                "__typename": "ProjectV2ItemFieldSingleSelectValue", "id": node_id("PVTFSV", item.id),
                "name": project.options[item.option_id], "optionId": item.option_id,
                "createdAt": shown_time(item.created_at), "updatedAt": shown_time(item.moved_at),
            }  # fmt: skip

        return {
            "__typename": "ProjectV2Item", "id": node_id("PVTI", item.id), "databaseId": item.id,
            "createdAt": shown_time(item.created_at), "updatedAt": shown_time(item.updated_at), "isArchived": False,
            "type": "ISSUE", "project": lambda info: self._project(project), "fieldValueByName": value,
            "content": lambda info: self._show_issue(issue),
        }  # fmt: skip

    def _project_of(self, what: str, input: Shown) -> Project:
        self._check(what, "write")
        wanted = input["projectId"]
        project = next((one for one in self._call.store.projects if node_id("PVT", one.id) == wanted), None)
        if project is None:
            raise unknown(wanted)
        if not self._call.user.pushes:
            raise refused("FORBIDDEN", f"{self._call.user.login} does not have permission to update this project")
        return project

    def _item_of(self, what: str, input: Shown) -> tuple[Project, ProjectItem]:
        project = self._project_of(what, input)
        number = number_in("PVTI", input["itemId"])
        item = next((one for one in project.items.values() if one.id == number), None)
        if item is None:
            raise unknown(input["itemId"])
        if input["fieldId"] not in (None, node_id("PVTSSF", project.id)):
            raise unknown(input["fieldId"])
        return project, item


def refused(kind: str, message: str) -> GraphQLError:
    """A refusal, with the `type` by which clients tell it."""
    return GraphQLError(message, extensions={"type": kind})


def unknown(wanted: str) -> GraphQLError:
    """The refusal of an id that nothing has."""
    return refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{wanted}'")


def connection(name: str, rows: Sequence[Any], page: Shown, show: Callable[[Any], Shown]) -> Shown:
    """A page of a list, from its begin or its end, which must be asked for with how many it shall have."""
    first, last = page.get("first"), page.get("last")
    if first is None and last is None:
        raise refused(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
        )
    size, word = (first, "first") if first is not None else (last, "last")
    if size is None or not 1 <= size <= MOST:
        raise refused(
            "EXCESSIVE_PAGINATION",
            f"Requesting {size} records on the `{name}` connection exceeds the `{word}` limit of {MOST} records.",
        )
    end = _row(page.get("before"), len(rows))
    begin = _row(page.get("after"), 0) if first is not None else max(0, end - size)
    end = min(end, begin + size)
    shown = [show(row) for row in rows[begin:end]]
    return {
        "nodes": shown, "totalCount": len(rows),
        "pageInfo": {
            "hasNextPage": end < len(rows), "hasPreviousPage": begin > 0,
            "startCursor": _cursor(begin) if shown else None, "endCursor": _cursor(end) if shown else None,
        },
    }  # fmt: skip


def _cursor(row: int) -> str:
    return base64.b64encode(f"cursor:{row}".encode()).decode()


def _row(cursor: str | None, without: int) -> int:
    try:
        return int(base64.b64decode(cursor).partition(b":")[2]) if cursor else without
    except ValueError:
        raise refused("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.") from None
