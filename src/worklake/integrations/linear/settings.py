"""What `conf/sources.yml` holds of a Linear source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from worklake.settings.models import BaseUrl, SourceSettings

API_URL = "https://api.linear.app"

TeamKey = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9]+$")]
"""The letters before the dash of a team's issues: ENG of ENG-12. Linear writes them in capitals."""


def _each_once(teams: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(teams))


class LinearSettings(SourceSettings):
    """A Linear workspace, seen through one API key; `teams` says which teams' issues are read."""

    provider: Literal["linear"] = "linear"
    base_url: BaseUrl = API_URL
    teams: Annotated[tuple[TeamKey, ...], AfterValidator(_each_once)] = Field(
        min_length=1, max_length=100, description="Keys of the teams to read, such as ENG of the issue ENG-12"
    )
    create_in: TeamKey | None = Field(
        default=None, description="The key of the team in which new issues are made; the first of `teams` unless told"
    )

    def places(self) -> Mapping[str, str]:
        """See `SourceSettings.places`: teams of another API key may be another workspace's."""
        return {f"{self.base_url} {self.token} {key}": f"the team {key}" for key in self.teams}

    @model_validator(mode="after")
    def _creates_where_it_reads(self) -> Self:
        if self.create_in is not None and self.create_in not in self.teams:
            raise ValueError(f"create_in is {self.create_in}, which is none of teams ({', '.join(self.teams)})")
        return self
