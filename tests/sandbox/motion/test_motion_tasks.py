"""Tasks as Motion's API lists, makes and changes them."""

from __future__ import annotations

import base64
import json

import pytest


def test_pages_of_fifty_are_newest_first_and_the_last_names_no_cursor(motion):
    first = motion.get("/v1/tasks", includeAllStatuses="true")
    assert len(first["tasks"]) == first["meta"]["pageSize"] == 50
    told = json.loads(base64.b64decode(first["meta"]["nextCursor"]))
    assert (told["createdTime"], told["id"]) == (first["tasks"][-1]["createdTime"], first["tasks"][-1]["id"])
    tasks = motion.everything(includeAllStatuses="true")
    assert len({one["id"] for one in tasks}) == len(tasks) == 120
    assert [(one["createdTime"], one["id"]) for one in tasks] == sorted(
        ((one["createdTime"], one["id"]) for one in tasks), key=lambda row: row[0], reverse=True
    )
    last = motion.get("/v1/tasks", includeAllStatuses="true", cursor=_cursor(tasks[99]))
    assert "nextCursor" not in last["meta"]


def test_tasks_made_in_one_moment_are_in_the_order_of_their_ids(motion):
    made = [motion.creates(name=f"At once {number}") for number in range(4)]
    assert len({one["createdTime"] for one in made}) == 1
    found = motion.get("/v1/tasks", name="at ONCE")["tasks"]
    assert [one["id"] for one in found] == sorted(one["id"] for one in made)


def test_what_is_made_during_a_scan_comes_before_its_first_page_and_moves_nothing(motion):
    before = motion.get("/v1/tasks", includeAllStatuses="true")
    motion.served.clock.forward(seconds=1)
    motion.creates()
    motion.patch(f"/v1/tasks/{before['tasks'][0]['id']}", priority="LOW")
    after = motion.get("/v1/tasks", includeAllStatuses="true", cursor=before["meta"]["nextCursor"])
    seen = {one["id"] for one in before["tasks"]}
    assert seen.isdisjoint(one["id"] for one in after["tasks"])


def test_resolved_tasks_are_hidden_unless_they_are_asked_for_and_canceled_ones_are_not(motion):
    shown = {one["status"]["name"] for one in motion.everything()}
    assert "Completed" not in shown and {"Canceled", "Todo"} <= shown
    assert {one["status"]["name"] for one in motion.everything(status=["Completed", "Backlog"])} == {
        "Completed", "Backlog",
    }  # fmt: skip
    for one in motion.everything(includeAllStatuses="true"):
        assert one["completed"] == one["status"]["isResolvedStatus"] == (one["completedTime"] is not None)


def test_statuses_together_with_all_of_them_are_refused(motion):
    answer = motion.call("GET", "/v1/tasks?status=Todo&includeAllStatuses=true", 400)
    assert answer.json()["error"] == "Bad Request"


@pytest.mark.parametrize("query", ["cursor=nonsense", "includeAllStatuses=maybe"])
def test_a_query_that_cannot_be_understood_is_refused(motion, query):
    motion.call("GET", f"/v1/tasks?{query}", 400)


def test_filters_narrow_the_list(motion):
    task = next(one for one in motion.everything() if one["labels"] and one["assignees"])
    wanted = {
        "label": task["labels"][0]["name"], "assigneeId": task["assignees"][0]["id"],
        "projectId": task["project"]["id"], "workspaceId": task["workspace"]["id"], "name": task["name"][2:9].upper(),
    }  # fmt: skip
    for key, value in wanted.items():
        assert task["id"] in [one["id"] for one in motion.everything(**{key: value})], key
    assert motion.everything(name="no task is called so") == []


def test_markdown_goes_in_and_html_comes_out(motion):
    made = motion.creates(description="**Bold**\nand\n\n- [x] done\n- plain\n\nSee https://a.example/b <!-- gone -->")
    assert made["description"] == (
        "<p><strong>Bold</strong> and</p>"
        '<ul data-type="taskList"><li data-checked="true" data-type="taskItem"><p>done</p></li><li><p>plain</p></li>'
        '</ul><p>See <a target="_blank" rel="noopener noreferrer nofollow" href="https://a.example/b">'
        "https://a.example/b</a> </p>"
    )
    assert motion.creates()["description"] == ""
    assert motion.get(f"/v1/tasks/{made['id']}")["description"] == made["description"]


def test_a_new_task_is_in_the_default_status_with_medium_priority(motion):
    made = motion.creates()
    assert (made["status"]["name"], made["priority"], made["duration"]) == ("Todo", "MEDIUM", "NONE")
    assert made["status"]["isDefaultStatus"] and made["dueDate"] is None and made["assignees"] == []


