"""Whether a step may be done now: what its item shows, what is sent, or why it must be left."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from worklake.errors import AccessError, OutsideError, WorklakeError
from worklake.integrations.views import TaskView
from worklake.model.fields import FIELDS, Fields, FieldValue
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, SavedPlan, Write
from worklake.model.ids import TaskId
from worklake.model.rows import LinkState
from worklake.sync.heart.catching_up import caught_up
from worklake.sync.heart.ledger import intent
from worklake.sync.heart.merging import PUT_AWAY_BY
from worklake.sync.heart.overwriting import is_checked_later
from worklake.sync.heart.ports import Observation, Ports, Rules
from worklake.sync.heart.sides import side_of
from worklake.sync.heart.store import Loaded, StoredLink, unreached
from worklake.sync.heart.views import ItemResolution, Names
from worklake.sync.rules import answers, plan
from worklake.sync.rules.plan import creating_key
from worklake.sync.rules.state import ItemKey
from worklake.sync.rules.values import same

Views = Mapping[ItemKey, TaskView | WorklakeError]
"""What items show now, or why nobody can tell. Those that are gone are left out."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when a wave of steps begins.

    `batch` is the number that the next batch of records will have. `unsure` are the sources and tasks of calls whose
    outcome is not known, `read_at` the moment before their items were read.
    """

    ports: Ports
    saved: SavedPlan
    run_id: str
    batch: int
    loaded: Mapping[str, Loaded]
    names: Mapping[str, Names]
    unsure: AbstractSet[tuple[str, str]]
    read_at: datetime | None = None
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True, slots=True)
class Ready:
    """A step that may be done: what its item shows now, and what is sent, in the source's own ids."""

    step: PlannedStep
    link: StoredLink
    shown: Fields
    write: Write
    looks_first: bool = False


NOT_ASKED = "this run does not ask the source: it is not in conf/sources.yml, or its secret is missing"


class SetAsideError(Exception):
    """A step must not be done now: what becomes of it and why, and its link where that follows from it. `news` is what
    its item shows where no merge has taken that into account yet.
    """

    def __init__(
        self, outcome: Outcome, why: str, link: StoredLink | None = None, news: TaskView | None = None
    ) -> None:
        super().__init__(why)
        self.outcome = outcome
        self.link = link
        self.news = news


def ready(step: PlannedStep, known: Known, views: Views, now: datetime) -> Ready:
    """The step with what it takes to do it. Raises `SetAsideError` where it must not be done."""
    one = known.loaded.get(step.task_id)
    if one is None:
        raise SetAsideError(Outcome.STALE, "its task is no more: a person said since the plan that it is another one")
    if (step.source, step.task_id) in known.unsure:
        raise SetAsideError(Outcome.STALE, "what became of an earlier call is not known yet")
    if step.operation is Operation.CREATE:
        return _ready_to_create(step, one, known, now)
    key = ItemKey(step.source, str(step.external_id))
    link = one.link_of(key)
    view = views.get(key)
    if isinstance(view, AccessError):
        state = LinkState.PAUSED if isinstance(view, OutsideError) else LinkState.NO_ACCESS
        raise SetAsideError(Outcome.NO_ACCESS, str(view), None if link is None else unreached(link, state))
    if isinstance(view, WorklakeError):
        raise SetAsideError(Outcome.FAILED, str(view))
    back = step.operation is Operation.RESTORE
    if link is not None and back and (view is None or view.deleted):
        # What was deleted may not be readable, and the trash may show as an archive: there is nothing to compare.
        return Ready(step, link, {} if view is None else view.fields, write_of(step, known, now, {}, {}))
    if link is None or view is None or view.deleted:
        # What Worklake deleted itself since the plan was made is no question for the sweep.
        is_open = link is not None and link.state is not LinkState.DELETED
        missing = replace(link, state=LinkState.MISSING) if link is not None and is_open else None
        raise SetAsideError(Outcome.GONE, "the item is gone", missing)
    if view.moved_to is not None:
        raise SetAsideError(Outcome.STALE, "the item was moved since the plan was made", news=view)
    names = known.names[step.source].at(link)
    fields = _of_items_that_are_there(step, names, view.fields)
    now_shown = Observation(*key, view, link.batch, looked_at=True)
    caught = caught_up(link, now_shown, one, ItemResolution(known.ports[step.source].integration, names))
    reason = _stale(step, fields, one, caught, view, known)
    if reason is not None:
        raise SetAsideError(Outcome.STALE, reason, news=view if caught is not link or _is_news(view, link) else None)
    sent = names.own(fields)
    moving = sent if step.operation is Operation.UPDATE else PUT_AWAY_BY
    before = {name: view.fields[name] for name in moving if name in view.fields}
    write = write_of(step, known, now, sent, before)
    watched = step.operation is Operation.UPDATE and is_checked_later(known.ports[step.source], sent)
    update = {"read_at": known.read_at, "revision": view.updated_at, "checked": False if watched else None}
    return Ready(step, link, view.fields, write.model_copy(update=update))


