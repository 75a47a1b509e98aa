import pytest

from tests.support.sandbox import Api, InProcess
from worklake.sandbox.gitlab.quick_actions import split_commands


@pytest.mark.parametrize(
    ("text", "left", "commands"),
    [
        ("/close", "", ["close"]),
        ("Text\n\n/close", "Text", ["close"]),
        ("Text\r\n/close\r\nmore", "Text\nmore", ["close"]),
        ("/Close\n/LABEL ~bug", "", ["close", "label"]),
        ("\\/close", "\\/close", []),
        (" /close", " /close", []),
        ("- /close", "- /close", []),
        ("> /close", "> /close", []),
        ("see /close", "see /close", []),
        ("/usr/bin/env", "/usr/bin/env", []),
        ("/unknown thing", "/unknown thing", []),
        ("```\n/close\n```", "```\n/close\n```", []),
        ("~~~sh\n/close\n~~~\n/reopen", "~~~sh\n/close\n~~~", ["reopen"]),
        ("````\n```\n/close\n````", "````\n```\n/close\n````", []),
        (">>>\n/close\n>>>", ">>>\n/close\n>>>", []),
        ("<pre>\n/close\n</pre>", "<pre>\n/close\n</pre>", []),
        ("/shrug well", "well ¯\\_(ツ)_/¯", []),
        ("nothing at all  \r\n", "nothing at all", []),
    ],
)
def test_commands_are_told_from_text(text, left, commands):
    kept, found = split_commands(text)
    assert (kept, [name for name, _ in found]) == (left, commands)


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ("/close", "state", "closed"),
        ("/label ~bug ~docs", "labels", ["bug", "chore", "docs"]),
        ('/label "customer request"', "labels", ["chore", "customer request"]),
        ("/label ~nonsense", "labels", ["chore"]),
        ("/unlabel ~chore", "labels", []),
        ("/relabel ~bug", "labels", ["bug"]),
        ("/due 2031-05-06", "due_date", "2031-05-06"),
        ("/due tomorrow", "due_date", "2026-03-19"),
        ("/due in 3 days", "due_date", "2026-03-21"),
        ("/due friday", "due_date", "2026-03-20"),
        ("/due some day", "due_date", "2030-01-01"),
        ("/remove_due_date", "due_date", None),
        ("/title Another title", "title", "Another title"),
        ("/confidential", "confidential", True),
        ("/weight 5", "weight", 5),
        ("/lock", "discussion_locked", True),
    ],
)
def test_a_note_carries_out_its_commands(api: Api, line, field, expected):
    fields = {"title": "t", "labels": "chore", "due_date": "2030-01-01"}
    iid = api.post("/projects/101/issues", json=fields).json()["iid"]
    answer = api.post(f"/projects/101/issues/{iid}/notes", json={"body": line})
    assert answer.status_code == 202 and "id" not in answer.json()
    assert api.get(f"/projects/101/issues/{iid}").json()[field] == expected
    assert [one for one in api.get(f"/projects/101/issues/{iid}/notes").json() if not one["system"]] == []


def test_people_milestones_time_and_relations(api: Api):
    user = api.get("/users").json()[1]
    milestone = api.get("/projects/101/milestones").json()[0]
    other = api.post("/projects/101/issues", json={"title": "other"}).json()
    text = (
        f'Text\n/assign @{user["username"]} @nobody\n/milestone %"{milestone["title"]}"\n/estimate 1d 2h\n'
        f"/spend 45m 2026-03-01\n/blocked_by #{other['iid']}"
    )
    made = api.post("/projects/101/issues", json={"title": "t", "description": text}).json()
    assert made["description"] == "Text"
    assert [one["id"] for one in made["assignees"]] == [user["id"]]
    assert made["milestone"]["id"] == milestone["id"]
    assert made["time_stats"]["time_estimate"] == 10 * 3600 and made["time_stats"]["total_time_spent"] == 2700
    links = api.get(f"/projects/101/issues/{other['iid']}/links").json()
    assert [(link["id"], link["link_type"]) for link in links] == [(made["id"], "blocks")]


def test_an_unescaped_command_in_a_created_description_closes_the_issue(api: Api):
    made = api.post("/projects/101/issues", json={"title": "t", "description": "Ask them\n/close"}).json()
    assert (made["state"], made["description"]) == ("closed", "Ask them")


def test_an_edited_description_is_carried_out_and_an_escaped_one_is_not(api: Api):
    iid = api.post("/projects/101/issues", json={"title": "t"}).json()["iid"]
    kept = api.put(f"/projects/101/issues/{iid}", json={"description": "\\/close"}).json()
    assert (kept["state"], kept["description"]) == ("opened", "\\/close")
    done = api.put(f"/projects/101/issues/{iid}", json={"description": "a\n/close\nb"}).json()
    assert (done["state"], done["description"]) == ("closed", "a\nb")


def test_titles_are_safe(api: Api):
    made = api.post("/projects/101/issues", json={"title": "/close"}).json()
    assert (made["state"], made["title"]) == ("opened", "/close")


def test_text_beside_commands_stays_as_a_note(api: Api):
    iid = api.post("/projects/101/issues", json={"title": "t"}).json()["iid"]
    answer = api.post(f"/projects/101/issues/{iid}/notes", json={"body": "Done.\n/close"})
    assert answer.status_code == 201 and answer.json()["body"] == "Done."
    assert api.get(f"/projects/101/issues/{iid}").json()["state"] == "closed"


def test_a_scoped_label_replaces_the_one_of_its_scope(api: Api):
    made = api.post("/projects/101/issues", json={"title": "t", "labels": "status::todo,bug"}).json()
    body = {"body": "/label ~status::doing"}
    api.post(f"/projects/101/issues/{made['iid']}/notes", json=body)
    assert api.get(f"/projects/101/issues/{made['iid']}").json()["labels"] == ["bug", "status::doing"]


def test_a_guests_commands_vanish_without_effect(gitlab: InProcess, api: Api):
    iid = api.post("/projects/101/issues", json={"title": "t"}).json()["iid"]
    with Api(api.base, gitlab.provider.tokens["guest"]) as guest:
        assert guest.post(f"/projects/101/issues/{iid}/notes", json={"body": "/close"}).status_code == 202
    assert api.get(f"/projects/101/issues/{iid}").json()["state"] == "opened"
