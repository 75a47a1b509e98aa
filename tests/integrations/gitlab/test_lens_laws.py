"""The laws of the lens: what is put is read back as projected, and what was read and put changes nothing."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from tests.integrations.gitlab.payloads import FIELD_VALUES, all_fields, issues, settings
from worklake.integrations.gitlab.mapping import ISSUE_FIELDS, GitLabLens
from worklake.model.rows import Kind

lenses = settings.map(GitLabLens)


@tried(max_examples=40, deadline=None)
@given(lenses, issues())
def test_view_shows_every_field_and_no_other(lens, issue):
    assert set(lens.view(Kind.TASK, issue).fields) == ISSUE_FIELDS


@pytest.mark.parametrize("field", sorted(ISSUE_FIELDS))
@tried(max_examples=20, deadline=None)
@given(lens=lenses, issue=issues(), data=st.data())
def test_what_is_put_is_read_back_as_projected(field, lens, issue, data):
    fields = {field: data.draw(FIELD_VALUES[field])}
    shown = lens.view(Kind.TASK, lens.put(fields, issue)).fields
    assert {field: shown[field]} == lens.project(fields, issue)


@tried(max_examples=40, deadline=None)
@given(lenses, issues(), all_fields)
def test_fields_put_together_are_read_back_as_projected(lens, issue, fields):
    before = lens.view(Kind.TASK, issue).fields
    shown = lens.view(Kind.TASK, lens.put(fields, issue)).fields
    assert shown == before | lens.project(fields, issue)


@tried(max_examples=40, deadline=None)
@given(lenses, issues())
def test_putting_what_was_read_changes_nothing(lens, issue):
    view = lens.view(Kind.TASK, issue)
    assert lens.put(view.fields, issue) == issue
    assert lens.project(view.fields, issue) == view.fields


@tried(max_examples=40, deadline=None)
@given(lenses, issues(), all_fields)
def test_projecting_twice_is_projecting_once(lens, issue, fields):
    once = lens.project(fields, issue)
    assert lens.project(once, issue) == once


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
