"""The lens against the server: whatever is written, the answer shows what was projected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from tests.integrations.github.payloads import FIELD_VALUES, OTHER_LABELS, PRIORITY_LABELS, STATUS_LABELS
from tests.support.sandbox import sandbox_thread
from worklake.integrations.github import GitHubIntegration
from worklake.integrations.github.settings import GitHubSettings
from worklake.model.fields import Priority, Status
from worklake.model.ids import TaskId
from worklake.testing.source import Opened, SourceToTest, open_for_test

MARK = TaskId("task_0123456789abcdef")
_NAMES = st.sampled_from([*STATUS_LABELS, *PRIORITY_LABELS, *OTHER_LABELS, "new one", "🚀", "a,b"])


@pytest.fixture(scope="module")
def source() -> Iterator[Opened]:
    with sandbox_thread("github", tasks=10) as sandbox:
        settings = GitHubSettings(
            base_url=sandbox.base_url, token="env:X", repositories=("team/web",), writes_per_minute=100_000,
            status_labels=dict(zip(STATUS_LABELS, list(Status)[:4], strict=False)),
            priority_labels=dict(zip(PRIORITY_LABELS, list(Priority)[1:], strict=False)),
        )  # fmt: skip
        yield open_for_test(SourceToTest(GitHubIntegration, settings, sandbox.token))


@pytest.fixture(scope="module")
def others(source: Opened) -> list[str]:
    made = [_make(source, "Another", f"task_{number:016x}") for number in (1, 2)]
    return [one for one in made if one]


@pytest.fixture(scope="module")
def task(source: Opened) -> str:
    return _make(source, "Written to", MARK)


def _make(source: Opened, title: str, mark: str) -> str:
    made = source.integration.create({"title": title}, where=None, marker=TaskId(mark), made_id=None)
    assert made.external_id is not None
    return made.external_id


def fields(others: list[str]) -> st.SearchStrategy[dict]:
    plain = ("title", "description", "status", "priority")
    values = {
        **{name: FIELD_VALUES[name] for name in plain},
        "labels": st.lists(_NAMES, max_size=4, unique=True).map(sorted),
        "assignees": st.lists(st.sampled_from(["1", "2", "3", "nobody"]), max_size=3, unique=True).map(sorted),
        "parent_id": st.none() | st.sampled_from(others),
        "blocked_by": st.lists(st.sampled_from(others), max_size=2, unique=True).map(sorted),
    }
    return st.fixed_dictionaries({}, optional=values)


def test_update_shows_what_was_projected(source, task, others):
    @tried(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(fields(others))
    def law(wanted: dict) -> None:
        before = source.shown(source.integration.read(task))
        projected = source.integration.lens.project(wanted, before.fields)
        after = source.shown(source.integration.update(task, wanted, before.fields))
        assert after.fields == before.fields | projected
        assert source.shown(source.integration.read(task)) == after
        assert source.integration.lens.project(wanted, after.fields) == projected, "it would be written again"
        assert after.markers == before.markers == [MARK]

    law()


def test_creation_shows_what_was_projected(source, others):
    @tried(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(fields(others), st.integers(3, 2**60))
    def law(wanted: dict, number: int) -> None:
        wanted = {"title": "New", **wanted}
        wanted["title"] = wanted["title"] if source.integration.lens.project(wanted, None)["title"] else "New"
        mark = TaskId(f"task_{number:016x}")
        view = source.shown(source.integration.create(wanted, where=None, marker=mark, made_id=None))
        assert view.fields == view.fields | source.integration.lens.project(wanted, None)
        assert view.markers == [mark]

    law()


def test_labels_of_the_strategies_are_those_of_the_settings():
    assert {*STATUS_LABELS, *PRIORITY_LABELS}.isdisjoint(OTHER_LABELS)
