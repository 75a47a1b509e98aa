"""A source, or a project of one, that is taken out of the settings keeps its links and values, and goes on where it
stood once it is back.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests

from tests.support.tools import Tools, running_tools, steps, write_settings
from worklake.errors import SettingsError
from worklake.model.heart_rows import Outcome
from worklake.model.rows import RunState
from worklake.project import open_settings
from worklake.sync import cycle
from worklake.sync.engine import pull

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LINKS = "select * from {links} where source = 'b' order by external_id"


def in_both(whole: Tools) -> tuple[str, str]:
    """An item of `a` that a sync has made in `b` as well; gives both."""
    here = whole.create("a", title="In both")
    whole.sync()
    there = whole.twins("a")[here]["b"]
    whole.sync()
    return here, there


def test_a_source_that_is_taken_out_of_the_settings_is_left_alone_and_taken_up_again(tmp_path) -> None:
    with running_tools(tmp_path, ["linear", "gitlab"]) as whole:
        here, there = in_both(whole)
        kept = {name: (tmp_path / "conf" / name).read_text() for name in ("sources.yml", "routing.yml")}
        linear = whole.served["a"]
        write_settings(
            tmp_path,
            "sources.yml",
            {"sources": {"a": {**linear.provider.conf(linear.base_url), "token": "file:secrets/a"}}},
        )
        write_settings(tmp_path, "routing.yml", {"rules": [{"name": "here", "when": "true", "to": ["a"]}]})
        alone = replace(whole, settings=open_settings(tmp_path))
        links, shown, asked = whole.rows(LINKS), whole.items("b"), len(whole.asked("b"))
        alone.edit("a", here, title="Edited while the other was unplugged")
        for _ in range(2):
            assert steps(alone.sync()) == []
        assert (whole.rows(LINKS), whole.items("b"), len(whole.asked("b"))) == (links, shown, asked)
        whole.edit("b", there, due_date="2031-05-05")
        for name, text in kept.items():
            (tmp_path / "conf" / name).write_text(text)
        again = replace(whole, settings=open_settings(tmp_path))
        again.sync()
        assert steps(again.sync()) == []
        assert [again.shown(source, item)["title"] for source, item in (("a", here), ("b", there))] == [
            "Edited while the other was unplugged"
        ] * 2
        assert again.shown("a", here)["due_date"] == again.shown("b", there)["due_date"] == "2031-05-05"


def test_a_project_that_is_taken_out_of_its_source_is_left_alone_until_it_is_back(tmp_path) -> None:
    with running_tools(tmp_path, ["linear", "gitlab"]) as whole:
        gitlab = whole.served["b"]
        conf = {**gitlab.provider.conf(gitlab.base_url), "token": "file:secrets/b"}
        staying, going = conf["projects"][:2]
        there = whole.create("b", title="In the project that goes", project=going)
        other = whole.create("b", title="In the project that stays", project=staying)
        whole.sync()
        here, beside = (whole.twins("b")[one]["a"] for one in (there, other))
        kept = (tmp_path / "conf" / "sources.yml").read_text()
        linear = whole.served["a"]
        write_settings(
            tmp_path,
            "sources.yml",
            {
                "sources": {
                    "a": {**linear.provider.conf(linear.base_url), "token": "file:secrets/a"},
                    "b": {**conf, "projects": [staying]},
                }
            },
        )
        without = replace(whole, settings=open_settings(tmp_path))
        shown = without.items("b")[there]
        without.edit("a", here, title="Edited meanwhile")
        without.edit("a", beside, title="Edited beside it")
        tried = without.sync().applied
        assert [write.error for write in tried.writes if write.error] == [
            f"it is in the project {going}, which the settings do not name: it is left as it is"
        ]
        assert steps(without.sync()) == []
        assert without.items("b")[there] == shown
        assert without.items("b")[other]["title"] == "Edited beside it"
        (tmp_path / "conf" / "sources.yml").write_text(kept)
        again = replace(whole, settings=open_settings(tmp_path))
        with again.lake.lease("a test", "sweep"):
            cycle.sweep(again.lake, again.run("sweep"))
        again.sync()
        assert again.items("b")[there]["title"] == "Edited meanwhile"
        assert steps(again.sync()) == []


@pytest.mark.parametrize("kind", ["gitlab", "linear"])
def test_a_source_that_is_called_otherwise_than_before_is_refused(tmp_path, kind: str) -> None:
    with running_tools(tmp_path, [kind]) as one:
        one.create("a", title="Here")
        one.sync()
        kept, tasks = (tmp_path / "conf" / "sources.yml").read_text(), one.rows("select * from {tasks}")
        (tmp_path / "conf" / "sources.yml").write_text(kept.replace("a:", "b:", 1))
        write_settings(tmp_path, "routing.yml", {"rules": []})
        renamed = replace(one, settings=open_settings(tmp_path))
        with pytest.raises(SettingsError, match=r"'b' reads what the lake knows as the source 'a'.*Call it 'a' again"):
            renamed.sync()
        (tmp_path / "conf" / "sources.yml").write_text(kept)
        again = replace(one, settings=open_settings(tmp_path))
        assert steps(again.sync()) == []
        assert one.rows("select * from {tasks}") == tasks


def test_a_source_whose_token_is_revoked_is_left_alone_and_taken_up_again(tmp_path) -> None:
    with running_tools(tmp_path, ["linear", "gitlab"]) as whole:
        here, there = in_both(whole)
        whole.fault("b", path=".*", status=401)
        links, shown = whole.rows(LINKS), whole.items("b")
        whole.edit("a", here, title="Edited while the token was revoked")
        for _ in range(2):
            ended = whole.sync()
            assert ended.pulled.counts["b"].error_kind == "AuthError"
            assert all(write.outcome is Outcome.PAUSED for write in ended.applied.writes)
        with whole.lake.lease("a test", "sweep"):
            assert cycle.sweep(whole.lake, whole.run("sweep")).swept["b"].found == []
        assert (whole.rows(LINKS), whole.items("b")) == (links, shown)
        whole.mend()
        whole.sync()
        assert whole.items("b")[there]["title"] == "Edited while the token was revoked"
        assert steps(whole.sync()) == []


def test_a_source_that_cannot_be_merged_is_left_out_of_a_sweep_and_stops_no_other(tmp_path) -> None:
    with running_tools(tmp_path, ["linear", "gitlab"]) as whole:
        here = whole.create("a", title="In both", state="In Progress")
        there = whole.create("b", title="In both", description=f"see {whole.items('a')[here]['url']}")
        whole.fault("b", path="/labels", method="GET", status=401)  # what joins the two asks for a label
        with whole.lake.lease("a test", "pull"):
            assert pull(whole.lake, whole.run("pull")).counts["b"].error_kind == "AuthError"
            ended = cycle.sweep(whole.lake, whole.run("sweep"))
        assert (ended.state, ended.counts["b"].error_kind) == (RunState.PARTIAL, "AuthError")
        assert "/labels" in (ended.swept["b"].error or "") and ended.swept["b"].listed == 0
        assert (ended.swept["a"].error, ended.swept["a"].listed) == (None, 1)
        assert whole.rows("select * from {runs} where state = 'running'") == []
        whole.mend()
        with whole.lake.lease("a test", "sweep"):
            ended = cycle.sweep(whole.lake, whole.run("sweep"))
        assert (ended.state, ended.swept["b"].listed) == (RunState.DONE, 1)
        assert whole.twins("b")[there]["a"] == here


@pytest.mark.parametrize("corrected", [False, True])
def test_a_project_that_is_renamed_goes_on_as_the_same(tmp_path, corrected: bool) -> None:
    with running_tools(tmp_path, ["linear", "gitlab"]) as whole:
        gitlab = whole.served["b"]
        old = gitlab.provider.conf(gitlab.base_url)["projects"][0]
        there = whole.create("b", title="In the project that is renamed", project=old)
        whole.sync()
        here = whole.twins("b")[there]["a"]
        whole.sync()
        answer = requests.put(
            f"{gitlab.base_url}/api/v4/projects/{old.replace('/', '%2F')}",
            json={"path": "renamed"},
            headers={"PRIVATE-TOKEN": gitlab.token},
            timeout=10,
        )
        assert answer.ok, answer.text
        renamed = answer.json()["path_with_namespace"]
        if corrected:
            kept = (tmp_path / "conf" / "sources.yml").read_text()
            (tmp_path / "conf" / "sources.yml").write_text(kept.replace(old, renamed))
        again = replace(whole, settings=open_settings(tmp_path))
        items = len(again.items("a")), len(again.items("b"))
        with again.lake.lease("a test", "sweep"):
            assert cycle.sweep(again.lake, again.run("sweep")).swept["b"].found == []
        again.edit("a", here, title="Edited after it was renamed")
        again.edit("b", there, due_date="2031-06-06")
        again.sync()
        assert steps(again.sync()) == []
        assert again.items("b")[there]["title"] == "Edited after it was renamed"
        assert again.shown("a", here)["due_date"] == "2031-06-06"
        assert (len(again.items("a")), len(again.items("b"))) == items
        assert len(again.rows("select distinct task_id from {links}")) == len(again.rows("select * from {tasks}"))
