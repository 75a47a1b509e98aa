"""A payload that cannot be read is put aside with its reason; nothing else stops, and a newer one takes it up again."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.project import Project
from worklake.model.rows import Kind

LISTING = "/api/v4/projects/[^/]*/issues$"


def listed(project: Project) -> list[dict[str, Any]]:
    return [item["payload"] for item in project.items("gitlab")]


def serve(project: Project, *payloads: Any) -> None:
    """The next GitLab listing brings these payloads, whatever they are."""
    project.fault("gitlab", path=LISTING, status=200, body=list(payloads), times=1)


BROKEN: dict[str, dict[str, Any]] = {
    "a title of another type": {"title": 7},
    "no title": {"title": None},
    "a description of ten megabytes": {"description": "x" * 10_000_000},
    "an invalid date": {"due_date": "2026-13-45"},
    "an invalid time": {"updated_at": "yesterday"},
    "an unknown state": {"state": "limbo"},
    "labels of another type": {"labels": "bug"},
    "an assignee without an id": {"assignees": [{"username": "kim"}]},
    "an estimate of another type": {"time_stats": {"time_estimate": "3h"}},
}


@pytest.fixture
def working(project: Project) -> Iterator[Project]:
    project.pull("gitlab")
    yield project


def test_what_cannot_be_read_is_put_aside_and_the_rest_goes_on(working: Project) -> None:
    sound, *others = listed(working)
    broken = [other | damage | {"id": other["id"]} for other, damage in zip(others, BROKEN.values(), strict=False)]
    assert len(broken) == len(BROKEN)
    serve(working, *broken, sound | {"title": "Edited", "updated_at": "2031-01-01T00:00:00.000Z"})
    counts = working.pull("gitlab")["gitlab"]
    assert (counts["quarantined"], counts["error"]) == (len(BROKEN), None)
    assert working.rows("select title from {tasks} where title = 'Edited'")
    rows = {row["external_id"]: row for row in working.rows("select * from {quarantine}")}
    for other, name in zip(others, BROKEN, strict=False):
        row = rows[str(other["id"])]
        assert row["kind"] == Kind.TASK and row["reason"], name
        assert str(other["id"]) in row["payload"]
    kept = working.rows("select count(*) as n from {tasks}")[0]["n"]
    assert kept == len(listed(working))


def test_payloads_without_a_usable_id_are_put_aside(working: Project) -> None:
    one, two, three, *_ = listed(working)
    without = {name: value for name, value in one.items() if name != "id"}
    nameless = (without, two | {"id": None}, three | {"id": {"a": 1}})
    serve(working, *nameless)
    assert working.pull("gitlab")["gitlab"]["quarantined"] == 3
    before = working.versions()
    serve(working, *nameless)
    assert working.pull("gitlab")["gitlab"]["quarantined"] == 0
    assert working.versions() == before


def test_a_listing_that_holds_no_objects_is_the_sources_failure_and_is_told(working: Project) -> None:
    serve(working, "what?", 7, None)
    counts = working.pull("gitlab")["gitlab"]
    assert counts["error"] or counts["quarantined"]
    assert working.pull("gitlab")["gitlab"]["error"] is None


def test_an_answer_that_is_no_json_is_the_sources_failure_and_is_told(working: Project) -> None:
    working.fault("gitlab", path=LISTING, status=200, body="<html>maintenance</html>", times=1)
    counts = working.pull("gitlab")["gitlab"]
    assert counts["error"]
    assert working.pull("gitlab")["gitlab"]["error"] is None


def test_what_was_put_aside_is_shown_and_not_put_aside_twice(working: Project) -> None:
    broken = listed(working)[0] | {"state": "limbo", "updated_at": "2031-01-01T00:00:00.000Z"}
    serve(working, broken)
    ran = working.run("pull", "--source", "gitlab")
    assert ran.status == 1
    shown = working.run("status").document
    assert [row["external_id"] for row in shown["quarantine"]] == [str(broken["id"])]
    assert "limbo" in shown["quarantine"][0]["reason"]
    before = working.versions()
    serve(working, broken)
    assert working.pull("gitlab")["gitlab"]["quarantined"] == 0
    assert working.versions() == before


def test_a_newer_payload_takes_it_up_again(working: Project) -> None:
    item = listed(working)[0]
    serve(working, item | {"state": "limbo", "title": "Broken", "updated_at": "2031-01-01T00:00:00.000Z"})
    working.pull("gitlab")
    assert not working.rows("select 1 from {tasks} where title = 'Broken'")
    serve(working, item | {"title": "Mended", "updated_at": "2031-01-02T00:00:00.000Z"})
    working.pull("gitlab")
    assert working.rows("select 1 from {tasks} where title = 'Mended'")
    assert working.run("status").document["quarantine"] == []
    (row,) = working.rows("select resolved_at from {quarantine}")
    assert row["resolved_at"] is not None


def test_a_linear_state_of_an_unknown_type_is_put_aside(project: Project) -> None:
    project.pull("linear")
    issue = project.items("linear")[0]
    node = issue["payload"] | {"state": {"id": "x", "name": "Limbo", "type": "limbo"}}
    node |= {"updatedAt": "2031-01-01T00:00:00.000Z"}
    kinds = ("issues", "comments", "projects", "users", "projectMilestones", "issueRelations")
    empty = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    data = dict.fromkeys(kinds, empty) | {"issues": empty | {"nodes": [node]}}
    project.fault("linear", method="POST", path="/graphql", status=200, body={"data": data}, times=1)
    counts = project.pull("linear")["linear"]
    assert counts["quarantined"] + (counts["error"] is not None) >= 1
    assert project.rows("select count(*) as n from {tasks}")[0]["n"] == len(project.items("linear"))


NOTES = "/api/v4/projects/[^/]*/issues/{iid}/notes$"


def commented(project: Project, count: int) -> list[dict[str, Any]]:
    """Issues of one project that have comments, each edited just now."""
    found = [one for one in listed(project) if one["user_notes_count"]]
    chosen = [one for one in found if one["project_id"] == found[0]["project_id"]][:count]
    assert len(chosen) == count
    for one in chosen:
        project.edit("gitlab", str(one["id"]), title=f"Edited {one['iid']}")
    return chosen


def hide_notes(project: Project, *issues: dict[str, Any]) -> None:
    for one in issues:
        path = NOTES.format(iid=one["iid"])
        project.fault("gitlab", path=path, status=403, body={"message": "403 Forbidden"})


def open_rows(project: Project) -> list[dict[str, Any]]:
    return project.rows("select external_id, reason from {quarantine} where resolved_at is null")


def titles(project: Project) -> set[str]:
    return {row["title"] for row in project.rows("select title from {tasks}")}


def test_issue_whose_comments_cannot_be_read_waits_and_stops_nothing_else(working: Project) -> None:
    sound, broken = commented(working, 2)
    hide_notes(working, broken)
    counts = working.pull("gitlab")["gitlab"]
    assert (counts["changed"], counts["quarantined"]) == (1, 1)
    assert f"issue {broken['id']}" in counts["error"] and "put aside" in counts["error"]
    (row,) = open_rows(working)
    assert row["external_id"] == str(broken["id"]) and "403" in row["reason"]
    assert f"Edited {sound['iid']}" in titles(working) and f"Edited {broken['iid']}" not in titles(working)

    again = working.pull("gitlab")["gitlab"]
    assert (again["changed"], again["quarantined"]) == (0, 1) and "403" in again["error"]

    working.mend()
    mended = working.pull("gitlab")["gitlab"]
    assert (mended["changed"], mended["quarantined"], mended["error"]) == (1, 0, None)
    assert f"Edited {broken['iid']}" in titles(working) and open_rows(working) == []
    assert working.pull("gitlab")["gitlab"]["changed"] == 0


def test_newer_payload_of_an_issue_that_waits_takes_its_place(working: Project) -> None:
    (broken,) = commented(working, 1)
    hide_notes(working, broken)
    working.pull("gitlab")
    working.mend()
    working.edit("gitlab", str(broken["id"]), title="Newer")
    counts = working.pull("gitlab")["gitlab"]
    assert counts["error"] is None and open_rows(working) == []
    assert "Newer" in titles(working)


def test_many_issues_whose_comments_cannot_be_read_stop_the_source_and_none_is_lost(working: Project) -> None:
    broken = commented(working, 5)
    hide_notes(working, *broken)
    counts = working.pull("gitlab")["gitlab"]
    assert "403" in counts["error"] and open_rows(working) == []
    working.mend()
    assert working.pull("gitlab")["gitlab"]["error"] is None
    assert {f"Edited {one['iid']}" for one in broken} <= titles(working)
