"""What became of issues that no listing shows: GitLab says 404 both of what is deleted and of what is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from worklake.errors import AccessError, NotFoundError
from worklake.integrations.base import Found, Item, LastSeen, Payload, Where
from worklake.integrations.gitlab.client import GitLabClient, project_path

_SEES_CONFIDENTIAL = 15
"""The least role that sees the confidential issues of others: Planner."""


class Whereabouts:
    """Looks at the projects that issues were in. Each is asked for once in a sweep."""

    def __init__(self, client: GitLabClient, source: str, projects: Sequence[str], server: str) -> None:
        self._client, self._source, self._projects, self._server = client, source, projects, server
        self._known: dict[str, Payload | None] = {}

    def forget(self) -> None:
        """Ask anew from here on: what could be read a moment ago may be hidden now."""
        self._known.clear()

    def outside(self, item: Item) -> str | None:
        """In which project an issue is that is in none of the settings' projects, under whatever name."""
        project, path = item.payload.get("project_id"), _path_of(item)
        if self._names(str(project)) or self._names(path):
            return None
        if self._is_of_the_settings(project):
            return None
        return f"it is in the project {path}, which the settings do not name"

    def place_of(self, item: Item) -> tuple[Where, Item, str]:
        """Whether an issue is in one of the projects of the settings, and has not been moved out of it."""
        outside = self.outside(item)
        if outside is not None:
            return Where.MOVED, item, outside
        target = item.payload.get("moved_to_id")
        if target is not None:
            return Where.MOVED, item, f"it was moved, and is now the issue with the id {target}"
        return Where.THERE, item, ""

    def gone(self, one: LastSeen, why: str) -> Found:
        """Deleted, where the project that the issue was in can be read and would show it."""
        path = self._path_in(one.key)
        if path is not None and not self._names(path) and self._is_another(path):
            why = f"it was in the project {path}, which the settings do not name"
            return Found(one.external_id, Where.NO_ACCESS, None, f"{self._source}: {why}")
        for project in [path] if path is not None else self._projects:
            reason = self._hides(project, confidential=bool(one.fields.get("confidential")))
            if reason is not None:
                return Found(one.external_id, Where.NO_ACCESS, None, f"{self._source}: {reason}")
        return Found(one.external_id, Where.DELETED, None, why)

    def _names(self, project: str) -> bool:
        return project.lower() in {one.lower() for one in self._projects}

    def _is_another(self, path: str) -> bool:
        """Whether the project that has this path, or had it, can be read and is none of the settings'."""
        found = self._project(path)
        return found is not None and not self._is_of_the_settings(found.get("id"))

    def _is_of_the_settings(self, project: Any) -> bool:
        """Whether a project of the settings, under whatever name, has this id."""
        named = (self._project(one) for one in self._projects)
        return any(one is not None and one.get("id") == project for one in named)

    def covers(self, key: str) -> bool:
        """Whether a key tells by itself that its issue is in one of the settings' projects."""
        path = self._path_in(key)
        return path is not None and self._names(path)

    def _path_in(self, key: str | None) -> str | None:
        if key is None or not key.startswith(f"{self._server}/"):
            return None
        return key[len(self._server) + 1 :].rpartition("#")[0] or None

    def _hides(self, project: str, *, confidential: bool) -> str | None:
        """Why this project may hide an issue that is there; None where it would show it."""
        found = self._project(project)
        if found is None:
            return f"the project {project} cannot be read, so nobody can tell"
        if found.get("issues_access_level") == "disabled" or found.get("issues_enabled") is False:
            return f"the project {project} has its issues switched off"
        if confidential and _role(found) < _SEES_CONFIDENTIAL:
            return f"the issue was confidential, and this token sees no such issues in {project}"
        return None

    def _project(self, path: str) -> Payload | None:
        if path not in self._known:
            try:
                self._known[path] = self._client.get(project_path(path))
            except (AccessError, NotFoundError):
                self._known[path] = None
        return self._known[path]


def _role(project: Payload) -> int:
    """The role of the token's account in a project; 0 where GitLab does not tell."""
    permissions = project.get("permissions")
    told: list[Any] = list(permissions.values()) if isinstance(permissions, dict) else []
    levels = [one.get("access_level") for one in told if isinstance(one, dict)]
    return max((level for level in levels if isinstance(level, int)), default=0)


def _path_of(item: Item) -> str:
    references = item.payload.get("references")
    full = references.get("full") if isinstance(references, dict) else None
    return str(full).rpartition("#")[0] if full else str(item.payload.get("project_id"))
