"""The commands that set things up: init, check, sandbox."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from worklake.cli.app import app
from worklake.cli.face import Exit, Face
from worklake.cli.options import command


@command(app)
def init(
    face: Face,
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="The project folder.")] = Path(),
    notion: Annotated[
        bool, typer.Option("--notion", help="Make the properties that conf/sources.yml names and Notion lacks.")
    ] = False,
) -> None:
    """Make a project folder: conf/ with commented examples for each provider, and a .gitignore.

    Never overwrites a file that is there. With --notion nothing is written here: in the project's Notion data sources
    the properties are made that the settings name and that are missing; what is there is not touched.
    """
    if notion:
        _set_up_notion(face, directory)
        return
    from importlib.resources import as_file, files

    from worklake.errors import SettingsError
    from worklake.model.documents import InitDocument

    written, kept = [], []
    with as_file(files("worklake") / "templates") as templates:
        for template in sorted(path for path in templates.rglob("*") if path.is_file()):
            relative = template.relative_to(templates)
            name = ".gitignore" if relative.name == "gitignore" else str(relative)
            target = directory / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("x", encoding="utf-8") as file:
                    file.write(template.read_text(encoding="utf-8"))
            except FileExistsError:
                kept.append(name)
            except OSError as error:
                raise SettingsError(f"{target} cannot be written: {error.strerror}") from error
            else:
                written.append(name)
    document = InitDocument(folder=str(directory.absolute()), written=written, kept=kept)
    lines = [f"wrote {directory / name}" for name in written] + [f"kept  {directory / name}" for name in kept]
    next_step = f"Next: name your accounts in {directory / 'conf' / 'sources.yml'}, then run: worklake check"
    if directory.absolute() != Path.cwd():
        next_step += f" (in that folder: cd {shlex.quote(str(directory))})"
    face.answer(document, *lines, next_step)


def _set_up_notion(face: Face, directory: Path) -> None:
    from worklake import api
    from worklake.cli import show
    from worklake.model.documents import CheckDocument, InitDocument

    project = directory if directory != Path() else face.project
    answered = api.set_up("notion", project)
    folder = (project or Path.cwd()).absolute()
    document = InitDocument(folder=str(folder), written=[], kept=[], made=answered.checks)
    face.answer(document, *show.checked(CheckDocument(ok=answered.ok, checks=answered.checks)))
    raise typer.Exit(Exit.DONE if answered.ok else Exit.PARTIAL)


@command(app)
def check(face: Face) -> None:
    """Check settings, secrets, each source and the lake: one line each, with the mend. Exit status 2 on a failure."""
    from worklake import api
    from worklake.cli import show

    document = api.check(face.project)
    face.answer(document, *show.checked(document))
    raise typer.Exit(Exit.DONE if document.ok else Exit.NOTHING_TOUCHED)


def sandbox_server() -> Callable[..., None]:
    """What serves the sandbox. Raises `SettingsError` where its packages are not installed."""
    from worklake.errors import SettingsError

    try:
        from worklake.sandbox.server import run
    except ImportError as error:
        raise SettingsError(
            f"the sandbox needs packages that are not installed ({error.name}):"
            ' pip install "worklake[local,sandbox]", or in a checkout: pip install ".[local,sandbox]"'
        ) from error
    return run


@command(app)
def sandbox(
    face: Face,
    providers: Annotated[
        str, typer.Option(metavar="NAMES", help="Which providers, separated by commas.")
    ] = "gitlab,linear,github,notion,motion",
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 7,
    tasks: Annotated[int, typer.Option(min=0, help="How much work the team has.")] = 200,
    people: Annotated[int, typer.Option(min=1, help="How many people the team has.")] = 8,
    project_out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a conf/ there that points at the sandbox.")
    ] = None,
    quota_scale: Annotated[float, typer.Option(help="Scales the providers' own rate limits.")] = 1.0,
    port: Annotated[int, typer.Option(help="The first port; 0 for any that are free.")] = 0,
) -> None:
    """Serve the providers' own wire protocols on this machine, from a made-up team's work.

    Prints one JSON line when ready, with each provider's base_url, token and control_url, and runs until it is
    interrupted. The providers' published SDKs work against it. Faults and edits go through the control_url.
    """
    from worklake.errors import InvalidInputError

    run = sandbox_server()
    try:
        run(
            providers=[name.strip() for name in providers.split(",") if name.strip()],
            seed=seed,
            tasks=tasks,
            people=people,
            project_out=project_out,
            quota_scale=quota_scale,
            port=port,
        )
    except (ValueError, OSError) as error:
        raise InvalidInputError(f"the sandbox cannot start: {error}") from error
