"""Conflicts are tried again, boundedly; other errors are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from worklake.errors import CommitConflictError, LakeError
from worklake.lake.names import fill, literal, quote
from worklake.lake.retry import until_committed


class Writer:
    """Fails with these errors, one a call, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.waits: list[float] = []

    def __call__(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "written"


def conflict() -> Exception:
    return RuntimeError("[DELTA_CONCURRENT_APPEND] files were added by a concurrent update")


def test_a_conflict_is_tried_again_after_a_growing_wait() -> None:
    writer = Writer(*(conflict() for _ in range(8)))
    assert until_committed(writer, "tasks", chance=lambda: 1.0, wait=writer.waits.append) == "written"
    assert writer.waits == [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0]


def test_the_tries_are_bounded_and_the_error_says_what_to_do() -> None:
    writer = Writer(*(conflict() for _ in range(9)))
    with pytest.raises(CommitConflictError, match=r"tasks first; gave up after 3 tries\. Run the command again"):
        until_committed(writer, "tasks", attempts=3, wait=writer.waits.append)
    assert len(writer.errors) == 6


def test_a_checkpoint_that_another_process_is_just_writing_is_waited_for() -> None:
    half = LakeError("lake/tasks cannot be opened: Kernel error: Arrow error: Parquet error: Corrupt footer")
    assert until_committed(Writer(half, half), "tasks", wait=lambda _: None) == "written"


def test_another_error_is_not_tried_again() -> None:
    writer = Writer(ValueError("disk full"), conflict())
    with pytest.raises(ValueError, match="disk full"):
        until_committed(writer, "tasks", wait=writer.waits.append)
    assert writer.waits == []


def test_names_and_texts_are_quoted() -> None:
    assert quote("a", "b`c") == "`a`.`b``c`"
    assert literal("it's \\ so") == "'it\\'s \\\\ so'"


def test_only_known_names_in_braces_are_filled() -> None:
    assert fill("SELECT '{x}' FROM {tasks}", {"tasks": "`t`"}, {}) == "SELECT '{x}' FROM `t`"
    assert fill("SELECT '{x}' FROM {tasks} {f}", {"tasks": "`t`"}, {"f"}) == "SELECT '{{x}}' FROM `t` {f}"


def test_importing_the_lake_loads_nothing_heavy() -> None:
    code = (
        "import sys, worklake.lake.lake; "
        "print([m for m in ('pyspark', 'pysail', 'deltalake', 'pyarrow', 'pandas', 'grpc') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_process_that_used_the_embedded_engine_ends_quietly_also_behind_a_proxy(tmp_path: Path) -> None:
    pytest.importorskip("pysail", reason="pysail is not installed")
    code = (
        "import sys; from pathlib import Path; from worklake.lake.lake import open_lake; "
        "from worklake.settings.models import EmbeddedLake; "
        "lake = open_lake(EmbeddedLake(), Path(sys.argv[1]), create=True); lake.ensure(); "
        "print(lake.sql('SELECT count(*) AS n FROM {tasks}').to_pylist())"
    )
    proxy = dict.fromkeys(("http_proxy", "https_proxy", "grpc_proxy"), "http://127.0.0.1:9")
    environment = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"} | proxy
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=60, env=environment,
    )  # fmt: skip
    assert done.stdout == "[{'n': 0}]\n"
    assert done.stderr == ""


def test_files_that_cannot_be_written_are_a_lake_error_that_names_the_table() -> None:
    writer = Writer(PermissionError(13, "Permission denied"))
    with pytest.raises(LakeError, match=r"tasks could not be read or written: .*Permission denied"):
        until_committed(writer, "tasks", wait=writer.waits.append)
