"""The comments on pages. Resolved ones are not told, and only one's own can be changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worklake.errors import NotFoundError, RefusedValueError
from worklake.integrations.base import Item, Payload
from worklake.integrations.notion.client import NotionClient, RefusedError, at, done_already
from worklake.integrations.notion.markdown import blocks_of
from worklake.integrations.notion.position import item_time
from worklake.integrations.notion.rendering import inline
from worklake.integrations.notion.richtext import MOST_ELEMENTS, PIECE, Span, elements_of, merged, spans_of
from worklake.integrations.text import comment_markers_in, marker, without_markers
from worklake.model.ids import CommentId
from worklake.model.rows import Kind

LONGEST = PIECE * (MOST_ELEMENTS - 2)
_BETWEEN = "\n\n"


class Comments:
    """The comments of a source's pages. Their marker is their last line, which people see in grey."""

    def __init__(self, client: NotionClient) -> None:
        self._client = client

    def of(self, page: str) -> Iterator[Item]:
        """The comments on a page, oldest first."""
        for comment in self._client.all("/comments", {"block_id": page}):
            payload: Payload = comment if isinstance(comment, dict) else {"comment": comment}
            yield _item(payload)

    def find(self, page: str, wanted: CommentId) -> Item | None:
        """The comment with this marker, if there is one."""
        for item in self.of(page):
            rich_text = item.payload.get("rich_text")
            said = "".join(str(one.get("plain_text")) for one in rich_text) if isinstance(rich_text, list) else ""
            if wanted in comment_markers_in(said):
                return item
        return None

    def add(self, page: str, body: str, made_for: CommentId) -> Item:
        """Write a comment."""
        sent = {"parent": {"page_id": page}, "rich_text": written(body, made_for)}
        return self._told("POST", "/comments", sent)

    def edit(self, comment: str, body: str, made_for: CommentId | None) -> Item:
        """Give a comment another text. Raises `AccessError` for another's."""
        return self._told("PATCH", f"/comments/{at(comment)}", {"rich_text": written(body, made_for)})

    def delete(self, comment: str) -> None:
        """Delete a comment. Raises `AccessError` for another's."""
        try:
            self._client.write("DELETE", f"/comments/{at(comment)}")
        except NotFoundError:
            return  # it is gone, which is what was asked for

    def _told(self, method: str, path: str, body: Payload) -> Item:
        try:
            answer = self._client.write(method, path, body)
        except RefusedError as error:
            raise RefusedValueError(str(error), ("body",)) from error
        if "rich_text" not in answer:
            with done_already():
                answer = self._client.get(f"/comments/{at(str(answer['id']))}")
        answer.pop("request_id", None)
        return _item(answer)


def written(body: str, made_for: CommentId | None) -> list[Payload]:
    """What is sent for a comment: with its bold, italics, code and links where all of it comes back as it went."""
    text = without_markers(body.replace("\0", "").replace("\r\n", "\n"))[:LONGEST]
    spans = _spans(text)
    if len(elements_of(spans)) > MOST_ELEMENTS - 1 or inline(spans) != text:
        spans = [Span(text)]
    elements = elements_of(spans)
    if made_for is None:
        return elements
    sign: Payload = {"type": "text", "text": {"content": f"{_BETWEEN if text else ''}{marker(made_for)}"}}
    return [*elements, sign | {"annotations": {"color": "gray"}}]


def _spans(text: str) -> list[Span]:
    spans: list[Span] = []
    for place, part in enumerate(re.split(r"\n\n", text)):
        if place:
            spans.append(Span(_BETWEEN))
        blocks = blocks_of(part)
        is_text = len(blocks) == 1 and blocks[0]["type"] == "paragraph"
        spans += spans_of(blocks[0]["paragraph"]["rich_text"]) if is_text else [Span(part)]
    return merged(spans)


def _item(payload: Payload) -> Item:
    identity = payload.get("id")
    usable = identity if isinstance(identity, str) and identity else None
    return Item(Kind.COMMENT, usable, payload, item_time(payload, "last_edited_time"))
