"""Webhooks, received by a real server on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from worklake.sandbox.linear.webhooks import is_loopback, signature


@dataclass
class Receiver:
    url: str = ""
    status: int = 200
    received: queue.Queue[tuple[dict[str, str], bytes]] = field(default_factory=queue.Queue)

    def next(self) -> tuple[dict[str, str], bytes]:
        return self.received.get(timeout=10)

    def next_event(self) -> dict[str, object]:
        return json.loads(self.next()[1])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(found.status)
            self.end_headers()
            found.received.put((dict(self.headers), body))

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield found
    server.shutdown()
    thread.join(5)
    server.server_close()


def subscribe(linear, receiver, *types, **fields):
    given = {"url": receiver.url, "resourceTypes": list(types), "allPublicTeams": True, "secret": "SECRET", **fields}
    return linear.result("webhookCreate", "webhook { id secret enabled }", input=("WebhookCreateInput!", given))[
        "webhook"
    ]


def test_signature_is_the_published_test_vector():
    expected = "430fc13e60ad448322d753bb7f6815d77bddf156f3494ef77132af13b0741c48"
    assert signature("SECRET", b'{"hello":"world"}') == expected


def test_created_issue_is_told_with_linears_headers_and_signature(linear, receiver):
    hook = subscribe(linear, receiver, "Issue")
    issue = linear.create_issue("id identifier url", title="Tell me")
    headers, body = receiver.next()
    event = json.loads(body)
    assert headers["Linear-Event"] == "Issue"
    assert headers["User-Agent"] == "Linear-Webhook"
    assert headers["Linear-Signature"] == hmac.new(b"SECRET", body, hashlib.sha256).hexdigest()
    assert headers["Linear-Timestamp"] == str(event["webhookTimestamp"]) == "1784714400000"
    assert len(headers["Linear-Delivery"]) == 36
    assert (event["action"], event["type"], event["webhookId"]) == ("create", "Issue", hook["id"])
    assert event["url"] == issue["url"]
    assert event["actor"]["type"] == "user"
    assert event["data"]["identifier"] == issue["identifier"]
    assert event["data"]["stateId"] == event["data"]["state"]["id"]


def test_update_tells_what_it_was_before_and_remove_ends_it(linear, receiver):
    subscribe(linear, receiver, "Issue")
    issue = linear.create_issue(title="One")["id"]
    linear.update_issue(issue, title="Two", priority=2)
    linear.update_issue(issue, title="Two")
    linear.result("issueDelete", "success", id=("String!", issue))
    events = [receiver.next_event() for _ in range(3)]
    assert [event["action"] for event in events] == ["create", "update", "remove"]
    assert events[1]["updatedFrom"]["title"] == "One"
    assert events[1]["updatedFrom"]["priority"] == 0
    assert events[1]["data"]["title"] == "Two"
    assert "updatedFrom" not in events[0]


def test_comments_labels_projects_and_attachments_are_told_under_their_types(linear, receiver):
    subscribe(linear, receiver, "Comment", "IssueLabel", "Project", "Attachment")
    issue, team = linear.create_issue()["id"], linear.team()["id"]
    linear.result("commentCreate", "success", input=("CommentCreateInput!", {"issueId": issue, "body": "Hi"}))
    linear.result("issueLabelCreate", "success", input=("IssueLabelCreateInput!", {"name": "L"}))
    linear.result("projectCreate", "success", input=("ProjectCreateInput!", {"name": "P", "teamIds": [team]}))
    link = {"issueId": issue, "url": "https://example.com", "title": "A"}
    linear.result("attachmentCreate", "success", input=("AttachmentCreateInput!", link))
    events = [receiver.next_event() for _ in range(4)]
    assert [event["type"] for event in events] == ["Comment", "IssueLabel", "Project", "Attachment"]
    assert events[0]["data"]["issue"]["id"] == issue


def test_webhook_of_a_team_hears_only_of_that_team(linear, receiver):
    subscribe(linear, receiver, "Issue", teamId="OPS", allPublicTeams=False)
    linear.create_issue(title="Not for them")
    linear.create_issue(title="For them", teamId=linear.team("OPS")["id"])
    assert receiver.next_event()["data"]["title"] == "For them"
    assert receiver.received.empty()


def test_failed_delivery_is_repeated_after_a_minute_an_hour_and_six_hours_and_then_given_up(linear, receiver):
    hook = subscribe(linear, receiver, "Issue")
    receiver.status = 500
    linear.create_issue()
    first, first_body = receiver.next()
    for wait in ({"minutes": 1}, {"hours": 1}, {"hours": 6}):
        assert receiver.received.empty()
        linear.clock.advance(**wait)
        again, body = receiver.next()
        assert again["Linear-Delivery"] == first["Linear-Delivery"]
        assert body == first_body
    query = "query($id: String!) { webhook(id: $id) { enabled } }"
    assert until_false(lambda: linear.data(query, id=hook["id"])["webhook"]["enabled"])


def until_false(look) -> bool:
    return any(look() is False for _ in range(500))


def test_delivery_that_succeeds_at_the_second_attempt_is_not_repeated(linear, receiver):
    subscribe(linear, receiver, "Issue")
    receiver.status = 503
    linear.create_issue()
    receiver.next()
    receiver.status = 200
    linear.clock.advance(minutes=1)
    receiver.next()
    linear.clock.advance(hours=7)
    linear.create_issue(title="The next one")
    assert receiver.next_event()["data"]["title"] == "The next one"


def test_webhook_is_disabled_changed_rotated_and_deleted(linear, receiver):
    hook = subscribe(linear, receiver, "Issue")["id"]
    off = {"id": ("String!", hook), "input": ("WebhookUpdateInput!", {"enabled": False, "label": "Mine"})}
    assert linear.result("webhookUpdate", "webhook { enabled label }", **off)["webhook"] == {
        "enabled": False,
        "label": "Mine",
    }
    linear.create_issue(title="Unheard")
    on = {"id": ("String!", hook), "input": ("WebhookUpdateInput!", {"enabled": True})}
    linear.result("webhookUpdate", "success", **on)
    secret = linear.result("webhookRotateSecret", "secret", id=("String!", hook))["secret"]
    linear.create_issue(title="Heard")
    headers, body = receiver.next()
    assert json.loads(body)["data"]["title"] == "Heard"
    assert headers["Linear-Signature"] == hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    linear.result("webhookDelete", "success", id=("String!", hook))
    assert linear.data("{ webhooks { nodes { id } } }")["webhooks"]["nodes"] == []


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:8000/x", True),
        ("https://localhost/x", True),
        ("http://[::1]:80/", True),
        ("https://example.com/hook", False),
        ("http://10.0.0.1/", False),
        ("http://localhost.example.com/", False),
        ("ftp://localhost/", False),
    ],
)
def test_only_this_machine_is_ever_called(url, allowed):
    assert is_loopback(url) is allowed


def test_webhook_to_elsewhere_or_of_unknown_types_is_refused(linear, receiver):
    for fields in ({"url": "https://example.com"}, {"resourceTypes": ["Nonsense"]}, {"resourceTypes": []}):
        given = {"url": receiver.url, "resourceTypes": ["Issue"], "allPublicTeams": True, **fields}
        error = linear.refusal("webhookCreate", "success", input=("WebhookCreateInput!", given))
        assert error["extensions"]["code"] == "INVALID_INPUT"
