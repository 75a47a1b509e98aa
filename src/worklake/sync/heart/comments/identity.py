"""Which comment a copy is of, also after its item was moved, and by which ids it is known where we give ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from worklake.integrations.views import CommentView
from worklake.model.ids import CommentId
from worklake.model.rows import LinkState
from worklake.sync.heart.ports import Port, Ports
from worklake.sync.rules.comments import CommentLink, copied_by, same_text
from worklake.sync.rules.state import ItemKey


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


def twin_of(
    source: str, view: CommentView, links: Iterable[CommentLink], gone: Collection[ItemKey]
) -> CommentLink | None:
    """The known comment that an unknown one repeats, where one of their two items took the other's place: a provider
    that makes an item anew as it moves it makes its comments anew as well, under other ids.

    A copy of ours is told by its marker, what a person wrote by its author and time, before all where the text is the
    same: the provider may have rewritten it. `gone` are items that are over.
    """
    is_over = ItemKey(source, view.task) in gone
    twins = [
        link
        for link in links
        if link.source == source
        and link.state is LinkState.LINKED
        and link.item != view.task
        and (ItemKey(source, link.item) in gone) is not is_over
        and (_wrote(link, view) if link.is_born else link.comment_id in view.markers)
    ]
    return min(twins, key=lambda link: (not same_text(link.body, view.body), link.external_id), default=None)


def _wrote(link: CommentLink, view: CommentView) -> bool:
    return view.created_at is not None and (link.author, link.created_at) == (view.author, view.created_at)


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
