"""Stories of a quota that is short: what matters most is written first, and the rest waits and is said so."""

from collections.abc import Iterator

import pytest

from tests.support.project import Project, sandbox_project, worklake_command
from worklake.integrations.http import Http

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = pytest.mark.xdist_group("quotas")

SHARED = "rules: [{name: shared, when: \"title like 'Shared%'\", to: [linear]}]\n"


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    arguments = ("--tasks", "4", "--quota-scale", "0.016")
    with sandbox_project(tmp_path_factory.mktemp("quotas") / "project", *arguments) as made:
        made.settings("routing.yml", SHARED)
        yield made


def test_what_is_due_soonest_is_written_and_the_rest_waits_until_the_quota_is_whole_again(project: Project) -> None:
    days = [f"2031-01-{day:02}" for day in range(28, 0, -1)]
    for day in days:
        project.create("gitlab", title=f"Shared, due on {day}", due_date=day)
    ran = project.run("sync")
    document = ran.document
    assert ran.status == 1
    assert document["failed"] == 0
    written, waiting = document["applied"], document["waiting"]["linear"]
    assert 0 < written < len(days)
    assert written + waiting == len(days)
    there = sorted(one["payload"]["dueDate"] for one in project.items("linear") if "Shared" in one["payload"]["title"])
    assert there == sorted(days)[:written]
    again = project.run("plan")
    assert (again.document["steps"], again.document["waiting"]) == ([], {"linear": waiting})
    told = worklake_command("plan", "--project", str(project.folder), "--no-progress")
    assert f"linear: {waiting} steps wait" in told.stderr
    assert {one["status"] for one in project.requests_made("linear")} == {200}
