"""Comments that were read: whose they are, what became of calls to them, and what happened to copies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from worklake.integrations.views import CommentView
from worklake.model.heart_rows import Operation, Outcome, Write
from worklake.model.ids import comment_id, digest
from worklake.model.rows import LinkState
from worklake.sync.heart.comments.identity import made_ids, twin_of
from worklake.sync.heart.ledger import finished
from worklake.sync.heart.ports import Ports
from worklake.sync.heart.store import Store
from worklake.sync.rules.comments import (
    COMMENT,
    CommentLink,
    answered,
    copied_by,
    is_made_of,
    said,
    same_text,
)
from worklake.sync.rules.state import Change, Decision, ItemKey
from worklake.sync.rules.task import Moment

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CommentObservation:
    """A comment as it was read. `batch` is the number of the batch of records that brought it."""

    source: str
    external_id: str
    view: CommentView
    batch: int
    task_id: str
    record_hash: str = ""

    @property
    def key(self) -> ItemKey:
        """The comment."""
        return ItemKey(self.source, self.external_id)

    @property
    def item(self) -> ItemKey:
        """The item that it stands on."""
        return ItemKey(self.source, self.view.task)


def take_comments(
    store: Store, ports: Ports, observations: Iterable[CommentObservation], moment: Moment
) -> list[CommentLink]:
    """Take comments on shared tasks into account, and keep what follows; gives those that are new or moved.

    An unknown comment is our copy where its marker or its id says so, else a person wrote it; one that came along with
    an item that its provider moved is the comment that it repeats. What a person wrote is taken; what became of a copy
    by somebody else's hand is recorded as refused, and written back by the next plan. Repeated, it has no further
    effect.
    """
    newest: dict[ItemKey, CommentObservation] = {}
    for one in observations:
        other = newest.get(one.key)
        if other is None or _age(one) >= _age(other):
            newest[one.key] = one
    tasks = {one.task_id for one in newest.values()}
    known = store.comments(tasks)
    gone = _gone(store, newest.values(), known)
    taking = _Taking(ports, moment, known, store.unresolved(tasks), gone)
    for one in sorted(
        newest.values(), key=lambda one: (one.item not in gone, one.view.created_at or _LONG_AGO, one.key)
    ):
        taking.take(one)
    if taking.links or taking.changes:
        store.keep_comments(list(taking.links.values()), taking.changes)
    if taking.settled:
        store.finish(taking.settled)
    return list(taking.links.values())


def _gone(
    store: Store, observations: Iterable[CommentObservation], known: Mapping[str, Sequence[CommentLink]]
) -> set[ItemKey]:
    """The items that are over, of tasks with unknown comments that have comments on several items of a source."""
    keys = {link.key for links in known.values() for link in links}
    items: dict[tuple[str, str], set[ItemKey]] = {}
    fresh = set[tuple[str, str]]()
    for one in observations:
        items.setdefault((one.task_id, one.source), set()).add(one.item)
        if one.key not in keys:
            fresh.add((one.task_id, one.source))
    for task, links in known.items():
        for link in links:
            items.setdefault((task, link.source), set()).add(ItemKey(link.source, link.item))
    asked = {item for place in fresh if len(items[place]) > 1 for item in items[place]}
    found = store.find(asked) if asked else {}
    return {key for key, link in found.items() if link.state is LinkState.DELETED}


def _age(one: CommentObservation) -> tuple[int, datetime]:
    return one.batch, one.view.updated_at or _LONG_AGO


class _Taking:
    """Takes comments one after the other, and collects the rows."""

    def __init__(
        self,
        ports: Ports,
        moment: Moment,
        known: Mapping[str, Sequence[CommentLink]],
        unresolved: Iterable[Write],
        gone: Collection[ItemKey],
    ) -> None:
        self._ports, self._moment, self._gone = ports, moment, gone
        self._known = {task: {link.key: link for link in links} for task, links in known.items()}
        self._intents: dict[tuple[str, str], list[Write]] = {}
        for write in unresolved:
            if write.comment_id is not None:
                self._intents.setdefault((write.source, write.comment_id), []).append(write)
        self._made: dict[tuple[str, str], Mapping[str, str]] = {}
        self.links: dict[ItemKey, CommentLink] = {}
        self.changes: list[Change] = []
        self.settled: list[Write] = []

    def take(self, one: CommentObservation) -> None:
        """Take one comment."""
        known = self._known.setdefault(one.task_id, {})
        link = known.get(one.key)
        if link is None:
            twin = twin_of(one.source, one.view, known.values(), self._gone)
            if twin is not None and one.item in self._gone:
                return
            link = self._follow(twin, one) if twin is not None else None
        if link is not None and (_is_older(one, link) or _is_left(link, known.values())):
            return
        news = self._first(one) if link is None else _shown(link, one)
        if link is None and not news.is_born:
            news = replace(news, body=one.view.body)
        news = self._settled_by(one, link, news)
        if link is None and news.is_born:
            self._tell(news, None, one.view.body, Decision.CREATED, "a comment was written")
            for task, source in [key for key in self._made if key[0] == one.task_id and key[1] != one.source]:
                del self._made[task, source]
        elif not same_text(news.body, one.view.body):
            news = self._edited(one, news)
        news = replace(news, body=one.view.body)
        if news != link:
            known[one.key] = self.links[one.key] = news

    def _follow(self, left: CommentLink, one: CommentObservation) -> CommentLink:
        """A comment goes on as the one that its provider made of it on another item."""
        link = replace(left, external_id=one.external_id)
        left = replace(left, is_born=False, person=None, created_at=None, state=LinkState.DELETED)
        moved = {it.key: it for it in (left, link)}
        self._known[one.task_id] |= moved
        self.links |= moved
        return link

    def _edited(self, one: CommentObservation, link: CommentLink) -> CommentLink:
        if link.is_born:
            self._tell(link, link.body, one.view.body, Decision.TAKEN, "a comment was edited")
        else:
            why = f"a copy was edited in {one.source}; what stands where the comment was written is what counts"
            self._tell(link, link.body, one.view.body, Decision.REFUSED, why)
        return replace(link, merges=link.merges + 1)

    def _first(self, one: CommentObservation) -> CommentLink:
        """The link of a comment that is met for the first time."""
        known, copied = self._known[one.task_id].values(), None
        made = self._made.get((one.task_id, one.source))
        if made is None:
            made = self._made[one.task_id, one.source] = made_ids(self._ports, one.source, known)
        if one.view.markers or one.external_id in made:
            copied = copied_by(one.source, one.external_id, one.view.markers, known, made)
        link = CommentLink(
            source=one.source,
            external_id=one.external_id,
            comment_id=copied or comment_id(*one.key),
            task_id=one.task_id,
            item=one.view.task,
            body=one.view.body,
            is_born=copied is None,
        )
        return _shown(link, one, self._person(one))

    def _person(self, one: CommentObservation) -> str | None:
        author = one.view.author
        if author is None:
            return None
        port = self._ports.get(one.source)
        return (port.people.get(author) if port is not None else None) or f"{author}@{one.source}"

    def _settled_by(self, one: CommentObservation, old: CommentLink | None, link: CommentLink) -> CommentLink:
        """The link after each call of unknown outcome in turn. Its body is what we know it to have shown last."""
        shown = one.view.body
        for write in self._intents.get((one.source, link.comment_id), ()):
            if one.batch < write.batch:
                continue
            sent, made_by_us = str(write.sent.get(COMMENT) or ""), write.operation is not Operation.DELETE
            fields = {COMMENT: shown}
            if made_by_us and is_made_of(sent, shown):
                link = answered(link, said(sent) or "", shown)
                outcome = Outcome.ACKNOWLEDGED
            elif write.operation is Operation.CREATE:
                # Somebody has edited it since it was made.
                link = replace(link, body=sent) if old is None else link
                outcome = Outcome.ACKNOWLEDGED
            elif not made_by_us or same_text(str(write.before.get(COMMENT)), shown):
                outcome = Outcome.NOT_SENT
            else:
                outcome = Outcome.OVERWRITTEN
            self.settled.append(finished(write, outcome, self._moment, fields))
        return link

    def _tell(self, link: CommentLink, old: str | None, new: str | None, decision: Decision, why: str) -> None:
        self.changes.append(comment_change(link, old, new, decision, why, self._moment))


def _is_older(one: CommentObservation, link: CommentLink) -> bool:
    """Whether a comment was read before we last looked at it, or is an older state that came late."""
    updated = one.view.updated_at
    return one.batch < link.batch or (link.revision is not None and updated is not None and updated < link.revision)


def _is_left(link: CommentLink, links: Iterable[CommentLink]) -> bool:
    """Whether a comment is over, as another stands for it in the same source."""
    return link.state is LinkState.DELETED and any(
        it.place == link.place and it.state is LinkState.LINKED for it in links
    )


def _shown(link: CommentLink, one: CommentObservation, person: str | None = None) -> CommentLink:
    """The link with what was read but for its text. A comment that is seen is there."""
    return replace(
        link,
        item=one.view.task,
        task_id=one.task_id,
        author=one.view.author,
        person=(person or link.person) if link.is_born else None,
        state=LinkState.LINKED,
        markers=tuple(one.view.markers),
        url=one.view.url,
        answers=one.view.answers,
        internal=one.view.internal,
        created_at=one.view.created_at if link.is_born else None,
        revision=one.view.updated_at or link.revision,
        batch=one.batch,
        record_hash=one.record_hash or link.record_hash,
    )


def comment_gone(link: CommentLink, by_us: bool, batch: int, moment: Moment) -> tuple[CommentLink, list[Change]]:
    """The link of a copy that is not there any more, and the row that tells so where somebody else deleted it."""
    gone = replace(link, state=LinkState.DELETED if by_us else LinkState.MISSING, batch=batch, merges=link.merges + 1)
    why = f"the copy was deleted in {link.source}: it stays deleted there"
    return gone, [] if by_us else [comment_change(gone, gone.body, None, Decision.REFUSED, why, moment)]


def comment_change(
    link: CommentLink, old: str | None, new: str | None, decision: Decision, why: str, moment: Moment
) -> Change:
    """The row that tells what happened to a comment. The same moment of a comment told again has the same id."""
    return Change(
        change_id="change_"
        + digest(link.task_id, COMMENT, *link.key, decision, old or "", new or "", str(link.merges)),
        task_id=link.task_id,
        field=COMMENT,
        old=old,
        new=new,
        origin=link.key,
        actor=link.person if link.is_born else None,
        changed_at=link.created_at if decision is Decision.CREATED else link.revision,
        decision=decision,
        reason=why,
        position=0,
        run_id=moment.run_id,
        observed_at=moment.now,
    )
