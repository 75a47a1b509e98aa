"""Linear's URLs and the keys that stand for them: `linear.app/acme/ENG-12`."""

from __future__ import annotations

import re
from typing import NamedTuple

HOST = "linear.app"

_ISSUE_URL = re.compile(
    r"(?:https?://)?(?:www\.)?linear\.app/(?P<workspace>[\w-]+)/issue/(?P<team>[A-Za-z0-9]+)-(?P<number>[0-9]{1,9})"
    r"(?:/[^?#\s]*)?(?:[?#]\S*)?",
    re.ASCII | re.IGNORECASE,
)


def key_of(workspace: str, identifier: str) -> str:
    """What people call an issue, with its host."""
    return f"{HOST}/{workspace}/{identifier}"


def team_of(key: str) -> str | None:
    """The key of the team whose issue has this key."""
    identifier = key.rpartition("/")[2]
    return identifier.rpartition("-")[0] or None


class IssueUrl(NamedTuple):
    """What the URL of an issue's page says."""

    workspace: str
    team: str
    number: int

    @property
    def key(self) -> str:
        """What people call the issue."""
        return key_of(self.workspace, f"{self.team}-{self.number}")


def parse_issue_url(url: str) -> IssueUrl | None:
    """The issue that a URL shows, with or without its title, a comment's anchor or a query; None for another page."""
    found = _ISSUE_URL.fullmatch(url)
    if found is None:
        return None
    return IssueUrl(found["workspace"].lower(), found["team"].upper(), int(found["number"]))
