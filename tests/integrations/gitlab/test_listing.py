from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.integrations.answers import Answer, AnswerServer, answering
from tests.support.sandbox import InProcess, sandbox_thread
from worklake.errors import AccessError, InvalidInputError, RetryableError
from worklake.integrations.gitlab import GitLabIntegration
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.model.rows import Kind
from worklake.testing.source import Opened, SourceToTest, open_for_test, task_ids

NOW = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)
PROJECT = Answer(headers={"ETag": 'W/"p"'}, body=b'{"id": 7, "name": "Web"}')
LAST_PAGE = Answer(body=b"[]")


def opened(base_url: str, *projects: str, **more: Any) -> Opened:
    """A source that reads issues, and nothing besides unless told."""
    more = {"merge_requests": False, "commits": False, **more}
    settings = GitLabSettings(base_url=base_url, token="env:X", projects=projects or ("team/web",), **more)
    return open_for_test(SourceToTest(GitLabIntegration, settings, "glpat-sandbox-7-owner"))


def listed(source: Opened, position: str | None = None, now: datetime = NOW) -> tuple[list[str], str]:
    pages = list(source.integration.list_changed(position, now))
    return task_ids([item for page in pages for item in page.items]), pages[-1].position


def issue(number: int, second: int) -> dict[str, Any]:
    return {"id": number, "iid": number, "project_id": 7, "updated_at": f"2026-03-18T09:00:{second:02}.000Z"}


def page(*issues: Any, next_query: str | None = None, number: int | None = None) -> Answer:
    headers = {"Link": f'<http://other.example/api/v4/x?{next_query}>; rel="next"'} if next_query else {}
    if number is not None:
        headers["X-Page"] = str(number)
    return Answer(headers=headers, body=json.dumps(issues).encode())


def queries(server: AnswerServer) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(asked.path).query)) for asked in server.asked]


@pytest.fixture
def server() -> Iterator[AnswerServer]:
    with answering(LAST_PAGE) as server:
        yield server


@pytest.fixture
def sandbox() -> Iterator[InProcess]:
    with sandbox_thread("gitlab", tasks=60) as sandbox:
        yield sandbox


def test_first_request_asks_for_keyset_pages_of_every_issue_in_the_order_of_changes(server):
    server.will_answer(PROJECT, LAST_PAGE)
    listed(opened(server.base_url))
    assert queries(server)[1] == {
        "order_by": "updated_at", "sort": "asc", "scope": "all", "state": "all", "per_page": "100",
        "pagination": "keyset",
    }  # fmt: skip


def test_next_page_is_asked_of_our_own_server_whatever_host_the_link_names(server):
    server.will_answer(PROJECT, page(issue(1, 1), next_query="cursor=abc&per_page=100"), page(issue(2, 2)))
    ids, _ = listed(opened(server.base_url))
    assert ids == ["1", "2"]
    assert queries(server)[2] == queries(server)[1] | {"cursor": "abc"}


def test_server_that_counts_pages_is_asked_from_the_last_change_seen(server):
    server.will_answer(
        PROJECT,
        page(issue(1, 1), issue(2, 2), next_query="page=2&order_by=updated_at", number=1),
        page(issue(2, 2), issue(3, 3), number=1),
    )
    ids, _ = listed(opened(server.base_url))
    assert ids == ["1", "2", "2", "3"]
    assert queries(server)[2]["updated_after"] == "2026-03-18T09:00:02.000Z"
    assert "page" not in queries(server)[2]


def test_more_rows_of_one_time_than_a_page_holds_are_asked_for_by_number(server):
    server.will_answer(
        PROJECT,
        page(issue(1, 1), next_query="page=2", number=1),
        page(issue(1, 1), next_query="page=2", number=1),
        page(issue(2, 1), number=2),
        page(issue(1, 1), number=1),
    )
    ids, _ = listed(opened(server.base_url))
    assert ids == ["1", "1", "2"]
    assert queries(server)[3] | {"page": "2", "updated_after": "2026-03-18T09:00:01.000Z"} == queries(server)[3]


def test_server_without_keyset_pages_is_asked_again_without(server):
    server.will_answer(
        PROJECT, Answer(405, body=b'{"error": "Keyset pagination is not yet available"}'), page(issue(1, 1))
    )
    assert listed(opened(server.base_url))[0] == ["1"]
    assert "pagination" not in queries(server)[2]


