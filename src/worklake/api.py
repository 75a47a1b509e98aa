"""The same engines as the commands, for Python: open a project, pull, plan, apply, undo, list, explain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from worklake.errors import StoppedError
from worklake.model.documents import (
    CheckDocument,
    DecidedLinksDocument,
    ExplainDocument,
    MaintainDocument,
    MaintainedTable,
    ProposalDocument,
    PullDocument,
    StatusDocument,
    SweepDocument,
)
from worklake.model.plan_documents import (
    ApplyDocument,
    ConflictDocument,
    PlanDocument,
    SettledDocument,
    SettledRunDocument,
    SyncDocument,
    UndoDocument,
)
from worklake.project import (
    chosen_sources,
    holder,
    known_sources,
    lake_location,
    open_project_lake,
    open_settings,
    reaching_run,
    run_over,
)

if TYPE_CHECKING:
    from worklake.lake.lake import Lake
    from worklake.model.fields import FieldValue
    from worklake.sync.run import Progress
    from worklake.sync.tasks import TaskList


@contextmanager
def connect(project: Path | str | None = None, *, create: bool = False) -> Iterator[Lake]:
    """The project's lake, embedded, on Spark or on Databricks as its settings say.

    Raises `SettingsError`, and `LakeMissingError` where there is none yet, unless `create`.
    """
    settings = open_settings(project)
    with open_project_lake(settings, create=create) as lake:
        yield lake


def pull(
    project: Path | str | None = None, sources: Sequence[str] = (), progress: Progress | None = None
) -> PullDocument:
    """Read what changed at the sources (by default all) since the last pull into the lake.

    A source that fails does not stop the others: its `error` says why. Raises `SettingsError` before anything is
    touched (also when no source has its secret), `LeaseHeldError` while another run holds the lake.
    """
    from worklake.sync import engine, reports

    settings = open_settings(project)
    run = reaching_run(settings, "pull", chosen_sources(settings, sources), progress)
    with open_project_lake(settings, create=True) as lake, lake.lease(holder(), "pull"):
        return reports.pull_document(run.run_id, engine.pull(lake, run))


def plan(
    project: Path | str | None = None,
    sources: Sequence[str] = (),
    progress: Progress | None = None,
    *,
    allow: int | None = None,
) -> PlanDocument:
    """Pull these sources (by default all), merge, and save the plan of what each tool lacks. Writes to no provider.

    A plan that the brake stops says so in `stopped_by`; `allow` lets exactly that many items pass. Raises as `pull`.
    """
    from worklake.sync import cycle, reports

    settings = open_settings(project)
    run = reaching_run(settings, "plan", chosen_sources(settings, sources), progress)
    with open_project_lake(settings, create=True) as lake, lake.lease(holder(), "plan"):
        return reports.plan_document(lake, cycle.plan(lake, run, allow=allow))


def apply(
    plan_id: str | None = None,
    project: Path | str | None = None,
    progress: Progress | None = None,
    *,
    allow: int | None = None,
) -> ApplyDocument:
    """Make exactly the writes of this saved plan, by default the newest. A step that fails does not stop the others.

    Raises `NotFoundError` where there is no such plan, and `StoppedError` where the brake stops it, which `allow`
    lets exactly that many items pass.
    """
    from worklake.sync import cycle, reports

    settings = open_settings(project)
    run = reaching_run(settings, "apply", chosen_sources(settings, ()), progress)
    with open_project_lake(settings) as lake, lake.lease(holder(), "apply"):
        try:
            applied = cycle.apply(lake, run, plan_id, allow=allow)
        except StoppedError as error:
            raise _stopped(
                str(error), " ".join(["apply", *([plan_id] if plan_id else [])]), error.items, allow
            ) from None
        return reports.apply_document(lake, applied)


def sync(
    project: Path | str | None = None, progress: Progress | None = None, *, allow: int | None = None
) -> SyncDocument:
    """Pull, merge, plan, and apply that plan: what a scheduled job runs.

    Raises as `pull`, and `StoppedError` where the brake stops the plan: then it is saved and nothing was written.
    """
    from worklake.sync import cycle, reports
    from worklake.sync.rules import brake

    settings = open_settings(project)
    run = reaching_run(settings, "sync", chosen_sources(settings, ()), progress)
    with open_project_lake(settings, create=True) as lake, lake.lease(holder(), "sync"):
        result = cycle.sync(lake, run, allow=allow)
        if result.applied is None:
            stopped = result.planned.plan
            raise _stopped(
                "; ".join(stopped.stopped_by), "sync", brake.number(stopped.steps, stopped.stopped_by), allow
            )
        return reports.sync_document(lake, result, result.applied)


def _stopped(why: str, command: str, items: int, allowed: int | None) -> StoppedError:
    given = "" if allowed is None else f", and --allow let {allowed} pass"
    return StoppedError(
        f"{why}{given}. Nothing was written. Look at the plan with: worklake plan. If it is meant: worklake {command}"
        f" --allow {items}",
        items,
    )


def sweep(
    project: Path | str | None = None, sources: Sequence[str] = (), progress: Progress | None = None
) -> SweepDocument:
    """Find out what was deleted or archived at the sources (by default all), asking for each item that is not listed.

    What follows for other tools is planned by the next plan or sync. A source that cannot be listed to its end, or
    whose list leaves out what is there, says so in `error`. Raises as `pull`.
    """
    from worklake.sync import cycle, reports

    settings = open_settings(project)
    run = reaching_run(settings, "sweep", chosen_sources(settings, sources), progress)
    with open_project_lake(settings) as lake, lake.lease(holder(), "sweep"):
        return reports.sweep_document(lake, cycle.sweep(lake, run))


def undo(
    run_id: str,
    project: Path | str | None = None,
    progress: Progress | None = None,
    *,
    everywhere: bool = False,
    apply: bool = False,
    allow: int | None = None,
) -> UndoDocument:
    """Pull and merge, and save a plan that takes back what a run wrote to the tools, applied at once with `apply`.

    With `everywhere` the run's changes of tasks are taken back too, by the same plan. `allow` lets exactly that many
    items pass the brake. Raises `NotFoundError` where there is no such run.
    """
    from worklake.sync import cycle, reports

    settings = open_settings(project)
    run = reaching_run(settings, "undo", chosen_sources(settings, ()), progress)
    with open_project_lake(settings) as lake, lake.lease(holder(), "undo"):
        result = cycle.undo(lake, run, run_id, everywhere=everywhere, apply_it=apply, allow=allow)
        return reports.undo_document(lake, run_id, result)


def conflicts(project: Path | str | None = None) -> list[ConflictDocument]:
    """Values that compete for a field and wait for a person to decide, oldest first."""
    from worklake.sync import reports

    with connect(project) as lake:
        return reports.conflict_documents(lake)


def settle(
    conflict_id: str,
    project: Path | str | None = None,
    *,
    take: str | None = None,
    value: FieldValue = None,
    leave: bool = False,
) -> SettledDocument:
    """Settle an open conflict by the value of the source `take`, else by `value`; the next plan writes it everywhere.
    With `leave` a tool that refuses a value keeps its own, and is asked no more before either value moves.

    Raises `NotFoundError` where there is no such conflict, `InvalidInputError` where it is settled already, the
    source does not contend, the field does not take the value, or no tool refuses one.
    """
    from worklake.sync import cycle, reports
    from worklake.sync.given import checked_value
    from worklake.sync.heart.settling import Choice

    settings = open_settings(project)
    run = run_over(settings, "conflicts settle", ())
    with open_project_lake(settings) as lake, lake.lease(holder(), "conflicts settle"):
        about = cycle.field_of(lake, conflict_id) if take is None and not leave else None
        given = checked_value(about, value) if about is not None else value
        return reports.settled_document(cycle.settle(lake, run, conflict_id, Choice(take, given, leave)))


def settle_run(
    run_id: str, project: Path | str | None = None, *, take: str | None = None, leave: bool = False
) -> SettledRunDocument:
    """Settle all open conflicts that a run opened, as an undo does of each field that it takes back, in the same way.
    Those where that cannot be stay open, and are named.

    Raises `NotFoundError` where none is open.
    """
    from worklake.sync import cycle, reports
    from worklake.sync.heart.settling import Choice

    settings = open_settings(project)
    run = run_over(settings, "conflicts settle", ())
    with open_project_lake(settings) as lake, lake.lease(holder(), "conflicts settle"):
        settled, left = cycle.settle_run(lake, run, run_id, Choice(take, None, leave))
        return reports.settled_run_document(run_id, settled, left)


def check(project: Path | str | None = None) -> CheckDocument:
    """Whether settings, secrets, each source and the lake are as they should be, one line each with its mend."""
    from worklake.checking import check_project

    return check_project(open_settings(project))


def set_up(provider: str, project: Path | str | None = None) -> CheckDocument:
    """Make at the sources of this provider what the settings name and they lack; one line each says what was made.

    Raises `SettingsError` where there is no such source.
    """
    from worklake.checking import set_up_sources

    return set_up_sources(open_settings(project), provider)


def tasks(
    project: Path | str | None = None,
    *,
    where: str | None = None,
    overdue: bool = False,
    due_today: bool = False,
    source: str | None = None,
    limit: int | None = None,
) -> TaskList:
    """Canonical tasks, open ones first, due soonest first; `where` is Spark SQL over the columns of `tasks`."""
    from worklake.sync.tasks import Selection, list_tasks

    settings = open_settings(project)
    if source is not None:
        known_sources(settings, [source])
    today = datetime.now(settings.project.zone).date()
    selection = Selection(today, where, overdue, due_today, source, limit)
    with open_project_lake(settings) as lake:
        return list_tasks(lake, selection)


def proposed_links(project: Path | str | None = None, sources: Sequence[str] = ()) -> list[ProposalDocument]:
    """Pairs of tasks that may be one and that nobody has decided on; of these `sources`, if any, each at one side."""
    from worklake.sync.proposed import proposed_links as listed

    settings = open_settings(project)
    named = known_sources(settings, sources) if sources else ()
    with open_project_lake(settings) as lake:
        return listed(lake, named)


def decide_named(proposals: Sequence[str], project: Path | str | None = None, *, accept: bool) -> dict[str, str | None]:
    """Accept or refuse these proposed links; for each the id of the task that holds both now, if accepted.

    Raises `NotFoundError` and `InvalidInputError` where one cannot be decided on; then none is.
    """
    from worklake.sync import proposals as decisions

    settings = open_settings(project)
    command = f"links {'accept' if accept else 'refuse'}"
    run = run_over(settings, command, ())
    decide = decisions.accept if accept else decisions.refuse
    with open_project_lake(settings) as lake, lake.lease(holder(), command):
        lake.ensure()
        done = decide(lake, proposals, run).done
        return {one: done[one] for one in proposals}


def join_tasks(task: str, other: str, project: Path | str | None = None) -> str:
    """Say that two tasks are one, whatever their titles: all of `other` moves to `task`, whose id is the answer.

    Each is a task id, an external id, a key or a provider's URL.

    Raises `NotFoundError` where there is no such task, `InvalidInputError` where they are one already.
    """
    from worklake.sync import proposals as decisions
    from worklake.sync.explain import find_task

    settings = open_settings(project)
    run = run_over(settings, "links add", ())
    named = run_over(settings, "links add", list(settings.sources), tokens=False).sources
    with open_project_lake(settings) as lake, lake.lease(holder(), "links add"):
        lake.ensure()
        one, two = (find_task(lake, name, named)[1] for name in (task, other))
        return decisions.join(lake, one, two, run)


def decide_links(
    proposals: Sequence[str] | None = None,
    project: Path | str | None = None,
    *,
    accept: bool,
    sources: Sequence[str] = (),
    apply: bool = False,
) -> DecidedLinksDocument:
    """Accept or refuse many proposed links: these, else all (of `sources`, if any, each at one side). Only shown unless
    `apply`.

    What is in doubt is never accepted so (`ProposalDocument.doubt`), and left with the reason. Raises `NotFoundError`
    where one of these was never proposed.
    """
    from worklake.sync import proposals as decisions
    from worklake.sync.proposed import proposed_links as listed

    settings = open_settings(project)
    named = known_sources(settings, sources) if sources else ()
    command = f"links {'accept' if accept else 'refuse'}"
    run = run_over(settings, command, ())
    decide = decisions.accept if accept else decisions.refuse
    with ExitStack() as stack:
        lake = stack.enter_context(open_project_lake(settings))
        if apply:
            stack.enter_context(lake.lease(holder(), command))
            lake.ensure()
        open_now = listed(lake, named)
        chosen, left = decisions.wanted_of(lake, open_now, proposals, accept=accept)
        decided = decide(lake, [one.proposal_id for one in chosen], run, in_bulk=True) if apply else None
        return decisions.decided_links_document(chosen, left, decided, accept=accept)


def explain(task: str, project: Path | str | None = None) -> ExplainDocument:
    """Every change of a task, oldest first; `task` is a task id, an external id, a key or a provider's URL."""
    from worklake.sync.explain import explain as explained

    settings = open_settings(project)
    run = run_over(settings, "explain", list(settings.sources), tokens=False)
    with open_project_lake(settings) as lake:
        return explained(lake, task, run)


def status(project: Path | str | None = None) -> StatusDocument:
    """How each source and the lake stand."""
    from worklake.sync.status import status as told

    settings = open_settings(project)
    with open_project_lake(settings) as lake:
        return told(lake, settings.sources, engine=settings.project.lake.engine, location=lake_location(settings))


def maintain(project: Path | str | None = None, retention_hours: int = 168) -> MaintainDocument:
    """Compact the lake's tables and remove files that no version within the retention needs."""
    settings = open_settings(project)
    with open_project_lake(settings) as lake, lake.lease(holder(), "maintain"):
        lake.ensure()
        maintained = lake.maintain(retention_hours=retention_hours)
    return MaintainDocument(tables=[MaintainedTable(**asdict(one)) for one in maintained])
