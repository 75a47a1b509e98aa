"""What names exist in a Linear workspace, and the ids behind them: an issue is written with ids alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from worklake.errors import RefusedValueError
from worklake.integrations.base import Payload
from worklake.integrations.linear.mapping import STATE_NAMES, STATUS_OF_TYPE
from worklake.integrations.names import called

Row = TypeVar("Row")

NAMED_FIELDS = frozenset({"status", "assignees", "project", "milestone", "cycle"})
"""The fields that take nothing but what exists there. A label that does not exist is made."""


class State(NamedTuple):
    """A workflow state. `type` is Linear's."""

    id: str
    live: bool
    name: str
    type: str
    position: float
    team: str


class Label(NamedTuple):
    """A label of a team, or of the workspace (`team` is None). `usable` says whether an issue can get it."""

    id: str
    name: str
    team: str | None
    usable: bool


class Project(NamedTuple):
    """A project. `teams` are those of our teams that it is known to belong to, None where it has too many to tell."""

    id: str
    live: bool
    name: str
    teams: frozenset[str] | None


class Milestone(NamedTuple):
    """A milestone of one project."""

    id: str
    live: bool
    name: str
    project: str


class Cycle(NamedTuple):
    """A cycle of one team, known by its name, or by its number where it has none."""

    id: str
    name: str
    number: float
    team: str


@dataclass(frozen=True, slots=True)
class Directory:
    """The names that exist, as of one moment. A lookup gives None for a name that no issue can be given.

    Archived projects, milestones and states (not `live`) still show on issues, and cannot be written.

    Names are matched letter by letter first, then without regard to case and outer spaces, as Linear itself compares
    the names of labels. Raises `RefusedValueError` where a name exists and cannot be used, or stands for several.
    """

    teams: Mapping[str, str]
    """Team ids by key."""
    states: Sequence[State]
    labels: Sequence[Label]
    projects: Sequence[Project]
    milestones: Sequence[Milestone]
    cycles: Sequence[Cycle]
    accounts: frozenset[str]

    def state(self, team: str, status: str) -> str | None:
        """The team's state for a canonical status: of its type, by the usual name if it is there, else the first.

        Never the state for duplicates, which says of which issue it is one.
        """
        fitting = [
            one
            for one in self.states
            if one.live and one.team == team and one.type != "duplicate" and STATUS_OF_TYPE.get(one.type) == status
        ]
        usual = STATE_NAMES[status].casefold()
        ranked = sorted(fitting, key=lambda one: (one.name.casefold() != usual, one.position, one.id))
        return ranked[0].id if ranked else None

    def label(self, team: str, name: str) -> str | None:
        """The label of that name that an issue of the team can have: the team's own before the workspace's."""
        reachable = [one for one in self.labels if one.team in (None, team)]
        named = _named(reachable, name, lambda one: one.name)
        usable = sorted((one for one in named if one.usable), key=lambda one: (one.team is None, one.id))
        if named and not usable:
            raise RefusedValueError(
                f"the label {name!r} is retired in Linear, or is a group of labels: it cannot be put on an issue",
                fields=("labels",),
            )
        return usable[0].id if usable else None

    def project(self, team: str, name: str) -> str | None:
        """The team's project of that name, or of nearly that name where no other is called so."""
        reachable = [one for one in self.projects if one.live and (one.teams is None or team in one.teams)]
        return _only(called(reachable, name, lambda one: one.name), "project", name)

    def milestone(self, project: str, name: str) -> str | None:
        """The project's milestone of that name."""
        reachable = [one for one in self.milestones if one.live and one.project == project]
        return _only(_named(reachable, name, lambda one: one.name), "milestone", name)

    def cycle(self, team: str, name: str) -> str | None:
        """The team's cycle of that name or number; the latest where several have it."""
        reachable = [one for one in self.cycles if one.team == team]
        named = _named(reachable, name, lambda one: one.name)
        return max(named, key=lambda one: one.number).id if named else None

    def known(self, field: str) -> frozenset[str]:
        """The values that a view can show of one of `NAMED_FIELDS`."""
        match field:
            case "status":
                return frozenset(STATUS_OF_TYPE[one.type] for one in self.states if one.type in STATUS_OF_TYPE)
            case "assignees":
                return self.accounts
            case "project":
                return frozenset(one.name for one in self.projects)
            case "milestone":
                return frozenset(one.name for one in self.milestones)
            case "cycle":
                return frozenset(one.name for one in self.cycles)
        raise ValueError(f"{field} takes more than what exists")


def read_directory(pages: Sequence[Payload]) -> Directory:
    """The directory out of the answers to `lookups.NAMES`."""

    def rows(stream: str) -> Iterable[Payload]:
        return (node for page in pages for node in page[stream]["nodes"])

    return Directory(
        teams={node["key"]: node["id"] for node in pages[0]["teams"]["nodes"]},
        states=[
            State(node["id"], _live(node), node["name"], node["type"], node["position"], node["team"]["id"])
            for node in rows("states")
        ],
        labels=[
            Label(
                node["id"],
                node["name"],
                node["team"] and node["team"]["id"],
                not node["isGroup"] and node["retiredAt"] is None,
            )
            for node in rows("labels")
        ],
        projects=[
            Project(node["id"], _live(node), node["name"], _teams(node))
            for node in rows("projects")
            if not node["trashed"]
        ],
        milestones=[
            Milestone(node["id"], _live(node), node["name"], node["project"]["id"]) for node in rows("milestones")
        ],
        cycles=[
            Cycle(node["id"], node["name"] or f"{node['number']:g}", node["number"], node["team"]["id"])
            for node in rows("cycles")
        ],
        accounts=frozenset(node["id"] for node in rows("users")),
    )


def _live(row: Payload) -> bool:
    return row["archivedAt"] is None


def _teams(project: Payload) -> frozenset[str] | None:
    if project["teams"]["pageInfo"]["hasNextPage"]:
        return None
    return frozenset(node["id"] for node in project["teams"]["nodes"])


def _named(rows: Iterable[Row], name: str, name_of: Callable[[Row], str]) -> list[Row]:
    loosely = [row for row in rows if name_of(row).strip().casefold() == name.strip().casefold()]
    return [row for row in loosely if name_of(row) == name] or loosely


def _only(named: Sequence[Project] | Sequence[Milestone], field: str, name: str) -> str | None:
    if len(named) > 1:
        raise RefusedValueError(
            f"Linear has {len(named)} {field}s named {name!r}: rename one, so that it is clear which is meant",
            fields=(field,),
        )
    return named[0].id if named else None
