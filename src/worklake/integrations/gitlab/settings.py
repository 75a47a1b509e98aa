"""What `conf/sources.yml` holds of a GitLab source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from worklake.model.fields import Priority, Status
from worklake.settings.models import BaseUrl, SourceSettings

DEFAULT_PRIORITY_LABELS: Mapping[str, Priority] = {
    "priority::1": Priority.URGENT,
    "priority::2": Priority.HIGH,
    "priority::3": Priority.MEDIUM,
    "priority::4": Priority.LOW,
}


def _project_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _project(name: str) -> str:
    name = name.strip().strip("/")
    if "://" in name:
        raise ValueError(f"{name!r} is a URL; a project is its path, such as team/web, or its numeric id")
    if not name.isdecimal() and ("/" not in name or "" in name.split("/")):
        raise ValueError(f"{name!r} is not a project; write its full path, such as team/web, or its numeric id")
    return name


def _projects(names: tuple[str, ...]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            raise ValueError(f"the project {name} is named twice")
        seen[name.lower()] = name
    return names


def _labels(labels: Mapping[str, Any]) -> Mapping[str, Any]:
    for label in labels:
        if not label.strip() or label != label.strip() or "," in label or len(label) > 255:
            raise ValueError(
                f"{label!r} cannot be a label of GitLab: 1 to 255 characters, no comma, no space at either end"
            )
    return labels


ProjectName = Annotated[str, BeforeValidator(_project_text), AfterValidator(_project)]
"""A project's full path, such as `team/web`, or its numeric id."""


class GitLabSettings(SourceSettings):
    """A GitLab server seen through one token; `projects` says which projects' issues are read."""

    provider: Literal["gitlab"] = "gitlab"
    base_url: BaseUrl = "https://gitlab.com"
    projects: Annotated[tuple[ProjectName, ...], AfterValidator(_projects)] = Field(
        min_length=1, description="Full paths or numeric ids of the projects to read, such as team/web"
    )
    status_labels: Annotated[Mapping[str, Status], AfterValidator(_labels)] = Field(
        default_factory=dict, description="Labels that say more of the status than open and closed can"
    )
    priority_labels: Annotated[Mapping[str, Priority], AfterValidator(_labels)] = Field(
        default=DEFAULT_PRIORITY_LABELS, description="Labels that stand for a priority, as GitLab has no field for it"
    )
    comments: bool = Field(default=True, description="Whether to read comments: one more call per issue that has some")

    merge_requests: bool = Field(
        default=True, description="Whether to read merge requests: one more list for each project"
    )
    commits: bool = Field(
        default=True, description="Whether to read commits of default branches: one more list for each project"
    )

    def places(self) -> Mapping[str, str]:
        """See `SourceSettings.places`: a project is the same whoever reads it."""
        return {f"{self.base_url} {name}".lower(): f"the project {name}" for name in self.projects}

    @model_validator(mode="after")
    def _new_issues_are_read(self) -> GitLabSettings:
        if self.create_in is not None and self.create_in not in self.projects:
            raise ValueError(
                f"create_in is {self.create_in!r}, which is none of `projects`: {', '.join(self.projects)}"
            )
        return self

    @model_validator(mode="after")
    def _labels_mean_one_thing(self) -> GitLabSettings:
        for label in self.status_labels:
            if label in self.priority_labels:
                raise ValueError(f"the label {label!r} stands in status_labels and in priority_labels; leave it in one")
        for label, priority in self.priority_labels.items():
            if priority is Priority.NONE:
                raise ValueError(
                    f"the label {label!r} cannot stand for priority none: that is an issue without a label"
                )
        return self
