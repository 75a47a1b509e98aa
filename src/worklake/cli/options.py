"""The global options, before or after the command's name, and how commands are declared with them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from worklake.cli.face import Face

_GLOBAL = "Global options"

ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="DIR",
        help="The project folder. Default: the nearest one upward that has conf/worklake.yml.",
        rich_help_panel=_GLOBAL,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.", rich_help_panel=_GLOBAL)]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", help="Log every step and call to stderr.", rich_help_panel=_GLOBAL)
]
NoProgressOption = Annotated[
    bool, typer.Option("--no-progress", help="Show no progress on stderr.", rich_help_panel=_GLOBAL)
]

_OPTIONS = {
    "project": (ProjectOption, None),
    "json": (JsonOption, False),
    "verbose": (VerboseOption, False),
    "no_progress": (NoProgressOption, False),
}


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a command whose first parameter is the `Face`; it gets the global options besides its own."""

    def declare(function: Callable[..., None]) -> Callable[..., None]:
        app.command(name)(_with_global_options(function))
        return function

    return declare


def group_command(app: typer.Typer) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare what a group of commands does where none of them is named. Global options may stand before one."""

    def declare(function: Callable[..., None]) -> Callable[..., None]:
        app.callback(invoke_without_command=True)(_with_global_options(function))
        return function

    return declare


def _with_global_options(function: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(function)
    def run(ctx: typer.Context, **given: Any) -> None:
        face: Face = ctx.find_root().obj
        face.project = given.pop("project") or face.project
        for flag in ("json", "verbose", "no_progress"):
            setattr(face, flag, given.pop(flag) or getattr(face, flag))
        if ctx.invoked_subcommand is not None:
            return
        from worklake.logs import set_up_logs

        set_up_logs(verbose=face.verbose)
        function(face, **given)

    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("ctx", keyword, annotation=typer.Context),
        *(parameter.replace(kind=keyword) for parameter in own),
        *(
            inspect.Parameter(option, keyword, annotation=annotation, default=default)
            for option, (annotation, default) in _OPTIONS.items()
        ),
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
