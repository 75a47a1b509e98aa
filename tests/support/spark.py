"""Spark for the tests: one session in this process, and one server to connect to.

All tests on one of them run in one worker, as each starts a Java of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.waiting import looks
from worklake.errors import SettingsError
from worklake.lake.engines.spark import DELTA_PACKAGE, SESSION_CONFIG, SparkEngine, check_installed

# A timeout breaks the session for all that follow.
ON_SPARK = [pytest.mark.spark, pytest.mark.xdist_group("spark"), pytest.mark.timeout(900)]
ON_CONNECT = [pytest.mark.spark, pytest.mark.xdist_group("spark-connect"), pytest.mark.timeout(900)]
SPARK = pytest.param("spark", marks=ON_SPARK)
CONNECT = pytest.param("spark-connect", marks=ON_CONNECT)

# Half the time of a short test run goes into compiling well what runs once.
_JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
# Few rows are not worth generated code.
_QUICK = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}


@contextmanager
def spark_session() -> Iterator[None]:
    """A session that every lake in this process uses, and leaves running."""
    _prepare()
    keeper = SparkEngine("unused")
    assert keeper.session is not None
    yield
    keeper.close()


@contextmanager
def spark_connect_server() -> Iterator[str]:
    """The address of a Spark Connect server of our own."""
    _prepare()
    import pyspark

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = {
        **SESSION_CONFIG,
        **_QUICK,
        "spark.jars.packages": DELTA_PACKAGE,
        "spark.connect.grpc.binding.port": str(port),
    }
    command = [str(Path(pyspark.__file__).parent / "bin" / "spark-submit"), "--master", "local[2]"]
    for key, value in config.items():
        command += ["--conf", f"{key}={value}"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    environment.pop("SPARK_REMOTE", None)
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in looks(180):
            assert server.poll() is None, f"the Connect server ended with status {server.returncode}"
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _prepare() -> None:
    os.environ.setdefault("JDK_JAVA_OPTIONS", _JAVA_OPTIONS)
    try:
        check_installed()
    except SettingsError as error:
        pytest.skip(str(error))
    # Who has connected to a server leaves this behind, and PySpark would look for one.
    os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)
