"""Tools that are full when they are connected: what stands in several of them becomes one task, none is made twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project, sandbox_project

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SAME = [f"Work number {number}" for number in range(180)]
NEARLY = {f"Re-use the part {number}": f"Reuse the part {number}!" for number in range(5)}
ALIKE = {f"Release 1.{number}0": f"Release 1{number}.0" for number in range(5)}
LONE = [f"Known here alone {number}" for number in range(5)]
SEVERAL = ["Weekly report"] * 5
EVERYWHERE = '- {name: everywhere, when: "true", to: [%s]}'


def everywhere(project: Project) -> None:
    """Every task belongs in every tool."""
    project.settings("routing.yml", f"rules:\n  {EVERYWHERE % ', '.join(project.served)}\n")


def titles(project: Project, provider: str) -> Counter[str]:
    """How often each title stands in a tool, as its people see it."""
    return Counter(_title(one["payload"]) for one in project.items(provider))


def _title(payload: dict[str, Any]) -> str:
    name = payload.get("title", payload.get("name"))
    if name is None:
        (told,) = [one["title"] for one in payload["properties"].values() if one["type"] == "title"]
        name = "".join(part["plain_text"] for part in told)
    return str(name)


def by_doubt(project: Project) -> dict[str, list[str]]:
    """The open proposals, by what speaks against taking them unseen."""
    found: dict[str, list[str]] = {}
    for one in project.run("links").document:
        found.setdefault(str(one["doubt"]), []).append(one["proposal_id"])
    return found


def test_two_full_tools_meet_and_nothing_is_made_twice(tmp_path: Path) -> None:
    with sandbox_project(tmp_path, "--tasks", "0", "--providers", "gitlab,linear", "--quota-scale", "1000") as project:
        everywhere(project)
        for number, title in enumerate(SAME):
            project.create("gitlab", title=title, due_date="2031-05-06" if number < 30 else None)
            there = {
                "title": title.upper() if number % 9 == 0 else title,
                "dueDate": "2031-05-07" if number < 40 else None,
            }
            project.create("linear", project="Web", state="Todo", **there)
        for title in (*NEARLY, *ALIKE, *SEVERAL, *LONE):
            project.create("gitlab", title=title)
        for title in (*NEARLY.values(), *ALIKE.values(), *SEVERAL):
            project.create("linear", title=title, project="Web", state="Todo")
        before = {provider: titles(project, provider) for provider in project.served}

        # Whoever begins with a sync has what only one tool knows made in the other, and nothing else.
        first = project.run("sync")
        assert first.status == 3
        waiting = len(SAME) + len(NEARLY) + len(ALIKE) + len(SEVERAL)
        assert first.document["undecided"] == {"gitlab": waiting, "linear": waiting}
        assert titles(project, "gitlab") == before["gitlab"]
        assert titles(project, "linear") == before["linear"] + Counter(LONE)

        # What may be one is listed once, with what speaks against taking it unseen.
        doubts = by_doubt(project)
        several = "the title stands 5 times in gitlab and 5 times in linear"
        assert {doubt: len(found) for doubt, found in doubts.items()} == {
            "None": len(SAME), several: 5, "the titles are not the same": len(NEARLY) + len(ALIKE)
        }  # fmt: skip

        # Before it is done it is shown, and nothing is decided.
        versions = project.versions()
        shown = project.run("links", "accept", "--all").document
        assert (shown["applied"], shown["between"]) == (False, {"gitlab, linear": len(SAME)})
        assert (shown["differs"]["due_date"], len(shown["left"])) == (30, waiting - len(SAME))
        assert project.versions() == versions and by_doubt(project) == doubts

        # Of a list that somebody saved, what is in doubt is left all the same; the rest is accepted.
        listed = tmp_path / "links.json"
        listed.write_text(project.run("links").stdout)
        accepted = project.run("links", "accept", "--from", str(listed), "--apply")
        assert (accepted.status, len(accepted.document["decided"])) == (1, len(SAME))
        again = project.run("links", "accept", "--from", str(listed), "--apply").document
        assert again["decided"] == [] and any("it was accepted" in one["reason"] for one in again["left"])
        rest = {one["proposal_id"]: one["title"] for one in project.run("links").document}
        refused = [known for known, title in rest.items() if title in ALIKE or title in ALIKE.values()]
        assert len(refused) == len(ALIKE) and project.run("links", "refuse", *refused).status == 0
        assert project.run("links", "accept", *sorted(rest.keys() - set(refused))).status == 0
        assert project.run("links").document == []

        # The plan counts what follows; one sync writes it, and then there is nothing to do.
        steps = project.run("plan").document["steps"]
        made = [(step["source"], step["operation"]) for step in steps if step["operation"] == "create"]
        assert Counter(made) == {("gitlab", "create"): len(ALIKE), ("linear", "create"): len(ALIKE)}
        due = [step["source"] for step in steps for one in step["changes"] if one["field"] == "due_date"]
        assert Counter(due) == {"gitlab": 40}  # an empty value never beats one, and of two the later edit stands
        assert project.run("sync").document["failed"] == 0
        last = project.run("sync")
        assert (last.status, last.document["writes"]) == (0, [])
        assert titles(project, "gitlab") == titles(project, "linear")
        counts = titles(project, "linear")
        assert counts["Weekly report"] == 5 and all(counts[one] == 1 for one in (*ALIKE, *ALIKE.values(), *LONE))
        assert sum(counts.values()) == len(project.run("tasks").document) == waiting + len(ALIKE) + len(LONE)
        kept = project.rows("select count(*) as n from {conflicts} where field = 'due_date' and not is_open")
        assert kept == [{"n": 30}]


def test_five_full_tools_meet_where_one_of_them_cannot_be_read_at_first(tmp_path: Path) -> None:
    work = [f"Common work {number}" for number in range(4)]
    names = {"gitlab": "title", "linear": "title", "github": "title", "notion": "title", "motion": "name"}
    with sandbox_project(tmp_path, "--tasks", "0", "--providers", ",".join(names), "--quota-scale", "1000") as project:
        everywhere(project)
        for provider, key in names.items():
            for title in work if provider != "motion" else work[1:]:
                project.create(provider, **{key: title})
        project.create("notion", title="Notes of a meeting")
        project.create("gitlab", title="Only in GitLab")
        project.fault("gitlab", path="/issues", status=403)
        first = project.run("sync")
        assert first.status == 1
        assert "gitlab: 1 creation waits until all of it was read once" in first.stderr
        assert (
            titles(project, "gitlab")["Notes of a meeting"] == 0
            and titles(project, "linear")["Notes of a meeting"] == 1
        )
        project.mend()

        assert project.run("sync").document["undecided"]["motion"] == 4 * 3 + 4
        proposed = project.run("links").document
        assert len(proposed) == 3 * 4 + 3
        shown = project.run("links", "accept", "--all", "--source", "motion").document
        assert len(shown["decided"]) == 3
        assert project.run("links", "accept", "--all", "--apply").status == 0
        while project.run("sync").document["writes"]:
            pass
        for provider in names:
            assert titles(project, provider) == Counter([*work, "Notes of a meeting", "Only in GitLab"])
        assert {len(task["links"]) for task in project.run("tasks").document} == {5}
