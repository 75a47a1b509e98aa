"""Looking for comments after calls whose outcome is unknown, before anything is planned for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from worklake.errors import NotFoundError, UnreadableError
from worklake.integrations.base import BaseIntegration, Item
from worklake.integrations.views import CommentView
from worklake.model.heart_rows import Operation, Outcome, Write
from worklake.model.ids import CommentId
from worklake.model.rows import LinkState
from worklake.sync.heart.comments.identity import next_id
from worklake.sync.heart.comments.taking import CommentObservation, comment_gone, take_comments
from worklake.sync.heart.ledger import finished
from worklake.sync.heart.looking import PASSING
from worklake.sync.heart.patience import Patience
from worklake.sync.heart.ports import Clock, Port, Ports
from worklake.sync.heart.store import Store
from worklake.sync.rules.comments import COMMENT, CommentLink, copy_at
from worklake.sync.rules.state import ItemKey
from worklake.sync.rules.task import Moment


def seen_comment(integration: BaseIntegration, item: Item) -> tuple[str, CommentView]:
    """The external id of a comment that was read, and what it shows. Raises `UnreadableError`."""
    view = integration.lens.view(item.kind, item.payload)
    if not isinstance(view, CommentView) or item.external_id is None:
        raise UnreadableError(f"expected a comment, found a {item.kind.value} {item.external_id or 'without an id'}")
    return item.external_id, view


CommentsOn = dict[str, CommentView] | NotFoundError | str
"""The comments on an item, by external id, or that the item is gone, or why nobody can tell."""


def comments_on(
    source: str, integration: BaseIntegration, items: Iterable[str], patience: Patience
) -> Iterator[tuple[ItemKey, CommentsOn]]:
    """What can be read of the comments on each of these items of a source."""
    for item in dict.fromkeys(items):
        key = ItemKey(source, item)
        try:
            yield key, dict(seen_comment(integration, one) for one in integration.comments(item))
        except NotFoundError as error:
            yield key, error
        except PASSING as error:
            patience.note(source, error)
            yield key, str(error)


def look_at_comments(store: Store, ports: Ports, run_id: str, clock: Clock, failed: dict[str, str]) -> None:
    """Look for every comment that was called with unknown outcome, and settle those calls by what it shows.

    What cannot be read now stays as it is; `failed` is told why, by source.
    """
    found: dict[tuple[str, str], CommentObservation] = {}
    absent: list[Write] = []
    without_item = dict[str, str | None]()
    unresolved = [write for write in store.unresolved() if write.comment_id is not None]
    if not unresolved:
        return
    batch = store.last_batch() + 1
    known = store.comments({write.task_id for write in unresolved})
    for write in unresolved:
        port, comment = ports.get(write.source), CommentId(str(write.comment_id))
        if port is None or (write.source, comment) in found:
            continue
        made_id = _id_of(write, port, known.get(write.task_id, ()))
        try:
            item = port.integration.find_comment(str(write.external_id), comment, made_id)
            if item is None:
                absent.append(write)
                continue
            external_id, view = seen_comment(port.integration, item)
        except NotFoundError:
            absent.append(write)
            without_item[write.write_id] = made_id
        except PASSING as error:
            failed[write.source] = str(error)
        else:
            found[write.source, comment] = CommentObservation(write.source, external_id, view, batch, write.task_id)
    moment = Moment(run_id, clock())
    if found:
        take_comments(store, ports, found.values(), moment)
    if absent:
        _keep_absent(store, absent, without_item, moment, batch)


def _id_of(write: Write, port: Port, known: Sequence[CommentLink]) -> str | None:
    """The id by which a comment that was called is found, where ids are ours to give."""
    comment = str(write.comment_id)
    copy = copy_at(known, ItemKey(write.source, comment))
    made_id = next_id(port, comment, known)
    return made_id if made_id is None or copy is None or copy.state is LinkState.DELETED else copy.external_id


def _keep_absent(
    store: Store, absent: Sequence[Write], without_item: Mapping[str, str | None], moment: Moment, batch: int
) -> None:
    """Comments that are not there: never made, deleted by us, or by somebody else, unless they went with their item.

    `without_item` are the writes whose items are not there either, with the id that the comment was to have. One that
    was to be made may have been, and have gone with its item: its id is not given again.
    """
    known = store.comments({write.task_id for write in absent})
    links, changes, settled = [], [], []
    for write in absent:
        one = copy_at(known.get(write.task_id, ()), ItemKey(write.source, str(write.comment_id)))
        if write.operation is Operation.CREATE:
            settled.append(finished(write, Outcome.NOT_SENT, moment))
            made_id = without_item.get(write.write_id)
            if made_id is not None and (one is None or one.state is LinkState.DELETED):
                links.append(_gone_unseen(write, made_id, batch))
            continue
        deleted = write.operation is Operation.DELETE
        if one is not None and one.state is LinkState.LINKED and (deleted or write.write_id not in without_item):
            gone, told = comment_gone(one, deleted and bool(write.before), batch, moment)
            links.append(gone)
            changes += told
        outcome = Outcome.ACKNOWLEDGED if deleted else Outcome.GONE
        settled.append(finished(write, outcome, moment, error=None if deleted else "the comment is gone"))
    if links or changes:
        store.keep_comments(links, changes)
    store.finish(settled)


def _gone_unseen(write: Write, made_id: str, batch: int) -> CommentLink:
    """The copy that a call of unknown outcome may have made on an item that is not there any more."""
    return CommentLink(
        source=write.source,
        external_id=made_id,
        comment_id=str(write.comment_id),
        task_id=write.task_id,
        item=str(write.external_id),
        body=str(write.sent.get(COMMENT) or ""),
        is_born=False,
        state=LinkState.DELETED,
        batch=batch,
    )
