"""Plan: from what is kept to a saved plan. Writes nothing to any provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from worklake.model.fields import Fields
from worklake.model.heart_rows import SavedPlan
from worklake.model.rows import LinkState
from worklake.sync.heart.comments.looking import look_at_comments
from worklake.sync.heart.comments.planning import with_comments
from worklake.sync.heart.drift import frozen_ports
from worklake.sync.heart.looking import look_again
from worklake.sync.heart.overwriting import look_for_overwritten
from worklake.sync.heart.ports import Clock, Port, Ports, Rules, aliases_of
from worklake.sync.heart.refusing import no_longer_due
from worklake.sync.heart.sides import sides_of
from worklake.sync.heart.store import NOT_THERE, Loaded, Store
from worklake.sync.heart.views import ItemResolution, Names, met_since, names_for
from worklake.sync.rules import brake, plan, resolution
from worklake.sync.rules.plan import Budget, Missing, Planning
from worklake.sync.rules.putaway import is_open
from worklake.sync.rules.renaming import renamed
from worklake.sync.rules.state import Side, TaskState
from worklake.sync.rules.task import Moment, fold_onto
from worklake.sync.rules.values import referred


@dataclass(frozen=True, slots=True)
class Planned:
    """A saved plan, and what kept us from looking at items of unknown state, per source."""

    plan: SavedPlan
    failed: Mapping[str, str] = field(default_factory=dict)
    no_access: Mapping[str, int] = field(default_factory=dict)
    """How many items lack something and may not be written, per source."""
    minutes: Mapping[str, float] = field(default_factory=dict)
    """About how long all of it takes, per source whose requests are paced."""
    undecided: Mapping[str, int] = field(default_factory=dict)
    """How many items are not made before a person has decided whether their tasks are others', per source."""
    unread: Mapping[str, int] = field(default_factory=dict)
    """How many items are not made because their source was never read to its end, per source."""


def plan_tasks(
    store: Store,
    ports: Ports,
    rules: Rules,
    run_id: str,
    clock: Clock,
    limits: Mapping[str, Budget] | None = None,
    allow: int | None = None,
) -> Planned:
    """Settle what calls of unknown outcome left open, then plan whatever is pending, and save the plan.

    `limits` says what the quotas of sources leave. A plan that the brake stops says so; `allow` lets exactly
    that many items pass.
    """
    looked = look_again(store, ports, rules, run_id, clock)
    failed = {**look_for_overwritten(store, ports, run_id, clock), **looked.failed}
    look_at_comments(store, ports, run_id, clock, failed)
    watched = store.watched()
    loaded = store.load(watched)
    around = store.referrers(_new_somewhere(loaded, ports, rules)) - watched
    moment = Moment(run_id, clock())
    loaded = _with_met_since(store, ports, loaded | store.load(around), moment)
    tasks = watched | around
    unresolved = store.unresolved(tasks)
    unsure = {(write.source, write.task_id) for write in unresolved if write.comment_id is None}
    planning = _without_past_refusals(store, planning_of(store, ports, rules, loaded, unsure), moment)
    planning = with_comments(store, ports, rules, planning, loaded, unresolved, moment)
    made = plan.make_plan(planning.values(), limits)
    sound = frozen_ports(ports, made.steps if limits is None else plan.make_plan(planning.values()).steps)
    if sound is not ports:
        comments = {task: one.comments for task, one in planning.items()}
        planning = {
            task: replace(one, comments=comments.get(task, ()))
            for task, one in planning_of(store, sound, rules, loaded, unsure).items()
        }
        made = plan.make_plan(planning.values(), limits)
    threatened = {step.source for step in made.steps if any(brake.destroyed(step))}
    found = brake.stops(made.steps, store.live_items(sorted(threatened)), rules.brake, allow)
    saved = SavedPlan(
        plan_id=made.plan_id,
        run_id=run_id,
        made_at=clock(),
        steps=made.steps,
        waiting=made.waiting,
        stopped_by=tuple(str(one) for one in found),
    )
    asking = {write.task_id for write in unresolved if write.comment_id is not None}
    quiet = {
        task
        for task in tasks - asking
        if task not in planning or _is_quiet(planning[task], loaded[task], ports, unsure)
    }
    if around - quiet:
        store.watch(around - quiet)
    _save(store, saved)
    if watched & quiet:
        store.release(sorted(watched & quiet))
    return Planned(
        saved,
        failed,
        _without_access(planning, loaded),
        undecided=_held_back(planning, rules, undecided=True),
        unread=_held_back(planning, rules, undecided=False),
    )


