"""What people see of each document: tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from worklake.model.documents import (
    ChangeDocument,
    CheckDocument,
    CodeDocument,
    DifferenceDocument,
    ExplainDocument,
    MaintainDocument,
    PullDocument,
    PulledSource,
    RunStatus,
    StatusDocument,
    TaskDocument,
)
from worklake.model.rows import LinkState
from worklake.sync.tasks import TaskList

_LONGEST_VALUE = 60
_COLUMNS = ("due", "title", "status", "priority", "who", "project", "where")
_NEEDS = {"who": 70, "priority": 110, "project": 110, "sources": 140}
"""How wide a terminal must be for what can be left out of the list of tasks."""


def pulled(document: PullDocument) -> Iterator[RenderableType]:
    """What a pull did, a row a source."""
    rows = table("source", "requests", "seen", "new", "changed", "comments", "quarantined", numbers_from=1)
    for name, one in document.sources.items():
        rows.add_row(name, *map(str, (one.requests, one.seen, one.new, one.changed, one.comments, one.quarantined)))
    yield rows


def pull_failures(document: PullDocument) -> Iterator[RenderableType]:
    """Why a pull was not done to its end, if so."""
    yield from source_failures(document.sources)


def source_failures(sources: Mapping[str, PulledSource]) -> Iterator[RenderableType]:
    """Why sources were not read to their end, and whether anything was put aside."""
    yield from (failure(name, one.error) for name, one in sources.items() if one.error)
    if any(one.quarantined for one in sources.values()):
        yield "What could not be read was put aside; see: worklake status"


def failure(source: str, error: str) -> Text:
    """A failure with its source named once."""
    told = error.removeprefix(f"{source}: ")
    return Text.assemble((f"{source}:", "red"), " ", told)


def task_list(found: TaskList, today: date | None = None) -> Iterator[RenderableType]:
    """Tasks, a row each."""
    yield _Tasks(found.tasks, today)
    if found.total > len(found.tasks):
        yield f"{len(found.tasks)} of {found.total} tasks; see more with --limit, or fewer with --where"
    else:
        yield counted(found.total, "task")


@dataclass(frozen=True, slots=True)
class _Tasks:
    """Tasks, a line each: a narrow terminal gets fewer columns, and what is too long for its column ends in `…`."""

    tasks: Sequence[TaskDocument]
    today: date | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        left_out = {column for column, width in _NEEDS.items() if options.max_width < width}
        rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        columns = [column for column in _COLUMNS if column not in left_out]
        for column in columns:
            rows.add_column(column, no_wrap=column in ("due", "status", "priority"))
        for task in self.tasks:
            cells = _task_cells(task, self.today, sources="sources" not in left_out)
            rows.add_row(*(cells[column] for column in columns))
        yield rows


def _task_cells(task: TaskDocument, today: date | None, *, sources: bool) -> Mapping[str, Text]:
    """What stands in each column; the last names the `sources` beside the keys, if there is room."""
    overdue = today is not None and task.due_date is not None and task.due_date < today
    there = [link for link in task.links if link.state != LinkState.DELETED]
    where = (item_named(link.source, link.key) if sources else short_key(link.key) or link.source for link in there)
    return {
        "due": Text(str(task.due_date or ""), "red" if overdue else ""),
        "title": _cut(shortened(task.title)),
        "status": Text(task.status),
        "priority": Text("" if task.priority == "none" else task.priority),
        "who": _cut(", ".join(person.split("@")[0] for person in task.assignees)),
        "project": _cut(task.project or ""),
        "where": _cut(", ".join(where)),
    }


def item_named(source: str, key: str | None) -> str:
    """A source and what people call the item there: `linear ENG-12`."""
    return f"{source} {short_key(key)}".rstrip()


def _cut(text: str) -> Text:
    """A text that stays one line in its column."""
    return Text(text, no_wrap=True, overflow="ellipsis")


def explained(document: ExplainDocument, last: int | None = None) -> Iterator[RenderableType]:
    """A task's history, a row a change (only the `last` so many), then what differs now."""
    if document.asked_for:
        yield f"{document.asked_for} is {document.task_id} now"
    yield Text.assemble((document.title, "bold"), "  ", document.task_id)
    for link in document.links:
        yield f"  {link.source}: {link.url or link.external_id} ({link.state})"
    for named in document.code:
        yield f"  {named.source}: {_code(named)}"
    rows = table("when", "where", "what", "who", "decision")
    left_out = 0 if last is None else max(0, len(document.changes) - last)
    if left_out:
        yield f"  {counted(left_out, 'earlier change')} not shown here"
    for change in document.changes[left_out:]:
        rows.add_row(
            moment(change.changed_at or change.observed_at),
            change.source,
            _what(change),
            change.actor or "",
            f"{change.decision}: {change.reason}",
        )
    yield rows
    for one in document.differences:
        yield f"{one.source} shows {_difference(one)} ({one.why})"


def _code(one: CodeDocument) -> str:
    """A merge request or commit in a line."""
    kind = "merge request" if one.kind == "merge_request" else "commit"
    way = "has it in the name of its branch" if one.how == "branch" else f"{one.how} it"
    return f"{kind} {one.url or one.key} {way} ({one.state or 'committed'})"


def _difference(one: DifferenceDocument) -> str:
    """Both values, unless they look the same in short."""
    shown, task = value_shown(one.shown), value_shown(one.task)
    if shown != task:
        return f"{one.field} {shown}, the task has {task}"
    if isinstance(one.shown, str) and isinstance(one.task, str) and _line(one.shown) != _line(one.task):
        return f"{one.field} {shown}, the task another text further on"
    return f"{one.field} in another form than the task"


