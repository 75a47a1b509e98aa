"""What `conf/sources.yml` holds of a Motion source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from worklake.model.fields import Status
from worklake.settings.models import BaseUrl, SourceSettings

API_URL = "https://api.usemotion.com"

DEFAULT_STATUSES: Mapping[str, Status] = {
    "Backlog": Status.BACKLOG,
    "Todo": Status.UNSTARTED,
    "Not Started": Status.UNSTARTED,
    "In Progress": Status.STARTED,
    "Completed": Status.COMPLETED,
    "Canceled": Status.CANCELED,
}
"""What the statuses mean that Motion gives a new workspace."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone; use a name such as Europe/Berlin or UTC")
    return name


class MotionSettings(SourceSettings):
    """A Motion account seen through one API key; `workspaces` says which workspaces' tasks are read."""

    provider: Literal["motion"] = "motion"
    base_url: BaseUrl = API_URL
    workspaces: Annotated[tuple[Name, ...], AfterValidator(_each_once)] = Field(
        min_length=1, description="Names or ids of the workspaces to read"
    )
    create_in: Name | None = Field(
        default=None, description="The workspace in which new tasks are made; the first of `workspaces` unless told"
    )
    statuses: Mapping[Name, Status] = Field(
        default=DEFAULT_STATUSES, description="What the workspaces' own statuses mean, by name"
    )
    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="UTC", description="The zone in which a due time is a day, and the end of a day a due time"
    )
    comments: bool = Field(
        default=False, description="Whether to read comments: one more request for every new or changed task"
    )
    requests_per_minute: float = Field(
        default=11, gt=0, description="How often Motion may be asked: it locks out who goes over 12 (a team over 120)"
    )
    run_minutes: float = Field(default=10, gt=0, description="How many minutes' worth of requests one run may make")

    @property
    def zone(self) -> ZoneInfo:
        """The zone of due times."""
        return ZoneInfo(self.time_zone)

    @property
    def requests_per_run(self) -> int:
        """How many requests one run may make."""
        return max(4, int(self.requests_per_minute * self.run_minutes))

    @property
    def home(self) -> str:
        """The workspace in which new tasks are made."""
        return self.create_in or self.workspaces[0]

    def places(self) -> Mapping[str, str]:
        """See `SourceSettings.places`: workspaces of another key may be another account's."""
        return {f"{self.base_url} {self.token} {name}": f"the workspace {name}" for name in self.workspaces}

    @model_validator(mode="after")
    def _creates_where_it_reads(self) -> Self:
        if self.create_in is not None and self.create_in not in self.workspaces:
            raise ValueError(
                f"create_in is {self.create_in!r}, which is none of workspaces: {', '.join(self.workspaces)}"
            )
        return self

    @model_validator(mode="after")
    def _statuses_are_open_and_closed(self) -> Self:
        meant = set(self.statuses.values())
        for wanted in (Status.UNSTARTED, Status.COMPLETED):
            if wanted not in meant:
                raise ValueError(f"statuses has no name for {wanted.value}: tasks are opened and completed by name")
        return self
