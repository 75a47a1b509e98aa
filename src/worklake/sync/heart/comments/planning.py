"""What is due for comments: the steps of a plan, and whether they are still due when they are applied."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from worklake.model.heart_rows import Operation, PlannedStep, Write
from worklake.model.rows import LinkState
from worklake.sync.heart.comments.identity import recognised
from worklake.sync.heart.ports import Ports, Rules
from worklake.sync.heart.store import Loaded, Store
from worklake.sync.rules.comments import COMMENT, CommentLink, NameOf, comment_steps, says_the_same
from worklake.sync.rules.plan import NOT_SENT, WHOLE_TASK, Planning, held_fields
from worklake.sync.rules.state import Conflict, ItemKey
from worklake.sync.rules.task import Moment


def due_comments(
    loaded: Loaded,
    links: Sequence[CommentLink],
    ports: Ports,
    rules: Rules,
    missing: Collection[str] = (),
    unsure: Collection[tuple[str, str]] = (),
) -> list[PlannedStep]:
    """The steps for the comments on a task. `missing` are sources in which the task is about to be made."""
    if not rules.comments or not links:
        return []
    links = standing(loaded, links)
    places: dict[str, list[str]] = {source: [] for source in missing} | item_places(loaded, ports)
    steps = comment_steps(loaded.task.task_id, links, places, name_of(ports), loaded.conflicts, unsure)
    return [step for step in steps if _can(step, ports)]


def with_comments(
    store: Store,
    ports: Ports,
    rules: Rules,
    planning: Mapping[str, Planning],
    loaded: Mapping[str, Loaded],
    unresolved: Iterable[Write],
    moment: Moment,
) -> dict[str, Planning]:
    """With the steps for comments, of tasks that live, or are about to, in more than one item.

    Copies that are recognised only now are kept as such, and refusals of what is not due any more are closed.
    """
    shared = [task for task, one in planning.items() if one.missing or len(loaded[task].links) > 1]
    comments = store.comments(shared) if rules.comments else {}
    unsure = unsure_comments(unresolved)
    found, copies, closed = dict(planning), list[CommentLink](), list[Conflict]()
    for task, links in comments.items():
        one = loaded[task]
        held = WHOLE_TASK in held_fields(one.conflicts)
        missing = [] if held else [gap.source for gap in planning[task].missing]
        fresh = recognised(ports, links)
        copies += fresh
        now = list({link.key: link for link in (*links, *fresh)}.values())
        over = _past_refusals(one, now, ports, rules, missing, moment)
        closed += over
        if over:
            ids = {conflict.conflict_id for conflict in over}
            one = replace(one, conflicts=tuple(it for it in one.conflicts if it.conflict_id not in ids))
        steps = due_comments(one, now, ports, rules, missing, unsure)
        found[task] = replace(planning[task], comments=steps)
    if closed:
        store.commit(conflicts=closed)
    if copies:
        store.keep_comments(copies)
    return found


def _past_refusals(
    loaded: Loaded, links: Sequence[CommentLink], ports: Ports, rules: Rules, missing: Collection[str], moment: Moment
) -> list[Conflict]:
    """The refusals of comments that would not be sent any more, closed; those of sources that are not there stay."""
    refused = [
        one
        for one in loaded.conflicts
        if one.field == COMMENT and one.open and one.kind in NOT_SENT and one.value is not None
    ]
    if not refused:
        return []
    free = replace(loaded, conflicts=())
    due = {(it.source, it.comment_id): it for it in due_comments(free, links, ports, rules, missing)}
    return [
        replace(one, open=False, settled_at=moment.now, reason="it is not due there any more")
        for one in refused
        if one.at_item is not None
        and one.at_item.source in ports
        and not _asks_for(due.get((one.at_item.source, one.at_item.external_id)), one)
    ]


def _asks_for(step: PlannedStep | None, refused: Conflict) -> bool:
    return step is not None and says_the_same(str(step.fields[COMMENT]), str(refused.value))


def standing(loaded: Loaded, links: Sequence[CommentLink]) -> list[CommentLink]:
    """The comments on a task; copies on items that were deleted went with them, as if we had deleted them, also where
    such an item is to be made again.
    """
    gone = {
        link.key
        for link in loaded.links
        if link.state is LinkState.DELETED or (link.state is LinkState.CREATING and link.seen)
    }
    return [
        replace(one, state=LinkState.DELETED)
        if not one.is_born and one.state is not LinkState.MISSING and ItemKey(one.source, one.item) in gone
        else one
        for one in links
    ]


def item_places(loaded: Loaded, ports: Ports) -> dict[str, list[str]]:
    """The items of a task on which its comments stand, by source; new ones go to the first. What was put away takes
    none.
    """
    places: dict[str, list[str]] = {}
    for link in sorted(loaded.links, key=lambda link: link.key):
        if link.state is LinkState.LINKED and link.source in ports:
            places.setdefault(link.source, []).append(link.external_id)
    return places


def name_of(ports: Ports) -> NameOf:
    """Gives the name of an account."""

    def named(source: str, account: str | None) -> str:
        return ports[source].called.get(account or "", "") if source in ports else ""

    return named


def _can(step: PlannedStep, ports: Ports) -> bool:
    return step.operation is Operation.CREATE or ports[step.source].integration.capabilities.comments_editable


def unsure_comments(unresolved: Iterable[Write]) -> set[tuple[str, str]]:
    """The comments, by source and id, of which an earlier call's outcome is not known."""
    return {(write.source, write.comment_id) for write in unresolved if write.comment_id is not None}
