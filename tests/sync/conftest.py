"""Projects over running sandboxes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.project import Project, sandbox_project


def need_embedded() -> None:
    """Skip what runs on the embedded engine where it is not installed."""
    pytest.importorskip("pysail", reason="the embedded engine is not installed")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A team of forty pieces of work in both tools, not pulled yet."""
    need_embedded()
    with sandbox_project(tmp_path / "my project", "--tasks", "40") as made:
        yield made


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A team of eighty pieces of work, pulled once. Tests that share it leave no edit behind that another relies on."""
    need_embedded()
    with sandbox_project(tmp_path_factory.mktemp("pulled") / "project", "--tasks", "80") as made:
        made.pull()
        yield made


settings.register_profile("deep", max_examples=20_000)
