"""The laws of the lens: what is put is read back as projected, and what was read and put changes nothing."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from tests.integrations.motion.payloads import FIELD_VALUES, all_fields, settings, tasks
from worklake.integrations.motion.mapping import TASK_FIELDS, WRITABLE_FIELDS, MotionLens
from worklake.model.rows import Kind

lenses = settings().map(MotionLens)


def shown(lens, task):
    return lens.view(Kind.TASK, task).fields


@tried(max_examples=40)
@given(lenses, tasks())
def test_view_shows_every_field(lens, task):
    assert set(shown(lens, task)) == TASK_FIELDS


@pytest.mark.parametrize("field", sorted(TASK_FIELDS))
@tried(max_examples=25)
@given(lens=lenses, task=tasks(), data=st.data())
def test_what_is_put_is_read_back_as_projected(field, lens, task, data):
    fields = {field: data.draw(FIELD_VALUES[field])}
    before = shown(lens, task)
    assert shown(lens, lens.put(fields, task)) == before | lens.project(fields, before)


@tried(max_examples=60)
@given(lenses, tasks(), all_fields)
def test_fields_put_together_are_read_back_as_projected(lens, task, fields):
    before = shown(lens, task)
    projected = lens.project(fields, before)
    assert shown(lens, lens.put(fields, task)) == before | projected
    assert lens.project(projected, before) == projected


@tried(max_examples=40)
@given(lenses, tasks())
def test_putting_what_was_read_changes_nothing(lens, task):
    fields = shown(lens, task)
    assert lens.put(fields, task) == task
    assert lens.project(fields, fields) == fields


@tried(max_examples=40)
@given(lenses, tasks(), all_fields)
def test_putting_twice_is_putting_once_and_leaves_the_given_payload_alone(lens, task, fields):
    before = copy.deepcopy(task)
    once = lens.put(fields, task)
    assert lens.put(fields, once) == once
    assert task == before


@tried(max_examples=40)
@given(lenses, all_fields)
def test_fields_of_a_task_yet_to_be_made_are_fitted_to_themselves(lens, fields):
    once = lens.project(fields, None)
    assert set(once) <= WRITABLE_FIELDS
    assert lens.project(once, None) == once


@tried(max_examples=40)
@given(lenses, tasks(), all_fields)
def test_markers_of_the_task_stay_and_no_others_come(lens, task, fields):
    before, after = lens.view(Kind.TASK, task), lens.view(Kind.TASK, lens.put(fields, task))
    assert after.markers == before.markers
    assert "worklake:task_" not in (after.fields["description"] or "")


@tried(max_examples=40)
@given(lenses, tasks(), all_fields)
def test_what_tells_an_edit_is_another_wherever_a_field_is(lens, task, fields):
    other = lens.put(fields, task)
    assert shown(lens, other) == shown(lens, task) or lens.telling(other) != lens.telling(task)
