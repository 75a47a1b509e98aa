"""Full scans within a quota: shares of a run, taken up where they stopped, and known again by values."""

from __future__ import annotations

import orjson
import pytest

from tests.integrations.motion.account import Account, tasks_in
from tests.support.sandbox import sandbox_thread
from worklake.errors import AccessError, InvalidInputError, RetryableError
from worklake.integrations.base import LastSeen, Where
from worklake.model.rows import Kind

IN_SHARES = {"requests_per_minute": 600_000, "run_minutes": 4 / 600_000}
"""Four requests a run, of which two may be pages of a list."""


def all_tasks(account: Account) -> set[str]:
    return {one["external_id"] for one in account.served.provider.items() if not one["deleted"]}


def test_first_listing_is_read_to_its_end_however_small_a_runs_share_is(account):
    items, position = account.again(**IN_SHARES).listed()
    assert set(tasks_in(items)) == all_tasks(account)
    assert orjson.loads(position) == {"ids": {"Team": account.workspace("Team")}, "whole": True}


def test_later_listings_are_spread_over_runs_and_leave_nothing_out(account):
    _, position = account.listed()
    whole, seen, runs = position, set(), 0
    while True:
        run = account.again(**IN_SHARES)
        items, position = run.listed(position)
        runs += 1
        assert len(run.asked()) <= 3
        seen |= set(tasks_in(items))
        if position == whole:
            break
    assert (seen, runs) == (all_tasks(account), 2)


def test_run_that_takes_a_scan_up_sees_what_is_new_first(account):
    _, position = account.listed()
    _, halfway = account.again(**IN_SHARES).listed(position)
    assert halfway != position
    made = account.creates(name="Just made")
    pages = account.again(**IN_SHARES).pages(halfway)
    assert tasks_in(list(pages[0].items))[0] == made
    assert pages[0].position == halfway


def test_position_that_motion_no_longer_accepts_begins_the_scan_again(account):
    _, position = account.listed()
    broken = orjson.dumps({**orjson.loads(position), "workspace": "Team", "cursor": "bm9uc2Vuc2U="}).decode()
    items, after = account.listed(broken)
    assert set(tasks_in(items)) == all_tasks(account)
    assert after == position


def test_text_that_is_no_position_is_refused(small):
    with pytest.raises(InvalidInputError, match="position of a Motion listing"):
        small.listed("{}")


def test_quiet_listing_is_a_request_a_page_and_says_the_same(account):
    _, position = account.listed()
    account.asked()
    again = account.again()
    items, after = again.listed(position)
    assert again.asked() == ["GET /v1/tasks"] * 3
    assert after == position
    telling = account.source.lens.telling
    account.served.clock.forward(minutes=10)  # the scheduler goes over everything
    later, _ = again.listed(position)
    moved = [one for one, other in zip(items, later, strict=True) if one.payload != other.payload]
    assert moved, "the scheduler moved nothing"
    assert [telling(one.payload) for one in items] == [telling(one.payload) for one in later]


def test_done_tasks_are_listed_as_well(account):
    done = {item.payload["completed"] for item in account.listed()[0] if item.kind is Kind.TASK}
    assert done == {True, False}


def test_people_and_projects_come_with_the_tasks_each_once(account):
    items, position = account.listed()
    people = [item.external_id for item in items if item.kind is Kind.PERSON]
    projects = [item.external_id for item in items if item.kind is Kind.PROJECT]
    assert len(people) == len(set(people)) == 8
    assert len(projects) == len(set(projects)) == 4
    assert [item.kind for item in account.listed(position)[0]].count(Kind.PERSON) == 8


def test_every_workspace_of_the_settings_is_read_by_name_or_id(account):
    other = account.workspace("My Tasks")
    made = account.creates(name="Private", workspaceId=other)
    items, position = account.again(workspaces=["team", other]).listed()
    assert set(tasks_in(items)) == all_tasks(account)
    assert set(orjson.loads(position)["ids"].values()) == {account.workspace("Team"), other}
    assert made not in tasks_in(account.listed()[0])


def test_workspace_that_is_added_is_read_to_its_end_and_its_people_too(account):
    _, position = account.listed()
    account.creates(name="Private", workspaceId=account.workspace("My Tasks"))
    wider = account.again(workspaces=["Team", "My Tasks"], **IN_SHARES)
    items, after = wider.listed(position)
    assert set(tasks_in(items)) == all_tasks(account)
    assert orjson.loads(after)["whole"] is True


def test_workspace_that_does_not_show_is_named_after_the_others_were_read(account):
    wider = account.again(workspaces=["Team", "Nowhere"])
    items = []
    with pytest.raises(AccessError, match=r"no workspace 'Nowhere', or several; it shows 'Team' \(ws"):
        for page in wider.source.list_changed(None, account.served.clock()):
            items += page.items
    assert set(tasks_in(items)) == all_tasks(account)
    with pytest.raises(AccessError, match="Nowhere"):
        list(wider.source.list_ids())


