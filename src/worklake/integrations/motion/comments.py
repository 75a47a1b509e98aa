"""Comments: read and added, one task at a time. Motion changes and deletes none."""

from __future__ import annotations

from collections.abc import Iterator

from worklake.errors import RefusedValueError, UnknownOutcomeError
from worklake.integrations.base import Item, Payload
from worklake.integrations.motion.client import MotionClient, RefusedError
from worklake.integrations.motion.listing import external_id, moment
from worklake.integrations.motion.texts import comment_markers_in, settled, written
from worklake.model.ids import CommentId
from worklake.model.rows import Kind


def comments_of(client: MotionClient, task: str) -> Iterator[Item]:
    """The comments on a task, oldest first, whatever order Motion has."""
    found = list(client.all("/v1/comments", "comments", {"taskId": task}))
    found.sort(key=lambda one: (str(one.get("createdAt")), str(one.get("id"))))
    return (comment_item(one) for one in found)


def add_comment(client: MotionClient, task: str, body: str, marker: CommentId) -> Item:
    """Write a comment with the marker behind it."""
    content = written(settled(body), [marker])
    try:
        made = client.write("POST", "/v1/comments", body={"taskId": task, "content": content})
    except RefusedError as error:
        raise RefusedValueError(str(error), ("body",)) from error
    if external_id(made) is None:
        raise UnknownOutcomeError(f"Motion made a comment and does not say which: {sorted(made)[:9]}")
    return comment_item(made)


def find_comment(client: MotionClient, task: str, marker: CommentId) -> Item | None:
    """The comment with this marker, if there is one."""
    for one in comments_of(client, task):
        content = one.payload.get("content")
        if marker in comment_markers_in(content if isinstance(content, str) else None):
            return one
    return None


def comment_item(payload: Payload) -> Item:
    """The item of a comment."""
    return Item(Kind.COMMENT, external_id(payload), payload, moment(payload, "createdAt"))
