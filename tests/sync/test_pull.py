"""Pull, over the providers' own protocols into real tables."""

import re
import shutil
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

import worklake
from tests.support.project import Project
from worklake.errors import LeaseHeldError, SettingsError


def test_every_item_becomes_a_task_or_part_of_one_and_none_comes_twice(pulled: Project) -> None:
    for provider in ("gitlab", "linear"):
        expected = sorted(item["external_id"] for item in pulled.items(provider))
        links = pulled.rows(f"select external_id from {{links}} where source = '{provider}' and kind = 'task'")
        assert sorted(link["external_id"] for link in links) == expected
    tasks = pulled.rows("select task_id from {tasks}")
    linked = pulled.rows("select distinct task_id from {links} where kind = 'task'")
    assert sorted(row["task_id"] for row in tasks) == sorted(row["task_id"] for row in linked)


def test_fields_arrive_as_the_provider_shows_them(pulled: Project) -> None:
    shown = {item["external_id"]: item["payload"] for item in pulled.items("gitlab")}
    for row in pulled.rows(
        "select l.external_id, t.* from {tasks} t join {links} l on t.task_id = l.task_id"
        " where l.source = 'gitlab' and l.kind = 'task' and l.is_primary"
    ):
        payload = shown[row["external_id"]]
        assert row["title"] == payload["title"]
        assert (row["description"] or "") == (payload["description"] or "").replace("\r\n", "\n")
        assert (row["due_date"].isoformat() if row["due_date"] else None) == payload["due_date"]
        assert len(row["assignees"]) == len(payload["assignees"])
        assert row["confidential"] == payload["confidential"]
        assert (row["status"] in ("completed", "canceled")) == (payload["state"] == "closed")


def test_people_are_the_same_across_tools(pulled: Project) -> None:
    people = pulled.rows("select person_id, count(distinct source) as sources from {people} group by person_id")
    assert all("@team.example" in person["person_id"] for person in people)
    assert any(person["sources"] == 2 for person in people)


def test_items_that_point_at_each_other_are_one_task(pulled: Project) -> None:
    both = pulled.rows(
        "select task_id, count(distinct source) as sources, max(linked_by) as linked_by from {links}"
        " where kind = 'task' group by task_id having count(distinct source) > 1"
    )
    assert both
    assert all(row["sources"] == 2 for row in both)


def test_a_pull_that_finds_nothing_commits_nothing_and_asks_the_least(pulled: Project) -> None:
    pulled.pull()
    before, asked = pulled.versions(), {name: len(pulled.requests_made(name)) for name in pulled.served}
    counts = pulled.pull()
    assert pulled.versions() == before
    assert {name: (one["new"], one["changed"]) for name, one in counts.items()} == {"gitlab": (0, 0), "linear": (0, 0)}
    made = {name: len(pulled.requests_made(name)) - asked[name] for name in pulled.served}
    projects = pulled.rows("select count(*) as n from {projects} where source = 'gitlab'")[0]["n"]
    assert made == {"gitlab": 3 * projects, "linear": 1}, "issues, merge requests and the newest commit of each project"


def test_an_edit_comes_through_as_exactly_that_change(project: Project) -> None:
    project.pull()
    item = next(item for item in project.items("gitlab") if item["payload"]["state"] == "opened")
    project.edit("gitlab", item["external_id"], title="Another title", due_date="2031-02-03")
    issue = project.items("linear")[0]
    project.edit("linear", issue["external_id"], priority=1 if issue["payload"]["priority"] != 1 else 2)
    before = {row["change_id"] for row in project.rows("select change_id from {changes}")}
    counts = project.pull()
    assert (counts["gitlab"]["changed"], counts["linear"]["changed"]) == (1, 1)
    changes = project.rows("select * from {changes} where field <> 'comment'")
    fresh = [change for change in changes if change["change_id"] not in before]
    assert sorted((change["source"], change["field"]) for change in fresh) == [
        ("gitlab", "due_date"),
        ("gitlab", "title"),
        ("linear", "priority"),
    ]
    assert next(c["new"] for c in fresh if c["field"] == "due_date") == '"2031-02-03"'


def test_a_new_item_and_a_new_comment_come_through(project: Project) -> None:
    project.pull()
    external_id = project.create("linear", title="Brand new", team="ENG")
    counts = project.pull()
    assert (counts["linear"]["new"], counts["gitlab"]["new"]) == (1, 0)
    assert worklake.explain(external_id, project.folder).title == "Brand new"


def test_only_the_named_source_is_pulled(project: Project) -> None:
    assert set(project.pull("linear")) == {"linear"}
    assert project.requests_made("gitlab") == []
    with pytest.raises(SettingsError, match="there is no source 'jira'; the sources in"):
        project.pull("jira")