def test_of_two_workspaces_of_one_name_one_is_named_by_its_id(small):
    store = small.served.provider._store
    one, other = store.workspaces.values()
    other.name = "Team"
    with pytest.raises(AccessError, match="an id names one of several"):
        small.listed()
    assert set(tasks_in(small.again(workspaces=[one.id]).listed()[0])) == all_tasks(small)


def test_comments_come_along_only_where_the_settings_ask_for_them(account):
    items, _ = account.listed()
    assert [item.kind for item in account.source.complete(items)].count(Kind.COMMENT) == 0
    account.asked()
    talking = account.again(comments=True)
    some = [item for item in items if item.kind is Kind.TASK][:9]
    kinds = [item.kind for item in talking.source.complete(some)]
    assert kinds.count(Kind.TASK) == 9 and len(talking.asked()) == 9
    assert kinds.count(Kind.COMMENT) == sum(
        len(account.served.provider._store.comments[item.external_id]) for item in some
    )


def test_ids_of_all_tasks_cost_a_request_a_page(account):
    assert set(account.source.list_ids()) == all_tasks(account)
    assert account.asked() == ["GET /v1/workspaces", *["GET /v1/tasks"] * 3]


def test_task_that_is_gone_was_deleted_only_where_every_workspace_shows(small):
    task = small.creates()
    seen = LastSeen(task, None, small.shown(task))
    small.served.provider.delete_item(task)
    assert [one.where for one in small.source.find_out([seen])] == [Where.DELETED]
    wider = small.again(workspaces=["Team", "Nowhere"])
    assert [one.where for one in wider.source.find_out([seen])] == [Where.NO_ACCESS]


def test_task_that_was_moved_to_another_workspace_is_outside(small):
    task = small.creates()
    seen = LastSeen(task, None, small.shown(task))
    store = small.served.provider._store
    store.tasks[task].workspace = small.workspace("My Tasks")
    (found,) = small.source.find_out([seen])
    assert (found.where, "'My Tasks'" in found.why) == (Where.MOVED, True)
    assert [one.where for one in small.again(workspaces=["Team", "My Tasks"]).source.find_out([seen])] == [Where.THERE]


def test_many_tasks_are_read_by_lists_while_that_spares_calls(account):
    newest = [one["external_id"] for one in reversed(account.served.provider.items())]
    account.asked()
    wanted = [*newest[:20], newest[110], newest[115]]
    read = {item.external_id for item in account.source.read_many(wanted)}
    assert read == set(wanted)
    assert account.asked().count("GET /v1/tasks") == 1
    few = newest[100:103]
    assert {item.external_id for item in account.source.read_many(few)} == set(few)
    assert account.asked() == ["GET /v1/tasks/:id"] * 3


@pytest.mark.parametrize(
    "body",
    [[], {}, {"meta": {}}, {"meta": {}, "tasks": {}}, {"meta": {"nextCursor": 7}, "tasks": []}, "<html>"],
    ids=str,
)
def test_answer_that_is_no_page_is_a_passing_fault_and_no_empty_list(small, body):
    small.suffers({"path": "/v1/tasks", "status": 200, "body": body})
    with pytest.raises(RetryableError, match="Motion does not send"):
        small.listed()


@pytest.mark.parametrize("last", [{}, {"nextCursor": None}, {"nextCursor": ""}], ids=str)
def test_last_page_is_one_without_a_cursor_in_any_form(small, last):
    small.suffers({"path": "/v1/tasks", "status": 200, "body": {"meta": {"pageSize": 50, **last}, "tasks": []}})
    assert tasks_in(small.listed()[0]) == []


def test_list_that_goes_in_circles_is_not_followed_for_ever(small):
    row = {"id": "tk1"}
    page = {"meta": {"nextCursor": "abc", "pageSize": 50}, "tasks": [row]}
    small.suffers({"path": "/v1/tasks", "status": 200, "body": page})
    with pytest.raises(RetryableError, match="as its own next one"):
        small.listed()


def test_row_that_is_no_task_keeps_the_others_company(small):
    task = small.payload(small.creates())
    page = {"meta": {"pageSize": 50}, "tasks": ["x", {"name": "no id"}, task]}
    small.suffers({"path": "/v1/tasks", "status": 200, "body": page})
    assert tasks_in(small.listed()[0]) == [None, None, task["id"]]


def test_two_thousand_tasks_are_read_within_the_quota():
    with sandbox_thread("motion", tasks=2000, quota_scale=1) as served:
        account = Account(served, requests_per_minute=11)
        begun = served.clock.now
        items, position = account.listed()
        assert len(tasks_in(items)) == 2000
        assert {call.status for call in account.calls} == {200}
        assert len(account.calls) == 42, "the workspaces, their people and forty pages"
        assert 41 * 60 / 11 - 1 < (served.clock.now - begun).total_seconds() < 42 * 60 / 11 + 1
        again = account.again(requests_per_minute=11)
        assert len(tasks_in(again.listed(position)[0])) == 2000
        assert {call.status for call in again.calls} == {200} and len(again.calls) == 40
        assert again.pauses[0] > 5, "the next run goes on with the turns of this one"
