"""URLs of a GitLab server and what they show."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

_ISSUE = re.compile(r"/(?P<project>[^/]+(?:/(?!-/)[^/]+)+?)(?:/-)?/(?:issues|work_items)/(?P<iid>[0-9]{1,18})/?")
_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"(?P<server>[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*)(?P<path>[^?#]*)")


class Addresses:
    """The URLs of the server at `base_url`, which may lie below a path."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host = _host(base_url) or ""
        self._root = parts.path.rstrip("/")
        self.server = self._host + self._root
        """Host, port where it is not the usual one, and path: what every key begins with."""

    def key(self, reference: str) -> str:
        """The key of the issue with this full reference, `team/web#12`."""
        return f"{self.server}/{reference}"

    def place_of(self, key: str) -> tuple[str, int] | None:
        """The project's path and the number of the issue with this key, or None where it is no key of this server."""
        project, _, iid = key.removeprefix(f"{self.server}/").rpartition("#")
        return (project, int(iid)) if key.startswith(f"{self.server}/") and project and iid.isdecimal() else None

    def project_of(self, url: str) -> str | None:
        """The path of the project whose page this is, or None where the URL is not of this server."""
        parts = _URL.match(url.strip())
        if parts is None or _host(parts["server"]) != self._host:
            return None
        path = unquote(parts["path"])
        return path[len(self._root) :].strip("/") or None if path.startswith(self._root + "/") else None

    def key_of(self, url: str) -> str | None:
        """The key of the issue that this URL shows, or None where it shows something else."""
        parts = _URL.match(url.strip())
        # By the server alone, so that what is known of it serves for every URL there.
        if parts is None or _host(parts["server"]) != self._host:
            return None
        path = unquote(parts["path"])
        if not path.startswith(self._root + "/"):
            return None
        issue = _ISSUE.fullmatch(path[len(self._root) :])
        return self.key(f"{issue['project']}#{int(issue['iid'])}") if issue else None


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
