"""The application: its commands, and how their failures become exit statuses."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any, NoReturn

import orjson
import typer

from worklake.cli.face import Exit, Face, patient_with_readers
from worklake.cli.options import JsonOption, NoProgressOption, ProjectOption, VerboseOption
from worklake.errors import LakeError, StoppedError, WorklakeError

# Every usage error is one of these; typer names only this descendant of it in public.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="worklake",
    help=(
        "Keeps a team's work in one lakehouse, and the tools it lives in, in agreement: reads them into Delta tables,"
        " merges their edits field by field into one list of tasks, and writes back exactly what a saved plan says."
    ),
    epilog=(
        "Start with: worklake demo. For your own accounts: worklake init, worklake check, worklake pull. Then worklake"
        " plan shows what would be written where and why, worklake apply writes just that, worklake sync does all.\n\n"
        "Exit status: 0 done, 1 done in part, 2 nothing touched, 3 stopped for a person to decide, 130 interrupted."
    ),
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
    try:
        status = run()
        with patient_with_readers():
            sys.stdout.flush()
    except KeyboardInterrupt:
        status = Exit.INTERRUPTED
    except WorklakeError as error:
        status = fail(error)
    if status == Exit.INTERRUPTED:
        _end_interrupted()
    sys.exit(status)


def run() -> int:
    """Carry out this process's arguments; the exit status. Raises `WorklakeError`, which `fail` tells the user."""
    from worklake.cli import demo, linking, reading, setting_up, syncing  # noqa: F401  each declares its commands

    try:
        return app(standalone_mode=False) or Exit.DONE
    except _UsageError as error:
        return _fail_usage(error, as_json="--json" in sys.argv)


def _end_interrupted() -> NoReturn:
    """End at once: an interrupt within gRPC leaves threads that a regular end would wait for, for ever."""
    sys.stderr.write("interrupted; what was committed stays, and the next run goes on from there\n")
    with patient_with_readers():
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(Exit.INTERRUPTED)


def _fail_usage(error: Any, *, as_json: bool) -> Exit:
    """Say what is wrong with the arguments. Where there were none, the help has been shown already."""
    message = error.format_message()
    if as_json:
        _write_error("UsageError", message)
    if message:
        error.show(sys.stderr)
    return Exit.NOTHING_TOUCHED


def fail(error: WorklakeError) -> Exit:
    """Tell the user what went wrong; the exit status that goes with it."""
    from worklake.logs import redact

    message = str(redact(str(error)))
    if "--json" in sys.argv:
        _write_error(type(error).__name__, message)
    stopped = "stopped for a person: " if isinstance(error, StoppedError) else ""
    sys.stderr.write(f"worklake: {stopped}{message}\n")
    if isinstance(error, StoppedError):
        return Exit.STOPPED_FOR_A_PERSON
    in_part = isinstance(error, LakeError) and error.after_commits
    return Exit.PARTIAL if in_part else Exit.NOTHING_TOUCHED


def _write_error(kind: str, message: str) -> None:
    document = {"error": {"type": kind, "message": message}}
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")