def test_ids_are_listed_too_where_pages_are_counted(server):
    server.will_answer(
        Answer(405, body=b'{"error": "Keyset pagination is not yet available"}'),
        page(issue(1, 1), next_query="page=2&per_page=100", number=1),
        page(issue(2, 2), number=2),
    )
    assert list(opened(server.base_url).integration.list_ids()) == ["1", "2"]


def test_way_on_that_is_no_longer_accepted_starts_the_scan_again(server):
    server.will_answer(PROJECT, page(issue(1, 1), next_query="cursor=old"), page(issue(2, 2)))
    source = opened(server.base_url)
    first = next(iter(source.integration.list_changed(None, NOW)))
    server.will_answer(Answer(400, body=b'{"error": "cursor is invalid"}'), page(issue(1, 1), issue(2, 2)))
    assert listed(source, first.position)[0] == ["1", "2"]


def test_next_listing_reaches_back_a_little(server):
    server.will_answer(PROJECT, page(issue(1, 30)))
    source = opened(server.base_url)
    _, position = listed(source)
    listed(source, position)
    assert queries(server)[-1]["updated_after"] == "2026-03-18T09:00:20.000Z"


def test_listing_does_not_reach_back_behind_what_is_long_settled(server):
    server.will_answer(PROJECT, page(issue(1, 30)))
    source = opened(server.base_url)
    _, position = listed(source, now=NOW + timedelta(days=3))
    listed(source, position)
    assert queries(server)[-1]["updated_after"] == "2026-03-18T09:00:30.000Z"


def test_time_that_cannot_be_does_not_move_the_position(server):
    broken = issue(2, 2) | {"updated_at": "9999-01-01T00:00:00.000Z"}
    server.will_answer(PROJECT, page(issue(1, 30), broken, issue(3, 3) | {"updated_at": 12}))
    _, position = listed(opened(server.base_url))
    assert json.loads(position)["projects"]["team/web"]["high"] == "2026-03-18T09:00:30.000Z"


def test_payloads_that_are_no_issues_come_without_an_id(server):
    server.will_answer(
        PROJECT, page(issue(1, 1), "text", None, {"title": "no id"}, {"id": "12"}, {"id": True}, {"id": 1.5})
    )
    (only,) = opened(server.base_url).pages()
    tasks = [item for item in only.items if item.kind is Kind.TASK]
    assert [task.external_id for task in tasks] == ["1", None, None, None, None, None, None]
    assert all(isinstance(task.payload, dict) for task in tasks)


def test_half_a_character_spoils_only_itself(server):
    body = b'[{"id": 1, "title": "\\ud83d"}, {"id": 2, "title": "\xf0\x9f\x98\x80"}]'
    server.will_answer(PROJECT, Answer(body=body))
    (only,) = opened(server.base_url).pages()
    titles = [item.payload["title"] for item in only.items if item.kind is Kind.TASK]
    assert titles == ["?", "😀"]


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b'{"a": 1}', b"[1", b"[NaN]"])
def test_answer_that_is_not_gitlabs_names_the_setting_to_check(server, body):
    server.will_answer(PROJECT, Answer(headers={"Content-Type": "text/html"}, body=body))
    with pytest.raises(RetryableError, match="base_url"):
        listed(opened(server.base_url))


def test_page_that_leads_to_itself_is_not_followed_for_ever(server):
    server.will_answer(PROJECT, page(issue(1, 1), next_query="cursor=x"), page(issue(2, 2), next_query="cursor=x"))
    with pytest.raises(RetryableError, match="its own next"):
        listed(opened(server.base_url))


def test_project_that_cannot_be_read_does_not_stop_the_others(sandbox):
    source = opened(sandbox.base_url, "team/none", "team/web", "team/gone", "team/api")
    ids, raised = [], None
    try:
        for one in source.integration.list_changed(None, NOW):
            ids += task_ids(one.items)
    except AccessError as error:
        raised = error
    assert sorted(ids) == sorted(listed(opened(sandbox.base_url, "team/web", "team/api"))[0])
    assert "the other projects were read, but not project team/none: GET" in str(raised)
    assert "project team/gone" in str(raised)


def test_where_no_project_can_be_read_no_others_are_told(sandbox):
    with pytest.raises(AccessError) as caught:
        listed(opened(sandbox.base_url, "team/none"))
    assert "other projects" not in str(caught.value)
    assert "project team/none: GET" in str(caught.value)


