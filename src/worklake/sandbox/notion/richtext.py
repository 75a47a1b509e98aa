"""Rich text as it is sent and as it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from worklake.sandbox.notion.entities import Json
from worklake.sandbox.notion.errors import invalid

LONGEST_ELEMENT = 2000
MOST_ELEMENTS = 100
_URL = re.compile(r"(?:https?://[^\s/]+|mailto:|tel:).*|/[^/].*", re.IGNORECASE | re.DOTALL)
_MARKS = ("bold", "italic", "strikethrough", "underline", "code")

NameOf = Callable[[str], str | None]
"""The name of a user by id, None where there is none."""


def shown(sent: Any, where: str, name_of: NameOf) -> list[Json]:
    """The elements as Notion shows them. Raises `ApiError` for what it does not take."""
    if not isinstance(sent, list):
        raise invalid(f"body failed validation: {where} should be an array, instead was `{_said(sent)}`.")
    if len(sent) > MOST_ELEMENTS:
        raise invalid(
            f"body failed validation: {where}.length should be ≤ `{MOST_ELEMENTS}`, instead was `{len(sent)}`."
        )
    elements = [_element(one, f"{where}[{place}]", name_of) for place, one in enumerate(sent)]
    return [one for one in elements if one["plain_text"]]


def plain(elements: list[Json]) -> str:
    """What the elements say."""
    return "".join(one["plain_text"] for one in elements)


def of_text(text: str, link: str | None = None, **marks: bool) -> list[Json]:
    """A text as elements that are shown."""
    return [
        _shown_text(text[start : start + LONGEST_ELEMENT], link, _annotations(marks, ""))
        for start in range(0, len(text), LONGEST_ELEMENT)
    ]


def _element(sent: Any, where: str, name_of: NameOf) -> Json:
    if not isinstance(sent, dict):
        raise invalid(f"body failed validation: {where} should be an object, instead was `{_said(sent)}`.")
    kind = sent.get("type") or next((one for one in ("text", "mention", "equation") if one in sent), None)
    annotations = _annotations(sent.get("annotations") or {}, where)
    held = sent.get(kind) if kind else None
    if kind == "text" and isinstance(held, dict):
        return _text(held, where, annotations)
    if kind == "equation" and isinstance(held, dict) and isinstance(held.get("expression"), str):
        said = held["expression"]
        return {"type": kind, kind: {"expression": said}, "annotations": annotations, "plain_text": said, "href": None}
    if kind == "mention" and isinstance(held, dict) and isinstance(held.get("user"), dict):
        user = str(held["user"].get("id"))
        name = name_of(user)
        if name is None:
            raise invalid(f"body failed validation: {where}.mention.user.id is no user of this workspace.")
        mention = {"type": "user", "user": {"object": "user", "id": user}}
        return {"type": kind, kind: mention, "annotations": annotations, "plain_text": f"@{name}", "href": None}
    raise invalid(f"body failed validation: {where}.text should be defined, instead was `undefined`.")


def _text(held: Json, where: str, annotations: Json) -> Json:
    content, link = held.get("content"), held.get("link")
    if not isinstance(content, str):
        raise invalid(
            f"body failed validation: {where}.text.content should be a string, instead was `{_said(content)}`."
        )
    length = len(content.encode("utf-16-le")) // 2
    if length > LONGEST_ELEMENT:
        raise invalid(
            f"body failed validation: {where}.text.content.length should be ≤ `{LONGEST_ELEMENT}`,"
            f" instead was `{length}`."
        )
    url = link.get("url") if isinstance(link, dict) else None
    if link is not None and (not isinstance(url, str) or not _URL.fullmatch(url) or len(url) > LONGEST_ELEMENT):
        raise invalid(f"body failed validation: {where}.text.link.url: Invalid URL for link.")
    return _shown_text(content, url, annotations)


def _shown_text(content: str, url: str | None, annotations: Json) -> Json:
    return {
        "type": "text",
        "text": {"content": content, "link": None if url is None else {"url": url}},
        "annotations": annotations,
        "plain_text": content,
        "href": url,
    }


def _annotations(given: Json, where: str) -> Json:
    unknown = sorted(set(given) - {*_MARKS, "color"})
    if unknown:
        raise invalid(f"body failed validation: {where}.annotations.{unknown[0]} should be not present.")
    return {mark: bool(given.get(mark, False)) for mark in _MARKS} | {"color": given.get("color", "default")}


def _said(value: Any) -> str:
    return "undefined" if value is None else str(value)[:60]
