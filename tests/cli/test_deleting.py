"""Stories of items that people delete or archive in one tool, told from outside: two tools and the command line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

import worklake
from tests.support.project import Project, sandbox_project, worklake_command
from worklake.integrations.http import Http

pytest.importorskip("pysail", reason="the embedded engine is not installed")
# The stories share one sandbox: its start and first sync take the longest.
pytestmark = pytest.mark.xdist_group("deleting")

LATEST = "fields: {default: latest}\nbrake: {share: 0.5, at_least: 10}\n"
SWEPT_KEYS = ["requests", "listed", "missing", "deleted", "archived", "moved", "no_access", "back", "error"]
ROUTES = """rules:
  - {name: pairs, when: "title like 'Pair %'", to: [gitlab, linear]}
  - {name: gitlab, when: "title = 'Only in gitlab'", to: [linear]}
  - {name: linear, when: "title = 'Only in linear'", to: [gitlab]}
"""
_STORIES = 16
LISTS = r"/projects/[^/]+/issues$"


@dataclass(frozen=True)
class Twins:
    """A task that is an open item in both tools."""

    project: Project
    task_id: str
    gitlab: str
    linear: str

    def shown(self, provider: str) -> dict[str, Any] | None:
        """What a tool shows of its item now; None where it is deleted."""
        found = [i for i in self.project.items(provider) if i["external_id"] == getattr(self, provider)]
        return found[0]["payload"] if found else None

    def is_open(self, provider: str) -> bool:
        """Whether a tool shows it as still to be done."""
        payload = self.shown(provider)
        assert payload is not None
        return str(payload["state"]) == "opened" if provider == "gitlab" else not _is_over(payload)

    def delete(self, provider: str) -> None:
        """As a person would."""
        self.project._control("DELETE", provider, f"items/{getattr(self, provider)}")

    def in_linear(self, mutation: str) -> None:
        """As a person would, in Linear."""
        served = self.project.served["linear"]
        answer = requests.post(
            f"{served.base_url}/graphql",
            json={"query": f"mutation ($id: String!) {{ {mutation}(id: $id) {{ success }} }}",
                  "variables": {"id": self.linear}},
            headers={"Authorization": served.token},
            timeout=10,
        )  # fmt: skip
        assert "errors" not in answer.json(), answer.text

    def task(self) -> dict[str, Any]:
        """The canonical task."""
        tasks = self.project.run("tasks", "--where", f"task_id = '{self.task_id}'").document
        return dict(tasks[0])

    def states(self) -> dict[str, str]:
        """The state of each item's link."""
        return {link["source"]: link["state"] for link in self.task()["links"]}


def _is_over(payload: dict[str, Any]) -> bool:
    return payload["completedAt"] is not None or payload["canceledAt"] is not None


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with sandbox_project(tmp_path_factory.mktemp("deleting") / "project", "--tasks", "30") as made:
        made.settings("policy.yml", LATEST)
        made.settings("routing.yml", ROUTES)
        for number in range(_STORIES):
            made.create("gitlab", title=f"Pair {number}")
        made.run("sync")
        yield made


@pytest.fixture(scope="module")
def pairs(project: Project) -> Iterator[Twins]:
    """Open tasks that are in both tools, each for one story."""
    found = []
    for task in project.run("tasks", "--where", "title like 'Pair %'").document:
        links = {one["source"]: one["external_id"] for one in task["links"]}
        found.append(Twins(project, task["task_id"], links["gitlab"], links["linear"]))
    return iter(found)


@pytest.fixture
def twins(pairs: Iterator[Twins], monkeypatch: pytest.MonkeyPatch) -> Iterator[Twins]:
    """A task in both tools; nobody waits between two tries."""
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    one = next(pairs)
    sources = (one.project.folder / "conf" / "sources.yml").read_text(encoding="utf-8")
    yield one
    one.project.mend()
    one.project.settings("sources.yml", sources)
    one.project.settings("policy.yml", LATEST)
    one.project.settings("routing.yml", ROUTES)


def on_delete(project: Project, source: str, policy: str) -> None:
    """Set what a deletion in a source means."""
    text = (project.folder / "conf" / "sources.yml").read_text(encoding="utf-8")
    project.settings("sources.yml", text.replace(f"  {source}:\n", f"  {source}:\n    on_delete: {policy}\n"))


def at_rest(project: Project) -> None:
    assert project.run("sync").document["writes"] == []


