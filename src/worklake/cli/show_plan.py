"""What people see of plans, of what became of them, and of conflicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worklake.cli.show import counted, moment, table, value_shown
from worklake.model.documents import PulledSource, SweepDocument
from worklake.model.fields import FIELDS
from worklake.model.heart_rows import Operation
from worklake.model.plan_documents import (
    ApplyDocument,
    ConflictDocument,
    FieldChange,
    PlanDocument,
    SettledDocument,
    SettledRunDocument,
    StepDocument,
    SyncDocument,
    UndoDocument,
    WriteDocument,
)
from worklake.sync.rules.comments import COMMENT
from worklake.sync.rules.plan import AS_A_WHOLE
from worklake.sync.rules.state import BY_HAND, DELETED

_MOST_STEPS = 100
_MOST_CONFLICTS = 20
_MOST_LINES = 40
_NOTHING = "Nothing to write: every tool shows what the tasks say."
_REMOVED, _ADDED = "red", "green"


def planned(document: PlanDocument, most: int = _MOST_STEPS) -> Iterator[RenderableType]:
    """A plan like a diff, each step (`most` so many) with its reason, then what to do about it."""
    yield from _steps(document.steps, most)
    if not document.steps:
        yield _nothing(document)
        return
    yield from _waiting_conflicts(document.conflicts)
    yield from _undecided(document.undecided)
    if len(document.steps) > _MOST_STEPS:
        fields = Counter(change.field for step in document.steps for change in step.changes)
        yield f"Fields: {', '.join(f'{name} {number}' for name, number in fields.most_common())}"
    if document.stopped_by:
        yield from _stopped(document)
    else:
        yield f"{_summary(document.steps)}. To write exactly this: worklake apply {document.plan_id}"


def _nothing(document: PlanDocument | SyncDocument) -> str:
    """That there is nothing to write, and what is left out, if anything."""
    unread = _unread(document.pulled)
    left = [*_waiting_conflicts(document.conflicts), *_undecided(document.undecided)]
    left += [
        f"{counted(number, 'item')} in {source} may not be written: worklake status"
        for source, number in sorted(document.no_access.items())
    ]
    left += [
        f"{counted(number, 'step')} in {source} left to the next run"
        for source, number in sorted(document.waiting.items())
    ]
    if left:
        told = [f"not everything was read: {unread}"] if unread else []
        return f"Nothing to write now; {'; '.join(told + left)}"
    return f"Nothing to write in what was read: {unread}." if unread else _NOTHING


def _unread(pulled: Mapping[str, PulledSource]) -> str:
    """Which sources were not read to their end; empty where all were."""
    failed = {name: one for name, one in pulled.items() if one.error}
    return ", ".join(f"{name} was {'only in part' if _anything(one) else 'not'}" for name, one in failed.items())


def _anything(one: PulledSource) -> bool:
    return bool(one.seen or one.comments)


def _steps(steps: Sequence[StepDocument], most: int = _MOST_STEPS) -> Iterator[RenderableType]:
    for step in steps[:most]:
        yield _heading(step)
        for change in step.changes:
            yield from _diff(change)
        yield Text(f"    why: {step.why}", "dim")
    if len(steps) > most:
        yield f"… and {counted(len(steps) - most, 'more step')}; all of them with --json"


def _heading(step: StepDocument) -> Text:
    where = f"{step.source} {step.key}".rstrip()
    if step.comment_id is not None:
        where = f"comment in {where}"
    return Text.assemble((step.operation.value, "bold cyan"), f" {where}  ", (value_shown(step.title), "bold"))


def _diff(change: FieldChange) -> Iterator[Text]:
    """Lines taken away and lines put there; of a set its elements, of a long text the lines around its changes."""
    before, after = change.before, change.after
    if isinstance(before, list) or isinstance(after, list):
        was, will = set(before or []), set(after or [])
        yield from (_line("-", change.field, one) for one in sorted(was - will))
        yield from (_line("+", change.field, one) for one in sorted(will - was))
    elif "\n" in f"{before or ''}{after or ''}":
        yield Text(f"    {change.field}:")
        lines = list(unified_diff(_lines(before), _lines(after), lineterm="", n=1))[2:]
        yield from (
            Text(f"      {line}", {"-": _REMOVED, "+": _ADDED}.get(line[:1], "")) for line in lines[:_MOST_LINES]
        )
        if len(lines) > _MOST_LINES:
            yield Text(f"      … and {counted(len(lines) - _MOST_LINES, 'more line')}")
    else:
        if before not in (None, ""):
            yield _line("-", change.field, before)
        if after not in (None, "") or before in (None, ""):
            yield _line("+", change.field, after)


def _line(sign: str, field: str, value: Any) -> Text:
    shown = "nothing" if value in (None, "") else str(value)
    return Text(f"  {sign} {field}: {shown}", _REMOVED if sign == "-" else _ADDED)


def _lines(text: Any) -> list[str]:
    return str(text or "").splitlines()


def _summary(steps: Sequence[StepDocument]) -> str:
    kinds = Counter((_kind(step), step.source) for step in steps)
    listed = ", ".join(
        f"{counted(number, kind) if kind.endswith('comment') else f'{number} {kind}'} in {source}"
        for (kind, source), number in sorted(kinds.items())
    )
    return f"{counted(len(steps), 'step')}: {listed}"


def _kind(step: StepDocument) -> str:
    """What a step does, in words that a number can stand before."""
    if step.comment_id is None:
        return step.operation.value
    done = {Operation.CREATE: "", Operation.UPDATE: "edited ", Operation.DELETE: "deleted "}
    return f"{done.get(step.operation, f'{step.operation.value} ')}comment"


def _stopped(document: PlanDocument) -> Iterator[RenderableType]:
    yield Text.assemble(("Stopped for a person: ", "bold red"), "; ".join(document.stopped_by))
    yield f"{_summary(document.steps)}. Nothing of it is written unless exactly that many items are let pass:"
    yield f"  worklake apply {document.plan_id} --allow {document.to_allow or 'NUMBER'}"


def applied(document: ApplyDocument) -> Iterator[RenderableType]:
    """How many steps were applied, and how to take them back."""
    if document.done_before and not document.writes:
        yield f"{document.plan_id} is applied already: nothing to write"
        return
    if document.undoes is not None:
        yield f"{document.plan_id} is applied, which takes back {document.undoes}"
    if not document.writes:
        yield f"Nothing to write: {document.plan_id} has no steps."
    yield from _done(document)
    if document.done_before:
        yield f"{counted(document.done_before, 'step')} of the plan applied before"
    if document.undoes is not None:
        yield from _held(document.conflicts, document.run_id)


def _done(document: ApplyDocument) -> Iterator[RenderableType]:
    if document.writes:
        yield _counts(document.applied, document.stale, document.failed, sum(document.waiting.values()))
    if document.applied:
        yield f"To take it back: worklake undo {document.run_id}"


def synced(document: SyncDocument) -> Iterator[RenderableType]:
    """What a sync read and wrote, and the conflicts that wait."""
    read = [
        f"{name} {one.new} new, {one.changed} changed{' (only in part)' if one.error else ''}"
        for name, one in document.pulled.items()
        if one.error is None or _anything(one)
    ]
    yield f"Read: {', '.join(read) or 'nothing'}"
    if document.writes:
        yield from _done(document)
        yield from _waiting_conflicts(document.conflicts)
        yield from _undecided(document.undecided)
    else:
        yield _nothing(document)


def _counts(applied: int, stale: int, failed: int, waiting: int = 0) -> str:
    told = [f"{counted(applied, 'step')} applied"]
    told += [f"{stale} stale (moved since the plan was made; the next plan sees to it)"] if stale else []
    told += [f"{waiting} left to the next run"] if waiting else []
    return "; ".join(told + ([f"{failed} failed"] if failed else []))


def not_done(writes: Sequence[WriteDocument]) -> Iterator[RenderableType]:
    """Each step that was not done to its end, and why."""
    for one in writes:
        if not one.done and one.outcome not in ("waiting", "paused"):  # the notes tell of these, by source
            what = "done in part" if one.outcome == "acknowledged" else one.outcome
            yield Text.assemble((f"{one.source} {one.key}: {what}", "yellow"), f": {one.error}" if one.error else "")


def swept(document: SweepDocument) -> Iterator[RenderableType]:
    """What was found, source by source, and each item that is not there as it was."""
    for name, one in document.sources.items():
        counts = {"deleted": one.deleted, "archived": one.archived, "moved elsewhere": one.moved,
                  "not to be seen": one.no_access, "back": one.back}  # fmt: skip
        found = ", ".join(f"{number} {what}" for what, number in counts.items() if number) or "nothing is missing"
        yield f"{name}: {one.listed} listed, {found if one.error is None or any(counts.values()) else 'not swept'}"
    for item in document.items[:_MOST_STEPS]:
        where = f" {item.source} {item.key or item.external_id}  "
        yield Text.assemble((item.found, "bold cyan"), where, (value_shown(item.title), "bold"))
        if item.why and item.found != "deleted":
            yield Text(f"    {item.why}", "dim")
    if len(document.items) > _MOST_STEPS:
        yield f"… and {len(document.items) - _MOST_STEPS} more; all of them with --json"
    if any(one.deleted or one.archived or one.back for one in document.sources.values()):
        yield "What follows for the other tools: worklake plan"


def undone(document: UndoDocument, *, everywhere: bool = False) -> Iterator[RenderableType]:
    """The plan that takes a run back (`everywhere`: its edits, too), what it leaves, and what became of it."""
    yield from _steps(document.steps)
    for one in document.takes_back:
        yield Text(f"{one.task_id}: {one.field} goes back to {value_shown(one.back)} in all tools")
    for left in document.left:
        where = f" in {left.source}" if left.source else ""
        yield f"left as it is: {left.field}{where} of {left.task_id}: {left.reason}"
    if document.applied is not None:
        yield _counts(document.applied, document.stale or 0, document.failed or 0)
        yield from _held(document.conflicts, document.run_id)
        if document.applied or document.takes_back:
            option = " --everywhere" if everywhere else ""
            yield f"To take this back in turn: worklake undo {document.run_id}{option} --apply"
    elif document.stopped_by:
        yield from _stopped(document)
    elif document.steps or document.takes_back:
        yield f"{_summary(document.steps)}. To write exactly this: worklake apply {document.plan_id}"
    else:
        yield f"Nothing to take back of {document.undoes}."


def _held(conflicts: Sequence[ConflictDocument], run_id: str) -> Iterator[str]:
    """How to decide on what an undo holds; nothing where this run opened no conflict."""
    if any(one.run_id == run_id for one in conflicts):
        yield (
            "What was undone is held until a person decides: worklake conflicts, or all at once: worklake conflicts"
            f" settle --run {run_id} --take SOURCE"
        )


def _waiting_conflicts(conflicts: Sequence[ConflictDocument]) -> Iterator[str]:
    if conflicts:
        verb = "waits" if len(conflicts) == 1 else "wait"
        held = "its field is" if len(conflicts) == 1 else "their fields are"
        yield f"{counted(len(conflicts), 'conflict')} {verb} for a person, and {held} not written: worklake conflicts"


def _undecided(undecided: Mapping[str, int]) -> Iterator[str]:
    """What is not made as it may be there already."""
    if undecided:
        where = ", ".join(f"{number} in {source}" for source, number in sorted(undecided.items()))
        number = sum(undecided.values())
        what = "creation waits, as it" if number == 1 else "creations wait, as they"
        yield f"{number} {what} may be there already ({where}): worklake links"


def conflict_list(conflicts: Sequence[ConflictDocument]) -> Iterator[RenderableType]:
    """Open conflicts, a block each, and how to settle one."""
    for one in conflicts[:_MOST_CONFLICTS]:
        about = "the item as a whole, of" if one.field in AS_A_WHOLE else f"{one.field} of"
        yield Text.assemble((one.conflict_id, "bold cyan"), f"  {about} ", (value_shown(one.title), "bold"))
        yield Text(f"    task: {', '.join((one.task_id, *one.items))}", "dim")
        opened = f" (opened by {one.run_id})" if one.run_id else ""
        yield Text(f"    why: {one.reason}{opened}", "dim")
        values = table("whose", "value", "when", "who")
        for value in one.values:
            when = moment(value.changed_at) if value.changed_at else ""
            values.add_row(value.source, value_shown(value.value), when, value.actor or "")
        yield values
    if len(conflicts) > _MOST_CONFLICTS:
        yield f"… and {len(conflicts) - _MOST_CONFLICTS} more; all of them with --json"
    if conflicts:
        yield "Settle one with: worklake conflicts settle ID --take SOURCE (or --value JSON)"
        if any(one.kind == "refused" and one.field in FIELDS for one in conflicts):
            yield "Where a tool refuses a value, --take worklake asks it again, and --leave lets it keep its own"
    else:
        yield "No conflict is open."


def settled_run(document: SettledRunDocument) -> Iterator[RenderableType]:
    """What was decided for all conflicts of a run, and those that stay open."""
    for one in document.left:
        yield Text(f"{one.conflict_id} stays open: {one.reason}", "yellow")
    yield f"{counted(len(document.settled), 'conflict')} of {document.run_id} settled"
    if all(one.field in AS_A_WHOLE and one.source != BY_HAND for one in document.settled if one.left is None):
        return  # items stay as they are
    yield "Written everywhere by the next: worklake sync"


def settled(document: SettledDocument) -> Iterator[RenderableType]:
    """What was decided, and what follows."""
    known = document.conflict_id
    if document.left is not None and document.field == COMMENT:
        yield f"{known}: the copy in {document.left} stays as it is"
    elif document.left is not None:
        yield f"{known}: {document.left} keeps its {document.field}, until it or the task's moves"
    elif document.field == COMMENT:
        yield f"{known}: what stands in {document.source} is copied again by the next: worklake sync"
    elif document.field not in AS_A_WHOLE:
        yield f"{known}: {document.field} is {value_shown(document.value)} now ({document.source})"
        yield "Written everywhere by the next: worklake sync"
    elif document.source == BY_HAND:
        yield f"{known}: {'tried' if document.field == DELETED else 'done'} again by the next: worklake sync"
    else:
        yield f"{known}: the item stays as {document.source} has it now"
