"""What a person says of proposed links, one or hundreds at once: the two tasks are one, or they are not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from worklake.errors import InvalidInputError, NotFoundError
from worklake.lake.lake import Lake
from worklake.model.documents import DecidedDocument, DecidedLinksDocument, LeftLinkDocument, ProposalDocument
from worklake.model.ids import proposal_id
from worklake.model.rows import (
    Proposal,
    ProposalState,
    Run,
    RunState,
)
from worklake.sync.joining import bring_together
from worklake.sync.run import RunContext

_Row = dict[str, Any]

_NAMED = "select * from {proposals} where {among}"
_BEGUN = "select * from {proposals} where state = 'accepting' order by proposal_id"
"""Those that a person accepted, where the run that was to bring the tasks together died."""
_UNRESOLVED = "select distinct task_id from {writes} where outcome is null and {among}"
_SAID = {"accepting": "accepted", "accepted": "accepted", "refused": "refused"}
_HOLDERS = """
    select task_id, source from {links} where kind = 'task' and state not in ('creating', 'deleted') and {among}
"""


@dataclass(slots=True)
class Decided:
    """What was decided on: by proposal the task that holds both now (None where it was refused), and the proposals that
    were left, with the reason.
    """

    done: dict[str, str | None] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


def refuse(lake: Lake, proposals: Sequence[str], run: RunContext, *, in_bulk: bool = False) -> Decided:
    """The tasks of each are not one; it is not proposed again. Raises as `accept`."""
    rows, decided = _undecided(lake, proposals, in_bulk=in_bulk)
    _decide(lake, [row | {"decided_at": run.clock()} for row in rows], ProposalState.REFUSED, run)
    decided.done |= {row["proposal_id"]: None for row in rows}
    return decided


def accept(lake: Lake, proposals: Sequence[str], run: RunContext, *, in_bulk: bool = False) -> Decided:
    """The two tasks of each are one: all items and comments of the second move to the first.

    What else was said or proposed of the second is of the first from then on. `in_bulk`, what is decided already is
    left, and so is what would bring two items of one source together; else a person named each. What is accepted is
    kept before anything moves, so that the next call after a crash completes it, whatever that call is about. Raises
    `NotFoundError` where there is no such proposal, `InvalidInputError` where one cannot be decided on; nothing was
    touched then.
    """
    begun = lake.rows(_BEGUN)
    its_own = {row["proposal_id"] for row in begun}
    rows, decided = _undecided(lake, proposals, in_bulk=in_bulk, begun=its_own)
    return _carry_out(lake, begun, rows, decided, run, in_bulk=in_bulk)


def _carry_out(
    lake: Lake, begun: Sequence[_Row], rows: Sequence[_Row], decided: Decided, run: RunContext, *, in_bulk: bool
) -> Decided:
    """Accept these, whatever was said of them before, and complete those `begun`; `decided` with what came of it."""
    tasks = {row[name] for row in (*begun, *rows) for name in ("task_id", "other_task_id")}
    about = {row["proposal_id"]: row for name in ("task_id", "other_task_id")
             for row in lake.rows_among(_NAMED, name, tasks)}  # fmt: skip
    homes, taken, left = _homes(begun, rows, _around(lake, tasks, about.values(), rows), in_bulk=in_bulk)
    decided.left |= left
    if left and not in_bulk:
        raise InvalidInputError("; ".join(f"{known}: {why}" for known, why in left.items()))
    if taken:
        now = run.clock()
        accepted = [row | {"decided_at": row["decided_at"] or now} for row in _with_told_directly(taken, homes)]
        _keep(lake, accepted, ProposalState.ACCEPTING)
        _tell_of_the_others(lake, about.values(), {row["proposal_id"] for row in accepted}, homes)
        bring_together(lake, _gone(homes, accepted), run)
        _decide(lake, accepted, ProposalState.ACCEPTED, run)
    decided.done |= {row["proposal_id"]: homes[row["other_task_id"]] for row in taken}
    return decided


def wanted_of(
    lake: Lake, open_now: Sequence[ProposalDocument], proposals: Sequence[str] | None, *, accept: bool
) -> tuple[list[ProposalDocument], dict[str, str]]:
    """Those of the open proposals that are to be decided on together (`proposals`, else all), and the others of them
    with the reason: what is in doubt is not accepted so. Raises `NotFoundError` where there is no such proposal.
    """
    by_id = {one.proposal_id: one for one in open_now}
    wanted = list(by_id) if proposals is None else list(dict.fromkeys(proposals))
    over = _undecided(lake, [known for known in wanted if known not in by_id], in_bulk=True)[1].left
    left = {
        known: over.get(known, "its tasks are no more") if known not in by_id else by_id[known].doubt
        for known in wanted
        if known not in by_id or (accept and by_id[known].doubt)
    }
    return [by_id[known] for known in wanted if known not in left], {one: str(why) for one, why in left.items()}


def join(lake: Lake, task: str, other: str, run: RunContext) -> str:
    """A person says that two tasks are one, whatever their titles: all of the second moves to the first, whose id is
    the answer. Raises `InvalidInputError` where they are one already, or cannot be brought together; nothing was
    touched then.
    """
    known, begun = proposal_id(task, other), lake.rows(_BEGUN)
    if task == other and not begun:
        raise InvalidInputError(f"both are {task} already")
    if task == other or known in {row["proposal_id"] for row in begun}:  # a run died before all had moved
        return accept(lake, [], run).done.get(known) or task
    row = Proposal(
        proposal_id=known,
        task_id=task,
        other_task_id=other,
        reason="a person said so",
        state=ProposalState.PROPOSED,
        proposed_at=run.clock(),
        decided_at=None,
        run_id=run.run_id,
    )
    return str(_carry_out(lake, begun, [row.model_dump()], Decided(), run, in_bulk=False).done[known])


def _undecided(
    lake: Lake, proposals: Sequence[str], *, in_bulk: bool, begun: Collection[str] = ()
) -> tuple[list[_Row], Decided]:
    """The rows of these proposals, in this order, but for those `begun`, which are to be completed; and those left as
    they are decided already.
    """
    wanted = list(dict.fromkeys(proposals))
    rows = {row["proposal_id"]: row for row in lake.rows_among(_NAMED, "proposal_id", wanted)}
    unknown = [known for known in wanted if known not in rows]
    if unknown:
        raise NotFoundError(f"there is no proposal {unknown[0]!r}; list them with: worklake tasks --proposed-links")
    over = {
        known: f"it was {_SAID[rows[known]['state']]} at {rows[known]['decided_at']:%F %R} UTC"
        for known in wanted
        if rows[known]["state"] != ProposalState.PROPOSED and known not in begun
    }
    if over and not in_bulk:
        known, why = next(iter(over.items()))
        raise InvalidInputError(f"the proposal {known} cannot be decided on: {why}")
    return [rows[known] for known in wanted if known not in over and known not in begun], Decided(left=over)


class _Around(NamedTuple):
    """What may speak against bringing tasks together."""

    holders: Mapping[str, Collection[str]]
    """The sources of each task's items."""
    apart: Mapping[str, Collection[str]]
    """For each task those of which a person said that they are not this one."""
    unsure: Collection[str]
    """The tasks of which it is not known what became of a call."""


