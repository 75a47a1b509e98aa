"""Where a listing stands: its marks for every repository, as JSON text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from worklake.errors import InvalidInputError
from worklake.integrations.branches import CommitMark


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a scan stands: everything that changed before `since` was listed. `etag` is that of the whole list of what
    changed since, where it was read to its end: as long as GitHub has the same, nothing changed.
    """

    since: datetime | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the listing of one repository stands. Its own details were read at `read_at`, with `etag`.

    `pulls` says that pull requests have been taken out of the list of issues from its beginning on.
    """

    issues: Mark = Mark()
    comments: Mark = Mark()
    repository_id: int | None = None
    etag: str | None = None
    read_at: datetime | None = None
    pulls: bool = False
    commits: CommitMark = field(default_factory=CommitMark)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the listings of all repositories stand, by the name that the settings give them."""

    standings: Mapping[str, Standing] = field(default_factory=dict)

    @staticmethod
    def parse(text: str | None, repositories: Iterable[str]) -> Position:
        """The position in a text; a repository that is new begins at its beginning. Raises `InvalidInputError`."""
        try:
            known = orjson.loads(text)["repositories"] if text else {}
            return Position({name: _standing(known.get(name, {})) for name in repositories})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            raise InvalidInputError(f"this is not a position of a GitHub listing: {str(text)[:80]!r}") from None

    def text(self) -> str:
        """The position as JSON, the same text for the same position."""
        shown = {name: _shown(one) for name, one in self.standings.items()}
        return orjson.dumps({"repositories": shown}, option=orjson.OPT_SORT_KEYS).decode()

    def with_standing(self, name: str, standing: Standing) -> Position:
        """The position with one repository's standing moved."""
        return Position({**self.standings, name: standing})


def shown_time(moment: datetime) -> str:
    """A moment as GitHub writes it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(one: Standing) -> dict[str, Any]:
    marks = {name: _without_none(since=mark.since and shown_time(mark.since), etag=mark.etag)
             for name, mark in (("issues", one.issues), ("comments", one.comments))}  # fmt: skip
    read_at = one.read_at and one.read_at.astimezone(UTC).isoformat()
    return marks | _without_none(
        repository_id=one.repository_id,
        etag=one.etag,
        read_at=read_at,
        pulls=one.pulls or None,
        commits=one.commits.shown() or None,
    )


def _without_none(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _standing(values: Mapping[str, Any]) -> Standing:
    def mark(name: str) -> Mark:
        held = values.get(name, {})
        return Mark(datetime.fromisoformat(held["since"]) if "since" in held else None, held.get("etag"))

    read_at = datetime.fromisoformat(values["read_at"]) if "read_at" in values else None
    return Standing(
        mark("issues"),
        mark("comments"),
        values.get("repository_id"),
        values.get("etag"),
        read_at,
        values.get("pulls", False) is True,
        CommitMark.parse(values.get("commits", {})),
    )
