"""Comments and their links as rows of `comments` and `links`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worklake.integrations.views import CommentView
from worklake.model.rows import Kind, LinkState
from worklake.sync.lake_store.links import LinkStamp
from worklake.sync.lake_store.texts import from_nullable, from_text, to_text
from worklake.sync.rules.comments import COMMENT, CommentLink

COLUMNS = (
    "source, external_id, task_id, comment_id, is_primary, state, seen, adjusted, merges, record_hash,"
    " remote_updated_at, looked_at"
)
"""What reading a comment's link takes."""


def seen_of(view: CommentView) -> dict[str, Any]:
    """What the link of a comment keeps of what its source shows."""
    return _seen(view.task, view.author, view.body, view.markers, view.url, view.answers, view.internal)


def _seen(
    task: str,
    author: str | None,
    body: str,
    markers: Sequence[str],
    url: str | None,
    answers: str | None,
    internal: bool,
) -> dict[str, Any]:
    more = {"markers": list(markers), "url": url, "answers": answers, "internal": internal}
    return {"task": task, "author": author, "body": body} | {name: value for name, value in more.items() if value}


def comment_link(row: Mapping[str, Any], comment: Mapping[str, Any] | None) -> CommentLink:
    """A comment as it stands in its link's row. `comment` is the row of the comment that a person wrote there."""
    seen, pairs = from_text(row["seen"]), (from_nullable(row["adjusted"]) or {}).get(COMMENT, ())
    return CommentLink(
        source=row["source"],
        external_id=row["external_id"],
        comment_id=row["comment_id"],
        task_id=row["task_id"],
        item=seen["task"],
        body=seen["body"],
        is_born=row["is_primary"],
        author=seen["author"],
        person=comment["author"] if comment is not None else None,
        state=LinkState(row["state"]),
        adjusted=tuple((sent, shown) for sent, shown in pairs),
        merges=row["merges"] or 0,
        markers=tuple(seen.get("markers", ())),
        url=seen.get("url"),
        answers=seen.get("answers"),
        internal=seen.get("internal", False),
        created_at=comment["created_at"] if comment is not None else None,
        revision=row["remote_updated_at"],
        batch=row["looked_at"] or 0,
        record_hash=row["record_hash"],
    )


def comment_link_row(link: CommentLink, old: Mapping[str, Any] | None, stamp: LinkStamp) -> dict[str, Any]:
    """The row of a comment's link that stood as `old`, if it did."""
    pairs = {COMMENT: [list(pair) for pair in link.adjusted]}
    seen = _seen(link.item, link.author, link.body, link.markers, link.url, link.answers, link.internal)
    return {
        "source": link.source,
        "kind": Kind.COMMENT.value,
        "external_id": link.external_id,
        "provider": stamp.providers.get(link.source, link.source),
        "task_id": link.task_id,
        "comment_id": link.comment_id,
        "key": None,
        "url": None,
        "is_primary": link.is_born,
        "state": str(link.state),
        "seen": to_text(seen),
        "mentions": None,
        "awaits": None,
        "record_hash": link.record_hash,
        "remote_updated_at": link.revision,
        "linked_by": "born" if link.is_born else "made",
        "first_seen_at": old["first_seen_at"] if old is not None else stamp.now,
        "run_id": stamp.run_id,
        "adjusted": to_text(pairs) if link.adjusted else None,
        "merges": link.merges,
        "looked_at": link.batch,
        "made_id": None,
        "replaces": None,
    }


def comment_row(link: CommentLink) -> dict[str, Any]:
    """The row of a comment where a person wrote it."""
    return {
        "comment_id": link.comment_id,
        "task_id": link.task_id,
        "source": link.source,
        "author": link.person,
        "body": link.body,
        "created_at": link.created_at,
        "updated_at": link.revision,
    }
