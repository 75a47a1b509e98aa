"""How many calls a sync makes at each provider: at first, when nothing changed, after one edit, for one new task.

`python -m bench.calls [TASKS]` serves the sandbox's five providers from a world of so many tasks (40 unless told). Its
work stays where it is, but for one task that a rule brings to all five, and counts what their request logs hold.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

import worklake

PROVIDERS = ("gitlab", "github", "linear", "notion", "motion")
MARK = "In all five"
TITLES = {"motion": "name"}
ROUTING = f"rules: [{{name: everywhere, when: \"title like '{MARK}%'\", to: [{', '.join(PROVIDERS)}]}}]\n"
FASTEST = "1000"
"""So many times a provider's own limits: what is counted are calls, not waiting."""


def counted(tasks: int) -> dict[str, dict[str, Counter[str]]]:
    """The calls by what was done, provider and method."""
    with tempfile.TemporaryDirectory(prefix="worklake-calls-") as name, _sandbox(Path(name), tasks) as served:
        folder, found = Path(name), dict[str, dict[str, Counter[str]]]()
        (folder / "conf" / "routing.yml").write_text(ROUTING, encoding="utf-8")

        def sync(what: str) -> None:
            for one in served.values():
                requests.delete(f"{one['control_url']}/requests", timeout=60).raise_for_status()
            worklake.sync(folder)
            found[what] = {source: _methods(one) for source, one in served.items()}

        sync(f"a first sync of {tasks} tasks")
        worklake.sync(folder)
        sync("nothing changed")
        born = requests.post(f"{served['gitlab']['control_url']}/items", json={"title": MARK}, timeout=60)
        born.raise_for_status()
        sync("a new issue in GitLab, made in the four others")
        worklake.sync(folder)
        for source in PROVIDERS:
            (edited,) = [task for task in worklake.tasks(folder).tasks if task.title.startswith(MARK)]
            (item,) = [link.external_id for link in edited.links if link.source == source]
            field = TITLES.get(source, "title")
            url = f"{served[source]['control_url']}/items/{item}"
            requests.patch(url, json={field: f"{MARK}, said in {source}"}, timeout=60).raise_for_status()
            sync(f"its title edited in {source}")
        return found


def _methods(served: Mapping[str, str]) -> Counter[str]:
    log = requests.get(f"{served['control_url']}/requests", timeout=60).json()
    return Counter("304" if one["status"] == 304 else one["method"] for one in log)


@contextmanager
def _sandbox(folder: Path, tasks: int) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "worklake.sandbox", "--providers", ",".join(PROVIDERS), "--tasks", str(tasks)]
    command += ["--project-out", str(folder), "--quota-scale", FASTEST]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["providers"]
        finally:
            process.terminate()


def main() -> None:
    """Count and print."""
    found = counted(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
    table = Table("one sync", *PROVIDERS)
    for what, by_source in found.items():
        cells = (by_source[source] for source in PROVIDERS)
        table.add_row(what, *(f"{cell.total()} ({_said(cell)})" if cell else "0" for cell in cells))
    Console(width=160).print(table)


def _said(calls: Counter[str]) -> str:
    return ", ".join(f"{count} {method}" for method, count in sorted(calls.items()))


if __name__ == "__main__":
    main()