def test_a_source_that_fails_does_not_stop_the_others_and_is_taken_up_again(project: Project) -> None:
    project.fault("gitlab", path="/api/v4/projects/.*/issues", status=500)
    first = project.run("pull")
    assert first.status == 1
    assert "500" in first.document["sources"]["gitlab"]["error"]
    assert first.document["sources"]["linear"]["new"] > 0
    project.mend()
    second = project.run("pull")
    assert second.status == 0
    assert second.document["sources"]["gitlab"]["new"] == len(project.items("gitlab"))


def test_a_token_that_is_not_accepted_is_told_with_its_mend_and_never_shown(project: Project) -> None:
    (project.folder / "secrets" / "linear").write_text("lin_api_wrong0123456789")
    ran = project.run("pull")
    assert ran.status == 1
    assert "token" in ran.document["sources"]["linear"]["error"]
    assert "wrong0123456789" not in ran.stdout + ran.stderr
    assert ran.document["sources"]["gitlab"]["error"] is None


def test_a_missing_secret_is_that_sources_failure_alone(project: Project) -> None:
    (project.folder / "secrets" / "linear").unlink()
    ran = project.run("pull")
    assert (ran.status, ran.document["state"]) == (1, "partial")
    error = ran.document["sources"]["linear"]["error"]
    assert error.startswith("linear: token file:secrets/linear: the secret file")
    assert error.endswith("write the token into it")
    assert project.requests_made("linear") == []
    assert ran.document["sources"]["gitlab"]["new"] > 0
    standing = {one["source"]: one for one in project.run("status").document["sources"]}
    assert (standing["linear"]["last_pulled_at"], standing["linear"]["last_error"]) == (None, error)


def test_where_no_secret_is_found_each_is_told_before_anything_is_touched(project: Project) -> None:
    for name in project.served:
        (project.folder / "secrets" / name).unlink()
    ran = project.run("pull")
    assert ran.status == 2
    assert all(f"{name}: token file:secrets/{name}: " in ran.document["error"]["message"] for name in project.served)
    assert not project.lake.exists()


def test_when_nothing_of_any_source_may_be_read_nothing_was_touched(project: Project) -> None:
    sources = (project.folder / "conf" / "sources.yml").read_text()
    gone = re.sub(r"(projects|teams):\n(\s*- .*\n)+", r"\1: [no/where]\n", sources).replace(
        "teams: [no/where]", "teams: [NOPE]"
    )
    project.settings("sources.yml", gone)
    ran = project.run("pull")
    assert (ran.status, ran.document["state"]) == (2, "failed")
    assert all(one["error_kind"] == "AccessError" for one in ran.document["sources"].values())


def test_a_source_that_was_read_in_part_shows_when_and_what_was_not(project: Project) -> None:
    sources = (project.folder / "conf" / "sources.yml").read_text()
    project.settings("sources.yml", re.sub(r"projects:\n", "projects:\n    - no/where\n", sources))
    ran = project.run("pull", "--source", "gitlab")
    assert (ran.status, ran.document["state"]) == (1, "partial")
    document = project.run("status").document
    assert document["last_run"]["state"] == "partial"
    gitlab = next(one for one in document["sources"] if one["source"] == "gitlab")
    assert gitlab["last_pulled_at"]
    assert "no/where" in gitlab["last_error"]


def test_an_empty_listing_takes_nothing_away(project: Project) -> None:
    project.pull()
    tasks = project.rows("select count(*) as n from {tasks}")
    project.fault("gitlab", path="/api/v4/projects/.*/issues", status=200, body=[])
    project.pull()
    assert project.rows("select count(*) as n from {tasks}") == tasks
    states = Counter(row["state"] for row in project.rows("select state from {links} where source = 'gitlab'"))
    assert set(states) <= {"linked", "archived"}


def test_a_source_taken_out_of_the_settings_leaves_its_tasks_alone(project: Project) -> None:
    project.pull()
    before = project.rows("select * from {tasks} order by task_id")
    sources = (project.folder / "conf" / "sources.yml").read_text()
    project.settings("sources.yml", sources[: sources.index("linear:")].rstrip() + "\n")
    project.pull()
    assert project.rows("select * from {tasks} order by task_id") == before