def _what(change: ChangeDocument) -> str:
    if change.field == "task":
        return f"task {value_shown(change.new.get('title'))}" if isinstance(change.new, dict) else "the whole task"
    return f"{change.field}: {value_shown(change.old)} → {value_shown(change.new)}"


def checked(document: CheckDocument) -> Iterator[RenderableType]:
    """One line a check, with the mend where it failed."""
    for line in document.checks:
        mark = ("ok  ", "green") if line.ok else ("FAIL", "red")
        yield Text.assemble(mark, f" {line.subject}: {line.detail}")
        if line.mend and not line.ok:
            yield f"     mend: {line.mend}"


def status(document: StatusDocument) -> Iterator[RenderableType]:
    """The sources, what is put aside and what waits, the tables, and the newest runs."""
    yield f"{document.engine} lake at {document.lake}"
    if document.last_run:
        run = document.last_run
        yield f"last run: {run.command} {_ended(run)}, {moment(run.started_at)} ({run.run_id})"
    rows = table("source", "provider", "tasks", "last pulled", "newest change", "backlog", "pending", "put aside")
    for one in document.sources:
        rows.add_row(
            one.source,
            one.provider,
            str(one.tasks),
            moment(one.last_pulled_at),
            moment(one.last_change_at),
            str(one.backlog),
            str(one.pending),
            str(one.quarantined),
        )
    yield rows
    for one in document.sources:
        if one.last_error:
            yield failure(one.source, one.last_error)
        for words in one.frozen:
            yield failure(one.source, words)
        if one.paused and one.paused != one.last_error:
            yield failure(one.source, f"nothing was written by the last run: {one.paused}")
        if one.no_access:
            mend = "see below; once the permission is mended, run: worklake sweep"
            yield failure(one.source, f"{counted(one.no_access, 'item')} may not be written; {mend}")
        if one.outside:
            lie = "lies" if one.outside == 1 else "lie"
            mend = "left as they are; named again, a sweep takes them up"
            yield f"{one.source}: {counted(one.outside, 'item')} {lie} where conf/sources.yml no longer looks, {mend}"
    if document.open_conflicts:
        are = "is" if document.open_conflicts == 1 else "are"
        yield f"{counted(document.open_conflicts, 'conflict')} {are} open: worklake conflicts"
    if document.proposed_links:
        verb = "waits" if document.proposed_links == 1 else "wait"
        yield f"{counted(document.proposed_links, 'proposed link')} {verb}: worklake links"
    for item in document.no_access[:20]:
        why = item.error or "a sweep could not see it"
        where = f"{item.source} {short_key(item.key) or item.external_id}"
        yield f"may not be written: {where} {value_shown(item.title)}: {why}"
    if len(document.no_access) > 20:
        yield f"… and {len(document.no_access) - 20} more; all of them with --json"
    for failed in document.failures[:20]:
        name = short_key(failed.key) or failed.external_id or ""
        title = value_shown(failed.title) if failed.title else "" if name else failed.task_id
        what = " ".join(word for word in (failed.source, failed.operation, name, title) if word)
        yield f"not written: {what}: {failed.outcome}" + (f": {failed.error}" if failed.error else "")
    if len(document.failures) > 20:
        yield f"… and {len(document.failures) - 20} more; all of them with --json"
    for row in document.quarantine[:20]:
        yield f"put aside: {row.source} {row.kind} {row.external_id or '(no id)'}: {row.reason}"
    if len(document.quarantine) > 20:
        yield f"… and {len(document.quarantine) - 20} more; all of them with --json"
    tables = table("table", "rows", "size", "files", numbers_from=1)
    for stored in document.tables:
        tables.add_row(stored.table, f"{stored.rows:,}", _size(stored.bytes), str(stored.files))
    yield tables
    past = table("run", "command", "ended", "began")
    for run in document.runs:
        past.add_row(run.run_id, run.command, _ended(run), moment(run.started_at))
    yield past


def _ended(run: RunStatus) -> str:
    return "died, or was interrupted" if run.state == "died" else run.state


def maintained(document: MaintainDocument) -> Iterator[RenderableType]:
    """What was done to each table."""
    rows = table("table", "files before", "files after", "files removed", numbers_from=1)
    for one in document.tables:
        rows.add_row(one.table, str(one.files_before), str(one.files_after), str(one.files_deleted))
    yield rows


def table(*columns: str, numbers_from: int | None = None) -> Table:
    """A table to which rows are added; `numbers_from` is the first column of numbers."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        right = numbers_from is not None and number >= numbers_from
        made.add_column(column, justify="right" if right else "left", overflow="fold")
    return made


def moment(at: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"


def short_key(key: str | None) -> str:
    """What people call an item, in short: `ENG-12`, `web#3`; nothing where it has no such name."""
    return key.rpartition("/")[2] if key and "/" in key else ""


def value_shown(value: Any) -> str:
    """A value on one line."""
    if value is None or value == []:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return repr(shortened(value)) if isinstance(value, str) else str(value)


def shortened(text: str) -> str:
    """A text on one line, cut where it is long."""
    line = _line(text)
    return line if len(line) <= _LONGEST_VALUE else line[: _LONGEST_VALUE - 1] + "…"


def _line(text: str) -> str:
    """A text on one line, without the word joiners that keep a comment's copy from calling people."""
    return " ".join(text.replace("\u2060", "").split())


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _size(size: float) -> str:
    for unit in _units():
        if size < 1000 or unit == "TB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable")


def _units() -> Iterable[str]:
    return ("B", "kB", "MB", "GB", "TB")
