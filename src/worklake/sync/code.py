"""Which tasks merge requests and commits name: kept beside them, and found out as soon as a task is known by the name.

A name that no task is known by yet is kept as it is. It is looked for again when an item comes that is called so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from worklake.integrations.naming import How, Name, as_mentions, is_revert, key_of_word, names_in, names_in_branch
from worklake.integrations.views import CommitView, MergeRequestView
from worklake.lake.lake import Lake
from worklake.model.code_rows import CodeLink
from worklake.model.rows import Kind
from worklake.sync.cursors import cursors_of, move_cursors
from worklake.sync.pending import Observed
from worklake.sync.rows import rows_to_arrow
from worklake.sync.run import RunContext

MERGED = "merged"
"""The stage under which `cursors` holds whether the rules for what is merged have yet to be asked."""
DUE, DONE = "due", "done"

_OF_ITEMS = "select * from {code_links} where source = :source and {among}"
_UNKNOWN = "select * from {code_links} where task_id is null"
_BY_KEY = "select lower(key) as name, task_id from {links} where kind = 'task' and state <> 'creating' and {among}"
_LAST = "substring_index(lower(key), '/', -1)"
_BY_LAST = f"select {_LAST} as name, task_id from {{links}} where kind = 'task' and state <> 'creating' and {{among}}"  # noqa: S608
_KEY = ("source", "kind", "external_id", "key")

Row = dict[str, Any]
Address = Callable[[str], str | None]
"""The key of the item that a URL shows, if it shows one."""


def named_by_request(view: MergeRequestView, key_of: Address) -> dict[str, Name]:
    """What a merge request names, by key: in its branch, its title and its description. One that takes back another
    only mentions.
    """
    names = [*names_in_branch(view.source_branch), *names_in(view.title, view.description)]
    if is_revert(view.source_branch, view.title):
        names = as_mentions(names)
    return _by_key(names, view.server, view.project, key_of)


def named_by_commit(view: CommitView, key_of: Address) -> dict[str, Name]:
    """What a commit names in its message, by key."""
    names = names_in(view.message)
    return _by_key(as_mentions(names) if is_revert(None, view.message) else names, view.server, view.project, key_of)


def _by_key(names: Iterable[Name], server: str, project: str, key_of: Address) -> dict[str, Name]:
    """Names by the key that they stand for; of two for one key the stronger."""
    found: dict[str, Name] = {}
    order = list(How)
    for name in names:
        key = key_of(name.word) if "://" in name.word else key_of_word(name.word, server, project)
        if key is None:
            continue
        known = found.get(key.lower())
        if known is None or order.index(name.how) < order.index(known.how):
            found[key.lower()] = name
    return found


def keep_named(
    lake: Lake,
    run: RunContext,
    source: str,
    requests: Sequence[Observed[MergeRequestView]],
    commits: Sequence[Observed[CommitView]],
) -> None:
    """Keep what these merge requests and commits of a source name, and which tasks that is.

    Asks nothing of the lake where there are none. Repeated, it has no further effect.
    """
    if not requests and not commits:
        return
    named = {(Kind.MERGE_REQUEST, one.external_id): named_by_request(one.view, run.key_of) for one in requests}
    named |= {(Kind.COMMIT, one.external_id): named_by_commit(one.view, run.key_of) for one in commits}
    before = {_key(row): row for row in lake.rows_among(_OF_ITEMS, "external_id", _ids(named), {"source": source})}
    before = {key: row for key, row in before.items() if (key[1], key[2]) in named}
    rows = {_key(row): row for row in _rows(source, named, before)}
    tasks = _only(_tasks(lake, {row["key"] for row in rows.values() if row["task_id"] is None}))
    rows = {key: row | {"task_id": row["task_id"] or tasks.get(row["key"])} for key, row in rows.items()}
    merged = {one.external_id for one in requests if one.view.state == "merged"}
    _commit(lake, run, [row for key, row in rows.items() if row != before.get(key)])
    if any(_may_be_due(row) and row["external_id"] in merged for row in rows.values()):
        _note_due(lake, run)
    gone = before.keys() - rows.keys()
    if gone:
        lake.delete("code_links", pa.table(dict(zip(_KEY, map(list, zip(*sorted(gone), strict=True)), strict=True))))


def find_out(lake: Lake, run: RunContext, called: Mapping[str, str]) -> None:
    """Find out names that stood for nothing yet, of which the items are about to be kept: `called` has the task of each
    by its key. Asks nothing of the lake where there are none.

    It comes before the items are kept, as they are no news any more afterwards.
    """
    if not called:
        return
    its_own: dict[str, set[str]] = defaultdict(set)
    for key, task in called.items():
        its_own[key.lower()].add(task)
        its_own[key.lower().rpartition("/")[2]].add(task)
    waiting = [row for row in lake.rows(_UNKNOWN) if row["key"] in its_own]
    found = _tasks(lake, {row["key"] for row in waiting})
    tasks = _only({key: its_own[key] | found.get(key, set()) for key in its_own})
    rows = [row | {"task_id": tasks[row["key"]]} for row in waiting if row["key"] in tasks]
    if any(map(_may_be_due, rows)):
        _note_due(lake, run)
    _commit(lake, run, rows)


def _commit(lake: Lake, run: RunContext, rows: Sequence[Row]) -> None:
    if rows:
        lake.merge("code_links", rows_to_arrow(CodeLink, [row | {"run_id": run.run_id} for row in rows]))


def _note_due(lake: Lake, run: RunContext) -> None:
    """Remember, also for the run after this one, that the rules for what is merged have yet to be asked."""
    if not is_due(lake, run):
        move_cursors(lake, run, "", {MERGED: DUE})


def is_due(lake: Lake, run: RunContext) -> bool:
    """Whether this run, or one before it, remembered that."""
    cursor = cursors_of(lake, run).get(("", MERGED))
    return cursor is not None and cursor.position == DUE


def _may_be_due(row: Row) -> bool:
    return row["kind"] == Kind.MERGE_REQUEST and row["task_id"] is not None and not row["judged"]


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in _KEY)


def _ids(named: Iterable[tuple[Kind, str]]) -> set[str]:
    return {external_id for _, external_id in named}


def _rows(
    source: str, named: Mapping[tuple[Kind, str], Mapping[str, Name]], before: Mapping[tuple[str, ...], Row]
) -> Iterable[Row]:
    for (kind, external_id), names in named.items():
        for key, name in names.items():
            row: Row = {"source": source, "kind": kind.value, "external_id": external_id, "key": key}
            old = before.get(_key(row), {"task_id": None, "judged": False, "run_id": ""})
            yield {**old, **row, "named": name.word, "how": name.how.value}


def _tasks(lake: Lake, keys: Collection[str]) -> dict[str, set[str]]:
    """The tasks that are known by each of these keys."""
    found: dict[str, set[str]] = defaultdict(set)
    whole = {key for key in keys if "/" in key}
    for query, column, wanted in ((_BY_KEY, "lower(key)", whole), (_BY_LAST, _LAST, set(keys) - whole)):
        for row in lake.rows_among(query, column, wanted):
            found[row["name"]].add(row["task_id"])
    return found


def _only(tasks: Mapping[str, set[str]]) -> dict[str, str]:
    """The one task of each key; where several are called so, it stands for none."""
    return {key: next(iter(known)) for key, known in tasks.items() if len(known) == 1}
