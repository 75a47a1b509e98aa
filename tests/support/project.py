"""A project folder that points at a running sandbox, and the command line as a user runs it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import requests

import worklake
from tests.support.sandbox import Served, running_sandbox
from worklake.cli import main


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)


def worklake_command(*arguments: str, cwd: Path | None = None) -> Ran:
    """`worklake ARGUMENTS` within this process, as its entry point would run it."""
    out, err, before = StringIO(), StringIO(), sys.argv
    sys.argv = ["worklake", *arguments]
    status = 0
    try:
        with redirect_stdout(out), redirect_stderr(err), chdir(cwd or Path.cwd()):
            main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.argv = before
    return Ran(status, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Project:
    """A project folder and the sandbox behind it, by provider (which is also the source's name)."""

    folder: Path
    served: Mapping[str, Served]

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def run(self, *arguments: str) -> Ran:
        """`worklake ARGUMENTS --json`."""
        return worklake_command(*arguments, "--project", str(self.folder), "--json", "--no-progress")

    def pull(self, *sources: str) -> dict[str, Any]:
        """Pull in this process; what it did by source."""
        return worklake.pull(self.folder, sources).model_dump()["sources"]

    def rows(self, query: str) -> list[dict[str, Any]]:
        """A query over the lake."""
        with worklake.connect(self.folder) as lake:
            return lake.rows(query)

    def items(self, provider: str) -> list[dict[str, Any]]:
        """Every live task-like item of a provider, as its API shows it."""
        listed = requests.get(f"{self.served[provider].control_url}/items", timeout=10).json()
        return [item for item in listed if not item["deleted"]]

    def edit(self, provider: str, external_id: str, **fields: Any) -> None:
        """Edit an item as a person would."""
        self._control("PATCH", provider, f"items/{external_id}", fields)

    def create(self, provider: str, **fields: Any) -> str:
        """Create an item as a person would; its external id."""
        return str(self._control("POST", provider, "items", fields).json()["external_id"])

    def fault(self, provider: str, **rule: Any) -> None:
        """Make calls go wrong as the rule says."""
        self._control("POST", provider, "faults", [{"method": "GET", "path": ".*", "times": 100} | rule])

    def mend(self) -> None:
        """No more faults anywhere."""
        for provider in self.served:
            self._control("DELETE", provider, "faults")

    def requests_made(self, provider: str) -> list[dict[str, Any]]:
        """The log of requests to a provider's own protocol."""
        return list(self._control("GET", provider, "requests").json())

    def settings(self, file: str, text: str) -> None:
        """Write a settings file anew."""
        (self.folder / "conf" / file).write_text(text, encoding="utf-8")

    def versions(self) -> dict[str, int]:
        """How many commits each table of the lake has."""
        return {path.parent.name: len(list(path.glob("*.json"))) for path in self.lake.glob("*/_delta_log")}

    def _control(self, method: str, provider: str, call: str, body: Any = None) -> requests.Response:
        answer = requests.request(method, f"{self.served[provider].control_url}/{call}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer


@contextmanager
def sandbox_project(folder: Path, *arguments: str) -> Iterator[Project]:
    """A new project in `folder` and a sandbox process (started with these arguments) that it points at: of GitLab and
    Linear, unless they say otherwise.
    """
    with running_sandbox("--providers", "gitlab,linear", "--project-out", str(folder), *arguments) as served:
        yield Project(folder, served)
