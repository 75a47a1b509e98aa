"""The control calls' view: pages as items, made and edited by a person.

Fields are `properties` as the API takes them, and for convenience `title`, `description` (pasted into the body),
`status`, `priority`, `project`, `milestone`, `cycle` (names of options), `labels` (names), `assignees` (e-mail
addresses), `due_date`, `start_date`, `estimate_points`, `estimate_hours`, `parent`, `blocked_by` (ids), `in_trash`,
`shared` (whether the connection sees the page), `comment` (a text) and `as`: the e-mail address of who does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worklake.sandbox.notion.entities import DataSource, Json, Page, Property, User
from worklake.sandbox.notion.errors import ApiError
from worklake.sandbox.notion.paste import blocks_of, in_batches, rich_text
from worklake.sandbox.notion.values import add_option
from worklake.sandbox.notion.workspace import Workspace
from worklake.sandbox.provider import Item, ItemError

_NAMED = {
    "title": "Name", "status": "Status", "priority": "Priority", "labels": "Tags", "assignees": "Assignee",
    "due_date": "Due", "start_date": "Start", "estimate_points": "Points", "estimate_hours": "Estimate",
    "project": "Project", "milestone": "Milestone", "cycle": "Sprint", "parent": "Parent task",
    "blocked_by": "Blocked by",
}  # fmt: skip
_OTHER = frozenset({"properties", "description", "in_trash", "shared", "comment", "as"})


class Items:
    """The pages of the tasks, in the hands of the workspace's people."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.source: DataSource = next(iter(workspace.store.data_sources.values()))

    def all(self) -> list[Item]:
        """Every page there ever was."""
        return [
            Item(
                external_id=page.id,
                deleted=page.in_trash or page.purged,
                payload=self._workspace.shown_page(page),
            )
            for page in self._workspace.store.pages.values()
            if page.data_source == self.source.id
        ]

    def create(self, fields: Mapping[str, Any]) -> str:
        """Make a page. Raises `ItemError`."""
        actor = self._actor(fields)
        try:
            page = self._workspace.create(self.source, self._properties(fields), [], actor)
            self._rest(page, fields, actor)
        except ApiError as error:
            raise ItemError(422, f"Notion refuses: {error.message}") from error
        return page.id

    def edit(self, external_id: str, fields: Mapping[str, Any]) -> None:
        """Edit a page. Raises `ItemError`."""
        page, actor = self._page(external_id), self._actor(fields)
        try:
            if fields.get("in_trash") is False:
                self._workspace.set_in_trash(page, False, actor)
            self._workspace.set_properties(page, self._properties(fields), actor)
            self._rest(page, fields, actor)
        except ApiError as error:
            raise ItemError(422, f"Notion refuses: {error.message}") from error

    def delete(self, external_id: str) -> None:
        """Delete a page for good."""
        page = self._page(external_id)
        page.in_trash = page.purged = True

    def _rest(self, page: Page, fields: Mapping[str, Any], actor: User) -> None:
        if "description" in fields:
            self._workspace.erase(page, actor)
            for batch in in_batches(blocks_of(str(fields["description"] or "")), 100):
                self._workspace.append(page, None, batch, None, False, actor)
        if "comment" in fields:
            self._workspace.comment(page, rich_text(str(fields["comment"])), actor)
        if "shared" in fields:
            page.shared = bool(fields["shared"])
        if fields.get("in_trash"):
            self._workspace.set_in_trash(page, True, actor)

    def _page(self, external_id: str) -> Page:
        page = self._workspace.store.pages.get(external_id)
        if page is None or page.purged:
            raise ItemError(404, f"no page has the id {external_id}")
        return page

    def _actor(self, fields: Mapping[str, Any]) -> User:
        people = {one.email: one for one in self._workspace.store.people()}
        email = fields.get("as")
        if email is None:
            return next(iter(people.values()))
        if email not in people:
            raise ItemError(422, f"as: {email!r} is unknown; there are {', '.join(map(str, people))}")
        return people[email]

    def _properties(self, fields: Mapping[str, Any]) -> Json:
        unknown = sorted(set(fields) - _NAMED.keys() - _OTHER)
        if unknown:
            known = ", ".join(sorted(_NAMED.keys() | _OTHER))
            raise ItemError(422, f"a page has no field {unknown[0]!r}; there are {known}")
        given: Json = dict(fields.get("properties") or {})
        for name, value in fields.items():
            if name in _NAMED:
                given[_NAMED[name]] = self._sent(name, value)
        return given

    def _sent(self, name: str, value: Any) -> Json:
        prop = self.source.find(_NAMED[name])
        if prop is None:
            raise ItemError(422, f"{name}: there is no property {_NAMED[name]} any more")
        match prop.type:
            case "title":
                return {"title": _plain(str(value))}
            case "status" | "select":
                return {prop.type: None if value is None else {"name": value}}
            case "multi_select":
                return {"multi_select": [{"id": self._option(prop, str(one))} for one in value]}
            case "people":
                ids = {one.email: one.id for one in self._workspace.store.people()}
                return {"people": [{"id": ids.get(one, one)} for one in value]}
            case "relation":
                return {"relation": [{"id": one} for one in ([value] if isinstance(value, str) else value or [])]}
            case "date":
                return {"date": None if value is None else {"start": value}}
        return {prop.type: value}

    def _option(self, prop: Property, name: str) -> str:
        """An option; a comma ends a name where a person types it."""
        known = next((one for one in prop.options if one.name == name), None)
        return (known or add_option(self._workspace.store, prop, name)).id


def _plain(text: str) -> list[Json]:
    return [{"type": "text", "text": {"content": text[start : start + 1000]}} for start in range(0, len(text), 1000)]
