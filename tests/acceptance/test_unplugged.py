"""A source, or a project of one, that is taken out of the settings keeps its links and values, and goes on where it
stood once it is back.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.tools import running_tools, steps, write_settings
from worklake.errors import SettingsError
from worklake.project import open_settings
from worklake.sync import cycle

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LINKS = "select * from {links} where source = 'b' order by external_id"


def test_a_source_that_is_taken_out_of_the_settings_is_left_alone_and_taken_up_again(tmp_path) -> None:
    with running_tools(tmp_path, ["linear", "gitlab"]) as whole:
        here = whole.create("a", title="In both")
        whole.sync()
        there = whole.twins("a")[here]["b"]
        whole.sync()
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
