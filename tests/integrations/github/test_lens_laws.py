"""The laws of the lens: what is put is read back as projected, and what was read and put changes nothing."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from tests.integrations.github.payloads import FIELD_VALUES, all_fields, issues, settings, with_project
from worklake.integrations.github.mapping import ISSUE_FIELDS, GitHubLens
from worklake.integrations.github.options import CARD
from worklake.model.rows import Kind

lenses = st.one_of(settings, with_project).map(GitHubLens)


def shown(lens, issue):
    return lens.view(Kind.TASK, issue).fields


@tried(max_examples=40, deadline=None)
@given(lenses, issues())
def test_view_shows_every_field_but_the_status_of_an_open_issue_whose_card_nobody_knows(lens, issue):
    hidden = lens.options is not None and issue["state"] == "open" and CARD not in issue
    assert set(shown(lens, issue)) == ISSUE_FIELDS - ({"status"} if hidden else set())


@tried(max_examples=20, deadline=None)
@given(lenses, issues())
def test_relations_that_were_not_read_are_not_shown(lens, issue):
    hidden = {key: value for key, value in issue.items() if key not in ("_parent", "_blocked_by")}
    hidden["parent_issue_url"] = "https://api.github.com/repos/other/hidden/issues/1"
    hidden["issue_dependencies_summary"] = {"total_blocked_by": 1}
    assert set(shown(lens, hidden)) | {"status"} == ISSUE_FIELDS - {"parent_id", "blocked_by"}


@pytest.mark.parametrize("field", sorted(ISSUE_FIELDS))
@tried(max_examples=20, deadline=None)
@given(lens=lenses, issue=issues(), data=st.data())
def test_what_is_put_is_read_back_as_projected(field, lens, issue, data):
    fields = {field: data.draw(FIELD_VALUES[field])}
    before = shown(lens, issue)
    assert shown(lens, lens.put(fields, issue)) == before | lens.project(fields, before)


@tried(max_examples=40, deadline=None)
@given(lenses, issues(), all_fields)
def test_fields_put_together_are_read_back_as_projected(lens, issue, fields):
    before = shown(lens, issue)
    assert shown(lens, lens.put(fields, issue)) == before | lens.project(fields, before)


@tried(max_examples=40, deadline=None)
@given(lenses, issues())
def test_putting_what_was_read_changes_nothing(lens, issue):
    view = lens.view(Kind.TASK, issue)
    assert lens.put(view.fields, issue) == issue
    assert lens.project(view.fields, view.fields) == view.fields


@tried(max_examples=40, deadline=None)
@given(lenses, issues(), all_fields)
def test_projecting_twice_is_projecting_once(lens, issue, fields):
    now = shown(lens, issue)
    once = lens.project(fields, now)
    assert lens.project(once, now) == once


@tried(max_examples=40, deadline=None)
@given(lenses, issues(), all_fields)
def test_putting_twice_is_putting_once(lens, issue, fields):
    once = lens.put(fields, issue)
    assert lens.put(fields, once) == once


@tried(max_examples=40, deadline=None)
@given(lenses, issues(), all_fields)
def test_put_leaves_the_given_payload_alone(lens, issue, fields):
    before = copy.deepcopy(issue)
    lens.put(fields, issue)
    assert issue == before


@tried(max_examples=40, deadline=None)
@given(lenses, all_fields)
def test_fields_of_an_issue_yet_to_be_made_are_fitted_to_themselves(lens, fields):
    once = lens.project(fields, None)
    assert lens.project(once, None) == once


@tried(max_examples=40, deadline=None)
@given(lenses, issues(), all_fields)
def test_markers_of_the_issue_stay_and_no_others_come(lens, issue, fields):
    before, after = lens.view(Kind.TASK, issue), lens.view(Kind.TASK, lens.put(fields, issue))
    assert after.markers == before.markers
    assert "worklake:task_" not in (after.fields["description"] or "")
