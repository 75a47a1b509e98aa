"""The commands that read: pull, tasks, explain, status, maintain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worklake.cli.app import app
from worklake.cli.face import Exit, Face
from worklake.cli.options import command

if TYPE_CHECKING:
    from worklake.model.documents import PullDocument

SourcesOption = Annotated[
    list[str] | None,
    typer.Option("--source", "-s", metavar="SOURCE", help="Only this source of conf/sources.yml. May be repeated."),
]


@command(app)
def pull(face: Face, source: SourcesOption = None) -> None:
    """Read what changed at the sources since the last pull into the lake, and bring the task list up to date.

    A source that fails does not stop the others, and the next pull takes it up where it stopped. Killed in the
    middle, run it again: it goes on from the last committed page. Exit status 1 when a source failed or an item
    could not be read, 2 when every source failed and nothing was committed.
    """
    from worklake import api
    from worklake.cli import show

    with face.progress() as progress:
        document = api.pull(face.project, source or (), progress)
    face.answer(document, *show.pulled(document))
    face.warn(*show.pull_failures(document))
    raise typer.Exit(_pull_status(document))


def _pull_status(document: PullDocument) -> Exit:
    if document.state == "failed":
        return Exit.NOTHING_TOUCHED
    if any(one.error or one.quarantined for one in document.sources.values()):
        return Exit.PARTIAL
    return Exit.DONE


@command(app)
def tasks(
    face: Face,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="SQL",
            help="Only tasks for which this holds: Spark SQL over the columns of tasks, the keys of --json but links.",
        ),
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only open tasks that were due before today.")] = False,
    today: Annotated[bool, typer.Option("--today", help="Only open tasks that are due today.")] = False,
    source: Annotated[
        str | None, typer.Option("--source", "-s", help="Only tasks that have an item in this source.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many. Default: 50 at a terminal, all of them under --json."),
    ] = None,
    proposed_links: Annotated[
        bool,
        typer.Option("--proposed-links", help="Instead: pairs of tasks that may be one. Decide with: worklake links."),
    ] = False,
) -> None:
    """List the tasks, open ones before finished ones, due soonest first.

    With --overdue and --today together: all that is due by today.

    Examples: `worklake tasks --overdue`, `worklake tasks --where "priority = 'urgent' and size(assignees) = 0"`.
    """
    from worklake import api
    from worklake.cli import show, show_links

    if proposed_links:
        given = {"--where": where, "--overdue": overdue, "--today": today, "--source": source, "--limit": limit}
        for option, value in given.items():
            if value:
                raise typer.BadParameter(f"{option} narrows tasks, not --proposed-links; leave one of them out")
        proposals = api.proposed_links(face.project)
        face.answer(proposals, *show_links.proposals(proposals))
        return
    if limit is None and not face.json:
        limit = 50
    found = api.tasks(face.project, where=where, overdue=overdue, due_today=today, source=source, limit=limit)
    face.answer(found.tasks, *show.task_list(found))


@command(app)
def explain(
    face: Face,
    task: Annotated[
        str,
        typer.Argument(
            metavar="TASK", help="Its task id, its tool's id or key (ENG-12, team/web#3), or its URL in a tool."
        ),
    ],
) -> None:
    """Tell everything that is known to have happened to a task, oldest first, and where its tools differ."""
    from worklake import api
    from worklake.cli import show

    document = api.explain(task, face.project)
    face.answer(document, *show.explained(document))


@command(app)
def status(face: Face) -> None:
    """Show how each source stands (age, failures, what could not be read) and the lake's tables."""
    from worklake import api
    from worklake.cli import show

    document = api.status(face.project)
    face.answer(document, *show.status(document))


@command(app)
def maintain(
    face: Face,
    retention_hours: Annotated[
        int, typer.Option(min=1, help="Files that only versions older than this need are removed.")
    ] = 168,
) -> None:
    """Compact the lake's tables and remove files that only old versions need."""
    from worklake import api
    from worklake.cli import show

    document = api.maintain(face.project, retention_hours)
    face.answer(document, *show.maintained(document))
