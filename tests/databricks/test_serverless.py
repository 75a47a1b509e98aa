"""What serverless compute refuses is not in the code, and what it brings itself is not installed beside it."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.databricks.bundle import ROOT, bundle
from worklake.project import holder

SOURCES = sorted((ROOT / "src" / "worklake").rglob("*.py"))
REFUSED = {
    "accumulator", "checkpoint", "createGlobalTempView", "createOrReplaceGlobalTempView", "foreachPartition",
    "localCheckpoint", "parallelize", "persist", "processAllAvailable", "rdd", "sparkContext", "unpersist",
    "_jdf", "_jsc", "_jsparkSession", "_jvm", "_sc",
}  # fmt: skip
NEVER_IMPORTED = {"databricks.sdk.runtime", "pyspark.context", "pyspark.rdd", "pyspark.broadcast", "py4j"}
NEVER_SAID = ("global_temp.", "cache table", "dbfs:/", "/dbfs/", "create global")
SETTABLE = {
    "spark.databricks.execution.timeout",
    "spark.sql.ansi.enabled",
    "spark.sql.files.maxPartitionBytes",
    "spark.sql.legacy.timeParserPolicy",
    "spark.sql.session.timeZone",
    "spark.sql.shuffle.partitions",
}
OWN_SESSIONS = {"lake/engines/embedded.py", "lake/engines/spark.py"}
"""Engines that start a session of their own, which is never one of serverless; only they may configure it."""
NEVER_INSTALLED = {"databricks-connect", "delta-spark", "pyspark", "pyspark-client", "pyspark-connect", "pysail"}


def refused(tree: ast.AST, *, own_session: bool = False) -> Iterator[tuple[int, str]]:
    """The lines that ask for something which serverless refuses, and for what."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            named = isinstance(node.value, ast.Name) and node.value.id == "functools"
            if node.attr in REFUSED or (node.attr == "cache" and not named):
                yield node.lineno, node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for name in _imported(node):
                if any(name == one or name.startswith(f"{one}.") for one in NEVER_IMPORTED):
                    yield node.lineno, name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for word in NEVER_SAID:
                if word in node.value.lower():
                    yield node.lineno, word
        elif isinstance(node, ast.Call) and not own_session and _sets_configuration(node):
            key = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else "not a constant"
            if key not in SETTABLE:
                yield node.lineno, f"conf.set {key}"


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    for one in node.names:
        yield one.name if isinstance(node, ast.Import) else f"{node.module}.{one.name}"


def _sets_configuration(node: ast.Call) -> bool:
    function = node.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "set"
        and isinstance(function.value, ast.Attribute)
        and function.value.attr == "conf"
    )


def test_nothing_is_asked_that_serverless_refuses() -> None:
    found = []
    for path in SOURCES:
        name = path.relative_to(ROOT / "src" / "worklake").as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [(name, *one) for one in refused(tree, own_session=name in OWN_SESSIONS)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "spark.sparkContext.parallelize([1])", "frame.rdd.map(str)", "frame.cache()", "frame.persist()",
        "frame._jdf", "spark._jvm.java", "frame.createOrReplaceGlobalTempView('t')", "frame.checkpoint()",
        "spark.sql('SELECT * FROM global_temp.t')", "spark.sql('CACHE TABLE t')", "open('/dbfs/tmp/x')",
        "spark.conf.set('spark.databricks.delta.schema.autoMerge.enabled', 'true')", "spark.conf.set(key, 'x')",
        "from databricks.sdk.runtime import dbutils", "from pyspark.rdd import RDD", "import py4j.java_gateway",
    ],
)  # fmt: skip
def test_what_serverless_refuses_is_found(line: str) -> None:
    assert list(refused(ast.parse(line))) != []


@pytest.mark.parametrize(
    "line", ["@functools.cache\ndef f(): ...", "spark.conf.set('spark.sql.session.timeZone', 'UTC')", "chosen.set(1)"]
)
def test_what_serverless_takes_is_left_alone(line: str) -> None:
    assert list(refused(ast.parse(line))) == []


def test_installing_the_wheel_brings_no_spark() -> None:
    """Followed through the lock file, from what the wheel requires without extras."""
    packages = {one["name"]: one for one in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    waiting, reached = ["worklake"], set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [one["name"] for one in packages[name].get("dependencies", ())]
    assert {"pydantic", "pyarrow", "requests"} <= reached
    assert reached & NEVER_INSTALLED == set()
    declared: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not any("spark" in one for one in declared["dependencies"])


def test_a_job_installs_the_wheel_without_extras_and_no_spark() -> None:
    for key, job in bundle("prod")["resources"]["jobs"].items():
        for environment in job["environments"]:
            wheel, *others = environment["spec"]["dependencies"]
            assert wheel == "../dist/*.whl", key
            assert all(one.partition(">=")[0] == "databricks-sdk" for one in others), key


def test_the_package_is_imported_without_spark_and_without_a_workspace() -> None:
    """Rooms that a job needs, loaded where neither PySpark nor the SDK can be imported."""
    code = (
        "import sys\n"
        "for name in ('pyspark', 'pysail', 'deltalake', 'delta', 'databricks'): sys.modules[name] = None\n"
        "import worklake.jobs, worklake.api, worklake.cli.syncing, worklake.lake.lake, worklake.sync.cycle\n"
        "import worklake.lake.engines.databricks\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_run_has_a_holder_where_the_system_does_not_know_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs as a number."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)
    assert holder().startswith("user-4000000000@")