def test_every_field_is_written(motion):
    user = motion.get("/v1/users/me")["id"]
    project = motion.get("/v1/projects", workspaceId=motion.team())["projects"][0]
    fields = {
        "dueDate": "2026-05-01T12:00:00.000Z", "duration": 30, "status": "In Progress", "projectId": project["id"],
        "priority": "ASAP", "labels": ["bug", "of its own"], "assigneeId": user,
    }  # fmt: skip
    made = motion.creates()
    shown = motion.patch(f"/v1/tasks/{made['id']}", **fields)
    assert shown["dueDate"] == fields["dueDate"] and shown["duration"] == 30 and shown["priority"] == "ASAP"
    assert shown["status"]["name"] == "In Progress" and shown["project"]["id"] == project["id"]
    assert [one["name"] for one in shown["labels"]] == fields["labels"]
    assert [one["id"] for one in shown["assignees"]] == [user]
    assert "of its own" in [one["name"] for one in shown["workspace"]["labels"]]
    assert motion.get(f"/v1/tasks/{made['id']}") == shown


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""}, {"status": "Nowhere"}, {"priority": "URGENT"}, {"duration": 0}, {"duration": "LONG"},
        {"dueDate": "soon"}, {"projectId": "pr0"}, {"assigneeId": "us0"},
        {"labels": "bug"}, {"description": None}, {"startOn": "2026-01-01"}, {"autoScheduled": {"deadlineType": "X"}},
        {"workspaceId": "ws0"},
    ],
    ids=str,
)  # fmt: skip
def test_a_value_that_motion_does_not_take_is_refused_and_nothing_is_changed(motion, body):
    made = motion.creates()
    answer = motion.call("PATCH", f"/v1/tasks/{made['id']}", 400, json={"priority": "LOW", **body})
    assert {"message", "error", "statusCode"} == set(answer.json())
    assert motion.get(f"/v1/tasks/{made['id']}") == made


def test_a_task_needs_a_name_and_a_workspace(motion):
    answer = motion.call("POST", "/v1/tasks", 400, json={})
    assert answer.json()["message"] == ["name should not be empty", "workspaceId should not be empty"]
    motion.call("POST", "/v1/tasks", 404, json={"name": "x", "workspaceId": "ws0"})


def test_unassigning_has_a_call_of_its_own(motion):
    made = motion.creates(assigneeId=motion.get("/v1/users/me")["id"])
    answer = motion.call("DELETE", f"/v1/tasks/{made['id']}/assignee", 204)
    assert answer.content == b""
    assert motion.get(f"/v1/tasks/{made['id']}")["assignees"] == []


def test_a_task_that_moves_leaves_its_words_behind(motion):
    other = next(one for one in motion.get("/v1/workspaces")["workspaces"] if one["name"] == "My Tasks")
    made = motion.creates(labels=["bug"], status="In Progress")
    moved = motion.patch(f"/v1/tasks/{made['id']}/move", workspaceId=other["id"])
    assert (moved["id"], moved["workspace"]["id"]) == (made["id"], other["id"])
    assert (moved["labels"], moved["project"], moved["status"]["name"]) == ([], None, "Someday")


def test_a_deleted_task_is_not_found_and_in_no_list(motion):
    made = motion.creates()
    assert motion.call("DELETE", f"/v1/tasks/{made['id']}", 204).content == b""
    assert motion.call("GET", f"/v1/tasks/{made['id']}", 404).json()["statusCode"] == 404
    motion.call("DELETE", f"/v1/tasks/{made['id']}", 404)
    assert made["id"] not in [one["id"] for one in motion.everything(includeAllStatuses="true")]


def test_comments_are_per_task_and_cannot_be_changed(motion):
    made = motion.creates()
    for number in range(3):
        motion.served.clock.forward(seconds=1)
        motion.post("/v1/comments", taskId=made["id"], content=f"*Remark* {number}")
    comments = motion.get("/v1/comments", taskId=made["id"])["comments"]
    assert [one["content"] for one in comments] == [f"<p><em>Remark</em> {number}</p>" for number in (2, 1, 0)]
    assert {one["taskId"] for one in comments} == {made["id"]}
    motion.call("GET", "/v1/comments", 400)
    for method in ("PATCH", "DELETE"):
        motion.call(method, f"/v1/comments/{comments[0]['id']}", 404, json={"content": "x"})


def test_projects_are_made_and_read_and_never_changed(motion):
    made = motion.post("/v1/projects", name="New", workspaceId=motion.team())
    assert motion.get(f"/v1/projects/{made['id']}") == made
    assert made["id"] in [one["id"] for one in motion.get("/v1/projects", workspaceId=motion.team())["projects"]]
    motion.call("PATCH", f"/v1/projects/{made['id']}", 404, json={"name": "x"})
    motion.call("GET", "/v1/projects", 400)


def test_words_of_a_workspace_are_its_own(motion):
    spaces = motion.get("/v1/workspaces")["workspaces"]
    names = {one["name"]: [status["name"] for status in one["statuses"]] for one in spaces}
    assert "Todo" in names["Team"] and "Todo" not in names["My Tasks"]
    for one in spaces:
        assert motion.get("/v1/statuses", workspaceId=one["id"]) == one["statuses"]
    assert motion.get("/v1/schedules")[0]["name"] == "Work Hours"
    assert motion.get("/v1/users", workspaceId=motion.team())["users"]


@pytest.mark.parametrize("path", ["/v1/recurring-tasks", "/beta/workspaces/ws1/custom-fields"])
def test_what_the_sandbox_does_not_serve_it_says(motion, path):
    answer = motion.call("GET", path, 501)
    assert answer.headers["X-Sandbox-Not-Served"]


def _cursor(row: dict) -> str:
    told = {"createdTime": row["createdTime"], "id": row["id"], "query": {}}
    return base64.b64encode(json.dumps(told).encode()).decode()
