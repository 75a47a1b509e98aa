"""What Notion does otherwise than one would think."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from tests.sandbox.notion.conftest import Notion, paragraph

DAY = {"Due": {"date": {"start": "2026-04-01"}}}


def test_every_call_needs_a_version_and_a_token(notion: Notion):
    assert notion.refused("GET", "/users/me", **{"Notion-Version": ""})[:2] == (400, "missing_version")
    assert notion.refused("GET", "/users/me", Authorization="Bearer nobody")[:2] == (401, "unauthorized")
    assert notion.refused("GET", "/users/me", **{"Notion-Version": "2022-06-28"})[0] == 501


def test_version_before_the_newest_has_archived_and_after(notion: Notion):
    older = {"Notion-Version": "2025-09-03"}
    page = notion.page(children=[paragraph("one"), paragraph("three")])
    assert "archived" not in page
    assert notion.ask("GET", f"/pages/{page['id']}", **older).json()["archived"] is False
    one = notion.get(f"/blocks/{page['id']}/children")["results"][0]["id"]
    sent = {"children": [paragraph("two")], "after": one}
    assert notion.refused("PATCH", f"/blocks/{page['id']}/children", sent)[:2] == (400, "validation_error")
    assert notion.ask("PATCH", f"/blocks/{page['id']}/children", sent, **older).ok
    assert notion.refused("PATCH", f"/pages/{page['id']}", {"archived": True})[:2] == (400, "validation_error")
    assert _texts(notion, page["id"]) == ["one", "two", "three"]


def test_blocks_are_put_at_either_end_or_behind_another(notion: Notion):
    page = notion.page(children=[paragraph("b")])["id"]
    notion.patch(f"/blocks/{page}/children", children=[paragraph("a")], position={"type": "start"})
    notion.patch(f"/blocks/{page}/children", children=[paragraph("d")])
    at = notion.get(f"/blocks/{page}/children")["results"][1]["id"]
    behind = {"type": "after_block", "after_block": {"id": at}}
    notion.patch(f"/blocks/{page}/children", children=[paragraph("c")], position=behind)
    assert _texts(notion, page) == ["a", "b", "c", "d"]


def test_times_are_of_the_minute(notion: Notion):
    page = notion.page()
    assert page["created_time"] == "2026-03-18T09:30:00.000Z"
    notion.clock.forward(seconds=70)
    changed = notion.patch(f"/pages/{page['id']}", properties=DAY)
    assert changed["last_edited_time"] == "2026-03-18T09:31:00.000Z"
    assert changed["created_time"] == page["created_time"]


def test_comment_and_trash_are_no_edits(notion: Notion):
    page = notion.page()
    notion.clock.forward(minutes=5)
    notion.post("/comments", parent={"page_id": page["id"]}, rich_text=[{"text": {"content": "Hm"}}])
    trashed = notion.patch(f"/pages/{page['id']}", in_trash=True)
    assert trashed["last_edited_time"] == page["last_edited_time"]


def test_trashed_page_leaves_the_query_is_read_by_id_and_takes_no_edits(notion: Notion):
    page = notion.page("Gone")["id"]
    notion.patch(f"/pages/{page}", in_trash=True)
    assert page not in _ids(notion)
    assert notion.get(f"/pages/{page}")["in_trash"] is True
    assert notion.refused("PATCH", f"/pages/{page}", {"properties": DAY})[:2] == (400, "validation_error")
    notion.patch(f"/pages/{page}", in_trash=False)
    assert page in _ids(notion)


def test_page_that_is_not_shared_looks_as_if_it_were_not_there(notion: Notion):
    page = notion.page("Hidden")["id"]
    notion.provider.edit_item(page, {"shared": False})
    assert notion.refused("GET", f"/pages/{page}")[:2] == (404, "object_not_found")
    assert page not in _ids(notion)
    notion.provider.edit_item(page, {"shared": True})
    assert page in _ids(notion)


def test_query_ends_at_its_limit_and_says_so(fresh_notion: Notion):
    whole = fresh_notion.query()
    assert len(whole["results"]) == 8 and "request_status" not in whole
    fresh_notion.provider.store.query_limit = 5  # type: ignore[attr-defined]
    first = fresh_notion.query(page_size=3)
    assert (len(first["results"]), first["has_more"]) == (3, True) and "request_status" not in first
    last = fresh_notion.query(page_size=3, start_cursor=first["next_cursor"])
    assert (len(last["results"]), last["has_more"]) == (2, False)
    assert last["request_status"] == {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}


def test_pages_may_be_shorter_than_asked(notion: Notion):
    sizes, cursor = [], None
    while True:
        page = notion.query(page_size=10, **({"start_cursor": cursor} if cursor else {}))
        sizes.append(len(page["results"]))
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert min(sizes[:-1]) < 10 and sum(sizes) == len(set(_ids(notion)))
    assert notion.refused("POST", f"/data_sources/{notion.tasks}/query", {"start_cursor": "x"})[0] == 400


def test_page_shows_25_references_and_the_property_all_of_them(notion: Notion):
    others = _ids(notion)[:30]
    page = notion.page("Blocked", **{"Blocked by": {"relation": [{"id": one} for one in others]}})
    shown = page["properties"]["Blocked by"]
    assert (len(shown["relation"]), shown["has_more"]) == (25, True)
    found, cursor = [], None
    while True:
        more = {"start_cursor": cursor} if cursor else {}
        part = notion.get(f"/pages/{page['id']}/properties/{shown['id']}", page_size=12, **more)
        found += [one["relation"]["id"] for one in part["results"]]
        cursor = part["next_cursor"]
        if cursor is None:
            break
    assert found == others


def test_select_makes_options_and_a_status_does_not(notion: Notion):
    page = notion.page()["id"]
    made = notion.patch(f"/pages/{page}", properties={"Priority": {"select": {"name": "Someday"}}})
    assert made["properties"]["Priority"]["select"]["name"] == "Someday"
    sent = {"properties": {"Status": {"status": {"name": "Someday"}}}}
    assert "does not exist" in notion.refused("PATCH", f"/pages/{page}", sent)[2]
    comma = {"properties": {"Tags": {"multi_select": [{"name": "a,b"}]}}}
    assert "commas" in notion.refused("PATCH", f"/pages/{page}", comma)[2]


def test_status_of_null_is_the_default_one(notion: Notion):
    page = notion.page(Status={"status": {"name": "Done"}})["id"]
    cleared = notion.patch(f"/pages/{page}", properties={"Status": {"status": None}})
    assert cleared["properties"]["Status"]["status"]["name"] == "Not started"


def test_limits_of_texts_and_arrays(notion: Notion):
    page = notion.page()["id"]
    long = {"properties": {"Name": {"title": [{"text": {"content": "x" * 2001}}]}}}
    assert "≤ `2000`" in notion.refused("PATCH", f"/pages/{page}", long)[2]
    rocket = {"properties": {"Name": {"title": [{"text": {"content": "🚀" * 1001}}]}}}
    assert "instead was `2002`" in notion.refused("PATCH", f"/pages/{page}", rocket)[2]
    many = {"children": [paragraph("x")] * 101}
    assert "≤ `100`" in notion.refused("PATCH", f"/blocks/{page}/children", many)[2]
    unknown = {"properties": {"Nothing": {"number": 1}}}
    assert "is not a property that exists" in notion.refused("PATCH", f"/pages/{page}", unknown)[2]


def test_limit_of_requests_is_told_with_the_time_to_wait(fresh_notion: Notion):
    fresh_notion.provider._limit.limit = 3  # type: ignore[attr-defined]
    statuses = [fresh_notion.ask("GET", "/users/me").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    answer = fresh_notion.ask("GET", "/users/me")
    assert answer.json()["code"] == "rate_limited"
    assert 0 < int(answer.headers["Retry-After"]) == answer.json()["additional_data"]["retry_after"] <= 60
    fresh_notion.clock.forward(seconds=60)
    assert fresh_notion.ask("GET", "/users/me").ok


def test_writes_conflict_meet_overload_and_are_saved_although_the_answer_says_503(fresh_notion: Notion):
    page = fresh_notion.page()["id"]
    fresh_notion.settings("misfortunes", conflicts=1, overloads=1, saved_but_503=1)
    sent = {"properties": DAY}
    assert fresh_notion.refused("PATCH", f"/pages/{page}", sent)[:2] == (409, "conflict_error")
    assert fresh_notion.refused("PATCH", f"/pages/{page}", sent)[:2] == (529, "service_overload")
    assert fresh_notion.get(f"/pages/{page}")["properties"]["Due"]["date"] is None
    answer = fresh_notion.ask("PATCH", f"/pages/{page}", sent)
    assert answer.status_code == 503 and answer.json()["message"].startswith("The change was saved")
    assert answer.json()["additional_data"]["committed_resource_id"] == page
    assert fresh_notion.get(f"/pages/{page}")["properties"]["Due"]["date"]["start"] == "2026-04-01"


def test_tokens_may_less(notion: Notion):
    tokens = notion.provider.tokens  # type: ignore[attr-defined]
    reads = {"Authorization": f"Bearer {tokens['read_only']}"}
    assert notion.refused("POST", "/comments", {}, **reads)[:2] == (403, "restricted_resource")
    assert notion.ask("POST", f"/data_sources/{notion.tasks}/query", {}, **reads).ok
    users = notion.ask("GET", "/users", Authorization=f"Bearer {tokens['no_emails']}").json()["results"]
    assert all("email" not in one.get("person", {}) for one in users)
    assert any(one.get("person", {}).get("email") for one in notion.get("/users")["results"])


def test_comments_are_edited_and_deleted_by_their_author_alone(notion: Notion):
    page = notion.page()["id"]
    ours = notion.post("/comments", parent={"page_id": page}, rich_text=[{"text": {"content": "Ours"}}])
    notion.provider.edit_item(page, {"comment": "Theirs"})
    shown = notion.get("/comments", block_id=page)["results"]
    assert [one["rich_text"][0]["plain_text"] for one in shown] == ["Ours", "Theirs"]
    text = {"rich_text": [{"text": {"content": "Better"}}]}
    assert notion.ask("PATCH", f"/comments/{ours['id']}", text).json()["rich_text"][0]["plain_text"] == "Better"
    assert notion.refused("PATCH", f"/comments/{shown[1]['id']}", text)[0] == 403
    assert notion.refused("DELETE", f"/comments/{shown[1]['id']}")[0] == 403


def test_what_is_not_served_says_so(notion: Notion):
    answer = notion.ask("GET", f"/pages/{notion.page()['id']}/markdown")
    assert (answer.status_code, answer.headers["X-Sandbox-Not-Served"]) == (501, "1")
    assert notion.refused("GET", "/nothing")[:2] == (400, "invalid_request_url")


@pytest.mark.parametrize("identity", ["1", "no-such-thing", "00000000-0000-4000-8000-000000000000"])
def test_what_is_not_there_is_refused(notion: Notion, identity):
    assert notion.refused("GET", f"/pages/{identity}")[0] == (404 if identity.startswith("00") else 400)


def test_events_are_gathered_signed_and_sent_after_the_handshake(fresh_notion: Notion):
    sent = []
    fresh_notion.provider._workspace.events._send = lambda url, body, headers: sent.append((body, headers))  # type: ignore[attr-defined]
    fresh_notion.settings("webhooks", url="http://127.0.0.1:9/hook")
    token = json.loads(sent.pop()[0])["verification_token"]
    page = fresh_notion.page()["id"]
    assert fresh_notion.settings("webhooks/verify", token="secret_wrong")["verified"] is False
    assert fresh_notion.settings("webhooks/verify", token=token)["verified"] is True
    for day in ("2026-04-01", "2026-04-02"):
        fresh_notion.patch(f"/pages/{page}", properties={"Due": {"date": {"start": day}}})
    fresh_notion.patch(f"/pages/{page}", in_trash=True)
    fresh_notion.patch(f"/pages/{page}", in_trash=False)
    assert sent == []
    fresh_notion.clock.forward(seconds=61)
    fresh_notion.get("/users/me")
    ((body, headers),) = sent
    event = json.loads(body)
    assert (event["type"], event["entity"]["id"]) == ("page.properties_updated", page)
    signature = hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Notion-Signature"] == f"sha256={signature}"


def _ids(notion: Notion) -> list[str]:
    found, cursor = [], None
    while True:
        page = notion.query(**({"start_cursor": cursor} if cursor else {}))
        found += [one["id"] for one in page["results"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def _texts(notion: Notion, page: str) -> list[str]:
    shown = notion.get(f"/blocks/{page}/children")["results"]
    return [one["paragraph"]["rich_text"][0]["plain_text"] for one in shown]
