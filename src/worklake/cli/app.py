"""The application: its commands, and how their failures become exit statuses."""

from __future__ import annotations

import sys
from typing import Annotated

import orjson
import typer

from worklake.cli.face import Exit, Face
from worklake.cli.options import JsonOption, NoProgressOption, ProjectOption, VerboseOption
from worklake.errors import LakeError, WorklakeError

app = typer.Typer(
    name="worklake",
    help="Keeps a team's work in one lakehouse: reads the tools it lives in into Delta tables, as one list of tasks.",
    epilog="Start with: worklake demo. For your own accounts: worklake init, worklake check, worklake pull.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"worklake {version('worklake')}")
        raise typer.Exit


@app.callback()
def _global_options(
    ctx: typer.Context,
    project: ProjectOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
    no_progress: NoProgressOption = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    ctx.obj = Face(project, json, verbose, no_progress)


def main() -> None:
    """Run the command line with this process's arguments."""
    from worklake.cli import demo, reading, setting_up  # noqa: F401  each declares its commands

    try:
        app()
    except WorklakeError as error:
        _fail(error, as_json="--json" in sys.argv)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was committed stays, and the next run goes on from there\n")
        sys.exit(130)


def _fail(error: WorklakeError, *, as_json: bool) -> None:
    from worklake.logs import redact

    message = str(redact(str(error)))
    if as_json:
        document = {"error": {"type": type(error).__name__, "message": message}}
        sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stderr.write(f"worklake: {message}\n")
    in_part = isinstance(error, LakeError) and error.after_commits
    sys.exit(Exit.PARTIAL if in_part else Exit.NOTHING_TOUCHED)
