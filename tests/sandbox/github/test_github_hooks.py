"""Webhooks: signed, sent once, repeated under the same GUID when somebody asks."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest

from tests.sandbox.github.conftest import ISSUES, GitHubApi
from worklake.sandbox.github.hooks import signature

HOOKS = "/repos/team/web/hooks"


class Delivered(NamedTuple):
    headers: Mapping[str, str]
    body: bytes


class Receiver:
    """Takes deliveries and answers them with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.got: queue.Queue[Delivered] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.got.put(Delivered(dict(self.headers), body))

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def next(self) -> Delivered:
        return self.got.get(timeout=10)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join(10)


def _hook(api: GitHubApi, receiver: Receiver, **config: str) -> dict:
    body = {"name": "web", "events": ["issues", "issue_comment"], "config": {"url": receiver.url, **config}}
    made = api.post(HOOKS, json=body)
    assert made.status_code == 201, made.text
    assert receiver.next().headers["X-GitHub-Event"] == "ping"
    return made.json()


def test_signature_is_the_published_one():
    told = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signature("It's a Secret to Everybody", b"Hello, World!") == told


def test_what_happens_is_told_with_a_signature(api: GitHubApi, receiver: Receiver):
    hook = _hook(api, receiver, secret="s3cret")
    assert hook["config"]["secret"] == "********"
    issue = api.opens("Told", labels=["bug"])
    told = receiver.next()
    body = json.loads(told.body)
    assert (body["action"], body["issue"]["id"], body["sender"]["login"]) == ("opened", issue["id"], "kim-b")
    expected = "sha256=" + hmac.new(b"s3cret", told.body, hashlib.sha256).hexdigest()
    assert told.headers["X-Hub-Signature-256"] == expected
    path = f"{ISSUES}/{issue['number']}"
    api.patch(path, json={"title": "New", "state": "closed"})
    actions = [json.loads(receiver.next().body) for _ in range(2)]
    assert [one["action"] for one in actions] == ["edited", "closed"]
    assert actions[0]["changes"] == {"title": {"from": "Told"}}
    api.post(f"{path}/comments", json={"body": "Said"})
    said = receiver.next()
    assert said.headers["X-GitHub-Event"] == "issue_comment"
    assert json.loads(said.body)["comment"]["body"] == "Said"


def test_a_failed_delivery_is_not_repeated_but_when_asked_and_then_under_its_guid(api: GitHubApi, receiver: Receiver):
    hook = _hook(api, receiver)
    receiver.status = 500
    api.opens("Fails")
    first = receiver.next()
    receiver.status = 200
    api.opens("Works")
    assert json.loads(receiver.next().body)["issue"]["title"] == "Works"
    while len(listed := api.get(f"{HOOKS}/{hook['id']}/deliveries").json()) < 3:
        pass
    failed = api.get(f"{HOOKS}/{hook['id']}/deliveries?status=failure").json()
    assert [one["status_code"] for one in failed] == [500]
    assert [one["redelivery"] for one in listed] == [False] * 3
    assert api.post(f"{HOOKS}/{hook['id']}/deliveries/{failed[0]['id']}/attempts").status_code == 202
    again = receiver.next()
    assert again.headers["X-GitHub-Delivery"] == first.headers["X-GitHub-Delivery"]
    assert again.body == first.body
    assert api.get(f"{HOOKS}/{hook['id']}/deliveries").json()[0]["redelivery"] is True


def test_nothing_is_sent_to_other_machines(api: GitHubApi):
    refused = api.post(HOOKS, json={"name": "web", "config": {"url": "https://hooks.example.com/x"}})
    assert refused.status_code == 422
