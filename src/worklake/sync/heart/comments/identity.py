"""Which comment a copy is of, and by which ids it is known where ids are ours to give."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from worklake.model.ids import CommentId
from worklake.sync.heart.ports import Port, Ports
from worklake.sync.rules.comments import CommentLink, copied_by


def made_ids(ports: Ports, source: str, links: Iterable[CommentLink]) -> dict[str, str]:
    """The comments of other sources by the ids that we have given their copies in this one, or would give the next
    one, where we give ids.
    """
    port = ports.get(source)
    if port is None or not port.integration.capabilities.client_made_ids:
        return {}
    known = list(links)
    used = {link.external_id for link in known if link.source == source}
    elsewhere = {link.comment_id for link in known if link.is_born and link.source != source}
    return {made: comment for comment in elsewhere for made in _ids(port, comment, used)}


def next_id(port: Port, comment: str, links: Iterable[CommentLink]) -> str | None:
    """The id that the next copy of a comment gets there, the same until it is known; None where the provider gives ids.

    An id is never given twice: what was deleted, by itself or with its item, may still have it.
    """
    used = {link.external_id for link in links if link.source == port.name}
    ids = _ids(port, comment, used)
    return ids[-1] if ids else None


def _ids(port: Port, comment: str, used: Collection[str]) -> list[str]:
    """The ids of a comment's copies, one after the other; the last is the first that is not used yet."""
    ids: list[str] = []
    while not ids or ids[-1] in used:
        made = port.integration.made_id(CommentId(f"{comment}.{len(ids)}" if ids else comment))
        if made is None:
            return []
        ids.append(made)
    return ids


def recognised(ports: Ports, links: Sequence[CommentLink]) -> list[CommentLink]:
    """Comments that were taken for a person's before the one was known that they copy, as the copies they are."""
    made = {source: made_ids(ports, source, links) for source in {link.source for link in links}}
    known, found = {link.key: link for link in links}, []
    for link in links:
        if link.is_born and (link.markers or link.external_id in made[link.source]):
            copied = copied_by(link.source, link.external_id, link.markers, known.values(), made[link.source])
            if copied is not None:
                known[link.key] = replace(link, comment_id=copied, is_born=False, person=None, created_at=None)
                found.append(known[link.key])
    return found
