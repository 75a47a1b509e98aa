"""The console that people's output goes through."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.text import Text

from worklake.cli.face import stop_writing


class PlainConsole(Console):
    """Shows texts as they are: no emoji for `:bug:`, no style for `[bold]`. A reader that leaves is no failure."""

    def __init__(self, *, width: int | None = None, stderr: bool = False) -> None:
        # A job on Databricks looks like a notebook, which would be sent HTML in place of lines for the log.
        super().__init__(highlight=False, emoji=False, markup=False, width=width, stderr=stderr, force_jupyter=False)

    def show(self, *parts: RenderableType) -> None:
        """Print each; lines of text stay lines, however long."""
        for part in parts:
            self.print(part, soft_wrap=isinstance(part, str | Text))

    def on_broken_pipe(self) -> None:
        """Write no more."""
        self.quiet = True
        stop_writing()
