"""A value that a person gives for a field is checked and kept in the field's own form."""

import re
from typing import Any

import pytest

from worklake.errors import InvalidInputError
from worklake.model.fields import FIELDS
from worklake.sync.given import checked_value


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("title", "Mend the gate", "Mend the gate"),
        ("due_date", "2026-03-09", "2026-03-09"),
        ("status", "started", "started"),
        ("labels", ["b", "a", "b"], ["a", "b"]),
        ("estimate_minutes", 90, 90),
        ("estimate_points", 3, 3.0),
        ("archived", True, True),
    ],
)
def test_a_value_that_fits_is_kept_in_the_fields_form(field: str, value: Any, kept: Any) -> None:
    assert checked_value(field, value) == kept


@pytest.mark.parametrize("field", [name for name in FIELDS if name != "title"])
def test_nothing_empties_every_field_but_the_title(field: str) -> None:
    assert checked_value(field, None) == FIELDS[field].empty


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("title", None, "title takes a text"),
        ("title", " ", "a title cannot be empty"),
        ("due_date", "tomorrow", 'due_date takes a day such as "2026-03-09"; found "tomorrow"'),
        ("due_date", "2026-02-30", "due_date takes a day"),
        ("status", "done", 'status takes one of "triage", "backlog"'),
        ("labels", "bug", "labels takes a list of texts"),
        ("labels", [1], "labels takes a list of texts"),
        ("estimate_minutes", 1.5, "estimate_minutes takes a whole number; found 1.5"),
        ("estimate_minutes", True, "estimate_minutes takes a whole number; found true"),
        ("archived", "yes", "archived takes true or false"),
        ("title", {1, 2}, "title takes a text"),
        ("task", None, "take one of its sources"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_the_field_takes(field: str, value: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(said)):
        checked_value(field, value)