def _around(lake: Lake, tasks: Collection[str], about: Iterable[_Row], asked: Iterable[_Row]) -> _Around:
    over = {row["proposal_id"] for row in asked}
    holders: dict[str, set[str]] = defaultdict(set)
    for link in lake.rows_among(_HOLDERS, "task_id", tasks):
        holders[link["task_id"]].add(link["source"])
    apart: dict[str, set[str]] = defaultdict(set)
    for row in about:
        if row["state"] == ProposalState.REFUSED and row["proposal_id"] not in over:
            apart[row["task_id"]].add(row["other_task_id"])
            apart[row["other_task_id"]].add(row["task_id"])
    return _Around(holders, apart, {row["task_id"] for row in lake.rows_among(_UNRESOLVED, "task_id", tasks)})


def _homes(
    begun: Sequence[_Row], rows: Iterable[_Row], around: _Around, *, in_bulk: bool
) -> tuple[dict[str, str], list[_Row], dict[str, str]]:
    """For each task the one that it is part of once these proposals are accepted, one after the other; which of them
    are, and which not and why. Those that were `begun` are, and come to the same end as before: of each group, the task
    that stays is the first in a proposal with every other one, which can be said of no second.
    """
    members: dict[str, set[str]] = {}
    home: dict[str, str] = {}
    first = Counter(row["task_id"] for row in begun)
    done = {row["proposal_id"] for row in begun}
    taken, left = [], {}
    for row in (*sorted(begun, key=lambda row: -first[row["task_id"]]), *rows):
        one, other = (home.setdefault(row[name], row[name]) for name in ("task_id", "other_task_id"))
        if one == other:
            taken.append(row)  # others that were accepted said so already
            continue
        ours, theirs = members.setdefault(one, {one}), members.setdefault(other, {other})
        why = None if row["proposal_id"] in done else _against(ours, theirs, around, in_bulk=in_bulk)
        if why is not None:
            left[row["proposal_id"]] = why
        else:
            ours |= theirs
            home |= dict.fromkeys(theirs, one)
            taken.append(row)
    return home, taken, left


