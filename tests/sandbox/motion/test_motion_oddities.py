"""What is odd about Motion: its order of refusals, its bare limit, its scheduler, and faults that were reported."""

from __future__ import annotations

import pytest
import requests

from tests.support.sandbox import sandbox_thread


def control(motion, method: str, path: str, body: object = None) -> requests.Response:
    return requests.request(method, f"{motion.served.control_url}/{path}", json=body, timeout=10)


def test_the_content_type_is_looked_at_before_the_route_and_the_key(motion):
    for path in ("/v1/tasks", "/v1/nowhere"):
        answer = requests.post(f"{motion.served.base_url}{path}", data="{}", timeout=10)
        assert answer.status_code == 400
        assert answer.json() == {
            "message": "Invalid Headers", "error": "Content-Type must be application/json", "statusCode": 400,
        }  # fmt: skip


def test_an_unknown_route_is_the_routers_404(motion):
    for path in ("/v1/custom-fields", "/beta/tasks", "/tasks"):
        assert motion.call("GET", path, 404).json()["message"] == f"Cannot GET {path}"


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer KEY"}], ids=str)
def test_any_fault_of_the_key_is_one_and_the_same_401(motion, headers):
    told = {name: value.replace("KEY", motion.served.token) for name, value in headers.items()}
    answer = requests.get(f"{motion.served.base_url}/v1/tasks", headers=told, timeout=10)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized", "statusCode": 401})


def test_twelve_requests_a_minute_are_answered_and_then_a_bare_429(motion):
    with sandbox_thread("motion", tasks=1, quota_scale=1) as served:

        def ask() -> requests.Response:
            return requests.get(
                f"{served.base_url}/v1/users/me", headers={"X-API-Key": served.token}, timeout=10
            )  # fmt: skip

        assert [ask().status_code for _ in range(13)] == [200] * 12 + [429]
        refused = ask()
        assert "Retry-After" not in refused.headers and not [one for one in refused.headers if "limit" in one.lower()]
        served.clock.forward(seconds=60)
        assert ask().status_code == 200


def test_a_key_that_goes_over_the_limit_can_be_locked_out_for_an_hour():
    with sandbox_thread("motion", tasks=1, quota_scale=1) as served:
        requests.patch(f"{served.control_url}/switches", json={"lock_out": True}, timeout=10).raise_for_status()

        def ask() -> int:
            headers = {"X-API-Key": served.token}
            return requests.get(f"{served.base_url}/v1/users/me", headers=headers, timeout=10).status_code

        assert [ask() for _ in range(13)][-1] == 429
        served.clock.forward(minutes=59)
        assert ask() == 429
        served.clock.forward(minutes=2)
        assert ask() == 200


def test_the_scheduler_places_a_task_some_time_after_it_was_written(motion):
    made = motion.creates(duration=30, dueDate="2026-05-01T12:00:00.000Z", autoScheduled={"startDate": "2026-03-20"})
    assert made["scheduledStart"] is None and made["startOn"] == "2026-03-20" and made["deadlineType"] == "SOFT"
    motion.served.clock.forward(minutes=1)
    later = motion.get(f"/v1/tasks/{made['id']}")
    assert later["scheduledStart"] is not None and later["chunks"][0]["duration"] == 30
    assert later["updatedTime"] == made["updatedTime"]
    assert motion.patch(f"/v1/tasks/{made['id']}", autoScheduled=None)["startOn"] is None


def test_the_scheduler_touches_tasks_that_nobody_edited_all_in_one_moment(motion):
    before = {one["id"]: one for one in motion.everything()}
    motion.served.clock.forward(minutes=6)
    after = {one["id"]: one for one in motion.everything()}
    moved = [one for one in after if after[one]["updatedTime"] != before[one]["updatedTime"]]
    assert moved and len({after[one]["updatedTime"] for one in moved}) == 1
    for one in moved:
        told = {key for key in after[one] if after[one][key] != before[one][key]}
        assert told <= {"updatedTime", "scheduledStart", "scheduledEnd", "schedulingIssue", "chunks"}


