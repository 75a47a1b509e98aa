"""Listing: nothing is left out however the lists move, and what is unchanged costs nothing."""

from __future__ import annotations

import pytest

from tests.integrations.github.team import WEB, Team, tasks
from worklake.errors import AccessError, InvalidInputError, RetryableError
from worklake.integrations.github import client, scan
from worklake.integrations.github.client import Rows
from worklake.model.rows import Kind
from worklake.sandbox.github import paging


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of five rows, so that few issues are many pages."""
    monkeypatch.setattr(client, "PAGE_SIZE", 5)
    monkeypatch.setattr(scan, "_SCAN", {**scan._SCAN, "per_page": "5"})


def all_ids(team: Team) -> set[str]:
    return {
        one["external_id"]
        for one in team.served.provider.items()
        if not one["deleted"] and "/repos/team/web/" in one["payload"]["url"]
    }


def test_pull_requests_are_no_issues_and_their_comments_no_comments(team: Team):
    rows = team.does("GET", f"{WEB}/issues?state=all&per_page=100")
    pulls = {str(row["id"]) for row in rows if "pull_request" in row}
    items, _ = team.listed()
    assert pulls and set(tasks(items)) == {str(row["id"]) for row in rows} - pulls
    assert pulls.isdisjoint(team.source.list_ids())
    bodies = [item.payload["body"] for item in items if item.kind is Kind.COMMENT]
    assert bodies and "Looks good to me." not in bodies


def test_a_repository_called_pull_has_comments(team: Team):
    team.does("PATCH", WEB, name="pull")
    team.does("POST", "/repos/team/pull/issues/1/comments", body="Said in pull")
    items, _ = team.anew(repositories=["team/pull"]).listed()
    assert "Said in pull" in [item.payload["body"] for item in items if item.kind is Kind.COMMENT]


def test_what_is_unchanged_costs_nothing(team: Team):
    _, position = team.listed()
    team.asked()
    for _ in range(2):
        items, again = team.anew().listed(position)
        assert (items, again) == ([], position)
    later = team.anew()
    later.listed(position)
    assert later.asked() == [
        ("GET /repos/:repo/issues", 304), ("GET /repos/:repo/issues/comments", 304), ("GET /repos/:repo/commits", 304),
    ]  # fmt: skip


def test_a_change_costs_a_call_and_one_that_learns_the_new_tag(team: Team):
    _, position = team.listed()
    team.served.clock.forward(minutes=5)
    number = team.opens("New")["number"]
    team.asked()
    items, position = team.listed(position)
    assert [payload["number"] for payload in tasks(items).values()][-1] == number
    assert len(tasks(items)) == 2, "but for the last one seen, which is within the overlap"
    assert team.asked() == [
        ("GET /repos/:repo/issues", 200), ("GET /repos/:repo/issues", 200), ("GET /repos/:repo/issues/comments", 304),
        ("GET /repos/:repo/commits", 304),
    ]  # fmt: skip
    assert team.listed(position) == ([], position)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("long_list", [1, 1000], ids=["cursors", "counted"])
def test_every_issue_comes_once_whatever_pages_the_list_has(team: Team, monkeypatch, long_list: int):
    monkeypatch.setattr(paging, "LONG_LIST", long_list)
    items, _ = team.listed()
    listed = [item.external_id for item in items if item.kind is Kind.TASK]
    assert len(listed) == len(set(listed))
    assert set(listed) == all_ids(team)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("long_list", [1, 1000], ids=["cursors", "counted"])
@pytest.mark.parametrize("same_time", [False, True], ids=["other times", "one time"])
def test_rows_that_move_while_the_list_is_read_hide_no_others(team: Team, monkeypatch, same_time: bool, long_list: int):
    monkeypatch.setattr(paging, "LONG_LIST", long_list)
    if same_time:
        for number in range(20):
            team.opens(f"Imported {number}")
    expected, moving = all_ids(team), iter(range(2 if same_time else 7))
    asked = team.source._client.page

    def page(*arguments: object) -> Rows | None:
        rows = asked(*arguments)
        first = rows.entries[0] if rows is not None and rows.entries else {}
        if "title" in first and (not same_time or first["title"].startswith("Imported")):
            number = next(moving, None)
            if number is not None:  # after it was listed, a person edits the first issue of the page
                team.served.clock.forward(seconds=20)
                team.does("PATCH", first["url"], title=f"Edited {number}")
        return rows

    monkeypatch.setattr(team.source._client, "page", page)
    items, position = team.listed()
    assert set(tasks(items)) == expected
    known = {**tasks(items), **tasks(team.listed(position)[0])}
    now = {one["external_id"]: one["payload"]["title"] for one in team.served.provider.items()}
    assert {one: payload["title"] for one, payload in known.items()} == {one: now[one] for one in expected}


def test_an_edit_in_the_second_in_which_its_issue_was_listed_is_not_left_out(team: Team, monkeypatch):
    issue = team.opens("Before")
    asked, edits = team.source._client.page, iter(["After"])

    def page(*arguments: object) -> Rows | None:
        rows = asked(*arguments)
        if rows is not None and any(row.get("title") == "Before" for row in rows.entries):
            for title in edits:
                team.does("PATCH", f"{WEB}/issues/{issue['number']}", title=title)
        return rows

    monkeypatch.setattr(team.source._client, "page", page)
    items, position = team.listed()
    titles = [item.payload["title"] for item in items if item.external_id == str(issue["id"])]
    assert titles == ["Before", "After"]
    assert team.listed(position) == ([], position)


def test_rows_without_a_time_are_listed_page_by_page_and_put_aside_later(team: Team, monkeypatch):
    monkeypatch.setattr(scan, "updated_at", lambda entry: None)
    monkeypatch.setattr(scan, "_SCAN", {**scan._SCAN, "per_page": "5"})
    items, _ = team.listed()
    assert set(tasks(items)) == all_ids(team)


@pytest.mark.usefixtures("small_pages")
def test_a_list_that_never_stands_still_is_given_up_and_taken_up_again(team: Team, monkeypatch):
    for number in range(20):
        team.opens(f"Imported {number}")
    asked, told = team.source._client.page, iter(range(1000))

    def page(path: str, query: object = None, etag: object = None) -> Rows | None:
        rows = asked(path, query)  # every page is said to be another one than a moment ago
        return rows._replace(etag=f'"{next(told)}"') if rows is not None else None

    monkeypatch.setattr(team.source._client, "page", page)
    with pytest.raises(RetryableError, match="moves while it is read"):
        team.listed()
    monkeypatch.undo()
    assert set(tasks(team.listed()[0])) == all_ids(team)


def test_a_comment_that_is_edited_comes_although_its_issue_did_not_move(team: Team):
    comment = team.does("POST", f"{WEB}/issues/1/comments", body="First")
    _, position = team.listed()
    team.served.clock.forward(minutes=5)
    team.does("PATCH", comment["url"], body="Second")
    later = team.anew()
    items, _ = later.listed(position)
    remarks = [later.remark(item) for item in items if item.kind is Kind.COMMENT]
    assert [(one.body, one.task) for one in remarks] == [("Second", str(team.does("GET", f"{WEB}/issues/1")["id"]))]
    assert ("GET /repos/:repo/issues/:id", 200) in later.asked()


def test_without_comments_no_comments_are_asked_for(team: Team):
    quiet = team.anew(comments=False, commits=False)
    items, _ = quiet.listed()
    assert not [item for item in items if item.kind is Kind.COMMENT]
    assert {endpoint for endpoint, _ in quiet.asked()} == {"GET /repos/:repo", "GET /repos/:repo/issues"}


def test_a_repository_that_cannot_be_read_holds_up_no_other(team: Team):
    several = team.anew(repositories=["team/nothing", "team/web", "team/api"])
    found: list[str] = []
    with pytest.raises(AccessError, match="the other repositories were read, but not repository team/nothing"):
        for page in several.source.list_changed(None, team.served.clock()):
            found += tasks(list(page.items))
    assert all_ids(team) <= set(found)


def test_issues_that_are_switched_off_are_told_with_the_mend(team: Team):
    team.does("PATCH", WEB, has_issues=False)
    with pytest.raises(AccessError, match="Switch its issues on"):
        team.listed()


def test_relations_are_read_with_the_issues_that_have_some(team: Team):
    parent, child, blocker = team.opens("Parent"), team.opens("Child"), team.opens("Blocker")
    team.does("POST", f"{parent['url']}/sub_issues", sub_issue_id=child["id"])
    team.does("POST", f"{child['url']}/dependencies/blocked_by", issue_id=blocker["id"])
    team.does("PATCH", blocker["url"], state="closed")
    items, _ = team.listed()
    team.asked()
    completed = tasks(list(team.source.complete(items)))
    fields = team.source.lens.fields_of(completed[str(child["id"])])
    assert (fields["parent_id"], fields["blocked_by"]) == (str(parent["id"]), [str(blocker["id"])])
    asked = team.asked()
    assert ("GET /repos/:repo/issues/:id/dependencies/blocked_by", 200) in asked
    assert not [one for one in asked if one[0] == "GET /repos/:repo/issues/:id"], "a parent that was listed is known"


def test_a_parent_that_the_token_does_not_see_is_left_as_it_is(team: Team):
    parent, child = team.opens("Parent"), team.opens("Child")
    team.does("POST", f"{parent['url']}/sub_issues", sub_issue_id=child["id"])
    team.suffers({"method": "GET", "path": f"/issues/{parent['number']}$", "status": 404})
    item = team.source.read(str(child["id"]))
    assert "parent_id" not in team.view(item).fields


def test_position_of_something_else_is_refused(team: Team):
    with pytest.raises(InvalidInputError, match="not a position of a GitHub listing"):
        team.listed('["x"]')
