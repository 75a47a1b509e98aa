"""There is one way to write to a provider: a step of a saved plan. All code is searched for callers of another."""

import ast
from collections.abc import Iterator
from pathlib import Path

import worklake
from worklake.integrations.base import BaseIntegration

ROOT = Path(worklake.__file__).parent
VERBS = frozenset(
    {
        "create", "update", "close", "reopen", "archive", "restore", "delete",
        "add_comment", "edit_comment", "delete_comment",
    }
)  # fmt: skip
SETTING_UP = frozenset({"set_up"})
"""What makes what the settings name where a person asks for it by a command; it writes no task and no comment."""
BESIDE = ("integrations/", "testing/", "sandbox/")
"""Where the verbs are made, are tested, and where they are answered."""
WRITERS = frozenset({"sync/heart/calling.py", "sync/heart/comments/applying.py"})
"""The modules that call them, of tasks and of comments. Both are asked by `sync/heart/applying.py` alone."""
OTHERS = {
    "cli/face.py": {"os.close", "self._bars.update"},
    "lake/": {
        "super().create", "DeltaTable.create", "stored.restore", "os.environ.update", "os.close", "delta_files.create",
        "delta_files.restore", "self._place.close", "ConnectSession.builder.channelBuilder(channel).create",
        "self._engine.close", "self._engine.delete", "self._engine.restore", "self._engine.create", "lake.close",
        "self.close", "engine.create",
    },
    "sync/heart/": {
        "calling.update", "calling.create", "tasks.update", "places.update",
        "fields.setdefault(step.source, set()).update",
    },
    "sync/": {
        "account.close", "lake.delete", "self._lake.delete", "found.update", "self._facts.update",
        "self._touched.update", "self._run.touched.update", "self._sent.update",
    },
}  # fmt: skip
"""What has a method of such a name and is no integration: tables, files, sets. Each is known by its expression."""
NETWORK = frozenset({"requests", "gitlab", "gql", "urllib", "urllib3", "http", "httpx", "aiohttp", "socket"})
MAY_KNOW_THE_NETWORK = {"project.py": {"socket"}, "settings/models.py": {"urllib"}, "cli/demo.py": {"requests"}}
"""The name of this machine, how an address is spelled, and the people of the sandbox: none reaches a provider."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(BESIDE):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def uses_of_verbs(tree: ast.Module) -> Iterator[str]:
    """Every mention of such a method, called or handed on.

    A call of `update` with a single argument is one of a set or a dictionary: an integration's takes three.
    """
    of_sets = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and is_of_a_set(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in VERBS and id(node) not in of_sets:
            yield ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            yield from (f"getattr of {word!r}" for word in words_in(node) & VERBS)


def is_of_a_set(call: ast.Call) -> bool:
    is_update = isinstance(call.func, ast.Attribute) and call.func.attr == "update"
    return is_update and len(call.args) == 1 and not call.keywords and not isinstance(call.args[0], ast.Starred)


def words_in(node: ast.AST) -> set[str]:
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def known_of(name: str) -> set[str]:
    return {use for place, uses in OTHERS.items() if name.startswith(place) for use in uses}


def test_every_writing_verb_of_an_integration_is_known_here() -> None:
    reading = {
        "check", "list_changed", "complete", "list_ids", "read", "read_many", "comments", "history", "vocabulary",
        "key_of", "made_id", "find_created", "find_comment", "account", "allowance", "recall", "mapped_names",
        "find_out", "place_of", "gone", "outside", "covers",
    }  # fmt: skip
    methods = {name for name, value in vars(BaseIntegration).items() if callable(value) and not name.startswith("_")}
    unknown = methods - reading - VERBS - SETTING_UP
    assert unknown == set(), "does it write? Then it belongs to VERBS, else to those that read"


def test_nothing_but_the_heart_calls_the_writing_verbs_of_an_integration() -> None:
    unknown = {
        (name, use)
        for name, tree in modules()
        for use in uses_of_verbs(tree)
        if name not in WRITERS and use not in known_of(name)
    }
    assert unknown == set(), f"only {sorted(WRITERS)} write to a provider; what is no integration is listed in OTHERS"


def test_only_the_command_that_asks_for_it_sets_a_provider_up() -> None:
    uses = {
        (name, ast.unparse(node))
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in SETTING_UP
    }
    assert uses == {("checking.py", "source.set_up"), ("cli/setting_up.py", "api.set_up")}


def test_what_is_known_to_be_no_integration_does_not_sound_like_one() -> None:
    listed = {use for uses in OTHERS.values() for use in uses}
    assert not [use for use in listed if any(word in use for word in ("integration", "ports", "sources"))]


def test_the_search_finds_a_call_however_it_is_written() -> None:
    for text in (
        "run.sources[0].integration.close(x)", "f = port.integration.update", "getattr(it, 'delete')(x)",
        "it.update(*arguments)", "it.update(x, fields, shown)",
    ):  # fmt: skip
        assert list(uses_of_verbs(ast.parse(text)))


def test_the_heart_alone_imports_what_calls_providers() -> None:
    importers = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and "worklake.sync.heart.calling" in f"{node.module}.")
        or (isinstance(node, ast.ImportFrom) and node.module == "worklake.sync.heart"
            and any(one.name == "calling" for one in node.names))
        or (isinstance(node, ast.Import) and any("heart.calling" in one.name for one in node.names))
    }  # fmt: skip
    assert importers
    assert all(name.startswith("sync/heart/") for name in importers), importers


def test_no_room_but_integrations_speaks_to_the_network() -> None:
    found = {
        (name, module)
        for name, tree in modules()
        if not name.startswith("lake/")
        for node in ast.walk(tree)
        for module in imported(node) & NETWORK
        if module not in MAY_KNOW_THE_NETWORK.get(name, ())
    }
    assert found == set()


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {one.name.partition(".")[0] for one in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) and not node.level else set()