def test_a_phantom_id_is_answered_where_it_is_switched_on(motion):
    control(motion, "PATCH", "switches", {"phantom_ids": 1}).raise_for_status()
    plain = motion.creates(name="Plain")
    phantom = motion.creates(name="Phantom", duration=30, dueDate="2026-05-01T12:00:00.000Z")
    motion.get(f"/v1/tasks/{plain['id']}")
    motion.call("GET", f"/v1/tasks/{phantom['id']}", 404)
    assert [one["name"] for one in motion.everything(name="phantom")] == ["Phantom"]
    real = motion.creates(name="Real", duration=30, dueDate="2026-05-01T12:00:00.000Z")
    motion.get(f"/v1/tasks/{real['id']}")


def test_unknown_labels_and_partial_changes_are_refused_where_that_is_switched_on(motion):
    made = motion.creates()
    control(motion, "PATCH", "switches", {"refuse_unknown_labels": 1, "patch_needs_name": True}).raise_for_status()
    path = f"/v1/tasks/{made['id']}"
    answer = motion.call("PATCH", path, 400, json={"priority": "LOW"})
    assert answer.json()["message"] == ["name should not be empty", "workspaceId should not be empty"]
    whole = {"name": made["name"], "workspaceId": made["workspace"]["id"]}
    motion.call("PATCH", path, 400, json={**whole, "labels": ["never heard of"]})
    assert motion.patch(path, **whole, labels=["bug"])["labels"] == [{"name": "bug"}]


def test_null_takes_away_a_due_date_and_a_project_unless_that_is_switched_off(motion):
    project = motion.get("/v1/projects", workspaceId=motion.team())["projects"][0]["id"]
    fields = {"dueDate": "2026-05-01T12:00:00.000Z", "projectId": project}
    made = motion.creates(**fields)
    cleared = motion.patch(f"/v1/tasks/{made['id']}", dueDate=None, projectId=None)
    assert (cleared["dueDate"], cleared["project"]) == (None, None)
    control(motion, "PATCH", "switches", {"refuse_null": 1}).raise_for_status()
    for key in fields:
        motion.call("PATCH", f"/v1/tasks/{motion.creates(**fields)['id']}", 400, json={key: None})


def test_labels_of_a_change_that_is_refused_are_not_made(motion):
    made = motion.creates()
    motion.call("PATCH", f"/v1/tasks/{made['id']}", 400, json={"labels": ["never made"], "status": "Nowhere"})
    labels = [one["name"] for space in motion.get("/v1/workspaces")["workspaces"] for one in space["labels"]]
    assert "never made" not in labels


def test_a_switch_that_does_not_exist_is_refused(motion):
    assert control(motion, "PATCH", "switches", {"nonsense": 1}).status_code == 422
    assert control(motion, "PATCH", "switches", {"lock_out": "yes"}).status_code == 422
    assert set(control(motion, "GET", "switches").json().values()) == {0}


def test_an_answer_is_lost_after_the_work_is_done(motion):
    control(motion, "POST", "faults", {"method": "POST", "path": "/v1/tasks", "drop": "after", "times": 1})
    with pytest.raises(requests.ConnectionError):
        motion.creates(name="Lost")
    assert len(motion.everything(name="Lost")) == 1


def test_people_do_what_the_api_does_not_let_one_do(motion):
    team = motion.team()
    fields = {"name": "By hand", "dueDate": "2026-05-01T12:00:00.000Z", "startOn": "2026-04-01", "workspaceId": team}
    made = control(motion, "POST", "items", fields).json()["external_id"]
    shown = motion.get(f"/v1/tasks/{made}")
    assert (shown["startOn"], shown["dueDate"]) == ("2026-04-01", fields["dueDate"])
    control(motion, "PATCH", f"items/{made}", {"dueDate": None, "html": "<p>x</p>"}).raise_for_status()
    shown = motion.get(f"/v1/tasks/{made}")
    assert (shown["dueDate"], shown["description"]) == (None, "<p>x</p>")
    assert control(motion, "PATCH", f"items/{made}", {"nonsense": 1}).status_code == 422
    assert control(motion, "DELETE", f"items/{made}").status_code == 204
    assert control(motion, "DELETE", f"items/{made}").status_code == 404
    assert [one["deleted"] for one in control(motion, "GET", "items").json() if one["external_id"] == made] == [True]


def test_a_new_project_takes_the_place_of_none_that_was_there(motion):
    before = [one["id"] for one in motion.get("/v1/projects", workspaceId=motion.team())["projects"]]
    made = motion.post("/v1/projects", name="Another", workspaceId=motion.team())["id"]
    after = [one["id"] for one in motion.get("/v1/projects", workspaceId=motion.team())["projects"]]
    assert sorted(after) == sorted([made, *before])
