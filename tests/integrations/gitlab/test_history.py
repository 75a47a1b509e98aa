"""What GitLab's events and remarks tell of edits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integrations.answers import Answer, AnswerServer, answering
from worklake.integrations.base import FieldEdit
from worklake.integrations.gitlab import GitLabIntegration
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.testing.source import SourceToTest, open_for_test

SINCE = datetime(2026, 3, 18, 9, tzinfo=UTC)
KIM = {"id": 4, "username": "kim"}


@pytest.fixture
def server() -> Iterator[AnswerServer]:
    with answering(Answer(body=b"[]")) as server:
        yield server


def edits(server: AnswerServer, field: str, *entries: dict[str, Any], since: datetime = SINCE) -> list[FieldEdit]:
    server.will_answer(
        Answer(body=b'{"data": {"_0": {"iid": "1", "projectId": 7}}}'), Answer(body=json.dumps(entries).encode())
    )
    settings = GitLabSettings(base_url=server.base_url, token="env:X", projects=("team/web",))
    source = open_for_test(SourceToTest(GitLabIntegration, settings, "t"))
    return list(source.integration.history("84", since, frozenset({field})))


def at(minute: int) -> str:
    return f"2026-03-18T09:{minute:02}:00.000Z"


def remark(body: str, minute: int = 5, *, system: bool = True) -> dict[str, Any]:
    return {"id": minute, "body": body, "system": system, "author": KIM, "created_at": at(minute)}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("changed the description", "description"),
        ("assigned to @kim and unassigned @lee", "assignees"),
        ("unassigned @lee", "assignees"),
        ("changed due date to March 3, 2026", "due_date"),
        ("removed due date", "due_date"),
        ("changed start date to March 1, 2026 and changed due date to March 3, 2026", "due_date"),
        ("changed time estimate to 3h", "estimate_minutes"),
        ("removed time estimate", "estimate_minutes"),
        ("made the issue confidential", "confidential"),
        ("made the issue visible to everyone", "confidential"),
    ],
)
def test_remark_of_gitlab_tells_the_field_the_time_and_who(server, body, field):
    assert edits(server, field, remark(body)) == [FieldEdit(field, SINCE.replace(minute=5), "4")]
    assert "/issues/1/notes?" in server.asked[1].path


@pytest.mark.parametrize(
    ("body", "titles"),
    [
        ("changed title from **{-Old-}** to **{+New+}**", ("Old", "New")),
        ("changed title from **The {-old-} gate** to **The {+new+} gate**", ("The old gate", "The new gate")),
        ("changed title from **Gate** to **Gate{+ and fence+}**", ("Gate", "Gate and fence")),
    ],
)
def test_remark_tells_a_title_before_and_after(server, body, titles):
    assert edits(server, "title", remark(body)) == [
        FieldEdit("title", SINCE.replace(minute=5), "4", *titles, told=True)
    ]


def test_titles_that_could_be_read_in_two_ways_are_not_told(server):
    body = "changed title from **a** to **b** to **c**"
    assert edits(server, "title", remark(body)) == [FieldEdit("title", SINCE.replace(minute=5), "4")]


def test_comment_of_a_person_that_looks_like_a_remark_is_none(server):
    assert edits(server, "description", remark("changed the description", system=False)) == []


def test_title_may_say_what_it_likes(server):
    assert edits(server, "description", remark("changed title from **a** to **changed the description**")) == []


def test_remarks_are_read_newest_first_up_to_the_time_asked_for(server):
    body = "changed the description"
    found = edits(
        server, "description", remark(body, 9), remark(body, 7), remark(body, 3), since=SINCE.replace(minute=5)
    )
    assert [edit.at.minute for edit in found] == [7, 9]
    assert "sort=desc" in server.asked[1].path


def test_labels_tell_what_was_put_on_and_taken_off(server):
    events = [
        {"id": 1, "user": KIM, "created_at": at(1), "action": "add", "label": {"name": "bug"}},
        {"id": 2, "user": KIM, "created_at": at(2), "action": "remove", "label": {"name": "bug"}},
        {"id": 3, "user": KIM, "created_at": at(3), "action": "add", "label": None},
        {"id": 4, "user": KIM, "created_at": at(4), "action": "add", "label": {"name": "priority::1"}},
    ]
    assert [(edit.before, edit.after, edit.told) for edit in edits(server, "labels", *events)] == [
        ([], ["bug"], True), (["bug"], [], True), (None, None, False),
    ]  # fmt: skip
    assert [edit.at.minute for edit in edits(server, "priority", *events)] == [4]


def test_author_that_is_gone_is_nobody(server):
    assert [edit.actor for edit in edits(server, "milestone", {"id": 1, "user": None, "created_at": at(1)})] == [None]
