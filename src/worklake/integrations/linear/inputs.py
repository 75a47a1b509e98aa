"""From canonical fields to `IssueCreateInput` and `IssueUpdateInput`: names and values become ids and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from worklake.errors import RefusedValueError
from worklake.integrations.base import Payload
from worklake.integrations.linear.mapping import FIELD_LENSES, PRIORITIES, STATUS_OF_TYPE, marked_in
from worklake.integrations.linear.names import Names
from worklake.integrations.text import with_markers
from worklake.model.fields import FIELDS, Fields
from worklake.model.ids import CommentId, TaskId

Input = dict[str, Any]
"""An `IssueCreateInput` or `IssueUpdateInput`, or parts of one."""

APART = frozenset({"blocked_by", "archived"})
"""Fields that are no part of an issue's input: calls of their own set them."""


@dataclass(frozen=True, slots=True)
class IssueNow:
    """What must be known of an issue to write it: ids where its fields show names. A new issue has a team alone."""

    team: str
    state_type: str | None = None
    project: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    """Label ids by name."""
    blockers: Mapping[str, str] = field(default_factory=dict)
    """Relation ids by the id of the issue that blocks this one."""
    markers: tuple[TaskId | CommentId, ...] = ()
    """What Worklake's markers in the description name. They stay when it is rewritten."""


def issue_now(payload: Payload) -> IssueNow:
    """What a whole issue's payload tells."""
    return IssueNow(
        team=payload["team"]["id"],
        state_type=payload["state"]["type"],
        project=payload["project"] and payload["project"]["id"],
        labels={node["name"]: node["id"] for node in payload["labels"]["nodes"]},
        blockers={
            node["issue"]["id"]: node["id"] for node in payload["inverseRelations"]["nodes"] if node["type"] == "blocks"
        },
        markers=tuple(marked_in(payload["description"])),
    )


@dataclass(frozen=True, slots=True)
class Resolver:
    """Turns fields of one issue into its input. `label_id` gives the id of a team's label, also of a new one.

    Raises `RefusedValueError` that names the field for what cannot stand there.
    """

    names: Names
    label_id: Callable[[str, str], str]

    def create(self, fields: Fields, team: str) -> Input:
        """The input of a new issue of the team; what is empty is left out."""
        issue = IssueNow(team)
        given = {"teamId": team, **self._columns(fields, {}, issue)}
        labels, _ = moved("labels", fields, {}, ())
        if labels:
            given["labelIds"] = self._label_ids(team, labels)
        return {name: value for name, value in given.items() if value is not None}

    def update(self, fields: Fields, shown: Fields, issue: IssueNow) -> Input:
        """The input that sets these fields; null clears. Labels are added and removed one by one."""
        given = self._columns(fields, shown, issue)
        more, fewer = moved("labels", fields, shown, issue.labels)
        added = self._label_ids(issue.team, more)
        removed = [issue.labels[name] for name in fewer if name in issue.labels]
        given["addedLabelIds"] = added
        given["removedLabelIds"] = [one for one in removed if one not in added]  # the same label in other letters
        return {name: value for name, value in given.items() if value != []}

    def _label_ids(self, team: str, names: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(self.label_id(team, name) for name in names))

    def _columns(self, fields: Fields, shown: Fields, issue: IssueNow) -> Input:
        given: Input = {}
        for name in sorted(fields.keys() - APART - {"labels"}):
            if name not in FIELD_LENSES:
                raise RefusedValueError(f"an issue in Linear has no {name}", fields=(name,))
            empty = FIELDS[name].empty
            value = FIELD_LENSES[name].cut(fields[name], shown.get(name, empty))
            given |= self._column(name, value, issue, fields)
        return given

    def _column(self, name: str, value: Any, issue: IssueNow, fields: Fields) -> Input:
        match name:
            case "title" if not value.strip():
                raise RefusedValueError("an issue in Linear needs a title", fields=("title",))
            case "title":
                return {"title": value}
            case "description":
                return {"description": with_markers(value or "", issue.markers) or None}
            case "due_date":
                return {"dueDate": value}
            case "priority":
                return {"priority": PRIORITIES.index(value)}
            case "estimate_points":
                return {"estimate": None if value is None else round(value)}
            case "assignees":
                return {"assigneeId": value[0] if value else None}
            case "parent_id":
                return {"parentId": value}
            case "status":
                return self._state(value, issue)
            case "project":
                return {"projectId": None if value is None else self._project(value, issue.team)}
            case "milestone":
                return {"projectMilestoneId": None if value is None else self._milestone(value, issue, fields)}
            case "cycle":
                return {"cycleId": None if value is None else self._cycle(value, issue.team)}
        raise AssertionError(f"{name} is a field of the lens and has no place in an issue's input")

    def _state(self, status: str, issue: IssueNow) -> Input:
        if issue.state_type is not None and STATUS_OF_TYPE.get(issue.state_type) == status:
            return {}  # the state that it is in says so already, more finely than the status can
        found = self.names.find(lambda directory: directory.state(issue.team, status), "state", issue.team, status)
        return {"stateId": found or _absent("status", f"the team has no workflow state of the type {status}")}

    def _project(self, name: str, team: str) -> str:
        found = self.names.find(lambda directory: directory.project(team, name), "project", team, name)
        return found or _absent(
            "project", f"the team has no project {name!r} in Linear, or it is archived: make it there"
        )

    def _milestone(self, name: str, issue: IssueNow, fields: Fields) -> str:
        project = issue.project
        if "project" in fields:
            wanted = fields["project"]
            project = self._project(str(wanted), issue.team) if wanted else None
        if project is None:
            _absent("milestone", f"a milestone in Linear belongs to a project, and the issue has none: {name!r}")
        found = self.names.find(lambda directory: directory.milestone(project, name), "milestone", project, name)
        return found or _absent("milestone", f"the issue's project has no milestone {name!r} in Linear: make it there")

    def _cycle(self, name: str, team: str) -> str:
        found = self.names.find(lambda directory: directory.cycle(team, name), "cycle", team, name)
        return found or _absent("cycle", f"the team has no cycle {name!r} in Linear")


def moved(name: str, fields: Fields, shown: Fields, now: Iterable[str]) -> tuple[list[str], list[str]]:
    """What must be added to a set field and what taken out, so that what `shown` has (else `now`) becomes `fields`."""
    wanted = fields.get(name)
    if not isinstance(wanted, list):
        return [], []
    given = shown.get(name)
    held = set(given) if isinstance(given, list) else set(now)
    return sorted(set(wanted) - held), sorted(held - set(wanted))


def _absent(name: str, words: str) -> NoReturn:
    raise RefusedValueError(words, fields=(name,))