def test_a_change_of_the_mapping_is_read_into_what_is_already_there(project: Project) -> None:
    project.pull()
    item = project.items("gitlab")[0]
    project.edit("gitlab", item["external_id"], labels="in the works,extra", state_event="reopen")
    project.pull()
    sources = (project.folder / "conf" / "sources.yml").read_text()
    project.settings(
        "sources.yml", sources.replace("    status_labels:", "    status_labels:\n      in the works: started")
    )
    assert project.pull()["gitlab"]["changed"] == 0
    told = worklake.explain(item["external_id"], project.folder).changes
    assert ("status", "started") in [(change.field, change.new) for change in told]
    assert project.rows("select labels from {tasks} where array_contains(labels, 'extra')")[0]["labels"] == ["extra"]
    before = project.versions()
    project.pull()
    assert project.versions() == before


def test_one_run_holds_the_lake_and_a_second_says_who(project: Project) -> None:
    project.pull()
    with worklake.connect(project.folder) as lake, lake.lease("somebody else", "pull"):
        with pytest.raises(LeaseHeldError, match="somebody else"):
            project.pull()
        assert project.run("pull").status == 2


def test_no_secret_reaches_the_lake(pulled: Project) -> None:
    tokens = [served.token.encode() for served in pulled.served.values()]
    files = [path for path in Path(pulled.lake).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files for token in tokens if token in path.read_bytes()]
    calls = pulled.rows("select endpoint from {calls}")
    assert calls and not any(token.decode() in call["endpoint"] for call in calls for token in tokens)


def test_every_call_and_every_run_is_in_the_lake_sooner_or_later(project: Project) -> None:
    project.pull()
    project.pull()
    item = project.items("linear")[0]
    project.edit("linear", item["external_id"], title="Edited")
    project.pull()
    assert [row["state"] for row in project.rows("select state from {runs}")] == ["done"] * 3
    made = {name: len(project.requests_made(name)) for name in project.served}
    calls = project.rows("select source, count(*) as n from {calls} group by source")
    assert {row["source"]: row["n"] for row in calls} == made


def test_comments_that_could_not_be_read_come_with_the_next_pull(project: Project) -> None:
    commented = sum(item["payload"]["user_notes_count"] > 0 for item in project.items("gitlab"))
    assert commented > 1
    project.fault("gitlab", path="/api/v4/projects/[^/]*/issues/[^/]*/notes", status=403, times=commented - 1)
    assert project.pull("gitlab")["gitlab"]["error"]
    project.mend()
    assert project.pull("gitlab")["gitlab"]["error"] is None
    notes = sum(item["payload"]["user_notes_count"] for item in project.items("gitlab"))
    assert project.rows("select count(*) as n from {comments}")[0]["n"] == notes


def test_pulling_the_sources_one_by_one_links_the_same_items_as_pulling_them_together(
    pulled: Project, tmp_path: Path
) -> None:
    single = Project(tmp_path / "single", pulled.served)
    for name in ("conf", "secrets"):
        shutil.copytree(pulled.folder / name, single.folder / name)
    single.pull("gitlab")
    single.pull("linear")
    query = "select source, external_id, task_id, linked_by from {links} where kind = 'task' order by 1, 2"
    together = pulled.rows(query)
    assert single.rows(query) == together
    assert "mention" in [row["linked_by"] for row in together]


def test_when_no_source_takes_its_token_nothing_was_touched(project: Project) -> None:
    for name in project.served:
        (project.folder / "secrets" / name).write_text("glpat-wrong")
    assert project.run("pull").status == 2


def test_a_lake_that_cannot_be_written_is_told_before_anything_is_asked(project: Project) -> None:
    project.lake.write_text("a file where the lake should be")
    ran = project.run("pull")
    assert ran.status == 2
    assert "cannot be written" in ran.document["error"]["message"]
    assert project.requests_made("gitlab") == []


def test_people_are_read_before_the_tasks_that_name_them_when_the_mapping_changes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("worklake.sync.pull"), "COMMIT_ROWS", 10)
    monkeypatch.setattr(import_module("worklake.sync.pending"), "CHUNK_ROWS", 10)
    project.pull("gitlab")
    issue = next(item["payload"] for item in project.items("gitlab") if item["payload"]["assignees"])
    person = issue["assignees"][0] | {"name": "Known by a newer record"}
    newer = issue | {"assignees": [person], "updated_at": "2031-01-01T00:00:00.000Z"}
    project.fault("gitlab", path="/api/v4/projects/[^/]*/issues$", status=200, body=[newer], times=1)
    project.pull("gitlab")
    project.settings("people.yml", f"people: [{{name: Somebody else, gitlab: {person['username']}}}]\n")
    project.pull("gitlab")
    named = {one for row in project.rows("select assignees from {tasks}") for one in row["assignees"]}
    assert "Somebody else" in named
    assert named <= {row["person_id"] for row in project.rows("select person_id from {people}")}
