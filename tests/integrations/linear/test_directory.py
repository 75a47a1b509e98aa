"""Which id a name stands for."""

from __future__ import annotations

from typing import Any

import pytest

from worklake.errors import RefusedValueError
from worklake.integrations.linear.directory import Directory, read_directory


def a_page(**streams: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("teams", "states", "labels", "projects", "milestones", "cycles", "users")
    return {name: {"nodes": streams.get(name, [])} for name in names}


def a_directory(**streams: list[dict[str, Any]]) -> Directory:
    return read_directory([a_page(**streams)])


def a_state(identity: str, name: str, kind: str, position: float = 0, team: str = "eng") -> dict[str, Any]:
    return {"id": identity, "name": name, "type": kind, "position": position, "archivedAt": None, "team": {"id": team}}


def a_label(
    identity: str, name: str, team: str | None = "eng", *, group: bool = False, retired: bool = False
) -> dict[str, Any]:
    return {
        "id": identity,
        "name": name,
        "isGroup": group,
        "retiredAt": "2026-01-01T00:00:00.000Z" if retired else None,
        "team": team and {"id": team},
    }


def a_project(identity: str, name: str, *teams: str, more: bool = False) -> dict[str, Any]:
    shown = {"nodes": [{"id": team} for team in teams], "pageInfo": {"hasNextPage": more}}
    return {"id": identity, "name": name, "archivedAt": None, "trashed": None, "teams": shown}


def a_cycle(identity: str, number: int, name: str | None = None) -> dict[str, Any]:
    return {"id": identity, "number": number, "name": name, "team": {"id": "eng"}}


def test_a_status_is_the_state_with_the_usual_name_else_the_first_of_its_type() -> None:
    usual = a_directory(states=[a_state("1", "Blocked", "started", 1), a_state("2", "in progress", "started", 2)])
    assert usual.state("eng", "started") == "2"
    own = a_directory(states=[a_state("1", "Doing", "started", 2), a_state("2", "Planning", "started", 1)])
    assert own.state("eng", "started") == "2"


def test_a_status_is_never_the_state_for_duplicates_nor_another_teams() -> None:
    states = [a_state("1", "Duplicate", "duplicate"), a_state("2", "Canceled", "canceled", team="ops")]
    assert a_directory(states=states).state("eng", "canceled") is None
    assert a_directory(states=states).state("ops", "canceled") == "2"


def test_a_label_is_the_teams_own_before_the_workspaces_and_never_another_teams() -> None:
    labels = [a_label("1", "bug", None), a_label("2", "bug"), a_label("3", "chore", "ops")]
    assert a_directory(labels=labels).label("eng", "bug") == "2"
    assert a_directory(labels=labels).label("ops", "bug") == "1"
    assert a_directory(labels=labels).label("eng", "chore") is None


def test_the_same_letters_come_before_other_letters() -> None:
    labels = [a_label("1", "BUG"), a_label("2", "bug", None)]
    assert a_directory(labels=labels).label("eng", "bug") == "2"
    assert a_directory(labels=labels).label("eng", " Bug") == "1"


@pytest.mark.parametrize("unusable", [{"group": True}, {"retired": True}])
def test_a_label_that_no_issue_can_get_is_refused(unusable: dict[str, bool]) -> None:
    directory = a_directory(labels=[a_label("1", "old", **unusable)])
    with pytest.raises(RefusedValueError, match="old") as raised:
        directory.label("eng", "old")
    assert raised.value.fields == ("labels",)


def test_a_project_is_one_that_the_team_has_or_may_have() -> None:
    projects = [a_project("1", "Web", "ops"), a_project("2", "Web", "eng"), a_project("3", "App", "ops", more=True)]
    assert a_directory(projects=projects).project("eng", "Web") == "2"
    assert a_directory(projects=projects).project("eng", "App") == "3"
    assert a_directory(projects=projects).project("eng", "Nothing") is None


def test_a_project_is_known_by_nearly_its_name_where_no_other_is_called_so() -> None:
    directory = a_directory(projects=[a_project("1", "Data Platform", "eng"), a_project("2", "Dataplatform", "ops")])
    assert directory.project("eng", "data-platform") == "1"
    both = a_directory(projects=[a_project("1", "Data Platform", "eng"), a_project("2", "data platform", "eng")])
    assert both.project("eng", "data platform") == "2"
    with pytest.raises(RefusedValueError, match="2 projects named 'data-platform'"):
        both.project("eng", "data-platform")


def test_a_name_that_stands_for_two_projects_is_refused() -> None:
    directory = a_directory(projects=[a_project("1", "Web", "eng"), a_project("2", "Web", "eng")])
    with pytest.raises(RefusedValueError, match="2 projects named 'Web'") as raised:
        directory.project("eng", "Web")
    assert raised.value.fields == ("project",)


def test_a_cycle_is_known_by_its_name_or_number_the_latest_first() -> None:
    directory = a_directory(cycles=[a_cycle("1", 1, "Polish"), a_cycle("2", 2), a_cycle("3", 3, "Polish")])
    assert directory.cycle("eng", "Polish") == "3"
    assert directory.cycle("eng", "2") == "2"
    assert directory.cycle("eng", "1") is None


def test_what_is_archived_is_known_and_not_given_to_issues() -> None:
    archived = {"archivedAt": "2026-01-01T00:00:00.000Z"}
    directory = a_directory(
        projects=[a_project("1", "Web", "eng") | archived],
        states=[a_state("2", "Todo", "unstarted") | archived],
        milestones=[{"id": "3", "name": "Beta", "project": {"id": "1"}, **archived}],
    )
    assert directory.project("eng", "Web") is directory.state("eng", "unstarted") is None
    assert directory.milestone("1", "Beta") is None
    assert [directory.known(name) for name in ("project", "status", "milestone")] == [{"Web"}, {"unstarted"}, {"Beta"}]


def test_a_project_in_the_trash_does_not_count() -> None:
    trashed = a_project("1", "Web", "eng") | {"trashed": True}
    assert a_directory(projects=[trashed]).project("eng", "Web") is None


def test_the_pages_of_a_large_workspace_are_put_together() -> None:
    pages = [a_page(labels=[a_label("1", "one")]), a_page(labels=[a_label("2", "two")])]
    assert [read_directory(pages).label("eng", name) for name in ("one", "two")] == ["1", "2"]
