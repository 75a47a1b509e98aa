"""What `conf/sources.yml` holds of a Notion source."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from worklake.model.fields import Priority, Status
from worklake.settings.models import BaseUrl, Settings, SourceSettings

API_URL = "https://api.notion.com"
EXTERNAL_ID = "External ID"

DEFAULT_STATUSES: Mapping[str, Status] = {
    "Not started": Status.UNSTARTED,
    "In progress": Status.STARTED,
    "Done": Status.COMPLETED,
}
"""The options that Notion gives a new status property."""

DEFAULT_PRIORITIES: Mapping[str, Priority] = {
    "Urgent": Priority.URGENT,
    "High": Priority.HIGH,
    "Medium": Priority.MEDIUM,
    "Low": Priority.LOW,
}

_HEX = re.compile(r"[0-9a-fA-F]{32}")


def _id(text: str) -> str:
    digits = text.strip().replace("-", "")
    if not _HEX.fullmatch(digits):
        raise ValueError(
            f"{text!r} is not the id of a data source: 32 letters and digits, such as"
            " 248104cd-477e-80af-bc30-000bd28de8f9. Notion copies it: the database's settings, Manage data sources,"
            " Copy data source ID"
        )
    return str(uuid.UUID(digits))


def _names(meanings: Mapping[str, object]) -> Mapping[str, object]:
    for name in meanings:
        if not name.strip() or "," in name or len(name) > 100:
            raise ValueError(f"{name!r} cannot be an option of Notion: 1 to 100 characters, no comma")
    return meanings


PropertyName = Annotated[str, Field(min_length=1)]


class PropertySettings(Settings):
    """Which property of a data source holds which field, by its name or id. A field without one is not shown there."""

    title: PropertyName | None = Field(default=None, description="Found by itself: a page has one title")
    description: PropertyName | None = Field(
        default=None, description="A text property that holds the description in place of the page's body"
    )
    status: PropertyName | None = Field(default=None, description="A status or a select")
    priority: PropertyName | None = Field(default=None, description="A select")
    labels: PropertyName | None = Field(default=None, description="A multi-select")
    assignees: PropertyName | None = Field(default=None, description="People")
    due_date: PropertyName | None = Field(default=None, description="A date")
    start_date: PropertyName | None = Field(default=None, description="A date")
    estimate_minutes: PropertyName | None = Field(default=None, description="A number, in `estimate_unit`")
    estimate_points: PropertyName | None = Field(default=None, description="A number")
    project: PropertyName | None = Field(default=None, description="A select")
    milestone: PropertyName | None = Field(default=None, description="A select")
    cycle: PropertyName | None = Field(default=None, description="A select")
    parent_id: PropertyName | None = Field(default=None, description="A relation to the same data source")
    blocked_by: PropertyName | None = Field(default=None, description="A relation to the same data source")
    external_id: PropertyName = Field(
        default=EXTERNAL_ID, description="A text property in which Worklake notes which task a page was made for"
    )

    def named(self) -> Mapping[str, str]:
        """The property of each field that has one, `external_id` among them."""
        return {name: value for name, value in self.model_dump().items() if value is not None}

    @model_validator(mode="after")
    def _one_field_each(self) -> PropertySettings:
        held: dict[str, str] = {}
        for field, name in self.named().items():
            if name in held:
                raise ValueError(f"the property {name!r} stands for {held[name]} and for {field}; leave it in one")
            held[name] = field
        return self


class DataSourceSettings(Settings):
    """One table of a Notion database: its id, and what its properties and their options mean."""

    id: Annotated[str, AfterValidator(_id)] = Field(description="The id of the data source, not of its database")
    properties: PropertySettings = PropertySettings()
    statuses: Annotated[Mapping[str, Status], AfterValidator(_names)] = Field(
        default=DEFAULT_STATUSES, min_length=1, description="What each option of the status property means"
    )
    priorities: Annotated[Mapping[str, Priority], AfterValidator(_names)] = Field(
        default=DEFAULT_PRIORITIES, description="What the options of the priority property mean"
    )
    estimate_unit: Literal["minutes", "hours"] = Field(default="minutes", description="What the estimate counts")
    body: bool = Field(
        default=True, description="Whether a page's body is the description: one more call for each page that changed"
    )

    @property
    def has_body(self) -> bool:
        """Whether the description is the page's body."""
        return self.body and self.properties.description is None

    @property
    def resolution(self) -> object:
        """What decides how finely its pages show a task."""
        return frozenset(self.statuses.values()), frozenset(self.priorities.values()), self.has_body

    @model_validator(mode="after")
    def _none_is_no_option(self) -> DataSourceSettings:
        for name, priority in self.priorities.items():
            if priority is Priority.NONE:
                raise ValueError(f"the option {name!r} cannot stand for priority none: that is a page without one")
        return self


class NotionSettings(SourceSettings):
    """Some data sources of a Notion workspace, seen through one connection."""

    provider: Literal["notion"] = "notion"
    base_url: BaseUrl = API_URL
    data_sources: Mapping[str, DataSourceSettings] = Field(
        min_length=1, description="The data sources to read, each under a name of your choice"
    )
    create_in: str | None = Field(
        default=None, description="The name of the data source in which new pages are made; the first unless told"
    )
    comments: bool = Field(default=True, description="Whether to read comments: one more call per page that changed")

    def places(self) -> Mapping[str, str]:
        """See `SourceSettings.places`: a data source is the same whoever reads it."""
        return {f"{self.base_url} {one.id}": f"the data source {name}" for name, one in self.data_sources.items()}

    @property
    def home(self) -> str:
        """The name of the data source in which new pages are made."""
        return self.create_in or next(iter(self.data_sources))

    def by_id(self) -> Mapping[str, DataSourceSettings]:
        """The settings of each data source by its id."""
        return {one.id: one for one in self.data_sources.values()}

    def name_of(self, data_source: str) -> str:
        """The name of the data source with this id; the id where the settings do not name it."""
        return next((name for name, one in self.data_sources.items() if one.id == data_source), data_source)

    @model_validator(mode="after")
    def _fits_together(self) -> NotionSettings:
        seen: dict[str, str] = {}
        for name, one in self.data_sources.items():
            if one.id in seen:
                raise ValueError(f"data_sources: {seen[one.id]} and {name} are the same data source {one.id}")
            seen[one.id] = name
        first_name, first = next(iter(self.data_sources.items()))
        for name, one in self.data_sources.items():
            if one.resolution != first.resolution:
                raise ValueError(
                    f"data_sources: {first_name} and {name} tell other statuses or priorities apart, or keep the"
                    " description elsewhere; give each a source of its own"
                )
        if self.create_in is not None and self.create_in not in self.data_sources:
            known = ", ".join(self.data_sources)
            raise ValueError(f"create_in is {self.create_in!r}, which is none of `data_sources`: {known}")
        return self
