"""Applying the steps of a plan that write comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from worklake.errors import (
    AccessError,
    InvalidInputError,
    NotFoundError,
    OutsideError,
    UnknownOutcomeError,
    UnreadableError,
    WorklakeError,
)
from worklake.integrations.base import Item
from worklake.integrations.views import CommentView
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, SavedPlan, Write
from worklake.model.ids import CommentId
from worklake.model.rows import LinkState
from worklake.sync.heart import calling
from worklake.sync.heart.calling import KNOWN_FAILURES
from worklake.sync.heart.comments.identity import next_id
from worklake.sync.heart.comments.looking import CommentsOn, comments_on, seen_comment
from worklake.sync.heart.comments.planning import due_comments, item_places, standing, unsure_comments
from worklake.sync.heart.comments.refusing import refusal
from worklake.sync.heart.comments.taking import CommentObservation, comment_gone, take_comments
from worklake.sync.heart.lanes import Followed, Together
from worklake.sync.heart.ledger import finished, intent
from worklake.sync.heart.patience import Patience
from worklake.sync.heart.ports import Clock, Ports, Rules
from worklake.sync.heart.readiness import NOT_ASKED, SetAsideError
from worklake.sync.heart.store import Loaded, Store, StoredLink, unreached
from worklake.sync.rules.comments import COMMENT, CommentLink, answered, copy_at, said, same_text
from worklake.sync.rules.state import Change, Conflict, ItemKey
from worklake.sync.rules.task import Moment


@dataclass(frozen=True, slots=True)
class _Ready:
    """A step that may be done, on which item, the copy where there is one, and the id that a new one gets, where ids
    are ours to give.
    """

    step: PlannedStep
    item: str
    copy: CommentLink | None
    write: Write
    made_id: str | None = None


class _Called(NamedTuple):
    """A step that was called and what came of it: an answer (none after a deletion), an error, or why it was left."""

    ready: _Ready
    item: Item | None = None
    error: WorklakeError | None = None
    left: tuple[Outcome, str] | None = None


class CommentWave:
    """Some steps that are read, meant, called and kept together; `done` has their writes. The store is used by the
    thread that applies them, the integrations by their lanes.
    """

    def __init__(
        self,
        store: Store,
        ports: Ports,
        rules: Rules,
        saved: SavedPlan,
        run_id: str,
        patience: Patience,
        clock: Clock,
    ) -> None:
        self._store, self._ports, self._rules, self._saved = store, ports, rules, saved
        self._run_id, self._patience, self._clock = run_id, patience, clock
        self._loaded: dict[str, Loaded] = {}
        self._comments: dict[str, list[CommentLink]] = {}
        self.done: list[Write] = []
        self._batch = 0
        self._meant: set[str] = set()
        self._stopped: Followed[_Called] | None = None
        self._links: list[CommentLink] = []
        self._changes: list[Change] = []
        self._conflicts: list[Conflict] = []
        self._items: dict[ItemKey, StoredLink] = {}
        self._moved: list[CommentObservation] = []

    def apply(self, steps: Sequence[PlannedStep], together: Together) -> None:
        """Do these steps."""
        tasks = {step.task_id for step in steps}
        self._loaded, known = self._store.load(tasks), self._store.comments(tasks)
        self._comments = {task: standing(one, known.get(task, ())) for task, one in self._loaded.items()}
        self._batch = self._store.last_batch() + 1
        unsure = unsure_comments(self._store.unresolved(tasks))
        due = self._due(unsure)
        views = self._read([step for step in steps if step.operation is not Operation.CREATE], together)
        meant = []
        for step in steps:
            try:
                meant.append(self._ready(step, due, views, unsure))
            except SetAsideError as reason:
                write = self._write(step, step.external_id, None)
                self.done.append(finished(write, reason.outcome, self._moment(), error=str(reason)))
        if meant:
            self._meant = {one.write.write_id for one in meant}
            self._leave_behind(meant, known)
            self._store.intend([one.write for one in meant])
        by_source: dict[str, list[_Ready]] = {}
        for one in meant:
            by_source.setdefault(one.step.source, []).append(one)
        self._stopped = together({source: self._lane(source, ones) for source, ones in by_source.items()})
        self._take(meant, self._stopped)
        self._keep()

    def _leave_behind(self, meant: Sequence[_Ready], known: Mapping[str, Sequence[CommentLink]]) -> None:
        """Keep that copies went with their items, where they are about to be made anew: so the new ones are known as
        copies also where a reply is lost.
        """
        made = {_place(one.step) for one in meant if one.step.operation is Operation.CREATE}
        gone = [
            now
            for task, links in self._comments.items()
            for before, now in zip(known.get(task, ()), links, strict=True)
            if now != before and now.place in made
        ]
        if gone:
            self._store.keep_comments(gone)

    def raise_what_stopped(self) -> None:
        """Raises what ended a lane, or the interrupt that ended them all, if anything did."""
        if self._stopped is not None:
            self._stopped.raise_what_stopped()

    def _due(self, unsure: set[tuple[str, str]]) -> dict[str, str | None]:
        """The item of every step that is due now, by the step's id."""
        return {
            step.step_id: step.external_id
            for task, one in self._loaded.items()
            for step in due_comments(one, self._comments.get(task, []), self._ports, self._rules, (), unsure)
        }

    def _read(self, steps: Sequence[PlannedStep], together: Together) -> Mapping[ItemKey, CommentsOn]:
        """What can be read of the comments on each of these steps' items."""
        wanted: dict[str, list[str]] = {}
        for step in steps:
            if step.source in self._ports and self._patience.leaves(step.source) is None:
                wanted.setdefault(step.source, []).append(str(step.external_id))
        lanes = {
            source: comments_on(source, self._ports[source].integration, items, self._patience)
            for source, items in wanted.items()
        }
        followed = together(lanes)
        followed.raise_what_stopped()
        return {key: view for lane in followed.lanes.values() for key, view in lane.results}

    def _ready(
        self,
        step: PlannedStep,
        due: Mapping[str, str | None],
        views: Mapping[ItemKey, CommentsOn],
        unsure: set[tuple[str, str]],
    ) -> _Ready:
        """The step with what it takes to do it. Raises `SetAsideError` where it must not be done."""
        if step.source not in self._ports:
            raise SetAsideError(Outcome.PAUSED, NOT_ASKED)
        left = self._patience.leaves(step.source)
        if left is not None:
            raise SetAsideError(*left)
        if (step.source, step.comment_id) in unsure:
            raise SetAsideError(Outcome.STALE, "what became of an earlier call is not known yet")
        copy = self._copy(step)
        loaded = self._loaded.get(step.task_id)
        items = item_places(loaded, self._ports).get(step.source, []) if loaded is not None else []
        item = step.external_id or (items[0] if items else None)
        if item is None or item not in items:
            raise SetAsideError(Outcome.STALE, "there is no item that it could stand on")
        if self._saved.undoes is None and due.get(step.step_id, "") != item:
            raise SetAsideError(Outcome.STALE, "the comment is no longer due as planned")
        if step.operation is Operation.CREATE:
            if copy is not None and copy.state is not LinkState.DELETED:
                raise SetAsideError(Outcome.STALE, "the comment stands there already")
            known = self._comments.get(step.task_id, ())
            made_id = next_id(self._ports[step.source], str(step.comment_id), known)
            return _Ready(step, item, copy, self._write(step, item, None), made_id)
        if copy is None or copy.state is not LinkState.LINKED:
            raise SetAsideError(Outcome.STALE, "the comment does not stand there")
        found = views.get(ItemKey(step.source, item), {})
        if isinstance(found, NotFoundError):
            # The copy went with its item, whether that comes back or not: nobody deleted it.
            self._note_gone(self._write(step, item, None), found)
            raise SetAsideError(Outcome.GONE, str(found))
        shown = self._checked(step, copy, found)
        return _Ready(step, item, copy, self._write(step, item, shown))

    def _checked(self, step: PlannedStep, copy: CommentLink, views: dict[str, CommentView] | str) -> str | None:
        """What the copy shows now, where that is what the step expects. One that is gone is left to the call; what was
        to be deleted shows nothing then, as somebody else has deleted it.
        """
        if isinstance(views, str):
            raise SetAsideError(Outcome.FAILED, views)
        view = views.get(copy.external_id)
        shown = copy.body if view is None else view.body
        if view is not None and not same_text(shown, copy.body):
            self._moved.append(CommentObservation(copy.source, copy.external_id, view, self._batch, copy.task_id))
        if not same_text(shown, str(step.expected.get(COMMENT) or "")):
            raise SetAsideError(Outcome.STALE, "somebody edited it since the plan was made")
        return None if view is None and step.operation is Operation.DELETE else shown

    def _copy(self, step: PlannedStep) -> CommentLink | None:
        return copy_at(self._comments.get(step.task_id, ()), _place(step))

    def _write(self, step: PlannedStep, item: str | None, shown: str | None) -> Write:
        plan_id, before = self._saved.plan_id, {} if shown is None else {COMMENT: shown}
        return intent(step, self._run_id, plan_id, item, step.fields, before, self._batch, self._clock())

    def _lane(self, source: str, meant: Sequence[_Ready]) -> Iterator[_Called]:
        """The calls to one source, one after another. An item that takes no comment is not asked for each of them."""
        closed: set[str] = set()
        for one in meant:
            left = self._patience.leaves(source)
            if left is not None:
                yield _Called(one, left=left)
            elif one.item in closed and one.step.operation is Operation.CREATE:
                yield _Called(one, left=(Outcome.FAILED, "its item could not be written to a moment ago"))
            else:
                called = self._called(one)
                self._patience.note(source, called.error)
                makes = one.step.operation is Operation.CREATE  # else it may be the comment alone that is gone
                if isinstance(called.error, AccessError) or (makes and isinstance(called.error, NotFoundError)):
                    closed.add(one.item)
                yield called

    def _called(self, one: _Ready) -> _Called:
        try:
            outside = self._outside(one)
            if outside is not None:
                return _Called(one, left=(Outcome.NO_ACCESS, str(OutsideError(outside))))
            return _Called(one, self._made(one))
        except KNOWN_FAILURES as error:
            return _Called(one, error=error)
        except UnknownOutcomeError as error:
            return _Called(one, error=error)

    def _outside(self, one: _Ready) -> str | None:
        """Where an item lies that is to bear a comment, if that is where the settings do not look: it is read only
        where its key does not tell.
        """
        integration, link = self._ports[one.step.source].integration, self._link(one)
        if link is None or link.called is None or integration.covers(link.called):
            return None
        return integration.outside(integration.read(one.item))

    def _link(self, one: _Ready) -> StoredLink | None:
        return self._loaded[one.step.task_id].link_of((one.step.source, one.item))

    def _take(self, meant: Sequence[_Ready], followed: Followed[_Called]) -> None:
        """Note what came of the calls, in the order of the steps. What a lane did not come to was not sent."""
        results = {one.ready.step.step_id: one for lane in followed.lanes.values() for one in lane.results}
        unknown = {name for name, lane in followed.lanes.items() if lane.error is not None}
        for one in meant:
            called = results.get(one.step.step_id)
            if called is not None:
                self._take_one(called)
            elif one.step.source in unknown:
                unknown.discard(one.step.source)  # the call in which the lane ended: what became of it is not known
            else:
                why = "the run was stopped before it"
                self.done.append(finished(one.write, Outcome.NOT_SENT, self._moment(), error=why))

    def _take_one(self, called: _Called) -> None:
        one, error = called.ready, called.error
        if called.left is not None:
            outcome, why = called.left
            link = self._link(one) if outcome is Outcome.NO_ACCESS else None
            if link is not None:
                self._items[link.key] = unreached(link, LinkState.PAUSED)
            self.done.append(finished(one.write, outcome, self._moment(), error=why))
        elif error is None:
            try:
                self._answered(one, called.item)
            except UnreadableError as unread:
                self.done.append(one.write.model_copy(update={"error": str(unread)}))
        elif isinstance(error, UnknownOutcomeError | UnreadableError):
            self.done.append(one.write.model_copy(update={"error": str(error)}))
        else:
            self._failed(one, error)

    def _made(self, one: _Ready) -> Item | None:
        """The call."""
        integration, marker = self._ports[one.step.source].integration, CommentId(str(one.step.comment_id))
        text = str(one.step.fields.get(COMMENT) or "")
        if one.step.operation is Operation.CREATE:
            return integration.add_comment(one.item, text, marker=marker, made_id=one.made_id)
        copy_id = one.copy.external_id if one.copy is not None else ""
        if one.step.operation is Operation.DELETE:
            integration.delete_comment(one.item, copy_id)
            return None
        return integration.edit_comment(one.item, copy_id, text, marker=marker)

    def _answered(self, one: _Ready, item: Item | None) -> None:
        batch = self._batch
        if item is None:
            if one.copy is not None:
                self._note_deleted(one.copy, by_us=bool(one.write.before))
            self.done.append(finished(one.write, Outcome.ACKNOWLEDGED, self._moment()))
            return
        external_id, view = seen_comment(self._ports[one.step.source].integration, item)
        text = str(one.step.fields[COMMENT])
        link = one.copy or CommentLink(
            source=one.step.source,
            external_id=external_id,
            comment_id=str(one.step.comment_id),
            task_id=one.step.task_id,
            item=one.item,
            body="",
            is_born=False,
        )
        link = replace(
            link,
            external_id=external_id,
            item=view.task,
            author=view.author,
            state=LinkState.LINKED,
            markers=tuple(view.markers),
            url=view.url,
            revision=view.updated_at or link.revision,
            batch=batch,
        )
        self._links.append(answered(link, said(text) or "", view.body))
        self.done.append(finished(one.write, Outcome.ACKNOWLEDGED, self._moment(), {COMMENT: view.body}))

    def _failed(self, one: _Ready, error: WorklakeError) -> None:
        """What a failed call means: for the copy, for the item where there is no copy yet, for the source."""
        self.done.append(self._failure(one.write, error).write)
        refuses = isinstance(error, InvalidInputError) and one.step.operation is not Operation.DELETE
        if one.copy is None or one.step.operation is Operation.CREATE:
            # Who may not comment, as on an item whose discussion is locked, may still write its fields.
            if refuses or isinstance(error, AccessError):
                self._conflicts.append(self._refusal(one, error))
            elif isinstance(error, NotFoundError):
                self._note_gone(one.write, error)
        elif refuses:
            self._conflicts.append(self._refusal(one, error))
        elif isinstance(error, NotFoundError):
            self._note_deleted(one.copy, by_us=False)
        elif isinstance(error, AccessError):
            self._links.append(replace(one.copy, state=LinkState.NO_ACCESS))

    def _refusal(self, one: _Ready, error: WorklakeError) -> Conflict:
        return refusal(one.step, one.copy, self._comments[one.step.task_id], str(error), self._moment())

    def _note_deleted(self, copy: CommentLink, by_us: bool) -> None:
        gone, told = comment_gone(copy, by_us, self._batch, self._moment())
        self._links.append(gone)
        self._changes += told

    def _note_gone(self, write: Write, error: NotFoundError) -> None:
        """That an item is not there is a question for the sweep."""
        link = self._failure(write, error).link
        if link is not None:
            self._items[link.key] = link

    def _failure(self, write: Write, error: WorklakeError) -> calling.Answer:
        links = self._loaded[write.task_id].links
        link = next((it for it in links if it.key == (write.source, write.external_id)), None)
        stand_in = StoredLink(write.source, str(write.external_id), write.task_id, LinkState.CREATING, {})
        return calling.failure(write, link or stand_in, error, self._clock)

    def _keep(self) -> None:
        """Keep what became of the calls; outcomes come last, so that a process that dies leaves intents."""
        if self._conflicts or self._items:
            self._store.commit(links=list(self._items.values()), conflicts=self._conflicts)
        if self._links or self._changes:
            self._store.keep_comments(self._links, self._changes)
        kept = [write for write in self.done if write.outcome is not None and self._is_worth_keeping(write)]
        if kept:
            self._store.finish(kept)
        if self._moved:
            take_comments(self._store, self._ports, self._moved, self._moment())

    def _is_worth_keeping(self, write: Write) -> bool:
        """Of steps that are left as their source is not called any further, the ledger tells once a run."""
        if write.write_id in self._meant or write.outcome not in (Outcome.PAUSED, Outcome.WAITING):
            return True
        return self._patience.tells(write.source)

    def _moment(self) -> Moment:
        return Moment(self._run_id, self._clock())


def _place(step: PlannedStep) -> ItemKey:
    return ItemKey(step.source, str(step.comment_id))
