import http.client
import json
import signal
import socket
import stat
import subprocess
import sys

import pytest
import requests

from tests.support.sandbox import read_ready_line, running_sandbox, start_sandbox


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_with_0_though_connections_are_open(number):
    process = start_sandbox("--providers", "gitlab", "--tasks", "5")
    try:
        served = read_ready_line(process)["gitlab"]
        host = served.base_url.removeprefix("http://")
        connection = http.client.HTTPConnection(host)
        connection.request("GET", "/api/v4/user", headers={"PRIVATE-TOKEN": served.token})
        assert connection.getresponse().read()
        rule = [{"path": "/version", "delay_seconds": 60}]
        requests.post(f"{served.control_url}/faults", json=rule, timeout=5)
        connection.request("GET", "/api/v4/version", headers={"PRIVATE-TOKEN": served.token})
        process.send_signal(number)
        assert process.wait(5) == 0
        connection.close()
    finally:
        process.kill()
        process.communicate()


def test_the_same_seed_serves_the_same_issues():
    def shown():
        arguments = ("--providers", "gitlab", "--tasks", "20", "--seed", "11", "--now", "2026-03-01T10:00:00Z")
        with running_sandbox(*arguments) as providers:
            one = providers["gitlab"]
            text = requests.get(f"{one.control_url}/items", timeout=10).text
            return json.loads(text.replace(one.base_url, "BASE"))

    assert shown() == shown()


def test_all_providers_answer_and_a_project_points_at_them(tmp_path):
    folder = tmp_path / "project"
    with running_sandbox("--tasks", "80", "--project-out", str(folder)) as providers:
        assert set(providers) == {"gitlab", "linear", "github", "notion", "motion"}
        for one in providers.values():
            assert requests.get(f"{one.control_url}/items", timeout=10).json()
    conf = {path.name for path in (folder / "conf").iterdir()}
    assert conf == {"worklake.yml", "sources.yml", "policy.yml", "routing.yml", "people.yml"}
    secret = folder / "secrets" / "gitlab"
    assert secret.read_text().strip() == providers["gitlab"].token
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    sources = (folder / "conf" / "sources.yml").read_text()
    assert "/secrets/" in (folder / ".gitignore").read_text().splitlines()
    assert providers["gitlab"].base_url in sources and providers["gitlab"].token not in sources


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--providers", "jira"), "no provider 'jira'"),
        (("--providers", ""), "at least one"),
        (("--tasks", "-1"), "0 or more"),
        (("--quota-scale", "0"), "above 0"),
    ],
)
def test_settings_without_sense_end_with_2_and_the_reason(arguments, word):
    process = start_sandbox(*arguments)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2 and word in errors.decode() and "Traceback" not in errors.decode()


def test_an_existing_project_is_not_touched(tmp_path):
    (tmp_path / "conf").mkdir()
    settings = tmp_path / "conf" / "worklake.yml"
    settings.write_text("mine")
    process = start_sandbox("--providers", "gitlab", "--tasks", "1", "--project-out", str(tmp_path))
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2 and "exists already" in errors.decode()
    assert settings.read_text() == "mine" and list(tmp_path.iterdir()) == [tmp_path / "conf"]


def test_a_taken_port_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start_sandbox("--providers", "gitlab", "--tasks", "1", "--port", str(port))
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 2 and f"port {port} is not free" in errors.decode()


def test_the_sandbox_imports_nothing_else_of_worklake():
    code = (
        "import sys, worklake.sandbox.server, worklake.sandbox.gitlab;"
        "print([name for name in sys.modules if name.startswith('worklake.') "
        "and not name.startswith('worklake.sandbox')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"
