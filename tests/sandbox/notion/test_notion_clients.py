"""The published Python client, unmodified, and answers against the published description."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.notion.conftest import Notion, paragraph
from tests.support.notion_schemas import problems_of_answer, problems_of_request


@pytest.fixture(params=["2025-09-03", "2026-03-11"])
def client(notion: Notion, request) -> Any:
    module = pytest.importorskip("notion_client", reason="Notion's client for Python is not installed")
    made = module.Client(auth=notion.served.token, base_url=notion.served.base_url, notion_version=request.param)
    yield made
    made.close()


def test_client_walks_through_everything(client):
    helpers = pytest.importorskip("notion_client.helpers")
    found = client.search(filter={"property": "object", "value": "data_source"}, query="Tasks")["results"]
    tasks = found[0]["id"]
    rows = helpers.collect_paginated_api(lambda **more: client.data_sources.query(tasks, page_size=9, **more))
    assert len({row["id"] for row in rows}) == len(rows) >= 60
    assert all(helpers.is_full_page(row) for row in rows)
    assert client.databases.retrieve(found[0]["parent"]["database_id"])["data_sources"][0]["id"] == tasks
    assert client.data_sources.retrieve(tasks)["properties"]["Status"]["status"]["groups"]
    people = helpers.collect_paginated_api(client.users.list)
    assert client.users.me()["id"] in {one["id"] for one in people}


def test_client_writes_pages_blocks_and_comments(client, notion: Notion):
    parent = {"type": "data_source_id", "data_source_id": notion.tasks}
    title = {"Name": {"title": [{"text": {"content": "By the client"}}]}}
    page = client.pages.create(parent=parent, properties=title, children=[paragraph("one")])["id"]
    client.blocks.children.append(page, children=[paragraph("two")])
    blocks = client.blocks.children.list(page)["results"]
    client.blocks.update(blocks[0]["id"], **paragraph("One"))
    client.blocks.delete(blocks[1]["id"])
    (left,) = client.blocks.children.list(page)["results"]
    assert left["paragraph"]["rich_text"][0]["plain_text"] == "One"
    name = client.pages.retrieve(page)["properties"]["Name"]
    assert client.pages.properties.retrieve(page, name["id"])["results"][0]["title"]["plain_text"] == "By the client"
    said = client.comments.create(parent={"page_id": page}, rich_text=[{"text": {"content": "Hm"}}])
    assert [one["id"] for one in client.comments.list(block_id=page)["results"]] == [said["id"]]
    assert client.pages.update(page, in_trash=True)["in_trash"] is True


def test_client_tells_refusals_by_their_code(client):
    errors = pytest.importorskip("notion_client.errors")
    with pytest.raises(errors.APIResponseError) as refused:
        client.pages.retrieve("00000000-0000-4000-8000-000000000000")
    assert refused.value.code == errors.APIErrorCode.ObjectNotFound


def test_answers_are_as_published(notion: Notion):
    page = notion.page("Described", children=[paragraph("text")])["id"]
    block = notion.get(f"/blocks/{page}/children")["results"][0]["id"]
    for path in (
        "/users/me", "/users", f"/pages/{page}", f"/blocks/{page}/children", f"/blocks/{block}",
        f"/data_sources/{notion.tasks}", f"/pages/{page}/properties/title",
    ):  # fmt: skip
        assert problems_of_answer("GET", f"/v1{path}", 200, notion.get(path)) == [], path
    comment = {"parent": {"page_id": page}, "rich_text": [{"text": {"content": "Hm"}}]}
    assert problems_of_request("POST", "/v1/comments", comment) == []
    assert problems_of_answer("POST", "/v1/comments", 200, notion.post("/comments", **comment)) == []
    refusal = notion.ask("GET", "/pages/1")
    assert problems_of_answer("GET", "/v1/pages/1", refusal.status_code, refusal.json()) == []


def test_what_contradicts_the_description_is_noticed(notion: Notion):
    me = notion.get("/users/me")
    assert problems_of_answer("GET", "/v1/users/me", 200, {**me, "id": 7})
    assert problems_of_request("PATCH", "/v1/pages/x", {"in_trash": "yes"})
    assert problems_of_request("PATCH", "/v1/blocks/x/children", {"children": [{"type": "paragraph"}]})
    assert problems_of_request("PUT", "/v1/pages/x", {})
