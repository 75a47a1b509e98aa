"""Addresses of a GitHub: of its API, of its pages, and what they show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

_ISSUE = re.compile(r"/(?P<repository>[^/]+/[^/]+)/issues/(?P<number>[0-9]{1,18})/?")
_API_ISSUE = re.compile(r".*/repos/(?P<repository>[^/]+/[^/]+)/issues/(?P<number>[0-9]{1,18})")
_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"(?P<server>[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*)(?P<path>[^?#]*)")
_ENTERPRISE = "/api/v3"


class Place(NamedTuple):
    """Where REST finds an issue: its repository, by owner and name, and its number in it."""

    repository: str
    number: int

    @property
    def path(self) -> str:
        """The path of the issue's calls."""
        return f"/repos/{self.repository}/issues/{self.number}"


class Addresses:
    """The pages that belong to the API at `base_url`: those of api.github.com are on github.com, those of an
    Enterprise server's `/api/v3` beside it.
    """

    def __init__(self, base_url: str) -> None:
        host = _host(base_url) or ""
        if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
            host = host.removeprefix("api.")
        self._host = host
        self._root = urlsplit(base_url).path.rstrip("/").removesuffix(_ENTERPRISE)
        self.server = self._host + self._root
        """Host, port where it is not the usual one, and path: what every key begins with."""

    def key(self, place: Place) -> str:
        """The key of an issue, in small letters as GitHub does not tell names apart by their case."""
        return f"{self.server}/{place.repository}#{place.number}".lower()

    def place_of(self, key: str) -> Place | None:
        """Where the issue with this key is, or None where it is no key of this server."""
        repository, _, number = key.removeprefix(f"{self.server}/").rpartition("#")
        if not key.startswith(f"{self.server}/") or repository.count("/") != 1 or not number.isdecimal():
            return None
        return Place(repository, int(number))

    def key_of(self, url: str) -> str | None:
        """The key of the issue that this URL shows, or None where it shows something else."""
        parts = _URL.match(url.strip())
        if parts is None or _host(parts["server"]) != self._host:
            return None
        path = unquote(parts["path"])
        if not path.startswith(self._root + "/"):
            return None
        issue = _ISSUE.fullmatch(path[len(self._root) :])
        return self.key(Place(issue["repository"], int(issue["number"]))) if issue else None


def place_of(issue: Mapping[str, Any]) -> Place | None:
    """Where an issue is, as its payload says; None where it does not say so."""
    url, number = issue.get("repository_url"), issue.get("number")
    if not isinstance(url, str) or not isinstance(number, int) or url.count("/") < 2:
        return None
    return Place("/".join(url.rsplit("/", 2)[1:]), number)


def place_in(api_url: Any) -> Place | None:
    """The issue that an address of the API is of, or None."""
    found = _API_ISSUE.fullmatch(urlsplit(api_url).path) if isinstance(api_url, str) else None
    return Place(found["repository"], int(found["number"])) if found else None


@lru_cache(maxsize=1024)
def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.scheme.lower() not in _PORTS:
        return None
    return host if port in (None, _PORTS[parts.scheme.lower()]) else f"{host}:{port}"
