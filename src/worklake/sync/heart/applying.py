"""Apply: makes exactly the writes of a saved plan. Nothing else in Worklake writes to a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from worklake.integrations.base import TaskView
from worklake.model.fields import Fields
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, SavedPlan, Write
from worklake.model.ids import TaskId, digest
from worklake.model.rows import LinkState
from worklake.sync.heart import calling, undoing
from worklake.sync.heart.calling import Answer
from worklake.sync.heart.looking import PASSING, seen_in
from worklake.sync.heart.merging import PUT_AWAY_BY, finished
from worklake.sync.heart.ports import Clock, Ports, Rules
from worklake.sync.heart.sides import side_of
from worklake.sync.heart.store import Loaded, Store, StoredLink
from worklake.sync.heart.views import Names, names_for
from worklake.sync.rules import answers, plan
from worklake.sync.rules.plan import creating_key
from worklake.sync.rules.state import Conflict, ItemKey
from worklake.sync.rules.task import Moment


@dataclass(slots=True)
class Applied:
    """What became of a plan's steps. `writes` are in the order of the steps; `paused` are sources to be mended."""

    run_id: str
    plan_id: str
    writes: list[Write] = field(default_factory=list)
    paused: dict[str, str] = field(default_factory=dict)

    def count(self, outcome: Outcome | None) -> int:
        """How many writes came to this."""
        return sum(write.outcome is outcome for write in self.writes)


def apply_plan(store: Store, ports: Ports, saved: SavedPlan, rules: Rules, run_id: str, clock: Clock) -> Applied:
    """Apply a saved plan, step by step. What the brake stopped must not be given here.

    Each item is read before it is written: a step whose fields have moved, or are no longer due, is stale and left to
    the next plan. Intents are kept before the calls, outcomes after them.
    """
    applied = Applied(run_id, saved.plan_id)
    if saved.undoes is not None:
        undoing.hold(store, ports, saved, Moment(run_id, clock()))
    for start in range(0, len(saved.steps), rules.step_batch):
        batch = saved.steps[start : start + rules.step_batch]
        _Batch(store, ports, saved, applied, clock).apply(batch)
    return applied


@dataclass(frozen=True, slots=True)
class _Ready:
    """A step that may be done: what its item shows now, and what is sent, in the source's own ids."""

    step: PlannedStep
    link: StoredLink
    shown: Fields
    write: Write
    looks_first: bool = False


