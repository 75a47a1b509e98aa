"""The command line: `worklake`. Thin: each command parses, calls one thing, shows the result."""

from worklake.cli.app import main

__all__ = ["main"]
