"""The bundle's files hold to the published schema, and everything that they name is there."""

import json
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from jsonschema import Draft202012Validator
from typer.main import get_command

from tests.databricks.bundle import MAIN, REFERENCE, ROOT, bundle, files, load, merged, references, targets, texts
from tests.databricks.quartz import problem
from worklake.cli import demo, reading, setting_up, syncing  # noqa: F401  each declares its commands
from worklake.cli.app import app

SCHEMA = ROOT / "tests" / "contracts" / "databricks-bundle.schema.json"
ROOT_KEYS = {"artifacts", "bundle", "include", "resources", "sync", "targets", "variables"}
OF_THE_CLI = {
    "bundle.name",
    "bundle.target",
    "workspace.current_user.userName",
    "workspace.current_user.short_name",
}
COMPUTED = {"resources.volumes.project.volume_path"}
"""Fields of resources that no file sets and the CLI knows."""


def problems(document: Any) -> list[str]:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    return [f"{'.'.join(map(str, one.path))}: {one.message}" for one in validator.iter_errors(document)]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", files(), ids=name)
def test_every_file_holds_to_the_published_schema(path: Path) -> None:
    document = load(path)
    assert problems(document) == []
    assert set(document) <= (ROOT_KEYS if path == MAIN else {"resources"})


@pytest.mark.parametrize(
    "mistake",
    [
        {"schedule": {"quartz_cron_expresion": "0 0 1 * * ?"}},
        {"schedule": {"quartz_cron_expression": "0 0 1 * * ?"}},
        {"max_concurrent_runs": "one"},
        {"tasks": [{"environment_key": "worklake"}]},
        {"permissions": [{"level": "READ", "group_name": "people"}]},
    ],
)
def test_the_schema_finds_mistakes(mistake: dict[str, Any]) -> None:
    job = load(ROOT / "jobs" / "sync.job.yml")["resources"]["jobs"]["sync"]
    assert problems({"resources": {"jobs": {"sync": {**job, **mistake}}}}) != []


def test_every_file_of_the_bundle_is_included() -> None:
    there = {*ROOT.glob("jobs/**/*.y*ml"), *ROOT.glob("resources/**/*.y*ml")}
    assert there == set(files()) - {MAIN}
    for path in load(MAIN)["sync"]["paths"]:
        assert (ROOT / path).is_dir()


@pytest.mark.parametrize("target", targets())
def test_every_reference_leads_somewhere(target: str) -> None:
    whole = bundle(target)
    del whole["targets"]
    variables = {f"var.{key}" for key in whole["variables"]}
    unresolved = {
        one
        for one in references(whole)
        if one not in OF_THE_CLI | variables | COMPUTED and not (one.startswith("resources.") and _is_set(whole, one))
    }
    assert unresolved == set()
    assert {one.removesuffix(".volume_path") for one in COMPUTED} == {"resources.volumes.project"}
    assert "project" in whole["resources"]["volumes"]


def _is_set(whole: dict[str, Any], reference: str) -> bool:
    node: Any = whole
    for key in reference.split("."):
        if not isinstance(node, dict) or key not in node:
            return False
        node = node[key]
    return isinstance(node, str)


def test_every_variable_is_described_and_used() -> None:
    main = load(MAIN)
    used = set().union(*(references(load(path)) for path in files()))
    for key, variable in main["variables"].items():
        assert len(variable["description"]) > 20, key
        assert f"var.{key}" in used, key
    for target in main["targets"].values():
        assert set(target.get("variables", ())) <= set(main["variables"])


def test_a_dollar_sign_stands_only_before_a_whole_reference() -> None:
    for path in files():
        for where, text in texts(load(path)):
            assert "$" not in REFERENCE.sub("", text), (path.name, where)


def test_the_targets_name_no_workspace() -> None:
    assert set(targets()) == {"dev", "staging", "prod"}
    for path in files():
        assert not re.search(r"^\s*(host|profile)\s*:", path.read_text(), re.MULTILINE), path
        assert "https://" not in path.read_text(), path


def test_only_dev_is_one_persons_own() -> None:
    modes = {target: bundle(target)["mode"] for target in targets()}
    assert modes == {"dev": "development", "staging": "production", "prod": "production"}
    for target in ("staging", "prod"):
        whole = bundle(target)
        deployer = "${workspace.current_user.userName}"
        assert whole["run_as"] == {"service_principal_name": deployer}
        assert deployer in whole["workspace"]["root_path"]
        levels = {one["level"] for one in whole["resources"]["secret_scopes"]["tokens"]["permissions"]}
        assert levels == {"MANAGE", "WRITE"}
        for job in whole["resources"]["jobs"].values():
            assert job["permissions"] == [{"level": "CAN_MANAGE_RUN", "group_name": "${var.operators}"}]
        granted = [one["principal"] for one in whole["resources"]["schemas"]["worklake"]["grants"]]
        assert granted == ["${var.readers}", "${var.operators}"]


