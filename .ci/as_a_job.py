"""The installed wheel in the place of a job on serverless: `as_a_job.py CHECKOUT`.

Without PySpark, and with Databricks' own SDK, which asks a server on this machine for the secrets.
"""

import importlib.util
import json
import os
import sys
import tempfile
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distribution
from io import StringIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ruamel.yaml import YAML

from worklake.jobs import JobFailedError

SECRETS = {("worklake", "gitlab"): "glpat-made-up"}


class Workspace(BaseHTTPRequestHandler):
    """Gives secrets as the workspace's API does, and nothing else."""

    def do_GET(self) -> None:
        """Answer a read of a secret."""
        url = urlsplit(self.path)
        asked = {key: values[0] for key, values in parse_qs(url.query).items()}
        value = SECRETS.get((asked.get("scope", ""), asked.get("key", "")))
        known = url.path == "/api/2.0/secrets/get" and value is not None
        missing = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Secret does not exist"}
        found = {"key": asked.get("key"), "value": b64encode(str(value).encode()).decode()}
        body = json.dumps(found if known else missing).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def workspace() -> Iterator[str]:
    """The address of a workspace."""
    server = HTTPServer(("127.0.0.1", 0), Workspace)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def entry_points(checkout: Path) -> dict[str, Callable[[], None]]:
    """What each entry point that a task names leads to in the wheel."""
    scripts = {one.name: one for one in distribution("worklake").entry_points if one.group == "console_scripts"}
    tasks = [
        task["python_wheel_task"]
        for path in sorted((checkout / "jobs").glob("*.yml"))
        for job in YAML(typ="safe").load(path.read_text())["resources"]["jobs"].values()
        for task in job["tasks"]
    ]
    assert tasks
    assert {task["package_name"] for task in tasks} == {"worklake"}
    return {task["entry_point"]: scripts[task["entry_point"]].load() for task in tasks}


def checked(job: Callable[[], None], folder: Path, address: str) -> dict[str, tuple[bool, str]]:
    """What `check` says of a project whose sources have their tokens in secrets, one there and one not."""
    (folder / "conf").mkdir()
    (folder / "conf" / "worklake.yml").write_text("lake: {engine: databricks, catalog: main, schema: worklake}\n")
    source = f"provider: gitlab, base_url: '{address}'"
    (folder / "conf" / "sources.yml").write_text(
        f"sources:\n  there: {{{source}, token: 'databricks:worklake/gitlab', projects: [team/web]}}\n"
        f"  gone: {{{source}, token: 'databricks:worklake/gone', projects: [team/app]}}\n"
    )
    os.environ |= {"DATABRICKS_HOST": address, "DATABRICKS_TOKEN": "made-up", "DATABRICKS_CONFIG_FILE": os.devnull}
    sys.argv = ["worklake-job", "check", "--project", str(folder), "--json"]
    out = StringIO()
    try:
        with redirect_stdout(out):
            job()
    except JobFailedError as error:
        assert "ended with exit status 2" in str(error), error
    else:
        raise AssertionError("a check without a session has to fail")
    return {one["subject"]: (one["ok"], one["detail"]) for one in json.loads(out.getvalue())["checks"]}


def main() -> None:
    """Try it."""
    assert importlib.util.find_spec("pyspark") is None
    jobs = entry_points(Path(sys.argv[1]))
    with workspace() as address, tempfile.TemporaryDirectory() as folder:
        told = checked(jobs["worklake-job"], Path(folder), address)
    assert told["there: secret"] == (True, "found at databricks:worklake/gitlab"), told
    assert told["gone: secret"][0] is False, told
    assert "databricks secrets put-secret worklake gone" in told["gone: secret"][1], told
    assert told["lake"][0] is False, told
    assert "no session runs here" in told["lake"][1], told
    sys.stdout.write("the installed wheel ran as a job, without PySpark and with a workspace's secrets\n")


main()
