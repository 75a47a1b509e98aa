"""Apply: makes exactly the writes of a saved plan. Nothing else in Worklake writes to a provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import structlog

from worklake.model.fields import Fields
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, SavedPlan, Write
from worklake.sync.heart import calling, everywhere, holding, refusing
from worklake.sync.heart.calling import Answer
from worklake.sync.heart.comments.applying import CommentWave
from worklake.sync.heart.doubts import doubts_of
from worklake.sync.heart.drift import frozen_ports
from worklake.sync.heart.lanes import Followed, Together, one_after_another
from worklake.sync.heart.ledger import finished
from worklake.sync.heart.linking import made_anew
from worklake.sync.heart.looking import PASSING
from worklake.sync.heart.merging import merge_tasks
from worklake.sync.heart.patience import MOST_IN_VAIN, Patience
from worklake.sync.heart.ports import Clock, Observation, Ports, Rules, aliases_of
from worklake.sync.heart.readiness import NOT_ASKED, Known, Ready, SetAsideError, Views, ready, write_of
from worklake.sync.heart.reading import items_of
from worklake.sync.heart.sides import side_of
from worklake.sync.heart.store import Store, StoredLink
from worklake.sync.heart.views import names_for
from worklake.sync.rules.state import Conflict, ItemKey
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import same
from worklake.sync.rules.waves import in_turn, waves

Told = Callable[[str, int, int], None]

log = structlog.get_logger(__name__)


def nobody(source: str, done: int, total: int) -> None:
    """Who hears of steps that are over where nobody watches."""


@dataclass(slots=True)
class Applied:
    """What became of a plan's steps. `writes` are in the order of the steps; `paused` are sources to be mended,
    `waiting` those that the next run goes on with, both with the reason. `done_before` counts the steps that an earlier
    run had applied.
    """

    run_id: str
    plan_id: str
    writes: list[Write] = field(default_factory=list)
    makes_none: Mapping[str, str] = field(default_factory=dict)
    """The sources where no item may be made, with the reason: the next run tries one again."""
    paused: Mapping[str, str] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)
    done_before: int = 0
    closing: SavedPlan | None = None
    """The plan that closed what an undo was to delete and may not; `writes` has what came of it."""

    def count(self, outcome: Outcome | None) -> int:
        """How many writes came to this."""
        return sum(write.outcome is outcome for write in self.writes)


def apply_plan(
    store: Store,
    ports: Ports,
    saved: SavedPlan,
    rules: Rules,
    run_id: str,
    clock: Clock,
    together: Together = one_after_another,
    patience: Patience | None = None,
    told: Told = nobody,
) -> Applied:
    """Apply a saved plan, step by step, the sources side by side as `together` has it. What the brake stopped must not
    be given here. `patience` says which sources are not to be called from the beginning, `told` hears how many steps
    of each source are over.

    Each item is read before it is written: a step whose fields have moved, or are no longer due, is stale and left to
    the next plan, and what its item shows is merged. Intents are kept before the calls, outcomes after them.
    """
    patience = patience or Patience()
    applied = Applied(
        run_id, saved.plan_id, makes_none=patience.makes_none, paused=patience.paused, waiting=patience.waiting
    )
    ports = frozen_ports(ports, saved.steps)
    if saved.takes_back is not None:
        everywhere.take_back(store, ports, saved, Moment(run_id, clock()))
    elif saved.undoes is not None:
        holding.hold(store, ports, saved, Moment(run_id, clock()))
    total = Counter(step.source for step in saved.steps)

    def tell(steps: Sequence[PlannedStep]) -> None:
        over = Counter(write.source for write in applied.writes)
        for source in sorted({step.source for step in steps}):
            told(source, over[source], total[source])

    news: list[Observation] = []
    crowded = max(total.values(), default=0) > MOST_IN_VAIN
    ordered = in_turn(saved.steps, store.writes_of_plan(saved.plan_id) if crowded else ())
    for steps in waves([step for step in ordered if step.comment_id is None], rules.step_batch):
        wave = _Wave(store, ports, saved, applied, clock, together, patience, rules)
        wave.apply(steps)
        news += wave.news
        tell(steps)
    _take_in(store, ports, rules, applied, news, clock)
    # Comments come once their items are made and kept.
    for steps in waves([step for step in ordered if step.comment_id is not None], rules.step_batch):
        remarks = CommentWave(store, ports, rules, saved, run_id, patience, clock)
        remarks.apply(steps, together)
        applied.writes += remarks.done
        remarks.raise_what_stopped()
        tell(steps)
    place = {step.step_id: number for number, step in enumerate(saved.steps)}
    applied.writes.sort(key=lambda write: place[write.step_id])
    return applied


def without_done(store: Store, saved: SavedPlan) -> SavedPlan:
    """The plan without the steps that an earlier run has applied since the plan was made, the last time where the same
    state gave the same plan more than once.
    """
    done = {
        write.step_id
        for write in store.writes_of_plan(saved.plan_id)
        if write.outcome in (Outcome.ACKNOWLEDGED, Outcome.OVERWRITTEN) and write.intended_at >= saved.made_at
    }
    return saved.model_copy(update={"steps": tuple(step for step in saved.steps if step.step_id not in done)})


def _take_in(
    store: Store, ports: Ports, rules: Rules, applied: Applied, news: Sequence[Observation], clock: Clock
) -> None:
    """Merge what items of stale steps show: no pull may ever bring it, as not every edit moves an item's own time.

    Of an item that was written since, what was read is from before. What cannot be merged now is read again when its
    step is planned again.
    """
    written = {(one.source, one.external_id) for one in applied.writes if one.outcome is not Outcome.STALE}
    fresh = [one for one in news if one.key not in written]
    if not fresh:
        return
    try:
        merge_tasks(store, ports, fresh, rules, Moment(applied.run_id, clock()))
    except PASSING as error:
        log.warning("what stale steps found waits for the next run", run_id=applied.run_id, error=str(error))


class _Called(NamedTuple):
    """A step that was called, or left because its source is paused, and what came of it."""

    ready: Ready
    answer: Answer


class _Wave:
    """Some steps that are read, meant, called and kept together. The store is used by the thread that applies them,
    the integrations by their lanes.
    """

    def __init__(
        self,
        store: Store,
        ports: Ports,
        saved: SavedPlan,
        applied: Applied,
        clock: Clock,
        together: Together,
        patience: Patience,
        rules: Rules,
    ) -> None:
        self._store, self._ports, self._saved, self._applied = store, ports, saved, applied
        self._clock, self._together, self._patience, self._rules = clock, together, patience, rules
        self._done: list[Write] = []
        self._meant: set[str] = set()
        self._links: list[StoredLink] = []
        self._conflicts: list[Conflict] = []
        self._ended: list[ItemKey] = []
        self.news: list[Observation] = []

    def apply(self, steps: Sequence[PlannedStep]) -> None:
        """Do these steps."""
        known = self._know(steps)
        reachable = [step for step in steps if self._may_be_called(step, known)]
        read_at = self._clock()
        there = [step for step in reachable if step.external_id is not None]
        views = items_of(there, self._ports, self._patience, self._together)
        known = replace(known, read_at=read_at)
        meant = self._ready([step for step in reachable if self._may_be_called(step, known)], known, views)
        called = self._call(meant, known.batch)
        self._take(meant, called, known)
        self._keep()
        called.raise_what_stopped()

    def _know(self, steps: Sequence[PlannedStep]) -> Known:
        loaded = self._store.load({step.task_id for step in steps})
        people = {name: port.people for name, port in self._ports.items()}
        return Known(
            ports=self._ports,
            saved=self._saved,
            run_id=self._applied.run_id,
            batch=self._store.last_batch() + 1,
            loaded=loaded,
            names=names_for(
                self._store,
                people,
                loaded.values(),
                aliases=aliases_of(self._ports),
                meant=[step.fields for step in steps],
            ),
            unsure={
                (write.source, write.task_id)
                for write in self._store.unresolved(set(loaded))
                if write.comment_id is None
            },
            rules=self._rules,
        )

    def _may_be_called(self, step: PlannedStep, known: Known) -> bool:
        """Whether a step's source can be asked; where it cannot, the step is set aside."""
        if step.source not in self._ports:
            self._set_aside(step, known, Outcome.PAUSED, NOT_ASKED)
            return False
        left = self._patience.leaves(step.source, makes=step.operation is Operation.CREATE)
        if left is not None:
            self._set_aside(step, known, *left)
        return left is None

    def _ready(self, steps: Sequence[PlannedStep], known: Known, views: Views) -> list[Ready]:
        """The steps that may be done, once that they are about to be is kept: the links of items about to be made,
        then the intents.
        """
        meant = []
        for step in steps:
            try:
                meant.append(ready(step, known, views, self._clock()))
            except SetAsideError as reason:
                self._links += [reason.link] if reason.link is not None else []
                self.news += _news(step, known.batch, reason)
                self._set_aside(step, known, reason.outcome, str(reason))
        making = [one.link for one in meant if one.step.operation is Operation.CREATE]
        if making:
            self._store.commit(links=making)
        if meant:
            self._meant = {one.write.write_id for one in meant}
            self._store.intend([one.write for one in meant])
        return meant

    def _call(self, meant: Sequence[Ready], batch: int) -> Followed[_Called]:
        by_source: dict[str, list[Ready]] = {}
        for one in meant:
            by_source.setdefault(one.step.source, []).append(one)
        return self._together({source: self._lane(source, of_source, batch) for source, of_source in by_source.items()})

    def _lane(self, source: str, meant: Sequence[Ready], batch: int) -> Iterator[_Called]:
        """The calls to one source, one after another."""
        for one in meant:
            makes = one.step.operation is Operation.CREATE
            left = self._patience.leaves(source, makes=makes)
            if left is not None:
                yield _Called(one, Answer(finished(one.write, left[0], self._moment(), error=left[1])))
                continue
            answer = self._answer(one, batch)
            self._patience.note(source, answer.fault, makes=makes)
            yield _Called(one, answer)

    def _answer(self, one: Ready, batch: int) -> Answer:
        integration = self._ports[one.step.source].integration
        if one.step.operation is Operation.CREATE:
            return calling.create(integration, one.write, one.link, one.looks_first, batch, self._clock)
        if one.step.operation is Operation.UPDATE:
            return calling.update(integration, one.write, one.link, one.shown, batch, self._clock)
        return calling.put_away(integration, one.write, one.link, batch, self._clock)

    def _take(self, meant: Sequence[Ready], called: Followed[_Called], known: Known) -> None:
        """Note what came of the calls, in the order of the steps. What a lane did not come to was not sent."""
        answers = {one.ready.step.step_id: one.answer for lane in called.lanes.values() for one in lane.results}
        unknown = {name for name, lane in called.lanes.items() if lane.error is not None}
        taken = self._taken(meant, answers)
        for one in meant:
            answer = answers.get(one.step.step_id)
            if answer is not None:
                self._take_answer(one, taken.get(one.step.step_id, answer), known)
            elif one.step.source in unknown:
                unknown.discard(one.step.source)  # the call in which the lane ended: what became of it is not known
            else:
                why = "the run was stopped before it"
                self._done.append(finished(one.write, Outcome.NOT_SENT, self._moment(), error=why))

    def _taken(self, meant: Sequence[Ready], answers: Mapping[str, Answer]) -> dict[str, Answer]:
        """The answers, by step, that say of an item of another task that it was just made: what became of these calls
        is not known.
        """
        made = {
            one.step.step_id: answers[one.step.step_id].link
            for one in meant
            if one.step.operation is Operation.CREATE and one.step.step_id in answers
        }
        homes = {key: link.task_id for key, link in self._store.find({it.key for it in made.values() if it}).items()}
        found = {}
        for one in meant:
            link = made.get(one.step.step_id)
            if link is not None and homes.setdefault(link.key, link.task_id) != link.task_id:
                error = f"the answer is of {link.external_id}, which is another task's"
                found[one.step.step_id] = Answer(one.write.model_copy(update={"error": error}))
        return found

    def _take_answer(self, one: Ready, answer: Answer, known: Known) -> None:
        self._done.append(answer.write)
        if answer.link is not None:
            self._links.append(answer.link)
            if one.step.operation is Operation.CREATE:
                gone, ended = made_anew(answer.link, [one.link, *known.loaded[one.step.task_id].links])
                self._links += gone
                self._ended += ended
        if answer.refused or answer.write.outcome is Outcome.ACKNOWLEDGED:
            self._conflicts += self._conflicts_of(one, answer, known)
        if answer.link is not None and answer.doubts and one.write.undoes is None:
            loaded, names = known.loaded[one.step.task_id], known.names[one.step.source]
            key, at = answer.link.key, answer.link.revision
            call = one.write.write_id if one.step.operation is Operation.UPDATE else None
            self._conflicts += doubts_of(self._store, loaded, key, answer.doubts, at, names, self._moment(), call)

    def _conflicts_of(self, one: Ready, answer: Answer, known: Known) -> Sequence[Conflict]:
        step, task, port = one.step, known.loaded[one.step.task_id], self._ports[one.step.source]
        side = None
        if step.operation is not Operation.CREATE:
            side = side_of(one.link, port, known.names[step.source], one.shown)
        mapping = port.integration.lens.fingerprint()
        return refusing.conflicts_of(
            step, answer.write, answer.refused, task.task, side, mapping, task.conflicts, self._moment()
        )

    def _keep(self) -> None:
        """Keep what came of the steps, outcomes last: a run that dies before leaves intents, which the next settles."""
        if self._links or self._conflicts or self._ended:
            self._store.commit(links=self._links, conflicts=self._conflicts, ended=self._ended)
        kept = [write for write in self._done if write.outcome is not None and self._is_worth_keeping(write)]
        if kept:
            self._store.finish(kept)
        self._applied.writes += self._done

    def _is_worth_keeping(self, write: Write) -> bool:
        """Of steps that are left as their source is not called any further, the ledger tells once a run."""
        if write.write_id in self._meant or write.outcome not in (Outcome.PAUSED, Outcome.WAITING):
            return True
        return self._patience.tells(write.source)

    def _set_aside(self, step: PlannedStep, known: Known, outcome: Outcome, why: str) -> None:
        write = write_of(step, known, self._clock(), _would_send(step, known), {})
        self._done.append(finished(write, outcome, self._moment(), error=why))

    def _moment(self) -> Moment:
        return Moment(self._applied.run_id, self._clock())


def _news(step: PlannedStep, batch: int, reason: SetAsideError) -> list[Observation]:
    """What the item of a step that was set aside shows, where that is news."""
    if reason.news is None:
        return []
    return [Observation(step.source, str(step.external_id), reason.news, batch, step.task_id, looked_at=True)]


def _would_send(step: PlannedStep, known: Known) -> Fields:
    """What a step that is left would have sent, without references to items that are not there yet."""
    names = known.names.get(step.source)
    if names is None:
        return {}
    own = names.own(step.fields)
    whole = names.canonical(own)
    return {name: value for name, value in own.items() if same(name, whole[name], step.fields[name])}