class _SetAsideError(Exception):
    """A step must not be done now: what becomes of it, and why."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


class _Batch:
    """Some steps that are read, meant, called and kept together."""

    def __init__(self, store: Store, ports: Ports, saved: SavedPlan, applied: Applied, clock: Clock) -> None:
        self._store, self._ports, self._saved, self._applied, self._clock = store, ports, saved, applied, clock
        self._names: dict[str, Names] = {}
        self._done: list[Write] = []
        self._links: list[StoredLink] = []
        self._conflicts: list[Conflict] = []
        self._ended: list[ItemKey] = []

    def apply(self, steps: Sequence[PlannedStep]) -> None:
        """Do these steps."""
        loaded = self._store.load({step.task_id for step in steps})
        self._names = names_for(self._store, {name: port.people for name, port in self._ports.items()}, loaded.values())
        unsure = {(write.source, write.task_id) for write in self._store.unresolved(set(loaded))}
        views = self._read([step for step in steps if step.external_id is not None])
        ready = []
        for step in steps:
            try:
                ready.append(self._ready(step, loaded, views, unsure))
            except _SetAsideError as reason:
                self._set_aside(step, reason.outcome, str(reason))
        if ready:
            self._mean(ready)
        for one in ready:
            self._call(one, loaded)
        if self._links or self._conflicts or self._ended:
            self._store.commit(links=self._links, conflicts=self._conflicts, ended=self._ended)
        kept = [write for write in self._done if write.outcome is not None]
        if kept:
            self._store.finish(kept)
        order = {step.step_id: place for place, step in enumerate(steps)}
        self._applied.writes += sorted(self._done, key=lambda write: order[write.step_id])

    def _read(self, steps: Sequence[PlannedStep]) -> dict[ItemKey, TaskView | str]:
        """What the items of these steps show, or, in words, why nobody can tell. Those that are gone are left out."""
        views: dict[ItemKey, TaskView | str] = {}
        for source in sorted({step.source for step in steps}):
            ids = [str(step.external_id) for step in steps if step.source == source]
            if source not in self._ports:
                continue
            integration = self._ports[source].integration
            try:
                for item in integration.read_many(ids):
                    external_id, view = seen_in(integration, item)
                    views[ItemKey(source, external_id)] = view
            except PASSING as error:
                if calling.pauses(error):
                    self._applied.paused[source] = str(error)
                for external_id in ids:
                    views.setdefault(ItemKey(source, external_id), str(error))
        return views

    def _ready(
        self,
        step: PlannedStep,
        loaded: Mapping[str, Loaded],
        views: Mapping[ItemKey, TaskView | str],
        unsure: set[tuple[str, str]],
    ) -> _Ready:
        """The step with what it takes to do it. Raises `_SetAsideError` where it must not be done."""
        if step.source not in self._ports or step.source in self._applied.paused:
            raise _SetAsideError(Outcome.PAUSED, self._applied.paused.get(step.source, "not in the settings"))
        one = loaded.get(step.task_id)
        if one is None or (step.source, step.task_id) in unsure:
            raise _SetAsideError(Outcome.STALE, "what became of an earlier call is not known yet")
        if step.operation is Operation.CREATE:
            return self._ready_to_create(step, one)
        key = ItemKey(step.source, str(step.external_id))
        link = next((link for link in one.links if link.key == key), None)
        view = views.get(key)
        if isinstance(view, str):
            raise _SetAsideError(Outcome.FAILED, view)
        if link is None or view is None or view.deleted:
            if link is not None:
                self._links.append(replace(link, state=LinkState.MISSING))
            raise _SetAsideError(Outcome.GONE, "the item is gone")
        reason = self._stale(step, one, link, view)
        if reason is not None:
            raise _SetAsideError(Outcome.STALE, reason)
        sent = self._names[step.source].own(step.fields)
        moving = sent if step.operation is Operation.UPDATE else PUT_AWAY_BY
        before = {name: view.fields[name] for name in moving if name in view.fields}
        return _Ready(step, link, view.fields, self._write(step, sent, before))

    def _stale(self, step: PlannedStep, loaded: Loaded, link: StoredLink, view: TaskView) -> str | None:
        """Why a step must not be done, if it must not."""
        side = side_of(link, self._ports[step.source], self._names[step.source], view.fields)
        seen = {name: side.seen[name] for name in step.fields if name in side.seen}
        moved = answers.moved_fields(step.expected, side.view) or answers.moved_fields(seen, side.view)
        if moved:
            return f"{', '.join(moved)} moved since the plan was made"
        if self._saved.undoes is not None or step.operation is not Operation.UPDATE:
            return None
        due = plan.due(loaded.task, side, loaded.conflicts)
        other = answers.moved_fields(step.fields, due)
        return f"{', '.join(other)} is no longer due as planned" if other else None

    def _ready_to_create(self, step: PlannedStep, loaded: Loaded) -> _Ready:
        there = [link for link in loaded.links if link.source == step.source]
        if any(link.state is not LinkState.CREATING for link in there):
            raise _SetAsideError(Outcome.STALE, "the item is there already")
        integration = self._ports[step.source].integration
        made_id = integration.made_id(TaskId(step.task_id))
        external_id = made_id or creating_key(step.source, step.task_id).external_id
        link = StoredLink(step.source, external_id, step.task_id, LinkState.CREATING, {}, made_id=made_id)
        write = self._write(step, self._names[step.source].own(step.fields), {})
        return _Ready(step, link, {}, write, looks_first=bool(there))

    def _write(self, step: PlannedStep, sent: Fields, before: Fields) -> Write:
        return Write(
            write_id="write_" + digest(self._applied.run_id, self._applied.plan_id, step.step_id),
            run_id=self._applied.run_id,
            plan_id=self._applied.plan_id,
            step_id=step.step_id,
            task_id=step.task_id,
            source=step.source,
            external_id=step.external_id,
            operation=step.operation,
            sent=dict(sent),
            before=dict(before),
            shown=None,
            outcome=None,
            error=None,
            batch=self._store.last_batch() + 1,
            intended_at=self._clock(),
            finished_at=None,
            undoes=step.undoes,
        )

    def _set_aside(self, step: PlannedStep, outcome: Outcome, why: str) -> None:
        write = self._write(step, self._names[step.source].own(step.fields) if step.source in self._names else {}, {})
        self._done.append(finished(write, outcome, self._moment(), error=why))

    def _mean(self, ready: Sequence[_Ready]) -> None:
        """Keep what is about to be done: links of items about to be made, then the intents."""
        making = [one.link for one in ready if one.step.operation is Operation.CREATE]
        if making:
            self._store.commit(links=making)
        self._store.intend([one.write for one in ready])

    def _call(self, one: _Ready, loaded: Mapping[str, Loaded]) -> None:
        source = one.step.source
        if source in self._applied.paused:
            self._done.append(finished(one.write, Outcome.PAUSED, self._moment(), error=self._applied.paused[source]))
            return
        answer = self._answer(one)
        if answer.pauses:
            self._applied.paused[source] = answer.error or ""
        self._done.append(answer.write)
        if answer.link is not None:
            self._links.append(answer.link)
            if one.step.operation is Operation.CREATE and answer.link.key != one.link.key:
                self._ended.append(one.link.key)
        task = loaded[one.step.task_id]
        self._conflicts += calling.conflicts_of(answer, one.step, task, self._names[source], self._moment())

    def _answer(self, one: _Ready) -> Answer:
        integration, batch = self._ports[one.step.source].integration, self._store.last_batch() + 1
        if one.step.operation is Operation.CREATE:
            return calling.create(integration, one.write, one.link, one.looks_first, batch, self._clock)
        if one.step.operation is Operation.UPDATE:
            return calling.update(integration, one.write, one.link, one.shown, batch, self._clock)
        return calling.put_away(integration, one.write, one.link, batch, self._clock)

    def _moment(self) -> Moment:
        return Moment(self._applied.run_id, self._clock())