@pytest.mark.parametrize("target", targets())
def test_what_holds_data_or_tokens_is_not_destroyed_but_in_dev(target: str) -> None:
    resources = bundle(target)["resources"]
    kept = {key: one.get("lifecycle") == {"prevent_destroy": True}
            for kind in ("schemas", "volumes", "secret_scopes") for key, one in resources[kind].items()}  # fmt: skip
    assert kept == dict.fromkeys(("worklake", "project", "tokens"), target != "dev")


def test_jobs_run_as_often_as_they_say() -> None:
    jobs = bundle("prod")["resources"]["jobs"]
    schedules = {key: job["schedule"]["quartz_cron_expression"] for key, job in jobs.items() if "schedule" in job}
    assert schedules == {"sync": "0 0/15 * * * ?", "sweep": "0 8 2 * * ?", "maintain": "0 38 3 ? * SUN"}
    assert set(jobs) == {*schedules, "check", "plan"}
    for key, job in jobs.items():
        assert job["max_concurrent_runs"] == 1, key
        assert job["timeout_seconds"] > 0, key
        assert job["email_notifications"]["on_failure"] == ["${var.notify}"], key
        assert job.get("schedule", {"pause_status": "${var.schedules}"})["pause_status"] == "${var.schedules}", key
    assert jobs["sync"]["queue"] == {"enabled": False}
    assert {bundle(target)["variables"]["schedules"]["default"] for target in ("staging", "prod")} == {"UNPAUSED"}
    assert load(MAIN)["targets"]["dev"]["variables"]["schedules"] == "PAUSED"


@pytest.mark.parametrize("target", targets())
def test_a_task_that_others_come_after_sends_its_own_mail_when_it_fails(target: str) -> None:
    """Whether a job failed, its last tasks tell: where these run in any case, what failed before does not count."""
    told = set()
    for key, job in bundle(target)["resources"]["jobs"].items():
        followed = {one["task_key"] for task in job["tasks"] for one in task.get("depends_on", ())}
        for task in job["tasks"]:
            if task["task_key"] in followed:
                mails = job["email_notifications"]["on_failure"]
                assert task.get("email_notifications") == {"on_failure": mails}, (key, task["task_key"])
                assert task.get("notification_settings") == job["notification_settings"], (key, task["task_key"])
                told.add((key, task["task_key"]))
    assert told == {("sweep", "sweep")}


@pytest.mark.parametrize("target", targets())
def test_every_task_calls_an_entry_point_with_a_command_and_its_project(target: str) -> None:
    """Of the installed package; `.ci/wheel` asks the same of the built wheel."""
    scripts = {one.name: one for one in distribution("worklake").entry_points if one.group == "console_scripts"}
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for key, job in bundle(target)["resources"]["jobs"].items():
        environments = {one["environment_key"] for one in job["environments"]}
        for task in job["tasks"]:
            wheel = task["python_wheel_task"]
            assert wheel["package_name"] == "worklake", key
            assert callable(scripts[wheel["entry_point"]].load()), key
            command, *options = wheel["parameters"]
            assert command == task["task_key"], key
            assert command in commands, key
            assert options == ["--project", "${resources.volumes.project.volume_path}", "--no-progress"], key
            assert task["environment_key"] in environments, key
            assert {one["task_key"] for one in task.get("depends_on", ())} <= {one["task_key"] for one in job["tasks"]}


def test_cron_expressions_and_time_zones_parse() -> None:
    main = load(MAIN)["variables"]
    for target in targets():
        for key, job in bundle(target)["resources"]["jobs"].items():
            for where, text in texts(job):
                if where.endswith("quartz_cron_expression"):
                    assert problem(text) is None, (key, problem(text))
                if where.endswith("timezone_id"):
                    zone = main["time_zone"]["default"] if text == "${var.time_zone}" else text
                    assert zone in available_timezones(), key


@pytest.mark.parametrize(
    "expression",
    [
        "*/15 * * * *",
        "0 0/15 * * * *",
        "0 60 * * * ?",
        "0 0 0 ? * ?",
        "0 0 0 32 * ?",
        "0 0 24 * * ?",
        "0 0 1 ? * SUNDAY",
    ],
)
def test_what_quartz_refuses_is_found(expression: str) -> None:
    assert problem(expression) is not None


def test_targets_are_laid_over_the_rest_and_lists_are_joined() -> None:
    assert merged({"a": {"b": 1, "c": [1]}}, {"a": {"c": [2], "d": 3}}) == {"a": {"b": 1, "c": [1, 2], "d": 3}}
