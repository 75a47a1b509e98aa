"""The commands on proposed links: what may be one task is listed, and a person says whether it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from worklake.cli.app import app
from worklake.cli.face import Exit, Face
from worklake.cli.options import command, group_command

links = typer.Typer()
app.add_typer(links, name="links")


ProposalsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[PROPOSAL]...", help="Their ids, as the list shows them.")
]
AllOption = Annotated[bool, typer.Option("--all", help="All open ones that are not in doubt.")]
FromOption = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="FILE", help="Those in a JSON list, as --json gives it; - is standard input.", allow_dash=True
    ),
]
SidesOption = Annotated[
    list[str] | None,
    typer.Option("--source", "-s", metavar="SOURCE", help="Only pairs with a task of this source; twice: of both."),
]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Decide, where otherwise it is only shown.")]


@group_command(links)
def links_alone(face: Face) -> None:
    """Show proposed links, pairs of tasks that may be one, or decide on them."""
    _list_links(face)


@command(links, "list")
def list_links(face: Face, source: SidesOption = None) -> None:
    """List pairs of tasks that may be one and that nobody has decided on, with the fields in which they differ."""
    _list_links(face, source or ())


def _list_links(face: Face, sources: Sequence[str] = ()) -> None:
    from worklake import api
    from worklake.cli import show_links

    proposals = api.proposed_links(face.project, sources)
    face.answer(proposals, *show_links.proposals(proposals))


@command(links)
def accept(
    face: Face,
    proposals: ProposalsArgument = None,
    all_of_them: AllOption = False,
    file: FromOption = None,
    source: SidesOption = None,
    apply: ApplyOption = False,
) -> None:
    """The two tasks are one: the second's items and comments move to the first. Nothing is written to a tool by it.

    Proposals that are named are accepted at once. With --all or --from it is only shown what would be accepted, until
    --apply is given; and what is in doubt is left, to be named by its own id: where the titles are not the same, and
    where a title stands several times in a tool.

    Examples: `worklake links accept --all --source gitlab --source linear`, `worklake links --json > links.json` and,
    after a look at it, `worklake links accept --from links.json --apply`.

    Exit status 0 when all is accepted (or shown), 1 when something was left, 2 when nothing was touched.
    """
    _decide(face, _Choice(proposals or (), all_of_them, file, source or (), apply), accept=True)


@command(links)
def refuse(
    face: Face,
    proposals: ProposalsArgument = None,
    all_of_them: AllOption = False,
    file: FromOption = None,
    source: SidesOption = None,
    apply: ApplyOption = False,
) -> None:
    """The two tasks are not one. It is not proposed again, and each may be made in the other's tool by a rule.

    Proposals that are named are refused at once; with --all or --from it is only shown, until --apply is given.
    """
    _decide(face, _Choice(proposals or (), all_of_them, file, source or (), apply), accept=False)


TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="Its task id, its tool's id or key, or its URL.")]
OtherArgument = Annotated[str, typer.Argument(metavar="OTHER", help="The task that becomes a part of the first.")]


@command(links)
def add(face: Face, task: TaskArgument, other: OtherArgument) -> None:
    """Say that two tasks are one, whatever their titles: the second's items and comments move to the first.

    Example: `worklake links add web#3 ENG-12`. Nothing is written to a tool by it; `worklake plan` shows what follows.
    """
    from worklake import api
    from worklake.model.documents import JoinedDocument

    kept = api.join_tasks(task, other, face.project)
    face.answer(JoinedDocument(task_id=kept), f"{task} and {other} are {kept} now. What follows: worklake plan")


class _Choice(NamedTuple):
    """Which proposals are meant, as the options say."""

    named: Sequence[str]
    all_of_them: bool
    file: Path | None
    sources: Sequence[str]
    apply: bool


def _decide(face: Face, choice: _Choice, *, accept: bool) -> None:
    if bool(choice.named) + choice.all_of_them + (choice.file is not None) != 1:
        raise typer.BadParameter("give the ids of proposals, or one of --all and --from FILE")
    if choice.named:
        if choice.apply or choice.sources:
            raise typer.BadParameter("--apply and --source go with --all and --from; what is named is decided at once")
        _decide_named(face, choice.named, accept=accept)
        return
    from worklake import api
    from worklake.cli import show_links

    given = show_links.proposals_in(choice.file) if choice.file is not None else None
    document = api.decide_links(given, face.project, accept=accept, sources=choice.sources, apply=choice.apply)
    face.answer(document, *show_links.decided(document, _again(choice, accept=accept)))
    if document.applied and document.left:
        raise typer.Exit(Exit.PARTIAL)


def _again(choice: _Choice, *, accept: bool) -> str:
    """The command that decides on what was shown."""
    which = ["--all"] if choice.file is None else ["--from", str(choice.file)]
    sides = [word for source in choice.sources for word in ("--source", source)]
    return " ".join(["worklake links", "accept" if accept else "refuse", *which, *sides, "--apply"])


def _decide_named(face: Face, proposals: Sequence[str], *, accept: bool) -> None:
    from worklake import api
    from worklake.model.documents import DecidedDocument

    state = "accepted" if accept else "refused"
    tasks = api.decide_named(proposals, face.project, accept=accept)
    documents = [DecidedDocument(proposal_id=one, state=state, task_id=task) for one, task in tasks.items()]
    told = (
        f"{one.proposal_id}: {state}" + (f"; both are {one.task_id} now" if one.task_id else "") for one in documents
    )
    face.answer(documents[0] if len(documents) == 1 else documents, *told)
