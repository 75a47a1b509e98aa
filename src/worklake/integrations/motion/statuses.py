"""Statuses: Motion knows them by name, and every workspace has its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worklake.integrations.base import Payload
from worklake.integrations.reading import flag, objects, optional_object, text, unreadable
from worklake.model.fields import OPEN_STATUSES, FieldValue, Status

LONGEST_NAME = 1000

_NEAREST: Mapping[Status, Sequence[Status]] = {
    Status.TRIAGE: (Status.BACKLOG, Status.UNSTARTED),
    Status.BACKLOG: (Status.UNSTARTED,),
    Status.STARTED: (Status.UNSTARTED,),
    Status.CANCELED: (Status.COMPLETED,),
}
"""What stands for a status that no name means. There is always a name for unstarted and one for completed."""


class StatusNames:
    """What the names mean, and which name is written for a status."""

    def __init__(self, meanings: Mapping[str, Status]) -> None:
        self._meanings = dict(meanings)

    def of(self, payload: Payload) -> str:
        """What a task's status means. One that the settings do not name is completed where Motion has it resolved, and
        unstarted else.
        """
        status = optional_object(payload, "status")
        if status is None:
            unreadable("status", None, "an object with a name")
        return self.meaning_of(status)

    def meaning_of(self, status: Payload) -> str:
        """What a status of a workspace means."""
        known = self._meanings.get(text(status, "name", LONGEST_NAME))
        if known is not None:
            return known.value
        return (Status.COMPLETED if flag(status, "isResolvedStatus") else Status.UNSTARTED).value

    def fitted(self, status: FieldValue) -> str:
        """The status as Motion would show it: the nearest that a name means."""
        wanted = Status(str(status or Status.BACKLOG))
        meant = set(self._meanings.values())
        return next((one for one in (wanted, *_NEAREST.get(wanted, ())) if one in meant), wanted).value

    def name_for(self, status: FieldValue, workspace: Payload) -> str | None:
        """The name by which a workspace has this status; None where it has none. One that the settings do not name is
        taken only where no other one is there, the workspace's default before others.
        """
        there = objects(workspace, "statuses")
        names = {text(one, "name", LONGEST_NAME) for one in there}
        unnamed = [one for one in there if one["name"] not in self._meanings and self.meaning_of(one) == status]
        unnamed.sort(key=lambda one: not flag(one, "isDefaultStatus"))
        known = (name for name in self._named(status) if name in names)
        return next(known, unnamed[0]["name"] if unnamed else None)

    def put(self, payload: Payload, status: FieldValue) -> None:
        """Show a task with this status, by its workspace's name where that is known."""
        workspace = optional_object(payload, "workspace") or {}
        name = self.name_for(status, workspace) or next(iter(self._named(status)))
        known = (one for one in objects(workspace, "statuses") if one.get("name") == name)
        resolved = status == Status.COMPLETED
        shown = next(known, {"name": name, "isDefaultStatus": False, "isResolvedStatus": resolved})
        payload["status"] = dict(shown)
        payload["completed"] = shown.get("isResolvedStatus") is True
        payload["completedTime"] = (payload.get("completedTime") or payload.get("updatedTime")) if resolved else None

    def unnamed(self, workspace: Payload) -> list[str]:
        """The statuses of a workspace whose names the settings do not have."""
        names = [text(one, "name", LONGEST_NAME) for one in objects(workspace, "statuses")]
        return [name for name in names if name not in self._meanings]

    def lacking(self, workspace: Payload) -> list[str]:
        """What a task of this workspace cannot be given, because it has no status of such a name."""
        return [one.value for one in Status if one in self._meanings.values() and not self.name_for(one, workspace)]

    def without(self, names: Sequence[str]) -> StatusNames:
        """The meanings without these names."""
        return StatusNames({name: status for name, status in self._meanings.items() if name not in names})

    def _named(self, status: FieldValue) -> list[str]:
        return [name for name, meaning in self._meanings.items() if meaning.value == status]


def is_open(status: FieldValue) -> bool:
    """Whether a task of this status is still to be done."""
    return status in OPEN_STATUSES
