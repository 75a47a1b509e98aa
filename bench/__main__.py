"""`python -m bench`: measure, print, clean up. Ends with 0 whatever the figures, with 1 when something broke."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from bench.measure import BrokenRunError, compiled_once
from bench.report import document, show
from bench.scenarios import FULL, QUICK, first_load, grown_lake, grown_sync, two_sources, warm_up

PARTS = {
    "first-load": first_load,
    "grown-lake": grown_lake,
    "two-sources": two_sources,
    "grown-sync": grown_sync,
}


def main() -> int:
    """Run the chosen parts and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Worklake's speed beside requests and dlt.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes: 20,000 issues, and a lake of 100,000")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout instead of tables")
    parser.add_argument("--only", choices=PARTS, help="only this part")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    sizes = QUICK if chosen.quick else FULL
    parts = []
    try:
        with compiled_once():
            with tempfile.TemporaryDirectory(prefix="worklake-bench-") as folder:
                print("warming up …", file=sys.stderr)
                warm_up(Path(folder))
            for name in [chosen.only] if chosen.only else PARTS:
                with tempfile.TemporaryDirectory(prefix="worklake-bench-") as folder:
                    parts.append(PARTS[name](sizes, Path(folder)))
    except BrokenRunError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    if chosen.json:
        print(json.dumps(document(parts), indent=2))
    else:
        show(parts)
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
