"""Task links as rows of `links`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worklake.model.ids import task_id
from worklake.model.rows import Kind, LinkState
from worklake.sync.heart.store import StoredLink
from worklake.sync.lake_store.texts import from_nullable, from_text, to_text
from worklake.sync.rules.state import ItemKey, Pair

COLUMNS = (
    "source, external_id, task_id, state, seen, adjusted, merges, remote_updated_at, looked_at, made_id, replaces,"
    " is_primary, mapping, key, url"
)
"""What reading a link takes."""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What a pull knows of an item besides its fields.

    `blocks` are external ids of items that it says it blocks, `record_hash` the hash of the record it was read from.
    """

    mentions: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    record_hash: str = ""
    linked_by: str = "born"
    created_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkStamp:
    """What new rows carry: the run, its moment, and each source's kind of provider."""

    run_id: str
    now: datetime
    providers: Mapping[str, str]


def link_row(
    link: StoredLink, old: Mapping[str, Any] | None, facts: ItemFacts | None, stamp: LinkStamp, replaces: str | None
) -> dict[str, Any]:
    """The row of a link that stood as `old`, if it did. Without `facts`, what they would tell stays as it was."""
    row = dict(old) if old is not None else _new_row(link, stamp)
    blocks = from_text(row["seen"]).get("blocks", [])
    adjusted = {name: [list(pair) for pair in pairs] for name, pairs in link.adjusted.items()}
    if facts is not None:
        blocks = list(facts.blocks)
        row |= {"mentions": list(facts.mentions) or None, "record_hash": facts.record_hash}
        if old is None and not row["is_primary"]:
            row["linked_by"] = facts.linked_by
    return row | {
        "task_id": link.task_id,
        "key": link.called,
        "url": link.url,
        "state": str(link.state),
        "seen": to_text({"fields": dict(link.seen), "blocks": blocks}),
        "adjusted": to_text(adjusted) if adjusted else None,
        "merges": link.merges,
        "remote_updated_at": link.revision,
        "looked_at": link.batch,
        "made_id": link.made_id,
        "mapping": link.mapping,
        "replaces": replaces or row["replaces"],
        "run_id": stamp.run_id,
    }


def _new_row(link: StoredLink, stamp: LinkStamp) -> dict[str, Any]:
    born_here = link.task_id == task_id(*link.key)
    return {
        "source": link.source,
        "kind": Kind.TASK.value,
        "external_id": link.external_id,
        "provider": stamp.providers.get(link.source, link.source),
        "comment_id": None,
        "is_primary": born_here,
        "seen": "{}",
        "mentions": None,
        "awaits": None,
        "record_hash": "",
        "linked_by": "born" if born_here else "made",
        "first_seen_at": stamp.now,
        "replaces": None,
    }


def stored_link(row: Mapping[str, Any]) -> StoredLink:
    """A link as it stands in its row."""
    adjusted = from_nullable(row["adjusted"]) or {}
    return StoredLink(
        source=row["source"],
        external_id=row["external_id"],
        task_id=row["task_id"],
        state=LinkState(row["state"]),
        seen=from_text(row["seen"]).get("fields", {}),
        adjusted={name: tuple(Pair(*pair) for pair in pairs) for name, pairs in adjusted.items()},
        merges=row["merges"] or 0,
        revision=row["remote_updated_at"],
        batch=row["looked_at"] or 0,
        made_id=row["made_id"],
        mapping=row["mapping"],
        called=row["key"],
        url=row["url"],
    )


def replaced(rows: Iterable[Mapping[str, Any]]) -> set[ItemKey]:
    """Items whose links have ended: another link took their place, although they may not be deleted yet."""
    return {ItemKey(row["source"], row["replaces"]) for row in rows if row["replaces"] is not None}


def replacements(links: Iterable[StoredLink], ended: Iterable[StoredLink]) -> dict[ItemKey, str]:
    """Which of these links take the place of one that ended: a link of the same task in the same source."""
    places = {(link.source, link.task_id): link.external_id for link in ended}
    found: dict[ItemKey, str] = {}
    for link in links:
        if link.state is not LinkState.CREATING and (link.source, link.task_id) in places:
            found[link.key] = places.pop((link.source, link.task_id))
    return found
