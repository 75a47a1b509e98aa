"""Notion's URLs and the keys that stand for them: `notion.so/0123…` with the page's 32 digits."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

HOST = "notion.so"
_HOSTS = frozenset({"notion.so", "notion.com"})
_SITE = "notion.site"
_ID_AT_END = re.compile(r"(?:^|[-/])([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?$", re.IGNORECASE)


def key_of_id(identity: str) -> str:
    """The key of the page with this id."""
    return f"{HOST}/{identity.replace('-', '').lower()}"


def key_of_url(url: str) -> str | None:
    """The key of the page that a URL shows, on Notion itself or as a published site; None for any other URL."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    domain = ".".join(host.split(".")[-2:])
    if domain not in _HOSTS and domain != _SITE:
        return None
    found = _ID_AT_END.search(parts.path)
    return None if found is None else key_of_id(found[1])
