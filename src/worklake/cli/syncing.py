"""The commands that write to the tools: plan, apply, sync, undo; and conflicts, on which a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from worklake.cli.app import app
from worklake.cli.face import Exit, Face
from worklake.cli.options import command, group_command
from worklake.cli.reading import SourcesOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worklake.model.documents import PulledSource

AllowOption = Annotated[
    int | None,
    typer.Option(
        "--allow",
        metavar="NUMBER",
        min=1,
        help="Let the brake pass exactly so many items that are closed, archived, deleted or emptied of a field.",
    ),
]


@command(app)
def plan(face: Face, source: SourcesOption = None, allow: AllowOption = None) -> None:
    """Pull, merge, and show what would be written where and why, like a diff. Writes to no tool.

    The plan is saved, and `worklake apply` writes exactly it. The same state gives the same plan. Fields on which a
    conflict is open are left out until a person decides. Much closing, archiving, deleting or emptying at once is
    stopped by the brake (conf/policy.yml).

    Exit status 0 when the plan is complete, 1 when a source failed, or an item could not be read or may not be written,
    3 when a person has to decide: the brake stops the plan, a conflict is open, or a proposed link keeps something from
    being made.
    """
    raise typer.Exit(_plan(face, source or (), allow))


def _plan(face: Face, sources: Sequence[str], allow: int | None) -> Exit:
    """Make a plan and show it."""
    from worklake import api
    from worklake.cli import show, show_plan

    with face.progress() as progress:
        document = api.plan(face.project, sources, progress, allow=allow)
    face.answer(document, *show_plan.planned(document))
    face.note(*show.source_failures(document.pulled), *document.notes)
    if document.stopped_by:
        return Exit.STOPPED_FOR_A_PERSON
    decided = not document.conflicts and not document.undecided
    return _status(document.pulled, wrote=False, complete=not document.notes, decided=decided)


@command(app)
def apply(
    face: Face,
    plan_id: Annotated[
        str | None,
        typer.Argument(metavar="[PLAN_ID]", help="The plan, as `worklake plan` names it. Default: the newest."),
    ] = None,
    allow: AllowOption = None,
) -> None:
    """Write exactly what a saved plan says, nothing else.

    Each item is read before it is written. A step is stale, and left to the next plan, where somebody has moved the
    same fields since; edits of other fields do not stop it. A step that fails stops no other, and is planned again
    until it succeeds. Steps that were applied already are not tried again. A value that a tool refuses becomes a
    conflict; the other fields of its step are written.

    Exit status 0 when every step was applied, 1 when one was stale, refused or failed, 2 when there is no such plan, 3
    when the brake stops it (look at it, then repeat with --allow and the number of items that it names).
    """
    from worklake import api
    from worklake.cli import show_plan

    with face.progress() as progress:
        document = api.apply(plan_id, face.project, progress, allow=allow)
    face.answer(document, *show_plan.applied(document))
    face.warn(*show_plan.not_done(document.writes))
    face.note(*document.notes)
    if not all(one.done for one in document.writes):
        raise typer.Exit(Exit.PARTIAL)


@command(app)
def sync(
    face: Face,
    allow: AllowOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Leave out the writing: show and save the plan, as `worklake plan` does.")
    ] = False,
) -> None:
    """Pull, merge, plan, and apply that plan at once. This is what a scheduled job runs, as often as you like.

    An edit in one tool arrives in the others, field by field: a title edited here and a due date edited there both
    survive. Killed in the middle, run it again. `worklake undo RUN_ID` takes a sync back.

    Exit status 0 when all is done, 1 when a source failed, a step was stale, refused or failed (the next sync takes it
    up), or an item that lacks something may not be written, 2 when no source could be read, 3 when a person has to
    decide: the brake stopped the plan, of which nothing was written, a conflict is open, or a proposed link keeps
    something from being made.
    """
    from worklake import api
    from worklake.cli import show, show_plan

    if dry_run:
        raise typer.Exit(_plan(face, (), allow))
    with face.progress() as progress:
        document = api.sync(face.project, progress, allow=allow)
    face.answer(document, *show_plan.synced(document))
    face.warn(*show.source_failures(document.pulled), *show_plan.not_done(document.writes))
    face.note(*document.notes)
    complete = not document.notes and all(one.done for one in document.writes)
    decided = not document.conflicts and not document.undecided
    raise typer.Exit(_status(document.pulled, wrote=document.applied > 0, complete=complete, decided=decided))


@command(app)
def sweep(face: Face, source: SourcesOption = None) -> None:
    """Find out what was deleted or archived in the tools: many say nothing of it. Writes to no tool.

    The tools list what they have; each known item that is not listed is asked for. Only what is certain counts as
    deleted: not what a token may not see, and not what was moved. A list that breaks off, or leaves out what is there,
    proves nothing. What a deletion means for the task in the other tools says `on_delete` in conf/sources.yml; the next
    `worklake plan` shows it. Killed in the middle, run it again.

    Exit status 0 when every source was swept, 1 when one was not, which says why.
    """
    from worklake import api
    from worklake.cli import show_plan

    with face.progress() as progress:
        document = api.sweep(face.project, source or (), progress)
    face.answer(document, *show_plan.swept(document))
    face.warn(
        *(f"{name}: {one.error.removeprefix(f'{name}: ')}" for name, one in document.sources.items() if one.error)
    )
    raise typer.Exit(Exit.PARTIAL if any(one.error for one in document.sources.values()) else Exit.DONE)


@command(app)
def undo(
    face: Face,
    run_id: Annotated[
        str,
        typer.Argument(metavar="RUN_ID", help="The run, as apply and sync name it; `worklake status` has the last."),
    ],
    everywhere: Annotated[
        bool,
        typer.Option(
            "--everywhere",
            help="Take back the edits that the run brought, too, so that all tools come to the values before it.",
        ),
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Apply the plan at once.")] = False,
    allow: AllowOption = None,
) -> None:
    """Pull, merge, and plan to take back what a run wrote: every field that still shows it gets the value before.

    What a person or a later run changed since is left as it is, and named. The tool in which an edit was made still has
    it, so the tools differ then: the next sync leaves these fields alone until a person decides (`worklake conflicts`),
    or use --everywhere. What the run made is deleted again; what it deleted is brought back where the tool keeps it. A
    tool that cannot be read now is named, and stops no other. Nothing moves before the plan is applied. An undo is a
    run like any other and can be undone.

    Exit status 0 when all is done, 1 when something was left as it is or could not be written, 2 when there is no such
    run, 3 when the brake stops the plan. Without --apply it is 0 for every plan that the brake does not stop.
    """
    from worklake import api
    from worklake.cli import show, show_plan

    with face.progress() as progress:
        document = api.undo(run_id, face.project, progress, everywhere=everywhere, apply=apply, allow=allow)
    face.answer(document, *show_plan.undone(document, everywhere=everywhere))
    face.warn(*show.source_failures(document.pulled), *show_plan.not_done(document.writes or ()))
    face.note(*document.notes)
    if document.stopped_by:
        raise typer.Exit(Exit.STOPPED_FOR_A_PERSON)
    complete = not document.left and all(one.done for one in document.writes or ())
    raise typer.Exit(Exit.DONE if complete or not apply else Exit.PARTIAL)


conflicts = typer.Typer()
app.add_typer(conflicts, name="conflicts")


@group_command(conflicts)
def conflicts_alone(face: Face) -> None:
    """Show the values that compete for a field and wait for a person, or settle one.

    A conflict opens where two tools edited a field whose policy is `manual` (conf/policy.yml), where a tool refuses a
    value, and for what was undone. Until it is settled, nothing is written on that field of that task.
    """
    _list(face)


@command(conflicts, "list")
def list_conflicts(face: Face) -> None:
    """List the open conflicts, oldest first, each with its values: whose, since when, by whom."""
    _list(face)


def _list(face: Face) -> None:
    from worklake import api
    from worklake.cli import show_plan

    found = api.conflicts(face.project)
    face.answer(found, *show_plan.conflict_list(found))


@command(conflicts)
def settle(
    face: Face,
    conflict_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Its id, as the list shows it.")] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN_ID", help="All open conflicts that this run opened, such as an undo."),
    ] = None,
    take: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Take the value of this source of conf/sources.yml.")
    ] = None,
    value: Annotated[
        str | None, typer.Option(metavar="JSON", help='Give a value, in JSON: \'"a text"\', \'["a", "b"]\', 3, null.')
    ] = None,
    leave: Annotated[
        bool, typer.Option("--leave", help="Of a value that a tool refuses: let that tool show what it shows.")
    ] = False,
) -> None:
    """Settle a conflict. The value becomes a change like any other, and the next sync writes it to every tool.

    A tool that refuses a value is asked again where the task's value is taken; with --leave it keeps its own until
    either of them moves.

    Examples: `worklake conflicts settle ID --take linear`, `worklake conflicts settle ID --value '"2026-03-09"'`,
    `worklake conflicts settle --run RUN_ID --take worklake`, which does again all that the undo RUN_ID took back.

    Exit status 0 when all is settled, 1 when some conflicts of a run stay open, 2 when nothing was settled.
    """
    from worklake import api
    from worklake.cli import show_plan

    if (take is not None) + (value is not None) + leave != 1:
        raise typer.BadParameter("give one of --take SOURCE, --value JSON and --leave")
    wrong_use = "give the ID of one conflict, or --run RUN_ID with --take SOURCE or --leave"
    if conflict_id is None:
        if run is None or value is not None:
            raise typer.BadParameter(wrong_use)
        of_run = api.settle_run(run, face.project, take=take, leave=leave)
        face.answer(of_run, *show_plan.settled_run(of_run))
        raise typer.Exit(Exit.DONE if not of_run.left else Exit.PARTIAL if of_run.settled else Exit.NOTHING_TOUCHED)
    if run is not None:
        raise typer.BadParameter(wrong_use)
    given = _json(value) if value is not None else None
    document = api.settle(conflict_id, face.project, take=take, value=given, leave=leave)
    face.answer(document, *show_plan.settled(document))


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise typer.BadParameter(
            f"--value takes JSON, and {text!r} is none; a text stands in double quotes: --value '\"{text}\"'"
        ) from None


def _status(pulled: Mapping[str, PulledSource], *, wrote: bool, complete: bool, decided: bool = True) -> Exit:
    """How it ended: `complete` where nothing was left for the next run, `decided` where nothing waits for a person."""
    failed = [one for one in pulled.values() if one.error]
    if pulled and len(failed) == len(pulled) and not wrote and not any(one.seen for one in failed):
        return Exit.NOTHING_TOUCHED
    if failed or not complete or any(one.quarantined for one in pulled.values()):
        return Exit.PARTIAL
    return Exit.DONE if decided else Exit.STOPPED_FOR_A_PERSON