def _is_news(view: TaskView, link: StoredLink) -> bool:
    """Whether an item shows anything that no merge has taken into account."""
    return any(not same(name, link.seen[name], view.fields[name]) for name in link.seen.keys() & view.fields)


def write_of(step: PlannedStep, known: Known, now: datetime, sent: Fields, before: Fields) -> Write:
    """The intent to do a step."""
    plan_id, external_id = known.saved.plan_id, step.external_id
    return intent(step, known.run_id, plan_id, external_id, sent, before, known.batch, now)


def _stale(
    step: PlannedStep, fields: Fields, loaded: Loaded, link: StoredLink, view: TaskView, known: Known
) -> str | None:
    """Why a step must not be done, if it must not."""
    side = side_of(link, known.ports[step.source], known.names[step.source], view.fields)
    seen = {name: side.seen[name] for name in step.fields or PUT_AWAY_BY if name in side.seen}
    expected = step.expected
    if not step.fields:  # what only other items tell of it, as who blocks it, does not show here
        expected = {name: value for name, value in expected.items() if name in side.view}
    moved = answers.moved_fields(expected, side.view) or answers.moved_fields(seen, side.view)
    if moved:
        return f"{', '.join(moved)} moved since the plan was made"
    if step.operation is Operation.DELETE and known.saved.undoes is None:
        meant = plan.due_deletion(loaded.task, side, loaded.conflicts)
        return None if meant else "the task is no longer to be deleted"
    if known.saved.holds or step.operation is not Operation.UPDATE:
        return None
    if not fields:
        return f"{', '.join(step.fields)} refers to items that are not there yet"
    due = plan.due(loaded.task, side, loaded.conflicts)
    other = answers.moved_fields(fields, due)
    return f"{', '.join(other)} is no longer due as planned" if other else None


def _of_items_that_are_there(step: PlannedStep, names: Names, shown: Fields) -> dict[str, FieldValue]:
    """The fields to set, without references to items that the plan meant to make there and that are not made.

    What remains due then is planned again.
    """
    canonical = names.canonical(names.own(step.fields))
    view = names.canonical(shown)
    fields = dict(step.fields)
    for name, value in step.fields.items():
        spec = FIELDS.get(name)
        if spec is None or spec.reference != "task" or same(name, canonical[name], value):
            continue
        if canonical[name] and not same(name, canonical[name], view.get(name)):
            fields[name] = canonical[name]
        else:
            del fields[name]
    return fields


def _ready_to_create(step: PlannedStep, loaded: Loaded, known: Known, now: datetime) -> Ready:
    there = [link for link in loaded.links if link.source == step.source]
    if any(link.state is not LinkState.CREATING for link in there):
        raise SetAsideError(Outcome.STALE, "the item is there already")
    if frozen := known.ports[step.source].frozen & step.fields.keys():
        raise SetAsideError(Outcome.STALE, f"{', '.join(sorted(frozen))} is frozen there since the plan was made")
    if known.saved.undoes is None and not known.rules.may_make(step.task_id, step.source):
        raise SetAsideError(Outcome.STALE, "it may be there already, as was found since the plan was made")
    other = _said_otherwise(step, loaded, known) if known.saved.undoes is None else []
    if other:
        raise SetAsideError(Outcome.STALE, f"{', '.join(other)} is no longer due as planned")
    made_id = known.ports[step.source].integration.made_id(TaskId(step.task_id))
    external_id = made_id or creating_key(step.source, step.task_id).external_id
    link = StoredLink(step.source, external_id, step.task_id, LinkState.CREATING, {}, made_id=made_id)
    fields = _of_items_that_are_there(step, known.names[step.source], {})
    write = write_of(step, known, now, known.names[step.source].own(fields), {})
    return Ready(step, link, {}, write, looks_first=bool(there))


def _said_otherwise(step: PlannedStep, loaded: Loaded, known: Known) -> list[str]:
    """The fields in which an item would now be made otherwise than planned, references aside: they may come later. A
    field that waits for a person is not given; the title alone is, as nothing is made without one.
    """
    integration = known.ports[step.source].integration
    values = {name: value for name, value in loaded.task.values().items() if name in integration.capabilities.creatable}
    now = ItemResolution(integration, known.names[step.source]).project(values, None)
    held = plan.held_fields(loaded.conflicts)
    return [
        name
        for name, value in step.fields.items()
        if plan.WHOLE_TASK in held
        or (name in held and name != "title")
        or (FIELDS[name].reference is None and (name not in now or not same(name, now[name], value)))
    ]
