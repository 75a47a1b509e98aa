"""What `conf/sources.yml` may say of a Notion source."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.integrations.notion.payloads import SOURCE, settings_with
from worklake.integrations.notion import NotionSettings

OTHER = "00000000-0000-4000-8000-000000000001"


def settings_of(**more: Any) -> NotionSettings:
    tasks = {"id": SOURCE}
    return NotionSettings.model_validate({"token": "env:X", "data_sources": {"tasks": tasks}, **more})


@pytest.mark.parametrize("text", [SOURCE, SOURCE.replace("-", ""), f" {SOURCE.upper()} "])
def test_id_is_taken_with_and_without_dashes(text: str):
    assert settings_with(id=text).data_sources["tasks"].id == SOURCE


def test_little_is_needed():
    settings = settings_of()
    assert (settings.base_url, settings.home) == ("https://api.notion.com", "tasks")
    assert settings.data_sources["tasks"].properties.external_id == "External ID"


WRONG = {
    "no id": ({"id": "https://notion.so/x"}, "Copy data source ID"),
    "a property for two fields": (
        {"properties": {"due_date": "Due", "start_date": "Due"}},
        "leave it in one",
    ),
    "an unknown field": ({"properties": {"assignee": "Who"}}, "assignee"),
    "an unknown status": ({"statuses": {"Done": "finished"}}, "statuses"),
    "no status": ({"statuses": {}}, "statuses"),
    "a name that no option has": ({"statuses": {"a,b": "started"}}, "cannot be an option"),
    "a priority that is none": ({"priorities": {"Whatever": "none"}}, "priority none"),
    "an unknown unit": ({"estimate_unit": "days"}, "estimate_unit"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_cannot_be_is_refused_with_the_reason(kind: str):
    changed, words = WRONG[kind]
    with pytest.raises(ValidationError, match=words):
        settings_with(**changed)


def test_data_sources_fit_together():
    one, other = {"id": SOURCE}, {"id": OTHER}
    assert settings_of(data_sources={"a": one, "b": other}, create_in="b").home == "b"
    for wrong, words in (
        ({"data_sources": {"a": one, "b": one}}, "are the same data source"),
        ({"create_in": "elsewhere"}, "none of `data_sources`"),
        ({"data_sources": {}}, "data_sources"),
        ({"data_sources": {"a": one, "b": {**other, "statuses": {"Open": "started"}}}}, "a source of its own"),
        ({"data_sources": {"a": one, "b": {**other, "body": False}}}, "a source of its own"),
    ):
        with pytest.raises(ValidationError, match=words):
            settings_of(**wrong)


def test_sources_over_the_same_data_source_are_known_to_overlap():
    assert settings_of().places().keys() == settings_of(token="env:Y").places().keys()
