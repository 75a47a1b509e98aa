"""What `conf/sources.yml` holds of a GitHub source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from worklake.model.fields import OPEN_STATUSES, Priority, Status
from worklake.settings.models import BaseUrl, Settings, SourceSettings

LONGEST_LABEL = 50
DEFAULT_PRIORITY_LABELS: Mapping[str, Priority] = {
    "priority: urgent": Priority.URGENT,
    "priority: high": Priority.HIGH,
    "priority: medium": Priority.MEDIUM,
    "priority: low": Priority.LOW,
}
DEFAULT_OPTIONS: Mapping[str, Status] = {
    "Todo": Status.UNSTARTED,
    "In Progress": Status.STARTED,
    "Done": Status.COMPLETED,
}
"""What GitHub's own options of a new project stand for."""
_LOGIN = r"^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?$"
_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/[A-Za-z0-9._-]+")


def _repository(name: str) -> str:
    name = name.strip().strip("/")
    if "://" in name:
        raise ValueError(f"{name!r} is a URL; a repository is its owner and name, such as team/web")
    if not _REPOSITORY.fullmatch(name) or name.rpartition("/")[2] in (".", ".."):
        raise ValueError(f"{name!r} is not a repository; write its owner and name, such as team/web")
    return name


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    seen = set()
    for name in names:
        if name.lower() in seen:
            raise ValueError(f"the repository {name} is named twice")
        seen.add(name.lower())
    return names


def _labels(labels: Mapping[str, Any]) -> Mapping[str, Any]:
    seen = set()
    for label in labels:
        if not label.strip() or label != " ".join(label.split()) or len(label) > LONGEST_LABEL:
            raise ValueError(
                f"{label!r} cannot be a label of GitHub: 1 to {LONGEST_LABEL} characters, no space at either end"
            )
        if label.lower() in seen:
            raise ValueError(f"the label {label!r} is named twice: GitHub knows a label in any case")
        seen.add(label.lower())
    return labels


def _options(options: Mapping[str, Any]) -> Mapping[str, Any]:
    seen = set()
    for option in options:
        if not option.strip() or option != option.strip():
            raise ValueError(f"{option!r} cannot be an option of a project's field: it has no space at either end")
        if option.lower() in seen:
            raise ValueError(f"the option {option!r} is named twice: GitHub knows an option in any case")
        seen.add(option.lower())
    return options


RepositoryName = Annotated[str, AfterValidator(_repository)]
"""A repository's owner and name, such as `team/web`."""


class ProjectSettings(Settings):
    """A project (Projects v2) of an organisation or a user, one of whose fields says how far an issue is."""

    owner: str = Field(pattern=_LOGIN, description="The organisation or user whose project it is")
    number: int = Field(ge=1, description="The number in the project's address")
    field: str = Field(default="Status", min_length=1, description="The single-select field that holds the status")
    status: Annotated[Mapping[str, Status], AfterValidator(_options)] = Field(
        default=DEFAULT_OPTIONS,
        min_length=1,
        description="What the field's options stand for; of several with one status the first is written",
    )

    @property
    def name(self) -> str:
        """The project in words."""
        return f"project {self.owner}/{self.number}"


class GitHubSettings(SourceSettings):
    """A GitHub seen through one token; `repositories` says whose issues are read."""

    provider: Literal["github"] = "github"
    base_url: BaseUrl = "https://api.github.com"
    repositories: Annotated[tuple[RepositoryName, ...], AfterValidator(_each_once)] = Field(
        min_length=1, description="Owner and name of the repositories to read, such as team/web"
    )
    status_labels: Annotated[Mapping[str, Status], AfterValidator(_labels)] = Field(
        default_factory=dict, description="Labels that say more of the status of an open issue than that it is open"
    )
    priority_labels: Annotated[Mapping[str, Priority], AfterValidator(_labels)] = Field(
        default=DEFAULT_PRIORITY_LABELS, description="Labels that stand for a priority, as GitHub has no field for it"
    )
    project: ProjectSettings | None = Field(
        default=None, description="A project whose field says how far an issue is, in the place of `status_labels`"
    )
    comments: bool = Field(default=True, description="Whether to read comments: one more list for each repository")
    merge_requests: bool = Field(
        default=True, description="Whether to read pull requests: a call for each that is new or has changed"
    )
    commits: bool = Field(
        default=True, description="Whether to read commits of default branches: one more list for each repository"
    )
    writes_per_minute: int = Field(
        default=60, ge=1, description="How many writes a minute are sent at most; GitHub stops who writes more than 80"
    )

    def places(self) -> Mapping[str, str]:
        """See `SourceSettings.places`: a repository is the same whoever reads it."""
        return {f"{self.base_url} {name}".lower(): f"the repository {name}" for name in self.repositories}

    @model_validator(mode="after")
    def _new_issues_are_read(self) -> GitHubSettings:
        if self.create_in is not None and self.create_in.lower() not in map(str.lower, self.repositories):
            raise ValueError(
                f"create_in is {self.create_in!r}, which is none of `repositories`: {', '.join(self.repositories)}"
            )
        return self

    @model_validator(mode="after")
    def _status_lives_in_one_place(self) -> GitHubSettings:
        if self.project is not None and self.status_labels:
            raise ValueError(
                "the status of an issue stands in `status_labels` or in `project`, not in both: leave out the one that"
                " your team does not keep"
            )
        return self

    @model_validator(mode="after")
    def _labels_mean_one_thing(self) -> GitHubSettings:
        priorities = {label.lower() for label in self.priority_labels}
        for label, status in self.status_labels.items():
            if label.lower() in priorities:
                raise ValueError(f"the label {label!r} stands in status_labels and in priority_labels; leave it in one")
            if status not in OPEN_STATUSES:
                raise ValueError(
                    f"the label {label!r} cannot stand for {status.value}: GitHub tells by itself whether an issue was"
                    " closed as completed or as not planned"
                )
        for label, priority in self.priority_labels.items():
            if priority is Priority.NONE:
                raise ValueError(
                    f"the label {label!r} cannot stand for priority none: that is an issue without a label"
                )
        return self