def test_deleted_in_gitlab_is_closed_in_linear_and_undo_opens_it_again(twins: Twins) -> None:
    project = twins.project
    twins.delete("gitlab")
    at_rest(project)
    assert twins.is_open("linear")
    swept = project.run("sweep", "--source", "gitlab")
    assert (swept.status, list(swept.document)) == (0, ["run_id", "state", "sources", "items"])
    assert list(swept.document["sources"]["gitlab"]) == SWEPT_KEYS
    assert swept.document["sources"]["gitlab"]["deleted"] == 1
    (item,) = swept.document["items"]
    assert (item["task_id"], item["external_id"], item["found"]) == (twins.task_id, twins.gitlab, "deleted")
    plan = project.run("plan").document
    assert [(one["source"], one["external_id"], one["operation"]) for one in plan["steps"]] == [
        ("linear", twins.linear, "update")
    ]
    run = project.run("sync").document["run_id"]
    assert not twins.is_open("linear")
    assert twins.states() == {"gitlab": "deleted", "linear": "linked"}
    told = project.run("explain", twins.task_id).document["changes"]
    assert "deleted in gitlab, confirmed" in [one["reason"] for one in told if one["field"] == "status"]
    assert project.run("sweep").document["items"] == []
    assert project.run("maintain").status == 0
    assert project.run("undo", run, "--apply").status == 0
    assert twins.is_open("linear")
    held = project.run("sync")
    assert (held.status, held.document["writes"]) == (3, [])
    (conflict,) = project.run("conflicts").document
    project.run("conflicts", "settle", conflict["conflict_id"], "--take", "linear")
    at_rest(project)
    assert twins.is_open("linear")


def test_deleted_in_linear_is_closed_in_gitlab_without_a_sweep(twins: Twins) -> None:
    twins.delete("linear")
    assert twins.project.run("sync").status == 0
    assert not twins.is_open("gitlab")
    assert twins.task()["status"] == "canceled"
    at_rest(twins.project)


@pytest.mark.slow
def test_archived_in_linear_is_closed_in_gitlab_and_opened_again_when_it_is_back(twins: Twins) -> None:
    twins.in_linear("issueArchive")
    twins.project.run("sync")
    assert (twins.is_open("gitlab"), twins.states()["linear"]) == (False, "archived")
    at_rest(twins.project)
    twins.in_linear("issueUnarchive")
    twins.project.run("sync")
    assert twins.is_open("gitlab")
    at_rest(twins.project)


FAULTS = [
    {"path": LISTS, "status": 403},
    {"path": LISTS, "status": 404},
    {"path": LISTS, "status": 500},
    {"status": 401},
    {"path": LISTS, "status": 200, "body": []},
    {"path": LISTS, "drop": "before"},
]


def test_a_source_that_cannot_be_listed_to_its_end_closes_nothing_and_says_why(twins: Twins) -> None:
    project = twins.project
    twins.delete("gitlab")
    for fault in FAULTS:
        project.fault("gitlab", **fault)
        swept = project.run("sweep")
        assert swept.status == 1, fault
        assert swept.document["sources"]["gitlab"]["error"], fault
        assert swept.document["sources"]["linear"]["error"] is None
        assert [one for one in swept.document["items"] if one["task_id"] != twins.task_id] == [], fault
        project.mend()
    others = [one for one in project.run("plan").document["steps"] if one["task_id"] != twins.task_id]
    assert others == []
    project.run("sweep")
    project.run("sync")
    assert not twins.is_open("linear")


def test_the_brake_stops_what_follows_until_exactly_that_much_is_allowed(twins: Twins) -> None:
    project = twins.project
    project.settings("policy.yml", "brake: {share: 0.001, at_least: 1}\n")
    twins.delete("gitlab")
    project.run("sweep")
    stopped = project.run("sync")
    assert (stopped.status, stopped.document["error"]["type"]) == (3, "StoppedError")
    assert "close would hit 1 of" in stopped.document["error"]["message"]
    assert project.run("apply", "--allow", "2").status == 3
    assert twins.is_open("linear")
    assert project.run("apply", "--allow", "1").status == 0
    assert not twins.is_open("linear")


@pytest.mark.slow
def test_with_the_policy_nothing_a_deletion_is_only_told(twins: Twins) -> None:
    on_delete(twins.project, "gitlab", "nothing")
    twins.delete("gitlab")
    assert twins.project.run("sweep").document["sources"]["gitlab"]["deleted"] == 1
    at_rest(twins.project)
    assert twins.is_open("linear")
    assert twins.states()["gitlab"] == "deleted"
    told = twins.project.run("explain", twins.task_id).document["changes"]
    assert any("nothing follows" in one["reason"] for one in told)


