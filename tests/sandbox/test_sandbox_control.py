import pytest

from tests.support.sandbox import Api, InProcess


@pytest.fixture
def control(gitlab: InProcess, api: Api):
    def call(method, path, **fields):
        return api.request(method, f"{gitlab.control_url}/{path}", json=fields or None)

    return call


def test_items_are_shown_as_the_api_shows_them(api: Api, control):
    items = {item["external_id"]: item for item in control("GET", "items").json()}
    listed = api.get("/projects/101/issues?per_page=100").json()
    assert listed
    for row in listed:
        assert items[str(row["id"])] == {"external_id": str(row["id"]), "deleted": False, "payload": row}


def _issue(api: Api, number: str) -> dict[str, object]:
    rows = api.get("/issues?scope=all&per_page=100").json()
    return next((row for row in rows if str(row["id"]) == number), {})


def test_a_person_creates_edits_and_deletes(gitlab: InProcess, api: Api, control):
    answer = control("POST", "items", title="By hand", project="team/web", labels=["bug"])
    assert answer.status_code == 201
    number = answer.json()["external_id"]
    before = _issue(api, number)
    gitlab.clock.forward(seconds=1)
    assert control("PATCH", f"items/{number}", title="Edited", state_event="close").status_code == 200
    after = _issue(api, number)
    assert (after["title"], after["state"]) == ("Edited", "closed") and after["updated_at"] > before["updated_at"]
    assert control("DELETE", f"items/{number}").status_code == 204
    assert _issue(api, number) == {}
    gone = [item for item in control("GET", "items").json() if item["external_id"] == number]
    assert [(item["deleted"], item["payload"]["title"]) for item in gone] == [(True, "Edited")]


def test_quick_actions_run_for_people_too_and_as_names_who(api: Api, control):
    number = control("POST", "items", title="t").json()["external_id"]
    username = api.get("/users").json()[1]["username"]
    control("PATCH", f"items/{number}", **{"description": "Done\n/close", "as": username})
    issue = _issue(api, number)
    assert (issue["state"], issue["description"], issue["closed_by"]["username"]) == ("closed", "Done", username)


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "word"),
    [
        ("PATCH", "items/999999", {"title": "x"}, 404, "999999"),
        ("PATCH", "items/a%2Fb%23c", {"title": "x"}, 404, "a/b#c"),
        ("DELETE", "items/nothing", {}, 404, "nothing"),
        ("PATCH", "items/1001", {"colour": "x"}, 422, "colour"),
        ("PATCH", "items/1001", {"title": ""}, 422, "blank"),
        ("POST", "items", {"title": "x", "project": "team/nowhere"}, 422, "team/nowhere"),
        ("POST", "items", {"description": "x"}, 422, "title is missing"),
        ("GET", "nothing", {}, 404, "items, faults, requests"),
    ],
)
def test_mistakes_are_answered_with_a_reason(control, method, path, fields, status, word):
    answer = control(method, path, **fields)
    assert answer.status_code == status and word in answer.json()["error"]


def test_a_body_that_is_no_json_object_is_400(gitlab: InProcess, api: Api):
    assert api.post(f"{gitlab.control_url}/items", data=b"[").status_code == 400
    assert api.post(f"{gitlab.control_url}/items", data=b"[]").status_code == 400


def test_tokens_of_every_kind_are_told(control):
    assert set(control("GET", "tokens").json()) == {"owner", "read_only", "developer", "guest"}