def _against(ours: Collection[str], theirs: Collection[str], around: _Around, *, in_bulk: bool) -> str | None:
    """Why these tasks are not brought together, if so."""
    here, there = ({source for task in each for source in around.holders.get(task, ())} for each in (ours, theirs))
    if in_bulk and here & there:
        return f"it would bring two items of {', '.join(sorted(here & there))} together"
    if any(other in theirs for task in ours for other in around.apart.get(task, ())):
        return "a person said of two of these tasks that they are not one"
    if any(task in around.unsure for task in (*ours, *theirs)):
        return "what became of a call about one of these tasks is not known; worklake sync finds out, then accept it"
    return None


def _gone(homes: Mapping[str, str], taken: Iterable[_Row]) -> dict[str, str]:
    """The tasks that go, each with the one that stays."""
    tasks = {row[name] for row in taken for name in ("task_id", "other_task_id")}
    return {task: homes[task] for task in tasks if homes[task] != task}


def _tell_of_the_others(lake: Lake, about: Iterable[_Row], taken: Collection[str], homes: Mapping[str, str]) -> None:
    """What else was said or proposed of tasks that go is of those that stay. A refusal outweighs a proposal."""
    found: dict[str, _Row] = {}
    over = []
    for row in about:
        task, other = (homes.get(row[name], row[name]) for name in ("task_id", "other_task_id"))
        known = proposal_id(task, other)
        if row["proposal_id"] in taken or row["state"] == ProposalState.ACCEPTED:
            continue
        moved = known != row["proposal_id"]
        over += [row["proposal_id"]] if moved else []
        if task != other and (known not in found or row["state"] == ProposalState.REFUSED):
            found[known] = row | {"proposal_id": known, "task_id": task, "other_task_id": other}
    lake.merge("proposals", [Proposal(**row) for row in found.values()])
    if over:
        lake.delete("proposals", pa.table({"proposal_id": sorted(over)}))


def _with_told_directly(taken: Sequence[_Row], homes: Mapping[str, str]) -> list[_Row]:
    """These, and for each task that goes one that says where to: who asks for it finds it."""
    gone = {task: row for row in taken for task in (row["task_id"], row["other_task_id"]) if homes[task] != task}
    directly = [
        row | {"proposal_id": proposal_id(homes[task], task), "task_id": homes[task], "other_task_id": task}
        for task, row in gone.items()
    ]
    found = {row["proposal_id"]: row for row in taken}
    said = {(row["task_id"], row["other_task_id"]) for row in taken}
    found |= {row["proposal_id"]: row for row in directly if (row["task_id"], row["other_task_id"]) not in said}
    return list(found.values())


def _keep(lake: Lake, rows: Sequence[_Row], state: ProposalState) -> None:
    lake.merge("proposals", [Proposal(**row | {"state": state}) for row in rows])


def _decide(lake: Lake, rows: Sequence[_Row], state: ProposalState, run: RunContext) -> None:
    if not rows:
        return
    _keep(lake, rows, state)
    lake.append(
        "runs",
        [
            Run(
                run_id=run.run_id,
                command=run.command,
                state=RunState.DONE,
                started_at=run.started_at,
                finished_at=run.clock(),
                counts="{}",
                error=None,
            )
        ],
    )


def decided_links_document(
    chosen: Sequence[ProposalDocument], left: Mapping[str, str], decided: Decided | None, *, accept: bool
) -> DecidedLinksDocument:
    """What was decided on many proposals, or would be where nothing is `decided` yet."""
    done = {one.proposal_id: one.task_id if accept else None for one in chosen} if decided is None else decided.done
    told = [one for one in chosen if one.proposal_id in done]
    state = "accepted" if accept else "refused"
    return DecidedLinksDocument(
        state=state,
        applied=decided is not None,
        decided=[DecidedDocument(proposal_id=known, state=state, task_id=task) for known, task in done.items()],
        left=[
            LeftLinkDocument(proposal_id=known, reason=why)
            for known, why in (dict(left) | (decided.left if decided is not None else {})).items()
        ],
        between=dict(sorted(Counter(", ".join(sorted((one.source, one.other_source))) for one in told).items())),
        differs=dict(Counter(name for one in told for name in one.differs).most_common()),
    )