def _save(store: Store, saved: SavedPlan) -> None:
    """Keep a plan, unless it is the newest already: a run that finds nothing new commits nothing."""
    newest = store.plan()
    told = ("plan_id", "waiting", "stopped_by", "undoes")
    if newest is None or any(getattr(newest, name) != getattr(saved, name) for name in told):
        store.save_plan(saved)


def _new_somewhere(loaded: Mapping[str, Loaded], ports: Ports, rules: Rules) -> list[str]:
    """The tasks that have just got an item in some source or are to get one, and the opaque ids of these items: others
    may now refer to them there.
    """
    new = {task: [link for link in one.links if link.merges <= 1] for task, one in loaded.items()}
    tasks = [task for task, one in loaded.items() if new[task] or any(_lacking(one, ports, rules))]
    return tasks + [f"{link.source}:{link.external_id}" for links in new.values() for link in links]


def _with_met_since(store: Store, ports: Ports, loaded: Mapping[str, Loaded], moment: Moment) -> dict[str, Loaded]:
    """The same, once tasks know by its task what they referred to as an item that nobody had met."""
    outside = [one for one in loaded.values() if any(":" in each for each in referred(one.task.values()))]
    if not outside:
        return dict(loaded)
    names = names_for(store, {name: port.people for name, port in ports.items()}, outside)
    found = {one.task.task_id: renamed(one.task, met_since(one.task, names), moment) for one in outside}
    news = {task: fold_onto(loaded[task].task, changes) for task, changes in found.items() if changes}
    if news:
        store.commit([change for changes in found.values() for change in changes], list(news.values()))
    return {task: replace(one, task=news[task]) if task in news else one for task, one in loaded.items()}


def _without_past_refusals(store: Store, planning: Mapping[str, Planning], moment: Moment) -> Mapping[str, Planning]:
    """The same, once what was refused and is not due any more waits for nobody."""
    closed = [one for task in planning.values() if task.conflicts for one in no_longer_due(task, moment)]
    if not closed:
        return planning
    store.commit(conflicts=closed)
    over = {one.conflict_id for one in closed}
    return {
        task: replace(one, conflicts=[each for each in one.conflicts if each.conflict_id not in over])
        for task, one in planning.items()
    }


def planning_of(
    store: Store, ports: Ports, rules: Rules, loaded: Mapping[str, Loaded], unsure: Collection[tuple[str, str]]
) -> dict[str, Planning]:
    """What planning these tasks needs. Items in `unsure`, by source and task, are left as they are."""
    people = {name: port.people for name, port in ports.items()}
    names = names_for(store, people, loaded.values(), aliases=aliases_of(ports))
    missing = _missing(loaded, ports, rules, names, unsure)
    coming = {
        (gap.source, task)
        for task, gaps in missing.items()
        for gap in gaps
        if rules.may_make(task, gap.source) and plan.creation(loaded[task].task, gap, loaded[task].conflicts)
    }
    if coming:
        names = {name: one.expecting(sorted(task for source, task in coming if source == name))
                 for name, one in names.items()}  # fmt: skip
        missing = _missing(loaded, ports, rules, names, unsure)
    found = {}
    for task, one in sorted(loaded.items()):
        sides = [
            replace(side, reachable=side.reachable and (side.key.source, task) not in unsure)
            for side in sides_of([link for link in one.links if link.state is not LinkState.DELETED], ports, names)
        ]
        found[task] = Planning(
            one.task,
            sides,
            one.conflicts,
            missing=[gap for gap in missing[task] if rules.may_make(task, gap.source)],
            held_back=[gap for gap in missing[task] if not rules.may_make(task, gap.source)],
        )
    return found