@pytest.mark.slow
def test_with_the_policy_delete_a_deletion_deletes_and_undo_brings_back_what_linear_keeps(twins: Twins) -> None:
    project = twins.project
    on_delete(project, "gitlab", "delete")
    twins.delete("gitlab")
    project.run("sweep")
    run = project.run("sync").document["run_id"]
    assert twins.shown("linear") is None
    at_rest(project)
    assert project.run("undo", run, "--apply").status == 0
    assert twins.is_open("linear")
    (conflict,) = project.run("conflicts").document
    project.run("conflicts", "settle", conflict["conflict_id"], "--take", "linear")
    at_rest(project)
    assert twins.is_open("linear")


@pytest.mark.slow
def test_with_the_policy_archive_a_deletion_archives_in_linear(twins: Twins) -> None:
    on_delete(twins.project, "gitlab", "archive")
    twins.delete("gitlab")
    twins.project.run("sweep")
    twins.project.run("sync")
    assert (twins.task()["archived"], twins.states()["linear"]) == (True, "linked")
    at_rest(twins.project)
    assert twins.states()["linear"] == "archived"


@pytest.mark.slow
@pytest.mark.parametrize(("here", "there"), [("gitlab", "linear"), ("linear", "gitlab")])
def test_an_undone_creation_is_made_again_when_a_person_says_so(twins: Twins, here: str, there: str) -> None:
    project, title = twins.project, f"Only in {here}"
    project.create(here, title=title)
    run = project.run("sync").document["run_id"]
    assert title in _titles(project, there)
    assert project.run("maintain").status == 0
    undone = project.run("undo", run, "--apply").document["run_id"]
    assert title not in _titles(project, there)
    assert project.run("sync").document["writes"] == []
    (conflict,) = project.run("conflicts").document
    project.run("conflicts", "settle", conflict["conflict_id"], "--take", "worklake")
    project.run("sync")
    assert _titles(project, there).count(title) == 1
    at_rest(project)
    assert project.run("undo", undone).document["steps"] == []


@pytest.mark.slow
@pytest.mark.parametrize("everywhere", [[], ["--everywhere"]])
def test_an_undo_closes_what_its_token_may_not_delete(twins: Twins, everywhere: list[str]) -> None:
    project, title = twins.project, "Only in linear"
    others = {one["external_id"] for one in project.items("gitlab")}
    born = project.create("linear", title=title)
    run = project.run("sync").document["run_id"]
    project.fault("gitlab", method="DELETE", status=403)
    if everywhere:  # in two steps
        assert project.run("undo", run, *everywhere).status == 0
        ran = project.run("apply")
    else:
        ran = project.run("undo", run, "--apply")
        assert [one["operation"] for one in ran.document["steps"]] == ["close"]
    assert (ran.status, ran.document["applied"], ran.document["failed"]) == (0, 1, 0)
    assert "gitlab: 1 item may not be deleted with this token, and is closed instead" in ran.stderr
    made = [one["payload"] for one in project.items("gitlab") if one["external_id"] not in others]
    assert [one["state"] for one in made] == ["closed"]
    assert [one["field"] for one in project.run("conflicts").document] == ([] if everywhere else ["task"])
    at_rest(project)
    if not everywhere:
        settled = project.run("conflicts", "settle", "--run", ran.document["run_id"], "--take", "gitlab")
        assert settled.status == 0
        at_rest(project)
    made = [one["payload"] for one in project.items("gitlab") if one["external_id"] not in others]
    assert [one["state"] for one in made] == ["closed"]
    (item,) = [one for one in project.items("linear") if one["external_id"] == born]
    assert not _is_over(item["payload"])


def _titles(project: Project, provider: str) -> list[str]:
    return [item["payload"]["title"] for item in project.items(provider)]


@pytest.mark.slow
def test_a_source_that_is_taken_out_of_the_settings_leaves_everything_as_it_is(twins: Twins) -> None:
    project = twins.project
    text = (project.folder / "conf" / "sources.yml").read_text(encoding="utf-8")
    before = twins.task()
    gitlab, linear = text.index("  gitlab:\n"), text.index("  linear:\n")
    alone = text[:gitlab] + text[linear:] if gitlab < linear else text[:gitlab]
    project.settings("routing.yml", "rules: []\n")
    project.settings("sources.yml", alone)
    assert project.run("sweep").status == 0
    at_rest(project)
    assert twins.task() == before
    project.settings("sources.yml", text)
    project.settings("routing.yml", ROUTES)
    at_rest(project)
    assert twins.is_open("linear")


def test_people_read_what_a_sweep_found_and_scripts_get_the_same_document(twins: Twins) -> None:
    twins.delete("gitlab")
    folder = str(twins.project.folder)
    said = worklake_command("sweep", "--project", folder, "--no-progress")
    assert said.status == 0
    assert "1 deleted" in said.stdout
    assert "worklake plan" in said.stdout
    document = worklake.sweep(twins.project.folder)
    assert json.loads(document.model_dump_json())["sources"]["gitlab"]["missing"] == 0
