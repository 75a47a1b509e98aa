"""Stories of a tool that tells nothing of its quota: requests are paced, a plan takes what a run may ask, and says how
long all of it takes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from ruamel.yaml import YAML

from tests.support.project import Project, sandbox_project, worklake_command
from worklake.integrations.http import Http

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = pytest.mark.xdist_group("paced")

SHARED = "rules: [{name: shared, when: \"title like 'Shared%'\", to: [motion]}]\n"
ISSUES, A_RUN = 28, 22


class Time:
    """A clock that moves on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    time = Time()
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", time.sleep)
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "clock", time)
    folder = tmp_path_factory.mktemp("paced") / "project"
    arguments = ("--providers", "gitlab,motion", "--tasks", "4", "--quota-scale", "1000")
    with sandbox_project(folder, *arguments) as made:
        yaml = YAML()
        sources = yaml.load((folder / "conf" / "sources.yml").read_text())
        sources["sources"]["motion"] |= {"requests_per_minute": 11, "run_minutes": 2}
        with (folder / "conf" / "sources.yml").open("w") as file:
            yaml.dump(sources, file)
        made.settings("routing.yml", SHARED)
        yield made


def test_backlog_is_spread_over_runs_and_the_plan_says_how_long_all_of_it_takes(project: Project) -> None:
    for number in range(ISSUES):
        project.create("gitlab", title=f"Shared {number}")
    planned = project.run("plan").document
    steps, waiting = len(planned["steps"]), planned["waiting"]["motion"]
    assert steps + waiting == ISSUES and 0 < steps <= A_RUN
    minutes = -(-(steps + 2 * waiting) // 11)
    assert planned["takes_minutes"] == {"motion": minutes}
    told = worklake_command("plan", "--project", str(project.folder), "--no-progress").stderr
    assert f"motion: all of this takes about {minutes} min at its quota" in told
    runs = 0
    while True:
        before = len(project.requests_made("motion"))
        document = project.run("sync").document
        assert document["failed"] == 0
        assert len(project.requests_made("motion")) - before <= A_RUN
        runs += 1
        if "waiting" not in document:
            break
    assert 2 <= runs <= 4
    names = sorted(one["payload"]["name"] for one in project.items("motion") if "Shared" in one["payload"]["name"])
    assert names == sorted(f"Shared {number}" for number in range(ISSUES))
    assert {one["status"] for one in project.requests_made("motion")} <= {200, 201}
    quiet = project.run("sync").document
    assert (quiet["writes"], quiet["pulled"]["motion"]["requests"]) == ([], 1)
    assert "takes_minutes" not in project.run("plan").document
