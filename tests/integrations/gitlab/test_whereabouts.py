"""What it means that GitLab shows nothing of an issue: 404 is said of what was deleted and of what is hidden."""

from __future__ import annotations

from typing import Any

import pytest

from worklake.errors import AccessError, NotFoundError
from worklake.integrations.base import Item, LastSeen, Where
from worklake.integrations.gitlab.whereabouts import Whereabouts
from worklake.model.rows import Kind


class Projects:
    """A GitLab that knows these projects; an error stands for one that cannot be read."""

    def __init__(self, **projects: Any) -> None:
        self._projects = {f"/projects/team%2F{name}": answer for name, answer in projects.items()}
        self.asked: list[str] = []

    def get(self, path: str) -> dict[str, Any]:
        self.asked.append(path)
        answer = self._projects.get(path, NotFoundError("404 Project Not Found"))
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def looking(*named: str, **projects: Any) -> Whereabouts:
    return Whereabouts(Projects(**projects), "gitlab", named, "gitlab.example")  # type: ignore[arg-type]


def seen(key: str | None, *, confidential: bool = False) -> LastSeen:
    return LastSeen("101", key, {"confidential": confidential})


def issue(project: int, **fields: Any) -> Item:
    return Item(Kind.TASK, "101", {"project_id": project, "references": {"full": "team/other#3"}, **fields})


WEB = {"id": 1, "issues_access_level": "enabled", "permissions": {"project_access": {"access_level": 40}}}
GUEST = {"id": 1, "permissions": {"project_access": None, "group_access": {"access_level": 10}}}


def test_what_is_gone_from_a_project_that_can_be_read_was_deleted() -> None:
    assert looking("team/web", web=WEB).gone(seen("gitlab.example/team/web#3"), "404").where is Where.DELETED


@pytest.mark.parametrize("error", [AccessError("403"), NotFoundError("404")])
def test_what_is_gone_with_its_project_may_be_there(error: Exception) -> None:
    found = looking("team/api", web=error, api={"id": 2}).gone(seen("gitlab.example/team/web#3"), "404")
    assert (found.where, "the project team/web cannot be read" in found.why) == (Where.NO_ACCESS, True)


def test_without_a_key_every_project_must_be_readable() -> None:
    assert looking("team/web", "team/api", web=WEB, api={"id": 2}).gone(seen(None), "404").where is Where.DELETED
    assert looking("team/web", "team/api", web=WEB).gone(seen(None), "404").where is Where.NO_ACCESS


def test_a_confidential_issue_is_deleted_only_for_who_would_see_it() -> None:
    one = seen("gitlab.example/team/web#3", confidential=True)
    assert looking("team/web", web=WEB).gone(one, "404").where is Where.DELETED
    assert looking("team/web", web=GUEST).gone(one, "404").where is Where.NO_ACCESS


def test_issues_that_are_switched_off_are_not_deleted() -> None:
    off = WEB | {"issues_access_level": "disabled"}
    assert looking("team/web", web=off).gone(seen("gitlab.example/team/web#3"), "404").where is Where.NO_ACCESS


def test_an_issue_of_a_project_of_the_settings_is_there_and_one_of_another_has_moved() -> None:
    assert looking("team/web", web=WEB).place_of(issue(1))[0] is Where.THERE
    where, _, why = looking("team/web", web=WEB).place_of(issue(7))
    assert (where, "team/other" in why) == (Where.MOVED, True)
    where, _, why = looking("team/web", web=WEB).place_of(issue(1, moved_to_id=202))
    assert (where, "202" in why) == (Where.MOVED, True)


def test_what_is_gone_from_a_project_that_the_settings_do_not_name_is_not_told_as_deleted() -> None:
    found = looking("team/api", web=WEB, api={"id": 2}).gone(seen("gitlab.example/team/web#3"), "404")
    assert (found.where, "which the settings do not name" in found.why) == (Where.NO_ACCESS, True)
    renamed = looking("team/new", new=WEB, web=WEB).gone(seen("gitlab.example/team/web#3"), "404")
    assert renamed.where is Where.DELETED


def test_a_project_is_asked_for_once_until_the_next_sweep() -> None:
    projects = Projects(web=WEB)
    whereabouts = Whereabouts(projects, "gitlab", ("team/web",), "gitlab.example")  # type: ignore[arg-type]
    for _ in range(3):
        whereabouts.gone(seen("gitlab.example/team/web#3"), "404")
    assert len(projects.asked) == 1
    whereabouts.forget()
    whereabouts.gone(seen("gitlab.example/team/web#3"), "404")
    assert len(projects.asked) == 2
