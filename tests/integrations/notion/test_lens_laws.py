"""The laws of Notion's lens, for pages in every form."""

from __future__ import annotations

import copy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integrations.notion.payloads import ids, names, pages, said, settings_with
from worklake.integrations.notion.mapping import NotionLens
from worklake.model.fields import Priority, Status
from worklake.model.rows import Kind
from worklake.testing.laws import VALUES

tried = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
lenses = st.sampled_from(
    [
        NotionLens(settings_with()),
        NotionLens(settings_with(estimate_unit="hours")),
        NotionLens(settings_with(statuses={"Not started": "backlog", "In progress": "started", "In review": "started",
                                           "Done": "completed", "Canceled": "canceled"})),
    ]
)  # fmt: skip
references = st.lists(ids, max_size=3, unique=True).map(sorted)
FIELD_VALUES = {
    **{name: values for name, values in VALUES.items() if name != "confidential"},
    "title": st.one_of(VALUES["title"], said),
    "description": st.none() | said | st.lists(said, max_size=4).map("\n\n".join),
    "status": st.sampled_from([one.value for one in Status]),
    "priority": st.sampled_from([one.value for one in Priority]),
    "labels": st.lists(st.one_of(names, st.just("a,b"), st.just(" x ")), max_size=3, unique=True).map(sorted),
    "assignees": references, "blocked_by": references, "parent_id": st.none() | ids,
    "project": st.none() | names, "milestone": st.none() | names, "cycle": st.none() | st.just("a, b") | names,
}  # fmt: skip
all_fields = st.fixed_dictionaries({}, optional=FIELD_VALUES)


def shown(lens: NotionLens, page):
    return lens.view(Kind.TASK, page).fields


@tried
@given(lenses, pages(), all_fields)
def test_what_is_put_is_read_back_as_projected(lens, page, fields):
    before = shown(lens, page)
    projected = lens.project(fields, before)
    assert shown(lens, lens.put(fields, page)) == before | projected
    assert lens.project(projected, before) == projected


@tried
@given(lenses, pages())
def test_putting_what_was_read_changes_nothing(lens, page):
    fields = shown(lens, page)
    assert lens.project(fields, fields) == fields
    assert lens.put(fields, page) == page


@tried
@given(lenses, pages(), all_fields)
def test_put_twice_is_put_once_and_leaves_the_given_page_alone(lens, page, fields):
    before = copy.deepcopy(page)
    once = lens.put(fields, page)
    assert lens.put(fields, once) == once
    assert page == before


@tried
@given(lenses, all_fields)
def test_fields_of_a_page_yet_to_be_made_are_fitted_to_themselves(lens, fields):
    once = lens.project(fields, None)
    assert lens.project(once, None) == once
    assert "archived" not in once


@tried
@given(lenses, pages(), all_fields)
def test_markers_stay_and_no_text_makes_others(lens, page, fields):
    marker = "<!-- worklake:task_fedcba9876543210 -->"
    fields = {**fields, "description": f"{marker}\n\n{fields.get('description') or ''}"}
    before, after = lens.view(Kind.TASK, page), lens.view(Kind.TASK, lens.put(fields, page))
    assert after.markers == before.markers
    assert "worklake:task_" not in (after.fields["description"] or "")


@tried
@given(pages(), all_fields)
def test_a_text_property_can_hold_the_description_and_keeps_it_as_it_is(page, fields):
    lens = NotionLens(settings_with(properties={"description": "About", "due_date": "Due"}))
    page["properties"]["About"] = {"id": "abo", "type": "rich_text", "rich_text": []}
    before = shown(lens, page)
    assert set(before) == {"title", "description", "due_date", "archived"}
    projected = lens.project(fields, before)
    assert shown(lens, lens.put(fields, page)) == before | projected
    if "description" in fields:
        assert (projected["description"] or "") == (fields["description"] or "").replace("\0", "")
