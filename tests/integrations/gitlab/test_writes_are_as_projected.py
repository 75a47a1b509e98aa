"""The lens against the server: whatever is written, the answer shows what was projected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from tests.integrations.gitlab.payloads import FIELD_VALUES, OTHER_LABELS, PRIORITY_LABELS, STATUS_LABELS, label_names
from tests.support.sandbox import sandbox_thread
from worklake.integrations.gitlab import GitLabIntegration
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.model.fields import Priority, Status
from worklake.model.ids import TaskId
from worklake.testing.source import Opened, SourceToTest, open_for_test

ASSIGNEES = st.lists(st.sampled_from(["1", "2", "3", "nobody"]), max_size=3, unique=True).map(sorted)
VALUES = {
    **{name: FIELD_VALUES[name] for name in ("title", "description", "status", "priority", "due_date", "confidential")},
    "labels": st.lists(label_names.filter(lambda name: name == name.casefold()), max_size=4, unique=True).map(sorted),
    "assignees": ASSIGNEES,
    "estimate_minutes": st.none() | st.integers(-5, 10**6),
    "estimate_points": st.none() | st.floats(-2, 1000),
}
FIELDS = st.fixed_dictionaries({}, optional=VALUES)
MARK = TaskId("task_0123456789abcdef")


@pytest.fixture(scope="module")
def source() -> Iterator[Opened]:
    with sandbox_thread("gitlab", tasks=10) as sandbox:
        settings = GitLabSettings(
            base_url=sandbox.base_url, token="env:X", projects=("team/web",),
            status_labels=dict(zip(STATUS_LABELS, list(Status)[:5], strict=False)),
            priority_labels=dict(zip(PRIORITY_LABELS, list(Priority)[1:], strict=False)),
        )  # fmt: skip
        yield open_for_test(SourceToTest(GitLabIntegration, settings, sandbox.token))


@pytest.fixture(scope="module")
def task(source: Opened) -> str:
    made = source.integration.create({"title": "Written to"}, where=None, marker=MARK, made_id=None)
    assert made.external_id is not None
    return made.external_id


@tried(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(fields=FIELDS)
def test_update_shows_what_was_projected(source, task, fields):
    before = source.shown(source.integration.read(task))
    projected = source.integration.lens.project(fields, before.fields)
    after = source.shown(source.integration.update(task, fields, before.fields))
    assert after.fields == before.fields | projected
    assert source.integration.lens.project(fields, after.fields) == projected, "it would be written again"
    assert after.markers == before.markers == [MARK]


@tried(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(fields=FIELDS, number=st.integers(0, 2**60))
def test_creation_shows_what_was_projected(source, fields, number):
    fields = {"title": "New", **fields}
    fields["title"] = fields["title"] if source.integration.lens.project(fields, None)["title"] else "New"
    mark = TaskId(f"task_{number:016x}")
    view = source.shown(source.integration.create(fields, where=None, marker=mark, made_id=None))
    assert view.fields == view.fields | source.integration.lens.project(fields, None)
    assert view.markers == [mark]


def test_labels_of_the_strategies_are_those_of_the_settings():
    assert {*STATUS_LABELS, *PRIORITY_LABELS}.isdisjoint(OTHER_LABELS)
