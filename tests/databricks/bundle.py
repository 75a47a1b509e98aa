"""The bundle's files as the Databricks CLI puts them together, as far as the tests need it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "databricks.yml"
REFERENCE = re.compile(r"\$\{([^}]*)\}")


def load(path: Path) -> Any:
    """What a YAML file says; a key that is there twice is an error."""
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def files() -> list[Path]:
    """The main file and those that it includes."""
    included = [sorted(ROOT.glob(pattern)) for pattern in load(MAIN)["include"]]
    assert all(included), "a pattern of include: finds no file"
    return [MAIN, *(path for found in included for path in found)]


def targets() -> list[str]:
    """The names of the targets."""
    return list(load(MAIN)["targets"])


def bundle(target: str) -> dict[str, Any]:
    """The whole bundle for a target."""
    whole: dict[str, Any] = {}
    for path in files():
        whole = merged(whole, load(path))
    return merged(whole, whole["targets"][target])


def merged(here: Any, there: Any) -> Any:
    """One mapping over another; lists are joined, as the CLI joins them."""
    if isinstance(here, dict) and isinstance(there, dict):
        return {key: merged(here[key], there[key]) if key in here and key in there else {**here, **there}[key]
                for key in {**here, **there}}  # fmt: skip
    return [*here, *there] if isinstance(here, list) and isinstance(there, list) else there


def texts(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a tree, with the keys that lead to it."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from texts(value, f"{path}.{key}".lstrip("."))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from texts(value, f"{path}[{number}]")
    elif isinstance(node, str):
        yield path, node


def references(node: Any) -> set[str]:
    """What stands within ${…} in a tree."""
    return {found for _, text in texts(node) for found in REFERENCE.findall(text)}
