"""What exists in the workspaces of a source: they themselves by name or id, their statuses, projects and people."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from worklake.errors import AccessError, RefusedValueError
from worklake.integrations.base import Payload, Vocabulary
from worklake.integrations.motion.client import MotionClient
from worklake.integrations.motion.settings import MotionSettings
from worklake.integrations.motion.statuses import StatusNames
from worklake.integrations.names import called
from worklake.integrations.reading import objects


class Directory:
    """Asked for once in a run, and anew where it is told to forget."""

    def __init__(self, client: MotionClient, settings: MotionSettings, statuses: StatusNames) -> None:
        self._client, self._settings, self._statuses = client, settings, statuses
        self._workspaces: list[Payload] | None = None
        self._projects: dict[str, list[Payload]] = {}

    def forget(self) -> None:
        """Ask anew from here on."""
        self._workspaces = None
        self._projects.clear()

    def workspaces(self) -> list[Payload]:
        """All workspaces that the key sees."""
        if self._workspaces is None:
            self._workspaces = list(self._client.all("/v1/workspaces", "workspaces", {}))
        return self._workspaces

    def found(self) -> dict[str, Payload]:
        """Those of the settings that are there, by what the settings call them: an id, or else the only one's name."""
        found = {}
        for name in self._settings.workspaces:
            by_id = [one for one in self.workspaces() if one.get("id") == name]
            named = [one for one in self.workspaces() if str(one.get("name")).casefold() == name.casefold()]
            if by_id or len(named) == 1:
                found[name] = (by_id or named)[0]
        return found

    def workspace(self, name: str) -> Payload:
        """The workspace that the settings call so. Raises `AccessError`."""
        found = self.found().get(name)
        if found is None:
            raise self.hidden([name])
        return found

    def hidden(self, names: Sequence[str]) -> AccessError:
        """What to say of workspaces that do not show."""
        listed = ", ".join(map(repr, names))
        there = ", ".join(f"{one.get('name')!r} ({one.get('id')})" for one in self.workspaces())
        return AccessError(
            f"{self._client.source}: Motion shows this key no workspace {listed}, or several; it shows"
            f" {there or 'none'}. Correct `workspaces` in conf/sources.yml (an id names one of several), or have the"
            " key's owner added to the workspace."
        )

    def project_id(self, workspace: str, name: str) -> str:
        """The id of the only project of this name, or nearly this name, in a workspace, by its id. Raises
        `RefusedValueError`.
        """
        for _ in range(2):
            named = called(self._projects_of(workspace), name, lambda one: str(one["name"]))
            if named:
                break
            self._projects.pop(workspace, None)  # somebody may have made it meanwhile
        if len(named) != 1:
            found = f"{len(named)} projects named" if named else "no project"
            mend = "rename one of them" if named else "make it there, or give the task another one"
            raise RefusedValueError(f"the workspace has {found} {name!r}: {mend}", ("project",))
        return str(named[0].get("id"))

    def vocabulary(self, fields: AbstractSet[str]) -> Vocabulary:
        """Statuses that have a name in any workspace, projects and people; and names of the settings that no workspace
        has. Motion's usual names, which nobody wrote into the settings, may be missing.
        """
        known: dict[str, frozenset[str]] = {}
        missing: dict[str, tuple[str, ...]] = {}
        if not fields & {"status", "project", "assignees"}:
            return Vocabulary(known, missing)
        spaces = self.found()
        if len(spaces) < len(self._settings.workspaces):
            raise self.hidden([one for one in self._settings.workspaces if one not in spaces])
        ids = [str(one["id"]) for one in spaces.values()]
        if "status" in fields:
            words = [status for space in spaces.values() for status in objects(space, "statuses")]
            known["status"] = frozenset(self._statuses.meaning_of(one) for one in words)
            names = {one.get("name") for one in words}
            gone = tuple(name for name in self._settings.statuses if name not in names)
            if gone and "statuses" in self._settings.model_fields_set:
                missing["status"] = gone
        if "project" in fields:
            known["project"] = frozenset(str(one["name"]) for ws in ids for one in self._projects_of(ws))
        if "assignees" in fields:
            known["assignees"] = frozenset(str(one["id"]) for ws in ids for one in self.users(ws))
        return Vocabulary(known, missing)

    def users(self, workspace: str) -> list[Payload]:
        """The people of a workspace, by its id."""
        return [one for one in self._client.all("/v1/users", "users", {"workspaceId": workspace}) if "id" in one]

    def _projects_of(self, workspace: str) -> list[Payload]:
        if workspace not in self._projects:
            asked = self._client.all("/v1/projects", "projects", {"workspaceId": workspace})
            self._projects[workspace] = [one for one in asked if "name" in one]
        return self._projects[workspace]