@pytest.mark.parametrize(("status", "mend"), [(401, "read_api"), (404, "base_url"), (500, "base_url")])
def test_check_names_what_to_mend_by_what_went_wrong(server, status, mend, monkeypatch):
    monkeypatch.setattr("worklake.integrations.http.TRIES", 1)
    server.will_answer(Answer(status))
    (finding,) = opened(server.base_url).integration.check()
    assert (finding.ok, mend in (finding.mend or "")) == (False, True)
    assert ("read_api" in (finding.mend or "")) == (status == 401)


def test_projects_details_are_read_again_after_a_day_and_only_with_a_change(sandbox):
    source = opened(sandbox.base_url, "team/web")
    _, position = listed(source, now=NOW)
    tomorrow = NOW + timedelta(days=2)
    source.calls.clear()
    assert listed(source, position, tomorrow)[1] == position
    assert [call.endpoint for call in source.calls] == ["GET /api/v4/projects/:id/issues"]
    sandbox.clock.forward(days=2)
    sandbox.provider.create_item({"title": "New", "project": "team/web"})
    source.calls.clear()
    _, position = listed(source, position, tomorrow)
    assert [call.endpoint for call in source.calls].count("GET /api/v4/projects/:id") == 1
    source.calls.clear()
    listed(source, position, tomorrow)
    assert [call.endpoint for call in source.calls] == ["GET /api/v4/projects/:id/issues"]


def test_new_project_in_the_settings_is_read_from_its_beginning(sandbox):
    _, position = listed(opened(sandbox.base_url, "team/web"))
    api_only = listed(opened(sandbox.base_url, "team/api"))[0]
    ids, _ = listed(opened(sandbox.base_url, "team/web", "team/api"), position)
    assert set(api_only) <= set(ids)


def test_project_may_be_named_by_its_id(sandbox):
    assert listed(opened(sandbox.base_url, "101"))[0] == listed(opened(sandbox.base_url, "team/web"))[0]


def test_text_that_is_no_position_is_refused(server):
    for text in ("", "{", "[]", '{"projects": 1}', '{"projects": {"team/web": {"since": "x"}}}'):
        if text:
            with pytest.raises(InvalidInputError, match="not a position"):
                opened(server.base_url).pages(text)


def test_people_and_milestones_come_once_per_distinct_payload(sandbox):
    items = opened(sandbox.base_url, "team/web", "team/api").items()
    for kind in (Kind.PERSON, Kind.MILESTONE):
        ids = [item.external_id for item in items if item.kind is kind]
        assert ids and len(ids) == len(set(ids))


def test_blocking_issues_are_completed_with_their_links(sandbox):
    source = opened(sandbox.base_url, "team/web", "team/api", "team/mobile")
    blocking = [item for item in source.items() if item.payload.get("blocking_issues_count")]
    assert blocking
    completed = [item for item in source.integration.complete(blocking) if item.kind is Kind.TASK]
    assert all(source.integration.lens.view(Kind.TASK, item.payload).blocks for item in completed)


def test_comments_are_left_out_when_the_settings_say_so(sandbox):
    source = opened(sandbox.base_url, "team/web", comments=False)
    items = source.items()
    source.calls.clear()
    assert Kind.COMMENT not in {item.kind for item in source.integration.complete(items)}
    assert not [call for call in source.calls if call.endpoint.endswith("/notes")]


def test_issue_that_is_gone_before_it_is_completed_comes_as_it_was_listed(sandbox):
    source = opened(sandbox.base_url, "team/web")
    item = next(item for item in source.items() if item.payload.get("user_notes_count"))
    sandbox.provider.delete_item(item.external_id)
    assert list(source.integration.complete([item])) == [item]


def test_issue_is_found_by_its_id_without_an_administrators_rights(server):
    found = json.dumps(issue(5, 1) | {"subscribed": True}).encode()
    server.will_answer(
        Answer(body=b'{"data": {"_0": {"iid": "5", "projectId": 7}}}'),
        Answer(body=found),
        PROJECT,
    )
    item = opened(server.base_url).integration.read("5")
    assert item.payload == issue(5, 1) | {"_project_name": "Web"}
    assert [asked.path for asked in server.asked][:2] == ["/api/graphql", "/api/v4/projects/7/issues/5"]
