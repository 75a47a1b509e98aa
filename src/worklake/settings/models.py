"""The settings, as they stand in `conf/*.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from worklake.model.fields import FIELDS
from worklake.settings.secrets import SecretRef


class Settings(BaseModel):
    """A part of the settings: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone; use a name such as Europe/Berlin or UTC")
    return name


def _http_url(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url!r} is not a URL; it starts with https:// (or http:// for a server on this machine)")
    try:
        parts = urlsplit(url)
        known = bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise ValueError("a name or password never stands in a URL here; leave out what is before the @")
    if not known or any(letter.isspace() for letter in url):
        raise ValueError(f"{url!r} names no server; it looks like https://host, or https://host:8443/path")
    if parts.query or parts.fragment:
        raise ValueError("a URL here is a server and a path; leave out what follows the ? or #")
    return url.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_http_url)]
"""A server's address without a trailing slash."""


class EmbeddedLake(Settings):
    """The embedded engine: Delta tables in a folder, no Java. `path` is relative to the project folder."""

    engine: Literal["embedded"] = "embedded"
    path: Path = Path("lake")


class SparkLake(Settings):
    """Apache Spark with Delta Lake, in this process or through Connect when `remote` names a server."""

    engine: Literal["spark"]
    path: str
    remote: str | None = Field(default=None, pattern=r"^sc://", description="sc://host:port of a Connect server")


class DatabricksLake(Settings):
    """The session a Databricks notebook or job already has; tables are `catalog.schema.name`.

    A project folder in a volume need not name them: they are the volume's own.
    """

    engine: Literal["databricks"]
    catalog: str
    schema_name: str = Field(alias="schema")

    @model_validator(mode="before")
    @classmethod
    def _where_the_project_lies(cls, value: Any, info: ValidationInfo) -> Any:
        folder: Path | None = (info.context or {}).get("folder")
        if not isinstance(value, Mapping) or folder is None or folder.parts[:2] != ("/", "Volumes"):
            return value
        return {**dict(zip(("catalog", "schema"), folder.parts[2:4], strict=False)), **value}


LakeSettings = Annotated[EmbeddedLake | SparkLake | DatabricksLake, Field(discriminator="engine")]


class ProjectSettings(Settings):
    """`conf/worklake.yml`."""

    lake: LakeSettings = EmbeddedLake()
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"

    @property
    def zone(self) -> ZoneInfo:
        """The zone of "today" and of times without a zone."""
        return ZoneInfo(self.time_zone)


OnDelete = Literal["close", "archive", "delete", "nothing"]
"""What it means for a task elsewhere that its item in a source was deleted or archived."""


class SourceSettings(Settings):
    """What every source has. A provider's integration brings a subclass with its own keys and its `base_url`."""

    provider: str
    base_url: BaseUrl
    token: SecretRef
    create_in: str | None = Field(default=None, description="The project or team in which new items are created")
    on_delete: OnDelete = Field(
        default="close", description="What a deletion or archiving here means for the task in the other tools"
    )

    def places(self) -> Mapping[str, str]:
        """What it reads, by keys that only sources over the same items share: each belongs to one source alone."""
        return {}


class Owner(Settings):
    """Only this source may change the field."""

    owner: str


class Prefer(Settings):
    """This source wins a conflict in which it takes part."""

    prefer: str


def _policy(value: Any) -> Any:
    if value in ("latest", "manual") or isinstance(value, Owner | Prefer):
        return value
    if isinstance(value, Mapping) and len(value) == 1 and set(value) <= {"owner", "prefer"}:
        return value
    raise ValueError("a policy is latest, manual, {owner: SOURCE} or {prefer: SOURCE}")


FieldPolicy = Annotated[Literal["latest", "manual"] | Owner | Prefer, BeforeValidator(_policy)]


class Brake(Settings):
    """How much one plan may close, archive, delete or empty before it stops and asks."""

    share: float = Field(default=0.2, gt=0, le=1)
    at_least: int = Field(default=10, ge=1)


def _or(empty: Any) -> BeforeValidator:
    """A key with nothing after it, as where all of its examples are still comments, has nothing in it."""
    return BeforeValidator(lambda value: empty if value is None else value)


def _known_field(name: str) -> str:
    if name != "default" and name not in FIELDS:
        raise ValueError(f"there is no field {name!r}; the fields are default, {', '.join(FIELDS)}")
    return name


class Comments(Settings):
    """What becomes of comments. With `mirror`, each stands once in every tool that holds its task."""

    mirror: bool = True


class Policy(Settings):
    """`conf/policy.yml`: who wins, per field, what becomes of comments, and the brakes."""

    fields: Annotated[Mapping[Annotated[str, AfterValidator(_known_field)], FieldPolicy], _or({})] = Field(
        default_factory=dict
    )
    brake: Brake = Brake()
    comments: Comments = Comments()


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Rule(Settings):
    """A routing rule: the first whose condition holds says which sources must hold the task."""

    name: str = Field(min_length=1)
    when: str = Field(min_length=1, description="Spark SQL over the columns of tasks")
    to: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(min_length=1)


class MergedRule(Settings):
    """A rule for what is merged: the first that holds completes a task which is named in one of its ways."""

    name: str = Field(min_length=1)
    when: str = Field(default="true", min_length=1, description="Spark SQL over the columns of tasks")
    named: Annotated[tuple[Literal["closes", "branch", "mentions"], ...], BeforeValidator(_listed)] = Field(
        default=("closes", "branch"), min_length=1, description="In which ways the task must be named"
    )


class Routing(Settings):
    """`conf/routing.yml`: where tasks should be, and what is done once a merge request that names one is merged."""

    rules: Annotated[tuple[Rule, ...], _or(())] = ()
    merged: Annotated[tuple[MergedRule, ...], _or(())] = ()


class PersonSettings(BaseModel):
    """A person whose accounts do not show the same e-mail address: one entry for each source or provider."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(min_length=1)

    @model_validator(mode="after")
    def _accounts_are_names(self) -> PersonSettings:
        for key, value in (self.__pydantic_extra__ or {}).items():
            if not isinstance(value, str) or not value:
                raise ValueError(f"{key} takes an e-mail address or account name, found {value!r}")
        return self

    @property
    def accounts(self) -> Mapping[str, str]:
        """E-mail address or account name by source or provider."""
        return dict(self.__pydantic_extra__ or {})


class People(Settings):
    """`conf/people.yml`: only where e-mail addresses do not already match."""

    people: Annotated[tuple[PersonSettings, ...], _or(())] = ()


class WorklakeSettings(Settings):
    """A project's settings, whole and checked against each other."""

    folder: Path
    project: ProjectSettings
    sources: Mapping[str, SourceSettings]
    policy: Policy
    routing: Routing
    people: People
