"""`python -m worklake.sandbox`: the sandbox without the rest of the command line."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from worklake.sandbox.server import REGISTRY, SERVED_UNLESS_TOLD, run


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; answers the exit status: 0, or 2 when nothing could be served."""
    given = _parser().parse_args(arguments)
    try:
        run(
            providers=[name.strip() for name in given.providers.split(",") if name.strip()],
            seed=given.seed,
            tasks=given.tasks,
            people=given.people,
            project_out=given.project_out,
            quota_scale=given.quota_scale,
            port=given.port,
            now=given.now,
        )
    except (ValueError, OSError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worklake.sandbox", description=__doc__)
    parser.add_argument(
        "--providers", default=",".join(SERVED_UNLESS_TOLD), help=f"kinds to serve, of {', '.join(REGISTRY)}"
    )
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same world")
    parser.add_argument("--tasks", type=int, default=200, help="pieces of work in the world")
    parser.add_argument("--people", type=int, default=8, help="members of the team")
    parser.add_argument("--project-out", type=Path, help="write a project folder that points at the sandbox")
    parser.add_argument("--quota-scale", type=float, default=1.0, help="factor on the providers' own rate limits")
    parser.add_argument("--port", type=int, default=0, help="first port; 0 takes free ones")
    parser.add_argument("--now", type=_moment, help="the world's present, RFC 3339; by default the real one")
    return parser


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    raise SystemExit(main())
