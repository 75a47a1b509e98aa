"""Webhooks, delivered over HTTP to a listener of the test."""

import base64
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.sandbox import Api, InProcess
from tests.support.waiting import looks
from worklake.sandbox.gitlab.hooks import signature

KEY = "whsec_" + base64.b64encode(bytes(32)).decode()
ISSUES = "/projects/101/issues"


class Listener:
    """Takes deliveries and answers each with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.deliveries: queue.Queue = queue.Queue()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.deliveries.put((dict(self.headers), body))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        headers, body = self.deliveries.get(timeout=5)
        return {name.lower(): value for name, value in headers.items()}, json.loads(body), body


@pytest.fixture
def listener():
    one = Listener()
    yield one
    one.server.shutdown()
    one.server.server_close()


def events(api: Api, path: str, count: int) -> list:
    """What a hook has sent: it notes that once it has the answer, which is after the listener has heard of it."""
    for _ in looks():
        if len(log := api.get(f"{path}/events").json()) >= count:
            break
    return log


@pytest.fixture
def hook(fresh_api: Api, listener: Listener):
    fields = {"url": listener.url, "issues_events": True, "confidential_issues_events": True, "note_events": True,
              "push_events": False, "token": "secret", "signing_token": KEY}  # fmt: skip
    return fresh_api.post("/projects/101/hooks", json=fields).json()


def test_the_signature_is_the_published_one():
    body = b'{"hello":"world"}'
    assert signature(KEY, "msg_1", "1700000000", body) == "v1,YQR1uPj8xczY9ZD2izh92liKsHYhEFMjJSi59xmOIQo="


def test_an_edit_is_delivered_with_token_signature_and_changes(fresh_api: Api, listener: Listener, hook):
    iid = fresh_api.post(ISSUES, json={"title": "before"}).json()["iid"]
    headers, body, _ = listener.next()
    assert (body["object_kind"], body["object_attributes"]["action"]) == ("issue", "open")
    fresh_api.put(f"{ISSUES}/{iid}", json={"title": "after", "state_event": "close"})
    headers, body, raw = listener.next()
    assert headers["x-gitlab-event"] == "Issue Hook" and headers["x-gitlab-token"] == "secret"
    assert headers["webhook-id"] == headers["idempotency-key"]
    expected = signature(KEY, headers["webhook-id"], headers["webhook-timestamp"], raw)
    assert headers["webhook-signature"] == expected
    assert body["object_attributes"]["action"] == "close"
    assert body["changes"]["title"] == {"previous": "before", "current": "after"}
    assert body["object_attributes"]["updated_at"].endswith(" UTC")


def test_confidential_issues_have_an_event_of_their_own(fresh_api: Api, listener: Listener, hook):
    fresh_api.post(ISSUES, json={"title": "t", "confidential": True})
    assert listener.next()[0]["x-gitlab-event"] == "Confidential Issue Hook"


def test_comments_are_delivered_with_their_issue(fresh_api: Api, listener: Listener, hook):
    iid = fresh_api.get(ISSUES).json()[0]["iid"]
    fresh_api.post(f"{ISSUES}/{iid}/notes", json={"body": "hello"})
    headers, body, _ = listener.next()
    assert (headers["x-gitlab-event"], body["object_attributes"]["note"], body["issue"]["iid"]) == (
        "Note Hook",
        "hello",
        iid,
    )


def test_deletes_are_silent_and_control_edits_are_not(
    fresh_gitlab: InProcess, fresh_api: Api, listener: Listener, hook
):
    row = fresh_api.get(f"{ISSUES}?confidential=false").json()[0]
    other = fresh_api.get(f"{ISSUES}?confidential=false").json()[1]
    fresh_api.delete(f"{ISSUES}/{row['iid']}")
    fresh_api.patch(f"{fresh_gitlab.control_url}/items/{other['id']}", json={"title": "by a person"})
    body = listener.next()[1]
    assert body["object_attributes"]["title"] == "by a person" and listener.deliveries.empty()


def test_a_failed_delivery_is_not_repeated_and_the_fourth_in_a_row_disables(
    fresh_gitlab: InProcess, fresh_api: Api, listener: Listener, hook
):
    listener.status = 500
    path = f"/projects/101/hooks/{hook['id']}"
    for _ in range(4):
        assert fresh_api.post(f"{path}/test/issues_events").status_code == 422
    assert listener.deliveries.qsize() == 4
    shown = fresh_api.get(path).json()
    assert shown["alert_status"] == "temporarily_disabled" and shown["disabled_until"]
    fresh_gitlab.clock.forward(seconds=61)
    assert fresh_api.get(path).json()["alert_status"] == "executable"
    for _ in range(36):
        fresh_api.post(f"{path}/test/issues_events")
    assert fresh_api.get(path).json()["alert_status"] == "disabled"
    listener.status = 200
    assert fresh_api.post(f"{path}/test/issues_events").status_code == 201
    assert fresh_api.get(path).json()["alert_status"] == "executable"


def test_a_delivery_sent_again_has_the_same_key(fresh_api: Api, listener: Listener, hook):
    path = f"/projects/101/hooks/{hook['id']}"
    fresh_api.post(f"{path}/test/issues_events")
    first = listener.next()[0]["idempotency-key"]
    log = events(fresh_api, path, 1)
    assert fresh_api.post(f"{path}/events/{log[0]['id']}/resend").status_code == 201
    assert listener.next()[0]["idempotency-key"] == first


@pytest.mark.parametrize("url", ["http://example.com/x", "http://10.0.0.1/", "ftp://127.0.0.1/", "nonsense"])
def test_only_addresses_of_this_machine_are_accepted(fresh_api: Api, url):
    assert fresh_api.post("/projects/101/hooks", json={"url": url}).status_code == 422


def test_secrets_of_a_hook_are_never_shown(fresh_api: Api, hook):
    assert "secret" not in hook.values() and KEY not in hook.values()


def test_a_hook_of_the_group_hears_of_every_project_and_is_its_owners_alone(
    fresh_gitlab: InProcess, fresh_api: Api, listener
):
    made = fresh_api.post("/groups/team/hooks", json={"url": listener.url, "issues_events": True})
    assert made.status_code == 201 and made.json()["group_id"] == 11 and "project_id" not in made.json()
    for project in (101, 102):
        fresh_api.post(f"/projects/{project}/issues", json={"title": f"heard of in {project}"})
        _, body, _ = listener.next()
        assert body["project"]["id"] == project
    assert fresh_api.get("/projects/101/hooks").json() == []
    assert len(events(fresh_api, f"/groups/team/hooks/{made.json()['id']}", 2)) == 2
    with Api(fresh_api.base, fresh_gitlab.provider.tokens["developer"]) as developer:
        assert developer.get("/groups/team/hooks").status_code == 403


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "http://[::1"},
        {"url": "http://127.0.0.1:9", "signing_token": "whsec_\u00e9"},
        {"url": "http://127.0.0.1:9", "custom_headers": [{"key": "a", "value": "b\r\nc"}]},
    ],
)
def test_hooks_that_could_never_be_sent_are_refused(api: Api, fields):
    assert api.post("/projects/101/hooks", json=fields).status_code in (400, 422)
