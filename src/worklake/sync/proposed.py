"""What is proposed and nobody has decided on, with what speaks against taking it unseen."""

# ruff: noqa: S608  nothing in the queries below comes from outside

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pyarrow as pa

from worklake.lake.lake import Lake
from worklake.model.documents import LinkDocument, ProposalDocument
from worklake.model.fields import FIELDS, MergeKind
from worklake.sync.rules.values import same
from worklake.sync.tasks import links_of
from worklake.sync.twins import normal_title

OPEN_PROPOSALS = """
    from {proposals} p
    join {tasks} t on p.task_id = t.task_id
    left join {tasks} o on p.other_task_id = o.task_id
    where (p.state = 'proposed' and o.task_id is not null) or p.state = 'accepting'
"""
"""Where those pairs of tasks are that nobody has decided on, or that a run which died began to bring together."""
BEGUN = "a person accepted it, and the run that brought the two together died: accept it once more"
"""Why a pair is listed that was accepted, as it is not done."""
_PROPOSALS = f"""
    select p.proposal_id, p.task_id, t.title, t.source, p.other_task_id, coalesce(o.title, t.title) as other_title,
           coalesce(o.source, t.source) as other_source, p.proposed_at,
           case p.state when 'accepting' then '{BEGUN}' else p.reason end as reason
    {OPEN_PROPOSALS}
    order by t.title, p.proposal_id
"""
_TITLE = "trim(regexp_replace(lower(title), '\\\\s+', ' '))"
_SEVERAL = f"""
    select t.title, l.source, count(distinct t.task_id) as tasks
    from (select task_id, {_TITLE} as title from {{tasks}}) t
    join (select task_id, source from {{links}} where kind = 'task' and state not in ('creating', 'deleted')) l
        on t.task_id = l.task_id
    group by t.title, l.source having count(distinct t.task_id) > 1
"""
_UNDECIDED = "select task_id, other_task_id from {proposals} where state in ('proposed', 'accepting')"
_SAME_TITLES = f"""
    select t.task_id from (select task_id, {_TITLE} as title from {{tasks}}) t left semi join (
        select {_TITLE} as title from {{tasks}} n where {{among}}
    ) o on t.title = o.title
"""
_TASKS = "select * from {tasks} where {among}"
_COMPARED = tuple(name for name, spec in FIELDS.items() if spec.merge is not MergeKind.SET and spec.reference is None)


def undecided(lake: Lake) -> frozenset[str]:
    """The tasks that may be one with others, on which nobody has decided; and those with the title of one of these, as
    it is open which of them belong together.
    """
    proposed = {task for row in lake.rows(_UNDECIDED) for task in row.values()}
    alike = lake.rows_among(_SAME_TITLES, "n.task_id", proposed)
    return frozenset(proposed.union(row["task_id"] for row in alike))


def proposed_links(lake: Lake, sources: Collection[str] = ()) -> list[ProposalDocument]:
    """Pairs of tasks that may be one and that nobody has decided on; of these `sources`, if any, each at one side."""
    rows = [row for row in lake.rows(_PROPOSALS) if {row["source"], row["other_source"]} >= set(sources)]
    if not rows:
        return []
    both = sorted({row[name] for row in rows for name in ("task_id", "other_task_id")})
    links = links_of(lake, pa.chunked_array([both], pa.string()))
    tasks = {row["task_id"]: row for row in lake.rows_among(_TASKS, "task_id", both)}
    several: dict[str, dict[str, int]] = defaultdict(dict)
    for row in lake.rows(_SEVERAL):
        several[row["title"]][row["source"]] = row["tasks"]
    return [
        ProposalDocument(
            **row,
            key=_key(links.get(row["task_id"], ()), row["source"]),
            other_key=_key(links.get(row["other_task_id"], ()), row["other_source"]),
            doubt=_doubt(row, links, several.get(normal_title(row["title"]), {})),
            differs=differing(tasks[row["task_id"]], tasks.get(row["other_task_id"], tasks[row["task_id"]])),
        )
        for row in rows
    ]


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The fields in which both tasks say something, and not the same. Sets unite, and who says nothing takes over what
    the other says, so neither is a difference; nor is the case of a title or a project's name.
    """
    said = [name for name in _COMPARED if not any(_is_empty(name, task[name]) for task in (one, other))]
    return [name for name in said if not same(name, _plain(name, one[name]), _plain(name, other[name]))]


def _is_empty(name: str, value: Any) -> bool:
    """Whether a task says nothing in a field. Each has a status, which says something."""
    return value in (None, "") or (name != "status" and value == FIELDS[name].empty)


def _plain(name: str, value: Any) -> Any:
    if name in ("title", "project"):
        return normal_title(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _doubt(row: Mapping[str, Any], links: Mapping[str, list[LinkDocument]], several: Mapping[str, int]) -> str | None:
    """Why a person should look at a pair by itself, if so."""
    if row["reason"] == BEGUN:
        return None
    if normal_title(row["title"]) != normal_title(row["other_title"]):
        return "the titles are not the same"
    sides = [
        {link.source for link in links.get(row[name], ()) if link.state != "deleted"}
        for name in ("task_id", "other_task_id")
    ]
    if twice := sorted(sides[0] & sides[1]):
        return f"both are in {', '.join(twice)}"
    stands = [f"{several[source]} times in {source}" for source in sorted(sides[0] | sides[1]) if source in several]
    return f"the title stands {' and '.join(stands)}" if stands else None


def _key(links: Iterable[LinkDocument], source: str) -> str | None:
    """What people call a task's first item in this source."""
    return next((link.key for link in links if link.source == source), None)