def _missing(
    loaded: Mapping[str, Loaded],
    ports: Ports,
    rules: Rules,
    names: Mapping[str, Names],
    unsure: Collection[tuple[str, str]],
) -> dict[str, list[Missing]]:
    """For each task the sources that should hold it and do not, but for those that nobody is sure of."""
    return {
        task: [
            Missing(
                source,
                ItemResolution(ports[source].integration, names[source]),
                ports[source].integration.capabilities.creatable - ports[source].frozen,
                why,
                ports[source].integration.lens.fingerprint(),
            )
            for source, why in _lacking(one, ports, rules)
            if (source, task) not in unsure
        ]
        for task, one in loaded.items()
    }


def _lacking(loaded: Loaded, ports: Ports, rules: Rules) -> Iterator[tuple[str, str]]:
    """The sources that should hold the task and have no link of it, whatever its state but `creating`, and why.

    What is left in no tool is not brought back into one.
    """
    if all(link.state in NOT_THERE for link in loaded.links):
        return
    there = {link.source for link in loaded.links if link.state is not LinkState.CREATING}
    for source, why in rules.route(loaded.task):
        if source in ports and source not in there and _can_take(loaded.task, ports[source]):
            yield source, why


def _can_take(task: TaskState, port: Port) -> bool:
    """Whether a task can be made there as it is: one that is open and archived would stand open where nothing is
    archived.
    """
    values = task.values()
    return not (
        values.get("archived")
        and is_open(values.get("status"))
        and "archived" not in port.integration.capabilities.creatable
    )


def _is_quiet(planning: Planning, loaded: Loaded, ports: Ports, unsure: Collection[tuple[str, str]]) -> bool:
    """Whether nothing is outstanding for a task, held or not, in any source, whether it was asked or not."""
    values = planning.task.values()
    return (
        not planning.missing
        and not planning.held_back
        and not planning.comments
        and all(link.source in ports for link in loaded.links)
        and not any((link.source, link.task_id) in unsure for link in loaded.links)
        and not any(link.state is LinkState.CREATING for link in loaded.links)
        and not any(_is_outstanding(values, side) for side in planning.sides)
        and not any(plan.due_deletion(planning.task, side, ()) for side in planning.sides)
    )


def _held_back(planning: Mapping[str, Planning], rules: Rules, *, undecided: bool) -> dict[str, int]:
    """How many items would be made if it were not for tasks that are `undecided`, else for sources that were not read
    to their end, per source.
    """
    return Counter(
        gap.source
        for task, one in planning.items()
        for gap in one.held_back
        if (task in rules.undecided) is undecided and plan.creation(one.task, gap, one.conflicts)
    )


def _without_access(planning: Mapping[str, Planning], loaded: Mapping[str, Loaded]) -> dict[str, int]:
    """How many items lack something that no conflict holds and may not be written, per source."""
    closed = {link.key for one in loaded.values() for link in one.links if link.state is LinkState.NO_ACCESS}
    return Counter(
        side.key.source
        for one in planning.values()
        for side in one.sides
        if side.key in closed
        and _is_outstanding(one.task.values(), side)
        and resolution.outstanding(one.task.values(), side).keys() - plan.held_fields(one.conflicts)
    )


def _is_outstanding(values: Fields, side: Side) -> bool:
    """Whether an item lacks anything. What was put away lacks nothing until it is back."""
    news = resolution.outstanding(values, side)
    return bool(news) and ("archived" in news or not side.view.get("archived"))
