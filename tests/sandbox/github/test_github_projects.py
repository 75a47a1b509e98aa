"""The sandbox's project: what GraphQL refuses, and what its items and workflows do."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.github.conftest import GitHubApi
from worklake.sandbox.provider import ItemError

ITEMS = '{ organization(login: "team") { projectV2(number: 1) { items(%s) { totalCount nodes { id } } } } }'


def kinds(answer: dict[str, Any]) -> list[str]:
    return [one["type"] for one in answer["errors"]]


def test_lists_are_asked_for_with_how_many_and_hold_a_hundred_at_most(api: GitHubApi):
    assert kinds(api.ask(ITEMS % "after: null")) == ["MISSING_PAGINATION_BOUNDARIES"]
    assert kinds(api.ask(ITEMS % "first: 101")) == ["EXCESSIVE_PAGINATION"]
    assert kinds(api.ask(ITEMS % 'first: 1, after: "x"')) == ["INVALID_CURSOR_ARGUMENTS"]
    items = api.ask(ITEMS % "first: 3")["data"]["organization"]["projectV2"]["items"]
    last = api.ask(ITEMS % "last: 2")["data"]["organization"]["projectV2"]["items"]
    assert (len(items["nodes"]), len(last["nodes"])) == (3, 2) and items["totalCount"] > 5


def test_an_issue_is_added_once_and_taken_out(api: GitHubApi):
    told = api.ask('{ organization(login: "team") { projectV2(number: 1) { id } } }')
    held, issue = told["data"]["organization"]["projectV2"]["id"], api.opens()["node_id"]
    add = "mutation ($p: ID!, $i: ID!) { addProjectV2ItemById(input: {projectId: $p, contentId: $i}) { item { id } } }"
    first, second = (api.ask(add, p=held, i=issue)["data"]["addProjectV2ItemById"]["item"]["id"] for _ in range(2))
    assert first == second
    delete = "mutation ($p: ID!, $i: ID!) { deleteProjectV2Item(input: {projectId: $p, itemId: $i}) { deletedItemId } }"
    assert api.ask(delete, p=held, i=first)["data"]["deleteProjectV2Item"]["deletedItemId"] == first
    assert kinds(api.ask(delete, p=held, i=first)) == ["NOT_FOUND"]


def test_a_person_names_options_that_there_are(api: GitHubApi):
    provider = api.served.provider
    made = provider.create_item({"title": "New", "project_option": "done"})
    assert requests.get(f"{api.served.control_url}/switches", timeout=10).json() == {
        "closed_is_done": 1, "done_closes": 0
    }  # fmt: skip
    with pytest.raises(ItemError, match="there are Todo, In Progress, Done"):
        provider.edit_item(made, {"project_option": "Doing"})
